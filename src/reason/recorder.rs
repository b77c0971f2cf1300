//! Why a recorder records nothing at a place, or why that could not be told.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behind, Reason};
use crate::aws::timestamp::Timestamp;
use crate::snapshot::RecorderKind;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfRecorder {
    // It records nothing there.
    /// It is of another partition.
    RecorderOfOtherPartition { kind: RecorderKind, partition: String },
    /// It is another account's.
    RecorderOfOtherAccount { kind: RecorderKind, account: String },
    /// They are of accounts whose trails and stores take in nothing of this one.
    RecordersOfOtherAccounts,
    /// It records in one region only, and the bucket is in another.
    RecorderOfOtherRegion { kind: RecorderKind, home_region: String, bucket_region: String },
    /// It is an organization's, and the account is not in the organization.
    NotAMember { account: String },
    /// It does not log.
    Stopped { since: Option<Timestamp> },
    /// Its deliveries have failed for longer than CloudTrail retries them.
    DeliveriesGivenUp { error: String, since: Timestamp },
    /// A channel that brings in events of others.
    ChannelOfOtherSource { source: String },
    /// An event data store that takes no events in.
    StoreNotEnabled { status: String },

    // It could not be told.
    /// Whether it is the organization's.
    OrganizationUnknown { kind: RecorderKind },
    /// It is an organization's, and the account's own list of trails does not show it.
    NotAmongItsTrails { account: String },
    /// It is an organization's, and whether the account is a member was not told.
    MembershipUnknown { account: String },
    /// It is an organization's, of a home that accounts have to enable, and the account was not seen to have done so.
    HomeRegionNotEnabled { account: String, region: String },
    /// Whether it records in all regions was not told.
    MultiRegionUnknown { kind: RecorderKind },
    /// Its status was not read.
    StatusUnknown { region: String, because: Option<Box<Reason>> },
    /// Whether it logs was not told.
    LoggingUnknown,
    /// Its deliveries fail, and since when is not known.
    DeliveryTimeUnknown { error: String },
    /// Whether the event data store takes events in was not told.
    StoreStatusUnknown,
    /// Whose events the channel takes was not told.
    ChannelSourceUnknown,
    /// The channel's last try to take events in failed.
    IngestionFailed { error: String },
    /// Its ARN is not one.
    MalformedArn,
    /// Its selectors were not read.
    SelectorsUnread { kind: RecorderKind, because: Option<Box<Reason>> },
    /// Basic and advanced selectors at once.
    SelectorsOfBothKinds,
    /// Only one of the two lists was told, and it is empty.
    SelectorsInPart,
    /// Two accounts were told different selectors of one trail.
    SelectorsDiffer,
    /// They count, and were not asked for.
    RecordersNotCollected { kind: RecorderKind },
    /// scan.regions names some regions, and a store of another one may take in events of these.
    StoresOfOtherRegions,
    /// A member account cannot see its organization's event data stores.
    OrganizationStoreUnseen,
    /// A selector tests `userIdentity.arn`, and the records of another account's caller may lack it.
    CallerHidden,
    /// RecursiveLogging is off, and the location is in the trail's own log bucket.
    OwnDeliveriesHidden,
    /// Something in a selector is not understood.
    SelectorNotUnderstood { why: String },
    /// What is said of one recorder.
    Recorder { recorder: String, because: Box<Reason> },
    /// The selectors are more than is worked through.
    WorkBudget { comparisons: usize },
}

fn noun(kind: &RecorderKind) -> &'static str {
    match kind {
        RecorderKind::Trail => "trail",
        RecorderKind::EventDataStore => "event data store",
        RecorderKind::Channel => "channel",
    }
}

impl fmt::Display for OfRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfRecorder::RecorderOfOtherPartition { kind, partition } => {
                write!(f, "it is {} of partition {partition}", with_article(kind))
            }
            OfRecorder::RecorderOfOtherAccount { kind, account } => {
                write!(f, "it is {} of account {account}", with_article(kind))
            }
            OfRecorder::RecordersOfOtherAccounts => f.write_str("none of them is an organization's"),
            OfRecorder::RecorderOfOtherRegion { kind, home_region, bucket_region } => {
                write!(f, "it is a single-region {} of {home_region}; the bucket is in {bucket_region}", noun(kind))
            }
            OfRecorder::NotAMember { account } => write!(f, "account {account} is not in its organization"),
            OfRecorder::ChannelOfOtherSource { source } => {
                write!(f, "it brings in events of {source}, not those of AWS services")
            }
            OfRecorder::Stopped { since: None } => f.write_str("it is stopped"),
            OfRecorder::Stopped { since: Some(since) } => write!(f, "it is stopped since {since}"),
            OfRecorder::DeliveriesGivenUp { error, since } => write!(
                f,
                "its deliveries have failed ({error}) since {since}, longer than the 30 days that CloudTrail retries"
            ),
            OfRecorder::StoreNotEnabled { status } => write!(f, "its status is {status}, not ENABLED"),
            _ => self.of_what_could_not_be_told(f),
        }
    }
}

impl OfRecorder {
    fn of_what_could_not_be_told(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            OfRecorder::OrganizationUnknown { kind: RecorderKind::Trail } => {
                "whether it is an organization trail is not known"
            }
            OfRecorder::OrganizationUnknown { .. } => "whether it takes in the organization is not known",
            OfRecorder::NotAmongItsTrails { account } => {
                return write!(f, "it is not among the trails that account {account} sees");
            }
            OfRecorder::HomeRegionNotEnabled { account, region } => {
                return write!(
                    f,
                    "its home, {region}, is a region that accounts must enable, and account {account} was not asked there: for a \
                     member that has not enabled it, an organization's trail records nothing"
                );
            }
            OfRecorder::MultiRegionUnknown { kind } => {
                return write!(f, "whether it is a multi-region {} is not known", noun(kind));
            }
            OfRecorder::StatusUnknown { region, because: None } => {
                return write!(f, "its status in {region} is not known (cloudtrail:GetTrailStatus)");
            }
            OfRecorder::StatusUnknown { region, because } => {
                return write!(f, "its status in {region} is not known{}", Behind(because));
            }
            OfRecorder::LoggingUnknown => "whether it is logging is not known",
            OfRecorder::DeliveryTimeUnknown { error } => {
                return write!(f, "its deliveries fail ({error}), and since when is not known");
            }
            OfRecorder::StoreStatusUnknown => "its status is not known",
            OfRecorder::MalformedArn => "its ARN is malformed",
            OfRecorder::SelectorsUnread { because, .. } => {
                return write!(f, "its event selectors could not be read{}", Behind(because));
            }
            OfRecorder::SelectorsOfBothKinds => {
                "it shows basic and advanced selectors at once, which AWS does not allow"
            }
            OfRecorder::SelectorsInPart => "its event selectors are told in part only",
            OfRecorder::SelectorsDiffer => "two accounts were told different event selectors of it",
            OfRecorder::RecordersNotCollected { kind } => {
                let listed = match kind {
                    RecorderKind::Channel => "channel",
                    RecorderKind::EventDataStore | RecorderKind::Trail => "event_data_store",
                };
                return write!(f, "they were not collected; list {listed} in scan.recorders when collecting");
            }
            OfRecorder::MembershipUnknown { account } => {
                return write!(
                    f,
                    "whether account {account} is in its organization is not known; a scan with scan.organization tells"
                );
            }
            OfRecorder::ChannelSourceUnknown => "whose events it takes is not known",
            OfRecorder::IngestionFailed { error } => {
                return write!(f, "its last try to take events in failed: {error}");
            }
            OfRecorder::StoresOfOtherRegions => "those outside scan.regions were not looked for; collect anew",
            OfRecorder::OrganizationStoreUnseen => "a member account cannot see it: scan the management account",
            OfRecorder::OwnDeliveriesHidden => {
                "RecursiveLogging is off: what CloudTrail itself writes to this bucket is not recorded"
            }
            OfRecorder::CallerHidden => {
                "a selector tests userIdentity.arn, which a bucket owner's record of another account's request may lack"
            }
            OfRecorder::SelectorNotUnderstood { why } => why,
            OfRecorder::Recorder { recorder, because } => return write!(f, "{recorder}: {because}"),
            OfRecorder::WorkBudget { comparisons } => {
                return write!(f, "the selectors are past the work budget of {comparisons} comparisons");
            }
            // Told above.
            OfRecorder::RecorderOfOtherPartition { .. }
            | OfRecorder::RecorderOfOtherAccount { .. }
            | OfRecorder::RecordersOfOtherAccounts
            | OfRecorder::RecorderOfOtherRegion { .. }
            | OfRecorder::NotAMember { .. }
            | OfRecorder::Stopped { .. }
            | OfRecorder::DeliveriesGivenUp { .. }
            | OfRecorder::ChannelOfOtherSource { .. }
            | OfRecorder::StoreNotEnabled { .. } => return Ok(()),
        };
        f.write_str(text)
    }
}

fn with_article(kind: &RecorderKind) -> &'static str {
    match kind {
        RecorderKind::Trail => "a trail",
        RecorderKind::EventDataStore => "an event data store",
        RecorderKind::Channel => "a channel",
    }
}
