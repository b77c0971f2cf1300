//! What is said of a trail: does it log and deliver, can its selectors match, are its log files as they were delivered?

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::aws::timestamp::Timestamp;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfTrail {
    /// What is said of one trail.
    Trail { trail: String, because: Vec<Reason> },
    /// `last`: the latest delivery in any of them.
    LoggingIn { regions: Vec<String>, last: Option<Timestamp> },
    /// It does not log.
    StoppedIn { region: String, since: Option<Timestamp> },
    /// `last`: the last delivery that succeeded.
    DeliveriesFailIn { region: String, error: String, last: Option<Timestamp> },
    /// Deliveries of digests fail.
    DigestDeliveriesFailIn { region: String, error: String },
    /// Whether it logs was not told.
    LoggingUnknownIn { region: String },
    /// No region in which it records was asked.
    NoRegionScanned,
    /// Every selector can match.
    EverySelectorCanMatch,
    /// It is another account's, which was not scanned.
    SelectorsNotShown,
    /// Its log files were not read.
    LogFilesNotShown,
    /// What in its selectors can never match, each with the reason.
    DeadSelectors { dead: Vec<String> },
    /// The account has none.
    NoTrail,
    /// It records in one region.
    NotMultiRegion,
    /// Whether it records in every region was not told.
    MultiRegionUnknown,
    /// It takes every management event.
    AllManagementEvents,
    /// It takes some management events.
    ManagementEventsInPart { left_out: String },
    /// It takes no management event.
    NoManagementEvents,
    /// It takes every management event in every region that was scanned.
    ManagementEventsEverywhere,
    /// Its log files are encrypted with this key of KMS.
    EncryptedWith { key: String },
    /// Its log files are encrypted with S3's own key.
    NotEncryptedWithKms,
    /// Of its log bucket nothing was read.
    NoRecordsOfTrail,
    /// It writes digests.
    WritesDigests,
    /// It writes no digests.
    WritesNoDigests,
    /// Whether it writes digests was not told.
    DigestsUnknown,
    /// No log files of its regions were read.
    NoRecordsOfItsRegions,
    /// Not all log files were compared with their digests.
    NotAllCompared,
    /// All log files are as they were delivered.
    LogFilesAsDelivered { log_files: u64, digests: u64, pending: u64 },
    /// The first problem that the digests of a region show, and how many more there are.
    DigestProblem { region: String, problem: Option<String>, more: usize },
}

impl fmt::Display for OfTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfTrail::Trail { trail, because } => write!(f, "trail {trail}: {}", super::message(because)),
            OfTrail::LoggingIn { regions, last } => {
                write!(f, "it is logging in {}", regions.join(", "))?;
                match last {
                    Some(last) => write!(f, "; its latest delivery was at {last}"),
                    None => f.write_str("; of a delivery nothing is told"),
                }
            }
            OfTrail::StoppedIn { region, since: None } => write!(f, "it is stopped in {region}"),
            OfTrail::StoppedIn { region, since: Some(since) } => write!(f, "it is stopped in {region} since {since}"),
            OfTrail::DeliveriesFailIn { region, error, last } => {
                write!(f, "its deliveries fail in {region} with {error}; ")?;
                match last {
                    Some(time) => write!(f, "the last that succeeded was at {time}"),
                    None => f.write_str("none has succeeded"),
                }
            }
            OfTrail::DigestDeliveriesFailIn { region, error } => {
                write!(f, "the deliveries of its digests fail in {region} with {error}")
            }
            OfTrail::LoggingUnknownIn { region } => write!(f, "whether it is logging in {region} is not known"),
            OfTrail::NoRegionScanned => f.write_str("no region was scanned"),
            OfTrail::EverySelectorCanMatch => f.write_str("every selector can match"),
            OfTrail::SelectorsNotShown => {
                f.write_str("its selectors are the organization's, whose management account was not scanned")
            }
            OfTrail::LogFilesNotShown => {
                f.write_str("its log files are the organization's, whose management account was not scanned")
            }
            OfTrail::DeadSelectors { dead } => f.write_str(&dead.join("; ")),
            OfTrail::NoTrail => f.write_str("there is no trail"),
            OfTrail::NotMultiRegion => f.write_str("it records in its home region alone"),
            OfTrail::MultiRegionUnknown => f.write_str("whether it records in every region is not known"),
            OfTrail::AllManagementEvents => f.write_str("it records every management event"),
            OfTrail::ManagementEventsInPart { left_out } => {
                write!(f, "of management events it does not record {left_out}")
            }
            OfTrail::NoManagementEvents => f.write_str("it records no management events"),
            OfTrail::ManagementEventsEverywhere => {
                f.write_str("it records every management event in every region that was scanned")
            }
            OfTrail::EncryptedWith { key } => write!(f, "its log files are encrypted with {key}"),
            OfTrail::NotEncryptedWithKms => {
                f.write_str("its log files are encrypted with S3's own key, not with one of KMS")
            }
            OfTrail::NoRecordsOfTrail => f.write_str("no records of its log bucket were read"),
            OfTrail::WritesDigests => f.write_str("it writes digests"),
            OfTrail::WritesNoDigests => f.write_str("it writes no digests"),
            OfTrail::DigestsUnknown => f.write_str("whether it writes digests is not known"),
            OfTrail::NoRecordsOfItsRegions => {
                f.write_str("no location whose records were read is in one of its regions")
            }
            OfTrail::NotAllCompared => f.write_str("its log files were not all compared with its digests"),
            OfTrail::LogFilesAsDelivered { log_files, digests, pending } => write!(
                f,
                "{log_files} log files are as {digests} digests say, {pending} are too new for one; digests do not show that every event was recorded"
            ),
            OfTrail::DigestProblem { region, problem, more } => {
                write!(f, "{region}: {}", problem.as_deref().unwrap_or("no reason is given"))?;
                if *more > 0 { write!(f, " and {more} more") } else { Ok(()) }
            }
        }
    }
}
