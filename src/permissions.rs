//! The IAM actions that a config makes trailcheck need: for the policy that grants them, and for asking whether they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::config::Config;
use crate::snapshot::{AuditLogging, LearnSource, RecorderKind, Snapshot};

/// An action, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    /// `cloudtrail:DescribeTrails`
    pub action: &'static str,
    /// ARNs; `*` where the action knows no resources, or where they are not known beforehand.
    pub resources: Vec<String>,
    /// What is asked with it.
    pub why: &'static str,
}

/// Of a config, and of a snapshot that shows where log files are delivered. Source of the actions' names: Service Authorization
/// Reference.
pub(crate) fn needed(config: &Config, snapshot: Option<&Snapshot>) -> Vec<Permission> {
    let partition = partition(config, snapshot);
    let has_stores = config.recorders.contains(&RecorderKind::EventDataStore);
    let has_channels = config.recorders.contains(&RecorderKind::Channel);
    let mut needed = vec![];
    let mut any = |action, why| needed.push(Permission { action, resources: vec!["*".to_owned()], why });
    if config.regions.is_none() || has_stores || has_channels {
        any("account:ListRegions", "which regions the account has enabled");
    }
    any("cloudtrail:DescribeTrails", "which trails there are");
    any("cloudtrail:GetEventSelectors", "which events they record");
    any("cloudtrail:GetTrailStatus", "whether they log and deliver");
    if has_stores {
        any("cloudtrail:ListEventDataStores", "which event data stores there are");
        any("cloudtrail:GetEventDataStore", "which events they take in");
    }
    if has_channels {
        any("cloudtrail:ListChannels", "which channels there are");
        any("cloudtrail:GetChannel", "which events they take to a service");
    }
    any("redshift:DescribeClusters", "which clusters there are, and their roles");
    any("redshift-serverless:ListNamespaces", "the same of Redshift Serverless");
    any("redshift-serverless:ListWorkgroups", "which workgroups its namespaces have");
    any("s3:ListAllMyBuckets", "where the account's buckets are");
    if config.learn.contains(&LearnSource::Integrations) {
        any("redshift:DescribeIntegrations", "which buckets COPY jobs load from by themselves");
    }
    let reads_audit_logs = config.learn.contains(&LearnSource::AuditLogs);
    if reads_audit_logs {
        any("redshift:DescribeLoggingStatus", "where audit logs go");
        any("redshift:DescribeClusterParameters", "whether they hold what users run");
        any("logs:FilterLogEvents", "audit logs in CloudWatch Logs");
    }
    let asks_clusters = config.learn.contains(&LearnSource::SystemTables);
    if asks_clusters {
        any("redshift-data:ExecuteStatement", "fixed SELECTs on the system views");
        any("redshift-data:DescribeStatement", "whether they have ended");
        any("redshift-data:GetStatementResult", "what they found");
        match (&config.data_api.secret_arn, &config.data_api.db_user) {
            (Some(_), _) => {}
            (None, Some(_)) => any("redshift:GetClusterCredentials", "to log in as the database user"),
            (None, None) => any("redshift:GetClusterCredentialsWithIAM", "to log in to clusters"),
        }
        if config.data_api.secret_arn.is_none() {
            any("redshift-serverless:GetCredentials", "to log in to workgroups");
        }
    }
    if config.reads_records() {
        any("cloudtrail:ListPublicKeys", "the keys that digests are signed with");
        any("kms:Decrypt", "log files that are encrypted with a KMS key");
    }
    if let Some(secret) = config.data_api.secret_arn.clone() {
        let why = "to log in to databases";
        needed.push(Permission { action: "secretsmanager:GetSecretValue", resources: vec![secret], why });
    }
    let declared = config.buckets().into_iter().map(|bucket| format!("arn:{partition}:s3:::{bucket}"));
    let mut listed: BTreeSet<String> = declared.collect();
    if !config.learn.is_empty() {
        // Which buckets Redshift tells of is not known beforehand.
        listed.insert(format!("arn:{partition}:s3:::*"));
    }
    if config.reads_records() || reads_audit_logs {
        let mut buckets = BTreeSet::new();
        if config.reads_records() {
            buckets.extend(log_buckets(snapshot));
        }
        if reads_audit_logs {
            buckets.extend(audit_log_buckets(snapshot));
        }
        listed.extend(buckets.iter().map(|bucket| format!("arn:{partition}:s3:::{bucket}")));
        let objects = buckets.iter().map(|bucket| format!("arn:{partition}:s3:::{bucket}/*AWSLogs/*"));
        let why = "log files, of CloudTrail with their digests, and of Redshift";
        needed.push(Permission { action: "s3:GetObject", resources: objects.collect(), why });
    }
    if listed.contains(&format!("arn:{partition}:s3:::*")) {
        listed.retain(|arn| arn.ends_with(":::*"));
    }
    if !listed.is_empty() {
        let why = "where declared buckets of other accounts are, and which log files there are";
        needed.push(Permission { action: "s3:ListBucket", resources: listed.into_iter().collect(), why });
    }
    needed
}

/// Those that trails deliver to; `*` where that is not known.
fn log_buckets(snapshot: Option<&Snapshot>) -> BTreeSet<String> {
    let trails = snapshot.into_iter().flat_map(|snapshot| &snapshot.accounts).flat_map(|account| &account.trails);
    let buckets: BTreeSet<String> = trails.filter_map(|trail| trail.s3_bucket_name.clone()).collect();
    if buckets.is_empty() { BTreeSet::from(["*".to_owned()]) } else { buckets }
}

/// Those that clusters write audit logs to; `*` where that is not known.
fn audit_log_buckets(snapshot: Option<&Snapshot>) -> BTreeSet<String> {
    let clusters = snapshot.into_iter().flat_map(|snapshot| &snapshot.accounts).flat_map(|account| &account.clusters);
    let logging: Vec<&AuditLogging> = clusters.filter_map(|cluster| cluster.audit_logging.as_ref()).collect();
    match logging.is_empty() {
        true => BTreeSet::from(["*".to_owned()]),
        false => logging.iter().filter_map(|logging| logging.bucket_name.clone()).collect(),
    }
}

fn partition(config: &Config, snapshot: Option<&Snapshot>) -> String {
    if let Some(account) = snapshot.and_then(|snapshot| snapshot.accounts.first()) {
        return account.scope.partition.clone();
    }
    let region = config.regions.iter().flatten().next().map_or("", String::as_str);
    let known = [("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")];
    known.iter().find(|(start, _)| region.starts_with(start)).map_or("aws", |(_, partition)| partition).to_owned()
}

/// The IAM policy that grants them.
pub(crate) fn policy(permissions: &[Permission]) -> Value {
    let is_free = |permission: &&Permission| permission.resources == ["*"] && permission.action != "kms:Decrypt";
    let actions: Vec<&str> = permissions.iter().filter(is_free).map(|permission| permission.action).collect();
    let mut statements = vec![json!({"Sid": "Read", "Effect": "Allow", "Action": actions, "Resource": "*"})];
    for permission in permissions.iter().filter(|permission| !is_free(permission)) {
        let (_, name) = permission.action.split_once(':').unwrap_or_default();
        let mut statement = json!({
            "Sid": name,
            "Effect": "Allow",
            "Action": permission.action,
            "Resource": permission.resources,
        });
        if permission.action == "kms:Decrypt" {
            // Only what S3 asks for on the caller's behalf.
            statement["Condition"] = json!({"StringLike": {"kms:ViaService": "s3.*.amazonaws.com*"}});
        }
        statements.push(statement);
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}
