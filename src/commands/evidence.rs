//! Where evidence comes from: a saved snapshot or AWS, with the records of the trails' buckets or of local files.

use std::path::Path;

use super::CommandError;
use crate::cli::SnapshotArgs;
use crate::collect;
use crate::config::{Config, DEFAULT_SAMPLE, ScanOrganization};
use crate::logs::chain::Expected;
use crate::logs::event::Period;
use crate::logs::paths;
use crate::logs::reader::{Question, Reader, threads};
use crate::logs::sample::LogRequest;
use crate::logs::watch::Watched;
use crate::progress::Progress;
use crate::snapshot::{Account, LearnSource, Records, Snapshot, Window};

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
        let asked = |account: &Account| account.learned_from.contains(&LearnSource::SystemTables);
        let were_asked = snapshot.accounts.iter().any(asked);
        let statements = std::mem::take(&mut snapshot.statements);
        let mut reader = Reader::new(Question {
            watched: watched(config),
            buckets: vec![],
            addresses: vec![],
            period: window.map_or(Period::default(), |window| window.period()),
            expected: Expected::new(),
            sessions: true,
            statements: were_asked.then_some(&statements),
            threads: threads(),
        });
        let progress = Progress::start();
        for path in &evidence.logs {
            paths::read(path, &mut reader, &progress)?;
        }
        snapshot.changes.extend(reader.changes());
        snapshot.records = Some(Records { window, ..reader.finish() });
        snapshot.statements = statements;
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
    if let Some(asked) = &config.organization {
        refuse_another_organization(path, asked, &snapshot)?;
    }
    match config.account.as_ref().filter(|account| !snapshot.has(account)) {
        None => Ok(snapshot),
        Some(account) => Err(CommandError::Usage(format!(
            "{} is not of account {account}, which scan.account asks for",
            path.display()
        ))),
    }
}

/// The snapshot must be of the organization that the config asks for: what it left out must be left out today.
fn refuse_another_organization(path: &Path, asked: &ScanOrganization, snapshot: &Snapshot) -> Result<(), CommandError> {
    let path = path.display();
    let members = snapshot.organization.as_ref().and_then(|organization| organization.accounts.as_ref());
    let Some(members) = members else {
        let message = format!("{path} holds no organization, which scan.organization asks for: collect it again");
        return Err(CommandError::Usage(message));
    };
    // Which unit an account is in, the snapshot does not tell.
    let left_out = members.iter().filter(|member| asked.include_ou.is_empty() && !snapshot.knows_of(&member.id));
    match left_out.map(|member| &member.id).find(|id| !asked.exclude.contains(id)) {
        None => Ok(()),
        Some(id) => Err(CommandError::Usage(format!(
            "{path} left out account {id}, which scan.organization does not: collect it again"
        ))),
    }
}

/// Nothing to judge is a mistake, not a pass.
pub(super) fn refuse_nothing(config: &Config, snapshot: Option<&Snapshot>) -> Result<(), CommandError> {
    let learned = snapshot.is_some_and(|snapshot| !snapshot.locations.is_empty() || !snapshot.statements.is_empty());
    if learned || !config.learn.is_empty() || !config.redshift.is_empty() || !config.access_rules.is_empty() {
        return Ok(());
    }
    if !config.path.exists() {
        return Err(CommandError::Usage(format!(
            "nothing to check: there is no {} here, nor in a folder above; `trailcheck init` writes one to begin with, `--config FILE` names another",
            config.path.display()
        )));
    }
    Err(CommandError::Usage(format!(
        "nothing to check: {} declares no [[redshift.unload]], [[redshift.copy]] or [[access]] location, and redshift.learn asks for none; `trailcheck init` writes a config to begin with",
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
