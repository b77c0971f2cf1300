//! Failures and unknowns that are accepted until a day.

use std::collections::{HashMap, HashSet};

use time::Date;

use super::{AppliedWaiver, Finding, Outcome};
use crate::aws::timestamp::Timestamp;
use crate::config::{Waivable, Waiver};
use crate::glob::glob;

/// The config's waivers, by policy and what they accept.
pub struct Waivers<'a> {
    all: &'a [Waiver],
    of_policy: HashMap<(&'a str, Waivable), OfPolicy<'a>>,
    today: Date,
    /// The clock is not to be relied on, so that nobody can tell which day it is.
    is_doubtful: bool,
}

#[derive(Default)]
struct OfPolicy<'a> {
    /// By subject; of several waivers the one that holds longest counts.
    longest: HashMap<&'a str, &'a Waiver>,
    /// Those with `*` in the subject.
    patterns: Vec<&'a Waiver>,
}

impl<'a> OfPolicy<'a> {
    fn longest(&self, subject: &str) -> Option<&'a Waiver> {
        let matching = self.patterns.iter().filter(|waiver| glob(&waiver.subject, subject));
        self.longest.get(subject).into_iter().chain(matching).copied().max_by_key(|waiver| waiver.expires)
    }
}

impl<'a> Waivers<'a> {
    /// `at`: the snapshot's clock; `is_doubtful`: which is not to be relied on.
    pub fn of(waivers: &'a [Waiver], at: Timestamp, is_doubtful: bool) -> Waivers<'a> {
        let mut of_policy: HashMap<(&str, Waivable), OfPolicy> = HashMap::new();
        for waiver in waivers {
            let known = of_policy.entry((&waiver.policy, waiver.outcome)).or_default();
            if waiver.subject.contains('*') {
                known.patterns.push(waiver);
                continue;
            }
            let longest = known.longest.entry(&waiver.subject).or_insert(waiver);
            if waiver.expires > longest.expires {
                *longest = waiver;
            }
        }
        Waivers { all: waivers, of_policy, today: at.0.date(), is_doubtful }
    }

    fn find(&self, finding: &Finding, accepts: Waivable) -> Option<&'a Waiver> {
        self.of_policy.get(&(&*finding.policy, accepts))?.longest(&finding.subject)
    }

    /// A failure that a waiver covers is `left`, until the waiver's last day: waived, or unknown where a part of it could not
    /// be told.
    pub fn apply(&self, finding: &mut Finding, left: Outcome) {
        let Some(waiver) = self.find(finding, Waivable::Fail) else { return };
        if self.is_doubtful {
            finding.outcome = Outcome::Unknown;
        } else if self.today <= waiver.expires {
            finding.outcome = left;
        }
        self.note(finding, waiver);
    }

    /// An unknown that a waiver covers is waived, until the waiver's last day. What is left of a waived failure is one, too.
    pub fn apply_to_unknown(&self, finding: &mut Finding) {
        let is_noted = self.is_doubtful && finding.waiver.is_some();
        let Some(waiver) = self.find(finding, Waivable::Unknown).filter(|_| !is_noted) else { return };
        if !self.is_doubtful && self.today <= waiver.expires {
            finding.outcome = Outcome::Waived;
            // A failure that is waived as well has a message of its own.
            if finding.waiver.is_none() {
                finding.message = format!("unknown: {}", finding.message);
            }
        }
        self.note(finding, waiver);
    }

    /// Whose waiver it is, and why it does not hold, where it does not.
    fn note(&self, finding: &mut Finding, waiver: &Waiver) {
        if self.is_doubtful {
            finding.message =
                format!("{} (whether its waiver still holds this machine's clock does not tell)", finding.message);
        } else if self.today > waiver.expires {
            finding.message = format!("{} (its waiver expired on {})", finding.message, waiver.expires);
        }
        finding.waiver = Some(AppliedWaiver {
            accepts: match waiver.outcome {
                Waivable::Fail => Outcome::Fail,
                Waivable::Unknown => Outcome::Unknown,
            },
            reason: waiver.reason.clone(),
            owner: waiver.owner.clone(),
            expires: waiver.expires.to_string(),
        });
    }

    /// Waivers that no finding answers to: they have outlived their reason, or never had one.
    pub fn unused(&self, findings: &[Finding]) -> Vec<&'a Waiver> {
        let mut waived: HashMap<&str, HashSet<&str>> = HashMap::new();
        for finding in findings.iter().filter(|finding| finding.waiver.is_some()) {
            waived.entry(&finding.policy).or_default().insert(&finding.subject);
        }
        let is_used = |waiver: &&Waiver| {
            waived.get(&*waiver.policy).is_some_and(|subjects| match waiver.subject.contains('*') {
                true => subjects.iter().any(|subject| glob(&waiver.subject, subject)),
                false => subjects.contains(&*waiver.subject),
            })
        };
        self.all.iter().filter(|waiver| !is_used(waiver)).collect()
    }
}
