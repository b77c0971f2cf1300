//! COPY and UNLOAD put together again from their records.
//!
//! A role session's requests at one bucket belong together until it pauses for longer than `PAUSE`: one statement of
//! Redshift assumes its role more than once (the COPY in the article shows two `creationDate`s), so a session's creation
//! is no boundary.

use std::collections::{BTreeMap, BTreeSet};

use time::Duration;

use super::principal::{Principal, PrincipalKind};
use super::reader::Watched;
use super::record::{Record, Touched};
use crate::snapshot::{LocationKind, Session, SessionKind, Timestamp};

/// What Redshift calls its sessions, where it has been seen. A hint, never a key.
const REDSHIFT_SESSION: &str = "RedshiftIamRoleSession";

const PAUSE: Duration = Duration::minutes(15);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Actor {
    principal: String,
    session_name: Option<String>,
    bucket: String,
    region: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    time: Timestamp,
    event_name: String,
    key: Option<String>,
}

#[derive(Debug, Default)]
pub struct Sessions {
    steps: BTreeMap<Actor, Vec<Step>>,
}

impl Sessions {
    /// Takes the event if it is a role's, succeeded, and is at a location of Redshift's or in a session of its name.
    pub fn add(
        &mut self,
        watched: &[Watched],
        record: &Record,
        principal: &Principal,
        touched: &[Touched],
        time: Timestamp,
    ) {
        if principal.kind != PrincipalKind::Role || record.error_code.is_some() {
            return;
        }
        let session_name = record.user_identity.as_ref().and_then(|identity| identity.session_name());
        for touch in touched {
            let declared = watched.iter().any(|watched| {
                watched.location.bucket == touch.bucket()
                    && matches!(watched.kind, Some(LocationKind::Copy | LocationKind::Unload))
            });
            if !declared && session_name != Some(REDSHIFT_SESSION) {
                continue;
            }
            let actor = Actor {
                principal: principal.name.clone(),
                session_name: session_name.map(str::to_owned),
                bucket: touch.bucket().to_owned(),
                region: record.aws_region.clone().unwrap_or_default(),
            };
            self.steps.entry(actor).or_default().push(Step {
                time,
                event_name: record.event_name.clone().unwrap_or_default(),
                key: match touch {
                    Touched::Object { key, .. } => Some(key.clone()),
                    Touched::Listing { .. } => None,
                },
            });
        }
    }

    pub fn finish(self) -> Vec<Session> {
        let mut sessions = Vec::new();
        for (actor, mut steps) in self.steps {
            steps.sort();
            let mut rest = steps.as_slice();
            while !rest.is_empty() {
                let pause = rest.windows(2).position(|pair| pair[1].time.0 - pair[0].time.0 > PAUSE);
                let (run, later) = rest.split_at(pause.map_or(rest.len(), |at| at + 1));
                sessions.extend(session(&actor, run));
                rest = later;
            }
        }
        sessions.sort_by(|a, b| (a.start, &a.bucket, &a.principal).cmp(&(b.start, &b.bucket, &b.principal)));
        sessions
    }
}

/// One run of steps: an UNLOAD if it writes objects, a COPY if it reads them, neither if it does not.
fn session(actor: &Actor, steps: &[Step]) -> Option<Session> {
    let has = |names: &[&str]| steps.iter().any(|step| names.contains(&step.event_name.as_str()));
    let kind = if has(&["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]) {
        SessionKind::Unload
    } else if has(&["GetObject"]) {
        SessionKind::Copy
    } else {
        return None;
    };
    let moves = |step: &&Step| match kind {
        SessionKind::Unload => !matches!(step.event_name.as_str(), "GetObject" | "HeadObject"),
        SessionKind::Copy => step.event_name == "GetObject",
    };
    let keys: BTreeSet<&String> = steps.iter().filter(moves).filter_map(|step| step.key.as_ref()).collect();
    Some(Session {
        kind,
        principal: actor.principal.clone(),
        session_name: actor.session_name.clone(),
        bucket: actor.bucket.clone(),
        region: actor.region.clone(),
        start: steps[0].time,
        end: steps[steps.len() - 1].time,
        objects: keys.len() as u64,
        complete: uploads_are_complete(steps),
    })
}

/// Each key whose multipart upload was begun must also have one completed.
fn uploads_are_complete(steps: &[Step]) -> bool {
    let count = |name: &str, key: &Option<String>| {
        steps.iter().filter(|step| step.event_name == name && &step.key == key).count()
    };
    let begun = steps.iter().filter(|step| matches!(step.event_name.as_str(), "CreateMultipartUpload" | "UploadPart"));
    begun.map(|step| &step.key).collect::<BTreeSet<_>>().into_iter().all(|key| {
        let ended = count("CompleteMultipartUpload", key);
        ended > 0 && ended >= count("CreateMultipartUpload", key)
    })
}
