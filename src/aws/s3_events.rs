//! The data events of S3 that AWS documents.

use serde::{Deserialize, Serialize};

/// The `eventSource` of what a principal asks of a general purpose bucket.
pub const EVENT_SOURCE: &str = "s3.amazonaws.com";
/// That of what S3 does by a lifecycle rule: expirations, delete markers, transitions, aborted uploads; and that of requests
/// whose signature or credentials were refused. Both are recorded as `AWS::S3::Object` (CloudTrail User Guide, "Filtering
/// data events", examples 4 and 5).
pub const LIFECYCLE_SOURCE: &str = "s3lifecycle.amazonaws.com";
pub const AUTHN_ERRORS_SOURCE: &str = "s3-authn-errors.amazonaws.com";
pub const EVENT_SOURCES: [&str; 3] = [EVENT_SOURCE, LIFECYCLE_SOURCE, AUTHN_ERRORS_SOURCE];
/// The `eventType` of a request that a principal made through the API.
pub const AWS_API_CALL: &str = "AwsApiCall";
/// That of the `DeleteObject` records, one a key, that a `DeleteObjects` leaves since June 2025 (CloudTrail User Guide,
/// document history; "Filtering data events", example 3).
pub const AWS_SERVICE_EVENT: &str = "AwsServiceEvent";

/// Reading, writing, or both: of what is asked for, and of what an event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Read,
    Write,
    All,
}

impl Access {
    /// Whether what does `other` is among what is asked for.
    pub fn includes(self, other: Access) -> bool {
        self == other || self == Access::All || other == Access::All
    }

    /// What a record's `readOnly` says, where nothing else does.
    pub fn by_flag(read_only: bool) -> Access {
        if read_only { Access::Read } else { Access::Write }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::All => "all",
        }
    }
}

/// An event name that AWS documents for `AWS::S3::Object`.
#[derive(Debug, Clone, Copy)]
pub struct EventName {
    pub name: &'static str,
    /// The record's `readOnly`; `None` where it may be either.
    pub read_only: Option<bool>,
    /// What it does. A copy reads its source and writes its target, and is not `readOnly`.
    pub does: Access,
    pub about: About,
}

/// What the record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Object,
    /// The keys that begin with a prefix, which may be empty.
    Listing,
    /// The bucket as such: published records show the bare `bucket/` as the `ARNPrefix`.
    Bucket,
}

const fn reads(name: &'static str, about: About) -> EventName {
    EventName { name, read_only: Some(true), does: Access::Read, about }
}

const fn writes(name: &'static str, about: About) -> EventName {
    EventName { name, read_only: Some(false), does: Access::Write, about }
}

const fn copies(name: &'static str) -> EventName {
    EventName { name, read_only: Some(false), does: Access::All, about: About::Object }
}

/// The documented event of this name.
pub fn documented(name: &str) -> Option<&'static EventName> {
    DOCUMENTED.iter().find(|event| event.name == name)
}

/// The data events of general purpose buckets, those of COPY and UNLOAD first, so that they become the witness where
/// there is a choice. Source: Amazon S3 User Guide, "Amazon S3 CloudTrail events"; `readOnly` by records where seen, else
/// by what the operation does.
///
/// `ListObjectsV2` is not here: CloudTrail records it as `ListObjects`. `DeleteObjects` names many objects, and published
/// records of it show the bare bucket as their `ARNPrefix`.
pub const DOCUMENTED: &[EventName] = &[
    writes("PutObject", About::Object),
    writes("CreateMultipartUpload", About::Object),
    writes("UploadPart", About::Object),
    writes("CompleteMultipartUpload", About::Object),
    writes("AbortMultipartUpload", About::Object),
    writes("DeleteObject", About::Object),
    writes("DeleteObjects", About::Bucket),
    reads("GetObject", About::Object),
    reads("ListObjects", About::Listing),
    reads("HeadObject", About::Object),
    copies("CopyObject"),
    writes("DeleteObjectAnnotation", About::Object),
    writes("DeleteObjectTagging", About::Object),
    reads("GetObjectAcl", About::Object),
    reads("GetObjectAnnotation", About::Object),
    reads("GetObjectAttributes", About::Object),
    reads("GetObjectLegalHold", About::Object),
    reads("GetObjectRetention", About::Object),
    reads("GetObjectTagging", About::Object),
    reads("GetObjectTorrent", About::Object),
    reads("HeadBucket", About::Bucket),
    reads("ListObjectAnnotations", About::Object),
    reads("ListObjectVersions", About::Listing),
    reads("ListParts", About::Object),
    writes("PutObjectAcl", About::Object),
    writes("PutObjectAnnotation", About::Object),
    writes("PutObjectLegalHold", About::Object),
    writes("PutObjectRetention", About::Object),
    writes("PutObjectTagging", About::Object),
    writes("RestoreObject", About::Object),
    // An HTTP POST that reads; no record of it has been seen, so it may be either.
    EventName { name: "SelectObjectContent", read_only: None, does: Access::Read, about: About::Object },
    writes("UpdateObjectEncryption", About::Object),
    copies("UploadPartCopy"),
];
