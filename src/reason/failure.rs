//! What was not seen, and why.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behind, Reason};
use crate::snapshot::{Failure, LearnSource};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum NotSeen {
    /// A call did not answer.
    CallFailed { failure: Box<Failure> },
    /// S3 knows no bucket of this name.
    NoSuchBucket { bucket: String, nearest: Option<String> },
    /// No call told where a bucket is.
    BucketRegionUnknown { bucket: String, because: Option<Box<Reason>> },
    /// A bucket belongs to none of the scanned accounts, as far as they know.
    BucketOwnerUnknown { bucket: String, because: Option<Box<Reason>> },
    /// A bucket is in a region that was not looked at.
    RegionNotScanned { bucket: String, region: String },
    /// Nor was the region looked at in a further account whose recorders count.
    AccountRegionNotScanned { account: String, region: String },
    /// The snapshot does not hold the account.
    AccountNotScanned { account: String, because: Option<Box<Reason>> },
    /// Redshift was not asked this way what it uses in the account.
    NotLearned { account: String, source: LearnSource },
    /// A signal ended the scan before its end.
    ScanStopped,
    /// A role of another partition than the scan's.
    RoleOfOtherPartition { role: String, partition: String },
}

impl fmt::Display for NotSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotSeen::CallFailed { failure } => call_failed(failure, f),
            NotSeen::NoSuchBucket { bucket, nearest } => {
                write!(f, "there is no bucket {bucket}: correct its name, or remove it")?;
                nearest.iter().try_for_each(|nearest| write!(f, "; did you mean {nearest}?"))
            }
            NotSeen::BucketRegionUnknown { because, .. } => {
                write!(f, "the bucket's region is not known{}", Behind(because))
            }
            NotSeen::BucketOwnerUnknown { because, .. } => write!(
                f,
                "the bucket is not among those of the scanned accounts: whether its owner's trails record it is not known{}",
                Behind(because)
            ),
            NotSeen::RegionNotScanned { region, .. } => {
                write!(f, "the bucket is in {region}, which was not scanned; add it to scan.regions")
            }
            NotSeen::AccountRegionNotScanned { account, region } => {
                write!(f, "account {account} was not scanned in {region}")
            }
            NotSeen::AccountNotScanned { account, because } => {
                write!(f, "account {account} was not scanned{}", Behind(because))
            }
            NotSeen::NotLearned { account, source } => write!(
                f,
                "redshift.learn names {}, and account {account} was collected without it: collect it again",
                source.as_str()
            ),
            NotSeen::ScanStopped => f.write_str("the scan was stopped before its end; collect the account again"),
            NotSeen::RoleOfOtherPartition { role, partition } => {
                write!(f, "the role {role} is of another partition than the scan ({partition})")
            }
        }
    }
}

/// What is missing and what to do about it, in one clause.
fn call_failed(failure: &Failure, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", failure.call)?;
    if let Some(resource) = &failure.resource {
        write!(f, " of {resource}")?;
    }
    write!(f, " in {}: {} ({})", failure.region, failure.code, failure.message)?;
    if failure.is_denied() {
        write!(f, "; grant {} to the scanning role", failure.permission())?;
    }
    Ok(())
}
