//! What Redshift uses: what the config declares, and what was learned and is not declared already.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::View;
use super::input::LearnedFact;
use super::judgement::{Declaration, Judgement};
use crate::aws::arn::RoleArn;
use crate::aws::location::{Location, LocationKind};
use crate::aws::s3_events::Access;
use crate::config::{Config, RedshiftLocation};
use crate::reason::{OfLocation, Reason};
use crate::snapshot::{AccessRecord, LearnSource, Origin, Records, SessionKind, Snapshot, Statement, WithoutRole};

/// A location that Redshift uses, and who told of it.
pub(super) struct Used {
    pub location: RedshiftLocation,
    pub origin: Origin,
    /// What is used is somewhere in the location.
    pub is_within: bool,
    /// The cluster that uses it, where that is told.
    pub cluster: Option<String>,
    /// Of many learned places that were put together: each.
    pub members: Vec<Location>,
    /// Whether COPY reads what it names; `None`: nobody says.
    told_manifest: Option<Manifest>,
}

/// Whether COPY reads what a location names, where that is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Manifest {
    No,
    Yes,
    /// The text of the statement could not be read.
    Perhaps,
}

impl Used {
    /// Whether COPY reads by it what is not known. What is declared says so by its name alone.
    pub(super) fn manifest(&self) -> Manifest {
        let key = &self.location.location.prefix;
        let is_named = key.ends_with("manifest") || key.ends_with("manifest.json");
        let by_name = if is_named { Manifest::Yes } else { Manifest::No };
        match self.location.kind {
            LocationKind::Copy => self.told_manifest.unwrap_or(by_name),
            LocationKind::Unload => Manifest::No,
        }
    }
}

/// A location that something other than the config told of.
#[derive(Clone)]
pub(super) struct Learned<'s> {
    pub kind: LocationKind,
    pub location: Location,
    /// `None`: not known.
    pub role: Option<RoleArn>,
    pub without_role: Option<WithoutRole>,
    pub cluster: Option<&'s str>,
    pub origin: Cow<'s, Origin>,
    pub is_within: bool,
    pub manifest: Manifest,
    /// Of many places that were put together: each.
    pub members: Vec<Location>,
}

/// So many undeclared places of one cluster and role in a bucket are told one by one; of more, what their keys begin with.
const ONE_BY_ONE: usize = 10;

/// By themselves, of statements, and of the records if the config asks, each once: what is told first counts.
pub(super) fn learned<'s>(snapshot: &'s Snapshot, config: &Config) -> Vec<Learned<'s>> {
    let records = snapshot.records.as_ref().filter(|_| config.learn.contains(&LearnSource::Records));
    let by_themselves = snapshot.locations.iter().filter_map(|told| {
        Some(Learned {
            kind: told.kind,
            // A text that is no location cannot be judged; the loader of the snapshot has refused it.
            location: Location::parse_object(&told.location).ok()?,
            role: told.role.as_deref().and_then(RoleArn::parse),
            without_role: told.without_role,
            cluster: told.cluster.as_deref(),
            origin: Cow::Borrowed(&told.origin),
            is_within: told.is_within,
            manifest: if told.is_manifest { Manifest::Yes } else { Manifest::No },
            members: vec![],
        })
    });
    let declared = DeclaredPlaces::of(config);
    let of_statements = snapshot.statements.iter().flat_map(|told| of_statement(told, &declared));
    let of_records = records.map_or(vec![], of_sessions);
    let mut seen = HashSet::new();
    let is_new = |of: &Learned| {
        let use_of_it = (of.role.clone(), of.without_role, of.cluster.map(str::to_owned));
        seen.insert((of.kind, of.location.clone(), use_of_it, of.is_within, of.manifest))
    };
    let each = by_themselves.chain(of_statements).chain(of_records).filter(is_new).collect();
    put_together(each, &declared)
}

/// A place of each run is told as the one that all runs have.
fn put_together<'s>(each: Vec<Learned<'s>>, declared: &DeclaredPlaces) -> Vec<Learned<'s>> {
    type Use<'s> = (LocationKind, String, Option<RoleArn>, Option<WithoutRole>, Option<&'s str>, bool);
    let mut groups: BTreeMap<Use, Vec<Learned>> = BTreeMap::new();
    let mut told = vec![];
    for of in each {
        if of.is_within || of.manifest != Manifest::No || declared.has_use(&of) {
            told.push(of);
            continue;
        }
        let is_declared = !declared.around(of.kind, &of.location).is_empty();
        let key = (of.kind, of.location.bucket.clone(), of.role.clone(), of.without_role, of.cluster, is_declared);
        groups.entry(key).or_default().push(of);
    }
    for mut group in groups.into_values() {
        if group.len() <= ONE_BY_ONE {
            told.append(&mut group);
            continue;
        }
        let members: Vec<Location> = group.iter().map(|of| of.location.clone()).collect();
        let location = Location { prefix: common(&members).to_owned(), ..members[0].clone() };
        told.extend(group.into_iter().next().map(|first| Learned { location, members, ..first }));
    }
    told
}

/// What all keys begin with, up to a slash.
fn common(members: &[Location]) -> &str {
    let first = &*members[0].prefix;
    let length = members.iter().fold(first.len(), |length, of| {
        first.bytes().zip(of.prefix.bytes()).take(length).take_while(|(one, other)| one == other).count()
    });
    // A slash is a character of its own.
    let end = first.as_bytes()[..length].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    &first[..end]
}

/// Its own location. Of a COPY by a manifest whose files are told, these too: what is not declared of them is somewhere in its bucket.
fn of_statement<'s>(told: &'s Statement, declared: &DeclaredPlaces) -> Vec<Learned<'s>> {
    let learned = |location, is_within, manifest| Learned {
        kind: told.kind,
        location,
        role: told.role.as_deref().and_then(RoleArn::parse),
        without_role: told.without_role,
        cluster: Some(&told.cluster),
        origin: Cow::Borrowed(&told.origin),
        is_within,
        manifest,
        members: vec![],
    };
    let manifest = match told.manifest {
        _ if told.kind == LocationKind::Unload => Manifest::No,
        Some(false) => Manifest::No,
        // What it names is what was read.
        _ if names_all_files(told) => Manifest::No,
        Some(true) => Manifest::Yes,
        None => Manifest::Perhaps,
    };
    // A text that is no location was refused by the loader of the snapshot.
    let own = Location::parse_object(&told.location).ok().map(|location| learned(location, false, manifest));
    let is_read_by_manifest = told.kind == LocationKind::Copy && told.manifest != Some(false);
    let files = told.files.iter().flatten().filter(|_| is_read_by_manifest && manifest == Manifest::No);
    let objects = files.filter_map(|file| Location::parse_object(&file.object).ok());
    let undeclared = objects.filter(|object| !declared.has_use(&learned(object.clone(), false, Manifest::No)));
    let buckets: BTreeSet<String> = undeclared.map(|object| object.bucket).collect();
    let bucket = |bucket| learned(Location { bucket, prefix: String::new() }, true, Manifest::No);
    own.into_iter().chain(buckets.into_iter().map(bucket)).collect()
}

/// It ended well, and as many files are named as it says.
fn names_all_files(told: &Statement) -> bool {
    let named = told.files.as_ref().map(|files| files.len() as u64);
    let is_over = told.status == "completed" && told.ended_at.is_some();
    is_over && told.unreadable_files == 0 && named.is_some_and(|named| named > 0) && named == told.file_count
}

/// Of sessions of Redshift's name where nothing is declared: they used some part of the bucket.
fn of_sessions(records: &Records) -> Vec<Learned<'static>> {
    // One of another kind, or of a place that is watched for other reasons, is better than none.
    let rank = |access: &AccessRecord, is_copy| ((access.access == "read") != is_copy, access.location.is_some());
    let mut examples: HashMap<(&str, &str, bool), &AccessRecord> = HashMap::new();
    for access in records.accesses.iter().filter(|access| access.error_code.is_none()) {
        for is_copy in [true, false] {
            let best = examples.entry((&access.principal, &access.bucket, is_copy)).or_insert(access);
            if rank(access, is_copy) < rank(best, is_copy) {
                *best = access;
            }
        }
    }
    let undeclared = records.sessions.iter().filter(|session| session.is_redshifts() && session.location.is_none());
    let each = undeclared.filter_map(|session| {
        let is_copy = session.kind == SessionKind::Copy;
        let example = &examples.get(&(&*session.principal, &*session.bucket, is_copy))?.example;
        Some(Learned {
            kind: if is_copy { LocationKind::Copy } else { LocationKind::Unload },
            location: Location { bucket: session.bucket.clone(), prefix: String::new() },
            role: RoleArn::parse(&session.principal),
            without_role: None,
            cluster: None,
            origin: Cow::Owned(Origin::Record { event_id: example.event_id.clone(), object: example.object.clone() }),
            is_within: true,
            manifest: Manifest::No,
            members: vec![],
        })
    });
    each.collect()
}

/// What the config declares, then what was learned and is not declared already.
pub(super) fn uses(snapshot: &Snapshot, config: &Config) -> Vec<Used> {
    let used = |location: &RedshiftLocation| Used {
        location: location.clone(),
        origin: Origin::Config { line: location.line },
        is_within: false,
        cluster: location.cluster.clone(),
        members: vec![],
        told_manifest: None,
    };
    let declared = DeclaredPlaces::of(config);
    let undeclared = learned(snapshot, config).into_iter().filter(|of| {
        let is_whole = !of.is_within && of.manifest == Manifest::No;
        !(is_whole && declared.has_use(of))
    });
    let of_learned = undeclared.map(|learned| Used {
        origin: learned.origin.clone().into_owned(),
        is_within: learned.is_within,
        told_manifest: Some(learned.manifest),
        members: learned.members,
        cluster: learned.cluster.map(str::to_owned),
        location: RedshiftLocation {
            kind: learned.kind,
            access: match learned.kind {
                LocationKind::Unload => Access::All,
                LocationKind::Copy => Access::Read,
            },
            location: learned.location,
            role: learned.role,
            chained_from: None,
            // Its name alone, which is what the config has, may be another's.
            cluster: None,
            unloaded_at: vec![],
            line: 1,
        },
    });
    config.redshift.iter().map(used).chain(of_learned).collect()
}

/// The locations that the config declares, by what keys begin with.
pub(super) struct DeclaredPlaces<'c> {
    by_bucket: HashMap<(LocationKind, &'c str), OfBucket<'c>>,
}

#[derive(Default)]
struct OfBucket<'c> {
    by_prefix: BTreeMap<&'c str, Vec<&'c RedshiftLocation>>,
    lengths: BTreeSet<usize>,
}

impl<'c> DeclaredPlaces<'c> {
    pub(super) fn of(config: &'c Config) -> DeclaredPlaces<'c> {
        let mut by_bucket: HashMap<(LocationKind, &str), OfBucket> = HashMap::new();
        for entry in &config.redshift {
            let of_bucket = by_bucket.entry((entry.kind, &entry.location.bucket)).or_default();
            of_bucket.by_prefix.entry(&entry.location.prefix).or_default().push(entry);
            of_bucket.lengths.insert(entry.location.prefix.len());
        }
        DeclaredPlaces { by_bucket }
    }

    /// The declared locations in which this one is, the widest first.
    pub(super) fn around(&self, kind: LocationKind, location: &Location) -> Vec<&'c RedshiftLocation> {
        let Some(of_bucket) = self.by_bucket.get(&(kind, &*location.bucket)) else { return vec![] };
        let prefix = &*location.prefix;
        let beginnings = of_bucket.lengths.iter().filter_map(|length| prefix.get(..*length));
        beginnings.filter_map(|beginning| of_bucket.by_prefix.get(beginning)).flatten().copied().collect()
    }

    /// The declared locations that are in this one.
    pub(super) fn within(&self, kind: LocationKind, location: &Location) -> Vec<&'c RedshiftLocation> {
        let Some(of_bucket) = self.by_bucket.get(&(kind, &*location.bucket)) else { return vec![] };
        let from = of_bucket.by_prefix.range(&*location.prefix..);
        from.take_while(|(prefix, _)| prefix.starts_with(&location.prefix))
            .flat_map(|(_, entries)| entries)
            .copied()
            .collect()
    }

    /// Whether a declared location has this use in it: it is for any role or this one, or which role it was is not known.
    fn has_use(&self, learned: &Learned) -> bool {
        self.around(learned.kind, &learned.location).iter().any(|entry| match (&entry.role, &learned.role) {
            (Some(declared), Some(acting)) => declared.same_role(acting),
            // An audit log masks it.
            (Some(_), None) => learned.without_role.is_none() && matches!(*learned.origin, Origin::File { .. }),
            (None, _) => true,
        })
    }
}

impl View<'_> {
    /// Every learned location, by kind and whether it is known to its end.
    pub(super) fn learned_facts(&self) -> Vec<LearnedFact> {
        let mut seen = HashSet::new();
        let learned = learned(self.world.snapshot, self.config).into_iter();
        let each = learned.filter(|of| seen.insert((of.kind, of.location.clone(), of.is_within, of.cluster)));
        let fact = |learned: Learned| LearnedFact {
            subject: self.location_subject(&learned.location, Some(learned.origin.clone().into_owned())),
            location: learned.location.to_string(),
            statement: learned.kind,
            role: learned.role.as_ref().map(|role| role.text.clone()),
            cluster: learned.cluster.map(str::to_owned),
            declaration: declaration(&self.declared, &learned),
        };
        each.map(fact).collect()
    }
}

fn declaration(declared: &DeclaredPlaces, learned: &Learned) -> Judgement<Declaration> {
    let (kind, cluster) = (learned.kind, learned.cluster.map(str::to_owned));
    let evidence =
        json!({"told_by": learned.origin, "cluster": cluster, "role": learned.role.as_ref().map(|role| &role.text)});
    if let Some(entry) = declared.around(kind, &learned.location).first() {
        let role_is_assumed = learned.role.is_none() && entry.role.is_some() && learned.without_role.is_none();
        let reason = OfLocation::Declared { statement: kind, line: entry.line, role_is_assumed };
        return Judgement::new(Declaration::Declared, vec![reason.into()], evidence);
    }
    if learned.is_within && !declared.within(kind, &learned.location).is_empty() {
        let reason = OfLocation::UsedWithin { location: learned.location.to_string(), statement: kind };
        return Judgement::new(Declaration::Unknown, vec![reason.into()], evidence);
    }
    let reason: Reason =
        OfLocation::NotDeclared { statement: kind, cluster, places: learned.members.len().max(1) as u64 }.into();
    Judgement::new(Declaration::Undeclared, vec![reason], evidence)
}
