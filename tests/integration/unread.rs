//! What a live run did not read is in its exit code: `collect`, and `accesses` of a bucket.

use data_encoding::BASE64;
use serde_json::{Value, json};
use trailcheck::gzip;

use crate::aws_logs::{log_object, quiet, recorded};
use crate::endpoint::Endpoint;
use crate::folders::{CONFIG, logs_for_long};
use crate::program::{Ran, Workplace};

/// A collection by this config, and what it wrote.
fn collect(endpoint: &Endpoint, config: &str) -> (Ran, Value) {
    let workplace = Workplace::at(endpoint);
    workplace.write("trailcheck.toml", config);
    let ran = workplace.run(&["collect", "-o", "snapshot.json"]);
    let snapshot = std::fs::read_to_string(workplace.path("snapshot.json")).unwrap_or_else(|_| panic!("{ran:?}"));
    (ran, serde_json::from_str(&snapshot).unwrap())
}

#[test]
fn a_snapshot_of_records_that_were_not_all_read_is_not_whole() {
    let endpoint = Endpoint::with(&recorded(&[quiet(8), quiet(5), log_object("loader", 3)]));
    logs_for_long(&endpoint);
    let (whole, snapshot) = collect(&endpoint, CONFIG);
    assert_eq!(whole.exit, 0, "{whole:?}");
    assert_eq!(snapshot["records"]["events"], 1);
    let (sampled, snapshot) = collect(&endpoint, &CONFIG.replace("\"all\"", "\"1B\""));
    assert_eq!((sampled.exit, &snapshot["records"]["read"][0]["complete"]), (3, &json!(false)), "{sampled:?}");
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    endpoint.rule(json!({"service": "s3", "operation": "GetObject", "contains": "_loader.json.gz", "status": 403, "body": denied}));
    let (unread, _) = collect(&endpoint, CONFIG);
    assert_eq!(unread.exit, 3, "{unread:?}");
    assert!(unread.stderr.contains("not read: 1 log object; not understood: 0 records"), "{unread:?}");
    endpoint.forget_rules();
    logs_for_long(&endpoint);
    let mut odd = log_object("odd", 2);
    let record = json!({"Records": [{"eventSource": "s3.amazonaws.com", "eventTime": 5}]}).to_string();
    odd["base64"] = BASE64.encode(&gzip::compress(record.as_bytes())).into();
    endpoint.add(&json!({"objects": [odd]}));
    let (malformed, _) = collect(&endpoint, CONFIG);
    assert_eq!(malformed.exit, 3, "{malformed:?}");
    assert!(malformed.stderr.contains("not read: 0 log objects; not understood: 1 record;"), "{malformed:?}");
}

#[test]
fn a_bucket_that_was_not_listed_whole_shows_no_absence() {
    let endpoint = Endpoint::with(&recorded(&[quiet(5), log_object("loader", 3)]));
    let workplace = Workplace::at(&endpoint);
    let accesses = |place: &str| workplace.run(&["accesses", place, "--format", "json"]);
    let whole = accesses("s3://logs/AWSLogs/");
    assert!(whole.exit == 0 && whole.stdout.contains(":role/loader"), "{whole:?}");
    // A prefix that nothing lies below is a slip, and no proof that nobody was there.
    let slip = accesses("s3://logs/AWSLog/");
    assert!(slip.exit == 3 && slip.stderr.contains("no log file was read"), "{slip:?}");
    let nowhere = accesses("s3://no-such-bucket/");
    assert!(nowhere.exit == 2 && nowhere.stderr.contains("NoSuchBucket"), "{nowhere:?}");
    let object = "<Contents><Key>AWSLogs/x.json</Key><Size>1</Size></Contents>";
    let listed = |inside: &str| format!("<ListBucketResult>{inside}</ListBucketResult>");
    for body in [
        listed(&format!("<IsTruncated>true</IsTruncated><KeyCount>1</KeyCount>{object}")),
        listed(&format!("<IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>{object}")),
        listed("<IsTruncated>false</IsTruncated>").replace("</ListBucketResult>", ""),
        String::new(),
    ] {
        endpoint.forget_rules();
        endpoint.rule(json!({"service": "s3", "operation": "ListObjectsV2", "contains": "list-type=2", "status": 200, "body": body}));
        let ran = accesses("s3://logs/");
        assert!(ran.exit == 2 && ran.stderr.contains("cannot list s3://logs/"), "{body}: {ran:?}");
        assert_eq!(ran.stdout, "", "{body}");
    }
}

/// A store of which nothing is told may take everything in, and one that was not listed may be there.
#[test]
fn an_answer_of_a_store_without_its_members_is_none() {
    let endpoint = Endpoint::with(&recorded(&[]));
    let arn = "arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/lake";
    let list = json!({"EventDataStores": [{"EventDataStoreArn": arn, "Name": "lake"}]});
    let store = json!({"EventDataStoreArn": arn, "Name": "lake", "Status": "ENABLED", "MultiRegionEnabled": true,
        "OrganizationEnabled": false, "AdvancedEventSelectors": [{"FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}]});
    let config = "[scan]\nregions = [\"eu-west-1\"]\nrecorders = [\"event_data_store\"]\n[[redshift.unload]]\nlocation = \"s3://load-eu/\"\n";
    // The calls that failed, where these two are answered so.
    let failed = |list: &str, store: &str| -> Vec<String> {
        endpoint.forget_rules();
        for (operation, body) in [("ListEventDataStores", list), ("GetEventDataStore", store)] {
            endpoint.rule(json!({"service": "cloudtrail", "operation": operation, "status": 200, "body": body}));
        }
        let (_, snapshot) = collect(&endpoint, config);
        let failures = snapshot["accounts"][0]["failures"].as_array().unwrap();
        let calls = failures.iter().map(|failure| failure["call"].as_str().unwrap());
        calls.filter(|call| call.contains("EventDataStore")).map(str::to_owned).collect()
    };
    let (list, whole) = (list.to_string(), store.to_string());
    assert!(failed(&list, &whole).is_empty(), "{:?}", failed(&list, &whole));
    for body in ["{}", "{\"EventDataStores\": null}"] {
        assert_eq!(failed(body, &whole), ["cloudtrail:ListEventDataStores"], "{body}");
    }
    let without = |member: &str| {
        let mut store = store.clone();
        store.as_object_mut().unwrap().remove(member).unwrap();
        store.to_string()
    };
    for body in ["{}".to_owned(), without("Status"), without("AdvancedEventSelectors")] {
        assert_eq!(failed(&list, &body), ["cloudtrail:GetEventDataStore"], "{body}");
    }
}
