//! Learned from Redshift's audit logs and integrations: every place that a COPY or UNLOAD names, and nothing that only looks like one.

use std::sync::Arc;

use serde_json::Value;
use time::{Duration, OffsetDateTime};
use trailcheck::gzip;

use crate::chains;
use crate::program::{Workplace, finding, outcome};
use crate::scripted::fault::Fault;
use crate::scripted::world::{Account, Namespace, Object, Trail, World};
use crate::scripted::{Rule, Script};

const ACCOUNT: &str = chains::ACCOUNT;
const CONFIG: &str = "[redshift]\nlearn = [\"audit_logs\", \"integrations\"]\n\
                      [[redshift.unload]]\nlocation = \"s3://out/declared/\"\n";
const REGION: &str = "123456789012/eu-west-1";

fn hours_ago(hours: i64) -> OffsetDateTime {
    OffsetDateTime::now_utc() - Duration::hours(hours)
}

/// An entry of the user's.
fn entry(user: &str, sql: &str) -> String {
    let at = chains::rfc3339(hours_ago(3));
    format!("'{at} UTC [ db=dev user={user} pid=685 userid=101 xid=245578 ]' LOG: {sql}\n")
}

/// What Redshift itself runs all the time.
fn heartbeat() -> Vec<String> {
    let at = |hours| chains::rfc3339(hours_ago(hours));
    let entry = |hours| format!("'{} UTC [ db=dev user=rdsdb pid=1 userid=1 xid=1 ]' LOG: select 1\n", at(hours));
    [23, 18, 13, 8, 4].into_iter().map(entry).collect()
}

/// Log files of the cluster `warehouse`, one an hour, with these texts behind what Redshift itself ran.
fn files(texts: &[&str]) -> Vec<(String, Object)> {
    let quiet = heartbeat().concat();
    let texts: Vec<&str> = [&*quiet].into_iter().chain(texts.iter().copied()).collect();
    let file = |(number, text): (usize, &&str)| {
        let at = hours_ago(8 - number as i64);
        let (day, hour) = (at.date(), at.hour());
        let key = format!(
            "audit/redshift/AWSLogs/{ACCOUNT}/redshift/eu-west-1/{}/{ACCOUNT}_redshift_eu-west-1_warehouse_useractivitylog_{day}T{hour:02}:00.gz",
            day.to_string().replace('-', "/"),
        );
        (key, Object { bytes: gzip::compress(text.as_bytes()), ..Object::default() })
    };
    texts.iter().enumerate().map(file).collect()
}

/// Audit logging to S3, as AWS answers it.
fn to_s3() -> String {
    "<LoggingEnabled>true</LoggingEnabled><BucketName>audit</BucketName><S3KeyPrefix>redshift/</S3KeyPrefix>\
     <LogDestinationType>s3</LogDestinationType>"
        .to_owned()
}

fn account() -> Account {
    let account = Account::in_regions(&["eu-west-1"])
        .with_bucket("out", "eu-west-1")
        .with_bucket("in", "eu-west-1")
        .with_bucket("audit", "eu-west-1")
        .with_cluster("warehouse", "eu-west-1", "arn:aws:iam::123456789012:role/loader")
        .with_trail(Trail::of("trail", "eu-west-1", "logs", &["out"]));
    Account { logging: [("warehouse".to_owned(), to_s3())].into(), ..account }
}

fn world(account: Account, texts: &[&str]) -> World {
    World { objects: files(texts).into_iter().collect(), ..World::of(ACCOUNT).with(ACCOUNT, account) }
}

fn check(world: World, rule: Option<Rule>) -> Value {
    let script = rule.into_iter().fold(Script::of(&Arc::new(world)), Script::with);
    let (workplace, _) = Workplace::playing(script, CONFIG);
    workplace.check(&[]).0
}

/// By subject, the verdicts on what was learned.
fn learned(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let own = findings.filter(|found| found["policy"] == "redshift/undeclared_location");
    let mut told: Vec<String> = own
        .map(|found| format!("{} {}", found["outcome"].as_str().unwrap(), found["subject"].as_str().unwrap()))
        .collect();
    told.sort();
    told
}

#[test]
fn what_a_log_names_is_learned() {
    let role = "iam_role 'arn:aws:iam::123456789012:role/loader'";
    let first = [
        entry(
            "etl",
            &format!("/* job */\nUNLOAD ('select ''s3://inner/''\n from t')\nTO 's3://out/declared/a/' {role}"),
        ),
        entry("etl", "unload ('select 1') to 's3://out/other/' iam_role ''"),
        // JDBC logs what it prepares, and what it runs.
        entry("etl", "copy t from 's3://in/x' iam_role ''"),
        entry("etl", "copy t from 's3://in/x' iam_role '';"),
        entry("etl", "select 'unload to s3://nowhere/'"),
        entry("rdsdb", "copy t from 's3://of-redshift/' iam_role ''"),
    ]
    .concat();
    let second = entry("IAMR:etl role", "copy t from 's3://in/p' iam_role '' json 's3://in/paths'");
    let report = check(world(account(), &[&first, &second]), None);
    let expected =
        ["fail s3://in/p", "fail s3://in/paths", "fail s3://in/x", "fail s3://out/other/", "pass s3://out/declared/a/"];
    assert_eq!(learned(&report), expected, "{report:#}");
    let found = finding(&report, "redshift/undeclared_location", "s3://out/other/");
    let told_by = &found["evidence"]["told_by"]["file"];
    assert_eq!(told_by["line"], 5, "{found}");
    assert!(told_by["path"].as_str().unwrap().starts_with("s3://audit/redshift/AWSLogs/"), "{found}");
    // Like a declared one.
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://out/other/"), "pass");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://in/x"), "fail");
    assert_eq!(outcome(&report, "redshift/audit_logging", &format!("{REGION}/warehouse")), "pass");
    // It says where it was told.
    let text = found.to_string();
    assert!(text.contains("UNLOAD of cluster warehouse uses it"), "{text}");
}

/// What cannot be read is counted, and leaves what Redshift uses unknown.
#[test]
fn what_a_log_does_not_say_is_unknown() {
    let beginning = entry("etl", "unload ('select 1') to 's3://out/decl");
    for (texts, why) in [
        (vec![entry("etl", "copy t from $1 iam_role ''")], "1 statements of its audit log cannot be read"),
        (vec![entry("etl", "unload ('select 1') to 's3://out/declared/\\'' iam_role '' null '\\'")], "cannot be read"),
        // The beginning of a place is another place.
        (vec![beginning.clone(), format!("ared/' iam_role ''\n{}", entry("etl", "select 1"))], "cannot be read"),
        (vec![beginning], "cannot be read"),
        // The beginning of the file goes on with what the last one ended with.
        (
            vec![
                entry("etl", "-- job 17"),
                format!("copy t from 's3://in/x' iam_role ''\n{}", entry("etl", "select 1")),
            ],
            "cannot be read",
        ),
        // What looks like another entry is the rest of a comment.
        (
            vec![entry("etl", &format!("select 1 /*\n{}", entry("rdsdb", "*/; copy t from 's3://in/x' iam_role ''")))],
            "cannot be read",
        ),
        (vec![format!("to 's3://out/x/' iam_role ''\n{}", entry("etl", "select 1"))], "cannot be read"),
    ] {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let report = check(world(account(), &texts), None);
        let found = finding(&report, "redshift/undeclared_location", REGION);
        assert_eq!(found["outcome"], "unknown");
        assert!(found["message"].as_str().unwrap().contains(why), "{found}");
        assert_eq!(learned(&report).len(), 1, "{report:#}");
    }
    // A log that begins late says nothing of what was before.
    let none = World { objects: [].into(), ..world(account(), &[]) };
    let message = finding(&check(none, None), "redshift/undeclared_location", REGION)["message"].to_string();
    assert!(message.contains("its audit log has no entry for 24 hours"), "{message}");
}

#[test]
fn a_cluster_that_logs_nothing_is_told() {
    let told = |account: Account| {
        let report = check(world(account, &[]), None);
        let found = finding(&report, "redshift/audit_logging", &format!("{REGION}/warehouse"));
        (found["outcome"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned(), learned(&report))
    };
    let logging = |status: String| Account { logging: [("warehouse".to_owned(), status)].into(), ..account() };
    let failure = "<LastFailureTime>2026-11-20T10:00:00Z</LastFailureTime><LastFailureMessage>no such bucket</LastFailureMessage>";
    for (account, expected, why) in [
        (Account { logging: [].into(), ..account() }, "fail", "audit logging is off"),
        (
            Account { user_activity: [("warehouse".to_owned(), "false")].into(), ..account() },
            "fail",
            "enable_user_activity_logging is false",
        ),
        (Account { user_activity: [("warehouse".to_owned(), "perhaps")].into(), ..account() }, "unknown", "not told"),
        (logging(to_s3() + failure), "fail", "no such bucket"),
    ] {
        let (outcome, message, learned) = told(account);
        assert_eq!(outcome, expected, "{message}");
        assert!(message.contains(why), "{message}");
        // What it uses is not known, unless only newer files are missing.
        assert!(!learned.iter().any(|told| told.starts_with("pass")), "{learned:?}");
    }
    let delivered =
        format!("{}{failure}<LastSuccessfulDeliveryTime>2026-11-21T10:00:00Z</LastSuccessfulDeliveryTime>", to_s3());
    assert_eq!(told(logging(delivered)).0, "pass");
}

#[test]
fn logs_in_cloudwatch_are_read_too() {
    let status = "<LoggingEnabled>true</LoggingEnabled><LogDestinationType>cloudwatch,s3table</LogDestinationType>\
                  <LogExports><member>useractivitylog</member></LogExports>";
    let namespace = Namespace { name: "space", workgroup: "group", region: "eu-west-1", roles: vec![] };
    let sql = |place: &str| entry("etl", &format!("unload ('select 1') to '{place}' iam_role ''"));
    let account = Account {
        logging: [("warehouse".to_owned(), status.to_owned())].into(),
        namespaces: vec![namespace],
        activity_events: [
            ("warehouse".to_owned(), [heartbeat(), vec![sql("s3://out/a"), sql("s3://out/b")]].concat()),
            ("space".to_owned(), [heartbeat(), vec![sql("s3://out/c")]].concat()),
        ]
        .into(),
        ..account()
    };
    let report = check(world(account.clone(), &[]), None);
    assert_eq!(learned(&report), ["fail s3://out/a", "fail s3://out/b", "fail s3://out/c"], "{report:#}");
    assert_eq!(outcome(&report, "redshift/audit_logging", &format!("{REGION}/namespace/space")), "pass");
    // An event has so many bytes and no more.
    let long = sql(&format!("s3://out/{}", "x".repeat(256 << 10)));
    let cut = Account {
        activity_events: [("warehouse".to_owned(), vec![long]), ("space".to_owned(), vec![])].into(),
        ..account
    };
    assert_eq!(learned(&check(world(cut, &[]), None)), [format!("unknown {REGION}")]);
}

/// An integration names a bucket, and not what of it is loaded.
#[test]
fn an_integration_reads_somewhere_in_its_bucket() {
    let arn = |name: &str| format!("arn:aws:redshift:eu-west-1:123456789012:namespace:{name}");
    let of = |buckets: &[&str], recorded: &[&str]| {
        let integration = |bucket: &&str| (format!("arn:aws:s3:::{bucket}"), arn("warehouse"), "eu-west-1".to_owned());
        let account = Account {
            integrations: buckets.iter().map(integration).collect(),
            trails: vec![Trail::of("trail", "eu-west-1", "logs", recorded)],
            ..account()
        };
        check(world(account, &[]), None)
    };
    let report = of(&["in"], &["in"]);
    assert_eq!(learned(&report), ["fail s3://in/"]);
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://in/"), "pass");
    assert_eq!(finding(&report, "redshift/undeclared_location", "s3://in/")["evidence"]["cluster"], "warehouse");
    // A part may be recorded, and a part not.
    for recorded in [&["in/part"][..], &["out"]] {
        let report = of(&["in"], recorded);
        let found = finding(&report, "coverage/copy_recorded", "s3://in/");
        assert_eq!(found["outcome"], "unknown", "{found}");
        assert!(
            found["message"].as_str().unwrap().contains("uses a part of s3://in/, and which is not known"),
            "{found}"
        );
    }
    // One that brings in a database names no bucket.
    let zero_etl = Account {
        integrations: vec![(
            "arn:aws:rds:eu-west-1:123456789012:db:x".to_owned(),
            arn("warehouse"),
            "eu-west-1".to_owned(),
        )],
        ..account()
    };
    assert_eq!(learned(&check(world(zero_etl, &[]), None)), ["not_applicable 123456789012"]);
    let nameless = Account { integrations: vec![(String::new(), String::new(), "eu-west-1".to_owned())], ..account() };
    assert_eq!(learned(&check(world(nameless, &[]), None)), [format!("unknown {REGION}")]);
}

/// No fault makes what Redshift uses known.
#[test]
fn a_call_that_fails_leaves_it_unknown() {
    let text = entry("etl", "unload ('select 1') to 's3://out/declared/' iam_role ''");
    for operation in
        ["DescribeLoggingStatus", "DescribeClusterParameters", "DescribeIntegrations", "ListObjectsV2", "GetObject"]
    {
        for fault in [Fault::Denied, Fault::Malformed, Fault::EmptyOk, Fault::BareOk, Fault::Html, Fault::NullScalars] {
            // The bytes of an object have neither lists nor numbers.
            if operation == "GetObject" && fault == Fault::NullScalars {
                continue;
            }
            let integration = ("arn:aws:s3:::in".to_owned(), "elsewhere".to_owned(), "eu-west-1".to_owned());
            let account = Account { integrations: vec![integration], ..account() };
            let report = check(world(account, &[&text]), Some(Rule::on(operation, fault)));
            let told = learned(&report);
            assert!(told.contains(&format!("unknown {REGION}")), "{operation} {fault:?}: {told:?}");
        }
    }
}
