//! `fix`: the calls that close all gaps together.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{CommandError, evidence, told};
use crate::aws::timestamp::Timestamp;
use crate::cli::{Fix as Args, FixFormat};
use crate::collect;
use crate::config::Config;
use crate::counted::counted;
use crate::exit::Exit;
use crate::facts::plan::{Change, Fixes, Step, fixes};
use crate::output::{self, harmless};
use crate::snapshot::Snapshot;

/// Stands where the account has no trail whose bucket a new one could use.
const LOG_BUCKET: &str = "LOG-BUCKET";

/// 0 where the calls close every gap, 3 where something is left or not known.
pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    let snapshot = match &args.snapshot {
        Some(path) => evidence::saved(path, &config)?,
        None => collect::run(&config, &config.buckets(), None)?,
    };
    evidence::refuse_nothing(&config, Some(&snapshot))?;
    refuse_old(&snapshot, args.max_age)?;
    let fixes = fixes(&snapshot, &config);
    told(match args.format {
        FixFormat::Cli => output::print_text(&text(&fixes, command)),
        FixFormat::Json => output::print(&harmless::json(&json!({"plan": fixes.plan, "unknown": fixes.unknown}))),
        FixFormat::Terraform => output::print_text(&text(&fixes, resource)),
    })?;
    let open = fixes.plan.left.len() + fixes.unknown;
    Ok(if open == 0 { Exit::Ok } else { Exit::Unknown })
}

/// `put-event-selectors` replaces what is there: selectors that came since the snapshot would be lost.
fn refuse_old(snapshot: &Snapshot, max_age: time::Duration) -> Result<(), CommandError> {
    let oldest = snapshot.accounts.iter().map(|account| account.collected_at).min();
    let age = oldest.map(|oldest| Timestamp::now().0 - oldest.0).unwrap_or_default();
    if age <= max_age {
        return Ok(());
    }
    Err(CommandError::Usage(format!(
        "the snapshot is {} hours old, and put-event-selectors replaces what is there: selectors that came since would be lost; collect it again, or allow its age with --max-age",
        age.whole_hours()
    )))
}

/// What `write` makes of the plan, and what the plan leaves.
fn text(fixes: &Fixes, write: impl Fn(&mut String, &Step) -> std::fmt::Result) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = fixes.plan.steps.iter().try_for_each(|step| {
        comment(&mut out, step)?;
        write(&mut out, step)?;
        writeln!(out)
    });
    let _ = rest(&mut out, fixes);
    out
}

/// A step as lines of the AWS CLI.
fn command(out: &mut String, step: &Step) -> std::fmt::Result {
    let region = quoted(&step.region);
    match &step.change {
        Change::StartLogging { trail_arn } => {
            writeln!(out, "aws cloudtrail start-logging --region {region} --name {}", quoted(trail_arn))
        }
        Change::MakeMultiRegion { trail_arn } => writeln!(
            out,
            "aws cloudtrail update-trail --region {region} --name {} --is-multi-region-trail",
            quoted(trail_arn)
        ),
        Change::CreateTrail { name, s3_bucket_name } => {
            let (name, bucket) = (quoted(name), quoted(s3_bucket_name.as_deref().unwrap_or(LOG_BUCKET)));
            writeln!(out, "# The policy of the log bucket must allow the new trail to write to it.")?;
            writeln!(
                out,
                "aws cloudtrail create-trail --region {region} --name {name} --s3-bucket-name {bucket} --no-include-global-service-events --enable-log-file-validation"
            )?;
            writeln!(out, "aws cloudtrail start-logging --region {region} --name {name}")
        }
        Change::PutEventSelectors { input, .. } => writeln!(
            out,
            "aws cloudtrail put-event-selectors --region {region} --cli-input-json {}",
            quoted(&input.to_string())
        ),
    }
}

/// What the call is for, and whose credentials it needs.
fn comment(out: &mut String, step: &Step) -> std::fmt::Result {
    writeln!(out, "# account {}: for {}", harmless::text(&step.account), harmless::text(&step.locations.join(", ")))
}

/// What no call closes, and whether there was anything to close.
fn rest(out: &mut String, fixes: &Fixes) -> std::fmt::Result {
    for left in &fixes.plan.left {
        writeln!(out, "# left open: {}: {}", harmless::text(&left.location), harmless::text(&left.because))?;
    }
    if fixes.unknown > 0 {
        let locations = counted(fixes.unknown as u64, "location");
        writeln!(out, "# not known whether they are recorded: {locations}; `trailcheck check` says why")?;
    }
    if fixes.plan.steps.is_empty() && fixes.plan.left.is_empty() && fixes.unknown == 0 {
        writeln!(out, "# nothing to fix: every declared location is recorded")?;
    }
    Ok(())
}

/// A word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A step as what the trail's `aws_cloudtrail` resource must hold.
fn resource(out: &mut String, step: &Step) -> std::fmt::Result {
    match &step.change {
        Change::StartLogging { trail_arn } => {
            writeln!(out, "# in the aws_cloudtrail resource of {}:\nenable_logging = true", harmless::text(trail_arn))
        }
        Change::MakeMultiRegion { trail_arn } => writeln!(
            out,
            "# in the aws_cloudtrail resource of {}:\nis_multi_region_trail = true",
            harmless::text(trail_arn)
        ),
        Change::CreateTrail { name, s3_bucket_name } => {
            writeln!(out, "# a new resource, whose provider is of {}; its selectors follow:", step.region)?;
            writeln!(out, "resource \"aws_cloudtrail\" {} {{", hcl(&name.replace('-', "_")))?;
            let bucket = s3_bucket_name.as_deref().unwrap_or(LOG_BUCKET);
            writeln!(out, "  name = {}\n  s3_bucket_name = {}", hcl(name), hcl(bucket))?;
            writeln!(out, "  include_global_service_events = false\n  enable_log_file_validation = true\n}}")
        }
        Change::PutEventSelectors { trail_arn, input, .. } => {
            writeln!(out, "# all selectors of the aws_cloudtrail resource of {}:", harmless::text(trail_arn))?;
            blocks(out, input)
        }
    }
}

/// The selectors of a `put-event-selectors` input as blocks of HCL.
fn blocks(out: &mut String, input: &Value) -> std::fmt::Result {
    for selector in input["EventSelectors"].as_array().into_iter().flatten() {
        writeln!(out, "event_selector {{")?;
        writeln!(out, "  read_write_type = {}", hcl(selector["ReadWriteType"].as_str().unwrap_or("All")))?;
        writeln!(
            out,
            "  include_management_events = {}",
            selector["IncludeManagementEvents"].as_bool().unwrap_or(true)
        )?;
        let excluded = &selector["ExcludeManagementEventSources"];
        if excluded.as_array().is_some_and(|sources| !sources.is_empty()) {
            writeln!(out, "  exclude_management_event_sources = {}", list(excluded))?;
        }
        for resource in selector["DataResources"].as_array().into_iter().flatten() {
            writeln!(out, "  data_resource {{\n    type = {}", hcl(resource["Type"].as_str().unwrap_or_default()))?;
            writeln!(out, "    values = {}\n  }}", list(&resource["Values"]))?;
        }
        writeln!(out, "}}")?;
    }
    for selector in input["AdvancedEventSelectors"].as_array().into_iter().flatten() {
        writeln!(out, "advanced_event_selector {{")?;
        if let Some(name) = selector["Name"].as_str() {
            writeln!(out, "  name = {}", hcl(name))?;
        }
        for field in selector["FieldSelectors"].as_array().into_iter().flatten() {
            writeln!(out, "  field_selector {{\n    field = {}", hcl(field["Field"].as_str().unwrap_or_default()))?;
            for (operator, argument) in [
                ("Equals", "equals"),
                ("NotEquals", "not_equals"),
                ("StartsWith", "starts_with"),
                ("NotStartsWith", "not_starts_with"),
                ("EndsWith", "ends_with"),
                ("NotEndsWith", "not_ends_with"),
            ] {
                if field[operator].is_array() {
                    writeln!(out, "    {argument} = {}", list(&field[operator]))?;
                }
            }
            writeln!(out, "  }}")?;
        }
        writeln!(out, "}}")?;
    }
    Ok(())
}

fn list(values: &Value) -> String {
    let values = values.as_array().into_iter().flatten().filter_map(Value::as_str).map(hcl);
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

/// A string of HCL, in which nothing is a template.
fn hcl(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}
