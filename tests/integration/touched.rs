//! From a record to a verdict: whether a location was touched, how, and by somebody of another account.

use serde_json::{Value, json};

use crate::account::{complete, snapshot_of};
use crate::evidence::{self, CONFIG, PLACE, access};
use crate::program::{Workplace, finding, outcome};
use crate::touches::{accesses, record};

const LOADED: &str = "s3://load/in/";

/// What a check says of these log records, where roles `loader` and `X` are approved.
fn check(records: &[Value], more: &str) -> Value {
    let workplace = Workplace::offline();
    let roles = ["loader", "X"].map(|name| format!("arn:aws:iam::111111111111:role/{name}"));
    let config = format!("[[access]]\nlocation = \"{LOADED}\"\nroles = {roles:?}\n{more}\n");
    workplace.write("trailcheck.toml", &config);
    workplace.write("snapshot.json", &snapshot_of(complete(LOADED)).to_string());
    workplace.write("logs/x.json", &json!({ "Records": records }).to_string());
    workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]).0
}

/// A copy from one place to another, by somebody who is not approved.
fn copy(event_name: &str, source: (&str, &str), target: (&str, &str)) -> Value {
    let ((from, from_key), (to, to_key)) = (source, target);
    record(&[
        ("eventName", event_name.into()),
        ("readOnly", false.into()),
        (
            "requestParameters",
            json!({"bucketName": to, "key": to_key, "x-amz-copy-source": format!("{from}/{from_key}")}),
        ),
        ("resources", json!([{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{to}/{to_key}")}])),
    ])
}

/// A copy out of a location reads it, and one into it writes it: so it is judged where one of the two is asked for.
#[test]
fn a_copy_is_judged_by_what_it_does_to_the_location() {
    let (here, elsewhere) = (("load", "in/data.csv"), ("elsewhere", "k"));
    for event_name in ["CopyObject", "UploadPartCopy"] {
        let judged = |source: (&str, &str), target: (&str, &str)| {
            ["read", "write"].map(|actions| {
                let report = check(&[copy(event_name, source, target)], &format!("actions = \"{actions}\""));
                outcome(&report, "access/approved_roles", LOADED).to_owned()
            })
        };
        // From a folder no absence is shown, so what is not touched is unknown.
        assert_eq!(judged(here, elsewhere), ["fail", "unknown"], "{event_name}");
        assert_eq!(judged(elsewhere, here), ["unknown", "fail"], "{event_name}");
    }
    // Its parts read what it is put together from, and are told as such.
    let (rows, exit) = accesses(&[copy("UploadPartCopy", here, elsewhere)], &[]);
    let told: Vec<_> = rows.iter().map(|row| (row["bucket"].as_str(), row["access"].as_str())).collect();
    assert_eq!((told, exit), (vec![(Some("elsewhere"), Some("write")), (Some("load"), Some("read"))], 0));
}

/// Where the request is left out, or written otherwise, nobody can tell what was copied.
#[test]
fn a_copy_without_its_request_is_not_understood() {
    let whole = copy("CopyObject", ("load", "in/data.csv"), ("elsewhere", "k"));
    assert_eq!(accesses(std::slice::from_ref(&whole), &[]).1, 0);
    let other_case = json!({"bucketName": "elsewhere", "key": "k", "X-Amz-Copy-Source": "load/in/data.csv"});
    for asked in [Value::Null, json!("hidden"), json!({}), other_case] {
        let mut record = whole.clone();
        record["requestParameters"] = asked.clone();
        let (rows, exit) = accesses(&[record], &[]);
        assert_eq!((rows, exit), (vec![], 3), "{asked}");
    }
}

/// Who did it is not known, and that it was done is.
#[test]
fn an_identity_that_names_nobody_hides_no_access() {
    for identity in [
        json!("mallory"),
        json!([]),
        json!({"type": "IdentityCenterUser"}),
        json!({"type": "IdentityCenterUser", "onBehalfOf": {}}),
        json!({"type": "AWSService"}),
    ] {
        let (rows, exit) = accesses(&[record(&[("userIdentity", identity.clone())])], &[]);
        assert_eq!((rows.len(), exit), (1, 0), "{identity}");
        assert_eq!(rows[0]["principal_type"], "unknown", "{identity}");
    }
    // Who is not told is neither approved nor a stranger.
    for identity in [Value::Null, json!("mallory"), json!({"type": "IdentityCenterUser"})] {
        let report = check(&[record(&[("userIdentity", identity.clone())])], "");
        let told = finding(&report, "access/approved_roles", LOADED);
        assert_eq!(told["outcome"], "unknown", "{told:#}");
        let message = told["message"].to_string();
        assert!(message.contains("somebody that event e does not name"), "{told:#}");
        assert!(!message.contains("no access was seen"), "{told:#}");
    }
}

/// A product of another account acts by a role of this one.
#[test]
fn whoever_acts_by_delegation_is_of_another_account() {
    let identity = |delegate: Option<&str>| {
        let mut identity = json!({"type": "AssumedRole", "arn": "arn:aws:sts::111111111111:assumed-role/X/s",
            "accountId": "111111111111", "sessionContext": {"sessionIssuer": {"type": "Role",
                "arn": "arn:aws:iam::111111111111:role/X", "accountId": "111111111111"}}});
        if let Some(account) = delegate {
            identity["invokedByDelegate"] = json!({"accountId": account});
        }
        record(&[("userIdentity", identity)])
    };
    let judged = |delegate| {
        let report = check(&[identity(delegate)], "");
        ["access/approved_roles", "access/foreign_account"].map(|policy| outcome(&report, policy, LOADED).to_owned())
    };
    assert_eq!(judged(None), ["unknown", "unknown"], "the approved role itself, in a folder");
    assert_eq!(judged(Some("999999999999")), ["fail", "fail"]);
    let (rows, _) = accesses(&[identity(Some("999999999999"))], &[]);
    assert_eq!(rows[0]["account"], "999999999999");
}

/// The outcomes of a day of which all is known, with one access.
fn day(access: Value, more: &str) -> Value {
    let mut snapshot = evidence::complete();
    snapshot["records"]["accesses"] = json!([access]);
    evidence::check(&snapshot, &format!("{CONFIG}{more}"))
}

/// A copy of the record that names the account only may be of an approved role's request.
#[test]
fn a_redacted_record_of_an_approved_account_is_not_told_to_be_foreign() {
    let approved = "[[access]]\nlocation = \"s3://out/\"\nroles = [\"arn:aws:iam::222222222222:role/partner\"]\n";
    let foreign = |account: &str, more: &str| {
        let report = day(access("AROAX", "account", account), more);
        outcome(&report, "access/foreign_account", PLACE).to_owned()
    };
    assert_eq!(foreign("222222222222", ""), "fail", "nobody of that account is approved");
    assert_eq!(foreign("222222222222", approved), "unknown");
    assert_eq!(foreign("333333333333", approved), "fail");
    assert_eq!(foreign("111111111111", approved), "pass", "the bucket's own");
}

/// On whose behalf a service acts its record does not say.
#[test]
fn a_service_may_act_for_another_account() {
    let service = |more: &str| {
        let report = day(access("delivery.logs.amazonaws.com", "service", "111111111111"), more);
        finding(&report, "access/foreign_account", PLACE).clone()
    };
    let unknown = service("");
    assert_eq!(unknown["outcome"], "unknown");
    assert!(unknown["message"].as_str().unwrap().contains("delivery.logs.amazonaws.com"), "{unknown}");
    let approved = "[[access]]\nlocation = \"s3://out/\"\nservices = [\"delivery.logs.amazonaws.com\"]\n";
    assert_eq!(service(approved)["outcome"], "pass");
}

/// What was refused, or answered before anybody asked who may, touched nothing. What failed otherwise may have.
#[test]
fn a_request_that_was_turned_away_touched_nothing() {
    let judged = |codes: &[&str]| {
        let mut snapshot = evidence::complete();
        let attempt = |code: &&str| {
            // Who is told to have touched it, if anybody is.
            let mut attempt = access(&format!("arn:aws:iam::222222222222:user/{code}"), "user", "222222222222");
            attempt["error_code"] = (*code).into();
            attempt
        };
        snapshot["records"]["accesses"] = codes.iter().map(attempt).collect();
        let report = evidence::check(&snapshot, &format!("{CONFIG}[[access]]\nlocation = \"s3://out/\"\n"));
        ["access/approved_roles", "access/foreign_account", "access/no_long_lived_keys"].map(|policy| {
            let finding = finding(&report, policy, PLACE);
            (finding["outcome"].as_str().unwrap().to_owned(), finding["message"].as_str().unwrap().to_owned())
        })
    };
    let turned_away = [
        "AccessDenied",
        "AllAccessDisabled",
        "ExpiredToken",
        "KMS.DisabledException",
        "KMS.NotFoundException",
        "PermanentRedirect",
        "SignatureDoesNotMatch",
        "SlowDown",
        "403",
    ];
    let told = judged(&turned_away);
    assert!(told[0].1.contains("9 denied attempts apart"), "they are told: {told:?}");
    assert!(told.iter().all(|(outcome, _)| outcome == "pass"), "{told:?}");
    for code in ["NoSuchKey", "InternalError", "PreconditionFailed"] {
        let told = judged(&[&turned_away[..], &[code]].concat());
        let is_told =
            |(outcome, message): &(String, String)| outcome == "fail" && message.contains(&format!("user/{code}"));
        assert!(told.iter().all(is_told), "{told:?}");
    }
}

/// A day is asked for where nobody says how long, by an `[[access]]` table too.
#[test]
fn without_a_window_in_the_config_a_day_is_asked_for() {
    let approved = |start: &str| {
        let mut fields = complete("s3://load/");
        fields["records"]["window"]["start"] = start.into();
        let config = "[[access]]\nlocation = \"s3://load/\"\n";
        let finding = finding(&evidence::check(&fields, config), "access/approved_roles", "s3://load/").clone();
        (finding["outcome"].as_str().unwrap().to_owned(), finding["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(approved("2026-11-21T12:00:00Z").0, "pass");
    let (outcome, message) = approved("2026-11-22T10:59:00Z");
    assert_eq!(outcome, "unknown");
    assert!(message.contains("records.window asks for"), "{message}");
}
