//! SHA-256, as everything here states it: in lower-case hexadecimal.

use std::io::{self, BufWriter, Write};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Of what is written, none of which is kept.
pub(crate) fn sha256_of(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<String> {
    // JSON is written in pieces of a few bytes.
    let mut hasher = BufWriter::with_capacity(1 << 16, Hasher(Sha256::new()));
    write(&mut hasher)?;
    let hasher = hasher.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(HEXLOWER.encode(&hasher.0.finalize()))
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
