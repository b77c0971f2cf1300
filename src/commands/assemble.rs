//! The report of a check, from what was judged.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use crate::config::{Config, Waivable, Waiver};
use crate::facts;
use crate::facts::input::{Facts, StatementFact};
use crate::facts::judgement::StatementRecord;
use crate::finding::waivers::Waivers;
use crate::finding::{Finding, Outcome};
use crate::glob::glob;
use crate::hash::sha256;
use crate::policy::{Bundle, FRAMEWORKS, Policy, hint};
use crate::report::{
    self, AccountSeen, Control, Input, InputKind, RanStatement, Recording, RecordsRead, Report, Rule, Run, Summary,
};
use crate::snapshot::{Records, Scanner, Skipped, Snapshot, Statement};

/// How many log objects that were not read a report names.
const MOST_NOT_READ: usize = 100;

/// What was judged, and what came of it.
pub(super) struct Judged<'a> {
    pub snapshot: &'a Snapshot,
    /// As given; `None`: the account itself was asked.
    pub snapshot_path: Option<&'a Path>,
    pub config: &'a Config,
    pub bundles: &'a [Bundle],
    pub findings: Vec<Finding>,
    pub facts: &'a Facts,
    pub command: Vec<String>,
}

/// The report, not yet held against a baseline.
pub(super) fn report(judged: Judged) -> Report {
    let Judged { snapshot, snapshot_path, config, bundles, findings, facts, command } = judged;
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
            // Where the scan was started.
            account: facts.scan.subject.id.clone(),
            caller: caller.map_or(String::new(), |caller| caller.arn.clone()),
            accounts: accounts_seen(snapshot),
            command,
            config: config.path.display().to_string(),
            inputs: inputs(snapshot, snapshot_path, config, bundles),
            baseline: None,
            records: records.map(|records| RecordsRead {
                window: records.window,
                sample: records.sample.clone(),
                read: records.read.clone(),
                objects: records.objects,
                skipped: records.skipped.len() as u64,
                not_read: not_read(records),
                events: records.events,
                duplicates: records.duplicates,
                malformed: records.malformed,
                unclear: records.unclear.clone(),
            }),
            sessions: records.map_or(vec![], |records| records.sessions.clone()),
            statements: snapshot.statements.iter().zip(&facts.statements).map(ran).collect(),
            failures: snapshot.failures().cloned().collect(),
            calls: snapshot.scanner.as_ref().map_or_else(BTreeMap::new, |scanner| scanner.calls.clone()),
            notes: notes(snapshot, config, bundles, &findings),
        },
        controls: controls(bundles),
        rules: bundles.iter().flat_map(|bundle| &bundle.policies).map(rule).collect(),
        findings,
    }
}

fn ran((statement, fact): (&Statement, &StatementFact)) -> RanStatement {
    RanStatement {
        id: fact.subject.id.clone(),
        kind: fact.kind,
        location: fact.location.clone(),
        declared: fact.declared.clone(),
        region: statement.region.clone(),
        role: fact.role.clone(),
        user: fact.user.clone(),
        started_at: fact.started_at,
        ended_at: fact.ended_at,
        rows: statement.rows,
        bytes: statement.bytes,
        files: statement.file_count,
        record: match fact.record.status {
            StatementRecord::Recorded => "recorded",
            StatementRecord::Lost => "lost",
            StatementRecord::Contradicted => "contradicted",
            StatementRecord::NotCompared => "not_compared",
            StatementRecord::Unknown => "unknown",
        }
        .to_owned(),
    }
}

/// The first log objects that may hold an access and could not be read.
fn not_read(records: &Records) -> Vec<Skipped> {
    let mut not_read: Vec<Skipped> = records.skipped.iter().filter(|skipped| skipped.matters).cloned().collect();
    not_read.sort_by(|a, b| a.object.cmp(&b.object));
    not_read.truncate(MOST_NOT_READ);
    not_read
}

/// With these, the same version gives the same answers again.
fn inputs(snapshot: &Snapshot, snapshot_path: Option<&Path>, config: &Config, bundles: &[Bundle]) -> Vec<Input> {
    let shown = |path: &Path| path.display().to_string();
    let config = (!config.text.is_empty()).then(|| Input {
        kind: InputKind::Config,
        path: Some(shown(&config.path)),
        sha256: sha256(config.text.as_bytes()),
    });
    let snapshot = Input { kind: InputKind::Snapshot, path: snapshot_path.map(shown), sha256: snapshot.sha256() };
    let policies = bundles.iter().flat_map(|bundle| &bundle.files).map(|file| Input {
        kind: InputKind::Policy,
        path: Some(file.name.clone()),
        sha256: sha256(file.text.as_bytes()),
    });
    config.into_iter().chain([snapshot]).chain(policies).collect()
}

/// Those that the policies speak to, by framework and id, with their titles.
fn controls(bundles: &[Bundle]) -> Vec<Control> {
    let named = bundles.iter().flat_map(|bundle| &bundle.policies).flat_map(|policy| policy.metadata.controls.iter());
    let ids: BTreeSet<(&String, &String)> =
        named.flat_map(|(framework, ids)| ids.iter().map(move |id| (framework, id))).collect();
    let control = |(name, id): (&String, &String)| {
        let framework = FRAMEWORKS.get(name);
        Control {
            framework: name.clone(),
            framework_title: framework.map_or(String::new(), |framework| framework.title.clone()),
            id: id.clone(),
            title: framework.and_then(|framework| framework.controls.get(id)).cloned().unwrap_or_default(),
        }
    };
    ids.into_iter().map(control).collect()
}

fn accounts_seen(snapshot: &Snapshot) -> Vec<AccountSeen> {
    let trails_there = facts::trails_there(snapshot);
    let recording = |account: &str| {
        let regions = trails_there.get(account).into_iter().flatten();
        regions.map(|(region, (in_effect, unknown))| {
            ((*region).to_owned(), Recording { in_effect: *in_effect, unknown: *unknown })
        })
    };
    let seen = snapshot.accounts.iter().map(|account| AccountSeen {
        recording: recording(account.id()).collect(),
        account: account.id().to_owned(),
        caller: account.caller.arn.clone(),
        collected_at: account.collected_at,
        regions: account.scope.regions.iter().cloned().collect(),
        trails: account.trails.iter().map(|trail| trail.trail_arn.clone()).collect(),
        buckets: account.buckets.len(),
        clusters: account.clusters.iter().map(|cluster| cluster.cluster_identifier.clone()).collect(),
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
        let asked: BTreeSet<&String> = regions.iter().collect();
        snapshot.accounts.iter().any(|account| account.scope.regions.iter().collect::<BTreeSet<_>>() != asked)
    };
    let ignored = config.regions.as_ref().filter(others);
    let ignored =
        ignored.map(|_| "the snapshot's regions are not those of scan.regions; the snapshot's count".to_owned());
    unused.chain(ignored).chain(snapshot.scanner.iter().filter_map(Scanner::elsewhere)).collect()
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
