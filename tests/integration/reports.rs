//! What `check` prints and writes, read back by other readers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::account::snapshot_of;
use crate::endpoint::validate;
use crate::program::{Workplace, finding, fixture, outcome};

const ARTICLE: [&str; 3] = ["--snapshot", "fixtures/article/snapshot.json", "--logs"];

/// Runs on the article's account with the repository as the working directory, as the README does.
fn article(report: &str) -> Vec<u8> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_trailcheck"))
        .args(["check", "--config", "fixtures/article/trailcheck.toml", "--report", report])
        .args(ARTICLE)
        .arg("fixtures/article/logs")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    output.stdout
}

#[test]
fn the_article_reads_as_reviewed_in_every_format() {
    for format in ["text", "json", "junit", "sarif", "markdown"] {
        let text = String::from_utf8(article(format)).unwrap();
        assert_eq!(article(format), text.as_bytes(), "{format}: two runs differ");
        insta::assert_snapshot!(format!("article.{format}"), text);
    }
}

#[test]
fn the_article_is_told_as_it_was() {
    let report: Value = serde_json::from_slice(&article("json")).unwrap();
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://cm-kajiwara-redshift-unload-us-standard/"), "pass");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://cm-kajiwara-redshift-load/"), "pass");
    // Two minutes of records show who acted, not that nobody else did.
    let approved = finding(&report, "access/approved_roles", "s3://cm-kajiwara-redshift-load/");
    assert_eq!(approved["outcome"], "unknown");
    let role = "arn:aws:iam::123456789012:role/redshift-trailcheck-role";
    let sessions = report["run"]["sessions"].as_array().unwrap();
    let told: Vec<_> =
        sessions.iter().map(|s| (s["kind"].as_str().unwrap(), s["principal"].as_str().unwrap())).collect();
    assert_eq!(told, [("UNLOAD", role), ("COPY", role)]);
}

#[test]
fn the_blind_spot_names_the_event_that_is_lost() {
    let workplace = Workplace::offline();
    let (report, ran) = workplace.check(&[
        "--config",
        &fixture("blind_spot/trailcheck.toml"),
        "--snapshot",
        &fixture("blind_spot/snapshot.json"),
    ]);
    assert_eq!(ran.exit, 1);
    let lost = finding(&report, "coverage/copy_recorded", "s3://cm-kajiwara-redshift-load/");
    assert_eq!(lost["outcome"], "fail");
    let witness = &lost["evidence"]["witness"];
    assert_eq!(witness["event_name"], "GetObject");
    assert_eq!(witness["read_only"], true);
    assert_eq!(witness["region"], "ap-northeast-1");
    assert_eq!(witness["resource_arn"], "arn:aws:s3:::cm-kajiwara-redshift-load/data.csv");
    let session = "arn:aws:sts::123456789012:assumed-role/redshift-trailcheck-role/RedshiftIamRoleSession";
    assert_eq!(witness["user_identity_arn"], session);
    let placed = finding(&report, "placement/same_region", "s3://cm-kajiwara-redshift-load/");
    assert!(placed["message"].as_str().unwrap().contains("is dead there"), "{placed}");
}

/// An account whose names were chosen to break what prints them.
fn hostile(workplace: &Workplace) -> Vec<String> {
    let name = "::warning::x]]></failure>\u{1b}[2K\u{0}|\n::error::<script>`@team`\u{202e}\u{ffff}";
    let snapshot = snapshot_of(json!({
        "collected_at": "2026-11-22T07:00:00Z",
        "caller": {"account": "111111111111", "arn": "arn:aws:iam::111111111111:user/auditor"},
        "scope": {"regions": ["eu-west-1"], "partition": "aws"},
        "trails": [
            {"trail_arn": format!("arn:aws:cloudtrail:eu-west-1:111111111111:trail/{name}"), "name": name,
             "home_region": "eu-west-1", "is_multi_region_trail": false, "is_organization_trail": false,
             "event_selectors": [], "advanced_event_selectors": [], "status": {"eu-west-1": {"is_logging": false}}},
            {"trail_arn": format!("arn:aws:cloudtrail:eu-west-1:111111111111:trail/2{name}"), "name": name,
             "home_region": "eu-west-1", "is_multi_region_trail": false, "is_organization_trail": false},
        ],
        "buckets": [{"name": "b", "region": "eu-west-1", "account": "111111111111"}],
        "clusters": [],
        "failures": [],
    }));
    workplace.write("snapshot.json", &snapshot.to_string());
    workplace.write(
        "trailcheck.toml",
        "[[redshift.unload]]\nlocation = \"s3://b/\"\n[[redshift.copy]]\nlocation = \"s3://b/\"\n",
    );
    let mut arguments = vec!["check".to_owned(), "--snapshot".to_owned(), "snapshot.json".to_owned()];
    for format in ["text", "json", "junit", "sarif", "markdown"] {
        arguments.extend(["--report".to_owned(), format!("{format}=out.{format}")]);
    }
    arguments
}

#[test]
fn hostile_names_break_no_format() {
    let workplace = Workplace::offline();
    let arguments = hostile(&workplace);
    let ran = workplace.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(ran.exit, 1, "{ran:?}");
    let out = |format: &str| workplace.path(&format!("out.{format}")).display().to_string();
    validate(&["junit", &out("junit")]);
    validate(&["sarif", &format!("{}/tests/schemas/sarif-2.1.0.json", env!("CARGO_MANIFEST_DIR")), &out("sarif")]);
    for format in ["text", "junit", "markdown"] {
        let text = std::fs::read_to_string(out(format)).unwrap();
        assert!(text.contains("\\u{1b}") && text.contains("\\u{202e}"), "{format}: {text}");
        for line in text.lines() {
            let start = line.trim_start();
            assert!(!start.starts_with("::") && !start.starts_with("##["), "{format}: {line}");
            assert!(!line.contains(|c: char| c.is_control()), "{format}: {line:?}");
        }
    }
    let markdown = std::fs::read_to_string(out("markdown")).unwrap();
    for row in markdown.lines().filter(|line| line.starts_with("| ")) {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    }
}

#[test]
fn other_readers_read_the_reports() {
    let workplace = Workplace::offline();
    for scenario in ["article", "blind_spot"] {
        let schema = format!("{}/tests/schemas/sarif-2.1.0.json", env!("CARGO_MANIFEST_DIR"));
        let ran = workplace.run(&[
            "check",
            "--config",
            &fixture(&format!("{scenario}/trailcheck.toml")),
            "--snapshot",
            &fixture(&format!("{scenario}/snapshot.json")),
            "--report",
            "sarif=out.sarif",
            "--report",
            "junit=out.xml",
            "--report",
            "json=out.json",
        ]);
        assert_eq!(ran.exit, 1, "{ran:?}");
        let path = |name: &str| workplace.path(name).display().to_string();
        validate(&["sarif", &schema, &path("out.sarif")]);
        workplace.write("report.schema.json", &workplace.run(&["schema", "report"]).stdout);
        validate(&["schema", &path("report.schema.json"), &path("out.json")]);

        let report: Value = serde_json::from_str(&std::fs::read_to_string(path("out.json")).unwrap()).unwrap();
        let cases = validate(&["junit", &path("out.xml")]);
        let cases: Vec<(&str, &str)> = cases.lines().map(|line| line.split_once('\t').unwrap()).collect();
        let names: BTreeSet<&str> = cases.iter().map(|(_, name)| *name).collect();
        assert_eq!(names.len(), cases.len(), "names are unique");
        let count = |result: &str| cases.iter().filter(|(kind, _)| *kind == result).count() as u64;
        let summary = |outcome: &str| report["summary"][outcome].as_u64().unwrap();
        assert_eq!(count("pass"), summary("pass"));
        assert_eq!(count("failure"), summary("fail"));
        assert_eq!(count("error"), summary("unknown"));
        assert_eq!(count("skipped"), summary("not_applicable"));
    }
}

/// Run in the repository, so that paths are relative as code scanning wants them.
#[test]
fn sarif_points_at_the_line_that_declares_the_subject() {
    let workplace = Workplace::offline();
    let path = workplace.write("out.sarif", &String::from_utf8(article("sarif")).unwrap()).display().to_string();
    validate(&["sarif", &format!("{}/tests/schemas/sarif-2.1.0.json", env!("CARGO_MANIFEST_DIR")), &path]);
    let sarif: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let placed = results.iter().find(|result| result["ruleId"] == "placement/same_region").unwrap();
    let place = &placed["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "fixtures/article/trailcheck.toml");
    let line = place["region"]["startLine"].as_u64().unwrap() as usize;
    let config = std::fs::read_to_string(fixture("article/trailcheck.toml")).unwrap();
    assert_eq!(config.lines().nth(line - 1).unwrap(), "location = \"s3://cm-kajiwara-redshift-load/\"");
}

#[test]
fn fixtures_are_what_the_schemas_say() {
    let workplace = Workplace::offline();
    let schema = workplace.write("schema.json", &workplace.run(&["schema", "snapshot"]).stdout).display().to_string();
    for scenario in ["article", "blind_spot"] {
        validate(&["schema", &schema, &fixture(&format!("{scenario}/snapshot.json"))]);
    }
}

fn with_waiver(expires: &str, subject: &str) -> (Value, i32) {
    let workplace = Workplace::offline();
    let config = std::fs::read_to_string(fixture("blind_spot/trailcheck.toml")).unwrap();
    let waiver = |policy: &str| {
        format!(
            "\n[[waiver]]\npolicy = \"{policy}\"\nsubject = \"{subject}\"\nreason = \"ticket 4711\"\nexpires = {expires}\nowner = \"data\"\n"
        )
    };
    let trail = "arn:aws:cloudtrail:us-east-1:123456789012:trail/redshift-both";
    let dead = waiver("coverage/dead_selector").replace(subject, trail).replace(expires, "2030-01-01");
    let waivers = [waiver("coverage/copy_recorded"), waiver("placement/same_region"), dead];
    workplace.write("trailcheck.toml", &format!("{config}{}", waivers.concat()));
    let (report, ran) = workplace.check(&["--snapshot", &fixture("blind_spot/snapshot.json")]);
    (report, ran.exit)
}

#[test]
fn a_waiver_holds_until_its_last_day_by_the_snapshots_clock() {
    let load = "s3://cm-kajiwara-redshift-load/";
    let (report, exit) = with_waiver("2016-12-01", "s3://cm-kajiwara-redshift-load");
    assert_eq!((exit, outcome(&report, "coverage/copy_recorded", load)), (0, "waived"));
    assert_eq!(finding(&report, "coverage/copy_recorded", load)["waiver"]["owner"], "data");
    let (report, exit) = with_waiver("2016-11-30", load);
    assert_eq!((exit, outcome(&report, "coverage/copy_recorded", load)), (1, "fail"));
    assert!(
        finding(&report, "coverage/copy_recorded", load)["message"].as_str().unwrap().contains("expired on 2016-11-30")
    );
    let (report, exit) = with_waiver("2027-01-31", "s3://another/");
    assert_eq!((exit, outcome(&report, "coverage/copy_recorded", load)), (1, "fail"));
    assert!(report["run"]["notes"][0].as_str().unwrap().contains("matches no failure"));
}
