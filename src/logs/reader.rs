//! Reads log objects and keeps what reports need: accesses, sessions, and what was not read.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::inflate;
use super::layout::{self, ObjectKind};
use super::principal::{Principal, UserIdentity};
use super::record::{Kind, Record, Touched};
use super::session::Sessions;
use crate::location::Location;
use crate::snapshot::{AccessRecord, Example, LocationKind, LogReading, Records, Skipped, Timestamp, Window};

/// CloudTrail's limit is 50 MB before compression; some slack for what AWS may raise it to.
const MAX_INFLATED: usize = 512 << 20;

/// A declared location, and whether Redshift reads or writes there (`None`: only its accesses are asked for).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    pub location: Location,
    pub kind: Option<LocationKind>,
}

/// What accesses are counted by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    principal: Principal,
    bucket: String,
    location: Option<String>,
    event_name: String,
    access: &'static str,
    region: String,
    error_code: Option<String>,
}

struct Seen {
    count: u64,
    first: Timestamp,
    last: Timestamp,
    example: Example,
}

/// Reads one log object after another.
pub struct Reader {
    watched: Vec<Watched>,
    window: Option<Window>,
    /// By eventID, and by sharedEventID: a digest of what the event says.
    event_ids: HashMap<String, u64>,
    groups: BTreeMap<Group, Seen>,
    sessions: Sessions,
    records: Records,
}

impl Reader {
    /// `window`: events before its start do not count; `None`: all count. Later ones do: the end only bounds what may be
    /// said of absence.
    pub fn new(watched: Vec<Watched>, window: Option<Window>) -> Reader {
        let mut locations: Vec<String> = watched.iter().map(|watched| watched.location.to_string()).collect();
        locations.sort();
        locations.dedup();
        Reader {
            watched,
            window,
            event_ids: HashMap::new(),
            groups: BTreeMap::new(),
            sessions: Sessions::default(),
            records: Records { window, locations, ..Records::default() },
        }
    }

    /// Reads one object. `false`: it could not be read, which is noted.
    pub fn read(&mut self, object: &str, bytes: &[u8]) -> bool {
        if let ObjectKind::Other(what) = layout::kind(object) {
            self.skip(object, what.to_owned(), false);
            return true;
        }
        match self.try_read(object, bytes) {
            Ok(()) => true,
            Err(reason) => {
                self.skip(object, reason, true);
                false
            }
        }
    }

    /// Notes an object that was listed and not read.
    pub fn skip(&mut self, object: &str, reason: String, matters: bool) {
        self.records.skipped.push(Skipped { object: object.to_owned(), reason, matters });
    }

    /// Notes how much of one source was read.
    pub fn add_reading(&mut self, reading: LogReading) {
        self.records.read.push(reading);
    }

    pub fn finish(self) -> Records {
        let Reader { groups, sessions, mut records, .. } = self;
        records.accesses = groups.into_iter().map(|(group, seen)| access_record(group, seen)).collect();
        records.sessions = sessions.finish();
        records.read.sort_by(|a, b| (&a.source, &a.region).cmp(&(&b.source, &b.region)));
        records.skipped.sort_by(|a, b| a.object.cmp(&b.object));
        records
    }

    fn try_read(&mut self, object: &str, bytes: &[u8]) -> Result<(), String> {
        let inflated;
        let json = if inflate::is_gzip(bytes) {
            inflated = inflate::inflate(bytes, MAX_INFLATED).map_err(|error| error.to_string())?;
            &inflated
        } else {
            bytes
        };
        let file: LogFile =
            serde_json::from_slice(json).map_err(|error| format!("not a CloudTrail log file: {error}"))?;
        for raw in file.records {
            match serde_json::from_str::<Record>(raw.get()) {
                Ok(record) => match record.kind() {
                    Kind::S3Data => self.add(object, &record),
                    Kind::Other => {}
                    Kind::Unclear => self.records.malformed += 1,
                },
                Err(_) => self.records.malformed += 1,
            }
        }
        Ok(())
    }

    fn add(&mut self, object: &str, record: &Record) {
        let (Some(event_id), Some(event_name), Some(time)) =
            (&record.event_id, &record.event_name, record.event_time.as_deref().and_then(Timestamp::parse))
        else {
            self.records.malformed += 1;
            return;
        };
        if self.window.is_some_and(|window| time < window.start) {
            return;
        }
        let Some(touched) = record.touched() else {
            self.records.malformed += 1;
            return;
        };
        let identity = record.user_identity.as_ref();
        let principal = identity.map_or_else(|| UserIdentity::default().principal(), |i| i.principal());
        let mut hasher = DefaultHasher::new();
        (&principal, event_name, time, &touched, &record.error_code).hash(&mut hasher);
        match self.event_ids.insert(event_id.clone(), hasher.finish()) {
            None => {}
            Some(known) if known == hasher.finish() => {
                self.records.duplicates += 1;
                return;
            }
            // Two events under one id: one of them is not what it says.
            Some(_) => self.records.malformed += 1,
        }
        // Another account's copy of the same action, where it says the same; one that hides who acted is told beside it.
        if let Some(shared) = &record.shared_event_id
            && self.event_ids.insert(shared.clone(), hasher.finish()) == Some(hasher.finish())
        {
            self.records.duplicates += 1;
            return;
        }
        self.records.events += 1;
        for touch in &touched {
            for location in self.locations_of(touch) {
                let group = Group {
                    principal: principal.clone(),
                    bucket: touch.bucket().to_owned(),
                    location,
                    event_name: event_name.clone(),
                    access: match record.read_only {
                        Some(true) => "read",
                        Some(false) => "write",
                        None => "unknown",
                    },
                    region: record.aws_region.clone().unwrap_or_default(),
                    error_code: record.error_code.clone(),
                };
                let example = || Example { event_id: event_id.clone(), object: object.to_owned() };
                count(&mut self.groups, group, time, example);
            }
        }
        self.sessions.add(&self.watched, record, &principal, &touched, time);
    }

    /// The declared locations that were touched, or `None` once where there is none.
    fn locations_of(&self, touch: &Touched) -> Vec<Option<String>> {
        let mut found: Vec<Option<String>> = self
            .watched
            .iter()
            .filter(|watched| watched.location.is_touched_by(touch))
            .map(|watched| Some(watched.location.to_string()))
            .collect();
        found.dedup();
        if found.is_empty() { vec![None] } else { found }
    }
}

impl Location {
    /// A listing touches every location that its prefix overlaps.
    fn is_touched_by(&self, touch: &Touched) -> bool {
        match touch {
            Touched::Object { bucket, key } => self.contains(bucket, key),
            Touched::Listing { bucket, prefix } => self.overlaps_listing(bucket, prefix),
        }
    }
}

fn count(groups: &mut BTreeMap<Group, Seen>, group: Group, time: Timestamp, example: impl Fn() -> Example) {
    let seen = groups.entry(group).or_insert_with(|| Seen { count: 0, first: time, last: time, example: example() });
    seen.count += 1;
    seen.last = seen.last.max(time);
    // The example is the earliest event, so that the order in which objects are read does not show.
    if (time, example().event_id) < (seen.first, seen.example.event_id.clone()) {
        seen.example = example();
    }
    seen.first = seen.first.min(time);
}

fn access_record(group: Group, seen: Seen) -> AccessRecord {
    AccessRecord {
        principal: group.principal.name,
        principal_type: group.principal.kind.as_str().to_owned(),
        account: group.principal.account,
        bucket: group.bucket,
        location: group.location,
        event_name: group.event_name,
        access: group.access.to_owned(),
        region: group.region,
        error_code: group.error_code,
        count: seen.count,
        first_seen: seen.first,
        last_seen: seen.last,
        example: seen.example,
    }
}

#[derive(Deserialize)]
struct LogFile<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<&'a RawValue>,
}
