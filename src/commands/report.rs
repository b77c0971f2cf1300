//! `report`: a saved report, told again.

use super::CommandError;
use super::targets::{refuse_clashes, write};
use crate::cli::Report as Args;
use crate::exit::Exit;
use crate::report::Report;

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    refuse_clashes(&args.output.report, std::iter::once(&args.path))?;
    write(&Report::load(&args.path)?, &args.output)?;
    Ok(Exit::Ok)
}
