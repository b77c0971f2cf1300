//! `verify` of a bucket, through the real SDK; CloudTrail's public keys are scripted.

use data_encoding::BASE64;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use trailcheck::gzip;

use crate::chains::{FINGERPRINT, Trail, only, public_keys, rfc3339, told};
use crate::endpoint::Endpoint;
use crate::program::{Ran, Workplace};

/// The last full hour, some hours back.
fn hours_ago(hours: i64) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc() - Duration::hours(hours);
    now.replace_time(time::Time::from_hms(now.hour(), 0, 0).unwrap())
}

/// A trail whose newest digest is the one that should be there now.
fn recent() -> (Trail, [String; 4]) {
    let mut trail = Trail::at(hours_ago(4));
    let names = [trail.hour(), trail.hour(), trail.hour(), trail.hour()];
    (trail, names)
}

/// The log bucket is in another region than the events. Keys: those of the events' region, and none anywhere else.
fn world(trail: &Trail) -> Endpoint {
    let endpoint = Endpoint::with(&json!({"buckets": [{"name": "logs", "region": "us-west-2"}]}));
    trail.put(&endpoint, "us-west-2");
    endpoint
}

fn keys(endpoint: &Endpoint, region: Option<&str>, answer: &Value) {
    let body = answer.to_string();
    endpoint.rule(
        json!({"service": "cloudtrail", "operation": "ListPublicKeys", "region": region, "status": 200, "body": body}),
    );
}

fn with_keys(trail: &Trail) -> Endpoint {
    let endpoint = world(trail);
    keys(&endpoint, Some("eu-west-1"), &public_keys());
    keys(&endpoint, None, &json!({"PublicKeyList": []}));
    endpoint
}

fn denied(endpoint: &Endpoint, operation: &str, contains: &str) {
    let body = "<Error><Code>AccessDenied</Code><Message>not for you</Message></Error>";
    endpoint.rule(json!({"service": "s3", "operation": operation, "contains": contains, "status": 403, "body": body}));
}

fn verify(endpoint: &Endpoint, more: &[&str]) -> (Value, Ran) {
    let workplace = Workplace::at(endpoint);
    workplace.write("keys.json", &public_keys().to_string());
    let ran = workplace.run(&[&["verify", "s3://logs/", "--format", "json"], more].concat());
    let result = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    (result, ran)
}

/// E24: the keys are those of the events' region, not of the trail's home region or of the bucket's.
#[test]
fn e24_a_whole_chain_is_valid_by_the_keys_of_its_own_region() {
    let (mut trail, _) = recent();
    trail.log(1);
    let endpoint = with_keys(&trail);
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(result["counts"]["digests"], json!({"valid": 4, "invalid": 0, "unknown": 0}));
    assert_eq!(result["counts"]["logs"], json!({"valid": 4, "invalid": 0, "unknown": 0}));
    assert_eq!(result["counts"]["pending"], 1, "what was delivered just now");
    let calls = endpoint.calls();
    let asked: Vec<&String> = calls.iter().filter(|call| call.contains(":ListPublicKeys")).collect();
    assert!(asked.len() == 1 && asked[0].contains(" eu-west-1 "), "{asked:?}");
    assert!(asked[0].contains(&format!("\"StartTime\":{}", hours_ago(4).unix_timestamp())), "{asked:?}");
    assert_eq!(calls.iter().filter(|call| call.contains(":GetObject ")).count(), 8, "each object once");
}

#[test]
fn a_key_that_the_region_does_not_have_is_none_of_cloudtrails() {
    let (trail, _) = recent();
    let endpoint = world(&trail);
    keys(&endpoint, Some("us-east-1"), &public_keys());
    keys(&endpoint, None, &json!({"PublicKeyList": []}));
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(result["counts"]["digests"]["invalid"], 4);
    let why = told(&result, "digest")[0].2;
    assert_eq!(why, format!("CloudTrail has no public key with fingerprint {FINGERPRINT} in eu-west-1"));
    // Keys from a file are taken instead, and CloudTrail is not asked.
    let before = endpoint.calls().len();
    assert_eq!(verify(&endpoint, &["--keys", "keys.json"]).1.exit, 0);
    assert!(!endpoint.calls()[before..].iter().any(|call| call.contains(":ListPublicKeys")));
}

#[test]
fn keys_that_could_not_be_listed_leave_everything_unknown() {
    let (trail, _) = recent();
    let endpoint = world(&trail);
    let body = json!({"__type": "AccessDeniedException", "message": "no"}).to_string();
    endpoint.rule(json!({"service": "cloudtrail", "operation": "ListPublicKeys", "status": 400, "body": body}));
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert_eq!(result["counts"]["digests"]["unknown"], 4);
    assert!(told(&result, "digest")[0].2.contains("AccessDeniedException: no"), "{result:#}");
}

#[test]
fn keys_come_page_by_page() {
    let (trail, _) = recent();
    let endpoint = world(&trail);
    let second = public_keys().to_string();
    endpoint.rule(
        json!({"operation": "ListPublicKeys", "contains": "\"NextToken\":\"more\"", "status": 200, "body": second}),
    );
    keys(
        &endpoint,
        None,
        &json!({"PublicKeyList": [{"Value": BASE64.encode(b"none"), "Fingerprint": "x"}], "NextToken": "more"}),
    );
    assert_eq!(verify(&endpoint, &[]).1.exit, 0);
}

/// validate-logs stops at the first object that it may not read.
#[test]
fn one_log_file_that_may_not_be_read_does_not_stop_the_others() {
    let (mut trail, names) = recent();
    let logs: Vec<String> = trail.objects.keys().filter(|name| name.contains("_CloudTrail_")).cloned().collect();
    trail.tamper(&logs[2], "eventTime", "eventtime");
    let endpoint = with_keys(&trail);
    denied(&endpoint, "GetObject", logs[1].split_once('/').unwrap().1);
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(result["counts"]["logs"], json!({"valid": 2, "invalid": 1, "unknown": 1}));
    let seen = told(&result, "log");
    assert!(seen[0].0 == "invalid" && seen[0].1.ends_with(&logs[2]) && seen[0].2.contains("SHA-256"), "{seen:?}");
    assert_eq!((seen[1].0, seen[1].2), ("unknown", "s3:GetObject: AccessDenied: not for you"));
    // A digest that may not be read is unknown, and so is what it lists.
    denied(&endpoint, "GetObject", names[1].split_once('/').unwrap().1);
    let (result, _) = verify(&endpoint, &[]);
    only(&result, "digest", &names[1], "unknown", "AccessDenied");
}

#[test]
fn a_log_file_that_was_deleted_is_invalid() {
    let (mut trail, _) = recent();
    let log = trail.objects.keys().find(|name| name.contains("_CloudTrail_")).unwrap().clone();
    trail.objects.remove(&log);
    let (result, ran) = verify(&with_keys(&trail), &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "log", &log, "invalid", "it is not there");
}

#[test]
fn a_digest_without_its_metadata_is_invalid() {
    let why = |change: &dyn Fn(&mut Trail, &str)| {
        let (mut trail, names) = recent();
        change(&mut trail, &names[2]);
        let (result, ran) = verify(&with_keys(&trail), &[]);
        assert_eq!(ran.exit, 1, "{ran:?}");
        let told = told(&result, "digest");
        assert!(told.len() == 1 && told[0].0 == "invalid" && told[0].1.ends_with(&names[2]), "{told:?}");
        told[0].2.to_owned()
    };
    let missing = "its metadata `signature` or `signature-algorithm` is missing";
    assert_eq!(why(&|trail, name| trail.metadata(name).clear()), missing);
    assert_eq!(why(&|trail, name| drop(trail.metadata(name).remove("signature"))), missing);
    assert_eq!(why(&|trail, name| drop(trail.metadata(name).remove("signature-algorithm"))), missing);
    // validate-logs takes any algorithm that is named.
    let none =
        |trail: &mut Trail, name: &str| drop(trail.metadata(name).insert("signature-algorithm".into(), "none".into()));
    assert!(why(&none).contains("the signature algorithm `none`"));
    let garbage =
        |trail: &mut Trail, name: &str| drop(trail.metadata(name).insert("signature".into(), "nothing".into()));
    assert!(why(&garbage).contains("its signature is not CloudTrail's"));
    let second_member = |trail: &mut Trail, name: &str| trail.bytes(name).extend(gzip::compress(b"{}"));
    assert!(why(&second_member).contains("unexpected data after the end"));
    let cut = |trail: &mut Trail, name: &str| trail.bytes(name).truncate(100);
    assert!(why(&cut).contains("cut short"));
}

/// Both are signed by CloudTrail's key; validate-logs never compares them.
#[test]
fn a_link_must_be_that_of_the_digest_before() {
    for (member, value, what) in [
        ("previousDigestSignature", "00ff".to_owned(), "signature"),
        ("previousDigestHashValue", "0".repeat(64), "hash"),
    ] {
        let mut trail = Trail::at(hours_ago(2));
        trail.hour();
        let name = trail.digest(&[], |digest| digest[member] = value.as_str().into());
        let (result, ran) = verify(&with_keys(&trail), &[]);
        assert_eq!(ran.exit, 1, "{ran:?}");
        only(&result, "digest", &name, "invalid", &format!("it states another {what} for the previous digest"));
    }
}

#[test]
fn a_deleted_digest_is_missing_and_a_cut_tail_is_seen() {
    let (mut trail, names) = recent();
    trail.objects.remove(&names[1]);
    let (result, ran) = verify(&with_keys(&trail), &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "digest", &names[1], "invalid", "it is not there, and the next digest names it");
    // Its log file is still there, and came just now for all that S3 says.
    assert_eq!((&result["counts"]["logs"]["valid"], &result["counts"]["pending"]), (&json!(3), &json!(1)));
    let (mut trail, names) = recent();
    for name in &names[1..] {
        trail.objects.remove(name);
    }
    trail.objects.retain(|name, _| !name.contains("_CloudTrail_"));
    let endpoint = with_keys(&trail);
    let (result, ran) = verify(&endpoint, &["--from", &rfc3339(hours_ago(4))]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "gap", "", "unknown", &format!("no digest covers {} to", rfc3339(hours_ago(3))));
    // The time that is covered can be asked for.
    let (result, _) = verify(&endpoint, &["--to", &rfc3339(hours_ago(3))]);
    assert!(told(&result, "gap").is_empty(), "{result:#}");
}

/// What comes after the asked time does not stand in for its last hour.
#[test]
fn the_last_hour_of_a_past_time_must_be_covered() {
    let mut trail = Trail::at(hours_ago(12));
    let names: Vec<String> = (0..12).map(|_| trail.hour()).collect();
    trail.objects.remove(&names[5]);
    let endpoint = with_keys(&trail);
    let to = rfc3339(hours_ago(6));
    let (result, ran) = verify(&endpoint, &["--to", &to]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "digest", &names[5], "invalid", "the next digest names it");
    for name in &names[6..8] {
        denied(&endpoint, "GetObject", name.split_once('/').unwrap().1);
    }
    let (result, ran) = verify(&endpoint, &["--to", &to]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "gap", "", "unknown", &format!("no digest covers {} to {to}", rfc3339(hours_ago(7))));
}

#[test]
fn an_extra_log_file_is_in_no_digest() {
    let (mut trail, _) = recent();
    trail.now -= Duration::hours(2);
    let extra = trail.log(30);
    // S3 says that it came just now: it may be in the next digest, whatever its name says.
    let (result, ran) = verify(&with_keys(&trail), &[]);
    assert_eq!((ran.exit, &result["pending"][0]), (0, &json!(format!("s3://{extra}"))), "{result:#}");
    let endpoint = with_keys(&trail);
    let listing = |name: &String| {
        let key = name.split_once('/').unwrap().1;
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>"
        )
    };
    let contents: String = trail.objects.keys().map(listing).collect();
    let body = format!(
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>logs</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
    );
    endpoint.rule(
        json!({"service": "s3", "operation": "ListObjectsV2", "contains": "list-type=2", "status": 200, "body": body}),
    );
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "log", &extra, "unknown", "no digest lists it");
}

#[test]
fn a_moved_digest_is_invalid() {
    let (mut trail, names) = recent();
    let object = trail.objects.remove(&names[3]).unwrap();
    let moved = names[3].replace("logs/AWSLogs", "logs/elsewhere/AWSLogs");
    trail.objects.insert(moved.clone(), object);
    let (result, ran) = verify(&with_keys(&trail), &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "digest", &moved, "invalid", &format!("CloudTrail put it at s3://{}", names[3]));
}

#[test]
fn a_change_of_bucket_is_followed() {
    // The chain began in the other bucket and goes on in this one.
    let mut trail = Trail::at(hours_ago(6));
    trail.bucket = "older".to_owned();
    let names = [trail.hour(), trail.hour(), trail.hour()];
    trail.bucket = "logs".to_owned();
    for _ in 0..3 {
        trail.hour();
    }
    let endpoint = Endpoint::with(&json!({"buckets": [
        {"name": "logs", "region": "us-west-2"}, {"name": "older", "region": "us-west-2"},
    ]}));
    trail.put(&endpoint, "us-west-2");
    keys(&endpoint, None, &public_keys());
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!((&result["counts"]["digests"]["valid"], &result["counts"]["logs"]["valid"]), (&json!(6), &json!(6)));
    // Not further than is asked.
    let (result, _) = verify(&endpoint, &["--from", &rfc3339(hours_ago(4))]);
    assert_eq!(result["counts"]["digests"]["valid"], 4);
    denied(&endpoint, "GetObject", names[1].split_once('/').unwrap().1);
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "digest", &names[1], "unknown", "AccessDenied");
}

#[test]
fn the_keys_of_backfill_digests_are_those_of_when_they_were_made() {
    let (mut trail, _) = recent();
    let mut backfill = Trail::at(hours_ago(200));
    backfill.backfill = true;
    let log = backfill.log(3);
    let name = backfill.digest(&[&log], |_| {});
    trail.objects.extend(backfill.objects.clone());
    let endpoint = world(&trail);
    // The key is known for the time at which the digest was made, and for the standard digests' time.
    let made = (hours_ago(199) + Duration::hours(4)).unix_timestamp();
    for start in [made, hours_ago(4).unix_timestamp()] {
        let contains = format!("\"StartTime\":{start}");
        let body = public_keys().to_string();
        endpoint.rule(json!({"operation": "ListPublicKeys", "contains": contains, "status": 200, "body": body}));
    }
    keys(&endpoint, None, &json!({"PublicKeyList": []}));
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(result["counts"]["digests"]["valid"], 5);
    let calls = endpoint.calls();
    let asked = calls.iter().filter(|call| call.contains(":ListPublicKeys"));
    assert_eq!(asked.filter(|call| call.contains(&format!("\"StartTime\":{made}"))).count(), 1, "{calls:#?}");
    // Without that time no key is said to be missing.
    drop(endpoint);
    backfill.metadata(&name).remove("backfill-generation-timestamp");
    let endpoint = world(&backfill);
    keys(&endpoint, None, &json!({"PublicKeyList": []}));
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "digest", &name, "unknown", "does not say when it was made");
}

#[test]
fn a_listing_that_fails_and_an_empty_bucket_are_no_success() {
    let endpoint = Endpoint::with(&json!({"buckets": [{"name": "logs", "region": "us-west-2"}]}));
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "listing", "s3://logs/", "unknown", "no digest was found here");
    drop(endpoint);
    let (trail, _) = recent();
    let endpoint = with_keys(&trail);
    denied(&endpoint, "ListObjectsV2", "list-type=2");
    let (result, ran) = verify(&endpoint, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert!(
        told(&result, "listing").iter().any(|told| told.2 == "s3:ListObjectsV2: AccessDenied: not for you"),
        "{result:#}"
    );
}

#[test]
fn a_prefix_without_log_files_says_what_was_not_looked_for() {
    let (trail, _) = recent();
    let endpoint = with_keys(&trail);
    let workplace = Workplace::at(&endpoint);
    let target = "s3://logs/AWSLogs/123456789012/CloudTrail-Digest/";
    let ran = workplace.run(&["verify", target]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stdout.contains("note: no log objects were listed here"), "{}", ran.stdout);
    // Who cannot be told apart from nobody gets no answer.
    let body = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>bad</Message></Error></ErrorResponse>";
    endpoint.rule(json!({"service": "sts", "status": 403, "body": body}));
    let ran = workplace.run(&["verify", target]);
    assert_eq!(ran.exit, 2, "{ran:?}");
}
