//! For people: what failed and why first, then what is not known, then what holds.
//!
//! Colours are written always; the stream that prints them takes them out where it is not a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::Report;
use super::words::{Prepared, Told, ToldSession};
use crate::finding::Outcome;
use crate::output::harmless;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, &Prepared::of(report));
    out
}

fn write(out: &mut String, prepared: &Prepared) -> std::fmt::Result {
    let run = &prepared.report.run;
    let bold = Style::new().bold();
    let (accounts, regions) = (harmless::text(&prepared.accounts), harmless::text(&prepared.regions));
    writeln!(out, "{bold}trailcheck{bold:#}: {accounts}, {regions}, as of {}\n", run.collected_at)?;
    for told in &prepared.findings {
        write_finding(out, told)?;
    }
    if !prepared.sessions.is_empty() {
        writeln!(out, "\n{bold}COPY and UNLOAD by the records{bold:#}")?;
        for session in &prepared.sessions {
            write_session(out, session)?;
        }
    }
    if let Some(records) = &prepared.records {
        writeln!(out, "\n{records}")?;
    }
    for note in &run.notes {
        writeln!(out, "note: {}", harmless::text(note))?;
    }
    writeln!(out, "\n{}", prepared.summary)
}

fn write_finding(out: &mut String, told: &Told) -> std::fmt::Result {
    let finding = told.finding;
    let style = style_of(finding.outcome);
    let outcome = match finding.outcome {
        Outcome::NotApplicable => "n/a",
        other => other.as_str(),
    };
    let severity = match finding.outcome {
        Outcome::Fail | Outcome::Waived => format!(" ({})", finding.severity.as_str()),
        _ => String::new(),
    };
    writeln!(out, "{style}{outcome:<8}{style:#} {}  {}{severity}", finding.policy, harmless::text(&finding.subject))?;
    if !finding.message.is_empty() {
        writeln!(out, "         {}", harmless::text(&finding.message))?;
    }
    if let Some(waiver) = &told.waiver {
        writeln!(out, "         {}", harmless::text(waiver))?;
    }
    if finding.outcome == Outcome::Fail {
        if let Some(place) = &told.declared_at {
            writeln!(out, "         declared at {}", harmless::text(place))?;
        }
        match &told.fix {
            Some(fix) => writeln!(out, "         fix: {}", harmless::text(fix))?,
            None => writeln!(out, "         how to fix: trailcheck explain {}", finding.policy)?,
        }
    }
    Ok(())
}

fn write_session(out: &mut String, told: &ToldSession) -> std::fmt::Result {
    let session = told.session;
    writeln!(
        out,
        "  {:<6} {} {} ({}) by {}\n         {} to {}, {}",
        told.statement,
        told.preposition,
        harmless::text(&told.place),
        harmless::text(&session.region),
        harmless::text(&session.principal),
        session.start,
        session.end,
        told.what,
    )
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
