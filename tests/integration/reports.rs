//! What `check` prints and writes, read back by other readers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use trailcheck::finding::fingerprint;

use crate::account::snapshot_of;
use crate::endpoint::validate;
use crate::program::{Workplace, finding, fixture, outcome};

const ARTICLE: [&str; 3] = ["--snapshot", "fixtures/article/snapshot.json", "--logs"];

/// Runs on the article's account with the repository as the working directory, as the README does.
fn article(report: &str) -> Vec<u8> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_trailcheck"))
        .args(["check", "--config", "fixtures/article/trailcheck.toml", "--report", report])
        .args(
            ["coverage/copy_recorded", "coverage/unload_recorded", "placement/same_region", "access/approved_roles"]
                .map(|policy| format!("--policy={policy}")),
        )
        .args(ARTICLE)
        .arg("fixtures/article/logs")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    output.stdout
}

/// What people read first, as far as the policies go that the article is about. The other formats are reviewed on the canonical
/// report.
#[test]
fn the_article_reads_as_reviewed() {
    let text = String::from_utf8(article("text")).unwrap();
    assert_eq!(article("text"), text.as_bytes(), "two runs differ");
    insta::assert_snapshot!("article.text", text);
    assert_eq!(article("json"), article("json"), "two runs differ");
}

const CANONICAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports/canonical.json");

/// The canonical report, told again: every outcome, and every text that a format must make harmless.
fn canonical(workplace: &Workplace, format: &str) -> String {
    let ran = workplace.run(&["report", CANONICAL, "--report", format]);
    assert_eq!((ran.exit, &*ran.stderr), (0, ""), "{ran:?}");
    ran.stdout
}

#[test]
fn every_format_tells_the_canonical_report_as_reviewed() {
    let workplace = Workplace::offline();
    for format in ["text", "junit", "sarif", "markdown", "csv", "github", "ocsf"] {
        let told = canonical(&workplace, format);
        // A line for each test case, so that a change can be reviewed.
        let told = if format == "junit" {
            told.replace("><testcase", ">\n<testcase").replace("><testsuite", ">\n<testsuite")
        } else {
            told
        };
        insta::assert_snapshot!(format!("canonical.{format}"), told);
    }
    // JSON is the report itself.
    let told: Value = serde_json::from_str(&canonical(&workplace, "json")).unwrap();
    let given: Value = serde_json::from_str(&std::fs::read_to_string(CANONICAL).unwrap()).unwrap();
    assert_eq!(told, given);
    let sarif = workplace.write("out.sarif", &canonical(&workplace, "sarif")).display().to_string();
    validate(&["sarif", &format!("{}/tests/schemas/sarif-2.1.0.json", env!("CARGO_MANIFEST_DIR")), &sarif]);
    let junit = workplace.write("out.xml", &canonical(&workplace, "junit")).display().to_string();
    assert_eq!(validate(&["junit", &junit]).lines().count(), given["findings"].as_array().unwrap().len());
}

/// An unknown is no pass in a data lake either.
#[test]
fn ocsf_events_are_valid_and_say_what_is_not_known() {
    let workplace = Workplace::offline();
    let events = workplace.write("events.ndjson", &canonical(&workplace, "ocsf")).display().to_string();
    let told = validate(&["ocsf", &events]);
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told, ["fail 3", "fail 3", "fail 3", "error 99", "unknown 2", "waived 3", "pass 1", "pass 1"]);
}

/// A saved report says all that a run says, with neither config, snapshot nor policies at hand.
#[test]
fn a_report_is_told_again_as_it_was_told() {
    let workplace = Workplace::offline();
    for scenario in ["article", "blind_spot"] {
        let (config, snapshot) =
            (fixture(&format!("{scenario}/trailcheck.toml")), fixture(&format!("{scenario}/snapshot.json")));
        let mut check = vec!["check", "--config", &config, "--snapshot", &snapshot];
        let formats = ["text", "json", "junit", "sarif", "markdown", "csv", "html", "ocsf"];
        let told: Vec<String> = formats.iter().map(|format| format!("{format}=first.{format}")).collect();
        check.extend(told.iter().flat_map(|target| ["--report", target]));
        assert_eq!(workplace.run(&check).exit, 1);
        for format in formats {
            let again = workplace.run(&["report", "first.json", "--report", format]);
            let first = std::fs::read_to_string(workplace.path(&format!("first.{format}"))).unwrap();
            assert_eq!(again.stdout, first, "{scenario} {format}");
        }
        let target = "markdown=again.markdown";
        let again = workplace.run(&["report", "first.json", "--report", target]);
        assert_eq!(again.exit, 0, "{again:?}");
    }
    let refused = |text: &str, expected: &str| {
        workplace.write("x.json", text);
        let ran = workplace.run(&["report", "x.json"]);
        assert_eq!(ran.exit, 2, "{ran:?}");
        assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
    };
    let whole = std::fs::read_to_string(CANONICAL).unwrap();
    refused(&whole.replace("report/v2", "report/v1"), "its format is `trailcheck/report/v1`");
    refused(&whole[..whole.len() / 2], "not a report");
    refused(&whole.replace("\"fingerprint\"", "\"finger\""), "unknown field `finger`");
    refused(&whole.replacen("\"fail\": 3", "\"fail\": 2", 1), "its summary does not count its findings");
    refused(&whole.replacen("\"outcome\": \"fail\"", "\"outcome\": \"pass\"", 1), "its summary does not count");
    refused(&whole.replace("\"fingerprint\": \"", "\"fingerprint\": \"0"), "its fingerprint is another one's");
    let over = workplace.run(&["report", "x.json", "--report", "json=x.json"]);
    assert!(over.exit == 2 && over.stderr.contains("would write over"), "{over:?}");
}

/// The canonical report with its first finding so many times, each of a bucket of its own; put together as text, which is quick.
fn with_failures(count: usize) -> String {
    let mut report: Value = serde_json::from_str(&std::fs::read_to_string(CANONICAL).unwrap()).unwrap();
    let mut failed = report["findings"][0].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (account, policy) = (text(&failed["resource"]["account"]), text(&failed["policy"]));
    failed["subject"] = "SUBJECT".into();
    failed["fingerprint"] = "FINGERPRINT".into();
    let failed = failed.to_string();
    let numbered = (0..count).map(|number| {
        let subject = format!("s3://bucket-{number}/");
        failed.replace("FINGERPRINT", &fingerprint(&account, &policy, &subject)).replace("SUBJECT", &subject)
    });
    report["findings"] = "FINDINGS".into();
    report["summary"] = json!({"pass": 0, "fail": count, "unknown": 0, "waived": 0, "not_applicable": 0, "error": 0});
    report.to_string().replace("\"FINDINGS\"", &format!("[{}]", numbered.collect::<Vec<_>>().join(",")))
}

/// Code scanning takes 5,000 results, a step summary some hundred rows; what is left out is counted.
#[test]
fn what_a_format_leaves_out_is_counted() {
    let workplace = Workplace::offline();
    workplace.write("many.json", &with_failures(5_100));
    let formats =
        ["sarif", "github", "markdown"].map(|format| ["--report".to_owned(), format!("{format}={format}.out")]);
    let formats = formats.concat();
    let arguments: Vec<&str> = ["report", "many.json"].into_iter().chain(formats.iter().map(String::as_str)).collect();
    workplace.run(&arguments);
    let told = |format: &str| std::fs::read_to_string(workplace.path(&format!("{format}.out"))).unwrap();
    let sarif: Value = serde_json::from_str(&told("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 5_000);
    let last = results[4_999]["message"]["text"].as_str().unwrap();
    assert_eq!(last, "101 more results are left out here; the JSON report has them all");
    let annotations = told("github");
    assert_eq!(annotations.lines().count(), 10);
    assert!(annotations.ends_with("::error::5091 more are in the other reports\n"), "{annotations}");
    // GitLab reads no more than 30 MB and 250,000 objects.
    workplace.write("most.json", &with_failures(20_500));
    let junit = workplace.run(&["report", "most.json", "--report", "junit"]).stdout;
    assert_eq!(junit.matches("<testcase ").count(), 20_001);
    assert!(
        junit.contains("<error type=\"left_out\" message=\"500 more findings are in the JSON report\""),
        "no success"
    );
    assert!(junit.len() < 30_000_000, "{}", junit.len());
    let markdown = told("markdown");
    assert!(markdown.contains("4600 more rows are in the other reports."), "{}", &markdown[markdown.len() - 200..]);
    assert!(markdown.len() < 1 << 20);
}

/// What causes the rest is among the results that code scanning takes, and each is an alert of its own.
#[test]
fn ten_thousand_consequences_do_not_hide_their_cause() {
    let mut report: Value = serde_json::from_str(&std::fs::read_to_string(CANONICAL).unwrap()).unwrap();
    let failed = |policy: &str, subject: String| {
        let mut finding = report["findings"][0].clone();
        let account = finding["resource"]["account"].as_str().unwrap().to_owned();
        finding["fingerprint"] = fingerprint(&account, policy, &subject).into();
        finding["policy"] = policy.into();
        finding["subject"] = subject.into();
        finding
    };
    let mut findings: Vec<Value> =
        (0..6_000).map(|n| failed("coverage/copy_recorded", format!("s3://b-{n}/"))).collect();
    findings.extend((0..20).map(|n| failed("trail/logging", format!("trail {n}"))));
    report["findings"] = findings.into();
    report["summary"] = json!({"pass": 0, "fail": 6_020, "unknown": 0, "waived": 0, "not_applicable": 0, "error": 0});
    let workplace = Workplace::offline();
    workplace.write("many.json", &report.to_string());
    let told = workplace.run(&["report", "many.json", "--report", "sarif-upload"]).stdout;
    let sarif: Value = serde_json::from_str(&told).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let stopped = results.iter().filter(|result| result["ruleId"] == "trail/logging").count();
    assert_eq!((results.len(), stopped), (5_000, 20));
    let hashes: BTreeSet<&str> = results
        .iter()
        .map(|result| result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap())
        .collect();
    assert_eq!(hashes.len(), results.len());
    assert!(sarif["runs"][0].get("automationDetails").is_none());
}

/// GitHub opens an alert for a suppressed result too.
#[test]
fn what_is_waived_is_not_uploaded() {
    let workplace = Workplace::offline();
    let waived = |format: &str| canonical(&workplace, format).matches("\"outcome\": \"waived\"").count();
    assert_eq!((waived("sarif"), waived("sarif-upload")), (1, 0));
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
    let name = "::warning::x]]></failure>\u{1b}[2K\u{0}|\n::error::<script>`@team`\u{202e}\u{ffff}##[add-mask]x\u{9b}2K\u{61c}\u{e0041}\u{ad}\
                [x](http://evil.example){0}";
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
    for format in ["text", "json", "junit", "sarif", "markdown", "csv", "github"] {
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
    for format in ["text", "junit", "markdown", "csv", "json", "sarif"] {
        let text = std::fs::read_to_string(out(format)).unwrap();
        let shown = if ["json", "sarif"].contains(&format) { ["\\u001b", "\\u202e"] } else { ["\\u{1b}", "\\u{202e}"] };
        assert!(shown.iter().all(|shown| text.contains(shown)), "{format}: {text}");
        for line in text.lines() {
            let start = line.trim_start();
            assert!(!start.starts_with("::") && !line.contains("##["), "{format}: {line}");
            let hidden = |c: char| c.is_control() || "\u{202e}\u{61c}\u{e0041}\u{ad}".contains(c);
            assert!(!line.contains(hidden), "{format}: {line:?}");
        }
    }
    // Each line is a command of ours, and holds no other.
    for line in std::fs::read_to_string(out("github")).unwrap().lines() {
        assert!(["::error", "::warning", "::notice"].iter().any(|command| line.starts_with(command)), "{line}");
        assert!(
            line.matches("::").count() >= 2 && !line.contains("##[") && !line.contains(char::is_control),
            "{line:?}"
        );
        let properties = line.trim_start_matches("::").split("::").next().unwrap();
        assert!(
            properties.split(' ').skip(1).collect::<Vec<_>>().join(" ").split(',').all(|p| p.contains('=')),
            "{line}"
        );
    }
    let markdown = std::fs::read_to_string(out("markdown")).unwrap();
    for row in markdown.lines().filter(|line| line.starts_with("| ")) {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    }
}

/// GitHub takes a step summary of 1 MiB: what does not fit is counted, and no row is cut.
#[test]
fn a_long_summary_ends_with_how_much_is_left_out() {
    let workplace = Workplace::offline();
    let mut report: Value = serde_json::from_str(&std::fs::read_to_string(CANONICAL).unwrap()).unwrap();
    let findings = report["findings"].as_array_mut().unwrap();
    let mut long = findings[0].clone();
    long["message"] = "long ".repeat(10_000).into();
    let numbered = (0..300).map(|number| {
        let subject = format!("s3://bucket-{number}/");
        let account = long["resource"]["account"].as_str().unwrap().to_owned();
        let mut finding = long.clone();
        finding["fingerprint"] = fingerprint(&account, long["policy"].as_str().unwrap(), &subject).into();
        finding["subject"] = subject.into();
        finding
    });
    *findings = numbered.collect();
    report["summary"] = json!({"pass": 0, "fail": 300, "unknown": 0, "waived": 0, "not_applicable": 0, "error": 0});
    workplace.write("long.json", &report.to_string());
    let ran = workplace.run(&["report", "long.json", "--report", "markdown"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.len() < 1 << 20, "{}", ran.stdout.len());
    let rows = ran.stdout.lines().filter(|line| line.starts_with("| ❌")).count();
    assert!(ran.stdout.contains(&format!("\n{} more rows are in the other reports.\n", 300 - rows)), "{rows}");
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
        // A remark fails no build.
        assert_eq!(count("pass"), summary("pass") + summary("remark"));
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
    let snapshot = fixture("blind_spot/snapshot.json");
    let judged = ["coverage/copy_recorded", "placement/same_region", "coverage/dead_selector"];
    let judged = judged.map(|policy| format!("--policy={policy}"));
    let (report, ran) = workplace.check(&["--snapshot", &snapshot, &judged[0], &judged[1], &judged[2]]);
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

/// Who accepts that something is not known has not accepted that it fails.
#[test]
fn a_waiver_may_cover_unknowns_and_many_subjects() {
    let policy = "access/approved_roles";
    let check = |subject: &str, outcome: &str, expires: &str| {
        let workplace = Workplace::offline();
        let config = std::fs::read_to_string(fixture("article/trailcheck.toml")).unwrap();
        let waiver = format!(
            "\n[[waiver]]\npolicy = \"{policy}\"\nsubject = \"{subject}\"\nreason = \"r\"\nexpires = {expires}\nowner = \"o\"\n{outcome}\n"
        );
        workplace.write("trailcheck.toml", &format!("{config}{waiver}"));
        let snapshot = fixture("article/snapshot.json");
        workplace.check(&["--snapshot", &snapshot, "--policy", policy])
    };
    let outcomes = |report: &Value| -> BTreeSet<String> {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["outcome"].as_str().unwrap().to_owned()).collect()
    };
    let only = |outcome: &str| BTreeSet::from([outcome.to_owned()]);

    let (report, ran) = check("s3://cm-kajiwara-*", "", "2030-01-01");
    assert_eq!((outcomes(&report), ran.exit), (only("unknown"), 3));
    let notes = report["run"]["notes"].to_string();
    assert!(notes.contains("its subject is unknown now"), "{notes}");

    let (report, ran) = check("s3://cm-kajiwara-*", "outcome = \"unknown\"", "2030-01-01");
    assert_eq!((outcomes(&report), ran.exit), (only("waived"), 0), "{report}");
    assert!(report["findings"][0]["message"].as_str().unwrap().starts_with("unknown: "), "{report}");
    assert_eq!(report["run"]["notes"], json!([]));

    let (report, ran) = check("s3://cm-kajiwara-*", "outcome = \"unknown\"", "2016-11-30");
    assert_eq!((outcomes(&report), ran.exit), (only("unknown"), 3), "it is over: {report}");
    let (report, _) = check("s3://other-*", "outcome = \"unknown\"", "2030-01-01");
    assert_eq!(outcomes(&report), only("unknown"), "another subject");
}

/// A job works in a folder of the repository, and GitHub reads paths from its root.
#[test]
fn files_are_named_from_the_repositorys_root() {
    let workplace = Workplace::offline();
    workplace.write(".git/HEAD", "ref: refs/heads/main\n");
    workplace.write("infra/trailcheck.toml", &std::fs::read_to_string(fixture("article/trailcheck.toml")).unwrap());
    workplace.write("infra/audit/readme", "");
    let snapshot = fixture("article/snapshot.json");
    for (folder, config) in [("infra", "trailcheck.toml"), ("infra/audit", "../trailcheck.toml")] {
        let check = ["check", "--config", config, "--snapshot", &snapshot, "--report"];
        let sarif = workplace.run_in(folder, &[&check[..], &["sarif"]].concat()).stdout;
        assert!(sarif.contains("\"uri\": \"infra/trailcheck.toml\""), "{sarif}");
        assert!(!sarif.contains("\"uri\": \"trailcheck.toml\"") && !sarif.contains("\"uri\": \".."), "{sarif}");
        let annotations = workplace.run_in(folder, &[&check[..], &["github"]].concat()).stdout;
        assert!(annotations.contains(" file=infra/trailcheck.toml,line="), "{annotations}");
    }
}
