//! Wrong verdicts that were found from outside, by kind: what is recorded.

use serde_json::{Value, json};
use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::facts::input::Facts;
use trailcheck::facts::judgement::{Coverage, Duplicates, Placement, Selectors};
use trailcheck::snapshot::Snapshot;

use crate::account::*;

/// A role of another account than the bucket's.
const PARTNER: &str = "arn:aws:iam::222222222222:role/partner";

fn starts(name: &str, value: &str) -> Value {
    field(name, json!({"starts_with": [value]}))
}

/// Facts of one account by a config of one's own.
fn by(config: &str, fields: Value) -> Facts {
    let snapshot: Snapshot = serde_json::from_value(snapshot_of(fields)).unwrap();
    facts::derive(&snapshot, &Config::parse("trailcheck.toml".as_ref(), config).unwrap())
}

/// The verdicts for anyone.
fn of_anyone(trail: Value) -> String {
    verdict(snapshot(vec![trail]), "s3://b/", None)
}

#[test]
fn a_copy_reads_its_source_and_is_not_read_only() {
    for role in [None, Some(R)] {
        let facts = derive(snapshot(vec![with_basic(&[basic("ReadOnly", &["arn:aws:s3"])])]), "s3://b/", role);
        assert_eq!(facts.copies[0].coverage.status, Coverage::Gap);
        assert_eq!(facts.copies[0].coverage.evidence["witness"]["event_name"], "CopyObject");
        assert_eq!(facts.copies[0].coverage.evidence["witness"]["read_only"], false);
    }
    let with_copies = [
        objects(&[field("readOnly", json!({"equals": ["true"]}))]),
        objects(&[field("eventName", json!({"equals": ["CopyObject", "UploadPartCopy", "SelectObjectContent"]}))]),
    ];
    // A future event that is readOnly is read as well; one that is not is no read.
    assert_eq!(of_trail(with_advanced(&with_copies)), "YN");
    assert_eq!(of_trail(with_advanced(&with_copies[..1])), "NN");
}

#[test]
fn what_s3_does_by_itself_and_refuses_is_recorded_too_for_anyone() {
    let source = |operator: &str, sources: &[&str]| objects(&[field("eventSource", json!({operator: sources}))]);
    let lifecycle = source("not_equals", &["s3lifecycle.amazonaws.com"]);
    // The User Guide's example 4: expirations are recorded by nothing. They are writes, and no role's.
    assert_eq!(of_anyone(with_advanced(std::slice::from_ref(&lifecycle))), "YN");
    assert_eq!(of_trail(with_advanced(&[lifecycle])), "YY");
    let facts = derive(snapshot(vec![with_advanced(&[source("equals", &["s3.amazonaws.com"])])]), "s3://b/", None);
    let witness = &facts.unloads[0].coverage.evidence["witness"];
    assert_eq!(
        (witness["event_source"].as_str(), witness["event_name"].as_str()),
        (Some("s3lifecycle.amazonaws.com"), Some("DeleteObject"))
    );
    assert!(facts.unloads[0].coverage.message.contains("s3lifecycle.amazonaws.com"), "{:?}", facts.unloads[0].coverage);
    assert_eq!(facts.copies[0].coverage.status, Coverage::Gap, "requests that were refused");
    let all = ["s3.amazonaws.com", "s3lifecycle.amazonaws.com", "s3-authn-errors.amazonaws.com"];
    assert_eq!(of_anyone(with_advanced(&[source("equals", &all)])), "YY");
    let each: Vec<Value> = all.iter().map(|one| source("equals", &[one])).collect();
    assert_eq!(of_anyone(with_advanced(&each)), "YY");
    for one in ["s3lifecycle.amazonaws.com", "s3-authn-errors.amazonaws.com"] {
        let facts = derive(snapshot(vec![with_advanced(&[source("equals", &[one])])]), "s3://b/", None);
        assert_eq!(facts.trails[0].selectors.status, Selectors::Live, "{one}");
    }
    let dead = derive(snapshot(vec![with_advanced(&[source("equals", &["redshift.amazonaws.com"])])]), "s3://b/", None);
    assert_eq!(dead.trails[0].selectors.status, Selectors::Dead);
}

#[test]
fn each_key_of_a_delete_objects_has_a_record_of_another_type() {
    let of_type = |operator: &str, value: &str| {
        with_advanced(&[objects(&[
            starts("resources.ARN", "arn:aws:s3:::b/unload/"),
            field("eventType", json!({operator: [value]})),
        ])])
    };
    for role in [None, Some(R)] {
        for trail in [of_type("not_equals", "AwsServiceEvent"), of_type("equals", "AwsApiCall")] {
            let facts = derive(snapshot(vec![trail]), "s3://b/unload/", role);
            assert_eq!(facts.unloads[0].coverage.status, Coverage::Gap, "{role:?}");
        }
    }
    let facts = derive(snapshot(vec![of_type("equals", "AwsApiCall")]), "s3://b/unload/", Some(R));
    let witness = &facts.unloads[0].coverage.evidence["witness"];
    assert_eq!(
        (witness["event_name"].as_str(), witness["event_type"].as_str()),
        (Some("DeleteObject"), Some("AwsServiceEvent"))
    );
    assert_eq!(facts.copies[0].coverage.status, Coverage::Recorded, "a read is of no other type");
}

#[test]
fn requests_to_the_bucket_are_no_part_of_a_prefix() {
    let without = with_advanced(&[objects(&[
        starts("resources.ARN", "arn:aws:s3:::b/in/"),
        field("eventName", json!({"not_equals": ["HeadBucket", "DeleteObjects"]})),
    ])]);
    assert_eq!(verdict(snapshot(vec![without]), "s3://b/in/", None), "YY");
    let of_bucket = with_advanced(&[objects(&[
        starts("resources.ARN", "arn:aws:s3:::b/"),
        field("eventName", json!({"not_equals": ["HeadBucket", "DeleteObjects"]})),
    ])]);
    assert_eq!(of_anyone(of_bucket), "NN");
}

#[test]
fn the_owners_record_of_another_accounts_request_may_name_no_role() {
    let identity = |operator: &str, value: &str| {
        with_advanced(&[objects(&[field("userIdentity.arn", json!({operator: [value]}))])])
    };
    let session = "arn:aws:sts::222222222222:assumed-role/partner/";
    let at = |trail: Value| verdict(snapshot(vec![trail]), "s3://b/", Some(PARTNER));
    assert_eq!(at(for_all()), "YY");
    assert_eq!(at(identity("starts_with", session)), "??");
    assert_eq!(at(identity("starts_with", "arn:aws:")), "??");
    assert_eq!(at(identity("not_starts_with", session)), "??");
    // The role's own account has the whole record.
    let mut own = identity("starts_with", session);
    own["trail_arn"] = "arn:aws:cloudtrail:eu-west-1:222222222222:trail/own".into();
    let mut partner = snapshot(vec![own]);
    partner["caller"] = json!({"account": "222222222222", "arn": "arn:aws:iam::222222222222:user/auditor"});
    partner["buckets"] = json!([]);
    let mut both = snapshot_of(snapshot(vec![trail()]));
    both["accounts"].as_array_mut().unwrap().push(partner);
    assert_eq!(letters(&derive_of(both, "s3://b/", Some(PARTNER))), "YY");
}

const STORES: &str = "[scan]\nrecorders = [\"trail\", \"event_data_store\"]\n";
const UNLOAD: &str = "[[redshift.unload]]\nlocation = \"s3://b/\"\n";

/// A region that was not listed may hold a store that takes in the events of all.
#[test]
fn a_store_may_be_in_any_region() {
    let config = format!("{STORES}{UNLOAD}");
    let mut fields = snapshot(vec![]);
    fields["event_data_stores"] = json!([]);
    let there = by(&config, fields.clone());
    assert_eq!(there.unloads[0].coverage.status, Coverage::Gap);
    let some =
        by(&format!("[scan]\nregions = [\"eu-west-1\"]\nrecorders = [\"event_data_store\"]\n{UNLOAD}"), fields.clone());
    assert_eq!(some.unloads[0].coverage.status, Coverage::Unknown);
    assert!(some.unloads[0].coverage.message.contains("outside scan.regions"), "{:?}", some.unloads[0].coverage);
    fields["scope"]["store_regions"] = json!(["eu-west-1", "us-east-1"]);
    let asked =
        by(&format!("[scan]\nregions = [\"eu-west-1\"]\nrecorders = [\"event_data_store\"]\n{UNLOAD}"), fields.clone());
    assert_eq!(asked.unloads[0].coverage.status, Coverage::Gap);
    fields["failures"] = json!([{"call": "account:ListRegions", "account": "111111111111", "region": "eu-west-1", "code": "AccessDenied",
        "message": "no", "makes_unknown": ["regions"]}]);
    let facts = by(&config, fields.clone());
    assert_eq!(facts.unloads[0].coverage.status, Coverage::Unknown);
    assert_ne!(facts.unloads[0].placement.status, Placement::NoTrail);
    fields["trails"] = json!([for_all()]);
    let facts = by(&config, fields);
    assert_eq!(
        (facts.unloads[0].coverage.status, facts.unloads[0].duplicates.status),
        (Coverage::Recorded, Duplicates::Unknown)
    );
}
