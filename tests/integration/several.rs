//! Several accounts in one scan, each entered by a role of its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::aws::{ACCOUNT, JUDGED, basic};
use crate::aws_logs::{log_object, quiet, recorded};
use crate::endpoint::Endpoint;
use crate::program::{Ran, Workplace, finding, outcome};

const MEMBER: &str = "222222222222";

const CONFIG: &str = r#"
[scan]
regions = ["eu-west-1"]
accounts = [
    { id = "123456789012" },
    { id = "222222222222", role = "arn:aws:iam::222222222222:role/audit", external_id = "tower-7" },
]
[[redshift.copy]]
location = "s3://load-eu/"
[[redshift.unload]]
location = "s3://unload-member/"
"#;

/// The caller's account with `load-eu` and its trail, and a member with `unload-member` and a trail of its own.
fn two_accounts(objects: &[Value]) -> Endpoint {
    let endpoint = Endpoint::with(&recorded(objects));
    endpoint.add(&json!({
        "account": MEMBER,
        "buckets": [{"name": "unload-member", "region": "eu-west-1"}, {"name": "logs-member", "region": "eu-west-1"}],
        "trails": [{"name": "member", "region": "eu-west-1", "bucket": "logs-member",
            "basic": basic(&["arn:aws:s3:::unload-member/"])}],
        "clusters": [{"name": "warehouse", "region": "eu-west-1", "roles": ["arn:aws:iam::222222222222:role/unloader"]}],
    }));
    endpoint
}

fn check(endpoint: &Endpoint, config: &str) -> (Value, Ran) {
    let workplace = Workplace::at(endpoint);
    workplace.write("trailcheck.toml", config);
    workplace.check(&JUDGED)
}

fn refuse_role(endpoint: &Endpoint) {
    let denied = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/x \
                  is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/audit</Message></Error></ErrorResponse>";
    endpoint.rule(json!({"service": "sts", "operation": "AssumeRole", "status": 403, "body": denied}));
}

#[test]
fn each_account_is_judged_by_its_own_trails() {
    let endpoint = two_accounts(&[]);
    let (report, ran) = check(&endpoint, CONFIG);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://load-eu/"), "pass");
    let unload = finding(&report, "coverage/unload_recorded", "s3://unload-member/");
    assert_eq!((&unload["outcome"], &unload["resource"]["account"]), (&json!("pass"), &json!(MEMBER)));
    let accounts = report["run"]["accounts"].as_array().unwrap();
    let ids: Vec<&Value> = accounts.iter().map(|account| &account["account"]).collect();
    assert_eq!(ids, [ACCOUNT, MEMBER]);
    assert!(accounts[1]["caller"].as_str().unwrap().contains(":assumed-role/audit/trailcheck-"), "{report}");
    assert_eq!(accounts[1]["clusters"], json!(["warehouse"]));
    // The role is assumed once, with its external id, and nothing is asked twice.
    let calls = endpoint.calls();
    let assumed: Vec<&String> = calls.iter().filter(|call| call.starts_with("sts:AssumeRole ")).collect();
    assert_eq!(assumed.len(), 1, "{assumed:?}");
    assert!(assumed[0].contains("ExternalId=tower-7") && !assumed[0].contains("DurationSeconds"), "{assumed:?}");
    assert_eq!(calls.iter().filter(|call| call.contains(":DescribeTrails ")).count(), 2);
    assert_eq!(calls.iter().filter(|call| call.contains(":GetEventSelectors ")).count(), 2);
    // moto's lists of buckets leave out where they are: each of the declared ones is asked for by one account.
    let heads: BTreeSet<&String> = calls.iter().filter(|call| call.contains(":HeadBucket ")).collect();
    assert_eq!((heads.len(), calls.iter().filter(|call| call.contains(":HeadBucket ")).count()), (2, 2), "{heads:?}");
}

/// The formula of ARCHITECTURE.md, "Several accounts".
#[test]
fn the_number_of_calls_is_known_beforehand() {
    let endpoint = two_accounts(&[]);
    endpoint.add(
        &json!({"account": MEMBER, "trails": [{"name": "everywhere", "region": "us-east-1", "bucket": "logs-member",
        "multi_region": true, "basic": basic(&["arn:aws:s3:::elsewhere/"])}]}),
    );
    let config = CONFIG.replace("[\"eu-west-1\"]", "[\"eu-west-1\", \"us-east-1\", \"ap-northeast-1\"]");
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", &config);
    let ran = workplace.run(&["collect", "-o", "snapshot.json"]);
    assert!(ran.stderr.contains(", 2 of 2\n"), "a line for each account: {ran:?}");
    let (accounts, by_role, regions) = (2, 1, 3);
    // Two trails of one region, one of all three.
    let (selectors, statuses) = (3, 1 + 1 + 3);
    // Two declared buckets, which moto's lists leave without their region, and one that a selector names.
    let heads = 3;
    let calls = endpoint.calls();
    let expected = 2 + 2 * by_role + accounts * (1 + 4 * regions) + selectors + statuses + heads;
    assert_eq!(calls.len(), expected, "{calls:#?}");
}

#[test]
fn what_one_account_does_not_record_is_its_own_failure() {
    let endpoint = two_accounts(&[]);
    endpoint.add(&json!({"account": MEMBER, "trails": [{"name": "member", "region": "eu-west-1", "exists": true,
        "basic": basic(&["arn:aws:s3:::elsewhere/"])}]}));
    let (report, ran) = check(&endpoint, CONFIG);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://load-eu/"), "pass");
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://unload-member/"), "fail");
}

/// Its trails and buckets may be anything: what needs them is unknown, with the reason, and nothing else is.
#[test]
fn an_account_that_cannot_be_entered_is_unknown_and_not_empty() {
    let endpoint = two_accounts(&[]);
    refuse_role(&endpoint);
    let (report, ran) = check(&endpoint, CONFIG);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://load-eu/"), "pass");
    let unload = finding(&report, "coverage/unload_recorded", "s3://unload-member/");
    assert_eq!(unload["outcome"], "unknown");
    assert_eq!(outcome(&report, "trail/logging", MEMBER), "unknown");
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", CONFIG);
    let text = workplace.run(&["check"]).stdout;
    assert!(text.contains("account 123456789012, and not 222222222222, which could not be entered"), "{text}");
    let failure = &report["run"]["failures"][0];
    assert_eq!((&failure["call"], &failure["account"]), (&json!("sts:AssumeRole"), &json!(MEMBER)));
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("or its trust policy does not ask for the external id of the config"), "{message}");
    assert!(!ran.stdout.contains("tower-7") && !report.to_string().contains("tower-7"), "{report}");
    // A role of that account: its own trails would record what it does.
    let by_role = CONFIG.replace(
        "location = \"s3://load-eu/\"",
        "location = \"s3://never-there/\"\nrole = \"arn:aws:iam::222222222222:role/loader\"",
    );
    assert_eq!(outcome(&check(&endpoint, &by_role).0, "coverage/copy_recorded", "s3://never-there/"), "unknown");
    // Whether a cluster there carries it, nobody knows: that is not "not applicable".
    workplace.write("trailcheck.toml", &by_role);
    let (report, ran) = workplace.check(&["--policy", "redshift/declared_role"]);
    let role = "arn:aws:iam::222222222222:role/loader";
    assert_eq!((ran.exit, outcome(&report, "redshift/declared_role", role)), (3, "unknown"));
}

#[test]
fn credentials_of_the_wrong_account_scan_nothing() {
    let endpoint = two_accounts(&[]);
    let config = CONFIG.replace("{ id = \"123456789012\" },", "{ id = \"333333333333\" },");
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", &config);
    let ran = workplace.run(&["check"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("names 333333333333 without a role") && ran.stderr.contains("give it `role`"),
        "{ran:?}"
    );
    // None could be entered: there is nothing to judge.
    refuse_role(&endpoint);
    workplace.write("trailcheck.toml", &CONFIG.replace("{ id = \"123456789012\" },", ""));
    let ran = workplace.run(&["check"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(ran.stderr.contains("no account could be entered"), "{ran:?}");
    assert!(ran.stderr.contains("222222222222: sts:AssumeRole"), "{ran:?}");
}

/// A snapshot tells nothing of an account that came into the config later.
#[test]
fn a_snapshot_without_an_account_of_the_config_is_refused() {
    let endpoint = two_accounts(&[]);
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", CONFIG);
    assert_eq!(workplace.run(&["collect", "-o", "snapshot.json"]).exit, 0);
    let (report, ran) = workplace.check(&[&["--snapshot", "snapshot.json"], &JUDGED[..]].concat());
    assert_eq!(ran.exit, 0, "{report}");
    let third = "{ id = \"333333333333\", role = \"arn:aws:iam::333333333333:role/audit\" },\n]";
    workplace.write("trailcheck.toml", &CONFIG.replacen("\n]", &format!("\n    {third}"), 1));
    let ran = workplace.run(&["check", "--snapshot", "snapshot.json"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(ran.stderr.contains("holds nothing of account 333333333333, which scan.accounts names"), "{ran:?}");
}

/// Log files in the bucket of another account are read with the owner's credentials: members mostly may not.
#[test]
fn logs_are_read_as_the_owner_of_their_bucket() {
    let mut member_log: Vec<Value> = (0..9).map(|number| quiet(number * 3)).collect();
    member_log.push(log_object("unloader", 3));
    let of_member = |text: &str| text.replace(ACCOUNT, MEMBER).replace("load-eu", "unload-member");
    for object in &mut member_log {
        let body = data_encoding::BASE64.decode(object["base64"].as_str().unwrap().as_bytes()).unwrap();
        let records = of_member(std::str::from_utf8(&trailcheck::gzip::inflate(&body, 1 << 20).unwrap()).unwrap());
        object["base64"] = data_encoding::BASE64.encode(&trailcheck::gzip::compress(records.as_bytes())).into();
        object["key"] = of_member(object["key"].as_str().unwrap()).into();
    }
    let endpoint = Endpoint::with(&recorded(&member_log));
    endpoint.add(&json!({
        "account": MEMBER,
        "buckets": [{"name": "unload-member", "region": "eu-west-1"}],
        "trails": [{"name": "member", "region": "eu-west-1", "bucket": "logs",
            "basic": basic(&["arn:aws:s3:::unload-member/"])}],
    }));
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    for operation in ["ListObjectsV2", "GetObject"] {
        endpoint.rule(json!({"service": "s3", "operation": operation, "assumed": true, "status": 403, "body": denied}));
    }
    let access =
        "[[access]]\nlocation = \"s3://unload-member/\"\nroles = [\"arn:aws:iam::222222222222:role/unloader\"]\n";
    let (report, ran) = check(&endpoint, &format!("{CONFIG}{access}"));
    let told = finding(&report, "access/approved_roles", "s3://unload-member/");
    assert!(told["evidence"]["approved"].to_string().contains("role/unloader"), "{told}: {ran:?}");
    assert_eq!(report["run"]["failures"], json!([]), "{ran:?}");
    let read = report["run"]["records"]["read"].as_array().unwrap();
    let of_member = read.iter().find(|reading| reading["account"] == MEMBER).unwrap();
    assert_eq!((&of_member["listed_objects"], &of_member["read_objects"]), (&json!(10), &json!(10)), "{read:?}");
    // Denied to the owner too, it is unknown.
    endpoint.forget_rules();
    endpoint.rule(json!({"service": "s3", "operation": "GetObject", "status": 403, "body": denied}));
    let (report, _) = check(&endpoint, &format!("{CONFIG}{access}"));
    assert_eq!(outcome(&report, "access/approved_roles", "s3://unload-member/"), "unknown");
}

/// Each permission of each account: where one lacks it, it is named.
#[test]
fn doctor_names_the_account_that_lacks_a_permission() {
    let endpoint = two_accounts(&[]);
    let denied = r#"{"__type":"AccessDeniedException","message":"no"}"#;
    endpoint.rule(
        json!({"service": "cloudtrail", "operation": "GetTrailStatus", "assumed": true, "status": 400, "body": denied}),
    );
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", CONFIG);
    let ran = workplace.run(&["doctor"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    for line in ["in account 123456789012\n", ":assumed-role/audit/trailcheck-", "in account 222222222222\n"] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert!(
        ran.stdout.contains("222222222222/arn:aws:cloudtrail:eu-west-1:222222222222:trail/member: AccessDenied"),
        "{}",
        ran.stdout
    );
    let told = workplace.run(&["permissions"]);
    assert!(told.stderr.contains("needs sts:AssumeRole of arn:aws:iam::222222222222:role/audit"), "{told:?}");
    workplace.write("trailcheck.toml", ORGANIZATION);
    let told = workplace.run(&["permissions"]);
    assert!(told.stderr.contains("organizations:ListAccounts") && told.stderr.contains(":*:role/audit"), "{told:?}");
}

/// Evidence is fetched again as it was read: with the credentials of whoever may.
#[test]
fn evidence_of_several_accounts_holds_their_records() {
    let endpoint = two_accounts(&[log_object("loader", 3)]);
    let workplace = Workplace::at(&endpoint);
    let access =
        "[[access]]\nlocation = \"s3://load-eu/\"\nroles = []\nusers = [\"arn:aws:iam::123456789012:user/x\"]\n";
    workplace.write("trailcheck.toml", &format!("{CONFIG}{access}"));
    let (_, ran) = workplace.check(&[&["--evidence", "kept"], &JUDGED[..]].concat());
    assert_eq!(ran.exit, 1, "{ran:?}");
    let records = std::fs::read_to_string(workplace.path("kept/records.json")).unwrap_or_default();
    assert!(records.contains("event-of-loader") && !records.contains("not_read"), "{records} {:?}", workplace.files());
}

/// A member sees its organization's trail and may not read its selectors; the account that owns it may.
#[test]
fn an_organizations_trail_is_completed_by_its_owner() {
    let endpoint = two_accounts(&[]);
    let arn = format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/organization");
    let list = json!({"trailList": [{"Name": "organization", "TrailARN": arn, "HomeRegion": "eu-west-1", "S3BucketName": "logs",
        "IsMultiRegionTrail": false, "IsOrganizationTrail": true}]});
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let status = json!({"IsLogging": true, "LatestDeliveryTime": now, "StartLoggingTime": 1});
    let refused = json!({"__type": "CloudTrailARNInvalidException", "message": "The ARN is of another account"});
    let answer = |operation: &str, assumed: Value, status: i32, body: &Value| {
        let body = body.to_string();
        endpoint.rule(json!({"service": "cloudtrail", "operation": operation, "assumed": assumed, "status": status, "body": body}));
    };
    answer("DescribeTrails", Value::Null, 200, &list);
    answer("GetTrailStatus", Value::Null, 200, &status);
    answer("GetEventSelectors", true.into(), 400, &refused);
    let selectors = basic(&["arn:aws:s3:::load-eu/", "arn:aws:s3:::unload-member/"]);
    answer("GetEventSelectors", false.into(), 200, &json!({"TrailARN": arn, "EventSelectors": selectors}));
    let (report, ran) = check(&endpoint, CONFIG);
    assert_eq!(ran.exit, 0, "{ran:?}");
    for (policy, place) in [("copy", "s3://load-eu/"), ("unload", "s3://unload-member/")] {
        assert_eq!(outcome(&report, &format!("coverage/{policy}_recorded"), place), "pass");
    }
    assert_eq!(report["run"]["failures"], json!([]), "the member is not asked for what it may not read");
    // Where its owner may not read them either, nobody knows;
    endpoint.forget_rules();
    answer("DescribeTrails", Value::Null, 200, &list);
    answer("GetTrailStatus", Value::Null, 200, &status);
    answer("GetEventSelectors", false.into(), 400, &refused);
    answer("GetEventSelectors", true.into(), 200, &json!({"TrailARN": arn, "EventSelectors": selectors}));
    let (report, ran) = check(&endpoint, CONFIG);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://unload-member/"), "unknown");
    // but for an account that administers CloudTrail for the organization.
    organization(&endpoint);
    assert_eq!(outcome(&check(&endpoint, ORGANIZATION).0, "coverage/unload_recorded", "s3://unload-member/"), "pass");
}

const ORGANIZATION: &str = r#"
[scan]
regions = ["eu-west-1"]
organization = { role = "audit", external_id = "tower-7", include_ou = ["ou-root-banking"], exclude = ["555555555555"] }
[[redshift.copy]]
location = "s3://load-eu/"
[[redshift.unload]]
location = "s3://unload-member/"
"#;

/// Answers of AWS Organizations: four accounts behind an empty page, one of them in another unit.
fn organization(endpoint: &Endpoint) {
    let answer = |operation: &str, contains: Option<&str>, body: Value| {
        endpoint.rule(json!({"service": "organizations", "operation": operation, "contains": contains, "status": 200,
            "body": body.to_string()}));
    };
    let account = |id: &str, state: &str, unit: &str| {
        json!({"Id": id, "Name": format!("n{id}"), "State": state,
        "Paths": [format!("o-acme/r-root/{unit}/{id}/")]})
    };
    answer("DescribeOrganization", None, json!({"Organization": {"Id": "o-acme", "MasterAccountId": ACCOUNT}}));
    answer("ListDelegatedAdministrators", None, json!({"DelegatedAdministrators": [{"Id": MEMBER}]}));
    let mut old = account("333333333333", "ACTIVE", "ou-root-banking");
    // Before `State` there was `Status`.
    old["Status"] = "SUSPENDED".into();
    old.as_object_mut().unwrap().remove("State");
    answer(
        "ListAccounts",
        Some("page-2"),
        json!({"Accounts": [
            account(ACCOUNT, "ACTIVE", "ou-root-banking"), account(MEMBER, "ACTIVE", "ou-root-banking"), old,
            account("444444444444", "ACTIVE", "ou-root-sandbox"), account("555555555555", "ACTIVE", "ou-root-banking"),
        ]}),
    );
    answer("ListAccounts", None, json!({"Accounts": [], "NextToken": "page-2"}));
}

#[test]
fn the_accounts_of_an_organization_are_found() {
    let endpoint = two_accounts(&[]);
    organization(&endpoint);
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", ORGANIZATION);
    assert_eq!(workplace.run(&["collect", "-o", "snapshot.json"]).exit, 3, "one is suspended");
    let text = std::fs::read_to_string(workplace.path("snapshot.json")).unwrap();
    let snapshot: Value = serde_json::from_str(&text).unwrap();
    let scanned: Vec<&Value> =
        snapshot["accounts"].as_array().unwrap().iter().map(|account| &account["caller"]["account"]).collect();
    assert_eq!(scanned, [ACCOUNT, MEMBER]);
    let failure = &snapshot["not_entered"][0];
    assert_eq!((&failure["account"], &failure["code"]), (&json!("333333333333"), &json!("SUSPENDED")));
    assert_eq!(snapshot["not_entered"].as_array().unwrap().len(), 1);
    let told = &snapshot["organization"];
    assert_eq!((&told["management_account"], &told["delegated_administrators"]), (&json!(ACCOUNT), &json!([MEMBER])));
    let why: Vec<&Value> =
        told["accounts"].as_array().unwrap().iter().map(|member| &member["not_scanned_because"]).collect();
    assert!(why[0].is_null() && why[1].is_null() && why[2].to_string().contains("suspended"), "{why:?}");
    assert!(why[3].to_string().contains("include_ou") && why[4].to_string().contains("exclude"), "{why:?}");
    let assumed: Vec<String> =
        endpoint.calls().into_iter().filter(|call| call.starts_with("sts:AssumeRole ")).collect();
    assert!(assumed.len() == 1 && assumed[0].contains("222222222222%3Arole%2Faudit"), "{assumed:?}");
    let (report, ran) = workplace.check(&[&["--snapshot", "snapshot.json"], &JUDGED[..]].concat());
    assert_eq!(ran.exit, 3, "{ran:?}");
    for (policy, place) in [("copy", "s3://load-eu/"), ("unload", "s3://unload-member/")] {
        assert_eq!(outcome(&report, &format!("coverage/{policy}_recorded"), place), "pass");
    }
    assert_eq!(outcome(&report, "trail/logging", "333333333333"), "unknown");
}

#[test]
fn an_organization_that_cannot_be_listed_is_no_scan() {
    let endpoint = two_accounts(&[]);
    let denied =
        r#"{"__type":"AccessDeniedException","Message":"You don't have permissions to access this resource."}"#;
    endpoint.rule(json!({"service": "organizations", "status": 400, "body": denied}));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", ORGANIZATION);
    let ran = workplace.run(&["check"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("organizations:DescribeOrganization") && ran.stderr.contains("AccessDenied"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("next: start the scan in the management account"), "{ran:?}");
    for (config, expected) in [
        ("organization = { role = \"arn:aws:iam::111111111111:role/audit\" }", "is not a role's name"),
        ("organization = { role = \"audit\", include_ou = [\"banking\"] }", "is not the id of an organizational unit"),
        ("organization = { role = \"a*\" }", "is not a role's name"),
        ("organization = { role = \"audit\" }\naccounts = [{ id = \"111111111111\" }]", "give one of the two"),
    ] {
        workplace.write("trailcheck.toml", &format!("[scan]\n{config}\n"));
        let ran = workplace.run(&["check"]);
        assert!(ran.exit == 2 && ran.stderr.contains(expected), "{config}: {ran:?}");
    }
}

/// A slip would leave accounts out without a word.
#[test]
fn what_the_organization_does_not_have_is_refused() {
    let endpoint = two_accounts(&[]);
    organization(&endpoint);
    let workplace = Workplace::at(&endpoint);
    for (was, is, expected) in [
        (
            "ou-root-banking",
            "ou-root-bankin",
            "include_ou names ou-root-bankin, which is not in the organization; did you mean ou-root-banking?",
        ),
        (
            "555555555555",
            "555555555556",
            "exclude names 555555555556, which is not in the organization; did you mean 555555555555?",
        ),
    ] {
        workplace.write("trailcheck.toml", &ORGANIZATION.replace(was, is));
        let ran = workplace.run(&["collect", "-o", "snapshot.json"]);
        assert!(ran.exit == 2 && ran.stderr.contains(expected), "{ran:?}");
    }
    workplace
        .write("trailcheck.toml", &ORGANIZATION.replace("banking", "sandbox").replace("555555555555", "444444444444"));
    assert!(workplace.run(&["check"]).stderr.contains("scan.organization leaves no account"));
    // An account that is left out no longer is not in an older snapshot.
    let all = ORGANIZATION.replace(
        "include_ou = [\"ou-root-banking\"], exclude = [\"555555555555\"]",
        "exclude = [\"444444444444\", \"555555555555\"]",
    );
    workplace.write("trailcheck.toml", &all);
    assert_eq!(workplace.run(&["collect", "-o", "snapshot.json"]).exit, 3);
    assert_eq!(workplace.run(&["check", "--snapshot", "snapshot.json"]).exit, 1);
    workplace.write("trailcheck.toml", &all.replace("\"444444444444\", ", ""));
    let ran = workplace.run(&["check", "--snapshot", "snapshot.json"]);
    assert!(
        ran.exit == 2 && ran.stderr.contains("left out account 444444444444, which scan.organization does not"),
        "{ran:?}"
    );
}

/// Who administers CloudTrail for the organization may change its trail: not knowing them is a failure that is told.
#[test]
fn administrators_that_are_not_told_are_a_failure() {
    let endpoint = two_accounts(&[]);
    let denied = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
    let call = "ListDelegatedAdministrators";
    endpoint.rule(json!({"service": "organizations", "operation": call, "status": 400, "body": denied}));
    organization(&endpoint);
    let (report, ran) = check(&endpoint, ORGANIZATION);
    assert_eq!(ran.exit, 3, "{ran:?}");
    let failures = report["run"]["failures"].to_string();
    assert!(failures.contains("organizations:ListDelegatedAdministrators"), "{failures}");
}
