//! Accesses: the events that differ only in time and object, counted.

mod merge;
mod names;

pub use merge::Groups;

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::SmallVec;

use super::event::Event;
use super::identity::PrincipalId;
use crate::aws::s3_events;
use crate::aws::timestamp::Timestamp;
use names::{Name, Names};

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
    does: Option<s3_events::Access>,
    of_logs: bool,
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

/// Groups lie scattered in memory, and each event of a log object asks for another: one line of the processor's cache.
#[derive(Debug)]
#[repr(align(64))]
struct Group {
    key: Key,
    /// Its place in `earliest`.
    place: u32,
    events: u64,
    first: Timestamp,
    last: Timestamp,
}

/// The earliest event of a group, so that the order in which objects are read does not show.
#[derive(Debug)]
struct Earliest {
    event_id: EventId,
    object: Arc<str>,
}

/// A UUID, seldom more.
type EventId = SmallVec<[u8; 36]>;

/// The groups that one thread met.
#[derive(Debug)]
pub struct Accesses {
    names: Names,
    groups: HashTable<Group>,
    earliest: Vec<Earliest>,
    /// By a group's place in `earliest`, how many of its events others have counted already.
    again: HashMap<u32, Again, FixedState>,
}

/// Of a group's events, how many stand in another group too, which has the same principal, the same bucket, the same name and
/// action: summed up by one of these, each counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Again {
    pub principal: u64,
    pub bucket: u64,
    pub event: u64,
}

/// What an event does, wherever.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    principal: PrincipalId,
    event_name: Name,
    region: Name,
    error_code: Option<Name>,
}

/// An event at one bucket and declared location, which does not count yet.
#[derive(Debug, Clone, Copy)]
pub struct Noted {
    key: Key,
    hash: u64,
    again: Again,
}

impl Noted {
    /// Whether it is the same group.
    pub fn is(&self, other: &Noted) -> bool {
        self.key == other.key
    }

    /// Known to follow these of the same event.
    pub fn after<'n>(mut self, before: impl Iterator<Item = &'n Noted> + Clone) -> Noted {
        let any = |same: fn(&Key, &Key) -> bool| before.clone().any(|other| same(&self.key, &other.key)).into();
        self.again = Again {
            principal: any(|_, _| true),
            bucket: any(|one, other| one.bucket == other.bucket),
            event: any(|one, other| one.does == other.does),
        };
        self
    }
}

/// The same when it does.
#[derive(Debug, Clone, Copy)]
pub struct Access<'e> {
    pub noted: Noted,
    pub event_id: &'e str,
    pub time: Timestamp,
    /// 0 for an event that was counted before, which may still be the example.
    pub times: u64,
}

impl Action {
    /// Hashes of the event's name and of its error code.
    pub fn hashes(&self) -> (u64, Option<u64>) {
        (self.event_name.hash, self.error_code.map(|code| code.hash))
    }

    /// `location`: into the declared ones. `does`: what it does there. `of_logs`: the keys are those of CloudTrail's files.
    pub fn at(self, bucket: Name, location: Option<u32>, does: Option<s3_events::Access>, of_logs: bool) -> Noted {
        let Action { principal, event_name, region, error_code } = self;
        let location = location.unwrap_or(NONE);
        let (bucket, event_name, region) = (bucket.number, event_name.number, region.number);
        let error_code = error_code.map_or(NONE, |code| code.number);
        let key = Key { principal, location, bucket, event_name, region, error_code, does, of_logs };
        Noted { key, hash: key.hash(), again: Again::default() }
    }
}

impl Accesses {
    /// `state`: what names are hashed by, the same in every thread.
    pub fn new(state: RandomState) -> Accesses {
        Accesses { names: Names::new(state), groups: HashTable::new(), earliest: vec![], again: HashMap::default() }
    }

    pub fn action(&mut self, event: &Event) -> Action {
        Action {
            principal: event.principal,
            event_name: self.names.number(&event.name),
            region: self.names.number(&event.region),
            error_code: event.error_code.as_ref().map(|code| self.names.number(code)),
        }
    }

    pub fn bucket(&mut self, name: &str) -> Name {
        self.names.number(name)
    }

    /// Counts the accesses of one log object.
    pub fn add<'e>(&mut self, accesses: impl Iterator<Item = Access<'e>> + Clone, object: &str) {
        // One after the other, each group would be waited for; so all are looked at before.
        let look =
            |Noted { key, hash, .. }: Noted| self.groups.find(hash, |group| group.key == key).map(|group| group.events);
        std::hint::black_box(accesses.clone().filter_map(|access| look(access.noted)).fold(0, |a, b| a ^ b));
        let mut name = None;
        let mut name = || name.get_or_insert_with(|| Arc::<str>::from(object)).clone();
        for access in accesses {
            let Noted { key, hash, again } = access.noted;
            let place = match self.groups.entry(hash, |group| group.key == key, |group| group.key.hash()) {
                Entry::Occupied(known) => {
                    let group = known.into_mut();
                    group.count(access, &mut self.earliest[group.place as usize], object, &mut name);
                    group.place
                }
                Entry::Vacant(place) => {
                    let group = place.insert(Group::of(access, self.earliest.len() as u32)).into_mut();
                    self.earliest.push(Earliest::of(access, name()));
                    group.place
                }
            };
            if again != Again::default() {
                self.again.entry(place).or_default().add(again, access.times);
            }
        }
    }
}

impl Again {
    fn add(&mut self, other: Again, times: u64) {
        self.principal += other.principal * times;
        self.bucket += other.bucket * times;
        self.event += other.event * times;
    }
}

impl Group {
    fn of(access: Access, place: u32) -> Group {
        Group { key: access.noted.key, place, events: access.times, first: access.time, last: access.time }
    }

    fn count(&mut self, access: Access, earliest: &mut Earliest, object: &str, name: &mut impl FnMut() -> Arc<str>) {
        self.events += access.times;
        self.last = self.last.max(access.time);
        if access.time > self.first {
            return;
        }
        if access.time < self.first || (access.event_id.as_bytes(), object) < earliest.names() {
            self.first = access.time;
            *earliest = Earliest::of(access, name());
        }
    }
}

impl Earliest {
    fn of(access: Access, object: Arc<str>) -> Earliest {
        Earliest { event_id: EventId::from_slice(access.event_id.as_bytes()), object }
    }

    fn event_id(&self) -> String {
        String::from_utf8_lossy(&self.event_id).into_owned()
    }

    fn names(&self) -> (&[u8], &str) {
        (&self.event_id, &self.object)
    }
}
