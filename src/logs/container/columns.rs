//! Rows of a table of CloudTrail's records, put together to records again: those of Athena's documented table, as CSV, as lines
//! of JSON or as `GetQueryResults` has them, and those of CloudTrail Lake where they hold the column eventJson.
//!
//! A row tells only what its columns hold. Those that a judgement needs must be there, so that a query that left one out is no
//! record of somebody who did nothing. Athena prints structures as `{name=value, …}`, without quotes: what can be read in two
//! ways there is refused.
//!
//! Source: Athena User Guide, "Create a table for CloudTrail logs"; CloudTrail User Guide, "CloudTrail Lake supported event schemas".

use serde_json::{Map, Value};

use super::{Unknown, looks_like};

/// Columns that hold a text, or a JSON document (`None`: not known), and the record's members that they are.
const TEXTS: [(&str, &str); 15] = [
    ("eventversion", "eventVersion"),
    ("eventtime", "eventTime"),
    ("eventsource", "eventSource"),
    ("eventname", "eventName"),
    ("awsregion", "awsRegion"),
    ("sourceipaddress", "sourceIPAddress"),
    ("useragent", "userAgent"),
    ("errorcode", "errorCode"),
    ("errormessage", "errorMessage"),
    ("requestid", "requestID"),
    ("eventid", "eventID"),
    ("eventtype", "eventType"),
    ("recipientaccountid", "recipientAccountId"),
    ("sharedeventid", "sharedEventID"),
    ("eventcategory", "eventCategory"),
];
const FLAGS: [(&str, &str); 2] = [("readonly", "readOnly"), ("managementevent", "managementEvent")];
const DOCUMENTS: [(&str, &str); 2] =
    [("requestparameters", "requestParameters"), ("additionaleventdata", "additionalEventData")];
/// Without one of these a record would say less than it does.
const NEEDED: [&str; 13] = [
    "eventversion",
    "useridentity",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    "errorcode",
    "requestparameters",
    "eventid",
    "readonly",
    "resources",
    "eventtype",
    "sharedeventid",
];

/// The members of structures, whose names have lost their capitals.
const IDENTITY: [(&str, &str); 19] = [
    ("type", "type"),
    ("principalid", "principalId"),
    ("arn", "arn"),
    ("accountid", "accountId"),
    ("invokedby", "invokedBy"),
    ("invokedbydelegate", "invokedByDelegate"),
    ("accesskeyid", "accessKeyId"),
    ("username", "userName"),
    ("identityprovider", "identityProvider"),
    ("onbehalfof", "onBehalfOf"),
    ("userid", "userId"),
    ("identitystorearn", "identityStoreArn"),
    ("sessioncontext", "sessionContext"),
    ("attributes", "attributes"),
    ("mfaauthenticated", "mfaAuthenticated"),
    ("creationdate", "creationDate"),
    ("sessionissuer", "sessionIssuer"),
    ("ec2roledelivery", "ec2RoleDelivery"),
    ("webidfederationdata", "webIdFederationData"),
];
const RESOURCE: [(&str, &str); 4] =
    [("arn", "ARN"), ("arnprefix", "ARNPrefix"), ("accountid", "accountId"), ("type", "type")];
/// What a structure must hold, so that a value that looks like another member cannot stand in for it.
const IDENTITY_HAS: [&str; 7] = ["type", "principalid", "arn", "accountid", "invokedby", "username", "sessioncontext"];
const RESOURCE_HAS: [&str; 3] = ["arn", "accountid", "type"];

/// Whether these are the columns of such a table.
pub(super) fn are_columns<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| ["eventjson", "eventname", "event name"].contains(&&*name.to_ascii_lowercase()))
}

/// The records of a CSV file with a line of names.
pub(super) fn of_csv(text: &str, mut add: impl FnMut(&str) -> Result<(), Unknown>) -> Result<(), Unknown> {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let broken = |error: csv::Error| looks_like(&format!("CSV that is broken: {error}"));
    let names = rows.headers().map_err(broken)?.clone();
    for row in rows.records() {
        let row = row.map_err(broken)?;
        let columns = names.iter().zip(row.iter().map(|cell| Value::from(cell.to_owned())));
        add(&of_row(columns)?)?;
    }
    Ok(())
}

/// One row, by column. A cell is a text, or what JSON makes of a column; an empty one is nothing.
pub(super) fn of_row<'a>(columns: impl Iterator<Item = (&'a str, Value)>) -> Result<String, Unknown> {
    let mut cells: Map<String, Value> = Map::new();
    for (name, value) in columns {
        let name = name.to_ascii_lowercase();
        if cells.insert(name.clone(), value).is_some() {
            return Err(Unknown(format!("it has two columns `{name}`")));
        }
    }
    if let Some(Value::String(whole)) = cells.get("eventjson") {
        return Ok(whole.clone());
    }
    if cells.contains_key("event name") {
        return Err(looks_like(
            "the CSV of the console's Event history, which leaves out who acted; download it as JSON",
        ));
    }
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !cells.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(Unknown(format!(
            "its rows have no {}: select these columns too, or, in CloudTrail Lake, eventJson",
            missing.join(", ")
        )));
    }
    record(&cells)
}

fn record(cells: &Map<String, Value>) -> Result<String, Unknown> {
    let cell = |name: &str| cells.get(name).filter(|cell| !is_nothing(cell));
    let mut record = Map::new();
    for (column, member) in TEXTS {
        if let Some(value) = cell(column) {
            let text = value.as_str().ok_or_else(|| odd(column, value))?;
            let text = if column == "eventtime" { in_utc(text) } else { text.to_owned() };
            record.insert(member.to_owned(), Value::String(text));
        }
    }
    for (column, member) in FLAGS {
        if let Some(value) = cell(column) {
            let flag = value.as_bool().or_else(|| value.as_str()?.parse().ok()).ok_or_else(|| odd(column, value))?;
            record.insert(member.to_owned(), Value::Bool(flag));
        }
    }
    for (column, member) in DOCUMENTS {
        if let Some(value) = cell(column) {
            record.insert(member.to_owned(), document(column, value)?);
        }
    }
    if let Some(value) = cell("useridentity") {
        let identity = structure("useridentity", value, &IDENTITY, &IDENTITY_HAS)?;
        record.insert("userIdentity".to_owned(), identity);
    }
    if let Some(value) = cell("resources") {
        let is_plain = record.get("requestParameters").is_none_or(|request| !has_marks(request));
        if value.is_string() && !is_plain {
            return Err(Unknown(format!(
                "the names in the request of event {} hold signs that structures are written with, so its `resources` cannot \
                 be told; read the log files themselves",
                record.get("eventID").and_then(Value::as_str).unwrap_or("without an id")
            )));
        }
        let mut resources = structure("resources", value, &RESOURCE, &RESOURCE_HAS)?;
        if let Some(resources) = resources.as_array_mut() {
            resources.retain(names_something);
        }
        record.insert("resources".to_owned(), resources);
    }
    Ok(Value::Object(record).to_string())
}

/// The documented table has no `arnprefix`, which is all that the record of a listing has for an object; the request tells it.
fn names_something(resource: &Value) -> bool {
    resource["type"] != "AWS::S3::Object" || resource.get("ARN").is_some() || resource.get("ARNPrefix").is_some()
}

fn is_nothing(cell: &Value) -> bool {
    cell.is_null() || cell.as_str() == Some("")
}

fn odd(column: &str, value: &Value) -> Unknown {
    Unknown(format!("its column {column} has a value that a record does not have there: {value}"))
}

/// CloudTrail Lake has instants without their zone, which is UTC.
fn in_utc(text: &str) -> String {
    match text.split_once(' ') {
        Some((day, time)) => format!("{day}T{}Z", time.split('.').next().unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A column of JSON.
fn document(column: &str, value: &Value) -> Result<Value, Unknown> {
    match value {
        Value::String(text) => serde_json::from_str(text).map_err(|_| {
            Unknown(format!(
                "its column {column} is no JSON, so names in it cannot be told from values; select eventJson"
            ))
        }),
        other => Ok(other.clone()),
    }
}

/// Whether a text in it could be taken for part of a structure.
fn has_marks(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(", ") || text.contains(['{', '}', '[', ']']),
        Value::Array(items) => items.iter().any(has_marks),
        Value::Object(members) => members.values().any(has_marks),
        _ => false,
    }
}

/// A column of structures, as JSON or as Athena prints it, with CloudTrail's names.
fn structure(column: &str, value: &Value, names: &[(&str, &str)], has: &[&str]) -> Result<Value, Unknown> {
    let Value::String(text) = value else { return Ok(renamed(value, names)) };
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(renamed(&value, names));
    }
    let mut printed = Printed { rest: text, names };
    let unclear = || Unknown(format!("its column {column} can be read in more than one way, or in none: {text}"));
    let value = printed.value().filter(|_| printed.rest.is_empty()).ok_or_else(unclear)?;
    let items = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
    let is_whole = items.iter().all(|item| has.iter().all(|name| item.get(name).is_some()));
    if is_whole { Ok(renamed(&value, names)) } else { Err(unclear()) }
}

/// With CloudTrail's names, and without what is nothing.
fn renamed(value: &Value, names: &[(&str, &str)]) -> Value {
    let name = |name: &str| names.iter().find(|(low, _)| *low == name.to_ascii_lowercase()).map(|(_, own)| *own);
    match value {
        Value::Array(items) => items.iter().map(|item| renamed(item, names)).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(own, value)| (name(own).unwrap_or(own).to_owned(), renamed(value, names)))
            .collect(),
        other => other.clone(),
    }
}

/// A structure as Athena prints it: `{type=Role, arn=…, sessioncontext={…}}`, `[{…}, {…}]`.
struct Printed<'a> {
    rest: &'a str,
    names: &'a [(&'a str, &'a str)],
}

impl Printed<'_> {
    /// `None`: it is none, or could be read differently.
    fn value(&mut self) -> Option<Value> {
        if self.passes("{") {
            let mut members = Map::new();
            while !self.passes("}") {
                if !members.is_empty() && !self.passes(", ") {
                    return None;
                }
                let (name, _) = self.rest.split_once('=')?;
                self.names.iter().find(|(known, _)| *known == name)?;
                let name = name.to_owned();
                self.rest = &self.rest[name.len() + 1..];
                let value = self.value()?;
                if members.insert(name, value).is_some() {
                    return None;
                }
            }
            return Some(Value::Object(members));
        }
        if self.passes("[") {
            let mut items = vec![];
            while !self.passes("]") {
                if !items.is_empty() && !self.passes(", ") {
                    return None;
                }
                items.push(self.value()?);
            }
            return Some(Value::Array(items));
        }
        let end = [", ", "{", "}", "[", "]"].iter().filter_map(|mark| self.rest.find(mark)).min()?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(if text == "null" { Value::Null } else { Value::from(text) })
    }

    fn passes(&mut self, mark: &str) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}
