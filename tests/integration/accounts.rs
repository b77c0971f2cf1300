//! Snapshots of two and three accounts: what one was told completes the others, and what one was refused stands only in the
//! way of answers that need it.

use serde_json::{Value, json};
use trailcheck::facts::judgement::{Association, Coverage, Logging, Placement};
use trailcheck::facts::{self, input::Facts};
use trailcheck::snapshot::Snapshot;

use crate::account::*;
use crate::program::{Workplace, finding, outcome};

const OWNER: &str = "111111111111";
const OTHER: &str = "222222222222";
const MANAGEMENT: &str = "999999999999";
const ORGANIZATION_TRAIL: &str = "arn:aws:cloudtrail:us-east-1:999999999999:trail/org";

/// An account with these trails and no bucket.
fn account(id: &str, trails: Vec<Value>) -> Value {
    let mut account = snapshot(trails);
    account["caller"] = json!({"account": id, "arn": format!("arn:aws:iam::{id}:user/auditor")});
    account["buckets"] = json!([]);
    account
}

/// Account 111111111111 with buckets b and c.
fn owner(trails: Vec<Value>) -> Value {
    snapshot(trails)
}

fn accounts(accounts: &[Value]) -> Value {
    json!({"schema": "trailcheck/snapshot/v2", "accounts": accounts, "not_entered": [], "was_stopped": false})
}

fn failure(account: &str, call: &str, region: &str, resource: Option<&str>, kind: &str) -> Value {
    json!({"call": call, "account": account, "region": region, "resource": resource, "code": "AccessDeniedException",
           "message": "no", "makes_unknown": [kind]})
}

fn with_failure(mut account: Value, failure: Value) -> Value {
    account["failures"].as_array_mut().unwrap().push(failure);
    account
}

/// The organization's trail for everything, as its owner sees it or, without selectors, as a member does.
fn organization_trail(with_selectors: bool) -> Value {
    let mut trail = multi_region();
    trail["trail_arn"] = ORGANIZATION_TRAIL.into();
    trail["name"] = "org".into();
    trail["is_organization_trail"] = true.into();
    if !with_selectors {
        trail["event_selectors"] = Value::Null;
        trail["advanced_event_selectors"] = Value::Null;
    }
    trail
}

fn of(snapshot: Value) -> Facts {
    derive_of(snapshot, "s3://b/", Some(R))
}

#[test]
fn the_management_account_completes_the_organizations_trail() {
    let denied = failure(OWNER, "cloudtrail:GetEventSelectors", "us-east-1", Some(ORGANIZATION_TRAIL), "selectors");
    let member = with_failure(owner(vec![organization_trail(false)]), denied);
    let management = account(MANAGEMENT, vec![organization_trail(true)]);
    assert_eq!(letters(&of(accounts(std::slice::from_ref(&member)))), "??");
    for both in [[member.clone(), management.clone()], [management.clone(), member.clone()]] {
        let facts = of(accounts(&both));
        assert_eq!(letters(&facts), "YY");
        assert_eq!(facts.trails.len(), 1, "one recorder, however many accounts see it");
        assert_eq!(facts.trails[0].subject.account, MANAGEMENT);
    }
    // Two accounts that were told different things leave both doubtful.
    let mut differs = management;
    differs["trails"][0]["event_selectors"] = json!([basic("WriteOnly", &["arn:aws:s3"])]);
    let mut told = member;
    told["trails"] = json!([organization_trail(true)]);
    let facts = of(accounts(&[told, differs]));
    assert_eq!(letters(&facts), "??");
    assert!(facts.copies[0].coverage.message.contains("two accounts were told different event selectors"));
}

/// A trail's home is in its ARN; which account comes first must not decide it.
#[test]
fn a_home_region_that_two_accounts_tell_differently_is_the_arns() {
    let mut moved = organization_trail(true);
    moved["home_region"] = "eu-west-1".into();
    let told = [owner(vec![organization_trail(true)]), account(MANAGEMENT, vec![moved])];
    for order in [[0, 1], [1, 0]] {
        let facts = of(accounts(&order.map(|at| told[at].clone())));
        assert_eq!(facts.trails[0].home_region, "us-east-1");
    }
}

#[test]
fn what_one_account_refused_leaves_the_others_alone() {
    let trails = |id: &str| failure(id, "cloudtrail:DescribeTrails", "eu-west-1", None, "trails");
    let with = |id: &str, of_owner: Vec<Value>| {
        let (mut one, mut other) = (owner(of_owner), account(OTHER, vec![]));
        let refused = if id == OWNER { &mut one } else { &mut other };
        *refused = with_failure(refused.clone(), trails(id));
        letters(&of(accounts(&[one, other])))
    };
    assert_eq!(with(OTHER, vec![]), "NN", "its own trails are all known");
    assert_eq!(with(OWNER, vec![]), "??", "a trail may be hidden");
    assert_eq!(with(OWNER, vec![for_all()]), "YY", "what is hidden can only add");
}

/// Three accounts: the management account, a member that was refused everything, and one that was not.
#[test]
fn one_refused_member_leaves_the_other_and_the_organization_alone() {
    let refused = ["trails", "selectors", "status", "buckets", "clusters", "regions"]
        .map(|kind| failure(OTHER, "cloudtrail:DescribeTrails", "eu-west-1", None, kind));
    let mut blind = account(OTHER, vec![]);
    blind["failures"] = json!(refused);
    let management = account(MANAGEMENT, vec![organization_trail(true)]);
    let member = owner(vec![organization_trail(false)]);
    let mut theirs = blind.clone();
    theirs["buckets"] = json!([{"name": "theirs", "region": "eu-west-1", "account": OTHER}]);
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let all = [management.clone(), theirs.clone(), member.clone()];
        let snapshot = accounts(&order.map(|at| all[at].clone()));
        assert_eq!(letters(&of(snapshot.clone())), "YY");
        assert_eq!(letters(&derive_of(snapshot, "s3://theirs/", None)), "??", "its own trails were not seen");
    }
    // The organization's trail, seen in its own list, covers it too.
    let mut seeing = theirs;
    seeing["trails"] = json!([organization_trail(false)]);
    let snapshot = accounts(&[management, seeing, member]);
    assert_eq!(letters(&derive_of(snapshot, "s3://theirs/", None)), "YY");
}

#[test]
fn a_role_is_looked_for_in_its_own_account() {
    let session = json!({
        "kind": "UNLOAD", "principal": R, "session_names": ["RedshiftIamRoleSession"], "location": null, "bucket": "b",
        "region": "eu-west-1", "start": "2026-11-22T00:30:05Z", "end": "2026-11-22T00:31:00Z", "objects": 1, "parts": 2,
        "bytes": null, "unfinished_uploads": 0, "aborted_uploads": 0, "complete": true,
    });
    let association = |refused: &str| {
        let denied = failure(refused, "redshift:DescribeClusters", "eu-west-1", None, "clusters");
        let both = [owner(vec![]), account(OTHER, vec![])].map(|account| {
            if account["caller"]["account"] == refused { with_failure(account, denied.clone()) } else { account }
        });
        let mut snapshot = accounts(&both);
        snapshot["records"] = json!({
            "window": null, "locations": [], "read": [], "objects": {"listed": 0, "read": 0}, "skipped": [], "events": 0, "duplicates": 0, "malformed": 0,
            "accesses": [], "sessions": [session],
        });
        derive_of(snapshot, "s3://b/", None).redshift_roles[0].association.status
    };
    assert_eq!(association(OTHER), Association::NotAssociated);
    assert_eq!(association(OWNER), Association::Unknown);
}

#[test]
fn clusters_of_another_account_that_were_not_seen_do_not_matter() {
    let denied = failure(OTHER, "redshift:DescribeClusters", "eu-west-1", None, "clusters");
    let both = accounts(&[owner(vec![for_all()]), with_failure(account(OTHER, vec![]), denied)]);
    assert_eq!(of(both.clone()).copies[0].placement.status, Placement::Aligned);
    // Without a role, any account's cluster may be the one.
    assert_eq!(derive_of(both, "s3://b/", None).copies[0].placement.status, Placement::Unknown);
}

/// A role is associated with clusters of its own account only, whatever another account's are called.
#[test]
fn a_cluster_of_another_account_is_not_the_roles() {
    let cluster = |account: &str, region: &str| json!([{"cluster_identifier": "analytics", "kind": "provisioned", "region": region, "account": account, "iam_roles": []}]);
    let placed = |own: Value| {
        let (mut one, mut other) = (owner(vec![for_all()]), account(OTHER, vec![]));
        one["clusters"] = own;
        other["clusters"] = cluster(OTHER, "eu-west-1");
        let snapshot: Snapshot = serde_json::from_value(accounts(&[one, other])).unwrap();
        let table = format!("[[redshift.copy]]\nlocation = \"s3://b/\"\nrole = \"{R}\"\ncluster = \"analytics\"\n");
        let config = trailcheck::config::Config::parse("trailcheck.toml".as_ref(), &table).unwrap();
        facts::derive(&snapshot, &config).copies[0].placement.status
    };
    assert_eq!(placed(cluster(OWNER, "eu-west-1")), Placement::Aligned);
    assert_eq!(placed(cluster(OWNER, "us-east-1")), Placement::OtherRegion);
    assert_ne!(placed(json!([])), Placement::Aligned, "it was not found in the role's account");
}

/// Buckets are one namespace: whoever lists it owns it, whatever others were told.
#[test]
fn a_bucket_is_placed_by_whoever_knows_it() {
    let mut asked = account(OTHER, vec![]);
    asked["buckets"] = json!([{"name": "b", "region": null, "account": null}]);
    let asked = with_failure(asked, failure(OTHER, "s3:HeadBucket", "eu-west-1", Some("b"), "buckets"));
    for order in [[asked.clone(), owner(vec![for_all()])], [owner(vec![for_all()]), asked]] {
        let facts = of(accounts(&order));
        assert_eq!(letters(&facts), "YY");
        assert_eq!(facts.copies[0].subject.account, OWNER);
        assert_eq!(facts.copies[0].subject.region.as_deref(), Some("eu-west-1"));
    }
}

/// The trails of an account that was not scanned may record what the others do not.
#[test]
fn what_an_account_that_was_not_scanned_records_is_not_known() {
    let foreign_caller = Some("arn:aws:iam::222222222222:role/X");
    let verdict =
        |trails, bucket: &str, role| letters(&derive_of(accounts(&[with_foreign_bucket(trails)]), bucket, role));
    assert_eq!(verdict(vec![], "s3://b/", Some(R)), "NN");
    assert_eq!(verdict(vec![], "s3://b/", foreign_caller), "??");
    assert_eq!(verdict(vec![for_all()], "s3://b/", foreign_caller), "YY");
    assert_eq!(verdict(vec![], "s3://theirs/", Some(R)), "??");
    assert_eq!(verdict(vec![for_all()], "s3://theirs/", Some(R)), "YY");
}

/// Account 111111111111, which knows a bucket of the other one.
fn with_foreign_bucket(trails: Vec<Value>) -> Value {
    let mut owner = owner(trails);
    let theirs = json!({"name": "theirs", "region": "eu-west-1", "account": null});
    owner["buckets"].as_array_mut().unwrap().push(theirs);
    owner
}

#[test]
fn a_region_that_only_the_other_account_looked_at_is_not_looked_at() {
    let mut blind = owner(vec![]);
    blind["scope"]["regions"] = json!(["us-east-1"]);
    assert_eq!(letters(&of(accounts(&[blind, account(OTHER, vec![])]))), "??");
    // The owner was asked there and the caller was not: its trails may record its own calls.
    let caller = Some("arn:aws:iam::222222222222:role/X");
    let mut unasked = account(OTHER, vec![]);
    unasked["scope"]["regions"] = json!(["us-east-1"]);
    let derived = |trails| letters(&derive_of(accounts(&[owner(trails), unasked.clone()]), "s3://b/", caller));
    assert_eq!(derived(vec![]), "??");
    assert_eq!(derived(vec![for_all()]), "YY");
}

/// A trail of the organization is in effect for its members, which see it in their own lists.
#[test]
fn an_organizations_trail_is_no_trail_of_a_stranger() {
    let management = || account(MANAGEMENT, vec![organization_trail(true)]);
    let stranger = || owner(vec![]);
    let facts = of(accounts(&[stranger(), management()]));
    assert_eq!(letters(&facts), "??");
    assert!(facts.copies[0].coverage.message.contains("not among the trails that account 111111111111 sees"));
    let mut told = accounts(&[stranger(), management()]);
    told["organization"] = json!({"id": "o-abc", "management_account": MANAGEMENT, "accounts": [{"id": OTHER}]});
    assert_eq!(letters(&of(told)), "NN");
}

#[test]
fn a_stop_that_only_one_account_was_told_of_is_doubtful() {
    let mut stopped = organization_trail(true);
    stopped["status"]["eu-west-1"]["is_logging"] = false.into();
    let facts = of(accounts(&[owner(vec![organization_trail(true)]), account(MANAGEMENT, vec![stopped])]));
    assert_eq!(letters(&facts), "??");
    assert_eq!(facts.trails[0].logging.status, Logging::Unknown);
}

/// The management account's own stores are the organization's: where they were read, nothing is hidden from a member.
#[test]
fn the_management_account_shows_the_organizations_stores() {
    let config = "[scan]\nrecorders = [\"trail\", \"event_data_store\"]\n[[redshift.unload]]\nlocation = \"s3://b/\"\n";
    let coverage = |accounts_of: &[Value]| {
        let snapshot: Snapshot = serde_json::from_value(accounts(accounts_of)).unwrap();
        let config = trailcheck::config::Config::parse("trailcheck.toml".as_ref(), config).unwrap();
        facts::derive(&snapshot, &config).unloads[0].coverage.status
    };
    let mut organizations = organization_trail(true);
    organizations["event_selectors"] = json!([basic("All", &[])]);
    let mut member = owner(vec![organizations.clone()]);
    member["event_data_stores"] = json!([]);
    let mut management = account(MANAGEMENT, vec![organizations]);
    assert_eq!(coverage(std::slice::from_ref(&member)), Coverage::Unknown);
    assert_eq!(coverage(&[member.clone(), management.clone()]), Coverage::Unknown, "they were not read there either");
    management["event_data_stores"] = json!([]);
    assert_eq!(coverage(&[member, management]), Coverage::Gap);
}

/// Findings belong to the subject's account: its id is in the resource, and in the fingerprint.
#[test]
fn findings_are_of_their_subjects_account() {
    let workplace = Workplace::offline();
    let mut second = owner(vec![]);
    second["caller"]["account"] = OTHER.into();
    second["buckets"] = json!([{"name": "theirs", "region": "eu-west-1", "account": OTHER}]);
    workplace.write("snapshot.json", &accounts(&[owner(vec![for_all()]), second]).to_string());
    let tables = ["b", "theirs"].map(|bucket| format!("[[redshift.unload]]\nlocation = \"s3://{bucket}/\"\n"));
    workplace.write("trailcheck.toml", &tables.concat());
    let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--policy", "coverage/unload_recorded"]);
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://b/"), "pass");
    let theirs = finding(&report, "coverage/unload_recorded", "s3://theirs/");
    assert_eq!(theirs["outcome"], "fail");
    assert_eq!(theirs["resource"], json!({"kind": "location", "account": OTHER, "region": "eu-west-1"}));
    assert_eq!(report["run"]["accounts"].as_array().unwrap().len(), 2);
    let text = workplace.run(&["check", "--snapshot", "snapshot.json"]).stdout;
    assert!(text.lines().nth(1).unwrap().starts_with("2 accounts, eu-west-1 us-east-1"), "{text}");
    // Seen from the second account alone, it is the same finding.
    let mut alone: Value =
        serde_json::from_str(&std::fs::read_to_string(workplace.path("snapshot.json")).unwrap()).unwrap();
    alone["accounts"].as_array_mut().unwrap().remove(0);
    workplace.write("snapshot.json", &alone.to_string());
    let (alone, _) = workplace.check(&["--snapshot", "snapshot.json", "--policy", "coverage/unload_recorded"]);
    assert_eq!(finding(&alone, "coverage/unload_recorded", "s3://theirs/")["fingerprint"], theirs["fingerprint"]);
}

#[test]
fn a_snapshot_of_several_accounts_must_make_sense() {
    let refused = |snapshot: Value, expected: &str| {
        let workplace = Workplace::offline();
        workplace.write("trailcheck.toml", "[[redshift.unload]]\nlocation = \"s3://b/\"\n");
        workplace.write("snapshot.json", &snapshot.to_string());
        let ran = workplace.run(&["check", "--snapshot", "snapshot.json"]);
        assert_eq!(ran.exit, 2, "{ran:?}");
        assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
    };
    refused(accounts(&[]), "it holds no account");
    refused(accounts(&[owner(vec![]), owner(vec![])]), "the account 111111111111 is there twice");
    refused(accounts(&[account("1", vec![])]), "`1` is not an account's id");
    let foreign = failure(OTHER, "cloudtrail:DescribeTrails", "eu-west-1", None, "trails");
    refused(accounts(&[with_failure(owner(vec![]), foreign)]), "failed in account `222222222222`");
    let learned = |origin: Value| {
        let mut snapshot = accounts(&[owner(vec![])]);
        snapshot["locations"] = json!([{"kind": "copy", "location": "s3://b/", "origin": origin}]);
        snapshot
    };
    refused(learned(json!({"config": {"line": 3}})), "only the config itself can say that");
    refused(learned(json!({"file": {"path": "load.sql", "line": 0}})), "a line from 1");
    let mut china = account(OTHER, vec![]);
    china["scope"]["partition"] = "aws-cn".into();
    refused(accounts(&[owner(vec![]), china]), "are of two partitions");
}

/// "If the home region is an opt-in region, … no activity is logged for members that have not enabled it."
#[test]
fn an_organizations_trail_whose_home_a_member_has_not_enabled_is_no_proof() {
    let at_home_in = |home: &str, member_has: bool| {
        let mut trail = organization_trail(true);
        trail["trail_arn"] = format!("arn:aws:cloudtrail:{home}:{MANAGEMENT}:trail/org").into();
        trail["home_region"] = home.into();
        let mut member = owner(vec![trail]);
        let regions = member["scope"]["regions"].as_array_mut().unwrap();
        regions.retain(|region| region != home);
        if member_has {
            regions.push(home.into());
        }
        of(accounts(&[member]))
    };
    assert_eq!(letters(&at_home_in("eu-south-2", true)), "YY");
    let facts = at_home_in("eu-south-2", false);
    assert_eq!(letters(&facts), "??");
    let told = serde_json::to_string(&facts.unloads[0]).unwrap();
    assert!(told.contains("home_region_not_enabled"), "{told}");
    // A region that every account has needs no asking.
    assert_eq!(letters(&at_home_in("eu-west-3", false)), "YY");
}
