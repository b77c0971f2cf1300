//! The collector of a build without AWS: the same doors, each of which says so.

use crate::aws::location::Location;
use crate::config::Config;
use crate::logs::event::Period;
use crate::logs::reader::Reader;
use crate::logs::sample::LogRequest;
use crate::progress::Progress;
use crate::snapshot::Snapshot;

#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// As where AWS is asked; nothing stops what never begins.
    #[error("stopped: nothing was judged, and nothing written")]
    Stopped(Option<Box<Snapshot>>),
    #[error(
        "this build does not ask AWS (it is built with --no-default-features): give it a saved snapshot with --snapshot, or build it without that flag"
    )]
    Offline,
}

pub(crate) fn run(_: &Config, _: &[String], _: Option<LogRequest>) -> Result<Snapshot, CollectError> {
    Err(CollectError::Offline)
}

pub(crate) fn read_logs(_: &Location, _: Period, _: &mut Reader, _: &Progress) -> Result<(), CollectError> {
    Err(CollectError::Offline)
}

pub(crate) type Fetched = Vec<(String, Result<Vec<u8>, String>)>;

pub(crate) fn fetch(_: &Config, _: &Snapshot, _: &[String]) -> Result<Fetched, CollectError> {
    Err(CollectError::Offline)
}

pub(crate) mod digests {
    use super::CollectError;
    use crate::aws::location::Location;
    use crate::logs::chain::Asked;
    use crate::logs::digest::PublicKeys;
    use crate::logs::integrity::Integrity;

    pub(crate) fn verify(_: &Location, _: PublicKeys, _: Asked) -> Result<Integrity, CollectError> {
        Err(CollectError::Offline)
    }
}
