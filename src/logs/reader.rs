//! Reads log objects, in as many threads as there are, and keeps what reports need: accesses, sessions, and what was not
//! read.

mod tally;

use std::collections::BTreeMap;

use super::access::Groups;
use super::chain::{Expected, Verdict};
use super::event::Period;
use super::seen::SeenEvents;
use super::session::Sessions;
use super::watch::{Watched, WatchedPlaces};
use crate::aws::location::Location;
use crate::snapshot::{LogReading, Records};
use tally::{Scratch, Tally, Task};

/// What is asked of the logs.
#[derive(Debug)]
pub struct Question {
    pub watched: Vec<Watched>,
    pub period: Period,
    /// What digests say of the objects. One that is not what they say does not count.
    pub expected: Expected,
    /// Put COPYs and UNLOADs together too.
    pub sessions: bool,
    /// How many threads read; at least one does.
    pub threads: usize,
}

/// One thread for each core.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Where log objects come from. Threads take one after another.
pub trait Source: Sync {
    /// Puts the next object's bytes into the buffer. `None`: there are no more.
    fn next(&self, buffer: &mut Vec<u8>) -> Option<Object>;
}

/// An object that was taken from a source.
#[derive(Debug)]
pub struct Object {
    pub name: String,
    /// Why there are no bytes.
    pub failure: Option<String>,
}

/// Reads one source after another.
pub struct Reader {
    question: Question,
    places: WatchedPlaces,
    seen: SeenEvents,
    tallies: Vec<Tally>,
    readings: Vec<LogReading>,
}

impl Reader {
    pub fn new(question: Question) -> Reader {
        let seen = SeenEvents::default();
        let tallies = (0..question.threads.max(1)).map(|_| Tally::new(&seen)).collect();
        let places = WatchedPlaces::of(&question.watched);
        Reader { question, places, seen, tallies, readings: vec![] }
    }

    /// Reads all objects of the source. An object that cannot be read is noted and does not stop the others.
    pub fn read(&mut self, source: &impl Source) {
        let task = Task { question: &self.question, places: &self.places, seen: &self.seen };
        let read_all = |tally: &mut Tally| {
            let (mut buffer, mut scratch) = (Vec::new(), Scratch::default());
            while let Some(object) = source.next(&mut buffer) {
                tally.read(task, &object, &buffer, &mut scratch);
            }
        };
        let Some((first, others)) = self.tallies.split_first_mut() else { return };
        std::thread::scope(|scope| {
            for tally in others {
                scope.spawn(|| read_all(tally));
            }
            read_all(first);
        });
    }

    /// The objects that could not be read so far.
    pub fn unread(&self) -> impl Iterator<Item = &str> {
        let skipped = self.tallies.iter().flat_map(|tally| &tally.skipped);
        skipped.filter(|skipped| skipped.matters).map(|skipped| skipped.object.as_str())
    }

    /// What came out for the objects that digests speak of, by `bucket/key`.
    pub fn verdicts(&self) -> BTreeMap<String, Verdict> {
        self.tallies.iter().flat_map(|tally| tally.verdicts.clone()).collect()
    }

    /// Notes how much of one source was read.
    pub fn add_reading(&mut self, reading: LogReading) {
        self.readings.push(reading);
    }

    /// What was read. Which window it was read for is the caller's to say.
    pub fn finish(self) -> Records {
        let (records, groups) = self.finish_grouped();
        Records { accesses: groups.records().collect(), ..records }
    }

    /// The same with the accesses apart, for a caller who does not need all of them at once.
    pub fn finish_grouped(self) -> (Records, Groups) {
        let mut records = Records {
            locations: self.places.locations.iter().map(Location::to_string).collect(),
            read: self.readings,
            ..Records::default()
        };
        let mut accesses = Vec::new();
        let mut sessions = Sessions::default();
        for tally in self.tallies {
            records.events += tally.events;
            records.duplicates += tally.duplicates;
            records.malformed += tally.malformed;
            records.skipped.extend(tally.skipped);
            sessions.absorb(tally.sessions);
            accesses.push((tally.accesses, tally.identities));
        }
        records.sessions = sessions.finish(&records.locations);
        records.read.sort_by(|a, b| (&a.source, &a.region).cmp(&(&b.source, &b.region)));
        records.skipped.sort_by(|a, b| a.object.cmp(&b.object));
        let groups = Groups::of(accesses, records.locations.clone());
        (records, groups)
    }
}
