//! The user's own policies, and what none of them may do.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use trailcheck::aws::location::Location;
use trailcheck::aws::location::LocationKind;
use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::finding::Outcome;
use trailcheck::logs::chain::Expected;
use trailcheck::logs::event::Period;
use trailcheck::logs::paths;
use trailcheck::logs::reader::{Question, Reader};
use trailcheck::logs::watch::Watched;
use trailcheck::policy::{self, Input};
use trailcheck::progress::Progress;
use trailcheck::snapshot::{Records, Snapshot};

use crate::program::{Workplace, finding, fixture, outcome};

pub fn with_policy(name: &str, rego: &str) -> Workplace {
    let workplace = Workplace::offline();
    for file in ["snapshot.json", "trailcheck.toml"] {
        workplace.write(file, &std::fs::read_to_string(fixture(&format!("article/{file}"))).unwrap());
    }
    workplace.write(&format!("policies/{name}.rego"), rego);
    workplace
}

pub const CHECK: [&str; 4] = ["--snapshot", "snapshot.json", "--policies", "policies"];

#[test]
fn a_policy_of_ones_own_is_a_file() {
    let rego = "# METADATA\n# title: Buckets have our name\n# custom: {severity: critical}\npackage acme.named\n\
                subjects contains unload.location if some unload in input.unloads\n\
                fail contains {\"subject\": unload.location, \"message\": \"not ours\"} if {\n\tsome unload in input.unloads\n\tnot startswith(unload.bucket, \"acme-\")\n}\n";
    let workplace = with_policy("named", rego);
    let (report, ran) = workplace.check(&CHECK);
    assert_eq!(ran.exit, 1);
    let named = finding(&report, "acme/named", "s3://cm-kajiwara-redshift-unload-us-standard/");
    assert_eq!((named["outcome"].as_str(), named["severity"].as_str()), (Some("fail"), Some("critical")));
    assert_eq!(named["title"], "Buckets have our name");
}

/// A subject that a policy says nothing of is unknown, and so is everything where it reads a field that is not there.
#[test]
fn a_pass_must_be_shown() {
    let policy = |condition: &str, shown: &str| {
        format!(
            "package acme.single\nsubjects contains trail.subject if some trail in input.trails\n\
             fail contains {{\"subject\": trail.subject, \"message\": \"single\"}} if {{ some trail in input.trails; {condition} }}\n{shown}"
        )
    };
    let pass = "pass contains {\"subject\": trail.trail_arn, \"message\": \"many\"} if { some trail in input.trails; trail.is_multi_region_trail == true }\n";
    let outcomes = |condition: &str, shown: &str| -> Vec<String> {
        let (report, _) = with_policy("single", &policy(condition, shown))
            .check(&[&CHECK[..], &["--policy", "acme/single"]].concat());
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 2, "{report:#}");
        findings.iter().map(|finding| finding["outcome"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(outcomes("trail.is_multi_region_trail == false", pass), ["fail", "fail"]);
    assert_eq!(outcomes("trail.home_region == \"nowhere\"", ""), ["unknown", "unknown"]);
    let always = pass.replace("; trail.is_multi_region_trail == true", "");
    assert_eq!(outcomes("trail.home_region == \"nowhere\"", &always), ["pass", "pass"]);
}

/// What a failed call hides from a list is unknown for every policy that reads the list, the user's too.
#[test]
fn what_was_not_seen_is_unknown_for_whoever_asks() {
    let rego = "package acme.named\nsubjects contains trail.subject if some trail in input.trails\n\
                fail contains {\"subject\": \"\", \"message\": \"\"} if false\n";
    let workplace = with_policy("named", rego);
    let snapshot = std::fs::read_to_string(workplace.path("snapshot.json")).unwrap();
    let failure = r#""failures": [{"call": "cloudtrail:DescribeTrails", "account": "123456789012", "region": "eu-west-1",
        "code": "AccessDeniedException", "message": "no", "makes_unknown": ["trails"]}]"#;
    workplace.write("snapshot.json", &snapshot.replace("\"failures\": []", failure));
    let (report, _) = workplace.check(&[&CHECK[..], &["--policy", "acme/named"]].concat());
    let hidden = finding(&report, "acme/named", "123456789012/eu-west-1");
    assert_eq!(hidden["outcome"], "unknown");
    assert_eq!(hidden["reasons"][0]["code"], "call_failed", "{hidden}");
    // One that reads the list through another file, or behind a raw string, asks for it as well.
    for (file, rego) in [
        ("by_file", "package acme.by_file\ndeny contains \"x\" if data.acme.named.fail[_].message == \"x\"\n"),
        (
            "by_text",
            "package acme.by_text\ndeny contains `\n# ` if { some trail in input.trails; trail.name == \"x\" }\n",
        ),
    ] {
        workplace.write(&format!("policies/{file}.rego"), rego);
        let (report, _) = workplace.check(&[&CHECK[..], &["--policy", &format!("acme/{file}")]].concat());
        assert_eq!(outcome(&report, &format!("acme/{file}"), "123456789012/eu-west-1"), "unknown", "{rego}");
    }
    // One that reads another list is not concerned.
    let (report, _) = workplace.check(&[&CHECK[..], &["--policy", "coverage/copy_recorded"]].concat());
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
}

#[test]
fn deny_and_warn_work_as_in_conftest() {
    let rego = "package acme.style\ndeny contains \"no\" if count(input.unloads) == 1\nwarn contains {\"msg\": \"hm\"} if count(input.copies) == 1\n";
    let (report, _) = with_policy("style", rego).check(&CHECK);
    let denied = finding(&report, "acme/style", "123456789012");
    assert_eq!((denied["outcome"].as_str(), denied["message"].as_str()), (Some("fail"), Some("hm; no")));
    // A remark fails no build, and has a place in every report.
    let warn = "package acme.style\nwarn contains \"hm\"\n";
    let alone = [&CHECK[..], &["--policy", "acme/style"]].concat();
    let (report, ran) = with_policy("style", warn).check(&alone);
    let remark = finding(&report, "acme/style", "123456789012");
    assert_eq!((remark["outcome"].as_str(), remark["severity"].as_str(), ran.exit), (Some("fail"), Some("info"), 0));
    let strict = [&alone[..], &["--fail-on", "info"]].concat();
    assert_eq!(with_policy("style", warn).check(&strict).1.exit, 1);
    for (format, told) in [("junit", "<system-out>"), ("github", "::notice "), ("sarif", "\"note\"")] {
        let ran = with_policy("style", warn).run(&[&["check", "--report", format], &alone[..]].concat());
        assert!(ran.stdout.contains(told), "{format}: {}", ran.stdout);
    }
    let (report, _) =
        with_policy("style", "package acme.style\ndeny contains \"no\" if count(input.unloads) == 7\n").check(&CHECK);
    assert_eq!(outcome(&report, "acme/style", "123456789012"), "pass");
}

/// Where a policy names the account among its subjects, silence about it is no pass.
#[test]
fn deny_beside_subjects_shows_nothing_of_the_account() {
    let rego = "package acme.both\nsubjects contains input.scan.subject\n\
                fail contains {\"subject\": \"\", \"message\": \"\"} if false\ndeny contains \"no\" if false\n";
    let (report, _) = with_policy("both", rego).check(&CHECK);
    assert_eq!(outcome(&report, "acme/both", "123456789012"), "unknown");
}

/// A linked folder would be left out without a word.
#[cfg(unix)]
#[test]
fn linked_policies_are_refused() {
    let workplace = with_policy("x", "package acme.x\ndeny contains \"x\" if false\n");
    std::fs::create_dir(workplace.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(workplace.path("elsewhere"), workplace.path("policies/more")).unwrap();
    let ran = workplace.run(&[&["check"], &CHECK[..]].concat());
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(ran.stderr.contains("is a symbolic link"), "{}", ran.stderr);
}

#[test]
fn what_would_pass_silently_is_refused_or_an_error() {
    let refused = |name: &str, rego: &str, expected: &str| {
        let ran = with_policy(name, rego).run(&[&["check"], &CHECK[..]].concat());
        assert_eq!(ran.exit, 2, "{rego}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{rego}: {}", ran.stderr);
    };
    // Another body in a shipped package could undo it.
    refused("x", "package trailcheck.coverage.unload_recorded\ndeny contains \"x\" if false\n", "cannot be added to");
    // Accepted by the interpreter until it is reached.
    refused(
        "x",
        "package acme.x\ndeny contains \"x\" if { count(input.trails) == 99; no_such_function(1) }\n",
        "no_such_function",
    );
    refused(
        "x",
        "package acme.x\ndeny contains \"x\" if http.send({\"url\": \"http://x\", \"method\": \"get\"}).status_code == 200\n",
        "http.send",
    );
    refused("x", "package acme.x\ndeny contains \"x\" if rand.intn(\"x\", 2) == 1\n", "rand.intn");
    // Takes the parser years.
    refused(
        "x",
        &format!("package acme.x\ndeny contains \"x\" if {}1{} == 1\n", "[".repeat(31), "]".repeat(31)),
        "brackets nested 31 deep",
    );
    refused("x", "package acme.x\nsubjects contains 1 if true\n", "go together");
    refused("x", "package acme.x\nhelper := 1\n", "and no other file uses it");
    refused("x", "package acme.x\nviolation contains \"x\" if true\n", "and no other file uses it");
    refused(
        "x",
        "package acme.x\ndeny contains \"x\" if data.acme.missing.broken\n",
        "refers to data.acme.missing.broken",
    );
    for (rego, expected) in [
        ("some trail in input.trials", "policies/x.rego:2:44: the input has no `trials` here; did you mean `trails`?"),
        ("some trail in input.trails; trail.is_multi_region == false", "did you mean `is_multi_region_trail`?"),
        (
            "some trail in input.trails; trail.logging.status == \"stoped\"",
            "it is never \"stoped\"; did you mean \"stopped\"?",
        ),
    ] {
        refused("x", &format!("package acme.x\ndeny contains \"x\" if {{ {rego} }}\n"), expected);
    }
    // Whatever they are called, and wherever in the line they stand.
    for rule in [
        " deny_x contains \"bad\" if true",
        "fail_unencrypted contains \"bad\" if true",
        "errors contains 1",
        "denied if true",
    ] {
        refused("x", &format!("package acme.x\nwarn contains \"w\" if false\n{rule}\n"), "nobody asks its rule");
    }
    refused(
        "x",
        "package acme.x\ndeny contains \"x\" if count(input.trails) > 0\ncount(x) := 0\n",
        "policies/x.rego:3:1: `count` is the name of a built-in function",
    );
    let of_bad = "package acme.x\nbad contains u if some u in input.unloads\ndeny contains \"x\" if { some u in bad; u.coverag }\n";
    refused("x", of_bad, "policies/x.rego:3:41: the input has no `coverag` here; did you mean `coverage`?");
    refused("x", "# METADATA\n# title: [\npackage acme.x\ndeny contains 1 if false\n", "METADATA");

    for (rego, expected) in [
        ("package acme.x\ndeny := true\n", "must be a set of strings"),
        ("package acme.x\ndeny contains sprintf(\"%s\", [\"\"])\n", "`deny` holds an empty message"),
        ("package acme.x\ndeny contains \"x\" if to_number(\"abc\") == 1\n", "the policy broke"),
        (
            "package acme.x\nsubjects contains \"a\" if true\nfail contains {\"subject\": \"b\", \"message\": \"m\"} if true\n",
            "not among its subjects",
        ),
        ("package acme.x\nsubjects contains \"a\" if true\nfail contains \"a\" if true\n", "must be a set of objects"),
    ] {
        breaks(rego, expected);
    }
}

/// Each costs its own answers and nobody else's: those of its folder go on, and the shipped ones too.
#[test]
fn hostile_policies_are_ended_and_their_neighbours_are_not() {
    let ranges = ["i", "j", "k"].map(|name| format!("some {name} in numbers.range(1, 3000)")).join("; ");
    let hostile = [
        ("a_huge_range", "deny contains \"x\" if count(numbers.range(1, 100000000000)) == 1".to_owned()),
        ("b_long_text", "s := concat(\"\", [\"x\" | some i in numbers.range(1, 20000)])\nt := concat(s, [s | some i in numbers.range(1, 20000)])\ndeny contains \"x\" if count(concat(t, [t | some i in numbers.range(1, 2000)])) == 1".to_owned()),
        ("c_many_answers", "deny contains sprintf(\"%d %s\", [i, concat(\"\", [\"xxxxxxxxxx\" | some j in numbers.range(1, 100)])]) if some i in numbers.range(1, 3000000)".to_owned()),
        ("z_for_ever", format!("deny contains \"x\" if {{ {ranges}; i * j * k == -1 }}")),
    ];
    let workplace = with_policy("good", "package acme.good\ndeny contains \"good\"\n");
    for (name, rule) in &hostile {
        workplace.write(&format!("policies/{name}.rego"), &format!("package acme.{name}\n{rule}\n"));
    }
    let began = std::time::Instant::now();
    let (report, ran) = workplace.check(&[&CHECK[..], &["--fail-on", "high", "--policy-time", "3s"]].concat());
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    assert_eq!(ran.exit, 4, "{}", ran.stderr);
    for (name, _) in hostile {
        let broken = finding(&report, &format!("acme/{name}"), "123456789012");
        assert_eq!(broken["outcome"], "error", "{broken}");
        let message = broken["message"].as_str().unwrap();
        let known = [
            "it took longer than",
            "needs more memory",
            "ended its process",
            "answers with more than",
            "the policies before it",
        ];
        assert!(known.iter().any(|known| message.contains(known)), "{message}");
    }
    assert_eq!(finding(&report, "acme/good", "123456789012")["message"], "good");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://cm-kajiwara-redshift-load/"), "pass");
}

/// Killed, the program cannot end the process of a policy: that ends by itself.
#[test]
fn an_endless_policy_ends_with_the_program() {
    let ranges = ["i", "j", "k"].map(|name| format!("some {name} in numbers.range(1, 3000)")).join("; ");
    let rego = format!("package acme.endless\ndeny contains \"x\" if {{ {ranges}; i * j * k == -1 }}\n");
    let workplace = with_policy("endless", &rego);
    let mut program = workplace.start(&[&["check", "--policy-time", "10m"], &CHECK[..]].concat());
    // But for those that have ended and that nobody has asked about yet.
    let processes = |arguments: &[&str]| {
        let told = Command::new("ps").args(["-o", "pid=,stat="]).args(arguments).output().expect("these tests need ps");
        let told = String::from_utf8(told.stdout).unwrap();
        let lines = told.lines().filter_map(|line| line.trim().split_once(' '));
        lines.filter(|(_, state)| !state.starts_with('Z')).map(|(id, _)| id.to_owned()).collect::<Vec<_>>()
    };
    let eventually = |what: &dyn Fn() -> Vec<String>, is_it: fn(&[String]) -> bool| {
        let tries = std::iter::repeat_with(|| {
            std::thread::sleep(Duration::from_millis(50));
            what()
        });
        tries.take(400).find(|found| is_it(found)).expect("not within 20 s")
    };
    let child = eventually(&|| processes(&["--ppid", &program.id().to_string()]), |found| !found.is_empty());
    program.kill().unwrap();
    program.wait().unwrap();
    eventually(&|| processes(&["-p", &child[0]]), <[String]>::is_empty);
}

/// The engine's parser draws what it says over several lines.
#[test]
fn what_cannot_be_parsed_is_told_in_one_line_with_its_place() {
    for (rego, at, cause) in [
        ("package acme.x\ndeny contains msg if {\n", "3:1", "expecting expression"),
        ("package acme.x\ndeny contains \"error: \" if ) # --> here\n", "2:28", "expecting expression"),
    ] {
        for command in [&[&["check"], &CHECK[..]].concat()[..], &["test", "policies"]] {
            let ran = with_policy("x", rego).run(command);
            assert_eq!((ran.exit, ran.stderr), (2, format!("error: policy policies/x.rego:{at}: {cause}\n")));
        }
    }
}

/// However long a chain of operators is, it ends no more than the process that looks at it first.
#[test]
fn a_syntax_tree_too_deep_is_refused() {
    for (links, expected) in [
        (100, "split chains of more than fifty operators"),
        (400, "split chains of more than fifty operators"),
        (5_000, "deeper than its stack; split"),
        (19_000, "deeper than its stack; split"),
        (20_000, "maximum allowed line count"),
    ] {
        let rego = format!("package acme.x\ndeny contains \"x\" if {}1 == 2\n", "1 +\n".repeat(links));
        let ran = with_policy("x", &rego).run(&[&["check"], &CHECK[..]].concat());
        assert_eq!(ran.exit, 2, "{links}: {ran:?}");
        let is_named = ran.stderr.starts_with("error: policy policies/x.rego: ")
            || ran.stderr.starts_with("error: policy acme/x: ");
        assert!(is_named && ran.stderr.contains(expected), "{links}: {}", ran.stderr);
    }
    let rego = format!("package acme.x\ndeny contains \"x\" if {}1 == 51\n", "1 +\n".repeat(50));
    let (report, _) = with_policy("x", &rego).check(&CHECK);
    assert_eq!(outcome(&report, "acme/x", "123456789012"), "fail", "fifty are none too many");
}

/// What the process has of its surroundings: nothing.
#[test]
fn a_policys_process_has_no_environment() {
    let rego = "package acme.x\ndeny contains sprintf(\"%v\", [opa.runtime()])\n";
    let ran = with_policy("x", rego).set("SECRET", "of-the-parent").run(&[&["check"], &CHECK[..]].concat());
    assert!(!ran.stdout.contains("of-the-parent") && !ran.stderr.contains("of-the-parent"), "{ran:?}");
}

#[test]
fn a_broken_policy_says_where_in_one_line() {
    let rego = "package acme.x\ndeny contains \"x\" if regex.match(`(`, \"a\")\n";
    breaks(rego, "policies/x.rego:2:35: invalid regex");
}

/// Patterns are Rego's: `\w` and letters of any case, of any script.
#[test]
fn patterns_know_unicode() {
    let rego = "package acme.x\ndeny contains \"found\" if { regex.match(`^\\w+\\d$`, \"ab1\"); regex.match(`(?i)^É$`, \"é\") }\n";
    let (report, _) = with_policy("x", rego).check(&CHECK);
    let message = finding(&report, "acme/x", "123456789012")["message"].clone();
    assert!(message.as_str().unwrap().starts_with("found"), "{message}");
}

/// The policy is an error of its own, and its neighbours answer as before.
fn breaks(rego: &str, expected: &str) {
    let (report, ran) = with_policy("x", rego).check(&[&CHECK[..], &["--fail-on", "medium"]].concat());
    assert_eq!(ran.exit, 4, "{rego}: {ran:?}");
    let broken = finding(&report, "acme/x", "123456789012");
    assert_eq!(broken["outcome"], "error");
    assert!(broken["message"].as_str().unwrap().contains(expected), "{broken}");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://cm-kajiwara-redshift-load/"), "pass");
}

/// What a policy prints must not reach the terminal as it is.
#[test]
fn prints_stay_inside() {
    let rego = "package acme.x\ndeny contains \"x\" if { print(\"::error::x\"); false }\n";
    let ran = with_policy("x", rego).run(&[&["check"], &CHECK[..]].concat());
    assert!(!ran.stderr.contains("::error") && !ran.stdout.contains("::error"), "{ran:?}");
}

/// What the engine is handed member by member is the document that `schema input` describes.
#[test]
fn the_input_is_the_facts_whole() {
    let mut snapshot = Snapshot::load(fixture("article/snapshot.json").as_ref()).unwrap();
    snapshot.records = Some(records_of_the_article());
    let config = Config::load(fixture("article/trailcheck.toml").as_ref()).unwrap();
    let facts = facts::derive(&snapshot, &config);
    let whole = Input::parse(&serde_json::to_string(&facts).unwrap()).unwrap();
    assert!(Input::of(&facts).unwrap().value == whole.value);
}

/// Every shipped policy, handed a status that it has never heard of, says so instead of passing.
#[test]
fn a_status_that_no_policy_knows_is_never_a_pass() {
    let mut snapshot = Snapshot::load(fixture("article/snapshot.json").as_ref()).unwrap();
    snapshot.records = Some(records_of_the_article());
    let statement = json!({
        "query_id": "1", "kind": "unload", "account": "123456789012", "region": "us-east-1", "cluster": "trailtest",
        "location": "s3://cm-kajiwara-redshift-unload-us-standard/", "status": "completed", "started_at": "2016-12-01T11:01:20Z",
        "origin": {"api": {"call": "redshift-data:ExecuteStatement", "region": "us-east-1", "at": "2016-12-01T12:00:00Z"}},
    });
    snapshot.statements.push(serde_json::from_value(statement).unwrap());
    let writes = json!([{
        "principal": "arn:aws:iam::123456789012:role/redshift-trailcheck-role", "explained": 1, "unclear": 0, "unexplained": 0,
        "location": "s3://cm-kajiwara-redshift-unload-us-standard/",
        "first_seen": "2016-12-01T11:01:20Z", "last_seen": "2016-12-01T11:01:20Z",
    }]);
    snapshot.records.as_mut().unwrap().writes = serde_json::from_value(writes).unwrap();
    let text = std::fs::read_to_string(fixture("article/trailcheck.toml")).unwrap();
    let waiver = "[[waiver]]\npolicy = \"trail/logging\"\nsubject = \"*\"\nexpires = 2030-01-01\nreason = \"r\"\nowner = \"o\"\n";
    let config = Config::parse("trailcheck.toml".as_ref(), &format!("{text}\n{waiver}")).unwrap();
    let mut input = serde_json::to_value(facts::derive(&snapshot, &config)).unwrap();
    let mut renamed = 0;
    for (_, list) in input.as_object_mut().unwrap().iter_mut().filter(|(_, list)| list.is_array()) {
        for item in list.as_array_mut().unwrap() {
            for (_, judgement) in item.as_object_mut().unwrap().iter_mut() {
                if let Some(status) = judgement.get_mut("status") {
                    *status = "something_new".into();
                    renamed += 1;
                }
            }
        }
    }
    assert!(renamed > 10);
    let mut bundles = [policy::shipped().unwrap()];
    // Those that judge by a status: another one reads plain fields.
    bundles[0].policies.retain(|policy| policy.text.contains("judged.having"));
    assert!(bundles[0].policies.len() >= 12);
    let findings = policy::evaluate(&Input::parse(&input.to_string()).unwrap(), &bundles, &config);
    for policy in &bundles[0].policies {
        assert!(findings.iter().any(|finding| finding.policy == policy.id), "{}", policy.id);
    }
    for finding in findings {
        assert_eq!(finding.outcome, Outcome::Unknown, "{} {}", finding.policy, finding.subject);
    }
}

fn records_of_the_article() -> Records {
    let location = |text, kind| Watched { location: Location::parse(text).unwrap(), kind: Some(kind) };
    let mut reader = Reader::new(Question {
        watched: vec![
            location("s3://cm-kajiwara-redshift-load/", LocationKind::Copy),
            location("s3://cm-kajiwara-redshift-unload-us-standard/", LocationKind::Unload),
        ],
        buckets: vec![],
        addresses: vec![],
        period: Period::default(),
        expected: Expected::new(),
        sessions: true,
        statements: None,
        threads: 1,
    });
    paths::read(fixture("article/logs").as_ref(), &mut reader, &Progress::start()).unwrap();
    reader.finish()
}
