//! Flags, grouped by the question they answer. The doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::aws::timestamp::Timestamp;
use crate::report::Format;
use crate::severity::{Severity, UnknownIs};

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing failed and everything could be told
  1  something failed (at or above --fail-on)
  2  usage, config, credentials, or a policy or file that could not be loaded
  3  nothing failed, but something could not be told: its reason names the missing permission or file
  4  a policy broke, or a report could not be written";

/// Is every access to the S3 locations that Amazon Redshift loads from and unloads to recorded by CloudTrail, and who
/// touched them?
#[derive(Debug, Parser)]
#[command(name = "trailcheck", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
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
    /// Say what a policy asks, why, and how to fix what it finds. Without a name: list the policies.
    Explain(Explain),
    /// Write a commented trailcheck.toml to begin with.
    Init(Init),
    /// Print the JSON Schema of a document.
    Schema(Schema),
    /// Print shell completions.
    Completions(Completions),
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Check {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub evidence: EvidenceArgs,
    #[command(flatten)]
    pub policies: PolicyArgs,
    #[command(flatten)]
    pub output: OutputArgs,
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
pub struct EvidenceArgs {
    /// Check this snapshot and make no AWS call. Without it the account is collected with the credentials of the
    /// environment.
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// Read CloudTrail log records from a file or folder (gzip or plain) instead of the trails' buckets. May be repeated.
    #[arg(long, value_name = "PATH")]
    pub logs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What decides")]
pub struct PolicyArgs {
    /// Run the Rego policies of this folder too. May be repeated.
    #[arg(long, value_name = "DIR")]
    pub policies: Vec<PathBuf>,
    /// Run only this policy: `coverage/unload_recorded`. May be repeated. `trailcheck explain` lists them.
    #[arg(long, value_name = "ID")]
    pub policy: Vec<String>,
    /// What unknowns do to the exit code, where `[policies]` of the config does not say [default: fail].
    #[arg(long, value_name = "fail|warn", value_enum, hide_possible_values = true)]
    pub unknown: Option<UnknownIs>,
    /// Exit with 1 only for failures of this severity or above; all are reported.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = Severity::Low)]
    pub fail_on: Severity,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is written")]
pub struct OutputArgs {
    /// A report, to standard output or to a file: `json`, `sarif=out.sarif`. May be repeated [default: text].
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = ReportTarget::parse)]
    pub report: Vec<ReportTarget>,
    /// In text, tell every finding and every COPY and UNLOAD one by one; without it, what holds is counted and what is not known
    /// is told once a cause.
    #[arg(short, long)]
    pub verbose: bool,
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
        Ok(ReportTarget { format, path: path.map(PathBuf::from) })
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 everything was seen, 2 usage, config or credentials, 3 the snapshot is written, and calls failed, \
                        4 it could not be written"
)]
pub struct Collect {
    /// The snapshot to write; gzip if the name ends with `.gz`.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the report is told again, whatever it says, 2 usage, or a file that is no report, \
                        4 a report could not be written"
)]
pub struct Report {
    /// What `check --report json` wrote.
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
`put-event-selectors` replaces the selectors of a trail, so its input holds those that are there today too. Nothing is changed: \
read the calls, then run them.

Exit codes: 0 the calls close every gap, or there is none, 2 usage, config or credentials, 3 something is left open, or not \
known, 4 the calls could not be written")]
pub struct Fix {
    /// Plan on this snapshot and make no AWS call.
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// The oldest snapshot that is planned on: `90m`, `24h`, `7d`.
    #[arg(long, value_name = "SPAN", value_parser = span, default_value = "24h")]
    pub max_age: time::Duration,
    /// How the calls are printed.
    #[arg(long, value_enum, default_value_t = FixFormat::Cli)]
    pub format: FixFormat,
    #[command(flatten)]
    pub config: ConfigArgs,
}

fn span(text: &str) -> Result<time::Duration, String> {
    crate::config::duration(text).ok_or_else(|| "expected a time span, such as 90m, 24h or 7d".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FixFormat {
    /// Lines of the AWS CLI.
    Cli,
    /// The plan, for programs.
    Json,
    /// What the trails' `aws_cloudtrail` resources must hold.
    Terraform,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 something records the event, 1 nothing does, 2 usage, 3 it could not be told")]
pub struct Trace {
    /// The object, `s3://bucket/key`; for a listing the bucket and the prefix that is listed.
    pub object: String,
    /// The event's name, as CloudTrail records it: `UploadPart`.
    #[arg(long, value_name = "NAME")]
    pub event: String,
    /// The role that acts; left out: a principal without an ARN.
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// The name of the role's session.
    #[arg(long, value_name = "NAME", default_value = "RedshiftIamRoleSession")]
    pub session: String,
    /// The bucket's region, where the snapshot does not have it.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Ask this snapshot and make no AWS call.
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
    #[command(flatten)]
    pub config: ConfigArgs,
}

const VERIFY_PROVES: &str = "\
What is shown: that the log files which valid digests list are there as CloudTrail delivered them, that the digests are \
signed by CloudTrail, and that none is missing between them. What is not: that every event was recorded, or anything of a \
log file that no digest lists; such files are named, and the result is unknown.

A copy (`aws s3 sync s3://bucket/ PATH`) does not have the digests' signatures, which are metadata of the objects. Each \
digest states that of the one before it. For the newest, write what `aws s3api head-object --bucket B --key K --query \
Metadata.signature --output text` prints to the file NAME.json.gz.signature beside it; without it, that digest is unknown.

Exit codes: 0 everything is valid, 1 something is not, 2 usage or credentials, 3 nothing is invalid, but something is \
unknown or nothing was found, 4 the result could not be written";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_PROVES)]
pub struct Verify {
    /// `s3://bucket/prefix`: everything below it that digests or log files are. Or a folder that was copied from there.
    #[arg(value_name = "PATH|s3://…")]
    pub target: PathBuf,
    /// Public keys, as `aws cloudtrail list-public-keys` prints them. May be repeated; needed for a folder. Without it
    /// CloudTrail is asked, in each digest's own region.
    #[arg(long, value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Only digests of the time after this: 2026-11-22T07:00:00Z [default: the oldest digest].
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// Only digests of the time before this [default: now; for a folder, its newest digest].
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub to: Option<Timestamp>,
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// A day stands for its beginning.
fn instant(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Timestamp::parse(&whole)
        .ok_or_else(|| "expected an RFC 3339 instant, such as 2026-11-22T07:00:00Z, or a day".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    Table,
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Duplicate deliveries are dropped. Digests, Insights, network activity and aggregated files are passed over. What an
access is by is the acting role, user, service or account; a request that was denied has its error code.

Exit codes: 0 all was read, 2 usage or credentials, 3 something was not read or not understood: the answer may lack it,
4 the answer could not be written")]
pub struct Accesses {
    /// A log file, a folder of them (gzip or plain), or s3://bucket/prefix.
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub path: String,
    /// Only this bucket; `*` is any run of characters. May be repeated.
    #[arg(long, value_name = "NAME", help_heading = "What is counted")]
    pub bucket: Vec<String>,
    /// Only this principal; `*` is any run of characters. May be repeated.
    #[arg(long, value_name = "ARN", help_heading = "What is counted")]
    pub principal: Vec<String>,
    /// Only events of this time and later: `2026-11-22T07:00:00Z`, or `2026-11-22`.
    #[arg(long, value_name = "TIME", value_parser = instant, help_heading = "What is counted")]
    pub from: Option<Timestamp>,
    /// Only events before this time.
    #[arg(long, value_name = "TIME", value_parser = instant, help_heading = "What is counted")]
    pub to: Option<Timestamp>,
    /// Tell the locations of this config apart.
    #[arg(long, value_name = "FILE", help_heading = "What is counted")]
    pub config: Option<PathBuf>,
    /// Count by one thing only.
    #[arg(long, value_enum, help_heading = "What is written")]
    pub by: Option<By>,
    #[arg(long, value_enum, default_value_t = AccessFormat::Table, help_heading = "What is written")]
    pub format: AccessFormat,
    /// How many threads read [default: one for each core].
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
}

fn threads(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| (1..=256).contains(count)).ok_or_else(|| format!("`{text}` is not 1 to 256"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    Principal,
    Bucket,
    Event,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AccessFormat {
    Table,
    Json,
    /// One JSON document a line.
    Ndjson,
    Csv,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// The policy, as reports name it: `coverage/unload_recorded`.
    pub policy: Option<String>,
    #[command(flatten)]
    pub policies: PolicyDirs,
}

#[derive(Debug, Args)]
pub struct PolicyDirs {
    /// Look in the Rego policies of this folder too. May be repeated.
    #[arg(long, value_name = "DIR")]
    pub policies: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Init {
    /// Where to write it.
    #[arg(value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub path: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct Schema {
    /// Which document.
    pub document: Document,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Document {
    /// What policies read as `input`.
    Input,
    /// What `collect` writes.
    Snapshot,
    /// What `check --report json` writes.
    Report,
}

#[derive(Debug, Args)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}
