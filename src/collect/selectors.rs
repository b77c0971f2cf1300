//! Event selectors, read from the answer's own JSON.
//!
//! The SDK drops members that it does not know. A field or operator that AWS has added since would then vanish, and the
//! selector look wider than it is; so the answer is read as it came, and what is not known makes the selector unknown.

use std::sync::{Arc, Mutex};

use aws_sdk_cloudtrail::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_cloudtrail::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudtrail::error::BoxError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::call_error::CallError;
use super::client::Aws;
use super::whole::Whole;
use crate::snapshot::{AdvancedEventSelector, EventSelector};

pub(super) struct Selectors {
    pub basic: Option<Vec<EventSelector>>,
    pub advanced: Option<Vec<AdvancedEventSelector>>,
}

/// `GetEventSelectors`, asked at the trail's home region.
pub(super) async fn of_trail(aws: &Aws, home: &str, arn: &str) -> Result<Selectors, CallError> {
    let answer = Answer::default();
    let call = aws.cloudtrail(home).get_event_selectors().trail_name(arn).customize().interceptor(answer.clone());
    let call = call.interceptor(Whole::JsonWithOneOf(&["EventSelectors", "AdvancedEventSelectors"]));
    call.send().await.map_err(|error| CallError::of(&error))?;
    let members = answer.members()?;
    Ok(Selectors {
        // AWS answers with one list or the other; the one that is left out is empty.
        basic: Some(list(&members, "event_selectors")?),
        advanced: Some(list(&members, "advanced_event_selectors")?),
    })
}

/// A list of the answer that may be left out where another one is there.
pub(super) fn list<T: DeserializeOwned>(members: &Map<String, Value>, name: &str) -> Result<Vec<T>, CallError> {
    match members.get(name) {
        None => Ok(vec![]),
        Some(list) => serde_json::from_value(list.clone()).map_err(|error| {
            CallError::unreadable(format!("{name} has a form that this version does not know: {error}"))
        }),
    }
}

/// Keeps the answer's body as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer(Arc<Mutex<Option<Vec<u8>>>>);

impl Answer {
    /// The members of the JSON object, their names in snake_case.
    pub(super) fn members(&self) -> Result<Map<String, Value>, CallError> {
        let body = self.0.lock().map_err(|error| CallError::unreadable(error.to_string()))?.take();
        let body = body.ok_or_else(|| CallError::unreadable("the answer had no body"))?;
        let json: Value = serde_json::from_slice(&body)
            .map_err(|error| CallError::unreadable(format!("the answer is not JSON: {error}")))?;
        match snake_case_keys(json) {
            Value::Object(members) => Ok(members),
            _ => Err(CallError::unreadable("the answer is not a JSON object")),
        }
    }
}

impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "KeepAnswer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(bytes), Ok(mut body)) = (context.response().body().bytes(), self.0.lock()) {
            *body = Some(bytes.to_vec());
        }
        Ok(())
    }
}

fn snake_case_keys(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            // A member that is `null` is one that was left out (AWS JSON protocol).
            let given = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(name, value)| (snake_case(&name), snake_case_keys(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(snake_case_keys).collect()),
        other => other,
    }
}

/// `TrailARN` is `trail_arn`, `ReadWriteType` is `read_write_type`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let after_lower = at > 0 && !letters[at - 1].is_uppercase();
        let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && at > 0 && (after_lower || before_lower) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_apis_in_snake_case() {
        for (name, snake) in [
            ("TrailARN", "trail_arn"),
            ("ReadWriteType", "read_write_type"),
            ("NotStartsWith", "not_starts_with"),
            ("Type", "type"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn a_null_inside_a_selector_is_a_member_that_was_left_out() {
        let answer = br#"{"EventSelectors": [{"ReadWriteType": "All", "DataResources": null}],
            "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"], "StartsWith": null}]}]}"#;
        let members = Answer(Arc::new(Mutex::new(Some(answer.to_vec())))).members().unwrap();
        let basic: Vec<EventSelector> = list(&members, "event_selectors").unwrap();
        assert!(basic[0].data_resources.is_empty());
        let advanced: Vec<AdvancedEventSelector> = list(&members, "advanced_event_selectors").unwrap();
        let field = &advanced[0].field_selectors[0];
        assert!(field.starts_with.is_empty() && field.other.is_empty(), "{field:?}");
    }
}
