//! What is said of the config: the buckets that it names, and its waivers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfConfig {
    /// There is such a bucket.
    BucketExists { bucket: String, region: String },
    /// `until`: its last day.
    WaiverHolds { until: String },
    /// `on`: its last day.
    WaiverExpired { on: String, owner: String },
    /// Its last day is over, that of a later table is not.
    WaiverRenewed { on: String, until: String },
}

impl fmt::Display for OfConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfConfig::BucketExists { bucket, region } => write!(f, "bucket {bucket} is in {region}"),
            OfConfig::WaiverHolds { until } => write!(f, "the waiver holds until {until}"),
            OfConfig::WaiverExpired { on, owner } => {
                write!(f, "the waiver of {owner} expired on {on}: what it was on counts again")
            }
            OfConfig::WaiverRenewed { on, until } => {
                write!(f, "the waiver expired on {on}, and another table holds until {until}")
            }
        }
    }
}
