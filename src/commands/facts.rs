//! `facts`: the `input` that policies read.

use super::{CommandError, evidence, told};
use crate::cli::Facts as Args;
use crate::config::Config;
use crate::exit::Exit;
use crate::facts;
use crate::output::{self, harmless};

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    let snapshot = evidence::snapshot(&args.evidence, &config)?;
    told(output::print(&harmless::json(&facts::derive(&snapshot, &config))))
}
