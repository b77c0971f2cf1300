//! What people get wrong, and what they are told: what is wrong, where, and what to do.

use serde_json::json;

use crate::endpoint::Endpoint;
use crate::program::{Workplace, fixture};

/// The article's files.
pub fn workplace() -> Workplace {
    let workplace = Workplace::offline();
    for name in ["trailcheck.toml", "snapshot.json", "logs/records.json"] {
        workplace.write(name, &std::fs::read_to_string(fixture(&format!("article/{name}"))).unwrap());
    }
    workplace
}

pub fn refused(workplace: &Workplace, arguments: &[&str], expected: &str) {
    let ran = workplace.run(arguments);
    assert_eq!(ran.exit, 2, "{arguments:?}: {ran:?}");
    assert!(ran.stderr.contains(expected), "{arguments:?}: expected {expected:?} in {}", ran.stderr);
}

#[test]
fn swapped_files_are_told_for_what_they_are() {
    let workplace = workplace();
    workplace.run(&["check", "-q", "--snapshot", "snapshot.json", "--report", "json=report.json"]);
    workplace.write("own/mine.rego", "package own.mine\n\ndeny contains \"x\"\n");
    for (arguments, expected) in [
        (&["check", "--snapshot", "trailcheck.toml"][..], "it looks like a config: did you mean --config?"),
        (&["check", "--snapshot", "report.json"], "it looks like a report"),
        (&["check", "--snapshot", "logs/records.json"], "did you mean --logs?"),
        (&["check", "--snapshot", "logs"], "it is a folder"),
        (&["check", "-c", "snapshot.json", "--snapshot", "snapshot.json"], "did you mean --snapshot?"),
        (&["check", "-c", "logs", "--snapshot", "snapshot.json"], "it is a folder"),
        (&["check", "-c", "own/mine.rego", "--snapshot", "snapshot.json"], "a policy: did you mean --policies"),
        (&["report", "snapshot.json"], "it looks like a snapshot"),
        (&["check", "--snapshot", "snapshot.json", "--baseline", "snapshot.json"], "it looks like a snapshot"),
        (&["diff", "trailcheck.toml", "trailcheck.toml"], "it looks like a config"),
    ] {
        refused(&workplace, arguments, expected);
    }
}

/// One with a mistake is still what it is.
#[test]
fn a_broken_file_is_not_taken_for_a_swapped_one() {
    let workplace = workplace();
    let snapshot = std::fs::read_to_string(workplace.path("snapshot.json")).unwrap();
    workplace.write("snapshot.json", &snapshot.replacen("\"clusters\"", "\"klusters\"", 1));
    let ran = workplace.run(&["check", "--snapshot", "snapshot.json"]);
    assert!(ran.exit == 2 && ran.stderr.contains("klusters") && !ran.stderr.contains("it looks like"), "{ran:?}");
}

/// `-` is standard input, and standard output.
#[test]
fn a_dash_is_no_file() {
    let workplace = workplace();
    let named = workplace.run(&["check", "--snapshot", "snapshot.json", "--report", "csv"]);
    let piped = workplace.run_with_input("snapshot.json", &["check", "--snapshot", "-", "--report", "csv=-"]);
    assert_eq!((&piped.stdout, piped.exit), (&named.stdout, named.exit), "{piped:?}");
    let account = Endpoint::with(&json!({"buckets": [], "trails": []}));
    let collected = Workplace::at(&account);
    collected.write("trailcheck.toml", "[scan]\nregions = [\"eu-west-1\"]\n");
    let ran = collected.run(&["collect", "-o", "-"]);
    assert!(ran.stdout.contains("\"trailcheck/snapshot/v2\"") && !collected.path("-").exists(), "{ran:?}");
}

/// A refusal is told where a report was asked for; not where something was to be read.
#[test]
fn no_refusal_is_written_over_what_is_read() {
    let workplace = workplace();
    workplace.write("own/mine.rego", "package own.mine\n\ndeny contains \"x\"\n");
    let files = ["trailcheck.toml", "snapshot.json", "logs/records.json", "own/mine.rego"];
    let before = files.map(|file| std::fs::read(workplace.path(file)).unwrap());
    for format in ["markdown", "github", "json", "html"] {
        for file in files {
            let report = format!("{format}={file}");
            let named = ["--snapshot", "snapshot.json", "--logs", "logs/records.json", "--policies", "own/mine.rego"];
            let check = [&["check"], &named[..], &["--report", &report]].concat();
            refused(&workplace, &check, "would write over");
            // Nor where there is something else to refuse.
            refused(&workplace, &[&check[..], &["--policy", "no/such"]].concat(), "would write over");
        }
    }
    refused(
        &workplace,
        &["check", "--evidence-in", "snapshot.json", "--report", "markdown=snapshot.json"],
        "would write",
    );
    assert_eq!(files.map(|file| std::fs::read(workplace.path(file)).unwrap()), before);
}

#[test]
fn mistakes_of_toml_are_told_in_its_words() {
    let workplace = workplace();
    let unload = "[[redshift.unload]]\nlocation = \"s3://b/\"\n";
    let with = |line: &str| format!("{unload}{line}\n");
    let waiver = "[[waiver]]\npolicy = \"p\"\nsubject = \"s\"\nreason = \"r\"\nowner = \"o\"\n";
    for (config, expected) in [
        (unload.replace("[[", "[").replace("]]", "]"), "write [[redshift.unload]] with double brackets"),
        ("[redshift.copy]\nlocation = \"s3://b/\"\n".to_owned(), "write [[redshift.copy]] with double brackets"),
        ("[access]\nlocation = \"s3://b/\"\n".to_owned(), "write [[access]] with double brackets"),
        ("[waiver]\npolicy = \"p\"\n".to_owned(), "write [[waiver]] with double brackets"),
        ("[[scan]]\nregions = [\"us-east-1\"]\n".to_owned(), "write [scan] with single brackets"),
        ("[[records]]\nwindow = \"24h\"\n".to_owned(), "write [records] with single brackets"),
        ("[scan]\nregions = \"us-east-1\"\n".to_owned(), "expected a list: regions = [\"us-east-1\"]"),
        ("[[access]]\nlocation = \"s3://b/\"\nroles = \"arn\"\n".to_owned(), "expected a list: roles = [\"arn\"]"),
        ("[[unload]]\nlocation = \"s3://b/\"\n".to_owned(), "did you mean [[redshift.unload]]?"),
        ("[[copy]]\nlocation = \"s3://b/\"\n".to_owned(), "did you mean [[redshift.copy]]?"),
        ("[nonsense]\n".to_owned(), "unknown key `nonsense`. Known here: scan"),
        (with("locaton = \"x\""), "did you mean `location`?"),
        (with("unloaded_at = \"2026-11-22\""), "a list of times without quotes: unloaded_at = [2026-11-22T05:00:00Z]"),
        (with("unloaded_at = [\"2026-11-22T05:00:00Z\"]"), "write the time without quotes"),
        (with("access = \"reads\""), "did you mean `read`?"),
        (with("cluster = 5"), "expected a text in quotes: cluster = \"5\""),
        ("[[redshift.unload]]\nlocation = [\"s3://b/\"]\n".to_owned(), "expected one text in quotes, not a list"),
        ("[[redshift.unload]]\nrole = \"x\"\n".to_owned(), "missing field `location`"),
        (format!("{waiver}expires = \"2027-01-31\"\n"), "write the day without quotes: expires = 2027-01-31"),
        (format!("{waiver}expires = 20270131\n"), "expected a day: expires = 2027-01-31"),
        ("[scan]\nregions = [\"us-east1\"]\n".to_owned(), "did you mean us-east-1?"),
        ("[scan]\nregions = [\"Europe\"]\n".to_owned(), "`Europe` is not a region"),
        ("[records]\nwindow = 24\n".to_owned(), "expected a time span in quotes: window = \"24h\""),
        ("[records]\nwindow = \"1h\"\n".to_owned(), "a window of an hour or less shows nothing"),
        ("[records]\nwindow = \"36600d\"\n".to_owned(), "a window of more than ten years"),
        ("[scan]\naccount = 123456789012\n".to_owned(), "expected a text in quotes: account = \"123456789012\""),
        ("[scan]\naccount = \"12345\"\n".to_owned(), "`12345` is not an account's id"),
    ] {
        workplace.write("x.toml", &config);
        refused(&workplace, &["check", "-c", "x.toml", "--snapshot", "snapshot.json"], expected);
    }
}

#[test]
fn names_of_events_are_cloudtrails() {
    let workplace = workplace();
    let trace = |event: &str| {
        let object = "s3://cm-kajiwara-redshift-load/x";
        workplace.run(&["trace", object, "--event", event, "--snapshot", "snapshot.json"])
    };
    for (event, expected) in [
        ("ListObjectsV2", "CloudTrail records ListObjectsV2 as ListObjects"),
        ("s3:GetObject", "`s3:GetObject` is an IAM action"),
        ("REST.GET.OBJECT", "server access logs"),
        ("UNLOAD", "is a statement of Redshift"),
        ("get object", "is no event's name"),
        ("CreateBucket", "records it as a management event"),
    ] {
        let ran = trace(event);
        assert!(ran.exit == 2 && ran.stderr.contains(expected), "{ran:?}");
    }
    let elsewhere = [
        "trace",
        "s3://cm-kajiwara-redshift-load/x",
        "--event",
        "GetObject",
        "--snapshot",
        "snapshot.json",
        "--region",
    ];
    refused(&workplace, &[&elsewhere[..], &["eu-west-1"]].concat(), "is in ap-northeast-1, not in eu-west-1");
    let slip = trace("GetObjct");
    assert!(
        slip.stdout.contains("note: GetObjct is no documented S3 data event (did you mean GetObject?)"),
        "{slip:?}"
    );
    assert!(!trace("GetObject").stdout.contains("note:"));
}

#[test]
fn filters_that_cannot_match_are_refused_or_said_to_match_nothing() {
    let workplace = workplace();
    let all = workplace.run(&["accesses", "logs"]).stdout.lines().count();
    let lines = |arguments: &[&str]| {
        let ran = workplace.run(&[&["accesses", "logs"], arguments].concat());
        assert_eq!(ran.exit, 0, "{ran:?}");
        ran.stdout.lines().count()
    };
    // What people have at hand is taken for what it means.
    assert_eq!(lines(&["--bucket", "s3://cm-kajiwara-redshift-load/"]), 3);
    assert_eq!(lines(&["--role", "redshift-trailcheck-role"]), all);
    assert_eq!(lines(&["--role", "redshift-*"]), all);
    assert_eq!(lines(&["--location", "s3://cm-kajiwara-redshift-load/"]), 3);
    assert_eq!(lines(&["--location", "s3://cm-kajiwara-redshift-load/no/such/prefix/"]), 1, "nobody was there");
    assert_eq!(lines(&["--since", "36500d"]), all);
    for (arguments, expected) in [
        (&["--bucket", "s3://b/prefix"][..], "--location takes a place within one"),
        (&["--principal", "redshift-trailcheck-role"], "--role takes a name"),
        (
            &["--principal", "arn:aws:sts::123456789012:assumed-role/etl/session"],
            "use --principal arn:aws:iam::123456789012:role/etl, or --role etl",
        ),
        (&["--role", "arn:aws:iam::123456789012:role/etl"], "--principal takes an ARN"),
        (&["--location", "b/prefix"], "s3://"),
        (&["--since", "yesterday"], "expected a time span"),
    ] {
        refused(&workplace, &[&["accesses", "logs"], arguments].concat(), expected);
    }
    for filter in [["--bucket", "nope"], ["--role", "nope"]] {
        let ran = workplace.run(&[&["accesses", "logs"], &filter[..]].concat());
        assert!(ran.exit == 0 && ran.stderr.contains("none of them is what the filters ask for"), "{ran:?}");
    }
}

#[test]
fn places_that_cannot_be_written_to_say_why() {
    let workplace = workplace();
    let check = |report: &str| workplace.run(&["check", "--snapshot", "snapshot.json", "--report", report]);
    assert!(check("junit=none/x.xml").stderr.contains("the folder none does not exist"));
    std::fs::create_dir(workplace.path("out")).unwrap();
    assert!(check("html=out").stderr.contains("it is a folder, and a file is expected"));
    refused(&workplace, &["init", "out"], "out is a folder; name a file in it");
}

/// The SDK's own providers, and what they make of a home folder.
#[test]
fn credentials_that_are_missing_say_what_to_do() {
    let workplace = workplace();
    workplace.write(
        ".aws/config",
        "[profile sso]\nsso_session = my\nsso_account_id = 123456789012\nsso_role_name = audit\n[sso-session my]\nsso_region = us-east-1\n\
         sso_start_url = https://example.awsapps.com/start\n[profile old]\nsso_account_id = 123456789012\nsso_role_name = audit\n\
         sso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n[profile dangling]\n\
         role_arn = arn:aws:iam::123456789012:role/audit\nsource_profile = nowhere\n[profile proc]\ncredential_process = /bin/false\n",
    );
    let mut workplace = workplace.set("AWS_REGION", "us-east-1").set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    refused(&workplace, &["check"], "there are no credentials: set AWS_PROFILE");
    for (profile, expected) in [
        ("none", "there is no profile `none`"),
        ("", "AWS_PROFILE is set, and empty"),
        ("sso", "aws sso login --profile sso"),
        ("old", "aws sso login --profile old"),
        ("dangling", "takes its credentials from `nowhere`"),
        ("proc", "the credential_process of profile `proc` failed"),
    ] {
        workplace = workplace.set("AWS_PROFILE", profile);
        refused(&workplace, &["check"], expected);
    }
}

#[test]
fn a_role_that_may_not_be_assumed_is_named() {
    let endpoint = Endpoint::empty();
    let denied = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/u is not \
                  authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/audit</Message></Error></ErrorResponse>";
    endpoint.rule(json!({"service": "sts", "operation": "AssumeRole", "status": 403, "body": denied}));
    let workplace = workplace();
    workplace.write(
        ".aws/config",
        "[profile chained]\nrole_arn = arn:aws:iam::123456789012:role/audit\nsource_profile = keys\n[profile keys]\n\
         aws_access_key_id = x\naws_secret_access_key = y\n",
    );
    let url = endpoint.url();
    let workplace =
        workplace.set("AWS_REGION", "us-east-1").set("AWS_ENDPOINT_URL", &url).set("AWS_PROFILE", "chained");
    refused(
        &workplace,
        &["check"],
        "the role arn:aws:iam::123456789012:role/audit of profile `chained` may not be assumed",
    );
}

/// A red cross without a word is what GitHub shows of a job that judged nothing.
#[test]
fn that_nothing_was_judged_is_an_annotation_too() {
    let workplace = workplace();
    workplace.write(".git/HEAD", "ref: refs/heads/main\n");
    workplace.write("infra/trailcheck.toml", "[scan]\nregions = \"us-east-1\"\n");
    let check = ["check", "-c", "infra/trailcheck.toml", "--snapshot", "snapshot.json", "--report"];
    let ran = workplace
        .run(&[&check[..], &["github", "--report", "markdown=summary.md", "--report", "junit=out.xml"]].concat());
    assert_eq!(ran.exit, 2, "{ran:?}");
    let annotation = "::error file=infra/trailcheck.toml,line=2,title=trailcheck%3A nothing was judged::";
    assert!(ran.stdout.starts_with(annotation), "{ran:?}");
    assert!(ran.stdout.contains("expected a list"), "{ran:?}");
    let summary = std::fs::read_to_string(workplace.path("summary.md")).unwrap();
    assert!(summary.starts_with("## trailcheck: nothing was judged"), "{summary}");
    assert!(!workplace.path("out.xml").exists(), "no report that could be taken for one");
    let nowhere = workplace.run(&["check", "--snapshot", "none.json", "--report", "github"]);
    assert!(nowhere.stdout.starts_with("::error title=trailcheck%3A nothing was judged::"), "{nowhere:?}");
}
