//! One account at one time.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AdvancedEventSelector, EventDataStore, Failure, LearnSource, Trail};
use crate::aws::timestamp::Timestamp;

/// One account as its own credentials saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Who asked (`sts:GetCallerIdentity`). The account is the caller's.
    pub caller: Caller,
    /// When the last call was made.
    pub collected_at: Timestamp,
    pub scope: Scope,
    /// Its own trails, and the organization's that it can see.
    pub trails: Vec<Trail>,
    /// `null`: they were not asked for.
    #[serde(default)]
    pub event_data_stores: Option<Vec<EventDataStore>>,
    /// `null`: they were not asked for.
    #[serde(default)]
    pub channels: Option<Vec<Channel>>,
    /// Its own buckets, and the declared ones that it was asked for.
    pub buckets: Vec<Bucket>,
    /// Redshift clusters, and namespaces of Redshift Serverless.
    pub clusters: Vec<Cluster>,
    /// Where Redshift was asked what it uses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub learned_from: BTreeSet<LearnSource>,
    /// Calls that did not answer.
    pub failures: Vec<Failure>,
}

impl Account {
    /// The twelve-digit id.
    pub fn id(&self) -> &str {
        &self.caller.account
    }

    /// The buckets that belong to it.
    pub fn own_buckets(&self) -> impl Iterator<Item = &Bucket> {
        self.buckets.iter().filter(|bucket| bucket.account.as_deref() == Some(self.id()))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The account that the credentials are of.
    pub account: String,
    /// Who asks, as STS says.
    pub arn: String,
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Those that were asked.
    pub regions: BTreeSet<String>,
    /// Where event data stores and channels were asked for, if not in these: one of any region may take in the events of all.
    #[serde(default)]
    pub store_regions: Option<BTreeSet<String>>,
    /// `aws`, `aws-cn`, `aws-us-gov`, …: the caller's.
    pub partition: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// `null`: could not be told.
    pub region: Option<String>,
    /// The owner, where it is this account; `null` for a bucket of another account.
    pub account: Option<String>,
    /// S3 knows no bucket of this name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_missing: bool,
}

/// A Redshift cluster (`DescribeClusters`), or a namespace of Redshift Serverless (`ListNamespaces`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The cluster's identifier, or the namespace's name.
    pub cluster_identifier: String,
    /// Provisioned or serverless.
    pub kind: ClusterKind,
    /// Where it is.
    pub region: String,
    /// The account that it belongs to.
    pub account: String,
    /// The roles that are associated with it.
    pub iam_roles: Vec<ClusterRole>,
    /// The role that `IAM_ROLE default` stands for.
    #[serde(default)]
    pub default_iam_role_arn: Option<String>,
    /// Of a namespace: the workgroups that compute for it, which users know by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workgroups: Vec<String>,
    /// As AWS says: `available`, `paused`; `null`: not told.
    #[serde(default)]
    pub status: Option<String>,
    /// The database that was made with it; `null`: not told.
    #[serde(default)]
    pub database: Option<String>,
    /// What integrations name it by; `null`: not told.
    #[serde(default)]
    pub namespace_arn: Option<String>,
    /// Of a cluster: its parameter groups by name, with their apply status.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameter_groups: BTreeMap<String, Option<String>>,
    /// Where its audit log goes; `null`: it was not asked for.
    #[serde(default)]
    pub audit_logging: Option<AuditLogging>,
}

/// `DescribeLoggingStatus` of a cluster; of a namespace, what it and its workgroups say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditLogging {
    /// It is written.
    pub logging_enabled: bool,
    /// `s3`, `cloudwatch`, `s3table`
    pub destinations: BTreeSet<String>,
    /// The logs that go to CloudWatch Logs: `useractivitylog`, `userlog`, `connectionlog`.
    pub log_exports: Vec<String>,
    /// The bucket that log files go to.
    #[serde(default)]
    pub bucket_name: Option<String>,
    /// What their keys begin with.
    #[serde(default)]
    pub s3_key_prefix: Option<String>,
    /// Why the last delivery failed; `null`: it did not.
    #[serde(default)]
    pub last_failure_message: Option<String>,
    /// Whether `enable_user_activity_logging` is on; `null`: not told, or set and not yet in force.
    #[serde(default)]
    pub user_activity: Option<bool>,
}

impl AuditLogging {
    /// Whether what users run goes to CloudWatch Logs.
    pub fn exports_user_activity(&self) -> bool {
        self.destinations.contains("cloudwatch") && self.log_exports.iter().any(|export| export == "useractivitylog")
    }

    /// Whether it goes to files in S3, which hold all logs.
    pub fn writes_files(&self) -> bool {
        self.destinations.contains("s3") && self.bucket_name.is_some()
    }
}

impl Cluster {
    /// `ACCOUNT/REGION/NAME`, of a namespace `ACCOUNT/REGION/namespace/NAME`.
    pub fn path(&self) -> String {
        path(&self.account, &self.region, self.kind, &self.cluster_identifier)
    }

    /// The names that it is known by.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.cluster_identifier).chain(&self.workgroups)
    }
}

/// A cluster and a namespace may have one name.
pub(super) fn path(account: &str, region: &str, kind: ClusterKind, name: &str) -> String {
    let namespace = if kind == ClusterKind::Serverless { "namespace/" } else { "" };
    format!("{account}/{region}/{namespace}{name}")
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
    /// The role's ARN.
    pub iam_role_arn: String,
    /// Only an `in-sync` role can be used.
    #[serde(default)]
    pub apply_status: Option<String>,
}

/// A CloudTrail channel: `GetChannel`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its ARN.
    pub channel_arn: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// The partner or AWS service that the events come from or go to.
    #[serde(default)]
    pub source: Option<String>,
    /// Of a service-linked channel: whether it takes events of all regions.
    #[serde(default)]
    pub apply_to_all_regions: Option<bool>,
    /// Of a service-linked channel; `null`: not read.
    #[serde(default)]
    pub advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
    /// The service that the events go to, or the event data stores' ARNs.
    #[serde(default)]
    pub destinations: Option<Vec<String>>,
    /// Why the last try to take events in failed; `null`: it did not, or that was not told.
    #[serde(default)]
    pub latest_ingestion_error_code: Option<String>,
}
