//! JSON text read in one pass, strictly, without building values.
//!
//! Whatever is not needed is skipped, but not overlooked: a text is read to its end exactly if it is JSON (RFC 8259), so
//! that damage anywhere is told. serde_json reads the same grammar at half the speed; the tests hold the two against each
//! other.

use std::borrow::Cow;

mod compact;
mod member;

pub use compact::Compact;
pub use member::Member;

use super::structural_index::{Place, StructuralIndex};

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
    /// What stands between two quotes without an escape in it.
    pub fn plain(raw: &'a str) -> Text<'a> {
        Text { raw, escaped: false }
    }

    /// The string that it stands for. `None`: half of a surrogate pair, which is no character.
    #[inline(always)]
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
    index: &'a StructuralIndex,
    at: usize,
    depth: usize,
}

/// A value in a text, to be read later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl<'a> Cursor<'a> {
    /// `index`: those of this text, which is shorter than 2 GiB, as everything that is read.
    pub fn new(text: &'a str, index: &'a StructuralIndex) -> Cursor<'a> {
        assert!(text.len() < 1 << 31, "what is read has a limit below 2 GiB");
        Cursor { text, index, at: 0, depth: 0 }
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
        let end = self.index.next(start as u32) as usize;
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
            self.at = self.index.next(self.at as u32) as usize;
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
            b'{' => self.skip_object(),
            b'[' => self.array(|cursor| cursor.skip()),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => self.number(),
        }
    }

    fn skip_object(&mut self) -> Result<(), Fault> {
        let place = Place::new(self.at as u32);
        match compact::plain_object(self.text.as_bytes(), self.index, place, self.depth as u32) {
            Some(end) => self.at = end.at as usize,
            None => self.object(|cursor, _| cursor.skip())?,
        }
        Ok(())
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

#[cfg(test)]
mod tests;
