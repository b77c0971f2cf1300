//! What a config declares, held against clusters, manifests and records.

use serde_json::{Value, json};

use crate::account;
use crate::evidence::{CONFIG, PLACE, ROLE, access, changed, check, complete};
use crate::program::{finding, outcome};

/// Of a chain of roles the first is associated with the cluster, and the last acts: the config says which chains there are.
#[test]
fn the_last_role_of_a_chain_is_carried_by_the_first() {
    let carried = "arn:aws:iam::111111111111:role/carried";
    let declaring = |role: &str| CONFIG.replace("unloaded_at", &format!("role = \"{role}\"\nunloaded_at"));
    let of = |config: &str| {
        let report = check(&changed(&[("/clusters/0/iam_roles", json!([{"iam_role_arn": carried}]))]), config);
        (outcome(&report, "redshift/known_role", ROLE).to_owned(), report)
    };
    let (known, report) = of(&declaring(&format!("{carried},{ROLE}")));
    assert_eq!((&*known, outcome(&report, "redshift/declared_role", carried)), ("pass", "pass"), "{report:#}");
    // Nobody says how it came to act.
    assert_eq!(of(CONFIG).0, "fail");
    // It may be the last of a chain that is not written down.
    assert_eq!(of(&declaring(ROLE)).0, "unknown");
    // The chain begins with a role that no cluster has.
    let other = "arn:aws:iam::111111111111:role/other";
    let (known, report) = of(&declaring(&format!("{other},{ROLE}")));
    assert_eq!((&*known, outcome(&report, "redshift/declared_role", other)), ("fail", "fail"), "{report:#}");
}

/// A role that other clusters carry is not the one of the cluster that is named.
#[test]
fn a_declared_role_is_looked_for_on_the_cluster_that_is_named() {
    let named = |cluster: &str| {
        CONFIG.replace("unloaded_at", &format!("role = \"{ROLE}\"\ncluster = \"{cluster}\"\nunloaded_at"))
    };
    let dw = json!({"cluster_identifier": "dw", "kind": "provisioned", "region": "eu-west-1", "account": "111111111111", "iam_roles": []});
    let clusters = json!([complete()["clusters"][0], dw]);
    let told = |cluster: &str| check(&changed(&[("/clusters", clusters.clone())]), &named(cluster));
    assert_eq!(outcome(&told("analytics"), "redshift/declared_role", ROLE), "pass");
    let report = told("dw");
    let elsewhere = finding(&report, "redshift/declared_role", ROLE);
    assert_eq!(elsewhere["outcome"], "fail");
    assert!(
        elsewhere["message"].as_str().unwrap().contains("dw, which a location names, does not have it; analytics has"),
        "{elsewhere}"
    );
    // Another one of that name may be where nobody looked.
    let failure = json!([{"call": "redshift:DescribeClusters", "account": "111111111111", "region": "us-east-1",
        "code": "AccessDenied", "message": "no", "makes_unknown": ["clusters"]}]);
    let report = check(&changed(&[("/clusters", clusters.clone()), ("/failures", failure)]), &named("dw"));
    assert_eq!(outcome(&report, "redshift/declared_role", ROLE), "unknown");
}

/// That a manifest is recorded says nothing of the objects that COPY reads by it.
#[test]
fn a_manifest_is_not_what_is_loaded() {
    let told = |place: &str| {
        let config = format!("[[redshift.copy]]\nlocation = \"{place}\"\n");
        let report = check(&account::complete("s3://out/"), &config);
        outcome(&report, "coverage/copy_recorded", place).to_owned()
    };
    assert_eq!(told("s3://out/unload/manifest"), "unknown");
    assert_eq!(told("s3://out/load.manifest"), "unknown");
    assert_eq!(told("s3://out/manifest/2026/"), "pass");
}

/// Where nobody came, the pass says so.
#[test]
fn a_pass_says_of_how_many_accesses_it_is() {
    let told = |accesses: Value| {
        let config = format!("[[access]]\nlocation = \"s3://out/\"\nroles = [\"{ROLE}\"]\n");
        let nothing = [("/records/accesses", accesses), ("/records/sessions", json!([]))];
        let report = check(&changed(&nothing), &config);
        finding(&report, "access/approved_roles", PLACE)["message"].as_str().unwrap().to_owned()
    };
    assert!(told(json!([])).starts_with("there was no access from "));
    assert!(told(json!([access(ROLE, "role", "111111111111")])).starts_with("the only access from "));
}
