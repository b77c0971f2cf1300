//! Text from AWS and from log records, made harmless for people's eyes and for XML.
//!
//! Object keys, session names and user agents are anybody's to choose: a control character could overwrite a line of the
//! report, an ESC start a terminal command, a NUL make a whole XML file unreadable.

/// Shows characters that are not there to be seen as `\u{1b}`: control characters, line breaks, the marks that turn the
/// direction of writing, zero-width characters, and what XML 1.0 cannot hold.
pub fn printable(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The same for a text that a line begins with, after spaces: `::` and `##[` there are commands to a CI runner.
pub fn printable_line(text: &str) -> String {
    let shown = printable(text);
    let rest = shown.trim_start();
    if rest.starts_with("::") || rest.starts_with("##[") {
        let (first, others) = rest.split_at(1);
        return format!("\\u{{{:x}}}{others}", u32::from(first.chars().next().unwrap_or(':')));
    }
    shown
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_command() {
        assert_eq!(printable_line("::error::x"), "\\u{3a}:error::x");
        assert_eq!(printable_line("  ##[group]x"), "\\u{23}#[group]x");
        assert_eq!(printable_line("a ::b"), "a ::b");
        assert_eq!(printable_line("\n::x"), "\\u{a}::x");
    }
}
