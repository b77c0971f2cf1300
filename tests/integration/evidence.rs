//! Policies on log records: each passes on complete evidence, fails on one record, and is unknown where evidence is missing.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::account::{self, ALL, snapshot_of};
use crate::chains::{Trail, public_keys};
use crate::endpoint::Endpoint;
use crate::program::{Workplace, finding, outcome};

pub const ROLE: &str = "arn:aws:iam::111111111111:role/unloader";
pub const PLACE: &str = "s3://out/";
pub const CONFIG: &str = r#"
[[redshift.unload]]
location = "s3://out/"
unloaded_at = [2026-11-22T00:30:00Z]
[records]
window = "24h"
"#;

pub fn access(principal: &str, kind: &str, account: &str) -> Value {
    json!({
        "principal": principal, "principal_type": kind, "account": account, "bucket": "out", "location": PLACE,
        "event_name": "PutObject", "access": "write", "region": "eu-west-1", "error_code": null, "count": 1,
        "first_seen": "2026-11-22T00:30:05Z", "last_seen": "2026-11-22T00:30:05Z", "example": {"event_id": "x", "object": "s3://logs/x"},
    })
}

/// A day of which everything was recorded and read: one UNLOAD by a role that is associated with a cluster.
pub fn complete() -> Value {
    let mut complete = account::complete(PLACE);
    complete["clusters"] = json!([{"cluster_identifier": "analytics", "kind": "provisioned", "region": "eu-west-1",
                                   "account": "111111111111", "iam_roles": [{"iam_role_arn": ROLE}]}]);
    complete["records"]["accesses"] = json!([access(ROLE, "role", "111111111111")]);
    complete["records"]["sessions"] = json!([{
        "kind": "UNLOAD", "principal": ROLE, "session_names": ["RedshiftIamRoleSession"], "location": PLACE, "bucket": "out",
        "region": "eu-west-1", "start": "2026-11-22T00:30:05Z", "end": "2026-11-22T00:31:00Z", "objects": 1, "parts": 2,
        "bytes": null, "unfinished_uploads": 0, "aborted_uploads": 0, "complete": true,
    }]);
    complete
}

/// The policies on records, and what each judges here.
const JUDGED: [(&str, &str); 6] = [
    ("access/no_long_lived_keys", PLACE),
    ("access/foreign_account", PLACE),
    ("redshift/unload_complete", PLACE),
    ("redshift/known_role", ROLE),
    ("coverage/confirmed_by_records", PLACE),
    ("trail/integrity", ALL),
];

pub fn check(snapshot: &Value, config: &str) -> Value {
    let workplace = Workplace::offline();
    workplace.write("snapshot.json", &snapshot_of(snapshot.clone()).to_string());
    workplace.write("trailcheck.toml", config);
    workplace.check(&["--snapshot", "snapshot.json"]).0
}

fn told(snapshot: &Value, policy: &str) -> String {
    let (_, subject) = JUDGED.iter().find(|(judged, _)| *judged == policy).unwrap();
    outcome(&check(snapshot, CONFIG), policy, subject).to_owned()
}

pub fn changed(changes: &[(&str, Value)]) -> Value {
    let mut snapshot = complete();
    for (path, value) in changes {
        *snapshot.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value.clone();
    }
    snapshot
}

#[test]
fn complete_evidence_passes() {
    let report = check(&complete(), CONFIG);
    for (policy, subject) in JUDGED {
        assert_eq!(outcome(&report, policy, subject), "pass", "{policy}: {report:#}");
    }
}

#[test]
fn one_record_fails() {
    let user = access("arn:aws:iam::111111111111:user/ann", "user", "111111111111");
    let root = access("arn:aws:iam::111111111111:root", "root", "111111111111");
    let foreign = access("arn:aws:iam::222222222222:role/x", "role", "222222222222");
    let anonymous = access("anonymous", "anonymous", "111111111111");
    let open = [("/records/sessions/0/complete", json!(false)), ("/records/sessions/0/unfinished_uploads", json!(1))];
    let integrity = |outcome: &str| ("/records/integrity/0/outcome", json!(outcome));
    // Compared twice, once with another answer.
    let told_twice = |outcome: &str| {
        let valid = complete()["records"]["integrity"][0].clone();
        let mut other = valid.clone();
        other["outcome"] = outcome.into();
        ("/records/integrity", json!([valid, other]))
    };
    for (policy, changes) in [
        ("access/no_long_lived_keys", vec![("/records/accesses/0", user)]),
        ("access/no_long_lived_keys", vec![("/records/accesses/0", root)]),
        ("access/foreign_account", vec![("/records/accesses/0", foreign.clone())]),
        ("access/foreign_account", vec![("/records/accesses/0", anonymous)]),
        ("redshift/unload_complete", open.to_vec()),
        ("redshift/known_role", vec![("/clusters/0/iam_roles", json!([]))]),
        ("coverage/confirmed_by_records", vec![("/records/accesses", json!([])), ("/records/sessions", json!([]))]),
        ("trail/integrity", vec![integrity("invalid")]),
        ("trail/integrity", vec![told_twice("invalid")]),
        ("trail/integrity", vec![("/records/integrity/0/logs/invalid", json!(1))]),
        ("trail/integrity", vec![("/records/read", json!([])), integrity("invalid")]),
    ] {
        assert_eq!(told(&changed(&changes), policy), "fail", "{policy}: {changes:?}");
    }
    // An [[access]] table that names the other account's role approves it.
    let approved =
        format!("{CONFIG}[[access]]\nlocation = \"s3://out/\"\nroles = [\"arn:aws:iam::222222222222:role/x\"]\n");
    let report = check(&changed(&[("/records/accesses/0", foreign)]), &approved);
    assert_eq!(outcome(&report, "access/foreign_account", PLACE), "pass");
    // A denied attempt of an UNLOAD is none, and shows that the trail records (pitfalls E12).
    let denied = [("/records/accesses/0/error_code", json!("AccessDenied")), ("/records/sessions", json!([]))];
    assert_eq!(told(&changed(&denied), "coverage/confirmed_by_records"), "unknown");
    // Where no role is declared, a role's write in a session of another name may be the UNLOAD or not.
    let unnamed = [("/records/sessions", json!([]))];
    assert_eq!(told(&changed(&unnamed), "coverage/confirmed_by_records"), "unknown");
    // Nor does what somebody else wrote show it: an UNLOAD always acts by a role.
    let service = access("delivery.logs.amazonaws.com", "service", "111111111111");
    let user = access("arn:aws:iam::111111111111:user/ann", "user", "111111111111");
    for other in [service, user] {
        let others = [("/records/accesses/0", other), ("/records/sessions", json!([]))];
        assert_eq!(told(&changed(&others), "coverage/confirmed_by_records"), "fail");
    }
    // Reads say nothing of writes (E2).
    let read = [
        ("/records/accesses/0/event_name", json!("GetObject")),
        ("/records/accesses/0/access", json!("read")),
        ("/records/sessions", json!([])),
    ];
    assert_eq!(told(&changed(&read), "coverage/confirmed_by_records"), "fail");
}

/// A selector that names the role records its accesses and no one else's: that trail is the one whose records are needed.
#[test]
fn what_only_a_role_is_recorded_for_is_looked_for_in_that_recorder() {
    let field = |field: &str, operator: &str, value: &str| json!({"field": field, operator: [value]});
    let selector = json!([{"field_selectors": [
        field("eventCategory", "equals", "Data"),
        field("resources.type", "equals", "AWS::S3::Object"),
        field("userIdentity.arn", "starts_with", "arn:aws:sts::111111111111:assumed-role/unloader/"),
    ]}]);
    let nothing_seen = [
        ("/trails/0/event_selectors", json!([])),
        ("/trails/0/advanced_event_selectors", selector),
        ("/records/accesses", json!([])),
        ("/records/sessions", json!([])),
    ];
    let config = CONFIG.replace("unloaded_at", &format!("role = \"{ROLE}\"\nunloaded_at"));
    let told = |more: &[(&str, Value)]| {
        let report = check(&changed(&[&nothing_seen[..], more].concat()), &config);
        outcome(&report, "coverage/confirmed_by_records", PLACE).to_owned()
    };
    assert_eq!(told(&[]), "fail");
    for lost in [
        vec![("/records/read", json!([]))],
        vec![("/records/read/0/complete", json!(false)), ("/records/read/0/incomplete_because", json!("sampled"))],
        vec![("/records/integrity/0/outcome", json!("invalid"))],
        vec![("/trails/0/status/eu-west-1/start_logging_time", json!("2026-11-22T10:00:00Z"))],
    ] {
        assert_eq!(told(&lost), "unknown", "{lost:?}");
    }
}

#[test]
fn what_is_not_known_is_no_pass_and_no_failure() {
    let sampled = [
        ("/records/read/0/read_objects", json!(2)),
        ("/records/read/0/complete", json!(false)),
        ("/records/read/0/incomplete_because", json!("2 of 5 log objects were read")),
    ];
    let open =
        [("/records/sessions/0/complete", json!(false)), ("/records/sessions/0/end", json!("2026-11-22T10:00:00Z"))];
    for (policy, changes) in [
        ("access/no_long_lived_keys", sampled.to_vec()),
        ("access/no_long_lived_keys", vec![("/records/accesses/0", access("AIDAX", "account", "222222222222"))]),
        ("access/foreign_account", sampled.to_vec()),
        ("access/foreign_account", vec![("/buckets/0/account", Value::Null)]),
        ("redshift/unload_complete", sampled.to_vec()),
        ("redshift/unload_complete", open.to_vec()),
        (
            "coverage/confirmed_by_records",
            [&sampled[..], &[("/records/accesses", json!([])), ("/records/sessions", json!([]))]].concat(),
        ),
        ("coverage/confirmed_by_records", vec![("/records", Value::Null)]),
        (
            "coverage/confirmed_by_records",
            vec![
                ("/records/accesses", json!([])),
                ("/records/sessions", json!([])),
                ("/trails/0/event_selectors", Value::Null),
            ],
        ),
        ("trail/integrity", vec![("/records/integrity", json!([]))]),
        ("trail/integrity", vec![("/records/integrity/0/outcome", json!("unknown"))]),
        ("trail/integrity", vec![("/records/integrity/0/region", json!("us-east-1"))]),
        ("trail/integrity", vec![("/records/read", json!([])), ("/records/integrity", json!([]))]),
        ("trail/integrity", vec![("/buckets/0/region", Value::Null)]),
        // The time of the known UNLOAD lies between two writes, neither of which is near.
        (
            "coverage/confirmed_by_records",
            [("first_seen", "2026-11-21T13:00:00Z"), ("last_seen", "2026-11-22T10:00:00Z")]
                .map(|(name, time)| {
                    (
                        ["/records/accesses/0/first_seen", "/records/accesses/0/last_seen"]
                            [usize::from(name == "last_seen")],
                        json!(time),
                    )
                })
                .into_iter()
                .chain([("/records/sessions", json!([]))])
                .collect(),
        ),
        ("coverage/confirmed_by_records", vec![("/records/locations", json!([]))]),
        ("trail/integrity", vec![("/trails/0/log_file_validation_enabled", Value::Null)]),
        ("trail/integrity", vec![("/records", Value::Null)]),
        ("access/no_long_lived_keys", vec![("/records/integrity/0/outcome", json!("invalid"))]),
        ("access/no_long_lived_keys", vec![("/records/integrity/0/logs/unknown", json!(1))]),
        ("access/no_long_lived_keys", vec![("/collected_at", json!("2026-11-22T10:30:00Z"))]),
    ] {
        assert_eq!(told(&changed(&changes), policy), "unknown", "{policy}: {changes:?}");
    }
    // The sample says what it can show.
    let mut bounded = changed(&sampled);
    bounded["records"]["read"][0]["unseen_share"] = json!(0.123);
    let report = check(&bounded, CONFIG);
    let message = finding(&report, "access/foreign_account", PLACE)["message"].as_str().unwrap().to_owned();
    assert!(message.contains("up to 12.3 % of the objects may hold what none of these shows, at 95 %"), "{message}");
}

/// A change of what records within the window leaves the time before it in doubt, one before the window does not.
#[test]
fn a_change_within_the_window_is_told() {
    let changed_at = |at: &str, resource: Value| {
        let mut snapshot = complete();
        snapshot["changes"] = json!([{"account": "111111111111", "region": "eu-west-1", "at": at, "event_name": "PutEventSelectors",
                                      "resource": resource, "origin": {"record": {"event_id": "x", "object": "s3://logs/x"}}}]);
        told(&snapshot, "access/foreign_account")
    };
    assert_eq!(changed_at("2026-11-22T03:00:00Z", json!(ALL)), "unknown");
    assert_eq!(changed_at("2026-11-22T03:00:00Z", Value::Null), "unknown", "it may be any trail's");
    assert_eq!(changed_at("2026-11-22T03:00:00Z", json!("all")), "unknown", "CloudTrail logs a bare name too");
    assert_eq!(changed_at("2026-11-20T03:00:00Z", json!(ALL)), "pass");
    assert_eq!(
        changed_at("2026-11-22T03:00:00Z", json!("arn:aws:cloudtrail:eu-west-1:111111111111:trail/other")),
        "pass"
    );
}

/// The role loses its cluster, and not because its answer was lost.
#[test]
fn lost_clusters_are_no_failure() {
    for (call, fact) in
        [("redshift:DescribeClusters", "clusters"), ("redshift-serverless:ListNamespaces", "namespaces")]
    {
        let failure = json!([{"call": call, "account": "111111111111", "region": "eu-west-1", "resource": null,
                          "code": "AccessDenied", "message": "no", "makes_unknown": [fact]}]);
        assert_eq!(
            told(&changed(&[("/clusters", json!([])), ("/failures", failure)]), "redshift/known_role"),
            "unknown"
        );
    }
}

/// Uploads, parts and bytes of an UNLOAD, and what is left open.
#[test]
fn sessions_are_put_together_from_records_in_any_order() {
    let record = |id: &str, second: u32, name: &str, key: &str, bytes: u64| {
        json!({
            "eventVersion": "1.11", "eventTime": format!("2026-11-22T05:00:{second:02}Z"), "eventSource": "s3.amazonaws.com", "eventID": id,
            "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111111111111:assumed-role/unloader/RedshiftIamRoleSession"},
            "eventName": name, "awsRegion": "eu-west-1", "readOnly": name.starts_with("Get"), "eventCategory": "Data",
            "additionalEventData": {"bytesTransferredIn": bytes, "bytesTransferredOut": 0.0},
            "resources": [{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::out/{key}")}],
        })
    };
    let records = [
        record("3", 9, "CompleteMultipartUpload", "a", 0),
        record("1", 1, "CreateMultipartUpload", "a", 0),
        record("2", 2, "UploadPart", "a", 1000),
        record("4", 3, "CreateMultipartUpload", "b", 0),
        record("5", 4, "CreateMultipartUpload", "c", 0),
        record("6", 5, "AbortMultipartUpload", "c", 0),
        record("7", 6, "PutObject", "manifest", 24),
        record("8", 7, "GetObject", "manifest", 0),
    ];
    let workplace = Workplace::offline();
    workplace.write("snapshot.json", &snapshot_of(changed(&[("/records", Value::Null)])).to_string());
    workplace.write("trailcheck.toml", CONFIG);
    for (number, record) in records.iter().enumerate() {
        workplace.write(&format!("logs/{number}.json"), &json!({"Records": [record, record]}).to_string());
    }
    let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]);
    let sessions = report["run"]["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{sessions:#?}");
    let unload = &sessions[0];
    let expected = json!({
        "kind": "UNLOAD", "principal": "arn:aws:iam::111111111111:role/unloader", "session_names": ["RedshiftIamRoleSession"],
        "location": PLACE, "bucket": "out", "region": "eu-west-1", "start": "2026-11-22T05:00:01Z", "end": "2026-11-22T05:00:09Z",
        "objects": 4, "parts": 1, "bytes": 1024, "unfinished_uploads": 1, "aborted_uploads": 1, "complete": false,
    });
    assert_eq!(*unload, expected);
    assert_eq!((sessions[1]["kind"].as_str(), sessions[1]["objects"].as_u64()), (Some("COPY"), Some(1)));
    let text = workplace.run(&["check", "--snapshot", "snapshot.json", "--logs", "logs"]).stdout;
    assert!(
        text.contains("4 objects in 1 part, 1024 bytes, 1 upload neither completed nor aborted, 1 upload aborted"),
        "{text}"
    );
}

fn full_hours_ago(hours: i64) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc() - Duration::hours(hours);
    now.replace_time(time::Time::from_hms(now.hour(), 0, 0).unwrap())
}

/// `check` of a live account compares what it reads with the trail's digests.
#[test]
fn what_is_read_live_is_compared_with_the_digests() {
    let mut chain = Trail::at(full_hours_ago(4));
    for _ in 0..4 {
        chain.hour();
    }
    let log = chain.objects.keys().rfind(|name| name.contains("_CloudTrail_")).unwrap().clone();
    let integrity = |chain: &Trail, has_keys: bool| {
        let endpoint = Endpoint::with(&json!({
            "buckets": [{"name": "logs", "region": "us-east-1"}, {"name": "out", "region": "eu-west-1"}],
            "trails": [{"name": "my_own_trail", "region": "eu-west-1", "bucket": "logs", "validation": true,
                        "advanced": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]},
                                                         {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}]}],
        }));
        chain.put(&endpoint, "us-east-1");
        let (status, body) =
            if has_keys { (200, public_keys()) } else { (400, json!({"__type": "AccessDeniedException"})) };
        endpoint.rule(json!({"service": "cloudtrail", "operation": "ListPublicKeys", "region": "eu-west-1", "status": status, "body": body.to_string()}));
        let workplace = Workplace::at(&endpoint);
        workplace.write("trailcheck.toml", "[scan]\nregions = [\"eu-west-1\"]\n[[redshift.unload]]\nlocation = \"s3://out/\"\n[records]\nwindow = \"2h\"\nsample = \"all\"\n");
        let (report, ran) = workplace.check(&[]);
        let subject = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/my_own_trail";
        let finding = finding(&report, "trail/integrity", subject);
        assert!(ran.stderr.contains("reading "), "how much is read is told first: {ran:?}");
        let evidence = format!("{:#}", finding["evidence"]["integrity"]);
        (
            finding["outcome"].as_str().unwrap().to_owned(),
            format!("{} {evidence}", finding["message"].as_str().unwrap()),
        )
    };
    let (outcome, message) = integrity(&chain, true);
    assert_eq!(outcome, "pass", "{message}");
    assert!(message.contains("log files are as"), "{message}");

    let (outcome, message) = integrity(&chain, false);
    assert_eq!(outcome, "unknown", "{message}");
    assert!(message.contains("AccessDenied"), "{message}");

    let mut altered = chain.clone();
    altered.tamper(&log, "eventTime", "eventtime");
    let (outcome, message) = integrity(&altered, true);
    assert_eq!(outcome, "fail", "{message}");
    assert!(message.contains("its SHA-256 is"), "{message}");

    let mut deleted = chain.clone();
    deleted.objects.remove(&log).unwrap();
    let (outcome, message) = integrity(&deleted, true);
    assert_eq!(outcome, "fail", "{message}");
    assert!(message.contains("it is not there"), "{message}");
}

/// A role that only a namespace of Redshift Serverless carries, through the real SDK; moto has no such service.
#[test]
fn a_namespace_carries_roles_too() {
    let endpoint = Endpoint::with(&json!({"buckets": [{"name": "out", "region": "eu-west-1"}]}));
    let role = "arn:aws:iam::123456789012:role/unloader";
    let namespaces = json!({"namespaces": [{"namespaceName": "sales", "iamRoles": [format!("IamRole(applyStatus=in-sync, iamRoleArn={role})")]}]});
    endpoint.rule(json!({"service": "redshift-serverless", "operation": "ListNamespaces", "status": 200, "body": namespaces.to_string()}));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", "[scan]\nregions = [\"eu-west-1\"]\n[[redshift.unload]]\nlocation = \"s3://out/\"\n[records]\nwindow = \"2h\"\n");
    let ran = workplace.run(&["collect", "-o", "snapshot.json"]);
    let snapshot: Value =
        serde_json::from_str(&std::fs::read_to_string(workplace.path("snapshot.json")).unwrap()).unwrap();
    let expected = json!([{"cluster_identifier": "sales", "kind": "serverless", "region": "eu-west-1", "account": "123456789012",
                           "iam_roles": [{"iam_role_arn": role, "apply_status": null}], "default_iam_role_arn": null,
                           "status": null, "database": null, "namespace_arn": null, "audit_logging": {
        "logging_enabled": false, "destinations": ["cloudwatch"], "log_exports": [], "bucket_name": null, "s3_key_prefix": null,
        "last_failure_message": null, "user_activity": null,
    }}]);
    assert_eq!(snapshot["accounts"][0]["clusters"], expected, "{ran:?}");
}
