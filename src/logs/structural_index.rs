//! Where the quotes of a text are: found for all of it at once, with the widest instructions that there are, so that a
//! string's end is one look away.

/// One bit for each byte of a text: a quote, a backslash, or a control character, none of which can stand in a string.
#[derive(Debug, Default)]
pub struct StructuralIndex {
    bits: Vec<u8>,
}

/// The text is not UTF-8 from this byte on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not UTF-8 at byte {0}")]
pub struct NotUtf8(pub usize);

const BLOCK: usize = 64;
/// Blocks that are marked at a time: 4 KB.
const PIECE: usize = 64;
/// The marks of a block; read together from any byte on, so that a look seldom needs a second one.
const WINDOW: usize = BLOCK / 8;

impl StructuralIndex {
    pub fn of(text: &str) -> StructuralIndex {
        let mut index = StructuralIndex::default();
        index.find(text.as_bytes()).expect("a str is UTF-8");
        index
    }

    /// Forgets the last text and marks this one, if it is UTF-8: both while a piece of it is at hand.
    pub fn find<'t>(&mut self, text: &'t [u8]) -> Result<&'t str, NotUtf8> {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let length = (blocks.len() + 1) * WINDOW;
        if self.bits.len() < length + WINDOW {
            self.bits.resize(length + WINDOW, 0);
        }
        let (bits, _) = self.bits.as_chunks_mut::<WINDOW>();
        // All before this place is UTF-8, and it is the beginning of a character.
        let mut sure = 0;
        for (number, piece) in blocks.chunks(PIECE).enumerate() {
            let start = number * PIECE;
            if mark(piece, &mut bits[start..]) {
                must_be_utf8(text, sure, start * BLOCK)?;
                sure = (start + piece.len()) * BLOCK;
            }
        }
        must_be_utf8(text, sure, text.len())?;
        // What follows the text is marked: a string must end before it.
        let mut last = [0; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        mark(&[last], &mut bits[blocks.len()..]);
        bits[blocks.len() + 1] = [0xff; WINDOW];
        // SAFETY: each stretch of it is either pieces of ASCII, or was found to be UTF-8.
        #[allow(unsafe_code, reason = "the text was looked at stretch by stretch")]
        Ok(unsafe { std::str::from_utf8_unchecked(text) })
    }

    /// The first mark from `at` on; past the end of the text where there is none.
    #[inline(always)]
    pub fn next(&self, at: u32) -> u32 {
        let mut place = Place::new(at);
        place.pass_to_mark(self);
        place.at
    }

    /// The marks from `at` on, 57 at least. Past the end everything is one.
    #[inline(always)]
    fn window(&self, at: u32) -> u64 {
        let bits = self.bits.get(at as usize / 8..at as usize / 8 + WINDOW).and_then(|bits| bits.first_chunk());
        bits.map_or(u64::MAX, |bits| u64::from_le_bytes(*bits) >> (at % 8))
    }
}

/// A place in a text, and the marks that follow it as far as they are in sight: the next is then found without a look into
/// memory, for which everything after it would have to wait.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub at: u32,
    /// The lowest bit is that of `at`. Zero: nothing is in sight.
    ahead: u64,
}

impl Place {
    pub fn new(at: u32) -> Place {
        Place { at, ahead: 0 }
    }

    /// Goes on by some bytes.
    #[inline(always)]
    pub fn pass(&mut self, bytes: u32) {
        self.at += bytes;
        self.ahead = if bytes < u64::BITS { self.ahead >> bytes } else { 0 };
    }

    /// Goes to the next mark; past the end of the text where there is none.
    #[inline(always)]
    pub fn pass_to_mark(&mut self, index: &StructuralIndex) {
        if self.ahead == 0 {
            self.ahead = index.window(self.at);
            if self.ahead == 0 {
                self.look_far(index);
            }
        }
        let gap = self.ahead.trailing_zeros();
        self.at += gap;
        self.ahead >>= gap;
    }

    fn look_far(&mut self, index: &StructuralIndex) {
        while self.ahead == 0 {
            self.at = (self.at / 8 + WINDOW as u32) * 8;
            self.ahead = index.window(self.at);
        }
    }
}

fn must_be_utf8(text: &[u8], from: usize, to: usize) -> Result<(), NotUtf8> {
    match simdutf8::compat::from_utf8(&text[from..to]) {
        Ok(_) => Ok(()),
        Err(error) => Err(NotUtf8(from + error.valid_up_to())),
    }
}

/// Writes the marks of each block, and tells whether all of them are ASCII.
fn mark(blocks: &[[u8; BLOCK]], bits: &mut [[u8; WINDOW]]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code, reason = "instructions that not every processor has")]
        return unsafe { mark_avx2(blocks, bits) };
    }
    mark_portably(blocks, bits)
}

fn mark_portably(blocks: &[[u8; BLOCK]], bits: &mut [[u8; WINDOW]]) -> bool {
    let mut all = 0;
    for (block, bits) in blocks.iter().zip(bits) {
        let mut marks = 0_u64;
        for (at, byte) in block.iter().enumerate() {
            marks |= u64::from(matches!(byte, b'"' | b'\\' | 0..0x20)) << at;
            all |= byte;
        }
        *bits = marks.to_le_bytes();
    }
    all.is_ascii()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn mark_avx2(blocks: &[[u8; BLOCK]], bits: &mut [[u8; WINDOW]]) -> bool {
    use std::arch::x86_64::*;
    let (quote, backslash) = (_mm256_set1_epi8(b'"' as i8), _mm256_set1_epi8(b'\\' as i8));
    let last_control = _mm256_set1_epi8(0x1f);
    let mut all = _mm256_setzero_si256();
    for (block, bits) in blocks.iter().zip(bits) {
        let mut marks = 0;
        for half in [0, 32] {
            // SAFETY: the block has thirty-two bytes from there on.
            #[allow(unsafe_code, reason = "a load takes a pointer")]
            let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().add(half).cast()) };
            let is_quote = _mm256_cmpeq_epi8(bytes, quote);
            let is_backslash = _mm256_cmpeq_epi8(bytes, backslash);
            let is_control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, last_control), bytes);
            let found = _mm256_or_si256(_mm256_or_si256(is_quote, is_backslash), is_control);
            marks |= u64::from(_mm256_movemask_epi8(found) as u32) << half;
            all = _mm256_or_si256(all, bytes);
        }
        *bits = marks.to_le_bytes();
    }
    _mm256_movemask_epi8(all) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let one = prop_oneof![Just("\""), Just("\\"), Just("\n"), Just("a"), Just("é"), Just("日"), Just("😀")];
        let texts = proptest::collection::vec(one, 0..200).prop_map(|texts| texts.concat().into_bytes());
        // Around the ends of pieces.
        (0_usize..3, 0_usize..200, texts).prop_map(|(pieces, before, text)| {
            let ascii = vec![b'a'; (pieces * PIECE * BLOCK).saturating_sub(before)];
            [ascii.clone(), text, ascii].concat()
        })
    }

    proptest! {
        #[test]
        fn every_mark_is_found(text in text(), damage in proptest::option::of((any::<proptest::sample::Index>(), any::<u8>()))) {
            let mut text = text;
            if let Some((at, byte)) = damage.filter(|_| !text.is_empty()) {
                let at = at.index(text.len());
                text[at] = byte;
            }
            let mut index = StructuralIndex::of("another \"text\" before");
            let found = index.find(&text).map_err(|NotUtf8(at)| at);
            prop_assert_eq!(found, std::str::from_utf8(&text).map_err(|error| error.valid_up_to()));
            prop_assume!(found.is_ok());
            let marks: Vec<usize> =
                (0..text.len()).filter(|at| matches!(text[*at], b'"' | b'\\' | 0..0x20)).chain([text.len()]).collect();
            let around = marks.iter().flat_map(|mark| [mark.saturating_sub(1), *mark, (mark + 1).min(text.len())]);
            for at in around.chain([0]) {
                let expected = marks[marks.partition_point(|mark| *mark < at)];
                prop_assert_eq!((index.next(at as u32) as usize).min(text.len()), expected);
            }
        }

        #[test]
        fn with_and_without_avx2_the_same_is_found(text in text()) {
            let (blocks, _) = text.as_chunks::<BLOCK>();
            let mut bits = [vec![[0; WINDOW]; blocks.len()], vec![[0; WINDOW]; blocks.len()]];
            let is_ascii = [mark(blocks, &mut bits[0]), mark_portably(blocks, &mut bits[1])];
            prop_assert_eq!(&bits[0], &bits[1]);
            prop_assert_eq!(is_ascii[0], is_ascii[1]);
        }
    }
}
