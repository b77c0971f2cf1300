//! Where the quotes of a text are: found for all of it at once, with the widest instructions that there are, so that a
//! string's end is one look away.

/// One bit for each byte of a text: a quote, a backslash, or a control character, none of which can stand in a string.
#[derive(Debug, Default)]
pub struct Marks {
    bits: Vec<u8>,
}

const BLOCK: usize = 64;
/// The marks of a block; read together from any byte on, so that a look seldom needs a second one.
const WINDOW: usize = BLOCK / 8;

impl Marks {
    pub fn of(text: &[u8]) -> Marks {
        let mut marks = Marks::default();
        marks.find(text);
        marks
    }

    /// Forgets the last text and marks this one.
    pub fn find(&mut self, text: &[u8]) {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let length = (blocks.len() + 1) * WINDOW;
        if self.bits.len() < length + WINDOW {
            self.bits.resize(length + WINDOW, 0);
        }
        let (bits, _) = self.bits.as_chunks_mut::<WINDOW>();
        mark(blocks, bits);
        // What follows the text is marked: a string must end before it.
        let mut last = [0; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        mark(&[last], &mut bits[blocks.len()..]);
        bits[blocks.len() + 1] = [0xff; WINDOW];
    }

    /// The first mark from `at` on; past the end of the text where there is none.
    #[inline(always)]
    pub fn next(&self, at: usize) -> usize {
        match self.window(at) {
            Some(0) | None => self.next_far(at),
            Some(window) => at + window.trailing_zeros() as usize,
        }
    }

    /// The marks from `at` on, 57 at least.
    #[inline(always)]
    fn window(&self, at: usize) -> Option<u64> {
        let bits = self.bits.get(at / 8..at / 8 + WINDOW)?;
        Some(u64::from_le_bytes(bits.try_into().ok()?) >> (at % 8))
    }

    fn next_far(&self, mut at: usize) -> usize {
        loop {
            at = (at / 8 + WINDOW) * 8;
            match self.window(at) {
                Some(0) => {}
                Some(window) => return at + window.trailing_zeros() as usize,
                None => return at,
            }
        }
    }
}

/// Writes the marks of each block.
fn mark(blocks: &[[u8; BLOCK]], bits: &mut [[u8; WINDOW]]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code, reason = "instructions that not every processor has")]
        return unsafe { mark_avx2(blocks, bits) };
    }
    for (block, bits) in blocks.iter().zip(bits) {
        let mut marks = 0_u64;
        for (at, byte) in block.iter().enumerate() {
            marks |= u64::from(matches!(byte, b'"' | b'\\' | 0..0x20)) << at;
        }
        *bits = marks.to_le_bytes();
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn mark_avx2(blocks: &[[u8; BLOCK]], bits: &mut [[u8; WINDOW]]) {
    use std::arch::x86_64::*;
    let (quote, backslash) = (_mm256_set1_epi8(b'"' as i8), _mm256_set1_epi8(b'\\' as i8));
    let last_control = _mm256_set1_epi8(0x1f);
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
        }
        *bits = marks.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_mark_is_found(text in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b'a'), Just(b'a'), any::<u8>()], 0..300)) {
            let mut marks = Marks::of(b"another \"text\" before");
            marks.find(&text);
            let is_mark = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            for at in 0..=text.len() {
                let expected = text[at..].iter().position(is_mark).map_or(text.len(), |found| at + found);
                prop_assert_eq!(marks.next(at).min(text.len()), expected);
            }
        }
    }
}
