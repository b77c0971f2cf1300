//! trailcheck tells, with proof, whether every access to the S3 locations that Amazon Redshift loads from and unloads to
//! is recorded by CloudTrail, and who touched them.
//!
//! The program is one straight line; modules are its stages, and one type is handed over at each arrow:
//!
//! ```text
//! collect::run      AWS                    -> Snapshot      what AWS said, and what it would not say
//! logs::reader      log objects            -> Records       who touched what
//! world             (&Snapshot, Instant)   -> World         recorders, buckets, roles of all accounts at one time
//! facts::derive     (&Snapshot, &Config)   -> Facts         what follows exactly; pure, no I/O
//! policy::evaluate  &Input                 -> Vec<Finding>  Rego decides; pass, fail and unknown are all answers
//! report::render    &Report                -> text html json junit sarif ocsf github markdown csv
//! ```
//!
//! Follow one account: `collect` asks AWS and [`logs`] reads log files, which makes a [`snapshot`]. `world` puts its accounts
//! together, and [`facts`] asks it, for the locations that [`config`] declares, whether [`coverage`] proves that every event
//! there is recorded. Each answer has its [`reason`]s. [`policy`] runs the Rego files of `policies/` on the facts, each answer
//! is a [`finding`], and [`report`] tells them. [`commands`] has one file for each subcommand of [`cli`].
//!
//! Everything right of the snapshot is offline: a saved snapshot gives the same reports, byte for byte.
//!
//! The one invariant: no fault and no lost information ever turns a non-pass into a pass.

// `pub` is for what the program, tests, fuzz targets and benches use, so that the compiler sees what nobody uses.
#![warn(unreachable_pub)]
// Without AWS, what only the collectors use is used by nobody.
#![cfg_attr(not(feature = "aws"), allow(dead_code))]

mod atomic_file;
pub mod aws;
mod bounded_file;
mod bundle;
pub mod cli;
#[cfg(feature = "aws")]
mod collect;
#[cfg(not(feature = "aws"))]
#[path = "collect/offline.rs"]
mod collect;
pub mod commands;
pub mod config;
mod counted;
pub mod coverage;
mod exit;
pub mod facts;
pub mod finding;
mod glob;
pub mod gzip;
pub mod hash;
pub mod logs;
mod looks_like;
mod nearest;
pub mod output;
mod parallel;
mod permissions;
pub mod policy;
pub mod progress;
pub mod reason;
pub mod redshift;
pub mod report;
mod severity;
pub mod snapshot;
mod world;
