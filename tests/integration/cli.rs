//! Usage, files and errors: what failed, where, and what to do next; and the exit codes.

use std::process::{Command, Stdio};

use trailcheck::gzip;

use crate::program::{Workplace, fixture};

const LOCATION: &str = "[[redshift.unload]]\nlocation = \"s3://bucket/\"\n";

fn article(workplace: &Workplace) {
    let copy =
        |name: &str| workplace.write(name, &std::fs::read_to_string(fixture(&format!("article/{name}"))).unwrap());
    copy("snapshot.json");
    copy("trailcheck.toml");
}

/// The message of a run that could not begin.
fn refused(workplace: &Workplace, arguments: &[&str]) -> String {
    let before = workplace.files();
    let ran = workplace.run(arguments);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert_eq!(ran.stdout, "", "{ran:?}");
    assert_eq!(workplace.files(), before, "nothing is written");
    ran.stderr
}

#[test]
fn a_mistake_in_the_config_is_pointed_at() {
    for (config, expected) in [
        ("[[redshift.unload]]\nlocaton = \"s3://b/\"\n", "line 2: unknown key `locaton`"),
        ("[scann]\n", "line 1: unknown key `scann`; did you mean `scan`?"),
        ("[[redshift.unload]]\nlocation = \"b\"\n", "line 2: `b` is not an S3 location; expected s3://"),
        ("[[redshift.unload]]\nlocation = \"s3://b/\"\nrole = \"R\"\n", "line 3: `R` is not a role's ARN"),
        (
            "[[redshift.unload]]\nlocation = \"s3://b/\"\nrole = \"default\"\n",
            "line 3: `default` names a role that is known only",
        ),
        (
            "[[access]]\nlocation = \"s3://b/\"\nroles = [\"arn:aws:iam::123456789012:role/a,arn:aws:iam::123456789012:role/b\"]\n",
            "line 3: a chain of roles: write the last one",
        ),
        (
            "[[redshift.copy]]\nlocation = \"s3://b/\"\nrole = \"arn:aws:iam::123456789012:role/a, arn:aws:iam::123456789012:role/b\"\n",
            "line 3: `arn:aws:iam::123456789012:role/a, arn:aws:iam::123456789012:role/b` is not a role's ARN: there is a blank",
        ),
        ("[[redshift.copy]]\nlocation = \"s3://b/x \"\n", "line 2: `s3://b/x ` has a blank at its end"),
        (
            "[[redshift.copy]]\nlocation = \"s3://b/x?region=eu-west-1\"\n",
            "the query of a URL at its end; write `s3://b/x`",
        ),
        (
            "[[redshift.unload]]\nlocation = \"s3://b/\"\naccess = \"reads\"\n",
            "line 3: `reads` is not known here; did you mean `read`?",
        ),
        ("[[redshift.unload]]\nrole = \"x\"\n", "line 1: missing field `location`"),
        ("[scan]\nregions = [\"Ireland\"]\n", "line 2: `Ireland` is not a region"),
        ("[scan]\naccounts = []\n", "line 2: scan.accounts is empty: leave it out"),
        ("[scan]\naccounts = [{ id = \"1\" }]\n", "line 2: `1` is not an account's id"),
        (
            "[scan]\naccounts = [{ id = \"111111111111\", role = \"arn:aws:iam::222222222222:role/r\" }]\n",
            "line 2: the role is of account 222222222222, not of 111111111111",
        ),
        (
            "[scan]\naccounts = [{ id = \"111111111111\", role = \"audit\" }]\n",
            "line 2: `audit` is not a role's ARN; expected arn:aws:iam::111111111111:role/NAME",
        ),
        (
            "[scan]\naccounts = [{ id = \"111111111111\" }, { id = \"111111111111\" }]\n",
            "line 2: account 111111111111 is there twice",
        ),
        (
            "[scan]\naccounts = [{ id = \"111111111111\" }, { id = \"222222222222\" }]\n",
            "line 2: accounts 111111111111 and 222222222222 have no role",
        ),
        (
            "[scan]\naccounts = [{ id = \"111111111111\", external_id = \"xy\" }]\n",
            "line 2: an external id goes with a role",
        ),
        (
            "[scan]\naccounts = [{ id = \"111111111111\", role = \"arn:aws:iam::111111111111:role/r\", external_id = \"a b\" }]\n",
            "line 2: it is no external id",
        ),
        ("[scan]\nrecorders = []\n", "scan.recorders is empty"),
        (
            "[[redshift.unload]]\nlocation = \"s3://b/\"\nrole = \"arn:aws:iam::123456789012:role/app-*\"\n",
            "line 3: a role here is one role, without `*`",
        ),
        (
            "[[access]]\nlocation = \"s3://b/\"\n[[access]]\nlocation = \"s3://b\"\n",
            "lines 2 and 4: two [[access]] tables for s3://b/",
        ),
        ("[[access]]\nlocation = \"s3://b/\"\nservices = [\"redshift\"]\n", "line 3: `redshift` is not an AWS service"),
        ("[[access]]\nlocation = \"s3://b/\"\nusers = [\"arn:aws:iam::123456789012:user/*\"]\n", "is not a user's ARN"),
        ("[records]\nwindow = \"a day\"\n", "line 2: `a day` is not a time span"),
        ("[records]\nsample = \"lots\"\n", "line 2: `lots` is not a size"),
        (
            "[[waiver]]\npolicy = \"p\"\nsubject = \"s\"\nreason = \"\"\nexpires = 2027-01-31\nowner = \"o\"\n",
            "line 4: a waiver needs a reason",
        ),
        (
            "[[waiver]]\npolicy = \"coverage/unlod\"\nsubject = \"s\"\nreason = \"r\"\nexpires = 2027-01-31\nowner = \"o\"\n",
            "line 2: there is no policy `coverage/unlod`",
        ),
        ("x = [", "line 1:"),
    ] {
        let workplace = Workplace::offline();
        workplace.write("trailcheck.toml", config);
        let message = refused(&workplace, &["check", "--snapshot", &fixture("article/snapshot.json")]);
        assert!(message.contains(expected), "{config}: {message}");
    }
}

#[test]
fn the_nearest_key_is_named() {
    let workplace = Workplace::offline();
    workplace.write("trailcheck.toml", "[[redshift.unload]]\nlocaton = \"s3://b/\"\n");
    let message = refused(&workplace, &["check"]);
    assert!(message.contains("did you mean `location`?"), "{message}");
}

#[test]
fn a_snapshot_that_is_not_one_is_refused() {
    let whole = std::fs::read_to_string(fixture("article/snapshot.json")).unwrap();
    for (text, expected) in [
        (
            whole.replace("snapshot/v2", "snapshot/v1"),
            "its format is `trailcheck/snapshot/v1`, and this trailcheck reads `trailcheck/snapshot/v2`; collect it again",
        ),
        (whole[..whole.len() / 2].to_owned(), "was it cut short?"),
        (whole.replace("\"is_logging\"", "\"is_loging\""), "unknown field `is_loging`"),
        (whole.replace("\"home_region\": \"us-east-1\",", ""), "missing field `home_region`"),
        (whole.replace("\"is_logging\": true", "\"is_logging\": true, \"is_logging\": true"), "duplicate field"),
        (whole.replace("2016-12-01T12:00:00Z", "yesterday"), "`yesterday` is not an RFC 3339 instant"),
        (
            whole.replace("arn:aws:cloudtrail:us-east-1:123456789012:trail/redshift-unload", "redshift-unload"),
            "`redshift-unload` is not a trail's ARN",
        ),
        (
            whole.replace(
                "\"locations\": []",
                "\"locations\": [{\"kind\": \"copy\", \"location\": \"x\", \"origin\": {\"config\": {\"line\": 1}}}]",
            ),
            "`x` is not an S3 location",
        ),
        (String::new(), "not a snapshot"),
        ("{}".to_owned(), "missing field `schema`"),
    ] {
        let workplace = Workplace::offline();
        workplace.write("trailcheck.toml", LOCATION);
        workplace.write("snapshot.json", &text);
        let message = refused(&workplace, &["check", "--snapshot", "snapshot.json", "--report", "junit=out.xml"]);
        assert!(message.contains(expected), "{expected}: {message}");
    }
    let workplace = Workplace::offline();
    workplace.write("trailcheck.toml", LOCATION);
    assert!(
        refused(&workplace, &["check", "--snapshot", "missing.json"]).contains("cannot read snapshot missing.json")
    );
}

#[test]
fn nothing_to_check_is_not_a_pass() {
    let workplace = Workplace::offline();
    let message = refused(&workplace, &["check", "--snapshot", &fixture("article/snapshot.json")]);
    assert!(message.contains("there is no trailcheck.toml here") && message.contains("trailcheck init"), "{message}");
    workplace.write("trailcheck.toml", "");
    let message = refused(&workplace, &["check", "--snapshot", &fixture("article/snapshot.json")]);
    assert!(message.contains("trailcheck.toml declares no [[redshift.unload]]"), "{message}");
    let message = refused(&workplace, &["check", "--config", "missing.toml"]);
    assert!(message.contains("cannot read config missing.toml"), "{message}");
}

/// Where people and pipelines stand when they call it.
#[test]
fn the_config_is_found_above_and_by_its_variable() {
    let snapshot = fixture("article/snapshot.json");
    let check = ["check", "--snapshot", &snapshot, "--report", "json"];
    let workplace = Workplace::offline();
    workplace.write("trailcheck.toml", LOCATION);
    workplace.write("a/b/readme", "");
    let ran = workplace.run_in("a/b", &check);
    assert!(ran.stdout.contains("\"config\": \"../../trailcheck.toml\""), "{ran:?}");
    workplace.write("a/trailcheck.toml", LOCATION);
    let ran = workplace.run_in("a/b", &check);
    assert!(ran.stdout.contains("\"config\": \"../trailcheck.toml\""), "the nearest counts: {ran:?}");
    std::os::unix::fs::symlink("nowhere", workplace.path("a/b/trailcheck.toml")).unwrap();
    let ran = workplace.run_in("a/b", &check);
    assert!(ran.exit == 2 && ran.stderr.contains("cannot read config trailcheck.toml"), "none is passed over: {ran:?}");

    let elsewhere = Workplace::offline().set("TRAILCHECK_CONFIG", workplace.path("trailcheck.toml").to_str().unwrap());
    let ran = elsewhere.run(&check);
    assert!(ran.exit != 2 && ran.stdout.contains("trailcheck.toml"), "{ran:?}");
    let ran = elsewhere.run(&[&check[..], &["-c", "missing.toml"]].concat());
    assert!(ran.exit == 2 && ran.stderr.contains("cannot read config missing.toml"), "the flag counts: {ran:?}");
}

#[test]
fn wrong_usage_is_explained() {
    let workplace = Workplace::offline();
    article(&workplace);
    let check = |more: &[&str]| refused(&workplace, &[&["check", "--snapshot", "snapshot.json"], more].concat());
    assert!(
        check(&["--report", "pdf"])
            .contains("expected one of text, json, junit, sarif, sarif-upload, github, markdown, html, ocsf, csv")
    );
    assert!(check(&["--report", "json="]).contains("names no file"));
    assert!(check(&["--report", "json", "--report", "sarif"]).contains("two reports to standard output"));
    assert!(check(&["--report", "json=x", "--report", "sarif=x"]).contains("two reports to x"));
    assert!(check(&["--logs", "missing"]).contains("cannot read logs at missing"));
    assert!(check(&["--fail-on", "huge"]).contains("[possible values: info, low, medium, high, critical]"));
}

#[test]
fn exit_codes_keep_their_precedence() {
    let workplace = Workplace::offline();
    article(&workplace);
    let judged = ["--policy", "placement/same_region", "--policy", "access/approved_roles"];
    let exit =
        |more: &[&str]| workplace.run(&[&["check", "--snapshot", "snapshot.json"], &judged[..], more].concat()).exit;
    // A low failure, and something unknown.
    assert_eq!(exit(&[]), 1);
    assert_eq!(exit(&["--fail-on", "medium"]), 3);
    assert_eq!(exit(&["--fail-on", "medium", "--report", "json"]), 3);
    // A report that cannot be written is 4, but not over a failure.
    assert_eq!(exit(&["--fail-on", "medium", "--report", "json=no/such/folder/x"]), 4);
    assert_eq!(exit(&["--report", "json=no/such/folder/x"]), 1);
    workplace.write("broken/broken.rego", "package broken\nsubjects contains 1 if true\nfail contains 1 if false\n");
    assert_eq!(exit(&["--fail-on", "medium", "--policies", "broken", "--policy", "broken"]), 4);
    assert_eq!(exit(&["--policies", "broken", "--policy", "broken"]), 1);
    workplace.write("unparsable/unparsable.rego", "package unparsable\nfail contains\n");
    assert_eq!(exit(&["--policies", "unparsable"]), 2);
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trailcheck"))
        .args(["check", "--config", &fixture("article/trailcheck.toml")])
        .args(["--snapshot", &fixture("article/snapshot.json"), "--report", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn init_writes_a_config_that_check_reads() {
    let workplace = Workplace::offline();
    let snapshot = fixture("article/snapshot.json");
    let check = ["check", "--policy", "coverage/unload_recorded", "--snapshot", &snapshot];
    assert_eq!(workplace.run(&["init"]).exit, 0);
    let ran = workplace.run(&check);
    assert_eq!(ran.exit, 3, "its example buckets are not in this account: {ran:?}");
    assert!(refused(&workplace, &["init"]).contains("--force"));
    assert_eq!(workplace.run(&["init", "--force"]).exit, 0);
    // Every line that is commented out is valid too.
    let template = std::fs::read_to_string(workplace.path("trailcheck.toml")).unwrap();
    let keys = |line: &&str| line.contains(" = ") || line.starts_with("# [");
    let all: Vec<&str> =
        template.lines().map(|line| if keys(&line) { line.trim_start_matches("# ") } else { line }).collect();
    workplace.write("trailcheck.toml", &all.join("\n"));
    let ran = workplace.run(&check);
    assert_eq!(ran.exit, 3, "{ran:?}");
}

#[test]
fn explain_tells_a_policys_own_text() {
    let workplace = Workplace::offline();
    let list = workplace.run(&["policies"]).stdout;
    for policy in [
        "access/approved_roles",
        "coverage/copy_recorded",
        "coverage/unload_recorded",
        "placement/same_region",
        "trail/logging",
    ] {
        assert!(list.contains(policy), "{list}");
        let text = workplace.run(&["explain", policy]).stdout;
        assert!(
            text.contains("Why\n") && text.contains("How to fix\n") && text.contains("package trailcheck."),
            "{text}"
        );
    }
    assert!(refused(&workplace, &["explain", "coverage/unload"]).contains("did you mean `coverage/unload_recorded`?"));
}

#[test]
fn helps_and_completions_are_there() {
    let workplace = Workplace::offline();
    let version = workplace.run(&["--version"]).stdout;
    assert_eq!(version, format!("trailcheck {}\n", env!("CARGO_PKG_VERSION")));
    let help = workplace.run(&["check", "--help"]).stdout;
    for part in ["What is declared:", "What is looked at:", "What decides:", "What is written:", "Exit codes:"] {
        assert!(help.contains(part), "{help}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(workplace.run(&["completions", shell]).stdout.contains("trailcheck"));
    }
    assert_eq!(workplace.run(&[]).exit, 2);
}

#[test]
fn logs_are_read_plain_and_gzipped_and_damage_is_counted() {
    let workplace = Workplace::offline();
    article(&workplace);
    let records = std::fs::read_to_string(fixture("article/logs/records.json")).unwrap();
    let gzip = gzip::compress(records.as_bytes());
    workplace.write("logs/day/plain.json", &records);
    std::fs::write(workplace.path("logs/day/same.json.gz"), &gzip).unwrap();
    std::fs::write(workplace.path("logs/cut.json.gz"), &gzip[..gzip.len() / 2]).unwrap();
    workplace.write("logs/strange.json", "{\"Records\": [{\"eventSource\": \"s3.amazonaws.com\", \"eventTime\": 5}]}");
    workplace.write("logs/1_CloudTrail-Digest_eu-west-1_x.json", "{}");
    let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]);
    let records = &report["run"]["records"];
    assert_eq!(records["events"], 5, "{records}");
    assert_eq!(records["duplicates"], 5, "{records}");
    assert_eq!(records["malformed"], 1, "{records}");
    assert_eq!(records["skipped"], 2, "{records}");
    assert_eq!(records["read"][0]["listed_objects"], 5, "{records}");
}
