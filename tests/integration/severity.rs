//! How severe a finding is where the answers of one policy say different things of it.

use crate::program::{Workplace, finding, fixture};

/// The finding of a policy whose own severity is critical, and how a run ends that fails for high ones and worse.
fn judged(rules: &str, subject: &str) -> (String, i32) {
    let workplace = Workplace::offline();
    let header = "# METADATA\n# title: house rules\n# custom: {severity: critical}\npackage house.rules\n";
    workplace.write("policies/house.rego", &format!("{header}{rules}"));
    let (config, snapshot) = (fixture("article/trailcheck.toml"), fixture("article/snapshot.json"));
    let read = ["--config", &config, "--snapshot", &snapshot, "--policies", "policies"];
    let (report, ran) = workplace.check(&[&read[..], &["--policy", "house/rules", "--fail-on", "high"]].concat());
    let severity = finding(&report, "house/rules", subject)["severity"].as_str().unwrap().to_owned();
    (severity, ran.exit)
}

#[test]
fn a_remark_does_not_lower_a_denial() {
    for (rules, severity, exit) in [
        ("deny contains \"no\"\n", "critical", 1),
        ("deny contains \"no\"\nwarn contains \"a remark\"\n", "critical", 1),
        ("warn contains \"a remark\"\n", "info", 0),
    ] {
        assert_eq!(judged(rules, "123456789012"), (severity.to_owned(), exit), "{rules}");
    }
}

/// An answer without a severity has the policy's own.
#[test]
fn the_worst_answer_counts() {
    let answer = |message: &str, severity: &str| {
        format!("fail contains {{\"subject\": \"x\", \"message\": \"{message}\"{severity}}}\n")
    };
    let low = answer("a", ", \"severity\": \"low\"");
    for (other, severity, exit) in [
        (String::new(), "low", 0),
        (answer("b", ", \"severity\": \"high\""), "high", 1),
        (answer("b", ""), "critical", 1),
    ] {
        let rules = format!("subjects contains \"x\"\n{low}{other}");
        assert_eq!(judged(&rules, "x"), (severity.to_owned(), exit), "{rules}");
    }
}
