//! What stands around the text of a log object: zstd, and a byte order mark. Gzip has a file of its own.

use std::io::Read;

use crate::gzip::{self, InflateError};

/// A byte order mark, which some editors and tools put before UTF-8.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

pub(super) fn is_zstd(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// The bytes of a zstd frame, within the limits of gzip.
pub(super) fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let damaged = |error: &dyn std::fmt::Display| format!("zstd data is damaged or cut short: {error}");
    let (mut rest, mut text) = (bytes, Vec::new());
    let decoder = ruzstd::decoding::StreamingDecoder::new(&mut rest).map_err(|error| damaged(&error))?;
    decoder.take(gzip::MAX_LOG as u64 + 1).read_to_end(&mut text).map_err(|error| damaged(&error))?;
    if text.len() > gzip::MAX_LOG {
        return Err(InflateError::TooLarge(gzip::MAX_LOG).to_string());
    }
    if !rest.is_empty() {
        return Err("unexpected data after the end of the zstd frame".to_owned());
    }
    Ok(text)
}
