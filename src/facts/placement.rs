//! Are cluster, bucket and trail where they must be? The article's triad: a trail sees only its own region's buckets, and
//! COPY or UNLOAD to a bucket of another region than the cluster needs REGION.

use serde_json::json;

use super::recording::unknown;
use super::{Judgement, View};
use crate::config::RedshiftLocation;
use crate::coverage::condition::Test;
use crate::coverage::recorder::{Effect, Recorder};
use crate::coverage::selector::Field;
use crate::snapshot::{Cluster, FactKind, LocationKind};

impl View<'_> {
    /// `aligned`, `no_trail`, `other_region`, `dead_selector` or `unknown`. The worst that holds is the status; the message
    /// says all.
    pub fn placement(&self, entry: &RedshiftLocation) -> Judgement {
        let bucket = &entry.location.bucket;
        let region = match self.bucket_region(bucket) {
            Ok(region) => region,
            Err(reason) => return unknown(&[reason]),
        };
        let mut unknowns = Vec::new();
        let mut problems: Vec<(&'static str, String)> = Vec::new();
        let set = self.recorders_at(bucket, &region, entry.role.as_ref());
        let recorders = match &set {
            Ok(set) => set.recorders.as_slice(),
            Err(reason) => {
                unknowns.push(reason.clone());
                &[]
            }
        };
        if unknowns.is_empty() {
            match trail_in_effect(recorders, &region) {
                Ok(()) => {}
                Err(Absence::No(message)) => problems.push(("no_trail", message)),
                Err(Absence::Unknown(reason)) => unknowns.push(reason),
            }
        }
        let candidates = self.clusters_of(entry);
        let cluster_regions: Vec<&str> = candidates.iter().map(|cluster| cluster.region.as_str()).collect();
        match self.cluster_beside(entry, &candidates, &region) {
            Ok(()) => {}
            Err(Absence::No(message)) => problems.push(("other_region", message)),
            Err(Absence::Unknown(reason)) => unknowns.push(reason),
        }
        let dead = dead_selectors(recorders, &entry.location.arn_prefix(&self.snapshot.scope.partition), bucket);
        problems.extend(dead.iter().map(|message| ("dead_selector", message.clone())));
        let evidence = json!({
            "bucket_region": region,
            "cluster_regions": cluster_regions,
            "trails_in_effect": in_effect(recorders).map(|recorder| &recorder.name).collect::<Vec<_>>(),
            "dead_selectors": dead,
            "unknown_because": unknowns,
        });
        let message = |parts: Vec<String>| parts.join("; ");
        match problems.first() {
            Some((status, _)) => {
                let parts = problems.iter().map(|(_, message)| message.clone()).chain(unknowns).collect();
                Judgement { status, message: message(parts), evidence }
            }
            None if !unknowns.is_empty() => Judgement { status: "unknown", message: message(unknowns), evidence },
            None => Judgement {
                status: "aligned",
                message: format!(
                    "the bucket, a trail in effect and every cluster that is known to use it meet in {region}"
                ),
                evidence,
            },
        }
    }

    /// The cluster that is named; else those that carry the role; else all.
    fn clusters_of(&self, entry: &RedshiftLocation) -> Vec<&Cluster> {
        let clusters = || self.snapshot.clusters.iter();
        if let Some(name) = &entry.cluster {
            return clusters().filter(|cluster| &cluster.cluster_identifier == name).collect();
        }
        let carries = |cluster: &&Cluster| {
            let roles = cluster.iam_roles.iter().filter_map(|role| crate::arn::RoleArn::parse(&role.iam_role_arn));
            entry.role.as_ref().is_some_and(|role| roles.into_iter().any(|carried| carried.same_role(role)))
        };
        let carriers: Vec<&Cluster> = clusters().filter(carries).collect();
        if carriers.is_empty() { clusters().collect() } else { carriers }
    }

    /// Whether one of the clusters is in the bucket's region, or there is no cluster to compare with.
    fn cluster_beside(&self, entry: &RedshiftLocation, candidates: &[&Cluster], region: &str) -> Result<(), Absence> {
        if candidates.iter().any(|cluster| cluster.region == region) {
            return Ok(());
        }
        if (entry.cluster.is_none() || candidates.is_empty())
            && let Some(gap) = self.snapshot.gaps_in(FactKind::Clusters).next()
        {
            return Err(Absence::Unknown(format!("not all clusters were seen: {}", gap.reason())));
        }
        let command = match entry.kind {
            LocationKind::Copy => "COPY",
            LocationKind::Unload => "UNLOAD",
        };
        match (candidates, &entry.cluster) {
            ([], Some(name)) => Err(Absence::Unknown(format!(
                "no cluster `{name}` was found in the scanned regions: its region is not known"
            ))),
            ([], None) => Ok(()),
            _ => {
                let names: Vec<String> = candidates
                    .iter()
                    .map(|cluster| format!("{} in {}", cluster.cluster_identifier, cluster.region))
                    .collect();
                Err(Absence::No(format!(
                    "the bucket is in {region}, the cluster in another region ({}): {command} needs REGION '{region}'",
                    names.join(", ")
                )))
            }
        }
    }
}

/// Why something is not there.
enum Absence {
    No(String),
    Unknown(String),
}

fn in_effect(recorders: &[Recorder]) -> impl Iterator<Item = &Recorder> {
    recorders.iter().filter(|recorder| recorder.effect == Effect::InEffect)
}

fn trail_in_effect(recorders: &[Recorder], region: &str) -> Result<(), Absence> {
    if in_effect(recorders).next().is_some() {
        return Ok(());
    }
    let unknown = recorders.iter().find_map(|recorder| match &recorder.effect {
        Effect::Unknown(reason) => Some(format!("{}: {reason}", recorder.name)),
        _ => None,
    });
    if let Some(reason) = unknown {
        return Err(Absence::Unknown(format!("whether a trail is in effect in {region} is not known: {reason}")));
    }
    let reasons: Vec<String> = recorders
        .iter()
        .filter_map(|recorder| match &recorder.effect {
            Effect::None(reason) => Some(format!("{}: {reason}", recorder.name)),
            _ => None,
        })
        .collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
    Err(Absence::No(format!("no trail is in effect in {region}, the bucket's region{reasons}")))
}

/// Selectors that name the bucket in a trail that sees nothing of its region: no event ever comes.
fn dead_selectors(recorders: &[Recorder], location: &str, bucket: &str) -> Vec<String> {
    let bucket_arn = &location[..location.find('/').map_or(location.len(), |at| at + 1)];
    let names_bucket = |test: &Test| test.text().starts_with(bucket_arn);
    let mut dead = Vec::new();
    for recorder in recorders {
        let Effect::None(reason) = &recorder.effect else { continue };
        for selector in recorder.selectors.iter().flatten() {
            let condition = selector.condition(Field::ResourceArn);
            if condition.is_some_and(|condition| condition.select.iter().any(names_bucket)) {
                let label = &selector.label;
                dead.push(format!("{}, {label}, names {bucket} and is dead there: {reason}", recorder.name));
            }
        }
    }
    dead
}
