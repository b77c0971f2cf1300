//! Two hundred policies that mean harm: each ends within its limits, with the right outcome, and its neighbours keep theirs.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::program::{Workplace, finding, fixture, outcome};

/// What becomes of a policy.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// It is not loaded: exit code 2, and its file is named.
    Refused,
    /// It is the outcome `error`.
    Broken,
    /// It is refused, breaks, or comes to an answer in time: what it asks is hard, and not too hard.
    Any,
}

struct Hostile {
    name: String,
    /// By name.
    files: Vec<(String, String)>,
    end: End,
}

fn hostile(name: String, rego: String, end: End) -> Hostile {
    Hostile { name, files: vec![("acme/hostile.rego".to_owned(), rego)], end }
}

/// A policy of these rules.
fn rules(name: String, rules: &str, end: End) -> Hostile {
    hostile(name, format!("package acme.hostile\n\n{rules}\n"), end)
}

/// What comes back to itself, in every spelling of its name.
fn recursions() -> Vec<Hostile> {
    let spellings =
        ["NAME", "data.acme.hostile.NAME", "data[\"acme\"].hostile.NAME", "data.acme[\"hostile\"][\"NAME\"]"];
    let shapes = [
        ("itself", "deny contains \"x\" if count(SELF) > 0", "deny"),
        ("two", "deny contains \"x\" if a\na if b\nb if SELF", "a"),
        ("comprehension", "deny contains \"x\" if a\na := [i | some i in SELF]", "a"),
        ("else", "deny contains \"x\" if a\na := 1 if { false } else := SELF", "a"),
        ("default", "deny contains \"x\" if a\ndefault a := false\na if not SELF", "a"),
        ("negated", "deny contains \"x\" if a\na if not b\nb if not SELF", "a"),
        ("argument", "deny contains \"x\" if f(1)\nf(n) if count([1 | SELF]) == n\na if f(2)", "a"),
    ];
    let of = |(shape, rego, name): &(&str, &str, &str)| {
        let spelled = spellings.iter().enumerate().map(|(number, spelling)| {
            let rego = rego.replace("SELF", &spelling.replace("NAME", name));
            rules(format!("recursion {shape} {number}"), &rego, End::Refused)
        });
        spelled.collect::<Vec<_>>()
    };
    let calls = ["f(n)", "data.acme.hostile.f(n)"].iter().map(|call| {
        rules(format!("recursion {call}"), &format!("deny contains \"x\" if f(1)\nf(n) := {call}"), End::Refused)
    });
    let files = [("acme/hostile.rego", "data.acme.other.b"), ("acme/other.rego", "data.acme.hostile.a")];
    let across = Hostile {
        name: "recursion across files".to_owned(),
        files: files
            .iter()
            .zip(["a", "b"])
            .map(|((file, asked), rule)| {
                let package = file.trim_end_matches(".rego").replace('/', ".");
                let deny = if rule == "a" { "deny contains \"x\" if a\n" } else { "" };
                ((*file).to_owned(), format!("package {package}\n\n{deny}{rule} if {asked}\n"))
            })
            .collect(),
        end: End::Refused,
    };
    shapes.iter().flat_map(of).chain(calls).chain([across]).collect()
}

/// More steps, or more memory, than anybody has.
fn bombs() -> Vec<Hostile> {
    let each = |count: usize, size: usize| {
        let some = |at: usize| format!("some i{at} in numbers.range(1, {size})");
        (0..count).map(some).collect::<Vec<_>>().join("; ")
    };
    let mut bombs = vec![];
    for (count, size) in [(2, 60_000), (3, 3_000), (4, 1_000), (5, 300), (6, 150), (7, 100), (8, 60), (10, 40)] {
        for (shape, open, close) in [("array", "[i0 | ", "]"), ("set", "{i0 | ", "}"), ("object", "{i0: i1 | ", "}")] {
            let rego = format!("deny contains \"x\" if count({open}{}{close}) == 1", each(count, size));
            bombs.push(rules(format!("{shape} of {count} x {size}"), &rego, End::Broken));
        }
        let rego = format!("deny contains \"x\" if {{ {}; i0 * i1 < 0 }}", each(count, size));
        bombs.push(rules(format!("body of {count} x {size}"), &rego, End::Broken));
        let rego =
            format!("deny contains \"x\" if every i in numbers.range(1, {size}) {{ {}; i0 < i }}", each(count, size));
        bombs.push(rules(format!("every of {count} x {size}"), &rego, End::Any));
        let rego = format!("deny contains f(1)\nf(n) := count([1 | {}; i0 > n])", each(count, size));
        bombs.push(rules(format!("function of {count} x {size}"), &rego, End::Any));
    }
    for power in 8..=16 {
        let most = 10_u64.pow(power);
        for asked in ["count(RANGE) == 1", "sum(RANGE) == 1", "max(RANGE) == 1", "some i in RANGE; i == -1"] {
            let rego = format!(
                "deny contains \"x\" if {{ {} }}",
                asked.replace("RANGE", &format!("numbers.range(1, {most})"))
            );
            bombs.push(rules(format!("{asked} to 10^{power}"), &rego, End::Broken));
        }
    }
    bombs
}

/// Texts that grow, and answers that do.
fn texts() -> Vec<Hostile> {
    let mut texts = vec![];
    for doublings in [20, 24, 27, 30, 34, 40] {
        let steps: String =
            (1..=doublings).map(|at| format!("s{at} := concat(\"\", [s{}, s{}])\n", at - 1, at - 1)).collect();
        for (what, deny) in [
            ("answered", format!("deny contains s{doublings}")),
            ("counted", format!("deny contains \"x\" if count(s{doublings}) == 1")),
            ("replaced", format!("deny contains \"x\" if replace(s{doublings}, \"x\", \"xx\") == \"\"")),
            ("split", format!("deny contains \"x\" if count(split(s{doublings}, \"\")) == 1")),
        ] {
            let end = if doublings >= 40 { End::Broken } else { End::Any };
            texts.push(rules(format!("text of 2^{doublings}, {what}"), &format!("s0 := \"x\"\n{steps}{deny}"), end));
        }
    }
    for width in ["1000000", "100000000", "2000000000", "99999999999"] {
        let rego = format!("deny contains sprintf(\"%{width}d\", [1])");
        texts.push(rules(format!("sprintf of {width}"), &rego, End::Any));
    }
    for count in [100_000, 1_000_000, 3_000_000] {
        for (what, answer) in [("numbers", "sprintf(\"%d\", [i])"), ("objects", "{\"msg\": sprintf(\"%d\", [i])}")] {
            let rego = format!("deny contains {answer} if some i in numbers.range(1, {count})");
            texts.push(rules(format!("{count} findings, {what}"), &rego, End::Any));
        }
    }
    texts
}

/// Patterns, and what is nested or long.
fn forms() -> Vec<Hostile> {
    let mut forms = vec![];
    // A line may have 1,024 characters; what it says may be a thousand times as long.
    let long = "concat(\"\", [\"aaaaaaaaaaaaaaaaaaaa\" | some i in numbers.range(1, 1000)])";
    for (number, pattern) in [
        "(a*)*b",
        "(a|a)*b",
        "(a|aa)+$b",
        "(.*)(.*)(.*)(.*)x",
        "((a{500}){500}){500}",
        "[a-z]{100000}",
        "(?:a?){500}a{500}",
    ]
    .iter()
    .enumerate()
    {
        for call in [
            "regex.match(PATTERN, TEXT)",
            "count(regex.find_n(PATTERN, TEXT, -1)) > 9",
            "regex.replace(TEXT, PATTERN, \"\") == \"\"",
        ] {
            let call = call.replace("PATTERN", &format!("`{pattern}`")).replace("TEXT", long);
            forms.push(rules(
                format!("regex {number} {}", &call[..10]),
                &format!("deny contains \"x\" if {call}"),
                End::Any,
            ));
        }
    }
    for (number, pattern) in
        ["*".repeat(700), "{a,".repeat(250), "**/".repeat(250), "[!".repeat(350)].iter().enumerate()
    {
        let rego = format!("deny contains \"x\" if glob.match(`{pattern}b`, [\"/\"], {long})");
        forms.push(rules(format!("glob {number}"), &rego, End::Any));
    }
    for depth in [40, 200, 2_000, 50_000] {
        for (what, open, close) in
            [("[", "[", "]"), ("(", "(", ")"), ("{", "{\"a\": ", "}"), ("not", "not (", ")"), ("-", "- ", "")]
        {
            let rego = format!("deny contains \"x\" if 1 == {}1{}", open.repeat(depth), close.repeat(depth));
            let end = if depth >= 2_000 { End::Refused } else { End::Any };
            forms.push(rules(format!("{depth} x {what}"), &rego, end));
        }
    }
    forms
}

/// Headers that are none, and folders of too much.
fn headers() -> Vec<Hostile> {
    let laughs: String = (1..12)
        .map(|at| format!("#   a{at}: &a{at} [*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}]\n", at - 1))
        .collect();
    let headers = [
        ("bomb", format!("# title: x\n# custom:\n#   a0: &a0 x\n{laughs}")),
        ("severity that is none", "# title: x\n# custom:\n#   severity: worst\n".to_owned()),
        ("severity in a list", "# title: x\n# custom:\n#   severity: [high]\n".to_owned()),
        ("a key twice", "# title: x\n# title: y\n".to_owned()),
        ("no end", "# title: \"x\n".to_owned()),
        ("a tab", "# title: x\n#\tcustom: y\n".to_owned()),
        ("unknown key", "# title: x\n# custom:\n#   sevirity: high\n".to_owned()),
        ("control of nobody", "# title: x\n# custom:\n#   controls: {cis-aws-7.0: [\"99.9\"]}\n".to_owned()),
        ("nested", format!("# title: {}\n", "[".repeat(20_000))),
    ];
    let of = |(name, header): (&str, String)| {
        let rego = format!("# METADATA\n{header}package acme.hostile\n\ndeny contains \"x\" if false\n");
        hostile(format!("header: {name}"), rego, End::Refused)
    };
    let many = |count: usize, of: &dyn Fn(usize) -> (String, String)| (0..count).map(of).collect();
    let folders = [
        ("files", many(4_000, &|at| (format!("acme/f{at}.rego"), format!("package acme.f{at}\n\na := 1\n"))), End::Any),
        (
            "policies",
            many(300, &|at| {
                (
                    format!("acme/p{at}.rego"),
                    format!(
                        "package acme.p{at}\n\ndeny contains \"x\" if count(numbers.range(1, 100000000)) == {at}\n"
                    ),
                )
            }),
            End::Any,
        ),
        (
            "rules",
            many(1, &|_| {
                (
                    "acme/hostile.rego".to_owned(),
                    format!(
                        "package acme.hostile\n\ndeny contains \"x\" if r0\n{}",
                        (0..18_000).map(|at| format!("r{at} if {at} == {at}\n")).collect::<String>()
                    ),
                )
            }),
            End::Any,
        ),
    ];
    let folders = folders.into_iter().map(|(name, files, end)| Hostile { name: name.to_owned(), files, end });
    headers.into_iter().map(of).chain(folders).collect()
}

/// What is wrong with how it ended.
fn wrong(hostile: &Hostile) -> Vec<String> {
    let workplace = Workplace::offline();
    for file in ["snapshot.json", "trailcheck.toml"] {
        workplace.write(file, &std::fs::read_to_string(fixture(&format!("article/{file}"))).unwrap());
    }
    workplace.write("good/good.rego", "package other.good\n\ndeny contains \"good\"\n");
    for (name, text) in &hostile.files {
        workplace.write(&format!("policies/{name}"), text);
    }
    let arguments = [
        "check",
        "--report",
        "json",
        "--snapshot",
        "snapshot.json",
        "--fail-on",
        "critical",
        "--policy-time",
        "2s",
        "--policies",
        "policies",
    ];
    let began = Instant::now();
    let ran = workplace.run(&[&arguments[..], &["--policies", "good"]].concat());
    let mut wrong = vec![];
    if began.elapsed().as_secs() > 40 {
        wrong.push(format!("it took {:?}", began.elapsed()));
    }
    if ran.exit == 2 {
        if !ran.stderr.contains("policies") && !ran.stderr.contains("acme") {
            wrong.push(format!("refused without its place: {}", ran.stderr));
        }
        if hostile.end == End::Broken {
            wrong.push(format!("refused: {}", ran.stderr));
        }
        return wrong;
    }
    let Ok(report) = serde_json::from_str(&ran.stdout) else {
        return vec![format!("exit {} without a report: {}", ran.exit, ran.stderr)];
    };
    if finding(&report, "other/good", "123456789012")["message"] != "good" {
        wrong.push("its neighbour lost its answer".to_owned());
    }
    if outcome(&report, "coverage/copy_recorded", "s3://cm-kajiwara-redshift-load/") != "pass" {
        wrong.push("a shipped policy lost its answer".to_owned());
    }
    let of_it = report["findings"].as_array().unwrap().iter().filter(|finding| finding["policy"] == "acme/hostile");
    let is_broken = of_it.clone().any(|finding| finding["outcome"] == "error");
    if is_broken != (ran.exit == 4) {
        wrong.push(format!("exit {}", ran.exit));
    }
    match hostile.end {
        End::Refused => {
            wrong.push(format!("it was loaded: {:?}", of_it.map(|finding| &finding["message"]).collect::<Vec<_>>()))
        }
        End::Broken if !is_broken => wrong.push("it answered".to_owned()),
        _ => {}
    }
    wrong
}

#[test]
#[ignore = "two hundred policies take a minute: `cargo test -- --ignored --test-threads 1`, and every run of .ci/run"]
fn two_hundred_hostile_policies_harm_nobody() {
    let all: Vec<Hostile> = [recursions(), bombs(), texts(), forms(), headers()].into_iter().flatten().collect();
    assert!(all.len() >= 200, "{}", all.len());
    let (next, found) = (AtomicUsize::new(0), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(hostile) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let told = wrong(hostile).into_iter().map(|what| format!("{}: {what}", hostile.name));
                    found.lock().unwrap().extend(told);
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    assert!(found.is_empty(), "{} of {}: {found:#?}", found.len(), all.len());
}
