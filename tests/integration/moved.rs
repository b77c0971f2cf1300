//! A live trail that delivered to another bucket before, and what its digests vouch for.

use data_encoding::BASE64;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use trailcheck::gzip;

use crate::aws::basic;
use crate::aws_logs::log_object;
use crate::chains::{Trail, public_keys, rfc3339};
use crate::endpoint::Endpoint;
use crate::folders::{CONFIG, logs_for_long};
use crate::program::{Workplace, outcome};

fn full_hours_ago(hours: i64) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc() - Duration::hours(hours);
    now.replace_time(time::Time::from_hms(now.hour(), 0, 0).unwrap())
}

/// Twelve hours of a trail, a file each; the first eight in another bucket. In an hour that is named somebody reads.
fn moved(read_in_hour: Option<usize>) -> Trail {
    let mut trail = Trail::at(full_hours_ago(12));
    trail.name = "europe";
    trail.bucket = "older".to_owned();
    for hour in 0..12 {
        if hour == 8 {
            trail.bucket = "logs".to_owned();
        }
        let log = trail.log(5);
        let records = match read_in_hour {
            Some(at) if at == hour => read_at(trail.now + Duration::minutes(5)),
            _ => json!({"Records": []}),
        };
        *trail.bytes(&log) = gzip::compress(records.to_string().as_bytes());
        trail.digest(&[&log], |_| {});
    }
    trail
}

/// The records of a log file in which `mallory` reads `load-eu`.
fn read_at(at: OffsetDateTime) -> Value {
    let object = log_object("mallory", 0);
    let packed = BASE64.decode(object["base64"].as_str().unwrap().as_bytes()).unwrap();
    let mut records: Value = serde_json::from_slice(&gzip::inflate(&packed, 1 << 20).unwrap()).unwrap();
    records["Records"][0]["eventTime"] = rfc3339(at).into();
    records
}

fn world(trail: &Trail) -> Endpoint {
    let endpoint = Endpoint::with(&json!({
        "buckets": [
            {"name": "load-eu", "region": "eu-west-1"}, {"name": "logs", "region": "us-east-1"}, {"name": "older", "region": "us-east-1"},
        ],
        "trails": [{"name": "europe", "region": "eu-west-1", "bucket": "logs", "validation": true, "basic": basic(&["arn:aws:s3:::load-eu/"])}],
    }));
    trail.put(&endpoint, "us-east-1");
    endpoint
}

/// What the trail's digests say, what its records say, and the end of the time that is vouched for.
fn judged(endpoint: &Endpoint, keys: &Value) -> ([String; 2], String) {
    endpoint.forget_rules();
    logs_for_long(endpoint);
    let body = keys.to_string();
    endpoint.rule(json!({"service": "cloudtrail", "operation": "ListPublicKeys", "status": 200, "body": body}));
    let workplace = Workplace::at(endpoint);
    workplace.write("trailcheck.toml", CONFIG);
    let (report, _) = workplace.check(&["--policy", "trail/integrity", "--policy", "access/approved_roles"]);
    let trail = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/europe";
    let outcomes = [("trail/integrity", trail), ("access/approved_roles", "s3://load-eu/")];
    let outcomes = outcomes.map(|(policy, subject)| outcome(&report, policy, subject).to_owned());
    (outcomes, report["run"]["records"]["window"]["end"].as_str().unwrap().to_owned())
}

#[test]
fn what_lies_where_it_was_delivered_is_there() {
    let endpoint = world(&moved(None));
    let keys = public_keys();
    assert_eq!(judged(&endpoint, &keys).0, ["pass", "pass"]);
    // An answer without its list is no answer: nothing is said to be forged.
    assert_eq!(judged(&endpoint, &json!({})).0, ["unknown", "unknown"]);
    // What was delivered to the other bucket is read.
    moved(Some(7)).put(&endpoint, "us-east-1");
    assert_eq!(judged(&endpoint, &keys).0, ["pass", "fail"]);
}

/// Where the newest digests are gone, no later time is vouched for.
#[test]
fn the_window_ends_with_the_newest_digest() {
    let lost = |hours: usize| {
        let mut trail = moved(None);
        for kind in ["_CloudTrail_", "_CloudTrail-Digest_"] {
            let names: Vec<String> = trail.objects.keys().filter(|name| name.contains(kind)).cloned().collect();
            let newest = names.iter().filter(|name| name.starts_with("logs/")).rev().take(hours);
            newest.for_each(|name| drop(trail.objects.remove(name)));
        }
        judged(&world(&trail), &public_keys())
    };
    let (outcomes, end) = lost(1);
    assert_eq!(outcomes, ["pass", "pass"]);
    assert_eq!(end, rfc3339(full_hours_ago(1)));
    assert_eq!(lost(3).0, ["unknown", "unknown"]);
}
