//! What the system views tell of what Redshift uses, and what they leave open.

use serde_json::{Value, json};
use trailcheck::redshift::queries;

use crate::program::{Workplace, finding, outcome};
use crate::redshift_day::{
    ACCOUNT, DECLARED, LEARN, RECORDED, check, history, records, role, script, started, statement, with_cell,
    with_rows, world,
};
use crate::scripted::Call;
use crate::scripted::redshift_data::History;

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
    let load = |query: i64| [started(query, ""), vec![json!(0)]].concat();
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
        ("ILIKE '%unload%'", vec![started(1, "")]),
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
