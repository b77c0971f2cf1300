//! `verify` of a folder that was copied from a bucket. Each case that `aws cloudtrail validate-logs` tests, and those that
//! it lets through.

use serde_json::json;
use time::macros::datetime;

use trailcheck::gzip;

use crate::chains::{
    FINGERPRINT, Trail, key, only, public_keys_as_spki, sign_sha1, string_to_sign, told, verify, verify_at,
};
use crate::program::Workplace;

/// Four hours of a trail, and the digests' names.
pub fn four_hours() -> (Trail, [String; 4]) {
    let mut trail = Trail::at(datetime!(2026-11-20 00:00 UTC));
    let names = [trail.hour(), trail.hour(), trail.hour(), trail.hour()];
    (trail, names)
}

#[test]
fn a_whole_chain_is_valid() {
    let (trail, _) = four_hours();
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(result["counts"]["digests"], json!({"valid": 4, "invalid": 0, "unknown": 0}));
    assert_eq!(result["counts"]["logs"], json!({"valid": 4, "invalid": 0, "unknown": 0}));
    let chain = &result["chains"][0];
    assert_eq!((&chain["trail"], &chain["kind"]), (&json!("my_own_trail"), &json!("standard")));
    assert_eq!((&chain["from"], &chain["to"]), (&json!("2026-11-20T00:00:00Z"), &json!("2026-11-20T04:00:00Z")));
    // The same in words, with either encoding of the key.
    let workplace = Workplace::offline();
    trail.copy(&workplace, "logs", "copy");
    trail.sidecar(&workplace, trail.objects.keys().rfind(|name| name.contains("Digest")).unwrap(), "copy");
    workplace.write("keys.json", &public_keys_as_spki().to_string());
    let ran = workplace.run(&["verify", "copy/", "--keys", "keys.json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stdout.contains("digests: 4 valid; log files: 4 valid; 2026-11-20T00:00:00Z to"), "{}", ran.stdout);
    assert!(ran.stdout.contains("do not show that every event was recorded"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("\nvalid\n") && !ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
}

#[test]
fn a_copy_may_begin_below_the_bucket() {
    let (trail, names) = four_hours();
    let workplace = Workplace::offline();
    trail.copy(&workplace, "logs", "all");
    trail.sidecar(&workplace, &names[3], "all");
    std::fs::rename(workplace.path("all/AWSLogs/123456789012"), workplace.path("copy")).unwrap();
    let (_, ran) = verify_at(&workplace, &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
}

#[test]
fn nobody_vouches_for_the_newest_digest_of_a_copy() {
    let (trail, names) = four_hours();
    let workplace = Workplace::offline();
    trail.copy(&workplace, "logs", "copy");
    let (result, ran) = verify_at(&workplace, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "digest", &names[3], "unknown", "aws s3api head-object --bucket logs --key AWSLogs/");
    only(&result, "log", "T0305Z_my_own_trail.json.gz", "unknown", "which is not shown to be valid");
    // Before it, everything is.
    let (result, ran) = verify_at(&workplace, &["--to", "2026-11-20T03:00:00Z"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(result["counts"]["digests"]["valid"], 3);
    // A wrong signature beside it is no signature.
    workplace.write(&format!("copy/{}.signature", names[3].strip_prefix("logs/").unwrap()), "00ff");
    assert_eq!(verify_at(&workplace, &[]).1.exit, 1);
}

#[test]
fn a_deleted_digest_is_missing() {
    let (mut trail, names) = four_hours();
    trail.objects.remove(&names[1]);
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    // The one before it has lost the one that states its signature.
    let told = told(&result, "digest");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].1.ends_with(key(&names[1])) && told[0].2.contains("the next digest names it"), "{told:?}");
    assert_eq!((told[1].0, told[1].1.ends_with(key(&names[0]))), ("unknown", true));
}

#[test]
fn the_oldest_digest_may_have_expired_but_not_within_the_asked_time() {
    let (mut trail, names) = four_hours();
    trail.objects.remove(&names[0]);
    trail.objects.retain(|name, _| !name.contains("T0005Z"));
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(result["chains"][0]["notes"][0].as_str().unwrap().contains("expired or deleted"), "{result:#}");
    let (result, ran) = verify(&trail, &["--from", "2026-11-20T00:30:00Z"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "digest", &names[0], "invalid", "it is not there");
    assert_eq!(verify(&trail, &["--from", "2026-11-20T01:00:00Z"]).1.exit, 0);
}

#[test]
fn e22_a_chain_that_restarts_leaves_a_gap() {
    let mut trail = Trail::at(datetime!(2026-11-20 00:00 UTC));
    let first = trail.hour();
    trail.now += time::Duration::hours(3);
    trail.restart();
    trail.hour();
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    let gap = "2026-11-20T01:00:00Z to 2026-11-20T04:00:00Z";
    only(&result, "gap", "trail my_own_trail of us-east-1", "unknown", gap);
    only(&result, "digest", &first, "unknown", "no digest after it states it");
    // Outside the gap there is none; a time before the chain is one.
    let (result, ran) = verify(&trail, &["--from", "2026-11-20T04:00:00Z"]);
    assert_eq!((ran.exit, told(&result, "gap").len()), (0, 0), "{result:#}");
    trail.objects.remove(&first);
    trail.objects.retain(|name, _| !name.contains("T0005Z"));
    assert_eq!(verify(&trail, &[]).1.exit, 0);
    let (result, ran) = verify(&trail, &["--from", "2026-11-20T03:00:00Z"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "gap", "", "unknown", "2026-11-20T03:00:00Z to 2026-11-20T04:00:00Z");
}

#[test]
fn linked_digests_may_still_leave_time_out() {
    let (mut trail, _) = four_hours();
    trail.now += time::Duration::hours(1);
    trail.hour();
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "gap", "", "unknown", "2026-11-20T04:00:00Z to 2026-11-20T05:00:00Z, though");
}

#[test]
fn a_tampered_digest_is_invalid_and_the_others_are_not() {
    let (mut trail, names) = four_hours();
    trail.tamper(&names[1], "\"awsAccountId\":\"123456789012\"", "\"awsAccountId\":\"123456789013\"");
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "digest", &names[1], "invalid", "its signature is not CloudTrail's");
    assert!(told(&result, "digest")[0].2.contains(FINGERPRINT), "{result:#}");
    only(&result, "log", "T0105Z_my_own_trail.json.gz", "unknown", "is not shown to be valid");
}

/// A time that a digest claims for itself does not take it out of the time that is asked for.
#[test]
fn a_tampered_digest_cannot_claim_another_time() {
    let (mut trail, names) = four_hours();
    trail.tamper(&names[1], "2026-11-20T0", "2026-11-10T0");
    trail.objects.retain(|name, _| !name.contains("T0105Z"));
    let (result, ran) = verify(&trail, &["--from", "2026-11-20T00:00:00Z"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "digest", &names[1], "invalid", "its signature is not CloudTrail's");
}

#[test]
fn no_digests_at_all_are_no_success() {
    let workplace = Workplace::offline();
    workplace.write("copy/readme.txt", "");
    let (result, ran) = verify_at(&workplace, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "listing", "copy", "unknown", "no digest was found");
    // The reason comes before what it explains, and of many like it the first are named.
    let (mut trail, digests) = four_hours();
    (0..20).for_each(|minute| drop(trail.log(minute)));
    trail.objects.retain(|key, _| !digests.contains(key));
    trail.copy(&workplace, "logs", "copy");
    let ran = workplace.run(&["verify", "copy", "--keys", "keys.json"]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let at = |text: &str| lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{}", ran.stdout));
    assert!(at("no digest was found here") < at("no digest lists it"), "{}", ran.stdout);
    assert!(lines.iter().filter(|line| line.trim() == "no digest lists it").count() == 10, "{}", ran.stdout);
    at("others, which --format json names: no digest lists it");
    // None in the time that is asked for.
    let (trail, _) = four_hours();
    for range in [["--from", "2026-12-01T00:00:00Z"], ["--to", "2026-11-01T00:00:00Z"]] {
        let (result, ran) = verify(&trail, &range);
        assert_eq!(ran.exit, 3, "{ran:?}");
        only(&result, "gap", "", "unknown", "no digest of this chain lies in the time");
    }
}

/// The tail of what was asked for.
#[test]
fn newer_digests_that_are_gone_are_missed() {
    let (trail, _) = four_hours();
    assert_eq!(verify(&trail, &["--to", "2026-11-20T06:00:00Z"]).1.exit, 0);
    let (result, ran) = verify(&trail, &["--to", "2026-11-20T06:00:01Z"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "gap", "", "unknown", "2026-11-20T04:00:00Z to 2026-11-20T06:00:01Z");
}

#[test]
fn a_log_file_that_is_not_as_it_was_delivered_is_invalid() {
    let (whole, _) = four_hours();
    let log = whole.objects.keys().find(|name| name.contains("T0205Z")).unwrap().clone();
    let name = log.split_once('/').unwrap().1;
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut trail = whole.clone();
        change(trail.bytes(&log));
        let (result, ran) = verify(&trail, &[]);
        assert_eq!(ran.exit, 1, "{ran:?}");
        assert_eq!(result["counts"]["logs"], json!({"valid": 3, "invalid": 1, "unknown": 0}));
        result
    };
    let mut tampered = whole.clone();
    tampered.tamper(&log, "eventTime", "eventtime");
    let (result, ran) = verify(&tampered, &[]);
    assert_eq!(ran.exit, 1);
    only(&result, "log", name, "invalid", "its SHA-256 is");
    // The first member still has the right hash.
    let result = with(&|bytes| bytes.extend(gzip::compress(b"{\"Records\":[{}]}")));
    only(&result, "log", name, "invalid", "unexpected data after the end");
    let result = with(&|bytes| bytes.extend(b"more"));
    only(&result, "log", name, "invalid", "unexpected data after the end");
    for cut in [1, 4, 8] {
        let result = with(&|bytes| bytes.truncate(bytes.len() - cut));
        only(&result, "log", name, "invalid", "cut short");
    }
    with(&|bytes| bytes.clear());
    // E20: a listed file that is not there was deleted.
    let mut deleted = whole.clone();
    deleted.objects.remove(&log);
    let (result, ran) = verify(&deleted, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "log", name, "invalid", "it is not there, and");
}

#[test]
fn a_log_file_in_no_digest_is_told() {
    let (mut trail, _) = four_hours();
    trail.now -= time::Duration::hours(2);
    let extra = trail.log(20);
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "log", &extra, "unknown", "no digest lists it");
    assert_eq!(result["counts"]["unlisted"], 1);
    // Not where it lies outside the asked time.
    assert_eq!(verify(&trail, &["--from", "2026-11-20T03:00:00Z"]).1.exit, 0);
    // A file that came after the newest digest will be in the next one, if there is one.
    trail.objects.remove(&extra);
    trail.now += time::Duration::hours(2);
    trail.log(5);
    let (result, ran) = verify(&trail, &[]);
    assert_eq!((ran.exit, &result["counts"]["pending"]), (0, &json!(1)), "{result:#}");
    trail.now += time::Duration::hours(2);
    let late = trail.log(5);
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "log", &late, "unknown", "no digest lists it");
    // What has no name of CloudTrail's lies there all the same.
    let workplace = Workplace::offline();
    trail.copy(&workplace, "logs", "copy");
    workplace.write("copy/AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/20/forged.json", "{}");
    workplace.write("copy/AWSLogs/123456789012/CloudTrail-Digest/eu-west-1/2026/11/20/forged.json.gz", "{}");
    let (result, _) = verify_at(&workplace, &[]);
    assert!(told(&result, "log").iter().any(|told| told.1.ends_with("forged.json")), "{result:#}");
    only(&result, "listing", "forged.json.gz", "unknown", "not named like one");
}

#[test]
fn a_digest_that_was_moved_is_invalid() {
    let (mut trail, names) = four_hours();
    let object = trail.objects.remove(&names[1]).unwrap();
    trail.objects.insert(names[1].replace("/2026/11/20/", "/2026/11/21/"), object);
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let told = told(&result, "digest");
    assert!(told.iter().any(|told| told.0 == "invalid" && told.2.contains("it has been moved")), "{told:?}");
}

/// `previousDigestSignature` is signed over; validate-logs never compares it with the digest before.
#[test]
fn a_link_to_another_signature_does_not_hold() {
    let (mut trail, names) = four_hours();
    trail.digest(&[], |digest| digest["previousDigestSignature"] = "00ff".into());
    // A copy has only this signature for the digest before, and it does not fit.
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(told(&result, "digest")[0].1.ends_with(key(&names[3])), "{result:#}");
}

/// validate-logs takes the hash from the signature, and accepts SHA-1 and MD5.
#[test]
fn a_signature_over_sha_1_is_none() {
    let (mut trail, names) = four_hours();
    let digest = trailcheck::gzip::inflate(trail.bytes(&names[3]), 1 << 20).unwrap();
    trail.metadata(&names[3]).insert("signature".to_owned(), sign_sha1(&string_to_sign(&digest)));
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    only(&result, "digest", &names[3], "invalid", "its signature is not CloudTrail's");
}

#[test]
fn a_key_that_the_file_does_not_have_is_not_told_to_be_missing() {
    let (mut trail, _) = four_hours();
    let name = trail.digest(&[], |digest| digest["digestPublicKeyFingerprint"] = "other".into());
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "digest", &name, "unknown", "the key with fingerprint other is not among those of --keys");
}

#[test]
fn a_change_of_bucket_is_followed_where_the_copy_has_both() {
    let (mut trail, names) = four_hours();
    trail.bucket = "newer".to_owned();
    let newest = trail.hour();
    let workplace = Workplace::offline();
    for bucket in ["logs", "newer"] {
        trail.copy(&workplace, bucket, &format!("copy/{bucket}"));
    }
    trail.sidecar(&workplace, &newest, "copy/newer");
    assert_eq!(verify_at(&workplace, &[]).1.exit, 0);
    std::fs::remove_dir_all(workplace.path("copy/logs")).unwrap();
    let (result, ran) = verify_at(&workplace, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "digest", &names[3], "unknown", "nothing of its bucket is in this copy");
}
