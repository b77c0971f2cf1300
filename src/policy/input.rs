//! The `input` document, ready for the engine, with what the host itself reads in it.

use std::collections::{BTreeMap, HashMap};

use regorus::Value;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::PolicyError;
use super::answers::Answer;
use crate::aws::timestamp::Timestamp;
use crate::facts::subject::Subject;

/// The document is the one source: what policies read and what the host knows cannot differ.
pub struct Input {
    pub value: Value,
    /// What a policy judges that names no subject.
    pub account: Subject,
    /// The snapshot's clock.
    pub collected_at: Timestamp,
    /// By id, for policies that name a subject by its id alone.
    subjects: HashMap<String, Subject>,
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
    /// Reads the document, as `facts` writes it.
    pub fn parse(json: &str) -> Result<Input, PolicyError> {
        let value = Value::from_json_str(json).map_err(|error| PolicyError::Input(error.to_string()))?;
        let scan: Scan = member(&value, "scan")?;
        let unseen = member(&value, "unseen")?;
        let subjects = subjects(&value)?;
        Ok(Input { account: scan.subject, collected_at: scan.collected_at, subjects, unseen, value })
    }

    /// The subject that is known by this id.
    pub fn subject(&self, id: &str) -> Option<&Subject> {
        self.subjects.get(id)
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

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, PolicyError> {
    let json = serde_json::to_value(value).map_err(|error| PolicyError::Input(error.to_string()))?;
    serde_json::from_value(json).map_err(|error| PolicyError::Input(error.to_string()))
}

fn member<T: DeserializeOwned>(value: &Value, name: &str) -> Result<T, PolicyError> {
    read(&value[name]).map_err(|error| PolicyError::Input(format!("{name}: {error}")))
}

/// The subjects of all lists, and the account itself. Where two have one id, the first list's counts.
fn subjects(value: &Value) -> Result<HashMap<String, Subject>, PolicyError> {
    let mut subjects = HashMap::new();
    let lists = value.as_object().map_err(|error| PolicyError::Input(error.to_string()))?;
    for (_, list) in lists.iter() {
        let Ok(items) = list.as_array() else { continue };
        for item in items.iter().filter(|item| item["subject"] != Value::Undefined) {
            let subject: Subject = read(&item["subject"])?;
            subjects.entry(subject.id.clone()).or_insert(subject);
        }
    }
    let account: Subject = read(&value["scan"]["subject"])?;
    subjects.entry(account.id.clone()).or_insert(account);
    Ok(subjects)
}
