//! Silence is not success: what nobody asked, what was passed over, and what would be written over.

use serde_json::json;

use crate::program::{Workplace, fixture};

const HEADER: &str = "# METADATA\n# title: t\n# description: d\n# custom:\n#   severity: high\n#   not_applicable: n\n#   remediation: r\n#   controls: {}\n";

/// The refusal of a folder with these policies.
fn refused(files: &[(&str, &str)]) -> String {
    let workplace = Workplace::offline();
    std::fs::create_dir(workplace.path("own")).unwrap();
    for (name, code) in files {
        workplace.write(&format!("own/{name}"), &format!("{HEADER}{code}"));
    }
    let (config, snapshot) = (fixture("article/trailcheck.toml"), fixture("article/snapshot.json"));
    let ran = workplace.run(&["check", "--config", &config, "--snapshot", &snapshot, "--policies", "own"]);
    assert_eq!(ran.exit, 2, "{files:?}: {}", ran.stderr);
    ran.stderr
}

#[test]
fn a_rule_that_nobody_asks_is_refused() {
    for (rule, meant) in [
        ("deny_unencrypted contains \"bad\" if true", "deny"),
        ("violation contains {\"msg\": \"bad\"} if true", "deny"),
        ("fails contains {\"subject\": \"x\", \"message\": \"m\"} if true", "fail"),
        ("unknwon contains {\"subject\": \"x\", \"message\": \"m\"} if true", "unknown"),
    ] {
        let message = refused(&[("a.rego", &format!("package a\n\nwarn contains \"w\" if true\n\n{rule}\n"))]);
        assert!(message.contains(&format!("did you mean `{meant}`?")), "{message}");
    }
}

#[test]
fn what_is_defined_nowhere_is_refused_however_it_is_written() {
    for rule in [
        "deny contains \"x\" if data[\"house\"][\"lists\"].forbidden",
        "deny contains \"x\" if { s := \"a # b\"; data.house.lists.forbidden == s }",
        "deny contains \"x\" if data.a.forbiden\n\nforbidden := true",
        "deny contains \"x\" if data.a.deny_list.x",
    ] {
        let message = refused(&[("a.rego", &format!("package a\n\n{rule}\n"))]);
        assert!(message.contains("data"), "{message}");
    }
    let message = refused(&[("a.rego", "package a\n\ndeny contains x if x := f(3)\n\nf(n) := f(n - 1)\n")]);
    assert!(message.contains("comes back to itself"), "{message}");
    let message = refused(&[
        ("a.rego", "package a\n\ndeny contains \"x\" if true\n"),
        ("b.REGO", "package b\n\ndeny contains \"x\" if true\n"),
    ]);
    assert!(message.contains("would be left out"), "{message}");
    let deep = format!("package a\n\ndeny contains x if x := {}1{}\n", "[ # ]\n".repeat(30), "]".repeat(30));
    assert!(refused(&[("a.rego", &deep)]).contains("brackets nested"), "closing brackets in comments");
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let workplace = Workplace::offline();
    std::fs::create_dir_all(workplace.path("d")).unwrap();
    std::fs::create_dir_all(workplace.path("own")).unwrap();
    let copy = |from: &str, to: &str| std::fs::copy(fixture(from), workplace.path(to)).unwrap();
    copy("article/trailcheck.toml", "trailcheck.toml");
    copy("article/snapshot.json", "snapshot.json");
    std::fs::create_dir(workplace.path("logs")).unwrap();
    copy("article/logs/records.json", "logs/records.json");
    workplace.write("own/a.rego", &format!("{HEADER}package a\n\nwarn contains \"w\" if false\n"));
    std::os::unix::fs::symlink(workplace.path("snapshot.json"), workplace.path("link.json")).unwrap();
    let check = ["check", "--snapshot", "snapshot.json", "--logs", "logs", "--policies", "own"];
    for target in [
        "json=snapshot.json",
        "json=d/../snapshot.json",
        "json=link.json",
        "json=trailcheck.toml",
        "json=d/../trailcheck.toml",
        "json=logs/records.json",
        "json=own/a.rego",
        "json=own/../own/a.rego",
    ] {
        let ran = workplace.run(&[&check[..], &["--report", target]].concat());
        assert_eq!(ran.exit, 2, "{target}: {}", ran.stderr);
        assert!(ran.stderr.contains("would write over what is read"), "{target}: {}", ran.stderr);
    }
    let twice = workplace.run(&[&check[..], &["--report", "json=out.x", "--report", "junit=d/../out.x"]].concat());
    assert!(twice.exit == 2 && twice.stderr.contains("two reports to"), "{twice:?}");
    for (output, message) in [("trailcheck.toml", "would write over"), ("own/a.rego", "is no snapshot")] {
        let ran = workplace.run(&["collect", "-o", output]);
        assert!(ran.exit == 2 && ran.stderr.contains(message), "{output}: {ran:?}");
    }
    assert!(std::fs::read_to_string(workplace.path("trailcheck.toml")).unwrap().contains("[[redshift"));
}

/// What a name says of a file decides nothing; what is passed over is counted, and nothing at all is no answer.
#[test]
fn log_files_are_told_by_what_is_in_them() {
    let log = std::fs::read(fixture("article/logs/records.json")).unwrap();
    for name in ["x.json", "x.JSON", "x.log", "x", ".hidden.json", "x.json.1", "deep/.git/x.txt"] {
        let workplace = Workplace::offline();
        let path = workplace.path(&format!("logs/{name}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &log).unwrap();
        let ran = workplace.run(&["accesses", "logs", "--format", "json"]);
        assert_eq!(ran.exit, 0, "{name}: {ran:?}");
        let rows: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(rows.as_array().unwrap().len(), 5, "{name}");
    }
    let workplace = Workplace::offline();
    std::fs::create_dir(workplace.path("logs")).unwrap();
    std::os::unix::fs::symlink(fixture("article/logs/records.json"), workplace.path("logs/link")).unwrap();
    std::os::unix::fs::symlink(workplace.path("logs"), workplace.path("logs/circle")).unwrap();
    workplace.write("logs/README", "What these files are.");
    let ran = workplace.run(&["accesses", "logs"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stdout.contains("redshift-trailcheck-role"), "a link leads to a log file: {ran:?}");
    assert!(ran.stderr.contains("1 file passed over: neither JSON nor gzip"), "{ran:?}");
    // One whose name says that it is a log file, and that is none.
    workplace.write("logs/broken.json.gz", "What these files are.");
    assert_eq!(workplace.run(&["accesses", "logs"]).exit, 3);
}

#[test]
fn nothing_that_was_read_is_no_answer() {
    let workplace = Workplace::offline();
    std::fs::create_dir(workplace.path("empty")).unwrap();
    let ran = workplace.run(&["accesses", "empty"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert!(ran.stderr.contains("no log file was read"), "{ran:?}");
    workplace.write("notes/README", "nothing here");
    assert_eq!(workplace.run(&["accesses", "notes"]).exit, 3);
}

/// What cannot be looked at is named, and the others are read.
#[test]
fn what_cannot_be_looked_at_does_not_end_the_others() {
    use std::os::unix::fs::PermissionsExt;
    let workplace = Workplace::offline();
    let log = std::fs::read_to_string(fixture("article/logs/records.json")).unwrap();
    workplace.write("logs/a/x.json", &log);
    // The superuser may read every folder, and cannot follow a link to itself either.
    std::os::unix::fs::symlink("circle", workplace.path("logs/circle")).unwrap();
    workplace.write("logs/closed/y.json", &json!({"Records": []}).to_string());
    let closed = workplace.path("logs/closed");
    let allow = |mode| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o000);
    let is_closed = std::fs::read_dir(&closed).is_err();
    let told = workplace.run(&["accesses", "logs"]);
    let (config, snapshot) = (fixture("article/trailcheck.toml"), fixture("article/snapshot.json"));
    let (report, _) = workplace.check(&["--config", &config, "--snapshot", &snapshot, "--logs", "logs"]);
    allow(0o700);
    assert!(told.exit == 3 && told.stdout.contains("redshift-trailcheck-role"), "{told:?}");
    assert!(told.stderr.contains("not read: logs/circle: "), "{told:?}");
    assert_eq!(told.stderr.contains("not read: logs/closed: "), is_closed, "{told:?}");
    let records = &report["run"]["records"];
    assert_eq!((&records["events"], &records["skipped"]), (&json!(5), &json!(1 + u64::from(is_closed))), "{records}");
}

/// What the SDK would stop at is named.
#[test]
fn an_environment_that_cannot_be_used_is_named() {
    for (name, value) in [
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_ENDPOINT_URL_S3", ""),
        ("AWS_ENDPOINT_URL", "localhost:5000"),
        ("AWS_ACCESS_KEY_ID", "AKIA\nX"),
        ("AWS_SECRET_ACCESS_KEY", "secret\n"),
        ("AWS_SESSION_TOKEN", "a b"),
    ] {
        let workplace =
            Workplace::offline().set("AWS_REGION", "eu-west-1").set("AWS_ACCESS_KEY_ID", "testing").set(name, value);
        workplace.write("trailcheck.toml", "[[redshift.unload]]\nlocation = \"s3://b/\"\n");
        let ran = workplace.run(&["check"]);
        assert!(ran.exit == 2 && ran.stderr.contains(name), "{name}={value:?}: {ran:?}");
    }
    let workplace = Workplace::offline()
        .set("AWS_REGION", "")
        .set("AWS_ACCESS_KEY_ID", "testing")
        .set("AWS_SECRET_ACCESS_KEY", "testing");
    workplace.write("trailcheck.toml", "[[redshift.unload]]\nlocation = \"s3://b/\"\n");
    let ran = workplace.run(&["check"]);
    assert!(ran.exit == 2 && ran.stderr.contains("no AWS region is set"), "{ran:?}");
}

/// Where nobody hears what is said, the exit code says it.
#[test]
fn a_full_device_for_standard_error_changes_no_verdict() {
    let workplace = Workplace::offline();
    let (config, snapshot) = (fixture("article/trailcheck.toml"), fixture("article/snapshot.json"));
    let exit = |arguments: &[&str]| {
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_trailcheck"))
            .args(arguments)
            .current_dir(workplace.path(""))
            .stdout(std::process::Stdio::null())
            .stderr(std::fs::File::options().write(true).open("/dev/full").unwrap())
            .status()
            .unwrap();
        status.code()
    };
    let check = ["check", "--config", &config, "--snapshot", &snapshot, "--report", "json=out.json"];
    assert_eq!(exit(&check), Some(1));
    assert_eq!(exit(&["accesses", "nothing-here"]), Some(2));
    assert_eq!(exit(&["accesses", &fixture("article/logs")]), Some(0));
}
