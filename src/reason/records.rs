//! What keeps "nothing else happened" from being shown by log records.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::aws::timestamp::Timestamp;
use crate::counted::counted;
use crate::snapshot::Unclear;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfRecords {
    /// No log records were read.
    NoRecords,
    /// The records were read for other locations.
    DeclaredLater,
    /// Not every access is known to be recorded.
    NotAllRecorded { because: Vec<Reason> },
    /// A listing of more than the location shows its keys, and is not known to be recorded.
    ListingsNotRecorded { because: Vec<Reason> },
    /// A copy into a bucket of these regions is recorded there.
    CopiesNotRead { recorder: String, regions: Vec<String> },
    /// Copies into buckets of regions that were not looked at are recorded there.
    OtherRegionsNotLookedAt { recorder: String },
    /// It delivered nothing in the window; `last`: its last delivery before.
    NothingDelivered { recorder: String, last: Option<Timestamp> },
    /// No time was asked for.
    NoWindow,
    /// The window ends less than an hour before the collection.
    WindowTooLate,
    /// `asked_seconds`: what records.window asks for.
    WindowShort { start: Timestamp, asked_seconds: i64 },
    /// Records from a path, which cannot show that nothing is missing.
    PathOnly { path: String, why: String },
    /// Log objects that could not be read.
    Unreadable { objects: u64, first: Option<String> },
    /// There was no log file to read.
    NothingRead,
    /// Records that could not be understood.
    Malformed {
        records: u64,
        /// The first of them.
        first: Vec<Unclear>,
    },
    /// The recorder's log bucket was not listed for the region.
    NotListed { recorder: String, region: String },
    /// The log files that would show a change of the organization's trail were not all read.
    ChangesNotSeen { recorder: String, account: String, region: String },
    /// Nor is it known who may change it for the organization.
    AdministratorsUnknown { recorder: String },
    /// Its log objects were not all read. `unseen_share`: the largest share of them that may hold what none of those read
    /// shows, at 95 %. `account`: whose they are, where several see the trail.
    NotAllRead { recorder: String, account: Option<String>, region: String, why: String, unseen_share: Option<f64> },
    /// Whether the trail writes digests is not known.
    ValidationUnknown { recorder: String },
    /// Its digests do not bear out what was read.
    NotIntact { recorder: String, region: String, problem: Option<String> },
    /// The log files were not compared with their digests.
    NotCompared { recorder: String, region: String },
    /// Whether log files were delivered to the end of the window is not known.
    DeliveryUnknown { recorder: String },
    /// It began to log within the window.
    LoggingSince { recorder: String, since: Option<Timestamp>, window_start: Timestamp },
    /// Deliveries of log files fail.
    DeliveriesFailing { recorder: String, error: String },
    /// It has delivered, and its log bucket shows nothing.
    NoLogObjects { recorder: String },
    /// A recorder was changed within the window.
    ChangedInWindow { recorder: String, event_name: String, at: Timestamp },
}

impl fmt::Display for OfRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfRecords::NoRecords => {
                f.write_str("no log records were read: give --logs PATH, or a [records] table when collecting")
            }
            OfRecords::DeclaredLater => f.write_str(
                "the log records were read before this location was declared: collect again, or give --logs PATH",
            ),
            OfRecords::NotAllRecorded { because } => {
                write!(f, "not every access is known to be recorded: {}", super::message(because))
            }
            OfRecords::ListingsNotRecorded { because } => {
                write!(f, "a listing of more than the location shows its keys too: {}", super::message(because))
            }
            OfRecords::CopiesNotRead { recorder, regions } => write!(
                f,
                "a copy into a bucket of {} is recorded there, and the records of {recorder} there were not all read",
                regions.join(", ")
            ),
            OfRecords::OtherRegionsNotLookedAt { recorder } => write!(
                f,
                "scan.regions leaves regions out, and a copy into a bucket there is recorded there: whether {recorder} delivered \
                 anything for them is not known"
            ),
            OfRecords::NothingDelivered { recorder, last: None } => {
                write!(f, "{recorder} has delivered nothing yet, as far as its status tells")
            }
            OfRecords::NothingDelivered { recorder, last: Some(last) } => {
                write!(f, "{recorder} has delivered nothing since {last}, before the window began")
            }
            OfRecords::NoWindow => f.write_str("the records were read without a time window: set records.window"),
            OfRecords::WindowTooLate => {
                f.write_str("the window does not end an hour before the collection: late deliveries may be missing")
            }
            OfRecords::WindowShort { start, asked_seconds } => write!(
                f,
                "the records were read from {start}, and records.window asks for {}",
                time::Duration::seconds(*asked_seconds)
            ),
            OfRecords::PathOnly { path, why } => write!(f, "{path}: {why}"),
            OfRecords::Unreadable { objects, first } => {
                write!(f, "{} could not be read", counted(*objects, "log object"))?;
                first.iter().try_for_each(|first| write!(f, ", for example {first}"))
            }
            OfRecords::NothingRead => f.write_str("no log file was there to read"),
            OfRecords::Malformed { records, first } => {
                write!(f, "{records} records could not be understood, and each may be an access")?;
                first.first().map_or(Ok(()), |first| write!(f, "; the first is {first}"))
            }
            OfRecords::NotListed { recorder, region } => {
                write!(
                    f,
                    "the log bucket of {recorder} was not listed for {region}, so its records may be more than were read"
                )
            }
            OfRecords::ChangesNotSeen { recorder, account, region } => write!(
                f,
                "whether {recorder} was changed within the window is not known: the log files of account {account}, which may change it, were not all read in {region}"
            ),
            OfRecords::AdministratorsUnknown { recorder } => write!(
                f,
                "who may change {recorder} for the organization is not known; grant organizations:ListDelegatedAdministrators to whoever starts the scan"
            ),
            OfRecords::NotAllRead { recorder, account, region, why, unseen_share } => {
                let account = account.as_ref().map_or(String::new(), |account| format!(" for account {account}"));
                write!(f, "the records of {recorder}{account} in {region} are not complete: {why}")?;
                match unseen_share {
                    Some(share) => write!(
                        f,
                        " (they show what happened, not that nothing else did: up to {:.1} % of the objects may hold what none of these shows, at 95 %)",
                        share * 100.0
                    ),
                    None => Ok(()),
                }
            }
            _ => self.of_the_recorder(f),
        }
    }
}

impl OfRecords {
    fn of_the_recorder(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfRecords::ValidationUnknown { recorder } => {
                write!(f, "whether {recorder} writes digests is not known")
            }
            OfRecords::NotIntact { recorder, region, problem } => write!(
                f,
                "the log files of {recorder} in {region} are not shown to be as they were delivered: {}",
                problem.as_deref().unwrap_or("no reason is given")
            ),
            OfRecords::NotCompared { recorder, region } => {
                write!(f, "the log files of {recorder} in {region} were not compared with its digests")
            }
            OfRecords::DeliveryUnknown { recorder } => write!(f, "how {recorder} delivers is not known"),
            OfRecords::LoggingSince { recorder, since: Some(since), window_start } => {
                write!(f, "{recorder} has logged since {since}, the window began at {window_start}")
            }
            OfRecords::LoggingSince { recorder, since: None, window_start } => {
                write!(f, "since when {recorder} has logged is not known; the window began at {window_start}")
            }
            OfRecords::DeliveriesFailing { recorder, error } => {
                write!(
                    f,
                    "deliveries of {recorder} fail with {error}: records may still be on their way, for at most 30 days"
                )
            }
            OfRecords::NoLogObjects { recorder } => {
                write!(f, "{recorder} has delivered since the window began, and its log bucket shows no log objects")
            }
            OfRecords::ChangedInWindow { recorder, event_name, at } => {
                write!(f, "{recorder} was changed at {at} ({event_name}), within the window")
            }
            // The others are told above.
            _ => Ok(()),
        }
    }
}
