//! Whether a cluster writes audit logs, and where: `redshift:DescribeLoggingStatus`, and the parameter `enable_user_activity_logging`
//! (Redshift Management Guide, "Database audit logging").

use std::collections::BTreeSet;

use aws_sdk_redshift::operation::describe_logging_status::DescribeLoggingStatusOutput;

use super::call_error::CallError;
use super::client::Aws;
use super::data_api::Failed;
use super::pages::all_pages;
use super::whole::Whole;
use crate::snapshot::{AuditLogging, Cluster};

pub(super) const STATUS: &str = "redshift:DescribeLoggingStatus";
pub(super) const PARAMETERS: &str = "redshift:DescribeClusterParameters";

/// Of a provisioned cluster; what a namespace does comes with it.
pub(super) async fn logging_of(aws: &Aws, cluster: &Cluster) -> Result<AuditLogging, Failed> {
    let call = aws.redshift(&cluster.region).describe_logging_status().cluster_identifier(&cluster.cluster_identifier);
    let whole = Whole::Xml { root: "DescribeLoggingStatusResponse", element: "LoggingEnabled" };
    let status = call.customize().interceptor(whole).send().await.map_err(|error| (STATUS, CallError::of(&error)))?;
    let Some(logging_enabled) = status.logging_enabled() else {
        return Err((STATUS, CallError::unreadable("the answer does not say whether logging is on")));
    };
    // Several destinations come as one text.
    let destinations = status.log_destination_type().map_or("", |kind| kind.as_str());
    let mut destinations: BTreeSet<String> =
        destinations.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if logging_enabled && destinations.is_empty() && status.bucket_name().is_some() {
        destinations.insert("s3".to_owned());
    }
    Ok(AuditLogging {
        logging_enabled,
        destinations,
        log_exports: status.log_exports().to_vec(),
        bucket_name: status.bucket_name().map(str::to_owned),
        s3_key_prefix: status.s3_key_prefix().map(str::to_owned),
        last_failure_message: failing(&status),
        user_activity: if logging_enabled { user_activity(aws, cluster).await? } else { None },
    })
}

/// Why the last try to deliver failed, if none has succeeded since.
fn failing(status: &DescribeLoggingStatusOutput) -> Option<String> {
    let failed = status.last_failure_time()?;
    let is_over = status.last_successful_delivery_time().is_some_and(|delivered| delivered.secs() >= failed.secs());
    let message = status.last_failure_message().unwrap_or("Redshift does not say why");
    (!is_over).then(|| message.to_owned())
}

/// `None`: not told, or set and not yet in force.
async fn user_activity(aws: &Aws, cluster: &Cluster) -> Result<Option<bool>, Failed> {
    let mut answer = Some(true);
    for (group, status) in &cluster.parameter_groups {
        let call = aws.redshift(&cluster.region).describe_cluster_parameters().parameter_group_name(group);
        let whole = Whole::Xml { root: "DescribeClusterParametersResponse", element: "Parameters" };
        let ask = async |marker| call.clone().set_marker(marker).customize().interceptor(whole).send().await;
        let pages = all_pages(ask, |page| page.marker()).await.map_err(|error| (PARAMETERS, error))?;
        let mut parameters = pages.iter().flat_map(|page| page.parameters());
        let value = parameters.find(|of| of.parameter_name() == Some("enable_user_activity_logging"));
        match value.and_then(|of| of.parameter_value()) {
            Some("false") => return Ok(Some(false)),
            Some("true") if status.as_deref() == Some("in-sync") => {}
            _ => answer = None,
        }
    }
    Ok(answer.filter(|_| !cluster.parameter_groups.is_empty()))
}
