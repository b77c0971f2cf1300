//! What Redshift says it ran, held against the records: did every object that a statement wrote or read leave its record?

use serde_json::json;

use super::View;
use super::input::StatementFact;
use super::judgement::{Judgement, StatementRecord, StatementRole};
use super::subject::{Subject, SubjectKind};
use super::trace::{Question, Trace, Traced, in_world};
use crate::aws::arn::{REDSHIFT_SESSION, RoleArn};
use crate::aws::location::{Location, LocationKind};
use crate::aws::s3_events::Access;
use crate::config::RedshiftLocation;
use crate::logs::statements::SLACK;
use crate::reason::{MissedBy, OfObjects, Reason};
use crate::snapshot::{Statement, StatementRecords};

/// One of these records is left by each object. Which one, the object's size decides.
fn events(kind: LocationKind) -> &'static [&'static str] {
    match kind {
        LocationKind::Unload => &["PutObject", "CompleteMultipartUpload"],
        LocationKind::Copy => &["GetObject"],
    }
}

impl View<'_> {
    /// Every statement that Redshift told of.
    pub(super) fn statement_facts(&self) -> Vec<StatementFact> {
        self.each(&self.world.snapshot.statements, View::statement_fact)
    }

    fn statement_fact(&self, statement: &Statement) -> StatementFact {
        let around = self.declared_around(statement);
        StatementFact {
            subject: Subject {
                kind: SubjectKind::Statement,
                id: statement.id(),
                account: statement.account.clone(),
                region: Some(statement.region.clone()),
                declared_at: Some(statement.origin.clone()),
            },
            kind: statement.kind,
            location: statement.location.clone(),
            declared: around.first().map(|entry| entry.location.to_string()),
            role: statement.role.clone(),
            cluster: statement.cluster.clone(),
            user: statement.user.clone(),
            started_at: statement.started_at,
            ended_at: statement.ended_at,
            file_count: statement.file_count,
            record: self.statement_record(statement),
            acting_role: statement_role(statement, &around),
        }
    }

    /// The declared locations that its own is in.
    fn declared_around(&self, statement: &Statement) -> Vec<&RedshiftLocation> {
        // A text that is no location was refused by the loader of the snapshot.
        let location = Location::parse_object(&statement.location).ok();
        location.map_or(vec![], |location| self.declared.around(statement.kind, &location))
    }

    fn statement_record(&self, statement: &Statement) -> Judgement<StatementRecord> {
        let not_compared = |reason: OfObjects| Judgement::plain(StatementRecord::NotCompared, reason);
        let Some(records) = self.records else { return not_compared(OfObjects::NoRecords) };
        if statement.files.is_none() && !statement.manifest {
            return not_compared(OfObjects::FilesNotAsked);
        }
        let (start, end) = (statement.started_at, statement.ended_at.unwrap_or(self.world.at));
        if let Some(window) = records.window.filter(|window| end < window.start || start > window.end) {
            return not_compared(OfObjects::OutsideWindow { start: window.start, end: window.end });
        }
        let Some(found) = self.found.get(&*statement.id()) else {
            return Judgement::unknown(vec![OfObjects::ReadWithoutIt.into()]);
        };
        let objects = statement.objects().count() as u64;
        let evidence = json!({"statement": told(statement), "objects": objects, "records": found});
        let missing = objects.saturating_sub(found.found);
        if missing > 0 {
            return self.missing_objects(statement, found, missing, evidence);
        }
        let doubts = untold(statement);
        if !doubts.is_empty() {
            return Judgement::new(StatementRecord::Unknown, doubts, evidence);
        }
        if objects == 0 {
            return not_compared(OfObjects::NoObjects);
        }
        let reason = OfObjects::AllFound { objects, bytes: statement.bytes, recorded_bytes: found.bytes };
        Judgement::new(StatementRecord::Recorded, vec![reason.into()], evidence)
    }

    fn missing_objects(
        &self,
        statement: &Statement,
        found: &StatementRecords,
        missing: u64,
        evidence: serde_json::Value,
    ) -> Judgement<StatementRecord> {
        let first = found.missing.first().cloned().unwrap_or_default();
        let reason = OfObjects::Missing {
            missing,
            objects: missing + found.found,
            first: first.clone(),
            event_names: events(statement.kind).iter().map(|name| (*name).to_owned()).collect(),
            role: statement.role.clone(),
        };
        let because = match Location::parse_object(&first) {
            Ok(object) => self.why_missing(statement, &object),
            Err(error) => Err(vec![OfObjects::NotAnObject { why: error.to_string() }.into()]),
        };
        let (status, because) = match because {
            Ok((status, reason)) => (status, vec![reason]),
            Err(reasons) => (StatementRecord::Unknown, reasons),
        };
        Judgement::new(status, [vec![reason.into()], because].concat(), evidence)
    }

    /// Whether recorders should have it; `Err`: why that is not known, or why its record may be where nobody looked.
    fn why_missing(&self, statement: &Statement, object: &Location) -> Result<(StatementRecord, Reason), Vec<Reason>> {
        let Some(role) = statement.role.as_deref().and_then(RoleArn::parse) else {
            return Err(vec![OfObjects::RoleNotTold.into()]);
        };
        let mut traces = Vec::new();
        for event_name in events(statement.kind) {
            let question = Question {
                object: object.clone(),
                event_name: (*event_name).to_owned(),
                role: Some(role.clone()),
                session_name: REDSHIFT_SESSION.to_owned(),
                region: None,
            };
            let trace = in_world(&self.world, &question);
            traces.push(trace.map_err(|why| vec![OfObjects::NotTraced { why }.into()])?);
        }
        let all = |answer: bool| traces.iter().all(|trace| trace.recorded == Some(answer));
        let Some(trace) = traces.first().filter(|_| all(true) || all(false)) else {
            return Err(vec![OfObjects::MayBeRecorded.into()]);
        };
        let recorders: Vec<&str> = recording(trace).map(|traced| &*traced.arn).collect();
        let missing = self.not_looked_at(statement, object, &role, &recorders);
        if !missing.is_empty() {
            return Err(missing);
        }
        if all(true) {
            let recorders = recording(trace).map(|traced| traced.recorder.clone()).collect();
            return Ok((StatementRecord::Contradicted, OfObjects::ShouldBeRecorded { recorders }.into()));
        }
        let missed_by =
            |traced: &Traced| MissedBy { recorder: traced.recorder.clone(), because: traced.because.clone() };
        let reason = OfObjects::NothingRecordsIt { missed_by: trace.recorders.iter().map(missed_by).collect() };
        Ok((StatementRecord::Lost, reason.into()))
    }

    /// Why the record may be where nobody looked, or not be delivered yet. `recorders`: those that should have it; where there are none,
    /// only one that was changed since may have it.
    fn not_looked_at(
        &self,
        statement: &Statement,
        object: &Location,
        role: &RoleArn,
        recorders: &[&str],
    ) -> Vec<Reason> {
        if recorders.is_empty() {
            return self.changes_there(object, role);
        }
        let Some(end) = statement.ended_at else { return vec![OfObjects::GoesOn.into()] };
        let access = match statement.kind {
            LocationKind::Unload => Access::Write,
            LocationKind::Copy => Access::Read,
        };
        let mut missing = self.missing_of_object(object, access, role, recorders);
        let window = self.records.and_then(|records| records.window);
        if let Some(window) =
            window.filter(|window| statement.started_at.0 - SLACK < window.start.0 || end.0 + SLACK > window.end.0)
        {
            missing.push(OfObjects::AtTheEdge { start: window.start, end: window.end }.into());
        }
        missing
    }
}

/// The role that its location's table names, if one does.
fn statement_role(statement: &Statement, around: &[&RedshiftLocation]) -> Judgement<StatementRole> {
    let named: Vec<(&RoleArn, &RedshiftLocation)> =
        around.iter().filter_map(|entry| Some((entry.role.as_ref()?, *entry))).collect();
    if named.is_empty() || named.len() < around.len() {
        return Judgement::plain(StatementRole::NotDeclared, OfObjects::NoRoleDeclared);
    }
    let Some(role) = statement.role.as_deref().and_then(RoleArn::parse) else {
        return Judgement::unknown(vec![OfObjects::RoleNotTold.into()]);
    };
    let evidence = json!({"statement": told(statement)});
    if let Some((_, entry)) = named.iter().find(|(declared, _)| declared.same_role(&role)) {
        let reason = OfObjects::RoleDeclared { role: role.text, line: entry.line };
        return Judgement::new(StatementRole::AsDeclared, vec![reason.into()], evidence);
    }
    let declared = named.iter().map(|(declared, _)| declared.text.clone()).collect();
    let reason = OfObjects::AnotherRole { role: role.text, declared, line: named[0].1.line };
    Judgement::new(StatementRole::Other, vec![reason.into()], evidence)
}

/// The recorders that are to have it.
fn recording(trace: &Trace) -> impl Iterator<Item = &Traced> {
    trace.recorders.iter().filter(|traced| traced.records == Some(true))
}

/// What Redshift did not tell of the objects, or not so that it can be read.
pub(super) fn untold(statement: &Statement) -> Vec<Reason> {
    let mut doubts = Vec::new();
    let told = statement.files.iter().flatten().count() as u64;
    if statement.unreadable_files > 0 {
        doubts.push(OfObjects::UnreadableFiles { files: statement.unreadable_files }.into());
    }
    if let Some(count) = statement.file_count.filter(|count| *count > told + statement.unreadable_files) {
        doubts.push(OfObjects::FilesNotTold { told, count }.into());
    }
    if statement.ended_at.is_none() {
        doubts.push(OfObjects::GoesOn.into());
    }
    doubts
}

/// The statement without its files, which may be many.
fn told(statement: &Statement) -> serde_json::Value {
    let mut told = json!({"query_id": statement.query_id, "kind": statement.kind, "cluster": statement.cluster});
    told["location"] = json!(statement.location);
    told["role"] = json!(statement.role);
    told["user"] = json!(statement.user);
    told["database"] = json!(statement.database);
    told["status"] = json!(statement.status);
    told["started_at"] = json!(statement.started_at);
    told["ended_at"] = json!(statement.ended_at);
    told["rows"] = json!(statement.rows);
    told["bytes"] = json!(statement.bytes);
    told["file_count"] = json!(statement.file_count);
    told
}
