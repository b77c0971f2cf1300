//! The `_test.rego` beside each policy, run by the engine that runs the policy.

use std::path::{Path, PathBuf};

use regorus::{Engine, Value};

fn rego_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rego_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rego") {
            files.push(path);
        }
    }
}

/// A test that does not hold is undefined, so each is asked for by name: in a package's result it would only be missing.
#[test]
fn every_policy_test_holds() {
    let mut files = Vec::new();
    rego_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &mut files);
    let (tests, policies): (Vec<_>, Vec<_>) =
        files.iter().partition(|path| path.to_str().unwrap().ends_with("_test.rego"));
    assert!(!tests.is_empty());
    for test in tests {
        let text = std::fs::read_to_string(test).unwrap();
        let mut engine = Engine::new();
        for policy in &policies {
            engine.add_policy_from_file(policy).unwrap();
        }
        let package = engine.add_policy(test.display().to_string(), text.clone()).unwrap();
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_suffix(" if {"))
            .filter(|name| name.starts_with("test_"))
            .collect();
        assert!(names.len() >= 3, "{}: a policy is tested for fail, pass and unknown", test.display());
        for name in names {
            let held = engine.eval_rule(format!("{package}.{name}")).unwrap();
            assert_eq!(held, Value::from(true), "{}: {name}", test.display());
        }
    }
}
