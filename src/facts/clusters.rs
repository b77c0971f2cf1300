//! Does every cluster log what its users run?

use serde_json::json;

use super::View;
use super::input::ClusterFact;
use super::judgement::{AuditLog, Judgement};
use super::subject::{Subject, SubjectKind};
use crate::reason::{OfCluster, Reason};
use crate::snapshot::{Account, Cluster, FactKind, LearnSource};

impl View<'_> {
    /// Every cluster and namespace.
    pub(super) fn cluster_facts(&self) -> Vec<ClusterFact> {
        let of_account = |account| move |cluster| (account, cluster);
        let accounts = self.world.snapshot.accounts.iter();
        let each = accounts.flat_map(|account: &Account| account.clusters.iter().map(of_account(account)));
        let fact = |(account, cluster): (&Account, &Cluster)| ClusterFact {
            subject: Subject {
                kind: SubjectKind::Cluster,
                id: cluster.path(),
                account: account.id().to_owned(),
                region: Some(cluster.region.clone()),
                declared_at: None,
            },
            cluster: cluster.cluster_identifier.clone(),
            audit_logging: self.audit_logging(account, cluster),
        };
        each.map(fact).collect()
    }

    fn audit_logging(&self, account: &Account, cluster: &Cluster) -> Judgement<AuditLog> {
        if !self.config.learn.contains(&LearnSource::AuditLogs) {
            return Judgement::plain(AuditLog::NotAsked, OfCluster::AuditLogsNotAsked);
        }
        let failures = self.world.failures(account.id(), FactKind::Statements);
        let of_it = failures.filter(|failure| {
            failure.region == cluster.region && failure.resource.as_ref() == Some(&cluster.cluster_identifier)
        });
        let Some(logging) = &cluster.audit_logging else {
            let failed: Vec<Reason> = of_it.map(Reason::failed).collect();
            let reasons = if failed.is_empty() { vec![OfCluster::AuditLoggingNotTold.into()] } else { failed };
            return Judgement::unknown(reasons);
        };
        let evidence = json!({"audit_logging": logging});
        let judged = |status, reason: OfCluster| Judgement::new(status, vec![reason.into()], evidence.clone());
        let destinations = || {
            let files = logging.writes_files().then(|| "S3".to_owned());
            files.into_iter().chain(logging.exports_user_activity().then(|| "CloudWatch Logs".to_owned())).collect()
        };
        match (logging.logging_enabled, logging.user_activity, &logging.last_failure_message) {
            (false, ..) => judged(AuditLog::Off, OfCluster::AuditLoggingOff),
            _ if !logging.writes_files() && !logging.exports_user_activity() => {
                judged(AuditLog::Off, OfCluster::UserActivityGoesNowhere)
            }
            (true, Some(false), _) => judged(AuditLog::Off, OfCluster::UserActivityOff),
            (true, None, _) => judged(AuditLog::Unknown, OfCluster::UserActivityNotTold),
            (true, Some(true), Some(message)) => {
                judged(AuditLog::DeliveryFailing, OfCluster::AuditLogNotDelivered { message: message.clone() })
            }
            (true, Some(true), None) => {
                judged(AuditLog::On, OfCluster::AuditLoggingOn { destinations: destinations() })
            }
        }
    }
}
