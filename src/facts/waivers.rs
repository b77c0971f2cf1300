//! Does a waiver still hold?

use std::collections::HashMap;

use serde_json::json;
use time::Date;

use super::View;
use super::input::WaiverFact;
use super::judgement::{Judgement, Term};
use super::subject::{Subject, SubjectKind};
use crate::config::{Waivable, Waiver};
use crate::reason::{OfConfig, Reason};
use crate::snapshot::{FactKind, Origin};

/// What a waiver is on: of several tables on the same, the one that holds longest counts.
type On<'a> = (&'a str, &'a str, Waivable);

fn on(waiver: &Waiver) -> On<'_> {
    (&waiver.policy, &waiver.subject, waiver.outcome)
}

impl View<'_> {
    /// Every `[[waiver]]` table.
    pub(super) fn waiver_facts(&self) -> Vec<WaiverFact> {
        let mut last: HashMap<On, Date> = HashMap::new();
        for waiver in &self.config.waivers {
            let day = last.entry(on(waiver)).or_insert(waiver.expires);
            *day = waiver.expires.max(*day);
        }
        let fact = |waiver: &Waiver| WaiverFact {
            subject: Subject {
                kind: SubjectKind::Waiver,
                id: format!("{} on {}", waiver.policy, waiver.subject),
                account: self.scanning_account().to_owned(),
                region: None,
                declared_at: Some(Origin::Config { line: waiver.line }),
            },
            policy: waiver.policy.clone(),
            of: waiver.subject.clone(),
            owner: waiver.owner.clone(),
            term: self.term(waiver, last[&on(waiver)]),
        };
        self.config.waivers.iter().map(fact).collect()
    }

    /// `last`: the last day of all tables on the same.
    fn term(&self, waiver: &Waiver, last: Date) -> Judgement<Term> {
        let doubts: Vec<Reason> = self.world.failures_anywhere(FactKind::Clock).take(1).map(Reason::failed).collect();
        if !doubts.is_empty() {
            return Judgement::unknown(doubts);
        }
        let today = self.world.at.0.date();
        let (day, owner) = (waiver.expires, waiver.owner.clone());
        let (status, reason) = if today <= day {
            (Term::Current, OfConfig::WaiverHolds { until: day.to_string() })
        } else if today <= last {
            (Term::Renewed, OfConfig::WaiverRenewed { on: day.to_string(), until: last.to_string() })
        } else {
            (Term::Expired, OfConfig::WaiverExpired { on: day.to_string(), owner })
        };
        Judgement::new(status, vec![reason.into()], json!({"expires": day.to_string(), "today": today.to_string()}))
    }
}
