//! Stage 5: a policy's answer for one subject.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The six answers. Only `pass` and `not_applicable` say that all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// Where the subject is declared: a file as given on the command line and a line from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SourceLocation {
    pub file: String,
    pub line: usize,
}

/// A waiver that applies to the finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AppliedWaiver {
    pub reason: String,
    pub owner: String,
    /// The last day on which it holds, as `2027-01-31`.
    pub expires: String,
}

/// One policy's answer for one subject.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// `coverage/unload_recorded`
    pub policy: String,
    /// What it is about: a location, a trail's ARN, or `account/region` where that is all that is known.
    pub subject: String,
    pub outcome: Outcome,
    pub severity: Severity,
    /// The policy's title.
    pub title: String,
    pub message: String,
    /// What the answer rests on; its form is the policy's.
    pub evidence: Value,
    pub remediation: String,
    /// By framework, the control ids that the policy speaks to.
    pub controls: Value,
    pub location: SourceLocation,
    /// The same for the same policy, subject and account in every run, whatever message or time says.
    pub fingerprint: String,
    pub waiver: Option<AppliedWaiver>,
}

/// Identity of a finding over runs.
pub fn fingerprint(account: &str, policy: &str, subject: &str) -> String {
    let digest = Sha256::digest(format!("trailcheck/v1\n{account}\n{policy}\n{subject}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
