//! `man`: manual pages, from the flags themselves.

use clap::CommandFactory;
use clap_mangen::Man;

use super::{CommandError, told};
use crate::cli::{Cli, Man as Args};
use crate::exit::Exit;
use crate::output;

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let mut program = Cli::command();
    program.build();
    let command = match &args.command {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| {
            CommandError::Usage(format!("there is no command `{name}`; `trailcheck --help` lists them"))
        })?,
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page).expect("writing to memory does not fail");
    told(output::print(&page))
}
