//! The findings, told in a format. One file a format, and one exhaustive match that chooses.
//!
//! A report is whole: what a format tells of a policy stands in its rules, so that a saved report can be told again.
//! `words` holds what several formats say alike.

mod causes;
mod csv;
mod file;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod ocsf;
mod repository;
mod sarif;
mod scan;
mod statements;
mod text;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::timestamp::Timestamp;
use crate::finding::baseline::Settled;
use crate::finding::{Finding, Outcome};
use crate::severity::{Severity, UnknownIs};
use crate::snapshot::{Calls, Failure, LogReading, ObjectCount, Sample, Session, Skipped, Unclear, Window};

pub use file::{Earlier, ReportError};
pub use statements::RanStatement;

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
    /// The controls that they speak to, by framework and id.
    pub controls: Vec<Control>,
    /// How many findings there are of each outcome.
    pub summary: Summary,
    /// One for each policy and subject, the worst first.
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
    /// What was looked at, account by account.
    pub accounts: Vec<AccountSeen>,
    /// The command line, beginning with `trailcheck`.
    pub command: Vec<String>,
    /// As given on the command line.
    pub config: String,
    /// What the answers follow from: with these, the same version gives them again.
    pub inputs: Vec<Input>,
    /// `null`: none was given.
    pub baseline: Option<Baseline>,
    /// `null`: no log records were read.
    pub records: Option<RecordsRead>,
    /// COPYs and UNLOADs that the log records show, with the role that acted.
    pub sessions: Vec<Session>,
    /// COPYs and UNLOADs that Redshift says it ran.
    #[serde(default)]
    pub statements: Vec<RanStatement>,
    /// Calls that did not answer.
    pub failures: Vec<Failure>,
    /// How AWS was asked, by service and operation; empty where the snapshot does not tell.
    pub calls: BTreeMap<String, Calls>,
    /// What else a reader should know, such as a waiver that matches nothing.
    pub notes: Vec<String>,
}

/// The trails of one account and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// How many are in effect: what they record there is another matter.
    pub in_effect: usize,
    /// Of how many that is not known.
    pub unknown: usize,
}

/// What was looked at in one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSeen {
    /// Its id.
    pub account: String,
    /// The ARN of whoever asked.
    pub caller: String,
    /// When the last call was made.
    pub collected_at: Timestamp,
    /// Those that were asked.
    pub regions: Vec<String>,
    /// By region, whether trails record there.
    pub recording: BTreeMap<String, Recording>,
    /// By ARN: those that record in the account, an organization's too.
    pub trails: Vec<String>,
    /// How many.
    pub buckets: usize,
    /// Redshift clusters, and namespaces of Redshift Serverless.
    pub clusters: Vec<String>,
}

/// Something that the answers follow from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it is.
    pub kind: InputKind,
    /// As given on the command line, a shipped policy below `policies/`; `null`: the account itself was asked.
    pub path: Option<String>,
    /// Of the file, in lower-case hexadecimal. Of a snapshot: as it was judged, log records included, in the form in which
    /// `collect` writes it uncompressed.
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    Config,
    Snapshot,
    Policy,
}

/// An earlier report that this one was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// As given on the command line.
    pub path: String,
    /// Of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// When its last account was collected.
    pub collected_at: Timestamp,
    /// What did not hold then, and is no longer so.
    pub settled: Vec<Settled>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordsRead {
    /// The time that was asked for; `null`: all that the files hold.
    pub window: Option<Window>,
    /// How log objects were drawn; `null`: all were to be read.
    pub sample: Option<Sample>,
    /// How much of each source was read.
    pub read: Vec<LogReading>,
    /// All log objects, each once.
    pub objects: ObjectCount,
    /// Log objects that were not read, or held no object records.
    pub skipped: u64,
    /// The first of those that may hold an access, by name.
    pub not_read: Vec<Skipped>,
    /// S3 data events that were read.
    pub events: u64,
    /// Events that were delivered more than once, and counted once.
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
    /// What holds where it passes.
    pub title: String,
    /// What it asks, and why.
    pub description: String,
    /// How to fix what it finds.
    pub remediation: String,
    /// How bad its failures are, where it does not say otherwise.
    pub severity: Severity,
    /// What its unknowns do to the exit code.
    pub unknown: UnknownIs,
    /// By framework, control ids.
    pub controls: BTreeMap<String, Vec<String>>,
}

/// A control of a framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// As policies name it: `cis-aws-7.0`.
    pub framework: String,
    /// Empty for a framework of one's own, as is the control's.
    pub framework_title: String,
    /// `4.8`
    pub id: String,
    /// What it asks, in our words.
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Shown to hold.
    pub pass: usize,
    /// Shown not to hold.
    pub fail: usize,
    /// Shown not to hold, with the severity `info`.
    #[serde(default)]
    pub remark: usize,
    /// Could not be told.
    pub unknown: usize,
    /// Accepted until a day.
    pub waived: usize,
    /// Nothing to judge.
    pub not_applicable: usize,
    /// Policies that broke.
    pub error: usize,
}

impl Report {
    fn without_findings(&self) -> Report {
        Report {
            schema: self.schema.clone(),
            run: self.run.clone(),
            rules: self.rules.clone(),
            controls: self.controls.clone(),
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
        let (remarks, others): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|finding| finding.is_remark());
        for finding in others {
            *counts.entry(finding.outcome).or_default() += 1;
        }
        let count = |outcome| counts.get(&outcome).copied().unwrap_or(0);
        Summary {
            pass: count(Outcome::Pass),
            fail: count(Outcome::Fail),
            remark: remarks.len(),
            unknown: count(Outcome::Unknown),
            waived: count(Outcome::Waived),
            not_applicable: count(Outcome::NotApplicable),
            error: count(Outcome::Error),
        }
    }

    /// `2 fail, 1 unknown, 5 pass, 1 remark`: those that there are, the worst first.
    pub fn words(&self) -> String {
        let counts = self.counts();
        let words: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        words.join(", ")
    }

    /// Each count with its word, the worst first.
    pub(super) fn counts(&self) -> [(usize, &'static str); 7] {
        [
            (self.fail, "fail"),
            (self.error, "error"),
            (self.unknown, "unknown"),
            (self.waived, "waived"),
            (self.pass, "pass"),
            (self.remark, if self.remark == 1 { "remark" } else { "remarks" }),
            (self.not_applicable, "not applicable"),
        ]
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
    /// One self-contained page, for people who were not there.
    Html,
    /// OCSF 1.6 Compliance Findings, one a line, for Security Hub and data lakes.
    Ocsf,
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
        Format::Html => html::render(report),
        Format::Ocsf => ocsf::render(report),
        Format::Csv => csv::render(report),
    }
}

/// What a format for people on GitHub says where nothing was judged; `None`: the others say nothing, so that none is taken for a
/// report. `place`: a file and a line from 1.
pub fn refusal(format: Format, message: &str, place: Option<(&Path, usize)>) -> Option<Vec<u8>> {
    match format {
        Format::Github => Some(github::refusal(message, place).into_bytes()),
        Format::Markdown => Some(markdown::refusal(message).into_bytes()),
        _ => None,
    }
}
