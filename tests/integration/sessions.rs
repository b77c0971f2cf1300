//! UNLOADs as the records show them: whose write confirms one, which uploads it left open, and what hides one.

use serde_json::{Value, json};

use crate::account::snapshot_of;
use crate::evidence::{CONFIG, PLACE, ROLE, access, changed, check};
use crate::program::{Workplace, finding, outcome};

const OTHER: &str = "arn:aws:iam::111111111111:role/other";

/// An UNLOAD of a role is shown by that role's writes.
#[test]
fn what_another_role_wrote_confirms_nothing() {
    let config = CONFIG.replace("unloaded_at", &format!("role = \"{ROLE}\"\nunloaded_at"));
    let confirmed = |changes: &[(&str, Value)]| {
        let report = check(&changed(changes), &config);
        outcome(&report, "coverage/confirmed_by_records", PLACE).to_owned()
    };
    let wrote = |role: &str, account: &str| {
        confirmed(&[("/records/accesses", json!([access(role, "role", account)])), ("/records/sessions", json!([]))])
    };
    assert_eq!(wrote(ROLE, "111111111111"), "pass");
    assert_eq!(wrote(OTHER, "111111111111"), "fail");
    assert_eq!(wrote("arn:aws:iam::222222222222:role/unloader", "222222222222"), "fail", "another account's");
    // An UNLOAD that was put together from records is its role's too.
    let session =
        |role: &str| confirmed(&[("/records/accesses", json!([])), ("/records/sessions/0/principal", json!(role))]);
    assert_eq!(session(ROLE), "pass");
    assert_eq!(session(OTHER), "fail");
}

/// An upload that goes on after a pause is the same one, whichever session of the records its end is in.
#[test]
fn an_upload_that_pauses_is_not_left_open() {
    let record = |time: &str, event_name: &str, key: &str| {
        json!({
            "eventVersion": "1.11", "eventTime": format!("2026-11-22T{time}Z"), "eventSource": "s3.amazonaws.com",
            "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111111111111:assumed-role/unloader/RedshiftIamRoleSession"},
            "eventName": event_name, "awsRegion": "eu-west-1", "eventID": format!("{time} {event_name} {key}"),
            "readOnly": false, "eventCategory": "Data",
            "resources": [{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::out/{key}")}],
        })
    };
    // What sessions leave open where these uploads were begun at five, and these ended twenty minutes later.
    let left_open = |begun: &[&str], completed: &[&str], aborted: &[&str]| {
        let begun = begun.iter().map(|key| record("05:00:01", "CreateMultipartUpload", key));
        let parts = completed.iter().map(|key| record("05:20:01", "UploadPart", key));
        let completed = completed.iter().map(|key| record("05:20:02", "CompleteMultipartUpload", key));
        let aborted = aborted.iter().map(|key| record("05:20:03", "AbortMultipartUpload", key));
        let records: Vec<Value> = begun.chain(parts).chain(completed).chain(aborted).collect();
        let workplace = Workplace::offline();
        workplace.write("trailcheck.toml", CONFIG);
        workplace.write("snapshot.json", &snapshot_of(changed(&[("/records", Value::Null)])).to_string());
        workplace.write("logs/x.json", &json!({ "Records": records }).to_string());
        let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]);
        let sessions = report["run"]["sessions"].as_array().unwrap();
        assert_eq!(sessions.len(), 2, "the pause parts them: {sessions:#?}");
        sessions.iter().map(|session| session["unfinished_uploads"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(left_open(&["a", "b"], &["a"], &["b"]), 0);
    assert_eq!(left_open(&["a", "b", "c"], &["a"], &["b"]), 1, "the third never ended");
    assert_eq!(left_open(&["a"], &["b"], &[]), 1, "another object's end is none of this one's");
}

/// That no UNLOAD and no role was seen says nothing where the records were not all read.
#[test]
fn what_was_not_read_may_hide_a_session() {
    let failure = |call: &str, kind: &str| {
        json!([{"call": call, "account": "111111111111", "region": "eu-west-1", "resource": null, "code": "AccessDenied",
            "message": "no", "makes_unknown": [kind]}])
    };
    let skipped =
        json!([{"object": "s3://logs/AWSLogs/111111111111/x.json.gz", "reason": "AccessDenied", "matters": true}]);
    let in_part = [
        ("/records/read/0/read_objects", json!(2)),
        ("/records/read/0/complete", json!(false)),
        ("/records/read/0/incomplete_because", json!("2 of 5 log objects were read")),
    ];
    let without_sessions = [("/records/sessions", json!([])), ("/records/accesses", json!([]))];
    let judged = |changes: &[(&str, Value)], subject: &str| {
        let report = check(&changed(&[&without_sessions[..], changes].concat()), CONFIG);
        ["redshift/known_role", "redshift/unload_complete"].map(|policy| outcome(&report, policy, subject).to_owned())
    };
    assert_eq!(judged(&[], "111111111111"), ["not_applicable", "not_applicable"]);
    for changes in [
        vec![("/failures", failure("s3:ListBucket", "records"))],
        vec![("/failures", failure("cloudtrail:DescribeTrails", "trails")), ("/trails", json!([]))],
        vec![("/records/skipped", skipped)],
        in_part.to_vec(),
    ] {
        assert_eq!(judged(&changes, "111111111111/eu-west-1"), ["unknown", "unknown"], "{changes:?}");
    }
}

/// What is not applicable says why in terms of what is known, not of what is declared.
#[test]
fn no_unload_that_is_known_is_not_no_location() {
    let config = format!("[[redshift.unload]]\nlocation = \"{PLACE}\"\n");
    let report = check(&changed(&[("/records/accesses", json!([])), ("/records/sessions", json!([]))]), &config);
    let told = |policy: &str| {
        let finding = finding(&report, policy, "111111111111");
        assert_eq!(finding["outcome"], "not_applicable", "{finding}");
        finding["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(told("coverage/confirmed_by_records"), "not applicable: no UNLOAD is known to have run");
    assert_eq!(told("redshift/unload_complete"), "not applicable: no log records show an UNLOAD");
    assert_eq!(told("coverage/copy_recorded"), "not applicable: no COPY location is declared");
}

/// With `redshift.learn = ["records"]` a bucket at which nothing is declared is learned from sessions of Redshift's name.
#[test]
fn sessions_at_buckets_that_nobody_declared_are_learned() {
    const POLICY: &str = "redshift/undeclared_location";
    let config = format!("[redshift]\nlearn = [\"records\"]\n{CONFIG}");
    let at = |named: &str| {
        let session = json!([{
            "kind": "UNLOAD", "principal": ROLE, "session_names": [named], "location": null, "bucket": "elsewhere",
            "region": "eu-west-1", "start": "2026-11-22T00:30:05Z", "end": "2026-11-22T00:31:00Z", "objects": 1, "parts": 0,
            "bytes": null, "unfinished_uploads": 0, "aborted_uploads": 0, "complete": true,
        }]);
        let mut of = access(ROLE, "role", "111111111111");
        of["bucket"] = json!("elsewhere");
        of["location"] = Value::Null;
        changed(&[("/records/sessions", session), ("/records/accesses", json!([of]))])
    };
    let report = check(&at("RedshiftIamRoleSession"), &config);
    let found = finding(&report, POLICY, "s3://elsewhere/");
    assert_eq!(found["outcome"], "fail", "{found}");
    assert_eq!(found["evidence"]["told_by"]["record"]["event_id"], "x");
    // The same where the bucket is watched for who touches it.
    let mut watched = at("RedshiftIamRoleSession");
    watched["records"]["accesses"][0]["location"] = json!("s3://elsewhere/");
    assert_eq!(outcome(&check(&watched, &config), POLICY, "s3://elsewhere/"), "fail");
    // Which part of the bucket it was the session does not tell, and whose bucket it is nobody.
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://elsewhere/"), "unknown");
    // A session of another name is anybody's.
    assert_eq!(outcome(&check(&at("me"), &config), POLICY, "111111111111"), "not_applicable");
    // Records that were not all read may show another.
    let mut unread = at("me");
    unread["records"]["malformed"] = json!(1);
    assert_eq!(outcome(&check(&unread, &config), POLICY, "111111111111/eu-west-1"), "unknown");
}
