//! GitHub-flavoured Markdown: a table that fits a step summary.

use super::Report;
use super::words::{Prepared, ToldSession};
use crate::finding::{Finding, Outcome};
use crate::output::harmless;

/// How many rows a table has at most; the line after it says how many are left out.
const ROWS: usize = 500;
/// GitHub refuses a step summary of more than 1 MiB; half of it is for each table, with room for what stands around them.
const BYTES: usize = 500_000;

pub(super) fn render(report: &Report) -> String {
    let prepared = Prepared::of(report);
    let mut out = format!(
        "## trailcheck: {}\n\nScanned: {}, as of {}.\n\n| outcome | policy | subject | why |\n|---|---|---|---|\n",
        prepared.summary,
        code(&prepared.accounts),
        report.run.collected_at
    );
    push_rows(&mut out, report.findings.iter().map(row), report.findings.len());
    if !prepared.sessions.is_empty() {
        out.push_str("\n| statement | place | acting role | from | to |\n|---|---|---|---|---|\n");
        push_rows(&mut out, prepared.sessions.iter().map(session_row), prepared.sessions.len());
    }
    out
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
    let session = told.session;
    format!(
        "| {} | {} | {} | {} | {} |\n",
        told.statement,
        code(&told.place),
        code(&session.principal),
        session.start,
        session.end
    )
}

fn row(finding: &Finding) -> String {
    let mark = match finding.outcome {
        Outcome::Fail | Outcome::Error => "❌",
        Outcome::Unknown => "❓",
        Outcome::Waived => "🟡",
        Outcome::Pass => "✅",
        Outcome::NotApplicable => "➖",
    };
    format!(
        "| {mark} {} | {} | {} | {} |\n",
        finding.outcome.as_str(),
        code(&finding.policy),
        code(&finding.subject),
        if finding.message.is_empty() { String::new() } else { code(&finding.message) }
    )
}

/// A code span that nothing in the text can end, so that no name pings a team, breaks the table or loads an image.
fn code(text: &str) -> String {
    let text = harmless::text(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}
