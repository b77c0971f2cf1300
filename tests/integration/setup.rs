//! Before a first check: what is needed, what answers, and what is there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::aws::{THREE_REGIONS, three_regions};
use crate::aws_logs::{log_object, recorded, with_cluster};
use crate::endpoint::Endpoint;
use crate::program::{Workplace, fixture, outcome};

fn policy(workplace: &Workplace, arguments: &[&str]) -> Value {
    let ran = workplace.run(&[&["permissions"], arguments].concat());
    assert_eq!(ran.exit, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let of = |statement: &Value| match &statement["Action"] {
        Value::String(one) => vec![one.clone()],
        many => many.as_array().unwrap().iter().map(|action| action.as_str().unwrap().to_owned()).collect(),
    };
    statements.iter().flat_map(of).collect()
}

/// Held against the calls that a check makes.
#[test]
fn permissions_are_those_that_the_config_makes_it_use() {
    let endpoint = Endpoint::with(&three_regions());
    let workplace = Workplace::at(&endpoint);
    endpoint.rule(json!({"service": "cloudtrail", "operation": "ListEventDataStores", "status": 200, "body": "{\"EventDataStores\": []}"}));
    let access = "\n[[access]]\nlocation = \"s3://load-jp/\"\nroles = [\"arn:aws:iam::123456789012:role/loader\"]\n";
    let stores = "recorders = [\"trail\", \"event_data_store\"]\n";
    let with_stores = THREE_REGIONS.replace(
        "\n[[redshift.unload]]\nlocation = \"s3://unload-us/\"",
        &format!("{stores}\n[[redshift.unload]]\nlocation = \"s3://unload-us/\""),
    );
    assert!(with_stores.contains(stores));
    for config in [THREE_REGIONS.to_owned(), format!("{THREE_REGIONS}{access}"), with_stores] {
        workplace.write("trailcheck.toml", &config);
        let granted = actions(&policy(&workplace, &[]));
        let before = endpoint.calls().len();
        workplace.run(&["collect", "-o", "snapshot.json"]);
        for call in &endpoint.calls()[before..] {
            let name = call.split(' ').next().unwrap();
            let action = match name {
                "s3:HeadBucket" | "s3:ListObjectsV2" | "s3:ListObjects" => "s3:ListBucket",
                "s3:ListBuckets" => "s3:ListAllMyBuckets",
                "sts:GetCallerIdentity" => continue,
                other => other,
            };
            assert!(granted.contains(action), "{call} needs {action}: {granted:?}");
        }
        // And nothing that this config has no use for.
        assert_eq!(granted.contains("s3:GetObject"), config.contains("[[access]]"));
        assert_eq!(granted.contains("cloudtrail:ListEventDataStores"), config.contains("recorders"));
    }
}

#[test]
fn a_snapshot_narrows_the_permissions_to_its_log_buckets() {
    let workplace = Workplace::offline();
    let access = "[[access]]\nlocation = \"s3://b/\"\nroles = [\"arn:aws:iam::123456789012:role/r\"]\n";
    workplace.write("trailcheck.toml", access);
    let open = policy(&workplace, &[]).to_string();
    assert!(open.contains("arn:aws:s3:::*/*AWSLogs/*"), "{open}");
    let snapshot = fixture("article/snapshot.json");
    let narrow = policy(&workplace, &["--snapshot", &snapshot]).to_string();
    assert!(!narrow.contains("s3:::*"), "{narrow}");
    workplace.write("trailcheck.toml", &format!("[scan]\nregions = [\"cn-north-1\"]\n{access}"));
    assert!(policy(&workplace, &[]).to_string().contains("arn:aws-cn:s3:::*"));
    let template = policy(&workplace, &["--format", "cloudformation"]);
    let granted = &template["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"];
    assert_eq!(granted, &policy(&workplace, &[]));
    let terraform = workplace.run(&["permissions", "--format", "terraform"]).stdout;
    let heredoc = terraform.split("<<-POLICY\n").nth(1).unwrap().split("  POLICY\n").next().unwrap();
    assert_eq!(serde_json::from_str::<Value>(heredoc).unwrap(), policy(&workplace, &[]));
}

#[test]
fn doctor_tells_each_permission_and_what_hangs_on_it() {
    let endpoint = Endpoint::with(&three_regions());
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", THREE_REGIONS);
    let well = workplace.run(&["doctor"]);
    assert_eq!(well.exit, 0, "{well:?}");
    assert!(well.stdout.contains("in account 123456789012"), "{}", well.stdout);
    let host = endpoint.url().trim_start_matches("http://").to_owned();
    assert!(well.stdout.contains(&format!("asked, and not AWS's own: {host}\n")), "{}", well.stdout);
    let denied = r#"{"__type":"AccessDeniedException","message":"User is not authorized"}"#;
    endpoint.rule(json!({"service": "cloudtrail", "operation": "GetEventSelectors", "status": 400, "body": denied}));
    let ran = workplace.run(&["doctor"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    let line = ran.stdout.lines().find(|line| line.contains("cloudtrail:GetEventSelectors")).unwrap();
    assert!(line.starts_with("failed"), "{line}");
    assert!(ran.stdout.contains("unknown because of it: coverage/"), "{}", ran.stdout);
    let json: Value = serde_json::from_str(&workplace.run(&["doctor", "--format", "json"]).stdout).unwrap();
    let examined = json["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|of| of["action"] == "cloudtrail:GetEventSelectors")
        .unwrap();
    assert_eq!(examined["answer"], "failed");
    assert_eq!(examined["unknown"]["coverage/copy_recorded"], 1, "{examined}");
}

#[test]
fn another_account_is_refused() {
    let endpoint = Endpoint::with(&three_regions());
    let workplace = Workplace::at(&endpoint);
    let config = THREE_REGIONS.replace("[scan]", "[scan]\naccount = \"999999999999\"");
    workplace.write("trailcheck.toml", &config);
    for command in [&["check"][..], &["collect", "-o", "s.json"], &["doctor"]] {
        let ran = workplace.run(command);
        assert_eq!(ran.exit, 2, "{ran:?}");
        assert!(ran.stderr.contains("scan.account asks for 999999999999"), "{}", ran.stderr);
    }
    assert_eq!(workplace.files(), ["trailcheck.toml"]);
    let snapshot = fixture("article/snapshot.json");
    let ran = workplace.run(&["check", "--snapshot", &snapshot]);
    assert!(ran.exit == 2 && ran.stderr.contains("is not of account 999999999999"), "{ran:?}");
    workplace.write("trailcheck.toml", &config.replace("\"999999999999\"", "123456789012"));
    assert!(workplace.run(&["check"]).stderr.contains("expected a text in quotes"));
}

#[test]
fn a_config_is_filled_with_what_the_account_shows() {
    let endpoint = Endpoint::with(&with_cluster(recorded(&[])));
    let regions = r#"{"Regions": [{"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"}]}"#;
    endpoint.rule(json!({"service": "account", "operation": "ListRegions", "status": 200, "body": regions}));
    let workplace = Workplace::at(&endpoint);
    let discover = |exit: i32| {
        let ran = workplace.run(&["init", "--discover", "--force"]);
        assert_eq!(ran.exit, exit, "{ran:?}");
        assert_eq!(ran.stderr.contains("not seen: no log record was read"), exit == 3, "{ran:?}");
        std::fs::read_to_string(workplace.path("trailcheck.toml")).unwrap()
    };
    let text = discover(3);
    assert!(text.contains("account = \"123456789012\"") && text.contains("role/loader"), "{text}");
    assert!(text.contains("No COPY and no UNLOAD is in the records"), "{text}");
    endpoint.add(&json!({"objects": [log_object("loader", 3)]}));
    let text = discover(0);
    let table =
        "[[redshift.copy]]\nlocation = \"s3://load-eu/\"\nrole     = \"arn:aws:iam::123456789012:role/loader\"\n";
    assert!(text.contains(table), "{text}");
    let (report, _) = workplace.check(&["--policy", "coverage/copy_recorded"]);
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://load-eu/"), "pass", "what is written is a config");
}

/// Nothing found where nothing could be read is no all-clear.
#[test]
fn what_discovery_could_not_read_is_said() {
    let endpoint = Endpoint::with(&recorded(&[log_object("loader", 3)]));
    let regions = r#"{"Regions": [{"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"}]}"#;
    endpoint.rule(json!({"service": "account", "operation": "ListRegions", "status": 200, "body": regions}));
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    endpoint.rule(json!({"service": "s3", "operation": "GetObject", "status": 403, "body": denied}));
    let workplace = Workplace::at(&endpoint);
    let ran = workplace.run(&["init", "--discover"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert!(ran.stderr.contains("1 log object could not be read") && ran.stderr.contains("AccessDenied"), "{ran:?}");
    let text = std::fs::read_to_string(workplace.path("trailcheck.toml")).unwrap();
    assert!(text.contains("# not seen: ") && text.contains("AccessDenied"), "{text}");
    // A check names it too, and the permission that is missing.
    workplace.write(
        "trailcheck.toml",
        "[scan]\nregions = [\"eu-west-1\"]\n[[access]]\nlocation = \"s3://load-eu/\"\nroles = [\"arn:aws:iam::123456789012:role/loader\"]\n",
    );
    let ran = workplace.run(&["check", "--policy", "access/approved_roles"]);
    assert!(ran.exit == 3 && ran.stdout.contains("AccessDenied"), "{ran:?}");
}
