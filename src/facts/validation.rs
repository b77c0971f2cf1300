//! Are a trail's log files those that CloudTrail delivered?

use std::collections::{BTreeSet, HashSet};

use serde_json::json;

use super::View;
use super::judgement::{Judgement, LogFileValidation, Validation};
use crate::aws::location::Location;
use crate::reason::{NotSeen, OfTrail, Reason};
use crate::snapshot::{IntegrityOutcome, Records, Trail, TrailIntegrity};

impl View<'_> {
    /// `not_validated` where the trail writes no digests, or no records were asked for: then there is nothing to compare.
    pub(super) fn validation(&self, trail: &Trail) -> Judgement<Validation> {
        let told = self.accesses.validations(&trail.trail_arn);
        let (status, because) = self.validated(trail, told);
        let reason = OfTrail::Trail { trail: trail.name.clone(), because };
        Judgement::new(status, vec![reason.into()], json!({"integrity": told}))
    }

    fn validated(&self, trail: &Trail, told: &[&TrailIntegrity]) -> (Validation, Vec<Reason>) {
        let plain = |status, reason: OfTrail| (status, vec![reason.into()]);
        let is_invalid = |told: &&&TrailIntegrity| told.outcome == IntegrityOutcome::Invalid || told.logs.invalid > 0;
        let invalid: Vec<Reason> = told.iter().filter(is_invalid).map(|told| problem(told)).collect();
        if !invalid.is_empty() {
            return (Validation::Violated, invalid);
        }
        let is_asked = self.config.records.is_some() || !self.config.access_rules.is_empty();
        // Records from a path are of no trail in particular.
        let from_path = |records: &Records| records.read.iter().any(|reading| reading.region.is_none());
        if self.records.map_or(!is_asked, from_path) {
            return plain(Validation::NotValidated, OfTrail::NoRecordsOfTrail);
        }
        let listed = self.records.iter().flat_map(|records| &records.read);
        let is_read =
            listed.filter(|reading| reading.source == trail.trail_arn).any(|reading| reading.read_objects > 0);
        if self.is_another_accounts(trail) && !is_read {
            return plain(Validation::NotValidated, OfTrail::LogFilesNotShown);
        }
        match trail.log_file_validation_enabled {
            Some(true) => {}
            Some(false) => return plain(Validation::NotValidated, OfTrail::WritesNoDigests),
            None => return plain(Validation::Unknown, OfTrail::DigestsUnknown),
        }
        let unknown: Vec<Reason> = told.iter().filter(|told| !told.is_valid()).map(|told| problem(told)).collect();
        if !unknown.is_empty() {
            return (Validation::Unknown, unknown);
        }
        // What names no account is of the only one.
        let only = match &self.world.snapshot.accounts[..] {
            [only] => Some(only.id()),
            _ => None,
        };
        let told_of: HashSet<(&str, Option<&str>)> =
            told.iter().map(|told| (&*told.region, told.account.as_deref().or(only))).collect();
        let accounts = self.world.accounts_that_see(&trail.trail_arn);
        let compared = |region: &String| accounts.iter().all(|id| told_of.contains(&(&**region, Some(*id))));
        // The regions for which the trail's log files had to be read.
        let is_seen = |region: &&String| trail.is_multi_region_trail != Some(false) || &trail.home_region == *region;
        match self.records.map(|records| self.watched_regions(records)) {
            Some(Ok(regions)) if told.is_empty() && !regions.iter().any(|region| is_seen(&region)) => {
                return plain(Validation::NotValidated, OfTrail::NoRecordsOfItsRegions);
            }
            Some(Ok(regions)) if regions.iter().filter(is_seen).all(compared) => {}
            Some(Ok(_)) | None => return plain(Validation::Unknown, OfTrail::NotAllCompared),
            Some(Err(reason)) => return (Validation::Unknown, vec![reason.clone()]),
        }
        let sum = |count: fn(&TrailIntegrity) -> u64| told.iter().map(|told| count(told)).fold(0, u64::saturating_add);
        let (log_files, digests, pending) =
            (sum(|told| told.logs.valid), sum(|told| told.digests.valid), sum(|told| told.pending));
        plain(Validation::Intact, OfTrail::LogFilesAsDelivered { log_files, digests, pending })
    }

    /// The regions of the buckets that records were told apart by; found once for all trails.
    fn watched_regions(&self, records: &Records) -> &Result<BTreeSet<String>, Reason> {
        self.watched_regions.get_or_init(|| {
            // A text that is no location was refused by the loader of the snapshot.
            let locations = records.locations.iter().filter_map(|text| Location::parse(text).ok());
            let buckets: BTreeSet<String> = locations.map(|location| location.bucket).collect();
            let region = |bucket: String| {
                let region = self.world.bucket(&bucket).and_then(|found| found.region.clone());
                region.ok_or_else(|| NotSeen::BucketRegionUnknown { bucket, because: None }.into())
            };
            buckets.into_iter().map(region).collect()
        })
    }
}

/// Whether the trail writes digests, whatever they say.
pub(super) fn log_file_validation(trail: &Trail) -> Judgement<LogFileValidation> {
    let (status, because) = match trail.log_file_validation_enabled {
        Some(true) => (LogFileValidation::On, OfTrail::WritesDigests),
        Some(false) => (LogFileValidation::Off, OfTrail::WritesNoDigests),
        None => (LogFileValidation::Unknown, OfTrail::DigestsUnknown),
    };
    Judgement::plain(status, OfTrail::Trail { trail: trail.name.clone(), because: vec![because.into()] })
}

fn problem(told: &TrailIntegrity) -> Reason {
    OfTrail::DigestProblem {
        region: told.region.clone(),
        problem: told.problems.first().cloned(),
        more: told.problems.len().saturating_sub(1),
    }
    .into()
}
