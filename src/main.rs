use std::process::ExitCode;

use clap::Parser;
use trailcheck::cli::Cli;
use trailcheck::commands;
use trailcheck::output;

fn main() -> ExitCode {
    // A surprise is told, and is no verdict.
    std::panic::set_hook(Box::new(|panic| output::tell(format_args!("internal error: {panic}; please report it"))));
    match std::panic::catch_unwind(|| commands::run(Cli::parse())) {
        Err(_) => commands::INTERNAL.into(),
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => {
            output::tell(format_args!("error: {}", error.to_string().replace('\n', "\n  ")));
            error.exit().into()
        }
    }
}
