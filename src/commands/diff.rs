//! `diff`: what changed between two snapshots, or two reports.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::{CommandError, told};
use crate::cli::{Diff as Args, TableFormat};
use crate::exit::Exit;
use crate::finding::{Finding, Outcome};
use crate::output::{self, harmless};
use crate::report::Report;
use crate::snapshot::{Account, Failure, Snapshot};

/// Times that go on with every collection, and say nothing of what records.
const PASSING: [&str; 2] = ["latest_delivery_time", "latest_digest_delivery_time"];

/// One thing that is not as it was.
#[derive(Serialize)]
struct Change {
    /// `trail`, `bucket`, `finding` …
    kind: &'static str,
    /// Which one.
    of: String,
    /// The member that changed; empty where the whole came or went.
    member: String,
    /// `null`: it was not there.
    old: Value,
    /// `null`: it is there no longer.
    new: Value,
}

/// 0 where nothing changed, 1 where something did.
pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let changes = match (Snapshot::is_one(&args.old), Snapshot::is_one(&args.new)) {
        (true, true) => of_snapshots(&Snapshot::load(&args.old)?, &Snapshot::load(&args.new)?),
        (false, false) => of_reports(&Report::load(&args.old)?, &Report::load(&args.new)?),
        (old_is_one, _) => {
            let (snapshot, other): (&Path, &Path) =
                if old_is_one { (&args.old, &args.new) } else { (&args.new, &args.old) };
            return Err(CommandError::Usage(format!(
                "{} is a snapshot, and {} is none: two of a kind can be compared",
                snapshot.display(),
                other.display()
            )));
        }
    };
    told(match args.format {
        TableFormat::Table => output::print_text(&table(&changes)),
        TableFormat::Json => output::print(&harmless::json(&changes)),
    })?;
    Ok(if changes.is_empty() { Exit::Ok } else { Exit::Failed })
}

/// All that a snapshot holds, but for single log objects and sessions: of accesses, who did what where.
fn of_snapshots(old: &Snapshot, new: &Snapshot) -> Vec<Change> {
    let mut changes = Changes::default();
    let accounts = |snapshot: &Snapshot| -> BTreeMap<String, Value> {
        let entered = snapshot.accounts.iter().map(|account| (account.id().to_owned(), json!({})));
        let refused = |failure: &Failure| (failure.account.clone(), json!({"not_entered": failure.code}));
        entered.chain(snapshot.not_entered.iter().map(refused)).collect()
    };
    let scan = |snapshot: &Snapshot| json!({"was_stopped": snapshot.was_stopped});
    changes.members("scan", "", String::new(), &scan(old), &scan(new));
    changes.between("account", &accounts(old), &accounts(new));
    for new_account in &new.accounts {
        let Some(old_account) = old.accounts.iter().find(|account| account.id() == new_account.id()) else { continue };
        for (kind, listed) in LISTS {
            changes.between(kind, &listed(old_account), &listed(new_account));
        }
        let whole = |account: &Account| {
            json!({"caller": account.caller.arn, "partition": account.scope.partition,
            "store_regions": account.scope.store_regions, "event_data_stores_asked": account.event_data_stores.is_some(),
            "channels": account.channels})
        };
        changes.members("account", new_account.id(), String::new(), &whole(old_account), &whole(new_account));
    }
    let learned = |snapshot: &Snapshot| by(&snapshot.locations, |of| format!("{:?} {}", of.kind, of.location));
    changes.between("learned location", &learned(old), &learned(new));
    changes.members("organization", "", String::new(), &json!(old.organization), &json!(new.organization));
    changes.members("known change", "", String::new(), &json!(old.changes), &json!(new.changes));
    changes.between("access", &accesses(old), &accesses(new));
    changes.0
}

fn accesses(snapshot: &Snapshot) -> BTreeMap<String, Value> {
    let all = snapshot.records.iter().flat_map(|records| &records.accesses);
    let named = all.map(|access| {
        let place = access.location.clone().unwrap_or_else(|| format!("s3://{}/", access.bucket));
        let failed = access.error_code.as_ref().map_or(String::new(), |code| format!(" ({code})"));
        (format!("{} {}{failed} at {place}", access.principal, access.event_name), json!({}))
    });
    named.collect()
}

type Listed = fn(&Account) -> BTreeMap<String, Value>;

/// What an account holds, by name.
const LISTS: [(&str, Listed); 6] = [
    ("region", |account| account.scope.regions.iter().map(|region| (region.clone(), json!({}))).collect()),
    ("trail", |account| by(&account.trails, |trail| trail.trail_arn.clone())),
    ("event data store", |account| {
        by(account.event_data_stores.as_deref().unwrap_or_default(), |store| store.event_data_store_arn.clone())
    }),
    ("bucket", |account| by(&account.buckets, |bucket| bucket.name.clone())),
    ("cluster", |account| {
        by(&account.clusters, |cluster| {
            format!("{} ({:?}) in {}", cluster.cluster_identifier, cluster.kind, cluster.region)
        })
    }),
    ("failed call", |account| failed_calls(&account.failures)),
];

fn failed_calls(failures: &[Failure]) -> BTreeMap<String, Value> {
    by(failures, |failure| {
        let of = failure.resource.as_ref().map_or(String::new(), |resource| format!(" of {resource}"));
        format!("{}{of} in {}: {}", failure.call, failure.region, failure.code)
    })
}

fn by<T: Serialize>(items: &[T], name: impl Fn(&T) -> String) -> BTreeMap<String, Value> {
    items.iter().map(|item| (name(item), json!(item))).collect()
}

#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn between(&mut self, kind: &'static str, old: &BTreeMap<String, Value>, new: &BTreeMap<String, Value>) {
        for (name, was) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
            self.add(kind, name, String::new(), was.clone(), Value::Null);
        }
        for (name, is) in new {
            match old.get(name) {
                None => self.add(kind, name, String::new(), Value::Null, is.clone()),
                Some(was) => self.members(kind, name, String::new(), was, is),
            }
        }
    }

    /// Objects by member; lists as a whole, whose order AWS does not promise.
    fn members(&mut self, kind: &'static str, name: &str, member: String, old: &Value, new: &Value) {
        match (old, new) {
            (Value::Object(was), Value::Object(is)) => {
                for key in was.keys().chain(is.keys().filter(|key| !was.contains_key(*key))) {
                    let path = if member.is_empty() { key.clone() } else { format!("{member}.{key}") };
                    let (was, is) = (was.get(key).unwrap_or(&Value::Null), is.get(key).unwrap_or(&Value::Null));
                    self.members(kind, name, path, was, is);
                }
            }
            (Value::Array(was), Value::Array(is)) => {
                for gone in was.iter().filter(|item| !is.contains(item)) {
                    self.add(kind, name, member.clone(), gone.clone(), Value::Null);
                }
                for come in is.iter().filter(|item| !was.contains(item)) {
                    self.add(kind, name, member.clone(), Value::Null, come.clone());
                }
            }
            // That time went on is no change; that it went back or is no longer told is one.
            (Value::String(was), Value::String(is))
                if PASSING.iter().any(|passing| member.ends_with(passing)) && was <= is => {}
            _ if old != new => self.add(kind, name, member, old.clone(), new.clone()),
            _ => {}
        }
    }

    fn add(&mut self, kind: &'static str, name: &str, member: String, old: Value, new: Value) {
        self.0.push(Change { kind, of: name.to_owned(), member, old, new });
    }
}

/// Findings by policy, subject and account; the worse first.
fn of_reports(old: &Report, new: &Report) -> Vec<Change> {
    fn by_fingerprint(report: &Report) -> BTreeMap<&str, &Finding> {
        report.findings.iter().map(|finding| (&*finding.fingerprint, finding)).collect()
    }
    let mut about = Changes::default();
    about.between("policy", &by(&old.rules, |rule| rule.id.clone()), &by(&new.rules, |rule| rule.id.clone()));
    about.between("failed call", &failed_calls(&old.run.failures), &failed_calls(&new.run.failures));
    let (old, new) = (by_fingerprint(old), by_fingerprint(new));
    let told = |finding: &Finding| {
        json!({
            "outcome": finding.outcome, "severity": finding.severity, "incomplete": finding.incomplete, "message": finding.message,
            "waiver": finding.waiver, "evidence": finding.evidence,
        })
    };
    let mut found: Vec<(Outcome, Change)> = vec![];
    for (print, finding) in &new {
        let was = old.get(print);
        if was.is_some_and(|was| told(was) == told(finding)) {
            continue;
        }
        let of = format!("{} {}", finding.policy, finding.subject);
        let change = Change {
            kind: "finding",
            of,
            member: String::new(),
            old: was.map_or(Value::Null, |was| told(was)),
            new: told(finding),
        };
        found.push((finding.outcome, change));
    }
    for (_, gone) in old.iter().filter(|(print, _)| !new.contains_key(*print)) {
        let of = format!("{} {}", gone.policy, gone.subject);
        found.push((
            Outcome::NotApplicable,
            Change { kind: "finding", of, member: String::new(), old: told(gone), new: Value::Null },
        ));
    }
    found.sort_by(|(a, one), (b, other)| (a, &one.of).cmp(&(b, &other.of)));
    found.into_iter().map(|(_, change)| change).chain(about.0).collect()
}

fn table(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "nothing changed\n".to_owned();
    }
    changes.iter().map(line).collect()
}

/// `- ` is gone, `+ ` has come, `~ ` has changed.
fn line(change: &Change) -> String {
    let named = [change.kind, &change.of, &change.member].map(harmless::text);
    let named = named.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ");
    let detail = |value: &Value| match value.get("outcome").and_then(Value::as_str) {
        Some(outcome) => match value.get("severity").and_then(Value::as_str).filter(|_| outcome == "fail") {
            Some(severity) => format!("{outcome} ({severity})"),
            None => outcome.to_owned(),
        },
        None => harmless::text(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
    };
    let is_whole = change.member.is_empty() && change.kind != "finding";
    let message = change.new.get("message").and_then(Value::as_str).filter(|message| !message.is_empty());
    let message = message.map_or(String::new(), |message| format!(": {}", harmless::text(message)));
    match (&change.old, &change.new) {
        (Value::Null, _) if is_whole => format!("+ {named}\n"),
        (_, Value::Null) if is_whole => format!("- {named}\n"),
        (Value::Null, new) => format!("+ {named}: {}{message}\n", detail(new)),
        (old, Value::Null) => format!("- {named}: {}\n", detail(old)),
        (old, new) => format!("~ {named}: {} -> {}{message}\n", detail(old), detail(new)),
    }
}
