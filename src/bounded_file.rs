//! Reading files whole, up to a limit: a device or a sparse file has no end, and one that somebody else wrote may be of any
//! size.

use std::fs::File;
use std::io::{Error, Read};
use std::path::Path;

/// The bytes of a file, or of standard input for `-`; larger than `limit` is an error.
pub(crate) fn read(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.is_dir() {
        return Err(Error::other("it is a folder, and a file is expected"));
    }
    if path == Path::new("-") {
        std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > limit {
        return Err(Error::other(format!("larger than {limit} bytes, the limit")));
    }
    Ok(bytes)
}

/// The same as text.
pub(crate) fn read_text(path: &Path, limit: u64) -> std::io::Result<String> {
    String::from_utf8(read(path, limit)?).map_err(Error::other)
}
