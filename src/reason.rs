//! Why an answer is what it is, as data, so that reports can group by it; and the one place for the English of it.
//!
//! Each file has the reasons of one subject with their words beside them: a clause that starts in lower case and ends
//! without a full stop.

mod access;
mod cluster;
mod config;
mod failure;
mod location;
mod objects;
mod recorder;
mod records;
mod statement;
mod trail;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::snapshot::Failure;

pub use access::{OfAccess, PrincipalClass, PrincipalQuestion};
pub use cluster::OfCluster;
pub use config::OfConfig;
pub use failure::NotSeen;
pub use location::{LostEvent, MissedBy, OfLocation};
pub use objects::OfObjects;
pub use recorder::OfRecorder;
pub use records::OfRecords;
pub use statement::OfStatement;
pub use trail::OfTrail;

/// One reason. In documents it is an object with a `code`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Reason {
    NotSeen(NotSeen),
    OfRecorder(OfRecorder),
    OfLocation(OfLocation),
    OfTrail(OfTrail),
    OfAccess(OfAccess),
    OfRecords(OfRecords),
    OfStatement(OfStatement),
    OfObjects(OfObjects),
    OfCluster(OfCluster),
    OfConfig(OfConfig),
}

impl Reason {
    pub fn failed(failure: &Failure) -> Reason {
        NotSeen::CallFailed { failure: Box::new(failure.clone()) }.into()
    }

    /// It says what was seen, as far as anything was; what that lacks comes behind it.
    pub(crate) fn is_of_what_was_seen(&self) -> bool {
        match self {
            Reason::OfAccess(reason) => reason.is_of_what_was_seen(),
            Reason::OfStatement(reason) => reason.is_of_what_was_seen(),
            _ => false,
        }
    }
}

/// Several reasons in one sentence: "this; that", and behind what was seen "this, but that".
pub fn message(reasons: &[Reason]) -> String {
    let mut message = String::new();
    for (number, reason) in reasons.iter().enumerate() {
        if number > 0 {
            message.push_str(if reasons[number - 1].is_of_what_was_seen() { ", but " } else { "; " });
        }
        message.push_str(&reason.to_string());
    }
    message
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotSeen(reason) => reason.fmt(f),
            Reason::OfRecorder(reason) => reason.fmt(f),
            Reason::OfLocation(reason) => reason.fmt(f),
            Reason::OfTrail(reason) => reason.fmt(f),
            Reason::OfAccess(reason) => reason.fmt(f),
            Reason::OfRecords(reason) => reason.fmt(f),
            Reason::OfStatement(reason) => reason.fmt(f),
            Reason::OfObjects(reason) => reason.fmt(f),
            Reason::OfCluster(reason) => reason.fmt(f),
            Reason::OfConfig(reason) => reason.fmt(f),
        }
    }
}

/// `: because`, or nothing.
struct Behind<'a>(&'a Option<Box<Reason>>);

impl fmt::Display for Behind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(because) => write!(f, ": {because}"),
            None => Ok(()),
        }
    }
}

macro_rules! into_reason {
    ($($name:ident),*) => {
        $(impl From<$name> for Reason {
            fn from(reason: $name) -> Reason {
                Reason::$name(reason)
            }
        })*
    };
}

into_reason!(
    NotSeen,
    OfRecorder,
    OfLocation,
    OfTrail,
    OfAccess,
    OfRecords,
    OfStatement,
    OfObjects,
    OfCluster,
    OfConfig
);
