//! The findings, told in a format. One file a format, and one exhaustive match that chooses.
//!
//! A report is whole: what a format tells of a policy stands in its rules, so that a saved report can be told again.
//! `words` holds what several formats say alike.

mod causes;
mod csv;
mod file;
mod github;
mod json;
mod junit;
mod markdown;
mod repository;
mod sarif;
mod text;
mod words;

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::timestamp::Timestamp;
use crate::finding::{Finding, Outcome};
use crate::severity::{Severity, UnknownIs};
use crate::snapshot::{Failure, LogReading, Sample, Session, Unclear, Window};

pub use file::ReportError;

/// The JSON report's format.
pub const SCHEMA: &str = "trailcheck/report/v2";

/// Everything that a format may tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub schema: String,
    pub run: Run,
    /// The policies that ran, by id.
    pub rules: Vec<Rule>,
    pub summary: Summary,
    pub findings: Vec<Finding>,
}

/// What was looked at, by whom, when, and what could not be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The version of trailcheck.
    pub trailcheck: String,
    /// When the last account was collected.
    pub collected_at: Timestamp,
    /// The account in which the scan was started.
    pub account: String,
    /// The ARN of whoever started it.
    pub caller: String,
    pub accounts: Vec<AccountSeen>,
    /// As given on the command line.
    pub config: String,
    /// `null`: no log records were read.
    pub records: Option<RecordsRead>,
    /// COPYs and UNLOADs that the log records show, with the role that acted.
    pub sessions: Vec<Session>,
    /// Calls that did not answer.
    pub failures: Vec<Failure>,
    /// What else a reader should know, such as a waiver that matches nothing.
    pub notes: Vec<String>,
}

/// What was looked at in one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSeen {
    pub account: String,
    pub caller: String,
    pub collected_at: Timestamp,
    pub regions: Vec<String>,
    pub trails: usize,
    pub buckets: usize,
    pub clusters: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordsRead {
    pub window: Option<Window>,
    /// How log objects were drawn; `null`: all were to be read.
    pub sample: Option<Sample>,
    pub read: Vec<LogReading>,
    pub skipped: u64,
    pub events: u64,
    pub duplicates: u64,
    /// Records that could not be understood; each may hide an access.
    pub malformed: u64,
    /// The first of them.
    pub unclear: Vec<Unclear>,
}

/// A policy that ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `coverage/unload_recorded`
    pub id: String,
    pub title: String,
    pub description: String,
    pub remediation: String,
    pub severity: Severity,
    /// What its unknowns do to the exit code.
    pub unknown: UnknownIs,
    /// By framework, control ids.
    pub controls: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub pass: usize,
    pub fail: usize,
    pub unknown: usize,
    pub waived: usize,
    pub not_applicable: usize,
    pub error: usize,
}

impl Report {
    fn without_findings(&self) -> Report {
        Report {
            schema: self.schema.clone(),
            run: self.run.clone(),
            rules: self.rules.clone(),
            summary: self.summary.clone(),
            findings: vec![],
        }
    }

    /// The places of the rules, by id.
    fn rule_places(&self) -> HashMap<&str, usize> {
        self.rules.iter().enumerate().map(|(place, rule)| (rule.id.as_str(), place)).collect()
    }
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
    /// SARIF 2.1.0, whole.
    Sarif,
    /// The same for GitHub code scanning, which takes no notice of suppressions: without what is waived.
    SarifUpload,
    /// Annotations of a GitHub workflow run.
    Github,
    /// GitHub-flavoured Markdown, for step summaries and comments.
    Markdown,
    /// A row a finding, for spreadsheets.
    Csv,
}

/// How the text report looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// All findings and statements one by one.
    pub verbose: bool,
    /// Lines are wrapped at this column; `None`: not at all.
    pub width: Option<usize>,
}

pub fn render(format: Format, report: &Report, look: Look) -> Vec<u8> {
    match format {
        Format::Text => text::render(report, look).into_bytes(),
        Format::Json => json::render(report),
        Format::Junit => junit::render(report),
        Format::Sarif => sarif::render(report, sarif::For::Anyone),
        Format::SarifUpload => sarif::render(report, sarif::For::CodeScanning),
        Format::Github => github::render(report).into_bytes(),
        Format::Markdown => markdown::render(report).into_bytes(),
        Format::Csv => csv::render(report),
    }
}
