//! What could not be seen, as it is found out.

use super::call_error::CallError;
use crate::snapshot::{FactKind, Failure};

/// The failed calls of one account.
pub(super) struct Failures {
    account: String,
    pub list: Vec<Failure>,
}

impl Failures {
    pub(super) fn of(account: &str) -> Failures {
        Failures { account: account.to_owned(), list: vec![] }
    }

    /// Another list for the same account, for calls that run beside.
    pub(super) fn beside(&self) -> Failures {
        Failures::of(&self.account)
    }

    /// `call` is the API's name of it: `cloudtrail:DescribeTrails`.
    pub(super) fn add(
        &mut self,
        call: &str,
        region: &str,
        resource: Option<&str>,
        error: CallError,
        facts: &[FactKind],
    ) {
        self.list.push(failure(&self.account, call, region, resource, error, facts));
    }
}

/// A failed call of an account.
pub(super) fn failure(
    account: &str,
    call: &str,
    region: &str,
    resource: Option<&str>,
    error: CallError,
    facts: &[FactKind],
) -> Failure {
    Failure {
        call: call.to_owned(),
        account: account.to_owned(),
        region: region.to_owned(),
        resource: resource.map(str::to_owned),
        code: error.code,
        message: error.message,
        permission: permission(call).map(str::to_owned),
        makes_unknown: facts.iter().copied().collect(),
    }
}

/// The IAM action that allows the call, where it has another name (Service Authorization Reference, "Actions, resources, and
/// condition keys for Amazon S3").
fn permission(call: &str) -> Option<&'static str> {
    match call {
        "s3:HeadBucket" | "s3:ListObjectsV2" => Some("s3:ListBucket"),
        "s3:ListBuckets" => Some("s3:ListAllMyBuckets"),
        _ => None,
    }
}
