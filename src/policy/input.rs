//! The `input` document, ready for the engine, with what the host itself reads in it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::sync::OnceLock;

use regorus::Value;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::PolicyError;
use super::answers::Answer;
use crate::aws::timestamp::Timestamp;
use crate::facts::input::Facts;
use crate::facts::subject::Subject;
use crate::parallel;

/// The document is the one source: what policies read and what the host knows cannot differ.
pub struct Input {
    pub value: Value,
    /// What a policy judges that names no subject.
    pub account: Subject,
    /// The snapshot's clock.
    pub collected_at: Timestamp,
    /// By id, for policies that name a subject by its id alone; made when the first one does.
    subjects: OnceLock<HashMap<String, Subject>>,
    unseen: BTreeMap<String, Vec<Unseen>>,
}

/// Something that a failed call may have hidden from a list.
#[derive(Deserialize)]
struct Unseen {
    subject: Subject,
    message: String,
    reasons: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Scan {
    subject: Subject,
    collected_at: Timestamp,
}

impl Input {
    pub fn of(facts: &Facts) -> Result<Input, PolicyError> {
        Input::parse(&serde_json::to_string(facts).expect("facts have string keys and finite numbers"))
    }

    /// Reads the document, as `facts` writes it.
    pub fn parse(json: &str) -> Result<Input, PolicyError> {
        let value = document(json)?;
        let scan: Scan = member(&value, "scan")?;
        let unseen = member(&value, "unseen")?;
        let subjects = OnceLock::new();
        Ok(Input { account: scan.subject, collected_at: scan.collected_at, subjects, unseen, value })
    }

    /// The subject that is known by this id.
    pub fn subject(&self, id: &str) -> Option<&Subject> {
        self.subjects.get_or_init(|| subjects(&self.value)).get(id)
    }

    /// What may be missing from a list of the document.
    pub fn unseen(&self, list: &str) -> impl Iterator<Item = (Subject, Answer)> {
        self.unseen.get(list).into_iter().flatten().map(|unseen| {
            let reasons = unseen.reasons.clone();
            (unseen.subject.clone(), Answer { reasons, ..Answer::note(unseen.message.clone()) })
        })
    }

    /// The lists that may miss something.
    pub fn lists_with_unseen(&self) -> impl Iterator<Item = &str> {
        self.unseen.keys().map(String::as_str)
    }
}

/// Long lists are read by several threads.
fn document(json: &str) -> Result<Value, PolicyError> {
    let refused = |error: &dyn Display| PolicyError::Input(error.to_string());
    let read = |json: &&RawValue| Value::from_json_str(json.get()).map_err(|error| refused(&error));
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).map_err(|error| refused(&error))?;
    let mut document = BTreeMap::new();
    for (name, member) in members {
        let value = if member.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(member.get()).map_err(|error| refused(&error))?;
            let items = parallel::each(&items, || (), |(), item| read(item));
            Value::from(items.into_iter().collect::<Result<Vec<Value>, PolicyError>>()?)
        } else {
            read(&member)?
        };
        document.insert(Value::from(name), value);
    }
    Ok(Value::from(document))
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, PolicyError> {
    let json = serde_json::to_value(value).map_err(|error| PolicyError::Input(error.to_string()))?;
    serde_json::from_value(json).map_err(|error| PolicyError::Input(error.to_string()))
}

fn member<T: DeserializeOwned>(value: &Value, name: &str) -> Result<T, PolicyError> {
    read(&value[name]).map_err(|error| PolicyError::Input(format!("{name}: {error}")))
}

/// The subjects of all lists. Where two have one id, the first list's counts.
fn subjects(value: &Value) -> HashMap<String, Subject> {
    let mut subjects = HashMap::new();
    let lists = value.as_object().into_iter().flat_map(|document| document.iter());
    for item in lists.filter_map(|(_, list)| list.as_array().ok()).flat_map(|list| list.iter()) {
        if let Ok(subject) = read::<Subject>(&item["subject"]) {
            subjects.entry(subject.id.clone()).or_insert(subject);
        }
    }
    subjects
}
