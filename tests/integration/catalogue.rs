//! Policies beside the main question: what trails do for management events, how log files are encrypted, and what the config
//! says that is not so.

use serde_json::{Value, json};
use trailcheck::facts::judgement::{Encryption, ManagementCoverage, ManagementEvents};

use crate::account::*;
use crate::program::{Workplace, finding, outcome};

const MEMBER: &str = "111111111111";

/// Whether a trail records all management events of the account everywhere.
fn coverage(fields: Value) -> (ManagementCoverage, String) {
    let judgement = derive(fields, "s3://b/", None).accounts.remove(0).management_coverage;
    (judgement.status, judgement.message)
}

#[test]
fn one_trail_records_every_management_event_everywhere() {
    let of = |change: fn(&mut Value)| {
        let mut trail = multi_region();
        change(&mut trail);
        coverage(snapshot(vec![trail]))
    };
    let (status, message) = of(|_| {});
    assert_eq!(status, ManagementCoverage::Recorded);
    assert_eq!(message, "trail t: it records every management event in every region that was scanned");
    let gap = |change: fn(&mut Value), expected: &str| {
        let (status, message) = of(change);
        assert_eq!(status, ManagementCoverage::Gap, "{message}");
        assert!(message.contains(expected), "{message}");
    };
    gap(|trail| trail["is_multi_region_trail"] = false.into(), "its home region alone");
    gap(|trail| trail["status"]["eu-west-1"]["is_logging"] = false.into(), "stopped");
    gap(|trail| trail["event_selectors"][0]["read_write_type"] = "WriteOnly".into(), "does not record reads");
    gap(|trail| trail["event_selectors"][0]["include_management_events"] = false.into(), "no management events");
    let kms = |trail: &mut Value| {
        trail["event_selectors"][0]["exclude_management_event_sources"] = json!(["kms.amazonaws.com"])
    };
    gap(kms, "events of kms.amazonaws.com");
    for unknown in [
        |trail: &mut Value| trail["is_multi_region_trail"] = Value::Null,
        |trail: &mut Value| trail["event_selectors"] = Value::Null,
        |trail: &mut Value| trail["status"]["eu-west-1"]["is_logging"] = Value::Null,
        |trail: &mut Value| trail["event_selectors"][0]["include_management_events"] = Value::Null,
    ] {
        let (status, message) = of(unknown);
        assert_eq!(status, ManagementCoverage::Unknown, "{message}");
    }
}

/// What two trails do together is no trail that does it all; and what was not seen may be one that does.
#[test]
fn what_was_not_seen_may_record_it() {
    let single = for_all();
    assert_eq!(coverage(snapshot(vec![single.clone()])).0, ManagementCoverage::Gap);
    assert_eq!(coverage(snapshot(vec![])), (ManagementCoverage::Gap, "there is no trail".to_owned()));
    let denied = json!([{"call": "cloudtrail:DescribeTrails", "account": MEMBER, "region": "us-east-1", "resource": null,
        "code": "AccessDeniedException", "message": "no", "makes_unknown": ["trails"]}]);
    let beside = |trails: Vec<Value>| {
        let mut fields = snapshot(trails);
        fields["failures"] = denied.clone();
        coverage(fields).0
    };
    assert_eq!(beside(vec![single]), ManagementCoverage::Unknown);
    assert_eq!(beside(vec![multi_region()]), ManagementCoverage::Recorded, "one is enough");
    let mut fields = snapshot(vec![multi_region()]);
    fields["scope"]["regions"] = json!(["us-east-1"]);
    fields["trails"][0]["status"].as_object_mut().unwrap().remove("eu-west-1");
    fields["failures"] = denied.clone();
    fields["failures"][0]["call"] = "account:ListRegions".into();
    fields["failures"][0]["makes_unknown"] = json!(["regions"]);
    assert_eq!(coverage(fields).0, ManagementCoverage::Unknown, "it may be stopped in a region that nobody told");
}

/// A member sees that its organization has a trail, and not what that selects.
#[test]
fn an_organizations_trail_is_the_members_too() {
    let organizations = |selectors: Value| {
        let mut trail = multi_region();
        trail["trail_arn"] = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".into();
        trail["is_organization_trail"] = true.into();
        trail["event_selectors"] = selectors;
        trail["advanced_event_selectors"] = Value::Null;
        coverage(snapshot(vec![trail]))
    };
    assert_eq!(organizations(json!([basic("All", &[])])).0, ManagementCoverage::Recorded);
    let (status, message) = organizations(Value::Null);
    assert_eq!(status, ManagementCoverage::Unknown, "{message}");
    assert!(message.contains("management account was not scanned"), "{message}");
}

#[test]
fn a_trail_names_its_key_or_has_none() {
    let of = |key: Value| {
        let mut trail = for_all();
        trail["kms_key_id"] = key;
        let fact = derive(snapshot(vec![trail]), "s3://b/", None).trails.remove(0);
        (fact.encryption.status, fact.management_events.status)
    };
    let key = "arn:aws:kms:eu-west-1:111111111111:key/k";
    assert_eq!(of(json!(key)), (Encryption::KmsKey, ManagementEvents::All));
    assert_eq!(of(Value::Null).0, Encryption::S3Key);
    assert_eq!(of(json!("")).0, Encryption::S3Key);
}

/// The verdicts of one policy on these fields, with this config behind a location's.
fn check(fields: Value, tables: &str, policy: &str) -> (Value, i32) {
    let workplace = Workplace::offline();
    workplace.write("snapshot.json", &snapshot_of(fields).to_string());
    workplace.write("trailcheck.toml", &format!("[[redshift.copy]]\nlocation = \"s3://b/in/\"\n{tables}"));
    let (report, ran) = workplace.check(&["--snapshot", "snapshot.json", "--policy", policy]);
    (report, ran.exit)
}

/// Each bucket once, at the first line that names it.
#[test]
fn a_bucket_that_is_not_there_is_found() {
    let policy = "config/location_not_found";
    let tables = "[[redshift.unload]]\nlocation = \"s3://bb/\"\n[[access]]\nlocation = \"s3://bb/out/\"\nroles = []\n";
    let with = |bucket: Value| {
        let mut fields = snapshot(vec![for_all()]);
        fields["buckets"].as_array_mut().unwrap().extend(bucket.as_object().map(|_| bucket.clone()));
        check(fields, tables, policy)
    };
    let (report, exit) = with(json!({"name": "bb", "region": null, "account": null, "is_missing": true}));
    let found = finding(&report, policy, "s3://bb/");
    assert_eq!((exit, &found["outcome"], &found["location"]["line"]), (1, &json!("fail"), &json!(4)), "{report:#}");
    assert!(found["message"].as_str().unwrap().contains("did you mean"), "{found}");
    assert_eq!(outcome(&report, policy, "s3://b/"), "pass");
    assert_eq!(report["findings"].as_array().unwrap().len(), 2, "{report:#}");
    let (report, exit) = with(Value::Null);
    assert_eq!((exit, outcome(&report, policy, "s3://bb/")), (3, "unknown"), "nobody looked");
    let (report, exit) = with(json!({"name": "bb", "region": "us-east-1", "account": null}));
    assert_eq!((exit, outcome(&report, policy, "s3://bb/")), (0, "pass"), "another account's is one");
}

#[test]
fn a_waiver_that_is_over_is_found() {
    let policy = "config/waiver_expired";
    let waiver = |day: &str| {
        format!(
            "[[waiver]]\npolicy = \"trail/logging\"\nsubject = \"*\"\nexpires = {day}\nreason = \"r\"\nowner = \"data\"\n"
        )
    };
    let of = |tables: &str| check(snapshot(vec![for_all()]), tables, policy);
    let (report, exit) = of(&waiver("2026-11-21"));
    let found = finding(&report, policy, "trail/logging on *");
    assert_eq!((exit, &found["outcome"], &found["location"]["line"]), (1, &json!("fail"), &json!(4)), "{report:#}");
    assert!(found["message"].as_str().unwrap().contains("the waiver of data expired on 2026-11-21"), "{found}");
    let last_day = of(&waiver("2026-11-22"));
    assert_eq!((last_day.1, outcome(&last_day.0, policy, "trail/logging on *")), (0, "pass"));
    let renewed = of(&[waiver("2026-11-21"), waiver("2027-01-01")].concat());
    assert_eq!(renewed.1, 0, "{:#}", renewed.0);
    assert_eq!(of("").0["findings"][0]["outcome"], "not_applicable");
    let mut doubtful = snapshot(vec![for_all()]);
    doubtful["failures"] = json!([{"call": "sts:GetCallerIdentity", "account": MEMBER, "region": "us-east-1", "resource": null,
        "code": "ClockSkew", "message": "an hour", "makes_unknown": ["clock"]}]);
    assert_eq!(check(doubtful, &waiver("2026-11-21"), policy).1, 3, "nobody knows the day");
}

/// What fails no run is counted apart, folded in the text, and told with `-v`; what hides it fails none either.
#[test]
fn remarks_fail_no_run() {
    let policy = "trail/multi_region";
    let (report, exit) = check(snapshot(vec![for_all()]), "", policy);
    assert_eq!((exit, outcome(&report, policy, MEMBER)), (0, "fail"));
    assert_eq!((&report["summary"]["fail"], &report["summary"]["remark"]), (&json!(0), &json!(1)));
    let graded = "[policies]\n\"trail/multi_region\" = \"medium\"\n";
    assert_eq!(check(snapshot(vec![for_all()]), graded, policy).1, 1);
    let mut unread = multi_region();
    unread["event_selectors"] = Value::Null;
    let unread = || snapshot(vec![unread.clone()]);
    let (report, exit) = check(unread(), "", policy);
    assert_eq!((exit, outcome(&report, policy, MEMBER)), (0, "unknown"));
    assert_eq!(check(unread(), graded, policy).1, 3);
    let counted = "[policies]\n\"trail/multi_region\" = { unknown = \"fail\" }\n";
    assert_eq!(check(unread(), counted, policy).1, 3);

    let workplace = Workplace::offline();
    workplace.write("snapshot.json", &snapshot_of(snapshot(vec![for_all()])).to_string());
    workplace.write("trailcheck.toml", "[[redshift.copy]]\nlocation = \"s3://b/in/\"\n");
    let text = |more: &[&str]| {
        let arguments = ["check", "--snapshot", "snapshot.json", "--policy", policy, "--policy", "trail/encrypted"];
        workplace.run(&[&arguments, more].concat()).stdout
    };
    let short = text(&[]);
    assert!(short.starts_with("2 remarks\n"), "{short}");
    assert!(short.contains("\nremarks trail/encrypted, trail/multi_region: -v shows them\n"), "{short}");
    assert!(!short.contains("home region"), "{short}");
    assert!(text(&["-v"]).contains("its home region alone"));
}
