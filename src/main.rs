use std::process::ExitCode;

use clap::Parser;
use trailcheck::cli::Cli;
use trailcheck::commands;
use trailcheck::report::printable_line;

fn main() -> ExitCode {
    match commands::run(Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => {
            // Line by line: a message may hold text from AWS or a file, and its breaks are ours.
            for (number, line) in error.to_string().lines().enumerate() {
                let start = if number == 0 { "error: " } else { "  " };
                anstream::eprintln!("{start}{}", printable_line(line));
            }
            error.exit().into()
        }
    }
}
