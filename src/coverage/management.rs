//! Which management events a trail's selectors take.
//!
//! Sources: CloudTrail API Reference, `EventSelector` and `AdvancedFieldSelector`; CloudTrail User Guide, "Logging management
//! events".

use crate::reason::OfRecorder;
use crate::snapshot::{AdvancedEventSelector, EventSelector, FieldSelector, Trail};

use super::recorder::trail_selectors;

/// What a trail takes of management events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManagementEvents {
    All,
    /// What it leaves out.
    Part(String),
    None,
}

/// What one selector takes: reads, writes, and what of them it leaves out.
struct Taken {
    reads: bool,
    writes: bool,
    left_out: Option<String>,
}

/// `Err`: its selectors could not be read, or something in them is not understood.
pub fn management_events(trail: &Trail) -> Result<ManagementEvents, OfRecorder> {
    // What cannot be what AWS has is refused there.
    trail_selectors(trail)?;
    let advanced = trail.advanced_event_selectors.iter().flatten().map(of_advanced);
    let taken: Vec<_> = trail.event_selectors.iter().flatten().map(of_basic).chain(advanced).collect();
    let whole = || taken.iter().flatten().flatten().filter(|taken| taken.left_out.is_none());
    let (reads, writes) = (whole().any(|taken| taken.reads), whole().any(|taken| taken.writes));
    if reads && writes {
        return Ok(ManagementEvents::All);
    }
    if let Some(why) = taken.iter().find_map(|taken| taken.as_ref().err()) {
        return Err(OfRecorder::SelectorNotUnderstood { why: why.clone() });
    }
    let left_out = taken.iter().flatten().flatten().find_map(|taken| taken.left_out.clone());
    Ok(match (taken.iter().flatten().flatten().next(), left_out) {
        (None, _) => ManagementEvents::None,
        (Some(_), Some(left_out)) => ManagementEvents::Part(left_out),
        (Some(_), None) => ManagementEvents::Part(if reads { "writes" } else { "reads" }.to_owned()),
    })
}

/// `Ok(None)`: it takes no management event.
fn of_basic(selector: &EventSelector) -> Result<Option<Taken>, String> {
    match selector.include_management_events {
        Some(true) => {}
        Some(false) => return Ok(None),
        None => return Err("IncludeManagementEvents is missing".to_owned()),
    }
    let (reads, writes) = match selector.read_write_type.as_deref() {
        None | Some("All") => (true, true),
        Some("ReadOnly") => (true, false),
        Some("WriteOnly") => (false, true),
        Some(other) => return Err(format!("ReadWriteType \"{other}\" is not ReadOnly, WriteOnly or All")),
    };
    let sources = &selector.exclude_management_event_sources;
    let left_out = (!sources.is_empty()).then(|| format!("events of {}", sources.join(" and ")));
    Ok(Some(Taken { reads, writes, left_out }))
}

fn of_advanced(selector: &AdvancedEventSelector) -> Result<Option<Taken>, String> {
    let of = |field: &str| selector.field_selectors.iter().filter(|entry| entry.field == field).collect::<Vec<_>>();
    match only_value(&of("eventCategory")).ok_or("its eventCategory is not one value")? {
        "Management" => {}
        _ => return Ok(None),
    }
    let (reads, writes) = match &of("readOnly")[..] {
        [] => (true, true),
        entries => match only_value(entries) {
            Some("true") => (true, false),
            Some("false") => (false, true),
            _ => return Err("its readOnly is not one value, true or false".to_owned()),
        },
    };
    let narrows = |entry: &&FieldSelector| !["eventCategory", "readOnly"].contains(&&*entry.field);
    let left_out =
        selector.field_selectors.iter().find(narrows).map(|entry| format!("those that its {} leaves out", entry.field));
    Ok(Some(Taken { reads, writes, left_out }))
}

/// The value of the only entry, where that is an Equals of one.
fn only_value<'e>(entries: &[&'e FieldSelector]) -> Option<&'e str> {
    let [entry] = entries else { return None };
    let FieldSelector { equals, starts_with, ends_with, not_equals, not_starts_with, not_ends_with, other, .. } = entry;
    let lists = [starts_with, ends_with, not_equals, not_starts_with, not_ends_with];
    match &equals[..] {
        [value] if lists.iter().all(|list| list.is_empty()) && other.is_empty() => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(basic: Value, advanced: Value) -> Result<ManagementEvents, OfRecorder> {
        let trail = json!({"name": "t", "trail_arn": "arn:aws:cloudtrail:eu-west-1:111111111111:trail/t", "home_region": "eu-west-1",
            "event_selectors": basic, "advanced_event_selectors": advanced});
        management_events(&serde_json::from_value(trail).unwrap())
    }

    fn basic(include: Value, kind: &str, excluded: &[&str]) -> Value {
        json!({"include_management_events": include, "read_write_type": kind, "exclude_management_event_sources": excluded})
    }

    fn advanced(fields: &[(&str, &str, &str)]) -> Value {
        let fields: Vec<Value> =
            fields.iter().map(|(field, operator, value)| json!({"field": field, *operator: [value]})).collect();
        json!({"field_selectors": fields})
    }

    fn part(of: &str) -> Result<ManagementEvents, OfRecorder> {
        Ok(ManagementEvents::Part(of.to_owned()))
    }

    #[test]
    fn basic_selectors_add_up() {
        let all = |selectors: Value| of(selectors, Value::Null);
        let (reads, writes) = (basic(json!(true), "ReadOnly", &[]), basic(json!(true), "WriteOnly", &[]));
        assert_eq!(all(json!([basic(json!(true), "All", &[])])), Ok(ManagementEvents::All));
        assert_eq!(all(json!([reads, writes])), Ok(ManagementEvents::All));
        assert_eq!(all(json!([reads])), part("writes"));
        assert_eq!(all(json!([writes, basic(json!(false), "All", &[])])), part("reads"));
        assert_eq!(all(json!([basic(json!(false), "All", &[])])), Ok(ManagementEvents::None));
        assert_eq!(
            all(json!([basic(json!(true), "All", &["kms.amazonaws.com"])])),
            part("events of kms.amazonaws.com")
        );
        assert!(all(json!([basic(Value::Null, "All", &[])])).is_err());
        assert!(all(json!([basic(json!(true), "Some", &[])])).is_err());
        assert!(all(Value::Null).is_err());
    }

    #[test]
    fn advanced_selectors_add_up() {
        let all = |selectors: Value| of(Value::Null, selectors);
        let management = ("eventCategory", "equals", "Management");
        let reads = advanced(&[management, ("readOnly", "equals", "true")]);
        let writes = advanced(&[management, ("readOnly", "equals", "false")]);
        let some = advanced(&[management, ("eventSource", "not_equals", "kms.amazonaws.com")]);
        let data = advanced(&[("eventCategory", "equals", "Data")]);
        assert_eq!(all(json!([advanced(&[management]), data])), Ok(ManagementEvents::All));
        assert_eq!(all(json!([reads, writes])), Ok(ManagementEvents::All));
        assert_eq!(all(json!([some, writes])), part("those that its eventSource leaves out"));
        assert_eq!(all(json!([reads])), part("writes"));
        assert_eq!(all(json!([data])), Ok(ManagementEvents::None));
        for odd in [
            advanced(&[("eventCategory", "not_equals", "Data")]),
            advanced(&[management, ("readOnly", "not_equals", "true")]),
            advanced(&[management, management]),
            json!({"field_selectors": [{"field": "eventCategory", "equals": ["Management"], "like": ["x"]}]}),
            json!({"field_selectors": [{"field": "eventCategory", "equals": ["Management", "Data"]}]}),
        ] {
            assert!(all(json!([odd])).is_err(), "{odd}");
            assert_eq!(all(json!([odd, advanced(&[management])])), Ok(ManagementEvents::All), "{odd}");
        }
    }
}
