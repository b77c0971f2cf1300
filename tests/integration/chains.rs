//! Chains of digests as CloudTrail makes them, signed by a key of the tests' own.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};
use trailcheck::gzip;

use crate::endpoint::{self, Endpoint};
use crate::program::{Ran, Workplace};

pub const ACCOUNT: &str = "123456789012";
pub const FINGERPRINT: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

fn sign(text: &str) -> String {
    let mut signature = vec![0; pair().public_modulus_len()];
    pair().sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    HEXLOWER.encode(&signature)
}

/// By the right key over the right text, with the wrong hash; our own library does not sign so.
pub fn sign_sha1(text: &str) -> String {
    let key: Pkcs8V1Der = pair().as_der().unwrap();
    let script = "import sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
key = serialization.load_der_private_key(bytes.fromhex(sys.argv[1]), None)
print(key.sign(sys.argv[2].encode(), PKCS1v15(), hashes.SHA1()).hex(), end='')";
    let output = Command::new(endpoint::python()).args(["-c", script, &HEXLOWER.encode(key.as_ref()), text]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What ListPublicKeys answers.
pub fn public_keys() -> Value {
    key_list(pair().public_key().as_ref())
}

/// The same key in the other encoding that AWS's own sample shows.
pub fn public_keys_as_spki() -> Value {
    let der: PublicKeyX509Der = pair().public_key().as_der().unwrap();
    key_list(der.as_ref())
}

fn key_list(der: &[u8]) -> Value {
    json!({"PublicKeyList": [{
        "Value": BASE64.encode(der), "Fingerprint": FINGERPRINT, "ValidityStartTime": 1700000000, "ValidityEndTime": 1900000000,
    }]})
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

pub fn rfc3339(time: OffsetDateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    format!("{date}T{:02}:{:02}:{:02}Z", clock.hour(), clock.minute(), clock.second())
}

fn compact(time: OffsetDateTime) -> String {
    rfc3339(time).replace(['-', ':'], "")
}

/// An object as it lies in S3.
#[derive(Clone)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub metadata: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Previous {
    name: (String, String),
    sha256: String,
    signature: String,
}

/// One trail's chain in the making. Fields may be changed between digests.
#[derive(Clone)]
pub struct Trail {
    pub bucket: String,
    pub region: &'static str,
    pub name: &'static str,
    pub backfill: bool,
    /// The end of the last digest.
    pub now: OffsetDateTime,
    /// `bucket/key`
    pub objects: BTreeMap<String, Object>,
    previous: Option<Previous>,
}

impl Trail {
    pub fn at(now: OffsetDateTime) -> Trail {
        Trail {
            bucket: "logs".to_owned(),
            region: "eu-west-1",
            name: "my_own_trail",
            backfill: false,
            now,
            objects: BTreeMap::new(),
            previous: None,
        }
    }

    /// The next digest starts a chain.
    pub fn restart(&mut self) {
        self.previous = None;
    }

    /// A log file at this minute of the coming hour, put in place: its name.
    pub fn log(&mut self, minute: i64) -> String {
        let time = self.now + Duration::minutes(minute);
        let key = format!(
            "AWSLogs/{ACCOUNT}/CloudTrail/{}/{}/{ACCOUNT}_CloudTrail_{}_{}Z_{}.json.gz",
            self.region,
            time.date().to_string().replace('-', "/"),
            self.region,
            &compact(time)[..13],
            self.name,
        );
        let text = format!("{{\"Records\":[{{\"eventTime\":\"{}\"}}]}}", rfc3339(time));
        let name = format!("{}/{key}", self.bucket);
        self.objects.insert(name.clone(), Object { bytes: gzip::compress(text.as_bytes()), metadata: BTreeMap::new() });
        name
    }

    /// An hour passes with one log file, and its digest is delivered: its name.
    pub fn hour(&mut self) -> String {
        let log = self.log(5);
        self.digest(&[&log], |_| {})
    }

    /// Delivers the digest of the next hour. `change` makes CloudTrail say something else.
    pub fn digest(&mut self, logs: &[&str], change: impl FnOnce(&mut Value)) -> String {
        let (start, end) = (self.now, self.now + Duration::HOUR);
        self.now = end;
        let files = logs.iter().map(|log| {
            let (bucket, key) = log.split_once('/').unwrap();
            let inflated = gzip::inflate(&self.objects[*log].bytes, 1 << 20).unwrap();
            json!({"s3Bucket": bucket, "s3Object": key, "hashValue": sha256(&inflated), "hashAlgorithm": "SHA-256"})
        });
        let key = format!(
            "AWSLogs/{ACCOUNT}/CloudTrail-Digest/{}/{}/{ACCOUNT}_CloudTrail-Digest_{}_{}_us-east-1_{}{}.json.gz",
            self.region,
            end.date().to_string().replace('-', "/"),
            self.region,
            self.name,
            compact(end),
            if self.backfill { "_backfill" } else { "" },
        );
        let previous = self.previous.as_ref();
        let mut digest = json!({
            "awsAccountId": ACCOUNT, "digestStartTime": rfc3339(start), "digestEndTime": rfc3339(end),
            "digestS3Bucket": self.bucket, "digestS3Object": key, "digestPublicKeyFingerprint": FINGERPRINT,
            "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": null, "oldestEventTime": null,
            "previousDigestS3Bucket": previous.map(|p| &p.name.0), "previousDigestS3Object": previous.map(|p| &p.name.1),
            "previousDigestHashValue": previous.map(|p| &p.sha256),
            "previousDigestHashAlgorithm": previous.map(|_| "SHA-256"),
            "previousDigestSignature": previous.map(|p| &p.signature), "logFiles": files.collect::<Vec<_>>(),
        });
        change(&mut digest);
        let text = digest.to_string();
        let signature = sign(&string_to_sign(text.as_bytes()));
        let algorithm = "SHA256withRSA".to_owned();
        let mut metadata = BTreeMap::from([
            ("signature".to_owned(), signature.clone()),
            ("signature-algorithm".to_owned(), algorithm),
        ]);
        if self.backfill {
            metadata.insert("backfill-generation-timestamp".to_owned(), rfc3339(end + Duration::hours(5)));
        }
        let name = format!("{}/{key}", self.bucket);
        self.objects.insert(name.clone(), Object { bytes: gzip::compress(text.as_bytes()), metadata });
        self.previous = Some(Previous { name: (self.bucket.clone(), key), sha256: sha256(text.as_bytes()), signature });
        name
    }

    pub fn metadata(&mut self, name: &str) -> &mut BTreeMap<String, String> {
        &mut self.objects.get_mut(name).unwrap().metadata
    }

    pub fn bytes(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.objects.get_mut(name).unwrap().bytes
    }

    /// Writes the JSON or records of an object anew, without signing anything.
    pub fn tamper(&mut self, name: &str, from: &str, to: &str) {
        let inflated = gzip::inflate(self.bytes(name), 1 << 20).unwrap();
        let text = String::from_utf8(inflated).unwrap();
        assert!(text.contains(from), "{text}");
        *self.bytes(name) = gzip::compress(text.replace(from, to).as_bytes());
    }

    /// `aws s3 sync` of one bucket into a folder, which loses the metadata.
    pub fn copy(&self, workplace: &Workplace, bucket: &str, folder: &str) {
        for (name, object) in &self.objects {
            let Some(key) = name.strip_prefix(&format!("{bucket}/")) else { continue };
            let path = workplace.write(&format!("{folder}/{key}"), "");
            std::fs::write(path, &object.bytes).unwrap();
        }
    }

    /// `aws s3api head-object --query Metadata.signature` into the file beside the copy.
    pub fn sidecar(&self, workplace: &Workplace, name: &str, folder: &str) {
        let key = name.split_once('/').unwrap().1;
        workplace
            .write(&format!("{folder}/{key}.signature"), &format!("{}\n", self.objects[name].metadata["signature"]));
    }

    /// Puts everything into the endpoint's buckets.
    pub fn put(&self, endpoint: &Endpoint, bucket_region: &str) {
        let objects: Vec<Value> = self.objects.iter().map(|(name, object)| {
            let (bucket, key) = name.split_once('/').unwrap();
            json!({"bucket": bucket, "region": bucket_region, "key": key, "base64": BASE64.encode(&object.bytes), "metadata": object.metadata})
        }).collect();
        endpoint.add(&json!({ "objects": objects }));
    }
}

/// Written by the documentation, not by the program.
pub fn string_to_sign(digest: &[u8]) -> String {
    let json: Value = serde_json::from_slice(digest).unwrap();
    let text = |name: &str| json[name].as_str().unwrap_or("null").to_owned();
    [
        text("digestEndTime"),
        format!("{}/{}", text("digestS3Bucket"), text("digestS3Object")),
        sha256(digest),
        text("previousDigestSignature"),
    ]
    .join("\n")
}

/// The items of a kind that are not valid: outcome, the end of the name, reason.
pub fn told<'a>(result: &'a Value, kind: &str) -> Vec<(&'a str, &'a str, &'a str)> {
    let items = result["items"].as_array().unwrap().iter();
    let items = items.filter(|item| item["kind"] == kind && item["outcome"] != "valid");
    let text = |item: &'a Value, name: &str| item[name].as_str().unwrap();
    items.map(|item| (text(item, "outcome"), text(item, "name"), text(item, "reason"))).collect()
}

/// Copies the trail and verifies the copy; the newest digest's signature is beside it.
pub fn verify(trail: &Trail, more: &[&str]) -> (Value, Ran) {
    let workplace = Workplace::offline();
    trail.copy(&workplace, "logs", "copy");
    let newest = trail.objects.iter().filter(|(_, object)| !object.metadata.is_empty()).map(|(name, _)| name).max();
    if let Some(newest) = newest {
        trail.sidecar(&workplace, newest, "copy");
    }
    verify_at(&workplace, more)
}

pub fn verify_at(workplace: &Workplace, more: &[&str]) -> (Value, Ran) {
    workplace.write("keys.json", &public_keys().to_string());
    let ran = workplace.run(&[&["verify", "copy", "--keys", "keys.json", "--format", "json"], more].concat());
    let result = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    (result, ran)
}

/// The key, which a path ends with.
pub fn key(name: &str) -> &str {
    name.strip_prefix("logs/").unwrap_or(name)
}

/// One digest or log file is told, and nothing else of its kind.
pub fn only(result: &Value, kind: &str, name: &str, outcome: &str, why: &str) {
    let told = told(result, kind);
    assert_eq!(told.len(), 1, "{result:#}");
    assert_eq!(told[0].0, outcome);
    assert!(told[0].1.ends_with(key(name)), "{told:?}");
    assert!(told[0].2.contains(why), "{told:?}");
}
