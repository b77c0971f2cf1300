//! Log records of every shape: what is touched, by whom, and what is counted as not understood.

use serde_json::{Value, json};

use crate::program::{Workplace, fixture};

/// A record of a read of `s3://cm-kajiwara-redshift-load/in/data.csv`.
fn record(identity: Value) -> Value {
    json!({
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": "2016-12-01T11:01:30Z",
        "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "ap-northeast-1",
        "requestParameters": {"bucketName": "cm-kajiwara-redshift-load", "key": "in/data.csv"},
        "eventID": "e", "readOnly": true, "eventCategory": "Data", "managementEvent": false,
        "resources": [
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::cm-kajiwara-redshift-load/in/data.csv"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::cm-kajiwara-redshift-load", "accountId": "123456789012"},
        ],
    })
}

fn user(name: &str) -> Value {
    json!({"type": "IAMUser", "arn": format!("arn:aws:iam::123456789012:user/{name}"), "accountId": "123456789012"})
}

/// The accesses and counts that `check` collects from these records.
fn read(records: &[Value]) -> Value {
    let workplace = Workplace::offline();
    let config = "[[access]]\nlocation = \"s3://cm-kajiwara-redshift-load/in/\"\n[[access]]\nlocation = \"s3://cm-kajiwara-redshift-unload-us-standard/\"\n";
    workplace.write("trailcheck.toml", config);
    workplace.write("logs/x.json", &json!({ "Records": records }).to_string());
    let (report, _) = workplace.check(&["--snapshot", &fixture("article/snapshot.json"), "--logs", "logs"]);
    let touched = |bucket: &str| {
        let finding = crate::program::finding(&report, "access/approved_roles", bucket);
        let lists =
            ["unapproved", "unclear"].map(|list| finding["evidence"][list].as_array().cloned().unwrap_or_default());
        lists.concat()
    };
    json!({
        "load": touched("s3://cm-kajiwara-redshift-load/in/"),
        "unload": touched("s3://cm-kajiwara-redshift-unload-us-standard/"),
        "events": report["run"]["records"]["events"],
        "malformed": report["run"]["records"]["malformed"],
        "duplicates": report["run"]["records"]["duplicates"],
    })
}

/// CloudTrail User Guide, "userIdentity element"; pitfalls D8, D10 and D12.
#[test]
fn d12_the_acting_principal_is_told_from_every_kind_of_identity() {
    let issuer = |arn: &str| json!({"sessionIssuer": {"type": "Role", "arn": arn, "accountId": "123456789012"}});
    let session = "arn:aws:sts::123456789012:assumed-role/X/s";
    for (identity, principal, kind) in [
        (
            json!({"type": "AssumedRole", "arn": session, "sessionContext": issuer("arn:aws:iam::123456789012:role/service-role/X")}),
            "arn:aws:iam::123456789012:role/service-role/X",
            "role",
        ),
        (json!({"type": "AssumedRole", "arn": session}), "arn:aws:iam::123456789012:role/X", "role"),
        (json!({"type": "AssumedRole", "principalId": "AROAX:s"}), "AROAX:s", "unknown"),
        (user("u"), "arn:aws:iam::123456789012:user/u", "user"),
        (json!({"type": "Root", "arn": "arn:aws:iam::123456789012:root"}), "arn:aws:iam::123456789012:root", "root"),
        (
            json!({"type": "FederatedUser", "arn": "arn:aws:sts::123456789012:federated-user/f",
                "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/p"}}}),
            "arn:aws:iam::123456789012:user/p",
            "user",
        ),
        (json!({"type": "AWSService", "invokedBy": "logging.s3.amazonaws.com"}), "logging.s3.amazonaws.com", "service"),
        (json!({"accountId": "123456789012", "invokedBy": "AWS Internal"}), "AWS Internal", "service"),
        // Somebody acted through a service: that is somebody.
        (
            json!({"arn": "arn:aws:iam::123456789012:user/m", "invokedBy": "logging.s3.amazonaws.com"}),
            "arn:aws:iam::123456789012:user/m",
            "unknown",
        ),
        (
            json!({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1", "identityStoreArn": "arn:aws:identitystore::1:identitystore/d-1"}}),
            "arn:aws:identitystore::1:identitystore/d-1/user/u-1",
            "identity_center_user",
        ),
        (json!({"type": "AWSAccount", "accountId": "999999999999", "principalId": "AROAY:s"}), "AROAY", "account"),
        (json!({"type": "AWSAccount", "accountId": "ANONYMOUS_PRINCIPAL"}), "anonymous", "anonymous"),
        (json!({"type": "AWSAccount", "accountId": "anonymous"}), "anonymous", "anonymous"),
        (
            json!({"type": "AssumedRole", "arn": session, "invokedByDelegate": {"accountId": "999999999999"}}),
            "arn:aws:iam::123456789012:role/X for account 999999999999",
            "account",
        ),
        (json!({"type": "SomethingNew"}), "unknown", "unknown"),
        (Value::Null, "unknown", "unknown"),
    ] {
        let told = read(&[record(identity.clone())]);
        let access = &told["load"][0];
        assert_eq!(
            (access["principal"].as_str(), access["principal_type"].as_str()),
            (Some(principal), Some(kind)),
            "{identity}: {told}"
        );
    }
}

/// A role that was made anew has another id and the same ARN: it is the same principal.
#[test]
fn d10_a_role_is_its_arn_not_its_id() {
    let session = |id: &str, event: &str| {
        let identity = json!({"type": "AssumedRole", "principalId": format!("{id}:s"),
            "arn": "arn:aws:sts::123456789012:assumed-role/X/s",
            "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": id, "arn": "arn:aws:iam::123456789012:role/X"}}});
        let mut record = record(identity);
        record["eventID"] = event.into();
        record
    };
    let told = read(&[session("AROAOLD", "e1"), session("AROANEW", "e2")]);
    assert_eq!(told["load"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["load"][0]["count"], 2, "{told}");
}

/// One action in the trails of two accounts: two eventIDs, one sharedEventID.
#[test]
fn d14_an_action_that_two_accounts_recorded_is_one() {
    let copy = |event: &str| {
        let mut record = record(user("u"));
        record["eventID"] = event.into();
        record["sharedEventID"] = "shared".into();
        record
    };
    let told = read(&[copy("e1"), copy("e2")]);
    assert_eq!((told["load"][0]["count"].as_u64(), told["duplicates"].as_u64()), (Some(1), Some(1)), "{told}");
}

/// `IAM_ROLE 'SESSION'`: the connected user's own role acts, which no cluster carries.
#[test]
fn d6_a_session_of_the_users_own_role_is_an_unload_by_it() {
    let role = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Analyst_0123456789abcdef";
    let mut record = record(json!({"type": "AssumedRole",
        "arn": "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Analyst_0123456789abcdef/ann",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role}}}));
    record["eventName"] = "PutObject".into();
    record["readOnly"] = false.into();
    record["resources"][0]["ARN"] = "arn:aws:s3:::cm-kajiwara-redshift-unload-us-standard/x".into();
    let workplace = Workplace::offline();
    workplace.write("logs/x.json", &json!({ "Records": [record] }).to_string());
    let arguments = ["--config", &fixture("article/trailcheck.toml"), "--snapshot", &fixture("article/snapshot.json")];
    let (report, _) = workplace.check(&[&arguments[..], &["--logs", "logs"]].concat());
    let session = &report["run"]["sessions"][0];
    assert_eq!((session["kind"].as_str(), session["principal"].as_str()), (Some("UNLOAD"), Some(role)), "{report:#}");
}

fn changed(path: &str, value: Value) -> Value {
    let mut changed = record(user("u"));
    *changed.pointer_mut(path).unwrap() = value;
    changed
}

#[test]
fn a_touch_is_found_wherever_the_record_says_it() {
    for (what, record) in [
        ("no resources", changed("/resources", Value::Null)),
        ("old, by its resources", {
            let mut old = changed("/eventName", json!("NotDocumented"));
            for name in ["eventCategory", "managementEvent", "eventVersion"] {
                old.as_object_mut().unwrap().remove(name);
            }
            old
        }),
        (
            "a listing of a shorter prefix",
            changed(
                "/resources/0",
                json!({"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::cm-kajiwara-redshift-load/i"}),
            ),
        ),
        (
            "a listing that says ARN",
            changed(
                "/resources/0",
                json!({"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::cm-kajiwara-redshift-load/"}),
            ),
        ),
        (
            "the bucket as such",
            changed(
                "/resources/0",
                json!({"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::cm-kajiwara-redshift-load"}),
            ),
        ),
        ("an error that is no denial", {
            let mut r = record(user("u"));
            r["errorCode"] = "NoSuchKey".into();
            r
        }),
        ("readOnly absent", {
            let mut r = record(user("u"));
            r.as_object_mut().unwrap().remove("readOnly");
            r
        }),
    ] {
        let told = read(&[record]);
        assert_eq!(told["load"][0]["count"], 1, "{what}: {told}");
        assert_eq!(told["malformed"], 0, "{what}: {told}");
    }
    // A copy reads its source too.
    let mut copy = changed("/eventName", json!("CopyObject"));
    copy["resources"][0]["ARN"] = "arn:aws:s3:::elsewhere/x".into();
    copy["requestParameters"] =
        json!({"bucketName": "elsewhere", "key": "x", "x-amz-copy-source": "/cm-kajiwara-redshift-load/in%2Fdata.csv"});
    assert_eq!(read(&[copy])["load"][0]["event_name"], "CopyObject");
    // Another key is another place.
    let told = read(&[changed("/resources/0/ARN", json!("arn:aws:s3:::cm-kajiwara-redshift-load/out/x"))]);
    assert_eq!(told["load"], json!([]), "{told}");
    assert_eq!(told["events"], 1, "{told}");
}

/// What may be an access and does not say so is counted, never dropped.
#[test]
fn what_is_not_understood_is_counted() {
    for (what, record) in [
        ("no source", changed("/eventSource", Value::Null)),
        ("a new category", changed("/eventCategory", json!("data"))),
        ("no time", changed("/eventTime", Value::Null)),
        ("the end of time", changed("/eventTime", json!("9999-12-31T23:59:59-23:59"))),
        ("before time", changed("/eventTime", json!("0000-01-01T00:00:00+23:59"))),
        ("no id", changed("/eventID", Value::Null)),
        ("a name that is a number", changed("/eventName", json!(5))),
        ("resources that are no list", changed("/resources", json!({}))),
        (
            "an access point's object",
            changed("/resources/0/ARN", json!("arn:aws:s3:eu-west-1:123456789012:accesspoint/p/object/x")),
        ),
        ("a copy from an access point", {
            let mut r = changed("/eventName", json!("CopyObject"));
            r["requestParameters"]["x-amz-copy-source"] =
                "arn:aws:s3:eu-west-1:123456789012:accesspoint/p/object/x".into();
            r
        }),
        ("an alias and nothing else", {
            let mut r = changed("/resources", json!([]));
            r["requestParameters"]["bucketName"] = "ap-1-s3alias".into();
            r
        }),
        ("a key that is a number", {
            let mut r = changed("/resources", json!([]));
            r["requestParameters"]["key"] = 5.into();
            r
        }),
    ] {
        let told = read(&[record]);
        assert_eq!(told["malformed"], 1, "{what}: {told}");
    }
    let same = record(user("u"));
    assert_eq!(read(&[same.clone(), same.clone()])["duplicates"], 1);
    let told = read(&[same, record(user("other"))]);
    assert_eq!(
        (told["malformed"].as_u64(), told["load"].as_array().unwrap().len()),
        (Some(1), 2),
        "one id, two events: {told}"
    );
}
