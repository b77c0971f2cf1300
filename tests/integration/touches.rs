//! Wrong verdicts that were found from outside, by kind: what a record says was done, to what, and by whom.

use serde_json::{Value, json};

use crate::program::Workplace;

fn record(changes: &[(&str, Value)]) -> Value {
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
fn accesses(records: &[Value], more: &[&str]) -> (Vec<Value>, i32) {
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
    // What is about no object of S3 is none.
    let table = json!([{"type": "AWS::DynamoDB::Table", "ARN": "arn:aws:dynamodb:eu-west-1:111111111111:table/t"}]);
    let other = record(&[("eventSource", "dynamodb.amazonaws.com".into()), ("resources", table)]);
    assert_eq!(accesses(&[other], &[]), (vec![], 0));
}

/// Two accounts have a record each of one request: the bucket's owner one that may hide who acted.
#[test]
fn the_copies_of_one_event_are_one_by_the_fuller() {
    let full = record(&[("sharedEventID", "s".into())]);
    let redacted = |shared: &str| {
        record(&[
            ("eventID", "other".into()),
            ("sharedEventID", shared.into()),
            ("userIdentity", json!({"type": "AWSAccount", "accountId": "111111111111", "principalId": "AIDAX"})),
        ])
    };
    for records in [[full.clone(), redacted("s")], [redacted("s"), full.clone()]] {
        let (rows, exit) = accesses(&records, &[]);
        let told: Vec<_> =
            rows.iter().map(|row| (row["principal_type"].as_str().unwrap(), row["count"].as_u64().unwrap())).collect();
        assert_eq!((told, exit), (vec![("user", 1)], 0));
    }
    // Two requests: by their ids, or by what was asked and what came of it.
    let elsewhere = json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::load/in/other.csv"}]);
    let changed = |name: &str, value: Value| {
        let mut other = redacted("s");
        other[name] = value;
        other
    };
    for other in [
        redacted("another"),
        changed("eventName", "DeleteObject".into()),
        changed("eventTime", "2026-11-22T05:00:01Z".into()),
        changed("resources", elsewhere),
        changed("errorCode", "AccessDenied".into()),
    ] {
        for records in [[full.clone(), other.clone()], [other.clone(), full.clone()]] {
            let counts: u64 = accesses(&records, &[]).0.iter().map(|row| row["count"].as_u64().unwrap()).sum();
            assert_eq!(counts, 2, "{other}");
        }
    }
    // An event whose own id is the shared one is no duplicate of itself.
    let (rows, _) = accesses(&[record(&[("sharedEventID", "e".into())])], &[]);
    assert_eq!(rows[0]["count"], 1);
    // Sessions of one role of another account are one principal.
    let session = |name: &str| {
        let identity =
            json!({"type": "AWSAccount", "accountId": "222222222222", "principalId": format!("AROAX:{name}")});
        record(&[("eventID", name.into()), ("userIdentity", identity)])
    };
    let (rows, _) = accesses(&[session("a"), session("b")], &[]);
    assert_eq!((rows.len(), rows[0]["count"].as_u64()), (1, Some(2)));
    // Whose they are, the table says, and a filter asks.
    let workplace = Workplace::offline();
    workplace.write("x.json", &json!({"Records": [session("a"), record(&[])]}).to_string());
    let table = workplace.run(&["accesses", "x.json"]).stdout;
    assert!(table.lines().any(|line| line.starts_with("AROAX  ") && line.contains("222222222222")), "{table}");
    let of_account = workplace.run(&["accesses", "x.json", "--principal", "222222222222", "--format", "ndjson"]).stdout;
    assert!(of_account.lines().count() == 1 && of_account.contains("AROAX"), "{of_account}");
}

/// The scan reads log files; what else the scanning role reads in a log bucket is judged like anyone's.
#[test]
fn the_scans_own_calls_are_on_log_files() {
    let at = |key: &str| {
        let identity = json!({"type": "AssumedRole", "arn": "arn:aws:sts::111111111111:assumed-role/audit/session", "accountId": "111111111111"});
        let read = record(&[
            ("userIdentity", identity),
            ("requestParameters", json!({"bucketName": "logs", "key": key})),
            ("resources", json!([{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::logs/{key}")}])),
        ]);
        let workplace = Workplace::offline();
        workplace.write("trailcheck.toml", "[[access]]\nlocation = \"s3://logs/\"\n");
        workplace.write("logs/x.json", &json!({"Records": [read]}).to_string());
        workplace
            .write("snapshot.json", &crate::account::snapshot_of(crate::account::complete("s3://logs/")).to_string());
        let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]);
        crate::program::finding(&report, "access/approved_roles", "s3://logs/")["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        at("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/11/22/x.json.gz"),
        "unknown",
        "a folder shows no absence"
    );
    for data in [
        "in/data.csv",
        "in/AWSLogs/x.csv",
        "AWSLogs/customers.csv",
        "AWSLogs/111111111111/x.csv",
        "myAWSLogs/111111111111/CloudTrail/x",
    ] {
        assert_eq!(at(data), "fail", "{data}");
    }
    for log in [
        "logs/2026/AWSLogs/o-abc/111111111111/CloudTrail/eu-west-1/x.json.gz",
        "AWSLogs/111111111111/CloudTrail-Digest/x",
    ] {
        assert_eq!(at(log), "unknown", "{log}");
    }
}

/// A blank says nothing, and nobody is approved or turned down by it.
#[test]
fn a_blank_name_is_no_name() {
    let told = |identity: Value| {
        let workplace = Workplace::offline();
        let config = "[[access]]\nlocation = \"s3://load/in/\"\nusers = [\"arn:aws:iam::111111111111:user/mallory\"]\n";
        workplace.write("trailcheck.toml", config);
        workplace.write("logs/x.json", &json!({"Records": [record(&[("userIdentity", identity)])]}).to_string());
        let snapshot = crate::account::snapshot_of(crate::account::complete("s3://load/in/"));
        workplace.write("snapshot.json", &snapshot.to_string());
        let (report, _) = workplace.check(&["--snapshot", "snapshot.json", "--logs", "logs"]);
        crate::program::finding(&report, "access/approved_roles", "s3://load/in/").clone()
    };
    for identity in [
        json!({"type": "IAMUser", "arn": ""}),
        json!({"type": "Root", "arn": " "}),
        json!({"type": "FederatedUser", "arn": ""}),
        json!({"type": "AWSService", "invokedBy": ""}),
        json!({"type": "AWSAccount"}),
        json!({"type": "AWSAccount", "accountId": "", "principalId": ""}),
        json!({"type": "Unknown", "arn": "", "principalId": ""}),
        json!({}),
    ] {
        let finding = told(identity.clone());
        assert_eq!(finding["outcome"], "unknown", "{identity}");
        assert!(finding["message"].as_str().unwrap().contains("somebody that event e does not name"), "{finding}");
    }
    // In another account's copy the account tells who it is not.
    assert_eq!(told(json!({"type": "AWSAccount", "principalId": "AIDAX"}))["outcome"], "unknown");
    assert_eq!(
        told(json!({"type": "AWSAccount", "principalId": "AIDAX", "accountId": "222222222222"}))["outcome"],
        "fail"
    );
    // Nobody of these kinds can be approved.
    assert_eq!(
        told(json!({"type": "WebIdentityUser", "principalId": "accounts.example.com:app:7"}))["outcome"],
        "fail"
    );
    assert_eq!(told(json!({"type": "SAMLUser", "principalId": "abc:ann"}))["outcome"], "fail");
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

/// What is packed in a form that is not read may hold records: it is named with what to do, and no silence.
#[test]
fn a_file_in_another_packing_is_not_passed_over() {
    let file = json!({"Records": [record(&[])]}).to_string();
    let mut tar = vec![0; 512];
    tar[..6].copy_from_slice(b"x.json");
    tar[257..262].copy_from_slice(b"ustar");
    let utf_16: Vec<u8> = [0xfeff].into_iter().chain(file.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let gzip = trailcheck::gzip::compress;
    for (name, bytes, form) in [
        ("old.zip", b"PK\x03\x04rest".to_vec(), "a ZIP archive"),
        ("old.bz2", b"BZh91AY".to_vec(), "bzip2 data"),
        ("old.xz", b"\xfd7zXZ\0\0".to_vec(), "xz data"),
        ("old", b"PAR1\x15".to_vec(), "a Parquet file"),
        ("old.tar", tar.clone(), "a tar archive"),
        ("old.tgz", gzip(&tar), "a tar archive"),
        ("old.json.gz", gzip(&gzip(file.as_bytes())), "gzip within gzip"),
        ("old.json", utf_16, "UTF-16 text"),
    ] {
        let workplace = Workplace::offline();
        workplace.write("logs/good.json", &file);
        std::fs::write(workplace.path(&format!("logs/{name}")), bytes).unwrap();
        let ran = workplace.run(&["accesses", "logs"]);
        assert_eq!(ran.exit, 3, "{name}: {ran:?}");
        assert!(ran.stderr.contains(&format!("logs/{name}: it is {form}; write")), "{name}: {}", ran.stderr);
    }
}

/// In whatever they come, records are read as strictly as in a log file, and what is none says what it looks like.
#[test]
fn containers_are_told_by_their_form() {
    let read = |bytes: &[u8], name: &str| {
        let workplace = Workplace::offline();
        std::fs::create_dir(workplace.path("logs")).unwrap();
        std::fs::write(workplace.path(&format!("logs/{name}")), bytes).unwrap();
        let ran = workplace.run(&["accesses", "logs", "--format", "json"]);
        let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
        (rows.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), ran.exit, ran.stderr)
    };
    let (one, two) = (record(&[("eventID", "a".into())]), record(&[("eventID", "b".into())]));
    let lines = format!("{one}\n{two}\n");
    let message = |record: &Value| Value::String(record.to_string());
    let file = json!({"Records": [one, two]}).to_string();
    let zstd = ruzstd::encoding::compress_to_vec(file.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    for (name, bytes) in [
        ("array.json", json!([one, two]).to_string().into_bytes()),
        ("lines.ndjson", lines.clone().into_bytes()),
        ("lines.gz", trailcheck::gzip::compress(lines.as_bytes())),
        ("bom.json", [b"\xef\xbb\xbf", file.as_bytes()].concat()),
        ("file.json.zst", zstd.clone()),
        ("export", format!("2026-11-22T05:00:00.000Z {one}\n2026-11-22T05:00:01.000Z {two}\n").into_bytes()),
        ("subscription.json", json!({"messageType": "DATA_MESSAGE", "logEvents": [{"message": message(&one)}, {"message": message(&two)}]}).to_string().into_bytes()),
        ("lookup.json", json!({"Events": [{"CloudTrailEvent": message(&one)}, {"CloudTrailEvent": message(&two)}]}).to_string().into_bytes()),
    ] {
        assert_eq!((read(&bytes, name).0, read(&bytes, name).1), (2, 0), "{name}: {}", read(&bytes, name).2);
    }
    assert_eq!(read(one.to_string().as_bytes(), "one.json").0, 1);
    let mut cut = zstd.clone();
    cut.truncate(zstd.len() - 3);
    for (name, bytes, what) in [
        ("cut.json.zst", cut, "zstd data is damaged"),
        ("more.json.zst", [&zstd[..], b"x"].concat(), "after the end"),
        (
            "notification.json",
            json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventVersion": "2.1"}]})
                .to_string()
                .into_bytes(),
            "S3 event notifications",
        ),
        ("other.json", b"{\"hello\": 1}".to_vec(), "it looks like JSON with hello"),
        (
            "rows.json",
            json!({"QueryResultRows": [[{"eventID": "a"}]]}).to_string().into_bytes(),
            "its rows have no eventversion",
        ),
    ] {
        let (count, exit, stderr) = read(&bytes, name);
        assert!(count == 0 && exit == 3 && stderr.contains(what), "{name}: {exit} {stderr}");
    }
}
