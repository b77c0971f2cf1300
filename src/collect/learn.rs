//! What Redshift uses, as it tells itself: by every way that the config asks for.

use std::collections::BTreeSet;

use super::client::Aws;
use super::failures::Failures;
use super::{audit_logs, integrations, system_tables};
use crate::config::Config;
use crate::progress::Progress;
use crate::snapshot::{Cluster, LearnSource, LearnedLocation, Statement};

/// Locations, and the statements of which more is known.
#[derive(Default)]
pub(super) struct Learned {
    pub locations: Vec<LearnedLocation>,
    pub statements: Vec<Statement>,
    /// Clusters were asked for statements.
    pub were_asked: bool,
}

impl Learned {
    /// The buckets of all of them.
    pub(super) fn buckets(&self) -> BTreeSet<String> {
        let of_statements = self.statements.iter().flat_map(Statement::buckets);
        of_statements.chain(self.locations.iter().filter_map(LearnedLocation::bucket)).collect()
    }
}

/// Of the account's clusters, which learn whether they write audit logs.
pub(super) async fn collect(
    aws: &Aws,
    config: &Config,
    regions: &BTreeSet<String>,
    clusters: &mut [Cluster],
    progress: &Progress,
    failures: &mut Failures,
) -> Learned {
    let mut learned = Learned::default();
    let asks = |source| config.learn.contains(&source);
    if asks(LearnSource::Integrations) {
        learned.locations.extend(integrations::collect(aws, regions, clusters, failures).await);
    }
    if asks(LearnSource::AuditLogs) {
        progress.stage("reading audit logs of Redshift");
        learned.locations.extend(audit_logs::collect(aws, config.window(), clusters, failures).await);
    }
    if asks(LearnSource::SystemTables) {
        progress.stage("asking clusters what they ran");
        learned.were_asked = true;
        let told = system_tables::collect(aws, config, clusters, failures).await;
        learned.locations.extend(told.locations);
        learned.statements = told.statements;
    }
    learned
}
