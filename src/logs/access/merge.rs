//! The groups of all threads, put together and in the order of reports.
//!
//! Every thread has its own numbers, given as it met the names. Here all get their ranks in the order of the names, so that
//! groups are compared by numbers.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use super::super::identity::Identities;
use super::super::principal::Principal;
use super::names::Names;
use super::{Accesses, Again, Earliest, Group, Key, NONE};
use crate::aws::s3_events::Access;
use crate::aws::timestamp::Timestamp;
use crate::snapshot::{AccessRecord, Example};

/// What tells groups apart, in the order in which they are reported: principal, bucket, location, event name, access,
/// region, error code.
type Rank = [u32; 7];

/// What a thread's numbers rank among those of all.
struct Ranks {
    principals: Vec<u32>,
    names: Vec<u32>,
}

/// A thread's groups and what its numbers mean.
#[derive(Debug)]
struct Thread {
    names: Names,
    groups: Vec<Group>,
    earliest: Vec<Earliest>,
    again: HashMap<u32, Again, FixedState>,
    identities: Identities,
}

/// A group's rank, its thread and its place there.
type Ranked = (Rank, u32, u32);

/// The groups of all threads, in the order of reports. There may be many, so records are made one by one.
#[derive(Debug)]
pub struct Groups {
    threads: Vec<Thread>,
    ranked: Vec<Ranked>,
    locations: Vec<String>,
}

impl Groups {
    /// `locations`: the declared ones that events were told apart by.
    pub fn of(threads: Vec<(Accesses, Identities)>, locations: Vec<String>) -> Groups {
        let of_thread = |(accesses, identities)| {
            let Accesses { names, groups, earliest, again } = accesses;
            Thread { names, groups: groups.into_iter().collect(), earliest, again, identities }
        };
        let threads: Vec<Thread> = threads.into_iter().map(of_thread).collect();
        let of_location = ranks([locations.iter().map(String::as_str).collect()]).remove(0);
        let mut ranked: Vec<Ranked> = Vec::with_capacity(threads.iter().map(|thread| thread.groups.len()).sum());
        for (number, (thread, ranks)) in threads.iter().zip(Ranks::of(&threads)).enumerate() {
            let keys = thread.groups.iter().map(|group| &group.key).enumerate();
            ranked.extend(keys.map(|(place, key)| (ranks.rank(key, &of_location), number as u32, place as u32)));
        }
        ranked.sort_unstable();
        Groups { threads, ranked, locations }
    }

    pub fn records(&self) -> impl Iterator<Item = AccessRecord> {
        self.same().map(|same| self.record(same))
    }

    /// With what not to count where they are summed up.
    pub fn records_to_sum(&self) -> impl Iterator<Item = (AccessRecord, Again)> {
        self.same().map(|same| (self.record(same), self.again(same)))
    }

    fn same(&self) -> impl Iterator<Item = &[Ranked]> {
        self.ranked.chunk_by(|(a, ..), (b, ..)| a == b)
    }

    fn again(&self, same: &[Ranked]) -> Again {
        let mut sum = Again::default();
        for (_, thread, place) in same {
            let thread = &self.threads[*thread as usize];
            let again = thread.again.get(&thread.groups[*place as usize].place);
            sum.add(again.copied().unwrap_or_default(), 1);
        }
        sum
    }

    /// The groups of one rank as one.
    fn record(&self, same: &[Ranked]) -> AccessRecord {
        let found = |(_, thread, place): &Ranked| {
            let thread = &self.threads[*thread as usize];
            let group = &thread.groups[*place as usize];
            (thread, group, &thread.earliest[group.place as usize])
        };
        let groups = || same.iter().map(|ranked| found(ranked).1);
        let first = same.iter().map(found).min_by_key(|(_, group, earliest)| (group.first, earliest.names()));
        let (thread, group, earliest) = first.unwrap_or_else(|| found(&same[0]));
        let name = |number: u32| thread.names.all()[number as usize].to_string();
        let Key { principal, location, bucket, event_name, region, error_code, does, of_logs } = group.key;
        let Principal { name: principal, kind, account } = thread.identities.principal(principal);
        AccessRecord {
            principal: principal.clone(),
            principal_type: kind.as_str().to_owned(),
            account: account.clone(),
            bucket: name(bucket),
            location: (location != NONE).then(|| self.locations[location as usize].clone()),
            event_name: name(event_name),
            of_logs,
            access: does.map_or("unknown", Access::as_str).to_owned(),
            region: name(region),
            error_code: (error_code != NONE).then(|| name(error_code)),
            count: groups().map(|group| group.events).sum(),
            first_seen: group.first,
            last_seen: groups().map(|group| group.last).fold(group.last, Timestamp::max),
            example: Example { event_id: earliest.event_id(), object: earliest.object.to_string() },
        }
    }
}

impl Ranks {
    fn of(threads: &[Thread]) -> impl Iterator<Item = Ranks> {
        let principals = threads.iter().map(|thread| {
            let all = thread.identities.principals().iter();
            all.map(|Principal { name, kind, account }| (name.as_str(), kind.as_str(), account.as_deref())).collect()
        });
        let names = threads.iter().map(|thread| thread.names.all().iter().map(|name| &**name).collect());
        ranks(principals).into_iter().zip(ranks(names)).map(|(principals, names)| Ranks { principals, names })
    }

    fn rank(&self, key: &Key, of_location: &[u32]) -> Rank {
        let name = |number: u32| self.names[number as usize];
        [
            self.principals[key.principal as usize],
            name(key.bucket),
            // Nothing stands before something.
            if key.location == NONE { 0 } else { 1 + of_location[key.location as usize] },
            name(key.event_name),
            // "all", "read", "unknown", "write".
            2 * match key.does {
                Some(Access::All) => 0,
                Some(Access::Read) => 1,
                None => 2,
                Some(Access::Write) => 3,
            } + u32::from(key.of_logs),
            name(key.region),
            if key.error_code == NONE { 0 } else { 1 + name(key.error_code) },
        ]
    }
}

/// For each of the lists, what its items rank among those of all.
fn ranks<T: Ord + Copy>(lists: impl IntoIterator<Item = Vec<T>>) -> Vec<Vec<u32>> {
    let lists: Vec<Vec<T>> = lists.into_iter().collect();
    let mut ranks: BTreeMap<T, u32> = lists.iter().flatten().map(|item| (*item, 0)).collect();
    for (place, rank) in ranks.values_mut().enumerate() {
        *rank = place as u32;
    }
    lists.iter().map(|list| list.iter().map(|item| ranks[item]).collect()).collect()
}
