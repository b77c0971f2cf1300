//! Does a trail log and deliver, in every region where it should?

use std::collections::BTreeSet;

use serde_json::json;

use super::View;
use super::input::TrailFact;
use super::judgement::{Encryption, Judgement, Logging};
use super::subject::SubjectKind;
use super::validation::log_file_validation;
use crate::reason::{OfRecorder, OfTrail, Reason};
use crate::snapshot::{FactKind, Trail, TrailStatus};

impl View<'_> {
    pub(super) fn trail_fact(&self, trail: &Trail) -> TrailFact {
        TrailFact {
            subject: self.arn_subject(SubjectKind::Trail, &trail.trail_arn, Some(&trail.home_region)),
            trail_arn: trail.trail_arn.clone(),
            name: trail.name.clone(),
            home_region: trail.home_region.clone(),
            is_multi_region_trail: trail.is_multi_region_trail,
            is_organization_trail: trail.is_organization_trail,
            logging: self.logging(trail),
            selectors: self.selectors(trail),
            management_events: self.management_events(trail),
            encryption: encryption(trail),
            log_file_validation: log_file_validation(trail),
            validation: self.validation(trail),
        }
    }

    /// A stop anywhere is a stop.
    fn logging(&self, trail: &Trail) -> Judgement<Logging> {
        let (mut stopped, mut failing, mut unknown) = (vec![], vec![], vec![]);
        let regions = self.expected_regions(trail);
        if regions.is_empty() {
            unknown.push(OfTrail::NoRegionScanned.into());
        }
        for region in &regions {
            let Some(status) = trail.status.get(region) else {
                unknown.push(self.status_unknown(trail, region));
                continue;
            };
            match status.is_logging {
                Some(true) => {}
                Some(false) => {
                    let since = status.stop_logging_time;
                    stopped.push(OfTrail::StoppedIn { region: region.clone(), since }.into());
                    continue;
                }
                None => unknown.push(OfTrail::LoggingUnknownIn { region: region.clone() }.into()),
            }
            failing.extend(delivery_failure(status, region));
            failing.extend(digest_failure(trail, status, region));
        }
        let (status, because) = if !stopped.is_empty() {
            (Logging::Stopped, [stopped, failing].concat())
        } else if !failing.is_empty() {
            (Logging::DeliveryFailing, failing)
        } else if !unknown.is_empty() {
            (Logging::Unknown, unknown)
        } else {
            let last = trail.status.values().filter_map(|status| status.latest_delivery_time).max();
            (Logging::Logging, vec![OfTrail::LoggingIn { regions: regions.into_iter().collect(), last }.into()])
        };
        let reason = OfTrail::Trail { trail: trail.name.clone(), because };
        Judgement::new(status, vec![reason.into()], json!({"status": trail.status}))
    }

    /// Every region that should have an answer, and every one that has.
    fn expected_regions(&self, trail: &Trail) -> BTreeSet<String> {
        let mut expected: BTreeSet<String> = trail.status.keys().cloned().collect();
        match trail.is_multi_region_trail {
            Some(false) => {
                expected.insert(trail.home_region.clone());
            }
            _ => expected.extend(self.world.regions_of(&trail.trail_arn).cloned()),
        }
        expected
    }

    fn status_unknown(&self, trail: &Trail, region: &str) -> Reason {
        let because = self.world.trail_failure(&trail.trail_arn, FactKind::Status, Some(region));
        OfRecorder::StatusUnknown { region: region.to_owned(), because }.into()
    }
}

/// AWS leaves the key out where there is none (API Reference, `Trail`).
fn encryption(trail: &Trail) -> Judgement<Encryption> {
    let (status, because) = match &trail.kms_key_id {
        Some(key) if !key.is_empty() => (Encryption::KmsKey, OfTrail::EncryptedWith { key: key.clone() }),
        _ => (Encryption::S3Key, OfTrail::NotEncryptedWithKms),
    };
    Judgement::plain(status, OfTrail::Trail { trail: trail.name.clone(), because: vec![because.into()] })
}

fn delivery_failure(status: &TrailStatus, region: &str) -> Option<Reason> {
    let error = status.latest_delivery_error.clone().filter(|error| !error.is_empty())?;
    let last = status.latest_delivery_time;
    Some(OfTrail::DeliveriesFailIn { region: region.to_owned(), error, last }.into())
}

/// Digests that are not delivered leave nothing to compare log files with.
fn digest_failure(trail: &Trail, status: &TrailStatus, region: &str) -> Option<Reason> {
    let error = status.latest_digest_delivery_error.clone().filter(|error| !error.is_empty())?;
    let is_told = trail.log_file_validation_enabled != Some(false);
    is_told.then(|| OfTrail::DigestDeliveriesFailIn { region: region.to_owned(), error }.into())
}
