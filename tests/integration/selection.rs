//! Which policies run, and how their answers count: `[policies]`, `--policy` and `--unknown`.

use serde_json::Value;

use crate::program::{Ran, Workplace, finding, fixture, outcome};

const LOAD: &str = "s3://cm-kajiwara-redshift-load/";

/// A check of the article's account with these tables in the config.
fn check(tables: &str, arguments: &[&str]) -> (Value, Ran) {
    workplace(tables).check(&[&["--snapshot", "snapshot.json"], arguments].concat())
}

fn workplace(tables: &str) -> Workplace {
    let workplace = Workplace::offline();
    let copy = |name: &str| std::fs::read_to_string(fixture(&format!("article/{name}"))).unwrap();
    workplace.write("snapshot.json", &copy("snapshot.json"));
    workplace.write("trailcheck.toml", &format!("{}\n{tables}", copy("trailcheck.toml")));
    workplace
}

fn policies(report: &Value) -> Vec<&str> {
    report["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect()
}

#[test]
fn one_policy_runs_alone() {
    let (report, ran) = check("", &["--policy", "placement/same_region"]);
    assert_eq!((ran.exit, policies(&report)), (1, vec!["placement/same_region"]));
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["policy"] == "placement/same_region"), "{report:#}");
    let (report, _) = check("", &["--policy", "trail/logging", "--policy", "coverage/copy_recorded"]);
    assert_eq!(policies(&report), ["coverage/copy_recorded", "trail/logging"]);
}

#[test]
fn a_policy_is_switched_off_or_graded() {
    let off = "[policies]\n\"placement/same_region\" = \"off\"\n";
    let (report, _) = check(off, &[]);
    assert!(!policies(&report).contains(&"placement/same_region"), "{report:#}");
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["policy"] != "placement/same_region"), "{report:#}");
    // Asked for by name, it runs all the same.
    assert_eq!(outcome(&check(off, &["--policy", "placement/same_region"]).0, "placement/same_region", LOAD), "fail");
    for (setting, severity, exit) in [
        ("\"critical\"", "critical", 1),
        ("\"low\"", "low", 0),
        ("{ level = \"high\" }", "high", 1),
        ("{ unknown = \"warn\" }", "low", 0),
    ] {
        let tables = format!("[policies]\n\"placement/same_region\" = {setting}\n");
        let (report, ran) = check(&tables, &["--policy", "placement/same_region", "--fail-on", "medium"]);
        assert_eq!(finding(&report, "placement/same_region", LOAD)["severity"], severity, "{setting}");
        assert_eq!(ran.exit, exit, "{setting}: {ran:?}");
    }
}

#[test]
fn unknowns_may_be_shown_without_counting() {
    let only = ["--policy", "access/approved_roles"];
    assert_eq!(check("", &only).1.exit, 3);
    let warn = "[policies]\n\"access/approved_roles\" = { unknown = \"warn\" }\n";
    let (report, ran) = check(warn, &only);
    assert_eq!((ran.exit, outcome(&report, "access/approved_roles", LOAD)), (0, "unknown"));
    assert_eq!(report["rules"][0]["unknown"], "warn");
    assert_eq!(check("", &[&only[..], &["--unknown", "warn"]].concat()).1.exit, 0);
    // What the config says of one policy counts over what the run says of all.
    let fail = warn.replace("warn", "fail");
    assert_eq!(check(&fail, &[&only[..], &["--unknown", "warn"]].concat()).1.exit, 3);
    // Another policy's unknown still counts.
    assert_eq!(check(warn, &["--fail-on", "medium"]).1.exit, 3);
}

#[test]
fn a_mistake_in_the_choice_is_pointed_at() {
    for (tables, arguments, expected) in [
        (
            "[policies]\n\"placement/same_regoin\" = \"off\"\n",
            &[][..],
            "there is no policy `placement/same_regoin`; did you mean `placement/same_region`?",
        ),
        (
            "[policies]\n\"placement/same_region\" = \"of\"\n",
            &[],
            "`of` is not a level; expected off, info, low, medium, high or critical",
        ),
        ("[policies]\n\"placement/same_region\" = { levle = \"off\" }\n", &[], "unknown field `levle`"),
        ("[policies]\n\"placement/same_region\" = true\n", &[], "trailcheck.toml: line"),
        (
            "",
            &["--policy", "placement"],
            "--policy: there is no policy `placement`; did you mean `placement/same_region`?",
        ),
        ("", &["--unknown", "ignore"], "fail, warn"),
    ] {
        let ran = workplace(tables).run(&[&["check", "--snapshot", "snapshot.json"], arguments].concat());
        assert_eq!(ran.exit, 2, "{tables} {arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{expected}: {}", ran.stderr);
    }
}

/// A waiver of a policy that did not run is not said to be useless.
#[test]
fn a_waiver_of_what_did_not_run_is_left_alone() {
    let waiver = format!(
        "[[waiver]]\npolicy = \"placement/same_region\"\nsubject = \"{LOAD}\"\nreason = \"r\"\nexpires = 2030-01-01\nowner = \"o\"\n"
    );
    let (report, _) = check(&waiver, &["--policy", "trail/logging"]);
    assert_eq!(report["run"]["notes"], serde_json::json!([]), "{report:#}");
    assert_eq!(outcome(&check(&waiver, &[]).0, "placement/same_region", LOAD), "waived");
}

/// A run that judges nothing would be green.
#[test]
fn not_every_policy_can_be_off() {
    let bundle = trailcheck::policy::shipped().unwrap();
    let all: Vec<String> = bundle.policies.iter().map(|policy| format!("\"{}\" = \"off\"", policy.id)).collect();
    let off = format!("[policies]\n{}\n", all.join("\n"));
    let ran = workplace(&off).run(&["check", "--snapshot", "snapshot.json"]);
    assert!(ran.exit == 2 && ran.stderr.contains("switches every policy off"), "{ran:?}");
    assert_eq!(check(&off, &["--policy", "placement/same_region"]).1.exit, 1);
}
