//! What authors of policies have: the input, questions, tests, a policy to begin with.

use crate::program::{Workplace, finding};
use crate::user_policies::{CHECK, with_policy};

/// What authors look at is what their policies are handed.
#[test]
fn facts_are_the_documented_input() {
    let workplace = with_policy("x", "package acme.x\ndeny contains \"x\" if input.nothing == input\n");
    workplace.write("schema.json", &workplace.run(&["schema", "input"]).stdout);
    let facts = workplace.run(&["facts", "--snapshot", "snapshot.json"]);
    assert_eq!(facts.exit, 0, "{facts:?}");
    workplace.write("facts.json", &facts.stdout);
    let path = |name: &str| workplace.path(name).display().to_string();
    crate::endpoint::validate(&["schema", &path("schema.json"), &path("facts.json")]);
    assert!(facts.stdout.contains("cm-kajiwara-redshift-load"), "{}", facts.stdout);
}

#[test]
fn the_tests_of_a_folder_are_run_one_by_one() {
    let workplace =
        with_policy("limit", "package acme.limit\n\nmost := 3\n\ndeny contains \"x\" if count(input.trails) > most\n");
    let test = |rego: &str| {
        workplace.write("policies/limit_test.rego", rego);
        workplace.run(&["test", "policies"])
    };
    let head = "package acme.limit_test\n\nimport data.acme.limit\n\n";
    let good = test(&format!(
        "{head}test_three if limit.most == 3\n\ntest_none if count(limit.deny) == 0 with input as {{\"trails\": []}}\n"
    ));
    assert_eq!(good.exit, 0, "{good:?}");
    assert!(
        good.stdout.contains("pass  data.acme.limit_test.test_three\n") && good.stdout.ends_with("2 of 2 tests hold\n")
    );
    // False, undefined and erring ones are each told; a comment or a text is no test.
    let bad = test(&format!(
        "{head}# test_comment if false\ntext := `\ntest_text if false`\n\ntest_false := false\n\ntest_vanished if limit.most == 4\n\ntest_errs if to_number(\"x\") == limit.most\n\ntest_holds if true\n"
    ));
    assert_eq!(bad.exit, 1, "{bad:?}");
    for (name, why) in [
        ("test_false", "it is false, not true"),
        ("test_vanished", "it is undefined: one of its lines does not hold"),
        ("test_errs", "could not parse string as number"),
    ] {
        let after = bad
            .stdout
            .split(&format!("fail  data.acme.limit_test.{name}\n"))
            .nth(1)
            .unwrap_or_else(|| panic!("{name}: {bad:?}"));
        assert!(after.lines().next().unwrap().contains(why), "{name}: {after}");
    }
    assert!(bad.stdout.ends_with("1 of 4 tests hold\n"), "{}", bad.stdout);
    // One that does not end takes no other with it.
    let many = "numbers.range(1, 1000000)";
    let rego = format!(
        "{head}test_endless if count([1 | some i in {many}; some j in {many}; i == j]) == 1\n\ntest_holds if true\n"
    );
    workplace.write("policies/limit_test.rego", &rego);
    let endless = workplace.run(&["test", "policies", "--policy-time", "4s"]);
    let told = "fail  data.acme.limit_test.test_endless\n      it took longer than 2.0 s\npass  data.acme.limit_test.test_holds\n";
    assert_eq!(endless.exit, 1, "{endless:?}");
    assert!(endless.stdout.starts_with(told) && endless.stdout.ends_with("\n1 of 2 tests hold\n"), "{endless:?}");
    let nothing = test("package acme.limit_test\n");
    assert!(nothing.exit == 2 && nothing.stderr.contains("no test in policies"), "{nothing:?}");
    let broken = test("package acme.limit_test\n\ntest_x if {\n");
    assert!(broken.exit == 2 && broken.stderr.contains("limit_test.rego"), "{broken:?}");
    workplace.write("policies/limit_test.rego", &format!("{head}test_x if count({}) == 0\n", "[".repeat(60)));
    let nested = workplace.run(&["test", "policies", "--policy-time", "1s"]);
    assert!(nested.exit == 2 && nested.stderr.contains("has brackets nested 61 deep"), "{nested:?}");
    // The shipped ones, by the same door.
    let shipped = Workplace::offline().run(&["test", concat!(env!("CARGO_MANIFEST_DIR"), "/policies")]);
    assert_eq!(shipped.exit, 0, "{shipped:?}");
}

/// Lines that no test evaluates are named, and files that none comes to.
#[test]
fn what_no_test_evaluates_is_named() {
    let rego = "package acme.limit\n\ndeny contains \"many\" if count(input.trails) > 3\n\ndeny contains \"none\" if {\n\tcount(input.trails) == 0\n\tsome bucket in input.buckets\n\tbucket.existence.status == \"missing\"\n}\n";
    let workplace = with_policy("limit", rego);
    workplace.write("policies/idle.rego", "package acme.idle\n\na := 1\n");
    let tested = |test: &str| {
        let head = "package acme.limit_test\n\nimport data.acme.limit\n\n";
        workplace.write("policies/limit_test.rego", &format!("{head}{test}\n"));
        workplace.run(&["test", "policies"])
    };
    let few = tested("test_one if count(limit.deny) == 0 with input as {\"trails\": [1], \"buckets\": []}");
    assert_eq!(few.exit, 0, "{few:?}");
    let expected = "\nlines  2 of 5 evaluated by tests, in 2 files\n       policies/idle.rego: none\n       policies/limit.rego: not 5, 7-8\n1 of 1 tests hold\n";
    assert!(few.stdout.ends_with(expected), "{}", few.stdout);
}

/// What `policies new` writes runs as it is, here and in OPA, and its test holds.
#[test]
fn a_policy_to_begin_with_runs_as_it_is() {
    let workplace = with_policy("x", "package acme.x\ndeny contains \"x\" if false\n");
    std::fs::remove_dir_all(workplace.path("policies")).unwrap();
    let new = workplace.run(&["policies", "new", "acme/team/named"]);
    assert_eq!(new.exit, 0, "{new:?}");
    let tested = workplace.run(&["test", "policies"]);
    assert!(tested.exit == 0 && tested.stdout.ends_with("2 of 2 tests hold\n"), "{tested:?}");
    let (report, ran) = workplace.check(&[&CHECK[..], &["--policy", "acme/team/named"]].concat());
    assert_eq!(ran.exit, 1, "{ran:?}");
    let found = finding(&report, "acme/team/named", "s3://cm-kajiwara-redshift-unload-us-standard/");
    assert_eq!(found["message"], "cm-kajiwara-redshift-unload-us-standard is no bucket of ours");
    let policies = workplace.path("policies").display().to_string();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/regal.yaml");
    for (program, arguments) in [
        ("opa", &["check", "--strict", &policies][..]),
        ("opa", &["test", &policies]),
        ("regal", &["lint", "--config-file", config, &policies]),
    ] {
        let ran = std::process::Command::new(crate::go::tool(program)).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stdout));
    }
    let again = workplace.run(&["policies", "new", "acme/team/named"]);
    assert!(again.exit == 2 && again.stderr.contains("named.rego is there already"), "{again:?}");
    for name in ["named", "Acme/named", "acme/", "acme/../x", "trailcheck/x"] {
        let ran = workplace.run(&["policies", "new", name]);
        assert!(ran.exit == 2 && ran.stderr.contains("expected at least two words"), "{name}: {ran:?}");
    }
}

/// An OPA bundle is a folder in one file.
#[test]
fn a_bundle_of_opa_is_taken() {
    let workplace = with_policy("x", "package acme.x\ndeny contains \"no\"\n");
    workplace.write("policies/x_test.rego", "package acme.x_test\nimport data.acme.x\ntest_it if count(x.deny) == 1\n");
    let build = |ignored: &str| {
        let ran = std::process::Command::new(crate::go::tool("opa"))
            .args(["build", "-b", "policies", "-o", "bundle.tar.gz", "--ignore", ignored])
            .current_dir(workplace.path(""))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    };
    build("nothing");
    let bundle = ["--snapshot", "snapshot.json", "--policies", "bundle.tar.gz", "--policy", "acme/x"];
    let (report, ran) = workplace.check(&bundle);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(finding(&report, "acme/x", "123456789012")["message"], "no");
    let tested = workplace.run(&["test", "bundle.tar.gz"]);
    assert!(tested.exit == 0 && tested.stdout.ends_with("1 of 1 tests hold\n"), "{tested:?}");
    workplace.write("policies/acme/data.json", "{\"limit\": 3}");
    build("nothing");
    let ran = workplace.run(&[&["check"], &bundle[..]].concat());
    assert!(ran.exit == 2 && ran.stderr.contains("data.json: holds data"), "{ran:?}");
    for (bytes, expected) in [
        (b"hello".to_vec(), "is neither a folder nor an OPA bundle"),
        (trailcheck::gzip::compress(b"hello"), "is neither a folder nor an OPA bundle"),
        // One without a file.
        (trailcheck::gzip::compress(&[0; 1024]), "no policy in bundle.tar.gz"),
        (trailcheck::gzip::compress(&[7; 2048]), "is neither a folder nor an OPA bundle"),
    ] {
        std::fs::write(workplace.path("bundle.tar.gz"), bytes).unwrap();
        let ran = workplace.run(&[&["check"], &bundle[..]].concat());
        assert!(ran.exit == 2 && ran.stderr.contains(expected), "{expected}: {ran:?}");
    }
}

#[test]
fn one_question_is_answered() {
    let workplace = with_policy("x", "package acme.x\ndeny contains \"no\"\nfail_of(t) := t.name\n");
    let eval =
        |query: &str, more: &[&str]| workplace.run(&[&["eval", query, "--snapshot", "snapshot.json"], more].concat());
    let answers = |ran: &crate::program::Ran| -> serde_json::Value { serde_json::from_str(&ran.stdout).unwrap() };
    let names = eval("input.trails[_].name", &[]);
    assert_eq!((answers(&names), names.exit), (serde_json::json!(["redshift-unload", "redshift-load"]), 0));
    let own = eval("data.acme.x.deny", &["--policies", "policies"]);
    assert_eq!(answers(&own), serde_json::json!([["no"]]));
    let shipped = eval("count(data.trailcheck.trail.logging.pass)", &[]);
    assert_eq!(answers(&shipped), serde_json::json!([2]));
    assert_eq!(answers(&eval("x := 1; y := x + 1", &[])), serde_json::json!([{"x": 1, "y": 2}]));
    let nothing = eval("input.nothing", &[]);
    assert_eq!((answers(&nothing), nothing.exit), (serde_json::json!([]), 1));
    for (query, more, expected) in [
        ("count(", &[][..], "the query: <query.rego>:1:"),
        (
            "some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j == -1",
            &["--policy-time", "1s"],
            "it took longer than 1 s",
        ),
        ("count(numbers.range(1, 100000000000))", &[], "the query: it "),
        ("http.send({})", &[], "the query: "),
    ] {
        let ran = eval(query, more);
        assert!(ran.exit == 2 && ran.stderr.contains(expected), "{query}: {ran:?}");
    }
}
