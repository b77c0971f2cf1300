//! GitHub-flavoured Markdown: a table that fits a step summary.

use super::words::Prepared;
use super::{Report, printable};
use crate::finding::{Finding, Outcome};

/// A step summary may be 1 MiB; beyond this many rows it says how many are left out.
const ROWS: usize = 500;

pub(super) fn render(report: &Report) -> String {
    let prepared = Prepared::of(report);
    let mut out = format!(
        "## trailcheck: {}\n\nScanned: {}, as of {}.\n\n| outcome | policy | subject | why |\n|---|---|---|---|\n",
        prepared.summary,
        code(&prepared.accounts),
        report.run.collected_at
    );
    for finding in report.findings.iter().take(ROWS) {
        out.push_str(&row(finding));
    }
    if report.findings.len() > ROWS {
        out.push_str(&format!("\n{} more rows are in the other reports.\n", report.findings.len() - ROWS));
    }
    if !prepared.sessions.is_empty() {
        out.push_str("\n| statement | place | acting role | from | to |\n|---|---|---|---|---|\n");
        for told in prepared.sessions.iter().take(ROWS) {
            let session = told.session;
            out.push_str(&format!(
                "| {} | {} | {} | {} | {} |\n",
                told.statement,
                code(&told.place),
                code(&session.principal),
                session.start,
                session.end
            ));
        }
    }
    out
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
    let text = printable(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}
