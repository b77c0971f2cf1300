//! The objects that Redshift says it wrote or read, looked for in the records.
//!
//! Each is looked for by its name, the role and the time of its statement, while records are read in any order by any thread. What
//! is kept grows with the statements: a mark for each object.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

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

/// An event's time is told to the second, and what a statement calls its end may be a moment earlier.
const ROUNDING: Duration = Duration::seconds(5);

/// Of more statements that used one object at about one time none is told from the others.
const CROWD: usize = 64;

/// The events of which one ends the writing of an object.
pub const WRITES: [&str; 2] = ["PutObject", "CompleteMultipartUpload"];

/// Every object that some statement wrote or read.
pub struct StatementObjects<'s> {
    statements: &'s [Statement],
    asked: Vec<Asked>,
    hash: RandomState,
    /// By object, and then by the beginning of the statement.
    uses: Vec<Use>,
    /// By the hash of an object and of what is done to it, its uses.
    places: HashMap<u64, Range<u32>, RandomState>,
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

/// The uses that an event may be of.
enum Candidates {
    None,
    /// The only one.
    One(Fit),
    /// It cannot be told of which.
    Several(Vec<Fit>),
}

/// Whether a statement wrote an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Explained {
    Yes,
    Perhaps,
    No,
}

impl<'s> StatementObjects<'s> {
    pub fn of(statements: &'s [Statement]) -> StatementObjects<'s> {
        let (asked, hash): (Vec<Asked>, _) = (statements.iter().map(Asked::of).collect(), RandomState::default());
        let of_statement = |(number, statement): (usize, &'s Statement)| {
            let kind = statement.kind;
            let objects = statement.objects().filter_map(|object| hash_of(&hash, kind, &object)).collect::<Vec<_>>();
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
        StatementObjects { statements, asked, hash, uses, places }
    }

    /// Counts the event for the statement that may have made it.
    pub(super) fn note(&self, event: &Event, principal: &Principal) {
        if self.uses.is_empty() || event.error_code.is_some() {
            return;
        }
        // A part of an upload is no object until the upload is completed.
        let (kind, is_whole) = match &*event.name {
            name if WRITES.contains(&name) => (LocationKind::Unload, true),
            "UploadPart" => (LocationKind::Unload, false),
            "GetObject" | "SelectObjectContent" => (LocationKind::Copy, true),
            _ => return,
        };
        for reached in &event.resources {
            match self.candidates(&reached.resource, kind, event, principal) {
                Candidates::None => {}
                Candidates::One(fit) => {
                    let session = if kind == LocationKind::Copy { SessionKind::Copy } else { SessionKind::Unload };
                    self.asked_of(fit.place).bytes.fetch_add(bytes_of(event, session).unwrap_or(0), Ordering::Relaxed);
                    if is_whole {
                        self.mark(fit.place, if fit.is_its { SEEN } else { UNCLEAR });
                    }
                }
                Candidates::Several(fits) if is_whole => fits.iter().for_each(|fit| self.mark(fit.place, UNCLEAR)),
                Candidates::Several(_) => {}
            }
        }
    }

    /// Whether a statement made this write. Beside its own time it may be another write of the object.
    pub(super) fn explain(&self, event: &Event, resource: &Resource, principal: &Principal) -> Explained {
        match self.candidates(resource, LocationKind::Unload, event, principal) {
            Candidates::None => Explained::No,
            Candidates::One(fit) if fit.is_its && fit.is_within => Explained::Yes,
            // Whichever of them it was.
            Candidates::Several(fits) if fits.iter().all(|fit| fit.is_its && fit.is_within) => Explained::Yes,
            Candidates::One(_) | Candidates::Several(_) => Explained::Perhaps,
        }
    }

    /// The statements in whose time it lies come before those that only the clocks' difference brings near.
    fn candidates(&self, resource: &Resource, kind: LocationKind, event: &Event, principal: &Principal) -> Candidates {
        let Resource::Object { bucket, key } = resource else { return Candidates::None };
        let Some(uses) = self.places.get(&self.hash.hash_one((&**bucket, &**key, kind))) else {
            return Candidates::None;
        };
        let (mut fits, are_all) = self.fitting(uses.clone(), event, principal);
        if are_all && fits.iter().any(|fit| fit.is_within) {
            fits.retain(|fit| fit.is_within);
        }
        match &*fits {
            [] if are_all => Candidates::None,
            [only] if are_all => Candidates::One(*only),
            _ => Candidates::Several(fits),
        }
    }

    fn mark(&self, place: u32, state: u8) {
        self.uses[place as usize].state.fetch_max(state, Ordering::Relaxed);
    }

    fn asked_of(&self, place: u32) -> &Asked {
        &self.asked[self.uses[place as usize].statement as usize]
    }

    /// The uses of an object whose statements may have made the event, and whether these are all.
    fn fitting(&self, uses: Range<u32>, event: &Event, principal: &Principal) -> (Vec<Fit>, bool) {
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
                return (fits, false);
            }
            let asked = self.asked_of(place);
            if asked.ended.is_none_or(|ended| early <= ended.0)
                && let Some(is_its) = asked.is_its(principal)
            {
                fits.push(Fit { place, is_its, is_within: asked.is_within(event.time) });
            }
        }
        (fits, true)
    }

    /// What was found, statement by statement.
    pub(super) fn finish(self) -> Vec<StatementRecords> {
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
        let kind = self.asked[statement as usize].kind;
        let uses = hash_of(&self.hash, kind, object).and_then(|object| self.places.get(&object)).cloned();
        let Some(uses) = uses else { return MISSING };
        let key = |number: u32| (self.asked[number as usize].began, number);
        let own =
            self.uses[uses.start as usize..uses.end as usize].partition_point(|of| key(of.statement) < key(statement));
        match self.uses[uses.start as usize + own].state.load(Ordering::Relaxed) {
            MISSING if self.uses[uses.start as usize].is_crowded.load(Ordering::Relaxed) => UNCLEAR,
            state => state,
        }
    }
}

/// `s3://bucket/key`; anything else is no object.
fn hash_of(state: &RandomState, kind: LocationKind, object: &str) -> Option<u64> {
    let (bucket, key) = object.strip_prefix("s3://")?.split_once('/')?;
    Some(state.hash_one((bucket, key, kind)))
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

    /// Whether it is of the statement's own time.
    fn is_within(&self, at: Timestamp) -> bool {
        self.began.0 - ROUNDING <= at.0 && self.ended.is_none_or(|ended| at.0 <= ended.0 + ROUNDING)
    }

    /// Whether the role acted; `false`: perhaps. The copy of a bucket's owner may have no more of a caller than the account, and whose
    /// role is not known may be anyone.
    fn is_its(&self, principal: &Principal) -> Option<bool> {
        let Some(role) = &self.role else { return Some(false) };
        match principal.kind {
            PrincipalKind::Role => RoleArn::parse(&principal.name)?.same_role(role).then_some(true),
            PrincipalKind::Account => principal.account.as_ref().is_none_or(|of| *of == role.account).then_some(false),
            PrincipalKind::Unknown => Some(false),
            _ => None,
        }
    }
}
