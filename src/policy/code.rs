//! What can be told of a policy by its text alone, before the engine sees it: what would hang it, and what would pass in
//! silence.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::RULES;

/// A file's text without what stands in comments and strings.
pub(super) struct Code {
    text: String,
}

/// A rule or function, with the words of its body.
struct Head<'c> {
    name: &'c str,
    words: BTreeSet<&'c str>,
    is_function: bool,
}

impl Code {
    pub(super) fn of(text: &str) -> Code {
        let mut code = String::with_capacity(text.len());
        let mut rest = text.chars();
        let mut within = None;
        while let Some(c) = rest.next() {
            let kept = match within {
                None if matches!(c, '"' | '`' | '#') => {
                    within = Some(c);
                    if c == '#' { ' ' } else { '"' }
                }
                None => c,
                Some('"') if c == '\\' => {
                    rest.next();
                    ' '
                }
                Some('#') | Some('"') if c == '\n' => {
                    within = None;
                    '\n'
                }
                Some(end) if c == end && end != '#' => {
                    within = None;
                    '"'
                }
                Some(_) if c == '\n' => '\n',
                Some(_) => ' ',
            };
            code.push(kept);
        }
        Code { text: code }
    }

    /// Its lines, with blanks where comments and strings stand.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines()
    }

    /// How deep brackets are nested.
    pub(super) fn depth(&self) -> usize {
        let (mut depth, mut deepest) = (0usize, 0);
        for byte in self.text.bytes() {
            match byte {
                b'[' | b'{' | b'(' => depth += 1,
                b']' | b'}' | b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        deepest
    }

    /// The names and paths.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split(|c: char| !is_of_name(c) && c != '.').filter(|word| !word.is_empty())
    }

    /// Whether `data` is looked into by brackets: then what is meant shows only when it runs.
    pub(super) fn looks_up_data(&self) -> bool {
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find("data") {
            let before = rest[..at].chars().next_back();
            let after = rest[at + 4..].trim_start();
            if before.is_none_or(|c| !is_of_name(c) && c != '.') && after.starts_with('[') {
                return true;
            }
            rest = &rest[at + 4..];
        }
        false
    }

    /// The rules and functions: what begins a line, up to the next.
    fn heads(&self) -> Vec<Head<'_>> {
        let mut heads: Vec<Head> = Vec::new();
        for line in self.text.lines() {
            let start = line.strip_prefix("default ").unwrap_or(line);
            let end = start.find(|c: char| !is_of_name(c)).unwrap_or(start.len());
            let name = &start[..end];
            let is_head = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && !matches!(name, "package" | "import" | "else" | "not" | "some" | "every");
            let words = |text| words_of(text).collect::<BTreeSet<&str>>();
            if is_head {
                let is_function = start[end..].starts_with('(');
                heads.push(Head { name, words: words(&start[end..]), is_function });
            } else if let Some(head) = heads.last_mut() {
                head.words.extend(words(line));
            }
        }
        heads
    }

    /// Whether this is the name of a rule or function here.
    pub(super) fn defines(&self, name: &str) -> bool {
        self.heads().iter().any(|head| head.name == name)
    }

    /// A rule that looks like one that is asked, is not, and that nothing refers to; with the one that it looks like.
    /// `others`: the code beside it.
    pub(super) fn never_asked<'c>(
        &'c self,
        others: impl Iterator<Item = &'c Code> + Clone,
    ) -> Option<(&'c str, &'static str)> {
        let heads = self.heads();
        let is_used = |name: &str| {
            let ends = |word: &&str| *word == name || word.rsplit('.').next() == Some(name);
            heads.iter().any(|head| head.words.iter().any(ends))
                || others.clone().any(|other| other.words().any(|word| word.ends_with(&format!(".{name}"))))
        };
        heads.iter().filter(|head| !head.is_function && !RULES.contains(&head.name)).find_map(|head| {
            let like = looks_like(head.name).filter(|_| !is_used(head.name))?;
            Some((head.name, like))
        })
    }

    /// A rule or function of the file that comes back to itself: it would never end.
    pub(super) fn recursion(&self) -> Option<String> {
        let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let heads = self.heads();
        for head in &heads {
            calls
                .entry(head.name)
                .or_default()
                .extend(head.words.iter().map(|word| word.rsplit('.').next().unwrap_or(word)));
        }
        let returns = |name: &&&str| {
            let mut seen = BTreeSet::new();
            let mut next: Vec<&str> = calls[**name].iter().copied().collect();
            while let Some(called) = next.pop() {
                if called == **name {
                    return true;
                }
                if seen.insert(called) {
                    next.extend(calls.get(called).into_iter().flatten());
                }
            }
            false
        };
        calls.keys().find(|name| returns(name)).map(|name| (*name).to_owned())
    }
}

/// The rule of ours that a name was meant to be: conftest's forms with a suffix, and slips of the pen.
fn looks_like(name: &str) -> Option<&'static str> {
    let conftest = [("deny_", "deny"), ("warn_", "warn"), ("violation", "deny"), ("exception", "warn")];
    if let Some((_, rule)) = conftest.iter().find(|(start, _)| name.starts_with(start)) {
        return Some(rule);
    }
    RULES.into_iter().find(|rule| strsim::damerau_levenshtein(name, rule) <= 2 && name.len() > 2)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn words_of(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !is_of_name(c) && c != '.').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn comments_and_strings_are_no_code() {
        let code = Code::of("x := \"data.a # [\" # ]]]\ny := `data.b\n#` if data.c[0]");
        assert_eq!(code.words().filter(|word| word.starts_with("data")).collect::<Vec<_>>(), ["data.c"]);
        assert_eq!(Code::of("x := [ # ]\n[ # ]\n[]]]").depth(), 3);
        assert!(Code::of("x := data [\"a\"]").looks_up_data());
        assert!(!Code::of("x := metadata[\"a\"]\ny := \"data[\"").looks_up_data());
    }

    #[test]
    fn rules_that_nobody_asks_are_found() {
        let asked = |text: &str| Code::of(text).never_asked([].iter()).map(|(name, like)| (name.to_owned(), like));
        for (name, like) in [
            ("deny_unencrypted", "deny"),
            ("violation", "deny"),
            ("fails", "fail"),
            ("unknwon", "unknown"),
            ("passes", "pass"),
            ("subject", "subjects"),
            ("denny", "deny"),
        ] {
            assert_eq!(asked(&format!("deny := []\n{name} contains x if x := 1")), Some((name.to_owned(), like)));
        }
        assert_eq!(asked("deny contains m if some m in deny_list\ndeny_list := []"), None, "it is used");
        assert_eq!(asked("deny contains m if deny_it(m)\ndeny_it(m) := m"), None, "a function");
        assert_eq!(asked("locations := []\nseverities := {}"), None);
    }

    #[test]
    fn recursion_is_found_however_long_its_way() {
        for text in
            ["f(x) := f(x)", "a := b\nb := c\nc := a", "deny contains m if m := g(1)\ng(x) := h(x)\nh(x) := g(x)"]
        {
            assert!(Code::of(text).recursion().is_some(), "{text}");
        }
        assert_eq!(Code::of("a := b\nb := c\nc := 1\nfail contains a if a := 1").recursion(), None);
    }
}
