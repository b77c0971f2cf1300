//! Live runs against the local AWS endpoint, through the real SDK.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::program::{Workplace, finding, outcome};

pub const ACCOUNT: &str = "123456789012";

/// What these tests ask of an account; a policy that is added later is another test's.
pub const JUDGED: [&str; 14] = [
    "--policy",
    "coverage/unload_recorded",
    "--policy",
    "coverage/copy_recorded",
    "--policy",
    "coverage/recorded_once",
    "--policy",
    "coverage/dead_selector",
    "--policy",
    "placement/same_region",
    "--policy",
    "trail/logging",
    "--policy",
    "access/approved_roles",
];

pub fn basic(values: &[&str]) -> Value {
    json!([{
        "ReadWriteType": "All", "IncludeManagementEvents": true,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": values}],
    }])
}

fn advanced(operator: &str, value: &str) -> Value {
    json!([{"Name": "objects", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", operator: [value]},
    ]}])
}

/// Three regions: a multi-region trail with basic selectors, a single-region one with advanced selectors, and one that is
/// stopped.
pub fn three_regions() -> Value {
    json!({
        "buckets": [
            {"name": "unload-us", "region": "us-east-1"},
            {"name": "unload-eu", "region": "eu-west-1"},
            {"name": "load-jp", "region": "ap-northeast-1"},
            {"name": "never-declared", "region": "eu-west-1"},
            {"name": "logs", "region": "us-east-1"},
        ],
        "trails": [
            {"name": "everywhere", "region": "us-east-1", "bucket": "logs", "multi_region": true,
             "basic": basic(&["arn:aws:s3:::unload-us/"])},
            {"name": "europe", "region": "eu-west-1", "bucket": "logs",
             "advanced": advanced("StartsWith", "arn:aws:s3:::unload-eu/")},
            {"name": "japan", "region": "ap-northeast-1", "bucket": "logs", "logging": false,
             "basic": basic(&["arn:aws:s3:::load-jp/"])},
        ],
        "clusters": [
            {"name": "analytics", "region": "us-east-1", "roles": ["arn:aws:iam::123456789012:role/loader"]},
            {"name": "europe", "region": "eu-west-1"},
        ],
    })
}

pub const THREE_REGIONS: &str = r#"
[scan]
regions = ["us-east-1", "eu-west-1", "ap-northeast-1"]

[[redshift.unload]]
location = "s3://unload-us/"
cluster  = "analytics"

[[redshift.unload]]
location = "s3://unload-eu/"
cluster  = "europe"

[[redshift.copy]]
location = "s3://load-jp/"
cluster  = "analytics"
"#;

#[test]
pub fn three_regions_are_judged_each_by_its_own_trails() {
    let endpoint = Endpoint::with(&three_regions());
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", THREE_REGIONS);
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://unload-us/"), "pass");
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://unload-eu/"), "pass");
    let lost = finding(&report, "coverage/copy_recorded", "s3://load-jp/");
    assert_eq!(lost["outcome"], "fail");
    assert_eq!(lost["evidence"]["witness"]["region"], "ap-northeast-1");
    assert_eq!(lost["evidence"]["witness"]["event_name"], "GetObject");
    assert!(lost["message"].as_str().unwrap().contains("japan: it is stopped"), "{lost}");
    let stopped = format!("arn:aws:cloudtrail:ap-northeast-1:{ACCOUNT}:trail/japan");
    assert_eq!(outcome(&report, "trail/logging", &stopped), "fail");
    // COPY from another region than the cluster's.
    let apart = finding(&report, "placement/same_region", "s3://load-jp/");
    assert!(apart["message"].as_str().unwrap().contains("COPY needs REGION 'ap-northeast-1'"), "{apart}");
    assert_eq!(outcome(&report, "placement/same_region", "s3://unload-us/"), "pass");
}

/// Each trail once, however many regions show it (C14); no call twice, none for a bucket that is not declared.
#[test]
fn c14_no_call_is_made_twice_and_none_for_a_bucket_that_a_listing_placed() {
    let endpoint = Endpoint::with(&three_regions());
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", THREE_REGIONS);
    let ran = workplace.run(&["collect", "-o", "snapshot.json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let snapshot: Value =
        serde_json::from_str(&std::fs::read_to_string(workplace.path("snapshot.json")).unwrap()).unwrap();
    let names: Vec<&str> =
        snapshot["accounts"][0]["trails"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["japan", "europe", "everywhere"]);
    let calls = endpoint.calls();
    let distinct: BTreeSet<&String> = calls.iter().collect();
    // Who asks is asked again at the end.
    assert_eq!(calls.len(), distinct.len() + 1, "{calls:#?}");
    let count = |what: &str| calls.iter().filter(|call| call.contains(what)).count();
    assert_eq!(count(":ListBuckets "), 1);
    // This endpoint lists buckets without their regions, so the three declared ones are asked for. Nothing else is.
    assert_eq!(count(":HeadBucket "), 3);
    assert_eq!(count("never-declared"), 0);
    assert_eq!(count(":DescribeTrails "), 3);
    assert_eq!(count(":GetEventSelectors "), 3);
    assert_eq!(count(":GetTrailStatus "), 5);
    assert_eq!(count(":DescribeClusters "), 3);
}

/// Whether a selector can match depends on where its bucket is, so each one that it names is asked for once.
#[test]
fn a_selector_on_a_bucket_that_is_gone_is_said_to_be_one() {
    let values = ["arn:aws:s3:::unload-eu/", "arn:aws:s3:::gone/", "arn:aws:s3:::logs/x"];
    let endpoint = Endpoint::with(&json!({
        "buckets": [{"name": "unload-eu", "region": "eu-west-1"}, {"name": "logs", "region": "us-east-1"}],
        "trails": [{"name": "europe", "region": "eu-west-1", "bucket": "logs", "basic": basic(&values)}],
    }));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", ONE_BUCKET);
    let (report, ran) = workplace.check(&JUDGED);
    let trail = format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/europe");
    let dead = finding(&report, "coverage/dead_selector", &trail);
    assert_eq!(dead["outcome"], "fail", "{ran:?}");
    let message = dead["message"].as_str().unwrap();
    assert!(message.contains("\"arn:aws:s3:::gone/\"] names a bucket that there is not"), "{message}");
    assert!(message.contains("\"arn:aws:s3:::logs/x\"] names a bucket of us-east-1"), "{message}");
    let heads = endpoint.calls().iter().filter(|call| call.contains(":HeadBucket ")).count();
    assert_eq!(heads, 3);
}

/// What AWS answers to ListBuckets with MaxBuckets: every bucket with its region, page by page.
#[test]
fn one_listing_places_all_buckets() {
    let endpoint = Endpoint::with(&three_regions());
    let page = |buckets: &[(&str, &str)], token: &str| {
        let buckets: String = buckets
            .iter()
            .map(|(name, region)| {
                format!("<Bucket><Name>{name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate><BucketRegion>{region}</BucketRegion></Bucket>")
            })
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>x</ID></Owner><Buckets>{buckets}</Buckets>{token}</ListAllMyBucketsResult>"
        )
    };
    let second = page(&[("load-jp", "ap-northeast-1")], "");
    endpoint.rule(json!({"service": "s3", "operation": "ListBuckets", "contains": "continuation-token=more", "status": 200, "body": second}));
    let first = page(&[("unload-us", "us-east-1"), ("unload-eu", "EU")], "<ContinuationToken>more</ContinuationToken>");
    endpoint.rule(json!({"service": "s3", "operation": "ListBuckets", "status": 200, "body": first}));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", THREE_REGIONS);
    let (report, _) = workplace.check(&JUDGED);
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://unload-eu/"), "pass");
    assert_eq!(outcome(&report, "coverage/copy_recorded", "s3://load-jp/"), "fail");
    let calls = endpoint.calls();
    assert_eq!(calls.iter().filter(|call| call.contains(":HeadBucket ")).count(), 0, "{calls:#?}");
    assert_eq!(calls.iter().filter(|call| call.contains(":ListBuckets ")).count(), 2, "{calls:#?}");
}

#[test]
fn an_account_fails_before_the_fix_and_passes_after() {
    let endpoint = Endpoint::with(&json!({
        "buckets": [{"name": "unload-eu", "region": "eu-west-1"}, {"name": "logs", "region": "us-east-1"}],
        "trails": [{"name": "europe", "region": "eu-west-1", "bucket": "logs", "basic": basic(&["arn:aws:s3:::unload-eu"])}],
        "clusters": [{"name": "analytics", "region": "eu-west-1"}],
    }));
    let workplace = Workplace::at(&endpoint);
    workplace.write(
        "trailcheck.toml",
        "[scan]\nregions = [\"eu-west-1\"]\n[[redshift.unload]]\nlocation = \"s3://unload-eu/\"\n",
    );
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let lost = finding(&report, "coverage/unload_recorded", "s3://unload-eu/");
    assert!(lost["message"].as_str().unwrap().contains("invalid value"), "{lost}");
    let fixed =
        json!({"name": "europe", "region": "eu-west-1", "exists": true, "basic": basic(&["arn:aws:s3:::unload-eu/"])});
    endpoint.add(&json!({ "trails": [fixed] }));
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(report["summary"]["fail"], 0);
    assert_eq!(report["summary"]["pass"], 5);
}

fn one_bucket() -> Endpoint {
    Endpoint::with(&json!({
        "buckets": [{"name": "unload-eu", "region": "eu-west-1"}, {"name": "logs", "region": "us-east-1"}],
        "trails": [{"name": "europe", "region": "eu-west-1", "bucket": "logs", "basic": basic(&["arn:aws:s3:::unload-eu/"])}],
        "clusters": [{"name": "analytics", "region": "eu-west-1"}],
    }))
}

const ONE_BUCKET: &str = "[scan]\nregions = [\"eu-west-1\"]\n[[redshift.unload]]\nlocation = \"s3://unload-eu/\"\n";

fn denied(service: &str, operation: &str) -> Value {
    let json_error = r#"{"__type":"AccessDeniedException","message":"User is not authorized"}"#;
    json!({"service": service, "operation": operation, "status": 400, "body": json_error,
           "headers": {"Content-Type": "application/x-amz-json-1.1"}})
}

/// A denied call makes unknown what it would have told, names the permission, and stops nothing else.
#[test]
fn a_denied_call_is_unknown_and_names_the_permission() {
    let xml_denied = |operation: &str, service: &str| {
        json!({"service": service, "operation": operation, "status": 403,
               "body": "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"})
    };
    for (rule, permission, unknown) in [
        (denied("cloudtrail", "GetEventSelectors"), "cloudtrail:GetEventSelectors", "coverage/unload_recorded"),
        (denied("cloudtrail", "GetTrailStatus"), "cloudtrail:GetTrailStatus", "coverage/unload_recorded"),
        (denied("cloudtrail", "DescribeTrails"), "cloudtrail:DescribeTrails", "coverage/unload_recorded"),
        (xml_denied("DescribeClusters", "redshift"), "redshift:DescribeClusters", "placement/same_region"),
    ] {
        let endpoint = one_bucket();
        endpoint.rule(rule);
        let workplace = Workplace::at(&endpoint);
        workplace.write("trailcheck.toml", ONE_BUCKET);
        let (report, ran) = workplace.check(&JUDGED);
        assert_eq!(ran.exit, 3, "{permission}: {ran:?}");
        let finding = finding(&report, unknown, "s3://unload-eu/");
        assert_eq!(finding["outcome"], "unknown", "{finding}");
        let message = finding["message"].as_str().unwrap();
        assert!(message.contains(permission) && message.contains("grant"), "{message}");
        assert_eq!(report["summary"]["fail"], 0, "{report:#}");
    }
}

#[test]
fn trails_of_a_region_that_could_not_be_listed_are_unknown_as_such() {
    let endpoint = one_bucket();
    endpoint.rule(denied("cloudtrail", "DescribeTrails"));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", ONE_BUCKET);
    let (report, _) = workplace.check(&JUDGED);
    assert_eq!(outcome(&report, "trail/logging", &format!("{ACCOUNT}/eu-west-1")), "unknown");
}

#[test]
fn buckets_that_cannot_be_listed_are_asked_for_one_by_one() {
    let endpoint = one_bucket();
    let body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    endpoint.rule(json!({"service": "s3", "operation": "ListBuckets", "status": 403, "body": body}));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", ONE_BUCKET);
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://unload-eu/"), "pass", "{ran:?}");
    // With the bucket's region but not its owner, for anyone it cannot be told.
    let headers = json!({"x-amz-bucket-region": "eu-west-1"});
    endpoint.rule(json!({"service": "s3", "operation": "HeadBucket", "status": 403, "headers": headers}));
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 3, "{ran:?}");
    let finding = finding(&report, "coverage/unload_recorded", "s3://unload-eu/");
    assert!(finding["message"].as_str().unwrap().contains("s3:ListAllMyBuckets"), "{finding}");
}

#[test]
fn a_bucket_that_does_not_exist_is_unknown() {
    let endpoint = one_bucket();
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", &ONE_BUCKET.replace("unload-eu", "mistyped"));
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 3, "{ran:?}");
    let finding = finding(&report, "coverage/unload_recorded", "s3://mistyped/");
    assert!(finding["message"].as_str().unwrap().contains("there is no bucket mistyped"), "{finding}");
}

#[test]
fn throttled_calls_are_tried_again() {
    let endpoint = one_bucket();
    let mut throttled = denied("cloudtrail", "GetTrailStatus");
    throttled["body"] = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#.into();
    throttled["times"] = 2.into();
    endpoint.rule(throttled);
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", ONE_BUCKET);
    let (_, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 0, "{ran:?}");
}

/// The SDK drops members that it does not know; a selector that has one must not look wider for it.
#[test]
fn an_operator_that_aws_has_added_since_is_unknown() {
    let endpoint = one_bucket();
    let mut selectors = advanced("StartsWith", "arn:aws:s3:::unload-eu/");
    selectors[0]["FieldSelectors"][2]["NotMatches"] = json!(["*secret*"]);
    let body = json!({"TrailARN": "arn", "AdvancedEventSelectors": selectors}).to_string();
    endpoint.rule(json!({"service": "cloudtrail", "operation": "GetEventSelectors", "status": 200, "body": body,
                         "headers": {"Content-Type": "application/x-amz-json-1.1"}}));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", ONE_BUCKET);
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 3, "{ran:?}");
    let finding = finding(&report, "coverage/unload_recorded", "s3://unload-eu/");
    assert!(finding["message"].as_str().unwrap().contains("operator \"not_matches\" is not known"), "{finding}");
}

#[test]
fn regions_come_from_the_account_where_none_are_named() {
    let endpoint = one_bucket();
    let regions = json!({"Regions": [
        {"RegionName": "us-east-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"},
        {"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"},
    ]});
    let config = ONE_BUCKET.replace("[scan]\nregions = [\"eu-west-1\"]\n", "");
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", &config);
    // This endpoint has no ListRegions: the regions of the declared buckets are looked at, and the rest is said.
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert_eq!(outcome(&report, "coverage/unload_recorded", "s3://unload-eu/"), "pass");
    assert_eq!(outcome(&report, "trail/logging", &format!("{ACCOUNT}/us-east-1")), "unknown");
    endpoint
        .rule(json!({"service": "account", "operation": "ListRegions", "status": 200, "body": regions.to_string()}));
    let (report, ran) = workplace.check(&JUDGED);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(report["run"]["accounts"][0]["regions"], json!(["eu-west-1", "us-east-1"]));
    // Whoever reads it must see that it was not AWS who answered.
    let host = endpoint.url().trim_start_matches("http://").to_owned();
    let note = format!("answers came from {host}, not from AWS's own hosts");
    assert_eq!(report["run"]["notes"], json!([note]));
}

#[test]
fn no_credentials_and_no_endpoint_are_errors_with_the_next_step() {
    let endpoint = one_bucket();
    let nobody = Workplace::offline().set("AWS_ENDPOINT_URL", &endpoint.url()).set("AWS_REGION", "us-east-1");
    nobody.write("trailcheck.toml", ONE_BUCKET);
    let ran = nobody.run(&["check", "--report", "junit=out.xml"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(ran.stderr.contains("next: check the credentials (AWS_PROFILE"), "{ran:?}");
    assert_eq!(nobody.files(), ["trailcheck.toml"]);

    let nowhere = Workplace::at(&endpoint).set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    nowhere.write("trailcheck.toml", ONE_BUCKET);
    let ran = nowhere.run(&["check"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(ran.stderr.contains("AWS_ENDPOINT_URL") && ran.stderr.contains("NoConnection"), "{ran:?}");

    let no_region = Workplace::offline().set("AWS_ENDPOINT_URL", &endpoint.url());
    no_region.write("trailcheck.toml", "[[redshift.unload]]\nlocation = \"s3://unload-eu/\"\n");
    let ran = no_region.run(&["check"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(ran.stderr.contains("set AWS_REGION"), "{ran:?}");
}

/// A saved snapshot and the live account give the same findings.
#[test]
fn a_snapshot_checks_as_the_account_did() {
    let endpoint = Endpoint::with(&three_regions());
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", THREE_REGIONS);
    let (live, _) = workplace.check(&JUDGED);
    assert_eq!(workplace.run(&["collect", "-o", "snapshot.json.gz"]).exit, 0);
    let before = endpoint.calls().len();
    let (saved, ran) = workplace.check(&[&JUDGED[..], &["--snapshot", "snapshot.json.gz"]].concat());
    assert_eq!(endpoint.calls().len(), before, "a check of a snapshot makes no call");
    assert_eq!(ran.exit, 1);
    let findings = |report: &Value| -> Vec<Value> {
        let list = report["findings"].as_array().unwrap();
        list.iter().map(|f| json!([f["policy"], f["subject"], f["outcome"], f["fingerprint"]])).collect()
    };
    assert_eq!(findings(&live), findings(&saved));
}

/// Event data stores through the real SDK, page by page; moto has none, so the answers are those that AWS documents.
#[test]
fn event_data_stores_are_read_where_they_count() {
    let endpoint = Endpoint::with(&json!({"buckets": [{"name": "unload-eu", "region": "eu-west-1"}]}));
    let arn = |id: &str| format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:eventdatastore/{id}");
    let listed = |id: &str| json!({"EventDataStoreArn": arn(id), "Name": id});
    let answer = |operation: &str, contains: &str, region: &str, status: u16, body: Value| {
        endpoint.rule(json!({"service": "cloudtrail", "operation": operation, "contains": contains, "region": region,
                             "status": status, "body": body.to_string()}));
    };
    answer("ListEventDataStores", "second page", "eu-west-1", 200, json!({"EventDataStores": [listed("paused")]}));
    let first = json!({"EventDataStores": [listed("lake")], "NextToken": "second page"});
    answer("ListEventDataStores", "", "eu-west-1", 200, first);
    answer("ListEventDataStores", "", "us-east-1", 200, json!({"EventDataStores": []}));
    let store = |id: &str, status: &str, unknown: bool| {
        let mut fields = advanced("StartsWith", "arn:aws:s3:::unload-eu/");
        if unknown {
            fields[0]["FieldSelectors"][2]["NotMatches"] = json!(["x"]);
        }
        json!({"EventDataStoreArn": arn(id), "Name": id, "Status": status, "MultiRegionEnabled": true,
               "OrganizationEnabled": false, "AdvancedEventSelectors": fields})
    };
    answer("GetEventDataStore", "lake", "eu-west-1", 200, store("lake", "ENABLED", false));
    answer("GetEventDataStore", "paused", "eu-west-1", 200, store("paused", "STOPPED_INGESTION", false));
    let workplace = Workplace::at(&endpoint);
    let config = "[scan]\nregions = [\"eu-west-1\", \"us-east-1\"]\nrecorders = [\"trail\", \"event_data_store\"]\n\
                  [[redshift.unload]]\nlocation = \"s3://unload-eu/\"\n";
    workplace.write("trailcheck.toml", config);
    let check = || workplace.check(&["--policy", "coverage/unload_recorded"]).0;
    let report = check();
    let recorded = finding(&report, "coverage/unload_recorded", "s3://unload-eu/");
    assert_eq!(recorded["outcome"], "pass", "{recorded}");
    assert!(recorded["message"].as_str().unwrap().contains("recorded by lake"), "{recorded}");
    // Without the setting nobody asks for them.
    workplace.write("trailcheck.toml", &config.replace("recorders", "# recorders"));
    let asked = |endpoint: &Endpoint| endpoint.calls().iter().filter(|call| call.contains("EventDataStore")).count();
    let before = asked(&endpoint);
    assert_eq!(outcome(&check(), "coverage/unload_recorded", "s3://unload-eu/"), "fail");
    assert_eq!(asked(&endpoint), before);
    // What cannot be read of one, or not be understood, is unknown.
    workplace.write("trailcheck.toml", config);
    let denied = json!({"__type": "AccessDeniedException", "message": "no"});
    for (operation, status, body) in [
        ("GetEventDataStore", 400, denied.clone()),
        ("ListEventDataStores", 400, denied),
        ("GetEventDataStore", 200, store("lake", "ENABLED", true)),
        ("ListEventDataStores", 200, json!({"EventDataStores": [{"Name": "lake"}]})),
    ] {
        endpoint.forget_rules();
        let rule = |operation: &str, status: u16, body: &Value| {
            endpoint.rule(
                json!({"service": "cloudtrail", "operation": operation, "status": status, "body": body.to_string()}),
            );
        };
        rule(operation, status, &body);
        rule("ListEventDataStores", 200, &json!({"EventDataStores": [listed("lake")]}));
        let (report, _) = workplace.check(&["--policy", "coverage/unload_recorded"]);
        let finding = finding(&report, "coverage/unload_recorded", "s3://unload-eu/");
        assert_eq!(finding["outcome"], "unknown", "{operation} {status}: {finding}");
    }
}
