//! Buckets from which COPY jobs load by themselves: `redshift:DescribeIntegrations` in every region.
//!
//! An integration names the bucket. From which prefix of it the jobs load, only their texts tell (Redshift Database Developer Guide, "Creating
//! an S3 event integration to automatically copy files from Amazon S3 buckets").

use std::collections::BTreeSet;

use aws_sdk_redshift::types::Integration;

use super::ask_regions;
use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::pages::all_pages;
use super::whole::Whole;
use crate::aws::arn::Arn;
use crate::aws::location::LocationKind;
use crate::aws::timestamp::Timestamp;
use crate::snapshot::{Cluster, FactKind, LearnedLocation, Origin};

const CALL: &str = "redshift:DescribeIntegrations";

pub(super) async fn collect(
    aws: &Aws,
    regions: &BTreeSet<String>,
    clusters: &[Cluster],
    failures: &mut Failures,
) -> Vec<LearnedLocation> {
    let ask = async |region: &&String| {
        let call = aws.redshift(region).describe_integrations();
        let whole = Whole::Xml { root: "DescribeIntegrationsResponse", element: "Integrations" };
        let ask = async |marker| call.clone().set_marker(marker).customize().interceptor(whole).send().await;
        all_pages(ask, |page| page.marker()).await
    };
    let at = Timestamp::now();
    let mut locations = vec![];
    for (region, pages) in ask_regions(regions, (CALL, FactKind::Statements), failures, ask).await {
        for integration in pages.iter().flat_map(|page| page.integrations()) {
            let origin = Origin::Api { call: CALL.to_owned(), region: region.clone(), at };
            match read(integration, clusters, origin) {
                Ok(location) => locations.extend(location),
                Err(failure) => failures.add(CALL, region, None, failure, &[FactKind::Statements]),
            }
        }
    }
    locations
}

/// `None`: it brings in something else than files of S3. One that does not work now may load again.
fn read(integration: &Integration, clusters: &[Cluster], origin: Origin) -> Result<Option<LearnedLocation>, CallError> {
    let source = integration.source_arn().and_then(Arn::parse);
    let Some(source) = source else { return Err(CallError::unreadable("an integration came without its source")) };
    if source.service != "s3" {
        return Ok(None);
    }
    let target = integration.target_arn();
    let of_target = |cluster: &&Cluster| cluster.namespace_arn.is_some() && cluster.namespace_arn.as_deref() == target;
    Ok(Some(LearnedLocation {
        kind: LocationKind::Copy,
        location: format!("s3://{}/", source.resource),
        role: None,
        without_role: None,
        cluster: clusters.iter().find(of_target).map(|cluster| cluster.cluster_identifier.clone()),
        origin,
        is_within: true,
        is_manifest: false,
    }))
}
