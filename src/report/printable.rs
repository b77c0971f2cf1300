//! Text from AWS and from log records, made harmless for people's eyes and for XML.
//!
//! Object keys, session names and user agents are anybody's to choose: a control character could overwrite a line of the
//! report, an ESC start a terminal command, a NUL make a whole XML file unreadable.

/// Shows characters that are not there to be seen as `\u{1b}`: control characters, line breaks, the marks that turn the
/// direction of writing, zero-width characters, and what XML 1.0 cannot hold.
pub fn printable(text: &str) -> String {
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

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
