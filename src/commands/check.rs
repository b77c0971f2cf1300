//! `check`: snapshot, facts, findings, reports.

use std::collections::HashSet;
use std::mem::ManuallyDrop;
use std::path::Path;

use super::assemble::{self, Judged};
use super::bundle::{self, Kept};
use super::targets::{refuse_clashes, refuse_within, write};
use super::{CommandError, evidence};
use crate::atomic_file;
use crate::bundle::refuse_existing;
use crate::cli::Check;
use crate::config::{Config, DEFAULT_PATH};
use crate::exit::Exit;
use crate::facts;
use crate::output;
use crate::policy::{self, Bundle, Input};
use crate::report::{self, Earlier, Report};
use crate::severity::UnknownIs;
use crate::snapshot::Snapshot;

pub(super) fn run(args: &Check) -> Result<Exit, CommandError> {
    refuse_places(args)?;
    let judged = judged(args);
    if let Err(error) = &judged
        && error.exit() == Exit::Usage
    {
        refuse(args, error);
    }
    judged
}

/// Nothing is written over what is read, nor into the evidence: neither a report nor, where there is none, why.
fn refuse_places(args: &Check) -> Result<(), CommandError> {
    let seen = &args.evidence.seen;
    let config = Config::place(args.config.config.as_deref()).unwrap_or_else(|| DEFAULT_PATH.into());
    let inputs = [&config].into_iter().chain(&seen.snapshot).chain(&seen.logs).chain(&args.evidence.evidence_in);
    refuse_clashes(&args.output.report, inputs.chain(&args.policies.baseline).chain(&args.policies.policies))?;
    let Some(evidence) = &args.bundle.evidence else { return Ok(()) };
    refuse_existing(evidence)?;
    refuse_within(&args.output.report, evidence)
}

/// GitHub shows annotations and the step summary, and hides the log: there too it is said why nothing was judged.
fn refuse(args: &Check, error: &CommandError) {
    let place = match error {
        CommandError::Config(error) => error.place(),
        _ => None,
    };
    for target in &args.output.report {
        let Some(bytes) = report::refusal(target.format, &error.to_string(), place) else { continue };
        // The error is told in any case.
        let _ = match &target.path {
            Some(path) => atomic_file::write_whole(path, &bytes).map_err(|error| error.source),
            None => output::print(&bytes),
        };
    }
}

fn judged(args: &Check) -> Result<Exit, CommandError> {
    if let Some(evidence) = &args.evidence.evidence_in {
        return again(args, evidence);
    }
    let bundles = policy::with_user_policies(&args.policies.policies, args.policies.policy_time)?;
    let config = Config::find(args.config.config.as_deref())?;
    let baseline = args.policies.baseline.as_deref().map(Earlier::load).transpose()?;
    let bundles = selected(args, &config, bundles)?;
    // The process ends with this command: giving back a million small pieces of these would take a tenth of its time.
    let snapshot = ManuallyDrop::new(evidence::snapshot(&args.evidence.seen, &config)?);
    let asked = Asked { config: &config, bundles: &bundles, snapshot_path: args.evidence.seen.snapshot.as_deref() };
    let report = ManuallyDrop::new(judge(&snapshot, asked, command(), baseline.as_ref())?);
    let kept = args.bundle.evidence.as_deref().map_or(Ok(()), |path| {
        let kept = Kept {
            report: &report,
            snapshot: &snapshot,
            config: &config,
            bundles: &bundles,
            baseline: baseline.as_ref(),
            has_local_logs: !args.evidence.seen.logs.is_empty(),
            is_live: args.evidence.seen.snapshot.is_none(),
        };
        bundle::write(path, &kept)
    });
    // One that cannot be written does not keep the others from it.
    let written = write(&report, &args.output);
    if let (Err(error), Err(_)) = (&kept, &written) {
        output::tell(format_args!("error: {error}"));
    }
    ended(&report, args, written.and(kept))
}

/// From evidence, by the command line that it was written by.
fn again(args: &Check, path: &Path) -> Result<Exit, CommandError> {
    // What the environment names is nobody's wish for this run.
    if args.config.config.is_some() && std::env::var_os("TRAILCHECK_CONFIG").is_none() {
        return Err(CommandError::Usage(
            "--config has no meaning beside --evidence-in: the config is in the evidence".to_owned(),
        ));
    }
    let mut again = bundle::open(path)?;
    let bundles = selected(&again.args, &again.config, std::mem::take(&mut again.bundles))?;
    let asked = Asked { config: &again.config, bundles: &bundles, snapshot_path: again.snapshot_path.as_deref() };
    let command = std::mem::take(&mut again.command);
    let report = judge(&again.snapshot, asked, command, again.baseline.as_ref())?;
    again.compare(&Kept {
        report: &report,
        snapshot: &again.snapshot,
        config: &again.config,
        bundles: &bundles,
        baseline: again.baseline.as_ref(),
        has_local_logs: false,
        is_live: false,
    })?;
    output::remark(format_args!(
        "{}: every file is as it was written, and the report comes out the same",
        path.display()
    ));
    let written = write(&report, &args.output);
    ended(&report, &again.args, written)
}

/// A failure is the more useful answer, even where a report of it could not be written.
fn ended(report: &Report, args: &Check, written: Result<(), CommandError>) -> Result<Exit, CommandError> {
    let exit = Exit::of(report, args.policies.fail_on);
    match written {
        Err(error) if exit == Exit::Failed => {
            output::tell(format_args!("error: {error}"));
            Ok(exit)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(exit),
    }
}

fn selected(args: &Check, config: &Config, bundles: Vec<Bundle>) -> Result<Vec<Bundle>, CommandError> {
    check_waivers(config, &bundles)?;
    let unknown = args.policies.unknown.unwrap_or(UnknownIs::Fail);
    Ok(policy::select(bundles, config, &args.policies.policy, unknown)?)
}

/// What is asked of a snapshot.
struct Asked<'a> {
    config: &'a Config,
    bundles: &'a [Bundle],
    snapshot_path: Option<&'a Path>,
}

fn judge(
    snapshot: &Snapshot,
    asked: Asked,
    command: Vec<String>,
    baseline: Option<&Earlier>,
) -> Result<Report, CommandError> {
    let Asked { config, bundles, snapshot_path } = asked;
    let facts = ManuallyDrop::new(facts::derive(snapshot, config));
    let input = ManuallyDrop::new(Input::of(&facts)?);
    let findings = policy::evaluate(&input, bundles, config);
    let mut report =
        assemble::report(Judged { snapshot, snapshot_path, config, bundles, findings, facts: &facts, command });
    if let Some(baseline) = baseline {
        report.hold_against(baseline);
    }
    Ok(report)
}

fn check_waivers(config: &Config, bundles: &[Bundle]) -> Result<(), CommandError> {
    let known: HashSet<&str> =
        bundles.iter().flat_map(|bundle| &bundle.policies).map(|policy| policy.id.as_str()).collect();
    match config.waivers.iter().find(|waiver| !known.contains(&*waiver.policy)) {
        None => Ok(()),
        Some(waiver) => Err(CommandError::Usage(format!(
            "{}: line {}: there is no policy `{}` to waive; `trailcheck policies` lists them",
            config.path.display(),
            waiver.line,
            waiver.policy
        ))),
    }
}

/// The command line as it would be typed again.
fn command() -> Vec<String> {
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once("trailcheck".to_owned()).chain(arguments).collect()
}
