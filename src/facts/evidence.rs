//! What keeps "nothing else happened" from being shown: gaps in coverage, in the reading of log records, in their
//! validation.

use std::rc::Rc;

use super::View;
use super::judgement::{Coverage, Judgement};
use crate::aws::arn::Arn;
use crate::aws::location::Location;
use crate::coverage::recorder::{Effect, Recorder};
use crate::reason::{OfRecords, Reason};
use crate::snapshot::{AccessRecord, Change, FactKind, LogReading, Records, Window};

/// How long after an event its record may be delivered, and some slack.
const LATE_DELIVERY: time::Duration = time::Duration::hours(1);

/// Error codes of requests that were turned away: refused (403), or answered before anybody asked who may (Amazon S3 API
/// Reference, "Error responses"). They are shown, and touched nothing.
const TURNED_AWAY: [&str; 31] = [
    "AccessDenied",
    "AccessDeniedException",
    "AccessForbidden",
    "AccountProblem",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "AuthorizationQueryParametersError",
    "Client.UnauthorizedOperation",
    "CrossLocationLoggingProhibited",
    "ExpiredToken",
    "ExpiredTokenException",
    "Forbidden",
    "IncorrectEndpoint",
    "InvalidAccessKeyId",
    "InvalidAccessPoint",
    "InvalidObjectState",
    "InvalidPayer",
    "InvalidRegion",
    "InvalidSecurity",
    "InvalidToken",
    "MethodNotAllowed",
    "MissingSecurityHeader",
    "NotSignedUp",
    "PermanentRedirect",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
    "SlowDown",
    "TemporaryRedirect",
    "TokenRefreshRequired",
];

pub(super) fn is_denied(access: &AccessRecord) -> bool {
    let is_turned_away = |code: &str| {
        // The key that an object is encrypted with was refused, disabled, or is gone.
        TURNED_AWAY.contains(&code) || code.starts_with("KMS.") || code == "403"
    };
    access.error_code.as_deref().is_some_and(is_turned_away)
}

impl<'a> View<'a> {
    /// The records, where they were told apart by this location; else what there is to say.
    pub(super) fn records_of(&self, location: &Location) -> Result<&'a Records, Reason> {
        match self.records {
            Some(records) if self.watched.contains(&*location.to_string()) => Ok(records),
            Some(_) => Err(OfRecords::DeclaredLater.into()),
            None => Err(OfRecords::NoRecords.into()),
        }
    }

    /// What keeps "nothing else touched it" from being shown.
    pub(super) fn missing_evidence(&self, location: &Location, coverage: &Judgement<Coverage>) -> Vec<Reason> {
        let mut missing = Vec::new();
        if coverage.status != Coverage::Recorded {
            missing.push(OfRecords::NotAllRecorded { because: coverage.reasons.clone() }.into());
        }
        let Some(records) = self.records else { return missing };
        missing.extend(self.not_read.iter().cloned());
        let Some(window) = records.window else {
            missing.push(OfRecords::NoWindow.into());
            return missing;
        };
        let accounts = self.world.recording_accounts(&location.bucket, None).unwrap_or_default();
        missing.extend(self.missing_at_ends(window, &accounts));
        let Ok(region) = self.world.bucket_region(&location.bucket) else { return missing };
        let key = (region.to_owned(), accounts);
        let known = self.missing_records.borrow().get(&key).cloned();
        let of_place = known.unwrap_or_else(|| {
            let found: Rc<[Reason]> = self.missing_in(window, location, region, &key.1).into();
            self.missing_records.borrow_mut().insert(key, Rc::clone(&found));
            found
        });
        missing.extend(of_place.iter().cloned());
        missing
    }

    /// By the clock of the accounts whose trails record there.
    fn missing_at_ends(&self, window: Window, accounts: &[String]) -> Vec<Reason> {
        let mut missing = Vec::new();
        let clocks = accounts.iter().filter_map(|account| Some(self.world.account(account)?.collected_at));
        let at = clocks.min().unwrap_or(self.world.at);
        if window.end <= window.start || at.0 - window.end.0 < LATE_DELIVERY {
            missing.push(OfRecords::WindowTooLate.into());
        }
        let asked = self.config.records.and_then(|records| records.window);
        if let Some(asked) = asked.filter(|asked| window.start.0 > at.0 - *asked) {
            let asked_seconds = asked.whole_seconds();
            missing.push(OfRecords::WindowShort { start: window.start, asked_seconds }.into());
        }
        missing
    }

    /// The same for all locations of one region and owner.
    fn missing_in(&self, window: Window, location: &Location, region: &str, accounts: &[String]) -> Vec<Reason> {
        let failures = accounts.iter().flat_map(|account| self.world.failures(account, FactKind::Records));
        let mut missing: Vec<Reason> =
            failures.filter(|failure| failure.region == region).map(Reason::failed).collect();
        let set = self.world.recorders_at(&location.bucket, region, None).ok();
        let recorders = set.iter().flat_map(|set| &set.recorders);
        for recorder in recorders.filter(|recorder| recorder.effect == Effect::InEffect) {
            missing.extend(self.not_read_of(recorder, region));
            missing.extend(self.not_intact(recorder, region));
            missing.extend(self.not_delivered(recorder, region, window));
            missing.extend(self.changed(recorder, window));
        }
        missing
    }

    fn not_read_of(&self, recorder: &Recorder, region: &str) -> Vec<Reason> {
        let (name, region) = (recorder.name.clone(), region.to_owned());
        let readings = self.accesses.readings(&recorder.arn, &region);
        if readings.is_empty() {
            return vec![OfRecords::NotListed { recorder: name, region }.into()];
        }
        let incomplete = readings.iter().filter(|reading| !reading.is_complete());
        let reason = |reading: &&LogReading| {
            let why = reading.incomplete_because.clone().unwrap_or_else(|| {
                format!("{} of {} log objects were read", reading.read_objects, reading.listed_objects)
            });
            // What a sample can say of what it did not look at.
            let unseen_share = reading.unseen_share.filter(|_| reading.read_objects > 0);
            OfRecords::NotAllRead { recorder: name.clone(), region: region.clone(), why, unseen_share }.into()
        };
        incomplete.map(reason).collect()
    }

    /// Where a trail writes digests, they must bear out what was read.
    fn not_intact(&self, recorder: &Recorder, region: &str) -> Option<Reason> {
        let name = recorder.name.clone();
        match self.world.trail(&recorder.arn)?.log_file_validation_enabled {
            Some(true) => {}
            Some(false) => return None,
            None => return Some(OfRecords::ValidationUnknown { recorder: name }.into()),
        }
        let region_name = region.to_owned();
        let told = || self.accesses.validations(&recorder.arn).iter().filter(|told| told.region == region);
        if told().next().is_none() {
            return Some(OfRecords::NotCompared { recorder: name, region: region_name }.into());
        }
        let told = told().find(|told| !told.is_valid())?;
        let problem = told.problems.first().cloned();
        Some(OfRecords::NotIntact { recorder: name, region: region_name, problem }.into())
    }

    /// What its status says of the window.
    fn not_delivered(&self, recorder: &Recorder, region: &str, window: Window) -> Vec<Reason> {
        let name = || recorder.name.clone();
        let status = self.world.trail(&recorder.arn).and_then(|trail| trail.status.get(region));
        let Some(status) = status else {
            return vec![OfRecords::DeliveryUnknown { recorder: name() }.into()];
        };
        let mut missing = Vec::new();
        let since = status.start_logging_time;
        if since.is_none_or(|since| since > window.start) {
            missing.push(OfRecords::LoggingSince { recorder: name(), since, window_start: window.start }.into());
        }
        if let Some(error) = status.latest_delivery_error.clone().filter(|error| !error.is_empty()) {
            missing.push(OfRecords::DeliveriesFailing { recorder: name(), error }.into());
        }
        let has_delivered = status.latest_delivery_time.is_some_and(|time| time >= window.start);
        let readings = self.accesses.readings(&recorder.arn, region);
        if has_delivered && readings.iter().all(|reading| reading.listed_objects == 0) {
            missing.push(OfRecords::NoLogObjects { recorder: name() }.into());
        }
        missing
    }

    /// Known changes of the recorder since the window began. One that names none by its ARN may be of any that its account
    /// sees.
    fn changed(&self, recorder: &Recorder, window: Window) -> Vec<Reason> {
        let changes = self.world.snapshot.changes.iter().filter(|change| change.at >= window.start);
        let is_of_it = |change: &&Change| match change.resource.as_deref().filter(|arn| Arn::parse(arn).is_some()) {
            Some(arn) => arn == recorder.arn,
            None => self.world.is_seen_by(&recorder.arn, &change.account),
        };
        let of_it = changes.filter(is_of_it);
        let reason = |change: &Change| {
            let event_name = change.event_name.clone();
            OfRecords::ChangedInWindow { recorder: recorder.name.clone(), event_name, at: change.at }.into()
        };
        of_it.map(reason).collect()
    }
}

/// What was listed, or read in part, and may hold an access.
pub(super) fn not_read(records: &Records) -> Vec<Reason> {
    // What was read from a path is of no trail in particular.
    let of_path = records.read.iter().filter(|reading| reading.region.is_none());
    let mut missing: Vec<Reason> = of_path
        .filter_map(|reading| {
            let (path, why) = (reading.source.clone(), reading.incomplete_because.clone()?);
            Some(OfRecords::PathOnly { path, why }.into())
        })
        .collect();
    let objects = records.skipped.iter().filter(|skipped| skipped.matters).count() as u64;
    if objects > 0 {
        missing.push(OfRecords::Unreadable { objects }.into());
    }
    if records.malformed > 0 {
        missing.push(OfRecords::Malformed { records: records.malformed, first: records.unclear.clone() }.into());
    }
    missing
}
