//! Who touched the declared locations, besides whom an `[[access]]` table approves: long-lived credentials, other accounts.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::View;
use super::approval::{Approved, SHOWN, names};
use super::denied::is_denied;
use super::input::DeclaredFact;
use super::judgement::{Judgement, Touch};
use crate::aws::location::Location;
use crate::aws::s3_events::Access;
use crate::reason::{OfAccess, PrincipalClass, PrincipalQuestion};
use crate::snapshot::{AccessRecord, Origin};

/// A question about the principal of an access: `Some(true)`: it is what is looked for; `None`: the record does not say.
type Is<'v> = dyn Fn(&AccessRecord) -> Option<bool> + 'v;

impl View<'_> {
    /// Every declared location once, where records are asked for.
    pub(super) fn declared_facts(&self) -> Vec<DeclaredFact> {
        let config = self.config;
        if self.records.is_none() && config.records.is_none() && config.access_rules.is_empty() {
            return vec![];
        }
        let redshift = config.redshift.iter().map(|entry| (&entry.location, entry.line));
        let rules = config.access_rules.iter().map(|rule| (&rule.location, rule.line));
        let mut lines: BTreeMap<&Location, usize> = BTreeMap::new();
        for (location, line) in redshift.chain(rules) {
            let first = lines.entry(location).or_insert(line);
            *first = line.min(*first);
        }
        let approved: HashMap<&Location, Approved> =
            config.access_rules.iter().map(|rule| (&rule.location, Approved::by(rule))).collect();
        let lines: Vec<(&Location, usize)> = lines.into_iter().collect();
        self.each(&lines, |view, (location, line)| view.declared_fact(location, *line, approved.get(location)))
    }

    fn declared_fact(&self, location: &Location, line: usize, approved: Option<&Approved>) -> DeclaredFact {
        let long_lived = |access: &AccessRecord| match access.principal_type.as_str() {
            "user" | "root" | "federated_user" => Some(true),
            "role" | "service" | "identity_center_user" | "anonymous" => Some(false),
            // Another account's copy, or a form that is not known: it may be a user.
            _ => None,
        };
        let own = self.world.bucket(&location.bucket).and_then(|bucket| bucket.account.as_ref());
        let foreign = |access: &AccessRecord| {
            let approves = approved.map_or(Some(false), |approved| approved.approves(access));
            let is_foreign = match (access.principal_type.as_str(), &access.account) {
                ("anonymous", _) => Some(true),
                // On whose behalf a service acts, the record does not say.
                ("service", _) | (_, None) => None,
                (_, Some(account)) => own.map(|own| own != account),
            };
            match (approves, is_foreign) {
                (Some(true), _) | (_, Some(false)) => Some(false),
                // It may be one that is approved.
                (None, _) => None,
                (Some(false), is_foreign) => is_foreign,
            }
        };
        DeclaredFact {
            subject: self.location_subject(location, Some(Origin::Config { line })),
            location: location.to_string(),
            bucket: location.bucket.clone(),
            long_lived_keys: self.touched_by(location, PrincipalClass::LongLivedKeys, &long_lived),
            foreign_accounts: self.touched_by(location, PrincipalClass::ForeignAccount, &foreign),
        }
    }

    /// `seen` by one access, whatever else is known; `none` only where everything is recorded and all of it was read.
    fn touched_by(&self, location: &Location, class: PrincipalClass, is: &Is<'_>) -> Judgement<Touch> {
        if let Err(reason) = self.records_of(location) {
            return Judgement::unknown(vec![reason]);
        }
        let (mut seen, mut unclear) = (vec![], vec![]);
        // Not turned away, and none of the scan's own.
        for access in self.accesses.at(location).filter(|access| !is_denied(access)) {
            match is(access) {
                Some(false) => {}
                _ if self.own_calls.contains(access) => {}
                Some(true) => seen.push(access),
                None => unclear.push(access),
            }
        }
        if !seen.is_empty() {
            let reason = OfAccess::TouchedBy { class, principals: names(&seen) };
            return Judgement::new(Touch::Seen, vec![reason.into()], self.touch_evidence("seen", &seen));
        }
        let coverage = self.coverage(location, Access::All, None);
        let mut missing = self.missing_of_touches(location, Access::All, &coverage);
        if !unclear.is_empty() {
            let question = match class {
                PrincipalClass::LongLivedKeys => PrincipalQuestion::WhichUser,
                PrincipalClass::ForeignAccount => PrincipalQuestion::WhichAccount,
            };
            missing.push(OfAccess::PrincipalUnclear { principals: names(&unclear), question }.into());
        }
        if missing.is_empty() {
            let reason = OfAccess::NotTouchedBy { class };
            return Judgement::new(Touch::None, vec![reason.into()], self.touch_evidence("seen", &[]));
        }
        let reasons = [vec![OfAccess::NoneSeen { class }.into()], missing].concat();
        Judgement::new(Touch::Unknown, reasons, self.touch_evidence("unclear", &unclear))
    }

    fn touch_evidence(&self, name: &str, accesses: &[&AccessRecord]) -> Value {
        json!({
            name: accesses[..accesses.len().min(SHOWN)],
            format!("{name}_groups"): accesses.len(),
            "window": self.records.and_then(|records| records.window),
        })
    }
}
