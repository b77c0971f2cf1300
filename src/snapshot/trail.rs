//! Trails and event data stores as the CloudTrail API describes them, with its names in snake_case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::aws::arn::Arn;
use crate::aws::timestamp::Timestamp;

/// What records events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecorderKind {
    Trail,
    EventDataStore,
    /// A service-linked channel, which takes events to an AWS service.
    Channel,
}

/// A trail: `DescribeTrails`, `GetEventSelectors` and, by region, `GetTrailStatus`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Its ARN.
    pub trail_arn: String,
    /// Its name.
    pub name: String,
    /// Where it was made.
    pub home_region: String,
    /// `null`: AWS did not say.
    pub is_multi_region_trail: Option<bool>,
    /// Whether it records in all accounts of the organization.
    pub is_organization_trail: Option<bool>,
    /// Where it delivers.
    #[serde(default)]
    pub s3_bucket_name: Option<String>,
    /// What stands before `AWSLogs/` there.
    #[serde(default)]
    pub s3_key_prefix: Option<String>,
    /// Whether it writes digests.
    #[serde(default)]
    pub log_file_validation_enabled: Option<bool>,
    /// Whether it records events of global services.
    #[serde(default)]
    pub include_global_service_events: Option<bool>,
    /// The key that its log files are encrypted with.
    #[serde(default)]
    pub kms_key_id: Option<String>,
    /// `false`: what CloudTrail itself does when it delivers is not recorded.
    #[serde(default)]
    pub recursive_logging: Option<bool>,
    /// Both selector lists `null`: they were not read (see `failures`).
    #[serde(default)]
    pub event_selectors: Option<Vec<EventSelector>>,
    /// `null`: it has basic ones, or they were not read.
    #[serde(default)]
    pub advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
    /// `GetTrailStatus` by the region that was asked: it answers for one region only.
    #[serde(default, deserialize_with = "each_once")]
    pub status: BTreeMap<String, TrailStatus>,
}

impl Trail {
    /// The account that owns the trail. Empty where the ARN is malformed.
    pub fn account(&self) -> &str {
        Arn::parse(&self.trail_arn).map_or("", |arn| arn.account)
    }

    /// The partition whose events the trail records. Empty where the ARN is malformed.
    pub fn partition(&self) -> &str {
        Arn::parse(&self.trail_arn).map_or("", |arn| arn.partition)
    }

    /// The buckets whose objects its selectors name, each value up to the slash.
    pub fn named_buckets(&self) -> BTreeSet<&str> {
        let basic = self.event_selectors.iter().flatten().flat_map(|selector| &selector.data_resources);
        let basic = basic.flat_map(|resource| &resource.values);
        let fields = self.advanced_event_selectors.iter().flatten().flat_map(|selector| &selector.field_selectors);
        let arns = fields.filter(|field| field.field == "resources.ARN");
        let values = basic.chain(arns.flat_map(|field| field.equals.iter().chain(&field.starts_with)));
        let start = format!("arn:{}:s3:::", self.partition());
        values.filter_map(|value| Some(value.strip_prefix(&start)?.split_once('/')?.0)).collect()
    }
}

/// A map in which a key that comes twice is an error: of two statuses none would be the trail's.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, TrailStatus>, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<String, TrailStatus>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a status for each region")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((region, status)) = entries.next_entry::<String, TrailStatus>()? {
                if map.contains_key(&region) {
                    return Err(A::Error::custom(format!("two statuses for {region}")));
                }
                map.insert(region, status);
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Entries)
}

/// `GetTrailStatus`, the members that a verdict depends on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrailStatus {
    /// Whether it records.
    pub is_logging: Option<bool>,
    /// Why the last delivery failed.
    #[serde(default)]
    pub latest_delivery_error: Option<String>,
    /// When it last delivered log files.
    #[serde(default)]
    pub latest_delivery_time: Option<Timestamp>,
    /// Why the last delivery of a digest failed.
    #[serde(default)]
    pub latest_digest_delivery_error: Option<String>,
    /// When it last delivered a digest.
    #[serde(default)]
    pub latest_digest_delivery_time: Option<Timestamp>,
    /// When it was last started.
    #[serde(default)]
    pub start_logging_time: Option<Timestamp>,
    /// When it was last stopped.
    #[serde(default)]
    pub stop_logging_time: Option<Timestamp>,
}

/// A basic event selector.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSelector {
    /// `ReadOnly`, `WriteOnly` or `All`; left out means `All`.
    #[serde(default)]
    pub read_write_type: Option<String>,
    /// Whether it records management events.
    #[serde(default)]
    pub include_management_events: Option<bool>,
    /// Which data events it records.
    #[serde(default)]
    pub data_resources: Vec<DataResource>,
    /// Filters management events only.
    #[serde(default)]
    pub exclude_management_event_sources: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataResource {
    /// `AWS::S3::Object`, or another kind of resource.
    #[serde(rename = "type")]
    pub kind: String,
    /// ARNs, or beginnings of them.
    #[serde(default)]
    pub values: Vec<String>,
}

/// An advanced event selector.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvancedEventSelector {
    /// What its author calls it.
    #[serde(default)]
    pub name: Option<String>,
    /// All of them must match.
    pub field_selectors: Vec<FieldSelector>,
}

/// One field of an advanced event selector. Operators that this version does not know are kept in `other`, so that a
/// selector that has one is `unknown` and not read as if it were wider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldSelector {
    /// `resources.ARN`, `readOnly` …
    pub field: String,
    /// Any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<String>,
    /// Any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
    /// Any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends_with: Vec<String>,
    /// None of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_equals: Vec<String>,
    /// None of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_starts_with: Vec<String>,
    /// None of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_ends_with: Vec<String>,
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// A CloudTrail Lake event data store: `GetEventDataStore`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventDataStore {
    /// Its ARN.
    pub event_data_store_arn: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Only `ENABLED` takes events in.
    pub status: Option<String>,
    /// Whether it takes in events of all regions.
    pub multi_region_enabled: Option<bool>,
    /// Whether it takes in events of the organization's accounts.
    pub organization_enabled: Option<bool>,
    /// `null`: not read.
    #[serde(default)]
    pub advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}
