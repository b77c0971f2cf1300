//! The selectors of trails that another account owns: an organization's, which its members see and may not read.
//!
//! The owner was asked with its own trails. Where it was not scanned, or could not read them, those that administer CloudTrail for the
//! organization may (CloudTrail User Guide, "Organization delegated administrator").

use std::collections::BTreeMap;

use super::accounts::Seen;
use super::selectors;
use crate::snapshot::{FactKind, Organization, Trail};

/// A trail, and the places of the accounts that see it and do not own it.
struct Shared {
    home_region: String,
    seen_by: Vec<usize>,
}

pub(super) async fn complete(seen: &mut [Seen], organization: Option<&Organization>) {
    let administrators = organization.and_then(|organization| organization.delegated_administrators.clone());
    let administrators = administrators.unwrap_or_default();
    for (arn, shared) in unread(seen) {
        let administers = |place: &usize| administrators.iter().any(|id| id == seen[*place].account.id());
        let mut asked: Vec<usize> = shared.seen_by.iter().copied().filter(administers).collect();
        // Some account must say why they are not known.
        let is_owner_scanned = seen.iter().any(|seen| owns(seen, &arn));
        asked.extend(shared.seen_by.first().filter(|first| !is_owner_scanned && !asked.contains(first)));
        let mut refused = None;
        for place in asked {
            match selectors::of_trail(&seen[place].aws, &shared.home_region, &arn).await {
                Ok(found) => {
                    if let Some(trail) = trail_mut(&mut seen[place], &arn) {
                        (trail.event_selectors, trail.advanced_event_selectors) = (found.basic, found.advanced);
                    }
                    refused = None;
                    break;
                }
                Err(error) => refused = refused.or(Some((place, error))),
            }
        }
        if let Some((place, error)) = refused {
            let (call, facts) = ("cloudtrail:GetEventSelectors", [FactKind::Selectors]);
            seen[place].failures.add(call, &shared.home_region, Some(&arn), error, &facts);
        }
    }
}

/// Those whose owner did not tell their selectors, by ARN.
fn unread(seen: &[Seen]) -> BTreeMap<String, Shared> {
    let mut shared: BTreeMap<String, Shared> = BTreeMap::new();
    for (place, of_account) in seen.iter().enumerate() {
        for trail in of_account.account.trails.iter().filter(|trail| trail.account() != of_account.account.id()) {
            let home_region = || Shared { home_region: trail.home_region.clone(), seen_by: vec![] };
            shared.entry(trail.trail_arn.clone()).or_insert_with(home_region).seen_by.push(place);
        }
    }
    let is_read = |trail: &Trail| trail.event_selectors.is_some() || trail.advanced_event_selectors.is_some();
    let read = seen.iter().flat_map(|seen| &seen.account.trails).filter(|trail| is_read(trail));
    read.for_each(|trail| drop(shared.remove(&trail.trail_arn)));
    shared
}

/// Whether the trail is the account's own, and it shows it.
fn owns(seen: &Seen, arn: &str) -> bool {
    seen.account.trails.iter().any(|trail| trail.trail_arn == arn && trail.account() == seen.account.id())
}

fn trail_mut<'a>(seen: &'a mut Seen, arn: &str) -> Option<&'a mut Trail> {
    seen.account.trails.iter_mut().find(|trail| trail.trail_arn == arn)
}
