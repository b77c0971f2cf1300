//! The test that a selector puts to one field of an event.
//!
//! Source: CloudTrail User Guide, "Filtering data events": within a field, an event passes when any SELECT value (Equals,
//! StartsWith, EndsWith) matches or there is none, and no DESELECT value (NotEquals, NotStartsWith, NotEndsWith)
//! matches. There are no wildcards: `*` is a literal.

use serde::Serialize;

/// One value of one operator, as a test on a string.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum Test {
    Equals(String),
    StartsWith(String),
    EndsWith(String),
}

impl Test {
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Test::Equals(text) => value == text,
            Test::StartsWith(text) => value.starts_with(text.as_str()),
            Test::EndsWith(text) => value.ends_with(text.as_str()),
        }
    }

    /// The operator's name in the API, negated for a DESELECT value.
    pub fn operator(&self, deselect: bool) -> &'static str {
        match (self, deselect) {
            (Test::Equals(_), false) => "Equals",
            (Test::StartsWith(_), false) => "StartsWith",
            (Test::EndsWith(_), false) => "EndsWith",
            (Test::Equals(_), true) => "NotEquals",
            (Test::StartsWith(_), true) => "NotStartsWith",
            (Test::EndsWith(_), true) => "NotEndsWith",
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Test::Equals(text) | Test::StartsWith(text) | Test::EndsWith(text) => text,
        }
    }
}

/// All operators and values of one field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    pub select: Vec<Test>,
    pub deselect: Vec<Test>,
}

impl Condition {
    /// An absent field matches no value: positive operators do not hold, negative ones do (stated assumption).
    pub fn holds(&self, value: Option<&str>) -> bool {
        match value {
            Some(value) => {
                (self.select.is_empty() || self.select.iter().any(|test| test.holds(value)))
                    && !self.deselect.iter().any(|test| test.holds(value))
            }
            None => self.select.is_empty(),
        }
    }

    /// The clause that keeps a value out, in the API's words: `StartsWith ["…"]` or `NotEndsWith ["…"]`.
    /// `None` where the condition holds.
    pub fn excluded_by(&self, value: Option<&str>) -> Option<String> {
        let deselected = value.and_then(|value| self.deselect.iter().find(|test| test.holds(value)));
        if let Some(test) = deselected {
            return Some(format!("{} [\"{}\"]", test.operator(true), test.text()));
        }
        if self.holds(value) {
            return None;
        }
        Some(list_select(&self.select))
    }

    /// What it selects by, whatever the operators.
    pub(super) fn values(&self) -> String {
        list(&self.select.iter().map(Test::text).collect::<Vec<_>>())
    }
}

/// So many values of a list are shown.
const SHOWN: usize = 3;

/// `["a", "b", … 7 more]`
fn list(values: &[&str]) -> String {
    let mut shown: Vec<String> = values.iter().take(SHOWN).map(|value| format!("\"{value}\"")).collect();
    if values.len() > SHOWN {
        shown.push(format!("… {} more", values.len() - SHOWN));
    }
    format!("[{}]", shown.join(", "))
}

/// `Equals ["a", "b", … 7 more]`: enough to recognise the clause by.
fn list_select(tests: &[Test]) -> String {
    let mut clauses: Vec<String> = Vec::new();
    for operator in ["Equals", "StartsWith", "EndsWith"] {
        let values: Vec<&str> = tests.iter().filter(|test| test.operator(false) == operator).map(Test::text).collect();
        if values.is_empty() {
            continue;
        }
        clauses.push(format!("{operator} {}", list(&values)));
    }
    clauses.join(" or ")
}
