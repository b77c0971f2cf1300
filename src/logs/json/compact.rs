//! JSON as CloudTrail writes it: no white space, known members in a known order, hardly an escape.
//!
//! All of it is a guess at what stands next. Where it fails, `None`, nothing is decided: the strict cursor reads the same
//! text again from where the guess began.

use super::super::structural_index::Place;
use super::{Cursor, Fault, MAX_DEPTH, MAX_STRING, Span, StructuralIndex};

/// A place in a text, as a `Cursor`; small enough to be held in registers.
///
/// Places are of 32 bits, so that one and what follows it cannot overflow, which would have to be looked for each time.
#[derive(Debug, Clone, Copy)]
pub struct Compact<'a> {
    text: &'a str,
    index: &'a StructuralIndex,
    place: Place,
    depth: u32,
}

impl<'a> Cursor<'a> {
    /// For guessing the members of the object at the cursor.
    #[inline(always)]
    pub fn compact(&self) -> Compact<'a> {
        let place = Place::new(self.at as u32);
        Compact { text: self.text, index: self.index, place, depth: self.depth as u32 + 1 }
    }

    /// Goes past what was guessed.
    #[inline(always)]
    pub fn pass(&mut self, guessed: Compact<'a>) {
        self.at = guessed.place.at as usize;
    }
}

impl<'a> Compact<'a> {
    /// Goes past what is expected, if that stands here.
    #[inline(always)]
    pub fn passes<const N: usize>(&mut self, expected: &[u8; N]) -> bool {
        let is_here = chunk::<N>(self.text.as_bytes(), self.place.at) == Some(expected);
        if is_here {
            self.place.pass(N as u32);
        }
        is_here
    }

    /// Whether this byte is the next.
    #[inline(always)]
    pub fn stands_at(&self, byte: u8) -> bool {
        self.text.as_bytes().get(self.place.at as usize) == Some(&byte)
    }

    /// Reads the rest of a string, after its quote.
    #[inline(always)]
    pub fn string(&mut self) -> Option<&'a str> {
        let start = self.place.at as usize;
        self.pass_string()?;
        self.text.get(start..self.place.at as usize - 1)
    }

    /// Goes past the rest of a string, after its quote.
    #[inline(always)]
    pub fn pass_string(&mut self) -> Option<()> {
        let start = self.place.at;
        self.place.pass_to_mark(self.index);
        if !self.stands_at(b'"') || self.place.at - start > MAX_STRING as u32 {
            return None;
        }
        self.place.pass(1);
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
        let start = self.place.at as usize;
        if self.passes(b"null") {
            return Some(Span { start, end: self.place.at as usize });
        }
        let plain = plain_object(self.text.as_bytes(), self.index, self.place, self.depth);
        match plain {
            Some(end) => self.place = end,
            None => self.strictly(Cursor::skip)?,
        }
        Some(Span { start, end: self.place.at as usize })
    }

    /// Reads with the strict cursor.
    #[inline(always)]
    pub fn strictly<T>(&mut self, read: impl FnOnce(&mut Cursor<'a>) -> Result<T, Fault>) -> Option<T> {
        let (at, depth) = (self.place.at as usize, self.depth as usize);
        let mut cursor = Cursor { text: self.text, index: self.index, at, depth };
        let read = read(&mut cursor).ok()?;
        self.place = Place::new(cursor.at as u32);
        Some(read)
    }
}

#[inline(always)]
fn chunk<const N: usize>(text: &[u8], at: u32) -> Option<&[u8; N]> {
    text.get(at as usize..at as usize + N)?.first_chunk()
}

/// The end of an object of the form that most have: no white space, no escapes, no lists, and what is nested in it holds
/// nothing nested: what is read in vain then stays little. `None`: it has another, or none. `depth`: how many objects and
/// lists it stands in.
pub(super) fn plain_object(text: &[u8], index: &StructuralIndex, place: Place, depth: u32) -> Option<Place> {
    object(text, index, place, depth, true)
}

fn object(text: &[u8], index: &StructuralIndex, mut place: Place, depth: u32, may_nest: bool) -> Option<Place> {
    let start = place.at;
    let word = |place: Place| chunk::<4>(text, place.at).map(|word| u32::from_le_bytes(*word));
    if word(place)? & TWO != of(b"{\"") || depth as usize >= MAX_DEPTH {
        return None;
    }
    place.pass(2);
    // After the quote of a name.
    loop {
        place.pass_to_mark(index);
        let after_name = word(place)?;
        if after_name & THREE == of(b"\":\"") {
            place.pass(3);
            place.pass_to_mark(index);
            let after = word(place)?;
            if after & THREE == of(b"\",\"") {
                place.pass(3);
                continue;
            }
            (after & ONE == of(b"\"")).then_some(())?;
            place.pass(1);
        } else {
            (after_name & TWO == of(b"\":")).then_some(())?;
            place.pass(2);
            if word(place)? & ONE == of(b"{") && may_nest {
                place = object(text, index, place, depth + 1, false)?;
            } else {
                place.pass(scalar_end(text, place.at)? - place.at);
            }
        }
        let after = word(place)?;
        if after & TWO != of(b",\"") {
            // No string in it is longer than it is itself.
            let is_end = after & ONE == of(b"}") && place.at - start < MAX_STRING as u32;
            place.pass(1);
            return is_end.then_some(place);
        }
        place.pass(2);
    }
}

/// The first bytes of four.
const ONE: u32 = 0xff;
const TWO: u32 = 0xffff;
const THREE: u32 = 0xff_ffff;

/// Bytes as they are among four.
const fn of<const N: usize>(bytes: &[u8; N]) -> u32 {
    let (mut word, mut at) = (0, N);
    while at > 0 {
        at -= 1;
        word = word << 8 | bytes[at] as u32;
    }
    word
}

/// The end of a number without sign and fraction, or of `true`, `false` or `null`.
#[inline(always)]
fn scalar_end(text: &[u8], at: u32) -> Option<u32> {
    let digits = |text: &[u8]| text.iter().position(|byte| !byte.is_ascii_digit());
    match *text.get(at as usize)? {
        b'0' => Some(at + 1),
        b'1'..=b'9' => Some(at + digits(&text[at as usize..])? as u32),
        b't' if chunk(text, at) == Some(b"true") => Some(at + 4),
        b'f' if chunk(text, at) == Some(b"false") => Some(at + 5),
        b'n' if chunk(text, at) == Some(b"null") => Some(at + 4),
        _ => None,
    }
}
