//! Stage 4: Rego decides. The only folder that knows regorus.
//!
//! `metadata` reads a policy's header, `bundle` finds and loads policies, `evaluate` runs one; here their answers become
//! findings. A policy names its subjects and which of them fail or are unknown; `pass` is what the host computes for the
//! rest, so no policy can grant one by a boolean of its own.

mod bundle;
mod evaluate;
mod metadata;

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use serde_json::json;

use crate::config::{Config, Waiver};
use crate::facts::Facts;
use crate::finding::{AppliedWaiver, Finding, Outcome, SourceLocation, fingerprint};
use crate::snapshot::FactKind;

pub use bundle::{Policy, PolicyError, shipped, with_user_policies};
pub use metadata::{About, Metadata};

use evaluate::{Answer, Answers};

/// Runs every policy on the facts. One broken policy does not stop the others: its answer is the outcome `error`.
pub fn evaluate(facts: &Facts, policies: &[Policy], config: &Config) -> Result<Vec<Finding>, PolicyError> {
    let input = serde_json::to_string(facts).expect("facts have string keys and finite numbers");
    let input = Value::from_json_str(&input).map_err(|error| PolicyError::Input(error.to_string()))?;
    let mut findings = Vec::new();
    for policy in policies {
        let host = Host { facts, policy, config };
        match evaluate::run(policy, &input, &host.account_subject()) {
            Ok(answers) => findings.extend(host.findings(answers)),
            Err(message) => findings.push(host.broken(message)),
        }
    }
    findings.sort_by(|a, b| {
        (a.outcome, b.severity, &a.policy, &a.subject).cmp(&(b.outcome, a.severity, &b.policy, &b.subject))
    });
    Ok(findings)
}

/// Waivers that no finding answers to: they have outlived their reason, or never had one.
pub fn unused_waivers<'a>(config: &'a Config, findings: &[Finding]) -> Vec<&'a Waiver> {
    let used = |waiver: &Waiver| findings.iter().any(|finding| applies(waiver, finding) && finding.waiver.is_some());
    config.waivers.iter().filter(|waiver| !used(waiver)).collect()
}

fn applies(waiver: &Waiver, finding: &Finding) -> bool {
    waiver.policy == finding.policy && waiver.subject == finding.subject
}

/// Turns one policy's answers into findings.
struct Host<'a> {
    facts: &'a Facts,
    policy: &'a Policy,
    config: &'a Config,
}

impl Host<'_> {
    fn findings(&self, answers: Answers) -> Vec<Finding> {
        let mut unknown = answers.unknown;
        for (subject, message) in self.unseen_subjects() {
            unknown.entry(subject).or_default().push(Answer::unknown(message));
        }
        let subjects: BTreeSet<String> = answers.subjects.into_iter().chain(unknown.keys().cloned()).collect();
        if subjects.is_empty() {
            let message = format!("nothing to judge: no {}", self.policy.metadata.about_words());
            return vec![self.finding(self.account_subject(), Outcome::NotApplicable, vec![Answer::note(message)])];
        }
        let mut notes = answers.evidence;
        let mut fail = answers.fail;
        subjects
            .into_iter()
            .map(|subject| {
                if let Some(mut answers) = fail.remove(&subject) {
                    // What of it could not be told stands beside what fails, and outlives a waiver of the failure.
                    let untold = unknown.remove(&subject).unwrap_or_default();
                    let left = if untold.is_empty() { Outcome::Waived } else { Outcome::Unknown };
                    answers.extend(untold);
                    self.waived(self.finding(subject, Outcome::Fail, answers), left)
                } else if let Some(unknown) = unknown.remove(&subject) {
                    self.finding(subject, Outcome::Unknown, unknown)
                } else {
                    let note = notes.remove(&subject);
                    self.finding(subject, Outcome::Pass, note.unwrap_or_default())
                }
            })
            .collect()
    }

    fn broken(&self, message: String) -> Finding {
        let message = format!("the policy broke: {message}");
        self.finding(self.account_subject(), Outcome::Error, vec![Answer::note(message)])
    }

    /// One finding of several answers for a subject: all messages, the worst severity, the first evidence with the
    /// others beside it.
    fn finding(&self, subject: String, outcome: Outcome, answers: Vec<Answer>) -> Finding {
        let metadata = &self.policy.metadata;
        let severity = answers.iter().filter_map(|answer| answer.severity).max().unwrap_or(metadata.severity);
        let messages: BTreeSet<&str> = answers.iter().map(|answer| answer.message.as_str()).collect();
        let message = messages.into_iter().collect::<Vec<_>>().join("; ");
        let mut evidence = answers.into_iter().map(|answer| answer.evidence);
        let mut first = evidence.next().unwrap_or(serde_json::Value::Null);
        let others: Vec<serde_json::Value> = evidence.collect();
        if let (false, Some(object)) = (others.is_empty(), first.as_object_mut()) {
            object.insert("others".to_owned(), json!(others));
        }
        Finding {
            policy: self.policy.id.clone(),
            outcome,
            severity,
            title: metadata.title.clone(),
            message,
            evidence: first,
            remediation: metadata.remediation.clone(),
            controls: json!(metadata.controls),
            location: SourceLocation { file: self.config.path.display().to_string(), line: self.line_of(&subject) },
            fingerprint: fingerprint(&self.facts.scan.account, &self.policy.id, &subject),
            waiver: None,
            subject,
        }
    }

    /// A failure that a waiver covers is `left`, until the waiver's last day by the snapshot's clock.
    fn waived(&self, mut finding: Finding, left: Outcome) -> Finding {
        // Of several waivers the one that holds longest counts.
        let waivers = self.config.waivers.iter().filter(|waiver| applies(waiver, &finding));
        let Some(waiver) = waivers.max_by_key(|waiver| waiver.expires) else {
            return finding;
        };
        if self.facts.scan.collected_at.0.date() <= waiver.expires {
            finding.outcome = left;
        } else {
            finding.message = format!("{} (its waiver expired on {})", finding.message, waiver.expires);
        }
        finding.waiver = Some(AppliedWaiver {
            reason: waiver.reason.clone(),
            owner: waiver.owner.clone(),
            expires: waiver.expires.to_string(),
        });
        finding
    }

    /// Where a failed call may have hidden subjects of this policy: one unknown for each account and region.
    fn unseen_subjects(&self) -> BTreeMap<String, String> {
        let about = &self.policy.metadata.about;
        let hides = |kind: &FactKind| match kind {
            FactKind::Trails | FactKind::Regions => {
                about.contains(&About::Trails) || about.contains(&About::ValidatedTrails)
            }
            FactKind::Records => about.contains(&About::SeenUnloads) || about.contains(&About::RedshiftRoles),
            _ => false,
        };
        let gaps = self.facts.gaps.iter().filter(|gap| gap.makes_unknown.iter().any(hides));
        let mut unseen: BTreeMap<String, String> = BTreeMap::new();
        for gap in gaps {
            let message = unseen.entry(format!("{}/{}", gap.account, gap.region)).or_default();
            if !message.is_empty() {
                message.push_str("; ");
            }
            message.push_str(&format!("what may be there was not seen: {}", gap.reason));
        }
        unseen
    }

    fn account_subject(&self) -> String {
        self.facts.scan.account.clone()
    }

    /// The line that declares the subject, in the tables that the policy is about; else the first.
    fn line_of(&self, subject: &str) -> usize {
        let about = &self.policy.metadata.about;
        let unloads = self.facts.unloads.iter().filter(|_| about.contains(&About::Unloads));
        let copies = self.facts.copies.iter().filter(|_| about.contains(&About::Copies));
        let declared = unloads.chain(copies).map(|fact| (&fact.location, fact.line));
        let rules = self.facts.access_rules.iter().filter(|_| about.contains(&About::AccessRules));
        let touched = self.facts.declared.iter().filter(|_| about.contains(&About::Declared));
        let seen = self.facts.seen_unloads.iter().filter(|_| about.contains(&About::SeenUnloads));
        let mut all = declared
            .chain(rules.map(|rule| (&rule.location, rule.line)))
            .chain(touched.map(|place| (&place.location, place.line)))
            .chain(seen.map(|place| (&place.location, place.line)));
        all.find(|(location, _)| *location == subject).map_or(1, |(_, line)| line)
    }
}
