//! What CloudTrail's log records showed: who touched what, and how much of the evidence was looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RoleWrites, StatementRecords};
use crate::aws::arn::REDSHIFT_SESSION;
use crate::aws::timestamp::Timestamp;

/// The outcome of reading log objects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// The time that was asked for; `null`: all that the given files hold.
    pub window: Option<Window>,
    /// The declared locations that accesses were told apart by. Of another one nothing can be said.
    pub locations: Vec<String>,
    /// `null`: everything that was listed was to be read.
    #[serde(default)]
    pub sample: Option<Sample>,
    /// One entry for each trail and region, or for the paths that were given.
    pub read: Vec<LogReading>,
    /// All log objects, each once, whichever trails share it.
    pub objects: ObjectCount,
    /// Whether the log files are those that CloudTrail delivered: one entry for each trail with digests and region.
    #[serde(default)]
    pub integrity: Vec<TrailIntegrity>,
    /// By the ARN of a multi-region trail and the account whose events they are: every region that its folders hold files of,
    /// whenever they were delivered. A trail that is not here was not looked at in this way.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub delivered_regions: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// Log objects that could not be read or held no object records, with the reason.
    pub skipped: Vec<Skipped>,
    /// S3 data events that were read, after dropping duplicates.
    pub events: u64,
    /// Events that were delivered more than once, and counted once.
    pub duplicates: u64,
    /// Records that could not be understood; each may hide an access.
    pub malformed: u64,
    /// The first of them, by object and event id.
    #[serde(default)]
    pub unclear: Vec<Unclear>,
    /// Who touched what, in groups.
    pub accesses: Vec<AccessRecord>,
    /// COPYs and UNLOADs that the records show.
    pub sessions: Vec<Session>,
    /// What they show of each statement of the snapshot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<StatementRecords>,
    /// What roles wrote to UNLOAD locations, where Redshift was asked what it ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<RoleWrites>,
}

/// How many log objects there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectCount {
    /// Those that were found.
    pub listed: u64,
    /// Of these, those that were read.
    pub read: u64,
}

/// The time for which log objects are read. It ends an hour before they were listed, because CloudTrail delivers late:
/// later events are shown where they are found, and nothing is said of those that are not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// From then on.
    pub start: Timestamp,
    /// Until then.
    pub end: Timestamp,
}

impl Window {
    /// The time that `span` counts back from the collection.
    pub fn before(collected_at: Timestamp, span: time::Duration) -> Window {
        Window { start: Timestamp(collected_at.0 - span), end: Timestamp(collected_at.0 - time::Duration::hours(1)) }
    }
}

/// How log objects were drawn where not all were to be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Bytes of log objects, as they are stored.
    pub bytes: u64,
    /// The same seed draws the same of the same listing.
    pub seed: String,
}

/// A record that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unclear {
    /// The log object that holds it; `null`: two records, wherever they are, that differ under one event id.
    pub object: Option<String>,
    /// `null`: it has none, or none that is a string.
    pub event_id: Option<String>,
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.event_id {
            Some(id) => write!(f, "event {id}")?,
            None => f.write_str("an event without an id")?,
        }
        match &self.object {
            Some(object) => write!(f, " in {object}"),
            None => f.write_str(", of which two records say different things"),
        }
    }
}

/// What digests say of one trail's log files in one region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrailIntegrity {
    /// The trail's ARN.
    pub source: String,
    /// The region of the events.
    pub region: String,
    /// The account whose events they are; `null` where there is one account.
    #[serde(default)]
    pub account: Option<String>,
    /// The worst of all.
    pub outcome: IntegrityOutcome,
    /// How its digests were judged.
    pub digests: IntegrityCounts,
    /// The log files that were read, or are missing.
    pub logs: IntegrityCounts,
    /// Log objects that no valid digest lists.
    pub unlisted: u64,
    /// Log objects that are too new to be in a digest.
    pub pending: u64,
    /// The first of what is not valid, the worst first.
    pub problems: Vec<String>,
}

impl TrailIntegrity {
    /// Whether all of its statements agree that every file is as it was delivered.
    pub fn is_valid(&self) -> bool {
        let is_whole = |counts: IntegrityCounts| counts.invalid == 0 && counts.unknown == 0;
        self.outcome == IntegrityOutcome::Valid
            && is_whole(self.digests)
            && is_whole(self.logs)
            && self.unlisted == 0
            && self.problems.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IntegrityOutcome {
    Valid,
    Invalid,
    Unknown,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrityCounts {
    /// As it was delivered.
    pub valid: u64,
    /// Not as it was delivered, or missing.
    pub invalid: u64,
    /// Could not be told.
    pub unknown: u64,
}

/// How much of one source was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogReading {
    /// The trail's ARN, or the path.
    pub source: String,
    /// The region whose log objects were listed; `null` for a path.
    pub region: Option<String>,
    /// The account whose events they are; `null` for a path, or where there is one account.
    #[serde(default)]
    pub account: Option<String>,
    /// Log objects that were listed for the window.
    pub listed_objects: u64,
    /// Their size as they are stored.
    pub listed_bytes: u64,
    /// Log objects that were read.
    pub read_objects: u64,
    /// Their size as they are stored.
    pub read_bytes: u64,
    /// Every log object that the trail delivered for the window was listed and read.
    pub complete: bool,
    /// Why it is not complete.
    pub incomplete_because: Option<String>,
    /// The largest share of the listed objects that may hold what none of those read shows, at 95 %; `null`: nothing can be
    /// said.
    #[serde(default)]
    pub unseen_share: Option<f64>,
}

impl LogReading {
    /// Whether all four of its statements agree that nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.complete
            && self.incomplete_because.is_none()
            && self.read_objects == self.listed_objects
            && self.read_bytes == self.listed_bytes
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// `s3://bucket/key`, or a path.
    pub object: String,
    /// Why it was not read.
    pub reason: String,
    /// It may hold object records, so that something may have been missed.
    pub matters: bool,
}

/// The principal of a record that names nobody.
pub const NOBODY: &str = "unknown";

/// Accesses that differ only in time and object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessRecord {
    /// The role's, user's or root's IAM ARN, the service's name, or what the record gives.
    pub principal: String,
    /// What kind of identity acted.
    pub principal_type: String,
    /// The principal's account.
    pub account: Option<String>,
    /// The bucket's name.
    pub bucket: String,
    /// The declared location that was touched; `null`: none is declared there.
    pub location: Option<String>,
    /// As CloudTrail records it: `GetObject`.
    pub event_name: String,
    /// What it does there: `read`, `write`, `all` (a copy within the location), or `unknown` where the record does not say.
    pub access: String,
    /// The keys are those of CloudTrail's own files, `[prefix/]AWSLogs/[o-ORGID/]ACCOUNT/CloudTrail/…`, or of their folder.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_logs: bool,
    /// The region of the events.
    pub region: String,
    /// Of requests that failed; `null`: they succeeded.
    pub error_code: Option<String>,
    /// How many events.
    pub count: u64,
    /// The time of the first event.
    pub first_seen: Timestamp,
    /// The time of the last.
    pub last_seen: Timestamp,
    pub example: Example,
}

/// Where to look one access up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// As CloudTrail gave it.
    pub event_id: String,
    /// The log object that it stands in.
    pub object: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SessionKind {
    Copy,
    Unload,
}

impl Session {
    /// What it is, and the preposition: `COPY` from and `UNLOAD` to where a session has the name that Redshift gives, `reads` from and
    /// `writes` to where none has: whoever reads a location reads it like a COPY.
    pub fn words(&self) -> (&'static str, &'static str) {
        match (self.kind, self.is_redshifts()) {
            (SessionKind::Copy, true) => ("COPY", "from"),
            (SessionKind::Unload, true) => ("UNLOAD", "to"),
            (SessionKind::Copy, false) => ("reads", "from"),
            (SessionKind::Unload, false) => ("writes", "to"),
        }
    }

    pub fn is_redshifts(&self) -> bool {
        self.session_names.iter().any(|name| name == REDSHIFT_SESSION)
    }
}

/// A COPY or UNLOAD as its records show it: what one role did at one location without a longer pause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// COPY or UNLOAD, by what it does; whether Redshift did it, the session names hint at.
    pub kind: SessionKind,
    /// The acting role.
    pub principal: String,
    /// The names of the role sessions. A hint, never a key: Redshift's are called `RedshiftIamRoleSession` where it has been
    /// seen.
    pub session_names: Vec<String>,
    /// The declared location; `null`: none is declared there.
    pub location: Option<String>,
    /// The bucket's name.
    pub bucket: String,
    /// The region of the events.
    pub region: String,
    /// The time of its first event.
    pub start: Timestamp,
    /// The time of its last event.
    pub end: Timestamp,
    /// Distinct keys that were read or written.
    pub objects: u64,
    /// Parts of multipart uploads.
    pub parts: u64,
    /// As far as the records carry it; `null`: none does.
    pub bytes: Option<u64>,
    /// Keys with a multipart upload that was begun and neither completed nor aborted.
    pub unfinished_uploads: u64,
    /// Keys with a multipart upload that was aborted.
    pub aborted_uploads: u64,
    /// No upload is unfinished.
    pub complete: bool,
}
