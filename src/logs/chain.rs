//! A chain of digests: which of them are CloudTrail's, unchanged and where they belong, and what is missing between them.
//!
//! Source: CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
//! integrity validation". `aws cloudtrail validate-logs` walks the same chain; here the link to the previous digest is
//! compared with that digest, a chain that restarts is a gap, and one that ends early is not valid.
//!
//! Pure: what is there has been read, and what more is needed is named in [`Chain::wanted`].

mod judge;
mod name;
mod places;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::digest::{Digest, Previous};
use crate::aws::timestamp::Timestamp;
use crate::gzip::{self, InflateError};
use crate::hash::sha256;

pub use judge::judge;
pub use name::{ChainKind, ChainName, DigestName, LogName, is_digest, is_log};
pub use places::{Copied, Places};

/// A digest is delivered every hour; one that is late by more is not there.
pub const LATE: time::Duration = time::Duration::hours(2);

/// The time that is asked for. Without ends: everything that is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// `None`: what is looked at is a copy, which has no now.
    pub now: Option<Timestamp>,
}

impl Asked {
    /// Up to when there must be digests by now. A copy may have been made at the end of the time.
    pub fn due(&self) -> Option<Timestamp> {
        let before = |time: Timestamp| Timestamp(time.0 - LATE);
        match (self.to, self.now) {
            (Some(to), Some(now)) => Some(to.min(before(now))),
            (to, now) => to.or(now).map(before),
        }
    }

    /// Up to when digests are asked for.
    pub fn end(&self) -> Option<Timestamp> {
        match (self.to, self.now) {
            (Some(to), Some(now)) => Some(to.min(now)),
            (to, now) => to.or(now),
        }
    }

    /// Whether something between two instants lies in it, in part at least.
    pub fn touches(&self, start: Timestamp, end: Timestamp) -> bool {
        self.from.is_none_or(|from| end > from) && self.to.is_none_or(|to| start < to)
    }

    /// Whether a digest of which only the end is known lies in it. A digest covers an hour.
    pub fn holds(&self, end: Timestamp) -> bool {
        self.touches(Timestamp(end.0 - time::Duration::HOUR), end)
    }
}

/// What can be said of an item. The worst comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "outcome", content = "reason", rename_all = "lowercase")]
pub enum Verdict {
    /// It is not as CloudTrail delivered it; why.
    Invalid(String),
    /// It could not be told; why.
    Unknown(String),
    /// It is as CloudTrail delivered it.
    Valid,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Item {
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What it is.
    pub kind: ItemKind,
    /// `s3://bucket/key`, or a path.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    Digest,
    /// A time that no digest covers; its name is the chain's.
    Gap,
    Log,
    /// Something that could not be listed.
    Listing,
}

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// There is no such object.
    Missing,
    /// There may be one.
    Failed(String),
}

/// A digest as it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// `s3://bucket/key` or a path.
    pub name: String,
    /// By its key.
    pub end: Timestamp,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    Read(Box<Digest>, Signature),
    Malformed(String),
    Unread(Unread),
}

/// Where a digest's signature is.
#[derive(Debug, Clone)]
pub enum Signature {
    /// The metadata of the object in S3.
    Metadata { signature: Option<String>, algorithm: Option<String>, generated: Option<String> },
    /// A file beside a copy.
    Sidecar(String),
    /// A copy has no metadata; the next digest may hold it.
    Lost,
}

impl Signature {
    /// In hex, where it is there.
    fn text(&self) -> Option<&str> {
        match self {
            Signature::Metadata { signature, .. } => signature.as_deref(),
            Signature::Sidecar(signature) => Some(signature.trim()),
            Signature::Lost => None,
        }
    }
}

impl Found {
    /// Opens the bytes of a digest.
    pub fn new(name: String, end: Timestamp, bytes: Result<Vec<u8>, Unread>, signature: Signature) -> Found {
        let content = match bytes.map(|bytes| Digest::open(&bytes)) {
            Ok(Ok(digest)) => Content::Read(Box::new(digest), signature),
            Ok(Err(error)) => Content::Malformed(error.to_string()),
            Err(unread) => Content::Unread(unread),
        };
        Found { name, end, content }
    }

    pub fn digest(&self) -> Option<&Digest> {
        match &self.content {
            Content::Read(digest, _) => Some(digest),
            _ => None,
        }
    }

    fn is_missing(&self) -> bool {
        matches!(self.content, Content::Unread(Unread::Missing))
    }
}

/// A digest that another one names, to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub name: String,
    pub bucket: String,
    pub key: String,
    pub end: Timestamp,
}

impl Wanted {
    /// `end`: where its key does not tell.
    pub fn of(previous: &Previous, places: &Places, end: Timestamp) -> Wanted {
        let (bucket, key) = (previous.bucket.clone(), previous.key.clone());
        let end = DigestName::parse(&key).map_or(end, |name| name.end);
        Wanted { name: places.name_of(&bucket, &key), bucket, key, end }
    }
}

/// What came out for a chain.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    /// Digests and gaps of the time that is asked for.
    pub items: Vec<Item>,
    pub notes: Vec<String>,
    /// Not to be judged before these have been looked for.
    pub wanted: Vec<Wanted>,
    /// What its valid digests say of log files.
    pub expected: Expected,
    /// Log objects (`bucket/key`) of valid digests, those beyond the asked time among them.
    pub listed: BTreeSet<String>,
    /// Log objects of digests that are not valid, and the digest.
    pub claimed: BTreeMap<String, String>,
    /// What the valid digests of the asked time cover, gaps included.
    pub covers: Option<(Timestamp, Timestamp)>,
    /// The end of the newest valid digest.
    pub newest: Option<Timestamp>,
}

/// Log objects (`bucket/key`) and the hash that valid digests state for them.
pub type Expected = BTreeMap<String, ExpectedLog>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedLog {
    /// One, or more where digests contradict each other: then nothing is right.
    pub sha256: BTreeSet<String>,
    /// The digest that lists it.
    pub digest: String,
}

impl ExpectedLog {
    /// Judges the inflated bytes, for a reader that has them already.
    pub fn matches(&self, inflated: &[u8]) -> Verdict {
        let found = sha256(inflated);
        match self.sha256.iter().find(|expected| **expected != found) {
            None => Verdict::Valid,
            Some(expected) => Verdict::Invalid(format!("its SHA-256 is {found}; {} says {expected}", self.digest)),
        }
    }

    /// Judges an object as it was fetched.
    pub fn judge(&self, bytes: Result<Vec<u8>, Unread>) -> Verdict {
        match bytes.map(|bytes| gzip::inflate(&bytes, gzip::MAX_LOG)) {
            Ok(Ok(inflated)) => self.matches(&inflated),
            Ok(Err(error @ InflateError::TooLarge(_))) => Verdict::Unknown(error.to_string()),
            Ok(Err(error)) => Verdict::Invalid(error.to_string()),
            Err(Unread::Missing) => Verdict::Invalid(format!("it is not there, and {} lists it", self.digest)),
            Err(Unread::Failed(why)) => Verdict::Unknown(why),
        }
    }
}

/// What all chains expect together.
pub fn expected<'a>(chains: impl IntoIterator<Item = &'a Chain>) -> Expected {
    let mut all = Expected::new();
    for (name, log) in chains.into_iter().flat_map(|chain| &chain.expected) {
        let known = all.entry(name.clone()).or_insert_with(|| log.clone());
        known.sha256.extend(log.sha256.iter().cloned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(sha256: &str) -> Chain {
        let log = ExpectedLog { sha256: [sha256.to_owned()].into(), digest: "d".to_owned() };
        Chain { expected: [("b/k".to_owned(), log)].into(), ..Chain::default() }
    }

    /// Where digests contradict each other, neither is right.
    #[test]
    fn a_file_must_be_what_every_digest_says() {
        let (x, y) = (sha256(b"x"), sha256(b"y"));
        assert_eq!(expected(&[log(&x), log(&x)])["b/k"].matches(b"x"), Verdict::Valid);
        assert!(matches!(expected(&[log(&x)])["b/k"].matches(b"y"), Verdict::Invalid(_)));
        for bytes in [b"x", b"y"] {
            assert!(matches!(expected(&[log(&x), log(&y)])["b/k"].matches(bytes), Verdict::Invalid(_)));
        }
    }

    #[test]
    fn the_asked_time_ends_now_at_the_latest() {
        let at = |text| Timestamp::parse(text);
        let (early, now) = (at("2026-11-22T07:00:00Z"), at("2026-11-22T09:00:00Z"));
        assert_eq!(Asked { from: None, to: at("2030-01-01T00:00:00Z"), now }.end(), now);
        assert_eq!(Asked { from: None, to: early, now }.end(), early);
        assert_eq!(Asked { from: None, to: None, now: None }.end(), None);
        let asked = Asked { from: early, to: None, now };
        assert!(!asked.holds(early.unwrap()), "that digest is of the hour before");
        assert!(asked.holds(now.unwrap()));
    }
}
