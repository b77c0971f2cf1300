//! CloudTrail log files: from bytes to who touched what.
//!
//! In reading order: `layout` tells log objects by their keys, `structural_index` and `json` read text in one
//! pass, `record` one record, `principal` and `identity` say who acted, `event` reads a whole file, `dedup` tells duplicates,
//! `access` counts, `session` puts a COPY or UNLOAD together again, `statements` looks for
//! what Redshift says it wrote or read, `writes` for what it does not say, and `reader` does all that in as many threads as there
//! are. `paths` walks local files, `sample` chooses objects where not all are read, and `quote` gives single records as they stand.
//!
//! Whether the files are those that CloudTrail delivered: `digest` reads a digest file, `chain` judges all of a trail and
//! says which hash each log file must have, `copied` does so for a folder, and `integrity` sums up.

pub mod access;
pub mod chain;
mod changes;
mod container;
pub mod copied;
pub mod dedup;
pub mod digest;
pub mod event;
pub mod identity;
pub mod integrity;
pub mod json;
pub mod layout;
pub mod paths;
pub mod principal;
pub mod quote;
pub mod reader;
pub mod record;
pub mod sample;
pub mod session;
pub mod statements;
pub mod structural_index;
mod unpack;
pub mod watch;
mod writes;
