//! Several accounts' views of one thing made one: what only one of them was told holds for all, and where two were told
//! different things, neither is taken.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use crate::aws::arn::Arn;
use crate::coverage::recorder::{ReadSelectors, Recorder, Scene, read_selectors};
use crate::snapshot::{Account, Bucket, EventDataStore, Trail, TrailStatus};

/// A trail, and the accounts that see it.
pub(super) struct SeenTrail<'a> {
    pub trail: Trail,
    pub accounts: Vec<&'a str>,
    /// Two accounts were told different selectors.
    pub selectors_differ: bool,
    /// Read once, whatever is asked of them.
    selectors: OnceCell<ReadSelectors>,
}

impl SeenTrail<'_> {
    pub(super) fn recorder(&self, scene: Scene) -> Recorder {
        let selectors = self.selectors.get_or_init(|| read_selectors(&self.trail));
        Recorder::of_read_trail(&self.trail, selectors.clone(), scene)
    }
}

/// The one value that all who have one agree on.
fn agreed<T: PartialEq>(values: impl IntoIterator<Item = Option<T>>) -> Option<T> {
    let mut told = values.into_iter().flatten();
    let first = told.next()?;
    told.all(|value| value == first).then_some(first)
}

/// Where each bucket is and whose, by its name.
pub(super) fn buckets(accounts: &[Account]) -> HashMap<&str, Bucket> {
    let mut sightings: HashMap<&str, Vec<&Bucket>> = HashMap::new();
    for bucket in accounts.iter().flat_map(|account| &account.buckets) {
        sightings.entry(&bucket.name).or_default().push(bucket);
    }
    let merged = |(name, seen): (&str, Vec<&Bucket>)| Bucket {
        name: name.to_owned(),
        region: agreed(seen.iter().map(|bucket| bucket.region.clone())),
        account: agreed(seen.iter().map(|bucket| bucket.account.clone())),
        is_missing: seen.iter().all(|bucket| bucket.is_missing),
    };
    sightings.into_iter().map(|(name, seen)| (name, merged((name, seen)))).collect()
}

/// Every trail once, in the order in which they are met.
pub(super) fn trails(accounts: &[Account]) -> Vec<SeenTrail<'_>> {
    let sightings = accounts.iter().flat_map(|account| account.trails.iter().map(move |trail| (account.id(), trail)));
    grouped(sightings, |trail| &trail.trail_arn).into_iter().map(|seen| merged_trail(&seen)).collect()
}

/// The sightings of each thing, by its ARN.
fn grouped<'a, T>(
    sightings: impl Iterator<Item = (&'a str, &'a T)>,
    arn: impl Fn(&'a T) -> &'a str,
) -> Vec<Vec<(&'a str, &'a T)>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<Vec<(&str, &T)>> = Vec::new();
    for (account, thing) in sightings {
        let place = *places.entry(arn(thing)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(vec![]);
        }
        groups[place].push((account, thing));
    }
    groups
}

fn merged_trail<'a>(seen: &[(&'a str, &'a Trail)]) -> SeenTrail<'a> {
    let accounts = seen.iter().map(|(account, _)| *account).collect();
    let first = seen[0].1;
    if let [(_, only)] = seen {
        return SeenTrail { trail: Trail::clone(only), accounts, selectors_differ: false, selectors: OnceCell::new() };
    }
    let all = || seen.iter().map(|(_, trail)| *trail);
    // Both lists come with one answer, so they are taken together.
    let is_read = |trail: &&Trail| trail.event_selectors.is_some() || trail.advanced_event_selectors.is_some();
    let told = || all().filter(is_read).map(|trail| (&trail.event_selectors, &trail.advanced_event_selectors));
    let selectors = agreed(told().map(Some));
    let selectors_differ = selectors.is_none() && told().next().is_some();
    let (event_selectors, advanced_event_selectors) =
        selectors.map_or((None, None), |(basic, advanced)| (basic.clone(), advanced.clone()));
    let trail = Trail {
        trail_arn: first.trail_arn.clone(),
        name: first.name.clone(),
        home_region: home_region(all()),
        is_multi_region_trail: agreed(all().map(|trail| trail.is_multi_region_trail)),
        is_organization_trail: agreed(all().map(|trail| trail.is_organization_trail)),
        s3_bucket_name: agreed(all().map(|trail| trail.s3_bucket_name.clone())),
        s3_key_prefix: agreed(all().map(|trail| trail.s3_key_prefix.clone())),
        log_file_validation_enabled: agreed(all().map(|trail| trail.log_file_validation_enabled)),
        include_global_service_events: agreed(all().map(|trail| trail.include_global_service_events)),
        recursive_logging: all().filter_map(|trail| trail.recursive_logging).min(),
        kms_key_id: agreed(all().map(|trail| trail.kms_key_id.clone())),
        event_selectors,
        advanced_event_selectors,
        status: merged_status(seen),
    };
    SeenTrail { trail, accounts, selectors_differ, selectors: OnceCell::new() }
}

/// The region in its ARN, where two were told different ones: that much all agree on.
fn home_region<'a>(seen: impl Iterator<Item = &'a Trail> + Clone) -> String {
    let of_arn = || Some(Arn::parse(&seen.clone().next()?.trail_arn)?.region.to_owned());
    agreed(seen.clone().map(|trail| Some(trail.home_region.clone()))).or_else(of_arn).unwrap_or_default()
}

/// By region. An error that one account was told counts, and so does the latest time of each kind.
fn merged_status(seen: &[(&str, &Trail)]) -> BTreeMap<String, TrailStatus> {
    let mut by_region: BTreeMap<&String, Vec<&TrailStatus>> = BTreeMap::new();
    for (region, status) in seen.iter().flat_map(|(_, trail)| &trail.status) {
        by_region.entry(region).or_default().push(status);
    }
    let merged = |all: Vec<&TrailStatus>| {
        let latest = |time: fn(&TrailStatus) -> Option<_>| all.iter().filter_map(|status| time(status)).max();
        let error = |text: fn(&TrailStatus) -> &Option<String>| all.iter().find_map(|status| text(status).clone());
        // One that was told of a delivery that fails and one that was not: neither is taken.
        let agree = all.windows(2).all(|two| two[0].latest_delivery_error == two[1].latest_delivery_error);
        TrailStatus {
            is_logging: agreed(all.iter().map(|status| status.is_logging)).filter(|_| agree),
            latest_delivery_error: error(|status| &status.latest_delivery_error),
            latest_delivery_time: latest(|status| status.latest_delivery_time),
            latest_digest_delivery_error: error(|status| &status.latest_digest_delivery_error),
            latest_digest_delivery_time: latest(|status| status.latest_digest_delivery_time),
            start_logging_time: latest(|status| status.start_logging_time),
            stop_logging_time: latest(|status| status.stop_logging_time),
        }
    };
    by_region.into_iter().map(|(region, all)| (region.clone(), merged(all))).collect()
}

/// Every event data store once.
pub(super) fn stores(accounts: &[Account]) -> Vec<EventDataStore> {
    let sightings = accounts
        .iter()
        .flat_map(|account| account.event_data_stores.iter().flatten().map(move |store| (account.id(), store)));
    let groups = grouped(sightings, |store| &store.event_data_store_arn);
    groups.into_iter().map(|seen| merged_store(&seen)).collect()
}

fn merged_store(seen: &[(&str, &EventDataStore)]) -> EventDataStore {
    let all = || seen.iter().map(|(_, store)| *store);
    EventDataStore {
        event_data_store_arn: seen[0].1.event_data_store_arn.clone(),
        name: agreed(all().map(|store| store.name.clone())),
        status: agreed(all().map(|store| store.status.clone())),
        multi_region_enabled: agreed(all().map(|store| store.multi_region_enabled)),
        organization_enabled: agreed(all().map(|store| store.organization_enabled)),
        advanced_event_selectors: agreed(all().map(|store| store.advanced_event_selectors.clone())),
    }
}
