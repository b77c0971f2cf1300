//! COPY and UNLOAD by the records.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::timestamp::Timestamp;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfStatement {
    /// Every upload ended.
    UploadsEnded { unloads: u64 },
    /// Of `unloads`, `open` left `uploads` neither completed nor aborted; the first of them by `principal`.
    UploadsUnfinished { open: u64, unloads: u64, uploads: u64, principal: String, start: Timestamp, end: Timestamp },
    /// Every upload that was seen ended.
    EveryUploadSeenEnded,
    /// An upload was not seen to end.
    UploadNotSeenToEnd,
    /// Nobody declared the place, so the scan did not look where it is.
    Undeclared { location: String },
    /// It may go on after the window.
    MayGoOn { unloads: u64, after: Timestamp },
    /// It may have begun before the window.
    MayHaveBegun { unloads: u64, before: Timestamp },
    /// What was learned is no location.
    NotALocation { text: String },
    /// The role's ARN is not one.
    NotARole { text: String },
    /// Clusters and namespaces that the role is associated with.
    Associated { clusters: Vec<String> },
    /// No cluster and no namespace has the role.
    NotAssociated,
    /// It acts as the last of a chain that begins with another role; what is said of that one follows.
    ChainedFrom { role: String, line: usize },
    /// Nothing has it, and a location declares it.
    MayBeChained { line: usize },
    /// Its ApplyStatus is `removing` wherever it is.
    RoleLeaving,
    /// No cluster or namespace has the role that a location declares; `nearest`: the name of one that some have.
    DeclaredRoleNotCarried { nearest: Option<String> },
    /// The cluster that a location names does not have the role that it declares; others do.
    DeclaredRoleCarriedElsewhere { cluster: String, clusters: Vec<String> },
    /// There is nothing to compare the records with.
    NoUnloadKnown { records_read: bool },
    /// The records show writes by the role.
    WritesShown,
    /// The records show the UNLOADs that are known.
    UnloadsShown { unloads: u64 },
    /// The records do not show an UNLOAD that is known.
    UnloadNotShown { at: Vec<Timestamp> },
    /// An UNLOAD that is known is outside the window.
    OutsideWindow { unloads: u64 },
    /// At that time some role wrote there, and the location declares none.
    WrittenBySomeRole { unloads: u64 },
    /// At that time writes by the role were denied.
    TurnedAway { unloads: u64 },
    /// They lie between writes whose times are not kept one by one.
    BetweenWrites { unloads: u64 },
}

impl OfStatement {
    pub(super) fn is_of_what_was_seen(&self) -> bool {
        matches!(
            self,
            OfStatement::EveryUploadSeenEnded | OfStatement::UploadNotSeenToEnd | OfStatement::UnloadNotShown { .. }
        )
    }
}

impl fmt::Display for OfStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfStatement::UploadsEnded { unloads } => {
                write!(f, "every upload of {unloads} UNLOADs was completed or aborted")
            }
            OfStatement::UploadsUnfinished { open, unloads, uploads, principal, start, end } => write!(
                f,
                "{open} of {unloads} UNLOADs left {uploads} multipart uploads neither completed nor aborted, the first by {principal} from {start} to {end}"
            ),
            OfStatement::EveryUploadSeenEnded => f.write_str("every upload that was seen ended"),
            OfStatement::UploadNotSeenToEnd => f.write_str("an upload was not seen to end"),
            OfStatement::Undeclared { location } => {
                write!(f, "declare it for more: [[redshift.unload]] with location = \"{location}\"")
            }
            OfStatement::MayGoOn { unloads, after } => write!(f, "{unloads} of them may still go on after {after}"),
            OfStatement::MayHaveBegun { unloads, before } => {
                write!(f, "{unloads} of them may have begun before {before}")
            }
            OfStatement::NotALocation { text } => write!(f, "{text} is no location"),
            OfStatement::NotARole { text } => write!(f, "{text} is no role's ARN"),
            OfStatement::Associated { clusters } => write!(f, "associated with {}", clusters.join(", ")),
            OfStatement::ChainedFrom { role, line } => {
                write!(f, "it is the last of the chain of roles of line {line} of the config, which begins with {role}")
            }
            OfStatement::MayBeChained { line } => write!(
                f,
                "no cluster has it, and line {line} of the config declares it: if it is the last of a chain of roles, write the chain there as IAM_ROLE has it"
            ),
            OfStatement::RoleLeaving => f.write_str("the role is being removed from every cluster that has it"),
            OfStatement::DeclaredRoleCarriedElsewhere { cluster, clusters } => write!(
                f,
                "{cluster}, which a location names, does not have it; {} has",
                clusters.join(", ")
            ),
            OfStatement::DeclaredRoleNotCarried { nearest } => {
                f.write_str("no cluster and no namespace of its account is associated with the role")?;
                nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; did you mean `{nearest}`?"))
            }
            OfStatement::NotAssociated => f.write_str(
                "a session called RedshiftIamRoleSession used a role that is not associated with any known cluster or namespace",
            ),
            OfStatement::NoUnloadKnown { records_read: false } => {
                f.write_str("no UNLOAD is known, and no log records were read")
            }
            OfStatement::NoUnloadKnown { records_read: true } => {
                f.write_str("no UNLOAD is known to have run, and none is in the records")
            }
            OfStatement::WritesShown => f.write_str("the records show writes there"),
            OfStatement::UnloadsShown { unloads } => {
                write!(f, "the records show the {unloads} UNLOADs that are known to have run")
            }
            OfStatement::UnloadNotShown { at } => {
                let times: Vec<String> = at.iter().map(Timestamp::to_string).collect();
                write!(f, "an UNLOAD ran there at {}, and no write is shown for it", times.join(", "))
            }
            OfStatement::OutsideWindow { unloads } => {
                write!(f, "{unloads} of the known UNLOADs ran, or may have run, outside the window")
            }
            OfStatement::WrittenBySomeRole { unloads } => {
                write!(
                    f,
                    "at the time of {unloads} of them a role wrote there, in a session without the name that Redshift gives: declare the \
                     UNLOAD's role"
                )
            }
            OfStatement::TurnedAway { unloads } => {
                write!(f, "at the time of {unloads} of them writes by the role were denied: they may have failed")
            }
            OfStatement::BetweenWrites { unloads } => {
                write!(f, "{unloads} of them lie between writes whose times are not kept one by one")
            }
        }
    }
}
