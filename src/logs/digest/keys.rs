//! CloudTrail's public keys: CloudTrail API, "ListPublicKeys". Each region has its own.
//!
//! `Value` is base64 of PKCS#1 DER by the API's page; the page's own sample holds a SubjectPublicKeyInfo. Both are read.

use std::collections::BTreeMap;

use aws_lc_rs::rsa::PublicKey;
use data_encoding::BASE64;
use serde::Deserialize;

/// The keys that are known, by fingerprint, and how far they are all that there are.
#[derive(Debug, Clone, Default)]
pub struct PublicKeys {
    /// From key files: good for every region, and never said to be all.
    filed: BTreeMap<String, Vec<Vec<u8>>>,
    /// What each region answered.
    regions: BTreeMap<String, Answered>,
}

#[derive(Debug, Clone, Default)]
struct Answered {
    keys: BTreeMap<String, Vec<Vec<u8>>>,
    /// Fingerprints whose keys could not be read.
    unreadable: Vec<String>,
    /// Why these are not all keys of the region and the time.
    incomplete_because: Option<String>,
}

/// What is known of a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// DER. Several keys of one fingerprint are each as good as the other.
    Keys(&'a [Vec<u8>]),
    /// CloudTrail has no such key in this region.
    Absent,
    Unknown(String),
}

/// Why a key file is of no use. What a decoder says of a key is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it is not the JSON that `aws cloudtrail list-public-keys` prints: {0}")]
    Document(String),
    #[error("it holds no key")]
    Empty,
    #[error("the key with fingerprint {0} is not an RSA public key in base64")]
    Key(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyFile {
    public_key_list: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    value: String,
    fingerprint: String,
}

impl PublicKeys {
    /// Adds the keys of a file: the output of `aws cloudtrail list-public-keys`.
    pub fn add_file(&mut self, text: &[u8]) -> Result<(), KeyError> {
        let file: KeyFile = serde_json::from_slice(text).map_err(|error| KeyError::Document(error.to_string()))?;
        if file.public_key_list.is_empty() {
            return Err(KeyError::Empty);
        }
        for key in file.public_key_list {
            let der = BASE64.decode(key.value.trim().as_bytes()).ok().filter(|der| is_rsa(der));
            let der = der.ok_or_else(|| KeyError::Key(key.fingerprint.clone()))?;
            self.filed.entry(key.fingerprint).or_default().push(der);
        }
        Ok(())
    }

    /// Whether keys came from a file; then no region is asked.
    pub fn are_filed(&self) -> bool {
        !self.filed.is_empty()
    }

    /// A region answered with this key. Without one, it has answered all the same.
    pub fn add_answer(&mut self, region: &str, keys: impl IntoIterator<Item = (String, Vec<u8>)>) {
        let answered = self.regions.entry(region.to_owned()).or_default();
        for (fingerprint, der) in keys {
            if is_rsa(&der) {
                answered.keys.entry(fingerprint).or_default().push(der);
            } else {
                answered.unreadable.push(fingerprint);
            }
        }
    }

    /// Not all keys of the region could be seen.
    pub fn add_failure(&mut self, region: &str, why: String) {
        self.regions.entry(region.to_owned()).or_default().incomplete_because = Some(why);
    }

    /// The keys of a fingerprint, for a digest of this region.
    pub fn find(&self, region: &str, fingerprint: &str) -> Lookup<'_> {
        if let Some(keys) = self.filed.get(fingerprint) {
            return Lookup::Keys(keys);
        }
        if self.are_filed() {
            return Lookup::Unknown(format!("the key with fingerprint {fingerprint} is not among those of --keys"));
        }
        let Some(answered) = self.regions.get(region) else {
            return Lookup::Unknown(format!("the public keys of {region} were not listed"));
        };
        match (answered.keys.get(fingerprint), &answered.incomplete_because) {
            (Some(keys), _) => Lookup::Keys(keys),
            (None, _) if answered.unreadable.iter().any(|unreadable| unreadable == fingerprint) => Lookup::Unknown(
                format!("the public key with fingerprint {fingerprint} is none that this program can read"),
            ),
            (None, Some(why)) => Lookup::Unknown(format!("the public keys of {region} could not all be listed: {why}")),
            (None, None) => Lookup::Absent,
        }
    }
}

fn is_rsa(der: &[u8]) -> bool {
    PublicKey::from_der(der).is_ok()
}
