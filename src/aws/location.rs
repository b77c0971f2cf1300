//! An S3 location: a bucket and the string that keys begin with.
//!
//! COPY and UNLOAD take a raw key prefix, not a folder (Redshift Developer Guide, UNLOAD: `TO 's3://b/venue_'` writes
//! `b/venue_0000_part_00`), so `prefix` is compared as a string.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `s3://bucket/prefix`, with what it was written as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    pub bucket: String,
    /// May be empty: the whole bucket.
    pub prefix: String,
}

/// What Redshift uses a location for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LocationKind {
    /// Redshift reads from it.
    Copy,
    /// Redshift writes to it.
    Unload,
}

impl LocationKind {
    /// The statement, as Redshift spells it.
    pub fn sql(self) -> &'static str {
        match self {
            LocationKind::Copy => "COPY",
            LocationKind::Unload => "UNLOAD",
        }
    }

    /// The table of the config that declares it: `[[redshift.unload]]`.
    pub fn table(self) -> &'static str {
        match self {
            LocationKind::Copy => "copy",
            LocationKind::Unload => "unload",
        }
    }
}

/// Why a text is not a location, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    #[error("`{0}` is not an S3 location; expected s3://bucket/ or s3://bucket/prefix")]
    NotS3(String),
    #[error("`{0}` is not a bucket name; expected letters, digits, dots, hyphens or underscores")]
    BadBucket(String),
    #[error(
        "`{0}` is an access point (alias or ARN); COPY may use one, but CloudTrail's selectors name the bucket: write s3://BUCKET/ with the bucket behind it"
    )]
    AccessPoint(String),
    #[error(
        "`{0}` is a directory bucket; its events are AWS::S3Express::Object, which Redshift does not load from or unload to"
    )]
    DirectoryBucket(String),
    #[error(
        "`{0}` is a table bucket; its events are AWS::S3Tables::Table, which Redshift does not load from or unload to"
    )]
    TableBucket(String),
    #[error("`{0}` ends with `*`; a location is already everything that begins with it: write `{1}`")]
    Wildcard(String, String),
    #[error("`{0}` has a blank at its end, so that only keys with that blank would be in it: take it out")]
    Blank(String),
    #[error("`{0}` has the query of a URL at its end; write `{1}`, and the region into scan.regions if it is needed")]
    Query(String, String),
}

impl Location {
    /// Everything that begins with a prefix. A `*`, a blank or a query at its end is taken for the mistake that it is.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let location = Location::parse_object(text)?;
        if location.prefix.ends_with('*') {
            let without = text.trim_end_matches('*').to_owned();
            return Err(LocationError::Wildcard(text.to_owned(), without));
        }
        if text.ends_with(char::is_whitespace) {
            return Err(LocationError::Blank(text.to_owned()));
        }
        if let Some((before, query)) = text.split_once('?')
            && ["region", "prefix", "versionId"].iter().any(|name| query.starts_with(&format!("{name}=")))
        {
            return Err(LocationError::Query(text.to_owned(), before.to_owned()));
        }
        Ok(location)
    }

    /// One object, whose key may be any string.
    pub fn parse_object(text: &str) -> Result<Self, LocationError> {
        if text.starts_with("arn:") && text.contains(":accesspoint") {
            return Err(LocationError::AccessPoint(text.to_owned()));
        }
        let rest = text.strip_prefix("s3://").ok_or_else(|| LocationError::NotS3(text.to_owned()))?;
        if rest.starts_with("arn:") {
            return Err(LocationError::AccessPoint(text.to_owned()));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if is_access_point(bucket) {
            return Err(LocationError::AccessPoint(text.to_owned()));
        }
        if bucket.ends_with("--x-s3") {
            return Err(LocationError::DirectoryBucket(text.to_owned()));
        }
        if bucket.ends_with("--table-s3") {
            return Err(LocationError::TableBucket(text.to_owned()));
        }
        if !is_bucket_name(bucket) {
            return Err(LocationError::BadBucket(bucket.to_owned()));
        }
        Ok(Location { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }

    /// What the object ARN of every key in this location starts with.
    pub fn arn_prefix(&self, partition: &str) -> String {
        format!("arn:{partition}:s3:::{}/{}", self.bucket, self.prefix)
    }

    /// Whether the key lies in the location.
    pub fn contains(&self, bucket: &str, key: &str) -> bool {
        self.bucket == bucket && key.starts_with(&self.prefix)
    }

    /// Whether a listing of `bucket` with the request prefix `listed` can have shown a key of this location.
    pub fn overlaps_listing(&self, bucket: &str, listed: &str) -> bool {
        self.bucket == bucket && (self.prefix.starts_with(listed) || listed.starts_with(&self.prefix))
    }
}

/// The characters of the Amazon S3 User Guide's "General purpose bucket naming rules", and the capitals, underscores and
/// lengths that buckets made in us-east-1 before 2018 may have. Whether such a bucket exists is S3's to say.
fn is_bucket_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

impl fmt::Display for Location {
    /// `s3://b` and `s3://b/` are one location and print as the latter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// Whether what stands in a bucket's place is an access point: an alias, that of an Object Lambda, of a multi-Region one or of
/// a directory bucket's, or an ARN (Amazon S3 User Guide, "Referencing access points").
#[inline]
pub fn is_access_point(bucket: &str) -> bool {
    // Almost every name is told by its last letter.
    matches!(bucket.as_bytes().last(), Some(b's' | b'3' | b'p'))
        && ["-s3alias", "--ol-s3", "--xa-s3", ".mrap"].iter().any(|suffix| bucket.ends_with(suffix))
        || bucket.starts_with("arn:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_with_and_without_slash_is_one_location() {
        assert_eq!(Location::parse("s3://b-1").unwrap(), Location::parse("s3://b-1/").unwrap());
        assert_eq!(Location::parse("s3://b-1").unwrap().to_string(), "s3://b-1/");
    }

    #[test]
    fn what_no_selector_can_name_is_refused_with_a_hint() {
        for (text, hint) in [
            ("s3://ap-abc123-s3alias/x", "access point"),
            ("arn:aws:s3:eu-west-1:111111111111:accesspoint/x", "access point"),
            ("s3://b--use1-az4--x-s3/", "directory bucket"),
            ("s3://b--use1-az4--xa-s3/", "access point"),
            ("s3://b--table-s3/", "table bucket"),
            ("s3://bucket/unload/*", "write `s3://bucket/unload/`"),
            ("bucket/unload", "expected s3://"),
            ("s3://b ucket/", "bucket name"),
            ("s3:///x", "bucket name"),
        ] {
            let error = Location::parse(text).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn a_listing_touches_every_location_that_its_prefix_overlaps() {
        let location = Location::parse("s3://bucket/unload/").unwrap();
        assert!(location.overlaps_listing("bucket", ""));
        assert!(location.overlaps_listing("bucket", "unl"));
        assert!(location.overlaps_listing("bucket", "unload/2026"));
        assert!(!location.overlaps_listing("bucket", "load"));
        assert!(!location.overlaps_listing("other", ""));
    }
}
