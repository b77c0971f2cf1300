//! One file a subcommand; each reads as a list of stages.

mod accesses;
mod assemble;
mod bundle;
mod check;
mod collect;
mod diff;
mod doctor;
mod eval;
mod evidence;
mod explain;
mod facts;
mod fix;
mod init;
mod man;
mod new_policy;
mod permissions;
mod policies;
mod report;
mod rows;
mod schema;
mod targets;
mod test;
mod trace;
mod verify;
mod waive;

use std::time::{Duration, SystemTime};

use clap::CommandFactory;

use crate::atomic_file::WriteError;
use crate::bundle::BundleError;
use crate::cli::{Cli, Command};
use crate::collect::CollectError;
use crate::config::ConfigError;
use crate::exit::Exit;
use crate::logs::paths::PathError;
use crate::output;
use crate::policy::PolicyError;
use crate::report::ReportError;
use crate::snapshot::SnapshotError;

/// Why a command could not do its work. What it would have written is not written.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Collect(#[from] CollectError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Logs(#[from] PathError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The exit of a run that broke.
pub const INTERNAL: Exit = Exit::Internal;

impl CommandError {
    pub fn exit(&self) -> Exit {
        match self {
            CommandError::Write(_) => Exit::Internal,
            CommandError::Collect(CollectError::Stopped(_)) => Exit::Stopped,
            _ => Exit::Usage,
        }
    }
}

/// Whether a clock says a time that timestamps can hold.
fn is_usable(now: SystemTime) -> bool {
    const YEAR_3000: Duration = Duration::from_secs(32_503_680_000);
    now.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since < YEAR_3000)
}

pub fn run(cli: Cli) -> Result<Exit, CommandError> {
    if cli.quiet {
        output::be_quiet();
    }
    if !is_usable(SystemTime::now()) {
        let message = "this machine's clock is before 1970 or after 2999: set it, and try again";
        return Err(CommandError::Usage(message.to_owned()));
    }
    match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Collect(args) => collect::run(&args),
        Command::Fix(args) => fix::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Accesses(args) => accesses::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Waive(args) => waive::run(&args),
        Command::Policies(args) => policies::run(&args),
        Command::Facts(args) => facts::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Permissions(args) => permissions::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "trailcheck", &mut script);
            told(output::print(&script))
        }
    }
}

/// What became of text for standard output. A reader that has gone (`| head`) is no error.
fn told(written: std::io::Result<()>) -> Result<Exit, CommandError> {
    match written {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(WriteError { path: "standard output".into(), source }.into())
        }
        _ => Ok(Exit::Ok),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The calendar ends with the year 9999, and records with their ages near it.
    #[test]
    fn a_clock_beyond_the_calendar_is_not_used() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(is_usable(at(0)) && is_usable(at(32_503_679_999)) && is_usable(SystemTime::now()));
        assert!(!is_usable(at(32_503_680_000)) && !is_usable(at(253_402_300_800)));
        assert!(!is_usable(SystemTime::UNIX_EPOCH - Duration::from_secs(1)));
    }
}
