//! A selector seen from one requirement: only what can make a difference there.
//!
//! Most selectors of a large account name other buckets. Which may matter is found by an index over the values, and what is
//! left of those is reduced: a test that holds for every event of the requirement, or for none, is settled here.

use crate::aws::s3_events::{AWS_API_CALL, AWS_SERVICE_EVENT, EVENT_SOURCE};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::condition::{Condition, Test};
use super::event::Requirement;
use super::selector::{Field, Selector};

/// What of a selector depends on the event.
#[derive(Debug, Clone)]
pub(super) struct Narrowed<'a> {
    pub conditions: Vec<(Field, Cow<'a, Condition>)>,
}

impl Narrowed<'_> {
    /// `None`: it matches no event of the requirement. `arns`: the values of its `resources.ARN`, in order.
    /// `is_caller_hidden`: the records may lack the caller's ARN, so that what is asked of it may be anything's answer.
    pub(super) fn of<'a>(
        selector: &'a Selector,
        arns: &Values,
        requirement: &Requirement,
        arn_prefix: &str,
        is_caller_hidden: bool,
    ) -> Option<Narrowed<'a>> {
        if selector.never.is_some() {
            return None;
        }
        let mut conditions = Vec::new();
        for (field, condition) in &selector.conditions {
            let left = match (field, &requirement.role) {
                (Field::EventSource, Some(_)) => settle(condition, &[Some(EVENT_SOURCE)])?,
                (Field::EventType, Some(_)) => settle(condition, &[Some(AWS_API_CALL), Some(AWS_SERVICE_EVENT)])?,
                (Field::ConsoleSession, Some(_)) => settle(condition, &[None])?,
                (Field::ResourceArn, _) => within(condition, arns, arn_prefix)?,
                (Field::UserIdentityArn, _) if is_caller_hidden => None,
                (Field::UserIdentityArn, Some(role)) => {
                    within(condition, &Values::of(condition), &role.session_prefix())?
                }
                _ => Some(Cow::Borrowed(condition)),
            };
            conditions.extend(left.map(|condition| (*field, condition)));
        }
        Some(Narrowed { conditions })
    }

    /// It matches every event of the requirement.
    pub(super) fn is_everything(&self) -> bool {
        self.conditions.is_empty()
    }

    pub(super) fn condition(&self, field: Field) -> Option<&Condition> {
        self.conditions.iter().find(|(of, _)| *of == field).map(|(_, condition)| condition.as_ref())
    }
}

/// What is left of a condition: `None` never holds, `Some(None)` always does.
type Left<'a> = Option<Option<Cow<'a, Condition>>>;

/// The field has no other values in the whole requirement.
fn settle<'a>(condition: &'a Condition, values: &[Option<&str>]) -> Left<'a> {
    match values.iter().filter(|value| condition.holds(**value)).count() {
        0 => None,
        all if all == values.len() => Some(None),
        _ => Some(Some(Cow::Borrowed(condition))),
    }
}

/// The field's values all begin with `prefix`, and are never absent.
fn within<'a>(condition: &'a Condition, values: &Values, prefix: &str) -> Left<'a> {
    let mut left = Condition::default();
    let mut selected = condition.select.is_empty();
    for test in values.select.about(&condition.select, prefix) {
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
    for test in values.deselect.about(&condition.deselect, prefix) {
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

/// The values of a condition in the order of their texts, so that those about a place are found and not searched for.
#[derive(Debug, Default)]
pub(super) struct Values {
    select: Sorted,
    deselect: Sorted,
}

/// Places in a list of tests.
#[derive(Debug, Default)]
struct Sorted {
    /// Of StartsWith and Equals, in the order of their texts.
    by_text: Vec<u32>,
    /// Of StartsWith, by their texts.
    by_start: HashMap<String, Vec<u32>>,
    /// The lengths of the StartsWith texts, each once.
    lengths: BTreeSet<usize>,
    /// Of EndsWith, which are about every place.
    by_end: Vec<u32>,
}

impl Values {
    pub(super) fn of(condition: &Condition) -> Values {
        Values { select: Sorted::of(&condition.select), deselect: Sorted::of(&condition.deselect) }
    }

    /// Of a selector's `resources.ARN`.
    pub(super) fn of_arns(selector: &Selector) -> Values {
        selector.condition(Field::ResourceArn).map_or(Values::default(), Values::of)
    }
}

impl Sorted {
    fn of(tests: &[Test]) -> Sorted {
        let ends = |at: &u32| matches!(tests[*at as usize], Test::EndsWith(_));
        let (by_end, mut by_text): (Vec<u32>, Vec<u32>) = (0..tests.len() as u32).partition(ends);
        by_text.sort_by_key(|at| tests[*at as usize].text());
        let mut sorted = Sorted { by_text, by_end, ..Sorted::default() };
        for (at, test) in tests.iter().enumerate() {
            if let Test::StartsWith(text) = test {
                sorted.by_start.entry(text.clone()).or_default().push(at as u32);
                sorted.lengths.insert(text.len());
            }
        }
        sorted
    }

    /// The tests that may hold for some string that begins with `prefix`, in the condition's order.
    fn about<'t>(&self, tests: &'t [Test], prefix: &str) -> Vec<&'t Test> {
        let text = |at: &u32| tests[*at as usize].text();
        let from = self.by_text.partition_point(|at| text(at) < prefix);
        let mut found: Vec<u32> =
            self.by_text[from..].iter().take_while(|at| text(at).starts_with(prefix)).copied().collect();
        for length in self.lengths.range(..prefix.len()) {
            let shorter = prefix.get(..*length).and_then(|start| self.by_start.get(start));
            found.extend(shorter.into_iter().flatten());
        }
        found.extend(&self.by_end);
        found.sort_unstable();
        found.into_iter().map(|at| &tests[at as usize]).collect()
    }
}

/// Which selectors may matter at a location, by the values of their `resources.ARN`.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Those that name no place: they may matter anywhere.
    anywhere: Vec<usize>,
    /// The others, by each StartsWith and Equals value, in order.
    by_value: Vec<(String, usize)>,
    by_start: HashMap<String, Vec<usize>>,
    /// The lengths of the StartsWith values, each once.
    lengths: Vec<usize>,
}

impl Index {
    pub(super) fn of<'a>(selectors: impl Iterator<Item = &'a Selector>) -> Index {
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
    pub(super) fn candidates(&self, prefix: &str) -> Vec<usize> {
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
