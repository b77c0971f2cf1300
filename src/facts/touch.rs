//! Who touched the declared locations, besides whom an `[[access]]` table approves: long-lived credentials, other accounts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::approval::{SHOWN, names};
use super::evidence::{is_at, is_denied};
use super::{DeclaredFact, Judgement, View};
use crate::config::{AccessRule, Config};
use crate::coverage::event::Access;
use crate::location::Location;
use crate::snapshot::{AccessRecord, Records};

/// A question about the principal of an access: `Some(true)`: it is what is looked for; `None`: the record does not say.
type Is<'v> = dyn Fn(&AccessRecord) -> Option<bool> + 'v;

impl View<'_> {
    /// Every declared location once, where records are asked for.
    pub fn declared_facts(&self, config: &Config) -> Vec<DeclaredFact> {
        if self.snapshot.records.is_none() && config.records.is_none() && config.access_rules.is_empty() {
            return vec![];
        }
        let redshift = config.redshift.iter().map(|entry| (&entry.location, entry.line));
        let rules = config.access_rules.iter().map(|rule| (&rule.location, rule.line));
        let mut lines: BTreeMap<&Location, usize> = BTreeMap::new();
        for (location, line) in redshift.chain(rules) {
            lines.entry(location).or_insert(line);
        }
        lines.into_iter().map(|(location, line)| self.declared_fact(location, line, config)).collect()
    }

    fn declared_fact(&self, location: &Location, line: usize, config: &Config) -> DeclaredFact {
        let rules: Vec<&AccessRule> = config.access_rules.iter().filter(|rule| rule.location == *location).collect();
        let long_lived = |access: &AccessRecord| match access.principal_type.as_str() {
            "user" | "root" | "federated_user" => Some(true),
            // Another account's copy, or a form that is not known: it may be a user.
            "account" | "unknown" => None,
            _ => Some(false),
        };
        let own = self.snapshot.bucket(&location.bucket).and_then(|bucket| bucket.account.as_ref());
        let foreign = |access: &AccessRecord| {
            if rules.iter().any(|rule| rule.approves(access) == Some(true)) {
                return Some(false);
            }
            match (access.principal_type.as_str(), &access.account) {
                ("anonymous", _) => Some(true),
                ("service", _) => Some(false),
                (_, Some(account)) => own.map(|own| own != account),
                (_, None) => None,
            }
        };
        DeclaredFact {
            location: location.to_string(),
            bucket: location.bucket.clone(),
            line,
            long_lived_keys: self.touched_by(location, ("user", "an IAM user or root"), &long_lived),
            foreign_accounts: self.touched_by(location, ("account", "a principal of another account"), &foreign),
        }
    }

    /// `seen` by one access, whatever else is known; `none` only where everything is recorded and all of it was read.
    fn touched_by(&self, location: &Location, (what, whom): (&str, &str), is: &Is<'_>) -> Judgement {
        let records = match self.records_of(location) {
            Ok(records) => records,
            Err(unknown) => return unknown,
        };
        // Not turned away, and none of the scan's own.
        let is_touch =
            |access: &&AccessRecord| is_at(location, access) && !is_denied(access) && !self.is_own_call(access);
        let touches: Vec<&AccessRecord> = records.accesses.iter().filter(is_touch).collect();
        let of = |answer: Option<bool>| -> Vec<&AccessRecord> {
            touches.iter().copied().filter(|access| is(access) == answer).collect()
        };
        let (seen, untold) = (of(Some(true)), of(None));
        if !seen.is_empty() {
            let message = format!("touched by {whom}: {}", names(&seen).join(", "));
            return Judgement { status: "seen", message, evidence: evidence("seen", &seen, records) };
        }
        let coverage = self.coverage(location, Access::All, None);
        let mut missing = self.missing_evidence(location, records, &coverage);
        if !untold.is_empty() {
            missing.push(format!("of {} the records do not say the {what}", names(&untold).join(", ")));
        }
        if missing.is_empty() {
            let message = format!("no access by {whom}; selectors are assumed unchanged since");
            return Judgement { status: "none", message, evidence: evidence("seen", &[], records) };
        }
        let mut evidence = evidence("untold", &untold, records);
        evidence["unknown_because"] = json!(missing);
        let message = format!("no access by {whom} was seen, but {}", missing.join("; "));
        Judgement { status: "unknown", message, evidence }
    }
}

fn evidence(name: &str, accesses: &[&AccessRecord], records: &Records) -> Value {
    json!({
        name: accesses.iter().take(SHOWN).collect::<Vec<_>>(),
        format!("{name}_groups"): accesses.len(),
        "window": records.window,
        "read": records.read,
    })
}
