//! JSON text read in one pass, strictly, without building values.
//!
//! Whatever is not needed is skipped, but not overlooked: a text is read to its end exactly if it is JSON (RFC 8259), so
//! that damage anywhere is told. serde_json reads the same grammar at half the speed; the tests hold the two against each
//! other.

use std::borrow::Cow;

use super::marks::Marks;

/// CloudTrail's records nest about ten deep.
const MAX_DEPTH: usize = 64;
/// CloudTrail's limit for a whole event is 256 KB.
pub const MAX_STRING: usize = 1 << 20;

/// Why a text cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("not JSON at byte {0}")]
    Syntax(usize),
    #[error("the JSON at byte {0} nests deeper than {MAX_DEPTH} levels, the limit")]
    Depth(usize),
    #[error("the string at byte {0} is longer than {MAX_STRING} bytes, the limit")]
    String(usize),
}

/// What stands between two quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The string that it stands for. `None`: half of a surrogate pair, which is no character.
    pub fn value(self) -> Option<Cow<'a, str>> {
        if self.escaped { decoded(self.raw).map(Cow::Owned) } else { Some(Cow::Borrowed(self.raw)) }
    }
}

#[cold]
fn decoded(raw: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{raw}\"")).ok()
}

/// A place in a text whose quotes are marked.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    marks: &'a Marks,
    at: usize,
    depth: usize,
}

/// A member's name as it stands in compact JSON, `"name":`, to be compared at once.
#[derive(Debug)]
pub struct Name {
    words: [u64; 3],
    /// Which bytes of the words count.
    masks: [u64; 3],
    length: usize,
}

impl Name {
    /// `name`: at most 21 bytes that need no escape.
    pub const fn new(name: &'static str) -> Name {
        let (mut words, mut masks) = ([0; 3], [0; 3]);
        let length = name.len() + 3;
        let mut at = 0;
        while at < length {
            let byte = match length - at {
                1 => b':',
                2 => b'"',
                _ if at == 0 => b'"',
                _ => name.as_bytes()[at - 1],
            };
            words[at / 8] |= (byte as u64) << (at % 8 * 8);
            masks[at / 8] |= 0xff << (at % 8 * 8);
            at += 1;
        }
        Name { words, masks, length }
    }

    #[inline(always)]
    fn is_at(&self, window: &[u8]) -> bool {
        let (words, _) = window.as_chunks::<8>();
        let differs = |word: usize| (u64::from_le_bytes(words[word]) ^ self.words[word]) & self.masks[word];
        words.len() == 3 && differs(0) | differs(1) | differs(2) == 0
    }
}

/// A value in a text, to be read later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl<'a> Cursor<'a> {
    /// `marks`: those of this text.
    pub fn new(text: &'a str, marks: &'a Marks) -> Cursor<'a> {
        Cursor { text, marks, at: 0, depth: 0 }
    }

    /// The same text, at a value that was gone past.
    pub fn back_to(&self, span: Span) -> Cursor<'a> {
        Cursor { at: span.start, depth: 0, ..self.clone() }
    }

    /// The text of a value.
    pub fn text_of(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes past bytes that are known to be a whole value.
    pub fn advance(&mut self, bytes: usize) -> Span {
        let start = self.at;
        self.at += bytes;
        Span { start, end: self.at }
    }

    /// The next byte that is no white space; 0 at the end of the text.
    #[inline(always)]
    pub fn peek(&mut self) -> u8 {
        let byte = self.byte();
        if byte > b' ' { byte } else { self.pass_space() }
    }

    #[cold]
    fn pass_space(&mut self) -> u8 {
        while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
        self.byte()
    }

    /// The text must end here.
    pub fn end(&mut self) -> Result<(), Fault> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { self.fault() }
    }

    /// Reads an object; `member` reads the value after each name.
    #[inline]
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, Text<'a>) -> Result<(), Fault>) -> Result<(), Fault> {
        self.enter(b'{')?;
        if self.peek() != b'}' {
            loop {
                if self.peek() != b'"' {
                    return self.fault();
                }
                let name = self.string()?;
                self.take(b':')?;
                member(self, name)?;
                match self.peek() {
                    b',' => self.at += 1,
                    b'}' => break,
                    _ => return self.fault(),
                }
            }
        }
        self.leave();
        Ok(())
    }

    /// Reads an array; `item` reads each value.
    #[inline]
    pub fn array(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        self.enter(b'[')?;
        if self.peek() != b']' {
            loop {
                item(self)?;
                match self.peek() {
                    b',' => self.at += 1,
                    b']' => break,
                    _ => return self.fault(),
                }
            }
        }
        self.leave();
        Ok(())
    }

    /// Reads a string.
    #[inline(always)]
    pub fn string(&mut self) -> Result<Text<'a>, Fault> {
        if self.peek() != b'"' {
            return self.fault();
        }
        let start = self.at + 1;
        let escaped = self.pass_string()?;
        Ok(Text { raw: self.text.get(start..self.at - 1).unwrap_or_default(), escaped })
    }

    /// Goes past a string, at whose quote the cursor stands; whether there are escapes in it.
    #[inline(always)]
    fn pass_string(&mut self) -> Result<bool, Fault> {
        let start = self.at + 1;
        let end = self.marks.next(start);
        if self.text.as_bytes().get(end) == Some(&b'"') && end - start <= MAX_STRING {
            self.at = end + 1;
            return Ok(false);
        }
        self.pass_odd_string(start, end)
    }

    #[cold]
    fn pass_odd_string(&mut self, start: usize, mark: usize) -> Result<bool, Fault> {
        let mut escaped = false;
        self.at = mark;
        while self.byte() == b'\\' {
            escaped = true;
            self.escape()?;
            self.at = self.marks.next(self.at);
        }
        if self.byte() != b'"' {
            return self.fault();
        }
        if self.at - start > MAX_STRING {
            return Err(Fault::String(start));
        }
        self.at += 1;
        Ok(escaped)
    }

    /// Goes past a value and tells where it is.
    pub fn value(&mut self) -> Result<Span, Fault> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(Span { start, end: self.at })
    }

    /// Goes past a value.
    #[inline(always)]
    pub fn skip(&mut self) -> Result<(), Fault> {
        if self.peek() == b'"' { self.pass_string().map(drop) } else { self.skip_other() }
    }

    fn skip_other(&mut self) -> Result<(), Fault> {
        match self.peek() {
            b'{' => match flat_object(self.text.as_bytes(), self.marks, self.at) {
                Some(end) => {
                    self.at = end;
                    Ok(())
                }
                None => self.object(|cursor, _| cursor.skip()),
            },
            b'[' => self.array(|cursor| cursor.skip()),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => self.number(),
        }
    }

    #[inline(always)]
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    #[cold]
    fn fault<T>(&self) -> Result<T, Fault> {
        Err(Fault::Syntax(self.at))
    }

    #[inline(always)]
    fn take(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek() != byte {
            return self.fault();
        }
        self.at += 1;
        Ok(())
    }

    #[inline(always)]
    fn enter(&mut self, open: u8) -> Result<(), Fault> {
        self.take(open)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Fault::Depth(self.at)) } else { Ok(()) }
    }

    #[inline(always)]
    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    fn literal(&mut self, word: &str) -> Result<(), Fault> {
        if self.text.as_bytes().get(self.at..self.at + word.len()) != Some(word.as_bytes()) {
            return self.fault();
        }
        self.at += word.len();
        Ok(())
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn number(&mut self) -> Result<(), Fault> {
        if self.byte() == b'-' {
            self.at += 1;
        }
        if self.byte() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.byte(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start { self.fault() } else { Ok(()) }
    }

    #[cold]
    fn escape(&mut self) -> Result<(), Fault> {
        self.at += 1;
        match self.byte() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return self.fault();
                }
                self.at += 5;
            }
            _ => return self.fault(),
        }
        Ok(())
    }
}

/// The end of an object of the form that most have: no white space, no escapes, nothing nested. `None`: it has another,
/// or none.
fn flat_object(text: &[u8], marks: &Marks, start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        if *text.get(at)? != b'"' {
            return None;
        }
        let end = marks.next(at + 1);
        if text.get(end..end + 2)? != b"\":" {
            return None;
        }
        at = end + 2;
        at = match text.get(at)? {
            b'"' => marks.next(at + 1),
            b'0' => at,
            b'1'..=b'9' => at + text[at..].iter().position(|byte| !byte.is_ascii_digit())? - 1,
            b't' | b'n' => at + 3,
            b'f' => at + 4,
            _ => return None,
        };
        let is_whole = match text.get(at)? {
            b'"' => true,
            b'e' => text[..=at].ends_with(b":true") || text[..=at].ends_with(b":false"),
            b'l' => text[..=at].ends_with(b":null"),
            byte => byte.is_ascii_digit(),
        };
        match (is_whole && at - start < MAX_STRING, text.get(at + 1)?) {
            (true, b',') => at += 2,
            (true, b'}') => return Some(at + 2),
            _ => return None,
        }
    }
}

/// A member of an object that is to hold a `T`: given once, `null`, absent, or not as it should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Member<T> {
    #[default]
    Absent,
    Null,
    Is(T),
    /// Of another type, or given twice, so that two readers may understand two things.
    Bad,
}

impl<T> Member<T> {
    /// Takes what is given; given again, it is not believed.
    pub fn put(&mut self, given: Member<T>) {
        *self = if matches!(self, Member::Absent) { given } else { Member::Bad };
    }

    /// `None`: it is not as it should be. `Some(None)`: it does not say.
    pub fn get(self) -> Option<Option<T>> {
        match self {
            Member::Absent | Member::Null => Some(None),
            Member::Is(value) => Some(Some(value)),
            Member::Bad => None,
        }
    }
}

impl<'a> Member<Text<'a>> {
    /// The same for the string itself.
    pub fn string(self) -> Option<Option<Cow<'a, str>>> {
        match self.get()? {
            Some(text) => text.value().map(Some),
            None => Some(None),
        }
    }
}

impl<'a> Cursor<'a> {
    /// Reads the members of an object. What is no object has none.
    #[inline]
    pub fn members(&mut self, mut member: impl FnMut(&mut Self, &str) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.peek() != b'{' {
            return self.skip();
        }
        self.object(|cursor, name| match name {
            Text { raw, escaped: false } => member(cursor, raw),
            escaped => member(cursor, &escaped.value().unwrap_or_default()),
        })
    }

    /// Goes past `"name":` if that stands here.
    #[inline(always)]
    pub fn name(&mut self, name: &Name) -> bool {
        let window = self.text.as_bytes().get(self.at..self.at + 24);
        let is_here = window.is_some_and(|window| name.is_at(window));
        if is_here {
            self.at += name.length;
        }
        is_here
    }

    /// Goes past a comma if one stands here.
    #[inline(always)]
    pub fn comma(&mut self) -> bool {
        let is_here = self.byte() == b',';
        self.at += usize::from(is_here);
        is_here
    }

    /// Goes past `open` or `close`, the brackets around what is read member by member.
    #[inline(always)]
    pub fn bracket(&mut self, bracket: u8) -> bool {
        let is_here = self.byte() == bracket;
        self.at += usize::from(is_here);
        is_here
    }

    /// The same for an object inside another, which may be given once.
    pub fn nested(
        &mut self,
        given: &mut Member<()>,
        member: impl FnMut(&mut Self, &str) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        given.put(Member::Is(()));
        self.members(member)
    }

    /// Reads a value that is to be a string.
    #[inline(always)]
    pub fn text(&mut self, into: &mut Member<Text<'a>>) -> Result<(), Fault> {
        let given = match self.peek() {
            b'"' => Member::Is(self.string()?),
            _ => self.other()?,
        };
        into.put(given);
        Ok(())
    }

    /// Reads a value that is to be `true` or `false`.
    pub fn flag(&mut self, into: &mut Member<bool>) -> Result<(), Fault> {
        let given = match self.peek() {
            b't' => self.literal("true").map(|()| Member::Is(true))?,
            b'f' => self.literal("false").map(|()| Member::Is(false))?,
            _ => self.other()?,
        };
        into.put(given);
        Ok(())
    }

    /// Keeps the place of any value, for reading it later.
    pub fn place(&mut self, into: &mut Member<Span>) -> Result<(), Fault> {
        let given = match self.peek() {
            b'n' => self.other()?,
            _ => Member::Is(self.value()?),
        };
        into.put(given);
        Ok(())
    }

    /// `null`, or what is of no type that is asked for.
    fn other<T>(&mut self) -> Result<Member<T>, Fault> {
        let null = self.peek() == b'n';
        self.skip()?;
        Ok(if null { Member::Null } else { Member::Bad })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_json(text: &str) -> bool {
        let marks = Marks::of(text.as_bytes());
        let mut cursor = Cursor::new(text, &marks);
        cursor.skip().and_then(|()| cursor.end()).is_ok()
    }

    fn serde_reads(text: &str) -> bool {
        serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    }

    #[test]
    fn what_is_no_json_is_told() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "{]",
            "[}",
            "[1,]",
            "[,1]",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{1:1}",
            "{\"a\" 1}",
            "tru",
            "truex",
            "nul",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u123\"",
            "\"\n\"",
            "\"\0\"",
            "\0",
            "[1] 2",
            "[\"a\" \"b\"]",
            "\u{feff}[]",
            "[1\u{a0}]",
            "NaN",
            "{\"a\":1 \"b\":2}",
        ] {
            assert!(!is_json(text), "{text:?}");
            assert!(!serde_reads(text), "{text:?}: the reference disagrees");
        }
        for text in [
            "{}",
            " [ ] ",
            "{\"a\":[1,-0.5e+3,true,false,null,\"\\u00e9\\n\\/\\\"\"]}",
            "\"日本\"",
            "\"\\ud800\"",
            "0",
            "-0",
        ] {
            assert!(is_json(text), "{text:?}");
        }
    }

    #[test]
    fn limits_have_names() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(is_json(&deep(MAX_DEPTH)));
        let skip = |text: String| Cursor::new(&text, &Marks::of(text.as_bytes())).skip();
        assert_eq!(skip(deep(MAX_DEPTH + 1)), Err(Fault::Depth(MAX_DEPTH + 1)));
        let long = |length: usize| format!("\"{}\"", "x".repeat(length));
        assert!(is_json(&long(MAX_STRING)));
        assert_eq!(skip(long(MAX_STRING + 1)), Err(Fault::String(1)));
    }

    #[test]
    fn a_member_given_twice_or_of_another_type_is_not_believed() {
        let read = |text| {
            let mut member = Member::Absent;
            let marks = Marks::of(str::as_bytes(text));
            let mut cursor = Cursor::new(text, &marks);
            cursor.object(|cursor, _| cursor.text(&mut member)).unwrap();
            member.string().map(|string| string.map(Cow::into_owned))
        };
        assert_eq!(read("{}"), Some(None));
        assert_eq!(read(r#"{"a":null}"#), Some(None));
        assert_eq!(read(r#"{"a":"\u002d"}"#), Some(Some("-".to_owned())));
        assert_eq!(read(r#"{"a":"\ud800"}"#), None);
        assert_eq!(read(r#"{"a":null,"a":"x"}"#), None);
        assert_eq!(read(r#"{"a":"x","a":"x"}"#), None);
        assert_eq!(read(r#"{"a":5}"#), None);
    }

    /// Text that is often almost JSON.
    fn nearly_json() -> impl Strategy<Value = String> {
        let token = prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just("\"a\""),
            Just("\"\\u00e9\""),
            Just("1"),
            Just("-0.1e5"),
            Just("true"),
            Just("null"),
            Just(" "),
            Just("\""),
            Just("\\"),
            Just("é"),
            Just("{\"a\":"),
            Just("\"b\":[]"),
        ];
        proptest::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #[test]
        fn the_same_texts_are_json_as_for_serde(text in nearly_json()) {
            prop_assert_eq!(is_json(&text), serde_reads(&text));
        }

        #[test]
        fn strings_end_where_serde_says(content in "(?s).{0,40}", before in 0..9_usize) {
            let text = format!("{}{}", " ".repeat(before), serde_json::to_string(&content).unwrap());
            let marks = Marks::of(text.as_bytes());
            let mut cursor = Cursor::new(&text, &marks);
            prop_assert_eq!(cursor.string().unwrap().value().unwrap(), content);
            prop_assert_eq!(cursor.end(), Ok(()));
        }
    }
}
