//! What stands around a check: the policies and what they speak to, waivers, what changed, schemas, manual pages.

use serde_json::{Value, json};

use crate::program::{Ran, Workplace, finding, fixture};

/// A workplace with the article's and the blind spot's files.
fn workplace() -> Workplace {
    let workplace = Workplace::offline();
    for scenario in ["article", "blind_spot"] {
        for name in ["trailcheck.toml", "snapshot.json"] {
            let text = std::fs::read_to_string(fixture(&format!("{scenario}/{name}"))).unwrap();
            workplace.write(&format!("{scenario}/{name}"), &text);
        }
    }
    workplace
}

const BLIND: [&str; 4] = ["--config", "blind_spot/trailcheck.toml", "--snapshot", "blind_spot/snapshot.json"];
const LOAD: &str = "s3://cm-kajiwara-redshift-load/";
const FAILED: &str = "coverage/copy_recorded";

fn blind(workplace: &Workplace, arguments: &[&str]) -> (Value, Ran) {
    workplace.check(&[&BLIND, arguments].concat())
}

#[test]
fn policies_are_listed_as_the_config_has_them() {
    let workplace = workplace();
    let config = std::fs::read_to_string(workplace.path("article/trailcheck.toml")).unwrap();
    let settings =
        "[policies]\n\"trail/logging\" = \"off\"\n\"trail/integrity\" = { level = \"critical\", unknown = \"warn\" }\n";
    workplace.write("trailcheck.toml", &format!("{config}\n{settings}"));
    let listed = workplace.run(&["policies"]).stdout;
    let line = |id: &str| listed.lines().find(|line| line.contains(id)).unwrap();
    assert!(line("trail/logging").starts_with("off "), "{listed}");
    assert!(line("trail/integrity").starts_with("critical ") && line("trail/integrity").ends_with("(unknown: warn)"));
    let json: Value = serde_json::from_str(&workplace.run(&["policies", "--format", "json"]).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), listed.lines().count());
}

#[test]
fn a_framework_is_told_control_by_control_also_those_that_no_policy_covers() {
    let workplace = Workplace::offline();
    let told = workplace.run(&["policies", "--controls", "cis-aws-7.0"]).stdout;
    let line = |id: &str| told.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line("4.8 ").ends_with("coverage/unload_recorded"), "{told}");
    assert!(line("4.4 ").ends_with("not covered"), "{told}");
    let ids: Vec<&str> = told.lines().skip(2).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(ids, ["4.1", "4.2", "4.4", "4.5", "4.8", "4.9", "5.5"]);
    let misspelt = workplace.run(&["policies", "--controls", "cis-aws-7"]);
    assert_eq!(misspelt.exit, 2);
    assert!(misspelt.stderr.contains("did you mean `cis-aws-7.0`?"), "{}", misspelt.stderr);
    // A policy's own header is held against the list.
    workplace.write("own/x.rego", "# METADATA\n# title: t\n# custom:\n#   controls: {cis-aws-7.0.0: [\"4.8\"]}\npackage own.x\n\ndeny contains \"x\"\n");
    let refused = workplace.run(&["policies", "--policies", "own"]);
    assert!(refused.exit == 2 && refused.stderr.contains("did you mean `cis-aws-7.0`?"), "{refused:?}");
}

#[test]
fn outcomes_and_exit_codes_are_explained() {
    let workplace = Workplace::offline();
    for name in ["pass", "fail", "unknown", "waived", "not_applicable", "error", "0", "1", "2", "3", "4", "130"] {
        let ran = workplace.run(&["explain", name]);
        assert!(ran.exit == 0 && ran.stdout.contains(name), "{name}: {ran:?}");
    }
    let theme = workplace.run(&["explain", "coverage"]);
    assert!(theme.exit == 2 && theme.stderr.contains("coverage/unload_recorded"), "{theme:?}");
    assert_eq!(workplace.run(&["explain", "5"]).exit, 2);
}

#[test]
fn waive_writes_a_table_that_the_next_check_reads() {
    let workplace = workplace();
    let waive = |policy: &str, subject: &str, until: &str, more: &[&str]| {
        let flags =
            ["--until", until, "--owner", "data \"x\"", "--reason", "line\none", "-c", "blind_spot/trailcheck.toml"];
        workplace.run(&[&["waive", policy, subject], &flags[..], more].concat())
    };
    // A bucket may be written as one; findings have it as a location.
    let ran = waive(FAILED, "s3://cm-kajiwara-redshift-load", "2030-01-31", &[]);
    assert!(ran.exit == 0 && ran.stderr.contains("waived until 2030-01-31"), "{ran:?}");
    let (report, _) = blind(&workplace, &[]);
    let waived = finding(&report, FAILED, LOAD);
    assert_eq!(waived["outcome"], "waived");
    assert_eq!(
        waived["waiver"],
        json!({"accepts": "fail", "reason": "line\none", "owner": "data \"x\"", "expires": "2030-01-31"})
    );
    let before = std::fs::read_to_string(workplace.path("blind_spot/trailcheck.toml")).unwrap();
    for (policy, subject, until, message) in [
        (FAILED, LOAD, "2029-01-01", "waives it until 2030-01-31 already"),
        ("coverage/copy", LOAD, "2030-01-31", "there is no policy `coverage/copy`"),
        (FAILED, LOAD, "2030-02-31", "expected a day"),
    ] {
        let refused = waive(policy, subject, until, &[]);
        assert!(refused.exit == 2 && refused.stderr.contains(message), "{message}: {refused:?}");
    }
    assert_eq!(std::fs::read_to_string(workplace.path("blind_spot/trailcheck.toml")).unwrap(), before);
    let slip = waive(FAILED, "s3://cm-kajiwara-redshift-laod/", "2030-01-31", &[]);
    assert!(slip.stderr.contains(&format!("did you mean `{LOAD}`?")), "{slip:?}");
    let unknown = waive("redshift/unload_complete", "s3://*", "2030-01-31", &["--outcome", "unknown", "-q"]);
    assert_eq!((unknown.exit, &*unknown.stderr), (0, ""));
    assert!(
        std::fs::read_to_string(workplace.path("blind_spot/trailcheck.toml"))
            .unwrap()
            .ends_with("outcome = \"unknown\"\n")
    );
    // There is nothing that a waiver could be added to.
    let nowhere =
        Workplace::offline().run(&["waive", FAILED, LOAD, "--until", "2030-01-31", "--owner", "o", "--reason", "r"]);
    assert!(nowhere.exit == 2 && nowhere.stderr.contains("there is no config"), "{nowhere:?}");
}

#[test]
fn with_a_baseline_only_what_is_new_fails() {
    let workplace = workplace();
    let (_, first) = blind(&workplace, &[]);
    assert_eq!(first.exit, 1);
    workplace.write("first.json", &first.stdout);
    let (report, ran) = blind(&workplace, &["--baseline", "first.json"]);
    assert_eq!(ran.exit, 0, "nothing is new");
    assert_eq!(finding(&report, FAILED, LOAD)["standing"], "known");
    assert_eq!(finding(&report, FAILED, LOAD)["outcome"], "fail", "it is no less true");
    assert_eq!(report["run"]["baseline"]["settled"], json!([]));
    // The baseline lacks one failure, and has one that is settled.
    let mut older: Value = serde_json::from_str(&first.stdout).unwrap();
    let findings = older["findings"].as_array_mut().unwrap();
    let set = |finding: &mut Value, outcome: &str| finding["outcome"] = outcome.into();
    findings.iter_mut().filter(|f| f["policy"] == FAILED).for_each(|f| set(f, "pass"));
    findings.iter_mut().filter(|f| f["policy"] == "coverage/unload_recorded").for_each(|f| set(f, "fail"));
    workplace.write("older.json", &older.to_string());
    let (report, ran) = blind(&workplace, &["--baseline", "older.json"]);
    assert_eq!(ran.exit, 1);
    assert_eq!(finding(&report, FAILED, LOAD)["standing"], "new");
    let settled = report["run"]["baseline"]["settled"].as_array().unwrap();
    assert_eq!((settled.len(), &settled[0]["was"], &settled[0]["now"]), (1, &json!("fail"), &json!("pass")));
    for (format, known, new) in [
        ("text", "placement/same_region (high), known from the baseline", "fail    coverage/copy_recorded (high)\n"),
        ("junit", "<skipped type=\"known\"", "<failure type=\"high\""),
        ("sarif", "\"baselineState\": \"unchanged\"", "\"baselineState\": \"new\""),
        ("markdown", "❌ fail (high), known", "❌ fail (high) | `coverage/copy_recorded`"),
        ("csv", ",known,", ",new,"),
    ] {
        let told =
            workplace.run(&[&["check"], &BLIND[..], &["--baseline", "older.json", "--report", format]].concat()).stdout;
        assert!(told.contains(known) && told.contains(new), "{format}: {told}");
    }
    // What is known is no annotation.
    let told =
        workplace.run(&[&["check"], &BLIND[..], &["--baseline", "older.json", "--report", "github"]].concat()).stdout;
    assert!(told.contains(FAILED) && !told.contains("placement/same_region"), "{told}");
    // A failure that has become worse is new; a broken baseline is no excuse.
    let milder = first.stdout.replace("\"severity\": \"high\"", "\"severity\": \"medium\"");
    workplace.write("milder.json", &milder);
    assert_eq!(blind(&workplace, &["--baseline", "milder.json"]).1.exit, 1);
    workplace.write("half.json", &first.stdout[..first.stdout.len() / 2]);
    let refused = workplace.run(&[&["check"], &BLIND[..], &["--baseline", "half.json"]].concat());
    assert!(refused.exit == 2 && refused.stderr.contains("not a report"), "{refused:?}");
    let over = ["--baseline", "first.json", "--report", "json=first.json"];
    let over = workplace.run(&[&["check"], &BLIND[..], &over].concat());
    assert!(over.exit == 2 && over.stderr.contains("would write over"), "{over:?}");
}

/// What was unknown and fails now is worse; what failed and is unknown now is not.
#[test]
fn a_baselines_unknown_excuses_no_failure() {
    let workplace = workplace();
    let (_, first) = blind(&workplace, &[]);
    let as_unknown = |text: &str| {
        let mut report: Value = serde_json::from_str(text).unwrap();
        let mut count = 0;
        for finding in report["findings"].as_array_mut().unwrap().iter_mut().filter(|f| f["outcome"] == "fail") {
            finding["outcome"] = "unknown".into();
            count += 1;
        }
        let summary = &mut report["summary"];
        summary["fail"] = 0.into();
        summary["remark"] = 0.into();
        summary["unknown"] = count.into();
        report.to_string()
    };
    workplace.write("unknown.json", &as_unknown(&first.stdout));
    assert_eq!(blind(&workplace, &["--baseline", "unknown.json"]).1.exit, 1);
}

#[test]
fn what_changed_is_told_of_snapshots_and_of_reports() {
    let workplace = workplace();
    let snapshot = std::fs::read_to_string(workplace.path("blind_spot/snapshot.json")).unwrap();
    let mut later: Value = serde_json::from_str(&snapshot).unwrap();
    let trail = &mut later["accounts"][0]["trails"][0];
    trail["is_multi_region_trail"] = true.into();
    trail["event_selectors"][0]["read_write_type"] = "WriteOnly".into();
    for status in trail["status"].as_object_mut().unwrap().values_mut() {
        status["latest_delivery_time"] = "2016-12-02T00:00:00Z".into();
    }
    later["accounts"][0]["buckets"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "new", "region": "eu-west-1", "account": null}));
    workplace.write("later.json", &later.to_string());
    let told = workplace.run(&["diff", "blind_spot/snapshot.json", "later.json"]);
    assert_eq!(told.exit, 1, "{told:?}");
    assert!(told.stdout.contains("+ bucket new\n"), "{}", told.stdout);
    assert!(told.stdout.contains("trail/redshift-both is_multi_region_trail: false -> true\n"), "{}", told.stdout);
    assert!(told.stdout.contains("event_selectors: {") && !told.stdout.contains("latest_delivery"), "{}", told.stdout);
    let same = workplace.run(&["diff", "later.json", "later.json"]);
    assert_eq!((same.exit, &*same.stdout), (0, "nothing changed\n"));

    let check = |snapshot: &str, to: &str| {
        let report = format!("json={to}");
        workplace.run(&["check", "-q", "--config", BLIND[1], "--snapshot", snapshot, "--report", &report])
    };
    let quiet = check("blind_spot/snapshot.json", "old.json");
    assert_eq!((quiet.exit, &*quiet.stdout, &*quiet.stderr), (1, "", ""));
    check("later.json", "new.json");
    let told = workplace.run(&["diff", "old.json", "new.json"]);
    let unload = "~ finding coverage/unload_recorded s3://cm-kajiwara-redshift-unload-us-standard/: pass -> fail (high): not recorded";
    assert!(told.exit == 1 && told.stdout.contains(unload), "the worse first: {}", told.stdout);
    let json: Value =
        serde_json::from_str(&workplace.run(&["diff", "old.json", "new.json", "--format", "json"]).stdout).unwrap();
    assert_eq!(json[0]["new"]["outcome"], "fail", "the worse first");
    let mixed = workplace.run(&["diff", "old.json", "later.json"]);
    assert!(mixed.exit == 2 && mixed.stderr.contains("later.json is a snapshot, and old.json is none"), "{mixed:?}");
}

/// What an auditor needs to perform it again.
#[test]
fn a_report_says_what_its_answers_follow_from() {
    let workplace = workplace();
    let (report, _) = blind(&workplace, &[]);
    let command: Vec<&str> =
        report["run"]["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(command, [&["trailcheck", "check", "--report", "json"], &BLIND[..]].concat());
    let inputs = report["run"]["inputs"].as_array().unwrap();
    let hash = |kind: &str| inputs.iter().find(|input| input["kind"] == kind).unwrap()["sha256"].as_str().unwrap();
    let of_file = |path: &str| trailcheck::hash::sha256(&std::fs::read(workplace.path(path)).unwrap());
    assert_eq!(hash("config"), of_file(BLIND[1]));
    let rules = report["rules"].as_array().unwrap().len();
    let files = inputs.iter().filter(|input| input["kind"] == "policy").count();
    assert_eq!(files, rules + 1, "the policies and their library");
    let trails = &report["run"]["accounts"][0]["trails"];
    assert_eq!(trails, &json!(["arn:aws:cloudtrail:us-east-1:123456789012:trail/redshift-both"]));
    let controls = report["controls"].as_array().unwrap();
    assert!(controls.iter().all(|control| !control["title"].as_str().unwrap().is_empty()), "{controls:?}");
    // The snapshot is hashed as `collect` writes it.
    let snapshot = trailcheck::snapshot::Snapshot::load(&workplace.path(BLIND[3])).unwrap();
    assert_eq!(hash("snapshot"), trailcheck::hash::sha256(&snapshot.to_json()));
}

#[test]
fn every_field_of_every_schema_is_described() {
    let workplace = Workplace::offline();
    let mut without = vec![];
    for document in ["config", "input", "snapshot", "report", "accesses", "trace", "verify"] {
        let ran = workplace.run(&["schema", document]);
        let schema: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{document}: {ran:?}"));
        undescribed(&schema, document, &schema, &mut without);
    }
    without.sort();
    without.dedup();
    assert!(without.is_empty(), "{} fields have no description:\n{}", without.len(), without.join("\n"));
}

/// Fields of objects that neither have a description nor point to a type that has one.
fn undescribed(whole: &Value, place: &str, schema: &Value, without: &mut Vec<String>) {
    let described = |field: &Value| {
        let target = field["$ref"].as_str().and_then(|target| whole.pointer(target.trim_start_matches('#')));
        field["description"].is_string() || target.is_some_and(|target| target["description"].is_string())
    };
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        // A tag says which of several forms it is.
        if !described(field) && !field["const"].is_string() && name != "schema" {
            without.push(format!("{place}.{name}"));
        }
        undescribed(whole, &format!("{place}.{name}"), field, without);
    }
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        undescribed(whole, name, definition, without);
    }
    for form in ["anyOf", "oneOf", "allOf"] {
        // One of several forms may be described as a whole.
        let forms = schema[form].as_array().into_iter().flatten().filter(|form| !form["description"].is_string());
        forms.for_each(|form| undescribed(whole, place, form, without));
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            undescribed(whole, place, &schema[inner], without);
        }
    }
}

/// The schema takes what the program takes.
#[test]
fn the_configs_schema_is_the_configs() {
    let workplace = Workplace::offline();
    workplace.write("schema.json", &workplace.run(&["schema", "config"]).stdout);
    let schema = workplace.path("schema.json").display().to_string();
    let validate = |text: &str| {
        let document = workplace.write("config.json", &json_of(&toml::from_str(text).unwrap()).to_string());
        crate::endpoint::validate(&["schema", &schema, &document.display().to_string()]);
    };
    for config in ["article/trailcheck.toml", "blind_spot/trailcheck.toml"] {
        validate(&std::fs::read_to_string(fixture(config)).unwrap());
    }
    let template = trailcheck::config::TEMPLATE;
    let keys = |line: &str| line.contains(" = ") || line.starts_with("# [");
    let all: Vec<&str> =
        template.lines().map(|line| if keys(line) { line.trim_start_matches("# ") } else { line }).collect();
    validate(&all.join("\n"));
}

/// TOML as JSON has it: times are texts.
fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.iter().map(json_of).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), json_of(value))).collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

#[test]
fn manual_pages_are_there() {
    let workplace = Workplace::offline();
    for command in ["check", "fix", "doctor"] {
        let page = workplace.run(&["man", command]);
        assert!(page.exit == 0 && page.stdout.contains(".SH OPTIONS"), "{page:?}");
    }
    assert!(workplace.run(&["man"]).stdout.contains("trailcheck"));
    assert_eq!(workplace.run(&["man", "chek"]).exit, 2);
}

/// The article's log file with an access by these users too.
fn logs_with(users: &[&str]) -> String {
    let log = std::fs::read_to_string(fixture("article/logs/records.json")).unwrap();
    let mut log: Value = serde_json::from_str(&log).unwrap();
    let records = log["Records"].as_array_mut().unwrap();
    let read = records.iter().find(|record| record["eventName"] == "GetObject").unwrap().clone();
    for user in users {
        let mut record = read.clone();
        record["eventID"] = format!("event-of-{user}").into();
        record["userIdentity"] = json!({"type": "IAMUser", "arn": format!("arn:aws:iam::123456789012:user/{user}"), "accountId": "123456789012", "userName": user});
        records.push(record);
    }
    log.to_string()
}

/// A second intruder is news, and so is a failure of which a part is no longer known.
#[test]
fn a_baseline_hides_nobody_new() {
    let workplace = workplace();
    let check = |logs: &str, baseline: &[&str]| {
        workplace.write("logs/records.json", logs);
        let article = [
            "--config",
            "article/trailcheck.toml",
            "--snapshot",
            "article/snapshot.json",
            "--logs",
            "logs",
            "--policy",
            "access/approved_roles",
        ];
        workplace.check(&[&article[..], baseline].concat())
    };
    let (_, first) = check(&logs_with(&["mallory"]), &[]);
    assert_eq!(first.exit, 1);
    workplace.write("first.json", &first.stdout);
    assert_eq!(check(&logs_with(&["mallory"]), &["--baseline", "first.json"]).1.exit, 0);
    let (report, ran) = check(&logs_with(&["mallory", "eve"]), &["--baseline", "first.json"]);
    let load = "s3://cm-kajiwara-redshift-load/";
    assert_eq!((ran.exit, &finding(&report, "access/approved_roles", load)["standing"]), (1, &json!("new")));
    let deletes = logs_with(&["mallory", "mallory"]);
    let at = deletes.rfind("\"GetObject\"").unwrap();
    let deletes = format!("{}\"DeleteObject\"{}", &deletes[..at], &deletes[at + "\"GetObject\"".len()..]);
    assert_eq!(check(&deletes, &["--baseline", "first.json"]).1.exit, 1, "who read now deletes");
    let gone = check(&logs_with(&[]), &["--baseline", "first.json"]).0;
    assert_eq!(gone["run"]["baseline"]["settled"], json!([]), "not read to its end, it is unknown and not settled");
    // Two findings of one subject cannot both be so.
    let mut twice: Value = serde_json::from_str(&first.stdout).unwrap();
    let copy = twice["findings"][0].clone();
    twice["findings"].as_array_mut().unwrap().push(copy);
    for outcome in ["pass", "fail", "unknown", "waived", "not_applicable", "error"] {
        let count =
            twice["findings"].as_array().unwrap().iter().filter(|finding| finding["outcome"] == outcome).count();
        twice["summary"][outcome] = count.into();
    }
    workplace.write("twice.json", &twice.to_string());
    let refused = workplace.run(&["report", "twice.json"]);
    assert!(refused.exit == 2 && refused.stderr.contains("is there twice"), "{refused:?}");
}

/// A failure of low severity of which a part could not be told may be a high one.
#[test]
fn what_is_not_known_of_a_failure_counts_below_the_threshold() {
    let workplace = workplace();
    let snapshot = std::fs::read_to_string(workplace.path("article/snapshot.json")).unwrap();
    let with = |failures: Value| {
        let mut snapshot: Value = serde_json::from_str(&snapshot).unwrap();
        snapshot["accounts"][0]["trails"] = json!([]);
        snapshot["accounts"][0]["failures"] = failures;
        workplace.write("none.json", &snapshot.to_string());
        let config = "[[redshift.copy]]\nlocation = \"s3://cm-kajiwara-redshift-load/\"\ncluster = \"trailtest\"\n";
        workplace.write("copy.toml", config);
        let check = [
            "--config",
            "copy.toml",
            "--snapshot",
            "none.json",
            "--policy",
            "placement/same_region",
            "--fail-on",
            "high",
        ];
        workplace.check(&check).1.exit
    };
    assert_eq!(with(json!([])), 1, "no trail");
    let denied = |region: &str| {
        json!({"call": "cloudtrail:DescribeTrails", "account": "123456789012", "region": region, "resource": null,
               "code": "AccessDenied", "message": "no", "permission": null, "makes_unknown": ["trails"]})
    };
    assert_eq!(with(json!([denied("us-east-1"), denied("ap-northeast-1")])), 3, "perhaps there is none");
}

#[test]
fn diff_misses_nothing_that_changes_a_verdict() {
    let workplace = workplace();
    let old = std::fs::read_to_string(workplace.path("article/snapshot.json")).unwrap();
    let changed = |change: &dyn Fn(&mut Value), expected: &str| {
        let mut new: Value = serde_json::from_str(&old).unwrap();
        change(&mut new);
        workplace.write("new.json", &new.to_string());
        let ran = workplace.run(&["diff", "article/snapshot.json", "new.json"]);
        assert!(ran.exit == 1 && ran.stdout.contains(expected), "{expected}: {ran:?}");
    };
    let status = |new: &mut Value, to: Value| {
        for trail in new["accounts"][0]["trails"].as_array_mut().unwrap() {
            trail["status"]
                .as_object_mut()
                .unwrap()
                .values_mut()
                .for_each(|status| status["latest_delivery_time"] = to.clone());
        }
    };
    changed(&|new| status(new, Value::Null), "latest_delivery_time: ");
    changed(&|new| status(new, json!("2001-01-01T00:00:00Z")), "latest_delivery_time: ");
    changed(&|new| new["accounts"][0]["event_data_stores"] = json!([]), "event_data_stores_asked: false -> true");
    changed(&|new| new["accounts"][0]["channels"] = json!([]), "channels");
    changed(
        &|new| {
            new["locations"] =
                json!([{"kind": "copy", "location": "s3://learned/", "origin": {"file": {"path": "x", "line": 1}}}])
        },
        "+ learned location",
    );
    let mut same: Value = serde_json::from_str(&old).unwrap();
    status(&mut same, json!("2016-12-01T11:59:00Z"));
    workplace.write("new.json", &same.to_string());
    assert_eq!(workplace.run(&["diff", "article/snapshot.json", "new.json"]).exit, 0, "it delivered again");
}

#[test]
fn waive_refuses_what_would_be_in_vain_and_keeps_the_files_mode() {
    use std::os::unix::fs::PermissionsExt;
    let workplace = workplace();
    let config = workplace.path("blind_spot/trailcheck.toml");
    let waive = |policy: &str, until: &str| {
        workplace.run(&[
            "waive",
            policy,
            LOAD,
            "--until",
            until,
            "--owner",
            "o",
            "--reason",
            "r",
            "-c",
            "blind_spot/trailcheck.toml",
        ])
    };
    let over = waive(FAILED, "2020-01-31");
    assert!(over.exit == 2 && over.stderr.contains("--until 2020-01-31 is over"), "{over:?}");
    let slip = waive("coverage/copy_record", "2030-01-31");
    assert!(slip.exit == 2 && slip.stderr.contains("did you mean `coverage/copy_recorded`?"), "{slip:?}");
    let mode = |to: u32| std::fs::set_permissions(&config, PermissionsExt::from_mode(to)).unwrap();
    mode(0o400);
    let read_only = waive(FAILED, "2030-01-31");
    assert!(read_only.exit == 2 && read_only.stderr.contains("read-only"), "{read_only:?}");
    mode(0o600);
    assert_eq!(waive(FAILED, "2030-01-31").exit, 0);
    assert_eq!(std::fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
}
