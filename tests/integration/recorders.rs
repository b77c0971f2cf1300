//! What a trail or a store records and shows, and what it does not.

use serde_json::{Value, json};
use trailcheck::aws::timestamp::Timestamp;
use trailcheck::coverage::recorder::{Effect, Recorder, Scene};
use trailcheck::facts::judgement::Placement;
use trailcheck::snapshot::{Channel, EventDataStore};

use crate::account::{self, *};
use crate::evidence;
use crate::program::{finding, outcome};

/// What a failed call leaves unknown.
fn failure(call: &str, region: &str, resource: Option<&str>, kind: &str) -> Value {
    json!({"call": call, "account": "111111111111", "region": region, "resource": resource, "code": "AccessDeniedException",
        "message": "no", "makes_unknown": [kind]})
}

/// What CloudTrail itself writes to the trail's own log bucket is not recorded where RecursiveLogging is off.
#[test]
fn a_trail_that_leaves_out_its_own_deliveries_does_not_record_all() {
    let of = |recursive: Value, location: &str, role: Option<&str>| {
        let mut trail = for_all();
        trail["recursive_logging"] = recursive;
        let mut fields = snapshot(vec![trail]);
        let logs = json!({"name": "logs", "region": "eu-west-1", "account": "111111111111"});
        fields["buckets"].as_array_mut().unwrap().push(logs);
        verdict(fields, location, role)
    };
    assert_eq!(of(json!(false), "s3://logs/", None), "Y?");
    assert_eq!(of(json!(false), "s3://logs/in/", None), "Y?");
    assert_eq!(of(json!(true), "s3://logs/", None), "YY");
    assert_eq!(of(json!(false), "s3://b/", None), "YY", "it delivers nothing there");
    assert_eq!(of(json!(false), "s3://logs/", Some(R)), "YY", "a role is not CloudTrail");
}

/// AWS documents one value in a selector.
#[test]
fn several_types_in_one_selector_are_not_understood() {
    let of = |types: &[&str]| {
        of_trail(with_advanced(&[account::advanced(&[field("resources.type", json!({ "equals": types }))])]))
    };
    assert_eq!(of(&[OBJECT]), "YY");
    assert_eq!(of(&["AWS::Lambda::Function", OBJECT]), "??");
    assert_eq!(of(&[OBJECT, "AWS::Lambda::Function"]), "??");
    assert_eq!(of(&["AWS::Lambda::Function"]), "NN");
}

/// Beside a trail that records all, one of another region names the bucket, where it can never match.
#[test]
fn a_trail_that_could_not_be_read_may_name_the_bucket_in_vain() {
    let mut dead = with_basic(&[basic("All", &["arn:aws:s3:::b/"])]);
    let arn = "arn:aws:cloudtrail:us-east-1:111111111111:trail/dead";
    dead["trail_arn"] = arn.into();
    dead["name"] = "dead".into();
    dead["home_region"] = "us-east-1".into();
    dead["status"] = json!({"us-east-1": {"is_logging": true}});
    let placed = |trails: &[&Value], failures: Vec<Value>| {
        let mut fields = snapshot(trails.iter().map(|trail| (*trail).clone()).collect());
        fields["failures"] = failures.into();
        let facts = derive(fields, "s3://b/", None);
        assert_eq!(letters(&facts), "YY");
        facts.unloads[0].placement.status
    };
    let whole = for_all();
    assert_eq!(placed(&[&whole], vec![]), Placement::Aligned);
    assert_eq!(placed(&[&whole, &dead], vec![]), Placement::DeadSelector);
    // The same trail, where its selectors were refused, and where the trails of its region were.
    let mut unread = dead.clone();
    unread["event_selectors"] = Value::Null;
    unread["advanced_event_selectors"] = Value::Null;
    let refused = failure("cloudtrail:GetEventSelectors", "us-east-1", Some(arn), "selectors");
    assert_eq!(placed(&[&whole, &unread], vec![refused]), Placement::Unknown);
    assert_eq!(placed(&[&whole, &unread], vec![]), Placement::Unknown);
    let unseen = failure("cloudtrail:DescribeTrails", "us-east-1", None, "trails");
    assert_eq!(placed(&[&whole], vec![unseen]), Placement::Unknown);
}

/// Whether failing deliveries are still tried again is a matter of their age.
#[test]
fn by_a_wrong_clock_no_age_is_known() {
    let mut trail = for_all();
    trail["status"]["eu-west-1"]["latest_delivery_error"] = "NoSuchBucket".into();
    trail["status"]["eu-west-1"]["latest_delivery_time"] = "2026-11-20T00:00:00Z".into();
    let mut fields = snapshot(vec![trail]);
    assert_eq!(verdict(fields.clone(), "s3://b/", None), "YY");
    fields["failures"] = json!([failure("this machine's clock", "eu-west-1", None, "clock")]);
    let facts = derive(fields.clone(), "s3://b/", None);
    assert_eq!((letters(&facts).as_str(), facts.unloads[0].placement.status), ("??", Placement::Unknown));
    // Where nothing fails, no age matters.
    fields["trails"] = json!([for_all()]);
    assert_eq!(verdict(fields, "s3://b/", None), "YY");
}

/// Of a chain of roles the last one acts, and by its name it is recorded.
#[test]
fn a_chain_of_roles_is_recorded_by_its_last() {
    let (first, last) = ("arn:aws:iam::111111111111:role/first", "arn:aws:iam::111111111111:role/last");
    let recorded = |of: &str, role: &str| {
        let session = format!("arn:aws:sts::111111111111:assumed-role/{of}/");
        let trail = with_advanced(&[objects(&[field("userIdentity.arn", json!({"starts_with": [session]}))])]);
        verdict(snapshot(vec![trail]), "s3://b/", Some(role))
    };
    let chain = format!("{first},{last}");
    assert_eq!((recorded("last", &chain).as_str(), recorded("first", &chain).as_str()), ("YY", "NN"));
    assert_eq!((recorded("last", first).as_str(), recorded("first", first).as_str()), ("NN", "YY"));
}

/// A day of which a trail recorded and shows everything, where stores were asked for too.
fn beside_a_store(stores: Value, failures: Value, trail_sees: &str) -> Vec<String> {
    let mut fields = account::complete("s3://load/in/");
    fields["trails"][0]["event_selectors"] = json!([basic("All", &[trail_sees])]);
    fields["event_data_stores"] = stores;
    fields["failures"] = failures;
    let config = "[scan]\nrecorders = [\"trail\", \"event_data_store\"]\n[[access]]\nlocation = \"s3://load/in/\"\n";
    let report = evidence::check(&fields, config);
    let policies = ["access/approved_roles", "access/foreign_account", "access/no_long_lived_keys"];
    policies.iter().map(|policy| outcome(&report, policy, "s3://load/in/").to_owned()).collect()
}

/// A store can only add to what a trail shows, whatever is or is not known of it; alone it shows nothing.
#[test]
fn a_store_beside_a_trail_that_shows_all_raises_no_doubt() {
    let store = |arn_starts: &str| {
        let selector = objects(&[arn("starts_with", &[arn_starts])]);
        json!({"event_data_store_arn": "arn:aws:cloudtrail:eu-west-1:111111111111:eventdatastore/lake", "name": "lake",
            "status": "ENABLED", "multi_region_enabled": true, "organization_enabled": false,
            "advanced_event_selectors": [selector]})
    };
    let (elsewhere, everything) = (store("arn:aws:s3:::elsewhere/"), store("arn:aws:s3:::"));
    let mut untold = elsewhere.clone();
    untold["status"] = Value::Null;
    untold["advanced_event_selectors"] = Value::Null;
    let denied = json!([failure("cloudtrail:ListEventDataStores", "eu-west-1", None, "event_data_stores")]);
    for (stores, failures) in [(json!([elsewhere]), json!([])), (json!([untold]), json!([])), (Value::Null, denied)] {
        let told = beside_a_store(stores.clone(), failures, "arn:aws:s3:::load/");
        assert_eq!(told, ["pass", "pass", "pass"], "{stores}");
    }
    let alone = beside_a_store(json!([everything]), json!([]), "arn:aws:s3:::other/");
    assert_eq!(alone, ["unknown", "unknown", "unknown"]);
}

/// Digests that do not arrive leave nothing to compare log files with.
#[test]
fn digests_that_are_not_delivered_are_a_failing_delivery() {
    let told = |error: &str, validation: Value| {
        let mut fields = evidence::complete();
        fields["trails"][0]["status"]["eu-west-1"]["latest_digest_delivery_error"] = error.into();
        fields["trails"][0]["log_file_validation_enabled"] = validation;
        finding(&evidence::check(&fields, evidence::CONFIG), "trail/logging", ALL).clone()
    };
    let failing = told("AccessDenied", json!(true));
    assert_eq!(failing["outcome"], "fail");
    assert!(
        failing["message"].as_str().unwrap().contains("its digests fail in eu-west-1 with AccessDenied"),
        "{failing}"
    );
    assert_eq!(told("AccessDenied", Value::Null)["outcome"], "fail");
    assert_eq!(told("AccessDenied", json!(false))["outcome"], "pass", "it writes none");
}

/// That it delivers is said where it did.
#[test]
fn a_trail_that_never_delivered_is_not_said_to_deliver() {
    let told = |last: Value| {
        let mut fields = evidence::complete();
        fields["trails"][0]["status"]["eu-west-1"]["latest_delivery_time"] = last;
        let report = evidence::check(&fields, evidence::CONFIG);
        finding(&report, "trail/logging", ALL)["message"].as_str().unwrap().to_owned()
    };
    assert!(told(json!("2026-11-22T11:50:00Z")).contains("its latest delivery was at 2026-11-22T11:50:00Z"));
    let never = told(Value::Null);
    assert!(never.contains("of a delivery nothing is told") && !never.contains("latest delivery was"), "{never}");
}

/// An ARN without an account is nobody's: what it records is not known, and it is not another account's.
#[test]
fn a_recorder_whose_arn_names_no_account_is_unknown() {
    let scene = Scene {
        partition: "aws",
        region: "eu-west-1",
        account: "111111111111",
        at: Timestamp::parse("2026-11-22T12:00:00Z").unwrap(),
    };
    let store = EventDataStore {
        event_data_store_arn: "arn:aws:cloudtrail:eu-west-1::eventdatastore/lake".to_owned(),
        status: Some("ENABLED".to_owned()),
        organization_enabled: Some(false),
        multi_region_enabled: Some(true),
        ..EventDataStore::default()
    };
    let channel = Channel {
        channel_arn: "arn:aws:cloudtrail:eu-west-1::channel/c".to_owned(),
        source: Some("CloudTrail".to_owned()),
        apply_to_all_regions: Some(true),
        ..Channel::default()
    };
    for recorder in [Recorder::of_event_data_store(&store, scene), Recorder::of_channel(&channel, scene)] {
        assert!(matches!(recorder.effect, Effect::Unknown(_)), "{recorder:?}");
    }
}
