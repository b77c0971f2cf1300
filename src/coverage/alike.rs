//! Questions that have one answer, because they differ in their place alone.
//!
//! Accounts grow by the bucket, and their selectors are written after one pattern: ten thousand locations ask a few dozen
//! questions. What a selector tests of an ARN is taken relative to the place's own prefix: StartsWith tests then read the
//! same at every place that is watched in the same way. Equals and EndsWith may match across the end of the prefix, or
//! the bare prefix alone, so a question with one of those is asked anew.

use std::cell::RefCell;
use std::collections::HashMap;

use super::condition::Test;
use super::event::{Place, Requirement};
use super::narrow::Narrowed;
use super::selector::Field;
use crate::aws::s3_events::Access;

/// All that the answer rests on, but for the place.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    access: Access,
    /// What the ARNs of the role's sessions begin with.
    role: Option<String>,
    selectors: Vec<Asked>,
}

/// A selector by its place among those of the set, and what it still tests of the ARN.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    selector: usize,
    select: Vec<String>,
    deselect: Vec<String>,
}

impl Question {
    /// `selectors`: those that may matter, each with its place. `None`: the answer rests on the place itself.
    pub(super) fn of<'s>(
        requirement: &Requirement,
        selectors: impl Iterator<Item = (usize, &'s Narrowed<'s>)>,
    ) -> Option<Question> {
        if requirement.place == Place::Above {
            return None;
        }
        let arn_prefix = requirement.arn_prefix();
        let relative = |tests: &[Test]| -> Option<Vec<String>> {
            let starts = tests.iter().map(|test| match test {
                Test::StartsWith(text) => text.strip_prefix(&arn_prefix).map(str::to_owned),
                Test::Equals(_) | Test::EndsWith(_) => None,
            });
            starts.collect()
        };
        let asked = selectors.map(|(selector, narrowed)| {
            let condition = narrowed.condition(Field::ResourceArn);
            let tests = |of: Option<&[Test]>| of.map_or(Some(vec![]), relative);
            let select = tests(condition.map(|condition| condition.select.as_slice()))?;
            let deselect = tests(condition.map(|condition| condition.deselect.as_slice()))?;
            Some(Asked { selector, select, deselect })
        });
        Some(Question {
            selectors: asked.collect::<Option<_>>()?,
            access: requirement.access,
            role: requirement.role.as_ref().map(|role| role.session_prefix()),
        })
    }
}

/// Answers that were found before.
#[derive(Debug)]
pub(super) struct Answered<A>(RefCell<HashMap<Question, A>>);

impl<A> Default for Answered<A> {
    fn default() -> Self {
        Answered(RefCell::default())
    }
}

impl<A: Clone> Answered<A> {
    /// `names_place`: whether the answer speaks of the place, so that it is good for no other.
    pub(super) fn or_find(
        &self,
        question: Option<Question>,
        find: impl FnOnce() -> A,
        names_place: impl Fn(&A) -> bool,
    ) -> A {
        let Some(question) = question else { return find() };
        if let Some(answer) = self.0.borrow().get(&question) {
            return answer.clone();
        }
        let answer = find();
        if !names_place(&answer) {
            self.0.borrow_mut().insert(question, answer.clone());
        }
        answer
    }
}
