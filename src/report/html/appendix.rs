//! What an auditor asks beside the findings: the population and what of it was read, what was not seen, what is accepted, the
//! controls, the inventory, and how to perform it again.

use std::collections::{BTreeMap, HashMap};

use maud::{Markup, html};

use super::super::causes::causes;
use super::super::words::Prepared;
use super::super::{AccountSeen, Control, InputKind, RecordsRead, Run, scan};
use super::{heading, shown};
use crate::counted::counted;
use crate::finding::{Finding, Outcome};

/// So many of one kind are listed; the JSON report has them all.
const LISTED: usize = 200;

pub(super) fn sections(prepared: &Prepared) -> Markup {
    html! {
        section { (heading("records")) (records(prepared)) }
        section { (heading("unseen")) (unseen(prepared)) }
        section { (heading("accepted")) (accepted(prepared)) }
        section { (heading("controls")) (controls(prepared)) }
        section { (heading("inventory")) (inventory(prepared)) }
        section { (heading("again")) (again(prepared)) }
    }
}

/// A table in a frame that can be scrolled with the keyboard.
fn table(id: &str, columns: &[&str], rows: &[Markup]) -> Markup {
    html! {
        section.wide aria-labelledby=(id) tabindex="0" {
            table {
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { @for row in rows.iter().take(LISTED) { tr { (row) } } }
            }
        }
        @if rows.len() > LISTED { p { (rows.len() - LISTED) " more are in the JSON report." } }
    }
}

fn records(prepared: &Prepared) -> Markup {
    let Some(records) = &prepared.report.run.records else { return html! { p { "No log records were read." } } };
    let rows: Vec<Markup> = records
        .read
        .iter()
        .map(|reading| {
            html! {
                th scope="row" { code { (shown(&reading.source)) } }
                td { (reading.region.as_deref().map_or(String::new(), shown)) }
                td { (reading.listed_objects) }
                td { (reading.read_objects) }
                td { @match reading.unseen_share { Some(share) => { (format!("{:.1} %", share * 100.0)) }, None => { "not known" } } }
                td { (reading.incomplete_because.as_deref().map_or("complete".to_owned(), shown)) }
            }
        })
        .collect();
    html! {
        (population(records))
        (table("records", &["source", "region", "log objects listed", "read", "may still hide", "what is missing"], &rows))
        p { "What may still hide: the largest share of the listed log objects that may hold what none of those read shows, at 95 %." }
    }
}

fn population(records: &RecordsRead) -> Markup {
    html! {
        p {
            @match records.window {
                Some(window) => { "Time: " (window.start) " to " (window.end) ". " },
                None => { "All that the files hold, without a window of time. " },
            }
            (counted(records.events, "S3 data event")) ", " (counted(records.duplicates, "duplicate")) " dropped, "
            (counted(records.malformed, "record")) " not understood, " (counted(records.skipped, "log object")) " not read. "
            @match &records.sample {
                Some(sample) => { "Sample: whole objects up to " (sample.bytes) " bytes, drawn with the seed " code { (shown(&sample.seed)) } "." },
                None => { "No sample: everything that was listed was to be read." },
            }
        }
        @if !records.unclear.is_empty() {
            p { "Records that were not understood, the first of them:" }
            ul { @for unclear in &records.unclear { li { code { (shown(&unclear.to_string())) } } } }
        }
        @if !records.not_read.is_empty() {
            p { "Log objects that could not be read, the first of them:" }
            ul { @for skipped in &records.not_read { li { code { (shown(&skipped.object)) } ": " (shown(&skipped.reason)) } } }
        }
    }
}

fn unseen(prepared: &Prepared) -> Markup {
    let causes = causes(&prepared.report.findings);
    let failures: Vec<Markup> = prepared
        .report
        .run
        .failures
        .iter()
        .map(|failure| {
            html! {
                th scope="row" { code { (shown(&failure.call)) } }
                td { (shown(&failure.account)) }
                td { (shown(&failure.region)) }
                td { (failure.resource.as_deref().map_or(String::new(), shown)) }
                td { (shown(&failure.code)) ": " (shown(&failure.message)) }
                td { @if failure.is_denied() { code { (shown(failure.permission())) } } }
            }
        })
        .collect();
    html! {
        @if causes.is_empty() { p { "No answer is unknown." } }
        @for cause in &causes {
            p { (counted(cause.answers as u64, "answer")) " unknown because" }
            ul { @for text in &cause.texts { li { (shown(text)) } } }
        }
        @if let Some(skipped) = prepared.report.run.records.as_ref().map(|records| records.skipped).filter(|skipped| *skipped > 0) {
            p { (counted(skipped, "log object")) " of those that were to be read hold no records, or could not be read." }
        }
        @if failures.is_empty() { p { "Every call that asks for the configuration was answered." } }
        @else { (table("unseen", &["call", "account", "region", "of", "answer", "needs"], &failures)) }
        p { "By design not looked at: CloudTrail Lake's event data stores and service-linked channels unless scan.recorders lists them, CloudWatch telemetry rules, and accounts that were not scanned." }
    }
}

fn accepted(prepared: &Prepared) -> Markup {
    let waived = prepared.report.findings.iter().filter(|finding| finding.outcome == Outcome::Waived);
    let rows: Vec<Markup> = waived
        .filter_map(|finding| {
            let waiver = finding.waiver.as_ref()?;
            Some(html! {
                th scope="row" { code { (shown(&finding.policy)) } }
                td { code { (shown(&finding.subject)) } }
                td { (shown(&waiver.reason)) }
                td { (shown(&waiver.owner)) }
                td { (shown(&waiver.expires)) }
            })
        })
        .collect();
    html! {
        @if rows.is_empty() { p { "No waiver covers anything." } }
        @else { (table("accepted", &["policy", "subject", "reason", "owner", "last day"], &rows)) }
        @if !prepared.settled.is_empty() {
            p { "Settled since the baseline:" }
            ul { @for line in prepared.settled.iter().take(LISTED) { li { (shown(line)) } } }
        }
        @if !prepared.report.run.notes.is_empty() {
            p { "Notes:" }
            ul { @for note in &prepared.report.run.notes { li { (shown(note)) } } }
        }
    }
}

/// A line for each control, with what its policies found.
fn controls(prepared: &Prepared) -> Markup {
    let report = prepared.report;
    let mut of_policy: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in &report.findings {
        of_policy.entry(&finding.policy).or_default().push(finding);
    }
    let line = |control: &Control| {
        let speaks = |ids: &Vec<String>| ids.contains(&control.id);
        let rules = report.rules.iter().filter(|rule| rule.controls.get(&control.framework).is_some_and(speaks));
        let rules: Vec<&str> = rules.map(|rule| &*rule.id).collect();
        let findings = rules.iter().flat_map(|id| of_policy.get(id).into_iter().flatten());
        let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
        findings.for_each(|finding| *counts.entry(finding.outcome).or_default() += 1);
        let worst = counts.keys().next().map_or("", |outcome| outcome.as_str());
        let counts: Vec<String> =
            counts.iter().map(|(outcome, count)| format!("{count} {}", outcome.as_str().replace('_', " "))).collect();
        html! {
            th scope="row" { (shown(framework(control))) }
            td { (shown(&control.id)) }
            td { (shown(&control.title)) }
            td class=(worst.replace('_', "-")) { (counts.join(", ")) }
            td { @for id in &rules { code { (shown(id)) } " " } }
        }
    };
    let rows: Vec<Markup> = report.controls.iter().map(line).collect();
    html! {
        @if rows.is_empty() { p { "The policies that ran speak to no control." } }
        @else { (table("controls", &["framework", "control", "what it asks", "findings", "policies"], &rows)) }
        p { "A policy speaks to a control: it is evidence for it, and not the whole of what the control asks." }
    }
}

fn framework(control: &Control) -> &str {
    if control.framework_title.is_empty() { &control.framework } else { &control.framework_title }
}

fn inventory(prepared: &Prepared) -> Markup {
    html! {
        (recording(&prepared.report.run))
        @for account in &prepared.report.run.accounts {
            h3 { "Account " (shown(&account.account)) }
            p { "Asked at " (account.collected_at) " by " code { (shown(&account.caller)) } ", in " (shown(&account.regions.join(" "))) ". "
                (counted(account.buckets as u64, "bucket")) "." }
            @for (what, names) in [("trail", &account.trails), ("cluster or namespace", &account.clusters)] {
                p { (counted(names.len() as u64, what)) @if !names.is_empty() { ":" } }
                @if !names.is_empty() {
                    ul { @for name in names.iter().take(LISTED) { li { code { (shown(name)) } } } }
                }
                @if names.len() > LISTED { p { (names.len() - LISTED) " more are in the JSON report." } }
            }
        }
    }
}

/// Accounts by regions.
fn recording(run: &Run) -> Markup {
    let regions = scan::regions(run);
    let names: Vec<String> = regions.iter().map(|region| shown(region)).collect();
    let heads: Vec<&str> = ["account"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let row = |account: &AccountSeen| {
        html! {
            th scope="row" { (shown(&account.account)) }
            @for region in &regions { td { (scan::cell(account.recording.get(*region))) } }
        }
    };
    let rows: Vec<Markup> = run.accounts.iter().map(row).collect();
    html! {
        h3 id="recording" { "Trails in effect" }
        p { "How many; from … to where of some that is not known; – where the account was not asked." }
        (table("recording", &heads, &rows))
        @if let Some(calls) = scan::calls(run) { p { (calls) "." } }
    }
}

fn again(prepared: &Prepared) -> Markup {
    let run = &prepared.report.run;
    let rows: Vec<Markup> = run
        .inputs
        .iter()
        .map(|input| {
            let kind = match input.kind {
                InputKind::Config => "config",
                InputKind::Snapshot => "snapshot",
                InputKind::Policy => "policy",
            };
            html! {
                th scope="row" { (kind) }
                td { code { (input.path.as_deref().map_or("(the account itself)".to_owned(), shown)) } }
                td { code { (shown(&input.sha256)) } }
            }
        })
        .collect();
    html! {
        p { "trailcheck " (shown(&run.trailcheck)) " ran:" }
        pre tabindex="0" { code { (shown(&run.command.join(" "))) } }
        p { "With the same version and these inputs it gives the same answers. A snapshot's hash is that of the file that "
            code { "trailcheck collect" } " writes, with the log records that were read:" }
        (table("again", &["input", "path", "SHA-256"], &rows))
        @if let Some(baseline) = &run.baseline {
            p { "Held against " code { (shown(&baseline.path)) } ", SHA-256 " code { (shown(&baseline.sha256)) } "." }
        }
    }
}
