//! Changes JSON by its tokens, so that most of what comes out is JSON still.

const VALUES: [&str; 16] = [
    "null",
    "true",
    "false",
    "0",
    "-1.5e3",
    "[]",
    "{}",
    "\"\"",
    "\"\\u0041\"",
    "\"\\ud800\"",
    "\"Data\"",
    "\"1.08\"",
    "\"s3.amazonaws.com\"",
    "\"AwsApiCall\"",
    "{\"a\":1}",
    "[\"a\",{}]",
];

struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % limit.max(1)
    }
}

/// Where the tokens are: strings, brackets, commas, colons, and whatever else hangs together.
fn tokens(text: &[u8]) -> Vec<(usize, usize)> {
    let (mut tokens, mut at) = (vec![], 0);
    while at < text.len() {
        let start = at;
        at += 1;
        match text[start] {
            b' ' | b'\n' | b'\r' | b'\t' => continue,
            b'"' => {
                while at < text.len() && text[at] != b'"' {
                    at += 1 + usize::from(text[at] == b'\\');
                }
                at = (at + 1).min(text.len());
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => {}
            _ => at += text[at..].iter().take_while(|byte| !b" \n\r\t\"{}[],:".contains(byte)).count(),
        }
        tokens.push((start, at));
    }
    tokens
}

/// The end of the value that begins with a token, brackets and all.
fn end_of(text: &[u8], tokens: &[(usize, usize)], first: usize) -> usize {
    let mut depth = 0;
    for (_, &(start, end)) in tokens.iter().enumerate().skip(first) {
        match text[start] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth <= 0 {
            return end;
        }
    }
    text.len()
}

/// `None`: there is nothing to change.
pub fn json(text: &[u8], seed: u32) -> Option<Vec<u8>> {
    let mut random = Random(seed | 1);
    let tokens = tokens(text);
    let is_value = |at: &usize| !b"}],:".contains(&text[tokens[*at].0]);
    let values: Vec<usize> = (0..tokens.len()).filter(is_value).collect();
    if values.is_empty() {
        return None;
    }
    let pick = |random: &mut Random| {
        let token = values[random.below(values.len())];
        let is_name = tokens.get(token + 1).is_some_and(|(start, _)| text[*start] == b':');
        // With its name, where there is one.
        let end = if is_name {
            tokens.get(token + 2).map_or(text.len(), |_| end_of(text, &tokens, token + 2))
        } else {
            end_of(text, &tokens, token)
        };
        (tokens[token].0, tokens[token].1, end, is_name)
    };
    let (start, token_end, end, is_name) = pick(&mut random);
    let (other_start, other_token_end, other_end, _) = pick(&mut random);
    let (from, to, new): (usize, usize, Vec<u8>) = match random.below(8) {
        // Another value, or another member's name.
        0 => (start, token_end, text[other_start..other_token_end].to_vec()),
        1 if !is_name => (start, end, VALUES[random.below(VALUES.len())].as_bytes().to_vec()),
        1 | 2 => (start, end, text[other_start..other_end].to_vec()),
        // Given again, here or where another is.
        3 => (end, end, [b",", &text[start..end]].concat()),
        4 => (other_end, other_end, [b",", &text[start..end]].concat()),
        // Gone.
        5 => {
            let comma =
                text[end..].iter().position(|byte| !byte.is_ascii_whitespace()).filter(|at| text[end + at] == b',');
            (start, comma.map_or(end, |at| end + at + 1), vec![])
        }
        // A character as an escape.
        6 => {
            let at = start + random.below(token_end - start);
            if !text[start..token_end].starts_with(b"\"") || !text[at].is_ascii_alphanumeric() {
                return None;
            }
            (at, at + 1, format!("\\u{:04x}", text[at]).into_bytes())
        }
        _ => (start, start, b" \n\t"[..1 + random.below(3)].to_vec()),
    };
    Some([&text[..from], &new, &text[to..]].concat())
}
