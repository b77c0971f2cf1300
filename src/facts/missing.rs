//! Why an object that a statement wrote or read has no record: nothing records it, something should have, or it may be where nobody
//! looked.

use super::View;
use super::judgement::StatementRecord;
use super::reconciliation::role_not_told;
use super::trace::{Question, Trace, Traced, in_world};
use crate::aws::arn::{REDSHIFT_SESSION, RoleArn};
use crate::aws::location::{Location, LocationKind};
use crate::aws::s3_events::Access;
use crate::logs::statements::{SLACK, WRITES};
use crate::reason::{MissedBy, OfObjects, Reason};
use crate::snapshot::{Statement, StatementRecords};

/// One of these records is left by each object. Which one, the object's size decides.
fn events(kind: LocationKind) -> &'static [&'static str] {
    match kind {
        LocationKind::Unload => &WRITES,
        LocationKind::Copy => &["GetObject"],
    }
}

/// What is shown of an object; or why nothing is.
type Shown = Result<(StatementRecord, Reason), Vec<Reason>>;

impl View<'_> {
    /// The worst that is shown of the missing objects.
    pub(super) fn missing_objects(
        &self,
        statement: &Statement,
        found: &StatementRecords,
        missing: u64,
        objects: u64,
    ) -> (StatementRecord, Vec<Reason>) {
        let shown: Vec<(&String, Shown)> =
            found.missing.iter().map(|object| (object, self.shown(statement, object))).collect();
        let of =
            |status: StatementRecord| shown.iter().find(|(_, shown)| shown.as_ref().is_ok_and(|(of, _)| *of == status));
        let worst = of(StatementRecord::Contradicted).or_else(|| of(StatementRecord::Lost)).or(shown.first());
        let reason = |object: &String| OfObjects::Missing {
            missing,
            objects,
            example: object.clone(),
            event_names: events(statement.kind).iter().map(|name| (*name).to_owned()).collect(),
            role: statement.role.clone(),
        };
        match worst {
            Some((object, Ok((status, because)))) => (*status, vec![reason(object).into(), because.clone()]),
            Some((object, Err(because))) => {
                (StatementRecord::Unknown, [vec![reason(object).into()], because.clone()].concat())
            }
            None => (StatementRecord::Unknown, vec![OfObjects::ReadWithoutIt.into()]),
        }
    }

    fn shown(&self, statement: &Statement, object: &str) -> Shown {
        // What was broken off may have been begun and not written.
        if statement.status != "completed" {
            return Err(vec![OfObjects::NotCompleted { status: statement.status.clone() }.into()]);
        }
        let Some(ended) = statement.ended_at else { return Err(vec![OfObjects::GoesOn.into()]) };
        let Some(role) = statement.role.as_deref().and_then(RoleArn::parse) else {
            return Err(vec![role_not_told(statement).into()]);
        };
        let object = Location::parse_object(object)
            .map_err(|error| vec![OfObjects::NotAnObject { why: error.to_string() }.into()])?;
        let traces = self.traces(statement.kind, &object, &role)?;
        let all = |answer: bool| traces.iter().all(|trace| trace.recorded == Some(answer));
        if all(false) {
            return self.lost(statement, &object, &role, &traces);
        }
        if !all(true) {
            let of = |answer: bool| {
                let each = events(statement.kind).iter().zip(&traces);
                let told = each.filter(move |(_, trace)| trace.recorded == Some(answer));
                told.map(|(event_name, _)| (*event_name).to_owned()).collect::<Vec<_>>()
            };
            return Err(vec![OfObjects::MayBeRecorded { recorded: of(true), not_recorded: of(false) }.into()]);
        }
        let access = match statement.kind {
            LocationKind::Unload => Access::Write,
            LocationKind::Copy => Access::Read,
        };
        // It may be any of the events, and each may be another recorder's.
        let mut missing: Vec<Reason> = vec![];
        for trace in &traces {
            let recorders: Vec<&str> = recording(trace).map(|traced| &*traced.arn).collect();
            let reasons = self.missing_of_object(&object, access, &role, &recorders);
            missing.extend(reasons.into_iter().filter(|reason| !missing.contains(reason)).collect::<Vec<_>>());
        }
        let window = self.records.and_then(|records| records.window);
        let is_at_an_edge = |start, end| statement.started_at.0 - SLACK < start || ended.0 + SLACK > end;
        if let Some(window) = window.filter(|window| is_at_an_edge(window.start.0, window.end.0)) {
            missing.push(OfObjects::AtTheEdge { start: window.start, end: window.end }.into());
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let mut recorders: Vec<String> =
            traces.iter().flat_map(recording).map(|traced| traced.recorder.clone()).collect();
        recorders.dedup();
        Ok((StatementRecord::Contradicted, OfObjects::ShouldBeRecorded { recorders }.into()))
    }

    fn traces(&self, kind: LocationKind, object: &Location, role: &RoleArn) -> Result<Vec<Trace>, Vec<Reason>> {
        let trace = |event_name: &&str| {
            let question = Question {
                object: object.clone(),
                event_name: (*event_name).to_owned(),
                role: Some(role.clone()),
                session_name: REDSHIFT_SESSION.to_owned(),
                region: None,
            };
            in_world(&self.world, &question).map_err(|why| vec![OfObjects::NotTraced { why }.into()])
        };
        events(kind).iter().map(trace).collect()
    }

    /// Nothing records it today; what was changed since may have done so.
    fn lost(&self, statement: &Statement, object: &Location, role: &RoleArn, traces: &[Trace]) -> Shown {
        let changes = self.changes_there(object, role, statement.started_at);
        if !changes.is_empty() {
            return Err(changes);
        }
        let missed_by =
            |traced: &Traced| MissedBy { recorder: traced.recorder.clone(), because: traced.because.clone() };
        let recorders = traces.first().map_or(&[][..], |trace| &trace.recorders);
        let reason = OfObjects::NothingRecordsIt { missed_by: recorders.iter().map(missed_by).collect() };
        Ok((StatementRecord::Lost, reason.into()))
    }
}

/// The recorders that are to have it.
fn recording(trace: &Trace) -> impl Iterator<Item = &Traced> {
    trace.recorders.iter().filter(|traced| traced.records == Some(true))
}
