//! What a policy said, read with suspicion: anything but the documented form is an error.

use std::collections::{BTreeMap, HashMap};

use regorus::Value;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::input::Input;
use crate::facts::subject::Subject;
use crate::severity::Severity;

/// A policy's answers, by the subject's id.
#[derive(Debug, Default)]
pub struct Answers {
    pub subjects: BTreeMap<String, Subject>,
    pub fail: HashMap<String, Vec<Answer>>,
    pub unknown: HashMap<String, Vec<Answer>>,
    /// What is shown to hold.
    pub pass: HashMap<String, Vec<Answer>>,
    /// A subject that `deny` and `warn` do not name passes, as conftest has it.
    pub is_conftest: bool,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub message: String,
    pub reasons: Vec<serde_json::Value>,
    pub evidence: serde_json::Value,
    pub severity: Option<Severity>,
}

impl Answer {
    pub fn note(message: String) -> Answer {
        Answer { message, reasons: vec![], evidence: serde_json::Value::Null, severity: None }
    }
}

/// An entry of `fail`, `unknown` or `pass`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    subject: Named,
    message: String,
    #[serde(default)]
    reasons: Vec<serde_json::Value>,
    #[serde(default)]
    evidence: serde_json::Value,
    #[serde(default)]
    severity: Option<Severity>,
}

/// A subject as a policy names it: by what the input has, or by its id.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Id(String),
    Subject(Subject),
}

impl Named {
    fn id(&self) -> &str {
        match self {
            Named::Id(id) => id,
            Named::Subject(subject) => &subject.id,
        }
    }

    /// An id that the input does not know is something in the scanning account.
    fn subject(self, input: &Input) -> Subject {
        match self {
            Named::Subject(subject) => subject,
            Named::Id(id) => {
                let known = input.subject(&id).cloned();
                known.unwrap_or_else(|| Subject { id, ..input.account.clone() })
            }
        }
    }
}

/// One entry of `deny` or `warn`, as conftest takes them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Object { msg: String },
}

impl Answers {
    pub fn add_subjects(&mut self, value: &Value, input: &Input) -> Result<(), String> {
        let named: Vec<Named> = read("subjects", "strings, or of the input's subjects", value)?;
        for subject in named.into_iter().map(|named| named.subject(input)) {
            // One that is declared more than once is where it is declared first.
            let known = self.subjects.entry(subject.id.clone()).or_insert_with(|| subject.clone());
            if subject < *known {
                *known = subject;
            }
        }
        Ok(())
    }

    /// `rule`: `fail`, `unknown` or `pass`.
    pub fn add(&mut self, rule: &str, value: &Value) -> Result<(), String> {
        let entries: Vec<Entry> = read(rule, "objects with subject and message", value)?;
        let into = match rule {
            "fail" => &mut self.fail,
            "unknown" => &mut self.unknown,
            _ => &mut self.pass,
        };
        for Entry { subject, message, reasons, evidence, severity } in entries {
            if !self.subjects.contains_key(subject.id()) {
                return Err(format!("`{rule}` names `{}`, which is not among its subjects", subject.id()));
            }
            if reasons.iter().any(|reason| !reason["code"].is_string()) {
                return Err(format!("`{rule}` has a reason without a `code`; reasons are those of the input"));
            }
            let answer = Answer { message, reasons, evidence, severity };
            into.entry(subject.id().to_owned()).or_default().push(answer);
        }
        Ok(())
    }

    /// `rule`: `deny` or `warn`.
    pub fn add_messages(&mut self, rule: &str, value: &Value, account: &Subject) -> Result<(), String> {
        let messages: Vec<Message> = read(rule, "strings, or of objects with msg", value)?;
        let severity = (rule == "warn").then_some(Severity::Low);
        self.is_conftest = true;
        self.subjects.entry(account.id.clone()).or_insert_with(|| account.clone());
        for Message::Text(message) | Message::Object { msg: message } in messages {
            let answer = Answer { severity, ..Answer::note(message) };
            self.fail.entry(account.id.clone()).or_default().push(answer);
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(rule: &str, what: &str, value: &Value) -> Result<Vec<T>, String> {
    let malformed = |error: serde_json::Error| format!("`{rule}` must be a set of {what}: {error}");
    serde_json::from_value(serde_json::to_value(value).map_err(malformed)?).map_err(malformed)
}
