//! One CloudTrail record, as far as S3 data events need it.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents". Fields that AWS calls optional are optional here; an
//! absent `readOnly` is unknown, not false.

use serde::Deserialize;
use serde_json::Value;

use super::principal::UserIdentity;
use crate::arn::Arn;
use crate::coverage::event::{DOCUMENTED, EVENT_SOURCE};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub event_source: Option<String>,
    pub event_name: Option<String>,
    pub event_time: Option<String>,
    pub event_category: Option<String>,
    pub management_event: Option<bool>,
    pub aws_region: Option<String>,
    pub error_code: Option<String>,
    #[serde(rename = "eventID")]
    pub event_id: Option<String>,
    /// The same in the copies of one action that two accounts' trails deliver.
    #[serde(rename = "sharedEventID")]
    pub shared_event_id: Option<String>,
    pub read_only: Option<bool>,
    pub resources: Option<Vec<Resource>>,
    pub request_parameters: Option<Value>,
    pub user_identity: Option<UserIdentity>,
}

#[derive(Debug, Deserialize)]
pub struct Resource {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(rename = "ARN")]
    pub arn: Option<String>,
    #[serde(rename = "ARNPrefix")]
    pub arn_prefix: Option<String>,
}

/// What a record says was touched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Touched {
    Object {
        bucket: String,
        key: String,
    },
    /// A listing, with the prefix that was asked for; or a request to the bucket as such, with none.
    Listing {
        bucket: String,
        prefix: String,
    },
}

impl Touched {
    pub fn bucket(&self) -> &str {
        match self {
            Touched::Object { bucket, .. } | Touched::Listing { bucket, .. } => bucket,
        }
    }
}

/// What a record is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A data event of a general purpose bucket.
    S3Data,
    /// Something else for certain.
    Other,
    /// It does not say, and may be an access.
    Unclear,
}

impl Record {
    /// Before eventVersion 1.07 there is no `eventCategory`, and before 1.06 no `managementEvent`: then the resources, the
    /// name, and last a key in the request decide.
    pub fn kind(&self) -> Kind {
        match self.event_source.as_deref() {
            Some(EVENT_SOURCE) => {}
            Some(_) => return Kind::Other,
            None => return Kind::Unclear,
        }
        let is_data = match (self.event_category.as_deref(), self.management_event) {
            (Some("Data"), _) => true,
            (Some("Management" | "Insight" | "NetworkActivity" | "Aggregated"), _) => false,
            (Some(_), _) => return Kind::Unclear,
            (None, Some(management)) => !management,
            (None, None) => {
                let is_object = |resource: &Resource| resource.kind.as_deref() == Some("AWS::S3::Object");
                let is_known = |name: &str| DOCUMENTED.iter().any(|event| event.name == name);
                self.resources.iter().flatten().any(is_object)
                    || self.event_name.as_deref().is_some_and(is_known)
                    || self.requested("key").is_some()
            }
        };
        if is_data { Kind::S3Data } else { Kind::Other }
    }

    /// The objects, listings or buckets that the record names: from `resources`, else from `requestParameters`; and the
    /// object that a copy reads. `None`: it does not say what was touched.
    pub fn touched(&self) -> Option<Vec<Touched>> {
        let of_type = |kind: &'static str| {
            self.resources.iter().flatten().filter(move |resource| resource.kind.as_deref() == Some(kind))
        };
        let mut touched = of_type("AWS::S3::Object").map(Resource::object).collect::<Option<Vec<_>>>()?;
        if touched.is_empty() {
            touched.extend(self.requested_object()?);
        }
        if touched.is_empty() {
            let buckets = of_type("AWS::S3::Bucket").map(Resource::bucket).collect::<Option<Vec<_>>>()?;
            touched.extend(buckets.into_iter().map(|bucket| Touched::Listing { bucket, prefix: String::new() }));
        }
        if touched.is_empty() {
            return None;
        }
        touched.extend(self.copied_from()?);
        touched.sort();
        touched.dedup();
        Some(touched)
    }

    fn requested(&self, name: &str) -> Option<&Value> {
        self.request_parameters.as_ref()?.get(name).filter(|value| !value.is_null())
    }

    /// `Some(None)`: the request names no bucket; `None`: what it names has no form that we know.
    fn requested_object(&self) -> Option<Option<Touched>> {
        let Some(bucket) = self.requested("bucketName") else { return Some(None) };
        let bucket = bucket.as_str().filter(|bucket| !bucket.ends_with("-s3alias"))?.to_owned();
        let text = |name: &str| match self.requested(name) {
            None => Some(""),
            Some(value) => value.as_str(),
        };
        let (key, prefix) = (text("key")?, text("prefix")?);
        Some(Some(if key.is_empty() {
            Touched::Listing { bucket, prefix: prefix.to_owned() }
        } else {
            Touched::Object { bucket, key: key.to_owned() }
        }))
    }

    /// The source of CopyObject or UploadPartCopy: `bucket/key`, percent-encoded. `Some(None)`: it copies nothing; `None`:
    /// what it names has no form that we know, as an access point's ARN.
    fn copied_from(&self) -> Option<Option<Touched>> {
        let Some(source) = self.requested("x-amz-copy-source") else { return Some(None) };
        let path = source.as_str()?.split("?versionId=").next()?.trim_start_matches('/');
        let decoded = percent_decoded(path);
        let (bucket, key) = decoded.split_once('/').filter(|(bucket, _)| !bucket.contains(':'))?;
        Some(Some(Touched::Object { bucket: bucket.to_owned(), key: key.to_owned() }))
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Resource {
    /// `None`: its ARN is none of an object in a bucket, as an access point's.
    fn object(&self) -> Option<Touched> {
        let path = |arn: &Option<String>| {
            let arn = Arn::parse(arn.as_deref()?)?;
            let in_bucket = arn.service == "s3" && arn.region.is_empty() && arn.account.is_empty();
            let (bucket, key) = arn.resource.split_once('/').filter(|_| in_bucket)?;
            Some((bucket.to_owned(), key.to_owned()))
        };
        match path(&self.arn).filter(|(_, key)| !key.is_empty()) {
            Some((bucket, key)) => Some(Touched::Object { bucket, key }),
            None => {
                let (bucket, prefix) = path(&self.arn_prefix).or_else(|| path(&self.arn))?;
                Some(Touched::Listing { bucket, prefix })
            }
        }
    }

    fn bucket(&self) -> Option<String> {
        Some(Arn::parse(self.arn.as_deref()?)?.resource.to_owned())
    }
}
