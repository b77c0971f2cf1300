//! All strings of a field, divided into the few classes that a set of conditions cannot tell apart.
//!
//! A condition looks at a string only through prefixes, suffixes and equalities. A string's answers to all StartsWith
//! tests follow from the longest tested prefix that it has, its answers to all EndsWith tests from the longest tested
//! suffix, and *every* pair of the two occurs: put a character that no test knows between them. So the classes are the
//! pairs (prefix, suffix), and each string that stands in an Equals on its own. Their number grows as the product of two
//! lists, never exponentially, and one string of each class stands for all of it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::bits::Bits;
use super::condition::{Condition, Test};

/// The values that a requirement allows in a field.
#[derive(Debug, Clone)]
pub(super) enum Domain {
    /// These and no others, the most readable first.
    Names(Vec<Cow<'static, str>>),
    Strings(Strings),
}

/// Infinitely many strings.
#[derive(Debug, Clone, Default)]
pub(super) struct Strings {
    /// What every string begins with.
    pub prefix: String,
    /// Something must follow the prefix.
    pub beyond_prefix: bool,
    /// Strings that do not belong.
    pub except: HashSet<&'static str>,
    /// The field may also be absent.
    pub absent: bool,
    /// What readable strings of this field go on with after the prefix, best first.
    pub examples: &'static [&'static str],
}

impl Strings {
    fn contains(&self, value: &str) -> bool {
        value.starts_with(&self.prefix)
            && (!self.beyond_prefix || value.len() > self.prefix.len())
            && !self.except.contains(value)
    }
}

/// One class, by what all of its strings have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Absent,
    /// One string, by its place in `exact`.
    Exact(usize),
    /// The longest tested prefix and suffix, by their places.
    Between(usize, usize),
}

/// A set of classes that the same selectors accept, with the most readable of them.
#[derive(Debug, Clone)]
pub(super) struct Class {
    shape: Shape,
    /// The selectors whose condition holds for every string of the class.
    pub accepted_by: Bits,
    /// Lower is more readable.
    pub rank: usize,
}

/// The classes of one field for a list of selectors.
#[derive(Debug)]
pub(super) struct Classes<'a> {
    domain: &'a Domain,
    prefixes: Vec<&'a str>,
    suffixes: Vec<&'a str>,
    exact: Vec<&'a str>,
    /// Those that few selectors accept come first.
    pub all: Vec<Class>,
}

impl<'a> Classes<'a> {
    /// `conditions` has one entry a selector; `None` is a selector that leaves the field free.
    pub(super) fn of(domain: &'a Domain, conditions: &[Option<&'a Condition>]) -> Classes<'a> {
        let tested = match domain {
            Domain::Names(names) => Tested { exact: names.iter().map(|name| &**name).collect(), ..Tested::default() },
            Domain::Strings(strings) => {
                let mut tested = Tested { prefixes: vec![&strings.prefix], suffixes: vec![""], ..Tested::default() };
                for test in conditions.iter().flatten().flat_map(|c| c.select.iter().chain(&c.deselect)) {
                    tested.add(test, strings);
                }
                tested
            }
        };
        let Tested { prefixes, suffixes, exact, .. } = tested;
        let mut classes = Classes { domain, prefixes, suffixes, exact, all: vec![] };
        classes.all = classes.enumerate(conditions);
        classes
    }

    fn enumerate(&self, conditions: &[Option<&Condition>]) -> Vec<Class> {
        let mut best: HashMap<Bits, Class> = HashMap::new();
        let mut offer = |shape: Shape, accepted_by: Bits, rank: usize| {
            let entry = best.entry(accepted_by.clone());
            let class = entry.or_insert_with(|| Class { shape, accepted_by: accepted_by.clone(), rank });
            if rank < class.rank {
                *class = Class { shape, accepted_by, rank };
            }
        };
        let by_prefix: Vec<Answers> =
            self.prefixes.iter().map(|prefix| Answers::to(conditions, |test| prefix_holds(test, prefix))).collect();
        let by_suffix: Vec<Answers> =
            self.suffixes.iter().map(|suffix| Answers::to(conditions, |test| suffix_holds(test, suffix))).collect();
        let free = Bits::of(conditions.len(), |at| conditions[at].is_none_or(|c| c.select.is_empty()));
        for (p, prefix) in by_prefix.iter().enumerate() {
            for (s, suffix) in by_suffix.iter().enumerate() {
                let accepted = prefix.accept(suffix, &free);
                offer(Shape::Between(p, s), accepted, self.prefixes[p].len() + 2 * self.suffixes[s].len());
            }
        }
        for (at, value) in self.exact.iter().enumerate() {
            let accepted =
                Bits::of(conditions.len(), |n| conditions[n].is_none_or(|condition| condition.holds(Some(value))));
            let rank = if matches!(self.domain, Domain::Names(_)) { at } else { 1 + value.len() };
            offer(Shape::Exact(at), accepted, rank);
        }
        if matches!(self.domain, Domain::Strings(strings) if strings.absent) {
            let accepted = Bits::of(conditions.len(), |n| conditions[n].is_none_or(|condition| condition.holds(None)));
            offer(Shape::Absent, accepted, usize::MAX);
        }
        let mut classes: Vec<Class> = best.into_values().collect();
        // Few accepting selectors first: they settle the search soonest. The rest makes the order total, and so the
        // witness the same in every run.
        classes.sort_by(|a, b| {
            (a.accepted_by.count(), a.rank, &a.accepted_by).cmp(&(b.accepted_by.count(), b.rank, &b.accepted_by))
        });
        classes
    }

    /// The most readable string that we can think of of the class at this place; `None` is the absent field.
    pub(super) fn example(&self, class: usize) -> Option<String> {
        let (p, s) = match self.all.get(class)?.shape {
            Shape::Absent => return None,
            Shape::Exact(at) => return Some(self.exact[at].to_owned()),
            Shape::Between(p, s) => (p, s),
        };
        let Domain::Strings(strings) = self.domain else { return None };
        let (prefix, suffix) = (self.prefixes[p], self.suffixes[s]);
        // A whole ARN continues no other; what is behind a role's name is a session, and a session's name has no slash.
        let is_begun = prefix.len() > strings.prefix.len();
        let ends = suffix.starts_with('/');
        let readable = strings.examples.iter().map(|middle| match (middle.starts_with("arn:"), is_begun) {
            (true, true) if prefix.ends_with('/') => "session".to_owned(),
            (true, true) if ends => String::new(),
            (true, true) => "/session".to_owned(),
            (true, false) if ends => middle.rsplit_once('/').map_or(*middle, |(role, _)| role).to_owned(),
            _ => (*middle).to_owned(),
        });
        let fresh = ('a'..='z').chain('0'..='9').chain('\u{e9}'..).map(String::from);
        let is_whole = suffix.starts_with("arn:");
        is_whole
            .then(String::new)
            .into_iter()
            .chain(readable)
            .chain([String::new()])
            .chain(fresh)
            .map(|middle| format!("{prefix}{middle}{suffix}"))
            .find(|value| strings.contains(value) && self.is_of(value, prefix, suffix))
    }

    /// Whether the string belongs to the class of this longest prefix and this longest suffix.
    fn is_of(&self, value: &str, prefix: &str, suffix: &str) -> bool {
        let longest_prefix = self.prefixes.iter().filter(|p| value.starts_with(**p)).max_by_key(|p| p.len());
        let longest_suffix = self.suffixes.iter().filter(|s| value.ends_with(**s)).max_by_key(|s| s.len());
        longest_prefix == Some(&prefix) && longest_suffix == Some(&suffix) && !self.exact.contains(&value)
    }
}

/// The prefixes, suffixes and whole strings that tests ask for inside a domain, each once.
#[derive(Default)]
struct Tested<'a> {
    prefixes: Vec<&'a str>,
    suffixes: Vec<&'a str>,
    exact: Vec<&'a str>,
    seen: HashSet<&'a Test>,
}

impl<'a> Tested<'a> {
    fn add(&mut self, test: &'a Test, domain: &Strings) {
        if !self.seen.insert(test) {
            return;
        }
        match test {
            // A prefix that the domain's own begins with holds everywhere; another one, nowhere.
            Test::StartsWith(text) => {
                if text.len() > domain.prefix.len() && text.starts_with(&domain.prefix) {
                    self.prefixes.push(text);
                }
            }
            Test::EndsWith(text) => {
                if !text.is_empty() {
                    self.suffixes.push(text);
                }
            }
            Test::Equals(text) => {
                if domain.contains(text) {
                    self.exact.push(text);
                }
            }
        }
    }
}

fn prefix_holds(test: &Test, longest: &str) -> bool {
    matches!(test, Test::StartsWith(text) if longest.starts_with(text.as_str()))
}

fn suffix_holds(test: &Test, longest: &str) -> bool {
    matches!(test, Test::EndsWith(text) if longest.ends_with(text.as_str()))
}

/// Which selectors a prefix, or a suffix, selects and deselects by itself.
struct Answers {
    selected: Bits,
    deselected: Bits,
}

impl Answers {
    fn to(conditions: &[Option<&Condition>], holds: impl Fn(&Test) -> bool) -> Answers {
        let any = |tests: &[Test]| tests.iter().any(&holds);
        Answers {
            selected: Bits::of(conditions.len(), |at| conditions[at].is_some_and(|c| any(&c.select))),
            deselected: Bits::of(conditions.len(), |at| conditions[at].is_some_and(|c| any(&c.deselect))),
        }
    }

    fn accept(&self, suffix: &Answers, free: &Bits) -> Bits {
        let mut accepted = free.clone();
        accepted.insert_all(&self.selected);
        accepted.insert_all(&suffix.selected);
        accepted.remove_all(&self.deselected);
        accepted.remove_all(&suffix.deselected);
        accepted
    }
}
