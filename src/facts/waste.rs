//! What is paid for twice, and what was never worth writing: duplicate recording and dead selectors.

use serde_json::json;

use super::recording::unknown;
use super::{Judgement, View};
use crate::config::RedshiftLocation;
use crate::coverage::dead::{Dead, Reach, dead};
use crate::coverage::event::{Access, Requirement};
use crate::coverage::recorder::trail_selectors;
use crate::snapshot::{FactKind, Trail};

impl View<'_> {
    /// Whether events of the location are recorded, and paid for, more than once: `once`, `twice` or `unknown`.
    pub fn duplicates(&self, entry: &RedshiftLocation) -> Judgement {
        let bucket = &entry.location.bucket;
        let set = self.bucket_region(bucket).and_then(|region| Ok((self.recorders_at(bucket, &region, None)?, region)));
        let (set, region) = match set {
            Ok(found) => found,
            Err(reason) => return unknown(&[reason]),
        };
        let requirement = Requirement {
            partition: self.snapshot.scope.partition.clone(),
            region,
            location: entry.location.clone(),
            access: Access::All,
            role: None,
        };
        if let Some((event, one, other)) = set.recorded_twice(&requirement) {
            return Judgement {
                status: "twice",
                message: format!("{one} and {other} both record {} there, and both are paid for", event.event_name),
                evidence: json!({"recorders": [one, other], "example": event}),
            };
        }
        let doubts = set.doubts(&requirement);
        if doubts.is_empty() {
            let message = "no event there is recorded twice".to_owned();
            return Judgement { status: "once", message, evidence: json!({}) };
        }
        unknown(&doubts)
    }

    /// Whether the trail has selectors that can never match an S3 object event: `live`, `dead` or `unknown`.
    pub fn selectors(&self, trail: &Trail) -> Judgement {
        let selectors = match trail_selectors(trail) {
            Ok(selectors) => selectors,
            Err(reason) => return unknown(&[self.why(FactKind::Selectors, Some(&trail.trail_arn), &reason)]),
        };
        let region_of = |bucket: &str| self.snapshot.bucket(bucket)?.region.clone();
        let reach = Reach {
            partition: trail.partition(),
            home_region: &trail.home_region,
            is_multi_region: trail.is_multi_region_trail,
            region_of: &region_of,
        };
        let mut found = Dead::default();
        for selector in &selectors {
            let dead = dead(selector, &reach);
            found.reasons.extend(dead.reasons);
            found.untold.extend(dead.untold);
        }
        let Dead { reasons, untold } = found;
        if !reasons.is_empty() {
            let message = format!("trail {}: {}", trail.name, reasons.join("; "));
            return Judgement {
                status: "dead",
                message,
                evidence: json!({"dead": reasons, "unknown_because": untold}),
            };
        }
        if untold.is_empty() {
            let message = format!("trail {}: every selector can match", trail.name);
            return Judgement { status: "live", message, evidence: json!({}) };
        }
        unknown(&untold)
    }
}
