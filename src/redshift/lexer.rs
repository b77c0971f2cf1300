//! SQL texts cut into tokens, by Redshift's lexical rules (Database Developer Guide, "Names and identifiers", "Literals").
//!
//! Two rules are told nowhere: whether comments nest, and whether a backslash escapes in a literal. So both are parameters, and a
//! reader takes what holds whichever they are.

/// The rules that are not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub comments_nest: bool,
    pub backslash_escapes: bool,
}

impl Rules {
    /// All that make a difference to the text; the first is PostgreSQL's, from which Redshift comes.
    pub(super) fn that_matter(text: &str) -> Vec<Rules> {
        let nesting: &[bool] = if text.matches("/*").count() > 1 { &[true, false] } else { &[true] };
        let escapes: &[bool] = if text.contains('\\') { &[false, true] } else { &[false] };
        let with = |comments_nest| {
            escapes.iter().map(move |backslash_escapes| Rules { comments_nest, backslash_escapes: *backslash_escapes })
        };
        nesting.iter().copied().flat_map(with).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or a bare name, in small letters; a number too.
    Word(String),
    /// A name in double quotes.
    Name,
    /// A literal, in single or dollar quotes, without its quotes.
    Text(String),
    /// `$1`, which stands for what was given elsewhere.
    Parameter,
    Symbol(char),
    /// A literal, a name or a comment that does not end: the text was cut.
    Unclosed,
}

/// The tokens of the text, without its comments.
pub(super) fn tokens(text: &str, rules: Rules) -> Vec<Token> {
    let mut lexer = Lexer { rest: text, rules };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next() {
        tokens.push(token);
        if tokens.last() == Some(&Token::Unclosed) {
            break;
        }
    }
    tokens
}

struct Lexer<'t> {
    rest: &'t str,
    rules: Rules,
}

fn begins_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_in_word(c: char) -> bool {
    begins_word(c) || c == '$'
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(comment) = self.rest.strip_prefix("--") {
                self.rest = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]);
            } else if self.rest.starts_with("/*") {
                match self.end_of_comment() {
                    Some(end) => self.rest = &self.rest[end..],
                    None => return Some(Token::Unclosed),
                }
            } else {
                break;
            }
        }
        let first = self.rest.chars().next()?;
        Some(match first {
            '\'' => self.literal().map_or(Token::Unclosed, Token::Text),
            '"' => self.name(),
            '$' => self.dollar(),
            _ if begins_word(first) => {
                let end = self.rest.find(|c| !is_in_word(c)).unwrap_or(self.rest.len());
                Token::Word(self.take(end).to_lowercase())
            }
            _ => {
                self.take(first.len_utf8());
                Token::Symbol(first)
            }
        })
    }

    fn take(&mut self, length: usize) -> &str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn end_of_comment(&self) -> Option<usize> {
        let (mut depth, mut at) = (1_usize, 2);
        loop {
            let bytes = self.rest.as_bytes();
            at += bytes[at..].windows(2).position(|pair| pair == b"*/" || pair == b"/*")? + 2;
            match bytes[at - 1] {
                b'/' => depth -= 1,
                _ if self.rules.comments_nest => depth += 1,
                _ => {
                    // The star may be that of its end.
                    at -= 1;
                }
            }
            if depth == 0 {
                return Some(at);
            }
        }
    }

    /// Two quotes are one.
    fn literal(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if self.rules.backslash_escapes => value.push(chars.next()?.1),
                '\'' if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                    chars.next();
                    value.push(c);
                }
                '\'' => {
                    self.take(at + 1);
                    return Some(value);
                }
                _ => value.push(c),
            }
        }
        None
    }

    fn name(&mut self) -> Token {
        // Two quotes in a name end it and begin another, which is the same to whoever skips names.
        match self.rest[1..].find('"') {
            Some(end) => {
                self.take(end + 2);
                Token::Name
            }
            None => Token::Unclosed,
        }
    }

    /// `$1`, `$$text$$` or `$tag$text$tag$`.
    fn dollar(&mut self) -> Token {
        let after = &self.rest[1..];
        let tag = after.find(|c| !begins_word(c)).unwrap_or(after.len());
        if after.starts_with(|c: char| c.is_ascii_digit()) {
            self.take(1 + tag);
            return Token::Parameter;
        }
        if !after[tag..].starts_with('$') {
            self.take(1);
            return Token::Symbol('$');
        }
        let (quote, text) = self.rest.split_at(tag + 2);
        match text.find(quote) {
            Some(end) => {
                let value = text[..end].to_owned();
                self.rest = &text[end + quote.len()..];
                Token::Text(value)
            }
            None => Token::Unclosed,
        }
    }
}
