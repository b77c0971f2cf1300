//! What Redshift's own API tells beside its clusters: integrations, audit logging, and the events of audit logs.

use serde_json::{Value, json};

use super::answers::refused;
use super::http::{Answer, Request, form};
use super::world::Account;

pub fn namespace_arn(cluster: &str, region: &str) -> String {
    format!("arn:aws:redshift:{region}:123456789012:namespace:{cluster}")
}

pub fn integrations(account: &Account, region: &str) -> String {
    let here = account.integrations.iter().filter(|(.., of)| of == region);
    let each: String = here
        .map(|(source, target, _)| {
            format!(
                "<Integration><IntegrationArn>arn:aws:redshift:{region}:123456789012:integration:1</IntegrationArn>\
                 <SourceArn>{source}</SourceArn><TargetArn>{target}</TargetArn><Status>active</Status></Integration>"
            )
        })
        .collect();
    format!(
        "<DescribeIntegrationsResponse><DescribeIntegrationsResult><Integrations>{each}</Integrations>\
         </DescribeIntegrationsResult></DescribeIntegrationsResponse>"
    )
}

pub fn logging_status(account: &Account, request: &Request) -> Answer {
    let cluster = form(&request.body).remove("ClusterIdentifier").unwrap_or_default();
    let off = "<LoggingEnabled>false</LoggingEnabled>".to_owned();
    let status = account.logging.get(&cluster).unwrap_or(&off);
    Answer::xml(&format!(
        "<DescribeLoggingStatusResponse><DescribeLoggingStatusResult>{status}</DescribeLoggingStatusResult>\
         </DescribeLoggingStatusResponse>"
    ))
}

pub fn parameters(account: &Account, request: &Request) -> Answer {
    let group = form(&request.body).remove("ParameterGroupName").unwrap_or_default();
    let value = account.user_activity.get(group.trim_end_matches("-group")).unwrap_or(&"true");
    Answer::xml(&format!(
        "<DescribeClusterParametersResponse><DescribeClusterParametersResult><Parameters><Parameter>\
         <ParameterName>enable_user_activity_logging</ParameterName><ParameterValue>{value}</ParameterValue></Parameter>\
         </Parameters></DescribeClusterParametersResult></DescribeClusterParametersResponse>"
    ))
}

pub fn log_events(account: &Account, body: &Value) -> Answer {
    let group = body["logGroupName"].as_str().unwrap_or_default();
    let owner = group.trim_end_matches("/useractivitylog").rsplit('/').next().unwrap_or_default();
    match account.activity_events.get(owner) {
        Some(entries) => {
            let events: Vec<Value> = entries.iter().map(|entry| json!({"message": entry, "timestamp": 1})).collect();
            Answer::json(&json!({"events": events, "searchedLogStreams": []}))
        }
        None => refused("ResourceNotFoundException", "The specified log group does not exist."),
    }
}
