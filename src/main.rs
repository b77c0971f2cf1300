use std::process::ExitCode;

use clap::Parser;
use trailcheck::cli::Cli;
use trailcheck::commands;
use trailcheck::output;
use trailcheck::policy::worker;

fn main() -> ExitCode {
    // A surprise is told, and is no verdict.
    std::panic::set_hook(Box::new(|panic| output::tell(format_args!("internal error: {panic}; please report it"))));
    // A child of this program, which runs the user's policies.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == worker::COMMAND) {
        return if worker::serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match std::panic::catch_unwind(|| commands::run(Cli::parse())) {
        Err(_) => commands::INTERNAL.into(),
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => {
            output::tell(format_args!("error: {}", error.to_string().replace('\n', "\n  ")));
            error.exit().into()
        }
    }
}
