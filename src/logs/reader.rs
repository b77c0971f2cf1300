//! Reads log objects, in as many threads as there are, and keeps what reports need: accesses, sessions, and what was not
//! read.

mod worker;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};
use std::thread::Scope;

use super::access::Groups;
use super::chain::{Expected, Unread, Verdict};
use super::dedup::Dedup;
use super::event::{NAMED, Period};
use super::session::Sessions;
use super::statements::StatementObjects;
use super::watch::{Watched, WatchedPlaces};
use super::writes::Writes;
use crate::aws::location::Location;
use crate::aws::source_address::SourceAddress;
use crate::glob::glob;
use crate::snapshot::{Change, LogReading, ObjectCount, Records, Skipped, Statement};
pub use worker::NO_LOG;
use worker::{Deed, Scratch, Task, Worker};

/// What is asked of the logs.
#[derive(Debug)]
pub struct Question<'q> {
    pub watched: Vec<Watched>,
    /// Only what is in buckets of these names, in which `*` stands for anything; none: in any.
    pub buckets: Vec<String>,
    /// Only what came from these; none: from anywhere.
    pub addresses: Vec<SourceAddress>,
    pub period: Period,
    /// What digests say of the objects. One that is not what they say does not count.
    pub expected: Expected,
    /// Put COPYs and UNLOADs together too.
    pub sessions: bool,
    /// What Redshift says it ran; `None`: it was not asked. Where sessions are asked for, what it wrote and read is looked for.
    pub statements: Option<&'q [Statement]>,
    /// How many threads read; at least one does.
    pub threads: usize,
}

impl Question<'_> {
    fn asks_for_address(&self, told: Option<&str>) -> bool {
        let addresses = &self.addresses;
        addresses.is_empty() || told.is_some_and(|told| addresses.iter().any(|address| address.holds(told)))
    }

    fn asks_for(&self, bucket: &str) -> bool {
        self.buckets.is_empty() || self.buckets.iter().any(|pattern| glob(pattern, bucket))
    }
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
    pub failure: Option<Unread>,
    /// Its name says that it is a log file: then one that is none is damaged.
    pub is_named_as_log: bool,
}

/// The threads that read one source.
struct Crew<'a, S> {
    source: &'a S,
    task: Task<'a>,
    /// Those that have no thread yet.
    waiting: Mutex<std::slice::IterMut<'a, Worker>>,
}

impl<S: Source> Crew<'_, S> {
    /// Reads until nothing is left. Whoever finds a first object starts the next thread: there are never more of them than
    /// objects.
    fn read<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, worker: &mut Worker) {
        let (mut buffer, mut scratch) = (Vec::new(), Scratch::default());
        let mut is_first = true;
        while let Some(object) = self.source.next(&mut buffer) {
            if std::mem::take(&mut is_first)
                && let Some(next) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).next()
            {
                // Where the system gives no more threads, those that there are do the work.
                let _ = std::thread::Builder::new().spawn_scoped(scope, || self.read(scope, next));
            }
            worker.read(self.task, &object, &buffer, &mut scratch);
        }
    }
}

/// Reads one source after another.
pub struct Reader<'q> {
    question: Question<'q>,
    places: WatchedPlaces,
    objects: StatementObjects<'q>,
    dedup: Dedup,
    workers: Vec<Worker>,
    readings: Vec<LogReading>,
}

impl<'q> Reader<'q> {
    pub fn new(question: Question<'q>) -> Reader<'q> {
        let dedup = Dedup::default();
        let workers = (0..question.threads.max(1)).map(|_| Worker::new(&dedup)).collect();
        let places = WatchedPlaces::of(&question.watched);
        let objects = StatementObjects::of(question.statements.unwrap_or_default());
        Reader { question, places, objects, dedup, workers, readings: vec![] }
    }

    /// Reads all objects of the source. An object that cannot be read is noted and does not stop the others.
    pub fn read(&mut self, source: &impl Source) {
        let Reader { question, places, objects, dedup, workers, .. } = self;
        let task = Task { question, places, objects, dedup };
        let mut workers = workers.iter_mut();
        let Some(first) = workers.next() else { return };
        let crew = Crew { source, task, waiting: Mutex::new(workers) };
        std::thread::scope(|scope| crew.read(scope, first));
    }

    /// Notes what could not be read.
    pub fn skip(&mut self, skipped: Vec<Skipped>) {
        if let Some(worker) = self.workers.first_mut() {
            worker.skipped.extend(skipped);
        }
    }

    /// The objects that could not be read so far.
    pub fn unread(&self) -> impl Iterator<Item = &str> {
        let skipped = self.workers.iter().flat_map(|worker| &worker.skipped);
        skipped.filter(|skipped| skipped.matters).map(|skipped| skipped.object.as_str())
    }

    /// Files that are no logs, by what is in them.
    pub fn passed_over(&self) -> impl Iterator<Item = &str> {
        let skipped = self.workers.iter().flat_map(|worker| &worker.skipped);
        skipped.filter(|skipped| skipped.reason == NO_LOG).map(|skipped| skipped.object.as_str())
    }

    /// What came out for the objects that digests speak of, by `bucket/key`.
    pub fn verdicts(&self) -> BTreeMap<String, Verdict> {
        self.workers.iter().flat_map(|worker| worker.verdicts.clone()).collect()
    }

    /// Notes how much of one source was read.
    pub fn add_reading(&mut self, reading: LogReading) {
        self.readings.push(reading);
    }

    /// What the records tell of changes to what is recorded, each once, in the order of their times.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = self.workers.iter().flat_map(|worker| worker.changes.clone()).collect();
        let id = |change: &Change| format!("{:?}", change.origin);
        changes.sort_by_key(|change| (change.at, id(change)));
        changes.dedup();
        changes
    }

    /// What was read. Which window it was read for is the caller's to say.
    pub fn finish(self) -> Records {
        let (records, groups) = self.finish_grouped();
        Records { accesses: groups.records().collect(), ..records }
    }

    /// The same with the accesses apart, for a caller who does not need all of them at once.
    pub fn finish_grouped(mut self) -> (Records, Groups) {
        let told: HashSet<Deed> = self.workers.iter_mut().flat_map(|worker| std::mem::take(&mut worker.told)).collect();
        self.workers.iter_mut().for_each(|worker| worker.settle(&told));
        let mut records = Records {
            locations: self.places.locations.iter().map(Location::to_string).collect(),
            // What is read from paths or below one place is listed once; trails that share a folder are the caller's to count.
            objects: ObjectCount {
                listed: self.readings.iter().map(|reading| reading.listed_objects).fold(0, u64::saturating_add),
                read: self.readings.iter().map(|reading| reading.read_objects).fold(0, u64::saturating_add),
            },
            read: self.readings,
            ..Records::default()
        };
        let (mut accesses, mut unclear) = (Vec::new(), BTreeSet::new());
        let mut sessions = Sessions::default();
        let mut writes = Writes::default();
        for worker in self.workers {
            records.events += worker.events;
            records.duplicates += worker.duplicates;
            records.malformed += worker.malformed;
            unclear.extend(worker.unclear);
            records.skipped.extend(worker.skipped);
            sessions.absorb(worker.sessions);
            writes.absorb(worker.writes);
            accesses.push((worker.accesses, worker.identities));
        }
        records.unclear = unclear.into_iter().take(NAMED).collect();
        records.sessions = sessions.finish(&records.locations);
        records.statements = self.objects.finish();
        records.writes = writes.finish();
        records.read.sort_by(|a, b| (&a.source, &a.region).cmp(&(&b.source, &b.region)));
        records.skipped.sort_by(|a, b| a.object.cmp(&b.object));
        let groups = Groups::of(accesses, records.locations.clone());
        (records, groups)
    }
}
