//! Rego decides. The only folder that knows regorus.
//!
//! `files` finds policies, `archive` those of an OPA bundle, `bundle` loads them, `metadata` reads a header, whose `controls` are of a closed list. In the engine's syntax
//! `tree`, `graph` looks for what would hang or is never asked, `typed` for what the input does not have, and `lists` for what a policy reads. `selection` says which
//! policies run; `input` is the document that they read, `evaluate` asks the shipped ones and `worker` the user's, in a process of its
//! own; `answers` takes what they say, and here the answers become findings. `test` runs the tests of a folder.
//!
//! A policy names its subjects and shows which of them fail, are unknown or pass. A subject that it shows nothing of is
//! unknown: no policy passes anything by leaving it out.

mod answers;
mod archive;
mod brackets;
mod bundle;
mod controls;
mod evaluate;
mod files;
mod graph;
mod input;
mod lists;
mod metadata;
mod selection;
mod test;
mod tree;
mod typed;
pub mod worker;

use std::collections::BTreeSet;

use serde_json::json;

use crate::config::Config;
use crate::facts::subject::Subject;
use crate::finding::waivers::Waivers;
use crate::finding::{Finding, Outcome, Resource, SourceLocation, fingerprint};
use crate::reason::{NotSeen, Reason};
use crate::snapshot::Origin;

pub use bundle::{Bundle, Policy, PolicyError, shipped, with_policy_files, with_user_policies};
pub use controls::FRAMEWORKS;
pub use files::PolicyFile;
pub use input::Input;
pub use metadata::Metadata;
pub use selection::{hint, select};
pub use test::{Coverage, TestResult, Tested, test};
pub use worker::{TIME_LIMIT, eval};

use answers::{Answer, Answers};

/// Runs every policy on the input. One broken policy does not stop the others: its answer is the outcome `error`.
pub fn evaluate(input: &Input, bundles: &[Bundle], config: &Config) -> Vec<Finding> {
    let waivers = Waivers::of(&config.waivers, input.collected_at, input.clock_is_doubtful);
    let findings = evaluate::run(bundles, input, |policy, answers| {
        let host = Host { input, policy, config, waivers: &waivers };
        match answers {
            Ok(answers) => host.findings(answers),
            Err(message) => vec![host.broken(message)],
        }
    });
    let mut findings: Vec<Finding> = findings.into_iter().flatten().collect();
    findings.sort_by(|a, b| {
        (a.outcome, b.severity, &a.policy, &a.subject).cmp(&(b.outcome, a.severity, &b.policy, &b.subject))
    });
    findings
}

/// What a scan that was stopped did not come to, nobody knows: nothing passes on it, and nothing is not applicable.
fn of_a_stopped_scan(finding: &mut Finding) {
    if matches!(finding.outcome, Outcome::Pass | Outcome::NotApplicable) {
        let reason = Reason::from(NotSeen::ScanStopped);
        finding.outcome = Outcome::Unknown;
        finding.message = reason.to_string();
        finding.reasons = vec![json!(reason)];
    }
}

/// Turns one policy's answers into findings.
struct Host<'a> {
    input: &'a Input,
    policy: &'a Policy,
    config: &'a Config,
    waivers: &'a Waivers<'a>,
}

impl Host<'_> {
    fn findings(&self, answers: Answers) -> Vec<Finding> {
        let mut findings = self.findings_of(answers);
        if self.input.was_stopped {
            findings.iter_mut().for_each(of_a_stopped_scan);
        }
        findings
    }

    fn findings_of(&self, mut answers: Answers) -> Vec<Finding> {
        for (subject, answer) in self.unseen() {
            answers.unknown.entry(subject.id.clone()).or_default().push(answer);
            answers.subjects.entry(subject.id.clone()).or_insert(subject);
        }
        if answers.subjects.is_empty() {
            let message = format!("not applicable: {}", self.policy.metadata.not_applicable);
            let finding = self.finding(&self.input.account, Outcome::NotApplicable, vec![Answer::note(message)]);
            return vec![finding];
        }
        let subjects = std::mem::take(&mut answers.subjects);
        subjects.into_values().map(|subject| self.judged(&subject, &mut answers)).collect()
    }

    /// What may be missing from the lists that the policy reads.
    fn unseen(&self) -> Vec<(Subject, Answer)> {
        let mut lists = self.input.lists_with_unseen().peekable();
        if lists.peek().is_none() {
            return vec![];
        }
        let read = self.policy.lists_read();
        let is_read = |list: &&str| read.as_ref().is_none_or(|read| read.contains(*list));
        lists.filter(is_read).flat_map(|list| self.input.unseen(list)).collect()
    }

    fn judged(&self, subject: &Subject, answers: &mut Answers) -> Finding {
        let mut finding = self.told(subject, answers);
        if finding.outcome == Outcome::Unknown {
            self.waivers.apply_to_unknown(&mut finding);
        }
        finding
    }

    /// Fail over unknown over pass.
    fn told(&self, subject: &Subject, answers: &mut Answers) -> Finding {
        let unknown = answers.unknown.remove(&subject.id);
        if let Some(mut fail) = answers.fail.remove(&subject.id) {
            // What of it could not be told stands beside what fails, and outlives a waiver of the failure.
            let is_whole = unknown.is_none();
            let left = if is_whole { Outcome::Waived } else { Outcome::Unknown };
            fail.extend(unknown.unwrap_or_default());
            let mut finding = self.finding(subject, Outcome::Fail, fail);
            finding.incomplete = !is_whole;
            self.waivers.apply(&mut finding, left);
            return finding;
        }
        match (unknown, answers.pass.remove(&subject.id)) {
            (Some(unknown), _) => self.finding(subject, Outcome::Unknown, unknown),
            (None, Some(pass)) => self.finding(subject, Outcome::Pass, pass),
            (None, None) if answers.is_conftest && *subject == self.input.account => {
                self.finding(subject, Outcome::Pass, vec![])
            }
            (None, None) => {
                let message = "the policy neither shows that it holds nor that it fails".to_owned();
                self.finding(subject, Outcome::Unknown, vec![Answer::note(message)])
            }
        }
    }

    fn broken(&self, message: String) -> Finding {
        let message = format!("the policy broke: {message}");
        self.finding(&self.input.account, Outcome::Error, vec![Answer::note(message)])
    }

    /// One finding of several answers for a subject: all messages, the worst severity, the first evidence with the
    /// others beside it.
    fn finding(&self, subject: &Subject, outcome: Outcome, answers: Vec<Answer>) -> Finding {
        let metadata = &self.policy.metadata;
        let own = self.policy.metadata.severity;
        let worst = answers.iter().map(|answer| answer.severity.unwrap_or(own)).max();
        let severity = self.policy.level.or(worst).unwrap_or(own);
        let messages: BTreeSet<&str> = answers.iter().map(|answer| answer.message.as_str()).collect();
        let message = messages.into_iter().collect::<Vec<_>>().join("; ");
        let (mut reasons, mut evidence) = (vec![], vec![]);
        for answer in answers {
            reasons.extend(answer.reasons.into_iter().filter(|reason| !reason.is_null()));
            evidence.push(answer.evidence);
        }
        let mut evidence = evidence.into_iter();
        let mut first = evidence.next().unwrap_or(serde_json::Value::Null);
        let others: Vec<serde_json::Value> = evidence.filter(|other| !other.is_null() && *other != first).collect();
        if let (false, Some(object)) = (others.is_empty(), first.as_object_mut()) {
            object.insert("others".to_owned(), json!(others));
        }
        Finding {
            policy: self.policy.id.clone(),
            subject: subject.id.clone(),
            resource: Resource { kind: subject.kind, account: subject.account.clone(), region: subject.region.clone() },
            outcome,
            severity,
            title: metadata.title.clone(),
            message,
            reasons,
            evidence: first,
            remediation: metadata.remediation.clone(),
            controls: metadata.controls.clone(),
            location: self.location_of(subject),
            fingerprint: fingerprint(&subject.account, &self.policy.id, &subject.id),
            waiver: None,
            incomplete: false,
            standing: None,
        }
    }

    /// Where the subject is declared; the config's first line for what AWS told of.
    fn location_of(&self, subject: &Subject) -> SourceLocation {
        let (file, line) = match &subject.declared_at {
            Some(Origin::File { path, line }) => (path.clone(), *line),
            Some(Origin::Config { line }) => (self.config.path.display().to_string(), *line),
            _ => (self.config.path.display().to_string(), 1),
        };
        SourceLocation { file, line }
    }
}
