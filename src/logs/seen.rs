//! Which events were counted already: CloudTrail may deliver one twice, with the same eventID.
//!
//! The ids of all events are the one thing that must be remembered for each of them, so they are kept small: sixteen bytes,
//! half a hash of the id and half of what the event says. A duplicate is one where both agree (128 bits); two events under
//! one id are told, for one of them is not what it says.

use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;

/// By the first byte of the hash: a shard that grows is small.
const SHARDS: usize = 256;

/// How many places a shard begins with: 4 MB in all, enough for 229,000 events.
const FIRST: usize = 1024;

/// Entries that do not fit before the end of a shard stand behind it.
const OVERHANG: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    New,
    /// The same event again.
    Duplicate,
    /// Another event had this id.
    Conflict,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Entry {
    /// Zero: a free place.
    id: u64,
    content: u64,
}

/// All ids so far; shared by the threads that read.
#[derive(Debug, Default)]
pub struct SeenEvents {
    /// Random, so that nobody can prepare two events that look like one.
    pub state: RandomState,
    shards: Mutex<Vec<Shard>>,
}

/// What is remembered of an event.
#[derive(Debug, Clone, Copy)]
pub struct EventMarks {
    id: u64,
    shared_id: Option<u64>,
    content: u64,
}

/// Open addressing, all entries in the order of their hashes, so that what is not there is soon missed. Full to seven
/// eighths, it grows by a quarter: sixteen bytes an entry take 18 to 23. The last place is always free.
#[derive(Debug, Default)]
struct Shard {
    places: Vec<Entry>,
    /// The hashes are spread over so many places.
    size: usize,
    taken: usize,
}

impl SeenEvents {
    /// The marks of one event; `content`: a hash of what it says, by `state`.
    pub fn marks(&self, id: &str, shared_id: Option<&str>, content: u64) -> EventMarks {
        let hash = |id: &str| self.state.hash_one(id);
        EventMarks { id: hash(id), shared_id: shared_id.map(hash), content }
    }

    /// Adds the events of one log file, in their order.
    pub fn add(&self, events: &[EventMarks]) -> Vec<Seen> {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards.resize_with(SHARDS, Shard::default);
        // One after the other, each would wait for memory; so all places are looked at once before.
        std::hint::black_box(
            events.iter().map(|event| shards[shard_of(event.id)].peek(event.id)).fold(0, |a, b| a ^ b),
        );
        let mut add = |id: u64, content: u64| shards[shard_of(id)].add(Entry { id: rest_of(id), content });
        let one = |event: &EventMarks| match add(event.id, event.content) {
            // Another account's copy of the same action, where it says the same; one that hides who acted is told beside it.
            Seen::New | Seen::Conflict
                if event.shared_id.is_some_and(|id| add(id, event.content) == Seen::Duplicate) =>
            {
                Seen::Duplicate
            }
            seen => seen,
        };
        events.iter().map(one).collect()
    }
}

fn shard_of(hash: u64) -> usize {
    (hash >> 56) as usize
}

/// What orders a shard; zero is a free place.
fn rest_of(hash: u64) -> u64 {
    (hash << 8) | 1
}

impl Shard {
    fn peek(&self, hash: u64) -> u64 {
        self.places.get(self.home(rest_of(hash))).map_or(0, |place| place.id)
    }

    fn add(&mut self, entry: Entry) -> Seen {
        if self.taken * 8 >= self.size * 7 {
            self.grow();
        }
        let mut at = self.home(entry.id);
        while self.places[at].id != 0 && self.places[at].id < entry.id {
            at += 1;
        }
        let mut seen = Seen::New;
        let mut same = at;
        while self.places[same].id == entry.id {
            if self.places[same] == entry {
                return Seen::Duplicate;
            }
            seen = Seen::Conflict;
            same += 1;
        }
        self.insert(at, entry);
        self.taken += 1;
        seen
    }

    /// Moves what follows on by one, up to the next free place.
    fn insert(&mut self, at: usize, entry: Entry) {
        let length = self.places[at..].iter().take_while(|place| place.id != 0).count();
        self.places.copy_within(at..at + length, at + 1);
        self.places[at] = entry;
        if self.places.last().is_some_and(|place| place.id != 0) {
            self.places.push(Entry::default());
        }
    }

    fn home(&self, id: u64) -> usize {
        ((u128::from(id) * self.size as u128) >> 64) as usize
    }

    fn grow(&mut self) {
        self.size = (self.size + self.size / 4).max(FIRST);
        let old = std::mem::replace(&mut self.places, vec![Entry::default(); self.size + OVERHANG]);
        let mut free = 0;
        for entry in old.into_iter().filter(|entry| entry.id != 0) {
            let at = self.home(entry.id).max(free);
            if at >= self.places.len() {
                self.places.resize(at + OVERHANG, Entry::default());
            }
            self.places[at] = entry;
            free = at + 1;
        }
        if free == self.places.len() {
            self.places.push(Entry::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter() {
        let told = |events: &[(&str, u64)]| {
            let seen = SeenEvents::default();
            let one = |(id, content): &(&str, u64)| seen.add(&[seen.marks(id, None, *content)]);
            let mut told: Vec<Seen> = events.iter().flat_map(one).collect();
            told.sort_by_key(|seen| format!("{seen:?}"));
            told
        };
        let expected = [Seen::Conflict, Seen::Duplicate, Seen::New];
        assert_eq!(told(&[("a", 1), ("a", 1), ("a", 2)]), expected);
        assert_eq!(told(&[("a", 1), ("a", 2), ("a", 1)]), expected);
        assert_eq!(told(&[("a", 2), ("a", 1), ("a", 1)]), expected);
    }

    #[test]
    fn every_id_is_remembered_in_little_space() {
        let seen = SeenEvents::default();
        let count = 200_000;
        for round in [Seen::New, Seen::Duplicate] {
            for number in 0..count {
                assert_eq!(seen.add(&[seen.marks(&format!("id-{number}"), None, number)]), [round]);
            }
        }
        let places: usize = seen.shards.lock().unwrap().iter().map(|shard| shard.places.len()).sum();
        assert!(places * size_of::<Entry>() <= 24 * count as usize, "{places} places");
    }
}
