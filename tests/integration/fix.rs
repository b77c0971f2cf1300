//! `fix`: the calls that it prints close all gaps together, and keep what is recorded today.

use std::process::Command;

use serde_json::{Value, json};

use crate::account::{self, for_all, snapshot, snapshot_of, trail, with_basic};
use crate::aws::basic;
use crate::endpoint::Endpoint;
use crate::program::{Ran, Workplace, outcome};

const PLACES: [&str; 5] = ["one/", "two/", "three/a", "four/", "five/"];

fn config(kind: &str, places: &[&str]) -> String {
    let tables = places.iter().map(|place| format!("[[redshift.{kind}]]\nlocation = \"s3://b/{place}\"\n"));
    format!("[scan]\nregions = [\"eu-west-1\"]\n{}", tables.collect::<String>())
}

/// Five gaps of one trail: one call, made once, closes them all (each finding's own fix would undo the others').
#[test]
fn one_call_closes_all_gaps_of_a_trail() {
    let kept = "arn:aws:s3:::unload-eu/kept/";
    let trail =
        |selectors: Value| json!({"name": "europe", "region": "eu-west-1", "bucket": "logs", "basic": selectors});
    let endpoint = Endpoint::with(&json!({
        "buckets": [{"name": "unload-eu", "region": "eu-west-1"}, {"name": "logs", "region": "eu-west-1"}],
        "trails": [trail(basic(&[kept]))],
    }));
    let workplace = Workplace::at(&endpoint);
    let config = config("unload", &[&PLACES[..], &["kept/"]].concat());
    workplace.write("trailcheck.toml", &config.replace("s3://b/", "s3://unload-eu/"));
    let ran = workplace.run(&["fix", "--format", "json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let steps = told["plan"]["steps"].as_array().unwrap();
    assert_eq!((steps.len(), &steps[0]["call"], &told["unknown"]), (1, &json!("put_event_selectors"), &json!(0)));
    assert_eq!(steps[0]["locations"].as_array().unwrap().len(), PLACES.len(), "{told:#}");

    let mut changed = trail(steps[0]["input"]["EventSelectors"].clone());
    changed["exists"] = true.into();
    endpoint.add(&json!({"trails": [changed]}));
    let (report, ran) = workplace.check(&["--policy", "coverage/unload_recorded"]);
    assert_eq!((ran.exit, &report["summary"]["pass"]), (0, &json!(PLACES.len() + 1)), "{ran:?}");
    let again = workplace.run(&["fix"]);
    assert!(again.exit == 0 && again.stdout.contains("nothing to fix"), "{again:?}");
}

/// A workplace with a snapshot of today, for the age counts.
fn planned(trails: Vec<Value>, config: &str, arguments: &[&str]) -> (Workplace, Ran) {
    let workplace = Workplace::offline();
    workplace.write("snapshot.json", &snapshot_of(snapshot(trails)).to_string());
    workplace.write("trailcheck.toml", config);
    let fix = ["fix", "--snapshot", "snapshot.json", "--max-age", "36000d"];
    let ran = workplace.run(&[&fix[..], arguments].concat());
    (workplace, ran)
}

fn calls(ran: &Ran) -> Vec<String> {
    let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let steps = told["plan"]["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| format!("{} in {}", step["call"].as_str().unwrap(), step["region"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_trail_is_started_widened_or_made_where_none_is_in_effect() {
    let place = config("copy", &["x/"]);
    let of = |trails: Vec<Value>| {
        let (_, ran) = planned(trails, &place, &["--format", "json"]);
        assert_eq!(ran.exit, 0, "{ran:?}");
        calls(&ran)
    };
    let stopped = |mut trail: Value| {
        trail["status"]["eu-west-1"]["is_logging"] = false.into();
        trail
    };
    assert_eq!(of(vec![stopped(for_all())]), ["start_logging in eu-west-1"]);
    assert_eq!(of(vec![stopped(trail())]), ["start_logging in eu-west-1", "put_event_selectors in eu-west-1"]);
    let elsewhere = |values: &[&str]| {
        let mut trail = with_basic(&[account::basic("All", values)]);
        trail["trail_arn"] = "arn:aws:cloudtrail:us-east-1:111111111111:trail/t".into();
        trail["home_region"] = "us-east-1".into();
        trail["status"] = json!({"us-east-1": {"is_logging": true}});
        trail
    };
    assert_eq!(of(vec![elsewhere(&["arn:aws:s3:::b/"])]), ["make_multi_region in us-east-1"]);
    let made = ["create_trail in eu-west-1", "put_event_selectors in eu-west-1"];
    assert_eq!(of(vec![elsewhere(&["arn:aws:s3:::c/"])]), made);
    assert_eq!(of(vec![]), made);
    // Two gaps of one region need one trail.
    let (_, ran) = planned(vec![], &config("copy", &["x/", "y/"]), &["--format", "json"]);
    assert_eq!(calls(&ran), made);
    // One trail holds 250 values; a second one is made for more.
    let many: Vec<String> = (0..300).map(|n| format!("{n}/")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (_, ran) = planned(vec![], &config("copy", &many), &["--format", "json"]);
    assert_eq!((ran.exit, calls(&ran).join(" ")), (0, [made, made].concat().join(" ")));
    // What one gap's call records is not asked for again.
    let (_, ran) = planned(vec![trail()], &config("copy", &["x/", "x/y/"]), &["--format", "json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["plan"]["steps"][0]["locations"], json!(["s3://b/x/"]), "{told:#}");
}

/// What the plan's input leaves, by the engine that judges accounts.
#[test]
fn the_planned_selectors_close_every_gap() {
    let narrow = account::objects(&[account::arn("ends_with", &[".csv"])]);
    for trail in
        [trail(), with_basic(&[account::basic("ReadOnly", &["arn:aws:s3:::c/"])]), account::with_advanced(&[narrow])]
    {
        let config = config("unload", &PLACES);
        let (workplace, ran) = planned(vec![trail.clone()], &config, &["--format", "json"]);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        let input = &told["plan"]["steps"][0]["input"];
        let mut after = trail;
        after["event_selectors"] = snake(input.get("EventSelectors").unwrap_or(&json!([])));
        after["advanced_event_selectors"] = snake(input.get("AdvancedEventSelectors").unwrap_or(&json!([])));
        workplace.write("snapshot.json", &snapshot_of(snapshot(vec![after])).to_string());
        let (report, _) = workplace.check(&["--snapshot", "snapshot.json"]);
        for place in PLACES {
            assert_eq!(outcome(&report, "coverage/unload_recorded", &format!("s3://b/{place}")), "pass", "{input:#}");
        }
    }
}

/// The API's names as the snapshot has them.
fn snake(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(snake).collect(),
        Value::Object(members) => {
            let name = |name: &String| {
                let words =
                    name.chars().flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain(c.to_lowercase()));
                words.collect::<String>().trim_start_matches('_').to_owned()
            };
            members.iter().map(|(key, value)| (name(key), snake(value))).collect()
        }
        other => other.clone(),
    }
}

/// Whatever a prefix holds, the shell passes the input on as it is and runs nothing of it.
#[test]
fn the_lines_are_words_for_a_shell() {
    let places = ["it's/", "$(touch ran)/", "`touch ran`;&|/", "日本/\\\"x\\\"/"];
    let (workplace, ran) = planned(vec![trail()], &config("copy", &places), &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let script = format!("aws() {{ printf '%s\\n' \"${{@: -1}}\"; }}\n{}", ran.stdout);
    workplace.write("fix.sh", &script);
    let output = Command::new("bash").arg("fix.sh").current_dir(workplace.path("")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let input: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let values = input["EventSelectors"][1]["DataResources"][0]["Values"].as_array().unwrap();
    let expected =
        ["it's/", "$(touch ran)/", "`touch ran`;&|/", "日本/\"x\"/"].map(|place| format!("arn:aws:s3:::b/{place}"));
    assert_eq!(values, &expected.map(Value::from));
    assert!(!workplace.files().contains(&"ran".to_owned()));
    // Nor is anything a template of Terraform's.
    let (_, ran) = planned(vec![trail()], &config("copy", &["${var.x}/"]), &["--format", "terraform"]);
    assert!(ran.stdout.contains("\"arn:aws:s3:::b/$${var.x}/\""), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_closed_is_said() {
    // Selectors that came since would be lost.
    let (workplace, _) = planned(vec![trail()], &config("copy", &["x/"]), &[]);
    let old = workplace.run(&["fix", "--snapshot", "snapshot.json"]);
    assert!(old.exit == 2 && old.stderr.contains("hours old"), "{old:?}");
    // Nothing is declared: that is a mistake, and not "nothing to fix".
    let (_, empty) = planned(vec![trail()], "", &[]);
    assert!(empty.exit == 2 && empty.stderr.contains("nothing to check"), "{empty:?}");
    // Five trails a region are all that there may be.
    let elsewhere = (0..5).map(|n| {
        let mut trail = trail();
        trail["trail_arn"] = format!("arn:aws:cloudtrail:eu-west-1:111111111111:trail/t{n}").into();
        trail["event_selectors"] = vec![account::basic("ReadOnly", &["arn:aws:s3:::c/"]); 5].into();
        trail
    });
    let (_, full) = planned(elsewhere.collect(), &config("copy", &["x/"]), &[]);
    assert!(full.exit == 3 && full.stdout.contains("left open: s3://b/x/"), "{full:?}");
    // Trails do not count.
    let stores = config("copy", &["x/"]).replace("[scan]", "[scan]\nrecorders = [\"event_data_store\"]");
    let (workplace, _) = planned(vec![trail()], &stores, &[]);
    let mut snapshot: Value =
        serde_json::from_str(&std::fs::read_to_string(workplace.path("snapshot.json")).unwrap()).unwrap();
    snapshot["accounts"][0]["event_data_stores"] = json!([]);
    snapshot["accounts"][0]["scope"]["store_regions"] = json!(["eu-west-1", "us-east-1"]);
    workplace.write("snapshot.json", &snapshot.to_string());
    let ran = workplace.run(&["fix", "--snapshot", "snapshot.json", "--max-age", "36000d"]);
    assert!(ran.exit == 3 && ran.stdout.contains("scan.recorders does not list trails"), "{ran:?}");
    // Whether it is recorded is not known.
    let mut unread = trail();
    unread["event_selectors"] = Value::Null;
    unread["advanced_event_selectors"] = Value::Null;
    let (_, ran) = planned(vec![unread], &config("copy", &["x/"]), &[]);
    assert!(ran.exit == 3 && ran.stdout.contains("not known whether they are recorded: 1 location"), "{ran:?}");
}
