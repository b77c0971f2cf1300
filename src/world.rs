//! All accounts of a snapshot as one world at one time: what records at a place, whose buckets are where, and why
//! something is not known.
//!
//! An organization's trail that several accounts see is one recorder here (`merge`). A failed call of an account stands in
//! the way only of answers that need this account (`recorders`).

mod by_account;
mod merge;
mod recorders;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::aws::arn::Arn;
use crate::aws::timestamp::Timestamp;
use crate::coverage::prove::RecorderSet;
use crate::nearest::nearest;
use crate::reason::{NotSeen, Reason};
use crate::snapshot::{
    Account, Bucket, Channel, Cluster, EventDataStore, FactKind, Failure, RecorderKind, Snapshot, Trail,
};

use by_account::ByAccount;
use merge::SeenTrail;

type FailuresByAccount<'a> = HashMap<&'a str, HashMap<FactKind, Vec<&'a Failure>>>;
/// A region, the accounts whose recorders count there, and the bucket where its owner is not known.
type Place = (String, Vec<String>, Option<String>);

/// So many buckets are compared with a name that none has; with more, it takes longer than it helps.
const MOST_COMPARED: usize = 10_000;

/// The accounts at one time.
pub(crate) struct World<'a> {
    pub snapshot: &'a Snapshot,
    /// "Now", for every age.
    pub at: Timestamp,
    /// What counts as recording.
    recorders: Vec<RecorderKind>,
    /// Only some regions were asked for.
    some_regions: bool,
    accounts: BTreeMap<&'a str, &'a Account>,
    buckets: HashMap<&'a str, Bucket>,
    trails: Vec<SeenTrail<'a>>,
    /// Their places, by ARN.
    trail_places: HashMap<String, usize>,
    trails_by_account: ByAccount,
    stores: Vec<EventDataStore>,
    stores_by_account: ByAccount,
    channels: Vec<&'a Channel>,
    channels_by_account: ByAccount,
    failures: FailuresByAccount<'a>,
    /// The same of all accounts together, of those too that could not be entered.
    failures_anywhere: HashMap<FactKind, Vec<&'a Failure>>,
    /// By the bucket that was asked for, the first that leaves it unplaced; without one, what leaves any.
    bucket_failures: HashMap<Option<&'a str>, &'a Failure>,
    /// Made once for each region and the accounts whose recorders count there.
    sets: RefCell<HashMap<Place, Rc<RecorderSet>>>,
}

impl<'a> World<'a> {
    pub(crate) fn at(snapshot: &'a Snapshot, at: Timestamp) -> World<'a> {
        let mut failures = FailuresByAccount::new();
        let mut failures_anywhere: HashMap<FactKind, Vec<&Failure>> = HashMap::new();
        for failure in snapshot.failures() {
            let mut kinds = failure.makes_unknown.clone();
            if kinds.contains(&FactKind::Regions) {
                kinds.extend(FactKind::IN_REGIONS);
            }
            for kind in kinds {
                failures_anywhere.entry(kind).or_default().push(failure);
                failures.entry(&failure.account).or_default().entry(kind).or_default().push(failure);
            }
        }
        let mut bucket_failures = HashMap::new();
        for failure in failures_anywhere.get(&FactKind::Buckets).into_iter().flatten().copied() {
            bucket_failures.entry(failure.resource.as_deref()).or_insert(failure);
        }
        let trails = merge::trails(&snapshot.accounts);
        // Of one whose ARN names no account, nothing is known.
        let owned = |arn: &str, is_organizations: Option<bool>| {
            let owner = Arn::parse(arn).map_or("", |arn| arn.account);
            (owner.to_owned(), is_organizations.filter(|_| !owner.is_empty()))
        };
        let owner = |seen: &SeenTrail| owned(&seen.trail.trail_arn, seen.trail.is_organization_trail);
        let stores = merge::stores(&snapshot.accounts);
        let store_owner = |store: &EventDataStore| owned(&store.event_data_store_arn, store.organization_enabled);
        // An account lists its own only.
        let channels: Vec<&Channel> =
            snapshot.accounts.iter().flat_map(|account| &account.channels).flatten().collect();
        let channel_owner = |channel: &&Channel| owned(&channel.channel_arn, Some(false));
        let places = trails.iter().enumerate().map(|(place, seen)| (seen.trail.trail_arn.clone(), place));
        World {
            snapshot,
            at,
            trail_places: places.collect(),
            recorders: vec![RecorderKind::Trail],
            some_regions: false,
            accounts: snapshot.accounts.iter().map(|account| (account.id(), account)).collect(),
            buckets: merge::buckets(&snapshot.accounts),
            trails_by_account: ByAccount::of(trails.iter().map(owner)),
            trails,
            stores_by_account: ByAccount::of(stores.iter().map(store_owner)),
            stores,
            channels_by_account: ByAccount::of(channels.iter().map(channel_owner)),
            channels,
            failures,
            failures_anywhere,
            bucket_failures,
            sets: RefCell::default(),
        }
    }

    /// The same where other recorders count than trails (none listed: trails). `some_regions`: not all regions were asked for.
    pub(crate) fn counting(self, recorders: &[RecorderKind], some_regions: bool) -> World<'a> {
        let recorders = if recorders.is_empty() { self.recorders } else { recorders.to_vec() };
        World { recorders, some_regions, sets: RefCell::default(), ..self }
    }

    /// `aws`, `aws-cn`, …: the same for all accounts.
    pub(crate) fn partition(&self) -> &'a str {
        self.snapshot.accounts.first().map_or("", |account| &account.scope.partition)
    }

    pub(crate) fn account(&self, id: &str) -> Option<&'a Account> {
        self.accounts.get(id).copied()
    }

    /// Every trail once, as all accounts together know it.
    pub(crate) fn trails(&self) -> impl Iterator<Item = &Trail> {
        self.trails.iter().map(|seen| &seen.trail)
    }

    pub(crate) fn trail(&self, arn: &str) -> Option<&Trail> {
        self.seen_trail(arn).map(|seen| &seen.trail)
    }

    pub(crate) fn clusters(&self) -> impl Iterator<Item = &'a Cluster> {
        self.snapshot.accounts.iter().flat_map(|account| &account.clusters)
    }

    /// The regions that were looked at in the accounts that see the trail.
    pub(crate) fn regions_of(&self, trail_arn: &str) -> impl Iterator<Item = &'a String> {
        let accounts = self.seen_trail(trail_arn).into_iter().flat_map(|seen| &seen.accounts);
        accounts.filter_map(|account| self.account(account)).flat_map(|account| &account.scope.regions)
    }

    /// The regions that were looked at in any account.
    pub(crate) fn scanned_regions(&self) -> impl Iterator<Item = &'a String> {
        self.snapshot.accounts.iter().flat_map(|account| &account.scope.regions)
    }

    /// The failed calls of an account that leave this kind of fact incomplete.
    pub(crate) fn failures<'s>(
        &'s self,
        account: &str,
        kind: FactKind,
    ) -> impl Iterator<Item = &'a Failure> + use<'s, 'a> {
        self.failures.get(account).and_then(|kinds| kinds.get(&kind)).into_iter().flatten().copied()
    }

    /// The same of every account, of those too that could not be entered.
    pub(crate) fn failures_anywhere(&self, kind: FactKind) -> impl Iterator<Item = &'a Failure> {
        self.failures_anywhere.get(&kind).into_iter().flatten().copied()
    }

    /// Why nothing of the account is known.
    pub(crate) fn not_scanned(&self, account: &str) -> Reason {
        let failure = self.snapshot.not_entered.iter().find(|failure| failure.account == account);
        let because = failure.map(|failure| Box::new(Reason::failed(failure)));
        NotSeen::AccountNotScanned { account: account.to_owned(), because }.into()
    }

    /// Where the bucket is and whose, as far as any account knows.
    pub(crate) fn bucket(&self, name: &str) -> Option<&Bucket> {
        self.buckets.get(name)
    }

    /// The bucket's region; `Err`: why it is not known, or why nothing is known of it.
    pub(crate) fn bucket_region(&self, bucket: &str) -> Result<&str, Reason> {
        let found = self.bucket(bucket);
        let Some(region) = found.and_then(|found| found.region.as_deref()) else {
            let because = self.bucket_failure(bucket);
            return Err(NotSeen::BucketRegionUnknown { bucket: bucket.to_owned(), because }.into());
        };
        let owner = found.and_then(|found| found.account.as_deref()).and_then(|owner| self.account(owner));
        let is_scanned = match owner {
            Some(owner) => owner.scope.regions.contains(region),
            None => self.scanned_regions().any(|scanned| scanned == region),
        };
        if is_scanned {
            return Ok(region);
        }
        Err(NotSeen::RegionNotScanned { bucket: bucket.to_owned(), region: region.to_owned() }.into())
    }

    /// What hides where a bucket is or whose: that there is none, or a failed call. Any account may be its owner.
    fn bucket_failure(&self, bucket: &str) -> Option<Box<Reason>> {
        if self.bucket(bucket).is_some_and(|found| found.is_missing) {
            let others = self.buckets.values().filter(|other| !other.is_missing).map(|other| &*other.name);
            let nearest =
                (self.buckets.len() <= MOST_COMPARED).then(|| nearest(bucket, others)).flatten().map(str::to_owned);
            return Some(Box::new(NotSeen::NoSuchBucket { bucket: bucket.to_owned(), nearest }.into()));
        }
        // Whoever may list all buckets need not ask for each.
        let failure = [None, Some(bucket)].iter().find_map(|asked| self.bucket_failures.get(asked));
        failure.map(|failure| Box::new(Reason::failed(failure)))
    }

    /// Why something of the trail is not known: what the accounts that see it were told.
    pub(crate) fn trail_failure(&self, arn: &str, kind: FactKind, region: Option<&str>) -> Option<Box<Reason>> {
        let accounts = self.seen_trail(arn).into_iter().flat_map(|seen| &seen.accounts);
        let mut failures = accounts.flat_map(|account| self.failures(account, kind));
        let of_trail = |failure: &Failure| failure.resource.as_deref().is_none_or(|asked| asked == arn);
        let failure =
            failures.find(|failure| of_trail(failure) && region.is_none_or(|region| failure.region == region));
        failure.map(|failure| Box::new(Reason::failed(failure)))
    }

    /// Whether the trail is the account's own, or is in its list.
    pub(crate) fn is_seen_by(&self, trail_arn: &str, account: &str) -> bool {
        let seen = self.seen_trail(trail_arn);
        seen.is_some_and(|seen| seen.trail.account() == account || seen.accounts.contains(&account))
    }

    /// The accounts in whose lists the trail is.
    pub(crate) fn accounts_that_see(&self, trail_arn: &str) -> &[&'a str] {
        self.seen_trail(trail_arn).map_or(&[], |seen| &seen.accounts)
    }

    fn seen_trail(&self, arn: &str) -> Option<&SeenTrail<'a>> {
        self.trail_places.get(arn).and_then(|place| self.trails.get(*place))
    }
}
