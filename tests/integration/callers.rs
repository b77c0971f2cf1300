//! Who a record says acted.

use serde_json::{Value, json};

use crate::program::Workplace;
use crate::touches::{accesses, record};

/// A blank says nothing, and nobody is approved or turned down by it.
#[test]
fn a_blank_name_is_no_name() {
    let told = |identity: Value| {
        let workplace = Workplace::offline();
        let config = "[[access]]\nlocation = \"s3://load/in/\"\nusers = [\"arn:aws:iam::111111111111:user/mallory\"]\n";
        workplace.write("trailcheck.toml", config);
        workplace.write("logs/x.json", &json!({"Records": [record(&[("userIdentity", identity)])]}).to_string());
        let snapshot = crate::account::snapshot_of(crate::account::complete("s3://load/in/"));
        workplace.write("snapshot.json", &snapshot.to_string());
        let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]);
        crate::program::finding(&report, "access/approved_roles", "s3://load/in/").clone()
    };
    for identity in [
        json!({"type": "IAMUser", "arn": ""}),
        json!({"type": "Root", "arn": " "}),
        json!({"type": "FederatedUser", "arn": ""}),
        json!({"type": "AWSService", "invokedBy": ""}),
        json!({"type": "AWSAccount"}),
        json!({"type": "AWSAccount", "accountId": "", "principalId": ""}),
        json!({"type": "Unknown", "arn": "", "principalId": ""}),
        json!({}),
    ] {
        let finding = told(identity.clone());
        assert_eq!(finding["outcome"], "unknown", "{identity}");
        assert!(finding["message"].as_str().unwrap().contains("somebody that event e does not name"), "{finding}");
    }
    // In another account's copy the account tells who it is not.
    assert_eq!(told(json!({"type": "AWSAccount", "principalId": "AIDAX"}))["outcome"], "unknown");
    assert_eq!(
        told(json!({"type": "AWSAccount", "principalId": "AIDAX", "accountId": "222222222222"}))["outcome"],
        "fail"
    );
    // Nobody of these kinds can be approved.
    assert_eq!(
        told(json!({"type": "WebIdentityUser", "principalId": "accounts.example.com:app:7"}))["outcome"],
        "fail"
    );
    assert_eq!(told(json!({"type": "SAMLUser", "principalId": "abc:ann"}))["outcome"], "fail");
}

/// Two accounts have a record each of one request: the bucket's owner one that may hide who acted.
#[test]
fn the_copies_of_one_event_are_one_by_the_fuller() {
    let full = record(&[("sharedEventID", "s".into())]);
    let redacted = |shared: &str| {
        record(&[
            ("eventID", "other".into()),
            ("sharedEventID", shared.into()),
            ("userIdentity", json!({"type": "AWSAccount", "accountId": "111111111111", "principalId": "AIDAX"})),
        ])
    };
    for records in [[full.clone(), redacted("s")], [redacted("s"), full.clone()]] {
        let (rows, exit) = accesses(&records, &[]);
        let told: Vec<_> =
            rows.iter().map(|row| (row["principal_type"].as_str().unwrap(), row["count"].as_u64().unwrap())).collect();
        assert_eq!((told, exit), (vec![("user", 1)], 0));
    }
    // Two requests: by their ids, or by what was asked and what came of it.
    let elsewhere = json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::load/in/other.csv"}]);
    let changed = |name: &str, value: Value| {
        let mut other = redacted("s");
        other[name] = value;
        other
    };
    for other in [
        redacted("another"),
        changed("eventName", "DeleteObject".into()),
        changed("eventTime", "2026-11-22T05:00:01Z".into()),
        changed("resources", elsewhere),
        changed("errorCode", "AccessDenied".into()),
    ] {
        for records in [[full.clone(), other.clone()], [other.clone(), full.clone()]] {
            let counts: u64 = accesses(&records, &[]).0.iter().map(|row| row["count"].as_u64().unwrap()).sum();
            assert_eq!(counts, 2, "{other}");
        }
    }
    // An event whose own id is the shared one is no duplicate of itself.
    let (rows, _) = accesses(&[record(&[("sharedEventID", "e".into())])], &[]);
    assert_eq!(rows[0]["count"], 1);
    // Sessions of one role of another account are one principal.
    let session = |name: &str| {
        let identity =
            json!({"type": "AWSAccount", "accountId": "222222222222", "principalId": format!("AROAX:{name}")});
        record(&[("eventID", name.into()), ("userIdentity", identity)])
    };
    let (rows, _) = accesses(&[session("a"), session("b")], &[]);
    assert_eq!((rows.len(), rows[0]["count"].as_u64()), (1, Some(2)));
    // Whose they are, the table says, and a filter asks.
    let workplace = Workplace::offline();
    workplace.write("x.json", &json!({"Records": [session("a"), record(&[])]}).to_string());
    let table = workplace.run(&["accesses", "x.json"]).stdout;
    assert!(table.lines().any(|line| line.starts_with("AROAX  ") && line.contains("222222222222")), "{table}");
    let of_account = workplace.run(&["accesses", "x.json", "--principal", "222222222222", "--format", "ndjson"]).stdout;
    assert!(of_account.lines().count() == 1 && of_account.contains("AROAX"), "{of_account}");
}

/// The scan reads log files; what else the scanning role reads in a log bucket is judged like anyone's.
#[test]
fn the_scans_own_calls_are_on_log_files() {
    let at = |key: &str| {
        let identity = json!({"type": "AssumedRole", "arn": "arn:aws:sts::111111111111:assumed-role/audit/session", "accountId": "111111111111"});
        let read = record(&[
            ("userIdentity", identity),
            ("requestParameters", json!({"bucketName": "logs", "key": key})),
            ("resources", json!([{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::logs/{key}")}])),
        ]);
        let workplace = Workplace::offline();
        workplace.write("trailcheck.toml", "[[access]]\nlocation = \"s3://logs/\"\n");
        workplace.write("logs/x.json", &json!({"Records": [read]}).to_string());
        workplace
            .write("snapshot.json", &crate::account::snapshot_of(crate::account::complete("s3://logs/")).to_string());
        let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]);
        crate::program::finding(&report, "access/approved_roles", "s3://logs/")["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        at("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/11/22/x.json.gz"),
        "unknown",
        "a folder shows no absence"
    );
    for data in [
        "in/data.csv",
        "in/AWSLogs/x.csv",
        "AWSLogs/customers.csv",
        "AWSLogs/111111111111/x.csv",
        "myAWSLogs/111111111111/CloudTrail/x",
    ] {
        assert_eq!(at(data), "fail", "{data}");
    }
    for log in [
        "logs/2026/AWSLogs/o-abc/111111111111/CloudTrail/eu-west-1/x.json.gz",
        "AWSLogs/111111111111/CloudTrail-Digest/x",
    ] {
        assert_eq!(at(log), "unknown", "{log}");
    }
}
