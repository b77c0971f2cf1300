//! `init`: a commented config to begin with.

use super::CommandError;
use crate::atomic_file;
use crate::cli::Init;
use crate::config::TEMPLATE;
use crate::exit::Exit;
use crate::output;

pub(super) fn run(args: &Init) -> Result<Exit, CommandError> {
    if args.path.exists() && !args.force {
        return Err(CommandError::Usage(format!("{} is there already; --force writes over it", args.path.display())));
    }
    atomic_file::write_whole(&args.path, TEMPLATE.as_bytes())?;
    output::tell(format_args!(
        "wrote {}; put your locations in, then: trailcheck check --config {}",
        args.path.display(),
        args.path.display()
    ));
    Ok(Exit::Ok)
}
