//! Are a trail's log files those that CloudTrail delivered?

use std::collections::BTreeSet;

use serde_json::json;

use super::{Judgement, View};
use crate::config::Config;
use crate::location::Location;
use crate::snapshot::{IntegrityOutcome, Records, Trail, TrailIntegrity};

impl View<'_> {
    /// `not_validated` where the trail writes no digests, or no records were asked for: then there is nothing to compare.
    pub fn integrity(&self, trail: &Trail, config: &Config) -> Judgement {
        let judged = |status, message: String, told: &[&TrailIntegrity]| Judgement {
            status,
            message: format!("trail {}: {message}", trail.name),
            evidence: json!({"integrity": told}),
        };
        let asked = config.records.is_some() || !config.access_rules.is_empty();
        let records = self.snapshot.records.as_ref();
        // Records from a path are of no trail in particular.
        let from_path = records.is_some_and(|records| records.read.iter().any(|reading| reading.region.is_none()));
        if from_path || (records.is_none() && !asked) {
            return judged("not_validated", "no records of its log bucket were read".to_owned(), &[]);
        }
        match trail.log_file_validation_enabled {
            Some(true) => {}
            Some(false) => return judged("not_validated", "it writes no digests".to_owned(), &[]),
            None => return judged("unknown", "whether it writes digests is not known".to_owned(), &[]),
        }
        let told: Vec<&TrailIntegrity> =
            records.iter().flat_map(|r| &r.integrity).filter(|told| told.source == trail.trail_arn).collect();
        let of = |outcome| told.iter().copied().filter(|told| told.outcome == outcome).collect::<Vec<_>>();
        let (invalid, untold) = (of(IntegrityOutcome::Invalid), of(IntegrityOutcome::Unknown));
        let why = |told: &[&TrailIntegrity]| {
            let first = |told: &&TrailIntegrity| {
                let more = told.problems.len().saturating_sub(1);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{}: {}{more}", told.region, told.problems.first().map_or("no reason is told", String::as_str))
            };
            told.iter().map(first).collect::<Vec<_>>().join("; ")
        };
        if !invalid.is_empty() {
            return judged("violated", why(&invalid), &told);
        }
        if !untold.is_empty() {
            return judged("unknown", why(&untold), &told);
        }
        let compared = |region: &String| told.iter().any(|told| &told.region == region);
        match records.map(|records| self.regions_read(trail, records)) {
            Some(Ok(regions)) if regions.is_empty() && told.is_empty() => {
                return judged(
                    "not_validated",
                    "no location whose records were read is in a region of it".to_owned(),
                    &[],
                );
            }
            Some(Ok(regions)) if regions.iter().all(compared) => {}
            Some(Ok(_)) | None => {
                return judged("unknown", "its log files were not all compared with its digests".to_owned(), &told);
            }
            Some(Err(why)) => return judged("unknown", why, &told),
        }
        let logs: u64 = told.iter().map(|told| told.logs.valid).sum();
        let pending: u64 = told.iter().map(|told| told.pending).sum();
        let digests: u64 = told.iter().map(|told| told.digests.valid).sum();
        let message = format!(
            "{logs} log files are as {digests} digests say, {pending} are too new for one; that every event was recorded digests do not show"
        );
        judged("intact", message, &told)
    }

    /// The regions for which the trail's log files had to be read: those of the buckets that records were told apart by.
    fn regions_read(&self, trail: &Trail, records: &Records) -> Result<BTreeSet<String>, String> {
        let mut regions = BTreeSet::new();
        for text in &records.locations {
            let location = Location::parse(text).map_err(|error| error.to_string())?;
            let region = self.snapshot.bucket(&location.bucket).and_then(|bucket| bucket.region.clone());
            let region = region.ok_or_else(|| format!("the region of {} is not known", location.bucket))?;
            if trail.is_multi_region_trail != Some(false) || trail.home_region == region {
                regions.insert(region);
            }
        }
        Ok(regions)
    }
}
