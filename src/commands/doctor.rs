//! `doctor`: who asks, what each permission answers, and what stays unknown because of those that do not.
//!
//! It collects as a check does, with one log object for each place, and judges: so what it says is what a check will say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::Value;

use super::{CommandError, evidence, told};
use crate::cli::{Doctor as Args, TableFormat};
use crate::collect;
use crate::config::Config;
use crate::exit::Exit;
use crate::facts;
use crate::finding::{Finding, Outcome};
use crate::logs::layout;
use crate::logs::sample::LogRequest;
use crate::output::{self, harmless};
use crate::permissions::{Permission, needed};
use crate::policy::{self, Input};
use crate::reason::Reason;
use crate::severity::UnknownIs;
use crate::snapshot::{Account, Caller, Failure, Snapshot};

/// So many places of one permission are named.
const SHOWN: usize = 4;

/// What was asked and answered.
#[derive(Serialize)]
struct Examination {
    accounts: Vec<Caller>,
    regions: BTreeSet<String>,
    /// The hosts that were asked and are not AWS's.
    other_hosts: BTreeSet<String>,
    permissions: Vec<Examined>,
    /// What failed for another reason than a permission.
    others: Vec<Failure>,
}

/// A permission, and how it answered.
#[derive(Serialize)]
struct Examined {
    action: &'static str,
    why: &'static str,
    answer: Answer,
    /// By account.
    answers: BTreeMap<String, Answer>,
    failures: Vec<Failure>,
    /// Policies that cannot tell because of it, with how many subjects of each.
    unknown: BTreeMap<String, usize>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ok,
    /// Some calls failed.
    Failed,
    /// No call that needs it failed, and none is known to have been answered: there was nothing to ask it of.
    NotShown,
}

/// 0 where everything was answered, 3 where something was not.
pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    let logs = evidence::log_request(&config).map(|request| LogRequest { sample: Some(1), ..request });
    let snapshot = collect::run(&config, &config.buckets(), logs)?;
    let examination = examine(&snapshot, &config)?;
    told(match args.format {
        TableFormat::Table => output::print_text(&table(&examination)),
        TableFormat::Json => output::print(&harmless::json(&examination)),
    })?;
    let is_well = |examined: &Examined| examined.answer != Answer::Failed;
    let all = examination.others.is_empty() && examination.permissions.iter().all(is_well);
    Ok(if all { Exit::Ok } else { Exit::Unknown })
}

fn examine(snapshot: &Snapshot, config: &Config) -> Result<Examination, CommandError> {
    let facts = facts::derive(snapshot, config);
    let bundles = policy::select(policy::with_user_policies(&[], policy::TIME_LIMIT)?, config, &[], UnknownIs::Fail)?;
    let findings = policy::evaluate(&Input::of(&facts)?, &bundles, config);
    let mut failures: Vec<Failure> = snapshot.failures().cloned().collect();
    failures.extend(unread(snapshot));
    let mut permissions = vec![];
    for permission in needed(config, Some(snapshot)) {
        let (own, rest): (Vec<Failure>, Vec<Failure>) =
            failures.into_iter().partition(|failure| failure.permission() == permission.action);
        failures = rest;
        let Permission { action, why, .. } = permission;
        let of_account = |account: &Account| {
            let answer = match own.iter().any(|failure| failure.account == account.id()) {
                true => Answer::Failed,
                false if was_shown(action, account, snapshot) => Answer::Ok,
                false => Answer::NotShown,
            };
            (account.id().to_owned(), answer)
        };
        let answers: BTreeMap<String, Answer> = snapshot.accounts.iter().map(of_account).collect();
        let is_shown = answers.values().any(|answer| *answer == Answer::Ok);
        let answer = match own.is_empty() {
            false => Answer::Failed,
            true if is_shown => Answer::Ok,
            true => Answer::NotShown,
        };
        let unknown = unknown_because(action, &findings);
        permissions.push(Examined { action, why, answer, answers, failures: own, unknown });
    }
    Ok(Examination {
        accounts: snapshot.accounts.iter().map(|account| account.caller.clone()).collect(),
        regions: snapshot.accounts.iter().flat_map(|account| account.scope.regions.clone()).collect(),
        other_hosts: snapshot.scanner.iter().flat_map(|scanner| scanner.other_hosts.clone()).collect(),
        permissions,
        others: failures,
    })
}

/// Log objects that could not be read, as failures of the permission to read them.
fn unread(snapshot: &Snapshot) -> Vec<Failure> {
    let skipped = snapshot.records.iter().flat_map(|records| &records.skipped).filter(|skipped| skipped.matters);
    skipped
        .map(|skipped| Failure {
            call: "s3:GetObject".to_owned(),
            account: account_of(&skipped.object, snapshot),
            region: String::new(),
            resource: Some(skipped.object.clone()),
            code: "NotRead".to_owned(),
            message: skipped.reason.clone(),
            permission: None,
            makes_unknown: BTreeSet::new(),
        })
        .collect()
}

/// The account that its folder names, or the only one.
fn account_of(object: &str, snapshot: &Snapshot) -> String {
    let only = || snapshot.accounts.first().map(Account::id);
    layout::account(object).or_else(only).unwrap_or_default().to_owned()
}

/// Whether there was anything to ask it of in the account.
fn was_shown(action: &str, account: &Account, snapshot: &Snapshot) -> bool {
    let records = snapshot.records.iter();
    let is_here = |of: &Option<String>| of.as_deref().is_none_or(|of| of == account.id());
    let mut readings = records.clone().flat_map(|records| &records.read).filter(|reading| is_here(&reading.account));
    let mut digests = records.flat_map(|records| &records.integrity).filter(|of| is_here(&of.account));
    match action {
        "cloudtrail:GetEventSelectors" | "cloudtrail:GetTrailStatus" => !account.trails.is_empty(),
        "cloudtrail:GetEventDataStore" => account.event_data_stores.iter().flatten().next().is_some(),
        "cloudtrail:GetChannel" => account.channels.iter().flatten().next().is_some(),
        "cloudtrail:ListPublicKeys" => digests.any(|of| of.digests.valid > 0),
        "s3:GetObject" => readings.any(|reading| reading.read_objects > 0),
        // Whether a log file is encrypted with a key of the customer's is seen in trails only.
        "kms:Decrypt" => {
            readings.any(|reading| reading.read_objects > 0)
                && account.trails.iter().any(|trail| trail.kms_key_id.is_some())
        }
        "s3:ListBucket" => readings.next().is_some(),
        _ => true,
    }
}

/// By policy, how many subjects wait for the permission.
fn unknown_because(action: &str, findings: &[Finding]) -> BTreeMap<String, usize> {
    let mut unknown = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.outcome == Outcome::Unknown) {
        if finding.reasons.iter().any(|reason| waits_for(reason, action)) {
            *unknown.entry(finding.policy.clone()).or_default() += 1;
        }
    }
    unknown
}

/// Whether a failed call that needs the permission is in the reason, or in what that rests on.
fn waits_for(reason: &Value, action: &str) -> bool {
    match reason {
        Value::Object(members) => {
            let failure = || serde_json::from_value::<Failure>(reason.clone()).ok();
            if action == "s3:GetObject" && reason.get("code").is_some_and(|code| code == "unreadable") {
                return true;
            }
            let is_it = members.contains_key("call") && failure().is_some_and(|failure| failure.permission() == action);
            is_it || members.values().any(|member| waits_for(member, action))
        }
        Value::Array(items) => items.iter().any(|item| waits_for(item, action)),
        _ => false,
    }
}

fn table(examination: &Examination) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, examination);
    out
}

/// Accounts by permissions, where there are several: a permission by its place in the list above.
fn by_account(out: &mut String, examination: &Examination) -> std::fmt::Result {
    if examination.accounts.len() < 2 {
        return Ok(());
    }
    let numbers: String = (1..=examination.permissions.len()).map(|number| format!("{number:>4}")).collect();
    writeln!(out, "\naccount     {numbers}   (-: not shown)")?;
    for Caller { account, .. } in &examination.accounts {
        let marks = examination.permissions.iter().map(|examined| match examined.answers.get(account) {
            Some(Answer::Ok) => (AnsiColor::Green, "ok"),
            Some(Answer::Failed) => (AnsiColor::Red, "no"),
            Some(Answer::NotShown) | None => (AnsiColor::BrightBlack, "-"),
        });
        let cells: String = marks
            .map(|(color, word)| {
                let style = Style::new().fg_color(Some(color.into()));
                format!("{style}{word:>4}{style:#}")
            })
            .collect();
        writeln!(out, "{account:<12}{cells}", account = harmless::text(account))?;
    }
    writeln!(out)
}

fn write(out: &mut String, examination: &Examination) -> std::fmt::Result {
    let regions: Vec<String> = examination.regions.iter().map(|region| harmless::text(region)).collect();
    for caller in &examination.accounts {
        writeln!(out, "{} in account {}", harmless::text(&caller.arn), harmless::text(&caller.account))?;
    }
    writeln!(out, "regions: {}", regions.join(" "))?;
    if !examination.other_hosts.is_empty() {
        let hosts: Vec<String> = examination.other_hosts.iter().map(|host| harmless::text(host)).collect();
        writeln!(out, "asked, and not AWS's own: {}", hosts.join(" "))?;
    }
    out.push('\n');
    for (place, examined) in examination.permissions.iter().enumerate() {
        let (color, word) = match examined.answer {
            Answer::Ok => (AnsiColor::Green, "ok"),
            Answer::Failed => (AnsiColor::Red, "failed"),
            Answer::NotShown => (AnsiColor::BrightBlack, "not shown"),
        };
        let style = Style::new().fg_color(Some(color.into()));
        let number = match examination.accounts.len() {
            1 => String::new(),
            _ => format!("{:>2} ", place + 1),
        };
        writeln!(out, "{style}{word:<9}{style:#}  {number}{:<32} {}", examined.action, examined.why)?;
        let mut why: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
        for failure in &examined.failures {
            let place = failure.resource.as_deref().unwrap_or(&failure.region);
            let place = match examination.accounts.len() {
                1 => place.to_owned(),
                _ => format!("{}/{place}", failure.account),
            };
            why.entry((&failure.code, &failure.message)).or_default().insert(place);
        }
        for ((code, message), places) in why {
            let shown: Vec<&str> = places.iter().map(String::as_str).take(SHOWN).collect();
            let more = if places.len() > SHOWN { format!(" and {} more", places.len() - SHOWN) } else { String::new() };
            let text = format!("{}{more}: {code}: {message}", shown.join(" "));
            writeln!(out, "           {}", harmless::text(&text))?;
        }
        if !examined.unknown.is_empty() {
            let policies: Vec<String> = examined.unknown.iter().map(|(id, count)| format!("{id} ({count})")).collect();
            writeln!(out, "           unknown because of it: {}", harmless::text(&policies.join(", ")))?;
        }
    }
    by_account(out, examination)?;
    for failure in &examination.others {
        writeln!(out, "failed     {}", harmless::text(&Reason::failed(failure).to_string()))?;
    }
    if examination.permissions.iter().any(|examined| examined.answer == Answer::NotShown) {
        writeln!(out, "\nnot shown: there was nothing to ask it of")?;
    }
    let failed = examination.permissions.iter().filter(|examined| examined.answer == Answer::Failed).count();
    if failed > 0 {
        writeln!(out, "\n`trailcheck permissions` prints the policy that grants them")?;
    }
    Ok(())
}
