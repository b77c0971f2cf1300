//! Accounts in which something is wrong or not known, with each single fact of their snapshots erased: the snapshot is refused,
//! or whatever was no pass is still none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::facts::input::{Facts, Member};
use trailcheck::snapshot::Snapshot;

use crate::account::{self, basic, snapshot_of};
use crate::aws::{THREE_REGIONS, three_regions};
use crate::endpoint::Endpoint;
use crate::program::{Workplace, fixture};

const ROLE: &str = "arn:aws:iam::111111111111:role/unloader";
const CONFIG: &str = r#"
[[redshift.unload]]
location = "s3://out/"
role = "arn:aws:iam::111111111111:role/unloader"
unloaded_at = [2026-11-22T00:30:00Z]
[[redshift.copy]]
location = "s3://out/"
[[access]]
location = "s3://out/"
roles = ["arn:aws:iam::111111111111:role/unloader"]
[records]
window = "24h"
"#;

/// A day of which everything was recorded and read, and what is changed in it.
fn changed(changes: &[(&str, Value)]) -> Value {
    let mut fields = account::complete("s3://out/");
    fields["clusters"] = json!([{"cluster_identifier": "analytics", "kind": "provisioned", "region": "eu-west-1",
        "account": "111111111111", "iam_roles": [{"iam_role_arn": ROLE, "apply_status": "in-sync"}],
        "default_iam_role_arn": ROLE}]);
    fields["records"]["accesses"] = json!([access(ROLE, "role", "PutObject", "write")]);
    fields["records"]["sessions"] = json!([{
        "kind": "UNLOAD", "principal": ROLE, "session_names": ["RedshiftIamRoleSession"], "location": "s3://out/",
        "bucket": "out", "region": "eu-west-1", "start": "2026-11-22T00:30:05Z", "end": "2026-11-22T00:31:00Z", "objects": 1,
        "parts": 2, "bytes": null, "unfinished_uploads": 0, "aborted_uploads": 0, "complete": true,
    }]);
    for (path, value) in changes {
        *fields.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value.clone();
    }
    snapshot_of(fields)
}

fn access(principal: &str, kind: &str, event: &str, side: &str) -> Value {
    json!({
        "principal": principal, "principal_type": kind, "account": "111111111111", "bucket": "out", "location": "s3://out/",
        "event_name": event, "access": side, "region": "eu-west-1", "error_code": null, "count": 1,
        "first_seen": "2026-11-22T00:30:05Z", "last_seen": "2026-11-22T00:30:05Z",
        "example": {"event_id": "x", "object": "s3://logs/x"},
    })
}

/// What is wrong in each world, or not known.
fn worlds() -> Vec<(&'static str, Value)> {
    let status = "/trails/0/status/eu-west-1";
    let ann = access("arn:aws:iam::111111111111:user/ann", "user", "GetObject", "read");
    let mut theirs = access("arn:aws:iam::222222222222:role/x", "role", "GetObject", "read");
    theirs["account"] = "222222222222".into();
    let failure = |call: &str, fact: &str| {
        json!([{"call": call, "account": "111111111111", "region": "eu-west-1", "resource": null, "code": "AccessDenied",
                "message": "no", "makes_unknown": [fact]}])
    };
    let stopped = json!({"is_logging": false, "start_logging_time": "2026-01-01T00:00:00Z",
                         "stop_logging_time": "2026-11-22T01:00:00Z", "latest_delivery_time": "2026-11-22T01:00:00Z"});
    let failing = json!({"is_logging": true, "start_logging_time": "2026-01-01T00:00:00Z",
                         "latest_delivery_time": "2026-11-20T00:00:00Z", "latest_delivery_error": "NoSuchBucket"});
    let narrow = json!([{"name": null, "field_selectors": [
        {"field": "eventCategory", "equals": ["Data"]}, {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        {"field": "resources.ARN", "starts_with": ["arn:aws:s3:::out/"], "not_ends_with": [".tmp"]},
    ]}]);
    let open = [("/records/sessions/0/complete", json!(false)), ("/records/sessions/0/unfinished_uploads", json!(1))];
    vec![
        ("stopped", changed(&[(status, stopped)])),
        ("deliveries fail", changed(&[(status, failing)])),
        (
            "another region",
            changed(&[
                ("/buckets/0/region", json!("us-east-1")),
                ("/scope/regions", json!(["eu-west-1", "us-east-1"])),
            ]),
        ),
        ("reads only", changed(&[("/trails/0/event_selectors", json!([basic("ReadOnly", &["arn:aws:s3:::out/"])]))])),
        ("another bucket", changed(&[("/trails/0/event_selectors", json!([basic("All", &["arn:aws:s3:::in/"])]))])),
        (
            "an exclusion",
            changed(&[("/trails/0/event_selectors", json!([])), ("/trails/0/advanced_event_selectors", narrow)]),
        ),
        ("an unapproved user", changed(&[("/records/accesses/0", ann)])),
        ("another account", changed(&[("/records/accesses/0", theirs)])),
        ("an open upload", changed(&open)),
        (
            "no such role",
            changed(&[("/clusters/0/iam_roles", json!([])), ("/clusters/0/default_iam_role_arn", Value::Null)]),
        ),
        ("a changed log file", changed(&[("/records/integrity/0/outcome", json!("invalid"))])),
        (
            "clusters not seen",
            changed(&[("/clusters", json!([])), ("/failures", failure("redshift:DescribeClusters", "clusters"))]),
        ),
        (
            "trails not seen",
            changed(&[("/trails", json!([])), ("/failures", failure("cloudtrail:DescribeTrails", "trails"))]),
        ),
        ("buckets not seen", changed(&[("/buckets", json!([])), ("/failures", failure("s3:ListBuckets", "buckets"))])),
        ("records not seen", changed(&[("/failures", failure("s3:ListBucket", "records"))])),
        (
            "not all was read",
            changed(&[("/records/read/0/complete", json!(false)), ("/records/read/0/read_objects", json!(3))]),
        ),
        ("an unread record", changed(&[("/records/malformed", json!(1))])),
        ("no write", changed(&[("/records/accesses", json!([])), ("/records/sessions", json!([]))])),
    ]
}

/// By question, the statuses that the shipped policies pass on, from their own texts.
fn passed_on() -> BTreeMap<String, BTreeSet<String>> {
    let mut passed = BTreeMap::<String, BTreeSet<String>>::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let themes = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    for file in themes.flat_map(|theme| std::fs::read_dir(theme).unwrap()).map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(file).unwrap();
        let calls = text.lines().filter_map(|line| line.strip_prefix("pass := judged.having("));
        for call in calls {
            let (question, statuses) = call.split_once(", \"").unwrap().1.split_once("\", ").unwrap();
            let statuses = statuses.split('"').skip(1).step_by(2).map(str::to_owned);
            passed.entry(question.to_owned()).or_default().extend(statuses);
        }
    }
    passed
}

/// The statuses of all subjects: by list, question and subject.
fn statuses(facts: &Facts) -> BTreeMap<(String, String, String), String> {
    let mut found = BTreeMap::new();
    for (list, member) in facts.members() {
        let Member::List(parts) = member else { continue };
        let items = parts.iter().flat_map(|part| match serde_json::from_str(part).unwrap() {
            Value::Array(items) => items,
            other => panic!("{list} is no list: {other}"),
        });
        for item in items {
            let subject = item["subject"].to_string();
            for (question, judgement) in item.as_object().into_iter().flatten() {
                if let Some(status) = judgement.get("status").and_then(Value::as_str) {
                    found.insert((list.to_owned(), question.clone(), subject.clone()), status.to_owned());
                }
            }
        }
    }
    found
}

/// The members of every object in the document, as pointers.
fn members(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members_of) => {
            for (name, member) in members_of {
                let path = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                members(member, &path, found);
                found.push(path);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| members(item, &format!("{at}/{n}"), found))
        }
        _ => {}
    }
}

/// The snapshot without the member, and with nothing in its place.
fn erased(snapshot: &Value, path: &str) -> [Value; 2] {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    let [mut without, mut null] = [snapshot.clone(), snapshot.clone()];
    without.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(&name);
    *null.pointer_mut(path).unwrap() = Value::Null;
    [without, null]
}

/// What is not there means something to AWS itself: the wider selector, no error. An answer is read whole or not at all, so
/// collecting makes none of these.
const MEANT_BY_AWS: [&str; 3] = ["/read_write_type", "/latest_delivery_error", "/not_ends_with"];

#[test]
fn no_erased_fact_makes_a_pass() {
    let endpoint = Endpoint::with(&three_regions());
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", THREE_REGIONS);
    assert_eq!(workplace.run(&["collect", "-o", "snapshot.json"]).exit, 0);
    let read = |path: &Path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let blind_spot = std::fs::read_to_string(fixture("blind_spot/trailcheck.toml")).unwrap();
    let mut all: Vec<(&str, Value, &str)> =
        worlds().into_iter().map(|(name, snapshot)| (name, snapshot, CONFIG)).collect();
    all.push(("collected", read(&workplace.path("snapshot.json")), THREE_REGIONS));
    all.push(("blind spot", read(fixture("blind_spot/snapshot.json").as_ref()), &blind_spot));

    let passed_on = passed_on();
    let (mut mutants, mut refused, mut made) = (0, 0, vec![]);
    for (world, (name, snapshot, config)) in all.into_iter().enumerate() {
        let config = Config::parse("trailcheck.toml".as_ref(), config).unwrap();
        let judged = |snapshot: &Value| {
            workplace.write("mutant.json", &snapshot.to_string());
            Snapshot::load(&workplace.path("mutant.json")).ok().map(|snapshot| facts::derive(&snapshot, &config))
        };
        let passes = |(_, question, _): &(String, String, String), status: &String| {
            passed_on.get(question).is_some_and(|passed| passed.contains(status))
        };
        let told = judged(&snapshot).unwrap_or_else(|| panic!("{name} is no snapshot"));
        let before = statuses(&told);
        let others: Vec<_> = before.iter().filter(|(subject, status)| !passes(subject, status)).collect();
        assert!(!others.is_empty(), "{name}: everything passes");
        let mut paths = vec![];
        members(&snapshot, "", &mut paths);
        paths.retain(|path| !MEANT_BY_AWS.iter().any(|end| path.ends_with(end)));
        for (at, path) in paths.iter().enumerate() {
            // Taken out in every other world, and made null in the rest.
            let mutant = &erased(&snapshot, path)[(world + at) % 2];
            mutants += 1;
            let after = match judged(mutant) {
                Some(same) if same == told => continue,
                Some(facts) => statuses(&facts),
                None => {
                    refused += 1;
                    continue;
                }
            };
            for (subject, status) in &others {
                // What no selector names any more is not dead in it.
                let is_gone =
                    subject.1 == "selectors" && ["/data_resources", "/values"].iter().any(|end| path.ends_with(end));
                let now = after.get(*subject).filter(|_| !is_gone);
                if now.is_some_and(|now| passes(subject, now)) {
                    made.push(format!("{name} without {path}: {subject:?} was {status} and is {now:?}"));
                }
            }
        }
    }
    assert!(made.is_empty(), "{}", made.join("\n"));
    assert!(mutants >= 2000 && refused < mutants, "{mutants} mutants, {refused} of them refused");
}
