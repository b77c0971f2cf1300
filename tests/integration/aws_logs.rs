//! Log records of a live account, from its trails' own buckets.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde_json::{Value, json};
use trailcheck::gzip;

use crate::aws::{ACCOUNT, JUDGED, basic};
use crate::chains;
use crate::endpoint::Endpoint;
use crate::program::{Workplace, finding, outcome};

/// A log object as CloudTrail delivers it, of one read by a role.
pub fn log_object(role: &str, hours_ago: i64) -> Value {
    let time = time::OffsetDateTime::now_utc() - time::Duration::hours(hours_ago);
    let records = json!({"Records": [read_by(role, "load-eu", &chains::rfc3339(time))]}).to_string();
    delivered(&records, time, role)
}

/// The record of one read by a role.
pub fn read_by(role: &str, bucket: &str, event_time: &str) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "accountId": ACCOUNT,
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/RedshiftIamRoleSession"),
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "accountId": ACCOUNT, "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
            }},
        },
        "eventTime": event_time, "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "eu-west-1",
        "requestParameters": {"bucketName": bucket, "key": "data.csv"},
        "eventID": format!("event-of-{role}"), "readOnly": true, "eventCategory": "Data", "managementEvent": false,
        "resources": [
            {"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{bucket}/data.csv")},
            {"type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{bucket}"), "accountId": ACCOUNT},
        ],
    })
}

/// A log object that holds nothing: a trail that delivers all day shows that nothing is missing.
pub fn quiet(hours_ago: i64) -> Value {
    let time = time::OffsetDateTime::now_utc() - time::Duration::hours(hours_ago);
    delivered("{\"Records\": []}", time, "quiet")
}

fn delivered(records: &str, time: time::OffsetDateTime, role: &str) -> Value {
    let gzip = gzip::compress(records.as_bytes());
    let day = time.date();
    let key = format!(
        "AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/{:04}/{:02}/{:02}/{ACCOUNT}_CloudTrail_eu-west-1_{:04}{:02}{:02}T{:02}00Z_{role}.json.gz",
        day.year(),
        u8::from(day.month()),
        day.day(),
        day.year(),
        u8::from(day.month()),
        day.day(),
        time.hour()
    );
    json!({"bucket": "logs", "region": "us-east-1", "key": key, "base64": BASE64.encode(&gzip)})
}

/// The bucket `load-eu`, recorded by the trail `europe`, whose log bucket holds these objects.
pub fn recorded(objects: &[Value]) -> Value {
    json!({
        "buckets": [{"name": "load-eu", "region": "eu-west-1"}, {"name": "logs", "region": "us-east-1"}],
        "trails": [{"name": "europe", "region": "eu-west-1", "bucket": "logs", "basic": basic(&["arn:aws:s3:::load-eu/"])}],
        "objects": objects,
    })
}

/// A cluster that loads as the role `loader`.
pub fn with_cluster(mut world: Value) -> Value {
    world["clusters"] =
        json!([{"name": "analytics", "region": "eu-west-1", "roles": ["arn:aws:iam::123456789012:role/loader"]}]);
    world
}

#[test]
fn an_unapproved_role_in_the_trails_log_bucket_is_a_failure() {
    let endpoint = Endpoint::with(&with_cluster(recorded(&[quiet(14), quiet(8), log_object("loader", 3)])));
    let workplace = Workplace::at(&endpoint);
    workplace.write(
        "trailcheck.toml",
        r#"
[scan]
regions = ["eu-west-1"]
[[redshift.copy]]
location = "s3://load-eu/"
[[access]]
location = "s3://load-eu/"
roles = ["arn:aws:iam::123456789012:role/loader"]
[records]
window = "12h"
sample = "all"
"#,
    );
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 3, "{ran:?}");
    let seen = finding(&report, "access/approved_roles", "s3://load-eu/");
    // The trail was made a moment ago: what was touched before, nothing has recorded.
    assert_eq!(seen["outcome"], "unknown");
    assert!(seen["message"].as_str().unwrap().contains("has logged since"), "{seen}");
    assert_eq!(report["run"]["records"]["read"][0]["complete"], true, "{report:#}");
    let session = &report["run"]["sessions"][0];
    assert_eq!(
        (session["kind"].as_str(), session["principal"].as_str()),
        (Some("COPY"), Some("arn:aws:iam::123456789012:role/loader"))
    );

    endpoint.add(&json!({"objects": [log_object("intruder", 2)]}));
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let touched = finding(&report, "access/approved_roles", "s3://load-eu/");
    assert_eq!(touched["outcome"], "fail");
    let access = &touched["evidence"]["unapproved"][0];
    assert_eq!(access["principal"], "arn:aws:iam::123456789012:role/intruder");
    assert_eq!(access["example"]["event_id"], "event-of-intruder");
}

/// Two trails that deliver to one folder: its objects are listed and read once, and count for both.
#[test]
fn a_folder_that_two_trails_share_is_listed_once() {
    let selectors = basic(&["arn:aws:s3:::load-eu/"]);
    let endpoint = Endpoint::with(&json!({
        "buckets": [{"name": "load-eu", "region": "eu-west-1"}, {"name": "logs", "region": "us-east-1"}],
        "trails": [
            {"name": "europe", "region": "eu-west-1", "bucket": "logs", "basic": selectors},
            {"name": "everywhere", "region": "us-east-1", "bucket": "logs", "multi_region": true, "basic": selectors},
        ],
        "objects": [quiet(26), quiet(22), quiet(18), quiet(13), quiet(8), log_object("loader", 3)],
    }));
    let workplace = Workplace::at(&endpoint);
    let config = "[scan]\nregions = [\"us-east-1\", \"eu-west-1\"]\n[[access]]\nlocation = \"s3://load-eu/\"\n";
    workplace.write("trailcheck.toml", config);
    let (report, _) = workplace.check(&JUDGED);
    let read = report["run"]["records"]["read"].as_array().unwrap();
    // Both for the bucket's region; and no other, for the multi-region one never delivered elsewhere.
    assert_eq!(read.len(), 2, "{read:?}");
    let here: Vec<&Value> = read.iter().filter(|reading| reading["region"] == "eu-west-1").collect();
    let is_whole = |reading: &&&Value| reading["read_objects"].as_u64() >= Some(5) && reading["complete"] == true;
    assert_eq!(here.iter().filter(is_whole).count(), 2, "{read:?}");
    assert_eq!(report["run"]["records"]["events"], 1);
    // What both deliver is there once.
    assert_eq!(report["run"]["records"]["objects"]["listed"], here[0]["listed_objects"]);
    let calls = endpoint.calls();
    let distinct: BTreeSet<&String> = calls.iter().collect();
    // Who asks is asked again at the end.
    assert_eq!(calls.len(), distinct.len() + 1, "{calls:#?}");
}

/// The files of an organization's trail are below the organization's id.
#[test]
fn an_organizations_log_folder_is_found_by_its_id() {
    let outside = log_object("loader", 3);
    let mut inside = outside.clone();
    inside["key"] = outside["key"].as_str().unwrap().replace("AWSLogs/", "AWSLogs/o-abc1234567/").into();
    let read = |objects: Value| {
        let endpoint = Endpoint::with(&json!({
            "buckets": [{"name": "logs", "region": "us-east-1"}, {"name": "load-eu", "region": "eu-west-1"}],
            "trails": [{"name": "org", "region": "eu-west-1", "bucket": "logs", "basic": basic(&["arn:aws:s3:::load-eu/"])}],
            "objects": objects,
        }));
        let trail = json!({"trailList": [{
            "Name": "org", "TrailARN": format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/org"), "HomeRegion": "eu-west-1",
            "S3BucketName": "logs", "IsMultiRegionTrail": false, "IsOrganizationTrail": true, "LogFileValidationEnabled": false,
        }]});
        endpoint.rule(
            json!({"service": "cloudtrail", "operation": "DescribeTrails", "status": 200, "body": trail.to_string()}),
        );
        let workplace = Workplace::at(&endpoint);
        workplace.write("trailcheck.toml", "[scan]\nregions = [\"eu-west-1\"]\n[[redshift.copy]]\nlocation = \"s3://load-eu/\"\n[records]\nwindow = \"6h\"\n");
        workplace.check(&["--policy", "access/foreign_account"]).0
    };
    let mut before = quiet(8);
    before["key"] = before["key"].as_str().unwrap().replace("AWSLogs/", "AWSLogs/o-abc1234567/").into();
    let report = read(json!([before, inside]));
    assert_eq!(report["run"]["records"]["events"], 1, "{report:#}");
    assert_eq!(report["run"]["records"]["read"][0]["complete"], true, "{report:#}");
    // Without its folder, the account's own is read, but is not taken for the whole.
    let report = read(json!([outside]));
    assert_eq!(report["run"]["records"]["events"], 1, "{report:#}");
    let why = report["run"]["records"]["read"][0]["incomplete_because"].as_str().unwrap();
    assert!(why.contains("there is no organization's folder beside the account's"), "{why}");
    assert_eq!(outcome(&report, "access/foreign_account", "s3://load-eu/"), "unknown");
}

/// Without digests only deliveries show that nothing is missing.
#[test]
fn a_long_time_without_a_delivery_is_no_proof_of_absence() {
    let read = |objects: &[Value], management: bool| {
        let mut selectors = basic(&["arn:aws:s3:::load-eu/"]);
        selectors[0]["IncludeManagementEvents"] = management.into();
        let endpoint = Endpoint::with(&json!({
            "buckets": [{"name": "load-eu", "region": "eu-west-1"}, {"name": "logs", "region": "us-east-1"}],
            "trails": [{"name": "europe", "region": "eu-west-1", "bucket": "logs", "basic": selectors}],
            "objects": objects,
        }));
        let workplace = Workplace::at(&endpoint);
        let config = "[scan]\nregions = [\"eu-west-1\"]\n[[access]]\nlocation = \"s3://load-eu/\"\n[records]\nwindow = \"24h\"\nsample = \"all\"\n";
        workplace.write("trailcheck.toml", config);
        let (report, _) = workplace.check(&JUDGED);
        report["run"]["records"]["read"][0]["incomplete_because"].as_str().unwrap_or_default().to_owned()
    };
    assert!(read(&[log_object("loader", 3)], true).starts_with("nothing was delivered from "));
    let day = [22, 18, 13, 8, 3].map(quiet);
    assert_eq!(read(&[&[quiet(26)], &day[..]].concat(), true), "");
    // Until the first file here, the trail may have delivered to another place.
    assert!(read(&day, true).starts_with("nothing was delivered from "));
    assert!(read(&[&[quiet(32)], &day[..]].concat(), true).starts_with("nothing was delivered from "));
    // Of data events alone there may be none for most of a day.
    assert_eq!(read(&[quiet(30), quiet(12)], false), "");
    assert!(read(&[quiet(2)], false).starts_with("nothing was delivered from "));
}
