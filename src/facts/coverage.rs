//! Is a location recorded? The world's part of the question; `coverage` answers it.

use std::rc::Rc;

use serde_json::json;

use super::View;
use super::judgement::{Coverage, Judgement};
use crate::aws::arn::RoleArn;
use crate::aws::location::Location;
use crate::aws::s3_events::{Access, EVENT_SOURCE};
use crate::coverage::event::{Event, Place, Requirement};
use crate::coverage::prove::{Gap, Part, RecorderSet, Share, Verdict};
use crate::reason::{LostEvent, MissedBy, NotSeen, OfLocation, OfRecords, Reason};

impl View<'_> {
    /// With the proof; what was asked before is not proved again.
    pub(super) fn coverage(
        &self,
        location: &Location,
        access: Access,
        role: Option<&RoleArn>,
    ) -> Rc<Judgement<Coverage>> {
        let question = (location.clone(), access, role.cloned());
        if let Some(known) = self.proved.borrow().get(&question) {
            return Rc::clone(known);
        }
        let answer = Rc::new(self.proof(location, access, role));
        self.proved.borrow_mut().insert(question, Rc::clone(&answer));
        answer
    }

    pub(super) fn proof(&self, location: &Location, access: Access, role: Option<&RoleArn>) -> Judgement<Coverage> {
        let requirement = match self.requirement(location, access, role) {
            Ok(requirement) => requirement,
            Err(reason) => return Judgement::unknown(vec![reason]),
        };
        let recorders = match self.world.recorders_at(&location.bucket, &requirement.region, role) {
            Ok(recorders) => recorders,
            Err(reason) => return Judgement::unknown(vec![reason]),
        };
        match recorders.prove(&requirement) {
            Verdict::Unknown(reasons) => Judgement::unknown(reasons),
            Verdict::Recorded(parts) => {
                let failing = parts.iter().filter_map(|part| self.failing(part, &requirement.region)).collect();
                recorded(&requirement, &parts, failing)
            }
            Verdict::Gap(gap) => self.gap(requirement, &gap, &recorders),
        }
    }

    /// Deliveries that fail are tried again for days: what is recorded may still come.
    fn failing(&self, part: &Part, region: &str) -> Option<Reason> {
        let status = self.world.trail(&part.arn)?.status.get(region)?;
        let error = status.latest_delivery_error.clone().filter(|error| !error.is_empty())?;
        Some(OfRecords::DeliveriesFailing { recorder: part.recorder.clone(), error }.into())
    }

    /// The events that are asked for. `Err`: why there is no telling which those are.
    pub(super) fn requirement(
        &self,
        location: &Location,
        access: Access,
        role: Option<&RoleArn>,
    ) -> Result<Requirement, Reason> {
        let partition = self.world.partition().to_owned();
        if let Some(role) = role.filter(|role| role.partition != partition) {
            return Err(NotSeen::RoleOfOtherPartition { role: role.text.clone(), partition }.into());
        }
        let region = self.world.bucket_region(&location.bucket)?.to_owned();
        let (location, place) = (location.clone(), Place::Within);
        Ok(Requirement { partition, region, location, place, access, role: role.cloned() })
    }

    /// Whether listings of more than the location are recorded, which show its keys; `Err`: why not, or not for certain.
    pub(super) fn listings_above(&self, location: &Location) -> Result<(), Vec<Reason>> {
        if location.prefix.is_empty() {
            return Ok(());
        }
        let above = self.requirement(location, Access::Read, None).map_err(|reason| vec![reason])?;
        let above = Requirement { place: Place::Above, ..above };
        let set = self.world.recorders_at(&location.bucket, &above.region, None).map_err(|reason| vec![reason])?;
        match set.prove(&above) {
            Verdict::Recorded(_) => Ok(()),
            Verdict::Unknown(reasons) => Err(reasons),
            Verdict::Gap(gap) => {
                Err(vec![OfLocation::NotRecorded { event: lost(&gap.witness), missed_by: missed_by(&gap) }.into()])
            }
        }
    }

    fn gap(&self, requirement: Requirement, gap: &Gap, recorders: &RecorderSet) -> Judgement<Coverage> {
        let missed_by = missed_by(gap);
        let mut evidence = json!({
            "region": requirement.region,
            "access": requirement.access,
            "witness": gap.witness,
            "missed_by": missed_by,
            "fix": self.world.fix(&requirement, recorders),
        });
        for (name, part) in [("reads", Access::Read), ("writes", Access::Write)] {
            if requirement.access == part {
                evidence[name] = json!(Coverage::Gap);
            } else if requirement.access == Access::All {
                let verdict = recorders.prove(&Requirement { access: part, ..requirement.clone() });
                evidence[name] = json!(status(&verdict));
            }
        }
        let reason = OfLocation::NotRecorded { event: lost(&gap.witness), missed_by };
        Judgement::new(Coverage::Gap, vec![reason.into()], evidence)
    }
}

/// `failing`: what is to be said of the deliveries.
fn recorded(requirement: &Requirement, parts: &[Part], failing: Vec<Reason>) -> Judgement<Coverage> {
    let by =
        |part: &Part| json!({"recorder": part.recorder, "selector": part.selector, "records": part.share.as_str()});
    // One that records all of it is enough to name; else all that record some.
    let named = parts.iter().filter(|part| part.share == Share::All || parts[0].share != Share::All);
    let named = named.map(|part| format!("{}, {}", part.recorder, part.selector)).collect();
    let evidence = json!({"region": requirement.region, "access": requirement.access, "recorded_by": parts.iter().map(by).collect::<Vec<_>>()});
    let reason = OfLocation::Recorded { access: requirement.access, by: named };
    Judgement::new(Coverage::Recorded, [vec![reason.into()], failing].concat(), evidence)
}

fn status(verdict: &Verdict) -> Coverage {
    match verdict {
        Verdict::Recorded(_) => Coverage::Recorded,
        Verdict::Gap(_) => Coverage::Gap,
        Verdict::Unknown(_) => Coverage::Unknown,
    }
}

fn missed_by(gap: &Gap) -> Vec<MissedBy> {
    let missed =
        |(recorder, because): &(String, String)| MissedBy { recorder: recorder.clone(), because: because.clone() };
    gap.missed_by.iter().map(missed).collect()
}

fn lost(event: &Event) -> Box<LostEvent> {
    let path = event.resource_arn.splitn(6, ':').nth(5).unwrap_or(&event.resource_arn);
    Box::new(LostEvent {
        event_name: event.event_name.clone(),
        event_source: Some(event.event_source.clone()).filter(|source| source != EVENT_SOURCE),
        hypothetical: event.hypothetical,
        object: format!("s3://{path}"),
        user_identity_arn: event.user_identity_arn.clone(),
    })
}
