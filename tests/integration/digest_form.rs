//! `verify`: the form that digests must have, chains side by side, and what a user may ask.

use serde_json::{Value, json};
use time::macros::datetime;

use crate::chains::{Trail, key, only, public_keys, told, verify, verify_at};
use crate::digests::four_hours;
use crate::program::Workplace;

/// Each digest is signed by the right key: it is what it says that is wrong.
#[test]
fn a_digest_must_have_the_form_of_one() {
    let members = [
        "digestPublicKeyFingerprint",
        "digestS3Bucket",
        "digestS3Object",
        "digestStartTime",
        "digestEndTime",
        "digestSignatureAlgorithm",
        "previousDigestS3Bucket",
        "previousDigestSignature",
        "previousDigestHashValue",
        "logFiles",
    ];
    let invalid = |change: &dyn Fn(&mut Value), why: &str| {
        let (mut trail, _) = four_hours();
        let log = trail.log(5);
        let name = trail.digest(&[&log], |digest| change(digest));
        let (result, ran) = verify(&trail, &[]);
        assert_eq!(ran.exit, 1, "{ran:?}");
        let told = told(&result, "digest");
        let found = told.iter().any(|told| told.0 == "invalid" && told.1.ends_with(key(&name)) && told.2.contains(why));
        assert!(found, "{why}: {told:?}");
    };
    for member in members {
        let remove = |digest: &mut Value| drop(digest.as_object_mut().unwrap().remove(member));
        invalid(&remove, &format!("missing field `{member}`"));
    }
    invalid(&|digest| digest["digestSignatureAlgorithm"] = "none".into(), "the signature algorithm `none`");
    invalid(&|digest| digest["logFiles"][0]["hashAlgorithm"] = "MD5".into(), "`MD5` is not a hash algorithm");
    invalid(&|digest| digest["logFiles"][0]["hashValue"] = "00".into(), "`00` is not a SHA-256 hash");
    invalid(&|digest| digest["previousDigestHashAlgorithm"] = "SHA-1".into(), "`SHA-1` is not a hash algorithm");
    invalid(&|digest| digest["previousDigestS3Object"] = Value::Null, "are null and some are not");
    invalid(&|digest| digest["digestStartTime"] = digest["digestEndTime"].clone(), "is not after its start");
    invalid(&|digest| digest["digestEndTime"] = "soon".into(), "`soon` is not a time");
    // CloudTrail signed it, and it does not fit the one before it.
    let zeros = "0".repeat(64);
    invalid(
        &|digest| digest["previousDigestHashValue"] = zeros.as_str().into(),
        "another hash for the previous digest",
    );
}

#[test]
fn a_member_that_comes_twice_is_refused() {
    let (mut trail, names) = four_hours();
    trail.tamper(&names[3], "\"logFiles\":", "\"logFiles\":[],\"logFiles\":");
    let (result, ran) = verify(&trail, &[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(told(&result, "digest")[0].2.contains("duplicate field `logFiles`"), "{result:#}");
}

#[test]
fn standard_and_backfill_digests_are_chains_of_their_own() {
    let (mut trail, _) = four_hours();
    let mut backfill = Trail::at(datetime!(2026-11-20 01:00 UTC));
    backfill.backfill = true;
    let log = backfill.log(30);
    let name = backfill.digest(&[&log], |_| {});
    trail.objects.extend(backfill.objects.clone());
    let workplace = Workplace::offline();
    trail.copy(&workplace, "logs", "copy");
    for name in [&name, trail.objects.keys().rfind(|name| name.contains("T040000Z")).unwrap()] {
        trail.sidecar(&workplace, name, "copy");
    }
    let (result, ran) = verify_at(&workplace, &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let kinds: Vec<&Value> = result["chains"].as_array().unwrap().iter().map(|chain| &chain["kind"]).collect();
    assert_eq!(kinds, ["standard", "backfill"]);
    assert_eq!(result["counts"]["logs"]["valid"], 5);
    // Alone they do not show that the hours are whole.
    let (result, ran) = verify(&backfill, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    only(&result, "gap", "backfill", "unknown", "there are backfill digests and no others");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let workplace = Workplace::offline();
    workplace.write("copy/x", "");
    workplace.write("keys.json", &public_keys().to_string());
    workplace.write("none.json", "{\"PublicKeyList\": []}");
    let secret = "TUlJQklqQU5CZ2tx";
    workplace.write("bad.json", &json!({"PublicKeyList": [{"Value": secret, "Fingerprint": "f1"}]}).to_string());
    for (arguments, expected) in [
        (&["copy"][..], "aws cloudtrail list-public-keys --start-time"),
        (
            &["copy", "--keys", "keys.json", "--from", "2026-11-20T02:00:00Z", "--to", "2026-11-20T01:00:00Z"],
            "before --to",
        ),
        (&["copy", "--keys", "keys.json", "--from", "yesterday"], "expected an RFC 3339 instant"),
        (&["nowhere", "--keys", "keys.json"], "cannot read nowhere"),
        (&["copy", "--keys", "none.json"], "it holds no key"),
        (&["copy", "--keys", "copy/x"], "it is not the JSON that"),
        (&["copy", "--keys", "bad.json"], "the key with fingerprint f1 is not an RSA public key"),
        (&["s3://", "--keys", "keys.json"], "is not a bucket name"),
    ] {
        let ran = workplace.run(&[&["verify"], arguments].concat());
        assert_eq!(ran.exit, 2, "{ran:?}");
        assert!(ran.stderr.contains(expected), "{ran:?}");
        assert!(!ran.stderr.contains(secret), "{ran:?}");
    }
}

#[test]
fn no_line_of_the_table_is_a_command() {
    let mut trail = Trail::at(datetime!(2026-11-20 00:00 UTC));
    trail.digest(&[], |digest| digest["digestSignatureAlgorithm"] = "x\n::error::y\u{1b}".into());
    let workplace = Workplace::offline();
    trail.copy(&workplace, "logs", "copy");
    workplace.write("copy/CloudTrail/\n::error::x.json", "{}");
    workplace.write("keys.json", &public_keys().to_string());
    let ran = workplace.run(&["verify", "copy", "--keys", "keys.json"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(ran.stdout.contains("::error::") && !ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    assert!(!ran.stdout.lines().any(|line| line.trim_start().starts_with("::")), "{}", ran.stdout);
}
