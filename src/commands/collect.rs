//! `collect`: AWS -> snapshot file.

use std::fmt::Write;

use super::evidence::log_request;
use super::explain;
use super::targets::refuse_inputs;
use super::{CommandError, told};
use crate::cli::Collect;
use crate::collect::{self, CollectError};
use crate::config::Config;
use crate::counted::counted;
use crate::exit::Exit;
use crate::output;
use crate::permissions;
use crate::reason::Reason;
use crate::snapshot::{LearnSource, LogReading, Records, Snapshot};

/// 3 where something could not be seen: the snapshot is written, and says what is missing.
pub(super) fn run(args: &Collect) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    let Some(output) = &args.output else { return told(output::print_text(&asked(&config))) };
    refuse_inputs(output, std::iter::once(&config.path), "a snapshot")?;
    // What is there may be anything; a snapshot is replaced by one.
    if output.is_file() && !Snapshot::is_one(output) {
        let path = output.display();
        let message = format!("{path} is there and is no snapshot: give another name, or remove it");
        return Err(CommandError::Usage(message));
    }
    let snapshot = match collect::run(&config, &config.buckets(), log_request(&config)) {
        Err(CollectError::Stopped(Some(snapshot))) => *snapshot,
        collected => collected?,
    };
    if output.as_os_str() == "-" {
        told(output::print(&snapshot.to_json()))?;
    } else {
        snapshot.save(output)?;
    }
    for account in &snapshot.accounts {
        output::remark(format_args!(
            "wrote {}: account {}, {}, {}, {}, {}",
            output.display(),
            account.id(),
            counted(account.scope.regions.len() as u64, "region"),
            counted(account.trails.len() as u64, "trail"),
            counted(account.buckets.len() as u64, "bucket"),
            counted(account.clusters.len() as u64, "cluster"),
        ));
    }
    for failure in snapshot.failures() {
        output::tell(format_args!("not seen: {}", Reason::failed(failure)));
    }
    let records = snapshot.records.as_ref();
    let unread = records.map_or(0, |records| records.skipped.iter().filter(|skipped| skipped.matters).count());
    let malformed = records.map_or(0, |records| records.malformed);
    if unread > 0 || malformed > 0 {
        let (unread, malformed) = (counted(unread as u64, "log object"), counted(malformed, "record"));
        output::tell(format_args!("not read: {unread}; not understood: {malformed}; the snapshot names them"));
    }
    if snapshot.was_stopped {
        output::tell("stopped: what was not asked for by then is not in the snapshot, and nothing passes on it");
        return Ok(Exit::Stopped);
    }
    let is_whole = |records: &Records| records.read.iter().all(LogReading::is_complete);
    let is_complete = snapshot.failures().next().is_none() && unread == 0 && malformed == 0;
    Ok(if is_complete && records.is_none_or(is_whole) { Exit::Ok } else { Exit::Unknown })
}

/// What a collection asks.
fn asked(config: &Config) -> String {
    let mut text = String::new();
    for permission in permissions::needed(config, None) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<40} {}", permission.action, permission.why);
    }
    if config.learn.contains(&LearnSource::SystemTables) {
        let _ = write!(text, "\n{}", explain::system_tables());
    }
    text
}
