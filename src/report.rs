//! Stage 6: the findings, told in a format. One file a format, and one exhaustive match that chooses.

mod json;
mod junit;
mod markdown;
mod printable;
mod sarif;
mod text;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::{Finding, Outcome};
use crate::policy::Policy;
use crate::snapshot::{Gap, LogReading, Session, Timestamp, Window};

pub use printable::{printable, printable_line};

/// The JSON report's format.
pub const SCHEMA: &str = "trailcheck/report/v1";

/// Everything that a format may tell.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    pub schema: String,
    pub run: Run,
    pub summary: Summary,
    pub findings: Vec<Finding>,
}

/// What was looked at, by whom, when, and what could not be seen.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Run {
    pub trailcheck: String,
    pub collected_at: Timestamp,
    pub account: String,
    pub caller: String,
    pub regions: Vec<String>,
    /// As given on the command line.
    pub config: String,
    pub policies: Vec<String>,
    /// `null`: no log records were read.
    pub records: Option<RecordsRead>,
    /// COPYs and UNLOADs that the log records show, with the role that acted.
    pub sessions: Vec<Session>,
    pub gaps: Vec<Gap>,
    /// What else a reader should know, such as a waiver that matches nothing.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RecordsRead {
    pub window: Option<Window>,
    pub read: Vec<LogReading>,
    pub skipped: u64,
    pub events: u64,
    pub duplicates: u64,
    pub malformed: u64,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Summary {
    pub pass: usize,
    pub fail: usize,
    pub unknown: usize,
    pub waived: usize,
    pub not_applicable: usize,
    pub error: usize,
}

impl Summary {
    pub fn of(findings: &[Finding]) -> Summary {
        let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
        for finding in findings {
            *counts.entry(finding.outcome).or_default() += 1;
        }
        let count = |outcome| counts.get(&outcome).copied().unwrap_or(0);
        Summary {
            pass: count(Outcome::Pass),
            fail: count(Outcome::Fail),
            unknown: count(Outcome::Unknown),
            waived: count(Outcome::Waived),
            not_applicable: count(Outcome::NotApplicable),
            error: count(Outcome::Error),
        }
    }

    /// `2 fail, 1 unknown, 5 pass`: those that there are, the worst first.
    pub fn words(&self) -> String {
        let counts = [
            (self.fail, "fail"),
            (self.error, "error"),
            (self.unknown, "unknown"),
            (self.waived, "waived"),
            (self.pass, "pass"),
            (self.not_applicable, "not applicable"),
        ];
        let words: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        words.join(", ")
    }
}

/// A report format, by the name that `--report` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, on a terminal.
    Text,
    /// Everything, for programs.
    Json,
    /// JUnit XML: a test case for each policy and subject.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub-flavoured Markdown, for step summaries and comments.
    Markdown,
}

/// Renders the report. `policies` are those that ran.
pub fn render(format: Format, report: &Report, policies: &[Policy]) -> Vec<u8> {
    match format {
        Format::Text => text::render(report).into_bytes(),
        Format::Json => json::render(report),
        Format::Junit => junit::render(report),
        Format::Sarif => sarif::render(report, policies),
        Format::Markdown => markdown::render(report).into_bytes(),
    }
}
