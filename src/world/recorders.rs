//! What may record events at a bucket, and stand-ins for what a failed call may have hidden.

use std::rc::Rc;

use super::World;
use super::by_account::{ByAccount, Far, Split};
use super::merge::SeenTrail;
use crate::aws::arn::{Arn, RoleArn};
use crate::aws::regions::is_opt_in;
use crate::coverage::event::Requirement;
use crate::coverage::fix::{self, Fix};
use crate::coverage::plan::{Plan, Wanted};
use crate::coverage::prove::RecorderSet;
use crate::coverage::recorder::{Effect, Recorder, Scene};
use crate::reason::{NotSeen, OfRecorder, Reason};
use crate::snapshot::{Account, Channel, EventDataStore, FactKind, RecorderKind, Trail};

impl World<'_> {
    /// Every trail, and event data store and channel where they count, as a recorder of events at this bucket; and stand-ins for those
    /// that may exist but could not be seen. `Err`: why it cannot be told whose trails record there.
    pub(crate) fn recorders_at(
        &self,
        bucket: &str,
        region: &str,
        role: Option<&RoleArn>,
    ) -> Result<Rc<RecorderSet>, Reason> {
        let is_owned = self.bucket(bucket).is_some_and(|bucket| bucket.account.is_some());
        let unowned = (!is_owned).then(|| bucket.to_owned());
        let key = (region.to_owned(), self.recording_accounts(bucket, role)?, unowned);
        if let Some(set) = self.sets.borrow().get(&key) {
            return Ok(Rc::clone(set));
        }
        let mut recorders = self.recorders_of(region, &key.1);
        if !is_owned {
            let because = self.bucket_failure(bucket);
            let reason = NotSeen::BucketOwnerUnknown { bucket: bucket.to_owned(), because };
            recorders.push(Recorder::unseen(None, "recorders of the bucket's owner".to_owned(), reason.into()));
        }
        let set = Rc::new(RecorderSet::new(recorders));
        self.sets.borrow_mut().insert(key, Rc::clone(&set));
        Ok(set)
    }

    /// The accounts whose trails record events at the bucket, scanned or not: its owner's record everyone's, the caller's
    /// its own (CloudTrail User Guide, "Logging data events", on other accounts' resources). `Err`: none of them was
    /// scanned.
    pub(crate) fn recording_accounts(&self, bucket: &str, role: Option<&RoleArn>) -> Result<Vec<String>, Reason> {
        let owner = self.bucket(bucket).and_then(|bucket| bucket.account.clone());
        let caller = role.map(|role| role.account.clone());
        let mut accounts: Vec<String> = owner.into_iter().chain(caller).collect();
        accounts.dedup();
        if !accounts.iter().any(|account| self.account(account).is_some()) {
            let because = self.bucket_failure(bucket);
            return Err(NotSeen::BucketOwnerUnknown { bucket: bucket.to_owned(), because }.into());
        }
        Ok(accounts)
    }

    /// The smallest change that records the requirement, in whichever account of those whose trails count there.
    pub(crate) fn fix(&self, requirement: &Requirement, recorders: &RecorderSet) -> Fix {
        let accounts = self.recording_accounts(&requirement.location.bucket, requirement.role.as_ref());
        let accounts = accounts.unwrap_or_else(|_| vec![String::new()]);
        // What is there already in an account that was not scanned, nobody knows.
        let accounts = accounts.iter().filter(|account| account.is_empty() || self.account(account).is_some());
        let proposed = accounts.map(|account| {
            let scene = self.scene(&requirement.region, account);
            fix::propose(requirement, &recorders.recorders, self.trails_near(account), scene)
        });
        // A call that closes the gap before the advice that none would.
        let is_advice = |fix: &Fix| matches!(fix, Fix::Other { .. });
        proposed.min_by_key(is_advice).unwrap_or(Fix::Other { needs: String::new() })
    }

    /// The calls that close these gaps together, each in an account whose trails count there and that was scanned.
    pub(crate) fn plan(&self, gaps: &[Requirement]) -> Plan {
        if !self.recorders.contains(&RecorderKind::Trail) {
            return Plan::without_trails(gaps);
        }
        let wanted = |gap: &Requirement| {
            let region = self.bucket_region(&gap.location.bucket).unwrap_or_default();
            let accounts = self.recording_accounts(&gap.location.bucket, gap.role.as_ref()).unwrap_or_default();
            let scanned = accounts.iter().filter_map(|account| self.account(account));
            let scenes = scanned.map(|account| self.scene(region, account.id())).collect();
            Wanted { requirement: gap.clone(), scenes }
        };
        let wanted: Vec<Wanted> = gaps.iter().map(wanted).collect();
        Plan::of(&wanted, self.trails(), |arn, account| self.is_seen_by(arn, account))
    }

    /// How many trails are in effect for the account in a region, and of how many that is not known.
    pub(crate) fn trails_there(&self, account: &Account, region: &str) -> (usize, usize) {
        let near = self.trails_by_account.split(&[account.id()]).near.into_iter();
        let seen = near.map(|place| self.trail_recorder(&self.trails[place], region, &[account]).effect);
        let unseen = self.unseen_trails(account, region).into_iter().map(|recorder| recorder.effect);
        seen.chain(unseen).fold((0, 0), |(in_effect, unknown), effect| match effect {
            Effect::InEffect => (in_effect + 1, unknown),
            Effect::Unknown(_) => (in_effect, unknown + 1),
            Effect::None(_) => (in_effect, unknown),
        })
    }

    /// Whether the trail is in effect for the account in a region.
    pub(crate) fn trail_effect(&self, trail: &Trail, account: &Account, region: &str) -> Effect {
        // Every trail of a world is one that was seen.
        let unseen = || Effect::Unknown(self.not_scanned(account.id()));
        self.seen_trail(&trail.trail_arn)
            .map_or_else(unseen, |seen| self.trail_recorder(seen, region, &[account]).effect)
    }

    /// Trails that may record what happens in the account.
    pub(crate) fn trails_near(&self, account: &str) -> impl Iterator<Item = &Trail> {
        self.trails_by_account.split(&[account]).near.into_iter().map(|place| &self.trails[place].trail)
    }

    fn scene<'s>(&'s self, region: &'s str, account: &'s str) -> Scene<'s> {
        // What an account was told is as old as its own answer.
        let at = self.account(account).map_or(self.at, |account| account.collected_at);
        Scene { partition: self.partition(), region, account, at }
    }

    fn recorders_of(&self, region: &str, accounts: &[String]) -> Vec<Recorder> {
        let mut recorders = Vec::new();
        for id in accounts.iter().filter(|id| self.account(id).is_none()) {
            recorders.push(Recorder::unseen(None, format!("recorders of account {id}"), self.not_scanned(id)));
        }
        let accounts: Vec<&Account> = accounts.iter().filter_map(|id| self.account(id)).collect();
        if self.recorders.contains(&RecorderKind::Trail) {
            let of = |place: usize| self.trail_recorder(&self.trails[place], region, &accounts);
            recorders.extend(near_and_far(&self.trails_by_account, RecorderKind::Trail, &accounts, of));
            recorders.extend(accounts.iter().flat_map(|account| self.unseen_trails(account, region)));
        }
        if self.recorders.contains(&RecorderKind::EventDataStore) {
            let of = |place: usize| self.store_recorder(&self.stores[place], region, &accounts);
            recorders.extend(near_and_far(&self.stores_by_account, RecorderKind::EventDataStore, &accounts, of));
            recorders.extend(accounts.iter().flat_map(|account| self.unseen_stores(account)));
        }
        if self.recorders.contains(&RecorderKind::Channel) {
            let of = |place: usize| self.channel_recorder(self.channels[place], region, &accounts);
            recorders.extend(near_and_far(&self.channels_by_account, RecorderKind::Channel, &accounts, of));
            let unseen = |account: &&Account| self.unseen_of_any_region(account, RecorderKind::Channel);
            recorders.extend(accounts.iter().flat_map(unseen));
        }
        // Where one account was asked in the region, the other's recorders can only add.
        let unasked = accounts.iter().filter(|account| !account.scope.regions.contains(region));
        recorders.extend(unasked.map(|account| {
            let reason =
                NotSeen::AccountRegionNotScanned { account: account.id().to_owned(), region: region.to_owned() };
            Recorder::unseen(None, format!("recorders of account {}", account.id()), reason.into())
        }));
        recorders
    }

    /// The trail where it does most, with the failed call named where something of it is unknown.
    fn trail_recorder(&self, seen: &SeenTrail, region: &str, accounts: &[&Account]) -> Recorder {
        let arn = &seen.trail.trail_arn;
        let in_account = |account: &&Account| {
            let mut recorder = seen.recorder(self.scene(region, account.id()));
            if let Some(effect) = self.doubtful_membership(seen, account.id(), &recorder.effect) {
                recorder.effect = effect;
            }
            recorder
        };
        let mut recorder = most(accounts.iter().map(in_account), || seen.recorder(self.scene(region, "")));
        // How old a delivery is that failed decides whether it is still tried again.
        let fails = seen.trail.status.get(region).is_some_and(|status| status.latest_delivery_error.is_some());
        let doubt = accounts.iter().find_map(|account| self.failures(account.id(), FactKind::Clock).next());
        if let Some(doubt) = doubt.filter(|_| fails && recorder.effect == Effect::InEffect) {
            recorder.effect = Effect::Unknown(Reason::failed(doubt));
        }
        if seen.selectors_differ {
            recorder.selectors = Err(OfRecorder::SelectorsDiffer.into());
        }
        if let Err(Reason::OfRecorder(OfRecorder::SelectorsUnread { because, .. })) = &mut recorder.selectors {
            *because = self.trail_failure(arn, FactKind::Selectors, None);
        }
        if let Effect::Unknown(Reason::OfRecorder(OfRecorder::StatusUnknown { because, .. })) = &mut recorder.effect {
            *because = self.trail_failure(arn, FactKind::Status, Some(region));
        }
        recorder
    }

    /// A trail of an organization shows in the lists of its members. In one that does not show it, it is not in effect,
    /// or the account could not see it. Where a member has not enabled the trail's home region, the trail records nothing of it
    /// (CloudTrail User Guide, "Creating a trail for an organization").
    fn doubtful_membership(&self, seen: &SeenTrail, account: &str, effect: &Effect) -> Option<Effect> {
        if matches!(effect, Effect::None(_)) || seen.trail.account() == account {
            return None;
        }
        let home = &seen.trail.home_region;
        let may_lack_home = is_opt_in(home) && self.account(account).is_some_and(|of| !of.scope.regions.contains(home));
        let is_seen = seen.accounts.contains(&account);
        let account = account.to_owned();
        if is_seen {
            let doubt = OfRecorder::HomeRegionNotEnabled { account, region: home.clone() };
            return may_lack_home.then(|| Effect::Unknown(doubt.into()));
        }
        Some(match self.is_member(&account, seen.trail.account()) {
            Some(false) => Effect::None(OfRecorder::NotAMember { account }.into()),
            _ => Effect::Unknown(OfRecorder::NotAmongItsTrails { account }.into()),
        })
    }

    /// Whether the account is in the organization that the owner manages: the organization says so, or a trail of the owner in the
    /// account's list, which only an organization's can be. `None`: not known.
    fn is_member(&self, account: &str, owner: &str) -> Option<bool> {
        if self.trails_of_others(account).any(|trail| trail.account() == owner) {
            return Some(true);
        }
        let organization = self.snapshot.organization.as_ref()?;
        Some(organization.has(account)? && organization.management_account.as_deref()? == owner)
    }

    /// The trails in the account's list that it does not own: its organization's.
    fn trails_of_others<'s>(&'s self, account: &'s str) -> impl Iterator<Item = &'s Trail> {
        let shared = self.trails_by_account.shared().iter().map(|place| &self.trails[*place]);
        let seen = shared.filter(move |seen| seen.accounts.contains(&account)).map(|seen| &seen.trail);
        seen.filter(move |trail| trail.account() != account)
    }

    fn store_recorder(&self, store: &EventDataStore, region: &str, accounts: &[&Account]) -> Recorder {
        let of = |account: &str| {
            let recorder = Recorder::of_event_data_store(store, self.scene(region, account));
            let effect = match &recorder.effect {
                Effect::InEffect => self.effect_on_member(store, account),
                other => other.clone(),
            };
            Recorder { effect, ..recorder }
        };
        most(accounts.iter().map(|account| of(account.id())), || of(""))
    }

    /// An organization's store takes in the events of its members.
    fn effect_on_member(&self, store: &EventDataStore, account: &str) -> Effect {
        let owner = Arn::parse(&store.event_data_store_arn).map_or("", |arn| arn.account);
        let is_member = if owner == account { Some(true) } else { self.is_member(account, owner) };
        let account = account.to_owned();
        match is_member {
            Some(true) => Effect::InEffect,
            Some(false) => Effect::None(OfRecorder::NotAMember { account }.into()),
            None => Effect::Unknown(OfRecorder::MembershipUnknown { account }.into()),
        }
    }

    fn channel_recorder(&self, channel: &Channel, region: &str, accounts: &[&Account]) -> Recorder {
        let of = |account: &str| Recorder::of_channel(channel, self.scene(region, account));
        most(accounts.iter().map(|account| of(account.id())), || of(""))
    }

    /// Stand-ins for trails that a failed call of the account may have hidden. A multi-region one shows in every region.
    fn unseen_trails(&self, account: &Account, region: &str) -> Vec<Recorder> {
        let failures = self.failures(account.id(), FactKind::Trails).filter(|failure| failure.region == region);
        failures
            .map(|failure| {
                Recorder::unseen(Some(RecorderKind::Trail), "unseen trails".to_owned(), Reason::failed(failure))
            })
            .collect()
    }

    fn unseen_stores(&self, account: &Account) -> Vec<Recorder> {
        let mut unseen = self.unseen_of_any_region(account, RecorderKind::EventDataStore);
        unseen.extend(self.stores_of_organization(account.id()));
        unseen
    }

    /// Stand-ins for stores or channels: one of any region may take in the events of all.
    fn unseen_of_any_region(&self, account: &Account, kind: RecorderKind) -> Vec<Recorder> {
        let (fact, name, was_collected) = match kind {
            RecorderKind::Channel => (FactKind::Channels, "channels", account.channels.is_some()),
            _ => (FactKind::EventDataStores, "event data stores", account.event_data_stores.is_some()),
        };
        let unseen = |name: String, reason| Recorder::unseen(Some(kind), name, reason);
        let failures = self.failures(account.id(), fact);
        let mut all: Vec<Recorder> =
            failures.map(|failure| unseen(format!("unseen {name}"), Reason::failed(failure))).collect();
        if !was_collected {
            all.push(unseen(name.to_owned(), OfRecorder::RecordersNotCollected { kind }.into()));
        } else if account.scope.store_regions.is_none() && (self.some_regions || lacks_regions(account)) {
            all.push(unseen(name.to_owned(), OfRecorder::StoresOfOtherRegions.into()));
        }
        all
    }

    /// A member account cannot see its organization's event data stores, which belong to the management account (CloudTrail User
    /// Guide, "Organization event data stores"): what that one could not see is missing here too.
    fn stores_of_organization(&self, account: &str) -> Vec<Recorder> {
        let Some(management) = self.management_of(account) else { return vec![] };
        match self.account(management) {
            Some(management) => self.unseen_of_any_region(management, RecorderKind::EventDataStore),
            None => {
                let name = "an event data store of the organization".to_owned();
                let was_to_be = self.snapshot.not_entered.iter().any(|failure| failure.account == management);
                let reason = match was_to_be {
                    true => self.not_scanned(management),
                    false => OfRecorder::OrganizationStoreUnseen.into(),
                };
                vec![Recorder::unseen(Some(RecorderKind::EventDataStore), name, reason)]
            }
        }
    }

    /// The management account of the organization that the account is a member of: that of the organization that was asked, or the owner
    /// of the organization's trail, which its members see.
    fn management_of<'s>(&'s self, account: &'s str) -> Option<&'s str> {
        let organization = self.snapshot.organization.as_ref().filter(|of| of.has(account) != Some(false));
        let told = organization.and_then(|organization| organization.management_account.as_deref());
        let trail = || self.trails_of_others(account).next().map(Trail::account);
        told.or_else(trail).filter(|management| *management != account)
    }
}

/// Those that may take in the events of the accounts, and what is said of those that do not.
fn near_and_far(
    by_account: &ByAccount,
    kind: RecorderKind,
    accounts: &[&Account],
    of: impl Fn(usize) -> Recorder,
) -> Vec<Recorder> {
    let ids: Vec<&str> = accounts.iter().map(|account| account.id()).collect();
    let Split { near, far } = by_account.split(&ids);
    let mut recorders: Vec<Recorder> = near.into_iter().map(&of).collect();
    match far {
        Far::Few(places) => recorders.extend(places.into_iter().map(&of)),
        Far::Many(count) => recorders.push(Recorder::of_others(kind, count)),
    }
    recorders
}

/// Every account of the partition has this region, and cannot switch it off (Account Management Reference, "Regions that are
/// enabled by default"): where it was not looked at, others were not either.
fn lacks_regions(account: &Account) -> bool {
    account.scope.partition == "aws" && !account.scope.regions.contains("us-east-1")
}

/// Of one recorder as it is for several accounts, the one in which it records most, and the accounts of which it does.
fn most(recorders: impl Iterator<Item = Recorder>, otherwise: impl Fn() -> Recorder) -> Recorder {
    let rank = |recorder: &Recorder| match recorder.effect {
        Effect::InEffect => 0,
        Effect::Unknown(_) => 1,
        Effect::None(_) => 2,
    };
    let recorders: Vec<Recorder> = recorders.collect();
    let Some(best) = recorders.iter().map(rank).min() else { return otherwise() };
    let mut best = recorders.into_iter().filter(|recorder| rank(recorder) == best);
    let Some(mut most) = best.next() else { return otherwise() };
    most.accounts.extend(best.flat_map(|other| other.accounts));
    most
}
