//! `collect`: AWS -> snapshot file.

use super::CommandError;
use super::check::log_request;
use crate::cli::Collect;
use crate::collect;
use crate::config::Config;
use crate::exit::Exit;
use crate::report::printable;

/// 3 where the snapshot has gaps: it is written, and says what is missing.
pub fn run(args: &Collect) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    let snapshot = collect::run(&config, &config.buckets(), log_request(&config))?;
    snapshot.save(&args.output)?;
    anstream::eprintln!(
        "wrote {}: account {}, {} regions, {} trails, {} buckets, {} clusters",
        args.output.display(),
        printable(&snapshot.caller.account),
        snapshot.scope.regions.len(),
        snapshot.trails.len(),
        snapshot.buckets.len(),
        snapshot.clusters.len(),
    );
    for gap in &snapshot.gaps {
        anstream::eprintln!("not seen: {}", printable(&gap.reason()));
    }
    Ok(if snapshot.gaps.is_empty() { Exit::Ok } else { Exit::Unknown })
}
