//! Clusters and the roles they carry: where each is, and which is meant.

use serde_json::{Value, json};

use crate::evidence::{CONFIG, PLACE, ROLE, changed, check};
use crate::program::{finding, outcome};

fn cluster(name: &str, region: &str, roles: &[&str]) -> Value {
    let roles: Vec<Value> = roles.iter().map(|role| json!({"iam_role_arn": role, "apply_status": "in-sync"})).collect();
    json!({"cluster_identifier": name, "kind": "provisioned", "region": region, "account": "111111111111", "iam_roles": roles})
}

/// A report on two regions with these clusters, where the location has one more line.
fn with(line: &str, clusters: &[Value]) -> Value {
    let regions = json!(["eu-west-1", "us-east-1"]);
    let snapshot = changed(&[("/clusters", json!(clusters)), ("/scope/regions", regions)]);
    check(&snapshot, &CONFIG.replace("unloaded_at", &format!("{line}\nunloaded_at")))
}

/// Whether they are in the bucket's region, which is eu-west-1, and what is told.
fn placed(line: &str, clusters: &[Value]) -> (String, String) {
    let report = with(line, clusters);
    let finding = finding(&report, "placement/same_region", PLACE);
    (finding["outcome"].as_str().unwrap().to_owned(), finding["message"].as_str().unwrap().to_owned())
}

#[test]
fn every_cluster_that_has_the_role_must_be_beside_the_bucket() {
    let role = format!("role = \"{ROLE}\"");
    let (near, far) = (cluster("near", "eu-west-1", &[ROLE]), cluster("far", "us-east-1", &[ROLE]));
    assert_eq!(placed(&role, std::slice::from_ref(&near)).0, "pass");
    let (outcome, message) = placed(&role, &[near.clone(), far]);
    assert_eq!(outcome, "fail");
    assert!(message.contains("us-east-1") && message.contains("REGION 'eu-west-1'"), "{message}");
    // One that has another role does not use the location.
    assert_eq!(placed(&role, &[near, cluster("far", "us-east-1", &[])]).0, "pass");
}

#[test]
fn every_cluster_of_the_name_must_be_beside_the_bucket() {
    let name = "cluster = \"dw\"";
    let (near, far) = (cluster("dw", "eu-west-1", &[]), cluster("dw", "us-east-1", &[]));
    assert_eq!(placed(name, std::slice::from_ref(&near)).0, "pass");
    assert_eq!(placed(name, &[near.clone(), far]).0, "fail");
    assert_eq!(placed(name, &[near, cluster("other", "us-east-1", &[])]).0, "pass");
}

/// A role that is on its way out of a cluster may still act, or no longer.
#[test]
fn a_role_that_is_being_removed_is_not_known_to_be_carried() {
    let of = |statuses: &[&str]| {
        let clusters: Vec<Value> = statuses
            .iter()
            .enumerate()
            .map(|(number, status)| {
                let mut cluster = cluster(&format!("c{number}"), "eu-west-1", &[ROLE]);
                cluster["iam_roles"][0]["apply_status"] = (*status).into();
                cluster
            })
            .collect();
        let report = with(&format!("role = \"{ROLE}\""), &clusters);
        ["redshift/known_role", "redshift/declared_role"].map(|policy| outcome(&report, policy, ROLE).to_owned())
    };
    assert_eq!(of(&["in-sync"]), ["pass", "pass"]);
    assert_eq!(of(&["removing"]), ["unknown", "unknown"]);
    assert_eq!(of(&["removing", "in-sync"]), ["pass", "pass"], "another cluster keeps it");
}

#[test]
fn the_name_that_is_nearest_is_told() {
    let mut namespace = cluster("sales-data", "eu-west-1", &[]);
    namespace["kind"] = "serverless".into();
    let clusters = [cluster("analytics", "eu-west-1", &[ROLE]), namespace];
    for (name, nearest) in [("analytic", "analytics"), ("ANALYTICS", "analytics"), ("sales-date", "sales-data")] {
        let (outcome, message) = placed(&format!("cluster = \"{name}\""), &clusters);
        assert_eq!(outcome, "unknown", "{name}");
        assert!(message.contains(&format!("did you mean `{nearest}`?")), "{message}");
        assert!(message.contains("no cluster, namespace or workgroup"), "{message}");
    }
    let (_, message) = placed("cluster = \"q\"", &clusters);
    assert!(!message.contains("did you mean"), "{message}");
    // The same of a role that no cluster has.
    let role = |name: &str| {
        let role = format!("arn:aws:iam::111111111111:role/{name}");
        let report = with(&format!("role = \"{role}\""), &clusters);
        let finding = finding(&report, "redshift/declared_role", &role);
        assert_eq!(finding["outcome"], "fail", "{finding}");
        finding["message"].as_str().unwrap().to_owned()
    };
    assert!(role("unloadr").contains("did you mean `unloader`?"));
    assert!(!role("quite-another").contains("did you mean"));
}
