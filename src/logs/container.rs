//! CloudTrail records in other containers than the log files that a trail delivers.
//!
//! Each is told by its form: a bare array, one record, JSON lines, the events of EventBridge, exports and subscriptions of
//! CloudWatch Logs, answers of LookupEvents, and rows of CloudTrail Lake or Athena (`columns`). The records are taken out of them
//! as they stand, and put into the form of a log file; what is strict there stays strict.

mod columns;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Why a text is no container of records, in words that say what it looks like.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown(pub String);

/// Nested deeper than any of these.
const DEEPEST: usize = 4;

/// The records of a text that is no log file itself, as one.
pub(super) fn unwrapped(text: &str) -> Result<String, Unknown> {
    let mut records = Records::default();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        // CloudWatch Logs writes a time before each event that it exports.
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (_, event) = line.split_once(' ').ok_or_else(|| looks_like("text"))?;
            records.add_text(event)?;
        }
    } else if text.lines().next().is_some_and(is_head) {
        columns::of_csv(text, |record| records.add_text(record))?;
        records.is_empty_container = true;
    } else {
        if text.trim_start().starts_with('<') {
            return Err(looks_like("HTML or XML, perhaps the page of an error in place of a file"));
        }
        for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            let value = value.map_err(|error| looks_like(&format!("JSON that breaks off, or is none: {error}")))?;
            records.add(value.get(), 0)?;
        }
    }
    if records.is_empty_container && records.texts.is_empty() {
        return Ok("{\"Records\":[]}".to_owned());
    }
    if records.texts.is_empty() {
        return Err(looks_like("nothing"));
    }
    Ok(format!("{{\"Records\":[{}]}}", records.texts.join(",")))
}

/// The line of names of a CSV file.
pub(super) fn is_head(line: &str) -> bool {
    columns::are_columns(line.split(',').map(|name| name.trim().trim_matches('"')))
}

/// What Athena's GetQueryResults answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultSet {
    rows: Vec<ResultRow>,
    result_set_metadata: ResultColumns,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultRow {
    data: Vec<ResultCell>,
}

/// Nothing in it: the column is null there.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultCell {
    #[serde(default)]
    var_char_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultColumns {
    column_info: Vec<ResultColumn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultColumn {
    name: String,
}

#[derive(Default)]
struct Records {
    texts: Vec<String>,
    /// A container without a record was there.
    is_empty_container: bool,
}

type Members<'a> = BTreeMap<&'a str, &'a RawValue>;

impl Records {
    /// A value is a record, or holds some; else the whole text is refused.
    fn add(&mut self, value: &str, depth: usize) -> Result<(), Unknown> {
        if depth > DEEPEST {
            return Err(looks_like("containers in containers"));
        }
        if value.starts_with('[') {
            return self.add_list(value, depth, Records::add);
        }
        let members: Members = serde_json::from_str(value).map_err(|_| looks_like("JSON, but no object"))?;
        let is = |name: &str| members.contains_key(name);
        let lists = [
            ("Records", None),
            ("logEvents", Some("message")),
            ("events", Some("message")),
            ("Events", Some("CloudTrailEvent")),
        ];
        if is("eventVersion") && is("eventName") {
            self.texts.push(value.to_owned());
            return Ok(());
        }
        if let (Some(detail), true) = (members.get("detail"), is("detail-type")) {
            return self.add(detail.get(), depth + 1);
        }
        for (list, member) in lists {
            match (members.get(list), member) {
                (Some(list), None) => return self.add_list(list.get(), depth, Records::add),
                (Some(list), Some(member)) => {
                    return self.add_list(list.get(), depth, |records, item, _| records.add_member(item, member));
                }
                (None, _) => {}
            }
        }
        if let Some(rows) = members.get("QueryResultRows") {
            return self.add_list(rows.get(), depth, |records, row, _| {
                let columns: Vec<&RawValue> =
                    serde_json::from_str(row).map_err(|_| looks_like("rows that are no columns"))?;
                records.add_row(&columns.into_iter().map(RawValue::get).collect::<Vec<_>>())
            });
        }
        if let Some(results) = members.get("ResultSet") {
            return self.add_results(results.get());
        }
        for text in ["CloudTrailEvent", "message"] {
            if is(text) {
                return self.add_member(value, text);
            }
        }
        // A record itself has capitals.
        if ["eventJson", "eventjson", "eventname"].into_iter().any(is) {
            return self.add_row(&[value]);
        }
        Err(named(&members))
    }

    fn add_list(
        &mut self,
        list: &str,
        depth: usize,
        add: impl Fn(&mut Records, &str, usize) -> Result<(), Unknown>,
    ) -> Result<(), Unknown> {
        let items: Vec<&RawValue> =
            serde_json::from_str(list).map_err(|_| looks_like("JSON, but not as it should be"))?;
        self.is_empty_container |= items.is_empty();
        items.into_iter().try_for_each(|item| add(self, item.get(), depth + 1))
    }

    /// A record that stands as text in a member.
    fn add_member(&mut self, item: &str, member: &str) -> Result<(), Unknown> {
        let members: Members = serde_json::from_str(item).map_err(|_| looks_like("JSON, but not as it should be"))?;
        let text = members.get(member).ok_or_else(|| looks_like(&format!("events without `{member}`")))?;
        let text: String =
            serde_json::from_str(text.get()).map_err(|_| looks_like("events whose record is no text"))?;
        self.add_text(&text)
    }

    fn add_text(&mut self, text: &str) -> Result<(), Unknown> {
        let members: Members = serde_json::from_str(text).map_err(|_| looks_like("events that are no JSON"))?;
        if !(members.contains_key("eventVersion") && members.contains_key("eventName")) {
            return Err(named(&members));
        }
        self.texts.push(text.to_owned());
        Ok(())
    }

    /// A row of a query, in one object or in one for each column.
    fn add_row(&mut self, objects: &[&str]) -> Result<(), Unknown> {
        let mut cells = Vec::new();
        for object in objects {
            let columns: BTreeMap<&str, Value> =
                serde_json::from_str(object).map_err(|_| looks_like("rows that are no columns"))?;
            cells.extend(columns);
        }
        self.add_text(&columns::of_row(cells.into_iter())?)
    }

    fn add_results(&mut self, results: &str) -> Result<(), Unknown> {
        let ResultSet { rows, result_set_metadata: ResultColumns { column_info } } =
            serde_json::from_str(results).map_err(|_| looks_like("results of Athena, but not as they should be"))?;
        self.is_empty_container = true;
        let is_head =
            |row: &ResultRow| row.data.iter().map(|cell| &cell.var_char_value).eq(column_info.iter().map(|c| &c.name));
        for row in rows.iter().filter(|row| !is_head(row)) {
            if row.data.len() != column_info.len() {
                return Err(looks_like("results of Athena whose rows are not of their columns"));
            }
            let cells = column_info.iter().zip(&row.data);
            let cells = cells.map(|(column, cell)| (&*column.name, Value::from(cell.var_char_value.clone())));
            self.add_text(&columns::of_row(cells)?)?;
        }
        Ok(())
    }
}

/// What an object is that holds no records.
fn named(members: &Members) -> Unknown {
    let source = members.get("eventSource").map(|source| source.get());
    match source {
        Some("\"aws:s3\"") => looks_like("S3 event notifications, which say nothing of who acted"),
        _ if members.contains_key("insightDetails") => looks_like("Insights events"),
        _ => {
            let names: Vec<&str> = members.keys().take(4).copied().collect();
            looks_like(&format!(
                "JSON with {}",
                if names.is_empty() { "no members".to_owned() } else { names.join(", ") }
            ))
        }
    }
}

fn looks_like(what: &str) -> Unknown {
    Unknown(format!(
        "it looks like {what}; expected are CloudTrail's log files, or records as an array, as lines, as events of EventBridge \
         or CloudWatch Logs, as LookupEvents answers, or as rows of CloudTrail Lake or Athena"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(id: &str) -> Value {
        json!({"eventVersion": "1.11", "eventName": "GetObject", "eventID": id})
    }

    fn ids(text: &str) -> Vec<String> {
        let file: Value =
            serde_json::from_str(&unwrapped(text).unwrap_or_else(|why| panic!("{text}: {why:?}"))).unwrap();
        let records = file["Records"].as_array().unwrap();
        records.iter().map(|record| record["eventID"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn records_are_found_in_every_container() {
        let (a, b) = (record("a"), record("b"));
        let text = |record: &Value| Value::String(record.to_string());
        let envelope = |record: &Value| json!({"version": "0", "id": "x", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "detail": record});
        let exported = |record: &Value| format!("2026-11-22T05:00:00.000Z {record}");
        for container in [
            json!([a, b]).to_string(),
            format!("{a}\n{b}\n"),
            format!("{a}{b}"),
            json!([envelope(&a), envelope(&b)]).to_string(),
            format!("{}\n{}", envelope(&a), envelope(&b)),
            format!("{}\n{}\n", exported(&a), exported(&b)),
            json!({"messageType": "DATA_MESSAGE", "logGroup": "g", "logEvents": [{"id": "1", "timestamp": 1, "message": text(&a)}, {"id": "2", "timestamp": 2, "message": text(&b)}]}).to_string(),
            json!({"events": [{"logStreamName": "s", "message": text(&a)}, {"message": text(&b)}]}).to_string(),
            json!({"Events": [{"EventId": "a", "CloudTrailEvent": text(&a)}, {"EventId": "b", "CloudTrailEvent": text(&b)}], "NextToken": "t"}).to_string(),
            json!({"QueryStatus": "FINISHED", "QueryResultRows": [[{"eventID": "a"}, {"eventJson": text(&a)}], [{"eventJson": text(&b)}]]}).to_string(),
            format!("{}\n{}", json!({"eventJson": text(&a)}), json!({"eventJson": text(&b)})),
            format!("{}\n{}", json!({"Records": [a]}), json!({"Records": [b]})),
        ] {
            assert_eq!(ids(&container), ["a", "b"], "{container}");
        }
        assert_eq!(ids(&a.to_string()), ["a"]);
        assert!(ids("[]").is_empty() && ids("{\"Events\": []}").is_empty());
    }

    #[test]
    fn what_is_no_container_says_what_it_looks_like() {
        for (text, what) in [
            ("", "nothing"),
            ("{\"a\": 1}", "JSON with a"),
            ("[1]", "no object"),
            (
                "{\"Records\": [{\"eventSource\": \"aws:s3\", \"eventName\": \"ObjectCreated:Put\"}]}",
                "S3 event notifications",
            ),
            ("{\"QueryResultRows\": [[{\"eventID\": \"a\"}]]}", "have no eventversion, useridentity"),
            ("eventid,eventname\na,GetObject\n", "have no eventversion, useridentity"),
            ("eventid,eventname\na\n", "CSV that is broken"),
            ("Event name,Event time,User name\nGetObject,x,y\n", "console's Event history"),
            ("[[[[[[[]]]]]]]", "containers in containers"),
            ("{\"logEvents\": [{\"message\": \"hello\"}]}", "no JSON"),
            // One that is none spoils all of it.
            ("{\"eventVersion\": \"1\", \"eventName\": \"x\"}\n{\"a\": 1}", "JSON with a"),
            ("{\"eventVersion\": \"1\", \"eventName\": \"x\"}\n{\"eve", "breaks off"),
        ] {
            let Err(Unknown(why)) = unwrapped(text) else { panic!("{text}") };
            assert!(why.contains(what), "{text}: {why}");
        }
    }
}
