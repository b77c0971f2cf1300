//! For people: what failed and why first, then what is not known, then what holds.
//!
//! Colours are written always; the stream that prints them takes them out where it is not a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{Report, printable, printable_line};
use crate::finding::{Finding, Outcome};
use crate::snapshot::{Session, SessionKind};

pub fn render(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    let run = &report.run;
    let bold = Style::new().bold();
    writeln!(
        out,
        "{bold}trailcheck{bold:#}: account {}, {}, as of {}\n",
        printable(&run.account),
        printable(&run.regions.join(" ")),
        run.collected_at
    )?;
    for finding in &report.findings {
        write_finding(out, finding)?;
    }
    if !run.sessions.is_empty() {
        writeln!(out, "\n{bold}COPY and UNLOAD by the records{bold:#}")?;
        for session in &run.sessions {
            write_session(out, session)?;
        }
    }
    if let Some(records) = &run.records {
        let objects: u64 = records.read.iter().map(|reading| reading.read_objects).sum();
        let listed: u64 = records.read.iter().map(|reading| reading.listed_objects).sum();
        writeln!(out, "\n{} S3 data events from {objects} of {listed} log objects", records.events)?;
    }
    for note in &run.notes {
        writeln!(out, "note: {}", printable(note))?;
    }
    writeln!(out, "\n{}", report.summary.words())
}

fn write_finding(out: &mut String, finding: &Finding) -> std::fmt::Result {
    let style = style_of(finding.outcome);
    let outcome = match finding.outcome {
        Outcome::NotApplicable => "n/a",
        other => other.as_str(),
    };
    let severity = match finding.outcome {
        Outcome::Fail | Outcome::Waived => format!(" ({})", finding.severity.as_str()),
        _ => String::new(),
    };
    writeln!(out, "{style}{outcome:<8}{style:#} {}  {}{severity}", finding.policy, printable(&finding.subject))?;
    if !finding.message.is_empty() {
        writeln!(out, "         {}", printable_line(&finding.message))?;
    }
    if let Some(waiver) = &finding.waiver {
        let waiver = format!("waiver until {} by {}: {}", waiver.expires, waiver.owner, waiver.reason);
        writeln!(out, "         {}", printable(&waiver))?;
    }
    if finding.outcome == Outcome::Fail {
        // Trails are not declared; theirs is the first line, for SARIF.
        if finding.location.line > 1 {
            let file = printable(&finding.location.file);
            writeln!(out, "         declared at {file}:{}", finding.location.line)?;
        }
        match fix_of(finding) {
            Some(fix) => writeln!(out, "         fix: {}", printable(&fix))?,
            None => writeln!(out, "         how to fix: trailcheck explain {}", finding.policy)?,
        }
    }
    Ok(())
}

/// A fix that the evidence holds, in one line; the whole call is in the JSON report.
fn fix_of(finding: &Finding) -> Option<String> {
    let fix = finding.evidence.get("fix")?;
    let text = |name: &str| fix.get(name)?.as_str();
    match (text("adds"), text("trail_arn"), text("home_region")) {
        (Some(adds), Some(arn), Some(region)) => Some(format!(
            "in {region}, add to {arn}: {adds} (evidence.fix.input of --report json is the whole put-event-selectors call)"
        )),
        _ => Some(format!("needs {}", text("needs")?)),
    }
}

fn write_session(out: &mut String, session: &Session) -> std::fmt::Result {
    let kind = match session.kind {
        SessionKind::Copy => "COPY  ",
        SessionKind::Unload => "UNLOAD",
    };
    let preposition = if session.kind == SessionKind::Copy { "from" } else { "to" };
    let place = session.location.clone().unwrap_or_else(|| format!("s3://{}/", session.bucket));
    let mut what = counted(session.objects, "object");
    if session.parts > 0 {
        what.push_str(&format!(" in {}", counted(session.parts, "part")));
    }
    if let Some(bytes) = session.bytes {
        what.push_str(&format!(", {}", counted(bytes, "byte")));
    }
    for (uploads, how) in
        [(session.unfinished_uploads, "neither completed nor aborted"), (session.aborted_uploads, "aborted")]
    {
        if uploads > 0 {
            what.push_str(&format!(", {} {how}", counted(uploads, "upload")));
        }
    }
    writeln!(
        out,
        "  {kind} {preposition} {} ({}) by {}\n         {} to {}, {what}",
        printable(&place),
        printable(&session.region),
        printable(&session.principal),
        session.start,
        session.end,
    )
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn style_of(outcome: Outcome) -> Style {
    let color = match outcome {
        Outcome::Fail | Outcome::Error => AnsiColor::Red,
        Outcome::Unknown | Outcome::Waived => AnsiColor::Yellow,
        Outcome::Pass => AnsiColor::Green,
        Outcome::NotApplicable => AnsiColor::BrightBlack,
    };
    Style::new().fg_color(Some(color.into())).bold()
}
