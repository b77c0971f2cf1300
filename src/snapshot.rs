//! Stage 2: what AWS said, and what it would not say, as plain data with a format version.
//!
//! Field names are those of the AWS API in snake_case. A field that is `null` was not told; nothing is ever filled in.
//! A saved snapshot is evidence that may be kept for years: a change that an older reader would misread needs a new
//! `SCHEMA`, and readers refuse what they do not know.

mod file;
mod records;
mod timestamp;
mod trail;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use file::SnapshotError;
pub use records::{
    AccessRecord, Example, IntegrityCounts, IntegrityOutcome, LogReading, Records, Sample, Session, SessionKind,
    Skipped, TrailIntegrity, Window,
};
pub use timestamp::Timestamp;
pub use trail::{
    AdvancedEventSelector, DataResource, EventDataStore, EventSelector, FieldSelector, Trail, TrailStatus,
};

/// The format and its version. Bumped when an older reader would misread a newer document.
pub const SCHEMA: &str = "trailcheck/snapshot/v1";

/// One account at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    pub schema: String,
    pub collected_at: Timestamp,
    /// Who asked (`sts:GetCallerIdentity`).
    pub caller: Caller,
    pub scope: Scope,
    pub trails: Vec<Trail>,
    /// `null`: they were not asked for.
    #[serde(default)]
    pub event_data_stores: Option<Vec<EventDataStore>>,
    pub buckets: Vec<Bucket>,
    pub clusters: Vec<Cluster>,
    /// COPY and UNLOAD locations that were learned, not declared.
    #[serde(default)]
    pub locations: Vec<LearnedLocation>,
    /// `null`: no log records were asked for.
    #[serde(default)]
    pub records: Option<Records>,
    pub gaps: Vec<Gap>,
}

impl Snapshot {
    pub fn bucket(&self, name: &str) -> Option<&Bucket> {
        self.buckets.iter().find(|bucket| bucket.name == name)
    }

    /// The gaps that leave this kind of fact incomplete.
    pub fn gaps_in(&self, facts: FactKind) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(move |gap| gap.makes_unknown.contains(&facts))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    pub account: String,
    pub arn: String,
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    pub accounts: Vec<String>,
    pub regions: BTreeSet<String>,
    /// `aws`, `aws-cn`, `aws-us-gov`, …: the caller's.
    pub partition: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    pub name: String,
    /// `null`: could not be told.
    pub region: Option<String>,
    /// The owner, where it is a scanned account; `null` for a bucket of another account.
    pub account: Option<String>,
}

/// A Redshift cluster (`DescribeClusters`), or a namespace of Redshift Serverless (`ListNamespaces`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    pub cluster_identifier: String,
    pub kind: ClusterKind,
    pub region: String,
    pub account: String,
    pub iam_roles: Vec<ClusterRole>,
    #[serde(default)]
    pub default_iam_role_arn: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClusterKind {
    #[default]
    Provisioned,
    Serverless,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterRole {
    pub iam_role_arn: String,
    /// Only an `in-sync` role can be used.
    #[serde(default)]
    pub apply_status: Option<String>,
}

/// A location that something other than the config told us of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnedLocation {
    pub kind: LocationKind,
    /// `s3://bucket/prefix`
    pub location: String,
    #[serde(default)]
    pub role: Option<String>,
    #[serde(default)]
    pub cluster: Option<String>,
    /// Where it was learned.
    pub learned_from: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LocationKind {
    /// Redshift reads from it.
    Copy,
    /// Redshift writes to it.
    Unload,
}

/// A kind of fact that a failed call leaves incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// Which regions the account has.
    Regions,
    /// Which trails there are.
    Trails,
    /// What a trail's selectors are.
    Selectors,
    /// Whether a trail is logging.
    Status,
    EventDataStores,
    /// Where a bucket is, and whose.
    Buckets,
    Clusters,
    /// The namespaces of Redshift Serverless.
    Namespaces,
    /// Log records.
    Records,
}

/// What could not be seen, where, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// The call as its IAM action: `cloudtrail:GetEventSelectors`.
    pub call: String,
    pub account: String,
    pub region: String,
    /// The trail, bucket or object that was asked for, if the call names one.
    #[serde(default)]
    pub resource: Option<String>,
    /// AWS's error code, or what kind of failure it was.
    pub code: String,
    pub message: String,
    pub makes_unknown: BTreeSet<FactKind>,
}

impl Gap {
    /// What is missing and what to do about it, in one clause.
    pub fn reason(&self) -> String {
        let resource = self.resource.as_ref().map_or(String::new(), |resource| format!(" of {resource}"));
        let hint = if self.is_denied() { format!("; grant {} to the scanning role", self.call) } else { String::new() };
        format!("{}{resource} in {}: {} ({}){hint}", self.call, self.region, self.code, self.message)
    }

    pub fn is_denied(&self) -> bool {
        self.code.contains("AccessDenied") || self.code.contains("Unauthorized") || self.code == "403"
    }
}
