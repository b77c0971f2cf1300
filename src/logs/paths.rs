//! Log files on disk: a file, or a folder and everything in it.

use std::path::{Path, PathBuf};

use super::reader::Reader;
use crate::progress::Progress;
use crate::snapshot::LogReading;

#[derive(Debug, thiserror::Error)]
#[error("cannot read logs at {path}: {source}", path = path.display())]
pub struct PathError {
    pub path: PathBuf,
    pub source: std::io::Error,
}

/// The largest file that is read: CloudTrail's are at most 50 MB before compression.
const MAX_FILE: u64 = 512 << 20;

/// Reads every log file of the path. A file that cannot be read is noted and does not stop the others; a path that is
/// not there does.
pub fn read(path: &Path, reader: &mut Reader, progress: &Progress) -> Result<(), PathError> {
    let mut found = Found::default();
    walk(path, &mut found).map_err(|(path, source)| PathError { path, source })?;
    let Found { mut files, left_out } = found;
    files.sort();
    let mut why = "a path does not say whether it holds every log file of the time".to_owned();
    if left_out > 0 {
        why.push_str(&format!(
            "; {left_out} files there are neither .json nor .gz, or hidden, or links, and were left out"
        ));
    }
    let mut reading =
        LogReading { source: path.display().to_string(), incomplete_because: Some(why), ..LogReading::default() };
    let files: Vec<(PathBuf, u64)> = files
        .into_iter()
        .map(|file| {
            let length = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
            (file, length)
        })
        .collect();
    reading.listed_objects = files.len() as u64;
    reading.listed_bytes = files.iter().map(|(_, length)| length).sum();
    progress.count_objects(reading.listed_objects, reading.listed_bytes);
    for (file, length) in files {
        let name = file.display().to_string();
        if read_file(&file, &name, length, reader) {
            reading.read_objects += 1;
            reading.read_bytes += length;
        }
        progress.object_read();
    }
    reader.add_reading(reading);
    Ok(())
}

/// `false`: the file could not be read, which is noted.
fn read_file(file: &Path, name: &str, length: u64, reader: &mut Reader) -> bool {
    if length > MAX_FILE {
        reader.skip(name, format!("larger than {MAX_FILE} bytes"), true);
        return false;
    }
    match std::fs::read(file) {
        Ok(bytes) => reader.read(name, &bytes),
        Err(error) => {
            reader.skip(name, error.to_string(), true);
            false
        }
    }
}

#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    left_out: u64,
}

/// All files that may be logs: `.json`, `.gz`, and the one that is named itself.
fn walk(path: &Path, found: &mut Found) -> Result<(), (PathBuf, std::io::Error)> {
    let failed = |source| (path.to_owned(), source);
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        found.files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let child = entry.path();
        let kind = entry.file_type().map_err(failed)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let may_be_log = child.extension().is_some_and(|extension| extension == "json" || extension == "gz");
        if kind.is_dir() && !hidden {
            walk(&child, found)?;
        } else if kind.is_file() && may_be_log && !hidden {
            found.files.push(child);
        } else {
            found.left_out += 1;
        }
    }
    Ok(())
}
