//! Redshift clusters and the roles they carry: `redshift:DescribeClusters` in every region.

use std::collections::BTreeSet;

use super::ask_regions;
use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::pages::all_pages;
use super::whole::Whole;
use crate::snapshot::{Cluster, ClusterKind, ClusterRole, FactKind};

const CALL: &str = "redshift:DescribeClusters";

pub(super) async fn collect(
    aws: &Aws,
    account: &str,
    regions: &BTreeSet<String>,
    failures: &mut Failures,
) -> Vec<Cluster> {
    let ask = async |region: &&String| {
        let call = aws.redshift(region).describe_clusters();
        let whole = Whole::Xml { root: "DescribeClustersResponse", element: "Clusters" };
        let ask = async |marker| call.clone().set_marker(marker).customize().interceptor(whole).send().await;
        all_pages(ask, |page| page.marker()).await
    };
    let found = ask_regions(regions, (CALL, FactKind::Clusters), failures, ask).await;
    let mut clusters = Vec::new();
    for (region, pages) in &found {
        for cluster in pages.iter().flat_map(|page| page.clusters()) {
            match read(cluster, region, account) {
                Some(cluster) => clusters.push(cluster),
                None => failures.add(CALL, region, None, unnamed(), &[FactKind::Clusters]),
            }
        }
    }
    clusters
}

fn unnamed() -> CallError {
    CallError::unreadable("a cluster came without its name, or a role of it without its ARN")
}

fn read(cluster: &aws_sdk_redshift::types::Cluster, region: &str, account: &str) -> Option<Cluster> {
    let roles: Option<Vec<ClusterRole>> = cluster
        .iam_roles()
        .iter()
        .map(|role| {
            Some(ClusterRole {
                iam_role_arn: role.iam_role_arn()?.to_owned(),
                apply_status: role.apply_status().map(str::to_owned),
            })
        })
        .collect();
    let groups = cluster.cluster_parameter_groups().iter().filter_map(|group| {
        Some((group.parameter_group_name()?.to_owned(), group.parameter_apply_status().map(str::to_owned)))
    });
    Some(Cluster {
        cluster_identifier: cluster.cluster_identifier()?.to_owned(),
        kind: ClusterKind::Provisioned,
        region: region.to_owned(),
        account: account.to_owned(),
        iam_roles: roles?,
        default_iam_role_arn: cluster.default_iam_role_arn().filter(|arn| !arn.is_empty()).map(str::to_owned),
        workgroups: vec![],
        status: cluster.cluster_status().map(str::to_owned),
        database: cluster.db_name().map(str::to_owned),
        namespace_arn: cluster.cluster_namespace_arn().map(str::to_owned),
        parameter_groups: groups.collect(),
        audit_logging: None,
    })
}
