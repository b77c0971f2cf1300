//! Configurations that other tools judge wrongly, with the right verdict. A test's name begins with its row.
//!
//! Bucket `b` is in eu-west-1, account 111111111111; `R` is the Redshift role. Verdicts are for reads and for writes: `Y`
//! recorded, `N` a gap, `?` unknown.

use serde_json::{Value, json};
use trailcheck::config::Config;
use trailcheck::facts::{self, Facts};
use trailcheck::snapshot::Snapshot;

const R: &str = "arn:aws:iam::111111111111:role/R";
const OBJECT: &str = "AWS::S3::Object";

/// A logging, single-region trail beside the bucket.
fn trail() -> Value {
    json!({
        "trail_arn": "arn:aws:cloudtrail:eu-west-1:111111111111:trail/t",
        "name": "t",
        "home_region": "eu-west-1",
        "is_multi_region_trail": false,
        "is_organization_trail": false,
        "s3_bucket_name": "logs",
        "event_selectors": [],
        "advanced_event_selectors": [],
        "status": {"eu-west-1": {"is_logging": true}},
    })
}

/// A basic selector.
fn basic(read_write_type: &str, values: &[&str]) -> Value {
    let resources = if values.is_empty() { json!([]) } else { json!([{"type": OBJECT, "values": values}]) };
    json!({"read_write_type": read_write_type, "include_management_events": true, "data_resources": resources})
}

/// One field of an advanced selector.
fn field(name: &str, operators: Value) -> Value {
    let mut field = operators;
    field["field"] = name.into();
    field
}

/// An advanced selector for S3 objects with these further fields.
fn objects(fields: &[Value]) -> Value {
    advanced(&[&[field("resources.type", json!({"equals": [OBJECT]}))], fields].concat())
}

fn advanced(fields: &[Value]) -> Value {
    let category = field("eventCategory", json!({"equals": ["Data"]}));
    let fields = [&[category], fields].concat();
    json!({"name": null, "field_selectors": fields})
}

fn with_basic(selectors: &[Value]) -> Value {
    let mut trail = trail();
    trail["event_selectors"] = selectors.into();
    trail
}

fn with_advanced(selectors: &[Value]) -> Value {
    let mut trail = trail();
    trail["advanced_event_selectors"] = selectors.into();
    trail
}

/// A trail for everything in its region.
fn for_all() -> Value {
    with_basic(&[basic("All", &["arn:aws:s3"])])
}

fn snapshot(trails: Vec<Value>) -> Value {
    json!({
        "schema": "trailcheck/snapshot/v1",
        "collected_at": "2026-11-22T07:00:00Z",
        "caller": {"account": "111111111111", "arn": "arn:aws:iam::111111111111:user/auditor"},
        "scope": {"accounts": ["111111111111"], "regions": ["eu-west-1", "us-east-1"], "partition": "aws"},
        "trails": trails,
        "buckets": [
            {"name": "b", "region": "eu-west-1", "account": "111111111111"},
            {"name": "c", "region": "eu-west-1", "account": "111111111111"},
        ],
        "clusters": [],
        "gaps": [],
    })
}

fn derive(snapshot: Value, location: &str, role: Option<&str>) -> Facts {
    let snapshot: Snapshot = serde_json::from_value(snapshot).unwrap();
    let role = role.map_or(String::new(), |role| format!("role = \"{role}\""));
    let config = format!(
        "[[redshift.copy]]\nlocation = \"{location}\"\n{role}\naccess = \"read\"\n\
         [[redshift.unload]]\nlocation = \"{location}\"\n{role}\naccess = \"write\"\n"
    );
    facts::derive(&snapshot, &Config::parse("trailcheck.toml".as_ref(), &config).unwrap())
}

/// The verdict for reads and for writes.
fn verdict(snapshot: Value, location: &str, role: Option<&str>) -> String {
    let facts = derive(snapshot, location, role);
    let letter = |status: &str| match status {
        "recorded" => 'Y',
        "gap" => 'N',
        "unknown" => '?',
        other => panic!("no such status: {other}"),
    };
    format!("{}{}", letter(facts.copies[0].coverage.status), letter(facts.unloads[0].coverage.status))
}

/// Who touches whole bucket b: the role.
fn of_trail(trail: Value) -> String {
    verdict(snapshot(vec![trail]), "s3://b/", Some(R))
}

fn at(trail: Value, location: &str) -> String {
    verdict(snapshot(vec![trail]), location, Some(R))
}

fn arn(operator: &str, values: &[&str]) -> Value {
    field("resources.ARN", json!({ operator: values }))
}

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
    assert_eq!(of_trail(with_basic(&both[..1])), "YN");
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
        snapshot["scope"] =
            json!({"accounts": ["111111111111"], "regions": ["us-gov-west-1"], "partition": "aws-us-gov"});
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

// C. Trails: state and scope.

fn multi_region() -> Value {
    let mut trail = for_all();
    trail["trail_arn"] = "arn:aws:cloudtrail:us-east-1:111111111111:trail/t".into();
    trail["home_region"] = "us-east-1".into();
    trail["is_multi_region_trail"] = true.into();
    trail["status"] = json!({"us-east-1": {"is_logging": true}, "eu-west-1": {"is_logging": true}});
    trail
}

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
    assert_eq!(facts.copies[0].placement.status, "no_trail");
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
    member["gaps"] = json!([{
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
        snapshot["gaps"] = json!([{
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
fn with_stores(stores: Value, trails: Vec<Value>) -> String {
    let mut snapshot = snapshot(trails);
    snapshot["event_data_stores"] = stores;
    let snapshot: Snapshot = serde_json::from_value(snapshot).unwrap();
    let config = "[scan]\nrecorders = [\"trail\", \"event_data_store\"]\n[[redshift.unload]]\nlocation = \"s3://b/\"\n";
    let facts = facts::derive(&snapshot, &Config::parse("trailcheck.toml".as_ref(), config).unwrap());
    facts.unloads[0].coverage.status.to_owned()
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
    assert_eq!(with_stores(json!([store("ENABLED")]), vec![]), "recorded");
    let mut snapshot = snapshot(vec![]);
    snapshot["event_data_stores"] = json!([store("ENABLED")]);
    assert_eq!(verdict(snapshot, "s3://b/", Some(R)), "NN", "left out of scan.recorders it does not");
    let mut elsewhere = store("ENABLED");
    elsewhere["multi_region_enabled"] = false.into();
    assert_eq!(with_stores(json!([elsewhere]), vec![]), "gap");
    assert_eq!(with_stores(Value::Null, vec![]), "unknown", "they were not collected");
}

#[test]
fn c28_a_store_that_takes_nothing_in_records_nothing() {
    for status in ["STOPPED_INGESTION", "PENDING_DELETION", "CREATED"] {
        assert_eq!(with_stores(json!([store(status)]), vec![]), "gap", "{status}");
    }
}

#[test]
fn c30_a_member_cannot_see_its_organizations_store() {
    let mut organization = multi_region();
    organization["trail_arn"] = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org".into();
    organization["is_organization_trail"] = true.into();
    organization["event_selectors"] = json!([basic("All", &[])]);
    assert_eq!(with_stores(json!([]), vec![organization]), "unknown");
    assert_eq!(with_stores(json!([]), vec![]), "gap");
}

// D. Accounts and identities.

#[test]
fn d2_the_owners_trails_record_everyone() {
    let owner = "222222222222";
    let mut trail = for_all();
    trail["trail_arn"] = format!("arn:aws:cloudtrail:eu-west-1:{owner}:trail/t").into();
    let mut snapshot = snapshot(vec![trail.clone()]);
    snapshot["scope"]["accounts"] = json!(["111111111111", owner]);
    snapshot["buckets"] = json!([{"name": "b", "region": "eu-west-1", "account": owner}]);
    assert_eq!(verdict(snapshot.clone(), "s3://b/", Some(R)), "YY");
    // The caller's trails record its own calls on a foreign bucket; of anyone else's nothing is known.
    snapshot["trails"] = json!([for_all()]);
    snapshot["scope"]["accounts"] = json!(["111111111111"]);
    snapshot["buckets"] = json!([{"name": "b", "region": "eu-west-1", "account": null}]);
    assert_eq!(verdict(snapshot.clone(), "s3://b/", Some(R)), "YY");
    assert_eq!(verdict(snapshot.clone(), "s3://b/", None), "??");
    assert_eq!(verdict(snapshot, "s3://b/", Some("arn:aws:iam::333333333333:role/X")), "??");
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
    snapshot["scope"]["accounts"] = json!(["222222222222"]);
    snapshot["buckets"] = json!([{"name": "b", "region": "eu-west-1", "account": "222222222222"}]);
    assert_eq!(verdict(snapshot, "s3://b/", Some("arn:aws:iam::222222222222:role/RoleB")), "YY");
}

// What a verdict is made of.

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
    assert_eq!(twice.status, "twice");
    assert!(twice.message.contains("t and second both record"), "{}", twice.message);
    // Reads here and writes there are no duplicates.
    second["event_selectors"] = json!([basic("ReadOnly", &["arn:aws:s3"])]);
    assert_eq!(of(with_basic(&[basic("WriteOnly", &["arn:aws:s3"])]), second.clone()).status, "once");
    second["event_selectors"] = Value::Null;
    assert_eq!(of(for_all(), second).status, "unknown");
}

#[test]
fn dead_selectors_are_told_with_their_reason() {
    let of = |trail: Value| {
        let mut snapshot = snapshot(vec![trail]);
        let elsewhere = json!({"name": "far", "region": "us-east-1", "account": "111111111111"});
        snapshot["buckets"].as_array_mut().unwrap().push(elsewhere);
        derive(snapshot, "s3://b/", Some(R)).trails[0].selectors.clone()
    };
    let get = |operators: Value| field("eventName", operators);
    for (trail, reason) in [
        (with_basic(&[basic("All", &["arn:aws:s3:::far/"])]), "names a bucket of us-east-1"),
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
        assert_eq!(told.status, "dead", "{reason}: {}", told.message);
        assert!(told.message.contains(reason), "{reason}: {}", told.message);
    }
    for live in [
        for_all(),
        with_basic(&[basic("All", &["arn:aws:s3:::b/", "arn:aws:s3:::of-unknown-region/"]), basic("All", &[])]),
        with_advanced(&[objects(&[arn("ends_with", &[".csv"])])]),
        with_advanced(&[objects(&[arn("equals", &["arn:aws:s3:::b/x"])])]),
        with_advanced(&[advanced(&[field("resources.type", json!({"equals": ["AWS::Lambda::Function"]}))])]),
    ] {
        let told = of(live);
        assert_eq!(told.status, "live", "{}", told.message);
    }
    assert_eq!(of(with_advanced(&[advanced(&[])])).status, "unknown");
}
