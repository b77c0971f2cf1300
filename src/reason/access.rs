//! Who touched a location, by the records.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::timestamp::Timestamp;
use crate::snapshot::Window;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfAccess {
    /// Everyone that the records show is approved.
    AllApproved { window: Option<Window>, accesses: u64, own_calls: u64, denied: u64 },
    /// The records show principals that are not approved.
    NotApproved { location: String, principals: Vec<String> },
    /// Those that were seen are approved.
    ApprovedSeen { count: u64, first: Timestamp, last: Timestamp },
    /// The records show no access.
    NoAccessSeen,
    /// The records do not say of these principals what is asked.
    PrincipalUnclear { principals: Vec<String>, question: PrincipalQuestion },
    /// The records show principals of the kind that is asked for.
    TouchedBy { class: PrincipalClass, principals: Vec<String> },
    /// The records show none of the kind that is asked for.
    NotTouchedBy { class: PrincipalClass },
    /// None was seen, as far as anything was.
    NoneSeen { class: PrincipalClass },
}

/// Who is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalClass {
    /// An IAM user or root.
    LongLivedKeys,
    /// A principal of another account, or nobody's.
    ForeignAccount,
}

/// What is asked of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalQuestion {
    IsApproved,
    WhichUser,
    WhichAccount,
}

impl OfAccess {
    pub(super) fn is_of_what_was_seen(&self) -> bool {
        matches!(self, OfAccess::ApprovedSeen { .. } | OfAccess::NoAccessSeen | OfAccess::NoneSeen { .. })
    }
}

impl fmt::Display for PrincipalClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PrincipalClass::LongLivedKeys => "an IAM user or root",
            PrincipalClass::ForeignAccount => "a principal of another account",
        })
    }
}

impl fmt::Display for OfAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfAccess::AllApproved { window, accesses, own_calls, denied } => {
                let time = window.map_or(String::new(), |window| format!(" from {} to {}", window.start, window.end));
                match accesses {
                    0 => write!(f, "there was no access{time}")?,
                    1 => write!(f, "the only access{time} was by an approved principal")?,
                    count => write!(f, "each of {count} accesses{time} was by an approved principal")?,
                }
                for (count, what) in [(own_calls, "of the scan's own calls"), (denied, "denied attempts")] {
                    if *count > 0 {
                        write!(f, ", {count} {what} apart")?;
                    }
                }
                f.write_str("; selectors are assumed unchanged since")
            }
            OfAccess::NotApproved { location, principals } => {
                write!(
                    f,
                    "touched by {}, which the [[access]] table of {location} does not allow",
                    principals.join(", ")
                )
            }
            OfAccess::ApprovedSeen { count: 1, first, .. } => {
                write!(f, "the only access that was seen, at {first}, is approved")
            }
            OfAccess::ApprovedSeen { count, first, last } => {
                write!(f, "all {count} accesses that were seen, from {first} to {last}, are approved")
            }
            OfAccess::NoAccessSeen => f.write_str("no access was seen"),
            OfAccess::PrincipalUnclear { principals, question } => {
                let principals = principals.join(", ");
                match question {
                    PrincipalQuestion::IsApproved => {
                        write!(f, "the records do not say whether {principals} is an approved principal")
                    }
                    PrincipalQuestion::WhichUser => write!(f, "the records do not name the user of {principals}"),
                    PrincipalQuestion::WhichAccount => write!(f, "the records do not name the account of {principals}"),
                }
            }
            OfAccess::TouchedBy { class, principals } => write!(f, "touched by {class}: {}", principals.join(", ")),
            OfAccess::NotTouchedBy { class } => {
                write!(f, "no access by {class}; selectors are assumed unchanged since")
            }
            OfAccess::NoneSeen { class } => write!(f, "no access by {class} was seen"),
        }
    }
}
