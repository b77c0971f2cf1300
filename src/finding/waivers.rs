//! Failures that are known and accepted until a day.

use std::collections::{HashMap, HashSet};

use time::Date;

use super::{AppliedWaiver, Finding, Outcome};
use crate::aws::timestamp::Timestamp;
use crate::config::Waiver;

/// The config's waivers, by policy and subject.
pub struct Waivers<'a> {
    all: &'a [Waiver],
    /// Of several waivers the one that holds longest counts.
    longest: HashMap<(&'a str, &'a str), &'a Waiver>,
    today: Date,
    /// The clock is not to be relied on, so that nobody can tell which day it is.
    is_doubtful: bool,
}

impl<'a> Waivers<'a> {
    /// `at`: the snapshot's clock; `is_doubtful`: which is not to be relied on.
    pub fn of(waivers: &'a [Waiver], at: Timestamp, is_doubtful: bool) -> Waivers<'a> {
        let mut longest: HashMap<(&str, &str), &Waiver> = HashMap::new();
        for waiver in waivers {
            let known = longest.entry((&waiver.policy, &waiver.subject)).or_insert(waiver);
            if waiver.expires > known.expires {
                *known = waiver;
            }
        }
        Waivers { all: waivers, longest, today: at.0.date(), is_doubtful }
    }

    /// A failure that a waiver covers is `left`, until the waiver's last day.
    pub fn apply(&self, finding: &mut Finding, left: Outcome) {
        let Some(waiver) = self.longest.get(&(&*finding.policy, &*finding.subject)) else { return };
        if self.is_doubtful {
            finding.outcome = Outcome::Unknown;
            finding.message =
                format!("{} (whether its waiver still holds this machine's clock does not tell)", finding.message);
        } else if self.today <= waiver.expires {
            finding.outcome = left;
        } else {
            finding.message = format!("{} (its waiver expired on {})", finding.message, waiver.expires);
        }
        finding.waiver = Some(AppliedWaiver {
            reason: waiver.reason.clone(),
            owner: waiver.owner.clone(),
            expires: waiver.expires.to_string(),
        });
    }

    /// Waivers that no finding answers to: they have outlived their reason, or never had one.
    pub fn unused(&self, findings: &[Finding]) -> Vec<&'a Waiver> {
        let waived = findings.iter().filter(|finding| finding.waiver.is_some());
        let used: HashSet<(&str, &str)> = waived.map(|finding| (&*finding.policy, &*finding.subject)).collect();
        self.all.iter().filter(|waiver| !used.contains(&(&*waiver.policy, &*waiver.subject))).collect()
    }
}
