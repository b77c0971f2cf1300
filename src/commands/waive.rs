//! `waive`: a table in the config that accepts a finding until a day.

use toml::Value;

use super::CommandError;
use crate::atomic_file;
use crate::aws::location::Location;
use crate::aws::timestamp::Timestamp;
use crate::cli::Waive as Args;
use crate::config::{Config, Waivable};
use crate::exit::Exit;
use crate::glob::glob;
use crate::nearest::nearest;
use crate::output;
use crate::policy::{self, hint};

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    if !config.path.exists() {
        let path = config.path.display();
        return Err(CommandError::Usage(format!("there is no config at {path} to add the waiver to")));
    }
    if args.until < Timestamp::now().0.date() {
        return Err(CommandError::Usage(format!(
            "--until {} is over: a waiver holds until the end of that day",
            args.until
        )));
    }
    // A link stays one: what it leads to is written.
    let target = config.path.canonicalize().unwrap_or_else(|_| config.path.clone());
    let is_file = std::fs::metadata(&target).map(|found| found.is_file() && !found.permissions().readonly());
    if !is_file.unwrap_or(false) {
        let path = config.path.display();
        return Err(CommandError::Usage(format!("{path} cannot be written to: it is read-only, or no file")));
    }
    let bundles = policy::with_user_policies(&args.policies.policies, policy::TIME_LIMIT)?;
    let ids: Vec<String> = bundles.iter().flat_map(|bundle| &bundle.policies).map(|policy| policy.id.clone()).collect();
    if !ids.contains(&args.policy) {
        let hint = hint(&args.policy, &ids);
        return Err(CommandError::Usage(format!(
            "there is no policy `{}`{hint} `trailcheck policies` lists them",
            args.policy
        )));
    }
    let subject = canonical(&args.subject);
    if let Some(doubt) = undeclared(&subject, &config) {
        output::tell(format_args!("note: {doubt}"));
    }
    let waivers = config.waivers.iter();
    let same = |waiver: &&crate::config::Waiver| {
        (&waiver.policy, &waiver.subject, waiver.outcome) == (&args.policy, &subject, args.outcome)
    };
    if let Some(there) = waivers.filter(same).find(|waiver| waiver.expires >= args.until) {
        return Err(CommandError::Usage(format!(
            "{}: line {} waives it until {} already",
            config.path.display(),
            there.line,
            there.expires
        )));
    }
    let break_before = if config.text.ends_with('\n') { "\n" } else { "\n\n" };
    let text = format!("{}{break_before}{}", config.text, table(args, &subject));
    // What is written is read as the next check will read it.
    let with_waiver = Config::parse(&config.path, &text).map_err(|error| {
        CommandError::Usage(format!("a [[waiver]] table cannot be added to {}: {error}", config.path.display()))
    })?;
    atomic_file::write_in_place_of(&target, text.as_bytes())?;
    let line = with_waiver.waivers.last().map_or(0, |waiver| waiver.line);
    output::remark(format_args!("{}:{line}: waived until {}", config.path.display(), args.until));
    Ok(Exit::Ok)
}

/// A bucket as a location, as findings have it.
fn canonical(subject: &str) -> String {
    let location = Location::parse(subject).ok().filter(|_| !subject.contains('*'));
    location.map_or_else(|| subject.to_owned(), |location| location.to_string())
}

fn table(args: &Args, subject: &str) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let outcome = match args.outcome {
        Waivable::Fail => "",
        Waivable::Unknown => "outcome = \"unknown\"\n",
    };
    format!(
        "[[waiver]]\npolicy  = {}\nsubject = {}\nreason  = {}\nexpires = {}\nowner   = {}\n{outcome}",
        text(&args.policy),
        text(subject),
        text(&args.reason),
        args.until,
        text(&args.owner),
    )
}

/// A location that is not declared may be waived in vain.
fn undeclared(subject: &str, config: &Config) -> Option<String> {
    let redshift = config.redshift.iter().map(|entry| &entry.location);
    let declared = redshift.chain(config.access_rules.iter().map(|rule| &rule.location));
    let declared: Vec<String> = declared.map(ToString::to_string).collect();
    if !subject.starts_with("s3://") || declared.iter().any(|location| glob(subject, location)) {
        return None;
    }
    let hint = nearest(subject, declared.iter().map(String::as_str));
    let hint = hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Some(format!("{} declares no location `{subject}`{hint}", config.path.display()))
}
