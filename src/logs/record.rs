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

impl Record {
    /// Whether this is a data event of a general purpose bucket. Before eventVersion 1.07 there is no `eventCategory`,
    /// and before 1.06 no `managementEvent`: then the resources, and last the name, decide.
    pub fn is_s3_data_event(&self) -> bool {
        if self.event_source.as_deref() != Some(EVENT_SOURCE) {
            return false;
        }
        match (self.event_category.as_deref(), self.management_event) {
            (Some(category), _) => category == "Data",
            (None, Some(management)) => !management,
            (None, None) => {
                let has_object = |r: &Resource| r.kind.as_deref() == Some("AWS::S3::Object");
                self.resources.iter().flatten().any(has_object)
                    || self.event_name.as_deref().is_some_and(|name| DOCUMENTED.iter().any(|event| event.name == name))
            }
        }
    }

    /// The objects, listings or buckets that the record names: from `resources`, else from `requestParameters`. Empty:
    /// it names none.
    pub fn touched(&self) -> Vec<Touched> {
        let mut touched: Vec<Touched> = self.resources.iter().flatten().filter_map(Resource::object).collect();
        if touched.is_empty() {
            touched.extend(self.requested());
        }
        if touched.is_empty() {
            let buckets = self.resources.iter().flatten().filter_map(Resource::bucket);
            touched.extend(buckets.map(|bucket| Touched::Listing { bucket, prefix: String::new() }));
        }
        touched.sort();
        touched.dedup();
        touched
    }

    fn requested(&self) -> Option<Touched> {
        let text = |name: &str| self.request_parameters.as_ref()?.get(name)?.as_str().map(str::to_owned);
        let bucket = text("bucketName")?;
        Some(match text("key") {
            Some(key) => Touched::Object { bucket, key },
            None => Touched::Listing { bucket, prefix: text("prefix").unwrap_or_default() },
        })
    }
}

impl Resource {
    fn object(&self) -> Option<Touched> {
        if self.kind.as_deref() != Some("AWS::S3::Object") {
            return None;
        }
        if let Some(arn) = &self.arn {
            let (bucket, key) = Arn::parse(arn)?.resource.split_once('/')?;
            return Some(Touched::Object { bucket: bucket.to_owned(), key: key.to_owned() });
        }
        let (bucket, prefix) = Arn::parse(self.arn_prefix.as_deref()?)?.resource.split_once('/')?;
        Some(Touched::Listing { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }

    fn bucket(&self) -> Option<String> {
        if self.kind.as_deref() != Some("AWS::S3::Bucket") {
            return None;
        }
        Some(Arn::parse(self.arn.as_deref()?)?.resource.to_owned())
    }
}
