//! `collect`: AWS -> snapshot file.

use super::CommandError;
use super::evidence::log_request;
use crate::cli::Collect;
use crate::collect;
use crate::config::Config;
use crate::exit::Exit;
use crate::output;
use crate::reason::Reason;

/// 3 where calls failed: the snapshot is written, and says what is missing.
pub(super) fn run(args: &Collect) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    let snapshot = collect::run(&config, &config.buckets(), log_request(&config))?;
    snapshot.save(&args.output)?;
    for account in &snapshot.accounts {
        output::tell(format_args!(
            "wrote {}: account {}, {} regions, {} trails, {} buckets, {} clusters",
            args.output.display(),
            account.id(),
            account.scope.regions.len(),
            account.trails.len(),
            account.buckets.len(),
            account.clusters.len(),
        ));
    }
    for failure in snapshot.failures() {
        output::tell(format_args!("not seen: {}", Reason::failed(failure)));
    }
    Ok(if snapshot.failures().next().is_none() { Exit::Ok } else { Exit::Unknown })
}
