//! Calls that did not answer.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of fact that a failed call leaves incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// Which regions the account has. What lies in a region may be anything of `IN_REGIONS`.
    Regions,
    /// Which trails there are.
    Trails,
    /// What a trail's selectors are.
    Selectors,
    /// Whether a trail is logging.
    Status,
    /// Which event data stores there are, and what they take in.
    EventDataStores,
    /// Which channels there are, and what they take in.
    Channels,
    /// Where a bucket is, and whose.
    Buckets,
    /// Which provisioned clusters there are.
    Clusters,
    /// The namespaces of Redshift Serverless.
    Namespaces,
    /// Which namespace a workgroup is of.
    Workgroups,
    /// The COPYs and UNLOADs that Redshift says it ran.
    Statements,
    /// Log records.
    Records,
    /// What time it is: every age, and whether a waiver still holds.
    Clock,
}

impl FactKind {
    /// All that is known of an account, and is not where it cannot be entered. The clock is the scanning machine's.
    pub const OF_ACCOUNT: [FactKind; 12] = [
        FactKind::Regions,
        FactKind::Trails,
        FactKind::Selectors,
        FactKind::Status,
        FactKind::EventDataStores,
        FactKind::Channels,
        FactKind::Buckets,
        FactKind::Clusters,
        FactKind::Namespaces,
        FactKind::Workgroups,
        FactKind::Statements,
        FactKind::Records,
    ];

    /// The kinds that are incomplete where regions are: they are asked for region by region, and what is of one region may
    /// matter in another.
    pub const IN_REGIONS: [FactKind; 4] =
        [FactKind::EventDataStores, FactKind::Channels, FactKind::Clusters, FactKind::Namespaces];
}

/// What could not be seen, where, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The call: `cloudtrail:GetEventSelectors`.
    pub call: String,
    /// The account that was asked.
    pub account: String,
    /// Where it was asked.
    pub region: String,
    /// The trail, bucket or object that was asked for, if the call names one.
    #[serde(default)]
    pub resource: Option<String>,
    /// AWS's error code, or what kind of failure it was.
    pub code: String,
    /// What AWS said.
    pub message: String,
    /// The IAM action that allows the call, where it is named otherwise: `s3:ListBucket` for `s3:HeadBucket`.
    #[serde(default)]
    pub permission: Option<String>,
    /// The kinds of fact that are incomplete because of it.
    pub makes_unknown: BTreeSet<FactKind>,
}

impl Failure {
    /// The IAM action that allows the call.
    pub fn permission(&self) -> &str {
        self.permission.as_deref().unwrap_or(&self.call)
    }

    pub fn is_denied(&self) -> bool {
        self.code.contains("AccessDenied") || self.code.contains("Unauthorized") || self.code == "403"
    }
}
