//! The shipped policies are the same in OPA: they pass its checks and its linter, their tests hold there, and every rule has the same
//! value for the same input.

use std::path::Path;
use std::process::Command;

use regorus::{Engine, Value as Rego};
use serde_json::{Value, json};
use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::facts::input::Facts;
use trailcheck::policy;
use trailcheck::snapshot::Snapshot;

use crate::account;
use crate::go::tool;
use crate::program::{Workplace, fixture};

const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
const RULES: [&str; 4] = ["subjects", "fail", "unknown", "pass"];

fn ran(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool(program)).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn opa_and_regal_find_nothing() {
    let workplace = Workplace::offline();
    let schema = workplace.write("schema.json", &workplace.run(&["schema", "input"]).stdout);
    ran("opa", &["check", "--strict", "--schema", schema.to_str().unwrap(), POLICIES]);
    let tests = ran("opa", &["test", POLICIES]);
    assert!(tests.contains("PASS: ") && !tests.contains("FAIL"), "{tests}");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/regal.yaml");
    ran("regal", &["lint", "--config-file", config, POLICIES]);
}

/// For 500 inputs, made by chance from real ones, and the real ones.
#[test]
fn every_rule_has_the_same_value_in_opa() {
    let bases = [article(), complete()];
    let words = Words::of(&serde_json::to_value(schemars::schema_for!(Facts)).unwrap());
    let mut chance = Chance(7);
    let varied = (0..500).map(|number| varied(&bases[number % bases.len()], &words, &mut chance));
    let inputs: Vec<Value> = bases.iter().cloned().chain(varied).collect();
    let bundle = policy::shipped().unwrap();
    let asked: Vec<(String, &str)> = bundle
        .policies
        .iter()
        .flat_map(|policy| RULES.map(|rule| (policy.package.clone(), rule)))
        .filter(|(package, rule)| bundle.policies.iter().any(|p| p.package == *package && p.rules.contains(rule)))
        .collect();
    assert!(asked.len() > 50);
    let theirs = in_opa(&inputs, &asked);
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(true);
    for file in &bundle.files {
        engine.add_policy(file.name.clone(), file.text.clone()).unwrap();
    }
    let mut failing = 0;
    for (input, theirs) in inputs.iter().zip(theirs) {
        engine.set_input(Rego::from_json_str(&input.to_string()).unwrap());
        for ((package, rule), theirs) in asked.iter().zip(theirs.as_array().unwrap()) {
            let ours = engine.eval_rule(format!("{package}.{rule}")).unwrap();
            let ours: Value = serde_json::from_str(&ours.to_json_str().unwrap()).unwrap();
            failing += usize::from(*rule == "fail" && !ours.as_array().unwrap().is_empty());
            assert_eq!(sorted(&ours), sorted(theirs), "{package}.{rule} of {input}");
        }
    }
    assert!(failing > 500, "{failing} failures among all these are too few to compare");
}

/// The values of the rules for each input, by one process.
fn in_opa(inputs: &[Value], asked: &[(String, &str)]) -> Vec<Value> {
    let workplace = Workplace::offline();
    let value = |(number, (package, rule)): (usize, &(String, &str))| {
        format!("\tv{number} := {package}.{rule} with input as one\n")
    };
    let values: String = asked.iter().enumerate().map(value).collect();
    let list: Vec<String> = (0..asked.len()).map(|number| format!("v{number}")).collect();
    let query =
        format!("package compare\n\nresults := [[{}] |\n\tsome one in input.batch\n{values}]\n", list.join(", "));
    let query = workplace.write("compare.rego", &query);
    let batch = workplace.write("batch.json", &json!({"batch": inputs}).to_string());
    let path = |path: &Path| path.display().to_string();
    let arguments = ["eval", "--strict-builtin-errors", "--format", "raw", "--data", POLICIES];
    let more = ["--data", &path(&query), "--input", &path(&batch), "data.compare.results"];
    let results: Vec<Value> = serde_json::from_str(&ran("opa", &[&arguments[..], &more[..]].concat())).unwrap();
    assert_eq!(results.len(), inputs.len(), "a rule was undefined");
    results
}

/// A set has no order, and the two engines write it in orders of their own.
fn sorted(value: &Value) -> Vec<String> {
    let mut items: Vec<String> = value.as_array().unwrap().iter().map(Value::to_string).collect();
    items.sort();
    items
}

fn article() -> Value {
    let snapshot = Snapshot::load(fixture("article/snapshot.json").as_ref()).unwrap();
    let config = Config::load(fixture("article/trailcheck.toml").as_ref()).unwrap();
    serde_json::to_value(facts::derive(&snapshot, &config)).unwrap()
}

/// An account with records, sessions and rules.
fn complete() -> Value {
    let snapshot: Snapshot = serde_json::from_value(account::snapshot_of(crate::evidence::complete())).unwrap();
    let config = format!(
        "{}[[access]]\nlocation = \"s3://out/\"\nroles = [\"{}\"]\n",
        crate::evidence::CONFIG,
        crate::evidence::ROLE
    );
    let config = Config::parse("trailcheck.toml".as_ref(), &config).unwrap();
    serde_json::to_value(facts::derive(&snapshot, &config)).unwrap()
}

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }
}

/// The words that statuses may be, by the schema.
struct Words(Vec<Vec<String>>);

impl Words {
    fn of(schema: &Value) -> Words {
        let of = |definition: &Value| -> Vec<String> {
            let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
            let of_form = |form: &Value| [list(&form["enum"]), vec![form["const"].clone()]].concat();
            let words = list(&definition["oneOf"])
                .iter()
                .flat_map(of_form)
                .collect::<Vec<_>>()
                .into_iter()
                .chain(list(&definition["enum"]));
            words.filter_map(|word| Some(word.as_str()?.to_owned())).collect()
        };
        Words(schema["$defs"].as_object().unwrap().values().map(of).collect())
    }

    /// Another one beside this, or one that nobody knows.
    fn beside(&self, word: &str, chance: &mut Chance) -> String {
        let lists: Vec<&Vec<String>> = self.0.iter().filter(|words| words.iter().any(|own| own == word)).collect();
        match chance.below(8) {
            0 => "something_new".to_owned(),
            _ if lists.is_empty() => word.to_owned(),
            _ => {
                let words = lists[chance.below(lists.len())];
                words[chance.below(words.len())].clone()
            }
        }
    }
}

/// Other statuses, other evidence, more and fewer items; and what should be there is missing at times.
fn varied(base: &Value, words: &Words, chance: &mut Chance) -> Value {
    let mut input = base.clone();
    for list in input.as_object_mut().unwrap().values_mut().filter_map(Value::as_array_mut) {
        let more: Vec<Value> = (0..chance.below(2)).filter_map(|_| list.first().cloned()).collect();
        list.extend(more);
        for (number, item) in list.iter_mut().enumerate() {
            if let Some(subject) = item.get_mut("subject") {
                subject["id"] =
                    format!("{}-{}", subject["id"].as_str().unwrap_or_default(), chance.below(number + 2)).into();
            }
            vary_item(item, words, chance);
        }
        while !list.is_empty() && chance.below(3) == 0 {
            list.pop();
        }
    }
    input
}

fn vary_item(item: &mut Value, words: &Words, chance: &mut Chance) {
    let Some(members) = item.as_object_mut() else { return };
    let names: Vec<String> = members.keys().cloned().collect();
    for name in names {
        let member = &mut members[&name];
        if member.get("status").is_some() {
            if let Some(status) = member["status"].as_str() {
                member["status"] = words.beside(status, chance).into();
            }
            match chance.below(8) {
                0 => member["evidence"] = json!({"not_known": chance.below(2) == 0, "é": "\u{1f600}\n\""}),
                1 => member["evidence"] = Value::Null,
                2 => drop(member.as_object_mut().unwrap().remove("status")),
                _ => {}
            }
        }
        // What the schema requires of every item, and the engine's answers hang on, is always there.
        match chance.below(30) {
            _ if name == "subject" => {}
            0 => drop(members.remove(&name)),
            1 => members[&name] = Value::Null,
            _ => {}
        }
    }
}
