//! Files that are read: without end, no files, at odds with themselves; and none of them is written over.

use std::process::Command;

use serde_json::Value;

use crate::account::{for_all, snapshot, snapshot_of};
use crate::mistakes::{refused, workplace};
use crate::program::{Workplace, fixture};

/// A device has no end, and one file that somebody else wrote may take all memory.
#[test]
fn what_is_read_whole_has_a_limit() {
    let workplace = workplace();
    for arguments in [
        &["check", "--config", "/dev/zero", "--snapshot", "snapshot.json"][..],
        &["check", "--snapshot", "/dev/zero"],
        &["verify", ".", "--keys", "/dev/zero"],
    ] {
        refused(&workplace, arguments, "/dev/zero: larger than");
    }
    let policy = workplace.write("own/large.rego", "package own.large\n\ndeny contains \"x\" if false\n");
    std::fs::File::options().append(true).open(policy).unwrap().set_len(1 << 30).unwrap();
    refused(&workplace, &["check", "--snapshot", "snapshot.json", "--policies", "own"], "large.rego: larger than");
}

/// Nobody may ever write to a pipe.
#[test]
fn a_pipe_in_a_folder_holds_nothing_up() {
    let workplace = workplace();
    let pipe = |name: &str| {
        std::fs::create_dir_all(workplace.path(name).parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(workplace.path(name)).status().unwrap().success());
    };
    pipe("own/pipe.rego");
    for command in [&["check", "--snapshot", "snapshot.json", "--policies", "own"][..], &["test", "own"]] {
        refused(&workplace, command, "own/pipe.rego: is no file");
    }
    pipe("piped/pipe.json");
    let alone = workplace.run(&["accesses", "piped"]);
    assert_eq!(alone.exit, 3, "{alone:?}");
    std::fs::copy(fixture("article/logs/records.json"), workplace.path("piped/records.json")).unwrap();
    let beside = workplace.run(&["accesses", "piped"]);
    assert!(beside.exit == 0 && beside.stdout.contains("redshift-trailcheck-role"), "{beside:?}");
}

/// Of two answers to one question none would be AWS's.
#[test]
fn a_snapshot_that_contradicts_itself_is_refused() {
    let whole = || snapshot(vec![for_all()]);
    let twice = |list: &str, name: &str, value: &str| {
        let mut fields = whole();
        let mut twin = fields[list][0].clone();
        twin[name] = value.into();
        fields[list].as_array_mut().unwrap().push(twin);
        fields
    };
    let mut elsewhere = whole();
    elsewhere["trails"][0]["home_region"] = "us-east-1".into();
    let told = |fields: Value| {
        let workplace = Workplace::offline();
        workplace.write("trailcheck.toml", "[[redshift.unload]]\nlocation = \"s3://b/\"\n");
        workplace.write("snapshot.json", &snapshot_of(fields).to_string());
        workplace.run(&["check", "--snapshot", "snapshot.json", "--policy", "coverage/unload_recorded"])
    };
    assert_eq!(told(whole()).exit, 0);
    let trail = "the trail `arn:aws:cloudtrail:eu-west-1:111111111111:trail/t`";
    for (fields, expected) in [
        (twice("buckets", "region", "us-east-1"), "the bucket `b` is there twice".to_owned()),
        (twice("trails", "name", "u"), format!("{trail} is there twice")),
        (elsewhere, format!("{trail} is of another region than its home region")),
    ] {
        let ran = told(fields);
        assert!(ran.exit == 2 && ran.stderr.contains(&expected), "{expected}: {ran:?}");
    }
}

/// What was saved is read to be compared, and to be told again.
#[test]
fn no_saved_report_is_written_over() {
    let workplace = workplace();
    let check = ["check", "-q", "--snapshot", "snapshot.json"];
    assert_eq!(workplace.run(&[&check[..], &["--report", "json=saved.json"]].concat()).exit, 1);
    std::fs::create_dir(workplace.path("d")).unwrap();
    std::os::unix::fs::symlink("saved.json", workplace.path("link.json")).unwrap();
    let saved = std::fs::read(workplace.path("saved.json")).unwrap();
    let with_baseline = [&check[..], &["--baseline", "saved.json", "--report"]].concat();
    for target in ["json=saved.json", "junit=d/../saved.json", "html=link.json"] {
        refused(&workplace, &[&with_baseline[..], &[target]].concat(), "would write over what is read");
        refused(&workplace, &["report", "saved.json", "--report", target], "would write over what is read");
    }
    for file in ["saved.json", "snapshot.json"] {
        refused(&workplace, &["init", file], "is there already; --force writes over it");
    }
    assert_eq!(std::fs::read(workplace.path("saved.json")).unwrap(), saved);
    // Another name is another file.
    assert_eq!(workplace.run(&["report", "saved.json", "--report", "json=other.json"]).exit, 0);
}
