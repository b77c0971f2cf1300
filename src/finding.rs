//! A policy's answer for one subject.

pub mod waivers;

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::facts::subject::SubjectKind;
use crate::reason::Reason;
use crate::severity::Severity;

/// The six answers. Only `pass` and `not_applicable` say that all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Shown not to hold, with the proof.
    Fail,
    /// The policy itself broke.
    Error,
    /// Could not be told, with the reason.
    Unknown,
    /// Fails, and a waiver in force covers it.
    Waived,
    /// Shown to hold.
    Pass,
    /// The policy has no subject, and nothing that could hold one was unreadable.
    NotApplicable,
}

impl Outcome {
    pub const ALL: [Outcome; 6] =
        [Outcome::Fail, Outcome::Error, Outcome::Unknown, Outcome::Waived, Outcome::Pass, Outcome::NotApplicable];

    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Fail => "fail",
            Outcome::Error => "error",
            Outcome::Unknown => "unknown",
            Outcome::Waived => "waived",
            Outcome::Pass => "pass",
            Outcome::NotApplicable => "not_applicable",
        }
    }
}

/// Where the subject is declared: a file as given on the command line and a line from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceLocation {
    pub file: String,
    pub line: usize,
}

/// A waiver that applies to the finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedWaiver {
    pub reason: String,
    pub owner: String,
    /// The last day on which it holds, as `2027-01-31`.
    pub expires: String,
}

/// What else is known of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    pub kind: SubjectKind,
    /// The account that it belongs to.
    pub account: String,
    /// `null`: of no region, or not known.
    pub region: Option<String>,
}

/// One policy's answer for one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// `coverage/unload_recorded`
    pub policy: String,
    /// What it is about: a location, a trail's ARN, or `account/region` where that is all that is known.
    pub subject: String,
    pub resource: Resource,
    pub outcome: Outcome,
    pub severity: Severity,
    /// The policy's title. What all findings of a policy have in common is held once.
    pub title: Arc<str>,
    pub message: String,
    /// The reasons in the message, each an object with a `code`. A policy of one's own may give none.
    #[schemars(with = "Vec<Reason>")]
    pub reasons: Vec<Value>,
    /// What the answer rests on; its form is the policy's.
    pub evidence: Value,
    pub remediation: Arc<str>,
    /// By framework, the control ids that the policy speaks to.
    pub controls: Arc<BTreeMap<String, Vec<String>>>,
    pub location: SourceLocation,
    /// The same for the same policy, subject and account in every run, whatever message or time says.
    pub fingerprint: String,
    pub waiver: Option<AppliedWaiver>,
}

/// Identity of a finding over runs. `account`: the subject's.
pub fn fingerprint(account: &str, policy: &str, subject: &str) -> String {
    let digest = Sha256::digest(format!("trailcheck/v1\n{account}\n{policy}\n{subject}"));
    HEXLOWER.encode(&digest[..16])
}
