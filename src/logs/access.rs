//! Accesses: the events that differ only in time and object, counted.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::event::Event;
use super::identity::{Identities, PrincipalId};
use crate::snapshot::{AccessRecord, Example, Timestamp};

/// What accesses are counted by: numbers of one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    principal: PrincipalId,
    /// Into the declared locations.
    location: Option<u32>,
    /// Into `names`.
    bucket: u32,
    event_name: u32,
    region: u32,
    error_code: Option<u32>,
    read_only: Option<bool>,
}

impl Hash for Key {
    /// Three words instead of nine.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        hasher.write_u64(pair(self.principal, self.bucket));
        hasher.write_u64(pair(self.event_name, self.region));
        hasher.write_u64(pair(self.location.unwrap_or(u32::MAX), self.error_code.unwrap_or(u32::MAX)));
    }
}

#[derive(Debug)]
struct Group {
    key: Key,
    events: u64,
    first: Timestamp,
    last: Timestamp,
    /// The earliest event, so that the order in which objects are read does not show.
    example: Example,
}

/// The groups that one thread met.
#[derive(Debug, Default)]
pub struct Accesses {
    names: Names,
    /// Hashes and places in `groups`, small enough to stay near the processor.
    places: HashTable<(u64, u32)>,
    groups: Vec<Group>,
}

/// An event at one bucket and declared location.
#[derive(Debug, Clone, Copy)]
pub struct Access<'e, 'a> {
    pub event: &'e Event<'a>,
    pub bucket: &'e str,
    /// Into the declared locations.
    pub location: Option<u32>,
    /// 0 for an event that was counted before, which may still be the example.
    pub times: u64,
}

impl Accesses {
    /// Counts the accesses of one log object.
    pub fn add(&mut self, accesses: &[Access], object: &str) {
        let keys: Vec<(Key, u64)> = accesses.iter().map(|access| self.key(access)).collect();
        // The groups lie scattered in memory. One after the other, each would be waited for; so all are looked at before.
        let places: Vec<Option<u32>> = keys.iter().map(|(key, hash)| self.place(key, *hash)).collect();
        std::hint::black_box(places.iter().flatten().map(|place| self.groups[*place as usize].events).sum::<u64>());
        for ((access, place), (key, hash)) in accesses.iter().zip(places).zip(keys) {
            // It may have come in with this very object.
            match place.or_else(|| self.place(&key, hash)) {
                Some(place) => self.groups[place as usize].count(access, object),
                None => {
                    self.places.insert_unique(hash, (hash, self.groups.len() as u32), |(hash, _)| *hash);
                    self.groups.push(Group::new(key, access, object));
                }
            }
        }
    }

    fn key(&mut self, access: &Access) -> (Key, u64) {
        let event = access.event;
        let key = Key {
            principal: event.principal,
            location: access.location,
            bucket: self.names.number(access.bucket),
            event_name: self.names.number(&event.name),
            region: self.names.number(&event.region),
            error_code: event.error_code.as_ref().map(|code| self.names.number(code)),
            read_only: event.read_only,
        };
        (key, FixedState::default().hash_one(key))
    }

    fn place(&self, key: &Key, hash: u64) -> Option<u32> {
        let is_same = |&(known, place): &(u64, u32)| known == hash && self.groups[place as usize].key == *key;
        self.places.find(hash, is_same).map(|(_, place)| *place)
    }

    /// The groups of all threads; `locations`: the declared ones that events were told apart by.
    pub fn merge(threads: Vec<(Accesses, Identities)>, locations: &[String]) -> Vec<AccessRecord> {
        let of_thread = |(accesses, identities): (Accesses, Identities)| {
            let Accesses { names, groups, .. } = accesses;
            groups.into_iter().map(move |group| group.record(&names, &identities, locations)).collect::<Vec<_>>()
        };
        let mut records: Vec<AccessRecord> = threads.into_iter().flat_map(of_thread).collect();
        records.sort_by(|a, b| order(a).cmp(&order(b)));
        records.dedup_by(|next, first| {
            let is_same = order(next) == order(first);
            if is_same {
                absorb(first, next);
            }
            is_same
        });
        records
    }
}

fn example(access: &Access, object: &str) -> Example {
    Example { event_id: access.event.id.to_string(), object: object.to_owned() }
}

fn names_of(example: &Example) -> (&str, &str) {
    (&example.event_id, &example.object)
}

/// What tells groups apart, in the order in which they are reported.
fn order(access: &AccessRecord) -> impl Ord {
    let AccessRecord { principal, principal_type, account, bucket, location, .. } = access;
    let AccessRecord { event_name, access, region, error_code, .. } = access;
    ((principal, principal_type, account, bucket, location), (event_name, access, region, error_code))
}

fn absorb(access: &mut AccessRecord, other: &mut AccessRecord) {
    access.count += other.count;
    access.last_seen = access.last_seen.max(other.last_seen);
    if (other.first_seen, names_of(&other.example)) < (access.first_seen, names_of(&access.example)) {
        access.first_seen = other.first_seen;
        std::mem::swap(&mut access.example, &mut other.example);
    }
}

impl Group {
    fn new(key: Key, access: &Access, object: &str) -> Group {
        let time = access.event.time;
        Group { key, events: access.times, first: time, last: time, example: example(access, object) }
    }

    fn count(&mut self, access: &Access, object: &str) {
        let time = access.event.time;
        self.events += access.times;
        self.last = self.last.max(time);
        let is_earlier = || (&*access.event.id, object) < names_of(&self.example);
        if time < self.first || (time == self.first && is_earlier()) {
            self.first = time;
            self.example = example(access, object);
        }
    }

    fn record(self, names: &Names, identities: &Identities, locations: &[String]) -> AccessRecord {
        let name = |number: u32| names.names[number as usize].to_string();
        let principal = identities.principal(self.key.principal);
        AccessRecord {
            principal: principal.name.clone(),
            principal_type: principal.kind.as_str().to_owned(),
            account: principal.account.clone(),
            bucket: name(self.key.bucket),
            location: self.key.location.map(|location| locations[location as usize].clone()),
            event_name: name(self.key.event_name),
            access: match self.key.read_only {
                Some(true) => "read",
                Some(false) => "write",
                None => "unknown",
            }
            .to_owned(),
            region: name(self.key.region),
            error_code: self.key.error_code.map(name),
            count: self.events,
            first_seen: self.first,
            last_seen: self.last,
            example: self.example,
        }
    }
}

/// Buckets, event names, regions and error codes by number.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<Box<str>, u32, FixedState>,
    names: Vec<Box<str>>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }
}
