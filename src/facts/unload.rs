//! COPY and UNLOAD by the records: did every UNLOAD end, whose role was it, and do the records show what is known to have
//! happened?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::recording::unknown;
use super::{Judgement, RoleFact, UnloadFact, View};
use crate::arn::RoleArn;
use crate::config::{Config, RedshiftLocation};
use crate::coverage::event::Access;
use crate::location::Location;
use crate::logs::session::REDSHIFT_SESSION;
use crate::snapshot::{FactKind, LocationKind, Records, Session, SessionKind, Timestamp};

/// An UNLOAD may run this long after the time that is told for it, and its records be told to the second.
const RUN: time::Duration = time::Duration::hours(6);
const ROUNDING: time::Duration = time::Duration::minutes(1);

/// Event names that only a write of an object has.
const WRITES: [&str; 4] = ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"];

impl View<'_> {
    /// Every place that UNLOADs were seen at.
    pub fn unload_facts(&self, config: &Config) -> Vec<UnloadFact> {
        let Some(records) = &self.snapshot.records else { return vec![] };
        let mut places: BTreeMap<String, Vec<&Session>> = BTreeMap::new();
        for session in records.sessions.iter().filter(|session| session.kind == SessionKind::Unload) {
            let place = session.location.clone().unwrap_or_else(|| format!("s3://{}/", session.bucket));
            places.entry(place).or_default().push(session);
        }
        let fact = |(place, sessions): (String, Vec<&Session>)| {
            let declared = config.redshift.iter().find(|entry| entry.location.to_string() == place);
            UnloadFact {
                line: declared.map_or(1, |entry| entry.line),
                completion: self.completion(&place, &sessions, records),
                location: place,
            }
        };
        places.into_iter().map(fact).collect()
    }

    /// `unfinished` where an upload was begun and not ended though all was read; `complete` likewise.
    fn completion(&self, place: &str, sessions: &[&Session], records: &Records) -> Judgement {
        let open: Vec<&&Session> = sessions.iter().filter(|session| !session.complete).collect();
        let evidence = json!({"sessions": sessions, "window": records.window, "read": records.read});
        let Ok(location) = Location::parse(place) else { return unknown(&[format!("{place} is no location")]) };
        let coverage = self.coverage(&location, Access::Write, None);
        let mut missing = self.missing_evidence(&location, records, &coverage);
        if let Some(window) = records.window {
            let late = open.iter().filter(|session| session.end.0 + RUN > window.end.0).count();
            if late > 0 {
                missing.push(format!("{late} of them may still go on after {}", window.end));
            }
            let early = open.iter().filter(|session| session.start.0 - RUN < window.start.0).count();
            if early > 0 {
                missing.push(format!("{early} of them may have begun before {}", window.start));
            }
        }
        let count = sessions.len();
        let (status, message) = match (open.is_empty(), missing.is_empty()) {
            (true, true) => ("complete", format!("every upload of {count} UNLOADs was completed or aborted")),
            (false, true) => {
                let uploads: u64 = open.iter().map(|session| session.unfinished_uploads).sum();
                let first = open[0];
                (
                    "unfinished",
                    format!(
                        "{} of {count} UNLOADs left {uploads} multipart uploads neither completed nor aborted, the first by {} from {} to {}",
                        open.len(),
                        first.principal,
                        first.start,
                        first.end
                    ),
                )
            }
            (is_complete, false) => {
                let seen =
                    if is_complete { "every upload that was seen ended" } else { "an upload was not seen to end" };
                ("unknown", format!("{seen}, but {}", missing.join("; ")))
            }
        };
        Judgement { status, message, evidence }
    }

    /// Every role that acted in sessions of Redshift's name.
    pub fn role_facts(&self) -> Vec<RoleFact> {
        let sessions = self.snapshot.records.iter().flat_map(|records| &records.sessions);
        let named = sessions.filter(|session| session.session_names.iter().any(|name| name == REDSHIFT_SESSION));
        let roles: BTreeSet<&String> = named.map(|session| &session.principal).collect();
        roles.into_iter().map(|role| RoleFact { role: role.clone(), carried: self.carried(role) }).collect()
    }

    /// `carried` by a cluster or workgroup; `not_carried` only where all of them are known.
    fn carried(&self, role: &str) -> Judgement {
        let Some(acting) = RoleArn::parse(role) else { return unknown(&[format!("{role} is no role's ARN")]) };
        let is_same = |text: &str| RoleArn::parse(text).is_some_and(|known| known.same_role(&acting));
        let carriers = self.snapshot.clusters.iter().filter(|cluster| {
            let default = cluster.default_iam_role_arn.as_deref();
            cluster.iam_roles.iter().map(|role| role.iam_role_arn.as_str()).chain(default).any(is_same)
        });
        let names: Vec<&str> = carriers.map(|cluster| cluster.cluster_identifier.as_str()).collect();
        if !names.is_empty() {
            let message = format!("carried by {}", names.join(", "));
            return Judgement { status: "carried", message, evidence: json!({"clusters": names}) };
        }
        let gaps =
            [FactKind::Clusters, FactKind::Namespaces, FactKind::Regions].map(|kind| self.snapshot.gaps_in(kind));
        let mut missing: Vec<String> = gaps.into_iter().flatten().map(|gap| gap.reason()).collect();
        if !self.snapshot.scope.accounts.contains(&acting.account) {
            missing.push(format!("account {} was not scanned", acting.account));
        }
        if missing.is_empty() {
            let message = "a session named as Redshift's, by a role that no cluster or workgroup carries".to_owned();
            return Judgement { status: "not_carried", message, evidence: json!({}) };
        }
        unknown(&missing)
    }

    /// Do the records show the UNLOADs that are known to have run there? A denied attempt is recorded as well.
    pub fn confirmation(&self, entry: &RedshiftLocation, coverage: &Judgement) -> Judgement {
        let known: Vec<Timestamp> = entry.unloaded_at.clone();
        let not_known =
            |message: &str| Judgement { status: "not_known", message: message.to_owned(), evidence: json!({}) };
        if self.snapshot.records.is_none() && known.is_empty() {
            return not_known("no UNLOAD is known, and no log records were read");
        }
        let records = match self.records_of(&entry.location) {
            Ok(records) => records,
            Err(unknown) => return unknown,
        };
        let location = entry.location.to_string();
        let writes: Vec<_> = records
            .accesses
            .iter()
            .filter(|access| {
                access.location.as_ref() == Some(&location) && WRITES.contains(&access.event_name.as_str())
            })
            .collect();
        let evidence =
            json!({"unloaded_at": known, "writes": writes.iter().take(super::approval::SHOWN).collect::<Vec<_>>()});
        if entry.kind != LocationKind::Unload || (known.is_empty() && writes.is_empty()) {
            return not_known("no UNLOAD is known to have run, and none is in the records");
        }
        let during = |at: &Timestamp, time: Timestamp| time.0 >= at.0 - ROUNDING && time.0 <= at.0 + RUN;
        let sessions = || records.sessions.iter().filter(|session| session.location.as_ref() == Some(&location));
        // The first and the last of a group happened when it says; of those between nothing is kept but in sessions.
        let is_shown = |at: &&Timestamp| {
            writes.iter().any(|access| during(at, access.first_seen) || during(at, access.last_seen))
                || sessions().any(|session| {
                    session.kind == SessionKind::Unload && (during(at, session.start) || during(at, session.end))
                })
        };
        let absent: Vec<&Timestamp> = known.iter().filter(|at| !is_shown(at)).collect();
        if absent.is_empty() {
            let message = match known.len() {
                0 => "the records show writes there".to_owned(),
                count => format!("the records show the {count} UNLOADs that are known to have run"),
            };
            return Judgement { status: "confirmed", message, evidence };
        }
        let mut missing = self.missing_evidence(&entry.location, records, coverage);
        if let Some(window) = records.window {
            let outside = absent.iter().filter(|at| ***at < window.start || at.0 + RUN > window.end.0).count();
            if outside > 0 {
                missing.push(format!("{outside} of the known UNLOADs ran, or may have run, outside the window"));
            }
        }
        let spanned = |at: &&&Timestamp| writes.iter().any(|w| w.first_seen < ***at && w.last_seen > ***at);
        let untold = absent.iter().filter(spanned).count();
        if untold > 0 {
            missing.push(format!("{untold} of them lie between writes whose times are not kept one by one"));
        }
        let times: Vec<String> = absent.iter().map(|at| at.to_string()).collect();
        let message = format!("an UNLOAD ran there at {}, and no write is shown for it", times.join(", "));
        if missing.is_empty() {
            return Judgement { status: "contradicted", message, evidence };
        }
        Judgement { status: "unknown", message: format!("{message}, but {}", missing.join("; ")), evidence }
    }
}
