//! Configurations that other tools judge wrongly, with the right verdict: selectors. A test's name begins with its row.

use serde_json::json;
use trailcheck::config::Config;

use crate::account::*;

// A. Basic selectors.

#[test]
fn a2_the_value_that_cdk_writes_means_all_buckets() {
    assert_eq!(of_trail(with_basic(&[basic("All", &["arn:aws:s3:::"])])), "YY");
    assert_eq!(of_trail(for_all()), "YY");
}

#[test]
fn a4_a_bucket_without_slash_is_invalid() {
    assert_eq!(of_trail(with_basic(&[basic("All", &["arn:aws:s3:::b"])])), "NN");
    let facts = derive(snapshot(vec![with_basic(&[basic("All", &["arn:aws:s3:::b"])])]), "s3://b/", Some(R));
    assert!(facts.unloads[0].coverage.message.contains("invalid value"), "{}", facts.unloads[0].coverage.message);
}

#[test]
fn a6_a_shorter_prefix_covers_a_longer_one() {
    let trail = with_basic(&[basic("All", &["arn:aws:s3:::b/unload"])]);
    assert_eq!(at(trail.clone(), "s3://b/unload/x_"), "YY");
    assert_eq!(at(trail, "s3://b/"), "NN");
}

#[test]
fn a8_one_partition_is_not_the_location() {
    assert_eq!(at(with_basic(&[basic("All", &["arn:aws:s3:::b/unload/year=2026/"])]), "s3://b/unload/"), "NN");
}

#[test]
fn a10_a_star_is_a_star() {
    for value in ["arn:aws:s3:::*", "arn:aws:s3:::*/*", "arn:aws:s3:::b/*"] {
        assert_eq!(of_trail(with_basic(&[basic("All", &[value])])), "NN", "{value}");
    }
}

#[test]
fn a12_reads_and_writes_may_come_from_two_selectors() {
    let both = [basic("ReadOnly", &["arn:aws:s3:::b/"]), basic("WriteOnly", &["arn:aws:s3:::b/"])];
    assert_eq!(of_trail(with_basic(&both)), "YY");
    let facts = derive(snapshot(vec![with_basic(&both)]), "s3://b/", Some(R));
    assert_eq!(
        facts.copies[0].coverage.evidence["recorded_by"],
        // A copy reads its source, and is no ReadOnly event.
        json!([
            {"recorder": "t", "selector": "event selector 1", "records": "some events"},
            {"recorder": "t", "selector": "event selector 2", "records": "some events"},
        ])
    );
    assert_eq!(of_trail(with_basic(&both[..1])), "NN");
    assert_eq!(of_trail(with_basic(&both[1..])), "NY");
}

#[test]
fn a14_all_without_data_resources_is_nothing() {
    assert_eq!(of_trail(with_basic(&[basic("All", &[])])), "NN");
}

#[test]
fn a16_the_partition_is_the_trails_own() {
    let gov = |value: &str| {
        let mut trail = with_basic(&[basic("All", &[value])]);
        trail["trail_arn"] = "arn:aws-us-gov:cloudtrail:us-gov-west-1:111111111111:trail/t".into();
        trail["home_region"] = "us-gov-west-1".into();
        trail["status"] = json!({"us-gov-west-1": {"is_logging": true}});
        let mut snapshot = snapshot(vec![trail]);
        snapshot["scope"] = json!({"regions": ["us-gov-west-1"], "partition": "aws-us-gov"});
        snapshot["buckets"] = json!([{"name": "b", "region": "us-gov-west-1", "account": "111111111111"}]);
        verdict(snapshot, "s3://b/", Some("arn:aws-us-gov:iam::111111111111:role/R"))
    };
    assert_eq!(gov("arn:aws-us-gov:s3"), "YY");
    assert_eq!(gov("arn:aws-us-gov:s3:::b/"), "YY");
    assert_eq!(gov("arn:aws:s3"), "NN");
}

#[test]
fn a18_excluded_management_sources_do_not_touch_data_events() {
    let mut selector = basic("All", &["arn:aws:s3"]);
    selector["exclude_management_event_sources"] = json!(["kms.amazonaws.com"]);
    assert_eq!(of_trail(with_basic(&[selector])), "YY");
}

// B. Advanced selectors.

#[test]
fn b2_writes_only() {
    assert_eq!(of_trail(with_advanced(&[objects(&[field("readOnly", json!({"equals": ["false"]}))])])), "NY");
}

#[test]
fn b4_starts_with_the_bucket() {
    assert_eq!(of_trail(with_advanced(&[objects(&[arn("starts_with", &["arn:aws:s3:::b/"])])])), "YY");
}

#[test]
fn b6_one_key_is_not_the_bucket() {
    assert_eq!(of_trail(with_advanced(&[objects(&[arn("equals", &["arn:aws:s3:::b/data.csv"])])])), "NN");
}

#[test]
fn b8_starts_with_every_bucket() {
    assert_eq!(of_trail(with_advanced(&[objects(&[arn("starts_with", &["arn:aws:s3:::"])])])), "YY");
}

#[test]
fn b10_all_but_another_bucket() {
    let trail = with_advanced(&[objects(&[arn("not_starts_with", &["arn:aws:s3:::b/"])])]);
    assert_eq!(at(trail.clone(), "s3://c/"), "YY");
    assert_eq!(at(trail, "s3://b/"), "NN");
}

#[test]
fn b12_two_select_operators_in_one_field_are_alternatives() {
    let both = field("resources.ARN", json!({"starts_with": ["arn:aws:s3:::b/"], "ends_with": [".csv"]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[both])])), "YY");
    let ends = field("resources.ARN", json!({"ends_with": [".csv"]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[ends])])), "NN");
}

#[test]
fn b14_an_exclusion_wins_where_it_matches() {
    let but_tmp =
        field("resources.ARN", json!({"starts_with": ["arn:aws:s3:::b/"], "not_starts_with": ["arn:aws:s3:::b/tmp/"]}));
    let trail = with_advanced(&[objects(&[but_tmp])]);
    assert_eq!(at(trail.clone(), "s3://b/tmp/"), "NN");
    assert_eq!(at(trail.clone(), "s3://b/unload/"), "YY");
    assert_eq!(at(trail, "s3://b/"), "NN");
}

#[test]
fn b16_a_list_of_names_is_never_all_of_them() {
    let names = field("eventName", json!({"equals": ["GetObject", "PutObject", "DeleteObject"]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[names])])), "NN");
}

#[test]
fn b18_all_but_get_object() {
    let names = field("eventName", json!({"not_equals": ["GetObject"]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[names])])), "NY");
}

#[test]
fn b20_list_objects_v2_is_recorded_as_list_objects() {
    let names = field("eventName", json!({"equals": ["ListObjectsV2"]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[names])])), "NN");
}

#[test]
fn b22_access_points_are_not_objects() {
    let selector = advanced(&[field("resources.type", json!({"equals": ["AWS::S3::AccessPoint"]}))]);
    assert_eq!(of_trail(with_advanced(&[selector])), "NN");
}

#[test]
fn b24_copy_through_an_alias_is_judged_at_its_bucket() {
    assert_eq!(of_trail(with_advanced(&[objects(&[])])), "YY");
    let config = "[[redshift.copy]]\nlocation = \"s3://ap-0123abc-s3alias/\"\n";
    let refused = Config::parse("trailcheck.toml".as_ref(), config).unwrap_err().to_string();
    assert!(refused.contains("line 2") && refused.contains("with the bucket behind it"), "{refused}");
}

#[test]
fn b26_network_activity_is_not_data() {
    let category = field("eventCategory", json!({"equals": ["NetworkActivity"]}));
    let selector = json!({"name": null, "field_selectors": [
        category, field("eventSource", json!({"equals": ["s3.amazonaws.com"]})),
    ]});
    let mut selector = selector;
    selector["field_selectors"].as_array_mut().unwrap().push(field("resources.type", json!({"equals": [OBJECT]})));
    assert_eq!(of_trail(with_advanced(&[selector])), "NN");
}

#[test]
fn b28_a_session_is_never_called_by_its_roles_arn() {
    let not_the_role = field("userIdentity.arn", json!({"not_equals": [R]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[not_the_role])])), "YY");
    let the_role = field("userIdentity.arn", json!({"equals": [R]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[the_role])])), "NN");
}

#[test]
fn b30_an_exclusion_by_session_name_excludes_redshift() {
    let excluded = field("userIdentity.arn", json!({"not_ends_with": ["/RedshiftIamRoleSession"]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[excluded])])), "NN");
}

#[test]
fn b32_redshift_is_not_the_console() {
    let not_console = field("sessionCredentialFromConsole", json!({"not_equals": ["true"]}));
    let trail = with_advanced(&[objects(&[not_console])]);
    assert_eq!(of_trail(trail.clone()), "YY");
    assert_eq!(verdict(snapshot(vec![trail]), "s3://b/", None), "NN");
}

#[test]
fn b34_redshift_is_no_service_event() {
    let service = field("eventType", json!({"equals": ["AwsServiceEvent"]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[service])])), "NN");
}

#[test]
fn b36_the_source_of_an_s3_event_is_s3() {
    let redshift = field("eventSource", json!({"equals": ["redshift.amazonaws.com"]}));
    assert_eq!(of_trail(with_advanced(&[objects(&[redshift])])), "NN");
}

#[test]
fn b38_a_selector_without_its_required_fields_is_unknown() {
    assert_eq!(of_trail(with_advanced(&[advanced(&[])])), "??");
    let no_category = json!({"name": null, "field_selectors": [field("resources.type", json!({"equals": [OBJECT]}))]});
    assert_eq!(of_trail(with_advanced(&[no_category])), "??");
}

#[test]
fn b40_both_kinds_of_selectors_are_unknown() {
    let mut trail = for_all();
    trail["advanced_event_selectors"] = json!([objects(&[])]);
    assert_eq!(of_trail(trail), "??");
}

#[test]
fn an_unknown_field_operator_or_two_entries_are_unknown_until_something_else_covers() {
    for strange in [
        field("vpcEndpointId", json!({"equals": ["vpce-1"]})),
        field("someNewField", json!({"equals": ["x"]})),
        field("eventName", json!({"matches": ["Get*"]})),
        field("readOnly", json!({"not_equals": ["true"]})),
        field("eventName", json!({})),
    ] {
        assert_eq!(of_trail(with_advanced(&[objects(std::slice::from_ref(&strange))])), "??", "{strange}");
        assert_eq!(of_trail(with_advanced(&[objects(&[strange]), objects(&[])])), "YY");
    }
    let twice = [arn("starts_with", &["arn:aws:s3:::b/"]), arn("ends_with", &[".csv"])];
    assert_eq!(of_trail(with_advanced(&[objects(&twice)])), "??");
}
