//! CloudTrail log files: from bytes to who touched what.
//!
//! `layout` tells log objects by their keys, `inflate` opens them, `record` reads one record, `principal` says who acted,
//! `reader` aggregates, `session` puts a COPY or UNLOAD together again, `paths` walks local files, and `sample` chooses
//! objects where not all are read.
//!
//! Whether the files are those that CloudTrail delivered: `digest` reads a digest file, `chain` judges all of a trail and
//! says which hash each log file must have, `copied` does so for a folder, and `integrity` sums up.

pub mod chain;
pub mod copied;
pub mod digest;
pub mod inflate;
pub mod integrity;
pub mod layout;
pub mod paths;
pub mod principal;
pub mod reader;
pub mod record;
pub mod sample;
pub mod session;
