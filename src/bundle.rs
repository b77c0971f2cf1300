//! Evidence: files that belong together, in a folder or a ZIP file, with a manifest of their hashes.
//!
//! The manifest is an in-toto Statement v1 with the predicate test-result v0.1 (in-toto/attestation), whose subjects are the other
//! files. It can be signed as it is (`ssh-keygen -Y sign`), and is no part of itself.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::atomic_file::{self, WriteError};
use crate::bounded_file;
use crate::hash::sha256;

/// What the hashes of all other files stand in.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Signatures of the manifest, which came later.
const SIGNATURES: [&str; 2] = ["manifest.json.sig", "manifest.json.asc"];

/// The largest file that is read.
const MAX_FILE: u64 = 1 << 30;
/// More files than any bundle has.
const MAX_FILES: usize = 100_000;

#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("cannot read the evidence {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is there already: evidence is written to a new folder or file", path = .0.display())]
    There(PathBuf),
    #[error("the evidence {path} is not as it was written:\n{}", wrong.join("\n"), path = path.display())]
    Altered { path: PathBuf, wrong: Vec<String> },
}

/// By name within the bundle, with `/`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// in-toto Statement v1.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Descriptor>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    pub predicate: Predicate,
}

/// ResourceDescriptor v1.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Descriptor {
    pub name: String,
    pub digest: Sha,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sha {
    pub sha256: String,
}

/// test-result v0.1.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Predicate {
    /// `PASSED` only where nothing failed and nothing is unknown.
    pub result: String,
    /// What the answers follow from: files of the bundle, annotated with the path that they were given by.
    pub configuration: Vec<Descriptor>,
    pub passed_tests: Vec<String>,
    /// What is unknown or waived.
    pub warned_tests: Vec<String>,
    pub failed_tests: Vec<String>,
}

/// A file of the bundle, as a descriptor.
pub(crate) fn descriptor(name: &str, bytes: &[u8], annotations: &[(&str, String)]) -> Descriptor {
    let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Descriptor { name: name.to_owned(), digest: Sha { sha256: sha256(bytes) }, annotations }
}

/// Adds the manifest to the files that it lists.
pub(crate) fn seal(files: &mut Files, predicate: Predicate) {
    let statement = Statement {
        kind: "https://in-toto.io/Statement/v1".to_owned(),
        subject: files.iter().map(|(name, bytes)| descriptor(name, bytes, &[])).collect(),
        predicate_type: "https://in-toto.io/attestation/test-result/v0.1".to_owned(),
        predicate,
    };
    let mut json = serde_json::to_vec_pretty(&statement).expect("a statement has string keys");
    json.push(b'\n');
    files.insert(MANIFEST.to_owned(), json);
}

/// Every file, the manifest too, and what that says; each that is missing, new or not as it says is named.
pub(crate) fn open(path: &Path) -> Result<(Files, Statement), BundleError> {
    let failed = |source| BundleError::Read { path: path.to_owned(), source };
    let mut files = read(path).map_err(failed)?;
    SIGNATURES.iter().for_each(|name| drop(files.remove(*name)));
    let altered = |wrong: Vec<String>| BundleError::Altered { path: path.to_owned(), wrong };
    let manifest = files.get(MANIFEST).ok_or_else(|| altered(vec![format!("{MANIFEST} is missing")]))?;
    let statement: Statement = serde_json::from_slice(manifest)
        .map_err(|error| altered(vec![format!("{MANIFEST} is no in-toto statement of ours: {error}")]))?;
    let mut wrong = vec![];
    let mut listed: BTreeMap<&str, &str> = BTreeMap::new();
    for subject in &statement.subject {
        if listed.insert(&subject.name, &subject.digest.sha256).is_some() {
            wrong.push(format!("{MANIFEST} lists {} twice", subject.name));
        }
    }
    for (name, expected) in &listed {
        match files.get(*name) {
            None => wrong.push(format!("{name} is missing")),
            Some(bytes) if sha256(bytes) != *expected => {
                wrong.push(format!("{name} has SHA-256 {}, and the manifest says {expected}", sha256(bytes)));
            }
            Some(_) => {}
        }
    }
    let configuration = statement.predicate.configuration.iter();
    let contradicted = configuration.filter(|of| listed.get(&*of.name).is_none_or(|sha| *sha != of.digest.sha256));
    wrong.extend(contradicted.map(|of| format!("{MANIFEST} contradicts itself about {}", of.name)));
    let unlisted = files.keys().filter(|name| !listed.contains_key(&***name) && *name != MANIFEST);
    wrong.extend(unlisted.map(|name| format!("{name} is not in the manifest")));
    if wrong.is_empty() { Ok((files, statement)) } else { Err(altered(wrong)) }
}

/// Refuses a place where something is: evidence is never written over.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), BundleError> {
    let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
    let is_empty = !is_link && std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if path.symlink_metadata().is_ok() && !is_empty { Err(BundleError::There(path.to_owned())) } else { Ok(()) }
}

fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// Whole or not at all, and for the owner's eyes only: it is an inventory of the account.
pub(crate) fn write(path: &Path, files: &Files) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    if is_zip(path) {
        return atomic_file::write_private(path, &zipped(files).map_err(failed)?);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    let folder = builder.prefix(".trailcheck-").suffix(".partial").tempdir_in(parent).map_err(failed)?;
    for (name, bytes) in files {
        let file = folder.path().join(name);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        atomic_file::write_private(&file, bytes)?;
    }
    // An empty folder may be there.
    let _ = std::fs::remove_dir(path);
    std::fs::rename(folder.path(), path).map_err(failed)?;
    // It has another name now; until here, it would have been removed.
    let _ = folder.keep();
    Ok(())
}

/// The same files, the same bytes: no times, and in the order of their names.
fn zipped(files: &Files) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o600).last_modified_time(zip::DateTime::default());
    for (name, bytes) in files {
        archive.start_file(name.as_str(), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn read(path: &Path) -> std::io::Result<Files> {
    let mut files = Files::new();
    if path.is_dir() {
        read_folder(path, path, &mut files)?;
        return Ok(files);
    }
    let whole = bounded_file::read(path, MAX_FILE)?;
    let stated = entries_stated(&whole);
    let mut archive = ZipArchive::new(Cursor::new(whole))?;
    // The library knows one entry of a name, and takes no notice of what stands around the archive; others may read those.
    if stated != Some(archive.len()) || archive.offset() != 0 || !archive.comment().is_empty() {
        return Err(std::io::Error::other("a file is there twice, or something stands around the archive"));
    }
    if archive.len() > MAX_FILES {
        return Err(std::io::Error::other(format!("more than {MAX_FILES} files")));
    }
    let mut left = MAX_FILE;
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number)?;
        if entry.is_dir() || entry.is_symlink() {
            return Err(std::io::Error::other(format!("{} is no file", entry.name())));
        }
        let name = entry.name().to_owned();
        let mut bytes = vec![];
        entry.by_ref().take(left + 1).read_to_end(&mut bytes)?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(too_large)?;
        if files.insert(name.clone(), bytes).is_some() {
            return Err(std::io::Error::other(format!("{name} is there twice")));
        }
    }
    Ok(files)
}

/// How many entries the end of the archive says that there are (APPNOTE 4.3.16): without a comment it is the last 22 bytes.
fn entries_stated(archive: &[u8]) -> Option<usize> {
    let end = archive.len().checked_sub(22).and_then(|at| archive.get(at..))?;
    let count = end.strip_prefix(b"PK\x05\x06")?.get(6..8)?;
    Some(usize::from(u16::from_le_bytes([count[0], count[1]])))
}

fn too_large() -> std::io::Error {
    std::io::Error::other(format!("larger than {MAX_FILE} bytes, the limit"))
}

fn read_folder(root: &Path, folder: &Path, files: &mut Files) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if !kind.is_dir() && !kind.is_file() {
            return Err(std::io::Error::other(format!("{} is no file", path.display())));
        }
        if kind.is_dir() {
            read_folder(root, &path, files)?;
            continue;
        }
        if files.len() >= MAX_FILES {
            return Err(std::io::Error::other(format!("more than {MAX_FILES} files")));
        }
        let parts = path.strip_prefix(root).unwrap_or(&path).components();
        let name = parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        files.insert(name, bounded_file::read(&path, MAX_FILE)?);
    }
    Ok(())
}

/// A path as a name within the bundle: what leads out of a folder is left out.
pub(crate) fn name_within(folder: &str, path: &str) -> String {
    let parts = Path::new(path).components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    std::iter::once(folder.to_owned()).chain(parts).collect::<Vec<_>>().join("/")
}
