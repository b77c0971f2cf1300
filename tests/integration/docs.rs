//! The documentation says what is so: its examples are typed, its links followed, its pages made of what they tell of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use trailcheck::policy::{FRAMEWORKS, Policy, shipped};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// README and everything in `docs/`.
fn pages() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found)
            } else if path.extension().is_some_and(|end| end == "md") {
                found.push(path)
            }
        }
    }
    let root = Path::new(REPOSITORY);
    let mut pages: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "policies/README.md", "benches/README.md"]
            .map(|name| root.join(name))
            .into();
    walk(&root.join("docs"), &mut pages);
    pages.sort();
    pages
}

/// The blocks of a page that are fenced with this name.
fn blocks<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    page.split(&format!("```{name}\n")).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// `$ trailcheck …`, perhaps with `| head -N`, and what it prints.
#[test]
fn every_example_prints_what_the_page_says() {
    let mut typed = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in blocks(&text, "text") {
            let Some((line, printed)) = block.strip_prefix("$ trailcheck ").and_then(|rest| rest.split_once('\n'))
            else {
                continue;
            };
            let (arguments, lines) = match line.split_once(" | head -") {
                Some((arguments, count)) => (arguments, count.parse().unwrap()),
                None => (line, usize::MAX),
            };
            let ran = Command::new(env!("CARGO_BIN_EXE_trailcheck"))
                .args(arguments.split(' '))
                .current_dir(REPOSITORY)
                .output()
                .unwrap();
            let stdout = String::from_utf8(ran.stdout).unwrap();
            let shown: Vec<&str> = stdout.trim_end().lines().take(lines).collect();
            assert_eq!(shown.join("\n"), printed.trim_end(), "{}: {line}", page.display());
            typed += 1;
        }
    }
    assert!(typed >= 5, "{typed} examples");
}

#[test]
fn every_config_of_a_page_is_one() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in blocks(&text, "toml") {
            let config = trailcheck::config::Config::parse(Path::new("example.toml"), block);
            assert!(config.is_ok(), "{}: {block}: {:?}", page.display(), config.err());
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let file = page.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(file.exists(), "{}: {link}", page.display());
        }
    }
}

/// Commands that a page names are commands, and flags are flags.
#[test]
fn every_command_and_flag_that_is_named_exists() {
    let help = |arguments: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_trailcheck")).args(arguments).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let general = help(&["--help"]);
    let commands: BTreeSet<&str> =
        general.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    let known: BTreeSet<String> =
        commands.iter().map(|command| help(&[command, "--help"])).chain([general.clone()]).collect();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for command in text.split("`trailcheck ").skip(1).map(|rest| rest.split(['`', ' ', '\n']).next().unwrap()) {
            assert!(
                commands.contains(command) || command.starts_with("--"),
                "{}: trailcheck {command}",
                page.display()
            );
        }
        let spans = text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|span| span.starts_with("trailcheck ") || span.starts_with("check --"));
        for flag in spans.flat_map(|span| span.split([' ', '\n', '|'])).filter(|word| word.starts_with("--")) {
            let flag = flag.split(['=', ',']).next().unwrap();
            assert!(known.iter().any(|help| help.contains(flag)), "{}: {flag}", page.display());
        }
    }
}

/// The pages of the shipped policies, made of their headers. To write them anew: `TRAILCHECK_DOCS=write cargo test docs::`.
#[test]
fn every_policy_has_its_page() {
    let folder = Path::new(REPOSITORY).join("docs/policies");
    let bundle = shipped().unwrap();
    let mut expected: Vec<(PathBuf, String)> =
        bundle.policies.iter().map(|policy| (folder.join(format!("{}.md", policy.id)), page_of(policy))).collect();
    let line = |policy: &Policy| {
        format!(
            "| [`{0}`]({0}.md) | {1} | {2} |\n",
            policy.id,
            policy.metadata.title,
            policy.metadata.severity.as_str()
        )
    };
    let list: String = bundle.policies.iter().map(line).collect();
    expected.push((
        folder.join("README.md"),
        format!("# Policies\n\n| policy | holds where | severity |\n|---|---|---|\n{list}"),
    ));
    if std::env::var_os("TRAILCHECK_DOCS").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        for (path, text) in &expected {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
    for (path, text) in &expected {
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == *text,
            "{} is not what the header says; TRAILCHECK_DOCS=write cargo test docs:: writes it",
            path.display()
        );
    }
    let found = pages().into_iter().filter(|page| page.starts_with(&folder)).count();
    assert_eq!(found, expected.len(), "a page of a policy that there is not");
}

fn page_of(policy: &Policy) -> String {
    let metadata = &policy.metadata;
    let mut text = format!(
        "# {}\n\n`{}`, severity {}. Not applicable where {}.\n\n{}\n\n## How to fix\n\n{}\n",
        metadata.title,
        policy.id,
        metadata.severity.as_str(),
        metadata.not_applicable,
        metadata.description,
        metadata.remediation
    );
    if !metadata.controls.is_empty() {
        text.push_str("\n## Controls\n\n| framework | control | what it asks |\n|---|---|---|\n");
    }
    for (framework, ids) in metadata.controls.iter() {
        let known = &FRAMEWORKS[framework];
        for id in ids {
            text.push_str(&format!("| {} (`{framework}`) | {id} | {} |\n", known.title, known.controls[id]));
        }
    }
    text.push_str(&format!(
        "\nThe source: [policies/{0}.rego](../../../policies/{0}.rego); `trailcheck explain {0}` prints it.\n",
        policy.id
    ));
    text
}
