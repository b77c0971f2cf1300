//! CloudTrail log files: from bytes to who touched what.
//!
//! `layout` tells log objects by their keys, `inflate` opens them, `record` reads one record, `principal` says who acted,
//! `reader` aggregates, `session` puts a COPY or UNLOAD together again, `paths` walks local files, and `sample` chooses
//! objects where not all are read.

pub mod inflate;
pub mod layout;
pub mod paths;
pub mod principal;
pub mod reader;
pub mod record;
pub mod sample;
pub mod session;
