//! Unknown answers by what they wait for: one cause is told once, however many answers it holds up.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Outcome};
use crate::reason::{NotSeen, Reason};

/// What some answers wait for, and which.
pub(super) struct Cause<'a> {
    pub texts: Vec<String>,
    pub answers: usize,
    /// Policies that wait on the same subjects, with these.
    pub waiting: Vec<(Vec<&'a str>, Vec<&'a str>)>,
}

/// One cause, with the region apart: a denied call is one cause in all regions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Where the text goes on behind the regions.
    before: String,
    after: String,
}

/// Where each cause was met.
type Regions = BTreeMap<Key, BTreeSet<String>>;

/// The causes of all unknown findings; that which holds up most comes first.
pub(super) fn causes<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Cause<'a>> {
    let mut by_keys: BTreeMap<BTreeSet<Key>, (Regions, Vec<&Finding>)> = BTreeMap::new();
    for finding in findings.into_iter().filter(|finding| finding.outcome == Outcome::Unknown) {
        let found = keys(finding);
        let (regions, waiting) = by_keys.entry(found.iter().map(|(key, _)| key.clone()).collect()).or_default();
        for (key, region) in found {
            regions.entry(key).or_default().extend(region);
        }
        waiting.push(finding);
    }
    let mut causes: Vec<Cause> = by_keys.into_values().map(|(texts, findings)| cause(&texts, &findings)).collect();
    causes.sort_by(|a, b| (b.answers, &a.texts).cmp(&(a.answers, &b.texts)));
    causes
}

/// What a finding waits for, each with its region where that does not matter. What was seen is no cause.
fn keys(finding: &Finding) -> Vec<(Key, Option<String>)> {
    let whole = || vec![(Key { before: finding.message.clone(), after: String::new() }, None)];
    let reasons: Option<Vec<Reason>> =
        finding.reasons.iter().map(|reason| serde_json::from_value(reason.clone()).ok()).collect();
    let Some(reasons) = reasons else { return whole() };
    let causes: Vec<&Reason> = reasons.iter().filter(|reason| !reason.is_of_what_was_seen()).collect();
    if causes.is_empty() { whole() } else { causes.into_iter().map(key).collect() }
}

fn key(reason: &Reason) -> (Key, Option<String>) {
    let text = reason.to_string();
    if let Reason::NotSeen(NotSeen::CallFailed { failure }) = reason
        && let Some((before, after)) = text.split_once(&format!(" in {}: ", failure.region))
    {
        let key = Key { before: before.to_owned(), after: format!(": {after}") };
        return (key, Some(failure.region.clone()));
    }
    (Key { before: text, after: String::new() }, None)
}

fn cause<'a>(keys: &Regions, findings: &[&'a Finding]) -> Cause<'a> {
    let text = |(key, regions): (&Key, &BTreeSet<String>)| {
        let regions: Vec<&str> = regions.iter().map(String::as_str).collect();
        let place = if regions.is_empty() { String::new() } else { format!(" in {}", regions.join(" ")) };
        format!("{}{place}{}", key.before, key.after)
    };
    let mut subjects: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for finding in findings {
        subjects.entry(&finding.policy).or_default().insert(&finding.subject);
    }
    let mut waiting: BTreeMap<BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (policy, subjects) in subjects {
        waiting.entry(subjects).or_default().push(policy);
    }
    let waiting = waiting.into_iter().map(|(subjects, policies)| (policies, subjects.into_iter().collect()));
    Cause { texts: keys.iter().map(text).collect(), answers: findings.len(), waiting: waiting.collect() }
}
