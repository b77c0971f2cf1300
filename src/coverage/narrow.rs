//! A selector seen from one requirement: only what can make a difference there.
//!
//! Most selectors of a large account name other buckets. Which may matter is found by an index over the values, and what is
//! left of those is reduced: a test that holds for every event of the requirement, or for none, is settled here.

use crate::aws::s3_events::{AWS_API_CALL, EVENT_SOURCE};
use std::borrow::Cow;
use std::collections::HashMap;

use super::condition::{Condition, Test};
use super::event::Requirement;
use super::selector::{Field, Selector};

/// What of a selector depends on the event.
#[derive(Debug, Clone)]
pub struct Narrowed<'a> {
    pub conditions: Vec<(Field, Cow<'a, Condition>)>,
}

impl Narrowed<'_> {
    /// `None`: it matches no event of the requirement.
    pub fn of<'a>(selector: &'a Selector, requirement: &Requirement, arn_prefix: &str) -> Option<Narrowed<'a>> {
        if selector.never.is_some() {
            return None;
        }
        let mut conditions = Vec::new();
        for (field, condition) in &selector.conditions {
            let left = match (field, &requirement.role) {
                (Field::EventSource, _) => settle(condition, Some(EVENT_SOURCE))?,
                (Field::EventType, Some(_)) => settle(condition, Some(AWS_API_CALL))?,
                (Field::ConsoleSession, Some(_)) => settle(condition, None)?,
                (Field::ResourceArn, _) => within(condition, arn_prefix)?,
                (Field::UserIdentityArn, Some(role)) => within(condition, &role.session_prefix())?,
                _ => Some(Cow::Borrowed(condition)),
            };
            conditions.extend(left.map(|condition| (*field, condition)));
        }
        Some(Narrowed { conditions })
    }

    /// It matches every event of the requirement.
    pub fn is_everything(&self) -> bool {
        self.conditions.is_empty()
    }

    pub fn condition(&self, field: Field) -> Option<&Condition> {
        self.conditions.iter().find(|(of, _)| *of == field).map(|(_, condition)| condition.as_ref())
    }
}

/// What is left of a condition: `None` never holds, `Some(None)` always does.
type Left<'a> = Option<Option<Cow<'a, Condition>>>;

/// The field has one value in the whole requirement.
fn settle<'a>(condition: &Condition, value: Option<&str>) -> Left<'a> {
    condition.holds(value).then_some(None)
}

/// The field's values all begin with `prefix`, and are never absent.
fn within<'a>(condition: &'a Condition, prefix: &str) -> Left<'a> {
    let mut left = Condition::default();
    let mut selected = condition.select.is_empty();
    for test in &condition.select {
        match test.within(prefix) {
            Within::Always => selected = true,
            Within::Sometimes => left.select.push(test.clone()),
            Within::Never => {}
        }
    }
    if selected {
        left.select.clear();
    } else if left.select.is_empty() {
        return None;
    }
    for test in &condition.deselect {
        match test.within(prefix) {
            Within::Always => return None,
            Within::Sometimes => left.deselect.push(test.clone()),
            Within::Never => {}
        }
    }
    let free = left.select.is_empty() && left.deselect.is_empty();
    Some((!free).then_some(Cow::Owned(left)))
}

enum Within {
    Always,
    Sometimes,
    Never,
}

impl Test {
    /// Whether the test holds for strings that begin with `prefix`.
    fn within(&self, prefix: &str) -> Within {
        match self {
            Test::StartsWith(text) if prefix.starts_with(text.as_str()) => Within::Always,
            Test::EndsWith(text) if text.is_empty() => Within::Always,
            Test::StartsWith(text) | Test::Equals(text) if !text.starts_with(prefix) => Within::Never,
            _ => Within::Sometimes,
        }
    }
}

/// Which selectors may matter at a location, by the values of their `resources.ARN`.
#[derive(Debug, Default)]
pub struct Index {
    /// Those that name no place: they may matter anywhere.
    anywhere: Vec<usize>,
    /// The others, by each StartsWith and Equals value, in order.
    by_value: Vec<(String, usize)>,
    by_start: HashMap<String, Vec<usize>>,
    /// The lengths of the StartsWith values, each once.
    lengths: Vec<usize>,
}

impl Index {
    pub fn of<'a>(selectors: impl Iterator<Item = &'a Selector>) -> Index {
        let mut index = Index::default();
        for (at, selector) in selectors.enumerate() {
            let select = selector.condition(Field::ResourceArn).map(|condition| condition.select.as_slice());
            let names_places = |tests: &[Test]| !tests.iter().any(|test| matches!(test, Test::EndsWith(_)));
            let Some(tests) = select.filter(|tests| !tests.is_empty() && names_places(tests)) else {
                index.anywhere.push(at);
                continue;
            };
            for test in tests {
                index.by_value.push((test.text().to_owned(), at));
                if let Test::StartsWith(text) = test {
                    index.by_start.entry(text.clone()).or_default().push(at);
                    index.lengths.push(text.len());
                }
            }
        }
        index.by_value.sort();
        index.lengths.sort_unstable();
        index.lengths.dedup();
        index
    }

    /// The places of all selectors that may match an ARN that begins with `prefix`, in order.
    pub fn candidates(&self, prefix: &str) -> Vec<usize> {
        let mut found = self.anywhere.clone();
        let from = self.by_value.partition_point(|(value, _)| value.as_str() < prefix);
        let longer = self.by_value[from..].iter().take_while(|(value, _)| value.starts_with(prefix));
        found.extend(longer.map(|(_, at)| *at));
        for length in self.lengths.iter().take_while(|length| **length < prefix.len()) {
            let shorter = prefix.get(..*length).and_then(|start| self.by_start.get(start));
            found.extend(shorter.into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
