//! Log files on disk: a file, or a folder and everything in it.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::chain::Unread;
use super::reader::{Object, Reader, Source};
use crate::progress::Progress;
use crate::snapshot::{LogReading, Skipped};

#[derive(Debug, thiserror::Error)]
#[error("cannot read logs at {path}: {source}", path = path.display())]
pub struct PathError {
    pub path: PathBuf,
    pub source: std::io::Error,
}

/// The largest file that is read: CloudTrail's are at most 50 MB before compression.
pub const MAX_FILE: u64 = 512 << 20;

/// A file that takes a thread some hundred milliseconds.
const LARGE: u64 = 16 << 20;

/// Reads every log file of the path. A file that cannot be read is noted and does not stop the others; a path that is
/// not there does.
pub fn read(path: &Path, reader: &mut Reader, progress: &Progress) -> Result<(), PathError> {
    let mut found = Found::default();
    found.walk(path).map_err(|source| PathError { path: path.to_owned(), source })?;
    let Found { mut files, unreadable, left_out, .. } = found;
    reader.skip(unreadable);
    // In the order of their keys: files of one account, region and hour speak of the same roles and buckets, which are then
    // at hand. But large ones first, so that no thread is left with one at the end.
    let large = |file: &LogFile| if file.bytes >= LARGE { file.bytes } else { 0 };
    files.sort_by(|a, b| (large(b), &a.path).cmp(&(large(a), &b.path)));
    let mut why = "a path does not say whether it holds every log file of the time".to_owned();
    if left_out > 0 {
        why.push_str(&format!("; {left_out} devices, pipes or links that lead nowhere are there, and were left out"));
    }
    let mut reading =
        LogReading { source: path.display().to_string(), incomplete_because: Some(why), ..LogReading::default() };
    progress.count_objects(files.len() as u64, files.iter().map(|file| file.bytes).sum());
    let files = Files { files, next: AtomicUsize::new(0), progress };
    reader.read(&files);
    let no_logs: HashSet<&str> = reader.passed_over().collect();
    let (unread, name) =
        (reader.unread().collect::<HashSet<&str>>(), |file: &LogFile| file.path.to_string_lossy().into_owned());
    let is_log = |file: &&LogFile| !no_logs.contains(&*name(file));
    let logs: Vec<&LogFile> = files.files.iter().filter(is_log).collect();
    reading.listed_objects = logs.len() as u64;
    reading.listed_bytes = logs.iter().map(|file| file.bytes).sum();
    let was_read = logs.iter().filter(|file| !unread.contains(&*name(file)));
    (reading.read_objects, reading.read_bytes) =
        was_read.fold((0, 0), |(objects, bytes), file| (objects + 1, bytes + file.bytes));
    reader.add_reading(reading);
    Ok(())
}

struct LogFile {
    path: PathBuf,
    bytes: u64,
}

/// The files, each for the thread that asks first.
struct Files<'a> {
    files: Vec<LogFile>,
    next: AtomicUsize,
    progress: &'a Progress,
}

impl Source for Files<'_> {
    fn next(&self, buffer: &mut Vec<u8>) -> Option<Object> {
        let file = self.files.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        let why = if file.bytes > MAX_FILE {
            Some(format!("larger than {MAX_FILE} bytes, the limit"))
        } else {
            read_whole(file, buffer).err().map(|error| error.to_string())
        };
        self.progress.object_read();
        let name = file.path.to_string_lossy().into_owned();
        Some(Object { is_named_as_log: is_named_as_log(&name), name, failure: why.map(Unread::Failed) })
    }
}

/// Reads a file in one piece, as large as it was listed; the rest, should there be more, up to the limit.
fn read_whole(file: &LogFile, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    let mut opened = File::open(&file.path)?;
    // One byte more shows the end. What the buffer held before is written over.
    buffer.resize(file.bytes as usize + 1, 0);
    let mut length = 0;
    while length < buffer.len() {
        match opened.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let is_more = length == buffer.len();
    buffer.truncate(length);
    // What is cut off at the limit could look whole.
    if is_more && opened.take(MAX_FILE).read_to_end(buffer)? as u64 == MAX_FILE {
        return Err(std::io::Error::other(format!("larger than {MAX_FILE} bytes, the limit")));
    }
    Ok(())
}

/// Whether the name says that it is a log file: then one that is none is damaged.
fn is_named_as_log(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    [".json", ".gz", ".zst", ".ndjson", ".jsonl"].iter().any(|end| name.contains(end))
}

/// What there is below a path. Names decide nothing: what is in a file tells whether it is a log.
#[derive(Default)]
struct Found {
    files: Vec<LogFile>,
    /// Folders and links that could not be looked at.
    unreadable: Vec<Skipped>,
    /// What is neither file nor folder.
    left_out: u64,
    /// Folders that were looked at, by where they really are: links may go in circles.
    folders: HashSet<PathBuf>,
}

impl Found {
    fn walk(&mut self, path: &Path) -> std::io::Result<()> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            if !self.folders.insert(path.canonicalize()?) {
                return Ok(());
            }
            for entry in std::fs::read_dir(path)? {
                let child = entry?.path();
                if let Err(error) = self.walk(&child) {
                    self.unreadable.push(Skipped {
                        object: child.to_string_lossy().into_owned(),
                        reason: error.to_string(),
                        matters: true,
                    });
                }
            }
        } else if metadata.is_file() {
            self.files.push(LogFile { path: path.to_owned(), bytes: metadata.len() });
        } else {
            self.left_out += 1;
        }
        Ok(())
    }
}
