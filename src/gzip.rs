//! Gzip: one member, whole, nothing after it, and no larger than the caller allows.
//!
//! Another reader of the same object may stop at the first member or go on to a second; where there is a second, what
//! was read would not be what the object says, so it is refused.

use std::ptr::NonNull;
use std::sync::{Condvar, Mutex, PoisonError};

use libdeflate_sys as sys;
use libdeflater::{CompressionLvl, Compressor};

/// The largest log file that is inflated. CloudTrail's limit is 50 MB before compression; some slack for what AWS may raise
/// it to.
pub const MAX_LOG: usize = 512 << 20;

/// CloudTrail's JSON shrinks ten- to twentyfold; far beyond that it is not a log file.
const MAX_RATIO: usize = 200;
/// Below this size no ratio is suspicious.
const SMALL: usize = 1 << 20;
/// Most objects fit into it.
const SMALLEST_BUFFER: usize = 4 << 20;
/// What inflates to more does so alone, so that the limit is one for all threads together.
const SHARED: usize = 64 << 20;

static IS_TAKEN: Mutex<bool> = Mutex::new(false);
static LEFT: Condvar = Condvar::new();

/// The turn to hold a large object in memory: one thread has it at a time.
pub(crate) struct Turn(());

impl Turn {
    /// Waits until no other thread has it.
    pub(crate) fn take() -> Turn {
        let taken = IS_TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        *LEFT.wait_while(taken, |taken| *taken).unwrap_or_else(PoisonError::into_inner) = true;
        Turn(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *IS_TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = false;
        LEFT.notify_one();
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    #[error("gzip data is damaged or cut short")]
    Damaged,
    #[error("unexpected data after the end of the gzip stream")]
    Trailing,
    #[error("inflates to more than {0} bytes, the limit for this object")]
    TooLarge(usize),
}

pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Inflates one gzip member, up to `max` bytes and up to 200 times its size.
pub fn inflate(bytes: &[u8], max: usize) -> Result<Vec<u8>, InflateError> {
    let mut inflater = Inflater::default();
    let length = inflater.inflate(bytes, max)?.len();
    inflater.buffer.truncate(length);
    Ok(std::mem::take(&mut inflater.buffer))
}

/// One gzip member that holds the bytes.
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut out).expect("the buffer is as large as asked for");
    out.truncate(length);
    out
}

/// Inflates one object after another into one buffer.
pub struct Inflater {
    decompressor: NonNull<sys::libdeflate_decompressor>,
    buffer: Vec<u8>,
    /// Held while the buffer is a large one.
    turn: Option<Turn>,
}

impl Inflater {
    /// The same as `inflate`; what was inflated before is gone. An object that inflates to more than 64 MiB waits until no
    /// other thread holds one; `let_go` when it is done with.
    pub fn inflate(&mut self, bytes: &[u8], max: usize) -> Result<&[u8], InflateError> {
        let limit = max.min(bytes.len().saturating_mul(MAX_RATIO).max(SMALL));
        // The trailer states the inflated size. It is the object's own claim: a first guess, not a fact.
        let trailer = bytes.last_chunk::<8>().ok_or(InflateError::Damaged)?;
        let stated = u32::from_le_bytes([trailer[4], trailer[5], trailer[6], trailer[7]]) as usize;
        let mut size = stated.clamp(64, limit);
        loop {
            if size > SHARED && self.turn.is_none() {
                self.buffer = vec![];
                self.turn = Some(Turn::take());
            }
            if self.buffer.len() < size {
                // Not resized: what the old one holds need not be copied. Larger than needed: the next object may be, and what
                // is not written to costs nothing.
                self.buffer = vec![0; size.next_power_of_two().max(SMALLEST_BUFFER)];
            }
            let room = self.buffer.len().min(limit);
            match self.member(bytes, room) {
                Member::Whole { read, written } if read == bytes.len() => return Ok(&self.buffer[..written]),
                Member::Whole { .. } => return Err(InflateError::Trailing),
                Member::TooLarge if room < limit => size = room.saturating_mul(2).min(limit),
                Member::TooLarge => return Err(InflateError::TooLarge(limit)),
                Member::Damaged => return Err(InflateError::Damaged),
            }
        }
    }

    /// Gives up what was inflated, where it is large.
    pub(crate) fn let_go(&mut self) {
        if self.turn.is_some() {
            self.buffer = vec![];
            self.turn = None;
        }
    }

    /// Inflates the first member into the first `room` bytes of the buffer.
    #[allow(unsafe_code, reason = "the safe wrapper does not say how many bytes of the input were used")]
    fn member(&mut self, bytes: &[u8], room: usize) -> Member {
        let output = &mut self.buffer[..room];
        let (mut read, mut written) = (0, 0);
        // SAFETY: the decompressor was allocated and is not shared; both slices are valid for their lengths, and the two
        // counts are written before the call returns.
        let result = unsafe {
            sys::libdeflate_gzip_decompress_ex(
                self.decompressor.as_ptr(),
                bytes.as_ptr().cast(),
                bytes.len(),
                output.as_mut_ptr().cast(),
                output.len(),
                &mut read,
                &mut written,
            )
        };
        match result {
            sys::libdeflate_result_LIBDEFLATE_SUCCESS => Member::Whole { read, written },
            sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE => Member::TooLarge,
            _ => Member::Damaged,
        }
    }
}

enum Member {
    Whole { read: usize, written: usize },
    TooLarge,
    Damaged,
}

#[allow(unsafe_code, reason = "libdeflate allocates and frees its own state")]
impl Default for Inflater {
    fn default() -> Self {
        // SAFETY: no arguments; null is told.
        let allocated = unsafe { sys::libdeflate_alloc_decompressor() };
        let decompressor = NonNull::new(allocated).expect("libdeflate had no memory for its state");
        Inflater { decompressor, buffer: vec![], turn: None }
    }
}

#[allow(unsafe_code, reason = "libdeflate allocates and frees its own state")]
impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: it was allocated by libdeflate and nobody else has it.
        unsafe { sys::libdeflate_free_decompressor(self.decompressor.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_member_comes_out_as_it_went_in() {
        let text = b"{\"Records\":[]}".repeat(1000);
        assert_eq!(inflate(&compress(&text), 1 << 20).unwrap(), text);
        assert_eq!(inflate(&compress(b""), 1 << 20).unwrap(), b"");
    }

    #[test]
    fn damage_is_told() {
        let whole = compress(&b"{\"Records\":[]}".repeat(1000));
        for cut in [0, 1, 5, 12, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
            assert!(inflate(&whole[..cut], 1 << 20).is_err(), "cut at {cut}");
        }
        let mut bad_crc = whole.clone();
        let at = bad_crc.len() - 6;
        bad_crc[at] ^= 1;
        assert_eq!(inflate(&bad_crc, 1 << 20), Err(InflateError::Damaged));
        let second = [whole.clone(), compress(b"{\"Records\":[{}]}")].concat();
        assert_eq!(inflate(&second, 1 << 20), Err(InflateError::Trailing));
        // The first member's own trailer at the end of it all.
        let disguised = [second, whole[whole.len() - 8..].to_vec()].concat();
        assert_eq!(inflate(&disguised, 1 << 20), Err(InflateError::Trailing));
        assert_eq!(inflate(&[whole.clone(), whole.clone()].concat(), 1 << 20), Err(InflateError::Trailing));
        let trailing = [whole, b"more".to_vec()].concat();
        assert_eq!(inflate(&trailing, 1 << 20), Err(InflateError::Trailing));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let bomb = compress(&vec![b'a'; 64 << 20]);
        assert_eq!(inflate(&bomb, 1 << 30), Err(InflateError::TooLarge(bomb.len() * MAX_RATIO)));
        assert_eq!(inflate(&compress(&vec![b'a'; 4096]), 1024), Err(InflateError::TooLarge(1024)));
    }

    /// The turn to hold a large object: the second thread waits until the first lets go.
    #[test]
    fn large_objects_are_held_one_at_a_time() {
        let held = Mutex::new(());
        let hold = || {
            let _turn = Turn::take();
            let _held = held.try_lock().expect("two have the turn");
            // Long enough for another one to come.
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(hold))));
    }
}
