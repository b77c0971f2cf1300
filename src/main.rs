use std::process::ExitCode;

use clap::Parser;
use trailcheck::cli::Cli;
use trailcheck::commands;
use trailcheck::output;

fn main() -> ExitCode {
    match commands::run(Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::tell(format_args!("error: {}", error.to_string().replace('\n', "\n  ")));
            error.exit().into()
        }
    }
}
