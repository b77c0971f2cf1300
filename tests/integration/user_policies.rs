//! The user's own policies, and what none of them may do.

use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::finding::Outcome;
use trailcheck::location::Location;
use trailcheck::logs::chain::Expected;
use trailcheck::logs::event::Period;
use trailcheck::logs::paths;
use trailcheck::logs::reader::{Question, Reader, Watched};
use trailcheck::policy;
use trailcheck::progress::Progress;
use trailcheck::snapshot::{LocationKind, Records, Snapshot};

use crate::program::{Workplace, finding, fixture, outcome};

fn with_policy(name: &str, rego: &str) -> Workplace {
    let workplace = Workplace::offline();
    for file in ["snapshot.json", "trailcheck.toml"] {
        workplace.write(file, &std::fs::read_to_string(fixture(&format!("article/{file}"))).unwrap());
    }
    workplace.write(&format!("policies/{name}.rego"), rego);
    workplace
}

const CHECK: [&str; 4] = ["--snapshot", "snapshot.json", "--policies", "policies"];

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

#[test]
fn deny_and_warn_work_as_in_conftest() {
    let rego = "package acme.style\ndeny contains \"no\" if count(input.unloads) == 1\nwarn contains {\"msg\": \"hm\"} if count(input.copies) == 1\n";
    let (report, _) = with_policy("style", rego).check(&CHECK);
    let denied = finding(&report, "acme/style", "123456789012");
    assert_eq!((denied["outcome"].as_str(), denied["message"].as_str()), (Some("fail"), Some("hm; no")));
    let (report, _) =
        with_policy("style", "package acme.style\ndeny contains \"no\" if count(input.unloads) == 7\n").check(&CHECK);
    assert_eq!(outcome(&report, "acme/style", "123456789012"), "pass");
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
    refused("x", "package acme.x\ndeny contains \"x\" if { input.never; no_such_function(1) }\n", "no_such_function");
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
    refused("x", "# METADATA\n# title: [\npackage acme.x\ndeny contains 1 if false\n", "METADATA");

    for (rego, expected) in [
        ("package acme.x\ndeny := true\n", "must be a set of strings"),
        ("package acme.x\ndeny contains \"x\" if to_number(\"abc\") == 1\n", "the policy broke"),
        (
            "package acme.x\nsubjects contains \"a\" if true\nfail contains {\"subject\": \"b\", \"message\": \"m\"} if true\n",
            "not among its subjects",
        ),
        ("package acme.x\nsubjects contains \"a\" if true\nfail contains \"a\" if true\n", "must be a set of objects"),
        (
            "package acme.x\ndeny contains \"x\" if { some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); some k in numbers.range(1, 3000); i * j * k == -1 }\n",
            "the policy broke",
        ),
    ] {
        let (report, ran) = with_policy("x", rego).check(&[&CHECK[..], &["--fail-on", "medium"]].concat());
        assert_eq!(ran.exit, 4, "{rego}: {ran:?}");
        let broken = finding(&report, "acme/x", "123456789012");
        assert_eq!(broken["outcome"], "error");
        assert!(broken["message"].as_str().unwrap().contains(expected), "{broken}");
        // Its neighbours answer as before.
        assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://cm-kajiwara-redshift-load/"), "pass");
    }
}

/// What a policy prints must not reach the terminal as it is.
#[test]
fn prints_stay_inside() {
    let rego = "package acme.x\ndeny contains \"x\" if { print(\"::error::x\"); false }\n";
    let ran = with_policy("x", rego).run(&[&["check"], &CHECK[..]].concat());
    assert!(!ran.stderr.contains("::error") && !ran.stdout.contains("::error"), "{ran:?}");
}

/// Every shipped policy, handed a status that it has never heard of, says so instead of passing.
#[test]
fn a_status_that_no_policy_knows_is_never_a_pass() {
    let mut snapshot = Snapshot::load(fixture("article/snapshot.json").as_ref()).unwrap();
    snapshot.records = Some(records_of_the_article());
    let config = Config::load(fixture("article/trailcheck.toml").as_ref()).unwrap();
    let mut facts = facts::derive(&snapshot, &config);
    for location in facts.unloads.iter_mut().chain(&mut facts.copies) {
        location.coverage.status = "something_new";
        location.placement.status = "something_new";
        location.duplicates.status = "something_new";
        location.confirmation.status = "something_new";
    }
    facts.access_rules.iter_mut().for_each(|rule| rule.approval.status = "something_new");
    for trail in &mut facts.trails {
        trail.logging.status = "something_new";
        trail.selectors.status = "something_new";
        trail.integrity.status = "something_new";
    }
    for place in &mut facts.declared {
        place.long_lived_keys.status = "something_new";
        place.foreign_accounts.status = "something_new";
    }
    facts.seen_unloads.iter_mut().for_each(|place| place.completion.status = "something_new");
    facts.redshift_roles.iter_mut().for_each(|role| role.carried.status = "something_new");
    let policies = policy::shipped().unwrap();
    let findings = policy::evaluate(&facts, &policies, &config).unwrap();
    for policy in &policies {
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
        period: Period::default(),
        expected: Expected::new(),
        sessions: true,
        threads: 1,
    });
    paths::read(fixture("article/logs").as_ref(), &mut reader, &Progress::start()).unwrap();
    reader.finish()
}
