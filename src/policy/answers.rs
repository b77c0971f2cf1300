//! What a policy said, read with suspicion: anything but the documented form is an error.

use std::collections::{BTreeMap, HashMap};

use regorus::Value;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::input::{self, Input};
use crate::facts::subject::Subject;
use crate::severity::Severity;

/// A policy's answers, by the subject's id.
#[derive(Debug, Default)]
pub(super) struct Answers {
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

/// One entry of `deny` or `warn`, as conftest takes them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Object { msg: String },
}

impl Answers {
    pub(super) fn add_subjects(&mut self, value: &Value, input: &Input) -> Result<(), String> {
        let malformed = |why: String| format!("`subjects` must be a set of strings, or of the input's subjects: {why}");
        for named in items(value).map_err(malformed)? {
            let subject = subject(named, input).map_err(malformed)?;
            // One that is declared more than once is where it is declared first.
            let known = self.subjects.entry(subject.id.clone()).or_insert_with(|| subject.clone());
            if subject < *known {
                *known = subject;
            }
        }
        Ok(())
    }

    /// `rule`: `fail`, `unknown` or `pass`.
    pub(super) fn add(&mut self, rule: &str, value: &Value) -> Result<(), String> {
        let malformed = |why: String| format!("`{rule}` must be a set of objects with subject and message: {why}");
        let mut entries = Vec::new();
        for value in items(value).map_err(malformed)? {
            entries.push(entry(value).map_err(malformed)?);
        }
        let into = match rule {
            "fail" => &mut self.fail,
            "unknown" => &mut self.unknown,
            _ => &mut self.pass,
        };
        for (id, answer) in entries {
            if !self.subjects.contains_key(&id) {
                return Err(format!("`{rule}` names `{id}`, which is not among its subjects"));
            }
            into.entry(id).or_default().push(answer);
        }
        Ok(())
    }

    /// `rule`: `deny` or `warn`.
    pub(super) fn add_messages(&mut self, rule: &str, value: &Value, account: &Subject) -> Result<(), String> {
        let messages: Vec<Message> = read(rule, "strings, or of objects with msg", value)?;
        let severity = (rule == "warn").then_some(Severity::Info);
        // Where `subjects` names the account too, it is judged as any subject: silence is no pass.
        self.is_conftest |= self.subjects.insert(account.id.clone(), account.clone()).is_none();
        for Message::Text(message) | Message::Object { msg: message } in messages {
            if message.trim().is_empty() {
                return Err(format!("`{rule}` holds an empty message"));
            }
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

/// The members of a set or an array.
fn items(value: &Value) -> Result<Vec<&Value>, String> {
    match value {
        Value::Array(items) => Ok(items.iter().collect()),
        Value::Set(items) => Ok(items.iter().collect()),
        _ => Err("it is neither a set nor an array".to_owned()),
    }
}

/// A subject as a policy names it: one of the input's, or by its id. An id that the input does not know is something in the
/// scanning account.
fn subject(named: &Value, input: &Input) -> Result<Subject, String> {
    match named {
        Value::String(id) => {
            let known = input.subject(id).cloned();
            Ok(known.unwrap_or_else(|| Subject { id: id.to_string(), ..input.account.clone() }))
        }
        _ => input::subject(named),
    }
}

/// An entry of `fail`, `unknown` or `pass`: the subject's id and the answer. Taken apart by hand, for there may be a hundred
/// thousand. A `judgement` of the input stands for its message, reasons and evidence.
fn entry(value: &Value) -> Result<(String, Answer), String> {
    const FIELDS: [&str; 6] = ["subject", "judgement", "severity", "message", "reasons", "evidence"];
    let strange = |name: &str| Err(format!("unknown field `{name}`, expected one of {}", FIELDS.join(", ")));
    let [subject, judgement, severity, mut message, mut reasons, mut evidence] = input::fields(value, FIELDS, strange)?;
    let id = match subject {
        Value::String(id) => id,
        subject => {
            let [id] = input::fields(subject, ["id"], |_| Ok(())).unwrap_or([&Value::Undefined]);
            id.as_string().map_err(|_| "missing field `subject`".to_owned())?
        }
    };
    if *judgement != Value::Undefined {
        [message, reasons, evidence] = input::fields(judgement, ["message", "reasons", "evidence"], |_| Ok(()))?;
    }
    let message = message.as_string().map_err(|_| "missing field `message`".to_owned())?;
    let answer = Answer {
        message: message.to_string(),
        reasons: match json(reasons)? {
            serde_json::Value::Array(reasons) => reasons,
            serde_json::Value::Null => vec![],
            _ => return Err("`reasons` is not an array".to_owned()),
        },
        evidence: json(evidence)?,
        severity: serde_json::from_value(json(severity)?).map_err(|error| format!("severity: {error}"))?,
    };
    if answer.reasons.iter().any(|reason| !reason["code"].is_string()) {
        return Err("a reason without a `code`; reasons are those of the input".to_owned());
    }
    Ok((id.to_string(), answer))
}

/// The value as JSON; `null` where it is not there.
fn json(value: &Value) -> Result<serde_json::Value, String> {
    match value {
        Value::Undefined => Ok(serde_json::Value::Null),
        found => serde_json::to_value(found).map_err(|error| error.to_string()),
    }
}
