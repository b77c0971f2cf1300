//! Evidence that is kept, and performed again.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::aws_logs::{log_object, recorded};
use crate::endpoint::Endpoint;
use crate::program::{Workplace, fixture};

/// A check of the article's account with its log files, with a policy and a baseline of the user's own.
fn kept(place: &str) -> Workplace {
    let workplace = Workplace::offline();
    for name in ["trailcheck.toml", "snapshot.json", "logs/records.json"] {
        workplace.write(name, &std::fs::read_to_string(fixture(&format!("article/{name}"))).unwrap());
    }
    workplace.write("own/mine.rego", "package own.mine\n\nimport data.own.lib\n\ndeny contains lib.text\n");
    workplace.write("own/lib.rego", "package own.lib\n\ntext := \"mine\"\n");
    let check = ["check", "-q", "--snapshot", "snapshot.json", "--logs", "logs"];
    let first = workplace.run(&[&check[..], &["--report", "json=first.json"]].concat());
    assert_eq!(first.exit, 1, "{first:?}");
    let more = ["--policies", "own", "--baseline", "first.json", "--fail-on", "medium", "--evidence", place];
    let ran = workplace.run(&[&check[..], &more, &["--report", "json=report.json"]].concat());
    assert_eq!(ran.exit, 1, "its own policy fails: {ran:?}");
    workplace
}

fn again(workplace: &Workplace, place: &str) -> crate::program::Ran {
    workplace.run(&["check", "--evidence-in", place, "--report", "json=again.json"])
}

fn read(workplace: &Workplace, name: &str) -> Vec<u8> {
    std::fs::read(workplace.path(name)).unwrap()
}

#[test]
fn what_was_kept_gives_the_same_bytes() {
    for place in ["evidence", "evidence.zip"] {
        let workplace = kept(place);
        // Neither the config nor the logs nor the policies are needed, nor may they confuse.
        for name in ["snapshot.json", "logs/records.json", "own/mine.rego", "first.json"] {
            std::fs::remove_file(workplace.path(name)).unwrap();
        }
        workplace.write("trailcheck.toml", "not a config");
        let ran = again(&workplace, place);
        assert_eq!(ran.exit, 1, "{ran:?}");
        assert!(ran.stderr.contains("comes out the same"), "{ran:?}");
        assert_eq!(read(&workplace, "again.json"), read(&workplace, "report.json"));
    }
}

#[test]
fn the_same_evidence_is_the_same_file() {
    let (one, other) = (kept("evidence.zip"), kept("evidence.zip"));
    assert_eq!(read(&one, "evidence.zip"), read(&other, "evidence.zip"));
}

/// The files of the folder, by name.
fn files(folder: &Path, within: &str) -> Vec<String> {
    let mut names = vec![];
    for entry in std::fs::read_dir(folder.join(within)).unwrap() {
        let entry = entry.unwrap();
        let name = Path::new(within).join(entry.file_name()).display().to_string();
        if entry.file_type().unwrap().is_dir() { names.extend(files(folder, &name)) } else { names.push(name) }
    }
    names
}

#[test]
fn whatever_is_changed_is_named() {
    let workplace = kept("evidence");
    let folder = workplace.path("evidence");
    let names = files(&folder, "");
    assert!(names.len() > 20 && names.contains(&"policies/1/own/lib.rego".to_owned()), "{names:?}");
    let refused = |expected: &str| {
        let ran = again(&workplace, "evidence");
        assert!(ran.exit == 2 && ran.stderr.contains(expected), "{expected}: {ran:?}");
    };
    for name in &names {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        refused(name);
        std::fs::remove_file(&path).unwrap();
        refused(&format!("{name} is missing"));
        std::fs::write(&path, &bytes).unwrap();
    }
    workplace.write("evidence/more.txt", "");
    refused("more.txt is not in the manifest");
    std::fs::remove_file(folder.join("more.txt")).unwrap();
    assert_eq!(again(&workplace, "evidence").exit, 1, "and as it was, it is good");
}

/// Who changes the manifest too is found out by the report, which comes out differently.
#[test]
fn a_changed_snapshot_with_its_hash_gives_another_report() {
    let workplace = kept("evidence");
    let snapshot = String::from_utf8(read(&workplace, "evidence/snapshot.json")).unwrap();
    let changed = snapshot.replacen("\"is_logging\": true", "\"is_logging\": false", 1);
    assert_ne!(snapshot, changed);
    workplace.write("evidence/snapshot.json", &changed);
    let manifest = String::from_utf8(read(&workplace, "evidence/manifest.json")).unwrap();
    let hash = |text: &str| trailcheck::hash::sha256(text.as_bytes());
    workplace.write("evidence/manifest.json", &manifest.replace(&hash(&snapshot), &hash(&changed)));
    let ran = again(&workplace, "evidence");
    assert!(ran.exit == 2 && ran.stderr.contains("report.json comes out differently from byte"), "{ran:?}");
}

#[test]
fn the_manifest_is_a_statement_that_ssh_keygen_signs() {
    let workplace = kept("evidence");
    let manifest: Value = serde_json::from_slice(&read(&workplace, "evidence/manifest.json")).unwrap();
    assert_eq!(manifest["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(manifest["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(manifest["predicate"]["result"], "FAILED");
    let warned = manifest["predicate"]["warnedTests"].to_string();
    assert!(warned.contains("access/approved_roles"), "an unknown is a warning: {warned}");
    let keygen = |arguments: &[&str], stdin: &str| {
        let stdin = std::fs::File::open(workplace.path(stdin)).unwrap();
        let ran = Command::new("ssh-keygen").args(arguments).current_dir(workplace.path("")).stdin(stdin).output();
        let ran = ran.expect("the tests need ssh-keygen (Debian: apt-get install openssh-client)");
        assert!(ran.status.success(), "{arguments:?}: {ran:?}");
    };
    let manifest = "evidence/manifest.json";
    keygen(&["-q", "-t", "ed25519", "-N", "", "-f", "key"], manifest);
    keygen(&["-Y", "sign", "-f", "key", "-n", "trailcheck", manifest], manifest);
    let public = String::from_utf8(read(&workplace, "key.pub")).unwrap();
    workplace.write("signers", &format!("auditor {public}"));
    let signature = "evidence/manifest.json.sig";
    keygen(&["-Y", "verify", "-f", "signers", "-I", "auditor", "-n", "trailcheck", "-s", signature], manifest);
    assert_eq!(again(&workplace, "evidence").exit, 1, "a signature is welcome in the folder");
}

/// The records that findings name, letter by letter.
#[test]
fn the_log_records_behind_findings_are_kept() {
    let workplace = kept("evidence");
    let kept: Value = serde_json::from_slice(&read(&workplace, "evidence/records.json")).unwrap();
    let log = std::fs::read_to_string(fixture("article/logs/records.json")).unwrap();
    let kept = kept["records"].as_array().unwrap();
    assert!(kept.len() >= 5, "{kept:?}");
    for record in kept {
        assert!(log.contains(record["record"].as_str().unwrap()), "{record}");
        assert_eq!(record["object"], "logs/records.json");
    }
}

#[test]
fn of_a_live_check_the_records_come_from_the_trails_buckets() {
    let endpoint = Endpoint::with(&recorded(&[log_object("intruder", 3)]));
    let workplace = Workplace::at(&endpoint);
    workplace.write(
        "trailcheck.toml",
        "[scan]\nregions = [\"eu-west-1\"]\n[[access]]\nlocation = \"s3://load-eu/\"\nroles = [\"arn:aws:iam::123456789012:role/loader\"]\n",
    );
    let ran = workplace.run(&["check", "--evidence", "evidence.zip", "--report", "json=report.json"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let offline = Workplace::offline();
    std::fs::copy(workplace.path("evidence.zip"), offline.path("evidence.zip")).unwrap();
    let again = again(&offline, "evidence.zip");
    assert_eq!(again.exit, 1, "{again:?}");
    assert_eq!(read(&offline, "again.json"), read(&workplace, "report.json"));
    let folder = workplace.run(&["check", "--evidence", "evidence"]);
    assert_eq!(folder.exit, 1, "{folder:?}");
    let kept: Value = serde_json::from_slice(&read(&workplace, "evidence/records.json")).unwrap();
    let record: Value = serde_json::from_str(kept["records"][0]["record"].as_str().unwrap()).unwrap();
    assert_eq!(record["eventID"], "event-of-intruder");
    // What can no longer be read is said, and stops nothing.
    endpoint.rule(json!({"service": "s3", "operation": "GetObject", "status": 403, "body": ""}));
    let blind = workplace.run(&["check", "--evidence", "blind"]);
    assert!(workplace.path("blind/manifest.json").exists(), "{blind:?}");
}

#[test]
fn evidence_is_never_written_over() {
    let workplace = kept("evidence");
    let check = ["check", "--snapshot", "snapshot.json", "--evidence"];
    workplace.write("there.zip", "mine");
    for place in ["evidence", "there.zip", "trailcheck.toml"] {
        let ran = workplace.run(&[&check[..], &[place]].concat());
        assert!(ran.exit == 2 && ran.stderr.contains("is there already"), "{ran:?}");
    }
    assert_eq!(read(&workplace, "there.zip"), b"mine");
    std::fs::create_dir(workplace.path("empty")).unwrap();
    assert_eq!(workplace.run(&[&check[..], &["empty"]].concat()).exit, 1, "an empty folder is no evidence");
    let nowhere = workplace.run(&["check", "--evidence-in", "nowhere"]);
    assert!(nowhere.exit == 2 && nowhere.stderr.contains("cannot read the evidence nowhere"), "{nowhere:?}");
    let both = workplace.run(&["check", "--evidence-in", "evidence", "--snapshot", "snapshot.json"]);
    assert_eq!(both.exit, 2, "{both:?}");
}

/// What other programs would see of the archive is what is compared.
#[test]
fn nothing_is_smuggled_into_a_zip() {
    let workplace = kept("evidence.zip");
    let script = "import sys, zipfile, warnings
warnings.simplefilter('ignore')
what = sys.argv[1]
if what == 'before':
    data = open('evidence.zip', 'rb').read(); open('evidence.zip', 'wb').write(b'#!/bin/sh\\n' + data)
else:
    with zipfile.ZipFile('evidence.zip', 'a') as archive:
        if what == 'twice': archive.writestr('report.html', 'all is well')
        if what == 'folder': archive.writestr('evil.rego/', 'package x')
        if what == 'comment': archive.comment = b'PASSED'
";
    let whole = read(&workplace, "evidence.zip");
    for what in ["twice", "folder", "comment", "before"] {
        let ran = Command::new("python3").args(["-c", script, what]).current_dir(workplace.path("")).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        let refused = again(&workplace, "evidence.zip");
        assert_eq!(refused.exit, 2, "{what}: {refused:?}");
        std::fs::write(workplace.path("evidence.zip"), &whole).unwrap();
    }
    assert_eq!(again(&workplace, "evidence.zip").exit, 1);
}

#[test]
fn evidence_is_not_written_over_by_a_report_nor_kept_from_it() {
    let workplace = kept("evidence");
    let check = ["check", "--snapshot", "snapshot.json"];
    for (evidence, report) in [("new.zip", "json=new.zip"), ("new", "text=new/report.json")] {
        let ran = workplace.run(&[&check[..], &["--evidence", evidence, "--report", report]].concat());
        assert!(ran.exit == 2 && ran.stderr.contains("into the evidence"), "{ran:?}");
    }
    let ran = workplace.run(&[&check[..], &["--evidence", "none/new", "--report", "json=kept.json"]].concat());
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(ran.stderr.contains("none/new") && workplace.path("kept.json").exists(), "{ran:?}");
    let given = workplace.run(&["check", "--evidence-in", "evidence", "--fail-on", "low"]);
    assert_eq!(given.exit, 2, "its own command line counts: {given:?}");
    let given = workplace.run(&["check", "--evidence-in", "evidence", "-c", "nope.toml"]);
    assert_eq!(given.exit, 2, "{given:?}");
}
