//! Running one policy, and reading its answers with suspicion: what has not the documented form is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::Value;
use regorus::utils::limits::ExecutionTimerConfig;
use serde::Deserialize;

use super::bundle::Policy;
use crate::finding::Severity;

/// Facts of ten thousand subjects take milliseconds.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What a policy said, by subject.
#[derive(Debug, Default)]
pub struct Answers {
    pub subjects: BTreeSet<String>,
    pub fail: BTreeMap<String, Vec<Answer>>,
    pub unknown: BTreeMap<String, Vec<Answer>>,
    /// What a pass rests on. Explains; decides nothing.
    pub evidence: BTreeMap<String, Vec<Answer>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    #[serde(default)]
    subject: String,
    pub message: String,
    #[serde(default)]
    pub evidence: serde_json::Value,
    #[serde(default)]
    pub severity: Option<Severity>,
}

impl Answer {
    pub fn note(message: String) -> Answer {
        Answer { subject: String::new(), message, evidence: serde_json::Value::Null, severity: None }
    }

    pub fn unknown(message: String) -> Answer {
        let evidence = serde_json::json!({"unknown_because": [message]});
        Answer { evidence, ..Answer::note(message) }
    }
}

/// Runs the policy. `account` is the subject of a policy in the `deny` and `warn` style, which names none.
pub fn run(policy: &Policy, input: &Value, account: &str) -> Result<Answers, String> {
    let mut engine = policy.engine.clone();
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: TIME_LIMIT, check_interval: NonZeroU32::MIN });
    engine.set_strict_builtin_errors(true);
    engine.set_input(input.clone());
    let mut read = |rule: &str| -> Result<Option<serde_json::Value>, String> {
        if !policy.rules.contains(&rule) {
            return Ok(None);
        }
        match engine.eval_rule(format!("{}.{rule}", policy.package)) {
            // Printed, an undefined rule would look like a text.
            Ok(Value::Undefined) => Err(format!("`{rule}` is undefined; define it as a set: `{rule} contains …`")),
            Ok(value) => serde_json::to_value(&value).map(Some).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    };
    let mut answers = Answers::default();
    if let Some(subjects) = read("subjects")? {
        answers.subjects = serde_json::from_value(subjects)
            .map_err(|error| format!("`subjects` must be a set of strings: {error}"))?;
    }
    for (rule, into) in
        [("fail", &mut answers.fail), ("unknown", &mut answers.unknown), ("evidence", &mut answers.evidence)]
    {
        let Some(value) = read(rule)? else { continue };
        let list: Vec<Answer> = serde_json::from_value(value)
            .map_err(|error| format!("`{rule}` must be a set of objects with subject and message: {error}"))?;
        for answer in list {
            if !answers.subjects.contains(&answer.subject) {
                return Err(format!("`{rule}` names `{}`, which is not among its subjects", answer.subject));
            }
            into.entry(answer.subject.clone()).or_default().push(answer);
        }
    }
    for (rule, severity) in [("deny", None), ("warn", Some(Severity::Low))] {
        let Some(value) = read(rule)? else { continue };
        let messages: Vec<Message> = serde_json::from_value(value)
            .map_err(|error| format!("`{rule}` must be a set of strings, or of objects with msg: {error}"))?;
        answers.subjects.insert(account.to_owned());
        for message in messages {
            let answer = Answer { severity, ..Answer::note(message.text()) };
            answers.fail.entry(account.to_owned()).or_default().push(answer);
        }
    }
    Ok(answers)
}

/// One entry of `deny` or `warn`, as conftest takes them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Object { msg: String },
}

impl Message {
    fn text(self) -> String {
        match self {
            Message::Text(text) | Message::Object { msg: text } => text,
        }
    }
}
