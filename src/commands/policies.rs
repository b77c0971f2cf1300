//! `policies`: what would run, how it counts, and which controls it speaks to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CommandError, told};
use crate::cli::{Policies as Args, PoliciesCommand, TableFormat};
use crate::config::{Config, Level};
use crate::exit::Exit;
use crate::output::{self, harmless};
use crate::policy::{self, FRAMEWORKS, Policy, hint};
use crate::severity::UnknownIs;

/// A policy as the config has it.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    /// `off`, or the severity of its failures.
    level: &'static str,
    unknown: UnknownIs,
    controls: &'a BTreeMap<String, Vec<String>>,
}

/// A control, and the policies that speak to it; none where a control of the list is not covered.
#[derive(Serialize)]
struct Covered<'a> {
    id: &'a str,
    title: &'a str,
    policies: Vec<&'a str>,
}

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    if let Some(PoliciesCommand::New(new)) = &args.command {
        return super::new_policy::run(new);
    }
    let bundles = policy::with_user_policies(&args.policies.policies, policy::TIME_LIMIT)?;
    let config = Config::find(args.config.config.as_deref())?;
    let policies: Vec<&Policy> = bundles.iter().flat_map(|bundle| &bundle.policies).collect();
    // What `[policies]` names must be there, as for a check.
    policy::select(bundles.clone(), &config, &[], UnknownIs::Fail)?;
    match &args.controls {
        None => list(args, &policies.iter().map(|policy| row(policy, &config)).collect::<Vec<_>>()),
        Some(framework) => controls(args, framework, &policies),
    }
}

fn row<'a>(policy: &'a Policy, config: &Config) -> Row<'a> {
    let setting = config.policies.iter().find(|setting| setting.id == policy.id);
    let level = match setting.and_then(|setting| setting.level) {
        Some(Level::Off) => "off",
        Some(Level::At(severity)) => severity.as_str(),
        None => policy.metadata.severity.as_str(),
    };
    Row {
        id: &policy.id,
        title: &policy.metadata.title,
        level,
        unknown: setting.and_then(|setting| setting.unknown).unwrap_or_default(),
        controls: &policy.metadata.controls,
    }
}

fn list(args: &Args, rows: &[Row]) -> Result<Exit, CommandError> {
    let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
    let line = |row: &Row| {
        let warn = if row.unknown == UnknownIs::Warn { " (unknown: warn)" } else { "" };
        format!("{:<8} {:<width$}  {}{warn}\n", row.level, harmless::text(row.id), harmless::text(row.title))
    };
    told(match args.format {
        TableFormat::Table => output::print_text(&rows.iter().map(line).collect::<String>()),
        TableFormat::Json => output::print(&harmless::json(&rows)),
    })
}

fn controls(args: &Args, name: &str, policies: &[&Policy]) -> Result<Exit, CommandError> {
    let known = FRAMEWORKS.get(name);
    let spoken = |id: &str| -> Vec<&str> {
        let names =
            |policy: &&&Policy| policy.metadata.controls.get(name).is_some_and(|ids| ids.iter().any(|i| i == id));
        policies.iter().filter(names).map(|policy| &*policy.id).collect()
    };
    let own = policies.iter().filter_map(|policy| policy.metadata.controls.get(name)).flatten();
    let mut titles: BTreeMap<&str, &str> = own.map(|id| (&**id, "")).collect();
    titles.extend(known.iter().flat_map(|framework| &framework.controls).map(|(id, title)| (&**id, &**title)));
    if titles.is_empty() {
        let names: Vec<String> = FRAMEWORKS.keys().cloned().collect();
        let hint = hint(name, &names);
        return Err(CommandError::Usage(format!(
            "no policy speaks to a framework `{name}`{hint} Known here: {}",
            names.join(", ")
        )));
    }
    let mut rows: Vec<Covered> =
        titles.into_iter().map(|(id, title)| Covered { id, title, policies: spoken(id) }).collect();
    rows.sort_by_cached_key(|row| numbers_first(row.id));
    told(match args.format {
        TableFormat::Json => output::print(&harmless::json(&rows)),
        TableFormat::Table => {
            let width = |of: fn(&Covered) -> usize| rows.iter().map(of).max().unwrap_or(0);
            let (ids, names) = (width(|row| row.id.len()), width(|row| row.title.chars().count()));
            let line = |row: &Covered| {
                let policies = if row.policies.is_empty() { "not covered".to_owned() } else { row.policies.join(", ") };
                format!("{:<ids$}  {:<names$}  {}\n", harmless::text(row.id), row.title, harmless::text(&policies))
            };
            let title = known.map_or(String::new(), |framework| format!("{}\n\n", framework.title));
            output::print_text(&(title + &rows.iter().map(line).collect::<String>()))
        }
    })
}

/// 3.9 comes before 3.10.
fn numbers_first(id: &str) -> Vec<(u64, String)> {
    let parts = id.split(|c: char| !c.is_ascii_alphanumeric());
    parts.map(|part| (part.parse().unwrap_or(0), part.to_owned())).collect()
}
