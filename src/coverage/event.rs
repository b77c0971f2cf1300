//! S3 data events as selectors see them, and the set of them that a requirement asks to be recorded.

use serde::Serialize;

use crate::aws::arn::RoleArn;
use crate::aws::location::Location;
use crate::aws::s3_events::Access;

/// One S3 data event, as far as selectors can tell events apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Event {
    /// As CloudTrail records it: `GetObject`.
    pub event_name: String,
    /// Whether CloudTrail records it as read-only; `null`: AWS does not say.
    pub read_only: bool,
    /// The object's ARN; for a listing, or another request to the bucket, its `ARNPrefix`.
    pub resource_arn: String,
    /// Absent for anonymous and some service events.
    pub user_identity_arn: Option<String>,
    /// The bucket's region: where the event is delivered.
    pub region: String,
    /// `s3.amazonaws.com`
    pub event_source: String,
    /// `AwsApiCall` or `AwsServiceEvent`
    pub event_type: String,
    /// Whether it was made in the console.
    pub session_credential_from_console: bool,
    /// The event's name is invented: every documented one is recorded, a future one would not be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hypothetical: bool,
}

/// A set of events, all of which must be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    pub partition: String,
    /// The bucket's region.
    pub region: String,
    pub location: Location,
    pub place: Place,
    pub access: Access,
    /// Only this role's sessions; `None` is anyone.
    pub role: Option<RoleArn>,
}

/// Where the events of a requirement are, seen from its location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the location.
    Within,
    /// Above it: listings of a shorter prefix, which show the location's keys among others.
    Above,
}

impl Requirement {
    /// What the ARN of each of the events begins with.
    pub fn arn_prefix(&self) -> String {
        match self.place {
            Place::Within => self.location.arn_prefix(&self.partition),
            Place::Above => format!("arn:{}:s3:::{}/", self.partition, self.location.bucket),
        }
    }
}
