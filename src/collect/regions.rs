//! Which regions the account has enabled: `account:ListRegions`.

use std::collections::BTreeSet;

use aws_sdk_account::operation::list_regions::ListRegionsOutput;
use aws_sdk_account::types::RegionOptStatus;

use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::pages::all_pages;
use super::whole::Whole;
use crate::snapshot::FactKind;

/// All enabled regions. `of_declared`: those of the declared buckets. Where they cannot be listed, these and the one we call from: what
/// trails record there can still be told, what other regions hold cannot.
pub(super) async fn collect(
    aws: &Aws,
    of_declared: impl Fn() -> BTreeSet<String>,
    failures: &mut Failures,
) -> BTreeSet<String> {
    let call = aws
        .account()
        .list_regions()
        .region_opt_status_contains(RegionOptStatus::Enabled)
        .region_opt_status_contains(RegionOptStatus::EnabledByDefault);
    let ask = async |token| {
        call.clone().set_next_token(token).customize().interceptor(Whole::Json(&["Regions"])).send().await
    };
    let pages = all_pages(ask, |page| page.next_token()).await;
    let names = |pages: Vec<ListRegionsOutput>| {
        let regions: Option<BTreeSet<String>> = pages
            .into_iter()
            .flat_map(|page| page.regions.unwrap_or_default())
            .map(|region| region.region_name)
            .collect();
        // An account without a region is none.
        let regions = regions.filter(|regions| !regions.is_empty());
        regions.ok_or_else(|| CallError::unreadable("the answer names no region, or one without a name"))
    };
    match pages.and_then(names) {
        Ok(regions) => regions,
        Err(error) => {
            let facts = [FactKind::Regions];
            failures.add("account:ListRegions", aws.home_region(), None, error, &facts);
            of_declared().into_iter().chain([aws.home_region().to_owned()]).collect()
        }
    }
}
