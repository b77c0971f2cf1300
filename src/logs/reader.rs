//! Reads log objects, in as many threads as there are, and keeps what reports need: accesses, sessions, and what was not
//! read.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};

use super::access::{Access, Accesses};
use super::chain::{Expected, ExpectedLog, LogName, Verdict};
use super::event::{self, Event, FileError, Period};
use super::identity::Identities;
use super::inflate::{self, InflateError, Inflater};
use super::layout::{self, ObjectKind};
use super::marks::Marks;
use super::record::Touched;
use super::seen::{EventMarks, Seen, SeenEvents};
use super::session::Sessions;
use crate::location::Location;
use crate::snapshot::{LocationKind, LogReading, Records, Skipped};

/// CloudTrail's limit is 50 MB before compression; some slack for what AWS may raise it to.
const MAX_INFLATED: usize = 512 << 20;

/// A declared location, and whether Redshift reads or writes there (`None`: only its accesses are asked for).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    pub location: Location,
    pub kind: Option<LocationKind>,
}

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
    places: Places,
    seen: SeenEvents,
    tallies: Vec<Tally>,
    readings: Vec<LogReading>,
}

/// What one thread has read.
#[derive(Default)]
struct Tally {
    identities: Identities,
    accesses: Accesses,
    sessions: Sessions,
    skipped: Vec<Skipped>,
    verdicts: Vec<(String, Verdict)>,
    events: u64,
    duplicates: u64,
    malformed: u64,
}

impl Reader {
    pub fn new(question: Question) -> Reader {
        let tallies = std::iter::repeat_with(Tally::default).take(question.threads.max(1)).collect();
        let places = Places::of(&question.watched);
        Reader { question, places, seen: SeenEvents::default(), tallies, readings: vec![] }
    }

    /// Reads all objects of the source. An object that cannot be read is noted and does not stop the others.
    pub fn read(&mut self, source: &impl Source) {
        let task = Task { question: &self.question, places: &self.places, seen: &self.seen };
        std::thread::scope(|scope| {
            for tally in &mut self.tallies {
                scope.spawn(|| {
                    let (mut buffer, mut scratch) = (Vec::new(), Scratch::default());
                    while let Some(object) = source.next(&mut buffer) {
                        tally.read(task, &object, &buffer, &mut scratch);
                    }
                });
            }
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
        records.accesses = Accesses::merge(accesses, &records.locations);
        records.sessions = sessions.finish(&records.locations);
        records.read.sort_by(|a, b| (&a.source, &a.region).cmp(&(&b.source, &b.region)));
        records.skipped.sort_by(|a, b| a.object.cmp(&b.object));
        records
    }
}

/// What all threads work on.
#[derive(Clone, Copy)]
struct Task<'t> {
    question: &'t Question,
    places: &'t Places,
    seen: &'t SeenEvents,
}

/// What one thread uses again for every object.
#[derive(Default)]
struct Scratch {
    inflater: Inflater,
    marks: Marks,
}

impl Tally {
    fn read(&mut self, task: Task, object: &Object, bytes: &[u8], scratch: &mut Scratch) {
        let key = object.name.strip_prefix("s3://").unwrap_or(&object.name);
        let expected = task.question.expected.get(key);
        let refusal = match (&object.failure, layout::kind(&object.name)) {
            (Some(failure), _) => Refusal::unread(failure),
            (None, ObjectKind::Other(what)) => Refusal::without_records(what),
            (None, ObjectKind::Log) => match self.try_read(task, object, bytes, scratch, expected) {
                Ok(()) => {
                    self.verdicts.extend(expected.map(|_| (key.to_owned(), Verdict::Valid)));
                    return;
                }
                Err(refusal) => refusal,
            },
        };
        self.verdicts.extend(expected.map(|_| (key.to_owned(), refusal.verdict)));
        self.skipped.push(Skipped { object: object.name.clone(), reason: refusal.reason, matters: refusal.matters });
    }

    /// All of an object counts, or nothing.
    fn try_read(
        &mut self,
        task: Task,
        object: &Object,
        bytes: &[u8],
        scratch: &mut Scratch,
        expected: Option<&ExpectedLog>,
    ) -> Result<(), Refusal> {
        let json = match inflate::is_gzip(bytes) {
            true => scratch.inflater.inflate(bytes, MAX_INFLATED).map_err(|error| Refusal::inflating(&error))?,
            // CloudTrail delivers gzip only.
            false if expected.is_some() => return Err(Refusal::altered("it is not gzip data".to_owned())),
            false => bytes,
        };
        // The very bytes that are read are those that the digest must have meant.
        if let Some(Verdict::Invalid(why)) = expected.map(|expected| expected.matches(json)) {
            return Err(Refusal::altered(why));
        }
        let text = simdutf8::compat::from_utf8(json).map_err(|error| Refusal::unreadable(&error))?;
        scratch.marks.find(json);
        let events = event::read(text, &scratch.marks, &mut self.identities, task.question.period).map_err(
            |error| match error {
                // Where its name says that it is a log file, it stands in the place of one.
                FileError::Digest if LogName::parse(&object.name).is_none() => {
                    Refusal::without_records(&error.to_string())
                }
                error => Refusal::unreadable(&error),
            },
        )?;
        self.malformed += events.malformed;
        let marks: Vec<EventMarks> = events.list.iter().map(|event| self.marks(event, task.seen)).collect();
        let mut accesses = Vec::with_capacity(events.list.len());
        for (event, seen) in events.list.iter().zip(task.seen.add(&marks)) {
            let times = u64::from(seen != Seen::Duplicate);
            self.events += times;
            self.duplicates += 1 - times;
            // Two events under one id: one of them is not what it says.
            self.malformed += u64::from(seen == Seen::Conflict);
            for touch in &event.touched {
                let before = accesses.len();
                let at = |location| Access { event, bucket: touch.bucket(), location, times };
                accesses.extend(task.places.touched_by(touch).map(|location| at(Some(location))));
                if accesses.len() == before {
                    accesses.push(at(None));
                }
            }
            if task.question.sessions && times == 1 {
                self.sessions.add(task.places, event, self.identities.principal(event.principal));
            }
        }
        self.accesses.add(&accesses, &object.name);
        Ok(())
    }

    fn marks(&self, event: &Event, seen: &SeenEvents) -> EventMarks {
        let mut hasher = seen.state.build_hasher();
        let instant = (event.time.0.unix_timestamp(), event.time.0.nanosecond());
        (self.identities.hash(event.principal), instant).hash(&mut hasher);
        (&event.name, &event.touched, &event.error_code).hash(&mut hasher);
        seen.marks(&event.id, event.shared_id.as_deref(), hasher.finish())
    }
}

/// Why an object does not count.
struct Refusal {
    reason: String,
    /// It may hold object records.
    matters: bool,
    /// Whether it is what a digest says, where one does.
    verdict: Verdict,
}

impl Refusal {
    fn unread(why: &str) -> Refusal {
        Refusal { reason: why.to_owned(), matters: true, verdict: Verdict::Unknown(why.to_owned()) }
    }

    fn altered(why: String) -> Refusal {
        Refusal { reason: why.clone(), matters: true, verdict: Verdict::Invalid(why) }
    }

    fn inflating(error: &InflateError) -> Refusal {
        match error {
            InflateError::TooLarge(_) => Refusal::unread(&error.to_string()),
            InflateError::Damaged | InflateError::Trailing => Refusal::altered(error.to_string()),
        }
    }

    /// As CloudTrail delivered it, where a digest says so, and still not understood.
    fn unreadable(error: &dyn std::error::Error) -> Refusal {
        Refusal { reason: error.to_string(), matters: true, verdict: Verdict::Valid }
    }

    fn without_records(what: &str) -> Refusal {
        Refusal { reason: what.to_owned(), matters: false, verdict: Verdict::Valid }
    }
}

/// The declared locations, by bucket.
pub struct Places {
    pub locations: Vec<Location>,
    by_bucket: HashMap<String, Vec<u32>>,
    /// Those that COPY or UNLOAD uses.
    redshift: Vec<bool>,
}

impl Places {
    fn of(watched: &[Watched]) -> Places {
        let mut locations: Vec<Location> = watched.iter().map(|watched| watched.location.clone()).collect();
        locations.sort();
        locations.dedup();
        let is_redshift =
            |location: &Location| watched.iter().any(|watched| &watched.location == location && watched.kind.is_some());
        let redshift = locations.iter().map(is_redshift).collect();
        let mut by_bucket: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, location) in locations.iter().enumerate() {
            by_bucket.entry(location.bucket.clone()).or_default().push(number as u32);
        }
        Places { locations, by_bucket, redshift }
    }

    /// A listing touches every location that its prefix overlaps.
    pub fn touched_by<'a>(&'a self, touch: &'a Touched<'a>) -> impl Iterator<Item = u32> + 'a {
        let here = if self.locations.is_empty() { None } else { self.by_bucket.get(touch.bucket()) };
        here.into_iter().flatten().copied().filter(move |number| {
            let location = &self.locations[*number as usize];
            match touch {
                Touched::Object { bucket, key } => location.contains(bucket, key),
                Touched::Listing { bucket, prefix } => location.overlaps_listing(bucket, prefix),
            }
        })
    }

    pub fn is_redshift(&self, number: u32) -> bool {
        self.redshift[number as usize]
    }
}
