//! What roles of clusters wrote where UNLOAD writes: did Redshift say so?

use std::collections::BTreeMap;

use serde_json::json;

use super::View;
use super::input::WriteFact;
use super::judgement::{Explanation, Judgement};
use super::reconciliation::untold;
use crate::aws::arn::RoleArn;
use crate::aws::location::{Location, LocationKind};
use crate::reason::{NotSeen, OfObjects, Reason};
use crate::snapshot::{Account, FactKind, LearnSource, Origin, RoleWrites, Statement};

/// What a cluster's account must have told, so that a write is known to be of no statement.
const TOLD: [FactKind; 4] = [FactKind::Statements, FactKind::Clusters, FactKind::Namespaces, FactKind::Workgroups];

impl View<'_> {
    /// Every UNLOAD location at which a role of a cluster wrote.
    pub(super) fn write_facts(&self) -> Vec<WriteFact> {
        let mut places: BTreeMap<&str, Vec<(&RoleWrites, RoleArn)>> = BTreeMap::new();
        for writes in self.records.iter().flat_map(|records| &records.writes) {
            // What others wrote is no UNLOAD.
            if let Some(role) = RoleArn::parse(&writes.principal).filter(|role| self.clusters.with_role(role).is_some())
            {
                places.entry(&writes.location).or_default().push((writes, role));
            }
        }
        let half_told = self.half_told_unloads();
        let unloads = self.config.redshift.iter().filter(|entry| entry.kind == LocationKind::Unload);
        let lines: BTreeMap<String, usize> = unloads.map(|entry| (entry.location.to_string(), entry.line)).collect();
        let fact = |(place, writes): (&str, Vec<(&RoleWrites, RoleArn)>)| {
            // A text that is no location was refused by the loader of the snapshot.
            let location = Location::parse_object(place).ok()?;
            let declared_at = lines.get(place).map(|line| Origin::Config { line: *line });
            Some(WriteFact {
                subject: self.location_subject(&location, declared_at),
                location: place.to_owned(),
                explanation: self.explanation(&location, &writes, &half_told),
            })
        };
        places.into_iter().filter_map(fact).collect()
    }

    fn explanation(
        &self,
        place: &Location,
        writes: &[(&RoleWrites, RoleArn)],
        half_told: &[(Location, String)],
    ) -> Judgement<Explanation> {
        if !self.config.learn.contains(&LearnSource::SystemTables) {
            return Judgement::plain(Explanation::NotAsked, OfObjects::FilesNotAsked);
        }
        let evidence = json!({"writes": writes.iter().map(|(writes, _)| writes).collect::<Vec<_>>()});
        let sum =
            |count: fn(&RoleWrites) -> u64| writes.iter().map(|(writes, _)| count(writes)).fold(0, u64::saturating_add);
        let Some((first, role)) = writes.iter().find(|(writes, _)| writes.unexplained > 0) else {
            let (status, reason) = match sum(|writes| writes.unclear) {
                0 => (Explanation::Explained, OfObjects::WritesExplained { writes: sum(|writes| writes.explained) }),
                writes => (Explanation::Unknown, OfObjects::WritesUnclear { writes }),
            };
            return Judgement::new(status, vec![reason.into()], evidence);
        };
        let example = first.example.clone();
        let reason = OfObjects::WritesUnexplained {
            writes: first.unexplained,
            role: first.principal.clone(),
            event_id: example.as_ref().map_or(String::new(), |example| example.event_id.clone()),
            object: example.map_or(String::new(), |example| example.object),
            first_seen: first.first_seen,
            last_seen: first.last_seen,
        };
        let failures = TOLD.into_iter().flat_map(|kind| self.world.failures(&role.account, kind));
        let mut untold: Vec<Reason> = failures.map(Reason::failed).collect();
        untold.dedup();
        let was_asked = |account: &Account| account.learned_from.contains(&LearnSource::SystemTables);
        if !self.world.account(&role.account).is_some_and(was_asked) {
            let source = LearnSource::SystemTables;
            untold.push(NotSeen::NotLearned { account: role.account.clone(), source }.into());
        }
        let may_be_its = half_told.iter().find(|(of, _)| of.overlaps_listing(&place.bucket, &place.prefix));
        untold
            .extend(may_be_its.map(|(_, statement)| OfObjects::HalfToldUnload { statement: statement.clone() }.into()));
        let status = if untold.is_empty() { Explanation::Unexplained } else { Explanation::Unknown };
        Judgement::new(status, [vec![reason.into()], untold].concat(), evidence)
    }

    /// UNLOADs of which not every file is told: they may have made any write at their places.
    fn half_told_unloads(&self) -> Vec<(Location, String)> {
        let window = self.records.and_then(|records| records.window);
        let is_over = |statement: &Statement| {
            window.is_some_and(|window| statement.ended_at.is_some_and(|end| end < window.start))
        };
        let unloads = self.world.snapshot.statements.iter().filter(|of| of.kind == LocationKind::Unload);
        let half = unloads.filter(|of| (of.files.is_none() || !untold(of).is_empty()) && !is_over(of));
        half.filter_map(|of| Some((Location::parse_object(&of.location).ok()?, of.id()))).collect()
    }
}
