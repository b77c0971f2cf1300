//! What a verdict brings along: the fix of a gap, what is recorded twice, what is dead.

use serde_json::{Value, json};
use trailcheck::facts::judgement::{Duplicates, Selectors};

use crate::account::*;

#[test]
fn a_gap_comes_with_the_smallest_change_that_closes_it() {
    let fix = |trail: Value| {
        let facts = derive(snapshot(vec![trail]), "s3://b/unload/", Some(R));
        facts.unloads[0].coverage.evidence["fix"].clone()
    };
    let read_only = fix(with_basic(&[basic("ReadOnly", &["arn:aws:s3:::b/"])]));
    assert_eq!(
        read_only["input"],
        json!({"TrailName": "arn:aws:cloudtrail:eu-west-1:111111111111:trail/t", "EventSelectors": [
            {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": true, "ExcludeManagementEventSources": [],
             "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"]}]},
            {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": false, "ExcludeManagementEventSources": [],
             "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/unload/"]}]},
        ]})
    );
    assert_eq!(read_only["home_region"], "eu-west-1");
    let only_csv = fix(with_advanced(&[objects(&[arn("ends_with", &[".csv"])])]));
    let selectors = only_csv["input"]["AdvancedEventSelectors"].as_array().unwrap();
    assert_eq!(selectors.len(), 2, "what is there stays: {only_csv}");
    assert_eq!(selectors[0]["FieldSelectors"][2], json!({"Field": "resources.ARN", "EndsWith": [".csv"]}));
    assert_eq!(selectors[1]["FieldSelectors"][2], json!({"Field": "readOnly", "Equals": ["false"]}));
    assert_eq!(
        selectors[1]["FieldSelectors"][3],
        json!({"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::b/unload/"]})
    );
    // No change of selectors helps a trail of another region, a stopped one, or one that is full.
    let mut elsewhere = for_all();
    elsewhere["home_region"] = "us-east-1".into();
    assert!(fix(elsewhere)["needs"].as_str().unwrap().contains("a trail in effect in eu-west-1"));
    let values: Vec<String> = (0..249).map(|n| format!("arn:aws:s3:::x{n}/")).collect();
    let mut values: Vec<&str> = values.iter().map(String::as_str).collect();
    assert!(fix(with_basic(&[basic("WriteOnly", &values)]))["input"].is_object());
    values.push("arn:aws:s3:::y/");
    assert!(fix(with_basic(&[basic("WriteOnly", &values)]))["needs"].as_str().unwrap().contains("another trail"));
    let full = vec![basic("ReadOnly", &["arn:aws:s3:::c/"]); 5];
    assert!(fix(with_basic(&full))["needs"].as_str().unwrap().contains("another trail"));
    // Five selectors, and a value in one that records more than is asked.
    let mut roomy = full;
    roomy[2] = basic("All", &["arn:aws:s3:::c/"]);
    let values = fix(with_basic(&roomy))["input"]["EventSelectors"][2]["DataResources"][0]["Values"].clone();
    assert_eq!(values, json!(["arn:aws:s3:::c/", "arn:aws:s3:::b/unload/"]));
    // What AWS would refuse the call for is taken out, and with it a selector that is left with nothing.
    let mut useless = basic("WriteOnly", &["arn:aws:s3:::b", "arn:aws:s3:::/"]);
    useless["include_management_events"] = false.into();
    let cleaned = fix(with_basic(&[useless, basic("ReadOnly", &["arn:aws:s3:::b/"])]));
    let kinds: Vec<&Value> =
        cleaned["input"]["EventSelectors"].as_array().unwrap().iter().map(|s| &s["ReadWriteType"]).collect();
    assert_eq!(kinds, ["ReadOnly", "WriteOnly"], "{cleaned}");
    // The default selector, which shows as none, records all management events; so it must be sent along.
    let selectors = fix(with_basic(&[]))["input"]["EventSelectors"].clone();
    assert_eq!(
        (&selectors[0]["ReadWriteType"], &selectors[0]["IncludeManagementEvents"]),
        (&json!("All"), &json!(true))
    );
    assert_eq!(selectors[1]["ReadWriteType"], "WriteOnly", "{selectors}");
    let conditions: Vec<String> = (0..496).map(|n| format!("arn:aws:s3:::x{n}/")).collect();
    let conditions: Vec<&str> = conditions.iter().map(String::as_str).collect();
    assert!(fix(with_advanced(&[objects(&[arn("starts_with", &conditions)])]))["needs"].is_string());
}

#[test]
fn what_is_recorded_twice_is_said() {
    let mut second = for_all();
    second["trail_arn"] = "arn:aws:cloudtrail:eu-west-1:111111111111:trail/second".into();
    second["name"] = "second".into();
    let of =
        |one: Value, other: Value| derive(snapshot(vec![one, other]), "s3://b/", Some(R)).unloads[0].duplicates.clone();
    let twice = of(for_all(), second.clone());
    assert_eq!(twice.status, Duplicates::Twice);
    assert!(twice.message.contains("t and second both record"), "{}", twice.message);
    // Reads here and writes there are no duplicates.
    second["event_selectors"] = json!([basic("ReadOnly", &["arn:aws:s3"])]);
    assert_eq!(of(with_basic(&[basic("WriteOnly", &["arn:aws:s3"])]), second.clone()).status, Duplicates::Once);
    second["event_selectors"] = Value::Null;
    assert_eq!(of(for_all(), second).status, Duplicates::Unknown);
}

#[test]
fn dead_selectors_are_told_with_their_reason() {
    let of = |trail: Value| {
        let mut snapshot = snapshot(vec![trail]);
        let elsewhere = json!({"name": "far", "region": "us-east-1", "account": "111111111111"});
        let gone = json!({"name": "gone", "region": null, "account": null, "is_missing": true});
        snapshot["buckets"].as_array_mut().unwrap().extend([elsewhere, gone]);
        derive(snapshot, "s3://b/", Some(R)).trails[0].selectors.clone()
    };
    let get = |operators: Value| field("eventName", operators);
    for (trail, reason) in [
        (with_basic(&[basic("All", &["arn:aws:s3:::far/"])]), "names a bucket of us-east-1"),
        (with_basic(&[basic("All", &["arn:aws:s3:::b/", "arn:aws:s3:::gone/"])]), "names a bucket that there is not"),
        (with_basic(&[basic("All", &["arn:aws:s3:::b"])]), "AWS refuses the value"),
        (with_advanced(&[objects(&[arn("equals", &["arn:aws:s3:::b"])])]), "has no slash"),
        (with_advanced(&[objects(&[arn("starts_with", &["arn:aws:s3:::far/x"])])]), "names a bucket of us-east-1"),
        (
            with_advanced(&[objects(&[get(json!({"starts_with": ["Get"], "not_starts_with": ["G"]}))])]),
            "exclude each other",
        ),
        (
            with_advanced(&[objects(&[
                arn("equals", &["arn:aws:s3:::b/x"]),
                field("readOnly", json!({"equals": ["maybe"]})),
            ])]),
            "exclude each other",
        ),
        (
            with_advanced(&[objects(&[field("eventSource", json!({"equals": ["redshift.amazonaws.com"]}))])]),
            "exclude each other",
        ),
        (
            with_advanced(&[objects(&[field(
                "resources.ARN",
                json!({"starts_with": ["arn:aws:s3:::b/x"], "not_starts_with": ["arn:aws:s3:::b/"]}),
            )])]),
            "exclude each other",
        ),
    ] {
        let told = of(trail);
        assert_eq!(told.status, Selectors::Dead, "{reason}: {}", told.message);
        assert!(told.message.contains(reason), "{reason}: {}", told.message);
    }
    for live in [
        for_all(),
        with_basic(&[basic("All", &["arn:aws:s3:::b/"]), basic("All", &[])]),
        with_advanced(&[objects(&[arn("ends_with", &[".csv"])])]),
        with_advanced(&[objects(&[arn("equals", &["arn:aws:s3:::b/x"])])]),
        with_advanced(&[advanced(&[field("resources.type", json!({"equals": ["AWS::Lambda::Function"]}))])]),
    ] {
        let told = of(live);
        assert_eq!(told.status, Selectors::Live, "{}", told.message);
    }
    assert_eq!(of(with_advanced(&[advanced(&[])])).status, Selectors::Unknown);
    // What is not known of the bucket or the trail is no life.
    let nowhere = with_basic(&[basic("All", &["arn:aws:s3:::of-unknown-region/"])]);
    assert_eq!(of(nowhere).status, Selectors::Unknown);
    let mut untold = with_basic(&[basic("All", &["arn:aws:s3:::far/"])]);
    untold["is_multi_region_trail"] = Value::Null;
    assert_eq!(of(untold.clone()).status, Selectors::Unknown);
    untold["is_multi_region_trail"] = true.into();
    assert_eq!(of(untold).status, Selectors::Live);
}

/// An example of a principal is one that can be, also beside the names that a selector excludes.
#[test]
fn a_witness_is_a_principal_that_can_be() {
    let whole = "arn:aws:sts::111111111111:assumed-role/scanner";
    for (operator, excluded) in [
        ("not_starts_with", whole),
        ("not_equals", whole),
        ("not_ends_with", whole),
        ("not_ends_with", "/RedshiftIamRoleSession"),
    ] {
        let trail = with_advanced(&[objects(&[field("userIdentity.arn", json!({operator: [excluded]}))])]);
        let facts = derive(snapshot(vec![trail]), "s3://b/", None);
        let coverage = &facts.unloads[0].coverage;
        let who = coverage.evidence["witness"]["user_identity_arn"].as_str().unwrap_or_default();
        let is_one = who.matches("arn:").count() == 1 && who.matches('/').count() <= 2;
        assert!(is_one, "{operator} {excluded}: {}", coverage.message);
    }
}
