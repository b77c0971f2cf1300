//! Does a trail record every management event of an account, wherever it happens?

use serde_json::json;

use super::input::AccountFact;
use super::judgement::{Judgement, ManagementCoverage, ManagementEvents};
use super::{View, account_subject};
use crate::coverage::management::{self, management_events};
use crate::coverage::recorder::Effect;
use crate::reason::{OfRecorder, OfTrail, Reason};
use crate::snapshot::{Account, FactKind, Trail};

impl View<'_> {
    /// Every account that was scanned.
    pub(super) fn account_facts(&self) -> Vec<AccountFact> {
        let fact = |account: &Account| AccountFact {
            subject: account_subject(account.id()),
            account: account.id().to_owned(),
            management_coverage: self.management_coverage(account),
        };
        self.world.snapshot.accounts.iter().map(fact).collect()
    }

    /// One trail must do it alone, as the rule of AWS Config asks (`multi-region-cloudtrail-enabled`).
    fn management_coverage(&self, account: &Account) -> Judgement<ManagementCoverage> {
        let (mut gaps, mut unknowns) = (vec![], vec![]);
        for trail in self.world.trails_near(account.id()) {
            let of_trail = |because: Vec<Reason>| OfTrail::Trail { trail: trail.name.clone(), because }.into();
            match self.records_everywhere(trail, account) {
                Everywhere::Yes => {
                    let reason = of_trail(vec![OfTrail::ManagementEventsEverywhere.into()]);
                    let evidence = json!({"trail": trail.trail_arn});
                    return Judgement::new(ManagementCoverage::Recorded, vec![reason], evidence);
                }
                Everywhere::No(reason) => gaps.push(of_trail(vec![reason])),
                Everywhere::Unknown(reasons) => unknowns.push(of_trail(reasons)),
            }
        }
        let hidden = [FactKind::Trails, FactKind::Regions].map(|kind| self.world.failures(account.id(), kind));
        for reason in hidden.into_iter().flatten().map(Reason::failed) {
            if !unknowns.contains(&reason) {
                unknowns.push(reason);
            }
        }
        if !unknowns.is_empty() {
            return Judgement::unknown(unknowns);
        }
        if gaps.is_empty() {
            gaps.push(OfTrail::NoTrail.into());
        }
        Judgement::new(ManagementCoverage::Gap, gaps, json!({}))
    }

    /// In all regions of the account that were scanned.
    fn records_everywhere(&self, trail: &Trail, account: &Account) -> Everywhere {
        let mut unknown: Vec<Reason> = vec![];
        match trail.is_multi_region_trail {
            Some(true) => {}
            Some(false) => return Everywhere::No(OfTrail::NotMultiRegion.into()),
            None => unknown.push(OfTrail::MultiRegionUnknown.into()),
        }
        let Judgement { status, reasons, .. } = self.management_events(trail);
        match (status, reasons.into_iter().next()) {
            (ManagementEvents::All, _) => {}
            (ManagementEvents::Part | ManagementEvents::None, Some(reason)) => return Everywhere::No(reason),
            (_, reason) => unknown.extend(reason),
        }
        if account.scope.regions.is_empty() {
            unknown.push(OfTrail::NoRegionScanned.into());
        }
        // It may be stopped in a region that the account has and that was not told.
        unknown.extend(self.world.failures(account.id(), FactKind::Regions).map(Reason::failed));
        for region in &account.scope.regions {
            match self.world.trail_effect(trail, account, region) {
                Effect::InEffect => {}
                Effect::None(reason) => return Everywhere::No(reason),
                Effect::Unknown(reason) => unknown.push(reason),
            }
        }
        if unknown.is_empty() { Everywhere::Yes } else { Everywhere::Unknown(unknown) }
    }

    pub(super) fn management_events(&self, trail: &Trail) -> Judgement<ManagementEvents> {
        let (status, reason) = match management_events(trail) {
            Ok(management::ManagementEvents::All) => (ManagementEvents::All, OfTrail::AllManagementEvents),
            Ok(management::ManagementEvents::Part(left_out)) => {
                (ManagementEvents::Part, OfTrail::ManagementEventsInPart { left_out })
            }
            Ok(management::ManagementEvents::None) => (ManagementEvents::None, OfTrail::NoManagementEvents),
            Err(OfRecorder::SelectorsUnread { .. }) if self.is_another_accounts(trail) => {
                (ManagementEvents::Unknown, OfTrail::SelectorsNotShown)
            }
            Err(reason) => return Judgement::unknown(vec![self.unread(trail, reason)]),
        };
        Judgement::plain(status, reason)
    }
}

enum Everywhere {
    Yes,
    No(Reason),
    Unknown(Vec<Reason>),
}
