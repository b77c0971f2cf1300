//! "Nobody else touched it": what has to be seen for that, and what need not be.

use serde_json::{Value, json};

use crate::account::{ALL, basic, complete, snapshot_of};
use crate::program::{Workplace, finding};

const CONFIG: &str = "[[redshift.copy]]\nlocation = \"s3://load/in/\"\n[[access]]\nlocation = \"s3://load/in/\"\nroles = [\"arn:aws:iam::111111111111:role/loader\"]\n";

/// A day in which everything was recorded and read, with a trail that writes no digests.
fn without_digests() -> Value {
    let mut fields = complete("s3://load/in/");
    fields["trails"][0]["event_selectors"] = json!([basic("All", &["arn:aws:s3:::load/"])]);
    fields["trails"][0]["log_file_validation_enabled"] = false.into();
    fields["records"]["integrity"] = json!([]);
    fields
}

fn report_of(fields: &Value) -> (Value, i32) {
    report_by(CONFIG, fields)
}

fn report_by(config: &str, fields: &Value) -> (Value, i32) {
    let workplace = Workplace::offline();
    workplace.write("trailcheck.toml", config);
    workplace.write("snapshot.json", &snapshot_of(fields.clone()).to_string());
    let (report, ran) = workplace.check(&["--snapshot", "snapshot.json"]);
    (report, ran.exit)
}

/// Whether only approved roles touched it, and why that is told.
fn approved(fields: &Value) -> (String, String) {
    let (report, _) = report_of(fields);
    let finding = finding(&report, "access/approved_roles", "s3://load/in/");
    (finding["outcome"].as_str().unwrap().to_owned(), finding["message"].as_str().unwrap().to_owned())
}

#[test]
fn a_trail_that_delivered_nothing_shows_nothing() {
    assert_eq!(approved(&without_digests()).0, "pass");
    for last in [Value::Null, "2026-10-13T00:00:00Z".into()] {
        let mut fields = without_digests();
        fields["trails"][0]["status"]["eu-west-1"]["latest_delivery_time"] = last.clone();
        let (outcome, message) = approved(&fields);
        assert_eq!(outcome, "unknown", "{last}");
        assert!(message.contains("all has delivered nothing"), "{message}");
    }
    // Digests, one an hour, show that there was nothing.
    let mut fields = complete("s3://load/in/");
    fields["trails"][0]["event_selectors"] = json!([basic("All", &["arn:aws:s3:::load/"])]);
    fields["trails"][0]["status"]["eu-west-1"]["latest_delivery_time"] = Value::Null;
    assert_eq!(approved(&fields).0, "pass");
}

/// A second trail, readable or not, can only add.
#[test]
fn only_what_the_proof_needs_must_be_read() {
    let second = |changes: &[(&str, Value)]| {
        let mut trail = without_digests()["trails"][0].clone();
        trail["trail_arn"] = "arn:aws:cloudtrail:eu-west-1:111111111111:trail/second".into();
        trail["name"] = "second".into();
        trail["s3_bucket_name"] = "archive".into();
        trail["event_selectors"] = json!([basic("All", &["arn:aws:s3:::other/"])]);
        changes.iter().for_each(|(name, value)| trail[*name] = value.clone());
        let mut fields = without_digests();
        fields["trails"].as_array_mut().unwrap().push(trail);
        fields
    };
    assert_eq!(approved(&second(&[])).0, "pass", "its log bucket was never listed");
    let young = json!({"eu-west-1": {"is_logging": true, "start_logging_time": "2026-11-22T08:00:00Z"}});
    assert_eq!(approved(&second(&[("status", young)])).0, "pass", "it is younger than the window");
    assert_eq!(
        approved(&second(&[("event_selectors", Value::Null), ("advanced_event_selectors", Value::Null)])).0,
        "pass"
    );
    // Two of which each records all: one that was read is enough; and where neither was, it is not.
    let everything = json!([basic("All", &["arn:aws:s3:::load/"])]);
    let mut both = second(&[("event_selectors", everything)]);
    assert_eq!(approved(&both).0, "pass");
    both["records"]["read"][0]["complete"] = false.into();
    both["records"]["read"][0]["incomplete_because"] = "4 of 5 log objects were read".into();
    assert_eq!(approved(&both).0, "unknown");
    // Each records its half: both are needed.
    let mut halves = second(&[("event_selectors", json!([basic("WriteOnly", &["arn:aws:s3:::load/"])]))]);
    halves["trails"][0]["event_selectors"] = json!([basic("ReadOnly", &["arn:aws:s3:::load/"])]);
    assert_eq!(approved(&halves).0, "unknown");
    // An unreadable object of the trail that is needed, of the other one, and of nobody knows which.
    for (object, expected) in [
        ("s3://logs/AWSLogs/111111111111/x.json.gz", "unknown"),
        ("s3://archive/AWSLogs/111111111111/x.json.gz", "pass"),
        ("s3://elsewhere/x.json.gz", "unknown"),
    ] {
        let mut fields = second(&[]);
        fields["records"]["skipped"] = json!([{"object": object, "reason": "AccessDenied", "matters": true}]);
        assert_eq!(approved(&fields).0, expected, "{object}");
    }
}

/// The usual member of an organization: the organization's trail can be seen and not read, its own records all.
#[test]
fn a_member_with_a_complete_trail_of_its_own_passes() {
    let mut fields = complete("s3://load/in/");
    fields["trails"][0]["event_selectors"] = json!([basic("All", &["arn:aws:s3:::load/"])]);
    let arn = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/aws-controltower-BaselineCloudTrail";
    fields["trails"].as_array_mut().unwrap().push(json!({
        "trail_arn": arn, "name": "aws-controltower-BaselineCloudTrail", "home_region": "eu-west-1",
        "is_multi_region_trail": true, "is_organization_trail": true, "s3_bucket_name": "aws-controltower-logs",
        "log_file_validation_enabled": true, "event_selectors": null, "advanced_event_selectors": null,
        "status": {"eu-west-1": {"is_logging": true, "latest_delivery_time": "2026-11-22T11:50:00Z"}},
    }));
    let failure = |call: &str, resource: &str, kind: &str| {
        json!({"call": call, "account": "111111111111", "region": "eu-west-1", "resource": resource, "code": "AccessDenied",
            "message": "no", "makes_unknown": [kind]})
    };
    fields["failures"] = json!([
        failure("cloudtrail:GetEventSelectors", arn, "selectors"),
        failure("s3:ListObjectsV2", "aws-controltower-logs", "records"),
    ]);
    fields["records"]["read"].as_array_mut().unwrap().push(json!({"source": arn, "region": "eu-west-1", "listed_objects": 0,
        "listed_bytes": 0, "read_objects": 0, "read_bytes": 0, "complete": false, "incomplete_because": "AccessDenied"}));
    let (report, exit) = report_of(&fields);
    assert_eq!(exit, 0, "{report:#}");
    // Of its own trail the same calls are needed.
    fields["failures"][1]["resource"] = "logs".into();
    assert_eq!(report_of(&fields).1, 3);
}

#[test]
fn a_listing_of_more_shows_these_keys_too() {
    let mut fields = without_digests();
    fields["trails"][0]["event_selectors"] = json!([basic("All", &["arn:aws:s3:::load/in/"])]);
    let (outcome, message) = approved(&fields);
    assert_eq!(outcome, "unknown");
    assert!(message.contains("ListObjects on s3://load/"), "{message}");
    let (report, _) = report_of(&fields);
    assert_eq!(finding(&report, "coverage/copy_recorded", "s3://load/in/")["outcome"], "pass", "no part of a COPY");
}

#[test]
fn a_copy_into_another_region_is_recorded_there() {
    let mut fields = without_digests();
    fields["trails"][0]["is_multi_region_trail"] = true.into();
    fields["scope"]["regions"] = json!(["eu-west-1", "us-east-1"]);
    let mut there = fields["trails"][0]["status"]["eu-west-1"].clone();
    fields["trails"][0]["status"]["us-east-1"] = there.clone();
    let (outcome, message) = approved(&fields);
    assert_eq!(outcome, "unknown");
    assert!(message.contains("a copy into a bucket of us-east-1"), "{message}");
    let mut read = fields["records"]["read"][0].clone();
    read["region"] = "us-east-1".into();
    let mut both = fields.clone();
    both["records"]["read"].as_array_mut().unwrap().push(read);
    assert_eq!(approved(&both).0, "pass");
    // Nothing was delivered there in that time.
    there["latest_delivery_time"] = "2026-10-01T00:00:00Z".into();
    fields["trails"][0]["status"]["us-east-1"] = there;
    assert_eq!(approved(&fields).0, "pass");
    // Where that is not told, it is not known.
    for status in [Value::Null, json!({"is_logging": true})] {
        let mut untold = fields.clone();
        let statuses = untold["trails"][0]["status"].as_object_mut().unwrap();
        statuses.remove("us-east-1");
        if status.is_object() {
            statuses.insert("us-east-1".to_owned(), status);
        }
        assert_eq!(approved(&untold).0, "unknown");
        // Its folders tell where it ever delivered.
        untold["records"]["delivered_regions"] = json!({ALL: {"111111111111": ["eu-west-1"]}});
        assert_eq!(approved(&untold).0, "pass");
        untold["records"]["delivered_regions"] = json!({ALL: {"111111111111": ["eu-west-1", "us-east-1"]}});
        assert_eq!(approved(&untold).0, "unknown");
    }
    // Regions that the config leaves out are regions all the same.
    let config = format!("[scan]\nregions = [\"eu-west-1\"]\n{CONFIG}");
    let mut one = fields.clone();
    one["scope"]["regions"] = json!(["eu-west-1"]);
    let outcome_of = |fields: &Value| {
        finding(&report_by(&config, fields).0, "access/approved_roles", "s3://load/in/")["outcome"].clone()
    };
    assert_eq!(outcome_of(&one), "unknown");
    one["records"]["delivered_regions"] = json!({ALL: {"111111111111": ["eu-west-1"]}});
    assert_eq!(outcome_of(&one), "pass");
}

/// What was delivered in another region must be intact as well.
#[test]
fn digests_of_the_other_region_are_asked_for() {
    let mut fields = complete("s3://load/in/");
    fields["trails"][0]["event_selectors"] = json!([basic("All", &["arn:aws:s3:::load/"])]);
    fields["trails"][0]["is_multi_region_trail"] = true.into();
    fields["scope"]["regions"] = json!(["eu-west-1", "us-east-1"]);
    fields["trails"][0]["status"]["us-east-1"] = fields["trails"][0]["status"]["eu-west-1"].clone();
    for list in ["read", "integrity"] {
        let mut there = fields["records"][list][0].clone();
        there["region"] = "us-east-1".into();
        fields["records"][list].as_array_mut().unwrap().push(there);
    }
    assert_eq!(approved(&fields).0, "pass");
    let mut unlike = fields.clone();
    unlike["records"]["integrity"].as_array_mut().unwrap().pop();
    assert_eq!(approved(&unlike).0, "unknown", "nothing was compared there");
    fields["records"]["integrity"][1]["outcome"] = "unknown".into();
    assert_eq!(approved(&fields).0, "unknown");
    fields["records"]["integrity"][1]["outcome"] = "valid".into();
    let denied = json!({"call": "cloudtrail:ListPublicKeys", "account": "111111111111", "region": "us-east-1", "resource": null,
        "code": "AccessDenied", "message": "no", "makes_unknown": ["records"]});
    fields["failures"] = json!([denied]);
    assert_eq!(approved(&fields).0, "unknown", "a call was denied there");
}

/// A day is asked for where nobody says how long, by whatever policy.
#[test]
fn a_short_window_is_no_day() {
    let mut fields = without_digests();
    fields["records"]["window"] = json!({"start": "2026-11-22T10:59:00Z", "end": "2026-11-22T11:00:00Z"});
    let (report, _) = report_by("[[redshift.copy]]\nlocation = \"s3://load/in/\"\n", &fields);
    for policy in ["access/foreign_account", "access/no_long_lived_keys"] {
        assert_eq!(finding(&report, policy, "s3://load/in/")["outcome"], "unknown", "{policy}");
    }
}

/// Records that were to be read and are not there hide what they would show.
#[test]
fn records_that_are_missing_are_not_nothing() {
    let mut fields = without_digests();
    fields["records"] = Value::Null;
    let (report, _) = report_by(&format!("{CONFIG}[records]\nwindow = \"24h\"\n"), &fields);
    for policy in ["redshift/known_role", "redshift/unload_complete"] {
        assert_eq!(finding(&report, policy, "111111111111")["outcome"], "unknown", "{policy}");
    }
}

#[test]
fn what_was_changed_within_the_window_is_not_known_to_have_recorded_all() {
    for event_name in ["UpdateTrail", "PutEventSelectors", "StopLogging", "StartLogging", "CreateTrail"] {
        let change = |at: &str, arn: &str| {
            let mut fields = without_digests();
            fields["changes"] = json!([{"account": "111111111111", "region": "eu-west-1", "at": at, "event_name": event_name,
                "resource": arn, "origin": {"record": {"event_id": "e", "object": "o"}}}]);
            approved(&fields).0
        };
        assert_eq!(change("2026-11-22T05:00:00Z", ALL), "unknown", "{event_name}");
        assert_eq!(change("2026-11-20T05:00:00Z", ALL), "pass", "before the window");
        assert_eq!(change("2026-11-22T05:00:00Z", "arn:aws:cloudtrail:eu-west-1:111111111111:trail/other"), "pass");
    }
}

/// An organization's trail, seen by the bucket's account and by its owner; both accounts' files were read, and are intact.
fn of_an_organization() -> Value {
    let text = complete("s3://load/in/").to_string().replace("111111111111:trail/all", "999999999999:trail/all");
    let mut member: Value = serde_json::from_str(&text).unwrap();
    member["trails"][0]["is_organization_trail"] = true.into();
    let records = member.as_object_mut().unwrap().remove("records").unwrap();
    let mut owner = member.clone();
    owner["caller"] = json!({"account": "999999999999", "arn": "arn:aws:iam::999999999999:user/auditor"});
    owner["buckets"] = json!([]);
    let of = |list: &str| {
        ["111111111111", "999999999999"].map(|account| {
            let mut told = records[list][0].clone();
            told["account"] = account.into();
            told
        })
    };
    let mut all = records.clone();
    (all["read"], all["integrity"]) = (json!(of("read")), json!(of("integrity")));
    json!({"schema": "trailcheck/snapshot/v2", "accounts": [member, owner], "not_entered": [], "was_stopped": false, "records": all})
}

/// Its owner may change it, and only the owner's files show that.
#[test]
fn what_may_have_changed_an_organizations_trail_is_read() {
    let outcomes = |snapshot: &Value| {
        let workplace = Workplace::offline();
        workplace.write("trailcheck.toml", CONFIG);
        workplace.write("snapshot.json", &snapshot.to_string());
        let (report, _) = workplace.check(&["--snapshot", "snapshot.json"]);
        let told =
            |policy: &str, subject: &str| finding(&report, policy, subject)["outcome"].as_str().unwrap().to_owned();
        let trail = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/all";
        [told("access/approved_roles", "s3://load/in/"), told("trail/integrity", trail)]
    };
    let whole = of_an_organization();
    assert_eq!(outcomes(&whole), ["pass", "pass"]);
    let mut unread = whole.clone();
    unread["records"]["read"][1]["complete"] = false.into();
    assert_eq!(outcomes(&unread)[0], "unknown");
    let mut unlisted = whole.clone();
    unlisted["records"]["read"].as_array_mut().unwrap().pop();
    assert_eq!(outcomes(&unlisted)[0], "unknown");
    let mut not_compared = whole.clone();
    not_compared["records"]["integrity"].as_array_mut().unwrap().pop();
    assert_eq!(outcomes(&not_compared), ["unknown", "unknown"]);
    // With two accounts, what names none is of neither.
    for list in ["read", "integrity"] {
        let mut unnamed = whole.clone();
        unnamed["records"][list][0]["account"] = Value::Null;
        assert_eq!(outcomes(&unnamed)[0], "unknown", "{list}");
    }
    // Whoever administers CloudTrail for the organization may change it too.
    for (administrators, expected) in [
        (json!([]), "pass"),
        (json!(["999999999999"]), "pass"),
        (json!(["888888888888"]), "unknown"),
        (Value::Null, "unknown"),
    ] {
        let mut organized = whole.clone();
        organized["organization"] = json!({"id": "o-acme", "management_account": "999999999999",
            "delegated_administrators": administrators, "accounts": null});
        assert_eq!(outcomes(&organized)[0], expected, "{administrators}");
    }
    // Another account's file that could not be read hides nothing of this one.
    let mut skipped = whole.clone();
    let object =
        |account: &str| format!("s3://logs/AWSLogs/o-acme/{account}/CloudTrail/eu-west-1/2026/11/22/x.json.gz");
    skipped["records"]["skipped"] =
        json!([{"object": object("999999999999"), "reason": "AccessDenied", "matters": true}]);
    assert_eq!(outcomes(&skipped)[0], "pass");
    skipped["records"]["skipped"][0]["object"] = object("111111111111").into();
    assert_eq!(outcomes(&skipped)[0], "unknown");
}
