//! The objects that Redshift says a statement wrote or read, held against the records.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MissedBy;
use crate::aws::location::LocationKind;
use crate::aws::timestamp::Timestamp;
use crate::snapshot::WithoutRole;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfObjects {
    /// Each has a record. `bytes`: what Redshift says; `recorded_bytes`: what the records carry.
    AllFound { objects: u64, bytes: Option<u64>, recorded_bytes: Option<u64> },
    /// Some have none of these records.
    Missing { missing: u64, objects: u64, example: String, event_names: Vec<String>, role: Option<String> },
    /// The recorders let the event go.
    NothingRecordsIt { missed_by: Vec<MissedBy> },
    /// These recorders are to have the event.
    ShouldBeRecorded { recorders: Vec<String> },
    /// Of the events that it may have been, some are recorded and some not; of others that is not known.
    MayBeRecorded { recorded: Vec<String>, not_recorded: Vec<String> },
    /// The question whether the event is recorded has no answer.
    NotTraced { why: String },
    /// Redshift's name of it is no object's.
    NotAnObject { why: String },
    /// The statement ended outside the window or near its ends.
    AtTheEdge { start: Timestamp, end: Timestamp },
    /// All of the statement is outside the window.
    OutsideWindow { start: Timestamp, end: Timestamp },
    /// It did not end well.
    NotCompleted { status: String },
    /// It ended before it began.
    TimesContradict,
    /// Events there may be of other statements, or of somebody else.
    Unclear { objects: u64 },
    /// A trail was stopped after it began.
    StoppedSince { recorder: String, at: Timestamp },
    /// Redshift does not count its files.
    FilesNotCounted,
    /// Rows went somewhere, and no file is told.
    RowsWithoutFiles { rows: Option<u64> },
    /// Its text could not be read.
    ManifestNotTold,
    /// No role of the cluster acted.
    WithoutRole { without: WithoutRole },
    /// Redshift does not say when it ended.
    GoesOn,
    /// Redshift names fewer files than it counts.
    FilesNotTold { told: u64, count: u64 },
    /// Names that were cut or masked, or have no bucket.
    UnreadableFiles { files: u64 },
    /// It wrote and read nothing.
    NoObjects,
    /// Redshift was not asked for its files.
    FilesNotAsked,
    /// No log records were read.
    NoRecords,
    /// The log records were read without knowing of it.
    ReadWithoutIt,
    /// Each write by a role of a cluster is of a statement.
    WritesExplained { writes: u64 },
    /// Writes may be of a statement or not.
    WritesUnclear { writes: u64 },
    /// Which statement it is about.
    Ran {
        statement: LocationKind,
        location: String,
        query: String,
        cluster: String,
        user: Option<String>,
        started_at: Timestamp,
    },
    /// Redshift says nothing of some writes; the first role of which that is so.
    WritesUnexplained {
        writes: u64,
        role: String,
        event_id: String,
        object: String,
        first_seen: Timestamp,
        last_seen: Timestamp,
    },
    /// Not every file of an UNLOAD there is told.
    HalfToldUnload { statement: String },
    /// Its role is not known.
    RoleNotTold,
    /// Its location declares no role.
    NoRoleDeclared,
    /// Its location declares its role.
    RoleDeclared { role: String, line: usize },
    /// Its location declares other roles.
    AnotherRole { role: String, declared: Vec<String>, line: usize },
}

/// `1 write is`, `2 writes are`.
fn counted(count: u64, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {more}") }
}

impl fmt::Display for OfObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfObjects::AllFound { objects, bytes, recorded_bytes } => {
                match objects {
                    1 => f.write_str("its only object has a record")?,
                    objects => write!(f, "each of its {objects} objects has a record")?,
                }
                match (bytes, recorded_bytes) {
                    (Some(bytes), Some(recorded)) => {
                        write!(f, " (Redshift says {bytes} bytes, the records {recorded})")
                    }
                    _ => Ok(()),
                }
            }
            OfObjects::Missing { missing, objects, example, event_names, role } => {
                let have = if *missing == 1 { "has" } else { "have" };
                write!(f, "{missing} of its {objects} objects {have} no {} ", event_names.join(" or "))?;
                role.iter().try_for_each(|role| write!(f, "by {role} "))?;
                write!(f, "at its time, for example {example}")
            }
            OfObjects::NothingRecordsIt { missed_by } => {
                f.write_str("nothing records it, by the selectors as they are: ")?;
                if missed_by.is_empty() {
                    return f.write_str("there is no trail");
                }
                let clauses = missed_by.iter().map(|missed| format!("{}: {}", missed.recorder, missed.because));
                f.write_str(&clauses.collect::<Vec<_>>().join("; "))
            }
            OfObjects::ShouldBeRecorded { recorders } => write!(
                f,
                "`{}` should have recorded it by the selectors as they are, and every log file of that time was read: either the selectors \
                 were others then, or records are missing",
                recorders.join("` and `")
            ),
            OfObjects::MayBeRecorded { recorded, not_recorded } => match (&recorded[..], &not_recorded[..]) {
                ([_, ..], [_, ..]) => write!(
                    f,
                    "there {} is recorded and {} is not, and which one it was the file's size decided",
                    recorded.join(" and "),
                    not_recorded.join(" and ")
                ),
                _ => f.write_str("whether a recorder should have it is not known"),
            },
            OfObjects::NotTraced { why } => write!(f, "whether it is recorded is not known: {why}"),
            OfObjects::NotAnObject { why } => f.write_str(why),
            OfObjects::AtTheEdge { start, end } => write!(
                f,
                "it ran at the edge of the time that was read ({start} to {end}): the record may lie outside, or not be delivered yet"
            ),
            OfObjects::OutsideWindow { start, end } => {
                write!(f, "it began outside the time that was read ({start} to {end})")
            }
            OfObjects::NotCompleted { status } => {
                write!(f, "the statement is {status}, and may never have come to this object")
            }
            OfObjects::TimesContradict => f.write_str("Redshift says that it ended before it began"),
            OfObjects::Unclear { objects } => write!(
                f,
                "of {objects} of its objects the records may be of other statements that used them at about the same time, or of a caller that \
                 they do not name"
            ),
            OfObjects::StoppedSince { recorder, at } => write!(f, "{recorder} was stopped at {at}, after it began"),
            OfObjects::FilesNotCounted => f.write_str("Redshift does not say how many files there were"),
            OfObjects::RowsWithoutFiles { rows: Some(rows) } => {
                write!(f, "Redshift counts {rows} rows, and names no file")
            }
            OfObjects::RowsWithoutFiles { rows: None } => f.write_str("Redshift names no file, and counts no rows"),
            OfObjects::ManifestNotTold => {
                f.write_str("its SQL text could not be read: whether there is a manifest is not known")
            }
            OfObjects::WithoutRole { without: WithoutRole::Keys } => {
                f.write_str("it acted with access keys, and no role of the cluster did")
            }
            OfObjects::WithoutRole { without: WithoutRole::Session } => {
                f.write_str("it acted as the identity of the database session, and no role of the cluster did")
            }
            OfObjects::GoesOn => f.write_str("Redshift does not say when it ended: it may go on"),
            OfObjects::FilesNotTold { told, count } => {
                write!(f, "Redshift counts {count} files and names {told}")
            }
            OfObjects::UnreadableFiles { files } => {
                write!(
                    f,
                    "{} cut or masked, or without a bucket",
                    counted(*files, "name of its files is", "names of its files are")
                )
            }
            OfObjects::NoObjects => f.write_str("it wrote and read no object"),
            OfObjects::FilesNotAsked => f.write_str("Redshift was not asked for its files"),
            OfObjects::NoRecords => f.write_str("no log records were read"),
            OfObjects::ReadWithoutIt => f.write_str(
                "the log records were read before this statement was known: collect statements and records in one run",
            ),
            OfObjects::WritesExplained { writes } => {
                let writes =
                    counted(*writes, "write by a role of a cluster is", "writes by roles of clusters are each");
                write!(f, "{writes} of a statement that Redshift ran")
            }
            OfObjects::WritesUnclear { writes } => write!(
                f,
                "{} of a statement or not: its role is not known, or it was not quite its time",
                counted(*writes, "write may be", "writes may be")
            ),
            OfObjects::WritesUnexplained { writes, role, event_id, object, first_seen, last_seen } => write!(
                f,
                "{role} wrote {} there from {first_seen} to {last_seen} that no statement accounts for, for example event {event_id} in {object}",
                counted(*writes, "object", "objects")
            ),
            OfObjects::HalfToldUnload { statement } => write!(
                f,
                "Redshift does not name every file of the UNLOAD {statement}, which wrote there: they may belong to it"
            ),
            OfObjects::Ran { statement, location, query, cluster, user, started_at } => {
                let direction = if *statement == LocationKind::Copy { "from" } else { "to" };
                write!(f, "{} {direction} {location} at {started_at} (query {query} of {cluster}", statement.sql())?;
                user.iter().try_for_each(|user| write!(f, " by {user}"))?;
                f.write_str(")")
            }
            OfObjects::RoleNotTold => f.write_str(
                "Redshift's text does not say which role acted, so that no record can be shown to be this statement's",
            ),
            OfObjects::NoRoleDeclared => f.write_str("no [[redshift]] table that names a role has its location"),
            OfObjects::RoleDeclared { role, line } => {
                write!(f, "it ran under {role}, as line {line} of the config declares")
            }
            OfObjects::AnotherRole { role, declared, line } => write!(
                f,
                "it ran under {role}, and its location declares {} (line {line} of the config)",
                declared.join(", ")
            ),
        }
    }
}
