//! Does a trail log and deliver, in every region where it should?

use std::collections::BTreeSet;

use serde_json::json;

use super::{Judgement, TrailFact, View};
use crate::config::Config;
use crate::snapshot::{FactKind, Trail};

impl View<'_> {
    pub fn trail_fact(&self, trail: &Trail, config: &Config) -> TrailFact {
        TrailFact {
            trail_arn: trail.trail_arn.clone(),
            name: trail.name.clone(),
            home_region: trail.home_region.clone(),
            is_multi_region_trail: trail.is_multi_region_trail,
            is_organization_trail: trail.is_organization_trail,
            logging: self.logging(trail),
            selectors: self.selectors(trail),
            integrity: self.integrity(trail, config),
        }
    }

    fn logging(&self, trail: &Trail) -> Judgement {
        let mut stopped = Vec::new();
        let mut failing = Vec::new();
        let mut unknown = Vec::new();
        // Every region that should have an answer, and every one that has: a stop anywhere is a stop.
        let mut expected: BTreeSet<&String> = trail.status.keys().collect();
        match trail.is_multi_region_trail {
            Some(false) => {
                expected.insert(&trail.home_region);
            }
            _ => expected.extend(&self.snapshot.scope.regions),
        }
        if expected.is_empty() {
            unknown.push("no region was scanned".to_owned());
        }
        for region in expected.iter().copied() {
            let Some(status) = trail.status.get(region) else {
                let gaps = self.snapshot.gaps_in(FactKind::Status);
                let mut gaps = gaps.filter(|gap| gap.resource.as_deref() == Some(&trail.trail_arn));
                let reason = gaps.find(|gap| gap.region == *region).map(|gap| gap.reason());
                unknown.push(reason.unwrap_or_else(|| format!("its status in {region} is not known")));
                continue;
            };
            match status.is_logging {
                Some(true) => {}
                Some(false) => {
                    let since = status.stop_logging_time.map_or(String::new(), |time| format!(" since {time}"));
                    stopped.push(format!("it is stopped in {region}{since}"));
                    continue;
                }
                None => unknown.push(format!("whether it is logging in {region} is not known")),
            }
            if let Some(error) = status.latest_delivery_error.as_deref().filter(|error| !error.is_empty()) {
                let last = match status.latest_delivery_time {
                    Some(time) => format!("the last that succeeded was at {time}"),
                    None => "none has succeeded".to_owned(),
                };
                failing.push(format!("its deliveries fail in {region} with {error}; {last}"));
            }
        }
        let evidence = json!({"status": trail.status, "unknown_because": unknown});
        let (status, parts) = if !stopped.is_empty() {
            ("stopped", [stopped, failing].concat())
        } else if !failing.is_empty() {
            ("delivery_failing", failing)
        } else if !unknown.is_empty() {
            ("unknown", unknown)
        } else {
            (
                "logging",
                vec![format!(
                    "it is logging and delivers in {}",
                    expected.into_iter().cloned().collect::<Vec<_>>().join(", ")
                )],
            )
        };
        Judgement { status, message: format!("trail {}: {}", trail.name, parts.join("; ")), evidence }
    }
}
