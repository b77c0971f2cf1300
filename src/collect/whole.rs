//! Answers that are whole.
//!
//! The SDK takes an answer of status 200 without its list for an empty one, and an XML text that breaks off behind a tag for
//! all of it. AWS always sends the list, empty or not; so an answer without it is no answer.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use http_body_util::Limited;
use serde_json::Value;
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

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

/// Ends answers that are larger than any that AWS gives, so that nobody chooses how much memory a run takes: no page of
/// anything comes near, and log objects have a limit of their own.
///
/// Notes on the way what time AWS has.
#[derive(Debug, Clone, Default)]
pub(super) struct Bounded {
    /// By how much this machine's clock differs from AWS's at most, as far as answers tell.
    skew: Arc<Mutex<Duration>>,
}

impl Bounded {
    pub(super) fn skew(&self) -> Duration {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, date: &str) {
        let Ok(theirs) = OffsetDateTime::parse(date, &Rfc2822) else { return };
        let skew = OffsetDateTime::now_utc() - theirs;
        let mut known = self.skew.lock().unwrap_or_else(PoisonError::into_inner);
        if skew.abs() > known.abs() {
            *known = skew;
        }
    }
}

const LARGEST: usize = 65 << 20;

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "Bounded"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.note(date);
        }
        let body = context.response_mut().body_mut();
        let taken = std::mem::replace(body, SdkBody::taken());
        // Where a try is made again, so is the body.
        *body = taken.map_preserve_contents(|body| SdkBody::from_body_1_x(Limited::new(body, LARGEST)));
        Ok(())
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
