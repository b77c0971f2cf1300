//! `check`: snapshot, facts, findings, reports.

use std::collections::{BTreeMap, HashSet};
use std::mem::ManuallyDrop;

use super::CommandError;
use super::evidence;
use super::targets::{refuse_clashes, write};
use crate::cli::Check;
use crate::config::{Config, Waivable, Waiver};
use crate::exit::Exit;
use crate::facts;
use crate::finding::waivers::Waivers;
use crate::finding::{Finding, Outcome};
use crate::glob::glob;
use crate::output;
use crate::policy::{self, Bundle, Input, Policy, hint};
use crate::report::{self, AccountSeen, RecordsRead, Report, Rule, Run, Summary};
use crate::severity::UnknownIs;
use crate::snapshot::Snapshot;

pub(super) fn run(args: &Check) -> Result<Exit, CommandError> {
    let bundles = policy::with_user_policies(&args.policies.policies)?;
    let config = Config::find(args.config.config.as_deref())?;
    let inputs = [&config.path].into_iter().chain(&args.evidence.snapshot).chain(&args.evidence.logs);
    refuse_clashes(&args.output.report, inputs.chain(&args.policies.policies))?;
    check_waivers(&config, &bundles)?;
    let unknown = args.policies.unknown.unwrap_or(UnknownIs::Fail);
    let bundles = policy::select(bundles, &config, &args.policies.policy, unknown)?;
    // The process ends with this command: giving back a million small pieces of these would take a tenth of its time.
    let snapshot = ManuallyDrop::new(evidence::snapshot(&args.evidence, &config)?);
    let facts = ManuallyDrop::new(facts::derive(&snapshot, &config));
    let input = ManuallyDrop::new(Input::of(&facts)?);
    let findings = policy::evaluate(&input, &bundles, &config);
    let report = ManuallyDrop::new(report_of(&snapshot, &config, &bundles, findings, facts.scan.subject.id.clone()));
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

fn check_waivers(config: &Config, bundles: &[Bundle]) -> Result<(), CommandError> {
    let known: HashSet<&str> =
        bundles.iter().flat_map(|bundle| &bundle.policies).map(|policy| policy.id.as_str()).collect();
    match config.waivers.iter().find(|waiver| !known.contains(&*waiver.policy)) {
        None => Ok(()),
        Some(waiver) => Err(CommandError::Usage(format!(
            "{}: line {}: there is no policy `{}` to waive; `trailcheck explain` lists them",
            config.path.display(),
            waiver.line,
            waiver.policy
        ))),
    }
}

fn report_of(
    snapshot: &Snapshot,
    config: &Config,
    bundles: &[Bundle],
    findings: Vec<Finding>,
    scanning_account: String,
) -> Report {
    let records = snapshot.records.as_ref();
    let caller = match &snapshot.scanner {
        Some(scanner) => Some(&scanner.caller),
        None => snapshot.accounts.first().map(|account| &account.caller),
    };
    Report {
        schema: report::SCHEMA.to_owned(),
        summary: Summary::of(&findings),
        run: Run {
            trailcheck: env!("CARGO_PKG_VERSION").to_owned(),
            collected_at: snapshot.collected_at(),
            account: scanning_account,
            caller: caller.map_or(String::new(), |caller| caller.arn.clone()),
            accounts: accounts_seen(snapshot),
            config: config.path.display().to_string(),
            records: records.map(|records| RecordsRead {
                window: records.window,
                sample: records.sample.clone(),
                read: records.read.clone(),
                skipped: records.skipped.len() as u64,
                events: records.events,
                duplicates: records.duplicates,
                malformed: records.malformed,
                unclear: records.unclear.clone(),
            }),
            sessions: records.map_or(vec![], |records| records.sessions.clone()),
            failures: snapshot.failures().cloned().collect(),
            notes: notes(snapshot, config, bundles, &findings),
        },
        rules: bundles.iter().flat_map(|bundle| &bundle.policies).map(rule).collect(),
        findings,
    }
}

fn accounts_seen(snapshot: &Snapshot) -> Vec<AccountSeen> {
    let seen = snapshot.accounts.iter().map(|account| AccountSeen {
        account: account.id().to_owned(),
        caller: account.caller.arn.clone(),
        collected_at: account.collected_at,
        regions: account.scope.regions.iter().cloned().collect(),
        trails: account.trails.len(),
        buckets: account.buckets.len(),
        clusters: account.clusters.len(),
    });
    seen.collect()
}

fn rule(policy: &Policy) -> Rule {
    let metadata = &policy.metadata;
    Rule {
        id: policy.id.clone(),
        title: metadata.title.to_string(),
        description: metadata.description.clone(),
        remediation: metadata.remediation.to_string(),
        severity: policy.level.unwrap_or(metadata.severity),
        unknown: policy.unknown_is,
        controls: BTreeMap::clone(&metadata.controls),
    }
}

/// What a reader should know beside the findings.
fn notes(snapshot: &Snapshot, config: &Config, bundles: &[Bundle], findings: &[Finding]) -> Vec<String> {
    let ran: HashSet<&str> = bundles.iter().flat_map(|bundle| &bundle.policies).map(|policy| &*policy.id).collect();
    let unused = Waivers::of(&config.waivers, snapshot.collected_at(), false).unused(findings);
    // Of a policy that did not run, a waiver may be as good as ever.
    let unused =
        unused.into_iter().filter(|waiver| ran.contains(&*waiver.policy)).map(|waiver| useless(waiver, findings));
    let others = |regions: &&Vec<String>| {
        snapshot.accounts.iter().any(|account| regions.iter().ne(account.scope.regions.iter()))
    };
    let ignored = config.regions.as_ref().filter(others);
    let ignored =
        ignored.map(|_| "the snapshot's regions are not those of scan.regions; the snapshot's count".to_owned());
    unused.chain(ignored).collect()
}

/// A waiver that covers nothing, and what it may have meant.
fn useless(waiver: &Waiver, findings: &[Finding]) -> String {
    let (kind, outcome) = match waiver.outcome {
        Waivable::Fail => ("failure", Outcome::Fail),
        Waivable::Unknown => ("unknown", Outcome::Unknown),
    };
    let of_policy = || findings.iter().filter(|finding| finding.policy == waiver.policy);
    let matched = of_policy().filter(|finding| glob(&waiver.subject, &finding.subject));
    let outcomes: HashSet<&str> = matched.map(|finding| finding.outcome.as_str()).collect();
    let near = of_policy().filter(|finding| finding.outcome == outcome);
    let near: Vec<String> = near.map(|finding| finding.subject.clone()).collect();
    let next = if waiver.outcome == Waivable::Fail && outcomes.contains("unknown") {
        "; its subject is unknown now, which `outcome = \"unknown\"` accepts".to_owned()
    } else if waiver.outcome == Waivable::Unknown && outcomes.contains("fail") {
        "; its subject fails now, which `outcome = \"fail\"` accepts".to_owned()
    } else if near.is_empty() || !outcomes.is_empty() {
        "; remove it".to_owned()
    } else {
        hint(&waiver.subject, &near)
    };
    format!("line {}: the waiver of {} for {} matches no {kind}{next}", waiver.line, waiver.policy, waiver.subject)
}
