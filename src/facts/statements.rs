//! COPY and UNLOAD by the records: did every UNLOAD end, whose role was it, and do the records show what is known to have
//! happened?

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::json;

use super::View;
use super::approval::SHOWN;
use super::input::{KnownUnloadFact, RoleFact, UnloadFact};
use super::judgement::{Association, Completion, Confirmation, Judgement};
use super::subject::{Subject, SubjectKind};
use super::uses::learned;
use crate::aws::arn::{REDSHIFT_SESSION, RoleArn};
use crate::aws::location::Location;
use crate::aws::s3_events::Access;
use crate::aws::timestamp::Timestamp;
use crate::config::RedshiftLocation;
use crate::reason::{OfStatement, Reason};
use crate::snapshot::{AccessRecord, FactKind, Origin, Session, SessionKind, Window};

/// An UNLOAD may run this long after the time that is told for it, and its records be told to the second.
const RUN: time::Duration = time::Duration::hours(6);
const ROUNDING: time::Duration = time::Duration::minutes(1);

/// Event names that only a write of an object has.
const WRITES: [&str; 4] = ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"];

impl View<'_> {
    /// Every place that UNLOADs were seen at.
    pub(super) fn unload_facts(&self) -> Vec<UnloadFact> {
        let Some(records) = self.records else { return vec![] };
        let mut places: BTreeMap<String, Vec<&Session>> = BTreeMap::new();
        for session in records.sessions.iter().filter(|session| session.kind == SessionKind::Unload) {
            let place = session.location.clone().unwrap_or_else(|| format!("s3://{}/", session.bucket));
            places.entry(place).or_default().push(session);
        }
        let redshift = self.config.redshift.iter().map(|entry| (entry.location.to_string(), entry.line));
        let rules = self.config.access_rules.iter().map(|rule| (rule.location.to_string(), rule.line));
        let declared = redshift.chain(rules).map(|(location, line)| (location, Origin::Config { line }));
        let learned = learned(self.world.snapshot, self.config).into_iter();
        let learned = learned.map(|learned| (learned.location.to_string(), learned.origin.into_owned()));
        let mut origins: HashMap<String, Origin> = HashMap::new();
        for (location, origin) in declared.chain(learned) {
            origins.entry(location).or_insert(origin);
        }
        // What is no location cannot be judged; the reader of records and the loader of the snapshot make none such.
        let places = places.into_iter().filter_map(|(place, sessions)| Some((Location::parse(&place).ok()?, sessions)));
        let fact = |(place, sessions): (Location, Vec<&Session>)| {
            let declared_at = origins.get(&place.to_string()).cloned();
            UnloadFact {
                subject: self.location_subject(&place, declared_at),
                completion: self.completion(&place, &sessions),
                location: place.to_string(),
            }
        };
        places.map(fact).collect()
    }

    /// `unfinished` where an upload was begun and not ended though all was read; `complete` likewise.
    fn completion(&self, place: &Location, sessions: &[&Session]) -> Judgement<Completion> {
        let open: Vec<&Session> = sessions.iter().copied().filter(|session| !session.complete).collect();
        let window = self.records.and_then(|records| records.window);
        let evidence = json!({"sessions": sessions, "window": window});
        let coverage = self.coverage(place, Access::Write, None);
        let mut missing = self.missing_evidence(place, Access::Write, None, &coverage);
        missing.extend(window.iter().flat_map(|window| cut_by(*window, &open)));
        let unloads = sessions.len() as u64;
        match (open.first(), missing.is_empty()) {
            (None, true) => {
                Judgement::new(Completion::Complete, vec![OfStatement::UploadsEnded { unloads }.into()], evidence)
            }
            (Some(first), true) => {
                let reason = OfStatement::UploadsUnfinished {
                    open: open.len() as u64,
                    unloads,
                    uploads: open.iter().map(|session| session.unfinished_uploads).fold(0, u64::saturating_add),
                    principal: first.principal.clone(),
                    start: first.start,
                    end: first.end,
                };
                Judgement::new(Completion::Unfinished, vec![reason.into()], evidence)
            }
            (open, false) => {
                if sessions.iter().any(|session| session.location.is_none()) {
                    missing.push(OfStatement::Undeclared { location: place.to_string() }.into());
                }
                let seen = match open {
                    None => OfStatement::EveryUploadSeenEnded,
                    Some(_) => OfStatement::UploadNotSeenToEnd,
                };
                Judgement::new(Completion::Unknown, [vec![seen.into()], missing].concat(), evidence)
            }
        }
    }

    /// Every role that acted in sessions of Redshift's name.
    pub(super) fn role_facts(&self) -> Vec<RoleFact> {
        let sessions = self.records.iter().flat_map(|records| &records.sessions);
        let named = sessions.filter(|session| session.session_names.iter().any(|name| name == REDSHIFT_SESSION));
        let roles: BTreeSet<&String> = named.map(|session| &session.principal).collect();
        let fact = |role: &String| RoleFact {
            subject: self.arn_subject(SubjectKind::Role, role, None),
            role: role.clone(),
            association: self.association_of_session(role),
        };
        roles.into_iter().map(fact).collect()
    }

    /// Of a chain of roles only the first is associated, and the last acts. Which is the last, the config says.
    fn association_of_session(&self, role: &str) -> Judgement<Association> {
        let own = self.association(role);
        let acting = RoleArn::parse(role);
        let is_acting = |declared: &RoleArn| acting.as_ref().is_some_and(|acting| acting.same_role(declared));
        let declares = |entry: &&RedshiftLocation| entry.role.as_ref().is_some_and(is_acting);
        let declaring: Vec<&RedshiftLocation> = self.config.redshift.iter().filter(declares).collect();
        if own.status == Association::Associated || declaring.is_empty() {
            return own;
        }
        let Some((entry, first)) = declaring.iter().find_map(|entry| Some((entry, entry.chained_from.as_ref()?)))
        else {
            if own.status == Association::NotAssociated {
                return Judgement::unknown(vec![OfStatement::MayBeChained { line: declaring[0].line }.into()]);
            }
            return own;
        };
        let of_first = self.association(&first.text);
        let reason = OfStatement::ChainedFrom { role: first.text.clone(), line: entry.line };
        let reasons = [vec![reason.into()], of_first.reasons].concat();
        Judgement { reasons, ..of_first }
    }

    /// `not_associated` only where all clusters and namespaces of the role's account are known.
    fn association(&self, role: &str) -> Judgement<Association> {
        let Some(acting) = RoleArn::parse(role) else {
            return Judgement::unknown(vec![OfStatement::NotARole { text: role.to_owned() }.into()]);
        };
        if self.clusters.is_leaving(&acting) {
            return Judgement::unknown(vec![OfStatement::RoleLeaving.into()]);
        }
        if let Some(associated) = self.clusters.with_role(&acting) {
            let clusters = associated.names.clone();
            let evidence = json!({"clusters": clusters});
            return Judgement::new(
                Association::Associated,
                vec![OfStatement::Associated { clusters }.into()],
                evidence,
            );
        }
        let missing = self.missing_clusters(&acting.account);
        if missing.is_empty() {
            return Judgement::plain(Association::NotAssociated, OfStatement::NotAssociated);
        }
        Judgement::unknown(missing)
    }

    /// Every role that a location declares and a cluster must have, where its account was scanned: of another one nothing is
    /// told here.
    pub(super) fn declared_role_facts(&self) -> Vec<RoleFact> {
        let mut declaring: BTreeMap<&RoleArn, Vec<&RedshiftLocation>> = BTreeMap::new();
        for entry in &self.config.redshift {
            if let Some(role) = entry.carried_role().filter(|role| self.world.snapshot.knows_of(&role.account)) {
                declaring.entry(role).or_default().push(entry);
            }
        }
        let fact = |(role, entries): (&RoleArn, Vec<&RedshiftLocation>)| {
            let elsewhere = entries.iter().find_map(|entry| Some((entry.line, self.carried_elsewhere(role, entry)?)));
            let first = entries.iter().map(|entry| entry.line).min().unwrap_or(1);
            let (line, association) = elsewhere.unwrap_or_else(|| (first, self.declared_association(role)));
            RoleFact {
                subject: Subject {
                    declared_at: Some(Origin::Config { line }),
                    ..self.arn_subject(SubjectKind::Role, &role.text, None)
                },
                role: role.text.clone(),
                association,
            }
        };
        declaring.into_iter().map(fact).collect()
    }

    fn declared_association(&self, role: &RoleArn) -> Judgement<Association> {
        let association = self.association(&role.text);
        match association.status {
            Association::NotAssociated => {
                let nearest = self.clusters.nearest(role);
                Judgement::plain(Association::NotAssociated, OfStatement::DeclaredRoleNotCarried { nearest })
            }
            _ => association,
        }
    }

    /// Where the location names a cluster that was seen and does not have the role, which others have.
    fn carried_elsewhere(&self, role: &RoleArn, entry: &RedshiftLocation) -> Option<Judgement<Association>> {
        let cluster = entry.cluster.as_ref()?;
        let clusters = self.clusters.with_role(role)?.names.clone();
        // One of the same name may be where nobody looked.
        let of_workgroups = self.world.failures(&role.account, FactKind::Workgroups).map(Reason::failed);
        let missing: Vec<Reason> = self.missing_clusters(&role.account).into_iter().chain(of_workgroups).collect();
        if !self.clusters.knows(cluster, role) && !missing.is_empty() {
            return Some(Judgement::unknown(missing));
        }
        if !self.clusters.lacks(cluster, role) {
            return None;
        }
        let reason = OfStatement::DeclaredRoleCarriedElsewhere { cluster: cluster.clone(), clusters };
        Some(match missing.is_empty() {
            true => Judgement::plain(Association::NotAssociated, reason),
            false => Judgement::unknown([vec![reason.into()], missing].concat()),
        })
    }

    /// What may hide a cluster or namespace of the account: a role is associated with those of its own account only
    /// (Redshift Management Guide, "Authorizing Amazon Redshift to access AWS services").
    fn missing_clusters(&self, account: &str) -> Vec<Reason> {
        if self.world.account(account).is_none() {
            return vec![self.world.not_scanned(account)];
        }
        let kinds = [FactKind::Clusters, FactKind::Namespaces];
        let failures = kinds.into_iter().flat_map(|kind| self.world.failures(account, kind));
        // One call may hide both.
        let mut reasons: Vec<Reason> = failures.map(Reason::failed).collect();
        reasons.dedup();
        reasons
    }

    pub(super) fn known_unload_fact(&self, entry: &&RedshiftLocation) -> KnownUnloadFact {
        KnownUnloadFact {
            subject: self.location_subject(&entry.location, Some(Origin::Config { line: entry.line })),
            location: entry.location.to_string(),
            confirmation: self.confirmation(entry),
        }
    }

    /// Do the records show the UNLOADs that are known to have run there? A denied attempt is none, but it shows that the trail
    /// records.
    fn confirmation(&self, entry: &RedshiftLocation) -> Judgement<Confirmation> {
        let known = &entry.unloaded_at;
        let not_known =
            |records_read| Judgement::plain(Confirmation::NotKnown, OfStatement::NoUnloadKnown { records_read });
        if self.records.is_none() && known.is_empty() {
            return not_known(false);
        }
        if let Err(reason) = self.records_of(&entry.location) {
            return Judgement::unknown(vec![reason]);
        }
        let location = entry.location.to_string();
        let at_location = self.accesses.at(&entry.location).filter(|access| access.location.is_some());
        // What somebody else wrote, or was kept from writing, is no UNLOAD by the role; and one always has a role.
        let is_its = |principal: &str| {
            RoleArn::parse(principal).is_some_and(|by| entry.role.as_ref().is_none_or(|role| by.same_role(role)))
        };
        let (writes, denied): (Vec<&AccessRecord>, Vec<&AccessRecord>) = at_location
            .filter(|access| WRITES.contains(&access.event_name.as_str()) && is_its(&access.principal))
            .partition(|access| access.error_code.is_none());
        let evidence = json!({"unloaded_at": known, "writes": writes[..writes.len().min(SHOWN)]});
        // Where no role is declared, a write may be anybody's; the name that Redshift gives its sessions is a hint at least.
        let (own_writes, any_role) = if entry.role.is_some() { (&writes[..], false) } else { (&[][..], true) };
        if known.is_empty() && own_writes.is_empty() {
            return not_known(true);
        }
        let is_session = |session: &Session| is_its(&session.principal) && (!any_role || session.is_redshifts());
        let absent: Vec<Timestamp> =
            known.iter().copied().filter(|at| !self.is_shown(*at, &location, own_writes, &is_session)).collect();
        if absent.is_empty() {
            let reason = match known.len() as u64 {
                0 => OfStatement::WritesShown,
                unloads => OfStatement::UnloadsShown { unloads },
            };
            return Judgement::new(Confirmation::Confirmed, vec![reason.into()], evidence);
        }
        let coverage = self.coverage(&entry.location, entry.access, entry.role.as_ref());
        let mut missing = self.missing_evidence(&entry.location, entry.access, entry.role.as_ref(), &coverage);
        let window = self.records.and_then(|records| records.window);
        let during = |at: Timestamp, writes: &[&AccessRecord]| writes.iter().any(|write| is_during(at, write));
        let doubt = |holds: &dyn Fn(Timestamp) -> bool, reason: fn(u64) -> OfStatement| {
            let unloads = absent.iter().filter(|at| holds(**at)).count() as u64;
            (unloads > 0).then(|| reason(unloads).into())
        };
        let doubts: [Option<Reason>; 4] = [
            doubt(&|at| during(at, &denied), |unloads| OfStatement::TurnedAway { unloads }),
            doubt(&|at| any_role && during(at, &writes), |unloads| OfStatement::WrittenBySomeRole { unloads }),
            doubt(&|at| window.is_some_and(|w| at < w.start || at.0 + RUN > w.end.0), |unloads| {
                OfStatement::OutsideWindow { unloads }
            }),
            doubt(&|at| writes.iter().any(|write| write.first_seen < at && write.last_seen > at), |unloads| {
                OfStatement::BetweenWrites { unloads }
            }),
        ];
        missing.extend(doubts.into_iter().flatten());
        let status = if missing.is_empty() { Confirmation::Contradicted } else { Confirmation::Unknown };
        let reasons = [vec![OfStatement::UnloadNotShown { at: absent }.into()], missing].concat();
        Judgement::new(status, reasons, evidence)
    }

    /// Whether a write or an UNLOAD of the records may be the one that is known to have begun then. The first and the last
    /// of a group happened when it says; of those between nothing is kept but in sessions.
    fn is_shown(
        &self,
        at: Timestamp,
        location: &str,
        writes: &[&AccessRecord],
        is_its: &dyn Fn(&Session) -> bool,
    ) -> bool {
        let mut sessions = self.accesses.sessions_at(location);
        writes.iter().any(|write| is_during(at, write))
            || sessions.any(|session| {
                let is_unload = session.kind == SessionKind::Unload && is_its(session);
                is_unload && (may_be_of(at, session.start) || may_be_of(at, session.end))
            })
    }
}

/// Whether the time is one at which an UNLOAD that began `at` may have run.
fn may_be_of(at: Timestamp, time: Timestamp) -> bool {
    time.0 >= at.0 - ROUNDING && time.0 <= at.0 + RUN
}

/// The same of the first or the last of a group.
fn is_during(at: Timestamp, access: &AccessRecord) -> bool {
    may_be_of(at, access.first_seen) || may_be_of(at, access.last_seen)
}

/// UNLOADs that the ends of the window may cut.
fn cut_by(window: Window, open: &[&Session]) -> Vec<Reason> {
    let count = |is: &dyn Fn(&Session) -> bool| open.iter().filter(|session| is(session)).count() as u64;
    let late = count(&|session| session.end.0 + RUN > window.end.0);
    let early = count(&|session| session.start.0 - RUN < window.start.0);
    let mut reasons = Vec::new();
    if late > 0 {
        reasons.push(OfStatement::MayGoOn { unloads: late, after: window.end }.into());
    }
    if early > 0 {
        reasons.push(OfStatement::MayHaveBegun { unloads: early, before: window.start }.into());
    }
    reasons
}
