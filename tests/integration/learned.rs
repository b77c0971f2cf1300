//! Learned locations and statements in a snapshot, however they came to be there.

use serde_json::{Value, json};

use crate::account::{self, R, snapshot_of};
use crate::program::{Workplace, finding, outcome};

const LEARN: &str = "[redshift]\nlearn = [\"system_tables\"]\n[records]\nwindow = \"24h\"\nsample = \"all\"\n";

/// An account of which everything is recorded and read, that was asked what it ran.
fn complete() -> Value {
    let mut account = account::complete("s3://b/");
    account["learned_from"] = json!(["system_tables"]);
    account
}

fn check(account: Value, beside: &[(&str, Value)], config: &str) -> Value {
    let mut snapshot = snapshot_of(account);
    for (name, value) in beside {
        snapshot[*name] = value.clone();
    }
    let workplace = Workplace::offline();
    workplace.write("snapshot.json", &snapshot.to_string());
    workplace.write("trailcheck.toml", config);
    workplace.check(&["--snapshot", "snapshot.json"]).0
}

fn origin() -> Value {
    json!({"api": {"call": "redshift-data:ExecuteStatement", "region": "eu-west-1", "at": "2026-11-22T12:00:00Z"}})
}

fn location(kind: &str, location: &str) -> Value {
    json!({"kind": kind, "location": location, "role": R, "cluster": "w", "origin": origin()})
}

fn statement(id: &str, kind: &str, location: &str, files: &[&str]) -> Value {
    let files: Vec<Value> = files.iter().map(|file| json!({"object": file, "bytes": 1})).collect();
    json!({
        "query_id": id, "kind": kind, "account": "111111111111", "region": "eu-west-1", "cluster": "w", "location": location,
        "role": R, "manifest": false, "status": "completed", "started_at": "2026-11-22T05:00:00Z", "ended_at": "2026-11-22T05:02:00Z",
        "rows": 1, "file_count": files.len(), "files": files, "origin": origin(),
    })
}

fn with(mut value: Value, changes: &[(&str, Value)]) -> Value {
    for (name, change) in changes {
        value[*name] = change.clone();
    }
    value
}

/// What a manifest names is read too, whatever else is declared around it.
#[test]
fn a_manifest_is_judged_by_what_it_names() {
    let config = format!("{LEARN}[[redshift.copy]]\nlocation = \"s3://b/\"\n");
    let manifest = with(location("copy", "s3://b/load"), &[("is_manifest", json!(true))]);
    let plain = location("copy", "s3://b/load");
    for locations in [json!([manifest]), json!([plain, manifest]), json!([manifest, plain])] {
        let report = check(complete(), &[("locations", locations)], &config);
        assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://b/load"), "unknown", "{report:#}");
        assert_eq!(outcome(&report, "redshift/undeclared_location", "s3://b/load"), "pass");
    }
    // Where its files are told, these are what is read.
    let of = |files: &[&str], more: &[(&str, Value)]| {
        let more = [&[("manifest", json!(true))], more].concat();
        let statement = with(statement("1", "copy", "s3://b/manifests/x", files), &more);
        check(complete(), &[("statements", json!([statement]))], &config)
    };
    let report = of(&["s3://b/data/1"], &[]);
    let copies = report["findings"].as_array().unwrap().iter().filter(|of| of["policy"] == "coverage/copy_recorded");
    let told: Vec<(&str, &str)> =
        copies.map(|of| (of["subject"].as_str().unwrap(), of["outcome"].as_str().unwrap())).collect();
    assert_eq!(told, [("s3://b/", "pass")]);
    let report = of(&["s3://b/data/1", "s3://c/1"], &[]);
    assert_eq!(outcome(&report, "redshift/undeclared_location", "s3://c/"), "fail");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://c/"), "unknown");
    // Not all of them are.
    let partly: [&[(&str, Value)]; 6] = [
        &[("unreadable_files", json!(1))],
        &[("file_count", json!(2))],
        &[("files", Value::Null)],
        &[("files", Value::Null), ("manifest", Value::Null)],
        &[("files", json!([])), ("file_count", json!(0))],
        &[("status", json!("aborted"))],
    ];
    for more in partly {
        let report = of(&["s3://b/data/1"], more);
        assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://b/manifests/x"), "unknown");
    }
}

/// The place of an UNLOAD that nobody declared has no time at which an UNLOAD is known by the config.
#[test]
fn what_is_learned_is_not_asked_of_the_configs_times() {
    let statements = json!([statement("1", "unload", "s3://b/x/", &[])]);
    let report = check(complete(), &[("statements", statements)], LEARN);
    let own: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|of| of["policy"] == "coverage/confirmed_by_records")
        .collect();
    assert!(own.iter().all(|of| of["outcome"] == "not_applicable"), "{own:#?}");
}

/// Who acts without a role of the cluster is not the role that is declared.
#[test]
fn keys_and_sessions_are_no_role_of_the_cluster() {
    let config = format!("{LEARN}[[redshift.unload]]\nlocation = \"s3://b/\"\nrole = \"{R}\"\n");
    let by = |changes: &[(&str, Value)]| {
        let statement = with(statement("1", "unload", "s3://b/x/", &["s3://b/x/0"]), changes);
        check(complete(), &[("statements", json!([statement]))], &config)
    };
    let subject = "111111111111/eu-west-1/w/1";
    for (without, words) in [("keys", "with access keys"), ("session", "identity of the database session")] {
        let report = by(&[("role", Value::Null), ("without_role", json!(without))]);
        let found = finding(&report, "redshift/role_of_statement", subject);
        assert_eq!(found["outcome"], "fail");
        assert!(found["message"].as_str().unwrap().contains(words), "{found}");
        // The place is then used by somebody else than is declared.
        assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://b/x/"), "pass");
    }
    let report = by(&[("role", Value::Null)]);
    assert_eq!(outcome(&report, "redshift/role_of_statement", subject), "unknown");
    // The narrowest table has the word.
    let narrow =
        format!("{config}[[redshift.unload]]\nlocation = \"s3://b/x/\"\nrole = \"arn:aws:iam::111111111111:role/X\"\n");
    let statements = json!([statement("1", "unload", "s3://b/x/", &[])]);
    let report = check(complete(), &[("statements", statements)], &narrow);
    assert_eq!(outcome(&report, "redshift/role_of_statement", subject), "fail");
}

/// Of several missing objects the worst counts, wherever it stands.
#[test]
fn the_worst_of_the_missing_objects_counts() {
    let subject = "111111111111/eu-west-1/w/1";
    let of = |missing: &[&str]| {
        let mut account = complete();
        account["records"]["statements"] =
            json!([{"statement": subject, "found": 0, "unclear": 0, "missing": missing, "bytes": null}]);
        let statement = statement("1", "copy", "s3://b/", missing);
        let report = check(account, &[("statements", json!([statement]))], LEARN);
        let found = finding(&report, "coverage/statement_recorded", subject);
        (found["outcome"].as_str().unwrap().to_owned(), found["severity"].as_str().unwrap().to_owned())
    };
    let high = ("fail".to_owned(), "high".to_owned());
    assert_eq!(of(&["s3://b/1", "s3://nowhere/2"]), high);
    assert_eq!(of(&["s3://nowhere/2", "s3://b/1"]), high);
    assert_eq!(of(&["s3://nowhere/2"]).0, "unknown");
}

/// Two things of one name are two.
#[test]
fn a_namespace_may_have_a_clusters_name() {
    let of_cluster = statement("1", "unload", "s3://b/x/", &[]);
    let of_namespace = with(of_cluster.clone(), &[("cluster_kind", json!("serverless"))]);
    let report = check(complete(), &[("statements", json!([of_cluster, of_namespace]))], LEARN);
    let subjects: Vec<&str> =
        report["run"]["statements"].as_array().unwrap().iter().map(|of| of["id"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["111111111111/eu-west-1/w/1", "111111111111/eu-west-1/namespace/w/1"]);
}

/// Logs that do not hold what users run are none of it.
#[test]
fn audit_logs_without_what_users_run_are_told() {
    let of = |changes: &[(&str, Value)]| {
        let logging = json!({"logging_enabled": true, "destinations": ["cloudwatch"], "log_exports": ["useractivitylog"], "user_activity": true});
        let mut account = complete();
        account["learned_from"] = json!(["audit_logs"]);
        account["clusters"] = json!([{"cluster_identifier": "w", "kind": "provisioned", "region": "eu-west-1", "account": "111111111111",
            "iam_roles": [], "audit_logging": with(logging, changes)}]);
        let report = check(account, &[], "[redshift]\nlearn = [\"audit_logs\"]\n");
        outcome(&report, "redshift/audit_logging", "111111111111/eu-west-1/w").to_owned()
    };
    assert_eq!(of(&[]), "pass");
    assert_eq!(of(&[("log_exports", json!(["connectionlog"]))]), "fail");
    assert_eq!(of(&[("destinations", json!([]))]), "fail");
    assert_eq!(of(&[("destinations", json!(["s3"]))]), "fail");
    assert_eq!(of(&[("destinations", json!(["s3"])), ("bucket_name", json!("audit"))]), "pass");
}

/// Places of runs are told as the one place that all of them have.
#[test]
fn many_places_that_begin_alike_are_told_together() {
    let at = |bucket: &str, runs: usize| -> Vec<Value> {
        let place = |run| format!("s3://{bucket}/out/run={run}/");
        (0..runs).map(|run| statement(&format!("{bucket}{run}"), "unload", &place(run), &[])).collect()
    };
    let check_at = |bucket: &str, runs: usize, config: &str| {
        let mut account = complete();
        account["buckets"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "c", "region": "eu-west-1", "account": "111111111111"}));
        check(account, &[("statements", at(bucket, runs).into())], config)
    };
    let of = |report: &Value, policy: &str| -> Vec<String> {
        let findings = report["findings"].as_array().unwrap().iter().filter(|of| of["policy"] == policy);
        findings.map(|of| format!("{} {}", of["outcome"].as_str().unwrap(), of["subject"].as_str().unwrap())).collect()
    };
    let report = check_at("b", 40, LEARN);
    assert_eq!(of(&report, "coverage/unload_recorded"), ["pass s3://b/out/"]);
    assert_eq!(of(&report, "redshift/undeclared_location"), ["fail s3://b/out/"]);
    let found = finding(&report, "redshift/undeclared_location", "s3://b/out/");
    assert!(found["message"].as_str().unwrap().contains("40 places that begin so"), "{found}");
    // Nothing records the other bucket.
    let report = check_at("c", 40, LEARN);
    assert_eq!(of(&report, "coverage/unload_recorded"), ["fail s3://c/out/"]);
    let found = finding(&report, "coverage/unload_recorded", "s3://c/out/");
    assert!(
        found["message"].as_str().unwrap().contains("of 40 places that begin so 40 are like s3://c/out/run=0/"),
        "{found}"
    );
    // A few are told one by one.
    assert_eq!(of(&check_at("c", 3, LEARN), "coverage/unload_recorded").len(), 3);
    let declared = format!("{LEARN}[[redshift.unload]]\nlocation = \"s3://c/out/\"\n");
    assert_eq!(of(&check_at("c", 40, &declared), "redshift/undeclared_location").len(), 40);
}

/// Of thousands of statements the first are told, and how many more there are.
#[test]
fn many_statements_are_folded_in_the_text() {
    let statements: Vec<Value> =
        (0..40).map(|n| statement(&n.to_string(), "copy", "s3://b/in/", &[&format!("s3://b/in/{n}")])).collect();
    let mut account = complete();
    let missing = |n: usize| {
        json!({"statement": format!("111111111111/eu-west-1/w/{n}"), "found": 0, "unclear": 0,
        "missing": [format!("s3://b/in/{n}")], "bytes": null})
    };
    account["records"]["statements"] = (0..40).map(missing).collect();
    let mut snapshot = snapshot_of(account);
    snapshot["statements"] = statements.into();
    let workplace = Workplace::offline();
    workplace.write("snapshot.json", &snapshot.to_string());
    workplace.write("trailcheck.toml", &format!("{LEARN}[[redshift.copy]]\nlocation = \"s3://b/\"\n"));
    let text = workplace.run(&["check", "--snapshot", "snapshot.json"]).stdout;
    assert_eq!(text.matches("COPY from s3://b/in/ at 2026-11-22T05:00:00Z (query ").count(), 5, "{text}");
    assert!(text.contains("of coverage/statement_recorded for 35 further statements: -v shows them"), "{text}");
    assert!(text.contains("40 times, ") && text.contains("; 40 without a record that a trail should have"), "{text}");
    let text = workplace.run(&["check", "--snapshot", "snapshot.json", "-v"]).stdout;
    assert_eq!(text.matches("coverage/statement_recorded (high)").count(), 40, "{text}");
}

/// A place of which two sources were not read is one place, with the reasons of both.
#[test]
fn what_was_not_seen_is_told_once() {
    let mut account = complete();
    account["learned_from"] = json!(["records", "system_tables"]);
    let failed = |call: &str, kind: &str| {
        json!({"call": call, "account": "111111111111", "region": "eu-west-1", "resource": null, "code": "AccessDeniedException",
            "message": "no", "makes_unknown": [kind]})
    };
    account["failures"] =
        json!([failed("redshift-data:ExecuteStatement", "statements"), failed("s3:GetObject", "records")]);
    account["records"]["read"][0]["complete"] = false.into();
    account["records"]["read"][0]["incomplete_because"] = "AccessDenied".into();
    let both = LEARN.replace("[\"system_tables\"]", "[\"records\", \"system_tables\"]");
    let report = check(account, &[], &both);
    let of = |policy: &str| -> Vec<&Value> {
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["policy"] == policy && finding["subject"] == "111111111111/eu-west-1")
            .collect()
    };
    for policy in ["redshift/undeclared_location", "coverage/unload_recorded"] {
        let [found] = of(policy)[..] else { panic!("{policy}: {:#?}", of(policy)) };
        let message = found["message"].as_str().unwrap();
        assert!(message.contains("ExecuteStatement") && message.contains("are not complete"), "{message}");
    }
}
