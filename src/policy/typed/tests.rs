use super::*;
use crate::facts::input::Facts;
use crate::policy::bundle::{engine_of, shipped};
use crate::policy::files::PolicyFile;

fn json(files: &[PolicyFile]) -> Value {
    serde_json::from_str(&engine_of(files).unwrap().get_ast_as_json().unwrap()).unwrap()
}

fn schema() -> Value {
    serde_json::to_value(schemars::schema_for!(Facts)).unwrap()
}

fn of(rules: &str) -> Vec<(usize, usize, String)> {
    let text = format!("package acme.x\n\n{rules}\n");
    let json = json(&[PolicyFile { name: "x.rego".to_owned(), text }]);
    let found = mistakes(&Tree::of(&json), &schema());
    found.into_iter().map(|mistake| (mistake.line, mistake.column, mistake.message)).collect()
}

#[test]
fn what_the_input_does_not_have_is_pointed_at() {
    for (rules, line, column, message) in [
        ("deny contains \"x\" if input.trials", 3, 28, "no `trials` here; did you mean `trails`?"),
        ("deny contains \"x\" if input[\"trials\"]", 3, 29, "did you mean `trails`?"),
        (
            "deny contains \"x\" if {\n\tsome t in input.trails\n\tt.is_multi_region_trial == false\n}",
            5,
            4,
            "did you mean `is_multi_region_trail`?",
        ),
        ("deny contains \"x\" if {\n\tt.trail_anr\n\tsome t in input.trails\n}", 4, 4, "did you mean `trail_arn`?"),
        ("deny contains t.nmae if some t in input.trails", 3, 17, "did you mean `name`?"),
        ("deny contains \"x\" if input.unloads[_].covrage.status == \"gap\"", 3, 39, "did you mean `coverage`?"),
        ("deny contains \"x\" if {\n\tu := input.unloads[0]\n\tu.coverage.statsu\n}", 5, 13, "did you mean `status`?"),
        (
            "deny contains \"x\" if input.unloads[_].coverage.status == \"gapp\"",
            3,
            59,
            "never \"gapp\"; did you mean \"gap\"?",
        ),
        ("deny contains \"x\" if input.trails.name", 3, 35, "asked of a list"),
        ("bad := {t.nam | some t in input.trails}\ndeny contains \"x\" if bad", 3, 11, "did you mean `name`?"),
        ("deny contains \"x\" if every t in input.trails { t.nam == \"x\" }", 3, 50, "did you mean `name`?"),
        ("deny contains \"x\" if { not input.scan.regiosn }", 3, 39, "did you mean `regions`?"),
        // By other names, and from hand to hand.
        ("import input as i\ndeny contains \"x\" if i.unlods", 4, 24, "did you mean `unloads`?"),
        ("import input.acess_rules as r\ndeny contains \"x\" if r", 3, 14, "did you mean `access_rules`?"),
        ("import input.access_rules as r\ndeny contains \"x\" if r[0].coverag", 4, 27, "did you mean `coverage`?"),
        (
            "import input.access_rules\ndeny contains \"x\" if access_rules[_].coverag",
            4,
            38,
            "did you mean `coverage`?",
        ),
        ("rules := input.access_rules\ndeny contains \"x\" if rules[_].coverag", 4, 31, "did you mean `coverage`?"),
        (
            "bad contains u if some u in input.unloads\ndeny contains \"x\" if { some u in bad; u.coverag }",
            4,
            41,
            "did you mean `coverage`?",
        ),
        (
            "by[u.location] := u if some u in input.unloads\ndeny contains \"x\" if by[_].coverag",
            4,
            28,
            "did you mean `coverage`?",
        ),
        (
            "all := [u | some u in input.unloads]\ndeny contains \"x\" if all[_].coverag",
            4,
            29,
            "did you mean `coverage`?",
        ),
        ("f(t) := t.nam\ndeny contains x if { some t in input.trails; x := f(t) }", 3, 11, "did you mean `name`?"),
        (
            "g(x) := x\nf(t) := g(t).nam\ndeny contains x if { some t in input.trails; x := f(t) }",
            4,
            14,
            "did you mean `name`?",
        ),
        (
            "deny contains \"x\" if { some t in input.trails; t.logging.status in {\"stopped\", \"later\"} }",
            3,
            81,
            "never \"later\"",
        ),
        (
            "deny contains \"x\" if { some u in input.unloads; u.coverage.reasons[_].codee }",
            3,
            71,
            "no `codee` here; did you mean `code`?",
        ),
        (
            "deny contains \"x\" if { some u in input.unloads; u.coverage.reasons[_].code == \"not_recordd\" }",
            3,
            80,
            "did you mean \"not_recorded\"?",
        ),
        ("deny contains \"x\" if { some t in input.trails; t.name.first }", 3, 55, "asked of a text"),
    ] {
        let found = of(rules);
        assert_eq!(found.len(), 1, "{rules}: {found:?}");
        assert!(found[0].2.contains(message), "{rules}: {found:?}");
        assert_eq!((found[0].0, found[0].1), (line, column), "{rules}: {found:?}");
    }
}

#[test]
fn what_is_there_or_open_is_left_alone() {
    for rules in [
        "deny contains t.name if some t in input.trails",
        "deny contains \"x\" if { some u in input.unloads; u.coverage.evidence.anything.at[0].all }",
        "deny contains \"x\" if { some list, unseen in input.unseen; unseen[_].message == list }",
        "deny contains object.get(t, \"anything\", 1) if some t in input.trails",
        "a := {t.name | some t in input.trails}\nb := {t.location | some t in input.unloads}\ndeny contains \"x\" if a == b",
        "a := {t.name: u | some t in input.trails; u := {t.bucket | some t in input.unloads}}\ndeny contains \"x\" if a",
        "deny contains \"x\" if { some s in input.sessions; s.kind == \"COPY\" }",
        "deny contains \"x\" if { some t in input.trails; t.logging.status in {\"stopped\", \"logging\"} }",
        "deny contains \"x\" if { t := data.acme.other; t.whatever }",
    ] {
        let rules = rules.replace("data.acme.other", "{\"whatever\": 1}");
        assert_eq!(of(&rules), [], "{rules}");
    }
    let json = json(&shipped().unwrap().files);
    assert_eq!(mistakes(&Tree::of(&json), &schema()), BTreeSet::new());
    assert_eq!(super::super::graph::mistakes(&Tree::of(&json)), BTreeSet::new());
}

/// regorus 0.14 loses all that a rule adds where one of its heads is undefined; OPA does not.
#[test]
fn a_head_that_may_be_undefined_among_others_is_pointed_at() {
    for (rules, part) in [
        ("deny contains u.coverage.evidence.witness if some u in input.unloads", "u.coverage.evidence.witness"),
        ("deny contains {\"msg\": u.coverage.evidence.a} if some u in input.unloads", "u.coverage.evidence.a"),
        ("deny contains f(u) if some u in input.unloads\nf(u) := u.bucket if u.access == \"all\"", "f(u)"),
        (
            "deny contains u.subject.declared_at.config.line if some u in input.unloads",
            "u.subject.declared_at.config.line",
        ),
        ("deny contains sprintf(\"%v\", [u.coverage.evidence.x]) if some u in input.unloads", "u.coverage.evidence.x"),
        ("deny contains limit if some u in input.unloads\nlimit := 1 if input.scan.clock_is_doubtful", "limit"),
        ("of[u.coverage.evidence.x] := 1 if some u in input.unloads\ndeny contains 1 if of", "u.coverage.evidence.x"),
        (
            "of[u.bucket] := u.coverage.evidence.x if some u in input.unloads\ndeny contains 1 if of",
            "u.coverage.evidence.x",
        ),
        (
            "first := u.coverage.evidence.x if some u in input.unloads\ndeny contains 1 if first",
            "u.coverage.evidence.x",
        ),
        (
            "deny contains input.unloads[i].coverage.evidence.x if input.unloads[i]",
            "input.unloads[i].coverage.evidence.x",
        ),
    ] {
        let found = of(rules);
        let message = format!("`{part}` may be undefined for one of several");
        assert!(found.len() == 1 && found[0].2.starts_with(&message), "{rules}: {found:?}");
    }
    let found = of("deny contains input.unloads[_].coverage.evidence.x");
    assert!(found[0].2.starts_with("`input.unloads[_].coverage.evidence.x` may be undefined"), "{found:?}");
    for rules in [
        "deny contains input.unloads[_].bucket",
        "deny contains x if { some u in input.unloads; x := u.coverage.evidence.witness }",
        "deny contains {\"subject\": u.location, \"message\": u.coverage.message} if some u in input.unloads",
        "deny contains sprintf(\"%s\", [u.bucket]) if some u in input.unloads",
        "deny contains input.scan.partition if some u in input.unloads",
        "deny contains limit if some u in input.unloads\nlimit := 1",
        "deny contains limit if some u in input.unloads\ndefault limit := 2\nlimit := 1 if input.scan.clock_is_doubtful",
        "deny contains {u.coverage.evidence.x | some u in input.unloads} if some u in input.unloads",
        "deny contains input.scan.nothing_else if false\ndeny contains input.unloads[0].coverage.evidence.x if true",
    ] {
        let found: Vec<_> =
            of(rules).into_iter().filter(|(.., message)| message.contains("may be undefined")).collect();
        assert_eq!(found, [], "{rules}");
    }
}
