//! Wrong verdicts that were found from outside, by kind: what a record says was done, to what, and by whom.

use serde_json::{Value, json};

use crate::program::Workplace;

pub fn record(changes: &[(&str, Value)]) -> Value {
    let mut record = json!({
        "eventVersion": "1.11", "eventTime": "2026-11-22T05:00:00Z", "eventSource": "s3.amazonaws.com",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111111111111:user/mallory", "accountId": "111111111111"},
        "eventName": "GetObject", "awsRegion": "eu-west-1", "requestParameters": {"bucketName": "load", "key": "in/data.csv"},
        "eventID": "e", "readOnly": true, "eventCategory": "Data", "managementEvent": false,
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::load/in/data.csv"}],
    });
    for (name, value) in changes {
        record[*name] = value.clone();
    }
    record
}

/// What `accesses` counts of these records, and its exit code.
pub fn accesses(records: &[Value], more: &[&str]) -> (Vec<Value>, i32) {
    let workplace = Workplace::offline();
    workplace.write("trailcheck.toml", "[[access]]\nlocation = \"s3://load/in/\"\n");
    workplace.write("x.json", &json!({"Records": records}).to_string());
    let ran =
        workplace.run(&[&["accesses", "x.json", "--format", "json", "--config", "trailcheck.toml"], more].concat());
    (serde_json::from_str(&ran.stdout).unwrap(), ran.exit)
}

/// Bucket, location and access of each row.
fn places(records: &[Value]) -> Vec<(String, bool, String)> {
    let (rows, exit) = accesses(records, &[]);
    assert_eq!(exit, 0, "{rows:?}");
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| (text(row, "bucket"), row["location"].is_string(), text(row, "access"))).collect()
}

fn copy(source: &str, resources: Value) -> Value {
    record(&[
        ("eventName", "CopyObject".into()),
        ("readOnly", false.into()),
        ("requestParameters", json!({"bucketName": "elsewhere", "key": "k", "x-amz-copy-source": source})),
        ("resources", resources),
    ])
}

#[test]
fn a_copy_reads_its_source_and_writes_its_target() {
    let target = json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::elsewhere/k"}]);
    let both = json!([
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::elsewhere/k"},
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::load/in/data.csv"},
    ]);
    let expected = [("elsewhere".to_owned(), false, "write".to_owned()), ("load".to_owned(), true, "read".to_owned())];
    for source in ["load/in/data.csv", "/load/in/data.csv", "load/in/data.csv?versionId=3", "load/in%2Fdata.csv"] {
        for resources in [&target, &both, &Value::Null] {
            assert_eq!(places(&[copy(source, resources.clone())]), expected, "{source} {resources}");
        }
    }
    // The request was left out of this copy of the record: which is which nobody can tell, so both count for both.
    let mut hidden = copy("load/in/data.csv", both);
    hidden["requestParameters"] = Value::Null;
    assert_eq!(
        places(&[hidden]).iter().map(|(.., access)| access.as_str()).collect::<Vec<_>>(),
        ["unknown", "unknown"]
    );
    let mut itself = copy("load/in/data.csv", Value::Null);
    itself["requestParameters"]["bucketName"] = "load".into();
    itself["requestParameters"]["key"] = "in/data.csv".into();
    assert_eq!(places(&[itself]), [("load".to_owned(), true, "all".to_owned())]);
}

/// Nor is a pass made of what is not understood.
#[test]
fn a_copy_that_hides_its_source_is_not_understood() {
    let target = json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::elsewhere/k"}]);
    for source in [
        "ap-abc-s3alias/in/data.csv",
        "lambda--ol-s3/in/data.csv",
        "many.mrap/in/data.csv",
        "arn:aws:s3:eu-west-1:111111111111:accesspoint/ap/object/in/data.csv",
        "load",
        "load/",
    ] {
        let (_, exit) = accesses(&[copy(source, target.clone())], &[]);
        assert_eq!(exit, 3, "{source}");
    }
    let mut hidden = copy("load/in/data.csv", target);
    hidden["requestParameters"].as_object_mut().unwrap().remove("x-amz-copy-source");
    assert_eq!(accesses(&[hidden], &[]).1, 3);
}

#[test]
fn an_access_point_is_no_bucket() {
    for bucket in ["ap-abc-s3alias", "lambda--ol-s3", "many.mrap", "arn:aws:s3:eu-west-1:111111111111:accesspoint/ap"] {
        let asked = ("requestParameters", json!({"bucketName": bucket, "key": "in/data.csv"}));
        assert_eq!(accesses(&[record(&[asked.clone(), ("resources", json!([]))])], &[]).1, 3, "{bucket}");
        // The record names the bucket behind it.
        let behind = json!([{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::load", "accountId": "111111111111"},
            {"type": "AWS::S3::AccessPoint", "ARN": "arn:aws:s3:eu-west-1:111111111111:accesspoint/ap"}]);
        assert_eq!(
            places(&[record(&[asked, ("resources", behind)])]),
            [("load".to_owned(), true, "read".to_owned())],
            "{bucket}"
        );
        let object = json!([{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{bucket}/in/data.csv")}]);
        assert_eq!(accesses(&[record(&[("resources", object)])], &[]).1, 3, "{bucket}");
    }
}

/// An access point's plain name is like a bucket's: by what else the record names it is told apart.
#[test]
fn an_access_points_name_is_no_buckets_name() {
    let point =
        json!({"type": "AWS::S3::AccessPoint", "ARN": "arn:aws:s3:eu-west-1:111111111111:accesspoint/load-point"});
    let bucket = json!({"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::load", "accountId": "111111111111"});
    let of = |host: Option<&str>, resources: Value| {
        let mut asked = json!({"bucketName": "load-point", "key": "in/data.csv"});
        if let Some(host) = host {
            asked["Host"] = host.into();
        }
        let (rows, exit) = accesses(&[record(&[("requestParameters", asked), ("resources", resources)])], &[]);
        (rows.iter().map(|row| row["bucket"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), exit)
    };
    let host = Some("load-point-111111111111.s3-accesspoint.eu-west-1.amazonaws.com");
    assert_eq!(of(None, json!([point])), (vec![], 3));
    assert_eq!(of(host, Value::Null), (vec![], 3));
    assert_eq!(of(Some("load-point-111111111111.s3-accesspoint-fips.us-east-1.amazonaws.com"), json!([])), (vec![], 3));
    assert_eq!(of(None, json!([point, bucket])), (vec!["load".to_owned()], 0));
    assert_eq!(of(host, json!([bucket])), (vec!["load".to_owned()], 0));
    // Two names for one bucket, and nothing that says why.
    assert_eq!(of(None, json!([bucket])), (vec![], 3));
    assert_eq!(of(Some("load-point.s3.eu-west-1.amazonaws.com"), Value::Null), (vec!["load-point".to_owned()], 0));
}

#[test]
fn requests_to_the_bucket_reach_no_prefix() {
    let bare = json!([{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::load/"}, {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::load"}]);
    let of = |name: &str, time: &str| {
        let record = record(&[
            ("eventName", name.into()),
            ("resources", bare.clone()),
            ("eventTime", time.into()),
            ("readOnly", (name != "DeleteObjects").into()),
            ("requestParameters", json!({"bucketName": "load"})),
        ]);
        places(&[record])[0].1
    };
    assert!(!of("HeadBucket", "2026-11-22T05:00:00Z"));
    assert!(!of("DeleteObjects", "2026-11-22T05:00:00Z"));
    // Before June 2025 no key had a record of its own.
    assert!(of("DeleteObjects", "2025-05-22T05:00:00Z"));
    assert!(of("ListObjects", "2026-11-22T05:00:00Z"), "a listing of the whole bucket shows these keys too");
}

#[test]
fn an_event_counts_once_in_a_group_and_in_each_sum() {
    let sum = |by: &str, more: &[&str]| {
        let target = json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::elsewhere/k"}]);
        let mut within = copy("load/in/data.csv", Value::Null);
        within["requestParameters"]["bucketName"] = "load".into();
        within["eventID"] = "f".into();
        let records = [copy("load/in/data.csv", target), within];
        let (rows, _) = accesses(&records, &[&["--by", by], more].concat());
        rows.iter().map(|row| row["count"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(sum("principal", &[]), [2]);
    assert_eq!(sum("bucket", &[]), [1, 2]);
    // Reads and writes.
    assert_eq!(sum("event", &[]), [2, 2]);
    assert_eq!(sum("principal", &["--bucket", "load"]), [2]);
    assert_eq!(sum("principal", &["--bucket", "elsewhere"]), [1]);
    let listed = json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::load/in/a"}, {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::load/in/b"}]);
    let (rows, _) = accesses(&[record(&[("resources", listed)])], &[]);
    assert_eq!((rows.len(), rows[0]["count"].as_u64()), (1, Some(1)));
}

/// In text and in JSON, by `accesses` and by `check`.
#[test]
fn what_is_not_understood_is_named() {
    let workplace = Workplace::offline();
    let mut hidden = copy("ap-abc-s3alias/in/data.csv", Value::Null);
    hidden["eventID"] = "id-of-it".into();
    workplace.write("logs/x.json", &json!({"Records": [record(&[]), hidden]}).to_string());
    let told = workplace.run(&["accesses", "logs"]);
    assert!(told.stderr.contains("not understood: event id-of-it in logs/x.json"), "{told:?}");
    workplace.write(
        "trailcheck.toml",
        "[[access]]\nlocation = \"s3://load/in/\"\nusers = [\"arn:aws:iam::111111111111:user/mallory\"]\n",
    );
    let mut snapshot = crate::account::complete("s3://load/in/");
    snapshot.as_object_mut().unwrap().remove("records");
    workplace.write("snapshot.json", &crate::account::snapshot_of(snapshot).to_string());
    let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]);
    assert_eq!(report["run"]["records"]["unclear"], json!([{"object": "logs/x.json", "event_id": "id-of-it"}]));
    let finding = crate::program::finding(&report, "access/approved_roles", "s3://load/in/");
    assert!(finding["message"].as_str().unwrap().contains("event id-of-it in logs/x.json"), "{finding}");
}

/// What names an object of S3 as a data event is counted or told, whoever tells of it.
#[test]
fn no_source_of_events_drops_an_access() {
    for (source, expected) in [
        ("s3lifecycle.amazonaws.com", 0),
        ("s3-authn-errors.amazonaws.com", 0),
        ("S3.amazonaws.com", 3),
        ("s3.amazonaws.com.cn", 3),
        ("s3-object-lambda.amazonaws.com", 3),
        ("s3future.amazonaws.com", 3),
    ] {
        let (rows, exit) = accesses(&[record(&[("eventSource", source.into())])], &[]);
        assert_eq!((rows.len(), exit), (usize::from(expected == 0), expected), "{source}");
    }
    // Before there were categories, or of one that is not known; and by its bucket alone.
    let bucket = json!([{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::load"}]);
    for changes in [
        vec![("eventSource", "s3future.amazonaws.com".into()), ("eventCategory", Value::Null)],
        vec![
            ("eventSource", "s3future.amazonaws.com".into()),
            ("eventCategory", Value::Null),
            ("managementEvent", Value::Null),
        ],
        vec![("eventSource", "s3future.amazonaws.com".into()), ("eventCategory", "Later".into())],
        vec![("eventSource", "s3future.amazonaws.com".into()), ("resources", bucket)],
        vec![("eventSource", "cloudtrail.amazonaws.com".into())],
    ] {
        assert_eq!(accesses(&[record(&changes)], &[]).1, 3, "{changes:?}");
    }
    let management = [
        ("eventSource", "s3future.amazonaws.com".into()),
        ("eventCategory", Value::Null),
        ("managementEvent", true.into()),
    ];
    assert_eq!(accesses(&[record(&management)], &[]), (vec![], 0));
    // What is about no object of S3 is none.
    let table = json!([{"type": "AWS::DynamoDB::Table", "ARN": "arn:aws:dynamodb:eu-west-1:111111111111:table/t"}]);
    let other = record(&[("eventSource", "dynamodb.amazonaws.com".into()), ("resources", table)]);
    assert_eq!(accesses(&[other], &[]), (vec![], 0));
}

/// Insights name no source; and what its source settles needs no other trait.
#[test]
fn what_is_certainly_no_access_needs_no_more() {
    let insight = json!({"eventVersion": "1.07", "eventTime": "2026-11-22T05:00:00Z", "awsRegion": "eu-west-1", "eventID": "i",
        "eventType": "AwsCloudTrailInsight", "recipientAccountId": "111111111111", "eventCategory": "Insight",
        "insightDetails": {"state": "Start", "eventSource": "s3.amazonaws.com", "eventName": "PutObject"}});
    let mistyped = record(&[
        ("eventSource", "sts.amazonaws.com".into()),
        ("eventName", "AssumeRole".into()),
        ("resources", Value::Null),
        ("managementEvent", "True".into()),
        ("eventCategory", Value::Null),
    ]);
    assert_eq!(accesses(&[insight, mistyped], &[]), (vec![], 0));
    // One that may be about an object is not understood.
    let unclear = record(&[("eventSource", "sts.amazonaws.com".into()), ("eventCategory", json!(1))]);
    assert_eq!(accesses(&[unclear], &[]).1, 3);
    assert_eq!(accesses(&[record(&[("eventSource", Value::Null)])], &[]).1, 3);
    assert_eq!(accesses(&[record(&[("managementEvent", "False".into())])], &[]).1, 3);
}
