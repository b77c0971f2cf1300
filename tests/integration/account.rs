//! Accounts for tests of verdicts, made from JSON.
//!
//! Bucket `b` is in eu-west-1, account 111111111111; `R` is the Redshift role. Verdicts are for reads and for writes: `Y`
//! recorded, `N` a gap, `?` unknown.

use serde_json::{Value, json};
use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::facts::input::Facts;
use trailcheck::facts::judgement::Coverage;
use trailcheck::snapshot::Snapshot;

pub const R: &str = "arn:aws:iam::111111111111:role/R";
pub const OBJECT: &str = "AWS::S3::Object";

/// A logging, single-region trail beside the bucket.
pub fn trail() -> Value {
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
pub fn basic(read_write_type: &str, values: &[&str]) -> Value {
    let resources = if values.is_empty() { json!([]) } else { json!([{"type": OBJECT, "values": values}]) };
    json!({"read_write_type": read_write_type, "include_management_events": true, "data_resources": resources})
}

/// One field of an advanced selector.
pub fn field(name: &str, operators: Value) -> Value {
    let mut field = operators;
    field["field"] = name.into();
    field
}

/// An advanced selector for S3 objects with these further fields.
pub fn objects(fields: &[Value]) -> Value {
    advanced(&[&[field("resources.type", json!({"equals": [OBJECT]}))], fields].concat())
}

pub fn advanced(fields: &[Value]) -> Value {
    let category = field("eventCategory", json!({"equals": ["Data"]}));
    let fields = [&[category], fields].concat();
    json!({"name": null, "field_selectors": fields})
}

pub fn with_basic(selectors: &[Value]) -> Value {
    let mut trail = trail();
    trail["event_selectors"] = selectors.into();
    trail
}

pub fn with_advanced(selectors: &[Value]) -> Value {
    let mut trail = trail();
    trail["advanced_event_selectors"] = selectors.into();
    trail
}

/// A trail for everything in its region.
pub fn for_all() -> Value {
    with_basic(&[basic("All", &["arn:aws:s3"])])
}

/// A snapshot of one account, from the account's own fields and, beside them, the snapshot's: so that a test can change each
/// by a short path.
pub fn snapshot_of(mut fields: Value) -> Value {
    let mut beside = |name: &str| fields.as_object_mut().unwrap().remove(name);
    let (records, locations, changes) = (beside("records"), beside("locations"), beside("changes"));
    json!({
        "schema": "trailcheck/snapshot/v2",
        "accounts": [fields],
        "not_entered": [],
        "was_stopped": false,
        "records": records,
        "locations": locations.unwrap_or(json!([])),
        "changes": changes.unwrap_or(json!([])),
    })
}

/// The fields of account 111111111111.
pub fn snapshot(trails: Vec<Value>) -> Value {
    json!({
        "collected_at": "2026-11-22T07:00:00Z",
        "caller": {"account": "111111111111", "arn": "arn:aws:iam::111111111111:user/auditor"},
        "scope": {"regions": ["eu-west-1", "us-east-1"], "partition": "aws"},
        "trails": trails,
        "buckets": [
            {"name": "b", "region": "eu-west-1", "account": "111111111111"},
            {"name": "c", "region": "eu-west-1", "account": "111111111111"},
        ],
        "clusters": [],
        "failures": [],
    })
}

/// The trail of `complete`.
pub const ALL: &str = "arn:aws:cloudtrail:eu-west-1:111111111111:trail/all";

/// The fields of an account of which everything was recorded and read for a day, at one location: nobody was there. A test
/// adds what happened, or takes one fact away.
pub fn complete(location: &str) -> Value {
    let bucket = location.strip_prefix("s3://").unwrap().split('/').next().unwrap();
    json!({
        "collected_at": "2026-11-22T12:00:00Z",
        "caller": {"account": "111111111111", "arn": "arn:aws:sts::111111111111:assumed-role/audit/session"},
        "scope": {"regions": ["eu-west-1"], "partition": "aws"},
        "trails": [{
            "trail_arn": ALL, "name": "all", "home_region": "eu-west-1", "is_multi_region_trail": false,
            "is_organization_trail": false, "s3_bucket_name": "logs", "log_file_validation_enabled": true,
            "event_selectors": [basic("All", &[&format!("arn:aws:s3:::{bucket}/")])],
            "advanced_event_selectors": [],
            "status": {"eu-west-1": {"is_logging": true, "start_logging_time": "2026-01-01T00:00:00Z",
                                     "latest_delivery_time": "2026-11-22T11:50:00Z"}},
        }],
        "buckets": [{"name": bucket, "region": "eu-west-1", "account": "111111111111"}],
        "clusters": [],
        "failures": [],
        "records": {
            "window": {"start": "2026-11-21T12:00:00Z", "end": "2026-11-22T11:00:00Z"},
            "locations": [location],
            "read": [{"source": ALL, "region": "eu-west-1", "listed_objects": 5, "listed_bytes": 50,
                      "read_objects": 5, "read_bytes": 50, "complete": true, "incomplete_because": null}],
            "integrity": [{"source": ALL, "region": "eu-west-1", "outcome": "valid",
                           "digests": {"valid": 25, "invalid": 0, "unknown": 0}, "logs": {"valid": 5, "invalid": 0, "unknown": 0},
                           "unlisted": 0, "pending": 0, "problems": []}],
            "objects": {"listed": 5, "read": 5},
            "skipped": [], "events": 3, "duplicates": 0, "malformed": 0, "accesses": [], "sessions": [],
        },
    })
}

/// The facts of one account's fields, for a COPY and an UNLOAD of one location.
pub fn derive(fields: Value, location: &str, role: Option<&str>) -> Facts {
    derive_of(snapshot_of(fields), location, role)
}

/// The same of a whole snapshot.
pub fn derive_of(snapshot: Value, location: &str, role: Option<&str>) -> Facts {
    let snapshot: Snapshot = serde_json::from_value(snapshot).unwrap();
    let role = role.map_or(String::new(), |role| format!("role = \"{role}\""));
    let config = format!(
        "[[redshift.copy]]\nlocation = \"{location}\"\n{role}\naccess = \"read\"\n\
         [[redshift.unload]]\nlocation = \"{location}\"\n{role}\naccess = \"write\"\n"
    );
    facts::derive(&snapshot, &Config::parse("trailcheck.toml".as_ref(), &config).unwrap())
}

/// The verdict for reads and for writes.
pub fn verdict(fields: Value, location: &str, role: Option<&str>) -> String {
    letters(&derive(fields, location, role))
}

/// The verdicts of `derive`.
pub fn letters(facts: &Facts) -> String {
    let letter = |status| match status {
        Coverage::Recorded => 'Y',
        Coverage::Gap => 'N',
        Coverage::Unknown => '?',
    };
    format!("{}{}", letter(facts.copies[0].coverage.status), letter(facts.unloads[0].coverage.status))
}

/// Who touches whole bucket b: the role.
pub fn of_trail(trail: Value) -> String {
    verdict(snapshot(vec![trail]), "s3://b/", Some(R))
}

pub fn at(trail: Value, location: &str) -> String {
    verdict(snapshot(vec![trail]), location, Some(R))
}

pub fn arn(operator: &str, values: &[&str]) -> Value {
    field("resources.ARN", json!({ operator: values }))
}

/// A trail of us-east-1 for everything in every region.
pub fn multi_region() -> Value {
    let mut trail = for_all();
    trail["trail_arn"] = "arn:aws:cloudtrail:us-east-1:111111111111:trail/t".into();
    trail["home_region"] = "us-east-1".into();
    trail["is_multi_region_trail"] = true.into();
    trail["status"] = json!({"us-east-1": {"is_logging": true}, "eu-west-1": {"is_logging": true}});
    trail
}
