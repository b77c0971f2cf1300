//! trailcheck tells, with proof, whether every access to the S3 locations that Amazon Redshift loads from and unloads to
//! is recorded by CloudTrail, and who touched them.
//!
//! The program is one straight line; modules are its stages, and one type is handed over at each arrow:
//!
//! ```text
//! collect::run      AWS (or files)  -> Snapshot       what AWS said, and what it would not say
//! facts::derive     &Snapshot       -> Facts          what follows exactly; pure, no I/O
//! policy::evaluate  &Facts          -> Vec<Finding>   Rego decides; pass, fail and unknown are all answers
//! report::render    &Report         -> text json junit sarif markdown
//! ```
//!
//! Follow one account: [`collect`] asks AWS and [`logs`] reads log files, which makes a [`snapshot`]. [`facts`] puts the
//! declared locations of [`config`] beside it and asks [`coverage`] whether every event there is recorded. [`policy`] runs
//! the Rego files of `policies/` on the facts, each answer is a [`finding`], and [`report`] tells them. [`commands`] has one
//! file for each subcommand of [`cli`].
//!
//! Everything right of the snapshot is offline: a saved snapshot gives the same reports, byte for byte.
//!
//! The one invariant: no fault and no lost information ever turns a non-pass into a pass.

pub mod atomic_file;
pub mod aws;
pub mod cli;
pub mod collect;
pub mod commands;
pub mod config;
pub mod coverage;
pub mod exit;
pub mod facts;
pub mod finding;
pub mod glob;
pub mod gzip;
pub mod logs;
pub mod parallel;
pub mod policy;
pub mod progress;
pub mod reason;
pub mod report;
pub mod severity;
pub mod snapshot;
pub mod world;
