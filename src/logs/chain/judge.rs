//! Walks one chain from its newest digest to its oldest.

use std::collections::BTreeMap;

use super::{Asked, Chain, ChainKind, ChainName, Content, ExpectedLog, Found, Item, ItemKind};
use super::{Places, Signature, Unread, Verdict, Wanted};
use crate::aws::timestamp::Timestamp;
use crate::logs::digest::{self, Digest, Lookup, Previous, PublicKeys, SIGNATURE_ALGORITHM};

/// Judges the digests of one chain. `found` may hold more than the asked time: a digest before it is what the oldest one
/// links to, one after it vouches for the newest.
pub fn judge(name: &ChainName, found: &[Found], keys: &PublicKeys, places: &Places, asked: Asked) -> Chain {
    let mut order: Vec<&Found> = found.iter().collect();
    order.sort_by(|a, b| (b.end, &b.name).cmp(&(a.end, &a.name)));
    let by_name = order.iter().map(|found| (found.name.as_str(), *found)).collect();
    let mut walk =
        Walk { name, keys, places, asked, by_name, stated: BTreeMap::new(), newest: None, chain: Chain::default() };
    for (at, found) in order.iter().enumerate() {
        // What is not there is told by the digest that names it.
        if !found.is_missing() {
            walk.step(found, &order[at + 1..]);
        }
    }
    walk.ends(&order);
    walk.chain
}

struct Walk<'a> {
    name: &'a ChainName,
    keys: &'a PublicKeys,
    places: &'a Places,
    asked: Asked,
    by_name: BTreeMap<&'a str, &'a Found>,
    /// The signatures that digests state for their previous ones, by name, and whether the digest is valid. A signature
    /// proves itself, whoever states it; only where it does not fit does it matter who did.
    stated: BTreeMap<String, (&'a str, bool)>,
    /// The end of the newest digest that is not shown to be invalid.
    newest: Option<Timestamp>,
    chain: Chain,
}

impl<'a> Walk<'a> {
    fn step(&mut self, found: &'a Found, older: &[&Found]) {
        let mut verdict = self.own(found);
        if let Some(previous) = found.digest().and_then(|digest| digest.previous.as_ref()) {
            let name = self.places.name_of(&previous.bucket, &previous.key);
            let valid = verdict == Verdict::Valid;
            if valid || !self.stated.contains_key(&name) {
                self.stated.insert(name, (&previous.signature, valid));
            }
        }
        if let Some(digest) = found.digest().filter(|_| !matches!(verdict, Verdict::Invalid(_))) {
            match &digest.previous {
                None => self.start(found, digest, older),
                Some(previous) => {
                    if let Err(why) = self.link(digest, previous, older) {
                        verdict = Verdict::Invalid(why);
                    }
                }
            }
        }
        if let Some(digest) = found.digest() {
            self.take(found, digest, &verdict);
        }
        // One that is not told about does not show that the chain goes on.
        let goes_on = match verdict {
            Verdict::Valid => true,
            Verdict::Unknown(_) => self.is_asked(found),
            Verdict::Invalid(_) => false,
        };
        if goes_on {
            self.newest = self.newest.max(Some(found.digest().map_or(found.end, |digest| digest.end)));
        }
        if self.is_asked(found) {
            self.chain.items.push(Item { verdict, kind: ItemKind::Digest, name: found.name.clone() });
        }
    }

    /// What the digest shows of itself: its form, its place, its signature.
    fn own(&self, found: &Found) -> Verdict {
        let (digest, signature) = match &found.content {
            Content::Read(digest, signature) => (digest, signature),
            Content::Malformed(why) => return Verdict::Invalid(why.clone()),
            Content::Unread(Unread::Missing) => return Verdict::Invalid("it is not there".to_owned()),
            Content::Unread(Unread::Failed(why)) => return Verdict::Unknown(why.clone()),
        };
        if !self.places.is_at(&found.name, &digest.bucket, &digest.key) {
            return Verdict::Invalid(format!(
                "it has been moved: CloudTrail put it at s3://{}/{}",
                digest.bucket, digest.key
            ));
        }
        if digest.signature_algorithm != SIGNATURE_ALGORITHM {
            return Verdict::Invalid(format!(
                "it names the signature algorithm `{}`; expected {SIGNATURE_ALGORITHM}",
                digest.signature_algorithm
            ));
        }
        match (signature, self.stated.get(&found.name)) {
            (Signature::Metadata { signature: Some(signature), algorithm: Some(algorithm), .. }, _) => {
                if algorithm == SIGNATURE_ALGORITHM {
                    self.signed(digest, signature)
                } else {
                    let why = format!(
                        "its metadata name the signature algorithm `{algorithm}`; expected {SIGNATURE_ALGORITHM}"
                    );
                    Verdict::Invalid(why)
                }
            }
            (Signature::Metadata { .. }, _) => {
                Verdict::Invalid("its metadata `signature` or `signature-algorithm` is missing".to_owned())
            }
            (Signature::Sidecar(signature), _) => self.signed(digest, signature),
            (Signature::Lost, Some((signature, valid))) => match self.signed(digest, signature) {
                Verdict::Invalid(_) if !valid => Verdict::Unknown(
                    "the signature that the next digest states does not fit, and that digest is not valid itself"
                        .to_owned(),
                ),
                verdict => verdict,
            },
            (Signature::Lost, None) => Verdict::Unknown(format!(
                "a copy does not have its signature, and no digest after it states it; `aws s3api head-object \
                 --bucket {} --key {} --query Metadata.signature --output text` prints it, for the file FILE.signature \
                 beside it",
                digest.bucket, digest.key
            )),
        }
    }

    fn signed(&self, digest: &Digest, signature: &str) -> Verdict {
        let fingerprint = &digest.fingerprint;
        let keys = match self.keys.find(&self.name.region, fingerprint) {
            Lookup::Keys(keys) => keys,
            Lookup::Unknown(why) => return Verdict::Unknown(why),
            Lookup::Absent => {
                return Verdict::Invalid(format!(
                    "CloudTrail has no public key with fingerprint {fingerprint} in {}",
                    self.name.region
                ));
            }
        };
        let signature = digest::signature_bytes(signature);
        if signature.is_some_and(|signature| keys.iter().any(|key| digest.is_signed(key, &signature))) {
            Verdict::Valid
        } else {
            Verdict::Invalid(format!("its signature is not CloudTrail's (key with fingerprint {fingerprint})"))
        }
    }

    /// The chain starts here. Where there are older digests it starts anew, and between them nothing is shown.
    fn start(&mut self, found: &Found, digest: &Digest, older: &[&Found]) {
        let before = older.iter().find(|older| !older.is_missing() && older.end <= digest.start);
        let before = before.map(|older| older.digest().map_or(older.end, |digest| digest.end));
        match before.or(self.asked.from.filter(|from| *from < digest.start)) {
            Some(before) if self.asked.touches(before, digest.start) => self.gap(format!(
                "no digest covers {before} to {}: the chain starts anew with {}; log file validation or the trail was \
                 switched off until then, or digests are gone",
                digest.start, found.name
            )),
            Some(_) => {}
            None if self.is_asked(found) => self.chain.notes.push(format!("the chain starts at {}", digest.start)),
            None => {}
        }
    }

    /// Compares what a digest says of the previous one with that one. `Err`: it is not what it says.
    fn link(&mut self, digest: &'a Digest, previous: &'a Previous, older: &[&Found]) -> Result<(), String> {
        let wanted = Wanted::of(previous, self.places, digest.start);
        let (name, end) = (wanted.name.clone(), wanted.end);
        let Some(found) = self.by_name.get(name.as_str()).copied() else {
            if self.asked.holds(end) {
                self.chain.wanted.push(wanted);
            }
            return Ok(());
        };
        let Content::Read(before, signature) = &found.content else {
            if found.is_missing() {
                self.missing(name, end, older);
            }
            return Ok(());
        };
        // A previous digest that is shown to be invalid by itself is not this one's fault.
        if !matches!(self.own(found), Verdict::Invalid(_)) {
            let other = |what: &str| Err(format!("it states another {what} for the previous digest than {name} has"));
            if signature.text().is_some_and(|text| !text.eq_ignore_ascii_case(&previous.signature)) {
                return other("signature");
            }
            if before.sha256 != previous.sha256 {
                return other("hash");
            }
        }
        if self.name.kind == ChainKind::Standard
            && digest.start > before.end
            && self.asked.touches(before.end, digest.start)
        {
            self.gap(format!("no digest covers {} to {}, though the digests are linked", before.end, digest.start));
        }
        Ok(())
    }

    /// A digest that another one names is not there. At the oldest edge of everything that is there, that is how a bucket
    /// whose old objects expire looks.
    fn missing(&mut self, name: String, end: Timestamp, older: &[&Found]) {
        if self.asked.from.is_some() || older.iter().any(|older| !older.is_missing()) {
            if self.asked.holds(end) {
                let why = "it is not there, and the next digest names it".to_owned();
                self.chain.items.push(Item { verdict: Verdict::Invalid(why), kind: ItemKind::Digest, name });
            }
        } else {
            self.chain.notes.push(format!(
                "nothing before {end} is here: the oldest digest names {name}, which is gone; expired or deleted, a chain \
                 cannot say"
            ));
        }
    }

    /// Takes what the digest lists into what is expected.
    fn take(&mut self, found: &Found, digest: &Digest, verdict: &Verdict) {
        let asked = self.is_asked(found);
        for log in &digest.log_files {
            let name = format!("{}/{}", log.bucket, log.key);
            if *verdict != Verdict::Valid {
                self.chain.claimed.insert(name, found.name.clone());
                continue;
            }
            self.chain.listed.insert(name.clone());
            if asked {
                let expected = self.chain.expected.entry(name);
                let expected =
                    expected.or_insert_with(|| ExpectedLog { sha256: Default::default(), digest: found.name.clone() });
                expected.sha256.insert(log.sha256.clone());
            }
        }
        if *verdict == Verdict::Valid {
            self.chain.newest = self.chain.newest.max(Some(digest.end));
            if asked {
                let (start, end) = self.chain.covers.unwrap_or((digest.start, digest.end));
                self.chain.covers = Some((start.min(digest.start), end.max(digest.end)));
            }
        }
    }

    /// Whether the chain reaches from the beginning of the asked time to its end.
    fn ends(&mut self, order: &[&Found]) {
        if self.name.kind == ChainKind::Backfill {
            return;
        }
        let late = self.asked.due().zip(self.newest).is_some_and(|(due, newest)| newest < due);
        if let Some((end, newest)) = self.asked.end().zip(self.newest).filter(|_| late) {
            self.gap(format!(
                "no digest covers {newest} to {end}: newer ones are gone, or the trail was stopped or deleted; --to asks for \
                 the time before"
            ));
        } else if !order.iter().any(|found| !found.is_missing() && self.is_asked(found)) {
            self.gap("no digest of this chain lies in the time that is asked for".to_owned());
        }
    }

    fn gap(&mut self, why: String) {
        let name = self.name.to_string();
        self.chain.items.push(Item { verdict: Verdict::Unknown(why), kind: ItemKind::Gap, name });
    }

    /// By its name or by what it says: one that was changed may say anything.
    fn is_asked(&self, found: &Found) -> bool {
        let says = found.digest().is_some_and(|digest| self.asked.touches(digest.start, digest.end));
        says || self.asked.holds(found.end)
    }
}
