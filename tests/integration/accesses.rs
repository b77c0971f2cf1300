//! `accesses`: who touched what, straight from log files.

use data_encoding::BASE64;
use serde_json::{Value, json};
use trailcheck::gzip::compress;

use crate::endpoint::Endpoint;
use crate::program::{Ran, Workplace, fixture};

const ROLE: &str = "arn:aws:iam::123456789012:role/redshift-trailcheck-role";

/// A read of `s3://load/in/data.csv` by a role.
fn record(id: &str) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": "2026-11-22T05:00:00Z", "eventSource": "s3.amazonaws.com",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111111111111:assumed-role/loader/s", "accountId": "111111111111"},
        "eventName": "GetObject", "awsRegion": "eu-west-1", "requestParameters": {"bucketName": "load", "key": "in/data.csv"},
        "eventID": id, "readOnly": true, "eventCategory": "Data", "managementEvent": false,
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::load/in/data.csv"}],
    })
}

fn log(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

fn rows(ran: &Ran) -> Vec<Value> {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// What `accesses logs --format json` prints for these files.
fn read(files: &[(&str, &[u8])]) -> (Vec<Value>, Ran) {
    let workplace = Workplace::offline();
    for (name, bytes) in files {
        let path = workplace.write(&format!("logs/{name}"), "");
        std::fs::write(path, bytes).unwrap();
    }
    let ran = workplace.run(&["accesses", "logs", "--format", "json"]);
    (rows(&ran), ran)
}

#[test]
fn the_articles_records_are_five_accesses_by_one_role() {
    let ran = Workplace::offline().run(&["accesses", &fixture("article/logs"), "--format", "json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stderr.contains("5 S3 data events from 1 of 1 log object"), "{ran:?}");
    let rows = rows(&ran);
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row["principal"] == ROLE && row["count"] == 1), "{rows:?}");
    let read = rows.iter().find(|row| row["event_name"] == "GetObject").unwrap();
    let expected = json!({
        "principal": ROLE, "principal_type": "role", "account": "123456789012", "bucket": "cm-kajiwara-redshift-load",
        "location": null, "event_name": "GetObject", "access": "read", "region": "ap-northeast-1", "error_code": null, "count": 1,
        "first_seen": "2016-12-01T11:01:30Z", "last_seen": "2016-12-01T11:01:30Z",
        "example": {"event_id": "0734353a-f798-408b-b7c9-dead8e31429f", "object": fixture("article/logs/records.json")},
    });
    assert_eq!(*read, expected);
    // The members come in the documented order.
    let names = ["\"principal\":", "\"bucket\":", "\"event_name\":", "\"count\":", "\"example\":"];
    let places: Vec<usize> = names.iter().map(|name| ran.stdout.find(name).unwrap()).collect();
    assert!(places.is_sorted(), "{}", ran.stdout);
}

#[test]
fn formats_say_the_same() {
    let workplace = Workplace::offline();
    let run = |more: &[&str]| workplace.run(&[&["accesses", &fixture("article/logs")], more].concat()).stdout;
    let json: Value = serde_json::from_str(&run(&["--format", "json"])).unwrap();
    let lines: Vec<Value> =
        run(&["--format", "ndjson"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json, json!(lines));
    let csv = run(&["--format", "csv"]);
    assert!(csv.starts_with("principal,principal_type,account,bucket,location,event_name,access,region,error_code,count,first_seen,last_seen,example_event_id,example_object\n"), "{csv}");
    assert_eq!(csv.lines().count(), 6);
    let table = run(&[]);
    assert!(table.contains("GetObject") && table.lines().count() == 6 && !table.contains('\u{1b}'), "{table}");
    // Nothing found has the same columns.
    let none = workplace.run(&["accesses", &fixture("article/logs"), "--bucket", "x", "--format", "csv"]).stdout;
    assert_eq!(none.lines().next(), csv.lines().next());
    let by = |more: &[&str]| run(&[&["--by", "event", "--format", "csv"], more].concat());
    assert_eq!(by(&["--bucket", "x"]), "event_name,access,count,first_seen,last_seen\n");
    assert_eq!(by(&[]).lines().next(), by(&["--bucket", "x"]).lines().next());
}

/// Where requests came from, as the compact form of a delivered file has it and as any other form does.
#[test]
fn source_addresses_choose() {
    let from = |id: &str, address: Value| {
        let mut record = record(id);
        record["sourceIPAddress"] = address;
        record
    };
    let records = [
        from("a", "198.51.100.7".into()),
        from("b", "198.51.100.8".into()),
        from("c", "redshift.amazonaws.com".into()),
        from("d", Value::Null),
        from("e", json!(["198.51.100.7"])),
    ];
    for text in [log(&records), serde_json::to_string_pretty(&json!({"Records": records})).unwrap()] {
        let workplace = Workplace::offline();
        workplace.write("x.json", &text);
        let count = |addresses: &[&str]| {
            let asked = addresses.iter().flat_map(|address| ["--source-ip", address]).collect::<Vec<_>>();
            let ran = workplace.run(&[&["accesses", "x.json", "--format", "json"], &asked[..]].concat());
            let counts = rows(&ran).iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>();
            (counts, ran.exit)
        };
        assert_eq!(count(&[]), (5, 0));
        assert_eq!(count(&["198.51.100.7"]), (1, 0));
        assert_eq!(count(&["198.51.100.0/24"]), (2, 0));
        assert_eq!(count(&["198.51.100.0/29", "*.amazonaws.com"]), (2, 0));
    }
    let wrong = Workplace::offline().run(&["accesses", "x.json", "--source-ip", "198.51.100"]);
    assert!(wrong.exit == 2 && wrong.stderr.contains("is no address: expected 198.51.100.7"), "{wrong:?}");
}

/// Where the system gives fewer threads than are asked for, those that there are read.
#[cfg(target_os = "linux")]
#[test]
fn threads_that_cannot_be_started_stop_nothing() {
    let program = env!("CARGO_BIN_EXE_trailcheck");
    let command = format!("ulimit -v 400000; exec {program} accesses {} --threads 256", fixture("article/logs"));
    let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 6);
}

/// That there is nothing has three reasons, and each is told apart.
#[test]
fn nothing_is_told_with_its_reason() {
    let management = json!({"eventVersion": "1.11", "eventTime": "2026-11-22T05:00:00Z", "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole", "eventID": "m", "eventCategory": "Management", "managementEvent": true});
    let workplace = Workplace::offline();
    workplace.write("none.json", &log(&[management]));
    workplace.write("some.json", &log(&[record("a")]));
    workplace.write("broken.json", "{");
    let told = |arguments: &[&str]| workplace.run(&[&["accesses"], arguments].concat());
    let none = told(&["none.json"]);
    assert_eq!((none.stdout.as_str(), none.exit), ("no S3 data event\n", 0));
    assert!(none.stderr.contains("whether the trail records no data events or nobody came"), "{none:?}");
    assert_eq!(told(&["some.json", "--role", "nobody"]).stdout, "no S3 data event that the filters ask for\n");
    let broken = told(&["broken.json"]);
    assert_eq!((broken.stdout.as_str(), broken.exit), ("nothing was read\n", 3));
}

/// The highest counts, in every format; what is left out is said.
#[test]
fn the_top_of_a_long_answer() {
    let mut records: Vec<Value> = (0..6).map(|number| record(&number.to_string())).collect();
    for (record, bucket) in records.iter_mut().zip(["a", "b", "b", "c", "c", "c"]) {
        record["resources"][0]["ARN"] = format!("arn:aws:s3:::{bucket}/k").into();
        record["requestParameters"] = json!({"bucketName": bucket, "key": "k"});
    }
    let workplace = Workplace::offline();
    workplace.write("x.json", &log(&records));
    for by in [&[][..], &["--by", "bucket"]] {
        let ran = workplace.run(&[&["accesses", "x.json", "--format", "json", "--top", "2"], by].concat());
        let buckets: Vec<_> = rows(&ran).iter().map(|row| row["bucket"].as_str().unwrap().to_owned()).collect();
        assert_eq!(buckets, ["c", "b"]);
        assert!(ran.stderr.contains("1 rows with lower counts are left out"), "{ran:?}");
    }
    let all = workplace.run(&["accesses", "x.json", "--top", "3"]);
    assert!(all.stdout.lines().count() == 4 && !all.stderr.contains("left out"), "{all:?}");
}

#[test]
fn filters_and_sums() {
    let workplace = Workplace::offline();
    let run = |more: &[&str]| {
        let ran = workplace.run(&[&["accesses", &fixture("article/logs"), "--format", "json"], more].concat());
        (rows(&ran), ran.exit)
    };
    assert_eq!(run(&["--bucket", "cm-kajiwara-redshift-load"]).0.len(), 2);
    // What is counted is told apart from what was read.
    let told = workplace.run(&["accesses", &fixture("article/logs"), "--bucket", "cm-kajiwara-redshift-load"]).stderr;
    assert!(
        told.contains("5 S3 data events from") && told.contains("2 accesses are what the filters ask for"),
        "{told}"
    );
    assert_eq!(run(&["--bucket", "*-load", "--bucket", "*-standard"]).0.len(), 5);
    assert_eq!(run(&["--principal", "*/somebody-else"]).0.len(), 0);
    assert_eq!(run(&["--principal", ROLE]).0.len(), 5);
    assert_eq!(run(&["--from", "2016-12-01T11:01:29Z"]).0.len(), 2);
    assert_eq!(run(&["--from", "2016-12-01", "--to", "2016-12-01T11:01:29Z"]).0.len(), 3);
    let (by_bucket, _) = run(&["--by", "bucket"]);
    let counts: Vec<_> = by_bucket.iter().map(|row| (row["bucket"].as_str().unwrap(), row["count"].clone())).collect();
    assert_eq!(
        counts,
        [("cm-kajiwara-redshift-load", json!(2)), ("cm-kajiwara-redshift-unload-us-standard", json!(3))]
    );
    assert_eq!(
        run(&["--by", "principal"]).0,
        [json!({
            "principal": ROLE, "principal_type": "role", "account": "123456789012", "count": 5,
            "first_seen": "2016-12-01T11:01:21Z", "last_seen": "2016-12-01T11:01:30Z",
        })]
    );
    assert_eq!(run(&["--by", "event"]).0.len(), 5);
    let located = run(&["--config", &fixture("article/trailcheck.toml")]).0;
    assert!(
        located.iter().all(|row| row["location"] == format!("s3://{}/", row["bucket"].as_str().unwrap())),
        "{located:?}"
    );
    for wrong in [&["--from", "yesterday"][..], &["--from", "2016-12-02", "--to", "2016-12-01"], &["--threads", "0"]] {
        assert_eq!(workplace.run(&[&["accesses", &fixture("article/logs")], wrong].concat()).exit, 2, "{wrong:?}");
    }
    assert_eq!(workplace.run(&["accesses", "no/such/folder"]).exit, 2);
}

/// Anybody may choose a session's or an object's name.
#[test]
fn hostile_names_stay_names() {
    let mut hostile = record("e");
    hostile["userIdentity"] =
        json!({"type": "IAMUser", "accountId": "1", "arn": "=HYPERLINK(\"http://x\")\u{1b}[2J\n::error::x"});
    hostile["eventName"] = "::stop-commands::x".into();
    let workplace = Workplace::offline();
    workplace.write("logs/x.json", &log(&[hostile]));
    let csv = workplace.run(&["accesses", "logs", "--format", "csv"]).stdout;
    assert!(csv.lines().nth(1).unwrap().starts_with("\"'=HYPERLINK(\"\"http"), "{csv}");
    let table = workplace.run(&["accesses", "logs"]);
    let printed = format!("{}{}", table.stdout, table.stderr);
    assert!(!printed.contains('\u{1b}') && printed.contains("\\u{1b}[2J\\u{a}::error"), "{printed}");
    assert!(!printed.lines().any(|line| line.trim_start().starts_with("::")), "{printed}");
    assert_eq!(workplace.run(&["accesses", "logs", "--by", "event"]).stdout.matches("\n::").count(), 0);
}

/// Reliability, section 4.1: what is broken is counted, and its neighbours are read.
#[test]
fn every_kind_of_damage_is_counted_and_stops_nothing() {
    let whole = compress(log(&[record("e1"), record("e2")]).as_bytes());
    let mut bad_crc = whole.clone();
    let crc = bad_crc.len() - 7;
    bad_crc[crc] ^= 1;
    let mut damaged: Vec<(String, Vec<u8>)> =
        (1..=12).map(|part| (format!("cut at {part}/13"), whole[..whole.len() * part / 13].to_vec())).collect();
    let nested = |depth: usize| format!("{{\"Records\":[{{\"a\":{}{}}}]}}", "[".repeat(depth), "]".repeat(depth));
    damaged.extend(
        [
            ("a bad CRC", bad_crc),
            ("a missing trailer", whole[..whole.len() - 8].to_vec()),
            ("a second member", [whole.clone(), compress(log(&[record("e3")]).as_bytes())].concat()),
            ("bytes behind", [whole.clone(), b"more".to_vec()].concat()),
            ("a bomb", compress(&vec![b' '; 40 << 20])),
            ("nothing", vec![]),
            ("no gzip, no JSON", b"hello".to_vec()),
            ("half the JSON", log(&[record("e3")]).into_bytes()[..200].to_vec()),
            ("text behind the JSON", format!("{}x", log(&[record("e3")])).into_bytes()),
            (
                "no UTF-8",
                log(&[record("e\u{e9}")])
                    .into_bytes()
                    .into_iter()
                    .map(|byte| if byte == 0xc3 { 0xff } else { byte })
                    .collect(),
            ),
            ("a huge string", log(&[json!({"userAgent": "x".repeat(2 << 20)})]).into_bytes()),
            ("too deep", nested(100).into_bytes()),
            ("endlessly deep", nested(200_000).into_bytes()),
            ("too many records", format!("{{\"Records\":[{}0]}}", "0,".repeat(1_000_000)).into_bytes()),
            ("records that are no list", b"{\"Records\":{}}".to_vec()),
            ("two lists", b"{\"Records\":[],\"Records\":[]}".to_vec()),
            ("no records", b"{\"records\":[]}".to_vec()),
            ("a list of what is no record", b"[1]".to_vec()),
            ("half a line", format!("{}\n{{\"eventV", record("e3")).into_bytes()),
        ]
        .map(|(what, bytes)| (what.to_owned(), bytes)),
    );
    let good = log(&[record("good")]);
    for (what, bytes) in &damaged {
        let (rows, ran) = read(&[("1.json.gz", bytes), ("2.json", good.as_bytes())]);
        assert_eq!(ran.exit, 3, "{what}: {ran:?}");
        assert!(ran.stderr.contains("1 S3 data event from 1 of 2 log objects"), "{what}: {ran:?}");
        assert!(ran.stderr.contains("not read: logs/1.json.gz: "), "{what}: {ran:?}");
        assert_eq!(rows.len(), 1, "{what}");
    }
    // Records that are none, or of a form that is not known, are counted one by one.
    for odd in [json!(5), json!(null), json!([]), json!("x"), json!({})] {
        let (rows, ran) = read(&[("1.json", log(&[odd.clone(), record("e")]).as_bytes())]);
        assert!(ran.exit == 3 && ran.stderr.contains("1 record could not be understood"), "{odd}: {ran:?}");
        assert_eq!(rows[0]["count"], 1);
    }
}

/// Pitfalls E4, E6, E8, E10, E12, E16.
#[test]
fn e_rows_of_records() {
    let change = |id: &str, change: fn(&mut Value)| {
        let mut record = record(id);
        change(&mut record);
        record
    };
    let count = |records: &[Value]| {
        let (rows, ran) = read(&[("x.json", log(records).as_bytes())]);
        (rows.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), ran)
    };
    let no_resources = change("e", |record| record["resources"] = Value::Null);
    assert_eq!(count(&[no_resources]).0, 1, "E4: the request names the bucket");
    for version in ["1.9", "1.10", "1.99", "1.0"] {
        let mut versioned = record("e");
        versioned["eventVersion"] = version.into();
        assert_eq!(count(&[versioned]).0, 1, "E6: {version}");
    }
    let (next_major, ran) = count(&[change("e", |record| record["eventVersion"] = "2.0".into())]);
    assert_eq!((next_major, ran.exit), (0, 3), "E6: another major version is not ours to read");
    let shape = change("e", |record| {
        record["eventCategory"] = "Aggregated".into();
        record["eventType"] = "AwsAggregatedEvent".into();
    });
    assert_eq!(count(&[shape]).0, 0, "E8 by shape");
    for category in ["Insight", "NetworkActivity"] {
        let mut other = record("e");
        other["eventCategory"] = category.into();
        assert_eq!(count(&[other]).0, 0, "E8: {category}");
    }
    let digest = json!({"awsAccountId": "1", "digestS3Object": "x", "logFiles": []}).to_string();
    let (rows, ran) = read(&[
        ("x.json", digest.as_bytes()),
        (
            "CloudTrail-Insight/AWSLogs/1/CloudTrail-Insight/r/1_CloudTrail-Insight_r_x.json",
            log(&[record("e")]).as_bytes(),
        ),
    ]);
    assert!(rows.is_empty() && ran.exit == 0 && ran.stderr.contains("2 objects without object records"), "E8: {ran:?}");
    let name = "1_CloudTrail_eu-west-1_20261122T0500Z_u.json";
    let (_, ran) = read(&[(name, digest.as_bytes())]);
    assert_eq!(ran.exit, 3, "a digest in the place of a log file: {ran:?}");
    let (once, ran) = count(&[record("e"), record("e"), record("f")]);
    assert!(once == 2 && ran.stderr.contains("1 duplicate dropped"), "E10: {ran:?}");
    let denied = change("e", |record| {
        record["eventName"] = "PutObject".into();
        record["errorCode"] = "AccessDenied".into();
    });
    let (rows, _) = read(&[("x.json", log(&[denied]).as_bytes())]);
    assert_eq!(rows[0]["error_code"], "AccessDenied", "E12: attempted and logged");
    let deletions: Vec<Value> = (0..1001)
        .map(|number| {
            let mut deletion = record(&format!("e{number}"));
            deletion["eventName"] = if number == 0 { "DeleteObjects" } else { "DeleteObject" }.into();
            deletion["requestID"] = "one".into();
            deletion
        })
        .collect();
    assert_eq!(count(&deletions).0, 1001, "E16: one request, as many records as objects");
    let of = |name: &str, flag: Value| {
        let mut record = record("e");
        record["eventName"] = name.into();
        record["readOnly"] = flag;
        read(&[("x.json", log(&[record]).as_bytes())]).0[0]["access"].clone()
    };
    assert_eq!(of("NewOperation", Value::Null), "unknown");
    assert_eq!(of("NewOperation", true.into()), "read");
    assert_eq!(of("GetObject", Value::Null), "read", "a documented name says what it does");
    assert_eq!(of("PutObject", true.into()), "all", "two answers: both count");
    assert_eq!(of("SelectObjectContent", false.into()), "read", "it reads, whatever its record says");
}

/// The example is the earliest event, whichever file is read first and by however many threads.
#[test]
fn threads_and_order_do_not_show() {
    let workplace = Workplace::offline();
    for number in 0..40 {
        let mut records: Vec<Value> =
            (0..50).map(|event| record(&format!("{}", (event * 7 + number * 13) % 900))).collect();
        records
            .iter_mut()
            .for_each(|record| record["eventTime"] = format!("2026-11-22T05:00:{:02}Z", number % 60).into());
        workplace.write(&format!("logs/{number}.json"), &log(&records));
    }
    let run = |threads: &str| workplace.run(&["accesses", "logs", "--format", "json", "--threads", threads]);
    let one = run("1");
    for threads in ["1", "2", "8"] {
        let many = run(threads);
        assert_eq!((many.stdout, many.stderr, many.exit), (one.stdout.clone(), one.stderr.clone(), one.exit));
    }
}

/// More objects than one page of a listing has: log files of two accounts on two pages, and a thousand digests between them.
#[test]
fn a_bucket_is_listed_to_its_end() {
    let key = |number: usize| {
        let (account, minute) = (1 + number / 55, number * 10);
        format!(
            "x/AWSLogs/{account}/CloudTrail/eu-west-1/2026/11/22/{account}_CloudTrail_eu-west-1_20261122T{:02}{:02}Z_u.json.gz",
            minute / 60,
            minute % 60
        )
    };
    let object = |key: String, body: &str| json!({"bucket": "logs", "region": "eu-west-1", "key": key, "base64": BASE64.encode(&compress(body.as_bytes()))});
    let mut objects: Vec<Value> =
        (0..110).map(|number| object(key(number), &log(&[record(&format!("e{}", number % 100))]))).collect();
    let digest = |number: usize| format!("x/AWSLogs/2/CloudTrail-Digest/eu-west-1/2026/11/22/{number}.json.gz");
    objects.extend((0..900).map(|number| object(digest(number), "{}")));
    objects.push(object(
        "elsewhere/AWSLogs/1/CloudTrail/eu-west-1/2026/11/22/y.json.gz".to_owned(),
        &log(&[record("not below the prefix")]),
    ));
    let endpoint = Endpoint::with(&json!({"buckets": [{"name": "logs", "region": "eu-west-1"}], "objects": objects}));
    let workplace = Workplace::at(&endpoint);
    let ran = workplace.run(&["accesses", "s3://logs/x/", "--format", "json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stderr.contains("100 S3 data events from 110 of 110 log objects, 10 duplicates dropped"), "{ran:?}");
    let rows = rows(&ran);
    assert_eq!((rows.len(), rows[0]["count"].as_u64()), (1, Some(100)));
    assert_eq!(rows[0]["example"]["object"], format!("s3://logs/{}", key(0)));
    let pages = endpoint.calls().iter().filter(|call| call.contains("ListObjectsV2")).count();
    assert_eq!(pages, 2);
    // Files that were delivered before the time began are not fetched.
    let late = workplace.run(&["accesses", "s3://logs/x/", "--from", "2026-11-22T18:00:00Z"]);
    assert!(late.stderr.contains("0 S3 data events from 8 of 8 log objects"), "{late:?}");
    // One object that is not ours to read.
    endpoint.rule(json!({"service": "s3", "operation": "GetObject", "contains": "T0010Z", "status": 403,
        "body": "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"}));
    let denied = workplace.run(&["accesses", "s3://logs/x/", "--by", "bucket"]);
    assert!(
        denied.exit == 3
            && denied.stderr.contains("from 109 of 110 log objects")
            && denied.stderr.contains("AccessDenied"),
        "{denied:?}"
    );
    let nowhere = workplace.run(&["accesses", "s3://no-such-bucket/"]);
    assert!(
        nowhere.exit == 2 && nowhere.stderr.contains("cannot list s3://no-such-bucket/: NoSuchBucket"),
        "{nowhere:?}"
    );
}
