//! One concrete event: which recorders record it, and what decides for each.

use schemars::JsonSchema;
use serde::Serialize;

use super::any;
use crate::aws::arn::RoleArn;
use crate::aws::location::Location;
use crate::aws::s3_events::{AWS_API_CALL, DOCUMENTED, EVENT_SOURCE, documented};
use crate::config::Config;
use crate::coverage::event::Event;
use crate::coverage::recorder::Recorder;
use crate::nearest::nearest;
use crate::snapshot::Snapshot;
use crate::world::World;

/// The event that is asked for.
#[derive(Debug, Clone)]
pub struct Question {
    pub object: Location,
    pub event_name: String,
    /// `None`: a principal without an ARN, as an anonymous one.
    pub role: Option<RoleArn>,
    pub session_name: String,
    /// `None`: the bucket's, as the snapshot has it.
    pub region: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Trace {
    pub event: Event,
    /// `null`: could not be told.
    pub recorded: Option<bool>,
    /// What is doubtful about the question; `null`: nothing.
    pub note: Option<String>,
    /// What each recorder does with the event.
    pub recorders: Vec<Traced>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Traced {
    /// The recorder's name.
    pub recorder: String,
    /// Its ARN.
    pub arn: String,
    /// `null`: could not be told.
    pub records: Option<bool>,
    /// The selector that matches, or the clause, state or region that keeps the event out.
    pub because: String,
}

/// Asks every recorder of the bucket's region. `Err`: the question has no answer in this snapshot, and why.
pub fn trace(snapshot: &Snapshot, config: &Config, question: &Question) -> Result<Trace, String> {
    let world = World::at(snapshot, snapshot.collected_at()).counting(&config.recorders, config.regions.is_some());
    let bucket = &question.object.bucket;
    let region = match &question.region {
        Some(region) => match world.bucket_region(bucket) {
            Ok(known) if known != region => {
                return Err(format!("the bucket {bucket} is in {known}, not in {region}: leave --region out"));
            }
            _ => region,
        },
        None => world.bucket_region(bucket).map_err(|reason| format!("{reason}; --region names it"))?,
    };
    let set = world.recorders_at(bucket, region, question.role.as_ref()).map_err(|reason| reason.to_string())?;
    let events = events(world.partition(), question, region);
    let recorders: Vec<Traced> = set.recorders.iter().map(|recorder| traced(recorder, &events)).collect();
    let recorded = |event: &Event| any(set.recorders.iter().map(|recorder| recorder.decide(event).records));
    let answers: Vec<Option<bool>> = events.iter().map(recorded).collect();
    // The event is one of these: what they agree on holds.
    let first = answers.first().copied().flatten();
    let recorded = first.filter(|_| answers.windows(2).all(|pair| pair[0] == pair[1]));
    let event = events.into_iter().next().ok_or("no such event")?;
    Ok(Trace { event, recorded, note: undocumented(&question.event_name), recorders })
}

/// A name that no documented event has is judged as one that AWS may add.
fn undocumented(name: &str) -> Option<String> {
    if documented(name).is_some() {
        return None;
    }
    let near = nearest(name, DOCUMENTED.iter().map(|event| event.name));
    let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
    Some(format!("{name} is no documented S3 data event{hint}: it was judged as one that AWS may add"))
}

/// The event; twice where AWS does not say whether it only reads.
fn events(partition: &str, question: &Question, region: &str) -> Vec<Event> {
    let documented = documented(&question.event_name);
    let read_only = documented.and_then(|event| event.read_only);
    let user_identity_arn = question.role.as_ref().map(|role| role.session_prefix() + &question.session_name);
    let event = |read_only: bool| Event {
        event_name: question.event_name.clone(),
        read_only,
        resource_arn: question.object.arn_prefix(partition),
        user_identity_arn: user_identity_arn.clone(),
        region: region.to_owned(),
        event_source: EVENT_SOURCE.to_owned(),
        event_type: AWS_API_CALL.to_owned(),
        session_credential_from_console: false,
        hypothetical: documented.is_none(),
    };
    match read_only {
        Some(read_only) => vec![event(read_only)],
        None => vec![event(true), event(false)],
    }
}

fn traced(recorder: &Recorder, events: &[Event]) -> Traced {
    let decisions: Vec<_> = events.iter().map(|event| recorder.decide(event)).collect();
    let agreed = decisions.windows(2).all(|pair| pair[0].records == pair[1].records);
    let clauses: Vec<String> = match decisions.as_slice() {
        [read, write] if !agreed => vec![
            "AWS does not say whether this event is readOnly".to_owned(),
            format!("if it is: {}", read.clause),
            format!("if not: {}", write.clause),
        ],
        decisions => decisions.first().map(|decision| decision.clause.clone()).into_iter().collect(),
    };
    Traced {
        recorder: recorder.name.clone(),
        arn: recorder.arn.clone(),
        records: if agreed { decisions.first().and_then(|decision| decision.records) } else { None },
        because: clauses.join("; "),
    }
}
