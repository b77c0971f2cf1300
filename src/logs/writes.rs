//! What roles wrote where UNLOAD writes, and whether a statement of Redshift explains it.

use std::collections::BTreeMap;

use super::event::Event;
use super::principal::{Principal, PrincipalKind};
use super::statements::{Explained, StatementObjects, WRITES};
use super::watch::WatchedPlaces;
use crate::snapshot::{Example, RoleWrites};

/// By role and location.
#[derive(Debug, Default)]
pub(super) struct Writes {
    by: BTreeMap<(String, u32), RoleWrites>,
}

impl Writes {
    /// Takes what wrote an object, succeeded, and is a role's. `log`: the log object that it stands in.
    pub(super) fn add(
        &mut self,
        places: &WatchedPlaces,
        objects: &StatementObjects,
        event: &Event,
        principal: &Principal,
        log: &str,
    ) {
        if !WRITES.contains(&&*event.name) || event.error_code.is_some() || principal.kind != PrincipalKind::Role {
            return;
        }
        for reached in &event.resources {
            for number in places.reached_by(&reached.resource).filter(|number| places.is_unload(*number)) {
                let explained = objects.explain(event, &reached.resource, principal);
                let example = Example { event_id: event.id.to_string(), object: log.to_owned() };
                let one = RoleWrites {
                    principal: principal.name.clone(),
                    location: places.locations[number as usize].to_string(),
                    explained: u64::from(explained == Explained::Yes),
                    unclear: u64::from(explained == Explained::Perhaps),
                    unexplained: u64::from(explained == Explained::No),
                    first_seen: event.time,
                    last_seen: event.time,
                    example: (explained == Explained::No).then_some(example),
                };
                self.join((principal.name.clone(), number), one);
            }
        }
    }

    fn join(&mut self, key: (String, u32), more: RoleWrites) {
        let Some(known) = self.by.get_mut(&key) else {
            self.by.insert(key, more);
            return;
        };
        known.explained += more.explained;
        known.unclear += more.unclear;
        known.unexplained += more.unexplained;
        known.first_seen = known.first_seen.min(more.first_seen);
        known.last_seen = known.last_seen.max(more.last_seen);
        // Whichever thread read it.
        let examples = known.example.take().into_iter().chain(more.example);
        known.example = examples.min_by(|one, other| one.event_id.cmp(&other.event_id));
    }

    pub(super) fn absorb(&mut self, other: Writes) {
        other.by.into_iter().for_each(|(key, writes)| self.join(key, writes));
    }

    pub(super) fn finish(self) -> Vec<RoleWrites> {
        self.by.into_values().collect()
    }
}
