//! `trace`: who records this one event, and why the others do not.

use std::fmt::Write;

use super::{CommandError, evidence, told};
use crate::aws::arn::RoleArn;
use crate::aws::location::Location;
use crate::aws::s3_events::{About, documented};
use crate::cli::{TableFormat, Trace as Args};
use crate::collect;
use crate::config::Config;
use crate::exit::Exit;
use crate::facts::trace::{Question, Trace, trace};
use crate::output::{self, harmless};

/// 0 where something records the event, 1 where nothing does, 3 where it cannot be told.
pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let question = question(args)?;
    let config = Config::find(args.config.config.as_deref())?;
    let snapshot = match &args.snapshot {
        Some(path) => evidence::saved(path, &config)?,
        None => {
            let buckets = [config.buckets(), vec![question.object.bucket.clone()]].concat();
            collect::run(&config, &buckets, None)?
        }
    };
    let trace = trace(&snapshot, &config, &question).map_err(CommandError::Usage)?;
    if let (None, Some(role)) = (&args.role, declared_role(&config, &question)) {
        output::tell(format_args!(
            "note: asked for a principal without an ARN; the config has --role {role} for the place"
        ));
    }
    told(match args.format {
        TableFormat::Table => output::print_text(&table(&trace)),
        TableFormat::Json => output::print(&harmless::json(&trace)),
    })?;
    Ok(match trace.recorded {
        Some(true) => Exit::Ok,
        Some(false) => Exit::Failed,
        None => Exit::Unknown,
    })
}

/// The role that the config says acts there.
fn declared_role<'c>(config: &'c Config, question: &Question) -> Option<&'c str> {
    let holds = |location: &Location| {
        location.bucket == question.object.bucket && question.object.prefix.starts_with(&location.prefix)
    };
    let entry = config.redshift.iter().find(|entry| holds(&entry.location))?;
    Some(&entry.role.as_ref()?.text)
}

fn question(args: &Args) -> Result<Question, CommandError> {
    let object = Location::parse_object(&args.object).map_err(|error| CommandError::Usage(error.to_string()))?;
    refuse_other_names(&args.event)?;
    let is_of_object = documented(&args.event).is_none_or(|event| event.about == About::Object);
    if object.prefix.is_empty() && is_of_object {
        let message = format!("{} is an event of an object: name one, as in {object}key", args.event);
        return Err(CommandError::Usage(message));
    }
    let role = match &args.role {
        None => None,
        Some(text) => Some(RoleArn::parse(text).ok_or_else(|| {
            CommandError::Usage(format!("`{text}` is not a role's ARN; expected arn:aws:iam::ACCOUNT:role/NAME"))
        })?),
    };
    Ok(Question {
        object,
        event_name: args.event.clone(),
        role,
        session_name: args.session.clone(),
        region: args.region.clone(),
    })
}

/// What the API, IAM or server access logs call an event is not what CloudTrail calls it.
fn refuse_other_names(event: &str) -> Result<(), CommandError> {
    let refuse = |message: String| Err(CommandError::Usage(message));
    if event == "ListObjectsV2" {
        return refuse("CloudTrail records ListObjectsV2 as ListObjects: ask for that".to_owned());
    }
    if let Some((_, action)) = event.split_once(':') {
        return refuse(format!("`{event}` is an IAM action; CloudTrail's events have no prefix, such as {action}"));
    }
    if event.starts_with("REST.") || event.starts_with("BATCH.") {
        return refuse(format!(
            "`{event}` is an operation of S3 server access logs; CloudTrail's names are those of the API, such as GetObject"
        ));
    }
    if ["copy", "unload"].contains(&&*event.to_lowercase()) {
        return refuse(format!(
            "{event} is a statement of Redshift; S3 sees its requests: GetObject and ListObjects of a COPY, PutObject or CreateMultipartUpload, UploadPart and CompleteMultipartUpload of an UNLOAD"
        ));
    }
    if event.contains("Bucket") && documented(event).is_none() {
        return refuse(format!(
            "{event} is about the bucket itself: CloudTrail records it as a management event, which data selectors say nothing of"
        ));
    }
    let is_name = event.chars().next().is_some_and(|c| c.is_ascii_uppercase())
        && event.chars().all(|c| c.is_ascii_alphanumeric());
    if is_name { Ok(()) } else { refuse(format!("`{event}` is no event's name; expected one such as GetObject")) }
}

fn table(trace: &Trace) -> String {
    let event = &trace.event;
    let who = event.user_identity_arn.as_deref().unwrap_or("a principal without an ARN");
    let mut text = format!(
        "{} on {} by {} in {}\n\n",
        harmless::text(&event.event_name),
        harmless::text(&event.resource_arn),
        harmless::text(who),
        harmless::text(&event.region)
    );
    let names = trace.recorders.iter().map(|traced| harmless::text(&traced.recorder));
    let width = names.clone().map(|name| name.chars().count()).max().unwrap_or(0);
    for (traced, name) in trace.recorders.iter().zip(names) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<7}  {name:<width$}  {}", word(traced.records), harmless::text(&traced.because));
    }
    if trace.recorders.is_empty() {
        text.push_str("there is no trail\n");
    }
    let verdict = match trace.recorded {
        Some(true) => "recorded",
        Some(false) => "not recorded",
        None => "unknown",
    };
    let _ = writeln!(text, "\n{verdict}");
    if let Some(note) = &trace.note {
        let _ = writeln!(text, "note: {}", harmless::text(note));
    }
    text
}

fn word(records: Option<bool>) -> &'static str {
    match records {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}
