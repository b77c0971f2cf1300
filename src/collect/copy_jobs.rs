//! COPY jobs of a cluster: where they read, those too that did not run of late.

use std::collections::HashSet;

use super::data_api::Row;
use super::statement_rows::acting;
use crate::aws::location::{Location, LocationKind};
use crate::redshift::queries::{LONGEST_JOB_ROLE, LONGEST_JOB_TEXT};
use crate::redshift::statement::{self, Deed, Statement};
use crate::snapshot::{Cluster, LearnedLocation, Origin};

/// Locations, and jobs that cannot be read. `have_run`: the ids of those whose loads are known, which say more than a text that is cut.
pub(super) fn read(
    rows: &[Row],
    have_run: &HashSet<i64>,
    cluster: &Cluster,
    origin: &Origin,
) -> (Vec<LearnedLocation>, Vec<String>) {
    let (mut locations, mut unreadable) = (vec![], vec![]);
    for row in rows {
        let id = row.number(0);
        match of_job(row, cluster, origin) {
            Some(of_job) => locations.extend(of_job),
            None if id.is_some_and(|id| have_run.contains(&id)) => {}
            None => unreadable.push(format!("COPY job {}", row.text(1).unwrap_or("without a name"))),
        }
    }
    (locations, unreadable)
}

/// `None`: it cannot be read, or may be cut.
fn of_job(row: &Row, cluster: &Cluster, origin: &Origin) -> Option<Vec<LearnedLocation>> {
    let text = row.text(3).filter(|text| text.chars().count() < LONGEST_JOB_TEXT)?;
    let statements: Option<Vec<Statement>> = statement::read(text).into_iter().map(Result::ok).collect();
    let statements = statements.filter(|all| !all.is_empty() && all.iter().all(|of| of.deed == Deed::Copy))?;
    let role = row.text(2).filter(|role| role.chars().count() < LONGEST_JOB_ROLE);
    let mut locations = vec![];
    for statement in &statements {
        let (told, without_role) = acting(&statement.actor, cluster);
        let of_job = || Some(statement::actor_of_roles(role?).role()?.text.clone());
        let acting = told.or_else(|| of_job().filter(|_| without_role.is_none()));
        for place in statement.places() {
            Location::parse_object(place).ok()?;
            locations.push(LearnedLocation {
                kind: LocationKind::Copy,
                location: place.to_owned(),
                role: acting.clone(),
                without_role,
                cluster: Some(cluster.cluster_identifier.clone()),
                origin: origin.clone(),
                is_within: false,
                is_manifest: statement.manifest && statement.place.as_deref() == Some(place),
            });
        }
    }
    Some(locations)
}
