//! What Redshift says it ran, held against the records: did every object that a statement wrote or read leave its record?

use serde_json::json;

use super::View;
use super::input::StatementFact;
use super::judgement::{Judgement, StatementRecord, StatementRole};
use super::subject::{Subject, SubjectKind};
use crate::aws::arn::RoleArn;
use crate::aws::location::Location;
use crate::config::RedshiftLocation;
use crate::reason::{OfObjects, Reason};
use crate::snapshot::Statement;

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
            record: named(statement, self.statement_record(statement), StatementRecord::Recorded),
            acting_role: named(statement, statement_role(statement, &around), StatementRole::AsDeclared),
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
        let unknown = |reason: OfObjects| Judgement::unknown(vec![reason.into()]);
        let records = match self.records {
            Some(records) => records,
            None if self.config.reads_records() => return unknown(OfObjects::NoRecords),
            None => return not_compared(OfObjects::NoRecords),
        };
        let (began, ended) = (statement.started_at, statement.ended_at);
        // It belongs to the time in which it began.
        if let Some(window) = records.window.filter(|window| began < window.start || began > window.end) {
            return not_compared(OfObjects::OutsideWindow { start: window.start, end: window.end });
        }
        if ended.is_some_and(|ended| ended < began) {
            return unknown(OfObjects::TimesContradict);
        }
        if statement.files.is_none() {
            let was_asked = began.0 >= self.world.at.0 - self.config.window();
            return if was_asked { unknown(OfObjects::FilesNotAsked) } else { not_compared(OfObjects::FilesNotAsked) };
        }
        let Some(found) = self.found.get(&*statement.id()) else { return unknown(OfObjects::ReadWithoutIt) };
        let objects = statement.objects().count() as u64;
        let evidence = json!({"statement": told(statement), "objects": objects, "records": found});
        let missing = objects.saturating_sub(found.found + found.unclear);
        if missing > 0 {
            let (status, reasons) = self.missing_objects(statement, found, missing, objects);
            return Judgement::new(status, reasons, evidence);
        }
        let mut doubts = untold(statement);
        if found.unclear > 0 {
            doubts.push(match statement.role {
                Some(_) => OfObjects::Unclear { objects: found.unclear }.into(),
                None => role_not_told(statement).into(),
            });
        }
        if !doubts.is_empty() {
            return Judgement::new(StatementRecord::Unknown, doubts, evidence);
        }
        if objects == 0 {
            return not_compared(OfObjects::NoObjects);
        }
        let reason = OfObjects::AllFound { objects, bytes: statement.bytes, recorded_bytes: found.bytes };
        Judgement::new(StatementRecord::Recorded, vec![reason.into()], evidence)
    }
}

/// The role that its location's table names, if one does: the narrowest table has the word.
fn statement_role(statement: &Statement, around: &[&RedshiftLocation]) -> Judgement<StatementRole> {
    let narrowest = around.last().map(|entry| &entry.location);
    let around: Vec<&RedshiftLocation> =
        around.iter().copied().filter(|entry| Some(&entry.location) == narrowest).collect();
    let named: Vec<(&RoleArn, &RedshiftLocation)> =
        around.iter().filter_map(|entry| Some((entry.role.as_ref()?, *entry))).collect();
    if named.is_empty() || named.len() < around.len() {
        return Judgement::plain(StatementRole::NotDeclared, OfObjects::NoRoleDeclared);
    }
    let evidence = json!({"statement": told(statement)});
    let Some(role) = statement.role.as_deref().and_then(RoleArn::parse) else {
        let status = if statement.without_role.is_some() { StatementRole::Other } else { StatementRole::Unknown };
        return Judgement::new(status, vec![role_not_told(statement).into()], evidence);
    };
    if let Some((_, entry)) = named.iter().find(|(declared, _)| declared.same_role(&role)) {
        let reason = OfObjects::RoleDeclared { role: role.text, line: entry.line };
        return Judgement::new(StatementRole::AsDeclared, vec![reason.into()], evidence);
    }
    let declared = named.iter().map(|(declared, _)| declared.text.clone()).collect();
    let reason = OfObjects::AnotherRole { role: role.text, declared, line: named[0].1.line };
    Judgement::new(StatementRole::Other, vec![reason.into()], evidence)
}

pub(super) fn role_not_told(statement: &Statement) -> OfObjects {
    match statement.without_role {
        Some(without) => OfObjects::WithoutRole { without },
        None => OfObjects::RoleNotTold,
    }
}

/// A reader knows a statement by what it did, not by its number.
fn named<S: Copy + Default + PartialEq>(statement: &Statement, judged: Judgement<S>, holds: S) -> Judgement<S> {
    if judged.status == holds || judged.evidence == json!({}) {
        return judged;
    }
    let ran = OfObjects::Ran {
        statement: statement.kind,
        location: statement.location.clone(),
        query: statement.query_id.clone(),
        cluster: statement.cluster.clone(),
        user: statement.user.clone(),
        started_at: statement.started_at,
    };
    Judgement::new(judged.status, [vec![ran.into()], judged.reasons].concat(), judged.evidence)
}

/// What Redshift did not tell of the objects, or not so that it can be read.
pub(super) fn untold(statement: &Statement) -> Vec<Reason> {
    let mut doubts = Vec::new();
    let told = statement.files.iter().flatten().count() as u64;
    if statement.manifest.is_none() {
        doubts.push(OfObjects::ManifestNotTold.into());
    }
    match (statement.file_count, statement.rows) {
        (None, _) => doubts.push(OfObjects::FilesNotCounted.into()),
        (Some(0), rows) if told == 0 && (rows != Some(0) || statement.bytes.is_some_and(|bytes| bytes > 0)) => {
            doubts.push(OfObjects::RowsWithoutFiles { rows }.into());
        }
        _ => {}
    }
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
