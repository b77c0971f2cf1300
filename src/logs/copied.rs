//! Digests and log files in a folder that was copied from the bucket (`aws s3 sync`).
//!
//! A copy has lost the objects' metadata, and with them the signatures. Each digest states the signature of the one before
//! it; for the newest one it is in a file beside it, `NAME.signature`, or nobody vouches for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::chain::{self, Asked, Chain, ChainName, Copied, Found, Places, Signature, Unread, Verdict};
use super::digest::PublicKeys;
use super::integrity::{self, Integrity, Listing, Looked};
use super::paths::MAX_FILE;
use crate::aws::timestamp::Timestamp;
use crate::bounded_file;
use crate::progress::Progress;

#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {source}", path = path.display())]
pub struct CopyError {
    path: PathBuf,
    source: std::io::Error,
}

/// Verifies the copy at a path.
pub fn verify(path: &Path, keys: &PublicKeys, asked: Asked) -> Result<Integrity, CopyError> {
    let progress = Progress::start();
    progress.stage("reading digests");
    let mut folder = Folder::default();
    let start = path.to_string_lossy().trim_end_matches('/').to_owned();
    folder.walk(&start, path).map_err(|source| CopyError { path: path.to_owned(), source })?;
    let mut listing = std::mem::take(&mut folder.listing);
    for name in folder.files.keys() {
        listing.add(name.clone(), None);
    }
    let mut found = folder.digests(&listing, asked);
    let mut copied = Copied::new(folder.files.keys().cloned());
    for (name, digest) in found.values().flatten().filter_map(|found| Some((&found.name, found.digest()?))) {
        copied.learn(name, &digest.bucket, &digest.key);
    }
    let places = Places::Copy(copied);
    let chains: BTreeMap<ChainName, Chain> =
        found.iter_mut().map(|(name, found)| (name.clone(), folder.judge(name, found, keys, &places, asked))).collect();
    progress.stage("reading log files");
    let mut logs: BTreeMap<String, Verdict> = BTreeMap::new();
    for (object, expected) in chain::expected(chains.values()) {
        let (bucket, key) = object.split_once('/').unwrap_or((&object, ""));
        let verdict = expected.judge(folder.read(&places.name_of(bucket, key)));
        logs.insert(object, verdict);
    }
    let source = path.display().to_string();
    Ok(integrity::sum_up(Looked { source, asked, listing, chains, logs, places: &places }))
}

/// The files of the copy by name: the path with `/` between its parts.
#[derive(Default)]
struct Folder {
    files: BTreeMap<String, PathBuf>,
    listing: Listing,
}

impl Folder {
    /// A folder within that cannot be read is noted and does not stop the others.
    fn walk(&mut self, name: &str, path: &Path) -> std::io::Result<()> {
        if !std::fs::metadata(path)?.is_dir() {
            self.files.insert(name.to_owned(), path.to_owned());
            return Ok(());
        }
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let child = entry.path();
            let name = format!("{name}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if let Err(error) = self.walk(&name, &child) {
                    self.listing.fault(name, error.to_string());
                }
            } else if kind.is_file() {
                self.files.insert(name, child);
            } else {
                self.listing.fault(name, "a link or no file; it is not followed".to_owned());
            }
        }
        Ok(())
    }

    fn digests(&self, listing: &Listing, asked: Asked) -> BTreeMap<ChainName, Vec<Found>> {
        let chains = listing.digests_for(asked).into_iter();
        chains
            .map(|(chain, names)| (chain, names.into_iter().map(|(name, end)| self.open(name, end)).collect()))
            .collect()
    }

    fn open(&self, name: &str, end: Timestamp) -> Found {
        let sidecar = self.files.get(&format!("{name}.signature")).map(|path| bounded_file::read_text(path, MAX_FILE));
        let (bytes, signature) = match sidecar {
            None => (self.read(name), Signature::Lost),
            Some(Ok(text)) => (self.read(name), Signature::Sidecar(text)),
            Some(Err(error)) => (Err(Unread::Failed(format!("its .signature file: {error}"))), Signature::Lost),
        };
        Found::new(name.to_owned(), end, bytes, signature)
    }

    /// Judges a chain; what its links name beyond the files that were walked is looked for first.
    fn judge(
        &self,
        name: &ChainName,
        found: &mut Vec<Found>,
        keys: &PublicKeys,
        places: &Places,
        asked: Asked,
    ) -> Chain {
        loop {
            let chain = chain::judge(name, found, keys, places, asked);
            if chain.wanted.is_empty() {
                return chain;
            }
            let known: BTreeSet<String> = found.iter().map(|found| found.name.clone()).collect();
            let new = chain.wanted.into_iter().filter(|wanted| !known.contains(&wanted.name));
            found.extend(new.map(|wanted| self.open(&wanted.name, wanted.end)).collect::<Vec<_>>());
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Unread> {
        if name.starts_with("s3://") {
            return Err(Unread::Failed("nothing of its bucket is in this copy".to_owned()));
        }
        let path = self.files.get(name).cloned().unwrap_or_else(|| PathBuf::from(name));
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => Unread::Missing,
            _ => Unread::Failed(error.to_string()),
        };
        if std::fs::metadata(&path).map_err(failed)?.len() > MAX_FILE {
            return Err(Unread::Failed(format!("larger than {MAX_FILE} bytes")));
        }
        bounded_file::read(&path, MAX_FILE).map_err(failed)
    }
}
