//! What the log reader does with an object, held against serde_json and against itself.
#![no_main]

mod mutate;
mod naive;

use std::sync::atomic::{AtomicUsize, Ordering};

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use naive::{Given, Members};
use trailcheck::aws::location::Location;
use trailcheck::aws::location::LocationKind;
use trailcheck::aws::s3_events::Access;
use trailcheck::aws::timestamp::Timestamp;
use trailcheck::gzip::{self, compress};
use trailcheck::logs::event::{self, FileError, Period};
use trailcheck::logs::identity::Identities;
use trailcheck::logs::json::{Cursor, Fault};
use trailcheck::logs::principal::{Principal, UserIdentity};
use trailcheck::logs::reader::{Object, Question, Reader, Source};
use trailcheck::logs::record::{Reached, Resource};
use trailcheck::logs::structural_index::StructuralIndex;
use trailcheck::logs::watch::Watched;
use trailcheck::snapshot::Records;

const MAX_INFLATED: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    if !gzip::is_gzip(data) {
        return text(data);
    }
    let inflated = gzip::inflate(data, MAX_INFLATED);
    // Another inflater, which tells where it stopped.
    let mut rest = data;
    let mut other = Vec::new();
    let read = std::io::Read::read_to_end(&mut flate2::bufread::GzDecoder::new(&mut rest), &mut other);
    match (inflated, read) {
        (Ok(inflated), read) => {
            if read.is_ok() {
                assert!(inflated == other, "two inflaters, two contents");
                assert!(rest.is_empty(), "something follows the member");
            }
            text(&inflated);
        }
        // Flags that are reserved are none of libdeflate's.
        (Err(error), Ok(_)) if data[3] & 0xe0 == 0 && other.len() <= data.len() * 200 => {
            assert!(!rest.is_empty(), "a whole member is refused: {error}");
        }
        _ => {}
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let inflated = Some(&data[..size])
        .filter(|data| gzip::is_gzip(data) && !seed.is_multiple_of(8))
        .and_then(|data| gzip::inflate(data, MAX_INFLATED).ok());
    let plain = inflated.as_deref().unwrap_or(&data[..size]);
    let changed = match mutate::json(plain, seed).filter(|_| seed % 3 != 0) {
        Some(changed) => changed,
        None if inflated.is_none() => return fuzzer_mutate(data, size, max_size),
        None => {
            let (mut changed, length) = (plain.to_vec(), plain.len());
            changed.resize(length + 64, 0);
            let (length, room) = (fuzzer_mutate(&mut changed, length, length + 64), changed.len());
            changed.truncate(length.min(room));
            changed
        }
    };
    let changed = if inflated.is_some() { compress(&changed) } else { changed };
    if changed.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
});

fn text(bytes: &[u8]) {
    // What is no text is refused by the reader as by everybody.
    let Ok(text) = std::str::from_utf8(bytes) else { return through_reader(bytes, Err(&FileError::NoRecords)) };
    let mut identities = Identities::default();
    let ours = read(text, &mut identities);
    match &ours {
        // Limits are ours alone; but what they name must be there.
        Err(FileError::Fault(Fault::Depth(at))) => return assert!(depth(&text[..*at]) > 60, "not deep at {at}"),
        Err(FileError::Fault(Fault::String(_))) => return assert!(text.len() > 1 << 20, "no long string is in it"),
        Err(FileError::TooMany) => return assert!(text.len() > 1_000_000, "no so many records are in it"),
        _ => {}
    }
    let file = match expected(text) {
        Ok(file) => file,
        Err(expected) => {
            match (&ours, &expected) {
                (Err(FileError::Fault(_)), FileError::Fault(_)) => {}
                (ours, expected) => assert_eq!(ours.as_ref().err(), Some(expected)),
            }
            return through_reader(bytes, Err(&expected));
        }
    };
    let ours = ours.unwrap_or_else(|error| panic!("a log file is refused: {error}"));
    nothing_is_lost(&file, &ours);
    nothing_is_made_up(&file, &ours);
    // The second time identities are recognised; then without white space, which is read the fast way, and with much.
    let again = read(text, &mut identities).expect("it was read before");
    assert_eq!(ours, again, "an identity was recognised that is another");
    for space in ["", " ", "\r\n\t   "] {
        let same = naive::spaced(text, space);
        match read(&same, &mut Identities::default()) {
            Err(FileError::Fault(Fault::Depth(_) | Fault::String(_))) => {}
            Err(error) => panic!("with {space:?} between the tokens it is refused: {error}"),
            Ok(same) => assert_eq!(ours, same, "with {space:?} between the tokens it says something else"),
        }
    }
    // Each record says the same alone.
    let alone = file.records.iter().map(|record| {
        let one = format!("{{\"Records\":[{record}]}}");
        read(&one, &mut Identities::default()).expect("a record of a file that was read")
    });
    let mut together = Read::default();
    for one in alone {
        together.events.extend(one.events);
        together.malformed += one.malformed;
    }
    assert_eq!(ours, together, "a record says something else beside others");
    // The tables of a reader are megabytes; not every input is worth them.
    if !ours.events.is_empty() && text.len().is_multiple_of(8) {
        through_reader(bytes, Ok(&ours));
    }
}

fn depth(text: &str) -> usize {
    let (mut depth, mut within, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            b'"' if !escaped => within = !within,
            b'{' | b'[' if !within => depth += 1,
            b'}' | b']' if !within => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = within && !escaped && byte == b'\\';
    }
    depth
}

/// What a file says, every piece a copy.
#[derive(Debug, Default, PartialEq)]
struct Read {
    events: Vec<Event>,
    malformed: u64,
}

#[derive(Debug, PartialEq)]
struct Event {
    id: String,
    shared_id: Option<String>,
    name: String,
    time: Timestamp,
    region: String,
    error_code: Option<String>,
    principal: Principal,
    resources: Vec<Reached<'static>>,
    /// Without white space.
    identity: Option<String>,
    additional: Option<String>,
}

fn read(text: &str, identities: &mut Identities) -> Result<Read, FileError> {
    let index = StructuralIndex::of(text);
    let copy = |event: event::Event, identities: &Identities| Event {
        id: event.id.into_owned(),
        shared_id: event.shared_id.map(Into::into),
        name: event.name.into_owned(),
        time: event.time,
        region: event.region.into_owned(),
        error_code: event.error_code.map(Into::into),
        principal: identities.principal(event.principal).clone(),
        resources: event
            .resources
            .into_iter()
            .map(|at| Reached { resource: owned(at.resource), does: at.does })
            .collect(),
        identity: event.identity.map(|text| naive::spaced(text, "")),
        additional: event.additional.map(|text| naive::spaced(text, "")),
    };
    let mut events = vec![];
    let note = |event, identities: &Identities| events.push(copy(event, identities));
    let beside = event::read(text, &index, identities, Period::default(), note)?;
    Ok(Read { malformed: beside.unclear, events })
}

fn owned(resource: Resource) -> Resource<'static> {
    match resource {
        Resource::Object { bucket, key } => {
            Resource::Object { bucket: bucket.into_owned().into(), key: key.into_owned().into() }
        }
        Resource::Listing { bucket, prefix } => {
            Resource::Listing { bucket: bucket.into_owned().into(), prefix: prefix.into_owned().into() }
        }
        Resource::Bucket { bucket } => Resource::Bucket { bucket: bucket.into_owned().into() },
    }
}

/// A log file by serde_json: the text of each record.
struct File<'a> {
    records: Vec<&'a str>,
}

fn expected(text: &str) -> Result<File<'_>, FileError> {
    if !naive::is_json(text) {
        return Err(FileError::Fault(Fault::Syntax(0)));
    }
    let members = Members::of(text).map_or(vec![], |members| members.0);
    let mut lists = members
        .iter()
        .filter(|(name, _)| name.as_deref() == Some("Records"))
        .filter_map(|(_, value)| naive::items(value));
    match (lists.next(), lists.next()) {
        (Some(records), None) => Ok(File { records }),
        (Some(_), Some(_)) => Err(FileError::TwoLists),
        (None, _) if members.iter().any(|(name, _)| name.as_deref() == Some("digestS3Object")) => {
            Err(FileError::Digest)
        }
        (None, _) => Err(FileError::NoRecords),
    }
}

/// Every record that is an S3 data event for certain is an event or is told to be malformed, and one without anything odd
/// is an event with the facts that serde_json finds.
fn nothing_is_lost(file: &File, ours: &Read) {
    let certain = file.records.iter().filter(|record| is_certain(record)).count();
    let told = ours.events.len() + ours.malformed as usize;
    assert!(told >= certain, "{certain} S3 data events, of which {told} are told");
    let mut events = ours.events.iter();
    for fact in file.records.iter().filter_map(|record| Fact::of(record)) {
        assert!(
            events.any(|event| fact.is(event)),
            "an event that is sound is not told, or says something else: {fact:?}"
        );
    }
}

fn is_certain(record: &str) -> bool {
    let Some(members) = Members::of(record) else { return false };
    let has = |name: &str, value: &str| members.string(name).as_deref() == Some(value);
    let is_event = match members.given("eventType") {
        Given::Never => true,
        Given::Once(_) => has("eventType", "AwsApiCall") || has("eventType", "AwsServiceEvent"),
        Given::Twice => false,
    };
    has("eventSource", "s3.amazonaws.com") && has("eventCategory", "Data") && is_event
}

/// What is not an S3 event for certain is not told, and what is told stands in the file, in this order.
fn nothing_is_made_up(file: &File, ours: &Read) {
    let other = file.records.iter().filter(|record| is_other(record)).count();
    let told = ours.events.len() + ours.malformed as usize;
    assert!(
        told <= file.records.len() - other,
        "{told} events of {} records, {other} of other sources",
        file.records.len()
    );
    let mut records = file.records.iter().filter_map(|record| Members::of(record));
    for event in &ours.events {
        let is_it = |members: Members| {
            let has = |name: &str, value: &str| members.string(name).as_deref() == Some(value);
            has("eventSource", "s3.amazonaws.com")
                && has("eventID", &event.id)
                && has("eventName", &event.name)
                && members.string("eventTime").and_then(|time| Timestamp::parse(&time)) == Some(event.time)
        };
        assert!(records.any(is_it), "no record says this: {event:?}");
    }
}

fn is_other(record: &str) -> bool {
    let Some(members) = Members::of(record) else { return false };
    ["eventCategory", "eventType", "eventVersion"].iter().all(|name| members.may_be_string(name))
        && members.may_be_flag("managementEvent")
        && members.string("eventSource").is_some_and(|source| source != "s3.amazonaws.com")
}

/// A record of which nothing is odd.
#[derive(Debug)]
struct Fact {
    id: String,
    name: String,
    time: Timestamp,
    region: String,
    error_code: Option<String>,
    /// What it does, by its name, and by its flag where that says otherwise.
    does: Access,
    principal: Principal,
    resource: Resource<'static>,
}

impl Fact {
    fn of(record: &str) -> Option<Fact> {
        let members = Members::of(record).filter(|_| is_certain(record))?;
        members.string("eventVersion").filter(|version| version.starts_with("1."))?;
        let is_sound = ["awsRegion", "errorCode", "sharedEventID"].iter().all(|name| members.may_be_string(name))
            && members.may_be_flag("managementEvent")
            && members.may_be_flag("readOnly")
            && ["requestParameters", "additionalEventData"].iter().all(|name| members.given(name) != Given::Twice);
        let name =
            members.string("eventName").filter(|name| is_sound && matches!(&**name, "GetObject" | "PutObject"))?;
        let Given::Once(resources) = members.given("resources") else { return None };
        let resources = naive::items(resources)?;
        let mut resources = resources.iter().map(|resource| {
            let members = Members::of(resource).filter(|members| members.given("ARNPrefix") == Given::Never)?;
            Some((members.string("type")?, members.string("ARN")?))
        });
        let (kind, arn) = resources.next()??;
        let (bucket, key) = arn.strip_prefix("arn:aws:s3:::").filter(|_| kind == "AWS::S3::Object")?.split_once('/')?;
        if key.is_empty() || !resources.all(|other| other.is_some_and(|(kind, _)| kind == "AWS::S3::Bucket")) {
            return None;
        }
        let Given::Once(identity) = members.given("userIdentity") else { return None };
        let index = StructuralIndex::of(identity);
        let principal =
            UserIdentity::read(&mut Cursor::new(identity, &index)).ok().filter(|_| identity.starts_with('{'))?;
        Some(Fact {
            id: members.string("eventID")?,
            time: Timestamp::parse(&members.string("eventTime")?)?,
            region: members.string("awsRegion").unwrap_or_default(),
            error_code: members.string("errorCode"),
            does: match (&*name, members.given("readOnly")) {
                ("GetObject", Given::Once("false")) | ("PutObject", Given::Once("true")) => Access::All,
                ("GetObject", _) => Access::Read,
                _ => Access::Write,
            },
            name,
            principal: principal.principal()?,
            resource: Resource::Object { bucket: bucket.to_owned().into(), key: key.to_owned().into() },
        })
    }

    fn is(&self, event: &Event) -> bool {
        (&self.id, &self.name, self.time, &self.region) == (&event.id, &event.name, event.time, &event.region)
            && (&self.error_code, &self.principal) == (&event.error_code, &event.principal)
            && matches!(&event.resources[..], [at] if (&at.resource, at.does) == (&self.resource, Some(self.does)))
    }
}

/// The same bytes, so many times.
struct Copies<'a> {
    bytes: &'a [u8],
    left: AtomicUsize,
}

impl Source for Copies<'_> {
    fn next(&self, buffer: &mut Vec<u8>) -> Option<Object> {
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
        buffer.clear();
        buffer.extend_from_slice(self.bytes);
        Some(Object { name: format!("{left}.json"), failure: None, is_named_as_log: true })
    }
}

fn counted(bytes: &[u8], times: usize) -> Records {
    let location = Location { bucket: "b".to_owned(), prefix: "p".to_owned() };
    let watched = vec![Watched { location, kind: Some(LocationKind::Copy) }];
    let mut reader = Reader::new(Question {
        watched,
        buckets: vec![],
        addresses: vec![],
        period: Period::default(),
        expected: Default::default(),
        sessions: true,
        statements: None,
        threads: 1,
    });
    reader.read(&Copies { bytes, left: AtomicUsize::new(times) });
    reader.finish()
}

/// All of a file counts or nothing, and a copy of it is a duplicate.
fn through_reader(bytes: &[u8], expected: Result<&Read, &FileError>) {
    // Most inputs are refused, all in the same way.
    if expected.is_err() && !bytes.len().is_multiple_of(64) {
        return;
    }
    let once = counted(bytes, 1);
    let Ok(expected) = expected else {
        assert_eq!((once.events, once.duplicates, once.malformed, once.skipped.len()), (0, 0, 0, 1));
        return assert_eq!(once.skipped[0].matters, expected != Err(&FileError::Digest));
    };
    let events = expected.events.len() as u64;
    assert!(once.skipped.is_empty());
    assert_eq!(once.events + once.duplicates, events);
    assert!(once.malformed >= expected.malformed);
    assert!(once.accesses.iter().map(|access| access.count).sum::<u64>() >= once.events);
    let twice = counted(bytes, 2);
    assert_eq!(twice.events + twice.duplicates, 2 * events);
    if once.malformed == expected.malformed {
        assert_eq!(twice.events, once.events, "a copy counts");
    }
}
