//! What others wrote commands nobody who reads our output: terminals, CI runners, spreadsheets.

use std::path::Path;

use serde_json::json;

use crate::program::{Workplace, fixture};

/// Starts and ends of commands, and characters that are not there to be seen.
const HOSTILE: &str = "\n::error::pwned\r\u{1b}[2K\u{1b}[31mx ##[set-output name=result]pass ##vso[x]y\u{9b}2K\u{202e}\u{61c}\u{e0041}\u{ad}\u{7f}";

/// Each line, by what a runner and a terminal make of it.
fn harmless(sink: &str, text: &str) {
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{sink}: {line:?}");
        assert!(!line.contains("##[") && !line.contains("##v"), "{sink}: {line:?}");
        let hidden = |c: char| c.is_control() || "\u{202e}\u{61c}\u{e0041}\u{ad}".contains(c);
        assert!(!line.contains(hidden), "{sink}: {line:?}");
    }
}

#[test]
fn names_in_log_records_and_of_log_files_are_harmless_in_every_sink() {
    let workplace = Workplace::offline();
    let record = json!({
        "eventVersion": "1.11", "eventTime": "2026-11-22T05:00:00Z", "eventSource": "s3.amazonaws.com",
        "userIdentity": {"type": "AssumedRole", "arn": format!("arn:aws:sts::111111111111:assumed-role/loader/{HOSTILE}"), "accountId": "111111111111"},
        "eventName": format!("GetObject{HOSTILE}"), "awsRegion": "eu-west-1", "eventID": HOSTILE, "readOnly": true,
        "requestParameters": {"bucketName": "load", "key": HOSTILE}, "eventCategory": "Data", "managementEvent": false,
        "resources": [{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::load/{HOSTILE}")}],
    });
    std::fs::create_dir(workplace.path("logs")).unwrap();
    workplace.write("logs/good.json", &json!({"Records": [record]}).to_string());
    // A file's name may be anything but `/` and NUL.
    workplace.write(&format!("logs/{HOSTILE}.json"), "{");
    for format in ["table", "json", "ndjson", "csv"] {
        let ran = workplace.run(&["accesses", "logs", "--format", format]);
        assert_eq!(ran.exit, 3, "{ran:?}");
        assert!(ran.stdout.contains("loader"), "{format}: {}", ran.stdout);
        harmless(format, &ran.stdout);
        assert!(ran.stderr.contains("not read: "), "{}", ran.stderr);
        harmless("stderr", &ran.stderr);
    }
}

#[test]
fn a_policys_text_is_harmless_where_it_is_explained_and_reported() {
    let workplace = Workplace::offline();
    // Control characters that YAML lets through are those that it has an escape for.
    let (hidden, escaped) = ("\u{202e}\u{ad} ##[add-mask]x", "\\x9b2K\u{202e} ##[add-mask]x");
    let policy = format!(
        "# METADATA\n# title: \"::error:: {escaped}\"\n# description: \"\\e[2J ##[group]d {escaped}\"\n# custom:\n#   severity: low\n#   \
         not_applicable: n\n#   remediation: \"[x](http://evil.example) {escaped}\"\n#   controls: {{}}\n# ##[group]comment {hidden}\npackage \
         trailcheck.own.hostile\n\n# {hidden}\ndeny contains \"::error::msg ##[group]m {hidden}\"\n"
    );
    std::fs::create_dir(workplace.path("own")).unwrap();
    workplace.write("own/hostile.rego", &policy);
    let listed = workplace.run(&["policies", "--policies", "own"]);
    assert_eq!(listed.exit, 0, "{listed:?}");
    harmless("policies", &listed.stdout);
    let explained = workplace.run(&["explain", "own/hostile", "--policies", "own"]);
    assert_eq!(explained.exit, 0, "{explained:?}");
    assert!(explained.stdout.contains("add-mask]x"), "{explained:?}");
    harmless("explain one", &explained.stdout);
    let (config, snapshot) = (fixture("article/trailcheck.toml"), fixture("article/snapshot.json"));
    for format in ["text", "json", "junit", "sarif", "markdown", "csv", "html", "ocsf"] {
        let check = ["check", "--config", &config, "--snapshot", &snapshot, "--policies", "own", "--report", format];
        let ran = workplace.run(&check);
        assert!(ran.stdout.contains("msg"), "{format}");
        harmless(format, &ran.stdout);
        // In SARIF that would be a link.
        assert!(format != "sarif" || !ran.stdout.contains("[x](http"), "{format}");
    }
}

/// Also where the message is about a file that cannot be read or written.
#[test]
fn errors_about_files_with_hostile_names_are_harmless() {
    let workplace = Workplace::offline();
    let snapshot = fixture("article/snapshot.json");
    let config = fixture("article/trailcheck.toml");
    let missing = format!("missing{HOSTILE}/x");
    for arguments in [
        vec!["check", "--config", &missing],
        vec!["check", "--config", &config, "--snapshot", &missing],
        vec!["check", "--config", &config, "--snapshot", &snapshot, "--policies", &missing],
        vec!["check", "--config", &config, "--snapshot", &snapshot, "--logs", &missing],
        vec!["check", "--config", &config, "--snapshot", &snapshot, "--report", &format!("json={missing}")],
        vec!["accesses", &missing],
        vec!["report", &missing],
        vec!["init", &missing],
    ] {
        let ran = workplace.run(&arguments);
        assert_ne!(ran.exit, 0, "{ran:?}");
        assert!(ran.stderr.contains("missing"), "{ran:?}");
        harmless("stderr", &ran.stderr);
        harmless("stdout", &ran.stdout);
    }
}

/// One report that cannot be written keeps neither the others nor the verdict from its reader.
#[test]
fn what_can_be_written_is_written() {
    let workplace = Workplace::offline();
    let (config, snapshot) = (fixture("article/trailcheck.toml"), fixture("article/snapshot.json"));
    let check = ["check", "--config", &config, "--snapshot", &snapshot, "--report", "json=no/such/folder.json"];
    let ran = workplace.run(&[&check[..], &["--report", "junit=out.xml", "--report", "text"]].concat());
    assert!(ran.stdout.contains("placement/same_region"), "{ran:?}");
    assert!(ran.stderr.contains("no/such/folder.json"), "{ran:?}");
    assert!(std::fs::read_to_string(workplace.path("out.xml")).unwrap().contains("<testsuite"));
}

/// `output` is the one door: nothing else in the source prints.
#[test]
fn there_is_one_door() {
    fn look(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
            } else if !path.ends_with("src/output.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let prints = ["print!(", "println!(", "eprint!(", "eprintln!(", "stdout()", "stderr()", "dbg!("];
                let printed = prints.into_iter().filter(|print| text.contains(print));
                found.extend(printed.map(|print| format!("{}: {print}", path.display())));
            }
        }
    }
    let mut found = Vec::new();
    look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert_eq!(found, [""; 0]);
}
