//! Is a location recorded? The world's part of the question; `coverage` answers it.

use std::rc::Rc;

use serde_json::json;

use super::View;
use super::judgement::{Coverage, Judgement};
use super::uses::{Manifest, Used};
use crate::aws::arn::RoleArn;
use crate::aws::location::Location;
use crate::aws::s3_events::{Access, EVENT_SOURCE};
use crate::config::RedshiftLocation;
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

    /// Of what Redshift uses there: all of the location, some of it, or what it names.
    pub(super) fn coverage_of_use(&self, used: &Used) -> Judgement<Coverage> {
        let entry = &used.location;
        // Nobody else asks this of the location and its role.
        let whole = self.proof(&entry.location, entry.access, entry.role.as_ref());
        if whole.status != Coverage::Recorded {
            return match (used.is_within, used.members.is_empty()) {
                (true, _) => of_part(entry, whole),
                (false, true) => whole,
                (false, false) => self.worst_of(used),
            };
        }
        match used.manifest() {
            Manifest::No => whole,
            Manifest::Yes => {
                Judgement::unknown(vec![OfLocation::Manifest { location: entry.location.to_string() }.into()])
            }
            Manifest::Perhaps => {
                Judgement::unknown(vec![OfLocation::PerhapsManifest { location: entry.location.to_string() }.into()])
            }
        }
    }

    /// Of many places that begin alike: a gap at one is a gap.
    fn worst_of(&self, used: &Used) -> Judgement<Coverage> {
        let entry = &used.location;
        let each: Vec<(&Location, Judgement<Coverage>)> =
            used.members.iter().map(|place| (place, self.proof(place, entry.access, entry.role.as_ref()))).collect();
        let all = each.len() as u64;
        for status in [Coverage::Gap, Coverage::Unknown] {
            let places = each.iter().filter(|(_, of)| of.status == status).count() as u64;
            if let Some((place, first)) = each.iter().find(|(_, of)| of.status == status) {
                let reason = OfLocation::OfPlaces { places, all, first: place.to_string() };
                let reasons = [vec![reason.into()], first.reasons.clone()].concat();
                return Judgement::new(status, reasons, first.evidence.clone());
            }
        }
        each.into_iter().next().map_or_else(|| Judgement::unknown(vec![]), |(_, first)| first)
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

/// Of a part that nobody names: where all of the location is recorded, so is the part.
fn of_part(entry: &RedshiftLocation, coverage: Judgement<Coverage>) -> Judgement<Coverage> {
    let reason = OfLocation::UsedWithin { location: entry.location.to_string(), statement: entry.kind };
    Judgement::unknown([vec![reason.into()], coverage.reasons].concat())
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
