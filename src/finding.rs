//! A policy's answer for one subject.

pub mod baseline;
pub mod waivers;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::facts::subject::SubjectKind;
use crate::hash::sha256;
use crate::reason::Reason;
use crate::severity::Severity;

use baseline::Standing;

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

    /// Nothing is left to do, and nothing was accepted.
    pub fn holds(self) -> bool {
        matches!(self, Outcome::Pass | Outcome::NotApplicable)
    }

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
    /// As given on the command line.
    pub file: String,
    /// From 1.
    pub line: usize,
}

/// A waiver that applies to the finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedWaiver {
    /// What it accepts: `fail` or `unknown`.
    pub accepts: Outcome,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, as `2027-01-31`.
    pub expires: String,
}

/// What else is known of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// What kind of thing the subject is.
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
    /// How bad a failure is; of other outcomes, how bad it would be.
    pub severity: Severity,
    /// The policy's title. What all findings of a policy have in common is held once.
    pub title: Arc<str>,
    /// Why the outcome is what it is, in one sentence.
    pub message: String,
    /// The reasons in the message, each an object with a `code`. A policy of one's own may give none.
    #[schemars(with = "Vec<Reason>")]
    pub reasons: Vec<Value>,
    /// What the answer rests on; its form is the policy's.
    pub evidence: Value,
    /// How to fix what the policy finds.
    pub remediation: Arc<str>,
    /// By framework, the control ids that the policy speaks to.
    pub controls: Arc<BTreeMap<String, Vec<String>>>,
    pub location: SourceLocation,
    /// The same for the same policy, subject and account in every run, whatever message or time says.
    pub fingerprint: String,
    /// `null`: none covers it.
    pub waiver: Option<AppliedWaiver>,
    /// Of a failure: a part of it could not be told, so that it may be worse than it looks.
    pub incomplete: bool,
    /// Whether the baseline has it already; `null`: there is none, or the finding holds.
    pub standing: Option<Standing>,
}

impl Finding {
    /// It does not hold, and that fails no run unless `--fail-on info` asks for it.
    pub fn is_remark(&self) -> bool {
        self.outcome == Outcome::Fail && self.severity == Severity::Info
    }
}

/// Identity of a finding over runs. `account`: the subject's.
pub fn fingerprint(account: &str, policy: &str, subject: &str) -> String {
    sha256(format!("trailcheck/v1\n{account}\n{policy}\n{subject}").as_bytes())[..32].to_owned()
}
