//! Reading and writing snapshot files; a name that ends with `.gz` is gzip.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Account, Origin, Records, SCHEMA, Snapshot};
use crate::atomic_file;
use crate::aws::arn::{Arn, RoleArn, is_account_id};
use crate::aws::location::Location;
use crate::bounded_file;
use crate::gzip::{self, InflateError};
use crate::hash;
use crate::looks_like;

/// The largest snapshot that is read, inflated: an account of 100,000 buckets is a tenth of it.
const MAX_BYTES: usize = 512 << 20;

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("cannot read snapshot {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot read snapshot {path}: {source}", path = path.display())]
    Gzip { path: PathBuf, source: InflateError },
    #[error(
        "{path}: line {line}: not a snapshot: {message}{}{}; `trailcheck collect -o FILE` writes one",
        if *.cut { " (was it cut short?)" } else { "" },
        looks_like::hint(path, "a snapshot"),
        path = path.display()
    )]
    Json { path: PathBuf, line: usize, message: String, cut: bool },
    #[error("{path}: {message}", path = path.display())]
    Content { path: PathBuf, message: String },
    #[error(
        "{path}: its format is `{found}`, and this trailcheck reads `{SCHEMA}`{hint}",
        path = path.display(), hint = looks_like::other_format(found, "trailcheck/snapshot/", "collect it again with `trailcheck collect -o FILE`, or use the version that wrote it", path)
    )]
    Version { path: PathBuf, found: String },
}

impl Snapshot {
    /// Whether the file is a snapshot of any version, complete or not.
    pub fn is_one(path: &Path) -> bool {
        let bytes = bounded_file::read(path, MAX_BYTES as u64).unwrap_or_default();
        let bytes = if gzip::is_gzip(&bytes) { gzip::inflate(&bytes, MAX_BYTES).unwrap_or_default() } else { bytes };
        let of_ours = |version: Version| version.schema.starts_with("trailcheck/snapshot/");
        match serde_json::from_slice::<Version>(&bytes) {
            Ok(version) => of_ours(version),
            // One that was cut short begins as one.
            Err(error) => {
                let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1000)]).into_owned();
                error.is_eof() && start.trim_start().starts_with('{') && start.contains("\"trailcheck/snapshot/")
            }
        }
    }

    /// Reads a whole snapshot; half of one, a newer format or an unknown field is an error.
    pub fn load(path: &Path) -> Result<Snapshot, SnapshotError> {
        let bytes = bounded_file::read(path, MAX_BYTES as u64)
            .map_err(|source| SnapshotError::Read { path: path.to_owned(), source })?;
        Snapshot::parse(path, bytes)
    }

    /// The same of a file's bytes; `path` is for messages.
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Snapshot, SnapshotError> {
        let bytes = if gzip::is_gzip(&bytes) {
            gzip::inflate(&bytes, MAX_BYTES).map_err(|source| SnapshotError::Gzip { path: path.to_owned(), source })?
        } else {
            bytes
        };
        let json_error = |error: serde_json::Error| SnapshotError::Json {
            path: path.to_owned(),
            line: error.line(),
            message: error.to_string(),
            cut: error.is_eof(),
        };
        // The version first: a newer document should be told from a broken one.
        let version: Version = serde_json::from_slice(&bytes).map_err(json_error)?;
        if version.schema != SCHEMA {
            return Err(SnapshotError::Version { path: path.to_owned(), found: version.schema });
        }
        let snapshot: Snapshot = serde_json::from_slice(&bytes).map_err(json_error)?;
        snapshot.check().map_err(|message| SnapshotError::Content { path: path.to_owned(), message })?;
        Ok(snapshot)
    }

    /// Writes the snapshot whole or not at all, readable by its owner only: it is an inventory of the account.
    pub fn save(&self, path: &Path) -> Result<(), atomic_file::WriteError> {
        let mut json = self.to_json();
        if path.extension().is_some_and(|extension| extension == "gz") {
            json = gzip::compress(&json);
        }
        atomic_file::write_private(path, &json)
    }

    /// As it is saved.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::new();
        self.write(&mut json).expect("writing to memory does not fail");
        json
    }

    /// The SHA-256 of what `save` writes, before it is compressed.
    pub fn sha256(&self) -> String {
        hash::sha256_of(|hasher| self.write(hasher)).expect("hashing does not fail")
    }

    fn write(&self, mut to: &mut dyn std::io::Write) -> std::io::Result<()> {
        serde_json::to_writer_pretty(&mut to, self)?;
        to.write_all(b"\n")
    }

    /// What the types cannot say: a text that no verdict could be built on is refused, not judged.
    fn check(&self) -> Result<(), String> {
        let Some(first) = self.accounts.first() else { return Err("it holds no account".to_owned()) };
        let mut ids = BTreeSet::new();
        for account in &self.accounts {
            check_account(account)?;
            if !ids.insert(account.id()) {
                return Err(format!("the account {} is there twice", account.id()));
            }
            if account.scope.partition != first.scope.partition {
                return Err(format!("the accounts {} and {} are of two partitions", first.id(), account.id()));
            }
        }
        for failure in &self.not_entered {
            if !is_account_id(&failure.account) || !ids.insert(&failure.account) {
                return Err(format!("`{}`, which was not entered, is no account or is there twice", failure.account));
            }
        }
        let members = self.organization.iter().flat_map(|organization| organization.accounts.iter().flatten());
        let mut unsaid = members.filter(|member| member.not_scanned_because.is_none() && !ids.contains(&*member.id));
        if let Some(member) = unsaid.next() {
            return Err(format!("the organization's account {} is not there, and it does not say why", member.id));
        }
        let learned = self.locations.iter().map(|learned| (&learned.location, &learned.role, &learned.origin));
        let of_statements = self.statements.iter().map(|of| (&of.location, &of.role, &of.origin));
        learned.chain(of_statements).try_for_each(check_learned)?;
        let mut statements = HashSet::new();
        if let Some(twice) = self.statements.iter().find(|statement| !statements.insert(statement.id())) {
            return Err(format!("the statement {} is there twice", twice.id()));
        }
        self.records.iter().try_for_each(check_records)
    }
}

fn check_account(account: &Account) -> Result<(), String> {
    if !is_account_id(account.id()) {
        return Err(format!("`{}` is not an account's id", account.id()));
    }
    if account.scope.partition.is_empty() {
        return Err(format!("account {}: its scope needs a partition", account.id()));
    }
    if let Some(failure) = account.failures.iter().find(|failure| failure.account != account.id()) {
        return Err(format!("account {}: {} failed in account `{}`", account.id(), failure.call, failure.account));
    }
    let mut buckets = BTreeSet::new();
    if let Some(twice) = account.buckets.iter().find(|bucket| !buckets.insert(&bucket.name)) {
        return Err(format!("account {}: the bucket `{}` is there twice", account.id(), twice.name));
    }
    let stores = account.event_data_stores.iter().flatten().map(|store| &store.event_data_store_arn);
    let mut known = BTreeSet::new();
    if let Some(twice) = stores.into_iter().find(|arn| !known.insert(*arn)) {
        return Err(format!("account {}: the event data store `{twice}` is there twice", account.id()));
    }
    let mut arns = BTreeSet::new();
    for trail in &account.trails {
        let arn = Arn::parse(&trail.trail_arn)
            .filter(|arn| arn.service == "cloudtrail" && is_account_id(arn.account) && !arn.partition.is_empty());
        if arn.is_none() {
            return Err(format!("`{}` is not a trail's ARN", trail.trail_arn));
        }
        if arn.is_some_and(|arn| arn.region != trail.home_region) {
            return Err(format!("the trail `{}` is of another region than its home region", trail.trail_arn));
        }
        if !arns.insert(&trail.trail_arn) {
            return Err(format!("account {}: the trail `{}` is there twice", account.id(), trail.trail_arn));
        }
    }
    Ok(())
}

/// What Redshift uses may be any string, however unlikely.
fn check_learned((location, role, origin): (&String, &Option<String>, &Origin)) -> Result<(), String> {
    Location::parse_object(location).map_err(|error| error.to_string())?;
    if let Some(role) = role.as_ref().filter(|role| RoleArn::parse(role).is_none()) {
        return Err(format!("`{role}` is not a role's ARN"));
    }
    check_origin(origin).map_err(|message| format!("{location}: {message}"))
}

/// Reports point to the place that an origin names.
fn check_origin(origin: &Origin) -> Result<(), &'static str> {
    match origin {
        Origin::Config { .. } => Err("its origin is the config, and only the config itself can say that"),
        Origin::File { path, line } if path.is_empty() || *line == 0 => {
            Err("its origin needs a file's path, and a line from 1")
        }
        _ => Ok(()),
    }
}

/// Accesses and locations are matched as texts, so they must be as we write them.
fn check_records(records: &Records) -> Result<(), String> {
    let of_accesses = records.accesses.iter().filter_map(|access| access.location.as_ref());
    for location in records.locations.iter().chain(of_accesses) {
        let canonical = Location::parse(location).map_err(|error| error.to_string())?.to_string();
        if *location != canonical {
            return Err(format!("the location `{location}` must be written `{canonical}`"));
        }
    }
    Ok(())
}

/// The one field that every version has.
#[derive(Deserialize)]
#[serde(expecting = "an object with a schema")]
struct Version {
    schema: String,
}
