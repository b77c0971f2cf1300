//! Which regions the account has enabled: `account:ListRegions`.

use std::collections::BTreeSet;

use aws_sdk_account::types::RegionOptStatus;

use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use crate::snapshot::{Bucket, FactKind};

/// All enabled regions. Where they cannot be listed, those that the declared buckets are in and the one we call from: what
/// trails record there can still be told, what other regions hold cannot.
pub(super) async fn collect(
    aws: &Aws,
    buckets: &[Bucket],
    declared: &[String],
    failures: &mut Failures,
) -> BTreeSet<String> {
    let pages = aws
        .account()
        .list_regions()
        .region_opt_status_contains(RegionOptStatus::Enabled)
        .region_opt_status_contains(RegionOptStatus::EnabledByDefault)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    match pages {
        Ok(regions) => regions.into_iter().filter_map(|region| region.region_name).collect(),
        Err(error) => {
            let facts = [FactKind::Regions];
            failures.add("account:ListRegions", aws.home_region(), None, CallError::of(&error), &facts);
            let of_declared = buckets.iter().filter(|bucket| declared.contains(&bucket.name));
            let regions = of_declared.filter_map(|bucket| bucket.region.clone());
            regions.chain([aws.home_region().to_owned()]).collect()
        }
    }
}
