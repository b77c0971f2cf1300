//! Every operation that a scan makes, failing in every way: no fault turns a non-pass into a pass, none goes unsaid, and every
//! scan ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use trailcheck::gzip;

use crate::aws_logs::read_by;
use crate::chains;
use crate::program::{Ran, Workplace};
use crate::scripted::fault::Fault;
use crate::scripted::redshift_data::History;
use crate::scripted::world::{Account, Channel, Namespace, Object, Store, Trail, World};
use crate::scripted::{Played, Rule, Script};

const ACCOUNT: &str = chains::ACCOUNT;
const MEMBER: &str = "222222222222";

/// Every operation that the scan of this world makes.
const OPERATIONS: [&str; 24] = [
    "GetCallerIdentity",
    "DescribeOrganization",
    "ListAccounts",
    "ListDelegatedAdministrators",
    "AssumeRole",
    "ListRegions",
    "ListBuckets",
    "HeadBucket",
    "DescribeTrails",
    "GetEventSelectors",
    "GetTrailStatus",
    "ListEventDataStores",
    "GetEventDataStore",
    "ListChannels",
    "GetChannel",
    "DescribeClusters",
    "ListNamespaces",
    "ListWorkgroups",
    "ExecuteStatement",
    "DescribeStatement",
    "GetStatementResult",
    "ListObjectsV2",
    "GetObject",
    "ListPublicKeys",
];

/// One for each kind of fact.
const POLICIES: [&str; 14] = [
    "coverage/copy_recorded",
    "coverage/unload_recorded",
    "coverage/recorded_once",
    "coverage/statement_recorded",
    "redshift/undeclared_location",
    "placement/same_region",
    "redshift/known_role",
    "redshift/declared_role",
    "trail/logging",
    "trail/integrity",
    "trail/encrypted",
    "trail/multi_region",
    "config/location_not_found",
    "access/approved_roles",
];

/// What the scan gets over: the verdicts are those of a scan in which nothing fails.
const PASSING: [Fault; 6] =
    [Fault::Throttled, Fault::TooManyRequests, Fault::ServerError, Fault::Unavailable, Fault::BadGateway, Fault::Reset];

/// What it does not get over: first what it tries again, for that takes longest.
const LASTING: [Fault; 19] = [
    Fault::Throttled,
    Fault::TooManyRequests,
    Fault::ServerError,
    Fault::Unavailable,
    Fault::BadGateway,
    Fault::Reset,
    Fault::Cut,
    Fault::Denied,
    Fault::DeniedEmpty,
    Fault::DeniedElsewise,
    Fault::ExpiredToken,
    Fault::Malformed,
    Fault::EmptyOk,
    Fault::BareOk,
    Fault::Html,
    Fault::Redirect,
    Fault::UnknownMembers,
    Fault::NullLists,
    Fault::NullScalars,
];

/// What goes wrong with pages, for the operations that have them; so do pages without end.
const PAGES: [Fault; 2] = [Fault::TokenLoop, Fault::PageTwice];
const WITH_PAGES: [&str; 12] = [
    "ListAccounts",
    "ListDelegatedAdministrators",
    "ListRegions",
    "ListBuckets",
    "ListEventDataStores",
    "ListChannels",
    "DescribeClusters",
    "ListNamespaces",
    "ListWorkgroups",
    "GetStatementResult",
    "ListObjectsV2",
    "ListPublicKeys",
];

/// What keeps it waiting.
const STALLS: [Fault; 3] = [Fault::Stall, Fault::StallInBody, Fault::Drip];

/// `covered`, `touched` and `member` are recorded, `uncovered` by nothing, `stopped` by a trail that is stopped; a stranger read
/// `touched`. The warehouse ran a COPY that read from `covered`, and an UNLOAD to `uncovered` of which there is no record, and one to
/// a place that nobody declared.
fn world() -> &'static Arc<World> {
    static WORLD: OnceLock<Arc<World>> = OnceLock::new();
    WORLD.get_or_init(|| {
        let europe = Trail::of("my_own_trail", "eu-west-1", "logs", &["covered", "touched"]).validated();
        let stopped = Trail::of("halted", "eu-west-1", "logs", &["stopped"]).stopped_in("eu-west-1");
        let own = Account::in_regions(&["eu-west-1", "us-east-1"])
            .with_bucket("covered", "eu-west-1")
            .with_bucket("touched", "eu-west-1")
            .with_bucket("uncovered", "eu-west-1")
            .with_bucket("stopped", "eu-west-1")
            .with_bucket("logs", "eu-west-1")
            .with_cluster("warehouse", "eu-west-1", &role(ACCOUNT))
            .with_trail(europe)
            .with_channel(Channel::of("monitoring", "us-east-1", "elsewhere"))
            .with_trail(stopped);
        let own = Account { histories: vec![ran(), History::quiet("group")], ..own };
        let namespace = Namespace { name: "space", workgroup: "group", region: "eu-west-1", roles: vec![] };
        let store = Store {
            name: "lake".to_owned(),
            home: "eu-west-1".to_owned(),
            is_organizations: false,
            selectors: json!([{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]),
        };
        let member = Account::in_regions(&["eu-west-1"])
            .with_bucket("member", "eu-west-1")
            .with_bucket("member-logs", "eu-west-1")
            .with_cluster("lake-house", "eu-west-1", &role(MEMBER))
            .with_trail(Trail::of("member", "eu-west-1", "member-logs", &["member"]));
        let member = Account { histories: vec![History::quiet("lake-house")], ..member };
        let world = World::of(ACCOUNT)
            .with(ACCOUNT, Account { stores: vec![store], namespaces: vec![namespace], ..own })
            .with(MEMBER, member)
            .with_organization(ACCOUNT, &[MEMBER])
            .with_stranger("999999999999", Account::in_regions(&["eu-west-1"]).with_bucket("foreign", "eu-west-1"));
        Arc::new(World { objects: delivered(), public_keys: Some(chains::public_keys()), ..world })
    })
}

/// What the warehouse says that it ran, at the time of the records.
fn ran() -> History {
    let read = read_at();
    let at = |minutes: i64| {
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        json!((read + time::Duration::minutes(minutes)).format(format).unwrap())
    };
    let ran = |query: i64, place: &str| {
        vec![
            json!(1),
            json!(query),
            json!("dev"),
            json!("completed"),
            at(-1),
            at(1),
            json!(place),
            json!(1),
            json!(1),
            json!(1),
        ]
    };
    let text =
        |query: i64, sql: String| vec![json!(query), json!(0), json!(format!("{sql} iam_role '{}'", role(ACCOUNT)))];
    let quiet = History::quiet("warehouse");
    let rows = vec![
        (
            "FROM sys_query_text",
            vec![
                text(1, "copy t from 's3://covered/'".to_owned()),
                text(2, "unload ('x') to 's3://uncovered/'".to_owned()),
                text(3, "unload ('x') to 's3://covered/'".to_owned()),
            ],
        ),
        ("FROM sys_unload_history", vec![ran(2, "s3://uncovered/"), ran(3, "s3://covered/")]),
        ("FROM sys_load_history", vec![[ran(1, "s3://covered/"), vec![json!(0)]].concat()]),
        ("FROM sys_unload_detail", vec![vec![json!(2), json!("s3://uncovered/0000"), json!(1)]]),
        ("FROM sys_load_detail", vec![vec![json!(1), json!("s3://covered/data.csv"), json!(1)]]),
    ];
    History { rows: [quiet.rows, rows].concat(), ..quiet }
}

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/loader")
}

fn began() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_time(time::Time::from_hms(now.hour(), 0, 0).unwrap()) - time::Duration::hours(5)
}

/// When the loader read `covered`.
fn read_at() -> OffsetDateTime {
    began() + time::Duration::minutes(125)
}

/// Five hours of log files and their digests; in them the loader reads `covered`, and a stranger `touched`.
fn delivered() -> BTreeMap<String, Object> {
    let mut chain = chains::Trail::at(began());
    for records in [vec![], vec![], vec![("covered", "loader")], vec![("touched", "stranger")], vec![]] {
        let time = chains::rfc3339(chain.now + time::Duration::minutes(5));
        let records: Vec<Value> = records.into_iter().map(|(bucket, role)| read_by(role, bucket, &time)).collect();
        let log = chain.log(5);
        *chain.bytes(&log) = gzip::compress(json!({"Records": records}).to_string().as_bytes());
        chain.digest(&[&log], |_| {});
    }
    let object =
        |(name, object): (String, chains::Object)| (name, Object { bytes: object.bytes, metadata: object.metadata });
    chain.objects.into_iter().map(object).collect()
}

/// `budget` in seconds.
fn config(budget: u64) -> String {
    let loader = role(ACCOUNT);
    format!(
        r#"
[scan]
recorders = ["trail", "event_data_store", "channel"]
budget = "{budget}s"
[scan.organization]
role = "audit"
[redshift]
learn = ["system_tables"]
[[redshift.copy]]
location = "s3://covered/"
role = "{loader}"
cluster = "group"
[[redshift.copy]]
location = "s3://touched/"
cluster = "group"
[[redshift.copy]]
location = "s3://member/"
[[redshift.unload]]
location = "s3://uncovered/"
[[redshift.unload]]
location = "s3://stopped/"
[[redshift.unload]]
location = "s3://foreign/"
[[access]]
location = "s3://covered/"
roles = ["{loader}"]
[[access]]
location = "s3://touched/"
roles = ["{loader}"]
[records]
window = "5h"
sample = "all"
"#
    )
}

/// By policy and subject.
type Outcomes = BTreeMap<(String, String), String>;

struct Scan {
    ran: Ran,
    took: Duration,
    played: Played,
    /// `None`: there is no report.
    report: Option<Value>,
}

impl Scan {
    fn outcomes(&self) -> Outcomes {
        let findings = self.report.as_ref().and_then(|report| report["findings"].as_array());
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let outcome = |finding: &Value| ((text(finding, "policy"), text(finding, "subject")), text(finding, "outcome"));
        findings.into_iter().flatten().map(outcome).collect()
    }
}

fn scan(rule: Option<Rule>, budget: u64) -> Scan {
    let script = rule.into_iter().fold(Script::of(world()), Script::with);
    let (workplace, played) = Workplace::playing(script, &config(budget));
    let began = Instant::now();
    let policies = POLICIES.iter().flat_map(|policy| ["--policy", policy]);
    let ran = workplace.run(&["check", "--report", "json"].into_iter().chain(policies).collect::<Vec<_>>());
    let report = serde_json::from_str(&ran.stdout).ok();
    Scan { ran, took: began.elapsed(), played, report }
}

fn honest() -> &'static Outcomes {
    static HONEST: OnceLock<Outcomes> = OnceLock::new();
    HONEST.get_or_init(|| scan(None, 600).outcomes())
}

fn outcome<'a>(outcomes: &'a Outcomes, policy: &str, subject: &str) -> &'a str {
    outcomes.get(&(policy.to_owned(), subject.to_owned())).map_or("none", String::as_str)
}

#[test]
fn the_world_of_the_faults_has_verdicts_of_every_kind() {
    let scan = scan(None, 600);
    let outcomes = scan.outcomes();
    for (policy, subject, expected) in [
        ("coverage/copy_recorded", "s3://covered/", "pass"),
        ("coverage/copy_recorded", "s3://member/", "pass"),
        ("coverage/unload_recorded", "s3://uncovered/", "fail"),
        ("coverage/unload_recorded", "s3://stopped/", "fail"),
        ("coverage/statement_recorded", &format!("{ACCOUNT}/eu-west-1/warehouse/1"), "pass"),
        ("coverage/statement_recorded", &format!("{ACCOUNT}/eu-west-1/warehouse/2"), "fail"),
        ("redshift/undeclared_location", "s3://uncovered/", "pass"),
        ("placement/same_region", "s3://touched/", "pass"),
        // The workgroup's namespace does not carry the role.
        ("redshift/declared_role", &role(ACCOUNT), "fail"),
        ("access/approved_roles", "s3://covered/", "pass"),
        ("access/approved_roles", "s3://touched/", "fail"),
    ] {
        assert_eq!(
            outcome(&outcomes, policy, subject),
            expected,
            "{policy} {subject}: {:#}",
            scan.report.as_ref().unwrap()
        );
    }
    let calls = scan.played.calls();
    for operation in OPERATIONS {
        assert!(calls.iter().any(|call| call.operation == operation), "{operation} is not made");
    }
    let unknown = calls.iter().find(|call| !OPERATIONS.contains(&&*call.operation));
    assert_eq!(unknown, None, "an operation that no fault is tried on");
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    operation: &'static str,
    fault: Fault,
    /// Calls that fail; the others do not.
    times: usize,
    /// Of the scan, in seconds.
    budget: u64,
    expected: Expected,
}

/// What else holds, besides what always does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    /// The verdicts are those of a scan in which nothing fails.
    SameVerdicts,
    /// The operation is named, or nothing rests on it.
    Told,
    /// It ends.
    AnEnd,
}

/// What fails for good, in a scan that has the time to try again.
const LASTS: Row = Row { operation: "", fault: Fault::Denied, times: usize::MAX, budget: 40, expected: Expected::Told };

/// These operations with each of these faults.
fn rows(operations: &[&'static str], faults: &[Fault], template: Row) -> Vec<Row> {
    let of_fault = |fault: &Fault| {
        operations.iter().map(|operation| Row { operation, fault: *fault, ..template }).collect::<Vec<_>>()
    };
    faults.iter().flat_map(of_fault).collect()
}

/// Every operation with every fault; what waits longest comes first.
fn table() -> Vec<Row> {
    // Pages without end take as long as the scan may.
    let endless = Row { budget: 2, ..LASTS };
    let stalls = Row { budget: 2, expected: Expected::AnEnd, ..LASTS };
    let passing = Row { times: 1, budget: 600, expected: Expected::SameVerdicts, ..LASTS };
    [
        rows(&OPERATIONS, &STALLS, stalls),
        rows(&OPERATIONS, &LASTING, LASTS),
        rows(&WITH_PAGES, &PAGES, LASTS),
        rows(&WITH_PAGES, &[Fault::TokenEndless], endless),
        rows(&OPERATIONS, &PASSING, passing),
    ]
    .concat()
}

/// So many scans at a time: most of them wait.
const AT_A_TIME: usize = 96;

/// A scan for each row.
fn play(rows: &[Row]) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(vec![]));
    honest();
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME.min(rows.len()) {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let rule = Rule { times: row.times, ..Rule::on(row.operation, row.fault) };
                    let scan = scan(Some(rule), row.budget);
                    let found = broken(row, &scan).into_iter().chain(unexpected(row, &scan));
                    wrong.lock().unwrap().extend(found.map(|what| format!("{row:?}: {what}")));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), rows.len());
}

/// The part of the table that takes seconds.
#[test]
fn no_operation_that_is_denied_makes_a_pass_or_goes_unsaid() {
    play(&rows(&OPERATIONS, &[Fault::Denied], LASTS));
}

/// More than seven hundred scans, each of a covered, an uncovered and a stopped location.
#[test]
#[ignore = "the whole table takes two minutes: `cargo test -- --ignored --test-threads 1`, and every run of .ci/run"]
fn no_operation_that_fails_makes_a_pass_goes_unsaid_or_holds_the_scan() {
    play(&table());
}

/// Other bytes under the ETag and the length that S3 tells are what lies there, as far as anybody can tell.
fn is_tampering(row: &Row) -> bool {
    row.operation == "GetObject" && row.fault == Fault::Malformed
}

/// What holds after every fault: no non-pass is a pass, no pass a failure, and the exit code is that of the report.
fn broken(row: &Row, scan: &Scan) -> Vec<String> {
    let mut wrong = vec![];
    for ((policy, subject), found) in scan.outcomes() {
        match (outcome(honest(), &policy, &subject), &*found) {
            ("pass", "fail") if !is_tampering(row) => wrong.push(format!("{policy} fails on {subject}")),
            (before, "pass") if before != "pass" => {
                wrong.push(format!("{policy} passes on {subject}, which is {before}"))
            }
            _ => {}
        }
    }
    // What could not be seen has a stand-in.
    let outcomes = scan.outcomes();
    let is_unknown = |of: &str| outcomes.iter().any(|((policy, _), outcome)| policy == of && outcome == "unknown");
    for ((policy, subject), before) in honest().iter().filter(|_| scan.report.is_some()) {
        if before == "fail" && outcome(&outcomes, policy, subject) == "none" && !is_unknown(policy) {
            wrong.push(format!("{policy} no longer speaks of {subject}, nor of what it did not see"));
        }
    }
    let (exit, stderr) = (scan.ran.exit, &scan.ran.stderr);
    let is_told = match &scan.report {
        Some(report) => exit == if report["summary"]["fail"] == 0 { 3 } else { 1 },
        None => exit == 2 && stderr.contains("error: "),
    };
    if !is_told {
        wrong.push(format!("exit {exit}: {stderr}"));
    }
    wrong
}

/// A try takes twenty seconds at most, and after the budget there is none.
const LONGEST: Duration = Duration::from_secs(30);

fn unexpected(row: &Row, scan: &Scan) -> Option<String> {
    let are_same = || scan.outcomes() == *honest();
    let said = || format!("{}{}", scan.ran.stdout, scan.ran.stderr);
    let is_named = || said().contains(&format!(":{}", row.operation)) || said().contains("BudgetUsedUp");
    match row.expected {
        Expected::SameVerdicts if !are_same() => Some(format!("other verdicts: {}", scan.ran.stderr)),
        // What an answer leaves open is told as just that.
        Expected::Told if row.fault == Fault::NullScalars || is_tampering(row) => None,
        Expected::Told if !is_named() && !are_same() => Some("the operation is not named".to_owned()),
        Expected::AnEnd if scan.took >= LONGEST => Some(format!("took {:?}", scan.took)),
        _ => None,
    }
}
