//! Chains of digests that somebody else made: whatever they say, only what the key signed is valid.
//!
//! An input is parts between lines of `--`. The first part is options, one character each: where (`b` a bucket, `c` a
//! copy), from, to and now (`0` none, `1` to `9` half an hour each from six o'clock on), and where the key came from (`f`
//! a file, else the region's answer). Each further part is a digest: a line with its name, one with its signature, and its
//! JSON. `@0` to `@2` in any of them is that of a genuine digest, an empty name is where the digest says it was put. The
//! signature's first character: `m` metadata, `s` a file beside it, `l` lost, `x` no object, `f` not readable. A part that
//! begins with `k` and a line break is a key file.
#![no_main]

mod mutate;
#[allow(dead_code)]
mod naive;

use std::collections::{BTreeMap, BTreeSet};

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use trailcheck::aws::timestamp::Timestamp;
use trailcheck::gzip::compress;
use trailcheck::logs::chain::{
    self, Asked, Chain, ChainKind, ChainName, Copied, DigestName, Found, Item, ItemKind, LogName, Places, Signature,
    Unread, Verdict,
};
use trailcheck::hash::sha256;
use trailcheck::logs::digest::{Digest, Lookup, PublicKeys, signature_bytes};
use trailcheck::logs::integrity::{self, Listing, Looked};
use trailcheck::snapshot::IntegrityOutcome as Outcome;

const KEYS: &[u8] = include_bytes!("../genuine/keys.json");
const FINGERPRINT: &str = "f1";
const GENUINE: [(&str, &str); 3] = [
    (include_str!("../genuine/0.json"), include_str!("../genuine/0.signature")),
    (include_str!("../genuine/1.json"), include_str!("../genuine/1.signature")),
    (include_str!("../genuine/2.json"), include_str!("../genuine/2.signature")),
];
const REGION: &str = "eu-west-1";
/// The one log file's content that the genuine digests state.
const LOG: &[u8] = b"{\"Records\":[]}";

fuzz_target!(|data: &[u8]| {
    one(data);
    if let Some(input) = Input::of(data) {
        input.check();
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match mutate::json(&data[..size], seed).filter(|changed| seed % 3 != 0 && changed.len() <= max_size) {
        Some(changed) => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
});

/// One digest from the bytes as they are.
fn one(data: &[u8]) {
    let _ = Digest::open(data);
    let Ok(digest) = Digest::parse(data) else { return };
    assert!(std::str::from_utf8(data).is_ok_and(naive::is_json), "what is no JSON is read");
    assert_eq!(digest.sha256, sha256(data));
    assert!(digest.start < digest.end);
    let is_hash = |hash: &str| hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    assert!(digest.log_files.iter().all(|log| is_hash(&log.sha256)));
    assert!(digest.previous.iter().all(|previous| is_hash(&previous.sha256)));
    let keys = fixed_keys(true);
    let Lookup::Keys(keys) = keys.find(REGION, FINGERPRINT) else { panic!("the key is there") };
    let signatures = GENUINE.map(|(_, signature)| signature_bytes(signature));
    let own = digest.previous.as_ref().map(|previous| signature_bytes(&previous.signature));
    for (number, signature) in signatures.into_iter().chain(own).enumerate() {
        let signed = signature.is_some_and(|signature| digest.is_signed(&keys[0], &signature));
        let genuine = GENUINE.get(number).is_some_and(|(text, _)| text.as_bytes() == data);
        assert_eq!(signed, genuine, "signed by nobody, or not by who signed it");
    }
}

fn fixed_keys(filed: bool) -> PublicKeys {
    let mut keys = PublicKeys::default();
    keys.add_file(KEYS).expect("the key file is one");
    if filed {
        return keys;
    }
    let Lookup::Keys(der) = keys.find(REGION, FINGERPRINT) else { panic!("the key is there") };
    let answer = (FINGERPRINT.to_owned(), der[0].clone());
    let mut keys = PublicKeys::default();
    keys.add_answer(REGION, [answer]);
    keys
}

struct Input {
    in_bucket: bool,
    asked: Asked,
    /// The genuine key, and the same with those of the input.
    keys: Vec<PublicKeys>,
    found: Vec<Found>,
}

impl Input {
    fn of(data: &[u8]) -> Option<Input> {
        let text = String::from_utf8_lossy(data);
        let mut parts = text.split("\n--\n");
        let options = parts.next()?.as_bytes();
        let time = |at: usize| match options.get(at) {
            Some(digit @ b'1'..=b'9') => {
                let minutes = u32::from(digit - b'0') * 30;
                Timestamp::parse(&format!("2026-11-22T{:02}:{:02}:00Z", 6 + minutes / 60, minutes % 60))
            }
            _ => None,
        };
        let in_bucket = options.first() == Some(&b'b');
        let mut input = Input {
            in_bucket,
            asked: Asked { from: time(1), to: time(2), now: time(3) },
            keys: vec![fixed_keys(options.get(4) == Some(&b'f'))],
            found: vec![],
        };
        let mut names = BTreeSet::new();
        for part in parts.take(8) {
            if let Some(file) = part.strip_prefix("k\n") {
                let mut keys = fixed_keys(true);
                if keys.add_file(file.as_bytes()).is_ok() {
                    input.keys.push(keys);
                }
                continue;
            }
            let (name, rest) = part.split_once('\n').unwrap_or((part, ""));
            let (signature, text) = rest.split_once('\n').unwrap_or((rest, ""));
            let found = input.found_of(name, signature, text);
            // Names are keys of a map, or paths: no two are alike.
            if names.insert(found.name.clone()) {
                input.found.push(found);
            }
        }
        Some(input)
    }

    fn found_of(&self, name: &str, signature: &str, text: &str) -> Found {
        let genuine = |text: &str| match text.as_bytes() {
            [b'@', digit @ b'0'..=b'2', ..] => Some(GENUINE[usize::from(digit - b'0')]),
            _ => None,
        };
        let json = genuine(text).map_or(text, |(json, _)| json);
        let place = |json: &str| match Digest::parse(json.as_bytes()) {
            Ok(digest) if self.in_bucket => Some(format!("s3://{}/{}", digest.bucket, digest.key)),
            Ok(digest) => Some(format!("copy/{}", digest.key)),
            Err(_) => None,
        };
        let of_json = if name.is_empty() { Some(json) } else { genuine(name).map(|(json, _)| json) };
        let name = of_json.and_then(place).unwrap_or_else(|| name.to_owned());
        let mut characters = signature.chars();
        let kind = characters.next();
        let signature = genuine(characters.as_str()).map_or(characters.as_str(), |(_, signature)| signature).to_owned();
        let (bytes, signature) = match kind {
            Some('x') => (Err(Unread::Missing), Signature::Lost),
            Some('f') => (Err(Unread::Failed("failed".to_owned())), Signature::Lost),
            Some('l') => (Ok(compress(json.as_bytes())), Signature::Lost),
            Some('s') => (Ok(compress(json.as_bytes())), Signature::Sidecar(signature)),
            _ => {
                let algorithm = Some("SHA256withRSA".to_owned()).filter(|_| kind == Some('m'));
                (
                    Ok(compress(json.as_bytes())),
                    Signature::Metadata { signature: Some(signature), algorithm, generated: None },
                )
            }
        };
        let _ = (LogName::parse(&name), chain::is_log(&name), chain::is_digest(&name));
        let end = DigestName::parse(&name).map(|name| name.end).or(Timestamp::parse("2026-11-22T07:00:00Z"));
        Found::new(name, end.expect("a time"), bytes, signature)
    }

    fn check(self) {
        let name = self.found.iter().find_map(|found| DigestName::parse(&found.name)).map_or_else(
            || ChainName {
                account: "1".to_owned(),
                region: REGION.to_owned(),
                trail: "t".to_owned(),
                home_region: REGION.to_owned(),
                kind: ChainKind::Standard,
            },
            |name| name.chain,
        );
        let mut copied = Copied::new(self.found.iter().map(|found| found.name.clone()));
        for found in &self.found {
            if let Some(digest) = found.digest() {
                copied.learn(&found.name, &digest.bucket, &digest.key);
            }
        }
        let places = if self.in_bucket { Places::Bucket } else { Places::Copy(copied) };
        for keys in &self.keys {
            self.check_with(&name, keys, &places);
        }
    }

    fn check_with(&self, name: &ChainName, keys: &PublicKeys, places: &Places) {
        let (chain, found) = self.judged(self.found.clone(), name, keys, places);
        let (turned, _) = self.judged(self.found.iter().rev().cloned().collect(), name, keys, places);
        let sorted = |chain: &Chain| {
            let mut items = chain.items.clone();
            items.sort();
            items
        };
        assert_eq!(sorted(&chain), sorted(&turned), "the order in which digests are found matters");
        assert_eq!((&chain.expected, &chain.covers), (&turned.expected, &turned.covers));
        only_what_is_signed_is_valid(&chain, &found);
        if self.asked.from.is_none() && self.asked.to.is_none() {
            for found in &self.found {
                let is_missing = matches!(found.content, chain::Content::Unread(Unread::Missing));
                let told = chain.items.iter().any(|item| item.kind == ItemKind::Digest && item.name == found.name);
                assert!(told || is_missing, "nothing is told of {}", found.name);
            }
        }
        let any_wrong = chain.items.iter().any(|item| item.verdict != Verdict::Valid);
        let any_valid = is_any_valid(&chain.items);
        let mut listing = Listing::default();
        self.found.iter().for_each(|found| listing.add(found.name.clone(), None));
        let logs =
            chain.expected.iter().map(|(log, expected)| (log.clone(), expected.judge(Ok(compress(LOG))))).collect();
        let chains = BTreeMap::from([(name.clone(), chain)]);
        let looked = Looked { source: "s".to_owned(), asked: self.asked, listing, chains, logs, places };
        let result = integrity::sum_up(looked);
        assert!(result.outcome != Outcome::Valid || any_valid && !any_wrong, "valid without a valid digest");
    }

    /// What its links name beyond what was found is not there.
    fn judged(
        &self,
        mut found: Vec<Found>,
        name: &ChainName,
        keys: &PublicKeys,
        places: &Places,
    ) -> (Chain, Vec<Found>) {
        for _ in 0..=self.found.len() + 1 {
            let chain = chain::judge(name, &found, keys, places, self.asked);
            if chain.wanted.is_empty() {
                return (chain, found);
            }
            for wanted in chain.wanted {
                if found.iter().all(|found| found.name != wanted.name) {
                    found.push(Found::new(wanted.name, wanted.end, Err(Unread::Missing), Signature::Lost));
                }
            }
        }
        panic!("more and more is wanted");
    }
}

fn is_any_valid(items: &[Item]) -> bool {
    items.iter().any(|item| item.kind == ItemKind::Digest && item.verdict == Verdict::Valid)
}

fn only_what_is_signed_is_valid(chain: &Chain, found: &[Found]) {
    let genuine: Vec<Digest> =
        GENUINE.iter().map(|(text, _)| Digest::parse(text.as_bytes()).expect("genuine")).collect();
    for item in chain.items.iter().filter(|item| item.verdict == Verdict::Valid) {
        assert_eq!(item.kind, ItemKind::Digest);
        let mut of_name = found.iter().filter(|found| found.name == item.name);
        let (Some(found), None) = (of_name.next(), of_name.next()) else { panic!("two are found as {}", item.name) };
        let digest = found.digest().expect("what is not read is not valid");
        let signed = genuine.iter().find(|genuine| *genuine == digest).expect("valid, and nobody signed it");
        assert!(found.name.ends_with(signed.key.rsplit('/').next().expect("a name")), "valid at another place");
    }
    let logs: BTreeSet<String> =
        genuine.iter().flat_map(|digest| &digest.log_files).map(|log| format!("{}/{}", log.bucket, log.key)).collect();
    assert!(chain.listed.is_subset(&logs), "a log file is expected that nobody signed");
    for (log, expected) in &chain.expected {
        assert!(chain.listed.contains(log));
        assert_eq!(expected.sha256, BTreeSet::from([sha256(LOG)]));
    }
}
