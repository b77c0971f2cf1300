//! What one thread reads: an object counts as a whole or not at all.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};

use super::super::access::{Access, Accesses, Noted};
use super::super::chain::{ExpectedLog, LogName, Unread, Verdict};
use super::super::changes::{NotUnderstood, change};
use super::super::container::{self, Unknown};
use super::super::dedup::{Arrival, Dedup, EventHashes};
use super::super::event::{self, Event, FileError, NAMED};
use super::super::identity::Identities;
use super::super::layout::{self, ObjectKind};
use super::super::principal::PrincipalKind;
use super::super::record::Reached;
use super::super::session::Sessions;
use super::super::statements::StatementObjects;
use super::super::structural_index::StructuralIndex;
use super::super::unpack::{BOM, is_zstd, packed, unpacked};
use super::super::watch::WatchedPlaces;
use super::super::writes::Writes;
use super::{Object, Question};
use crate::aws::timestamp::Timestamp;
use crate::gzip::{self, InflateError, Inflater, Turn};
use crate::snapshot::{Change, Skipped, Unclear};

/// What one thread has read.
pub(super) struct Worker {
    pub identities: Identities,
    pub accesses: Accesses,
    pub sessions: Sessions,
    pub writes: Writes,
    pub skipped: Vec<Skipped>,
    pub verdicts: Vec<(String, Verdict)>,
    pub events: u64,
    pub duplicates: u64,
    pub malformed: u64,
    /// The first of them.
    pub unclear: BTreeSet<Unclear>,
    pub changes: Vec<Change>,
    /// Events of which a record says who acted.
    pub told: HashSet<Deed>,
    /// Events by records that do not.
    held: Vec<Held>,
}

/// An event that two accounts have records of: hashes of the id that the records share, and of what was done, whoever did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Deed {
    shared_id: u64,
    content: u64,
}

/// An event whose record hides who acted, until it is known whether another one tells.
struct Held {
    deed: Deed,
    event_id: String,
    time: Timestamp,
    times: u64,
    noted: Vec<Noted>,
    object: String,
}

/// What all threads work on.
#[derive(Clone, Copy)]
pub(super) struct Task<'t> {
    pub question: &'t Question<'t>,
    pub places: &'t WatchedPlaces,
    pub objects: &'t StatementObjects<'t>,
    pub dedup: &'t Dedup,
}

/// What one thread uses again for every object.
#[derive(Default)]
pub(super) struct Scratch {
    inflater: Inflater,
    index: StructuralIndex,
}

impl Worker {
    pub(super) fn new(dedup: &Dedup) -> Worker {
        Worker {
            identities: Identities::default(),
            accesses: Accesses::new(dedup.state.clone()),
            sessions: Sessions::default(),
            writes: Writes::default(),
            skipped: vec![],
            verdicts: vec![],
            events: 0,
            duplicates: 0,
            malformed: 0,
            unclear: BTreeSet::new(),
            changes: vec![],
            told: HashSet::new(),
            held: vec![],
        }
    }

    pub(super) fn read(&mut self, task: Task, object: &Object, bytes: &[u8], scratch: &mut Scratch) {
        let key = object.name.strip_prefix("s3://").unwrap_or(&object.name);
        let expected = task.question.expected.get(key);
        let read = match (&object.failure, layout::kind(&object.name)) {
            (Some(unread), _) => Err(Refusal::unread(unread, expected)),
            (None, ObjectKind::Other(what)) => Err(Refusal::without_records(what)),
            (None, ObjectKind::Log) => self.try_read(task, object, bytes, scratch, expected),
        };
        scratch.inflater.let_go();
        let Err(refusal) = read else {
            self.verdicts.extend(expected.map(|_| (key.to_owned(), Verdict::Valid)));
            return;
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
        let (inflated, _turn);
        let json = match gzip::is_gzip(bytes) {
            true => scratch.inflater.inflate(bytes, gzip::MAX_LOG).map_err(|error| Refusal::inflating(&error))?,
            // CloudTrail delivers gzip only.
            false if expected.is_some() => return Err(Refusal::altered("it is not gzip data".to_owned())),
            false if is_zstd(bytes) => {
                _turn = Turn::take();
                inflated = unpacked(bytes).map_err(Refusal::altered)?;
                &inflated
            }
            false if !object.is_named_as_log && !looks_like_log(bytes) && packed(bytes).is_none() => {
                return Err(Refusal::without_records(NO_LOG));
            }
            false => bytes,
        };
        if let Some(form) = packed(json) {
            return Err(Refusal::of_another_form(format!(
                "it is {form}; write what is in it as gzip, zstd or plain text"
            )));
        }
        // The very bytes that are read are those that the digest must have meant.
        if let Some(Verdict::Invalid(why)) = expected.map(|expected| expected.matches(json)) {
            return Err(Refusal::altered(why));
        }
        let json = json.strip_prefix(BOM).unwrap_or(json);
        let text = scratch.index.find(json).map_err(|error| Refusal::unreadable(&error))?;
        match self.read_records(task, object, text, &scratch.index) {
            Ok(()) => Ok(()),
            // What CloudTrail delivered itself has one form.
            Err(FileError::NoRecords | FileError::Fault(_) | FileError::Notifications) if expected.is_none() => {
                let text = container::unwrapped(text).map_err(|Unknown(why)| Refusal::of_another_form(why))?;
                let read = self.read_records(task, object, &text, &StructuralIndex::of(&text));
                read.map_err(|error| Refusal::unreadable(&error))
            }
            // Where its name says that it is a log file, it stands in the place of one.
            Err(FileError::Digest) if LogName::parse(&object.name).is_none() => {
                Err(Refusal::without_records(&FileError::Digest.to_string()))
            }
            Err(error) => Err(Refusal::unreadable(&error)),
        }
    }

    /// The records of a text in the form of a log file.
    fn read_records(
        &mut self,
        task: Task,
        object: &Object,
        text: &str,
        index: &StructuralIndex,
    ) -> Result<(), FileError> {
        let mut notes = Notes::for_text(text);
        let Worker { identities, accesses, .. } = self;
        let beside = event::read(text, index, identities, task.question.period, |event, identities| {
            notes.add(event, task, identities, accesses);
        })?;
        self.malformed += beside.unclear;
        beside.first.into_iter().for_each(|id| self.name_unclear(Some(object.name.clone()), id));
        for record in beside.changes {
            match change(record, &object.name) {
                Ok(change) => self.changes.extend(change),
                Err(NotUnderstood) => {
                    self.malformed += 1;
                    self.name_unclear(Some(object.name.clone()), None);
                }
            }
        }
        self.count(&notes, task, &object.name);
        Ok(())
    }

    /// Counts what was held back, but for events of which another record tells more: `told`, by any thread.
    pub(super) fn settle(&mut self, told: &HashSet<Deed>) {
        for held in std::mem::take(&mut self.held) {
            if told.contains(&held.deed) {
                self.events -= held.times;
                self.duplicates += held.times;
                continue;
            }
            let Held { event_id, time, times, noted, object, .. } = &held;
            let accesses = noted.iter().map(|noted| Access { noted: *noted, event_id, time: *time, times: *times });
            self.accesses.add(accesses, object);
        }
    }

    fn name_unclear(&mut self, object: Option<String>, event_id: Option<String>) {
        self.unclear.insert(Unclear { object, event_id });
        if self.unclear.len() > NAMED {
            self.unclear.pop_last();
        }
    }

    fn count(&mut self, notes: &Notes, task: Task, object: &str) {
        let arrived = task.dedup.add(&notes.hashes);
        let duplicates = arrived.iter().filter(|arrived| **arrived == Arrival::Duplicate).count() as u64;
        self.events += arrived.len() as u64 - duplicates;
        self.duplicates += duplicates;
        // Two events under one id: one of them is not what it says.
        for (arrived, (id, _)) in arrived.iter().zip(&notes.events) {
            if *arrived == Arrival::Conflict {
                self.malformed += 1;
                self.name_unclear(None, Some(id.to_string()));
            }
        }
        let access = |(number, noted): &(u32, Noted)| {
            let (event_id, time) = &notes.events[*number as usize];
            let times = u64::from(arrived[*number as usize] != Arrival::Duplicate);
            Access { noted: *noted, event_id, time: *time, times }
        };
        let hidden: HashMap<u32, Deed> =
            notes.shared.iter().filter(|(.., hides)| *hides).map(|(number, deed, _)| (*number, *deed)).collect();
        self.told.extend(notes.shared.iter().filter(|(.., hides)| !hides).map(|(_, deed, _)| *deed));
        let is_open = |(number, _): &&(u32, Noted)| !hidden.contains_key(number);
        self.accesses.add(notes.accesses.iter().filter(is_open).map(access), object);
        for (number, deed) in hidden {
            let (event_id, time) = &notes.events[number as usize];
            self.held.push(Held {
                deed,
                event_id: event_id.to_string(),
                time: *time,
                times: u64::from(arrived[number as usize] != Arrival::Duplicate),
                noted: notes.accesses.iter().filter(|(of, _)| *of == number).map(|(_, noted)| *noted).collect(),
                object: object.to_owned(),
            });
        }
        for (event, _) in notes.whole.iter().zip(arrived).filter(|(_, arrived)| *arrived != Arrival::Duplicate) {
            let principal = self.identities.principal(event.principal);
            self.sessions.add(task.places, event, principal);
            task.objects.note(event, principal);
            if task.question.statements.is_some() {
                self.writes.add(task.places, task.objects, event, principal, object);
            }
        }
    }
}

/// What is kept of an object's events until it has been read to its end.
struct Notes<'a> {
    hashes: Vec<EventHashes>,
    /// Of events that two accounts have records of: their number, and whether this record hides who acted.
    shared: Vec<(u32, Deed, bool)>,
    /// Their ids and times.
    events: Vec<(Cow<'a, str>, Timestamp)>,
    /// Of the event of a number.
    accesses: Vec<(u32, Noted)>,
    /// All of them, where sessions are asked for.
    whole: Vec<Event<'a>>,
}

impl<'a> Notes<'a> {
    fn for_text(text: &str) -> Notes<'a> {
        // Records of S3 have one to two thousand bytes; a guess that saves copying the lists as they grow.
        let guess = text.len() / 1536;
        Notes {
            hashes: Vec::with_capacity(guess),
            shared: vec![],
            events: Vec::with_capacity(guess),
            accesses: Vec::with_capacity(guess),
            whole: vec![],
        }
    }

    #[inline]
    fn add(&mut self, event: Event<'a>, task: Task, identities: &Identities, accesses: &mut Accesses) {
        let number = self.events.len() as u32;
        let action = accesses.action(&event);
        // What is done, and by whom.
        let mut content = task.dedup.state.build_hasher();
        (event.time, action.hashes()).hash(&mut content);
        let first = self.accesses.len();
        let is_from_there = task.question.asks_for_address(event.source_address.as_deref());
        for Reached { resource, does } in &event.resources {
            let bucket = accesses.bucket(resource.bucket());
            (bucket.hash, resource.is_object(), resource.key(), does).hash(&mut content);
            if !is_from_there || !task.question.asks_for(resource.bucket()) {
                continue;
            }
            let of_logs = match &*event.name {
                "GetObject" => layout::is_file(resource.key()),
                "ListObjects" => layout::is_folder(resource.key()),
                _ => false,
            };
            let mut add = |location| {
                let noted = action.at(bucket, location, *does, of_logs);
                let before = self.accesses[first..].iter().map(|(_, noted)| noted);
                // An event counts once in a group.
                if !before.clone().any(|other| other.is(&noted)) {
                    let noted = noted.after(before);
                    self.accesses.push((number, noted));
                }
            };
            let mut is_declared = false;
            for location in task.places.reached_by(resource) {
                is_declared = true;
                add(Some(location));
            }
            if !is_declared {
                add(None);
            }
        }
        if let Some(shared) = event.shared_id.as_deref().filter(|shared| **shared != *event.id) {
            let hides_caller = identities.principal(event.principal).kind == PrincipalKind::Account;
            let deed = Deed { shared_id: task.dedup.state.hash_one(shared), content: content.finish() };
            self.shared.push((number, deed, hides_caller));
        }
        identities.hash(event.principal).hash(&mut content);
        self.hashes.push(task.dedup.hashes(&event.id, event.shared_id.as_deref(), content.finish()));
        if task.question.sessions {
            self.events.push((event.id.clone(), event.time));
            self.whole.push(event);
        } else {
            self.events.push((event.id, event.time));
        }
    }
}

/// What files are that nobody takes for logs.
pub const NO_LOG: &str = "neither JSON nor gzip";

/// No table of records has so many columns, in bytes of their names.
const LONGEST_HEAD: usize = 64 << 10;

/// JSON, a line that CloudWatch Logs exports (its time comes first), or a table's line of names.
fn looks_like_log(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(BOM).unwrap_or(bytes).trim_ascii_start();
    match start.first() {
        Some(b'{' | b'[') => true,
        Some(b'0'..=b'9') => start.get(..64).unwrap_or(start).windows(2).any(|pair| pair == b" {"),
        Some(_) => {
            let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
            line.len() < LONGEST_HEAD && std::str::from_utf8(line).is_ok_and(|line| container::is_head(line.trim_end()))
        }
        None => false,
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
    fn unread(unread: &Unread, expected: Option<&ExpectedLog>) -> Refusal {
        let reason = match unread {
            Unread::Missing => "there is no such object, or no longer".to_owned(),
            Unread::Failed(why) => why.clone(),
        };
        let verdict = match expected {
            Some(expected) => expected.judge(Err(unread.clone())),
            None => Verdict::Unknown(reason.clone()),
        };
        Refusal { reason, matters: true, verdict }
    }

    fn altered(why: String) -> Refusal {
        Refusal { reason: why.clone(), matters: true, verdict: Verdict::Invalid(why) }
    }

    fn inflating(error: &InflateError) -> Refusal {
        match error {
            InflateError::TooLarge(_) => Refusal::unread(&Unread::Failed(error.to_string()), None),
            InflateError::Damaged | InflateError::Trailing => Refusal::altered(error.to_string()),
        }
    }

    fn of_another_form(why: String) -> Refusal {
        Refusal { reason: why, matters: true, verdict: Verdict::Valid }
    }

    /// As CloudTrail delivered it, where a digest says so, and still not understood.
    fn unreadable(error: &dyn std::error::Error) -> Refusal {
        Refusal { reason: error.to_string(), matters: true, verdict: Verdict::Valid }
    }

    fn without_records(what: &str) -> Refusal {
        Refusal { reason: what.to_owned(), matters: false, verdict: Verdict::Valid }
    }
}
