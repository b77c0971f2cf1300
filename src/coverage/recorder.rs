//! What may record an event: a trail or an event data store, and whether it is in effect for a region and an account.

use time::Duration;

use super::event::Event;
use super::selector::Selector;
use crate::snapshot::{AdvancedEventSelector, EventDataStore, EventSelector, Timestamp, Trail, TrailStatus};

/// CloudTrail retries a delivery that fails for 30 days and then gives the files up (User Guide, "Getting and viewing
/// your CloudTrail log files").
const DELIVERY_RETRIES: Duration = Duration::days(30);

/// Where and when the question is put.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub partition: &'a str,
    /// The bucket's region: where its data events are delivered.
    pub region: &'a str,
    /// The account whose events are asked for.
    pub account: &'a str,
    /// When the snapshot was taken: "now" for every age.
    pub at: Timestamp,
}

/// Whether a recorder is in effect in a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    InEffect,
    /// It records nothing there, whatever its selectors say.
    None(String),
    /// Could not be told.
    Unknown(String),
}

/// A recorder in a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    pub arn: String,
    pub name: String,
    pub effect: Effect,
    /// `Err`: they could not be read, and why.
    pub selectors: Result<Vec<Selector>, String>,
}

/// A recorder's answer for one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `None`: could not be told.
    pub records: Option<bool>,
    /// What decided: the selector that matches, or the clause, state or region that keeps the event out.
    pub clause: String,
}

impl Recorder {
    pub fn of_trail(trail: &Trail, scene: Scene) -> Recorder {
        Recorder {
            arn: trail.trail_arn.clone(),
            name: trail.name.clone(),
            effect: trail_effect(trail, scene),
            selectors: trail_selectors(trail),
        }
    }

    pub fn of_event_data_store(store: &EventDataStore, scene: Scene) -> Recorder {
        Recorder {
            arn: store.event_data_store_arn.clone(),
            name: store.name.clone().unwrap_or_else(|| store.event_data_store_arn.clone()),
            effect: store_effect(store, scene),
            selectors: match &store.advanced_event_selectors {
                Some(selectors) => Ok(advanced(selectors)),
                None => Err("its selectors could not be read".to_owned()),
            },
        }
    }

    /// A recorder that may exist but could not be seen: it may record anything.
    pub fn unseen(name: String, reason: String) -> Recorder {
        Recorder { arn: String::new(), name, effect: Effect::Unknown(reason.clone()), selectors: Err(reason) }
    }

    /// Whether this recorder records the event, and what decides.
    pub fn decide(&self, event: &Event) -> Decision {
        if let Effect::None(reason) = &self.effect {
            return Decision { records: Some(false), clause: reason.clone() };
        }
        let selectors = match &self.selectors {
            Ok(selectors) => selectors,
            Err(reason) => return Decision { records: None, clause: reason.clone() },
        };
        let mut doubt = None;
        for selector in selectors {
            match (selector.matches(event), &self.effect) {
                (Some(true), Effect::Unknown(reason)) => doubt = Some(reason.clone()),
                (Some(true), _) => return Decision { records: Some(true), clause: selector.label.clone() },
                (None, _) => {
                    let reason = selector.doubt.as_deref().unwrap_or("not understood");
                    doubt.get_or_insert_with(|| format!("{}: {reason}", selector.label));
                }
                (Some(false), _) => {}
            }
        }
        if let Some(clause) = doubt {
            return Decision { records: None, clause };
        }
        let clauses: Vec<String> = selectors
            .iter()
            .filter_map(|selector| Some(format!("{}: {}", selector.label, selector.excluded_by(event)?)))
            .collect();
        let clause = if clauses.is_empty() { "it has no selectors".to_owned() } else { clauses.join("; ") };
        Decision { records: Some(false), clause }
    }
}

/// The trail's selectors; `Err`: they could not be read, or cannot be what AWS has, and why.
pub fn trail_selectors(trail: &Trail) -> Result<Vec<Selector>, String> {
    let partition = trail.partition();
    match (&trail.event_selectors, &trail.advanced_event_selectors) {
        (None, None) => Err("its event selectors could not be read".to_owned()),
        (Some(basic), Some(advanced)) if !basic.is_empty() && !advanced.is_empty() => {
            Err("it shows basic and advanced selectors at once, which AWS does not allow".to_owned())
        }
        (_, Some(selectors)) if !selectors.is_empty() => Ok(advanced(selectors)),
        (Some(selectors), other) if !selectors.is_empty() || other.is_some() => Ok(basic(selectors, partition)),
        // One list that is empty says nothing of the other.
        _ => Err("its event selectors are told in part only".to_owned()),
    }
}

fn basic(selectors: &[EventSelector], partition: &str) -> Vec<Selector> {
    selectors.iter().enumerate().map(|(at, selector)| Selector::from_basic(at + 1, selector, partition)).collect()
}

fn advanced(selectors: &[AdvancedEventSelector]) -> Vec<Selector> {
    selectors.iter().enumerate().map(|(at, selector)| Selector::from_advanced(at + 1, selector)).collect()
}

/// Whether the trail delivers the scene's events. Sources: CloudTrail User Guide, "Understanding multi-Region trails",
/// "Creating a trail for an organization"; API Reference, `GetTrailStatus` (one region an answer).
fn trail_effect(trail: &Trail, scene: Scene) -> Effect {
    if trail.partition() != scene.partition {
        return Effect::None(format!("it is a trail of partition {}", trail.partition()));
    }
    if trail.account() != scene.account {
        match trail.is_organization_trail {
            Some(true) => {}
            Some(false) => return Effect::None(format!("it is a trail of account {}", trail.account())),
            None => return Effect::Unknown("whether it is an organization trail is not known".to_owned()),
        }
    }
    let status = trail.status.get(scene.region).map(|status| status_effect(status, scene.at));
    if trail.home_region != scene.region {
        match trail.is_multi_region_trail {
            Some(true) => {}
            Some(false) => {
                return Effect::None(format!(
                    "it is a single-region trail of {}; the bucket is in {}",
                    trail.home_region, scene.region
                ));
            }
            // One that is stopped there records nothing in either case.
            None if matches!(status, Some(Effect::None(_))) => {}
            None => return Effect::Unknown("whether it is a multi-region trail is not known".to_owned()),
        }
    }
    let unknown =
        || Effect::Unknown(format!("its status in {} is not known (cloudtrail:GetTrailStatus)", scene.region));
    status.unwrap_or_else(unknown)
}

/// Whether a trail with this status records and delivers at `at`.
pub fn status_effect(status: &TrailStatus, at: Timestamp) -> Effect {
    match status.is_logging {
        Some(true) => {}
        Some(false) => {
            let since = status.stop_logging_time.map_or(String::new(), |time| format!(" since {time}"));
            return Effect::None(format!("it is stopped{since}"));
        }
        None => return Effect::Unknown("whether it is logging is not known".to_owned()),
    }
    let Some(error) = status.latest_delivery_error.as_deref().filter(|error| !error.is_empty()) else {
        return Effect::InEffect;
    };
    match status.latest_delivery_time.max(status.start_logging_time) {
        Some(last) if at.0 - last.0 > DELIVERY_RETRIES => Effect::None(format!(
            "its deliveries have failed ({error}) since {last}, longer than the 30 days that CloudTrail retries"
        )),
        Some(_) => Effect::InEffect,
        None => Effect::Unknown(format!("its deliveries fail ({error}), and since when is not known")),
    }
}

/// Sources: API Reference, `EventDataStore.Status`: only `ENABLED` takes events in.
fn store_effect(store: &EventDataStore, scene: Scene) -> Effect {
    let Some(arn) = crate::arn::Arn::parse(&store.event_data_store_arn) else {
        return Effect::Unknown("its ARN is malformed".to_owned());
    };
    if let Some(status) = store.status.as_deref().filter(|status| *status != "ENABLED") {
        return Effect::None(format!("its status is {status}, not ENABLED"));
    }
    if arn.partition != scene.partition {
        return Effect::None(format!("it is an event data store of partition {}", arn.partition));
    }
    if arn.account != scene.account {
        match store.organization_enabled {
            Some(true) => {}
            Some(false) => return Effect::None(format!("it is an event data store of account {}", arn.account)),
            None => return Effect::Unknown("whether it takes in the organization is not known".to_owned()),
        }
    }
    if arn.region != scene.region {
        match store.multi_region_enabled {
            Some(true) => {}
            Some(false) => {
                return Effect::None(format!(
                    "it is a single-region event data store of {}; the bucket is in {}",
                    arn.region, scene.region
                ));
            }
            None => return Effect::Unknown("whether it is multi-region is not known".to_owned()),
        }
    }
    match store.status {
        Some(_) => Effect::InEffect,
        None => Effect::Unknown("its status is not known".to_owned()),
    }
}
