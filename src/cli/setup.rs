//! Flags of the commands around a check: what to put right, what is asked and why, and what is needed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConfigArgs, TableFormat};
use crate::config::Waivable;

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
    #[arg(long, value_name = "SPAN", value_parser = super::span, default_value = "24h")]
    pub max_age: time::Duration,
    /// How the calls are printed.
    #[arg(long, value_enum, default_value_t = FixFormat::Cli)]
    pub format: FixFormat,
    #[command(flatten)]
    pub config: ConfigArgs,
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
#[command(after_help = "\
The table is added to the end of the config, which is read again with it before it is written.

Exit codes: 0 the table is there, 2 usage or config, 4 it could not be written")]
pub struct Waive {
    /// The policy, as reports name it: `coverage/unload_recorded`.
    pub policy: String,
    /// The subject, as reports name it; `*` is any run of characters.
    pub subject: String,
    /// The last day on which it is accepted: `2027-01-31`.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub until: time::Date,
    /// Who answers for it.
    #[arg(long, value_name = "NAME")]
    pub owner: String,
    /// Why it is accepted.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// What is accepted: that it fails, or that it cannot be told.
    #[arg(long, value_enum, default_value_t = Waivable::Fail)]
    pub outcome: Waivable,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub policies: PolicyDirs,
}

fn day(text: &str) -> Result<time::Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, format).map_err(|_| "expected a day, such as 2027-01-31".to_owned())
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Policies {
    #[command(subcommand)]
    pub command: Option<PoliciesCommand>,
    /// A line for each control of this framework that policies speak to, with the policies.
    #[arg(long, value_name = "FRAMEWORK")]
    pub controls: Option<String>,
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub policies: PolicyDirs,
}

#[derive(Debug, Subcommand)]
pub enum PoliciesCommand {
    /// Write a policy and its test to begin with, which run as they are.
    New(NewPolicy),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 both files are written, 2 usage, or a file is there, 4 a file could not be written"
)]
pub struct NewPolicy {
    /// Its id: names with slashes between them, as `acme/own_buckets`.
    #[arg(value_name = "NAME", value_parser = policy_name)]
    pub name: String,
    /// The folder for `--policies`; folders of the name are made in it.
    #[arg(long, value_name = "DIR", default_value = "policies")]
    pub dir: PathBuf,
}

/// What can stand in a package of Rego, and in a path.
fn policy_name(text: &str) -> Result<String, String> {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let is_good = text.split('/').count() >= 2 && text.split('/').all(is_word) && !text.starts_with("trailcheck/");
    match is_good {
        true => Ok(text.to_owned()),
        false => {
            Err("expected at least two words of a-z, 0-9 and _ with a slash between them, such as acme/own_buckets; \
                      trailcheck/… is taken"
                .to_owned())
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 the query has an answer, whatever it is, 1 it is undefined, 2 usage, or a query or policy that cannot be loaded")]
pub struct Eval {
    /// In Rego: `input.trails[_].name`, `data.acme.own_buckets.fail`, `some t in input.trails; t.logging.status == \"stopped\"`.
    #[arg(value_name = "QUERY")]
    pub query: String,
    /// How long it may take, for example `1m`.
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = super::clock_span)]
    pub policy_time: std::time::Duration,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub evidence: super::SnapshotArgs,
    #[command(flatten)]
    pub policies: PolicyDirs,
}

#[derive(Debug, Args)]
pub struct Facts {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub evidence: super::SnapshotArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 every test holds, 1 one does not, 2 usage, a policy that cannot be loaded, or no test")]
pub struct Test {
    /// The folder or OPA bundle, with its `_test.rego` files.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// How long all tests together may take, for example `1m`.
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = super::clock_span)]
    pub policy_time: std::time::Duration,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// A policy, as reports name it (`coverage/unload_recorded`), an outcome (`unknown`), an exit code (`3`), or `system_tables`: the SQL
    /// that Redshift is sent.
    #[arg(value_name = "POLICY|OUTCOME|CODE|SOURCE")]
    pub name: String,
    #[command(flatten)]
    pub policies: PolicyDirs,
}

#[derive(Debug, Args)]
pub struct PolicyDirs {
    /// Look in the Rego policies of this folder or OPA bundle (`.tar.gz`) too. May be repeated.
    #[arg(long, value_name = "DIR|FILE.tar.gz")]
    pub policies: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 the file is written, 2 usage or credentials, 3 it is written, and something was not seen (--discover), 4 it could not be written")]
pub struct Init {
    /// Where to write it.
    #[arg(value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub path: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    pub force: bool,
    /// Ask the account, with the credentials of the environment, for clusters, roles and trails, and fill the file with the
    /// places at which the last day's log records show COPYs and UNLOADs.
    #[arg(long)]
    pub discover: bool,
}

#[derive(Debug, Args)]
pub struct Permissions {
    /// Name the buckets that this snapshot shows log files to be delivered to, instead of any bucket's.
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// As what it is printed.
    #[arg(long, value_enum, default_value_t = PermissionsFormat::Policy)]
    pub format: PermissionsFormat,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PermissionsFormat {
    /// The IAM policy.
    Policy,
    /// A Terraform file: an audit role with the policy, which another account assumes with an external id.
    Terraform,
    /// The same as a CloudFormation template, for a stack or a StackSet.
    Cloudformation,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 everything that could be asked was answered, 2 usage, config or credentials, 3 something was not, 4 the answer could not be written")]
pub struct Doctor {
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Args)]
pub struct Schema {
    /// Which document.
    pub document: Document,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Document {
    /// trailcheck.toml, for editors.
    Config,
    /// What policies read as `input`.
    Input,
    /// What `collect` writes.
    Snapshot,
    /// What `check --report json` writes.
    Report,
    /// What `accesses --format json` prints.
    Accesses,
    /// What `trace --format json` prints.
    Trace,
    /// What `verify --format json` prints.
    Verify,
}

#[derive(Debug, Args)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct Man {
    /// Of this command [default: of trailcheck itself].
    pub command: Option<String>,
}
