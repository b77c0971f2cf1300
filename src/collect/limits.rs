//! What no answer and no run goes beyond, in bytes and in time.
//!
//! No page of anything comes near the largest answer, and log objects have a limit of their own; so nobody else chooses how
//! much memory a run takes. A service that answers nothing in a region is not asked again there, and after `scan.budget`
//! nothing is asked. What was not asked for is a failure like any other.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use http_body_util::Limited;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::call_error::TIMEOUT;

/// The largest answer, in bytes.
const LARGEST: usize = 65 << 20;

/// So many tries of a service in a region that nobody answers are enough: all tries of one call,
const SILENT: u32 = 6;
/// where they took as long together as three tries do. Many are in flight at a time, and a short disturbance ends them all.
const SILENCE: Duration = Duration::from_secs(60);

/// Why a call was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotMade {
    /// The time that the scan may take.
    Budget(Duration),
    Silent,
    /// By a signal.
    Stopped,
}

impl NotMade {
    /// In place of AWS's error code.
    pub(super) fn code(self) -> &'static str {
        match self {
            NotMade::Budget(_) => "BudgetUsedUp",
            NotMade::Silent => TIMEOUT,
            NotMade::Stopped => "Stopped",
        }
    }
}

impl fmt::Display for NotMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotMade::Budget(budget) => {
                write!(f, "not asked: the {} s of scan.budget were used up; allow more, or scan less", budget.as_secs())
            }
            NotMade::Stopped => f.write_str("not asked: the scan was stopped"),
            NotMade::Silent => {
                write!(f, "not asked again: {SILENT} tries of this service in this region, and more, went unanswered")
            }
        }
    }
}

impl std::error::Error for NotMade {}

/// What all calls of a run share.
#[derive(Debug)]
struct Shared {
    /// When the budget ends, and how long it was.
    end: Option<(Instant, Duration)>,
    silence: Duration,
    was_stopped: Arc<AtomicBool>,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    /// By how much this machine's clock differs from AWS's at most, as far as answers tell.
    skew: time::Duration,
    /// By service and region, the tries since the last answer, and when the first of them was given up.
    unanswered: HashMap<Place, (u32, Instant)>,
    /// The hosts that were asked and are not AWS's.
    other_hosts: BTreeSet<String>,
}

/// The domains of AWS's endpoints, by partition.
/// Source: `partitions.json` of the AWS SDKs (`dnsSuffix` and `dualStackDnsSuffix`).
const AWS_DOMAINS: [&str; 9] = [
    ".amazonaws.com",
    ".api.aws",
    ".amazonaws.com.cn",
    ".api.amazonwebservices.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
];

/// The host of a URL that is not AWS's, with its port.
fn other_host(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split(['/', '?']).next()?;
    let host = authority.rsplit('@').next()?;
    let name = host.split(':').next()?;
    (!AWS_DOMAINS.iter().any(|domain| name.ends_with(domain))).then_some(host)
}

type Place = (&'static str, String);

impl Shared {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The limits of a run.
#[derive(Debug, Clone)]
pub(super) struct Limits(Arc<Shared>);

impl Limits {
    /// `budget`: `None` for work whose length the user chose.
    pub(super) fn new(budget: Option<Duration>) -> Limits {
        Limits::of_run(budget, SILENCE, Arc::default())
    }

    /// The same for a run that makes no more calls once this is set.
    pub(super) fn until(budget: Duration, was_stopped: Arc<AtomicBool>) -> Limits {
        Limits::of_run(Some(budget), SILENCE, was_stopped)
    }

    fn of_run(budget: Option<Duration>, silence: Duration, was_stopped: Arc<AtomicBool>) -> Limits {
        let end = budget.and_then(|budget| Some((Instant::now().checked_add(budget)?, budget)));
        Limits(Arc::new(Shared { end, silence, was_stopped, noted: Mutex::default() }))
    }

    #[cfg(test)]
    pub(super) fn with_silence(silence: Duration) -> Limits {
        Limits::of_run(None, silence, Arc::default())
    }

    /// By how much this machine's clock differs from AWS's, as far as answers tell.
    pub(super) fn skew(&self) -> time::Duration {
        self.0.noted().skew
    }

    /// The hosts that were asked and are not AWS's, with their ports.
    pub(super) fn other_hosts(&self) -> BTreeSet<String> {
        self.0.noted().other_hosts.clone()
    }

    /// The limits of one service's calls in a region.
    pub(super) fn of(&self, service: &'static str, region: &str) -> CallLimits {
        CallLimits { shared: self.0.clone(), place: (service, region.to_owned()) }
    }
}

/// The limits as calls of one service in one region meet them.
#[derive(Debug, Clone)]
pub(super) struct CallLimits {
    shared: Arc<Shared>,
    place: Place,
}

impl CallLimits {
    /// Whether a call may still be made.
    pub(super) fn check(&self) -> Result<(), NotMade> {
        if self.shared.was_stopped.load(Ordering::Relaxed) {
            return Err(NotMade::Stopped);
        }
        if let Some((_, budget)) = self.shared.end.filter(|(end, _)| Instant::now() >= *end) {
            return Err(NotMade::Budget(budget));
        }
        match self.shared.noted().unanswered.get(&self.place) {
            Some((tries, first)) if *tries >= SILENT && first.elapsed() >= self.shared.silence => Err(NotMade::Silent),
            _ => Ok(()),
        }
    }

    /// What is left of the budget; `None`: it has no end.
    pub(super) fn left(&self) -> Option<Duration> {
        self.shared.end.map(|(end, _)| end.saturating_duration_since(Instant::now()))
    }

    /// A try was answered, or waited for in vain.
    pub(super) fn note(&self, is_answered: bool) {
        let mut noted = self.shared.noted();
        if is_answered {
            noted.unanswered.remove(&self.place);
        } else {
            noted.unanswered.entry(self.place.clone()).or_insert((0, Instant::now())).0 += 1;
        }
    }

    fn note_date(&self, date: &str) {
        let Ok(theirs) = OffsetDateTime::parse(date, &Rfc2822) else { return };
        let skew = OffsetDateTime::now_utc() - theirs;
        let mut noted = self.shared.noted();
        if skew.abs() > noted.skew.abs() {
            noted.skew = skew;
        }
    }
}

impl Intercept for CallLimits {
    fn name(&self) -> &'static str {
        "CallLimits"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(self.check()?)
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(host) = other_host(context.request().uri()) {
            self.shared.noted().other_hosts.insert(host.to_owned());
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.note_date(date);
        }
        let body = context.response_mut().body_mut();
        let taken = std::mem::replace(body, SdkBody::taken());
        // Where a try is made again, so is the body.
        *body = taken.map_preserve_contents(|body| SdkBody::from_body_1_x(Limited::new(body, LARGEST)));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_timeout = matches!(context.output_or_error(), Some(Err(error)) if error.is_timeout_error()
            || error.as_connector_error().is_some_and(|error| error.is_timeout()));
        if is_timeout || context.response().is_some() {
            self.note(!is_timeout);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_aws_or_another() {
        for url in [
            "https://s3.eu-west-1.amazonaws.com/b",
            "https://vpce-1.sts.us-east-1.vpce.amazonaws.com",
            "https://sts.cn-north-1.amazonaws.com.cn/",
        ] {
            assert_eq!(other_host(url), None, "{url}");
        }
        for (url, host) in [
            ("http://127.0.0.1:5000/", "127.0.0.1:5000"),
            ("https://user:secret@proxy.example?x", "proxy.example"),
            ("https://amazonaws.com.example.org/", "amazonaws.com.example.org"),
            ("https://notamazonaws.com/", "notamazonaws.com"),
        ] {
            assert_eq!(other_host(url), Some(host), "{url}");
        }
    }

    #[test]
    fn a_short_disturbance_is_no_silence() {
        let calls = Limits::with_silence(SILENCE).of("s3", "eu-west-1");
        (0..100).for_each(|_| calls.note(false));
        assert_eq!(calls.check(), Ok(()));
    }

    #[test]
    fn an_answer_ends_the_silence() {
        let limits = Limits::with_silence(Duration::ZERO);
        let calls = limits.of("s3", "eu-west-1");
        (0..SILENT).for_each(|_| calls.note(false));
        assert_eq!(calls.check(), Err(NotMade::Silent));
        assert_eq!(limits.of("s3", "us-east-1").check(), Ok(()), "another region may answer");
        calls.note(true);
        assert_eq!(calls.check(), Ok(()));
    }
}
