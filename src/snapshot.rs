//! What AWS said, and what it would not say, as plain data with a format version.
//!
//! Field names are those of the AWS API in snake_case. A field that is `null` was not told; nothing is ever filled in.
//! A saved snapshot is evidence that may be kept for years: a change that an older reader would misread needs a new
//! `SCHEMA`, and readers refuse what they do not know.

mod account;
mod change;
mod failure;
mod file;
mod organization;
mod origin;
mod records;
mod statement;
mod trail;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::timestamp::Timestamp;

pub use account::{Account, AuditLogging, Bucket, Caller, Channel, Cluster, ClusterKind, ClusterRole, Scope};
pub use change::Change;
pub use failure::{FactKind, Failure};
pub use file::SnapshotError;
pub use organization::{Member, Organization};
pub use origin::{LearnedLocation, Origin};
pub use records::{
    AccessRecord, Example, IntegrityCounts, IntegrityOutcome, LogReading, NOBODY, ObjectCount, Records, Sample,
    Session, SessionKind, Skipped, TrailIntegrity, Unclear, Window,
};
pub use statement::{LearnSource, RoleWrites, Statement, StatementFile, StatementRecords, WithoutRole};
pub use trail::{
    AdvancedEventSelector, DataResource, EventDataStore, EventSelector, FieldSelector, RecorderKind, Trail, TrailStatus,
};

/// The format and its version. Bumped when an older reader would misread a newer document.
pub const SCHEMA: &str = "trailcheck/snapshot/v2";

/// Some accounts, each as it was when it was asked, and what log records showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    pub schema: String,
    /// At least one, each once.
    pub accounts: Vec<Account>,
    /// The accounts that were to be scanned and could not be entered: one failed `sts:AssumeRole` for each.
    pub not_entered: Vec<Failure>,
    /// The scan was stopped by a signal before its end. What was not asked for by then is a failure of its account; nothing passes.
    pub was_stopped: bool,
    /// `null`: not asked for.
    #[serde(default)]
    pub organization: Option<Organization>,
    /// COPY and UNLOAD locations that were learned, not declared.
    #[serde(default)]
    pub locations: Vec<LearnedLocation>,
    /// COPYs and UNLOADs that Redshift says it ran; their locations are learned too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<Statement>,
    /// `null`: no log records were asked for.
    #[serde(default)]
    pub records: Option<Records>,
    /// Management events that changed what is recorded, as far as any are known.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// `null`: not told.
    #[serde(default)]
    pub scanner: Option<Scanner>,
}

/// What made the snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scanner {
    /// The version of trailcheck.
    pub trailcheck: String,
    /// Who started the scan, before any role was assumed.
    pub caller: Caller,
    /// The hosts, with their ports, that calls went to and that are not AWS's: what `AWS_ENDPOINT_URL` or a profile's
    /// `endpoint_url` names.
    pub other_hosts: BTreeSet<String>,
    /// How AWS was asked: by service and operation, as in `cloudtrail:DescribeTrails`.
    pub calls: BTreeMap<String, Calls>,
}

/// How often an operation was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// Without those that were tried again.
    pub made: u64,
    /// Further tries.
    pub retries: u64,
    /// Answers that said to ask less often.
    pub throttles: u64,
}

impl Scanner {
    /// Where the answers came from, if not from AWS alone.
    pub fn elsewhere(&self) -> Option<String> {
        let hosts: Vec<&str> = self.other_hosts.iter().map(String::as_str).collect();
        (!hosts.is_empty()).then(|| format!("answers came from {}, not from AWS's own hosts", hosts.join(", ")))
    }
}

impl Snapshot {
    /// When the last account was collected: "now" for every age. Without an account, which the reader refuses, long ago.
    pub fn collected_at(&self) -> Timestamp {
        self.accounts.iter().map(|account| account.collected_at).max().unwrap_or(Timestamp::EPOCH)
    }

    /// Every trail of every account; an organization's comes once for each account that sees it.
    pub fn trails(&self) -> impl Iterator<Item = &Trail> {
        self.accounts.iter().flat_map(|account| &account.trails)
    }

    /// Every failed call of every account, of those too that could not be entered.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.accounts.iter().flat_map(|account| &account.failures).chain(&self.not_entered)
    }

    /// Whether the account was looked at.
    pub fn has(&self, account: &str) -> bool {
        self.accounts.iter().any(|seen| seen.id() == account)
    }

    /// Whether the account was looked at, or was to be.
    pub fn knows_of(&self, account: &str) -> bool {
        self.has(account) || self.not_entered.iter().any(|failure| failure.account == account)
    }
}
