//! `check`: snapshot, facts, findings, reports.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anstream::adapter::strip_bytes;

use super::{CommandError, print, print_colours};
use crate::cli::{Check, EvidenceArgs, ReportTarget};
use crate::collect::{self, LogRequest};
use crate::config::Config;
use crate::exit::Exit;
use crate::facts;
use crate::files;
use crate::finding::Finding;
use crate::logs::chain::Expected;
use crate::logs::event::Period;
use crate::logs::paths;
use crate::logs::reader::{Question, Reader, Watched, threads};
use crate::policy::{self, Policy};
use crate::progress::Progress;
use crate::report::{self, Format, RecordsRead, Report, Run, Summary};
use crate::snapshot::{Records, Snapshot, Window};

/// How far back live records are read where `[records]` does not say.
const DEFAULT_WINDOW: time::Duration = time::Duration::hours(24);

pub fn run(args: &Check) -> Result<Exit, CommandError> {
    let policies = policy::with_user_policies(&args.policies.policies)?;
    let config = Config::find(args.config.config.as_deref())?;
    let inputs = [Some(&config.path), args.evidence.snapshot.as_ref()];
    let targets = targets(&args.output.report, inputs.into_iter().flatten())?;
    check_waivers(&config, &policies)?;
    let snapshot = snapshot(&args.evidence, &config)?;
    let facts = facts::derive(&snapshot, &config);
    let findings = policy::evaluate(&facts, &policies, &config)?;
    let exit = Exit::of(&findings, args.policies.fail_on);
    let report = report_of(&snapshot, &config, &policies, findings);
    // A failure is the more useful answer, even where a report of it could not be written.
    match write(&report, &policies, &targets) {
        Err(error) if exit == Exit::Failed => {
            anstream::eprintln!("error: {error}");
            Ok(exit)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(exit),
    }
}

/// What is looked at: a saved snapshot or the live account, with the records of the trails' buckets or of `--logs`.
fn snapshot(evidence: &EvidenceArgs, config: &Config) -> Result<Snapshot, CommandError> {
    let mut snapshot = match &evidence.snapshot {
        Some(path) => Snapshot::load(path)?,
        None => {
            refuse_nothing(config, None)?;
            let logs = if evidence.logs.is_empty() { log_request(config) } else { None };
            collect::run(config, &config.buckets(), logs)?
        }
    };
    refuse_nothing(config, Some(&snapshot))?;
    if !evidence.logs.is_empty() {
        let window = config.records.and_then(|records| records.window);
        let window = window.map(|span| Window::before(snapshot.collected_at, span));
        let mut reader = Reader::new(Question {
            watched: watched(config),
            period: window.map_or(Period::default(), |window| window.period()),
            expected: Expected::new(),
            sessions: true,
            threads: threads(),
        });
        let progress = Progress::start();
        for path in &evidence.logs {
            paths::read(path, &mut reader, &progress)?;
        }
        snapshot.records = Some(Records { window, ..reader.finish() });
    }
    Ok(snapshot)
}

/// Nothing to judge is a mistake, not a pass.
fn refuse_nothing(config: &Config, snapshot: Option<&Snapshot>) -> Result<(), CommandError> {
    let learned = snapshot.is_some_and(|snapshot| !snapshot.locations.is_empty());
    if learned || !config.redshift.is_empty() || !config.access_rules.is_empty() {
        return Ok(());
    }
    Err(CommandError::Usage(format!(
        "nothing to check: {} declares no [[redshift.unload]], [[redshift.copy]] or [[access]] location, and none was learned; `trailcheck init` writes a config to begin with",
        config.path.display()
    )))
}

/// Live records are read where a rule or the config asks for them.
pub fn log_request(config: &Config) -> Option<LogRequest> {
    if config.access_rules.is_empty() && config.records.is_none() {
        return None;
    }
    let records = config.records;
    Some(LogRequest {
        watched: watched(config),
        window: records.and_then(|records| records.window).unwrap_or(DEFAULT_WINDOW),
        sample: records.map_or(Some(crate::config::DEFAULT_SAMPLE), |records| records.sample),
    })
}

/// The declared locations.
pub fn watched(config: &Config) -> Vec<Watched> {
    let redshift =
        config.redshift.iter().map(|entry| Watched { location: entry.location.clone(), kind: Some(entry.kind) });
    let rules = config.access_rules.iter().map(|rule| Watched { location: rule.location.clone(), kind: None });
    let mut watched: Vec<Watched> = redshift.chain(rules).collect();
    watched.sort();
    watched
}

fn check_waivers(config: &Config, policies: &[Policy]) -> Result<(), CommandError> {
    let known = |id: &str| policies.iter().any(|policy| policy.id == id);
    match config.waivers.iter().find(|waiver| !known(&waiver.policy)) {
        None => Ok(()),
        Some(waiver) => Err(CommandError::Usage(format!(
            "{}: line {}: there is no policy `{}` to waive; `trailcheck explain` lists them",
            config.path.display(),
            waiver.line,
            waiver.policy
        ))),
    }
}

fn report_of(snapshot: &Snapshot, config: &Config, policies: &[Policy], findings: Vec<Finding>) -> Report {
    let unused = policy::unused_waivers(config, &findings);
    let ignored = config.regions.as_ref().filter(|regions| regions.iter().ne(snapshot.scope.regions.iter()));
    let ignored =
        ignored.map(|_| "the snapshot's regions are not those of scan.regions; the snapshot's count".to_owned());
    let notes = unused.iter().map(|waiver| {
        format!(
            "line {}: the waiver of {} for {} matches no failure; take it out",
            waiver.line, waiver.policy, waiver.subject
        )
    });
    let records = snapshot.records.as_ref();
    Report {
        schema: report::SCHEMA.to_owned(),
        summary: Summary::of(&findings),
        run: Run {
            trailcheck: env!("CARGO_PKG_VERSION").to_owned(),
            collected_at: snapshot.collected_at,
            account: snapshot.caller.account.clone(),
            caller: snapshot.caller.arn.clone(),
            regions: snapshot.scope.regions.iter().cloned().collect(),
            config: config.path.display().to_string(),
            policies: policies.iter().map(|policy| policy.id.clone()).collect(),
            records: records.map(|records| RecordsRead {
                window: records.window,
                read: records.read.clone(),
                skipped: records.skipped.len() as u64,
                events: records.events,
                duplicates: records.duplicates,
                malformed: records.malformed,
            }),
            sessions: records.map_or(vec![], |records| records.sessions.clone()),
            gaps: snapshot.gaps.clone(),
            notes: notes.chain(ignored).collect(),
        },
        findings,
    }
}

/// Text to standard output where nothing is asked for; at most one report there, and none over another.
fn targets<'a>(
    asked: &[ReportTarget],
    inputs: impl Iterator<Item = &'a PathBuf>,
) -> Result<Vec<ReportTarget>, CommandError> {
    if asked.is_empty() {
        return Ok(vec![ReportTarget { format: Format::Text, path: None }]);
    }
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let inputs: BTreeSet<PathBuf> = inputs.map(absolute).collect();
    let mut seen = BTreeSet::new();
    for target in asked {
        let path = target.path.as_ref().map(absolute);
        if let Some(path) = path.as_ref().filter(|path| inputs.contains(*path)) {
            return Err(CommandError::Usage(format!(
                "a report to {} would write over what is checked",
                path.display()
            )));
        }
        if !seen.insert(path) {
            let place = target.path.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
            return Err(CommandError::Usage(format!(
                "two reports to {place}: give one of them a file, as in --report sarif=FILE"
            )));
        }
    }
    Ok(asked.to_vec())
}

/// Files first, whole or not at all; then standard output.
fn write(report: &Report, policies: &[Policy], targets: &[ReportTarget]) -> Result<(), CommandError> {
    for target in targets {
        let Some(path) = &target.path else { continue };
        let bytes = report::render(target.format, report, policies);
        // Only text has colours; in the others a byte that looks like one is data.
        let bytes = if target.format == Format::Text { strip_bytes(&bytes).into_vec() } else { bytes };
        files::write_whole(path, &bytes)?;
    }
    match targets.iter().find(|target| target.path.is_none()) {
        Some(target) => {
            let bytes = report::render(target.format, report, policies);
            if target.format == Format::Text {
                print_colours(&bytes)?
            } else {
                print(&bytes)?
            };
        }
        None => anstream::eprintln!("{}", report.summary.words()),
    }
    Ok(())
}
