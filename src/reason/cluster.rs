//! What is said of a cluster or namespace.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfCluster {
    /// The config does not learn from audit logs.
    AuditLogsNotAsked,
    /// Whether it writes them was not told.
    AuditLoggingNotTold,
    /// It writes none.
    AuditLoggingOff,
    /// It writes them without what users run.
    UserActivityOff,
    /// It writes other logs, and not what users run.
    UserActivityGoesNowhere,
    /// Whether what users run is in them is not told, or was set and is not yet in force.
    UserActivityNotTold,
    /// The last delivery failed.
    AuditLogNotDelivered { message: String },
    /// What users run goes there.
    AuditLoggingOn { destinations: Vec<String> },
}

impl fmt::Display for OfCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfCluster::AuditLogsNotAsked => f.write_str("redshift.learn does not ask for audit logs"),
            OfCluster::AuditLoggingNotTold => f.write_str("whether it writes audit logs is not known"),
            OfCluster::AuditLoggingOff => f.write_str("audit logging is off"),
            OfCluster::UserActivityOff => {
                f.write_str("audit logging is on, and enable_user_activity_logging is false: what users run is not in it")
            }
            OfCluster::UserActivityGoesNowhere => {
                f.write_str("audit logging is on, and what users run goes neither to S3 nor to CloudWatch Logs")
            }
            OfCluster::UserActivityNotTold => f.write_str(
                "audit logging is on, and enable_user_activity_logging is not told, or waits for the cluster to be rebooted",
            ),
            OfCluster::AuditLogNotDelivered { message } => {
                write!(f, "audit logging is on, and the last delivery failed: {message}")
            }
            OfCluster::AuditLoggingOn { destinations } => {
                write!(f, "what users run is logged to {}", destinations.join(" and "))
            }
        }
    }
}
