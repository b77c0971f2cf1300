//! The data events of S3 that AWS documents.

use serde::{Deserialize, Serialize};

/// The `eventSource` of every data event of a general purpose bucket.
pub const EVENT_SOURCE: &str = "s3.amazonaws.com";
/// The `eventType` of a request that a principal made through the API.
pub const AWS_API_CALL: &str = "AwsApiCall";

/// Which accesses must be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Read,
    Write,
    All,
}

impl Access {
    pub fn includes(self, read_only: bool) -> bool {
        match self {
            Access::Read => read_only,
            Access::Write => !read_only,
            Access::All => true,
        }
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
    /// It asks the bucket, not one object: its record's `ARNPrefix` may be the bare `bucket/`.
    pub of_bucket: bool,
}

const fn object(name: &'static str, read_only: bool) -> EventName {
    EventName { name, read_only: Some(read_only), of_bucket: false }
}

const fn of_bucket(name: &'static str, read_only: bool) -> EventName {
    EventName { name, read_only: Some(read_only), of_bucket: true }
}

/// The data events of general purpose buckets, those of COPY and UNLOAD first, so that they become the witness where
/// there is a choice. Source: Amazon S3 User Guide, "Amazon S3 CloudTrail events"; `readOnly` by records where seen, else
/// by what the operation does.
///
/// `ListObjectsV2` is not here: CloudTrail records it as `ListObjects`. `DeleteObjects` names many objects, and published
/// records of it show the bare bucket as their `ARNPrefix`.
pub const DOCUMENTED: &[EventName] = &[
    object("PutObject", false),
    object("CreateMultipartUpload", false),
    object("UploadPart", false),
    object("CompleteMultipartUpload", false),
    object("AbortMultipartUpload", false),
    object("DeleteObject", false),
    of_bucket("DeleteObjects", false),
    object("GetObject", true),
    of_bucket("ListObjects", true),
    object("HeadObject", true),
    object("CopyObject", false),
    object("DeleteObjectAnnotation", false),
    object("DeleteObjectTagging", false),
    object("GetObjectAcl", true),
    object("GetObjectAnnotation", true),
    object("GetObjectAttributes", true),
    object("GetObjectLegalHold", true),
    object("GetObjectRetention", true),
    object("GetObjectTagging", true),
    object("GetObjectTorrent", true),
    of_bucket("HeadBucket", true),
    object("ListObjectAnnotations", true),
    of_bucket("ListObjectVersions", true),
    object("ListParts", true),
    object("PutObjectAcl", false),
    object("PutObjectAnnotation", false),
    object("PutObjectLegalHold", false),
    object("PutObjectRetention", false),
    object("PutObjectTagging", false),
    object("RestoreObject", false),
    // An HTTP POST that reads; no record of it has been seen, so it may be either.
    EventName { name: "SelectObjectContent", read_only: None, of_bucket: false },
    object("UpdateObjectEncryption", false),
    object("UploadPartCopy", false),
];
