//! Was a recorder changed within the window, as far as log records show; and could they show it?

use std::collections::BTreeSet;

use super::View;
use crate::aws::arn::{Arn, RoleArn};
use crate::aws::location::Location;
use crate::aws::timestamp::Timestamp;
use crate::coverage::recorder::Recorder;
use crate::reason::{OfObjects, OfRecords, Reason};
use crate::snapshot::{Change, Window};

impl View<'_> {
    /// Known changes of the recorder since the window began. One that names none by its ARN may be of any that its account
    /// sees.
    pub(super) fn changed(&self, recorder: &Recorder, window: Window) -> Vec<Reason> {
        let changes = self.world.snapshot.changes.iter().filter(|change| change.at >= window.start);
        let is_of_it = |change: &&Change| match change.resource.as_deref().filter(|arn| Arn::parse(arn).is_some()) {
            Some(arn) => arn == recorder.arn,
            None => self.world.is_seen_by(&recorder.arn, &change.account),
        };
        let of_it = changes.filter(is_of_it);
        let reason = |change: &Change| {
            let event_name = change.event_name.clone();
            OfRecords::ChangedInWindow { recorder: recorder.name.clone(), event_name, at: change.at }.into()
        };
        of_it.map(reason).collect()
    }

    /// An organization's trail is changed by its owner, or by whoever administers CloudTrail for the organization: their log files of its
    /// home region show it, and are those of other accounts than the ones whose events are asked for.
    pub(super) fn changes_not_seen(&self, recorder: &Recorder, window: Window) -> Vec<Reason> {
        let Some(trail) = self.world.trail(&recorder.arn).filter(|trail| trail.is_organization_trail == Some(true))
        else {
            return vec![];
        };
        let home = &trail.home_region;
        let organization = self.world.snapshot.organization.as_ref();
        let administrators =
            organization.iter().flat_map(|organization| organization.delegated_administrators.iter().flatten());
        let changers = administrators.map(String::as_str).chain([trail.account()]);
        let changers: BTreeSet<&str> = changers.filter(|id| !recorder.accounts.iter().any(|own| own == id)).collect();
        let delivered = self.records.and_then(|records| records.delivered_regions.get(&recorder.arn));
        let last = trail.status.get(home).and_then(|status| status.latest_delivery_time);
        let is_silent = last.is_some_and(|last| last < window.start);
        let is_seen = |account: &str| {
            let of_changer = Recorder { accounts: vec![account.to_owned()], ..recorder.clone() };
            let readings = self.accesses.readings(&of_changer, home);
            let never =
                delivered.and_then(|of_trail| of_trail.get(account)).is_some_and(|regions| !regions.contains(home));
            let is_whole = !readings.is_empty() && readings.iter().all(|reading| reading.is_complete());
            is_silent || never || (is_whole && self.not_intact(&of_changer, home).is_none())
        };
        let mut missing = Vec::new();
        if organization.is_some_and(|organization| organization.delegated_administrators.is_none()) {
            missing.push(OfRecords::AdministratorsUnknown { recorder: recorder.name.clone() }.into());
        }
        let unseen = changers.into_iter().filter(|account| !is_seen(account));
        let reason = |account: &str| {
            let (recorder, account, region) = (recorder.name.clone(), account.to_owned(), home.clone());
            OfRecords::ChangesNotSeen { recorder, account, region }.into()
        };
        missing.extend(unseen.map(reason));
        missing
    }

    /// What was changed there since: an object's record may be of before.
    pub(super) fn changes_there(&self, object: &Location, role: &RoleArn, since: Timestamp) -> Vec<Reason> {
        let Ok(region) = self.world.bucket_region(&object.bucket) else { return vec![] };
        let Ok(set) = self.world.recorders_at(&object.bucket, region, Some(role)) else { return vec![] };
        let window = Window { start: since, end: self.world.at };
        let mut changes: Vec<Reason> =
            set.recorders.iter().flat_map(|recorder| self.changed(recorder, window)).collect();
        for recorder in &set.recorders {
            let status = self.world.trail(&recorder.arn).and_then(|trail| trail.status.get(region));
            if let Some(at) = status.and_then(|status| status.stop_logging_time).filter(|at| *at >= since) {
                changes.push(OfObjects::StoppedSince { recorder: recorder.name.clone(), at }.into());
            }
        }
        changes
    }
}
