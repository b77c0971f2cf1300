//! `check`: snapshot, facts, findings, reports.

use std::collections::HashSet;
use std::mem::ManuallyDrop;

use super::assemble::{self, Judged};
use super::targets::{refuse_clashes, write};
use super::{CommandError, evidence};
use crate::cli::Check;
use crate::config::Config;
use crate::exit::Exit;
use crate::facts;
use crate::output;
use crate::policy::{self, Bundle, Input};
use crate::report::Earlier;
use crate::severity::UnknownIs;

pub(super) fn run(args: &Check) -> Result<Exit, CommandError> {
    let bundles = policy::with_user_policies(&args.policies.policies)?;
    let config = Config::find(args.config.config.as_deref())?;
    let inputs = [&config.path].into_iter().chain(&args.evidence.snapshot).chain(&args.evidence.logs);
    let inputs = inputs.chain(&args.policies.baseline);
    refuse_clashes(&args.output.report, inputs.chain(&args.policies.policies))?;
    let baseline = args.policies.baseline.as_deref().map(Earlier::load).transpose()?;
    check_waivers(&config, &bundles)?;
    let unknown = args.policies.unknown.unwrap_or(UnknownIs::Fail);
    let bundles = policy::select(bundles, &config, &args.policies.policy, unknown)?;
    // The process ends with this command: giving back a million small pieces of these would take a tenth of its time.
    let snapshot = ManuallyDrop::new(evidence::snapshot(&args.evidence, &config)?);
    let facts = ManuallyDrop::new(facts::derive(&snapshot, &config));
    let input = ManuallyDrop::new(Input::of(&facts)?);
    let findings = policy::evaluate(&input, &bundles, &config);
    let mut report = ManuallyDrop::new(assemble::report(Judged {
        snapshot: &snapshot,
        snapshot_path: args.evidence.snapshot.as_deref(),
        config: &config,
        bundles: &bundles,
        findings,
        account: facts.scan.subject.id.clone(),
        command: command(),
    }));
    if let Some(baseline) = baseline {
        report.hold_against(baseline);
    }
    let exit = Exit::of(&report, args.policies.fail_on);
    // A failure is the more useful answer, even where a report of it could not be written.
    match write(&report, &args.output) {
        Err(error) if exit == Exit::Failed => {
            output::tell(format_args!("error: {error}"));
            Ok(exit)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(exit),
    }
}

pub(super) fn check_waivers(config: &Config, bundles: &[Bundle]) -> Result<(), CommandError> {
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
