//! Which events were counted already: CloudTrail may deliver one twice, with the same eventID.
//!
//! The ids of all events are the one thing that must be remembered for each of them, so they are kept small: sixteen bytes,
//! half a hash of the id and half of what the event says. A duplicate is one where both agree (128 bits); two events under
//! one id are told, for one of them is not what it says.

use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;

/// By the first bits of the hash. Few, so that each is a piece of memory of its own, which leaves no hole when it has grown
/// elsewhere; but more than one, for while it grows there are two of it.
const SHARDS: usize = 1 << SHARD_BITS;
const SHARD_BITS: u32 = 4;

/// How many lines a shard begins with: 4 MB in all, enough for 229,000 events.
const FIRST: usize = 4096;

/// How many entries there are in a line.
const WIDTH: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    New,
    /// The same event again.
    Duplicate,
    /// Another event had this id.
    Conflict,
}

/// All ids so far; shared by the threads that read.
#[derive(Debug, Default)]
pub struct Dedup {
    /// Random, so that nobody can prepare two events that look like one.
    pub state: RandomState,
    shards: Mutex<Vec<Shard>>,
}

/// What is remembered of an event.
#[derive(Debug, Clone, Copy)]
pub struct EventHashes {
    id: u64,
    shared_id: Option<u64>,
    content: u64,
}

/// As many entries as the processor fetches at a time, those that are taken first.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line {
    /// Zero: a free place.
    ids: [u64; WIDTH],
    contents: [u64; WIDTH],
}

/// Open addressing by lines. Full to seven eighths, it grows by a quarter: sixteen bytes an entry take 18 to 23.
#[derive(Debug)]
struct Shard {
    lines: Vec<Line>,
    taken: usize,
}

impl Dedup {
    /// The hashes of one event; `content`: a hash of what it says, by `state`.
    pub fn hashes(&self, id: &str, shared_id: Option<&str>, content: u64) -> EventHashes {
        let hash = |id: &str| self.state.hash_one(id);
        // Some records give their own id as the shared one; that is no copy of another.
        EventHashes { id: hash(id), shared_id: shared_id.filter(|shared| *shared != id).map(hash), content }
    }

    /// Adds the events of one log file, in their order.
    pub fn add(&self, events: &[EventHashes]) -> Vec<Arrival> {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        if shards.is_empty() {
            shards.extend((0..SHARDS).map(Shard::new));
        }
        // One after the other, each would wait for memory; so all places are looked at once before.
        std::hint::black_box(
            events.iter().map(|event| shards[shard_of(event.id)].peek(event.id)).fold(0, |a, b| a ^ b),
        );
        let mut add = |id: u64, content: u64| shards[shard_of(id)].add(rest_of(id), content);
        let one = |event: &EventHashes| match add(event.id, event.content) {
            // Another account's copy of the same action, where it says the same. One that hides who acted is settled when
            // all is read.
            Arrival::New | Arrival::Conflict
                if event.shared_id.is_some_and(|id| add(id, event.content) == Arrival::Duplicate) =>
            {
                Arrival::Duplicate
            }
            arrival => arrival,
        };
        events.iter().map(one).collect()
    }
}

fn shard_of(hash: u64) -> usize {
    (hash >> (u64::BITS - SHARD_BITS)) as usize
}

/// What stands for an id in its shard; zero is a free place.
fn rest_of(hash: u64) -> u64 {
    (hash << SHARD_BITS) | 1
}

impl Shard {
    /// Each begins a little larger than the one before it, so that they do not all grow at once: a smaller one grows into
    /// what a larger one has left.
    fn new(number: usize) -> Shard {
        Shard { lines: vec![Line::default(); FIRST + FIRST / 4 * number / SHARDS], taken: 0 }
    }

    fn peek(&self, hash: u64) -> u64 {
        self.lines[self.home(rest_of(hash))].ids[0]
    }

    fn add(&mut self, id: u64, content: u64) -> Arrival {
        if self.taken * 8 >= self.lines.len() * WIDTH * 7 {
            self.grow();
        }
        let mut arrival = Arrival::New;
        let mut at = self.home(id);
        loop {
            let line = &mut self.lines[at];
            // All at once: which of them it is could not be foretold.
            let (mut is_here, mut taken) = (false, 0);
            for known in line.ids {
                is_here |= known == id;
                taken += usize::from(known != 0);
            }
            if is_here {
                if line.ids.iter().zip(line.contents).any(|known| known == (&id, content)) {
                    return Arrival::Duplicate;
                }
                arrival = Arrival::Conflict;
            }
            // An id is nowhere beyond a line with a free place.
            if taken < WIDTH {
                (line.ids[taken], line.contents[taken]) = (id, content);
                self.taken += 1;
                return arrival;
            }
            at = if at + 1 == self.lines.len() { 0 } else { at + 1 };
        }
    }

    fn home(&self, id: u64) -> usize {
        ((u128::from(id) * self.lines.len() as u128) >> 64) as usize
    }

    fn grow(&mut self) {
        let size = self.lines.len() + self.lines.len() / 4;
        let old = std::mem::replace(self, Shard { lines: vec![Line::default(); size], taken: 0 });
        for line in old.lines {
            for (id, content) in line.ids.into_iter().zip(line.contents).filter(|(id, _)| *id != 0) {
                self.add(id, content);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter() {
        let told = |events: &[(&str, u64)]| {
            let dedup = Dedup::default();
            let one = |(id, content): &(&str, u64)| dedup.add(&[dedup.hashes(id, None, *content)]);
            let mut told: Vec<Arrival> = events.iter().flat_map(one).collect();
            told.sort_by_key(|arrival| format!("{arrival:?}"));
            told
        };
        let expected = [Arrival::Conflict, Arrival::Duplicate, Arrival::New];
        assert_eq!(told(&[("a", 1), ("a", 1), ("a", 2)]), expected);
        assert_eq!(told(&[("a", 1), ("a", 2), ("a", 1)]), expected);
        assert_eq!(told(&[("a", 2), ("a", 1), ("a", 1)]), expected);
    }

    #[test]
    fn every_id_is_remembered_in_little_space() {
        let dedup = Dedup::default();
        let count = 200_000;
        for round in [Arrival::New, Arrival::Duplicate] {
            for number in 0..count {
                assert_eq!(dedup.add(&[dedup.hashes(&format!("id-{number}"), None, number)]), [round]);
            }
        }
        let lines: usize = dedup.shards.lock().unwrap().iter().map(|shard| shard.lines.len()).sum();
        assert!(lines * size_of::<Line>() <= 24 * count as usize, "{lines} lines");
    }
}
