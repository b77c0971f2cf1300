//! Where a fact comes from, and locations that were learned and not declared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::WithoutRole;
use crate::aws::location::LocationKind;
use crate::aws::timestamp::Timestamp;

/// Where something was told, the most telling place first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// A line of the config, from 1.
    Config { line: usize },
    /// A file and a line in it, from 1.
    File { path: String, line: usize },
    /// A log record.
    Record { event_id: String, object: String },
    /// An answer of AWS.
    Api { call: String, region: String, at: Timestamp },
}

/// A location that something other than the config told us of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnedLocation {
    pub kind: LocationKind,
    /// `s3://bucket/prefix`
    pub location: String,
    /// The role that acted; `null`: not known.
    #[serde(default)]
    pub role: Option<String>,
    /// It was used without a role of the cluster; `null`: with one, or that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_role: Option<WithoutRole>,
    /// The cluster or namespace that uses it.
    #[serde(default)]
    pub cluster: Option<String>,
    pub origin: Origin,
    /// Only the beginning is known: what is used is somewhere in the location.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_within: bool,
    /// It is a manifest: what it names is read too, wherever that is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_manifest: bool,
}

impl LearnedLocation {
    /// Its bucket's name.
    pub fn bucket(&self) -> Option<String> {
        Some(self.location.strip_prefix("s3://")?.split('/').next()?.to_owned())
    }
}
