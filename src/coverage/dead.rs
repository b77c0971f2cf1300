//! Selectors that can never match an S3 object event, whatever happens: paid for in attention, and taken for coverage.

use super::condition::{Condition, Test};
use super::event::{Access, Requirement};
use super::narrow::Narrowed;
use super::residue::touches;
use super::selector::{Field, Selector};
use crate::location::Location;

/// Where the trail of the selector sees events.
pub struct Reach<'a> {
    pub partition: &'a str,
    /// The one region of a single-region trail; `None`: more than one, or not known.
    pub only_region: Option<&'a str>,
    /// The region of a bucket, where it is known.
    pub region_of: &'a dyn Fn(&str) -> Option<String>,
}

/// What in the selector is dead, one reason for each. Empty: nothing is, or it is not about S3 objects, or it is not
/// understood.
pub fn dead(selector: &Selector, reach: &Reach) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    let invalid = selector.invalid_values.iter();
    reasons.extend(
        invalid.map(|value| format!("{}: AWS refuses the value \"{value}\"; it matches nothing", selector.label)),
    );
    if selector.never.is_some() || selector.doubt.is_some() {
        return reasons;
    }
    if let Some(condition) = selector.condition(Field::ResourceArn) {
        let values = condition.select.iter().filter_map(|test| value_reason(test, reach));
        reasons.extend(values.map(|reason| format!("{}: {reason}", selector.label)));
    }
    if reasons.is_empty() && contradicts_itself(selector, reach.partition) {
        reasons.push(format!("{}: its clauses exclude each other: no S3 object event passes them all", selector.label));
    }
    reasons
}

/// Why one value of `resources.ARN` can never match.
fn value_reason(test: &Test, reach: &Reach) -> Option<String> {
    let operator = test.operator(false);
    let text = test.text();
    let path = text.strip_prefix("arn:").and_then(|rest| rest.strip_prefix(reach.partition)?.strip_prefix(":s3:::"));
    match (test, path.map(|path| path.split_once('/'))) {
        (Test::EndsWith(_), _) => None,
        (Test::Equals(_), Some(None)) => {
            Some(format!("{operator} [\"{text}\"] has no slash, so it is no object's ARN"))
        }
        (Test::Equals(_), None) => Some(format!("{operator} [\"{text}\"] is no ARN of an S3 object of this partition")),
        (_, Some(Some((bucket, _)))) => {
            let here = reach.only_region?;
            let region = (reach.region_of)(bucket).filter(|region| region != here)?;
            Some(format!(
                "{operator} [\"{text}\"] names a bucket of {region}, and the trail sees only {here}: no event ever comes"
            ))
        }
        _ => None,
    }
}

/// Whether no event of any bucket passes all clauses.
fn contradicts_itself(selector: &Selector, partition: &str) -> bool {
    let everything = Requirement {
        partition: partition.to_owned(),
        region: String::new(),
        location: Location { bucket: String::new(), prefix: String::new() },
        access: Access::All,
        role: None,
    };
    // Every object's ARN begins so; which bucket's is left open.
    let narrowed = Narrowed::of(selector, &everything, &format!("arn:{partition}:s3:::"));
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
