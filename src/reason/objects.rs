//! The objects that Redshift says a statement wrote or read, held against the records.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MissedBy;
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
    /// Whether a recorder is to have the event is not known.
    MayBeRecorded,
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
    RowsWithoutFiles { rows: u64 },
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

impl OfObjects {
    pub(super) fn is_of_what_was_seen(&self) -> bool {
        matches!(self, OfObjects::Missing { .. } | OfObjects::WritesUnexplained { .. })
    }
}

impl fmt::Display for OfObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfObjects::AllFound { objects, bytes, recorded_bytes } => {
                write!(f, "each of its {objects} objects has a record")?;
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
                "{} should have recorded it, and all log files of the time were read: what is recorded was changed since, or records are missing",
                recorders.join(" and ")
            ),
            OfObjects::MayBeRecorded => f.write_str("whether a recorder should have it is not known"),
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
                write!(f, "it is {status}, so that it may not have come to it")
            }
            OfObjects::TimesContradict => f.write_str("Redshift says that it ended before it began"),
            OfObjects::Unclear { objects } => write!(
                f,
                "{objects} of its objects were used by other statements at about the same time, or by callers that the records do not name: \
                 whose the records are cannot be told"
            ),
            OfObjects::StoppedSince { recorder, at } => write!(f, "{recorder} was stopped at {at}, after it began"),
            OfObjects::FilesNotCounted => f.write_str("Redshift does not say how many files there were"),
            OfObjects::RowsWithoutFiles { rows } => write!(f, "Redshift counts {rows} rows, and names no file"),
            OfObjects::ManifestNotTold => {
                f.write_str("its text could not be read, so that whether it has a manifest is not known")
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
                write!(f, "{files} names of its files are cut or masked, or have no bucket")
            }
            OfObjects::NoObjects => f.write_str("it wrote and read no object"),
            OfObjects::FilesNotAsked => f.write_str("Redshift was not asked for its files"),
            OfObjects::NoRecords => f.write_str("no log records were read"),
            OfObjects::ReadWithoutIt => {
                f.write_str("the log records were read without knowing of it: collect both together")
            }
            OfObjects::WritesExplained { writes } => {
                write!(f, "Redshift ran a statement for each of {writes} writes by roles of clusters")
            }
            OfObjects::WritesUnexplained { writes, role, event_id, object, first_seen, last_seen } => write!(
                f,
                "{writes} writes by {role} from {first_seen} to {last_seen} are of no statement that Redshift ran: one is event {event_id} in {object}"
            ),
            OfObjects::HalfToldUnload { statement } => {
                write!(f, "not every file of the UNLOAD {statement}, which wrote there, is told: they may be its")
            }
            OfObjects::RoleNotTold => f.write_str("which role acted is not known"),
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
