//! What one event selector means for S3 data events.
//!
//! Sources: CloudTrail API Reference, `EventSelector`, `DataResource`, `AdvancedFieldSelector`; CloudTrail User Guide,
//! "Logging data events" and "Filtering data events".

use super::condition::{Condition, Test};
use super::event::Event;
use crate::snapshot::{AdvancedEventSelector, EventSelector, FieldSelector};

/// The fields of a data event that a selector can tell events apart by. `eventCategory` and `resources.type` are not
/// here: a selector that wants another category or type never matches an S3 object event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    ReadOnly,
    EventSource,
    EventName,
    ResourceArn,
    EventType,
    UserIdentityArn,
    ConsoleSession,
}

impl Field {
    pub const ALL: [Field; 7] = [
        Field::ReadOnly,
        Field::EventSource,
        Field::EventName,
        Field::ResourceArn,
        Field::EventType,
        Field::UserIdentityArn,
        Field::ConsoleSession,
    ];

    /// The field's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Field::ReadOnly => "readOnly",
            Field::EventSource => "eventSource",
            Field::EventName => "eventName",
            Field::ResourceArn => "resources.ARN",
            Field::EventType => "eventType",
            Field::UserIdentityArn => "userIdentity.arn",
            Field::ConsoleSession => "sessionCredentialFromConsole",
        }
    }

    /// What the event has in this field; `None` where it is absent.
    pub fn of(self, event: &Event) -> Option<&str> {
        match self {
            Field::ReadOnly => Some(if event.read_only { "true" } else { "false" }),
            Field::EventSource => Some(&event.event_source),
            Field::EventName => Some(&event.event_name),
            Field::ResourceArn => Some(&event.resource_arn),
            Field::EventType => Some(&event.event_type),
            Field::UserIdentityArn => event.user_identity_arn.as_deref(),
            Field::ConsoleSession => event.session_credential_from_console.then_some("true"),
        }
    }

    /// The operators that the API takes for the field (`AdvancedFieldSelector`). One that it refuses has no meaning
    /// that AWS has stated.
    fn takes(self, operator: &str) -> bool {
        match self {
            Field::ReadOnly => operator == "Equals",
            Field::ConsoleSession => matches!(operator, "Equals" | "NotEquals"),
            _ => true,
        }
    }
}

/// A selector, resolved to the conditions that it puts to an S3 data event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// How reports call it: its position from 1 and its name, if any.
    pub label: String,
    /// It is a basic one, which has other words for its conditions.
    pub is_basic: bool,
    /// At most one condition a field; a field without one is free.
    pub conditions: Vec<(Field, Condition)>,
    /// Why it can never match an S3 object event: another resource type, no valid value, …
    pub never: Option<String>,
    /// What in it is not understood. Its `conditions` are then an upper bound: it matches no event that they exclude,
    /// and may match less.
    pub doubt: Option<String>,
    /// Values that AWS refuses; they match nothing.
    pub invalid_values: Vec<String>,
}

impl Selector {
    /// `Some` whether it matches the event, `None` where that cannot be told.
    pub fn matches(&self, event: &Event) -> Option<bool> {
        if self.never.is_some() || !self.conditions.iter().all(|(field, c)| c.holds(field.of(event))) {
            Some(false)
        } else if self.doubt.is_some() {
            None
        } else {
            Some(true)
        }
    }

    /// The clause that keeps the event out, in the API's words.
    pub fn excluded_by(&self, event: &Event) -> Option<String> {
        if let Some(reason) = &self.never {
            return Some(reason.clone());
        }
        self.conditions.iter().find_map(|(field, condition)| {
            let clause = condition.excluded_by(field.of(event))?;
            Some(self.in_its_words(*field, condition).unwrap_or_else(|| format!("{} {clause}", field.name())))
        })
    }

    /// The condition in the words of a basic selector; `None`: it is none.
    pub(super) fn in_its_words(&self, field: Field, condition: &Condition) -> Option<String> {
        match field {
            _ if !self.is_basic => None,
            Field::ReadOnly => {
                let is_of_reads = condition.holds(Some("true"));
                Some(format!("ReadWriteType \"{}\"", if is_of_reads { "ReadOnly" } else { "WriteOnly" }))
            }
            Field::ResourceArn => Some(format!("Values {}", condition.values())),
            _ => None,
        }
    }

    pub fn condition(&self, field: Field) -> Option<&Condition> {
        self.conditions.iter().find(|(of, _)| *of == field).map(|(_, condition)| condition)
    }

    /// Reads a basic selector. `partition` is the trail's own: the values' partition is compared literally.
    pub fn from_basic(position: usize, selector: &EventSelector, partition: &str) -> Selector {
        let mut read = Selector { is_basic: true, ..Selector::empty(format!("event selector {position}")) };
        match selector.read_write_type.as_deref() {
            None | Some("All") => {}
            Some("ReadOnly") => read.conditions.push((Field::ReadOnly, equals("true"))),
            Some("WriteOnly") => read.conditions.push((Field::ReadOnly, equals("false"))),
            Some(other) => read.doubt = Some(format!("ReadWriteType \"{other}\" is not ReadOnly, WriteOnly or All")),
        }
        let values: Vec<&String> = selector
            .data_resources
            .iter()
            .filter(|resource| resource.kind == "AWS::S3::Object")
            .flat_map(|resource| &resource.values)
            .collect();
        let mut prefixes = Vec::new();
        let mut everything = false;
        for value in values {
            match BasicValue::read(value, partition) {
                BasicValue::Everything => everything = true,
                BasicValue::Prefix => prefixes.push(Test::StartsWith(value.clone())),
                BasicValue::Invalid => read.invalid_values.push(value.clone()),
            }
        }
        if !everything {
            if prefixes.is_empty() {
                read.never = Some(if read.invalid_values.is_empty() {
                    "no DataResources of type AWS::S3::Object".to_owned()
                } else {
                    format!("invalid value \"{}\"", read.invalid_values.join("\", \""))
                });
            } else {
                read.conditions.push((Field::ResourceArn, Condition { select: prefixes, deselect: vec![] }));
            }
        }
        read
    }

    /// Reads an advanced selector.
    pub fn from_advanced(position: usize, selector: &AdvancedEventSelector) -> Selector {
        let label = match selector.name.as_deref() {
            Some(name) if !name.is_empty() => format!("advanced selector {position} \"{name}\""),
            _ => format!("advanced selector {position}"),
        };
        let mut read = Selector::empty(label);
        let entries = &selector.field_selectors;
        read.require(entries, "eventCategory", "Data");
        read.require(entries, "resources.type", "AWS::S3::Object");
        for entry in entries.iter().filter(|e| e.field != "eventCategory" && e.field != "resources.type") {
            let Some(field) = Field::ALL.into_iter().find(|field| field.name() == entry.field) else {
                read.add_doubt(format!("field \"{}\" is not one that S3 data events are known to have", entry.field));
                continue;
            };
            if entries.iter().filter(|other| other.field == entry.field).count() > 1 {
                read.add_doubt(format!("two entries for {}: whether they are merged is not documented", entry.field));
                continue;
            }
            match condition_of(entry, |operator| field.takes(operator)) {
                Ok(condition) => read.conditions.push((field, condition)),
                Err(doubt) => read.add_doubt(doubt),
            }
        }
        read.conditions.sort_by_key(|(field, _)| *field);
        read
    }

    fn empty(label: String) -> Selector {
        Selector { label, is_basic: false, conditions: vec![], never: None, doubt: None, invalid_values: vec![] }
    }

    fn add_doubt(&mut self, doubt: String) {
        self.doubt = Some(match self.doubt.take() {
            Some(earlier) => format!("{earlier}; {doubt}"),
            None => doubt,
        });
    }

    /// `eventCategory` and `resources.type` are required, by Equals with one value (API Reference, `AdvancedFieldSelector`:
    /// "you can have only one resources.type field per selector"): what several would mean is not documented.
    fn require(&mut self, entries: &[FieldSelector], field: &str, wanted: &str) {
        let found: Vec<&FieldSelector> = entries.iter().filter(|entry| entry.field == field).collect();
        match found.as_slice() {
            [] => self.add_doubt(format!("{field} is missing, which AWS requires")),
            [entry] => match condition_of(entry, |operator| operator == "Equals") {
                Ok(condition) => {
                    if let Some(clause) = condition.excluded_by(Some(wanted)) {
                        self.never = Some(format!("{field} {clause}"));
                    } else if entry.equals.len() > 1 {
                        self.add_doubt(format!("{field} has several values, and AWS documents one"));
                    }
                }
                Err(doubt) => self.add_doubt(doubt),
            },
            _ => self.add_doubt(format!("two entries for {field}: whether they are merged is not documented")),
        }
    }
}

fn equals(value: &str) -> Condition {
    Condition { select: vec![Test::Equals(value.to_owned())], deselect: vec![] }
}

/// Whether AWS takes the value in a basic selector for S3 objects of this partition.
pub fn is_valid_basic_value(value: &str, partition: &str) -> bool {
    !matches!(BasicValue::read(value, partition), BasicValue::Invalid)
}

/// What one value of a basic selector stands for (API Reference, `DataResource.Values`).
enum BasicValue {
    /// `arn:P:s3` or `arn:P:s3:::`
    Everything,
    /// `arn:P:s3:::bucket/` or `arn:P:s3:::bucket/prefix`
    Prefix,
    /// AWS refuses it, as `arn:P:s3:::bucket` and `arn:P:s3:::*`, or it is another partition's.
    Invalid,
}

impl BasicValue {
    fn read(value: &str, partition: &str) -> BasicValue {
        let Some(rest) = value.strip_prefix("arn:").and_then(|rest| rest.strip_prefix(partition)) else {
            return BasicValue::Invalid;
        };
        match rest {
            ":s3" | ":s3:::" => BasicValue::Everything,
            _ => match rest.strip_prefix(":s3:::").and_then(|path| path.split_once('/')) {
                Some((bucket, _)) if !bucket.is_empty() => BasicValue::Prefix,
                _ => BasicValue::Invalid,
            },
        }
    }
}

/// Reads the operators of one entry; `Err` says what in it is not understood.
fn condition_of(entry: &FieldSelector, takes: impl Fn(&str) -> bool) -> Result<Condition, String> {
    type Operator<'a> = (&'a Vec<String>, fn(String) -> Test, bool);
    let operators: [Operator; 6] = [
        (&entry.equals, Test::Equals, false),
        (&entry.starts_with, Test::StartsWith, false),
        (&entry.ends_with, Test::EndsWith, false),
        (&entry.not_equals, Test::Equals, true),
        (&entry.not_starts_with, Test::StartsWith, true),
        (&entry.not_ends_with, Test::EndsWith, true),
    ];
    if let Some(operator) = entry.other.keys().next() {
        return Err(format!("{}: operator \"{operator}\" is not known", entry.field));
    }
    let mut condition = Condition::default();
    for (values, test, deselect) in operators {
        for value in values {
            let test = test(value.clone());
            let operator = test.operator(deselect);
            if !takes(operator) {
                return Err(format!("{}: AWS does not take {operator} for this field", entry.field));
            }
            if deselect { condition.deselect.push(test) } else { condition.select.push(test) }
        }
    }
    if condition == Condition::default() {
        return Err(format!("{}: no operator that is known", entry.field));
    }
    Ok(condition)
}
