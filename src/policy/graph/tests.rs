use super::*;
use crate::policy::bundle::engine_of;
use crate::policy::files::PolicyFile;

/// What is said of `rules` in the package acme.x, with files beside it.
fn of(rules: &str, beside: &[&str]) -> Vec<String> {
    let file = |(at, text): (usize, String)| PolicyFile { name: format!("{at}.rego"), text };
    let own = format!("package acme.x\n\n{rules}\n");
    let texts = std::iter::once(own).chain(beside.iter().map(|text| (*text).to_owned()));
    let files: Vec<PolicyFile> = texts.enumerate().map(file).collect();
    let json: Value = serde_json::from_str(&engine_of(&files).unwrap().get_ast_as_json().unwrap()).unwrap();
    mistakes(&Tree::of(&json)).into_iter().map(|mistake| mistake.message).collect()
}

#[test]
fn what_nobody_asks_is_found() {
    for (name, hint) in [
        ("deny_unencrypted", "; did you mean `deny`?"),
        ("fail_unencrypted", "; did you mean `fail`?"),
        ("violation", "; did you mean `deny`?"),
        ("unknwon", "; did you mean `unknown`?"),
        ("DENY", "; did you mean `deny`?"),
        ("errors", ""),
        ("reject", ""),
    ] {
        for rule in [
            format!("{name} contains \"x\""),
            format!(" {name} contains \"x\" if true"),
            format!("{name} if true"),
            format!("{name}[1] := 2"),
        ] {
            let found = of(&format!("warn contains \"w\" if false\n{rule}"), &[]);
            assert_eq!(found, [format!("nobody asks its rule `{name}`{hint}")], "{rule}");
        }
    }
    for asked in [
        "deny contains m if some m in deny_list\ndeny_list contains 1",
        "deny contains 1 if is_bad\nis_bad if is_worse\nis_worse if true",
        "deny contains 1 if is_bad(1)\nis_bad(x) if x == 1",
        "deny contains 1\nlimit := 3\nidle(x) := x\ntest_it if false",
        "import data.acme.lib\ndeny contains 1 if lib.is_bad",
    ] {
        let lib: &[&str] =
            if asked.contains("lib") { &["package acme.lib\n\nis_bad if true\n\nidle contains 1"] } else { &[] };
        assert_eq!(of(asked, lib), [""; 0], "{asked}");
    }
}

#[test]
fn what_is_asked_and_not_there_is_found() {
    let lists = "package house.lists\n\nforbidden := []";
    for rules in [
        "deny contains 1 if data.house.lists.forbiden",
        "import data.house.lists as l\ndeny contains 1 if l.forbiden",
        "import data.house.lists\ndeny contains 1 if lists.forbiden",
        "deny contains 1 if data.house.lists[\"forbiden\"]",
        "deny contains 1 if data[\"house\"].lists.forbiden",
    ] {
        let found = of(rules, &[lists]);
        assert!(
            found.len() == 1 && found[0].contains("did you mean data.house.lists.forbidden?"),
            "{rules}: {found:?}"
        );
    }
    assert!(of("deny contains 1 if data.missing", &[lists])[0].starts_with("refers to data.missing, which no file"));
    for open in [
        "deny contains 1 if { some n in [1]; data.house[n] }",
        "deny contains 1 if data[_]",
        "deny contains 1 if data.house.lists[input.x]",
    ] {
        assert!(of(open, &[lists])[0].contains("by brackets"), "{open}");
    }
    for there in [
        "deny contains 1 if data.house.lists[\"forbidden\"]",
        "deny contains 1 if data.house.lists.forbidden[_]",
        "deny contains 1 if { some data_of in [1]; data_of }",
    ] {
        let beside: &[&str] = if there.contains("house") { &[lists] } else { &[] };
        assert_eq!(of(there, beside), [""; 0], "{there}");
    }
}

#[test]
fn recursion_is_found_however_long_its_way() {
    for rules in [
        "deny contains f(1)\nf(x) := f(x)",
        "deny contains a\na := b\nb := c\nc := a",
        "deny contains m if m := g(1)\ng(x) := h(x)\nh(x) := g(x)",
        "deny contains x if { not deny[1]; x := 1 }",
        "deny contains x if x := data.acme",
        "import data.acme.x as me\ndeny contains x if x := me.deny",
    ] {
        let found = of(rules, &[]);
        assert!(
            found.len() == 1 && found[0].ends_with("comes back to itself: it would never end"),
            "{rules}: {found:?}"
        );
    }
    assert_eq!(of("a := b\nb := c\nc := 1\ndeny contains a if { deny := 1; deny == a }", &[]), [""; 0]);
}

#[test]
fn a_built_in_functions_name_is_taken() {
    for rules in ["count(x) := 0", "startswith(a, b) := false", "default count(x) := 0", "time := {\"now_ns\": 1}"] {
        let found = of(&format!("deny contains 1\n{rules}"), &[]);
        assert!(found.len() == 1 && found[0].contains("is the name of a built-in function"), "{rules}: {found:?}");
    }
}
