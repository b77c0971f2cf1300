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
    pub region: String,
    pub at: Timestamp,
    pub event_name: String,
    /// The ARN of the trail or event data store that was changed; `null`: the event does not name one.
    pub resource: Option<String>,
    pub origin: Origin,
}
