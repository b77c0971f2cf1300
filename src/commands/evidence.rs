//! Where evidence comes from: a saved snapshot or AWS, with the records of the trails' buckets or of local files.

use std::path::Path;

use super::CommandError;
use crate::cli::SnapshotArgs;
use crate::collect;
use crate::config::{Config, DEFAULT_SAMPLE};
use crate::logs::chain::Expected;
use crate::logs::event::Period;
use crate::logs::paths;
use crate::logs::reader::{Question, Reader, threads};
use crate::logs::sample::LogRequest;
use crate::logs::watch::Watched;
use crate::progress::Progress;
use crate::snapshot::{Records, Snapshot, Window};

/// What is looked at: a saved snapshot or the live account, with the records of the trails' buckets or of `--logs`.
pub(super) fn snapshot(evidence: &SnapshotArgs, config: &Config) -> Result<Snapshot, CommandError> {
    let mut snapshot = match &evidence.snapshot {
        Some(path) => saved(path, config)?,
        None => {
            refuse_nothing(config, None)?;
            let logs = if evidence.logs.is_empty() { log_request(config) } else { None };
            collect::run(config, &config.buckets(), logs)?
        }
    };
    refuse_nothing(config, Some(&snapshot))?;
    if !evidence.logs.is_empty() {
        let window = config.records.and_then(|records| records.window);
        let window = window.map(|span| Window::before(snapshot.collected_at(), span));
        let mut reader = Reader::new(Question {
            watched: watched(config),
            buckets: vec![],
            addresses: vec![],
            period: window.map_or(Period::default(), |window| window.period()),
            expected: Expected::new(),
            sessions: true,
            threads: threads(),
        });
        let progress = Progress::start();
        for path in &evidence.logs {
            paths::read(path, &mut reader, &progress)?;
        }
        snapshot.changes.extend(reader.changes());
        snapshot.records = Some(Records { window, ..reader.finish() });
    }
    Ok(snapshot)
}

/// A saved snapshot, of the accounts that the config asks for.
pub(super) fn saved(path: &Path, config: &Config) -> Result<Snapshot, CommandError> {
    let snapshot = Snapshot::load(path)?;
    if let Some(missing) = config.accounts.iter().find(|account| !snapshot.knows_of(&account.id)) {
        return Err(CommandError::Usage(format!(
            "{} holds nothing of account {}, which scan.accounts names: collect it again",
            path.display(),
            missing.id
        )));
    }
    if config.organization.is_some() && snapshot.organization.is_none() {
        return Err(CommandError::Usage(format!(
            "{} holds no organization, which scan.organization asks for: collect it again",
            path.display()
        )));
    }
    let is_of = |account: &String| snapshot.accounts.iter().any(|seen| seen.id() == account);
    match config.account.as_ref().filter(|account| !is_of(account)) {
        None => Ok(snapshot),
        Some(account) => Err(CommandError::Usage(format!(
            "{} is not of account {account}, which scan.account asks for",
            path.display()
        ))),
    }
}

/// Nothing to judge is a mistake, not a pass.
pub(super) fn refuse_nothing(config: &Config, snapshot: Option<&Snapshot>) -> Result<(), CommandError> {
    let learned = snapshot.is_some_and(|snapshot| !snapshot.locations.is_empty());
    if learned || !config.redshift.is_empty() || !config.access_rules.is_empty() {
        return Ok(());
    }
    if !config.path.exists() {
        return Err(CommandError::Usage(format!(
            "nothing to check: there is no {} here, nor in a folder above; `trailcheck init` writes one to begin with, `--config FILE` names another",
            config.path.display()
        )));
    }
    Err(CommandError::Usage(format!(
        "nothing to check: {} declares no [[redshift.unload]], [[redshift.copy]] or [[access]] location, and none was learned; `trailcheck init` writes a config to begin with",
        config.path.display()
    )))
}

/// Live records are read where a rule or the config asks for them.
pub(super) fn log_request(config: &Config) -> Option<LogRequest> {
    if !config.reads_records() {
        return None;
    }
    let records = config.records;
    Some(LogRequest {
        watched: watched(config),
        window: config.window(),
        sample: records.map_or(Some(DEFAULT_SAMPLE), |records| records.sample),
    })
}

/// The declared locations.
pub(super) fn watched(config: &Config) -> Vec<Watched> {
    let redshift =
        config.redshift.iter().map(|entry| Watched { location: entry.location.clone(), kind: Some(entry.kind) });
    let rules = config.access_rules.iter().map(|rule| Watched { location: rule.location.clone(), kind: None });
    let mut watched: Vec<Watched> = redshift.chain(rules).collect();
    watched.sort();
    watched
}
