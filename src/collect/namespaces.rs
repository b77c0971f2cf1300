//! Namespaces of Redshift Serverless and the roles they carry: `redshift-serverless:ListNamespaces` in every region.
//!
//! A workgroup's queries run with the roles of its namespace.

use std::collections::BTreeSet;

use super::ask_regions;
use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::pages::all_pages;
use super::whole::Whole;
use crate::snapshot::{Cluster, ClusterKind, ClusterRole, FactKind};

pub(super) async fn collect(
    aws: &Aws,
    account: &str,
    regions: &BTreeSet<String>,
    failures: &mut Failures,
) -> Vec<Cluster> {
    let ask = async |region: &&String| {
        let call = aws.redshift_serverless(region).list_namespaces();
        let ask = async |token| {
            call.clone().set_next_token(token).customize().interceptor(Whole::Json(&["namespaces"])).send().await
        };
        all_pages(ask, |page| page.next_token()).await
    };
    let call = ("redshift-serverless:ListNamespaces", FactKind::Namespaces);
    let found = ask_regions(regions, call, failures, ask).await;
    let mut clusters = Vec::new();
    for (region, pages) in &found {
        for namespace in pages.iter().flat_map(|page| page.namespaces()) {
            match read(namespace, region, account) {
                Some(cluster) => clusters.push(cluster),
                None => {
                    let failure = CallError::unreadable("a namespace came without its name");
                    failures.add(call.0, region, None, failure, &[call.1]);
                }
            }
        }
    }
    clusters
}

fn read(namespace: &aws_sdk_redshiftserverless::types::Namespace, region: &str, account: &str) -> Option<Cluster> {
    let roles = namespace.iam_roles().iter().map(|role| ClusterRole { iam_role_arn: arn_in(role), apply_status: None });
    Some(Cluster {
        cluster_identifier: namespace.namespace_name()?.to_owned(),
        kind: ClusterKind::Serverless,
        region: region.to_owned(),
        account: account.to_owned(),
        iam_roles: roles.collect(),
        default_iam_role_arn: namespace.default_iam_role_arn().filter(|arn| !arn.is_empty()).map(arn_in),
    })
}

/// The API documents a list of ARNs; answers such as `IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::…)` have been seen.
fn arn_in(text: &str) -> String {
    let arn = text.find("arn:").map_or(text, |at| &text[at..]);
    arn.split([',', ')', ' ']).next().unwrap_or(arn).to_owned()
}

#[cfg(test)]
mod tests {
    use super::arn_in;

    #[test]
    fn a_role_is_its_arn_however_it_is_wrapped() {
        let arn = "arn:aws:iam::111111111111:role/x";
        assert_eq!(arn_in(arn), arn);
        assert_eq!(arn_in(&format!("IamRole(applyStatus=in-sync, iamRoleArn={arn})")), arn);
        assert_eq!(arn_in(&format!("IamRole(iamRoleArn={arn}, applyStatus=in-sync)")), arn);
    }
}
