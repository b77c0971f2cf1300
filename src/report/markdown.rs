//! GitHub-flavoured Markdown: a table that fits a step summary.

use super::Report;
use super::words::{Prepared, Told, ToldSession};
use crate::finding::Outcome;
use crate::finding::baseline::Standing;
use crate::output::harmless;

/// How many rows a table has at most; the line after it says how many are left out.
const ROWS: usize = 500;
/// GitHub refuses a step summary of more than 1 MiB; a third of it is for each table, with room for what stands around them.
const BYTES: usize = 330_000;

pub(super) fn render(report: &Report) -> String {
    let prepared = Prepared::of(report);
    let mut out = format!(
        "## trailcheck: {}\n\nScanned: {}, as of {}.\n",
        prepared.summary,
        code(&prepared.accounts),
        report.run.collected_at
    );
    let (holding, others): (Vec<&Told>, Vec<&Told>) =
        prepared.findings.iter().partition(|told| told.finding.outcome.holds());
    if let Some(baseline) = &prepared.baseline {
        out.push_str(&format!("\nBaseline, {baseline}.\n"));
        push_rows(
            &mut out,
            prepared.settled.iter().map(|line| format!("- settled: {}\n", code(line))),
            prepared.settled.len(),
        );
    }
    push_findings(&mut out, &others);
    let sessions: Vec<ToldSession> = prepared.statements(false).into_iter().chain(prepared.sessions(false)).collect();
    if !sessions.is_empty() {
        out.push_str("\n| statement | place | acting role | from | to | what |\n|---|---|---|---|---|---|\n");
        push_rows(&mut out, sessions.iter().map(session_row), sessions.len());
    }
    if !holding.is_empty() {
        out.push_str("\n<details><summary>What holds, and what is not applicable</summary>\n");
        push_findings(&mut out, &holding);
        out.push_str("\n</details>\n");
    }
    out
}

/// That nothing was judged, and why.
pub(super) fn refusal(message: &str) -> String {
    let lines: Vec<String> = message.lines().map(code).collect();
    format!("## trailcheck: nothing was judged\n\n{}\n", lines.join("<br>"))
}

fn push_findings(out: &mut String, findings: &[&Told]) {
    if findings.is_empty() {
        return;
    }
    out.push_str("\n| outcome | policy | subject | why |\n|---|---|---|---|\n");
    push_rows(out, findings.iter().map(|told| row(told)), findings.len());
}

/// As many rows as there is room for, and how many there are beside them.
fn push_rows(out: &mut String, rows: impl Iterator<Item = String>, count: usize) {
    let end = out.len() + BYTES;
    let mut written = 0;
    for row in rows.take(ROWS) {
        if out.len() + row.len() > end {
            break;
        }
        out.push_str(&row);
        written += 1;
    }
    if written < count {
        out.push_str(&format!("\n{} more rows are in the other reports.\n", count - written));
    }
}

fn session_row(told: &ToldSession) -> String {
    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        told.statement,
        code(&told.place),
        code(told.principal),
        told.start,
        told.end,
        code(&format!("{}{}", told.times, told.what))
    )
}

fn row(told: &Told) -> String {
    let finding = told.finding;
    let mark = match finding.outcome {
        Outcome::Fail | Outcome::Error => "❌",
        Outcome::Unknown => "❓",
        Outcome::Waived => "🟡",
        Outcome::Pass => "✅",
        Outcome::NotApplicable => "➖",
    };
    let severity = match finding.outcome {
        Outcome::Fail | Outcome::Waived => format!(" ({})", finding.severity.as_str()),
        _ => String::new(),
    };
    let known = if finding.standing == Some(Standing::Known) { ", known" } else { "" };
    let declared_at = told.declared_at.as_ref().map_or(String::new(), |place| format!("<br>{}", code(place)));
    let message = Some(&finding.message).filter(|message| !message.is_empty()).map(|message| code(message));
    let fix = told.fix.as_ref().map(|fix| format!("fix: {}", code(fix)));
    let why: Vec<String> =
        message.into_iter().chain(told.waiver.as_ref().map(|waiver| code(waiver))).chain(fix).collect();
    format!(
        "| {mark} {}{severity}{known} | {} | {}{declared_at} | {} |\n",
        finding.outcome.as_str(),
        code(&finding.policy),
        code(&finding.subject),
        why.join("<br>")
    )
}

/// A code span that nothing in the text can end, so that no name pings a team, breaks the table or loads an image.
fn code(text: &str) -> String {
    let text = harmless::text(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}
