//! One concrete event: which recorders record it, and what decides for each.

use schemars::JsonSchema;
use serde::Serialize;

use super::any;
use crate::aws::arn::RoleArn;
use crate::aws::location::Location;
use crate::aws::s3_events::{AWS_API_CALL, AWS_SERVICE_EVENT, DOCUMENTED, EVENT_SOURCE, documented};
use crate::config::Config;
use crate::coverage::event::Event;
use crate::coverage::recorder::{Decision, Recorder};
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
    let needs_region = question.region.is_none() && world.bucket_region(&question.object.bucket).is_err();
    let hint = if needs_region { "; --region names it" } else { "" };
    in_world(&world, question).map_err(|why| format!("{why}{hint}"))
}

pub(super) fn in_world(world: &World, question: &Question) -> Result<Trace, String> {
    let bucket = &question.object.bucket;
    let region = match &question.region {
        Some(region) => match world.bucket_region(bucket) {
            Ok(known) if known != region => {
                return Err(format!("the bucket {bucket} is in {known}, not in {region}: leave --region out"));
            }
            _ => region,
        },
        None => world.bucket_region(bucket).map_err(|reason| reason.to_string())?,
    };
    let set = world.recorders_at(bucket, region, question.role.as_ref()).map_err(|reason| reason.to_string())?;
    let forms = forms(world.partition(), question, region);
    let recorders: Vec<Traced> = set.recorders.iter().map(|recorder| traced(recorder, question, &forms)).collect();
    let recorded =
        |form: &Form| any(set.recorders.iter().map(|recorder| decide(recorder, question, &form.event).records));
    let answers: Vec<Option<bool>> = forms.iter().map(recorded).collect();
    // The event has one of these forms: what they agree on holds.
    let first = answers.first().copied().flatten();
    let recorded = first.filter(|_| answers.windows(2).all(|pair| pair[0] == pair[1]));
    let event = forms.into_iter().next().ok_or("no such event")?.event;
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

/// One of the forms that the event may have.
struct Form {
    /// When it has this one.
    when: String,
    event: Event,
}

/// The event; in each form that it may have where AWS does not say which: reading only or not, and deleted by a request of its own or
/// as one of the keys of a DeleteObjects.
fn forms(partition: &str, question: &Question, region: &str) -> Vec<Form> {
    let documented = documented(&question.event_name);
    let read_only: &[(&str, bool)] = match documented.and_then(|event| event.read_only) {
        Some(true) => &[("", true)],
        Some(false) => &[("", false)],
        None => &[("if AWS calls it readOnly", true), ("if AWS does not call it readOnly", false)],
    };
    let types: &[(&str, &str)] = match documented.is_some_and(|event| event.name == "DeleteObject") {
        true => &[("as a request of its own", AWS_API_CALL), ("as a key of DeleteObjects", AWS_SERVICE_EVENT)],
        false => &[("", AWS_API_CALL)],
    };
    let user_identity_arn = question.role.as_ref().map(|role| role.session_prefix() + &question.session_name);
    let form = |(said, read_only): &(&str, bool), (kind, event_type): &(&str, &str)| Form {
        when: format!("{said}{kind}"),
        event: Event {
            event_name: question.event_name.clone(),
            read_only: *read_only,
            resource_arn: question.object.arn_prefix(partition),
            user_identity_arn: user_identity_arn.clone(),
            region: region.to_owned(),
            event_source: EVENT_SOURCE.to_owned(),
            event_type: (*event_type).to_owned(),
            session_credential_from_console: false,
            hypothetical: documented.is_none(),
        },
    };
    read_only.iter().flat_map(|read_only| types.iter().map(move |event_type| form(read_only, event_type))).collect()
}

/// What a recorder does with the event, where its copy of the record may lack the caller, or it may leave its own deliveries out.
fn decide(recorder: &Recorder, question: &Question, event: &Event) -> Decision {
    let named = recorder.decide(event);
    if recorder.hides_caller(question.role.as_ref()) {
        let hidden = recorder.decide(&Event { user_identity_arn: None, ..event.clone() });
        if hidden.records != named.records {
            let clause = format!(
                "the copy of a bucket's owner may lack the role's ARN; with it: {}; without it: {}",
                named.clause, hidden.clause
            );
            return Decision { records: None, clause };
        }
    }
    let own_deliveries = recorder.own_deliveries_hidden_in.as_ref() == Some(&question.object.bucket);
    if own_deliveries && question.role.is_none() && named.records == Some(true) {
        let clause = format!("{}; RecursiveLogging is off, so CloudTrail's own deliveries are left out", named.clause);
        return Decision { records: None, clause };
    }
    named
}

fn traced(recorder: &Recorder, question: &Question, forms: &[Form]) -> Traced {
    let decisions: Vec<Decision> = forms.iter().map(|form| decide(recorder, question, &form.event)).collect();
    let agreed = decisions.windows(2).all(|pair| pair[0].records == pair[1].records);
    let because = match agreed {
        true => decisions.first().map(|decision| decision.clause.clone()).unwrap_or_default(),
        false => {
            let each =
                forms.iter().zip(&decisions).map(|(form, decision)| format!("{}: {}", form.when, decision.clause));
            each.collect::<Vec<_>>().join("; ")
        }
    };
    Traced {
        recorder: recorder.name.clone(),
        arn: recorder.arn.clone(),
        records: if agreed { decisions.first().and_then(|decision| decision.records) } else { None },
        because,
    }
}
