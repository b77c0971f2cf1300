//! Organizations as they are built: the scan starts in the account that audits, management lets nobody in, and the log files lie in
//! an archive that nobody may read.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::program::{Ran, Workplace, finding, outcome};
use crate::scripted::fault::Fault;
use crate::scripted::world::{Account, Store, Trail, World};
use crate::scripted::{Call, Rule, Script};

const MANAGEMENT: &str = "111111111111";
const AUDIT: &str = "222222222222";
/// Its own trail records what it has.
const SELF_RELIANT: &str = "333333333333";
const MEMBER: &str = "444444444444";
const ARCHIVE: &str = "555555555555";
const CLOSED: &str = "666666666666";

/// A region that accounts must enable; of these, one has.
const OPT_IN: &str = "me-south-1";

fn world() -> World {
    let regions = ["us-east-1", "eu-west-1"];
    let everything = Trail::of("everything", "us-east-1", "archive", &["member-eu", "member-me", "of-closed"])
        .multi_region()
        .of_organization();
    let management = Account { is_open: false, ..Account::in_regions(&regions).with_trail(everything) };
    let archive = Account { is_open: false, ..Account::in_regions(&regions).with_bucket("archive", "us-east-1") };
    let closed = Account { state: "SUSPENDED", ..Account::in_regions(&regions).with_bucket("of-closed", "eu-west-1") };
    let self_reliant = Account::in_regions(&regions)
        .with_bucket("own", "eu-west-1")
        .with_bucket("own-logs", "eu-west-1")
        .with_trail(Trail::of("own", "eu-west-1", "own-logs", &["own"]));
    let member = Account::in_regions(&["us-east-1", "eu-west-1", OPT_IN])
        .with_bucket("member-eu", "eu-west-1")
        .with_bucket("member-me", OPT_IN)
        .with_bucket("forgotten", "eu-west-1");
    World::of(AUDIT)
        .with(MANAGEMENT, management)
        .with(AUDIT, Account::in_regions(&regions))
        .with(SELF_RELIANT, self_reliant)
        .with(MEMBER, member)
        .with(ARCHIVE, archive)
        .with(CLOSED, closed)
        .with_organization(MANAGEMENT, &[AUDIT])
}

const CONFIG: &str = r#"
[scan.organization]
role = "audit"
[[redshift.unload]]
location = "s3://own/"
[[redshift.unload]]
location = "s3://member-eu/"
[[redshift.unload]]
location = "s3://member-me/"
[[redshift.unload]]
location = "s3://forgotten/"
[[redshift.unload]]
location = "s3://of-closed/"
"#;

struct Checked {
    report: Value,
    ran: Ran,
    calls: Vec<Call>,
}

impl Checked {
    fn unload(&self, bucket: &str) -> &str {
        outcome(&self.report, "coverage/unload_recorded", &format!("s3://{bucket}/"))
    }

    fn message(&self, bucket: &str) -> &str {
        finding(&self.report, "coverage/unload_recorded", &format!("s3://{bucket}/"))["message"].as_str().unwrap()
    }
}

fn check(script: Script, more: &str) -> Checked {
    let (workplace, played) = Workplace::playing(script, &format!("{CONFIG}{more}"));
    let (report, ran) = workplace.check(&[]);
    Checked { report, ran, calls: played.calls() }
}

fn script() -> Script {
    Script::of(&Arc::new(world()))
}

/// Management cannot be entered: its trail shows in its members, and the delegated administrator reads what it selects.
#[test]
fn an_organizations_trail_is_whole_without_its_owner() {
    let checked = check(script(), "");
    for (bucket, expected) in [("own", "pass"), ("member-eu", "pass"), ("member-me", "pass"), ("forgotten", "fail")] {
        assert_eq!(checked.unload(bucket), expected, "{bucket}: {}", checked.message(bucket));
    }
    assert_eq!(checked.ran.exit, 1);
    // What nobody may ask is not asked.
    let asked = checked.calls.iter().filter(|call| call.operation == "GetEventSelectors");
    let asked: Vec<&str> = asked.map(|call| &*call.account).collect();
    assert_eq!(asked, [SELF_RELIANT, AUDIT]);
}

/// A closed account is no absent one: its buckets and trails may go on.
#[test]
fn accounts_that_cannot_be_entered_are_told_with_the_cause() {
    let checked = check(script(), "");
    assert_eq!(checked.unload("of-closed"), "unknown", "{}", checked.message("of-closed"));
    let failures = checked.report["run"]["failures"].as_array().unwrap();
    let not_entered = failures.iter().filter(|failure| failure["call"] == "sts:AssumeRole");
    let codes = not_entered.map(|failure| (failure["account"].as_str().unwrap(), failure["code"].as_str().unwrap()));
    let expected = [(MANAGEMENT, "AccessDenied"), (ARCHIVE, "AccessDenied"), (CLOSED, "SUSPENDED")];
    let mut codes: Vec<_> = codes.collect();
    codes.sort_unstable();
    assert_eq!(codes, expected);
}

/// What nobody could read is unknown where it matters, and nowhere else.
#[test]
fn a_member_whose_own_trail_suffices_needs_nobody() {
    let refused = Rule::on("GetEventSelectors", Fault::Denied).in_account(AUDIT);
    let checked = check(script().with(refused), "");
    for (bucket, expected) in
        [("own", "pass"), ("member-eu", "unknown"), ("member-me", "unknown"), ("forgotten", "unknown")]
    {
        assert_eq!(checked.unload(bucket), expected, "{bucket}: {}", checked.message(bucket));
    }
    assert!(checked.message("member-eu").contains("GetEventSelectors"), "{}", checked.message("member-eu"));
}

/// In the region that one member alone has enabled, that member is asked, and nobody else.
#[test]
fn a_region_that_one_account_enabled_is_asked_there_alone() {
    let checked = check(script(), "");
    let there = checked.calls.iter().filter(|call| call.region == OPT_IN);
    assert!(there.clone().count() > 3);
    assert_eq!(there.filter(|call| call.account != MEMBER).count(), 0);
}

/// One member's denial leaves the others' answers alone; and what they were told of the trail holds for it too, in the regions
/// that they asked.
#[test]
fn a_denial_in_one_account_is_that_accounts() {
    let denied = Rule::on("GetTrailStatus", Fault::Denied).in_account(MEMBER);
    let checked = check(script().with(denied), "");
    for (bucket, expected) in [("own", "pass"), ("member-eu", "pass"), ("member-me", "unknown"), ("forgotten", "fail")]
    {
        assert_eq!(checked.unload(bucket), expected, "{bucket}: {}", checked.message(bucket));
    }
}

/// Log files that lie in an archive which nobody may read say nothing, and leave what is recorded as it is.
#[test]
fn an_archive_that_cannot_be_read_leaves_people_unknown_and_coverage_as_it_is() {
    let access = "[[access]]\nlocation = \"s3://member-eu/\"\nroles = [\"arn:aws:iam::444444444444:role/loader\"]\n";
    let denied = Rule::on("ListObjectsV2", Fault::Denied);
    let checked = check(script().with(denied), access);
    assert_eq!(checked.unload("member-eu"), "pass", "{}", checked.message("member-eu"));
    let people = finding(&checked.report, "access/approved_roles", "s3://member-eu/");
    assert_eq!(people["outcome"], "unknown");
    // Whose files they are is told: the trail is everybody's.
    let why =
        "the records of everything for account 444444444444 in eu-west-1 are not complete: listing archive failed";
    assert!(people["message"].as_str().unwrap().contains(why), "{people}");
}

/// Without CloudTrail's trusted access to the organization its trail is one of the management account alone, and no member sees it.
#[test]
fn a_trail_that_the_organization_lost_records_nothing_of_its_members() {
    let mut world = world();
    let management = world.accounts.get_mut(MANAGEMENT).unwrap();
    management.is_open = true;
    management.trails[0].is_organizations = false;
    let checked = check(Script::of(&Arc::new(world)), "");
    for (bucket, expected) in [("own", "pass"), ("member-eu", "fail"), ("member-me", "fail")] {
        assert_eq!(checked.unload(bucket), expected, "{bucket}: {}", checked.message(bucket));
    }
    assert!(checked.message("member-eu").contains("it is a trail of account 111111111111"));
}

/// Credentials that turn to another account in the middle of a scan are of neither.
#[test]
fn a_caller_who_changes_is_told_and_nothing_is_judged() {
    let turned = Rule { skip: 1, ..Rule::on("GetCallerIdentity", Fault::OtherAccount).in_account(AUDIT) };
    let (workplace, _) = Workplace::playing(script().with(turned), "[[redshift.unload]]\nlocation = \"s3://own/\"\n");
    let ran = workplace.run(&["check"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("of account 222222222222 when the scan began, and of 000000000000 at its end"),
        "{ran:?}"
    );
    assert_eq!(ran.stdout, "");
}

/// Accounts by permissions, and what the scan did.
#[test]
fn doctor_and_the_long_report_tell_of_each_account() {
    let denied = Rule::on("DescribeClusters", Fault::Denied).in_account(MEMBER);
    let (workplace, _) = Workplace::playing(script().with(denied), CONFIG);
    let told = workplace.run(&["doctor"]);
    assert_eq!(told.exit, 3, "{told:?}");
    let row = |account: &str| {
        let rows = told.stdout.lines().skip_while(|line| !line.starts_with("account "));
        rows.filter(|line| line.starts_with(account)).map(str::to_owned).next().unwrap_or_default()
    };
    assert!(row(MEMBER).contains(" no") && !row(SELF_RELIANT).contains(" no"), "{}", told.stdout);
    let long = workplace.run(&["check", "-v"]).stdout;
    for line in ["444444444444: 1 in eu-west-1, me-south-1, us-east-1", "333333333333: 2 in eu-west-1; 1 in us-east-1"]
    {
        assert!(long.contains(line), "{line}: {long}");
    }
    assert!(long.contains(" calls of AWS: 0 tried again, 0 answers throttled\n"), "{long}");
    assert!(long.contains("cloudtrail:DescribeTrails: 7\n"), "{long}");
}

/// An organization's event data store that takes in all S3 data events.
fn store_of_all() -> Store {
    let selectors = json!([{"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ]}]);
    Store { name: "lake".to_owned(), home: "us-east-1".to_owned(), is_organizations: true, selectors }
}

/// An organization's event data store belongs to the management account. What is not known of it there is not known of its members.
#[test]
fn a_store_of_the_organization_that_was_not_seen_is_no_gap_and_no_single_record() {
    let of = |is_open: bool, rule: Option<Rule>| {
        let mut world = world();
        let store = store_of_all();
        let management = world.accounts.get_mut(MANAGEMENT).unwrap();
        (management.is_open, management.stores) = (is_open, vec![store]);
        let script = rule.into_iter().fold(Script::of(&Arc::new(world)), Script::with);
        let recorders = "[scan]\nrecorders = [\"trail\", \"event_data_store\"]\n";
        let (workplace, _) = Workplace::playing(script, &format!("{recorders}{CONFIG}"));
        let (report, _) = workplace.check(&[]);
        let of = |policy: &str, bucket: &str| outcome(&report, policy, &format!("s3://{bucket}/")).to_owned();
        [of("coverage/unload_recorded", "forgotten"), of("coverage/recorded_once", "member-eu")]
    };
    assert_eq!(of(true, None), ["pass", "fail"]);
    let denied = Rule::on("ListEventDataStores", Fault::Denied).in_account(MANAGEMENT);
    assert_eq!(of(true, Some(denied)), ["unknown", "unknown"]);
    assert_eq!(of(false, None), ["unknown", "unknown"]);
}

/// Of two accounts that were scanned together, one need not be in the other's organization.
#[test]
fn a_store_of_an_organization_takes_in_its_members_alone() {
    let store = store_of_all();
    let regions = ["us-east-1", "eu-west-1"];
    let owner = Account { stores: vec![store], ..Account::in_regions(&regions) };
    let other = Account::in_regions(&regions).with_bucket("forgotten", "eu-west-1");
    let world = World::of(AUDIT).with(AUDIT, owner).with(MEMBER, other);
    let config = r#"
[scan]
recorders = ["trail", "event_data_store"]
accounts = [{ id = "222222222222" }, { id = "444444444444", role = "arn:aws:iam::444444444444:role/audit" }]
[[redshift.unload]]
location = "s3://forgotten/"
"#;
    let (workplace, _) = Workplace::playing(Script::of(&Arc::new(world)), config);
    let (report, _) = workplace.check(&[]);
    let found = finding(&report, "coverage/unload_recorded", "s3://forgotten/");
    assert_eq!(found["outcome"], "unknown", "{found}");
    assert!(
        found["message"].as_str().unwrap().contains("whether account 444444444444 is in its organization"),
        "{found}"
    );
}

const LOCATION: &str = "[[redshift.unload]]\nlocation = \"s3://member-eu/\"\n";

/// `fix --format json`.
fn fixes(workplace: &Workplace, more: &[&str]) -> Value {
    let ran = workplace.run(&[&["fix", "--format", "json"], more].concat());
    let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    told["plan"].clone()
}

/// What an organization's trail does not take in, another call must.
#[test]
fn fix_closes_what_the_trail_of_a_foreign_organization_does_not_record() {
    let (workplace, _) = Workplace::playing(script(), CONFIG);
    workplace.run(&["collect", "-o", "snapshot.json"]);
    let mut snapshot: Value =
        serde_json::from_str(&std::fs::read_to_string(workplace.path("snapshot.json")).unwrap()).unwrap();
    let is_member = |account: &Value| account["id"] != json!(MEMBER);
    snapshot["organization"]["accounts"].as_array_mut().unwrap().retain(is_member);
    let accounts = snapshot["accounts"].as_array_mut().unwrap();
    accounts.iter_mut().filter(|account| account["caller"]["account"] == json!(MEMBER)).for_each(|account| {
        account["trails"] = json!([]);
    });
    workplace.write("snapshot.json", &snapshot.to_string());
    workplace.write("trailcheck.toml", LOCATION);
    let told = fixes(&workplace, &["--snapshot", "snapshot.json"]);
    assert_eq!(
        (&told["steps"][0]["call"], &told["steps"][0]["account"]),
        (&json!("create_trail"), &json!(MEMBER)),
        "{told}"
    );
}

/// The caller's account records its own requests: a selector in its trail comes before a new trail of the bucket's owner.
#[test]
fn fix_changes_a_trail_of_the_caller_before_it_makes_one_of_the_owner() {
    let accounts = format!(
        "[scan]\naccounts = [{{ id = \"{AUDIT}\" }}, {{ id = \"{MEMBER}\", role = \"arn:aws:iam::{MEMBER}:role/audit\" }}, \
         {{ id = \"{SELF_RELIANT}\", role = \"arn:aws:iam::{SELF_RELIANT}:role/audit\" }}]\n"
    );
    let forgotten = "[[redshift.unload]]\nlocation = \"s3://forgotten/\"\n";
    let role = format!("role = \"arn:aws:iam::{SELF_RELIANT}:role/loader\"\n");
    let (workplace, _) = Workplace::playing(script(), &format!("{accounts}{forgotten}{role}"));
    let told = fixes(&workplace, &[]);
    let step = &told["steps"][0];
    assert_eq!((&step["call"], &step["account"]), (&json!("put_event_selectors"), &json!(SELF_RELIANT)), "{told}");
}
