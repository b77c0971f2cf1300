//! COPY and UNLOAD put together again from their records.
//!
//! A role's requests at one location belong together until they pause for longer than `PAUSE`: one statement of Redshift
//! assumes its role more than once (the COPY in the article shows two `creationDate`s), so neither a session's creation nor
//! its name is a boundary. Reads make a COPY, writes an UNLOAD. Records come in any order, so runs are joined as they meet.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use time::Duration;

use super::event::Event;
use super::json::{Cursor, Member};
use super::principal::{Principal, PrincipalKind, UserIdentity};
use super::record::{Reached, Resource};
use super::structural_index::StructuralIndex;
use super::watch::WatchedPlaces;
use crate::aws::arn::REDSHIFT_SESSION;
use crate::aws::timestamp::Timestamp;
use crate::snapshot::{Session, SessionKind};

const PAUSE: Duration = Duration::minutes(15);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Actor {
    principal: String,
    bucket: String,
    /// Into the declared locations; `None`: none is declared there.
    location: Option<u32>,
    region: String,
    kind: SessionKind,
}

/// What an event does in a COPY or UNLOAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    List,
    Get,
    Put,
    CreateUpload,
    Part,
    CompleteUpload,
    AbortUpload,
}

/// Requests without a pause. Objects are known by a hash of their key.
#[derive(Debug)]
struct Run {
    start: Timestamp,
    end: Timestamp,
    names: BTreeSet<String>,
    objects: HashSet<u64, FixedState>,
    uploads: HashMap<u64, Upload, FixedState>,
    parts: u64,
    bytes: Option<u64>,
}

/// The multipart uploads of one key.
#[derive(Debug, Default, Clone, Copy)]
struct Upload {
    created: u32,
    completed: u32,
    aborted: u32,
}

/// The runs of every role at every location, by their start.
#[derive(Debug, Default)]
pub struct Sessions {
    runs: BTreeMap<Actor, Vec<Run>>,
}

impl Sessions {
    /// Takes the event if it is a role's, succeeded, and is at a location of Redshift's or in a session of its name.
    pub fn add(&mut self, places: &WatchedPlaces, event: &Event, principal: &Principal) {
        let Some(step) = Step::of(&event.name) else { return };
        if principal.kind != PrincipalKind::Role || event.error_code.is_some() {
            return;
        }
        let name = event.identity.and_then(session_name);
        for Reached { resource, .. } in &event.resources {
            let redshift: Vec<u32> = places.reached_by(resource).filter(|number| places.is_redshift(*number)).collect();
            let is_named = name.as_deref() == Some(REDSHIFT_SESSION);
            let undeclared = (redshift.is_empty() && is_named).then_some(None);
            for location in redshift.into_iter().map(Some).chain(undeclared) {
                let actor = Actor {
                    principal: principal.name.clone(),
                    bucket: resource.bucket().to_owned(),
                    location,
                    region: event.region.to_string(),
                    kind: step.kind(),
                };
                let run = Run::of(step, resource, event, name.clone());
                join(self.runs.entry(actor).or_default(), run);
            }
        }
    }

    pub fn absorb(&mut self, other: Sessions) {
        for (actor, runs) in other.runs {
            let known = self.runs.entry(actor).or_default();
            runs.into_iter().for_each(|run| join(known, run));
        }
    }

    /// `locations`: the declared ones.
    pub fn finish(self, locations: &[String]) -> Vec<Session> {
        let of_actor = |(actor, mut runs): (Actor, Vec<Run>)| {
            settle(&mut runs);
            runs.into_iter().filter_map(move |run| run.session(&actor, locations)).collect::<Vec<_>>()
        };
        let mut sessions: Vec<Session> = self.runs.into_iter().flat_map(of_actor).collect();
        sessions.sort_by(|a, b| (a.start, &a.bucket, &a.principal).cmp(&(b.start, &b.bucket, &b.principal)));
        sessions
    }
}

/// Puts a run among those of its actor, and joins it with all that it comes near.
fn join(runs: &mut Vec<Run>, mut run: Run) {
    let first = runs.partition_point(|known| known.end.0 + PAUSE < run.start.0);
    let near = runs[first..].iter().take_while(|known| known.start.0 <= run.end.0 + PAUSE).count();
    // The larger takes in the smaller: a long run meets many single events.
    for known in runs.drain(first..first + near) {
        run = if known.objects.len() > run.objects.len() { known.with(run) } else { run.with(known) };
    }
    runs.insert(first, run);
}

/// An upload may end after a pause of any length: a completion or an abortion that nothing in its own run began is that of
/// what an earlier one left open. `runs`: by their start.
fn settle(runs: &mut [Run]) {
    // By key, the runs that began an upload and did not end it; and those that only wrote parts.
    let mut open: HashMap<u64, (Vec<usize>, Vec<usize>), FixedState> = HashMap::default();
    for at in 0..runs.len() {
        let uploads: Vec<(u64, Upload)> = runs[at].uploads.iter().map(|(key, upload)| (*key, *upload)).collect();
        for (key, upload) in uploads {
            let (begun, parts) = open.entry(key).or_default();
            let ended = upload.completed + upload.aborted;
            match ended.checked_sub(upload.created) {
                Some(0) if ended == 0 => parts.push(at),
                Some(surplus) => {
                    for _ in 0..surplus {
                        let Some(earlier) = begun.pop() else { break };
                        runs[earlier].end_upload(key);
                    }
                    if begun.is_empty() && surplus > 0 {
                        parts.drain(..).for_each(|earlier| runs[earlier].end_upload(key));
                    }
                }
                None => begun.extend((ended..upload.created).map(|_| at)),
            }
        }
    }
}

impl Step {
    fn of(event_name: &str) -> Option<Step> {
        Some(match event_name {
            "ListObjects" | "ListObjectsV2" | "HeadObject" => Step::List,
            "GetObject" => Step::Get,
            "PutObject" => Step::Put,
            "CreateMultipartUpload" => Step::CreateUpload,
            "UploadPart" => Step::Part,
            "CompleteMultipartUpload" => Step::CompleteUpload,
            "AbortMultipartUpload" => Step::AbortUpload,
            _ => return None,
        })
    }

    fn kind(self) -> SessionKind {
        match self {
            Step::List | Step::Get => SessionKind::Copy,
            _ => SessionKind::Unload,
        }
    }
}

impl Run {
    fn of(step: Step, resource: &Resource, event: &Event, name: Option<String>) -> Run {
        let mut run = Run {
            start: event.time,
            end: event.time,
            names: name.into_iter().collect(),
            objects: HashSet::default(),
            uploads: HashMap::default(),
            parts: u64::from(matches!(step, Step::Part)),
            bytes: if step == Step::List { None } else { bytes_of(event, step.kind()) },
        };
        if let Resource::Object { key, .. } = resource {
            let key = FixedState::default().hash_one(key);
            if !matches!(step, Step::List | Step::AbortUpload) {
                run.objects.insert(key);
            }
            if !matches!(step, Step::List | Step::Get | Step::Put) {
                let upload = Upload {
                    created: u32::from(step == Step::CreateUpload),
                    completed: u32::from(step == Step::CompleteUpload),
                    aborted: u32::from(step == Step::AbortUpload),
                };
                run.uploads.insert(key, upload);
            }
        }
        run
    }

    fn with(mut self, other: Run) -> Run {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        self.names.extend(other.names);
        self.objects.extend(other.objects);
        for (key, upload) in other.uploads {
            let known = self.uploads.entry(key).or_default();
            known.created += upload.created;
            known.completed += upload.completed;
            known.aborted += upload.aborted;
        }
        self.parts += other.parts;
        self.bytes = match (self.bytes, other.bytes) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        self
    }

    fn end_upload(&mut self, key: u64) {
        self.uploads.entry(key).or_default().completed += 1;
    }

    /// A run that only lists is neither COPY nor UNLOAD.
    fn session(self, actor: &Actor, locations: &[String]) -> Option<Session> {
        if actor.kind == SessionKind::Copy && self.objects.is_empty() {
            return None;
        }
        let count = |is: fn(&Upload) -> bool| self.uploads.values().filter(|upload| is(upload)).count() as u64;
        let unfinished = count(Upload::is_unfinished);
        Some(Session {
            kind: actor.kind,
            principal: actor.principal.clone(),
            session_names: self.names.iter().cloned().collect(),
            location: actor.location.map(|number| locations[number as usize].clone()),
            bucket: actor.bucket.clone(),
            region: actor.region.clone(),
            start: self.start,
            end: self.end,
            objects: self.objects.len() as u64,
            parts: self.parts,
            bytes: self.bytes,
            unfinished_uploads: unfinished,
            aborted_uploads: count(|upload| upload.aborted > 0),
            complete: unfinished == 0,
        })
    }
}

impl Upload {
    /// Created, or at least written to, and neither completed nor aborted as often.
    fn is_unfinished(&self) -> bool {
        self.completed + self.aborted < self.created.max(1)
    }
}

fn session_name(identity: &str) -> Option<String> {
    let index = StructuralIndex::of(identity);
    UserIdentity::read(&mut Cursor::new(identity, &index)).ok()?.session_name()
}

/// `bytesTransferredIn` of a write, `bytesTransferredOut` of a read (S3 User Guide, "CloudTrail log file entries").
pub(super) fn bytes_of(event: &Event, kind: SessionKind) -> Option<u64> {
    let wanted = if kind == SessionKind::Copy { "bytesTransferredOut" } else { "bytesTransferredIn" };
    let additional = event.additional?;
    let index = StructuralIndex::of(additional);
    let mut number = Member::Absent;
    let mut cursor = Cursor::new(additional, &index);
    cursor.members(|cursor, name| if name == wanted { cursor.place(&mut number) } else { cursor.skip() }).ok()?;
    // Some records write 1024 as 1024.0.
    let bytes = cursor.text_of(number.get()??).parse::<f64>().ok()?;
    (bytes.is_finite() && bytes >= 0.0).then_some(bytes as u64)
}
