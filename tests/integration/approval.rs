//! `access/approved_roles`: one account in which everything was read passes; take one fact away and it does not.

use serde_json::{Value, json};

use crate::account::{self, ALL, snapshot_of};
use crate::program::{Ran, Workplace, finding, outcome};

const CONFIG: &str = r#"
[[access]]
location = "s3://load/in/"
roles = ["arn:aws:iam::111111111111:role/loader"]
services = ["logging.s3.amazonaws.com"]
[records]
window = "24h"
"#;

fn access(principal: &str, kind: &str) -> Value {
    json!({
        "principal": principal, "principal_type": kind, "account": "111111111111", "bucket": "load",
        "location": "s3://load/in/", "event_name": "GetObject", "access": "read", "region": "eu-west-1",
        "error_code": null, "count": 3, "first_seen": "2026-11-22T01:00:00Z", "last_seen": "2026-11-22T02:00:00Z",
        "example": {"event_id": "x", "object": "s3://logs/x"},
    })
}

/// Every access of a day recorded, listed, read, and by the loader.
fn complete() -> Value {
    let mut complete = account::complete("s3://load/in/");
    complete["records"]["accesses"] = json!([access("arn:aws:iam::111111111111:role/loader", "role")]);
    complete
}

fn check(snapshot: &Value, config: &str) -> Ran {
    let workplace = Workplace::offline();
    workplace.write("snapshot.json", &snapshot_of(snapshot.clone()).to_string());
    workplace.write("trailcheck.toml", config);
    workplace.run(&["check", "--snapshot", "snapshot.json", "--policy", "access/approved_roles", "--report", "json"])
}

fn told(snapshot: &Value, config: &str) -> String {
    let ran = check(snapshot, config);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    outcome(&report, "access/approved_roles", "s3://load/in/").to_owned()
}

#[test]
fn complete_evidence_passes() {
    assert_eq!(told(&complete(), CONFIG), "pass");
    assert_eq!(check(&complete(), CONFIG).exit, 0);
}

#[test]
fn one_fact_less_is_no_pass() {
    let failure = json!([{"call": "s3:ListBucket", "account": "111111111111", "region": "eu-west-1", "resource": null,
                      "code": "AccessDenied", "message": "no", "makes_unknown": ["records"]}]);
    for (path, value) in [
        ("/records", Value::Null),
        ("/records/window", Value::Null),
        ("/records/window/start", json!("2026-11-22T05:00:00Z")),
        ("/records/window/end", json!("2026-11-22T11:30:00Z")),
        ("/records/window/end", json!("2030-01-01T00:00:00Z")),
        ("/records/locations", json!([])),
        ("/records/malformed", json!(1)),
        ("/records/skipped", json!([{"object": "x", "reason": "damaged", "matters": true}])),
        ("/records/read", json!([])),
        ("/records/read/0/complete", json!(false)),
        ("/records/read/0/read_objects", json!(2)),
        ("/records/read/0/incomplete_because", json!("throttled")),
        ("/records/read/0/region", json!("us-east-1")),
        ("/records/read/0/listed_objects", json!(0)),
        ("/trails", json!([])),
        ("/trails/0/event_selectors", Value::Null),
        ("/trails/0/event_selectors", json!([])),
        ("/trails/0/status/eu-west-1/is_logging", json!(false)),
        ("/trails/0/status/eu-west-1/is_logging", Value::Null),
        ("/trails/0/status/eu-west-1/start_logging_time", Value::Null),
        ("/trails/0/status/eu-west-1/start_logging_time", json!("2026-11-22T00:00:00Z")),
        ("/records/integrity", json!([])),
        ("/records/integrity/0/outcome", json!("unknown")),
        ("/trails/0/log_file_validation_enabled", Value::Null),
        ("/trails/0/status", json!({})),
        ("/buckets", json!([])),
        ("/buckets/0/account", Value::Null),
        ("/buckets/0/region", Value::Null),
        ("/scope/regions", json!(["us-east-1"])),
        ("/failures", failure),
    ] {
        let mut snapshot = complete();
        *snapshot.pointer_mut(path).unwrap() = value.clone();
        let outcome = told(&snapshot, CONFIG);
        assert!(matches!(outcome.as_str(), "unknown" | "fail"), "{path} = {value}: {outcome}");
    }
    let mut failing = complete();
    failing["trails"][0]["status"]["eu-west-1"]["latest_delivery_error"] = "AccessDenied".into();
    assert_eq!(told(&failing, CONFIG), "unknown");
    // Nothing listed, although the trail has delivered.
    let mut emptied = complete();
    emptied["records"]["read"][0] = json!({"source": ALL, "region": "eu-west-1", "listed_objects": 0, "listed_bytes": 0,
        "read_objects": 0, "read_bytes": 0, "complete": true, "incomplete_because": null});
    assert_eq!(told(&emptied, CONFIG), "unknown");
    // The config asks for more than was read, or for another location.
    assert_eq!(told(&complete(), &CONFIG.replace("24h", "7d")), "unknown");
}

/// What says nothing is refused, not taken for "none".
#[test]
fn a_fact_that_is_missing_is_refused() {
    for path in
        ["/failures", "/clusters", "/records/malformed", "/records/skipped", "/records/read/0/incomplete_because"]
    {
        let mut snapshot = complete();
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = if parent.is_empty() { &mut snapshot } else { snapshot.pointer_mut(parent).unwrap() };
        parent.as_object_mut().unwrap().remove(name).unwrap();
        let ran = check(&snapshot, CONFIG);
        if name == "incomplete_because" {
            // `null` and left out are the same to JSON's readers; the numbers beside it decide.
            assert_eq!(ran.exit, 0, "{path}: {ran:?}");
        } else {
            assert_eq!(ran.exit, 2, "{path}: {ran:?}");
            assert!(ran.stderr.contains(&format!("missing field `{name}`")), "{path}: {ran:?}");
        }
    }
    let mut elsewhere = complete();
    elsewhere["records"]["accesses"][0]["location"] = "s3://load/in/../".into();
    assert_eq!(told(&elsewhere, CONFIG), "pass", "another location's access is not this one's");
    elsewhere["records"]["locations"] = json!(["s3://load"]);
    assert!(check(&elsewhere, CONFIG).stderr.contains("must be written `s3://load/`"));
}

#[test]
fn principals_are_who_they_are() {
    let role = |name: &str| format!("arn:aws:iam::111111111111:role/{name}");
    for (principal, kind, expected) in [
        (role("loader"), "role", "pass"),
        (role("service-role/loader"), "role", "pass"),
        (role("loader2"), "role", "fail"),
        ("arn:aws:iam::222222222222:role/loader".to_owned(), "role", "fail"),
        ("arn:aws:iam::111111111111:user/mallory".to_owned(), "user", "fail"),
        ("arn:aws:iam::111111111111:root".to_owned(), "root", "fail"),
        ("logging.s3.amazonaws.com".to_owned(), "service", "pass"),
        ("backup.amazonaws.com".to_owned(), "service", "fail"),
        ("anonymous".to_owned(), "anonymous", "fail"),
        // The record names nobody, or nobody that is understood.
        ("unknown".to_owned(), "unknown", "unknown"),
        // A copy of the record that names the account only: it may be the approved role.
        ("AROAX".to_owned(), "account", "unknown"),
        // The scanning role is anyone, but for the calls that a scan makes.
        (role("audit"), "role", "fail"),
    ] {
        let mut snapshot = complete();
        snapshot["records"]["accesses"][0] = access(&principal, kind);
        assert_eq!(told(&snapshot, CONFIG), expected, "{kind} {principal}");
    }
    let mut own = complete();
    own["records"]["accesses"][0] = access(&role("audit"), "role");
    own["records"]["accesses"][0]["event_name"] = "HeadBucket".into();
    assert_eq!(told(&own, CONFIG), "pass");
    let mut denied = complete();
    let mut attempt = access("arn:aws:iam::111111111111:user/mallory", "user");
    attempt["error_code"] = "AccessDenied".into();
    denied["records"]["accesses"].as_array_mut().unwrap().push(attempt);
    let ran = check(&denied, CONFIG);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let passed = finding(&report, "access/approved_roles", "s3://load/in/");
    assert_eq!(passed["outcome"], "pass");
    assert!(passed["message"].as_str().unwrap().contains("3 denied attempts apart"), "{passed}");
    // Writes are not judged where reads are asked for.
    let mut written = complete();
    written["records"]["accesses"][0] = access("arn:aws:iam::111111111111:user/mallory", "user");
    written["records"]["accesses"][0]["access"] = "write".into();
    assert_eq!(told(&written, &CONFIG.replace("[records]", "actions = \"read\"\n[records]")), "pass");
    assert_eq!(told(&written, CONFIG), "fail");
}
