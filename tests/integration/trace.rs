//! `trace`: one event, every recorder, and what decides.

use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::program::{Ran, Workplace, fixture};

const ROLE: &str = "arn:aws:iam::123456789012:role/redshift-trailcheck-role";
const OBJECT: &str = "s3://cm-kajiwara-redshift-load/customer0.tsv";

fn trace(scenario: &str, more: &[&str]) -> Ran {
    let snapshot = fixture(&format!("{scenario}/snapshot.json"));
    Workplace::offline().run(&[&["trace", "--snapshot", &snapshot], more].concat())
}

#[test]
fn the_recorder_that_records_is_named_and_so_is_what_keeps_the_others_out() {
    let ran = trace("article", &[OBJECT, "--event", "GetObject", "--role", ROLE]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stdout.contains("yes      redshift-load    event selector 1"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("no       redshift-unload  it is a single-region trail of us-east-1"),
        "{}",
        ran.stdout
    );
    let ran = trace("blind_spot", &[OBJECT, "--event", "GetObject", "--role", ROLE, "--format", "json"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["recorded"], false);
    assert_eq!(
        told["event"]["user_identity_arn"],
        "arn:aws:sts::123456789012:assumed-role/redshift-trailcheck-role/RedshiftIamRoleSession"
    );
    assert_eq!(told["event"]["region"], "ap-northeast-1");
    assert_eq!(told["recorders"][0]["records"], false);
}

#[test]
fn the_clause_that_decides_is_quoted() {
    let workplace = Workplace::offline();
    let mut snapshot: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture("article/snapshot.json")).unwrap()).unwrap();
    let trail = &mut snapshot["accounts"][0]["trails"][1];
    trail["event_selectors"] = json!([]);
    trail["advanced_event_selectors"] = json!([{"name": "mine", "field_selectors": [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        {"field": "readOnly", "equals": ["true"]},
        {"field": "userIdentity.arn", "not_ends_with": ["/RedshiftIamRoleSession"]},
    ]}]);
    workplace.write("snapshot.json", &snapshot.to_string());
    let trace = |more: &[&str]| workplace.run(&[&["trace", "--snapshot", "snapshot.json"], more].concat());
    let ran = trace(&[OBJECT, "--event", "GetObject", "--role", ROLE]);
    assert_eq!(ran.exit, 1);
    assert!(
        ran.stdout.contains("advanced selector 1 \"mine\": userIdentity.arn NotEndsWith [\"/RedshiftIamRoleSession\"]"),
        "{}",
        ran.stdout
    );
    assert_eq!(trace(&[OBJECT, "--event", "GetObject", "--role", ROLE, "--session", "other"]).exit, 0);
    // Without an ARN the negative operator holds.
    assert_eq!(trace(&[OBJECT, "--event", "GetObject"]).exit, 0);
    let ran = trace(&[OBJECT, "--event", "PutObject"]);
    assert!(ran.stdout.contains("readOnly Equals [\"true\"]"), "{}", ran.stdout);
    // Either, for all that AWS says: it depends.
    let ran = trace(&[OBJECT, "--event", "SelectObjectContent"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert!(ran.stdout.contains("if AWS calls it readOnly: "), "{}", ran.stdout);
    // Where one trail has the reads and another the writes, it does not depend.
    let mut both = snapshot.clone();
    let writes = json!([{"read_write_type": "WriteOnly",
        "data_resources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}]);
    both["accounts"][0]["trails"][0]["home_region"] = "ap-northeast-1".into();
    both["accounts"][0]["trails"][0]["trail_arn"] =
        "arn:aws:cloudtrail:ap-northeast-1:123456789012:trail/writes".into();
    both["accounts"][0]["trails"][0]["status"] = both["accounts"][0]["trails"][1]["status"].clone();
    both["accounts"][0]["trails"][0]["event_selectors"] = writes;
    workplace.write("snapshot.json", &both.to_string());
    assert_eq!(trace(&[OBJECT, "--event", "SelectObjectContent"]).exit, 0);
    assert_eq!(
        trace(&["s3://cm-kajiwara-redshift-load/*", "--event", "PutObject"]).exit,
        0,
        "a key may end with a star"
    );
    snapshot["accounts"][0]["trails"][1]["advanced_event_selectors"] = Value::Null;
    snapshot["accounts"][0]["trails"][1]["event_selectors"] = Value::Null;
    workplace.write("snapshot.json", &snapshot.to_string());
    assert_eq!(trace(&[OBJECT, "--event", "GetObject"]).exit, 3);
}

/// What `check` doubts, `trace` doubts.
#[test]
fn an_event_of_several_forms_is_recorded_in_all_of_them_or_unknown() {
    let told = |field: Value, role: &str, event: &str| {
        let workplace = Workplace::offline();
        let trail = crate::account::with_advanced(&[crate::account::objects(&[field])]);
        let snapshot = crate::account::snapshot_of(crate::account::snapshot(vec![trail]));
        workplace.write("snapshot.json", &snapshot.to_string());
        let ran =
            workplace.run(&["trace", "s3://b/k", "--snapshot", "snapshot.json", "--event", event, "--role", role]);
        (ran.exit, ran.stdout)
    };
    let field = crate::account::field;
    let calls = field("eventType", json!({"equals": ["AwsApiCall"]}));
    let (exit, out) = told(calls.clone(), crate::account::R, "DeleteObject");
    assert!(exit == 3 && out.contains("as a key of DeleteObjects: "), "{exit} {out}");
    assert_eq!(told(calls, crate::account::R, "PutObject").0, 0);
    let partner = "arn:aws:iam::222222222222:role/partner";
    let by_name =
        field("userIdentity.arn", json!({"starts_with": ["arn:aws:sts::222222222222:assumed-role/partner/"]}));
    let (exit, out) = told(by_name.clone(), partner, "GetObject");
    assert!(exit == 3 && out.contains("may lack the role's ARN"), "{exit} {out}");
}

#[test]
fn what_is_no_event_is_refused() {
    for (arguments, expected) in [
        (&["s3://cm-kajiwara-redshift-load/", "--event", "GetObject"][..], "is an event of an object: name one"),
        (&["s3://elsewhere/x", "--event", "GetObject"], "--region names it"),
        (
            &["s3://elsewhere/x", "--event", "GetObject", "--region", "us-east-1"],
            "not among those of the scanned account",
        ),
        (&["x", "--event", "GetObject"], "is not an S3 location"),
        (&[OBJECT, "--event", "GetObject", "--role", "R"], "is not a role's ARN"),
    ] {
        let ran = trace("article", arguments);
        assert_eq!(ran.exit, 2, "{ran:?}");
        assert!(ran.stderr.contains(expected), "{ran:?}");
    }
    assert_eq!(trace("article", &["s3://cm-kajiwara-redshift-load/", "--event", "ListObjects"]).exit, 0);
}

#[test]
fn a_live_account_is_asked_without_a_config() {
    let selectors = json!([{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": true,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::unload-us/"]}]}]);
    let endpoint = Endpoint::with(&json!({
        "buckets": [{"name": "unload-us", "region": "us-east-1"}, {"name": "logs", "region": "us-east-1"}],
        "trails": [{"name": "writes", "region": "us-east-1", "bucket": "logs", "basic": selectors}],
    }));
    let workplace = Workplace::at(&endpoint);
    let trace = |event: &str| workplace.run(&["trace", "s3://unload-us/x", "--event", event]);
    assert_eq!(trace("UploadPart").exit, 0);
    let ran = trace("GetObject");
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(ran.stdout.contains("no       writes  event selector 1: ReadWriteType \"WriteOnly\""), "{ran:?}");
}
