//! Annotations of a GitHub workflow run: what failed and what is not known, at the lines that declare it; without what a
//! baseline has already.
//!
//! Source: GitHub Docs, "Workflow commands for GitHub Actions" (`::error file=…,line=…,title=…::message`). A step shows ten
//! errors and ten warnings; the last of each says how many more there are.

use std::path::Path;

use super::Report;
use super::causes::causes;
use super::repository;
use super::words::{Prepared, Told};
use crate::counted::counted;
use crate::finding::Outcome;
use crate::finding::baseline::Standing;
use crate::output::harmless;
use crate::severity::Severity;

/// Annotations of one level that a step shows.
const SHOWN: usize = 10;

pub(super) fn render(report: &Report) -> String {
    let prepared = Prepared::of(report);
    let is_new = |told: &&Told| told.finding.standing != Some(Standing::Known);
    let is_error = |told: &&Told| match told.finding.outcome {
        Outcome::Error => true,
        Outcome::Fail => told.finding.severity >= Severity::High,
        _ => false,
    };
    let fails_at = |told: &Told, levels: std::ops::Range<Severity>| {
        told.finding.outcome == Outcome::Fail && levels.contains(&told.finding.severity)
    };
    let is_warning = |told: &&Told| fails_at(told, Severity::Low..Severity::High);
    let is_remark = |told: &&Told| fails_at(told, Severity::Info..Severity::Low);
    let errors = prepared.findings.iter().filter(is_new).filter(is_error).map(|told| of_finding("error", told));
    let warnings = prepared.findings.iter().filter(is_new).filter(is_warning).map(|told| of_finding("warning", told));
    let remarks = prepared.findings.iter().filter(is_new).filter(is_remark).map(|told| of_finding("notice", told));
    let unknown = causes(report.findings.iter().filter(|finding| finding.standing != Some(Standing::Known)))
        .into_iter()
        .map(|cause| {
            let title = format!("{} unknown", counted(cause.answers as u64, "answer"));
            let lines: Vec<&str> = cause.texts.iter().map(String::as_str).collect();
            command("warning", &[("title", &title)], &lines)
        });
    let warnings = shown("warning", warnings.chain(unknown).collect());
    [shown("error", errors.collect()), warnings, shown("notice", remarks.collect())].concat()
}

/// That nothing was judged, and why: at the line of the config where the mistake stands.
pub(super) fn refusal(message: &str, place: Option<(&Path, usize)>) -> String {
    let lines: Vec<&str> = message.lines().collect();
    let title = ("title", "trailcheck: nothing was judged");
    match place {
        None => command("error", &[title], &lines),
        Some((file, line)) => {
            let (file, line) = (repository::path(file).display().to_string(), line.to_string());
            command("error", &[("file", &file), ("line", &line), title], &lines)
        }
    }
}

fn of_finding(level: &str, told: &Told) -> String {
    let finding = told.finding;
    let (line, title) = (finding.location.line.to_string(), format!("{} {}", finding.policy, finding.subject));
    let fix = told.fix.as_ref().map(|fix| format!("fix: {fix}"));
    let lines: Vec<&str> = [&*finding.message].into_iter().chain(fix.as_deref()).collect();
    let file = repository::path(Path::new(&finding.location.file)).display().to_string();
    match told.declared_at {
        Some(_) => command(level, &[("file", &file), ("line", &line), ("title", &title)], &lines),
        None => command(level, &[("title", &title)], &lines),
    }
}

fn shown(level: &str, mut commands: Vec<String>) -> String {
    if commands.len() > SHOWN {
        let more = commands.len() - (SHOWN - 1);
        commands.truncate(SHOWN - 1);
        commands.push(command(level, &[], &[&format!("{more} more are in the other reports")]));
    }
    commands.concat()
}

fn command(level: &str, properties: &[(&str, &str)], lines: &[&str]) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", escaped(value, &[':', ',']))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    let lines: Vec<String> = lines.iter().map(|line| escaped(line, &[])).collect();
    format!("::{level}{space}{}::{}\n", properties.join(","), lines.join("%0A"))
}

/// Within a line, with the runner's own escapes for what would end the command, or the property.
fn escaped(text: &str, more: &[char]) -> String {
    let mut escaped = String::new();
    for c in harmless::text(text).chars() {
        match c == '%' || more.contains(&c) {
            true => escaped.push_str(&format!("%{:02X}", u32::from(c))),
            false => escaped.push(c),
        }
    }
    escaped
}
