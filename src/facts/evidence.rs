//! What keeps "nothing else happened" from being shown: gaps in coverage, in the reading of log records, in their integrity.

use super::recording::unknown;
use super::{Judgement, View};
use crate::coverage::recorder::Effect;
use crate::location::Location;
use crate::snapshot::{AccessRecord, FactKind, IntegrityOutcome, LogReading, Records, Window};

/// How long after an event its record may be delivered, and some slack.
const LATE_DELIVERY: time::Duration = time::Duration::hours(1);

/// Error codes of requests that were turned away: shown, but no touch.
const DENIED: [&str; 3] = ["AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"];

pub fn is_denied(access: &AccessRecord) -> bool {
    access.error_code.as_deref().is_some_and(|code| DENIED.contains(&code))
}

/// An access that no location was told for is still one of its bucket.
pub fn is_at(location: &Location, access: &AccessRecord) -> bool {
    let whole_bucket = location.prefix.is_empty() && access.location.is_none() && access.bucket == location.bucket;
    whole_bucket || access.location.as_deref() == Some(&*location.to_string())
}

impl View<'_> {
    /// The records, where they were told apart by this location; else what there is to say.
    pub fn records_of(&self, location: &Location) -> Result<&Records, Judgement> {
        let missing = match &self.snapshot.records {
            Some(records) if records.locations.contains(&location.to_string()) => return Ok(records),
            Some(_) => "the log records were read before this location was declared: collect anew, or give --logs PATH",
            None => "no log records were read: give --logs PATH, or a [records] table when collecting",
        };
        Err(unknown(&[missing.to_owned()]))
    }

    /// What keeps "nothing else touched it" from being shown.
    pub fn missing_evidence(&self, location: &Location, records: &Records, coverage: &Judgement) -> Vec<String> {
        let mut missing = Vec::new();
        if coverage.status != "recorded" {
            missing.push(format!("not every access is known to be recorded: {}", coverage.message));
        }
        missing.extend(not_read(records));
        match records.window {
            None => missing.push("the records were read without a time window: set records.window".to_owned()),
            Some(window) => missing.extend(self.missing_in(window, location, records)),
        }
        missing
    }

    fn missing_in(&self, window: Window, location: &Location, records: &Records) -> Vec<String> {
        let mut missing = Vec::new();
        let at = self.snapshot.collected_at;
        if window.end <= window.start || at.0 - window.end.0 < LATE_DELIVERY {
            missing.push(
                "the window does not end an hour before the collection: late deliveries may be missing".to_owned(),
            );
        }
        if let Some(asked) = self.window.filter(|asked| window.start.0 > at.0 - *asked) {
            missing.push(format!("the records were read from {}, and records.window asks for {asked}", window.start));
        }
        let Ok(region) = self.bucket_region(&location.bucket) else { return missing };
        let gaps = self.snapshot.gaps_in(FactKind::Records).filter(|gap| gap.region == region);
        missing.extend(gaps.map(|gap| gap.reason()));
        let set = self.recorders_at(&location.bucket, &region, None).ok();
        let in_effect =
            set.iter().flat_map(|set| &set.recorders).filter(|recorder| recorder.effect == Effect::InEffect);
        for recorder in in_effect {
            let readings = || {
                let of_trail = records.read.iter().filter(|reading| reading.source == recorder.arn);
                of_trail.filter(|reading| reading.region.as_deref() == Some(region.as_str()))
            };
            let name = &recorder.name;
            if readings().next().is_none() {
                missing.push(format!("the log bucket of {name} was not listed for {region}"));
            }
            let untold = readings().filter(|reading| !reading.is_complete());
            missing.extend(untold.map(|reading| {
                let why = reading.incomplete_because.clone();
                let why = why.unwrap_or_else(|| {
                    format!("{} of {} log objects were read", reading.read_objects, reading.listed_objects)
                });
                format!("the records of {name} in {region} are not complete: {why}{}", bound(reading))
            }));
            missing.extend(self.not_intact(&recorder.arn, name, &region, records));
            let trail = self.snapshot.trails.iter().find(|trail| trail.trail_arn == recorder.arn);
            let Some(status) = trail.and_then(|trail| trail.status.get(&region)) else {
                missing.push(format!("how {name} delivers is not known"));
                continue;
            };
            if status.start_logging_time.is_none_or(|since| since > window.start) {
                let since =
                    status.start_logging_time.map_or("a time that is not known".to_owned(), |since| since.to_string());
                missing.push(format!("{name} has logged since {since}, the window began at {}", window.start));
            }
            if let Some(error) = status.latest_delivery_error.as_ref().filter(|error| !error.is_empty()) {
                missing.push(format!(
                    "deliveries of {name} fail with {error}: records of the window may still be on their way"
                ));
            }
            let delivered = status.latest_delivery_time.is_some_and(|time| time >= window.start);
            if delivered && readings().all(|reading| reading.listed_objects == 0) {
                missing.push(format!(
                    "{name} has delivered since the window began, and its log bucket shows no log objects"
                ));
            }
        }
        missing
    }

    /// Where a trail writes digests, they must bear out what was read.
    fn not_intact(&self, trail_arn: &str, name: &str, region: &str, records: &Records) -> Option<String> {
        let trail = self.snapshot.trails.iter().find(|trail| trail.trail_arn == trail_arn)?;
        match trail.log_file_validation_enabled {
            Some(true) => {}
            Some(false) => return None,
            None => return Some(format!("whether {name} writes digests is not known")),
        }
        let mut told = records.integrity.iter();
        match told.find(|integrity| integrity.source == trail_arn && integrity.region == region) {
            Some(integrity) if integrity.outcome == IntegrityOutcome::Valid => None,
            Some(integrity) => {
                let why = integrity.problems.first().map_or("no reason is told", String::as_str);
                Some(format!("the log files of {name} in {region} are not shown to be as they were delivered: {why}"))
            }
            None => Some(format!("the log files of {name} in {region} were not compared with its digests")),
        }
    }
}

/// What a sample can say of what it did not look at.
fn bound(reading: &LogReading) -> String {
    match reading.unseen_share.filter(|_| reading.read_objects > 0) {
        Some(share) => format!(
            " (they show what happened, not that nothing else did: up to {:.1} % of the objects may hold what none of these shows, at 95 %)",
            share * 100.0
        ),
        None => String::new(),
    }
}

/// What was listed, or read in part, and may hold an access.
fn not_read(records: &Records) -> Vec<String> {
    let mut missing = Vec::new();
    // What was read from a path is of no trail in particular.
    missing.extend(
        records
            .read
            .iter()
            .filter(|reading| reading.region.is_none())
            .filter_map(|reading| Some(format!("{}: {}", reading.source, reading.incomplete_because.as_ref()?))),
    );
    let skipped = records.skipped.iter().filter(|skipped| skipped.matters).count();
    if skipped > 0 {
        missing.push(format!("{skipped} log objects could not be read"));
    }
    if records.malformed > 0 {
        missing.push(format!("{} records could not be understood", records.malformed));
    }
    missing
}
