//! The order of the house: which folder of `src` may import which, read from the source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Tools that import no room of ours; everyone may use them.
const TOOLS: [&str; 13] = [
    "atomic_file",
    "bounded_file",
    "bundle",
    "counted",
    "glob",
    "gzip",
    "hash",
    "looks_like",
    "nearest",
    "output",
    "parallel",
    "progress",
    "severity",
];

/// Every other room, from the vocabulary down to the command line, with what it imports. A room names only rooms above it, so
/// there are no circles.
const ROOMS: [(&str, &[&str]); 17] = [
    ("aws", &[]),
    ("redshift", &["aws"]),
    ("snapshot", &["aws"]),
    ("reason", &["aws", "snapshot"]),
    ("coverage", &["aws", "snapshot", "reason"]),
    ("world", &["aws", "snapshot", "reason", "coverage"]),
    ("config", &["aws", "snapshot"]),
    ("permissions", &["snapshot", "config"]),
    ("logs", &["aws", "snapshot"]),
    ("collect", &["aws", "redshift", "snapshot", "config", "logs"]),
    ("facts", &["aws", "snapshot", "reason", "coverage", "world", "config", "logs"]),
    ("finding", &["aws", "reason", "config", "facts"]),
    ("policy", &["aws", "snapshot", "reason", "config", "facts", "finding"]),
    ("report", &["aws", "snapshot", "reason", "finding"]),
    ("exit", &["finding", "report"]),
    ("cli", &["aws", "config", "report"]),
    (
        "commands",
        &[
            "aws",
            "redshift",
            "snapshot",
            "reason",
            "config",
            "permissions",
            "logs",
            "collect",
            "facts",
            "finding",
            "policy",
            "report",
            "exit",
            "cli",
        ],
    ),
];

/// The rooms that each room imports.
fn arrows(folder: &Path, room: Option<&str>, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let room = room.unwrap_or(&name).to_owned();
        if path.is_dir() {
            arrows(&path, Some(&room), found);
        } else if room != "lib" && room != "main" {
            let text = std::fs::read_to_string(&path).unwrap();
            let imported = text
                .split("crate::")
                .skip(1)
                .map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>());
            let own = room.clone();
            found.entry(room).or_default().extend(imported.filter(|to| *to != own));
        }
    }
}

#[test]
fn imports_point_up_the_list_only() {
    let mut found = BTreeMap::new();
    arrows(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), None, &mut found);
    for tool in TOOLS {
        let mut drawn = found.remove(tool).unwrap_or_else(|| panic!("there is no {tool} in src"));
        drawn.retain(|to| !TOOLS.contains(&to.as_str()));
        assert_eq!(drawn, BTreeSet::new(), "{tool} is a tool: it imports no room of ours");
    }
    let mut above = BTreeSet::new();
    for (room, imports) in ROOMS {
        let mut drawn = found.remove(room).unwrap_or_else(|| panic!("there is no {room} in src"));
        drawn.retain(|to| !TOOLS.contains(&to.as_str()));
        let allowed: BTreeSet<String> = imports.iter().map(|to| (*to).to_owned()).collect();
        assert_eq!(drawn, allowed, "what {room} imports, and what the table has");
        assert!(allowed.iter().all(|to| above.contains(to.as_str())), "{room} imports a room below it: {allowed:?}");
        above.insert(room);
    }
    assert!(found.is_empty(), "rooms that the table does not have: {found:?}");
}

/// Another feature of a dependency can be another answer: a pattern that only the tests' build understands.
#[test]
fn the_tests_try_the_program_that_users_run() {
    let features = |edges: &str| -> BTreeSet<String> {
        let arguments = ["tree", "--locked", "--prefix", "none", "--format", "{p} [{f}]", "--edges", edges];
        let tree =
            Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(tree.status.success(), "{tree:?}");
        let tree = String::from_utf8(tree.stdout).unwrap();
        tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let (users, tests) = (features("no-dev"), features("normal,build,dev"));
    let different: Vec<&String> = users.difference(&tests).collect();
    assert!(
        different.is_empty(),
        "the tests' libraries ask more features of these; Cargo.toml should too: {different:?}"
    );
}
