//! JSON as CloudTrail writes it: no white space, known members in a known order, hardly an escape.
//!
//! All of it is a guess at what stands next. Where it fails, `None`, nothing is decided: the strict cursor reads the same
//! text again from where the guess began.

use super::{Cursor, Fault, MAX_DEPTH, MAX_STRING, Marks, Span};

/// A place in a text, as a `Cursor`; small enough to be held in registers.
#[derive(Debug, Clone, Copy)]
pub struct Compact<'a> {
    text: &'a str,
    marks: &'a Marks,
    at: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    /// For guessing the members of the object at the cursor.
    #[inline(always)]
    pub fn compact(&self) -> Compact<'a> {
        Compact { text: self.text, marks: self.marks, at: self.at, depth: self.depth + 1 }
    }

    /// Goes past what was guessed.
    #[inline(always)]
    pub fn pass(&mut self, guessed: Compact<'a>) {
        self.at = guessed.at;
    }
}

impl<'a> Compact<'a> {
    /// Goes past what is expected, if that stands here.
    #[inline(always)]
    pub fn passes<const N: usize>(&mut self, expected: &[u8; N]) -> bool {
        let is_here = chunk::<N>(self.text.as_bytes(), self.at) == Some(expected);
        self.at += if is_here { N } else { 0 };
        is_here
    }

    /// Whether this byte is the next.
    #[inline(always)]
    pub fn stands_at(&self, byte: u8) -> bool {
        self.text.as_bytes().get(self.at) == Some(&byte)
    }

    /// Reads the rest of a string, after its quote.
    #[inline(always)]
    pub fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.pass_string()?;
        self.text.get(start..self.at - 1)
    }

    /// Goes past the rest of a string, after its quote.
    #[inline(always)]
    pub fn pass_string(&mut self) -> Option<()> {
        let end = self.marks.next(self.at);
        if *self.text.as_bytes().get(end)? != b'"' || end - self.at > MAX_STRING {
            return None;
        }
        self.at = end + 1;
        Some(())
    }

    /// Reads `true` or `false`.
    #[inline(always)]
    pub fn flag(&mut self) -> Option<bool> {
        let is_true = self.passes(b"true");
        (is_true || self.passes(b"false")).then_some(is_true)
    }

    /// Goes past a value.
    #[inline(always)]
    pub fn value(&mut self) -> Option<Span> {
        let start = self.at;
        if self.passes(b"null") {
            return Some(Span { start, end: self.at });
        }
        let flat = if self.depth < MAX_DEPTH { flat_object(self.text.as_bytes(), self.marks, start) } else { None };
        match flat {
            Some(end) => self.at = end,
            None => self.strictly(Cursor::skip)?,
        }
        Some(Span { start, end: self.at })
    }

    /// Reads with the strict cursor.
    #[inline(always)]
    pub fn strictly<T>(&mut self, read: impl FnOnce(&mut Cursor<'a>) -> Result<T, Fault>) -> Option<T> {
        let mut cursor = Cursor { text: self.text, marks: self.marks, at: self.at, depth: self.depth };
        let read = read(&mut cursor).ok()?;
        self.at = cursor.at;
        Some(read)
    }
}

#[inline(always)]
fn chunk<const N: usize>(text: &[u8], at: usize) -> Option<&[u8; N]> {
    text.get(at..)?.first_chunk()
}

/// The end of an object of the form that most have: no white space, no escapes, nothing nested. `None`: it has another,
/// or none.
pub fn flat_object(text: &[u8], marks: &Marks, start: usize) -> Option<usize> {
    let [b'{', b'"'] = chunk(text, start)? else { return None };
    // After the quote of a name.
    let mut at = start + 2;
    loop {
        let name_end = marks.next(at);
        if chunk(text, name_end) == Some(b"\":\"") {
            let end = marks.next(name_end + 3);
            if chunk(text, end) == Some(b"\",\"") {
                at = end + 3;
                continue;
            }
            (*text.get(end)? == b'"').then_some(())?;
            at = end + 1;
        } else {
            chunk(text, name_end).filter(|end| *end == b"\":")?;
            at = scalar_end(text, name_end + 2)?;
        }
        match chunk(text, at) {
            Some(b",\"") => at += 2,
            // No string in it is longer than it is itself.
            _ if *text.get(at)? == b'}' && at - start < MAX_STRING => return Some(at + 1),
            _ => return None,
        }
    }
}

/// The end of a number without sign and fraction, or of `true`, `false` or `null`.
#[inline(always)]
fn scalar_end(text: &[u8], at: usize) -> Option<usize> {
    match *text.get(at)? {
        b'0' => Some(at + 1),
        b'1'..=b'9' => Some(at + text[at..].iter().position(|byte| !byte.is_ascii_digit())?),
        b't' if chunk(text, at) == Some(b"true") => Some(at + 4),
        b'f' if chunk(text, at) == Some(b"false") => Some(at + 5),
        b'n' if chunk(text, at) == Some(b"null") => Some(at + 4),
        _ => None,
    }
}
