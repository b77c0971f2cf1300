//! What is new since an earlier report, and what is settled.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Finding, Outcome, Resource};

/// What does not hold, as the baseline has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It was not there, or not as bad.
    New,
    /// It was there, and as bad.
    Known,
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::New => "new",
            Standing::Known => "known",
        }
    }
}

/// What did not hold in the baseline, and is no longer so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// The policy's id.
    pub policy: String,
    /// What it was about.
    pub subject: String,
    pub resource: Resource,
    /// What it was in the baseline.
    pub was: Outcome,
    /// `null`: it is judged no longer.
    pub now: Option<Outcome>,
}

/// Marks what is new and what is known, and gives what is settled.
pub fn compare(findings: &mut [Finding], baseline: &[Finding]) -> Vec<Settled> {
    let before: HashMap<&str, &Finding> = baseline.iter().map(|old| (&*old.fingerprint, old)).collect();
    for finding in findings.iter_mut().filter(|finding| !finding.outcome.holds()) {
        let is_known = before.get(&*finding.fingerprint).is_some_and(|old| was_as_bad(old, finding));
        finding.standing = Some(if is_known { Standing::Known } else { Standing::New });
    }
    let now: HashMap<&str, Outcome> = findings.iter().map(|finding| (&*finding.fingerprint, finding.outcome)).collect();
    let settled =
        baseline.iter().filter(|old| old.outcome != Outcome::Waived && !old.outcome.holds()).map(|old| Settled {
            policy: old.policy.clone(),
            subject: old.subject.clone(),
            resource: old.resource.clone(),
            was: old.outcome,
            now: now.get(&*old.fingerprint).copied(),
        });
    settled.filter(|settled| settled.now.is_none_or(|now| now == Outcome::Waived || now.holds())).collect()
}

/// A failure is known as a failure of its severity and of the same kind, an unknown as an unknown or a failure. A policy that
/// broke judges nothing, so what it hides is never known; and a waiver that is over accepted nothing for longer.
fn was_as_bad(old: &Finding, new: &Finding) -> bool {
    match (new.outcome, old.outcome) {
        (Outcome::Fail, Outcome::Fail) => {
            old.severity >= new.severity && (old.incomplete || !new.incomplete) && says_nothing_new(old, new)
        }
        (Outcome::Unknown, Outcome::Unknown) => true,
        (Outcome::Unknown, Outcome::Fail) => old.severity >= new.severity,
        (Outcome::Waived, Outcome::Waived | Outcome::Fail | Outcome::Unknown) => true,
        _ => false,
    }
}

/// No kind of reason, no principal and no kind of event that the baseline does not have: a second intruder is news, and so is
/// one who deletes what he read. Times and counts are not compared. A policy of one's own that gives no reasons is compared by its message.
fn says_nothing_new(old: &Finding, new: &Finding) -> bool {
    if new.reasons.is_empty() {
        return old.message == new.message;
    }
    let mut known = BTreeSet::new();
    old.reasons.iter().chain([&old.evidence]).for_each(|value| substance(value, &mut known));
    let mut found = BTreeSet::new();
    new.reasons.iter().chain([&new.evidence]).for_each(|value| substance(value, &mut found));
    found.is_subset(&known)
}

/// The codes, principals and events in a document, at any depth.
fn substance<'v>(value: &'v Value, found: &mut BTreeSet<(&'static str, &'v str)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("code", Value::String(code)) => drop(found.insert(("code", code))),
                    ("event_name", Value::String(event)) => drop(found.insert(("event", event))),
                    ("principal", Value::String(principal)) => drop(found.insert(("principal", principal))),
                    ("principals", Value::Array(principals)) => {
                        found.extend(principals.iter().filter_map(|of| Some(("principal", of.as_str()?))));
                    }
                    _ => substance(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| substance(item, found)),
        _ => {}
    }
}
