//! Accesses: the events that differ only in time and object, counted.

mod merge;
mod names;

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::event::Event;
use super::identity::PrincipalId;
use crate::snapshot::Timestamp;
use names::Names;

/// A number that stands for nothing.
const NONE: u32 = u32::MAX;

/// What accesses are counted by: numbers of one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    principal: PrincipalId,
    /// Into the declared locations, or `NONE`.
    location: u32,
    /// Into `names`.
    bucket: u32,
    event_name: u32,
    region: u32,
    /// Into `names`, or `NONE`.
    error_code: u32,
    read_only: Option<bool>,
}

impl Key {
    fn hash(&self) -> u64 {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        FixedState::default().hash_one((
            pair(self.principal, self.bucket),
            pair(self.event_name, self.region),
            pair(self.location, self.error_code),
        ))
    }
}

/// Small: groups lie scattered in memory, and each event of a log object asks for another.
#[derive(Debug)]
struct Group {
    key: Key,
    events: u64,
    first: Timestamp,
    last: Timestamp,
}

/// The earliest event of a group, so that the order in which objects are read does not show.
#[derive(Debug)]
struct Earliest {
    event_id: String,
    object: Arc<str>,
}

/// The groups that one thread met.
#[derive(Debug, Default)]
pub struct Accesses {
    names: Names,
    /// Places in `groups`.
    places: HashTable<u32>,
    groups: Vec<Group>,
    /// Of the group in the same place.
    earliest: Vec<Earliest>,
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
        // One after the other, each group would be waited for; so all are looked at before.
        let places: Vec<Option<u32>> = keys.iter().map(|(key, hash)| self.place(key, *hash)).collect();
        std::hint::black_box(places.iter().flatten().map(|place| self.groups[*place as usize].events).sum::<u64>());
        let mut name = None;
        let mut name = || name.get_or_insert_with(|| Arc::<str>::from(object)).clone();
        for ((access, place), (key, hash)) in accesses.iter().zip(places).zip(keys) {
            // It may have come in with this very object.
            match place.or_else(|| self.place(&key, hash)) {
                Some(place) => self.count(place as usize, access, object, &mut name),
                None => self.begin(key, hash, access, name()),
            }
        }
    }

    fn key(&mut self, access: &Access) -> (Key, u64) {
        let event = access.event;
        let key = Key {
            principal: event.principal,
            location: access.location.unwrap_or(NONE),
            bucket: self.names.number(access.bucket),
            event_name: self.names.number(&event.name),
            region: self.names.number(&event.region),
            error_code: event.error_code.as_ref().map_or(NONE, |code| self.names.number(code)),
            read_only: event.read_only,
        };
        (key, key.hash())
    }

    fn place(&self, key: &Key, hash: u64) -> Option<u32> {
        self.places.find(hash, |place| self.groups[*place as usize].key == *key).copied()
    }

    fn begin(&mut self, key: Key, hash: u64, access: &Access, object: Arc<str>) {
        let Access { event, times, .. } = *access;
        let groups = &mut self.groups;
        self.places.insert_unique(hash, groups.len() as u32, |place| groups[*place as usize].key.hash());
        groups.push(Group { key, events: times, first: event.time, last: event.time });
        self.earliest.push(Earliest { event_id: event.id.to_string(), object });
    }

    fn count(&mut self, place: usize, access: &Access, object: &str, name: &mut impl FnMut() -> Arc<str>) {
        let Access { event, times, .. } = *access;
        let group = &mut self.groups[place];
        group.events += times;
        group.last = group.last.max(event.time);
        if event.time > group.first {
            return;
        }
        let earliest = &mut self.earliest[place];
        if event.time < group.first || (&*event.id, object) < earliest.names() {
            group.first = event.time;
            earliest.event_id.clear();
            earliest.event_id.push_str(&event.id);
            earliest.object = name();
        }
    }
}

impl Earliest {
    fn names(&self) -> (&str, &str) {
        (&self.event_id, &self.object)
    }
}
