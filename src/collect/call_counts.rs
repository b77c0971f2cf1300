//! How many calls a scan made, by operation; how many of them were tried again, and how many answers said to slow down.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;

use crate::snapshot::Calls;

/// Error codes that say so; services differ. Sources: "Error retries and exponential backoff" of the AWS General Reference,
/// and the SDK's own list.
const THROTTLES: [&str; 6] = [
    "Throttling",
    "TooManyRequests",
    "RequestLimitExceeded",
    "SlowDown",
    "RequestThrottled",
    "PriorRequestNotComplete",
];

/// By service and operation.
#[derive(Debug, Clone, Default)]
pub(super) struct CallCounts(Arc<Mutex<BTreeMap<String, Calls>>>);

impl CallCounts {
    /// As an interceptor of one service's calls.
    pub(super) fn of(&self, service: &'static str) -> Counter {
        Counter { service, counts: self.clone() }
    }

    /// Until now.
    pub(super) fn all(&self) -> BTreeMap<String, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Debug)]
pub(super) struct Counter {
    service: &'static str,
    counts: CallCounts,
}

impl Counter {
    fn count(&self, bag: &ConfigBag, count: impl FnOnce(&mut Calls)) {
        let operation = bag.load::<Metadata>().map_or("", Metadata::name);
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        count(counts.entry(format!("{}:{operation}", self.service)).or_default());
    }
}

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "CountCalls"
    }

    /// What the run's limits do not let through does not come here.
    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_first = bag.load::<RequestAttempts>().is_none_or(|attempts| attempts.attempts() <= 1);
        self.count(bag, |calls| if is_first { calls.made += 1 } else { calls.retries += 1 });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(response) = context.response().filter(|response| !response.status().is_success()) else {
            return Ok(());
        };
        let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
        if response.status().as_u16() == 429 || THROTTLES.iter().any(|code| body.contains(code)) {
            self.count(bag, |calls| calls.throttles += 1);
        }
        Ok(())
    }
}
