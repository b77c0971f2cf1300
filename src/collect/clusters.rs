//! Redshift clusters and the roles they carry: `redshift:DescribeClusters` in every region.

use std::collections::BTreeSet;

use super::ask_regions;
use super::client::Aws;
use super::failures::Failures;
use crate::snapshot::{Cluster, ClusterKind, ClusterRole, FactKind};

pub(super) async fn collect(
    aws: &Aws,
    account: &str,
    regions: &BTreeSet<String>,
    failures: &mut Failures,
) -> Vec<Cluster> {
    let ask = async |region: &&String| {
        let pages = aws.redshift(region).describe_clusters().into_paginator().items();
        pages.send().collect::<Result<Vec<_>, _>>().await
    };
    let found = ask_regions(regions, ("redshift:DescribeClusters", FactKind::Clusters), failures, ask).await;
    let of_region = |(region, clusters): &(&String, Vec<_>)| -> Vec<Cluster> {
        clusters.iter().map(|cluster| read(cluster, region, account)).collect()
    };
    found.iter().flat_map(of_region).collect()
}

fn read(cluster: &aws_sdk_redshift::types::Cluster, region: &str, account: &str) -> Cluster {
    let roles = cluster.iam_roles().iter().filter_map(|role| {
        Some(ClusterRole {
            iam_role_arn: role.iam_role_arn()?.to_owned(),
            apply_status: role.apply_status().map(str::to_owned),
        })
    });
    Cluster {
        cluster_identifier: cluster.cluster_identifier().unwrap_or_default().to_owned(),
        kind: ClusterKind::Provisioned,
        region: region.to_owned(),
        account: account.to_owned(),
        iam_roles: roles.collect(),
        default_iam_role_arn: cluster.default_iam_role_arn().filter(|arn| !arn.is_empty()).map(str::to_owned),
    }
}
