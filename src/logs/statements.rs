//! The objects that Redshift says it wrote or read, looked for in the records.
//!
//! Each is looked for by its name, the role and the time of its statement, while records are read in any order by any thread. What
//! is kept grows with the statements: a mark for each object, and the writes of objects that several statements wrote at one time.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
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

/// How many missing objects are named, and how many where each is of another bucket.
const NAMED: usize = 3;
const NAMED_BUCKETS: usize = 10;

/// Of more statements that used one object at about one time none is told from the others.
const CROWD: usize = 64;

/// Every object that some statement wrote or read.
pub struct StatementObjects<'s> {
    statements: &'s [Statement],
    asked: Vec<Asked>,
    hash: RandomState,
    /// By object, and then by the beginning of the statement.
    uses: Vec<Use>,
    /// By the hash of an object, its uses.
    places: HashMap<u64, Range<u32>, RandomState>,
    /// Of objects with several uses, by the first: writes that may be of one or another.
    shared: Mutex<HashMap<u32, Vec<Shared>>>,
}

/// An object in one statement.
struct Use {
    object: u64,
    statement: u32,
    /// When the last of the statements ended that used the object and began no later; `None`: one of them goes on.
    all_until: Option<Timestamp>,
    /// One of `MISSING`, `UNCLEAR` and `SEEN`; it only grows.
    state: AtomicU8,
    /// Of the first use of an object: it was used by a crowd.
    is_crowded: AtomicBool,
}

const MISSING: u8 = 0;
/// There is an event that may be another statement's, or somebody else's.
const UNCLEAR: u8 = 1;
const SEEN: u8 = 2;

/// A write of an object that several statements wrote.
struct Shared {
    at: Timestamp,
    /// The uses that it may be of.
    fits: Vec<u32>,
}

/// What is asked of the records of a statement.
struct Asked {
    kind: LocationKind,
    /// `None`: not known.
    role: Option<RoleArn>,
    began: Timestamp,
    /// `None`: it goes on, or nobody says when it ended.
    ended: Option<Timestamp>,
    bytes: AtomicU64,
}

/// A use that an event may be of.
#[derive(Clone, Copy)]
struct Fit {
    place: u32,
    /// Its role's, as far as the record tells.
    is_its: bool,
    /// Within the statement's own time, whatever the clocks.
    is_within: bool,
}

/// What an event does to an object.
#[derive(Clone, Copy)]
struct Deed {
    kind: LocationKind,
    /// Of the whole object; else of a part, whose end another event is.
    is_whole: bool,
}

impl<'s> StatementObjects<'s> {
    pub fn of(statements: &'s [Statement]) -> StatementObjects<'s> {
        let (asked, hash): (Vec<Asked>, _) = (statements.iter().map(Asked::of).collect(), RandomState::default());
        let of_statement = |(number, statement): (usize, &'s Statement)| {
            let objects = statement.objects().filter_map(|object| hash_of(&hash, &object)).collect::<Vec<_>>();
            objects.into_iter().map(move |object| (object, number as u32))
        };
        let mut pairs: Vec<(u64, u32)> = statements.iter().enumerate().flat_map(of_statement).collect();
        pairs.sort_by_key(|(object, statement)| (*object, asked[*statement as usize].began, *statement));
        pairs.dedup();
        let mut places: HashMap<u64, Range<u32>, RandomState> = HashMap::default();
        for (place, (object, _)) in pairs.iter().enumerate() {
            let place = place as u32;
            places.entry(*object).or_insert(place..place).end = place + 1;
        }
        let mut uses: Vec<Use> = Vec::with_capacity(pairs.len());
        for (object, statement) in pairs {
            let before = uses.last().filter(|before| before.object == object).map(|before| before.all_until);
            let own = asked[statement as usize].ended;
            let all_until = before.map_or(own, |before| Some(before?.max(own?)));
            let (state, is_crowded) = (AtomicU8::new(MISSING), AtomicBool::new(false));
            uses.push(Use { object, statement, all_until, state, is_crowded });
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
                self.note_at(uses.clone(), Deed { kind, is_whole }, event, principal);
            }
        }
    }

    /// Whether a statement may have made this write.
    pub(super) fn explain(&self, event: &Event, resource: &Resource, principal: &Principal) -> bool {
        let Resource::Object { bucket, key } = resource else { return false };
        let uses = self.places.get(&self.hash.hash_one((&**bucket, &**key)));
        uses.is_some_and(|uses| !self.fitting(uses.clone(), LocationKind::Unload, event, principal).is_empty())
    }

    fn note_at(&self, uses: Range<u32>, deed: Deed, event: &Event, principal: &Principal) {
        let fits = self.fitting(uses.clone(), deed.kind, event, principal);
        let mut within = fits.iter().filter(|fit| fit.is_within && fit.is_its);
        let only = match (&*fits, within.next(), within.next()) {
            ([only], ..) => Some(only),
            // Those before and after it are so by their clocks alone.
            (_, Some(only), None) => Some(only),
            _ => None,
        };
        if let Some(first) = only.or(fits.first()) {
            let session = if deed.kind == LocationKind::Copy { SessionKind::Copy } else { SessionKind::Unload };
            self.asked_of(first.place).bytes.fetch_add(bytes_of(event, session).unwrap_or(0), Ordering::Relaxed);
        }
        match only {
            _ if !deed.is_whole => {}
            Some(only) => self.mark(only.place, if only.is_its { SEEN } else { UNCLEAR }),
            // An object is written once, and read as often as it takes.
            None if deed.kind == LocationKind::Unload && fits.iter().all(|fit| fit.is_its) && !fits.is_empty() => {
                let fits = fits.iter().map(|fit| fit.place).collect();
                let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.entry(uses.start).or_default().push(Shared { at: event.time, fits });
            }
            None => fits.iter().for_each(|fit| self.mark(fit.place, UNCLEAR)),
        }
    }

    fn mark(&self, place: u32, state: u8) {
        self.uses[place as usize].state.fetch_max(state, Ordering::Relaxed);
    }

    fn state(&self, place: u32) -> u8 {
        self.uses[place as usize].state.load(Ordering::Relaxed)
    }

    fn asked_of(&self, place: u32) -> &Asked {
        &self.asked[self.uses[place as usize].statement as usize]
    }

    /// The uses of an object whose statements may have made the event, the latest first.
    fn fitting(&self, uses: Range<u32>, kind: LocationKind, event: &Event, principal: &Principal) -> Vec<Fit> {
        // Those that begin later are of no interest, nor are those before the last that goes on.
        let (early, late) = (event.time.0 - SLACK, event.time.0 + SLACK);
        let begun = self.uses[uses.start as usize..uses.end as usize]
            .partition_point(|of| self.asked[of.statement as usize].began.0 <= late);
        let begun = (uses.start..uses.start + begun as u32).rev();
        let go_on = |place: &u32| self.uses[*place as usize].all_until.is_none_or(|until| early <= until.0);
        let mut fits = vec![];
        for (number, place) in begun.take_while(go_on).enumerate() {
            if number == CROWD {
                self.uses[uses.start as usize].is_crowded.store(true, Ordering::Relaxed);
                break;
            }
            let asked = self.asked_of(place);
            if asked.kind == kind
                && asked.ended.is_none_or(|ended| early <= ended.0)
                && let Some(is_its) = asked.is_its(principal)
            {
                let is_within = asked.began <= event.time && asked.ended.is_none_or(|ended| event.time <= ended);
                fits.push(Fit { place, is_its, is_within });
            }
        }
        fits
    }

    /// What was found, statement by statement.
    pub(super) fn finish(mut self) -> Vec<StatementRecords> {
        self.share_out();
        let mut found: Vec<StatementRecords> = self.statements.iter().map(StatementRecords::of).collect();
        for (number, (statement, found)) in self.statements.iter().zip(&mut found).enumerate() {
            let bytes = self.asked[number].bytes.load(Ordering::Relaxed);
            found.bytes = Some(bytes).filter(|bytes| *bytes > 0);
            let mut buckets = BTreeSet::new();
            for object in statement.objects() {
                match self.state_of(&object, number as u32) {
                    SEEN => found.found += 1,
                    UNCLEAR => found.unclear += 1,
                    _ => {
                        // Another bucket may have another reason.
                        let bucket = object.split('/').nth(2).unwrap_or_default().to_owned();
                        let is_new = buckets.len() < NAMED_BUCKETS && buckets.insert(bucket);
                        if is_new || found.missing.len() < NAMED {
                            found.missing.push(object.into_owned());
                        }
                    }
                }
            }
        }
        found
    }

    fn state_of(&self, object: &str, statement: u32) -> u8 {
        let uses = hash_of(&self.hash, object).and_then(|object| self.places.get(&object)).cloned();
        let Some(uses) = uses else { return MISSING };
        let key = |number: u32| (self.asked[number as usize].began, number);
        let own =
            self.uses[uses.start as usize..uses.end as usize].partition_point(|of| key(of.statement) < key(statement));
        match self.state(uses.start + own as u32) {
            MISSING if self.uses[uses.start as usize].is_crowded.load(Ordering::Relaxed) => UNCLEAR,
            state => state,
        }
    }

    /// Statements that wrote an object at one time wrote it once each. Where there is a write for each, each has one; else it cannot be told
    /// whose is missing.
    fn share_out(&mut self) {
        let shared = std::mem::take(self.shared.get_mut().unwrap_or_else(PoisonError::into_inner));
        for mut events in shared.into_values() {
            events.sort_by_key(|event| event.at);
            let mut open: BTreeSet<u32> = events.iter().flat_map(|event| event.fits.iter().copied()).collect();
            open.retain(|place| self.state(*place) != SEEN);
            let all = open.clone();
            for event in events {
                let end = |place: &&u32| {
                    let ended = self.asked_of(**place).ended;
                    (ended.is_none(), ended, **place)
                };
                if let Some(place) = event.fits.iter().filter(|place| open.contains(place)).min_by_key(end) {
                    open.remove(place);
                }
            }
            let state = if open.is_empty() { SEEN } else { UNCLEAR };
            all.into_iter().for_each(|place| self.mark(place, state));
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
            began: statement.started_at,
            ended: statement.ended_at,
            bytes: AtomicU64::new(0),
        }
    }

    /// Whether the role acted; `false`: perhaps. The copy of a bucket's owner may have no more of a caller than the account, and whose
    /// role is not known may be anyone.
    fn is_its(&self, principal: &Principal) -> Option<bool> {
        let Some(role) = &self.role else { return Some(false) };
        match principal.kind {
            PrincipalKind::Role => RoleArn::parse(&principal.name)?.same_role(role).then_some(true),
            PrincipalKind::Account => (principal.account.as_ref() == Some(&role.account)).then_some(false),
            PrincipalKind::Unknown => Some(false),
            _ => None,
        }
    }
}
