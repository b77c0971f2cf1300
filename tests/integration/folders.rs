//! The folders of a live trail's log bucket: which may be the trail's, and what is in them of the trail itself.

use data_encoding::BASE64;
use serde_json::{Value, json};
use trailcheck::gzip;

use crate::aws::ACCOUNT;
use crate::aws_logs::{log_object, quiet, recorded};
use crate::chains::rfc3339;
use crate::endpoint::Endpoint;
use crate::program::{Workplace, finding};

/// Six hours of the bucket `load-eu`, where the role `loader` is approved.
pub const CONFIG: &str = "[scan]\nregions = [\"eu-west-1\"]\n[[access]]\nlocation = \"s3://load-eu/\"\nroles = [\"arn:aws:iam::123456789012:role/loader\"]\n[records]\nwindow = \"6h\"\nsample = \"all\"\n";

/// The trail of `recorded` has logged for long, and delivered just now.
pub fn logs_for_long(endpoint: &Endpoint) {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let status = json!({"IsLogging": true, "LatestDeliveryTime": now - 600, "StartLoggingTime": now - 1_000_000});
    endpoint.rule(
        json!({"service": "cloudtrail", "operation": "GetTrailStatus", "status": 200, "body": status.to_string()}),
    );
}

/// Whether DescribeTrails says that it is an organization's; `null`: it says nothing of it.
fn is_organizations(endpoint: &Endpoint, is: Value) {
    let mut trail = json!({
        "Name": "europe", "TrailARN": format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/europe"), "HomeRegion": "eu-west-1",
        "S3BucketName": "logs", "IsMultiRegionTrail": false, "LogFileValidationEnabled": false,
    });
    if !is.is_null() {
        trail["IsOrganizationTrail"] = is;
    }
    let body = json!({"trailList": [trail]}).to_string();
    endpoint.rule(json!({"service": "cloudtrail", "operation": "DescribeTrails", "status": 200, "body": body}));
}

/// Who touched the bucket, as a check tells it: the outcome, the message, and how many events were read.
fn approved(endpoint: &Endpoint) -> (String, String, u64) {
    let workplace = Workplace::at(endpoint);
    workplace.write("trailcheck.toml", CONFIG);
    let (report, _) = workplace.check(&["--policy", "access/approved_roles"]);
    let finding = finding(&report, "access/approved_roles", "s3://load-eu/");
    let text = |name: &str| finding[name].as_str().unwrap().to_owned();
    (text("outcome"), text("message"), report["run"]["records"]["events"].as_u64().unwrap())
}

/// An organization's trail may have been another organization's before, or the account's own.
#[test]
fn every_folder_that_may_be_the_trails_is_read() {
    let below = |organization: &str, mut object: Value| {
        let key = object["key"].as_str().unwrap().replace("AWSLogs/", &format!("AWSLogs/{organization}/"));
        object["key"] = key.into();
        object
    };
    let endpoint = Endpoint::with(&recorded(&[
        below("o-aaa1111111", log_object("first", 4)),
        below("o-zzz1111111", log_object("second", 3)),
        log_object("own", 2),
    ]));
    is_organizations(&endpoint, json!(true));
    logs_for_long(&endpoint);
    let (outcome, message, events) = approved(&endpoint);
    assert_eq!((outcome.as_str(), events), ("fail", 3), "{message}");
    for role in ["first", "second", "own"] {
        assert!(message.contains(&format!(":role/{role}")), "{message}");
    }
}

/// Where nothing is said of an organization, the account's own folder is the trail's.
#[test]
fn a_trail_that_names_no_organization_is_the_accounts_own() {
    let endpoint = Endpoint::with(&recorded(&[quiet(8), quiet(5), log_object("loader", 3)]));
    is_organizations(&endpoint, Value::Null);
    logs_for_long(&endpoint);
    let (outcome, message, events) = approved(&endpoint);
    assert_eq!((outcome.as_str(), events), ("pass", 1), "{message}");
    // What its own records say of a change in that time: before it, something else may have been recorded.
    let at = time::OffsetDateTime::now_utc() - time::Duration::hours(2);
    let change = json!({"Records": [{
        "eventVersion": "1.11", "eventTime": rfc3339(at), "eventSource": "cloudtrail.amazonaws.com",
        "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/ann"), "accountId": ACCOUNT},
        "eventName": "PutEventSelectors", "awsRegion": "eu-west-1", "requestParameters": {"trailName": "europe"},
        "eventID": "change", "readOnly": false, "eventType": "AwsApiCall", "eventCategory": "Management",
        "managementEvent": true, "recipientAccountId": ACCOUNT,
    }]});
    let mut delivered = quiet(2);
    delivered["base64"] = BASE64.encode(&gzip::compress(change.to_string().as_bytes())).into();
    endpoint.add(&json!({"objects": [delivered]}));
    let (outcome, message, _) = approved(&endpoint);
    assert_eq!(outcome, "unknown", "{message}");
    assert!(message.contains("europe was changed at") && message.contains("PutEventSelectors"), "{message}");
    endpoint.add(&json!({"objects": [log_object("intruder", 2)]}));
    let (outcome, message, _) = approved(&endpoint);
    assert!(outcome == "fail" && message.contains(":role/intruder"), "{message}");
}
