//! One digest file of CloudTrail: what it says, and whether CloudTrail signed it.
//!
//! Source: CloudTrail User Guide, "CloudTrail digest file structure" (members, S3 metadata) and "Custom implementations of
//! CloudTrail log file integrity validation" (the string to sign). A digest is judged by the bytes that it has: a JSON
//! that is written anew has another hash.

mod keys;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

use crate::aws::timestamp::Timestamp;
use crate::gzip::{self, InflateError};
use crate::hash::sha256;

pub use keys::{KeyError, Lookup, PublicKeys};

/// The only signature algorithm that a digest may name, in its JSON and in the object's metadata.
pub const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
/// The only hash that a digest may name.
const HASH_ALGORITHM: &str = "SHA-256";
/// A digest lists the files of one hour, some 500 bytes each.
const MAX_DIGEST: usize = 256 << 20;

/// A digest file, and the hash of the JSON that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    pub start: Timestamp,
    pub end: Timestamp,
    /// The end as it is written, which is what is signed.
    end_text: String,
    /// Where CloudTrail put it.
    pub bucket: String,
    pub key: String,
    /// Which public key checks its signature.
    pub fingerprint: String,
    pub signature_algorithm: String,
    /// `None`: the chain starts with this digest.
    pub previous: Option<Previous>,
    pub log_files: Vec<LogFile>,
    /// Of the inflated bytes, in lower-case hex.
    pub sha256: String,
}

/// What a digest says of the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    pub bucket: String,
    pub key: String,
    pub sha256: String,
    /// In hex, as it is written: it is part of what is signed.
    pub signature: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    pub bucket: String,
    pub key: String,
    /// Of the inflated bytes, in lower-case hex.
    pub sha256: String,
}

/// Why an object is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    #[error(transparent)]
    Gzip(#[from] InflateError),
    #[error("it does not have the members of a digest: {0}")]
    Members(String),
    #[error("`{0}` is not a time")]
    Time(String),
    #[error("it ends at {1}, which is not after its start at {0}")]
    Backwards(Timestamp, Timestamp),
    #[error("`{0}` is not a hash algorithm of digests; expected {HASH_ALGORITHM}")]
    Algorithm(String),
    #[error("`{0}` is not a SHA-256 hash")]
    Hash(String),
    #[error("some members of previousDigest are null and some are not")]
    HalfLinked,
}

/// The document, member by member. Serde refuses a name that comes twice; `with` makes a member required that may be null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    digest_start_time: String,
    digest_end_time: String,
    digest_s3_bucket: String,
    digest_s3_object: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: String,
    #[serde(deserialize_with = "Option::deserialize")]
    previous_digest_s3_bucket: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    previous_digest_s3_object: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    previous_digest_hash_value: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    previous_digest_hash_algorithm: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    previous_digest_signature: Option<String>,
    log_files: Vec<LogFileDocument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogFileDocument {
    s3_bucket: String,
    s3_object: String,
    hash_value: String,
    hash_algorithm: String,
}

impl Digest {
    /// Reads the object as it lies in the bucket: one gzip member.
    pub fn open(bytes: &[u8]) -> Result<Digest, DigestError> {
        Digest::parse(&gzip::inflate(bytes, MAX_DIGEST)?)
    }

    /// Reads the inflated bytes.
    pub fn parse(bytes: &[u8]) -> Result<Digest, DigestError> {
        // Of a slice serde_json does not look at the strings that are skipped, whether they are text.
        let text = simdutf8::compat::from_utf8(bytes).map_err(|error| DigestError::Members(error.to_string()))?;
        let document: Document = serde_json::from_str(text).map_err(|error| DigestError::Members(error.to_string()))?;
        let (start, end) = (instant(&document.digest_start_time)?, instant(&document.digest_end_time)?);
        if end <= start {
            return Err(DigestError::Backwards(start, end));
        }
        Ok(Digest {
            start,
            end,
            previous: document.previous()?,
            log_files: document.log_files.into_iter().map(LogFileDocument::read).collect::<Result<_, _>>()?,
            end_text: document.digest_end_time,
            bucket: document.digest_s3_bucket,
            key: document.digest_s3_object,
            fingerprint: document.digest_public_key_fingerprint,
            signature_algorithm: document.digest_signature_algorithm,
            sha256: sha256(bytes),
        })
    }

    /// What CloudTrail signs: four lines, without a line break at the end.
    pub fn string_to_sign(&self) -> String {
        let previous = self.previous.as_ref().map_or("null", |previous| &previous.signature);
        format!("{}\n{}/{}\n{}\n{previous}", self.end_text, self.bucket, self.key, self.sha256)
    }

    /// Whether the signature is RSASSA-PKCS1-v1_5 with SHA-256 over this digest, by this key (DER, PKCS#1 or
    /// SubjectPublicKeyInfo). The hash is ours to choose, not the signature's: one over SHA-1 or MD5 is none.
    pub fn is_signed(&self, key: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        key.verify(self.string_to_sign().as_bytes(), signature).is_ok()
    }
}

impl Document {
    fn previous(&self) -> Result<Option<Previous>, DigestError> {
        let members = (
            &self.previous_digest_s3_bucket,
            &self.previous_digest_s3_object,
            &self.previous_digest_hash_value,
            &self.previous_digest_hash_algorithm,
            &self.previous_digest_signature,
        );
        match members {
            (None, None, None, None, None) => Ok(None),
            (Some(bucket), Some(key), Some(value), Some(algorithm), Some(signature)) => Ok(Some(Previous {
                bucket: bucket.clone(),
                key: key.clone(),
                sha256: hash(value, algorithm)?,
                signature: signature.clone(),
            })),
            _ => Err(DigestError::HalfLinked),
        }
    }
}

impl LogFileDocument {
    fn read(self) -> Result<LogFile, DigestError> {
        let sha256 = hash(&self.hash_value, &self.hash_algorithm)?;
        Ok(LogFile { bucket: self.s3_bucket, key: self.s3_object, sha256 })
    }
}

/// The bytes of a signature in hex.
pub fn signature_bytes(hex: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(hex.trim().as_bytes()).ok()
}

fn instant(text: &str) -> Result<Timestamp, DigestError> {
    Timestamp::parse(text).ok_or_else(|| DigestError::Time(text.to_owned()))
}

fn hash(value: &str, algorithm: &str) -> Result<String, DigestError> {
    if algorithm != HASH_ALGORITHM {
        return Err(DigestError::Algorithm(algorithm.to_owned()));
    }
    match HEXLOWER_PERMISSIVE.decode(value.as_bytes()) {
        Ok(bytes) if bytes.len() == 32 => Ok(value.to_ascii_lowercase()),
        _ => Err(DigestError::Hash(value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTING: &str = r#"{"digestStartTime":"2026-11-22T06:00:00Z","digestEndTime":"2026-11-22T07:00:00Z",
        "digestS3Bucket":"b","digestS3Object":"k","digestPublicKeyFingerprint":"f",
        "digestSignatureAlgorithm":"SHA256withRSA","previousDigestS3Bucket":null,"previousDigestS3Object":null,
        "previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles":[]}"#;

    /// Fuzzing showed it: in a member that nobody reads, bytes that are no text went through.
    #[test]
    fn what_is_no_text_is_no_digest() {
        let mut bytes = STARTING.replace("[]}", "[],\"awsAccountId\":\"?\"}").into_bytes();
        assert!(Digest::parse(&bytes).is_ok());
        let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
        bytes[at] = 0xab;
        assert!(matches!(Digest::parse(&bytes), Err(DigestError::Members(_))));
    }

    /// Of a starting digest the last line is the word `null`; the end is signed as it is written.
    #[test]
    fn what_is_signed_is_taken_word_for_word() {
        let text = STARTING.replace("T07:00:00Z", "T07:00:00.000Z");
        let hash = sha256(text.as_bytes());
        let signed = Digest::parse(text.as_bytes()).unwrap().string_to_sign();
        assert_eq!(signed, format!("2026-11-22T07:00:00.000Z\nb/k\n{hash}\nnull"));
        let other = STARTING.replace("[]}", "[] }");
        assert_ne!(Digest::parse(other.as_bytes()).unwrap().sha256, sha256(STARTING.as_bytes()));
    }

    #[test]
    fn the_word_null_as_a_signature_is_not_a_start() {
        let text = STARTING.replace("\"previousDigestSignature\":null", "\"previousDigestSignature\":\"null\"");
        assert_eq!(Digest::parse(text.as_bytes()), Err(DigestError::HalfLinked));
    }

    #[test]
    fn hashes_are_compared_in_lower_case() {
        let file = format!(
            "{{\"s3Bucket\":\"b\",\"s3Object\":\"l\",\"hashValue\":\"{}\",\"hashAlgorithm\":\"SHA-256\"}}",
            sha256(b"x").to_uppercase()
        );
        let text = STARTING.replace("[]}", &format!("[{file}]}}"));
        assert_eq!(Digest::parse(text.as_bytes()).unwrap().log_files[0].sha256, sha256(b"x"));
    }

    #[test]
    fn a_region_knows_its_own_keys_and_says_whether_they_are_all() {
        let mut keys = PublicKeys::default();
        assert!(matches!(keys.find("eu-west-1", "f"), Lookup::Unknown(_)), "nobody asked");
        keys.add_answer("eu-west-1", [("unreadable".to_owned(), b"no key".to_vec())]);
        assert_eq!(keys.find("eu-west-1", "f"), Lookup::Absent);
        assert!(matches!(keys.find("eu-west-1", "unreadable"), Lookup::Unknown(_)));
        assert!(matches!(keys.find("us-east-1", "f"), Lookup::Unknown(_)));
        keys.add_failure("eu-west-1", "denied".to_owned());
        assert!(matches!(keys.find("eu-west-1", "f"), Lookup::Unknown(why) if why.contains("denied")));
    }
}
