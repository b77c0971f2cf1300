//! Management events that changed what is recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Origin;
use crate::aws::timestamp::Timestamp;

/// One management event, such as PutEventSelectors or StopLogging.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The account in which it happened.
    pub account: String,
    /// The region of the event.
    pub region: String,
    /// When it happened.
    pub at: Timestamp,
    /// As CloudTrail records it: `StopLogging`.
    pub event_name: String,
    /// The ARN of the trail or event data store that was changed; `null`: the event does not name one.
    pub resource: Option<String>,
    pub origin: Origin,
}
