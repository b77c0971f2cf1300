//! Answers that are whole.
//!
//! The SDK takes an answer of status 200 without its list for an empty one, and an XML text that breaks off behind a tag for
//! all of it. AWS always sends the list, empty or not; so an answer without it is no answer.

use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use serde_json::Value;

/// What an answer must have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whole {
    /// A JSON object with each of these members, not `null`.
    Json(&'static [&'static str]),
    /// A JSON object with one of these members, not `null`.
    JsonWithOneOf(&'static [&'static str]),
    /// An XML text whose root ends with it, and that has this element.
    Xml { root: &'static str, element: &'static str },
}

impl Whole {
    fn missing(self, body: &[u8]) -> Option<String> {
        let member = |members: &Value, name: &str| members.get(name).is_some_and(|value| !value.is_null());
        match self {
            Whole::Json(names) => {
                let members: Value = serde_json::from_slice(body).unwrap_or_default();
                names.iter().find(|name| !member(&members, name)).map(|name| (*name).to_owned())
            }
            Whole::JsonWithOneOf(names) => {
                let members: Value = serde_json::from_slice(body).unwrap_or_default();
                (!names.iter().any(|name| member(&members, name))).then(|| names.join(" or "))
            }
            Whole::Xml { root, element } => {
                let text = String::from_utf8_lossy(body);
                let ends = text.trim_end().ends_with(&format!("</{root}>"));
                let has = [format!("<{element}>"), format!("<{element}/>"), format!("<{element} ")];
                match ends {
                    false => Some(format!("the end of {root}")),
                    true => (!has.iter().any(|tag| text.contains(tag))).then(|| element.to_owned()),
                }
            }
        }
    }
}

impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "Whole"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if !response.status().is_success() {
            return Ok(());
        }
        match self.missing(response.body().bytes().unwrap_or_default()) {
            None => Ok(()),
            Some(missing) => Err(format!("the answer lacks {missing}, which AWS always sends").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Whole;

    #[test]
    fn an_answer_without_its_list_is_none() {
        let json = Whole::Json(&["trailList"]);
        for body in ["{}", "", "{\"trailList\": null}", "{\"TrailList\": []}", "[]", "null", "<html>"] {
            assert!(json.missing(body.as_bytes()).is_some(), "{body}");
        }
        assert_eq!(json.missing(b"{\"trailList\": []}"), None);
        let either = Whole::JsonWithOneOf(&["a", "b"]);
        assert_eq!(either.missing(b"{\"b\": []}"), None);
        assert_eq!(either.missing(b"{\"c\": []}").as_deref(), Some("a or b"));
        let xml = Whole::Xml { root: "R", element: "List" };
        for body in ["", "<R><List><x/>", "<R></R>", "<R><List></List></R", "<html><R></html>"] {
            assert!(xml.missing(body.as_bytes()).is_some(), "{body}");
        }
        assert_eq!(xml.missing(b"<?xml?><R xmlns=\"u\"><List/></R>\n"), None);
    }
}
