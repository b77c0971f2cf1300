//! Namespaces of Redshift Serverless and the roles they carry, and their workgroups: `redshift-serverless:ListNamespaces` and
//! `ListWorkgroups` in every region.
//!
//! A workgroup's queries run with the roles of its namespace.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_redshiftserverless::operation::list_workgroups::ListWorkgroupsOutput;
use aws_sdk_redshiftserverless::types::Workgroup;
use futures_util::future::join;

use super::ask_regions;
use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::pages::all_pages;
use super::whole::Whole;
use crate::snapshot::{AuditLogging, Cluster, ClusterKind, ClusterRole, FactKind};

const WORKGROUPS: (&str, FactKind) = ("redshift-serverless:ListWorkgroups", FactKind::Workgroups);

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
    let mut of_workgroups = failures.beside();
    let (found, listed) =
        join(ask_regions(regions, call, failures, ask), list_workgroups(aws, regions, &mut of_workgroups)).await;
    failures.list.extend(of_workgroups.list);
    let workgroups = by_namespace(&listed, failures);
    let mut clusters = Vec::new();
    for (region, pages) in &found {
        for namespace in pages.iter().flat_map(|page| page.namespaces()) {
            match read(namespace, region, account) {
                Some(mut cluster) => {
                    let key = (region.as_str(), cluster.cluster_identifier.as_str());
                    let own = workgroups.get(&key).map_or(&[][..], Vec::as_slice);
                    let names = own.iter().filter_map(|workgroup| workgroup.workgroup_name());
                    cluster.workgroups = names.map(str::to_owned).collect();
                    if let Some(logging) = &mut cluster.audit_logging {
                        logging.user_activity = user_activity(own);
                    }
                    clusters.push(cluster);
                }
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
        workgroups: vec![],
        status: namespace.status().map(|status| status.as_str().to_ascii_lowercase()),
        database: namespace.db_name().map(str::to_owned),
        namespace_arn: namespace.namespace_arn().map(str::to_owned),
        parameter_groups: BTreeMap::new(),
        audit_logging: Some(audit_logging(namespace)),
    })
}

/// Its audit log goes to CloudWatch Logs and nowhere else; that its workgroups log what users do, they say.
fn audit_logging(namespace: &aws_sdk_redshiftserverless::types::Namespace) -> AuditLogging {
    let log_exports: Vec<String> = namespace.log_exports().iter().map(|export| export.as_str().to_owned()).collect();
    AuditLogging {
        logging_enabled: log_exports.iter().any(|export| export == "useractivitylog"),
        destinations: BTreeSet::from(["cloudwatch".to_owned()]),
        log_exports,
        ..AuditLogging::default()
    }
}

/// `enable_user_activity_logging` of all its workgroups; `None`: not told of one.
fn user_activity(workgroups: &[&Workgroup]) -> Option<bool> {
    let of = |workgroup: &&Workgroup| {
        let parameters = workgroup.config_parameters().iter();
        let mut named = parameters.filter(|of| of.parameter_key() == Some("enable_user_activity_logging"));
        named.next()?.parameter_value()?.parse::<bool>().ok()
    };
    let all: Option<Vec<bool>> = workgroups.iter().map(of).collect();
    all.filter(|all| !all.is_empty()).map(|all| all.into_iter().all(|is_on| is_on))
}

type Listed<'r> = Vec<(&'r String, Vec<ListWorkgroupsOutput>)>;

async fn list_workgroups<'r>(aws: &Aws, regions: &'r BTreeSet<String>, failures: &mut Failures) -> Listed<'r> {
    let ask = async |region: &&String| {
        let call = aws.redshift_serverless(region).list_workgroups();
        let ask = async |token| {
            call.clone().set_next_token(token).customize().interceptor(Whole::Json(&["workgroups"])).send().await
        };
        all_pages(ask, |page| page.next_token()).await
    };
    ask_regions(regions, WORKGROUPS, failures, ask).await
}

/// By region and namespace.
fn by_namespace<'l>(
    listed: &'l Listed<'_>,
    failures: &mut Failures,
) -> HashMap<(&'l str, &'l str), Vec<&'l Workgroup>> {
    let mut by_namespace: HashMap<(&str, &str), Vec<&Workgroup>> = HashMap::new();
    for (region, pages) in listed {
        for workgroup in pages.iter().flat_map(|page| page.workgroups()) {
            if let (Some(_), Some(namespace)) = (workgroup.workgroup_name(), workgroup.namespace_name()) {
                by_namespace.entry((region, namespace)).or_default().push(workgroup);
            } else {
                let failure = CallError::unreadable("a workgroup came without its name or its namespace's");
                failures.add(WORKGROUPS.0, region, None, failure, &[WORKGROUPS.1]);
            }
        }
    }
    by_namespace
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
