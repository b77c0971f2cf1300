//! The objects that Redshift says it wrote or read, looked for in the records.
//!
//! Each is looked for by its name, the role and the time of its statement, while records are read in any order by any thread. What
//! is kept grows with the statements: a mark for each object, and the times of events at objects that several statements used.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;
use time::Duration;

use super::event::Event;
use super::principal::{Principal, PrincipalKind};
use super::record::Resource;
use super::session::bytes_of;
use crate::aws::arn::RoleArn;
use crate::aws::location::LocationKind;
use crate::aws::timestamp::Timestamp;
use crate::snapshot::{SessionKind, Statement, StatementRecords};

/// The cluster's clock and S3's may differ by so much, and so may what they call beginning and end.
pub const SLACK: Duration = Duration::minutes(5);

/// How many missing objects are named.
const NAMED: usize = 3;

/// Every object that some statement wrote or read.
pub struct StatementObjects<'s> {
    statements: &'s [Statement],
    asked: Vec<Asked>,
    hash: RandomState,
    /// By object, and then by the beginning of the statement.
    uses: Vec<Use>,
    /// By the hash of an object, its uses.
    places: HashMap<u64, Range<u32>, RandomState>,
    /// Of objects with several uses, by the first: what may be of one or another.
    shared: Mutex<HashMap<u32, Vec<Seen>>>,
}

/// An object in one statement.
struct Use {
    object: u64,
    statement: u32,
    /// When the last of the statements ended that used the object and began no later; `None`: one of them goes on.
    all_until: Option<Timestamp>,
    was_seen: AtomicBool,
}

/// An event at an object that several statements used.
struct Seen {
    at: Timestamp,
    /// The uses that it may be of.
    fits: Vec<u32>,
}

/// What is asked of the records of a statement.
struct Asked {
    kind: LocationKind,
    /// `None`: anyone.
    role: Option<RoleArn>,
    from: Timestamp,
    /// `None`: it goes on, or nobody says when it ended.
    until: Option<Timestamp>,
    bytes: AtomicU64,
}

impl<'s> StatementObjects<'s> {
    pub fn of(statements: &'s [Statement]) -> StatementObjects<'s> {
        let (asked, hash): (Vec<Asked>, _) = (statements.iter().map(Asked::of).collect(), RandomState::default());
        let of_statement = |(number, statement): (usize, &'s Statement)| {
            let objects = statement.objects().filter_map(|object| hash_of(&hash, &object)).collect::<Vec<_>>();
            objects.into_iter().map(move |object| (object, number as u32))
        };
        let mut pairs: Vec<(u64, u32)> = statements.iter().enumerate().flat_map(of_statement).collect();
        pairs.sort_by_key(|(object, statement)| (*object, asked[*statement as usize].from, *statement));
        pairs.dedup();
        let mut places: HashMap<u64, Range<u32>, RandomState> = HashMap::default();
        for (place, (object, _)) in pairs.iter().enumerate() {
            let place = place as u32;
            places.entry(*object).or_insert(place..place).end = place + 1;
        }
        let mut uses: Vec<Use> = Vec::with_capacity(pairs.len());
        for (object, statement) in pairs {
            let before = uses.last().filter(|before| before.object == object).map(|before| before.all_until);
            let own = asked[statement as usize].until;
            let all_until = before.map_or(own, |before| Some(before?.max(own?)));
            uses.push(Use { object, statement, all_until, was_seen: AtomicBool::new(false) });
        }
        StatementObjects { statements, asked, hash, uses, places, shared: Mutex::default() }
    }

    /// Counts the event for the statement that may have made it.
    pub(super) fn note(&self, event: &Event, principal: &Principal) {
        if self.uses.is_empty() || event.error_code.is_some() {
            return;
        }
        let (kind, is_whole) = match &*event.name {
            "PutObject" | "CompleteMultipartUpload" => (LocationKind::Unload, true),
            "UploadPart" => (LocationKind::Unload, false),
            "GetObject" | "SelectObjectContent" => (LocationKind::Copy, true),
            _ => return,
        };
        for reached in &event.resources {
            if let Resource::Object { bucket, key } = &reached.resource
                && let Some(uses) = self.places.get(&self.hash.hash_one((&**bucket, &**key)))
            {
                self.note_at(uses.clone(), kind, is_whole, event, principal);
            }
        }
    }

    /// Whether a statement may have made this write.
    pub(super) fn explain(&self, event: &Event, resource: &Resource, principal: &Principal) -> bool {
        let Resource::Object { bucket, key } = resource else { return false };
        let uses = self.places.get(&self.hash.hash_one((&**bucket, &**key)));
        uses.is_some_and(|uses| !self.fitting(uses.clone(), LocationKind::Unload, event, principal).is_empty())
    }

    fn note_at(&self, uses: Range<u32>, kind: LocationKind, is_whole: bool, event: &Event, principal: &Principal) {
        let fits = self.fitting(uses.clone(), kind, event, principal);
        let session = if kind == LocationKind::Copy { SessionKind::Copy } else { SessionKind::Unload };
        if let Some(first) = fits.first() {
            self.asked_of(*first).bytes.fetch_add(bytes_of(event, session).unwrap_or(0), Ordering::Relaxed);
        }
        match &*fits {
            [only] if is_whole => self.uses[*only as usize].was_seen.store(true, Ordering::Relaxed),
            [_, _, ..] if is_whole => {
                let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.entry(uses.start).or_default().push(Seen { at: event.time, fits });
            }
            _ => {}
        }
    }

    fn asked_of(&self, place: u32) -> &Asked {
        &self.asked[self.uses[place as usize].statement as usize]
    }

    /// The uses of an object whose statements may have made the event, the latest first.
    fn fitting(&self, uses: Range<u32>, kind: LocationKind, event: &Event, principal: &Principal) -> Vec<u32> {
        // Those that begin later are of no interest, nor are those before the last that goes on.
        let begun = self.uses[uses.start as usize..uses.end as usize]
            .partition_point(|of| self.asked[of.statement as usize].from <= event.time);
        let begun = (uses.start..uses.start + begun as u32).rev();
        let go_on = |place: &u32| self.uses[*place as usize].all_until.is_none_or(|until| event.time <= until);
        let fits = |place: &u32| self.asked_of(*place).fits(kind, event.time, principal);
        begun.take_while(go_on).filter(fits).collect()
    }

    /// What was found, statement by statement.
    pub(super) fn finish(mut self) -> Vec<StatementRecords> {
        self.share_out();
        let mut found: Vec<StatementRecords> = self.statements.iter().map(StatementRecords::of).collect();
        for (number, (statement, found)) in self.statements.iter().zip(&mut found).enumerate() {
            let bytes = self.asked[number].bytes.load(Ordering::Relaxed);
            found.bytes = Some(bytes).filter(|bytes| *bytes > 0);
            for object in statement.objects() {
                if self.was_seen(&object, number as u32) {
                    found.found += 1;
                } else if found.missing.len() < NAMED {
                    found.missing.push(object.into_owned());
                }
            }
        }
        found
    }

    fn was_seen(&self, object: &str, statement: u32) -> bool {
        let uses = hash_of(&self.hash, object).and_then(|object| self.places.get(&object)).cloned();
        let mut uses = uses.into_iter().flatten().map(|place| &self.uses[place as usize]);
        uses.any(|of| of.statement == statement && of.was_seen.load(Ordering::Relaxed))
    }

    /// Statements that used an object at one time need an event each: every event goes to the one that ends first of those
    /// that have none.
    fn share_out(&mut self) {
        let shared = std::mem::take(self.shared.get_mut().unwrap_or_else(PoisonError::into_inner));
        for mut events in shared.into_values() {
            events.sort_by_key(|event| event.at);
            for event in events {
                let open =
                    event.fits.iter().filter(|place| !self.uses[**place as usize].was_seen.load(Ordering::Relaxed));
                let end = |place: &&u32| {
                    let asked = self.asked_of(**place);
                    (asked.until.is_none(), asked.until, **place)
                };
                if let Some(place) = open.min_by_key(end) {
                    self.uses[*place as usize].was_seen.store(true, Ordering::Relaxed);
                }
            }
        }
    }
}

/// `s3://bucket/key`; anything else is no object.
fn hash_of(state: &RandomState, object: &str) -> Option<u64> {
    let (bucket, key) = object.strip_prefix("s3://")?.split_once('/')?;
    Some(state.hash_one((bucket, key)))
}

impl Asked {
    fn of(statement: &Statement) -> Asked {
        Asked {
            kind: statement.kind,
            role: statement.role.as_deref().and_then(RoleArn::parse),
            from: Timestamp(statement.started_at.0 - SLACK),
            until: statement.ended_at.map(|end| Timestamp(end.0 + SLACK)),
            bytes: AtomicU64::new(0),
        }
    }

    fn fits(&self, kind: LocationKind, at: Timestamp, principal: &Principal) -> bool {
        let is_its = || match &self.role {
            Some(role) => {
                principal.kind == PrincipalKind::Role
                    && RoleArn::parse(&principal.name).is_some_and(|by| by.same_role(role))
            }
            None => true,
        };
        self.kind == kind && self.from <= at && self.until.is_none_or(|until| at <= until) && is_its()
    }
}
