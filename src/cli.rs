//! Flags, grouped by the question they answer. The doc comments are the help text.

mod records;
mod setup;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::Format;
use crate::severity::{Severity, UnknownIs};
pub use records::{AccessFormat, Accesses, By, Trace, Verify};
pub use setup::{
    Completions, Doctor, Document, Eval, Explain, Facts, Fix, FixFormat, Init, Man, NewPolicy, Permissions,
    PermissionsFormat, Policies, PoliciesCommand, PolicyDirs, Schema, Test, Waive,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing failed and everything could be told
  1  something failed (at or above --fail-on)
  2  usage, config, credentials, or a policy or file that could not be loaded
  3  nothing failed, but something could not be told: its reason names the missing permission or file
  4  a policy broke, or a report could not be written
  130  a signal stopped the scan: nothing was judged
1 counts over 4, and 4 over 3.";

/// Is every access to the S3 locations that Amazon Redshift loads from and unloads to recorded by CloudTrail, and who
/// touched them?
#[derive(Debug, Parser)]
#[command(name = "trailcheck", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// Tell nothing on standard error but errors: no progress, no summary.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect an account (or read a snapshot), run the policies, and report.
    Check(Check),
    /// Write a snapshot of the account, for checking it later or elsewhere.
    Collect(Collect),
    /// Print the calls that close all gaps together: one for each trail that must change.
    Fix(Fix),
    /// Tell for one event which trails record it, and what keeps it out of the others.
    Trace(Trace),
    /// Tell who touched what, straight from CloudTrail log files: no config, no snapshot.
    Accesses(Accesses),
    /// Verify by CloudTrail's digests that log files are as they were delivered, and that none is missing.
    Verify(Verify),
    /// Tell a saved JSON report again, in other formats.
    Report(Report),
    /// Say what changed between two snapshots or two reports.
    Diff(Diff),
    /// Add a table to the config that accepts a finding until a day.
    Waive(Waive),
    /// List the policies, or what they say of a framework's controls.
    Policies(Policies),
    /// Print the `input` that policies read: of the account, or of a snapshot.
    Facts(Facts),
    /// Ask one question of the `input` and of policies, in Rego.
    Eval(Eval),
    /// Run the tests of a folder of policies: rules named `test_…`, each of which must be true.
    Test(Test),
    /// Say what a policy asks and how to fix what it finds, what an outcome or an exit code means, or what SQL Redshift is sent.
    Explain(Explain),
    /// Write a commented trailcheck.toml to begin with.
    Init(Init),
    /// Print the IAM policy that allows what this config makes trailcheck ask, and nothing more.
    Permissions(Permissions),
    /// Ask AWS once for everything that a check needs, and tell what each permission answered.
    Doctor(Doctor),
    /// Print the JSON Schema of a document.
    Schema(Schema),
    /// Print shell completions.
    Completions(Completions),
    /// Print a manual page.
    Man(Man),
}

#[derive(Debug, Args)]
#[command(after_help = format!("{EXIT_CODES}\n\n{}", formats()))]
pub struct Check {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub evidence: EvidenceArgs,
    #[command(flatten)]
    pub policies: PolicyArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub bundle: BundleArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is declared")]
pub struct ConfigArgs {
    /// The locations and rules to check [default: trailcheck.toml here, or in the nearest folder above].
    #[arg(short, long, value_name = "FILE", env = "TRAILCHECK_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is looked at")]
pub struct SnapshotArgs {
    /// Look at this snapshot (`-`: standard input) and make no AWS call. Without it the account is collected with the credentials of the
    /// environment.
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// Read CloudTrail log records from a file or folder (gzip, zstd or plain) instead of the trails' buckets. May be repeated.
    #[arg(long, value_name = "PATH")]
    pub logs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is looked at")]
pub struct EvidenceArgs {
    #[command(flatten)]
    pub seen: SnapshotArgs,
    /// Perform a check again from what `--evidence` wrote, with its command line: any file that is not as it was written, and any
    /// byte of the report that comes out differently, is an error.
    #[arg(long, value_name = "DIR|FILE.zip", conflicts_with_all = ["snapshot", "logs", "policies", "policy", "unknown", "fail_on", "baseline", "evidence"])]
    pub evidence_in: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What decides")]
pub struct PolicyArgs {
    /// Run the Rego policies of this folder or OPA bundle (`.tar.gz`) too. May be repeated.
    #[arg(long, value_name = "DIR|FILE.tar.gz")]
    pub policies: Vec<PathBuf>,
    /// How long the policies of such a folder may take together, for example `1m`.
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = clock_span)]
    pub policy_time: std::time::Duration,
    /// Run only this policy: `coverage/unload_recorded`. May be repeated. `trailcheck policies` lists them.
    #[arg(long, value_name = "ID")]
    pub policy: Vec<String>,
    /// What unknowns do to the exit code, where `[policies]` of the config does not say [default: fail].
    #[arg(long, value_name = "fail|warn", value_enum, hide_possible_values = true)]
    pub unknown: Option<UnknownIs>,
    /// Exit with 1 only for failures of this severity or above; all are reported.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = Severity::Low)]
    pub fail_on: Severity,
    /// An earlier JSON report: what failed or was unknown in it already does not count for the exit code, and is marked as
    /// known. A failure that has become more severe counts.
    #[arg(long, value_name = "REPORT")]
    pub baseline: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is written")]
pub struct OutputArgs {
    /// A report, to standard output or to a file: `json`, `sarif=out.sarif`. May be repeated [default: text]. The formats are
    /// listed below.
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = ReportTarget::parse)]
    pub report: Vec<ReportTarget>,
    /// In text, tell every finding and every COPY and UNLOAD one by one; without it, what holds is counted and what is not known
    /// is told once a cause.
    #[arg(short, long)]
    pub verbose: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is written")]
pub struct BundleArgs {
    /// Keep everything that the answers rest on in a new folder or ZIP file: snapshot, config, policies, reports, the log records
    /// behind findings, and a manifest of their SHA-256 that can be signed.
    #[arg(long, value_name = "DIR|FILE.zip")]
    pub evidence: Option<PathBuf>,
}

/// `FORMAT` or `FORMAT=PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTarget {
    pub format: Format,
    /// `None`: standard output.
    pub path: Option<PathBuf>,
}

impl ReportTarget {
    fn parse(text: &str) -> Result<ReportTarget, String> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let format = Format::from_str(name, false).map_err(|_| {
            let known: Vec<String> = Format::value_variants()
                .iter()
                .filter_map(|f| Some(f.to_possible_value()?.get_name().to_owned()))
                .collect();
            format!("unknown format `{name}`; expected one of {}", known.join(", "))
        })?;
        if path == Some("") {
            return Err(format!("`{text}` names no file after `=`"));
        }
        Ok(ReportTarget { format, path: path.filter(|path| *path != "-").map(PathBuf::from) })
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 everything was seen, 2 usage, config or credentials, 3 the snapshot is written, and calls failed, \
                        4 it could not be written, 130 a signal stopped the scan: what was seen by then is written"
)]
pub struct Collect {
    /// The snapshot to write; gzip if the name ends with `.gz`; `-`: standard output.
    #[arg(short, long, value_name = "FILE", required_unless_present = "dry_run")]
    pub output: Option<PathBuf>,
    /// Ask nothing: print the calls that this config makes, by the permissions that they need, and the SQL that Redshift is sent.
    #[arg(long, conflicts_with = "output")]
    pub dry_run: bool,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = format!("\
Exit codes: 0 the report is told again, whatever it says, 2 usage, or a file that is no report, 4 a report could not be written

{}", formats()))]
pub struct Report {
    /// What `check --report json` wrote.
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing changed, 1 something did, 2 usage, or a file that is neither snapshot nor report, 4 the answer could \
not be written")]
pub struct Diff {
    /// A snapshot (`collect`) or a JSON report (`check --report json`).
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// A later one of the same kind.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    Table,
    Json,
}

/// The report formats, each with what it is for.
fn formats() -> String {
    let values: Vec<_> = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let line = |value: &clap::builder::PossibleValue| {
        format!("  {:<13} {}", value.get_name(), value.get_help().map(ToString::to_string).unwrap_or_default())
    };
    let lines: Vec<String> = values.iter().map(line).collect();
    format!("Report formats:\n{}", lines.join("\n"))
}

fn span(text: &str) -> Result<time::Duration, String> {
    crate::config::duration(text).ok_or_else(|| "expected a time span, such as 90m, 24h or 7d".to_owned())
}

/// A span of the machine's own clock.
fn clock_span(text: &str) -> Result<std::time::Duration, String> {
    std::time::Duration::try_from(span(text)?).map_err(|error| error.to_string())
}
