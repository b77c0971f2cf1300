//! Configurations that other tools judge wrongly, with the right verdict: trails, accounts and identities. A test's name begins with its row.

use serde_json::{Value, json};
use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::facts::judgement::{Coverage, Placement};
use trailcheck::snapshot::Snapshot;

use crate::account::*;

// C. Trails: state and scope.

#[test]
fn c2_the_status_of_another_region_says_nothing() {
    let mut trail = multi_region();
    trail["status"].as_object_mut().unwrap().remove("eu-west-1");
    assert_eq!(of_trail(trail), "??");
}

#[test]
fn c4_a_stale_delivery_without_an_error_is_an_idle_region() {
    let mut trail = for_all();
    trail["status"]["eu-west-1"] = json!({"is_logging": true, "latest_delivery_time": "2026-01-01T00:00:00Z"});
    assert_eq!(of_trail(trail), "YY");
}

#[test]
fn c4_a_delivery_that_fails_records_for_30_days() {
    let failing = |last: &str| {
        let mut trail = for_all();
        trail["status"]["eu-west-1"] =
            json!({"is_logging": true, "latest_delivery_error": "AccessDenied", "latest_delivery_time": last});
        // Recorded or not, that they fail is said.
        let facts = derive(snapshot(vec![trail.clone()]), "s3://b/", Some(R));
        assert!(facts.unloads[0].coverage.message.contains("AccessDenied"), "{}", facts.unloads[0].coverage.message);
        of_trail(trail)
    };
    assert_eq!(failing("2026-10-24T00:00:00Z"), "YY");
    assert_eq!(failing("2026-10-22T00:00:00Z"), "NN");
    let mut trail = for_all();
    trail["status"]["eu-west-1"] = json!({"is_logging": true, "latest_delivery_error": "AccessDenied"});
    assert_eq!(of_trail(trail), "??");
}

#[test]
fn c6_naming_a_bucket_does_not_move_its_events() {
    let mut trail = with_basic(&[basic("All", &["arn:aws:s3:::b/"])]);
    trail["trail_arn"] = "arn:aws:cloudtrail:us-east-1:111111111111:trail/t".into();
    trail["home_region"] = "us-east-1".into();
    trail["status"] = json!({"us-east-1": {"is_logging": true}});
    assert_eq!(of_trail(trail.clone()), "NN");
    let facts = derive(snapshot(vec![trail]), "s3://b/", Some(R));
    assert_eq!(facts.copies[0].placement.status, Placement::NoTrail);
    assert!(facts.copies[0].placement.message.contains("is dead"), "{}", facts.copies[0].placement.message);
}

#[test]
fn c8_a_single_region_trail_beside_the_bucket_is_enough() {
    let mut other = for_all();
    other["trail_arn"] = "arn:aws:cloudtrail:us-east-1:111111111111:trail/u".into();
    other["home_region"] = "us-east-1".into();
    other["status"] = json!({"us-east-1": {"is_logging": true}});
    assert_eq!(verdict(snapshot(vec![for_all(), other]), "s3://b/", Some(R)), "YY");
}

#[test]
fn c10_where_the_log_bucket_is_does_not_matter() {
    let mut trail = multi_region();
    trail["s3_bucket_name"] = "logs-of-another-account-in-another-region".into();
    assert_eq!(of_trail(trail), "YY");
}

#[test]
fn c16_an_organization_trail_seen_from_a_member_is_unknown() {
    let mut trail = multi_region();
    trail["trail_arn"] = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".into();
    trail["is_organization_trail"] = true.into();
    trail["event_selectors"] = Value::Null;
    trail["advanced_event_selectors"] = Value::Null;
    let mut member = snapshot(vec![trail.clone()]);
    member["failures"] = json!([{
        "call": "cloudtrail:GetEventSelectors", "account": "111111111111", "region": "us-east-1",
        "resource": "arn:aws:cloudtrail:us-east-1:999999999999:trail/org",
        "code": "CloudTrailARNInvalidException", "message": "AccountID in ARN is wrong", "makes_unknown": ["selectors"],
    }]);
    assert_eq!(verdict(member.clone(), "s3://b/", Some(R)), "??");
    let facts = derive(member.clone(), "s3://b/", Some(R));
    assert!(facts.copies[0].coverage.message.contains("CloudTrailARNInvalidException"));
    // It can only add: where another trail covers, all is well.
    member["trails"] = json!([trail, for_all()]);
    assert_eq!(verdict(member, "s3://b/", Some(R)), "YY");
}

#[test]
fn c36_global_service_events_do_not_touch_data_events() {
    let mut trail = for_all();
    trail["include_global_service_events"] = false.into();
    assert_eq!(of_trail(trail), "YY");
}

#[test]
fn c38_validation_is_another_question() {
    let mut trail = for_all();
    trail["log_file_validation_enabled"] = false.into();
    assert_eq!(of_trail(trail), "YY");
}

#[test]
fn a_recorder_that_cannot_matter_is_ignored_and_one_that_can_is_not() {
    let unread = |home: &str, logging: bool| {
        let mut trail = trail();
        trail["trail_arn"] = format!("arn:aws:cloudtrail:{home}:111111111111:trail/t").into();
        trail["home_region"] = home.into();
        trail["event_selectors"] = Value::Null;
        trail["advanced_event_selectors"] = Value::Null;
        trail["status"] = json!({ home: {"is_logging": logging} });
        of_trail(trail)
    };
    assert_eq!(unread("us-east-1", true), "NN");
    assert_eq!(unread("eu-west-1", false), "NN");
    assert_eq!(unread("eu-west-1", true), "??");
}

#[test]
fn what_was_not_seen_is_unknown() {
    let gap = |kind: &str, region: &str, trails: Vec<Value>| {
        let mut snapshot = snapshot(trails);
        snapshot["failures"] = json!([{
            "call": "cloudtrail:DescribeTrails", "account": "111111111111", "region": region,
            "code": "AccessDeniedException", "message": "no", "makes_unknown": [kind],
        }]);
        verdict(snapshot, "s3://b/", Some(R))
    };
    assert_eq!(gap("trails", "eu-west-1", vec![]), "??");
    assert_eq!(gap("trails", "us-east-1", vec![]), "NN");
    assert_eq!(gap("trails", "eu-west-1", vec![for_all()]), "YY");
    let mut outside = snapshot(vec![for_all()]);
    outside["scope"]["regions"] = json!(["us-east-1"]);
    assert_eq!(verdict(outside, "s3://b/", Some(R)), "??");
    assert_eq!(verdict(snapshot(vec![for_all()]), "s3://not-listed/", Some(R)), "??");
}

#[test]
fn c18_an_organization_trail_does_not_cross_partitions() {
    let mut trail = multi_region();
    trail["trail_arn"] = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".into();
    trail["is_organization_trail"] = true.into();
    let mut snapshot = snapshot(vec![trail]);
    snapshot["scope"]["partition"] = "aws-us-gov".into();
    assert_eq!(verdict(snapshot, "s3://b/", Some("arn:aws-us-gov:iam::111111111111:role/R")), "NN");
}

#[test]
fn c20_a_trail_that_is_no_longer_the_organizations_is_its_owners() {
    let mut trail = multi_region();
    trail["trail_arn"] = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".into();
    trail["is_organization_trail"] = true.into();
    assert_eq!(of_trail(trail.clone()), "YY");
    trail["is_organization_trail"] = false.into();
    assert_eq!(of_trail(trail.clone()), "NN");
    trail["is_organization_trail"] = Value::Null;
    assert_eq!(of_trail(trail), "??");
}

#[test]
fn c22_a_trail_made_yesterday_covers_now() {
    // That it says nothing of last week is `access/approved_roles`' to say, which compares the start of logging.
    let mut trail = for_all();
    trail["status"]["eu-west-1"] = json!({"is_logging": true, "start_logging_time": "2026-11-21T07:00:00Z"});
    assert_eq!(of_trail(trail), "YY");
}

/// The verdict where event data stores count as recorders too.
fn with_stores(stores: Value, trails: Vec<Value>) -> Coverage {
    let mut snapshot = snapshot(trails);
    snapshot["event_data_stores"] = stores;
    let snapshot: Snapshot = serde_json::from_value(snapshot_of(snapshot)).unwrap();
    let config = "[scan]\nrecorders = [\"trail\", \"event_data_store\"]\n[[redshift.unload]]\nlocation = \"s3://b/\"\n";
    let facts = facts::derive(&snapshot, &Config::parse("trailcheck.toml".as_ref(), config).unwrap());
    facts.unloads[0].coverage.status
}

fn store(status: &str) -> Value {
    json!({
        "event_data_store_arn": "arn:aws:cloudtrail:us-east-1:111111111111:eventdatastore/e",
        "name": "lake", "status": status, "multi_region_enabled": true, "organization_enabled": false,
        "advanced_event_selectors": [objects(&[])],
    })
}

#[test]
fn c26_an_event_data_store_records_where_it_counts() {
    assert_eq!(with_stores(json!([store("ENABLED")]), vec![]), Coverage::Recorded);
    let mut snapshot = snapshot(vec![]);
    snapshot["event_data_stores"] = json!([store("ENABLED")]);
    assert_eq!(verdict(snapshot, "s3://b/", Some(R)), "NN", "left out of scan.recorders it does not");
    let mut elsewhere = store("ENABLED");
    elsewhere["multi_region_enabled"] = false.into();
    assert_eq!(with_stores(json!([elsewhere]), vec![]), Coverage::Gap);
    assert_eq!(with_stores(Value::Null, vec![]), Coverage::Unknown, "they were not collected");
}

#[test]
fn c28_a_store_that_takes_nothing_in_records_nothing() {
    for status in ["STOPPED_INGESTION", "PENDING_DELETION", "CREATED"] {
        assert_eq!(with_stores(json!([store(status)]), vec![]), Coverage::Gap, "{status}");
    }
}

#[test]
fn c30_a_member_cannot_see_its_organizations_store() {
    let mut organization = multi_region();
    organization["trail_arn"] = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".into();
    organization["is_organization_trail"] = true.into();
    organization["event_selectors"] = json!([basic("All", &[])]);
    assert_eq!(with_stores(json!([]), vec![organization]), Coverage::Unknown);
    assert_eq!(with_stores(json!([]), vec![]), Coverage::Gap);
}

// D. Accounts and identities.

#[test]
fn d2_the_owners_trails_record_everyone() {
    let owner = "222222222222";
    let mut trail = for_all();
    trail["trail_arn"] = format!("arn:aws:cloudtrail:eu-west-1:{owner}:trail/t").into();
    let mut owners = snapshot(vec![trail]);
    owners["caller"]["account"] = owner.into();
    owners["buckets"] = json!([{"name": "b", "region": "eu-west-1", "account": owner}]);
    let mut callers = snapshot(vec![]);
    callers["buckets"] = json!([{"name": "b", "region": "eu-west-1", "account": null}]);
    let mut both = snapshot_of(callers.clone());
    both["accounts"].as_array_mut().unwrap().push(owners);
    assert_eq!(letters(&derive_of(both, "s3://b/", Some(R))), "YY");
    // The caller's trails record its own calls on a foreign bucket; of anyone else's nothing is known.
    callers["trails"] = json!([for_all()]);
    assert_eq!(verdict(callers.clone(), "s3://b/", Some(R)), "YY");
    assert_eq!(verdict(callers.clone(), "s3://b/", None), "??");
    assert_eq!(verdict(callers, "s3://b/", Some("arn:aws:iam::333333333333:role/X")), "??");
}

#[test]
fn d8_a_path_in_the_roles_arn_is_not_in_its_sessions() {
    let session = field("userIdentity.arn", json!({"starts_with": ["arn:aws:sts::111111111111:assumed-role/X/"]}));
    let trail = with_advanced(&[objects(&[session])]);
    let with_path = "arn:aws:iam::111111111111:role/service-role/X";
    assert_eq!(verdict(snapshot(vec![trail.clone()]), "s3://b/", Some(with_path)), "YY");
    // Without its last slash the value is the start of other roles too; with another name it is none of this one's.
    let x2 = "arn:aws:iam::111111111111:role/X2";
    assert_eq!(verdict(snapshot(vec![trail]), "s3://b/", Some(x2)), "NN");
}

#[test]
fn d4_the_last_role_of_a_chain_acts_and_its_account_records() {
    let mut trail = for_all();
    trail["trail_arn"] = "arn:aws:cloudtrail:eu-west-1:222222222222:trail/t".into();
    let mut snapshot = snapshot(vec![trail]);
    snapshot["caller"]["account"] = "222222222222".into();
    snapshot["buckets"] = json!([{"name": "b", "region": "eu-west-1", "account": "222222222222"}]);
    assert_eq!(verdict(snapshot, "s3://b/", Some("arn:aws:iam::222222222222:role/RoleB")), "YY");
}
