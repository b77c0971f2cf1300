//! What Redshift says it ran, held against the records: found, lost, contradicted, or not known.

use serde_json::{Value, json};
use trailcheck::redshift::queries;

use crate::chains;
use crate::program::{Workplace, finding, outcome};
use crate::redshift_day::{
    DECLARED, LEARN, RECORDED, check, history, minutes, record, records, script, statement, timed, with_cell,
    with_rows, world,
};
use crate::scripted::Rule;
use crate::scripted::fault::Fault;
use crate::scripted::redshift_data::History;

/// One statement's verdict, its message, and its severity.
fn recorded(report: &Value, query: i64) -> (String, String, String) {
    let found = finding(report, RECORDED, &statement(query));
    let text = |name: &str| found[name].as_str().unwrap().to_owned();
    (text("outcome"), text("message"), text("severity"))
}

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
