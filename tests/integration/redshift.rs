//! What Redshift says it ran, from the Data API to the report: learned locations, and statements held against the records.

use std::sync::Arc;

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use trailcheck::gzip;
use trailcheck::redshift::queries;

use crate::chains;
use crate::program::{Workplace, finding, outcome};
use crate::scripted::fault::Fault;
use crate::scripted::redshift_data::History;
use crate::scripted::world::{Account, Object, Trail, World};
use crate::scripted::{Call, Played, Rule, Script};

const ACCOUNT: &str = chains::ACCOUNT;
/// Of a config that declares what the day of statements uses.
pub const CONFIG: &str = "[redshift]\nlearn = [\"system_tables\"]\n[records]\nwindow = \"5h\"\nsample = \"all\"\n\
    [[redshift.unload]]\nlocation = \"s3://out/\"\n[[redshift.copy]]\nlocation = \"s3://in/\"\n";
const LEARN: &str = "[redshift]\nlearn = [\"system_tables\"]\n[records]\nwindow = \"5h\"\nsample = \"all\"\n";
const DECLARED: &str = "[[redshift.unload]]\nlocation = \"s3://out/\"\nrole = \"arn:aws:iam::123456789012:role/loader\"\n\
                        [[redshift.copy]]\nlocation = \"s3://in/\"\n";

pub fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Minutes after the beginning of the trail's chain of digests, which is five hours ago.
pub fn minutes(after: i64) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    let start = now.replace_time(time::Time::from_hms(now.hour(), 0, 0).unwrap()) - Duration::hours(5);
    start + Duration::minutes(after)
}

fn sql_time(at: OffsetDateTime) -> Value {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second].000000");
    json!(at.format(format).unwrap())
}

/// A record of the loader at a key.
pub fn record(event_name: &str, bucket: &str, key: &str, at: OffsetDateTime) -> Value {
    let reads = event_name == "GetObject";
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "accountId": ACCOUNT,
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/loader/RedshiftIamRoleSession"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "accountId": ACCOUNT, "arn": role("loader")}},
        },
        "eventTime": chains::rfc3339(at), "eventSource": "s3.amazonaws.com", "eventName": event_name, "awsRegion": "eu-west-1",
        "requestParameters": {"bucketName": bucket, "key": key},
        "additionalEventData": {"bytesTransferredIn": if reads { 0 } else { 100 }, "bytesTransferredOut": if reads { 100 } else { 0 }},
        "eventID": format!("{event_name} {bucket}/{key}"), "readOnly": reads, "eventCategory": "Data", "managementEvent": false,
        "resources": [
            {"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{bucket}/{key}")},
            {"type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{bucket}"), "accountId": ACCOUNT},
        ],
    })
}

/// One UNLOAD of two files and one COPY of two, two hours after the beginning, as the system views and the records have them.
fn history() -> History {
    let (begin, end) = (sql_time(minutes(125)), sql_time(minutes(127)));
    let unload = format!("unload ('select 1') to 's3://out/day=1/' iam_role '{}' manifest", role("loader"));
    let copy = format!("copy t from 's3://in/day=1/' iam_role '{}'", role("loader"));
    let users = vec![
        vec![json!(100), json!("auditor"), json!(false), json!(true)],
        vec![json!(101), json!("etl"), json!(false), json!(false)],
    ];
    let started = |query: i64, place: &str| {
        vec![
            json!(101),
            json!(query),
            json!("dev"),
            json!("completed"),
            begin.clone(),
            end.clone(),
            json!(place),
            json!(10),
            json!(200),
            json!(2),
        ]
    };
    let file = |query: i64, name: &str| vec![json!(query), json!(name), json!(100)];
    History {
        target: "warehouse".to_owned(),
        rows: vec![
            ("FROM pg_user", users),
            ("sys_query_history", vec![vec![json!(100)], vec![json!(101)]]),
            ("sys_query_text", vec![vec![json!(1), json!(0), json!(unload)], vec![json!(2), json!(0), json!(copy)]]),
            ("FROM sys_unload_history", vec![started(1, "s3://out/day=1/")]),
            ("FROM sys_load_history", vec![[started(2, "s3://in/day=1/"), vec![json!(0)]].concat()]),
            (
                "FROM sys_unload_detail",
                vec![file(1, "s3://out/day=1/0000_part_00"), file(1, "s3://out/day=1/0001_part_00")],
            ),
            ("FROM sys_load_detail", vec![file(2, "s3://in/day=1/a"), file(2, "day=1/b")]),
        ],
        ..History::default()
    }
}

fn records() -> Vec<Value> {
    let at = minutes(126);
    vec![
        record("PutObject", "out", "day=1/0000_part_00", at),
        record("CompleteMultipartUpload", "out", "day=1/0001_part_00", at),
        record("PutObject", "out", "day=1/manifest", at),
        record("GetObject", "in", "day=1/a", at),
        record("GetObject", "in", "day=1/b", at),
    ]
}

/// The same at another time.
pub fn timed(record: &Value, at: OffsetDateTime) -> Value {
    let mut record = record.clone();
    record["eventTime"] = json!(chains::rfc3339(at));
    record
}

/// Statements that ran, with the records of their files.
#[derive(Default)]
pub struct DayOfStatements {
    history: History,
    pub records: Vec<Value>,
}

impl DayOfStatements {
    /// A statement of two minutes, recorded in its middle.
    pub fn ran(&mut self, is_copy: bool, query: i64, begin: i64, prefix: &str, files: &[&str]) {
        let (bucket, event_name) = if is_copy { ("in", "GetObject") } else { ("out", "PutObject") };
        let place = format!("s3://{bucket}/{prefix}");
        let sql = match is_copy {
            true => format!("copy t from '{place}' iam_role '{}'", role("loader")),
            false => format!("unload ('select 1') to '{place}' iam_role '{}'", role("loader")),
        };
        let (from, until, count) = (sql_time(minutes(begin)), sql_time(minutes(begin + 2)), json!(files.len()));
        let mut ran = vec![
            json!(1),
            json!(query),
            json!("dev"),
            json!("completed"),
            from,
            until,
            json!(place),
            json!(1),
            json!(1),
            count,
        ];
        if is_copy {
            // Of no COPY job.
            ran.push(json!(0));
        }
        let (history, detail) = match is_copy {
            true => ("FROM sys_load_history", "FROM sys_load_detail"),
            false => ("FROM sys_unload_history", "FROM sys_unload_detail"),
        };
        // The SELECT of the texts names the others' views too.
        self.add("FROM sys_query_text", vec![json!(query), json!(0), json!(sql)]);
        self.add(history, ran);
        for file in files {
            self.add(detail, vec![json!(query), json!(format!("s3://{bucket}/{file}")), json!(100)]);
            self.records.push(record(event_name, bucket, file, minutes(begin + 1)));
        }
    }

    fn add(&mut self, view: &'static str, row: Vec<Value>) {
        match self.history.rows.iter_mut().find(|(part, _)| *part == view) {
            Some((_, rows)) => rows.push(row),
            None => self.history.rows.push((view, vec![row])),
        }
    }

    pub fn world(&self, recorded: &[&str]) -> World {
        let quiet = History::quiet("warehouse");
        let rows = [quiet.rows, self.history.rows.clone()].concat();
        world(History { target: quiet.target, rows, ..History::default() }, self.records.clone(), recorded)
    }
}

/// A cluster beside a trail that records both buckets, with a chain of digests.
fn world(history: History, records: Vec<Value>, recorded: &[&str]) -> World {
    let mut chain = chains::Trail::at(minutes(0));
    for hour in 0..5 {
        let of_hour = if hour == 2 { records.clone() } else { vec![] };
        let log = chain.log(5);
        *chain.bytes(&log) = gzip::compress(json!({"Records": of_hour}).to_string().as_bytes());
        chain.digest(&[&log], |_| {});
    }
    let objects = chain
        .objects
        .into_iter()
        .map(|(name, object)| (name, Object { bytes: object.bytes, metadata: object.metadata }));
    let account = Account::in_regions(&["eu-west-1"])
        .with_bucket("out", "eu-west-1")
        .with_bucket("in", "eu-west-1")
        .with_bucket("logs", "eu-west-1")
        .with_cluster("warehouse", "eu-west-1", &role("loader"))
        .with_trail(Trail::of("my_own_trail", "eu-west-1", "logs", recorded).validated());
    let account = Account { histories: vec![history], ..account };
    World {
        objects: objects.collect(),
        public_keys: Some(chains::public_keys()),
        ..World::of(ACCOUNT).with(ACCOUNT, account)
    }
}

pub fn script(world: World) -> Script {
    Script::of(&Arc::new(world))
}

fn check(script: Script, config: &str) -> (Value, Played) {
    let (workplace, played) = Workplace::playing(script, config);
    (workplace.check(&[]).0, played)
}

fn statement(query: i64) -> String {
    format!("{ACCOUNT}/eu-west-1/warehouse/{query}")
}

const RECORDED: &str = "coverage/statement_recorded";

#[test]
fn what_redshift_ran_is_found_in_the_records() {
    let config = format!("{LEARN}{DECLARED}");
    let (report, played) = check(script(world(history(), records(), &["out", "in"])), &config);
    for (policy, subject) in [
        (RECORDED, &*statement(1)),
        (RECORDED, &statement(2)),
        ("redshift/undeclared_location", "s3://out/day=1/"),
        ("redshift/undeclared_location", "s3://in/day=1/"),
        ("redshift/role_of_statement", &statement(1)),
        ("coverage/unload_recorded", "s3://out/"),
    ] {
        assert_eq!(outcome(&report, policy, subject), "pass", "{policy} {subject}: {report:#}");
    }
    // Declared locations are judged once, as declared.
    let judged = report["findings"].as_array().unwrap().iter();
    assert!(!judged.clone().any(|of| of["policy"] == "coverage/unload_recorded" && of["subject"] == "s3://out/day=1/"));
    // No other SQL than the fixed texts is sent, to the database that was made with the cluster.
    let sent: Vec<Value> = played
        .calls()
        .iter()
        .filter(|call| call.operation == "ExecuteStatement")
        .map(|call| serde_json::from_str(call.about.split_once(' ').unwrap().1).unwrap())
        .collect();
    assert!(sent.len() >= 7, "{sent:?}");
    for call in &sent {
        let sql = call["Sql"].as_str().unwrap();
        assert!(queries::all().any(|query| query.sql == sql), "{sql}");
        assert_eq!((&call["Database"], &call["ClusterIdentifier"]), (&json!("dev"), &json!("warehouse")));
    }
}

/// One statement's verdict, its message, and its severity.
fn recorded(report: &Value, query: i64) -> (String, String, String) {
    let found = finding(report, RECORDED, &statement(query));
    let text = |name: &str| found[name].as_str().unwrap().to_owned();
    (text("outcome"), text("message"), text("severity"))
}

/// Of the UNLOAD, whatever is done to the records.
#[test]
fn a_file_without_its_record_is_told_with_the_reason() {
    let config = format!("{LEARN}{DECLARED}");
    let of = |records: Vec<Value>, covered: &[&str]| {
        recorded(&check(script(world(history(), records, covered)), &config).0, 1)
    };
    let both = ["out", "in"];
    let changed = |number: usize, change: &dyn Fn(&mut Value)| {
        let mut records = records();
        change(&mut records[number]);
        records
    };
    let without = |number: usize| {
        let mut records = records();
        records.remove(number);
        records
    };
    let contradictions: [(Vec<Value>, &str); 6] = [
        (without(0), "s3://out/day=1/0000_part_00"),
        (without(1), "s3://out/day=1/0001_part_00"),
        (without(2), "s3://out/day=1/manifest"),
        (changed(0, &|record| record["errorCode"] = json!("AccessDenied")), "0000_part_00"),
        (changed(0, &|record| record["eventTime"] = json!(chains::rfc3339(minutes(133)))), "0000_part_00"),
        (
            changed(0, &|record| {
                let text = record["userIdentity"].to_string().replace("loader", "stranger");
                record["userIdentity"] = serde_json::from_str(&text).unwrap();
            }),
            "0000_part_00",
        ),
    ];
    for (records, first) in contradictions {
        let (outcome, message, severity) = of(records, &both);
        assert_eq!((&*outcome, &*severity), ("fail", "high"), "{message}");
        assert!(message.contains("1 of its 3 objects") && message.contains(first), "{message}");
        assert!(message.contains("`my_own_trail` should have recorded it"), "{message}");
    }
    // The clocks of a cluster and of S3 may differ by minutes.
    let late = changed(0, &|record| record["eventTime"] = json!(chains::rfc3339(minutes(131))));
    assert_eq!(of(late, &both).0, "pass");
    // What nothing records is lost.
    let (outcome, message, severity) = of(vec![], &["in"]);
    assert_eq!((&*outcome, &*severity), ("fail", "medium"), "{message}");
    assert!(
        message.contains("3 of its 3 objects")
            && message.contains("nothing records it, by the selectors as they are: my_own_trail: "),
        "{message}"
    );
}

/// Where it may be somewhere that nobody looked, it is not said to be missing.
#[test]
fn what_was_not_looked_at_may_hold_the_record() {
    let config = format!("{LEARN}{DECLARED}");
    let mut lost = records();
    lost.remove(0);
    let sampled = config.replace("\"all\"", "\"1B\"");
    assert_eq!(recorded(&check(script(world(history(), lost.clone(), &["out", "in"])), &sampled).0, 1).0, "unknown");
    for (operation, fault) in
        [("GetObject", Fault::Denied), ("GetObject", Fault::Html), ("ListObjectsV2", Fault::Denied)]
    {
        let script = script(world(history(), lost.clone(), &["out", "in"])).with(Rule::on(operation, fault));
        let (outcome, message, _) = recorded(&check(script, &config).0, 1);
        assert_eq!(outcome, "unknown", "{operation} {fault:?}: {message}");
    }
    // It ran when nobody read yet.
    let short = config.replace("5h", "2h");
    let (report, _) = check(script(world(history(), lost, &["out", "in"])), &short);
    let applicable = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .any(|found| found["subject"] == statement(1) && found["policy"] == RECORDED);
    assert!(!applicable, "{report:#}");
}

fn with_rows(view: &str, rows: Vec<Vec<Value>>) -> History {
    let mut history = history();
    history.rows.iter_mut().find(|(part, _)| *part == view).unwrap().1 = rows;
    history
}

fn with_cell(view: &str, row: usize, column: usize, value: Value) -> History {
    let mut history = history();
    history.rows.iter_mut().find(|(part, _)| *part == view).unwrap().1[row][column] = value;
    history
}

/// What Redshift does not say, or not so that it can be read, is not known.
#[test]
fn half_of_what_redshift_says_is_not_all() {
    let config = format!("{LEARN}{DECLARED}");
    let region = format!("{ACCOUNT}/eu-west-1");
    let unseen = |history: History| {
        let (report, _) = check(script(world(history, records(), &["out", "in"])), &config);
        let found = finding(&report, "redshift/undeclared_location", &region);
        assert_eq!(found["outcome"], "unknown");
        assert_eq!(outcome(&report, "coverage/unload_recorded", &region), "unknown");
        found["message"].as_str().unwrap().to_owned()
    };
    let ends = |view, status, error| History { ends: vec![(view, status, error)], ..history() };
    let alone = with_rows("sys_query_history", vec![vec![json!(100)]]);
    for (history, why) in [
        (alone, "none is seen; GRANT ROLE sys:monitor TO \"auditor\""),
        (
            ends("FROM sys_unload_history", "FAILED", "permission denied for relation sys_unload_history"),
            "GRANT ROLE sys:monitor",
        ),
        (ends("FROM sys_load_detail", "ABORTED", ""), "QueryAborted"),
        (ends("pg_user", "EXPLODED", ""), "its status is EXPLODED"),
        (with_cell("FROM sys_load_history", 0, 6, json!("s3://x-s3alias/p")), "access point"),
        (with_cell("FROM sys_unload_history", 0, 4, Value::Null), "without an id or a beginning"),
        (with_rows("FROM pg_user", vec![vec![json!(1)]]), "a row has 1 columns in place of 4"),
    ] {
        let message = unseen(history);
        assert!(message.contains(why), "{message}");
    }
    // Nobody wakes a cluster.
    let mut paused = world(history(), records(), &["out", "in"]);
    paused.accounts.get_mut(ACCOUNT).unwrap().paused.insert("warehouse".to_owned());
    let (report, played) = check(script(paused), &config);
    let message = finding(&report, "redshift/undeclared_location", &region)["message"].to_string();
    assert!(message.contains("the cluster is paused, and was not asked"), "{message}");
    assert!(!played.calls().iter().any(|call| call.service == "redshift-data"));
}

#[test]
fn what_is_not_told_of_the_files_leaves_the_statement_unknown() {
    let config = format!("{LEARN}{DECLARED}");
    let told = |history: History, query: i64| {
        recorded(&check(script(world(history, records(), &["out", "in"])), &config).0, query)
    };
    let long = format!("s3://in/{}", "x".repeat(248));
    for (history, query, expected, why) in [
        (with_cell("FROM sys_load_detail", 0, 1, json!(long)), 2, "unknown", "cut or masked"),
        (with_cell("FROM sys_load_detail", 0, 1, json!("******")), 2, "unknown", "cut or masked"),
        (
            with_rows("FROM sys_load_detail", vec![vec![json!(2), json!("s3://in/day=1/a"), json!(1)]]),
            2,
            "unknown",
            "counts 2 files and names 1",
        ),
        (with_cell("FROM sys_load_history", 0, 5, Value::Null), 2, "unknown", "does not say when it ended"),
        // A split file comes twice.
        (History { page: 1, ..history() }, 2, "pass", "each of its 2 objects"),
    ] {
        let (outcome, message, _) = told(history, query);
        assert_eq!(outcome, expected, "{message}");
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn what_nobody_declared_is_found() {
    let elsewhere = with_cell("FROM sys_unload_history", 0, 6, json!("s3://out/day=1/"));
    let config = format!(
        "{LEARN}[[redshift.unload]]\nlocation = \"s3://out/day=2/\"\n[[redshift.copy]]\nlocation = \"s3://in/\"\nrole = \"{}\"\n",
        role("other")
    );
    let (report, _) = check(script(world(elsewhere, records(), &["in"])), &config);
    let found = finding(&report, "redshift/undeclared_location", "s3://out/day=1/");
    assert_eq!(found["outcome"], "fail");
    assert!(found["message"].as_str().unwrap().contains("UNLOAD of cluster warehouse uses it"), "{found}");
    assert_eq!(found["evidence"]["role"], json!(role("loader")));
    // It is judged like a declared one.
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://out/day=1/"), "fail");
    // The COPY's location is declared, and for another role.
    assert_eq!(outcome(&report, "redshift/undeclared_location", "s3://in/day=1/"), "pass");
    let found = finding(&report, "redshift/role_of_statement", &statement(2));
    assert_eq!(found["outcome"], "fail", "{found}");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://in/day=1/"), "pass");
}

/// Secrets may stand in any text.
#[test]
fn no_text_of_a_statement_is_kept() {
    let secret = "unload ('select ''TOPSECRET''') to 's3://out/day=1/' access_key_id 'AKIATOPSECRET' secret_access_key 'TOPSECRET'";
    let texts = vec![vec![json!(1), json!(0), json!(secret)]];
    let config = format!("{LEARN}{DECLARED}");
    let (workplace, _) =
        Workplace::playing(script(world(with_rows("sys_query_text", texts), records(), &["out", "in"])), &config);
    let collected = workplace.run(&["collect", "-o", "snapshot.json"]);
    let snapshot = std::fs::read_to_string(workplace.path("snapshot.json")).unwrap();
    let report = workplace.run(&["check", "--report", "json", "--report", "html=out.html", "-v"]);
    let page = std::fs::read_to_string(workplace.path("out.html")).unwrap();
    assert!(snapshot.contains("s3://out/day=1/0000_part_00"), "{collected:?}");
    for text in [&snapshot, &page, &report.stdout, &report.stderr, &collected.stdout, &collected.stderr] {
        assert!(!text.contains("TOPSECRET"), "{text}");
    }
    // With keys no role acts.
    let snapshot: Value = serde_json::from_str(&snapshot).unwrap();
    assert_eq!(snapshot["statements"][0]["role"], Value::Null);
}

/// A snapshot that was made without it says nothing of it.
#[test]
fn a_snapshot_without_learning_leaves_what_redshift_uses_unknown() {
    let (workplace, _) = Workplace::playing(
        script(world(history(), records(), &["out", "in"])),
        &LEARN.replace("[redshift]\nlearn = [\"system_tables\"]\n", ""),
    );
    workplace.write("plain.toml", &format!("[records]\nwindow = \"5h\"\n{DECLARED}"));
    workplace.write("learning.toml", &format!("{LEARN}{DECLARED}"));
    let ran = workplace.run(&["collect", "-c", "plain.toml", "-o", "snapshot.json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let told = |config: &str| workplace.check(&["-c", config, "--snapshot", "snapshot.json"]).0;
    let found = finding(&told("learning.toml"), "redshift/undeclared_location", ACCOUNT).clone();
    assert_eq!(found["outcome"], "unknown");
    assert!(found["message"].as_str().unwrap().contains("collected without it"), "{found}");
    assert_eq!(outcome(&told("learning.toml"), "coverage/unload_recorded", ACCOUNT), "unknown");
    assert_eq!(outcome(&told("plain.toml"), "coverage/unload_recorded", "s3://out/"), "pass");
}

/// What is sent can be read beforehand, and needs the permissions that are printed.
#[test]
fn what_is_asked_of_redshift_is_said_beforehand() {
    let config = format!("{LEARN}{DECLARED}");
    let (workplace, played) = Workplace::playing(script(world(history(), records(), &["out", "in"])), &config);
    let told = workplace.run(&["explain", "system_tables"]);
    let dry = workplace.run(&["collect", "--dry-run"]);
    let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for query in queries::all() {
        assert!(in_one_line(&told.stdout).contains(&in_one_line(query.sql)), "{told:?}");
        assert!(in_one_line(&dry.stdout).contains(&in_one_line(query.sql)), "{dry:?}");
    }
    assert!(played.calls().is_empty());
    let granted = workplace.run(&["permissions"]).stdout;
    workplace.run(&["collect", "-o", "snapshot.json"]);
    let data_api: Vec<Call> = played.calls().into_iter().filter(|call| call.service == "redshift-data").collect();
    assert!(!data_api.is_empty());
    for call in data_api {
        let action = format!("redshift-data:{}", call.operation);
        assert!(granted.contains(&action) && dry.stdout.contains(&action), "{action}: {granted}");
    }
    // How it logs in.
    let with = |data_api: &str| {
        workplace.write("trailcheck.toml", &config.replace("[records]", &format!("data_api = {data_api}\n[records]")));
        let before = played.calls().len();
        workplace.run(&["collect", "-o", "snapshot.json"]);
        let call = played.calls().into_iter().skip(before).find(|call| call.operation == "ExecuteStatement").unwrap();
        let sent: Value = serde_json::from_str(call.about.split_once(' ').unwrap().1).unwrap();
        (sent, workplace.run(&["permissions"]).stdout)
    };
    let (sent, granted) = with("{ database = \"sales\", db_user = \"reader\" }");
    assert_eq!((&sent["Database"], &sent["DbUser"]), (&json!("sales"), &json!("reader")));
    assert!(granted.contains("redshift:GetClusterCredentials\""), "{granted}");
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:trailcheck";
    let (sent, granted) = with(&format!("{{ secret_arn = \"{secret}\" }}"));
    assert_eq!((&sent["SecretArn"], &sent["DbUser"]), (&json!(secret), &Value::Null));
    assert!(granted.contains("secretsmanager:GetSecretValue") && granted.contains(secret), "{granted}");
}

/// Where Redshift told of its statements, those are shown, summed up or each, in place of what the records hint at.
#[test]
fn statements_are_told_by_place_and_role() {
    let mut lost = records();
    lost.remove(0);
    let (workplace, _) =
        Workplace::playing(script(world(history(), lost, &["out", "in"])), &format!("{LEARN}{DECLARED}"));
    let text = workplace.run(&["check"]).stdout;
    let told = text.split("COPY and UNLOAD as Redshift ran them").nth(1).unwrap();
    assert!(told.contains("UNLOAD to s3://out/day=1/ (eu-west-1) by arn:aws:iam::123456789012:role/loader"), "{text}");
    assert!(
        told.contains("query 1 of etl: 2 files, 10 rows, 200 bytes; without a record that a trail should have"),
        "{text}"
    );
    assert!(told.contains("query 2 of etl: 2 files, 10 rows, 200 bytes; recorded"), "{text}");
    assert!(!text.contains("by the records"), "{text}");
    let page = workplace.run(&["check", "--report", "html"]).stdout;
    assert!(page.contains("query 1 of etl"), "{page}");
}

/// A write of the cluster's role that Redshift says nothing of.
#[test]
fn what_no_statement_explains_is_found() {
    const POLICY: &str = "redshift/unexplained_write";
    let config = format!("{LEARN}{DECLARED}");
    let told = |history: History, records: Vec<Value>| {
        let (report, _) = check(script(world(history, records, &["out", "in"])), &config);
        let found = finding(&report, POLICY, "s3://out/");
        (found["outcome"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
    };
    let (outcome, message) = told(history(), records());
    assert_eq!(outcome, "pass", "{message}");
    assert!(message.contains("3 writes by roles of clusters are each of a statement"), "{message}");
    let with = |more: Value| {
        let mut records = records();
        records.push(more);
        records
    };
    let elsewhere = record("PutObject", "out", "day=1/stolen.csv", minutes(126));
    let later = record("PutObject", "out", "day=1/0000_part_00", minutes(150));
    for (more, key) in [(elsewhere.clone(), "day=1/stolen.csv"), (timed(&later, minutes(150)), "0000_part_00")] {
        let mut more = more;
        more["eventID"] = json!("the one");
        let (outcome, message) = told(history(), with(more));
        assert_eq!(outcome, "fail", "{key}: {message}");
        assert!(message.contains("event the one in s3://logs/"), "{message}");
    }
    // It may be of a statement of which not all is told, or that was not told at all.
    let half = with_cell("FROM sys_unload_history", 0, 9, json!(3));
    assert_eq!(told(half, with(elsewhere.clone())).0, "unknown");
    let failed = History { ends: vec![("FROM sys_load_detail", "ABORTED", "")], ..history() };
    assert_eq!(told(failed, with(elsewhere.clone())).0, "unknown");
    // What somebody else wrote is not for Redshift to explain.
    let text = elsewhere.to_string().replace("loader", "stranger");
    assert_eq!(told(history(), with(serde_json::from_str(&text).unwrap())).0, "pass");
}

/// What fails leaves what others told; and what a COPY job will read is learned before it runs.
#[test]
fn jobs_and_what_was_told_before_a_failure_are_learned() {
    let config = format!("{LEARN}{DECLARED}");
    let learned = |history: History| {
        let (report, _) = check(script(world(history, records(), &["out", "in"])), &config);
        let findings = report["findings"].as_array().unwrap().iter();
        let own = findings.filter(|found| found["policy"] == "redshift/undeclared_location");
        own.map(|found| format!("{} {}", found["outcome"].as_str().unwrap(), found["subject"].as_str().unwrap()))
            .collect::<std::collections::BTreeSet<String>>()
    };
    let all = ["pass s3://in/day=1/", "pass s3://out/day=1/"].map(str::to_owned);
    let region = format!("unknown {ACCOUNT}/eu-west-1");
    let with_job = |id: i64, text: &str| {
        let job = vec![json!(id), json!("nightly"), json!(role("loader")), json!(text)];
        History { rows: [vec![("sys_copy_job", vec![job])], history().rows].concat(), ..history() }
    };
    let found = learned(with_job(7, "copy t from 's3://in2/nightly/' iam_role default job create nightly auto on"));
    assert!(found.contains("fail s3://in2/nightly/") && !found.contains(&region), "{found:?}");
    // Its text is cut, and it has not run.
    let long = format!("copy t from 's3://in2/{}", "x".repeat(300));
    let found = learned(with_job(7, &long[..256]));
    assert!(found.contains(&region) && all.iter().all(|of| found.contains(of)), "{found:?}");
    // It has: its loads say where.
    let mut ran = with_job(7, &long[..256]);
    ran.rows.iter_mut().find(|(part, _)| *part == "FROM sys_load_history").unwrap().1[0][10] = json!(7);
    assert_eq!(learned(ran), all.clone().into());
    for view in ["FROM sys_unload_detail", "sys_query_text", "sys_copy_job", "sys_query_history"] {
        let found = learned(History { ends: vec![(view, "FAILED", "out of memory")], ..history() });
        assert!(found.contains(&region) && all.iter().all(|of| found.contains(of)), "{view}: {found:?}");
    }
}

/// A cluster that is too old for the SYS views tells its texts, and they the places.
#[test]
fn an_older_cluster_is_asked_by_its_older_views() {
    let config = format!("{LEARN}{DECLARED}");
    let (begin, end) = (sql_time(minutes(125)), sql_time(minutes(127)));
    let ran = |query: i64| {
        vec![
            json!(101),
            json!(query),
            json!("dev"),
            json!("completed"),
            begin.clone(),
            end.clone(),
            json!(""),
            json!(10),
            json!(200),
            json!(2),
        ]
    };
    let load = |query: i64| [ran(query), vec![json!(0)]].concat();
    let new = history();
    let of = |part: &str| new.rows.iter().find(|(of, _)| *of == part).unwrap().1.clone();
    // Pieces are shorter, and a text that speaks of COPY is none.
    let (long, mut texts) = ("x".repeat(180), vec![]);
    let unload =
        format!("unload ('select 1 /* {long} */') to 's3://out/day=1/' iam_role '{}' manifest", role("loader"));
    texts.extend([vec![json!(1), json!(0), json!(&unload[..200])], vec![json!(1), json!(1), json!(&unload[200..])]]);
    texts.extend([2, 3].map(|query| {
        vec![json!(query), json!(0), json!(format!("copy t from 's3://in/day=1/' iam_role '{}'", role("loader")))]
    }));
    texts[3][2] = json!("select 'copy'");
    let rows = vec![
        ("stl_querytext", texts),
        ("FROM pg_user", of("FROM pg_user")),
        ("DISTINCT userid FROM stl_query", of("sys_query_history")),
        ("ILIKE '%unload%'", vec![ran(1)]),
        ("ILIKE '%copy%'", vec![load(2), load(3)]),
        ("rtrim(path)", of("FROM sys_unload_detail")),
        ("rtrim(filename)", of("FROM sys_load_detail")),
    ];
    let ends = vec![("sys_", "FAILED", "ERROR: relation \"sys_unload_history\" does not exist")];
    let old = History { target: "warehouse".to_owned(), rows, ends, ..History::default() };
    let (report, _) = check(script(world(old.clone(), records(), &["out", "in"])), &config);
    for query in [1, 2] {
        assert_eq!(outcome(&report, RECORDED, &statement(query)), "pass", "{report:#}");
    }
    assert_eq!(report["run"]["statements"].as_array().unwrap().len(), 2);
    assert_eq!(outcome(&report, "redshift/undeclared_location", "s3://out/day=1/"), "pass");
    // A text that cannot be read may be anything.
    let mut cut = old;
    cut.rows[0].1.remove(1);
    let (report, _) = check(script(world(cut, records(), &["out", "in"])), &config);
    assert_eq!(outcome(&report, "redshift/undeclared_location", &format!("{ACCOUNT}/eu-west-1")), "unknown");
}

/// What a place lacks its text has; what the text does not say either is told.
#[test]
fn places_and_texts_complete_each_other() {
    let config = format!("{LEARN}{DECLARED}");
    let of = |history: History| check(script(world(history, records(), &["out", "in"])), &config).0;
    let region = format!("{ACCOUNT}/eu-west-1");
    let has = |report: &Value, subject: &str| {
        report["findings"].as_array().unwrap().iter().any(|found| found["subject"] == *subject)
    };
    for place in [json!(""), Value::Null] {
        let report = of(with_cell("FROM sys_unload_history", 0, 6, place));
        assert_eq!(outcome(&report, RECORDED, &statement(1)), "pass");
        assert!(!has(&report, &region), "{report:#}");
    }
    // Both say something else, or neither says anything.
    let mut neither = with_cell("FROM sys_unload_history", 0, 6, json!(""));
    neither.rows.iter_mut().find(|(part, _)| *part == "sys_query_text").unwrap().1.remove(0);
    assert!(has(&of(neither), &region));
    // The files that tell a COPY how to read are read too, wherever its data is.
    let texts = |copy: &str| {
        with_rows(
            "sys_query_text",
            vec![
                vec![json!(2), json!(0), json!(copy)],
                vec![json!(1), json!(0), json!("unload ('x') to 's3://out/day=1/' iam_role default")],
            ],
        )
    };
    let report = of(texts("copy t from 's3://in/day=1/' iam_role default json 's3://in2/paths'"));
    assert_eq!(outcome(&report, "redshift/undeclared_location", "s3://in2/paths"), "fail");
    let mut elsewhere = texts("copy t from 'dynamodb://Movies' iam_role default json 's3://in2/paths'");
    elsewhere.rows.iter_mut().find(|(part, _)| *part == "FROM sys_load_history").unwrap().1[0][6] =
        json!("dynamodb://Movies");
    let report = of(elsewhere);
    assert_eq!(outcome(&report, "redshift/undeclared_location", "s3://in2/paths"), "fail");
    // Its text may name another.
    assert!(has(&of(texts("copy t from 's3://in/day=1/' json 's3://in2/a\\\\b'")), &region));
}
