//! Selectors that can never match an S3 object event, whatever happens: paid for in attention, and taken for coverage.

use super::condition::{Condition, Test};
use super::event::{Place, Requirement};
use super::narrow::{Narrowed, Values};
use super::residue::touches;
use super::selector::{Field, Selector};
use crate::aws::location::Location;
use crate::aws::s3_events::Access;

/// Where the trail of the selector sees events.
pub struct Reach<'a> {
    pub partition: &'a str,
    pub home_region: &'a str,
    /// `None`: not known.
    pub is_multi_region: Option<bool>,
    pub place_of: &'a dyn Fn(&str) -> BucketPlace,
}

/// Where a bucket is.
pub enum BucketPlace {
    In(String),
    /// There is none of this name.
    Nowhere,
    Unknown,
}

/// What of a selector is dead, and what could not be told. Both are empty where all of it can match, or where it is not
/// about S3 objects.
#[derive(Debug, Default)]
pub struct Dead {
    pub reasons: Vec<String>,
    pub untold: Vec<String>,
}

/// Looks for what in the selector can never match.
pub fn dead(selector: &Selector, reach: &Reach) -> Dead {
    let label = &selector.label;
    let mut dead = Dead::default();
    let invalid = selector.invalid_values.iter();
    dead.reasons.extend(invalid.map(|value| format!("{label}: AWS refuses the value \"{value}\"; it matches nothing")));
    if selector.never.is_some() {
        return dead;
    }
    if let Some(doubt) = &selector.doubt {
        dead.untold.push(format!("{label}: {doubt}"));
        return dead;
    }
    for test in selector.condition(Field::ResourceArn).iter().flat_map(|condition| &condition.select) {
        match life(test, reach) {
            Life::Live => {}
            Life::Dead(why) => {
                let operator = if selector.is_basic { "Values" } else { test.operator(false) };
                dead.reasons.push(format!("{label}: {operator} [\"{}\"] {why}", test.text()))
            }
            Life::Untold(why) => dead.untold.push(format!("{label}: {why}")),
        }
    }
    if dead.reasons.is_empty() && contradicts_itself(selector, reach.partition) {
        dead.reasons.push(format!("{label}: its clauses exclude each other: no S3 object event passes them all"));
    }
    dead
}

/// Whether a value can ever match.
enum Life {
    Live,
    Dead(String),
    Untold(String),
}

fn life(test: &Test, reach: &Reach) -> Life {
    let arn = test.text().strip_prefix("arn:").and_then(|rest| rest.strip_prefix(reach.partition));
    let path = arn.and_then(|rest| rest.strip_prefix(":s3:::")).map(|path| path.split_once('/'));
    let bucket = match (test, path) {
        (Test::EndsWith(_), _) => return Life::Live,
        (Test::Equals(_), Some(None)) => return Life::Dead("has no slash, so it is no object's ARN".to_owned()),
        (Test::Equals(_), None) => return Life::Dead("is no ARN of an S3 object of this partition".to_owned()),
        (_, Some(Some((bucket, _)))) => bucket,
        _ => return Life::Live,
    };
    let here = reach.home_region;
    match (reach.is_multi_region, (reach.place_of)(bucket)) {
        (_, BucketPlace::Nowhere) => Life::Dead(
            "names a bucket that there is not: no event comes until somebody makes one of that name".to_owned(),
        ),
        (Some(true), _) => Life::Live,
        (_, BucketPlace::In(region)) if region == here => Life::Live,
        (Some(false), BucketPlace::In(region)) => {
            Life::Dead(format!("names a bucket of {region}, and the trail sees only {here}: no event ever comes"))
        }
        (Some(false), BucketPlace::Unknown) => Life::Untold(format!(
            "the region of {bucket} is not known: take the value out if the bucket is gone, or allow s3:ListBucket on it"
        )),
        (None, _) => Life::Untold("whether the trail is a multi-region one is not known".to_owned()),
    }
}

/// Whether no event of any bucket passes all clauses.
fn contradicts_itself(selector: &Selector, partition: &str) -> bool {
    let everything = Requirement {
        partition: partition.to_owned(),
        region: String::new(),
        location: Location { bucket: String::new(), prefix: String::new() },
        place: Place::Within,
        access: Access::All,
        role: None,
    };
    // Every object's ARN begins so; which bucket's is left open.
    let arns = Values::of_arns(selector);
    let narrowed = Narrowed::of(selector, &arns, &everything, &format!("arn:{partition}:s3:::"), false);
    let Some(narrowed) = narrowed else { return true };
    let fields_agree = touches(&everything, &without(&narrowed, Field::ResourceArn));
    !fields_agree || narrowed.condition(Field::ResourceArn).is_some_and(|condition| !has_value(condition))
}

fn without<'a>(narrowed: &Narrowed<'a>, field: Field) -> Narrowed<'a> {
    Narrowed { conditions: narrowed.conditions.iter().filter(|(of, _)| *of != field).cloned().collect() }
}

/// Whether some string passes the condition: one of its own values, longer where that is allowed.
fn has_value(condition: &Condition) -> bool {
    if condition.select.is_empty() {
        return true;
    }
    // A character that no value has, before or behind: then only the deselected prefixes and suffixes of the value itself
    // can still exclude it.
    let fresh =
        ('a'..).find(|c| condition.select.iter().chain(&condition.deselect).all(|test| !test.text().contains(*c)));
    let fresh = fresh.map(String::from).unwrap_or_default();
    condition.select.iter().any(|test| {
        let example = match test {
            Test::Equals(text) => text.clone(),
            Test::StartsWith(text) => format!("{text}{fresh}"),
            Test::EndsWith(text) => format!("{fresh}{text}"),
        };
        condition.holds(Some(&example))
    })
}
