//! Management events that change what is recorded: what was recorded before one of them, nobody can tell from today.
//!
//! Source: CloudTrail API Reference, the actions that write trails and event data stores.

use serde::Deserialize;

use crate::aws::arn::Arn;
use crate::aws::timestamp::Timestamp;
use crate::snapshot::{Change, Origin};

/// The `eventSource` of CloudTrail's own API.
pub(super) const EVENT_SOURCE: &str = "cloudtrail.amazonaws.com";

const CHANGES: [&str; 13] = [
    "CreateEventDataStore",
    "CreateTrail",
    "DeleteEventDataStore",
    "DeleteTrail",
    "PutEventConfiguration",
    "PutEventSelectors",
    "RestoreEventDataStore",
    "StartEventDataStoreIngestion",
    "StartLogging",
    "StopEventDataStoreIngestion",
    "StopLogging",
    "UpdateEventDataStore",
    "UpdateTrail",
];

/// A record that may be a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotUnderstood;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    event_time: String,
    aws_region: String,
    #[serde(rename = "eventID")]
    event_id: String,
    recipient_account_id: Option<String>,
    error_code: Option<String>,
    request_parameters: Option<Parameters>,
    user_identity: Option<Identity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    name: Option<String>,
    trail_name: Option<String>,
    event_data_store: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    account_id: Option<String>,
}

/// Whether a call of CloudTrail's API changes what is recorded.
pub(super) fn is_change(event_name: &str) -> bool {
    CHANGES.contains(&event_name)
}

/// The change that the record of such a call tells; `None`: it failed, and changed nothing. `Err`: it is not understood.
pub(super) fn change(record: &str, object: &str) -> Result<Option<Change>, NotUnderstood> {
    let record: Record = serde_json::from_str(record).map_err(|_| NotUnderstood)?;
    if record.error_code.is_some() {
        return Ok(None);
    }
    let caller = record.user_identity.and_then(|identity| identity.account_id);
    let account = record.recipient_account_id.or(caller).ok_or(NotUnderstood)?;
    let named = record.request_parameters.and_then(|asked| asked.trail_name.or(asked.name).or(asked.event_data_store));
    // What is given by its name alone may be any of that account.
    let resource = named.filter(|named| Arn::parse(named).is_some());
    Ok(Some(Change {
        account,
        region: record.aws_region,
        at: Timestamp::parse(&record.event_time).ok_or(NotUnderstood)?,
        event_name: record.event_name,
        resource,
        origin: Origin::Record { event_id: record.event_id, object: object.to_owned() },
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(name: &str, more: &[(&str, Value)]) -> String {
        let mut record = json!({
            "eventSource": EVENT_SOURCE, "eventName": name, "eventTime": "2026-11-22T05:00:00Z", "awsRegion": "eu-west-1",
            "eventID": "e", "recipientAccountId": "111111111111",
            "requestParameters": {"trailName": "arn:aws:cloudtrail:eu-west-1:111111111111:trail/t"},
        });
        more.iter().for_each(|(name, value)| record[*name] = value.clone());
        record.to_string()
    }

    #[test]
    fn what_changes_a_trail_is_a_change_if_it_succeeded() {
        for name in CHANGES {
            assert!(is_change(name));
            let change = change(&record(name, &[]), "o").unwrap().unwrap();
            assert_eq!(change.resource.as_deref(), Some("arn:aws:cloudtrail:eu-west-1:111111111111:trail/t"));
        }
        assert!(!is_change("DescribeTrails"));
        assert_eq!(change(&record("StopLogging", &[("errorCode", "AccessDenied".into())]), "o"), Ok(None));
        // By its name alone.
        let named =
            change(&record("StopLogging", &[("requestParameters", json!({"name": "t"}))]), "o").unwrap().unwrap();
        assert_eq!(named.resource, None);
        assert_eq!(change(&record("StopLogging", &[("eventTime", 5.into())]), "o"), Err(NotUnderstood));
        assert_eq!(change(&record("StopLogging", &[("recipientAccountId", Value::Null)]), "o"), Err(NotUnderstood));
    }
}
