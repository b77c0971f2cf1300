//! What stands around the text of a log object: zstd, and a byte order mark. Gzip has a file of its own.

use std::io::Read;

use crate::gzip::{self, InflateError};

/// A byte order mark, which some editors and tools put before UTF-8.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

pub(super) fn is_zstd(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// What a file is that may hold records in a form that is not read; by its first bytes.
pub(super) fn packed(bytes: &[u8]) -> Option<&'static str> {
    const FORMS: [(&[u8], &str); 13] = [
        (b"\x1f\x8b", "gzip within gzip"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"BZh", "bzip2 data"),
        (b"\xfd7zXZ\0", "xz data"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"\x04\x22\x4d\x18", "lz4 data"),
        (b"\xff\x06\0\0sNaPpY", "snappy data"),
        (b"\x28\xb5\x2f\xfd", "zstd within gzip"),
        (b"PAR1", "a Parquet file"),
        (b"ORC", "an ORC file"),
        (b"Obj\x01", "an Avro file"),
        (b"\xff\xfe", "UTF-16 text"),
        (b"\xfe\xff", "UTF-16 text"),
    ];
    let is_tar = bytes.get(257..262) == Some(b"ustar");
    let form = FORMS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, form)| *form);
    form.or(is_tar.then_some("a tar archive"))
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
