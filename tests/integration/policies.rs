//! The `_test.rego` beside each policy, run by the engine that runs the policy.

use std::path::{Path, PathBuf};

use regorus::{Engine, Value};

use crate::program::Workplace;

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
    let mut engine = Engine::new();
    let mut tests = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let package = engine.add_policy(file.display().to_string(), text.clone()).unwrap();
        let names = text.lines().filter(|line| line.starts_with("test_")).map(|line| line.split(' ').next().unwrap());
        tests.extend(names.map(|name| format!("{package}.{name}")));
    }
    assert!(tests.len() > 13, "{tests:?}");
    for test in tests {
        assert_eq!(engine.eval_rule(test.clone()).unwrap(), Value::from(true), "{test}");
    }
}

/// The statuses that there are, by the schema of the input, are those that a policy's own test judges.
#[test]
fn every_status_is_in_a_test() {
    let schema = Workplace::offline().run(&["schema", "input"]).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let mut tests = Vec::new();
    rego_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &mut tests);
    tests.retain(|path| path.to_str().unwrap().ends_with("_test.rego"));
    let tests: Vec<String> = tests.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let definitions = schema["$defs"].as_object().unwrap();
    let mut judged = 0;
    for (list, judgement) in definitions.iter().filter(|(name, _)| name.ends_with("Fact")).flat_map(judgements) {
        let status = definitions[&judgement]["properties"]["status"]["$ref"].as_str().unwrap();
        let statuses = statuses(&definitions[status.rsplit('/').next().unwrap()]);
        assert!(statuses.contains(&"unknown".to_owned()), "{statuses:?}");
        let of_list = tests.iter().filter(|test| test.contains(&format!("\"{list}\", status)")));
        for test in of_list {
            judged += 1;
            for status in &statuses {
                assert!(test.contains(&format!("\t\"{status}\": ")), "{list}: {status} is not judged in {test}");
            }
        }
    }
    assert!(judged >= 13, "{judged}");
}

/// The judgements of a fact: field and definition.
fn judgements<'a>((_, fact): (&'a String, &'a serde_json::Value)) -> Vec<(String, String)> {
    let fields = fact["properties"].as_object().unwrap();
    let judgement = |field: &serde_json::Value| {
        let definition = field["$ref"].as_str()?.rsplit('/').next()?;
        definition.starts_with("Judgement").then(|| definition.to_owned())
    };
    fields.iter().filter_map(|(name, field)| Some((name.clone(), judgement(field)?))).collect()
}

/// The values of an enum, documented or not.
fn statuses(definition: &serde_json::Value) -> Vec<String> {
    let plain = definition["enum"].as_array();
    let documented = definition["oneOf"].as_array();
    let values = plain.into_iter().chain(documented).flatten();
    values
        .flat_map(|value| match value {
            serde_json::Value::String(text) => vec![text.clone()],
            value if value["const"].is_string() => vec![value["const"].as_str().unwrap().to_owned()],
            value => statuses(value),
        })
        .collect()
}
