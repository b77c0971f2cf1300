//! The `input` document, ready for the engine, with what the host itself reads in it.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use regorus::Value;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::PolicyError;
use super::answers::Answer;
use crate::aws::timestamp::Timestamp;
use crate::facts::input::{Facts, Member};
use crate::facts::subject::Subject;
use crate::parallel;

/// The document is the one source: what policies read and what the host knows cannot differ.
pub struct Input {
    pub value: Value,
    /// What a policy judges that names no subject.
    pub account: Subject,
    /// The snapshot's clock.
    pub collected_at: Timestamp,
    pub clock_is_doubtful: bool,
    pub was_stopped: bool,
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
    clock_is_doubtful: bool,
    was_stopped: bool,
}

impl Input {
    pub fn of(facts: &Facts) -> Result<Input, PolicyError> {
        let members = facts.members().into_iter().map(|(name, member)| (name.to_owned(), member));
        Input::read(members.collect())
    }

    /// Reads the document, as `facts` writes it.
    pub fn parse(json: &str) -> Result<Input, PolicyError> {
        let refused = |error: serde_json::Error| PolicyError::Input(error.to_string());
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).map_err(refused)?;
        let member = |(name, json): (String, Box<RawValue>)| Ok((name, Member::One(json.get().to_owned())));
        Input::read(members.into_iter().map(member).collect::<Result<_, PolicyError>>()?)
    }

    fn read(members: Vec<(String, Member)>) -> Result<Input, PolicyError> {
        let read = |json: &String| Value::from_json_str(json).map_err(|error| PolicyError::Input(error.to_string()));
        let mut document = BTreeMap::new();
        for (name, member) in members {
            let value = match member {
                Member::One(json) => read(&json)?,
                Member::List(lists) => {
                    let lists = parallel::each(&lists, || (), |(), list| read(list));
                    let mut items = Vec::new();
                    for list in lists.into_iter().collect::<Result<Vec<Value>, PolicyError>>()? {
                        let list = list.as_array().map_err(|error| PolicyError::Input(error.to_string()))?;
                        items.extend(list.iter().cloned());
                    }
                    Value::from(items)
                }
            };
            document.insert(Value::from(name), value);
        }
        let value = Value::from(document);
        let scan: Scan = member(&value, "scan")?;
        let unseen = member(&value, "unseen")?;
        let subjects = OnceLock::new();
        let Scan { subject: account, collected_at, clock_is_doubtful, was_stopped } = scan;
        Ok(Input { account, collected_at, clock_is_doubtful, was_stopped, subjects, unseen, value })
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
        self.unseen.iter().filter(|(_, unseen)| !unseen.is_empty()).map(|(list, _)| list.as_str())
    }
}

fn member<T: DeserializeOwned>(value: &Value, name: &str) -> Result<T, PolicyError> {
    plain(&value[name]).map_err(|error| PolicyError::Input(format!("{name}: {error}")))
}

/// The members of an object with these names, undefined where they are not there, in one walk over it. `other` says what
/// another name means.
pub(super) fn fields<'v, const N: usize>(
    value: &'v Value,
    names: [&str; N],
    other: impl Fn(&str) -> Result<(), String>,
) -> Result<[&'v Value; N], String> {
    let mut found = [&Value::Undefined; N];
    for (key, member) in value.as_object().map_err(|error| error.to_string())?.iter() {
        let key = key.as_string().map_err(|error| error.to_string())?;
        match names.iter().position(|name| **name == **key) {
            Some(at) => found[at] = member,
            None => other(key)?,
        }
    }
    Ok(found)
}

/// A subject of the input, taken apart by hand, for there may be a hundred thousand.
pub(super) fn subject(value: &Value) -> Result<Subject, String> {
    const FIELDS: [&str; 5] = ["kind", "id", "account", "region", "declared_at"];
    let strange = |name: &str| Err(format!("unknown field `{name}` of a subject"));
    let [kind, id, account, region, declared_at] = fields(value, FIELDS, strange)?;
    let text = |value: &Value, name: &str| match value {
        Value::String(text) => Ok(text.to_string()),
        _ => Err(format!("a subject needs `{name}`")),
    };
    Ok(Subject {
        kind: plain(kind)?,
        id: text(id, "id")?,
        account: text(account, "account")?,
        region: if *region == Value::Null { None } else { Some(text(region, "region")?) },
        declared_at: if *declared_at == Value::Null { None } else { Some(plain(declared_at)?) },
    })
}

fn plain<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::to_value(value).and_then(serde_json::from_value).map_err(|error| error.to_string())
}

/// The subjects of all lists. Where two have one id, the first list's counts.
fn subjects(value: &Value) -> HashMap<String, Subject> {
    let mut subjects = HashMap::new();
    let lists = value.as_object().into_iter().flat_map(|document| document.iter());
    for item in lists.filter_map(|(_, list)| list.as_array().ok()).flat_map(|list| list.iter()) {
        if let Ok(subject) = subject(&item["subject"]) {
            subjects.entry(subject.id.clone()).or_insert(subject);
        }
    }
    subjects
}
