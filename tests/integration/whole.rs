//! Answers of status 200 that are no answers: without their list, cut short, going in circles. Each is a failure that names
//! its call, and nothing passes on it.

use serde_json::{Value, json};

use crate::aws::basic;
use crate::endpoint::Endpoint;
use crate::program::{Workplace, finding};

const CONFIG: &str = "[scan]\nregions = [\"eu-west-1\"]\n[[redshift.copy]]\nlocation = \"s3://load-eu/\"\n[[access]]\nlocation = \"s3://load-eu/\"\n";

fn world() -> Value {
    json!({
        "buckets": [{"name": "load-eu", "region": "eu-west-1"}, {"name": "logs", "region": "eu-west-1"}],
        "trails": [{"name": "europe", "region": "eu-west-1", "bucket": "logs", "basic": basic(&["arn:aws:s3:::load-eu/"])}],
        "clusters": [{"name": "analytics", "region": "eu-west-1"}],
    })
}

/// The failures of a collection in which only this call is answered so, and its exit code.
fn failures(endpoint: &Endpoint, config: &str, service: &str, operation: &str, body: &str) -> (Vec<String>, i32) {
    endpoint.forget_rules();
    endpoint.rule(json!({"service": service, "operation": operation, "status": 200, "body": body}));
    let workplace = Workplace::at(endpoint);
    workplace.write("trailcheck.toml", config);
    let ran = workplace.run(&["collect", "-o", "snapshot.json"]);
    let snapshot = std::fs::read_to_string(workplace.path("snapshot.json")).unwrap_or_else(|_| panic!("{ran:?}"));
    let snapshot: Value = serde_json::from_str(&snapshot).unwrap();
    let failures = snapshot["accounts"][0]["failures"].as_array().unwrap();
    (failures.iter().map(|failure| failure["call"].as_str().unwrap().to_owned()).collect(), ran.exit)
}

/// Each of these answers is a failure of its call, and the collection is not complete.
fn are_no_answers(config: &str, service: &str, operation: &str, bodies: &[&str]) {
    let endpoint = Endpoint::with(&world());
    for body in bodies {
        let (failures, exit) = failures(&endpoint, config, service, operation, body);
        let is_it = |call: &String| call.ends_with(&format!(":{operation}"));
        assert!(failures.iter().any(is_it), "{operation} {body:?}: {failures:?}");
        assert_eq!(exit, 3, "{operation} {body:?}");
    }
}

#[test]
fn an_answer_without_its_list_of_trails_is_a_failure() {
    let bodies = ["{}", "", "{\"SomethingElse\": 1}", "{\"trailList\": null}"];
    are_no_answers(CONFIG, "cloudtrail", "DescribeTrails", &bodies);
}

#[test]
fn an_answer_without_selectors_is_a_failure() {
    let arn = "{\"TrailARN\": \"arn:aws:cloudtrail:eu-west-1:123456789012:trail/europe\"}";
    are_no_answers(CONFIG, "cloudtrail", "GetEventSelectors", &["{}", arn, "{\"EventSelectors\": null}"]);
}

#[test]
fn an_answer_without_its_list_of_clusters_is_a_failure() {
    let namespaces = ["{}", "{\"namespaces\": null}", "{\"namespaces\": [{}]}"];
    are_no_answers(CONFIG, "redshift-serverless", "ListNamespaces", &namespaces);
    let start =
        "<DescribeClustersResponse xmlns=\"http://redshift.amazonaws.com/doc/2012-12-01/\"><DescribeClustersResult>";
    let end = "</DescribeClustersResult></DescribeClustersResponse>";
    let cut = format!("{start}<Clusters>");
    let renamed = format!("{start}<Klusters/>{end}");
    let unnamed = format!("{start}<Clusters><Cluster></Cluster></Clusters>{end}");
    are_no_answers(CONFIG, "redshift", "DescribeClusters", &["", &cut, &renamed, &unnamed, "<html></html>"]);
}

#[test]
fn an_answer_without_its_list_of_buckets_or_regions_is_a_failure() {
    let buckets =
        ["", "<ListAllMyBucketsResult><Owner/></ListAllMyBucketsResult>", "<ListAllMyBucketsResult><Buckets><Bucket>"];
    are_no_answers(CONFIG, "s3", "ListBuckets", &buckets);
    let everywhere = CONFIG.replace("regions = [\"eu-west-1\"]\n", "");
    let regions = ["{}", "{\"Regions\": []}", "{\"Regions\": [{\"RegionOptStatus\": \"ENABLED\"}]}"];
    are_no_answers(&everywhere, "account", "ListRegions", &regions);
}

#[test]
fn a_listing_that_breaks_off_is_not_the_whole_listing() {
    let endpoint = Endpoint::with(&world());
    let object = "<Contents><Key>AWSLogs/x</Key><Size>1</Size></Contents>";
    let whole = |inside: &str| format!("<?xml version=\"1.0\"?><ListBucketResult>{inside}</ListBucketResult>");
    for body in [
        whole(&format!("<IsTruncated>true</IsTruncated><KeyCount>1</KeyCount>{object}")),
        whole(&format!("<IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>{object}")),
        // The same page for ever.
        whole(&format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken><KeyCount>1</KeyCount>{object}"
        )),
        whole("<IsTruncated>false</IsTruncated>").replace("</ListBucketResult>", ""),
        whole(""),
        String::new(),
    ] {
        let (failures, exit) = failures(&endpoint, CONFIG, "s3", "ListObjectsV2", &body);
        assert!(failures.contains(&"s3:ListObjectsV2".to_owned()), "{body}: {failures:?}");
        assert_eq!(exit, 3, "{body}");
    }
}

#[test]
fn tokens_that_go_in_circles_end() {
    let endpoint = Endpoint::with(&world());
    let stores = CONFIG.replace("[scan]", "[scan]\nrecorders = [\"trail\", \"event_data_store\"]");
    let rows = [
        (&*stores, "cloudtrail", "ListEventDataStores", "{\"EventDataStores\": [], \"NextToken\": \"t\"}".to_owned()),
        (CONFIG, "redshift-serverless", "ListNamespaces", "{\"namespaces\": [], \"nextToken\": \"t\"}".to_owned()),
        (
            CONFIG,
            "redshift",
            "DescribeClusters",
            "<DescribeClustersResponse><DescribeClustersResult><Clusters/><Marker>t</Marker></DescribeClustersResult></DescribeClustersResponse>".to_owned(),
        ),
    ];
    for (config, service, operation, body) in rows {
        let (failures, exit) = failures(&endpoint, config, service, operation, &body);
        assert!(failures.iter().any(|call| call.ends_with(operation)), "{operation}: {failures:?}");
        assert_eq!(exit, 3);
    }
}

/// The machine's clock is held against AWS's: past five minutes ages and waivers are not known.
#[test]
fn a_wrong_clock_waives_nothing() {
    let endpoint = Endpoint::with(&world());
    let ago = time::OffsetDateTime::now_utc() - time::Duration::days(20);
    let date = ago.format(&time::format_description::well_known::Rfc2822).unwrap().replace("+0000", "GMT");
    let answer = json!({"service": "redshift-serverless", "operation": "ListNamespaces", "status": 200,
        "body": "{\"namespaces\": []}", "headers": {"Date": date}});
    let config = "[scan]\nregions = [\"eu-west-1\"]\n[[redshift.unload]]\nlocation = \"s3://logs/\"\n\
        [[waiver]]\npolicy = \"coverage/unload_recorded\"\nsubject = \"s3://logs/\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2099-01-01\n";
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", config);
    let outcome = || {
        let (report, _) = workplace.check(&["--policy", "coverage/unload_recorded"]);
        let finding = finding(&report, "coverage/unload_recorded", "s3://logs/");
        (finding["outcome"].as_str().unwrap().to_owned(), report["run"]["failures"].to_string())
    };
    assert_eq!(outcome().0, "waived");
    endpoint.rule(answer);
    let (told, failures) = outcome();
    assert_eq!(told, "unknown");
    assert!(failures.contains("ClockSkew"), "{failures}");
}

/// What was not asked for by then is unknown, with the limit that stood in the way.
#[test]
fn a_scan_ends_when_its_budget_is_used_up() {
    let endpoint = Endpoint::with(&world());
    endpoint.rule(json!({"service": "cloudtrail", "operation": "DescribeTrails", "status": 500, "body": "{}"}));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", &CONFIG.replace("[scan]", "[scan]\nbudget = \"1s\""));
    let (report, ran) = workplace.check(&["--policy", "coverage/copy_recorded"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    let message = report["run"]["failures"][0]["message"].as_str().unwrap();
    assert_eq!(message, "not asked: the 1 s of scan.budget were used up; allow more, or scan less");
    let told = finding(&report, "coverage/copy_recorded", "s3://load-eu/")["message"].to_string();
    assert!(told.contains("BudgetUsedUp"), "{told}");
}

/// Whoever stops a scan gets what was seen by then, and no verdict; nor does anything pass on it later.
#[test]
fn a_scan_that_is_stopped_gives_no_verdict() {
    let endpoint = Endpoint::with(&world());
    let slow = json!({"service": "redshift", "operation": "DescribeClusters", "status": 200, "delay": 1,
        "body": "<DescribeClustersResponse><DescribeClustersResult><Clusters/></DescribeClustersResult></DescribeClustersResponse>"});
    endpoint.rule(slow);
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", CONFIG);
    let stopped =
        workplace.run_and_signal(&endpoint, "DescribeClusters", &["TERM"], &["collect", "-o", "snapshot.json"]);
    assert_eq!(stopped.exit, 130, "{stopped:?}");
    assert!(stopped.stderr.contains("stopped: what was not asked for by then"), "{stopped:?}");
    let (report, _) = workplace.check(&["--snapshot", "snapshot.json"]);
    let holds = |outcome: &str| report["summary"][outcome].as_u64().unwrap();
    assert_eq!((holds("pass"), holds("not_applicable")), (0, 0), "{report}");
    assert_eq!(workplace.check(&["--snapshot", "snapshot.json", "--policy", "coverage/copy_recorded"]).1.exit, 3);
    let failures = report["run"]["failures"].as_array().unwrap();
    assert!(failures.iter().any(|failure| failure["code"] == "Stopped"), "{report}");
    // One cause, told once, and not what was seen of each.
    let text = workplace.run(&["check", "--snapshot", "snapshot.json"]).stdout;
    assert!(text.contains("- the scan was stopped before its end; collect the account again"), "{text}");
    assert!(!text.contains("is recorded by"), "{text}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let endpoint = Endpoint::with(&world());
    endpoint.rule(json!({"service": "sts", "operation": "GetCallerIdentity", "status": 200, "delay": 8, "body": ""}));
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", CONFIG);
    let check = ["check", "--report", "json=out.json"];
    let ended = workplace.run_and_signal(&endpoint, "GetCallerIdentity", &["INT", "INT"], &check);
    assert_eq!((ended.exit, &*ended.stdout), (130, ""), "{ended:?}");
    assert_eq!(workplace.files(), ["trailcheck.toml"]);
}

/// When the calls are over, a signal ends the program as it does everywhere.
#[test]
fn a_signal_after_the_scan_ends_it() {
    let endpoint = Endpoint::with(&world());
    let workplace = Workplace::at(&endpoint);
    workplace.write("trailcheck.toml", CONFIG);
    let header = "# METADATA\n# title: t\n# description: d\n# custom:\n#   severity: high\n#   not_applicable: n\n#   remediation: r\n#   controls: {}\n";
    let endless = "package own\n\ndeny contains \"x\" if {\n\tsome a in numbers.range(1, 30000)\n\tsome b in numbers.range(1, 30000)\n\ta * b < 0\n}\n";
    workplace.write("own/a.rego", &format!("{header}{endless}"));
    let check = ["check", "--policies", "own", "--policy-time", "60s"];
    // SIGCONT does nothing but let time pass.
    let signals = [["CONT"; 10].as_slice(), &["INT"]].concat();
    let ended = workplace.run_and_signal(&endpoint, "ListNamespaces", &signals, &check);
    assert_eq!((ended.exit, &*ended.stdout), (130, ""), "{ended:?}");
}
