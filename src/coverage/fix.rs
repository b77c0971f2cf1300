//! The smallest change that records a requirement: one value or one selector more in a trail that is in effect.
//!
//! `put-event-selectors` replaces what is there (API Reference, `PutEventSelectors`), so the input that is proposed holds
//! every selector that the trail has today, and is tried on the engine before it is.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::event::Requirement;
use super::prove::{RecorderSet, Verdict};
use super::recorder::{Effect, Recorder, Scene};
use super::selector::is_valid_basic_value;
use crate::aws::s3_events::Access;
use crate::snapshot::{AdvancedEventSelector, DataResource, EventSelector, FieldSelector, Trail};

/// CloudTrail User Guide, "Quotas in AWS CloudTrail": basic selectors a trail, and data resources over all of them.
const MAX_BASIC_SELECTORS: usize = 5;
const MAX_DATA_RESOURCES: usize = 250;
/// API Reference, `PutEventSelectors`: values over all conditions of all advanced selectors of a trail.
const MAX_CONDITION_VALUES: usize = 500;

/// What would record the requirement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Fix {
    /// A call that closes the gap and keeps all that is recorded today.
    PutEventSelectors {
        trail_arn: String,
        /// Where the call must be made.
        home_region: String,
        /// What is new in it.
        adds: String,
        /// The whole input of `put-event-selectors`.
        input: Value,
    },
    /// No call on selectors alone would do.
    Other { needs: String },
}

/// Proposes a fix for a requirement that is not recorded. `trails` are all that there are; of another account than the
/// scene's none can be changed.
pub fn propose<'a>(
    requirement: &Requirement,
    recorders: &[Recorder],
    trails: impl Iterator<Item = &'a Trail>,
    scene: Scene,
) -> Fix {
    let is_usable = |recorder: &&Recorder| recorder.effect == Effect::InEffect && recorder.selectors.is_ok();
    let usable: HashSet<&str> = recorders.iter().filter(is_usable).map(|recorder| recorder.arn.as_str()).collect();
    let mut at_limit = Vec::new();
    let mut in_effect = 0;
    for trail in trails {
        if trail.account() != scene.account || !usable.contains(&*trail.trail_arn) {
            continue;
        }
        in_effect += 1;
        match amended(trail, requirement) {
            Some((amended, adds)) if records(&amended, requirement, scene) => {
                return Fix::PutEventSelectors {
                    trail_arn: trail.trail_arn.clone(),
                    home_region: trail.home_region.clone(),
                    adds,
                    input: input_of(&amended),
                };
            }
            _ => at_limit.push(trail.name.as_str()),
        }
    }
    let region = &requirement.region;
    let needs = if in_effect > 0 {
        format!(
            "another trail in {region}: {} cannot take one more selector within CloudTrail's limits",
            at_limit.join(", ")
        )
    } else {
        format!(
            "a trail in effect in {region}: create one there, make one multi-region, or start one that is stopped; then give it a selector for {}",
            requirement.location
        )
    };
    Fix::Other { needs }
}

/// Whether the requirement is recorded once the trail is as amended: by it alone, for the other trails can only add.
fn records(amended: &Trail, requirement: &Requirement, scene: Scene) -> bool {
    let set = RecorderSet::new(vec![Recorder::of_trail(amended, scene)]);
    matches!(set.prove(requirement), Verdict::Recorded(_))
}

/// The trail with one value or selector more, and what that is. `None` where a limit is in the way.
pub(super) fn amended(trail: &Trail, requirement: &Requirement) -> Option<(Trail, String)> {
    let mut trail = trail.clone();
    let arn_prefix = requirement.location.arn_prefix(&requirement.partition);
    let adds = match trail.advanced_event_selectors.as_mut().filter(|selectors| !selectors.is_empty()) {
        Some(selectors) => add_advanced(selectors, requirement, arn_prefix)?,
        None => add_basic(trail.event_selectors.get_or_insert_default(), requirement, arn_prefix)?,
    };
    Some((trail, adds))
}

fn add_advanced(selectors: &mut Vec<AdvancedEventSelector>, requirement: &Requirement, arn: String) -> Option<String> {
    let equals = |field: &str, value: &str| FieldSelector {
        field: field.to_owned(),
        equals: vec![value.to_owned()],
        ..FieldSelector::default()
    };
    let mut fields = vec![equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object")];
    // Reads are more than what is readOnly: a copy reads its source.
    if requirement.access == Access::Write {
        fields.push(equals("readOnly", "false"));
    }
    let starts_with = vec![arn];
    fields.push(FieldSelector { field: "resources.ARN".to_owned(), starts_with, ..FieldSelector::default() });
    let what = if requirement.access == Access::Write { "write" } else { "all" };
    let name = format!("{what} of {}", requirement.location);
    selectors.push(AdvancedEventSelector { name: Some(name.chars().take(1000).collect()), field_selectors: fields });
    let values: usize = selectors.iter().flat_map(|selector| &selector.field_selectors).map(values_of).sum();
    (values <= MAX_CONDITION_VALUES).then(|| format!("one advanced selector: \"{name}\""))
}

fn values_of(field: &FieldSelector) -> usize {
    field.equals.len()
        + field.starts_with.len()
        + field.ends_with.len()
        + field.not_equals.len()
        + field.not_starts_with.len()
        + field.not_ends_with.len()
}

fn add_basic(selectors: &mut Vec<EventSelector>, requirement: &Requirement, arn: String) -> Option<String> {
    let wanted = kind_of(requirement);
    take_out_what_aws_refuses(selectors, &requirement.partition);
    if selectors.is_empty() {
        // A trail that shows no selector at all has the default one: all management events.
        selectors.push(basic("All", true, vec![]));
    }
    let value_in = |place: usize| (vec![place], format!("the value {arn} in event selector {}", place + 1));
    let with = |kind: &str| {
        let is_kind = |selector: &EventSelector| selector.read_write_type.as_deref().unwrap_or("All") == kind;
        selectors.iter().position(|selector| is_kind(selector) && selector.data_resources.iter().any(is_object))
    };
    // From the least to the most: a value where one of its kind is, a selector, a value where more is recorded than asked.
    let (places, adds) = if let Some(place) = with(wanted) {
        value_in(place)
    } else if selectors.len() < MAX_BASIC_SELECTORS {
        selectors.push(basic(wanted, false, vec![]));
        (vec![selectors.len() - 1], format!("a basic selector for {arn} with ReadWriteType {wanted}"))
    } else if let Some(place) = with("All") {
        value_in(place)
    } else if let (Some(reads), Some(writes)) = (with("ReadOnly"), with("WriteOnly")) {
        (vec![reads, writes], format!("the value {arn} in event selectors {} and {}", reads + 1, writes + 1))
    } else {
        return None;
    };
    for place in places {
        let resources = &mut selectors[place].data_resources;
        match resources.iter_mut().find(|resource| is_object(resource)) {
            Some(resource) => resource.values.push(arn.clone()),
            None => resources.push(DataResource { kind: OBJECT.to_owned(), values: vec![arn.clone()] }),
        }
    }
    let resources: usize =
        selectors.iter().flat_map(|selector| &selector.data_resources).map(|resource| resource.values.len()).sum();
    (resources <= MAX_DATA_RESOURCES).then_some(adds)
}

/// A selector for the requirement and nothing else.
pub(super) fn basic_of(requirement: &Requirement) -> EventSelector {
    let values = vec![requirement.location.arn_prefix(&requirement.partition)];
    basic(kind_of(requirement), false, vec![DataResource { kind: OBJECT.to_owned(), values }])
}

/// Reads are more than what is ReadOnly: a copy reads its source.
fn kind_of(requirement: &Requirement) -> &'static str {
    if requirement.access == Access::Write { "WriteOnly" } else { "All" }
}

const OBJECT: &str = "AWS::S3::Object";

fn is_object(resource: &DataResource) -> bool {
    resource.kind == OBJECT
}

fn basic(read_write_type: &str, management: bool, data_resources: Vec<DataResource>) -> EventSelector {
    EventSelector {
        read_write_type: Some(read_write_type.to_owned()),
        include_management_events: Some(management),
        data_resources,
        exclude_management_event_sources: vec![],
    }
}

/// AWS refuses the whole call for one value that it does not take, and such a value records nothing today; nor does a
/// selector that is left with nothing.
fn take_out_what_aws_refuses(selectors: &mut Vec<EventSelector>, partition: &str) {
    for selector in selectors.iter_mut() {
        for resource in selector.data_resources.iter_mut().filter(|resource| is_object(resource)) {
            resource.values.retain(|value| is_valid_basic_value(value, partition));
        }
        selector.data_resources.retain(|resource| !resource.values.is_empty());
    }
    selectors
        .retain(|selector| selector.include_management_events != Some(false) || !selector.data_resources.is_empty());
}

/// `--cli-input-json` of `aws cloudtrail put-event-selectors`.
pub(super) fn input_of(trail: &Trail) -> Value {
    let (name, list) = match trail.advanced_event_selectors.as_ref().filter(|selectors| !selectors.is_empty()) {
        Some(selectors) => ("AdvancedEventSelectors", json!(selectors)),
        None => ("EventSelectors", json!(trail.event_selectors)),
    };
    json!({"TrailName": trail.trail_arn, name: api_names(list)})
}

/// Our names in snake_case as the API's, without what is `null`.
fn api_names(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let told = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(told.map(|(name, value)| (api_name(&name), api_names(value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(api_names).collect()),
        other => other,
    }
}

fn api_name(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.split('_').map(capital).collect()
}
