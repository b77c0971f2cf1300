//! Writing files whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that could not be written. What stood there before is untouched.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}", path = path.display())]
pub struct WriteError {
    pub path: PathBuf,
    pub source: std::io::Error,
}

/// Writes beside the target and renames, so that a reader never sees half a file. Others may read it, as far as the
/// umask lets them.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write(path, bytes, 0o666)
}

/// The same, for the owner's eyes only.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write(path, bytes, 0o600)
}

/// The same in place of a file that is there, which keeps its permissions.
pub(crate) fn write_in_place_of(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let permissions = std::fs::metadata(path).map(|metadata| metadata.permissions());
    write(path, bytes, 0o600)?;
    let restored = permissions.and_then(|permissions| std::fs::set_permissions(path, permissions));
    restored.map_err(|source| WriteError { path: path.to_owned(), source })
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(failed(std::io::Error::other("it is a folder, and a file is expected")));
    }
    if !folder.exists() {
        return Err(failed(std::io::Error::other(format!("the folder {} does not exist", folder.display()))));
    }
    // A device or a pipe (`/dev/stdout`) cannot be renamed over.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return std::fs::write(path, bytes).map_err(failed);
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".trailcheck-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    // The library's messages name its temporary file; the reader knows the target only.
    let mut file = builder.tempfile_in(folder).map_err(|error| failed(error.kind().into()))?;
    file.as_file_mut().write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
