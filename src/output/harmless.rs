//! Text from AWS, from log records and from files, made harmless for whoever reads it next.
//!
//! Object keys, session names, user agents and file names are anybody's to choose: a control character could overwrite a line
//! of the report, an ESC start a terminal command, a NUL make a whole XML file unreadable, `##[` command a CI runner, a `=`
//! be a formula.

use std::borrow::Cow;
use std::fmt::Write;

use memchr::memmem;
use serde::Serialize;

/// Text within a line. Shows as `\u{1b}` what is not there to be seen, line breaks among it, and takes `##[` its meaning:
/// GitHub's runner looks for it anywhere in a line (actions/runner, `ActionCommand.TryParse`), Azure's agent for
/// `##vso[`, TeamCity for `##teamcity[`.
pub fn text(text: &str) -> String {
    if is_plain(text.as_bytes()) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if is_hidden(character) || starts_command(character, rest.as_str()) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A line of what we print, but for its end: our own colours stay, what is hidden beside them is shown, and the line is no
/// command. `::` is one at a line's start, after spaces.
pub fn line(line: &str) -> Cow<'_, str> {
    let visible = without_colours(line);
    let shown = text(&visible);
    if !visible.trim_start().starts_with("::") {
        return if shown == visible { line.into() } else { shown.into() };
    }
    let spaces = shown.len() - shown.trim_start().len();
    format!("{}\\u{{3a}}{}", &shown[..spaces], &shown[spaces + 1..]).into()
}

/// Without the sequences that set colours. Any other escape sequence stays, to be shown.
fn without_colours(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return line.into();
    }
    let mut pieces = line.split("\u{1b}[");
    let mut visible = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').strip_prefix('m') {
            Some(after) => visible.push_str(after),
            None => visible.extend(["\u{1b}[", piece]),
        }
    }
    visible.into()
}

/// Lines that somebody else wrote, as the text of a policy.
pub fn lines(lines: &str) -> String {
    lines.lines().map(|line| text(line) + "\n").collect()
}

/// A cell of a spreadsheet: none is a formula (OWASP, "CSV Injection"), not behind blanks either; and none makes a command of
/// the line that it begins.
pub fn cell(cell: &str) -> String {
    const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let start = cell.trim_start_matches(|c: char| c.is_whitespace() || is_hidden(c));
    let shown = text(cell);
    if start.starts_with(FORMULA) || start.starts_with("::") { format!("'{shown}") } else { shown }
}

/// A document as JSON, indented, with a line break at its end.
pub fn json(document: &impl Serialize) -> Vec<u8> {
    let mut json = escaped(serde_json::to_vec_pretty(document).expect("documents have string keys and finite numbers"));
    json.push(b'\n');
    json
}

/// JSON as serde_json writes it, with escapes for what is hidden and for runners' commands: those stand in strings only.
pub fn escaped(json: Vec<u8>) -> Vec<u8> {
    if is_plain_but_for_line_breaks(&json) {
        return json;
    }
    let text = String::from_utf8(json).expect("serde_json writes UTF-8");
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if (is_hidden(character) && character != '\n') || starts_command(character, rest.as_str()) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped.into_bytes()
}

/// ASCII that is all seen, and commands nobody.
fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~')) && memmem::find(text, b"##").is_none()
}

fn is_plain_but_for_line_breaks(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) && memmem::find(text, b"##").is_none()
}

fn starts_command(character: char, rest: &str) -> bool {
    let is_command = |rest: &str| rest.starts_with(|c: char| c == '[' || c.is_ascii_alphabetic());
    character == '#' && rest.strip_prefix('#').is_some_and(is_command)
}

/// Control characters; what turns the direction of writing, has no width or is a blank in disguise; tags, which smuggle text;
/// and what XML 1.0 cannot hold.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{ffa0}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_line_is_a_command() {
        assert_eq!(line("::error::x"), "\\u{3a}:error::x");
        assert_eq!(line("  ::error::x"), "  \\u{3a}:error::x");
        assert_eq!(line("a ::b"), "a ::b");
        assert_eq!(line("  ##[group]x"), "  \\u{23}#[group]x");
        assert_eq!(line("a ##vso[x] ## heading"), "a \\u{23}#vso[x] ## heading");
        assert_eq!(line("\u{1b}[1mbold\u{1b}[0m"), "\u{1b}[1mbold\u{1b}[0m");
        assert_eq!(line("\u{1b}[1m::error::\u{1b}[0m"), "\\u{3a}:error::");
        assert_eq!(line("a\u{1b}[2Kb"), "a\\u{1b}[2Kb");
        assert_eq!(lines("::x\n\u{1b}[2Ky"), "::x\n\\u{1b}[2Ky\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1", " =1", "\n=1", "\u{200b}=1", "\u{ff1d}1", "\t@x", "-1", "+1", " ::x"] {
            assert!(cell(formula).starts_with('\''), "{formula:?}");
        }
        assert_eq!(cell("a=1"), "a=1");
    }

    proptest! {
        #[test]
        fn json_keeps_its_meaning_and_hides_nothing(text in "(##|\\[|v|\\\\|\"|\u{9b}|\u{202e}|\u{e0041}|\u{7f}|\n|é){0,12}") {
            let json = json(&text);
            prop_assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
            let json = String::from_utf8(json).unwrap();
            prop_assert!(!json.contains("##[") && !json.contains("##v"), "{json}");
            prop_assert!(!json.trim_end().chars().any(is_hidden), "{json}");
        }
    }
}
