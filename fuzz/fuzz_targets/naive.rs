//! A second opinion on JSON: serde_json, member by member, with names that are given twice kept as they are. Shares no
//! code with the reader.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Whether serde_json takes the text for JSON.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// A member's name; `None`: half of a surrogate pair is in it.
struct Name(Option<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Name;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Name, E> {
                Ok(Name(String::from_utf8(bytes.to_vec()).ok()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The members of an object, in their order.
pub struct Members<'a>(pub Vec<(Option<String>, &'a str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = vec![];
                while let Some((name, value)) = map.next_entry::<Name, &RawValue>()? {
                    members.push((name.0, value.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// What an object has under a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given<'a> {
    Never,
    Once(&'a str),
    Twice,
}

impl<'a> Members<'a> {
    /// `None`: it is no object.
    pub fn of(text: &'a str) -> Option<Members<'a>> {
        text.trim_start().starts_with('{').then(|| serde_json::from_str(text).expect("JSON as before"))
    }

    pub fn given(&self, name: &str) -> Given<'a> {
        let mut values = self.0.iter().filter(|(given, _)| given.as_deref() == Some(name));
        match (values.next(), values.next()) {
            (None, _) => Given::Never,
            (Some((_, value)), None) => Given::Once(value),
            _ => Given::Twice,
        }
    }

    /// A string that is given once.
    pub fn string(&self, name: &str) -> Option<String> {
        match self.given(name) {
            Given::Once(value) => string(value),
            _ => None,
        }
    }

    /// Absent, `null`, or what `is` says of it.
    pub fn may(&self, name: &str, is: impl Fn(&str) -> bool) -> bool {
        match self.given(name) {
            Given::Never => true,
            Given::Once(value) => value == "null" || is(value),
            Given::Twice => false,
        }
    }

    pub fn may_be_string(&self, name: &str) -> bool {
        self.may(name, |value| string(value).is_some())
    }

    pub fn may_be_flag(&self, name: &str) -> bool {
        self.may(name, |value| matches!(value, "true" | "false"))
    }
}

pub fn string(value: &str) -> Option<String> {
    value.starts_with('"').then(|| serde_json::from_str(value).ok()).flatten()
}

/// `None`: it is no list.
pub fn items(value: &str) -> Option<Vec<&str>> {
    let items =
        value.starts_with('[').then(|| serde_json::from_str::<Vec<&RawValue>>(value).expect("JSON as before"))?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// The same JSON without white space, or with some around everything.
pub fn spaced(json: &str, space: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut within, mut escaped) = (false, false);
    for char in json.chars() {
        match char {
            _ if within => {
                out.push(char);
                within = escaped || char != '"';
                escaped = !escaped && char == '\\';
            }
            ' ' | '\n' | '\r' | '\t' => {}
            '{' | '}' | '[' | ']' | ',' | ':' => {
                out.push_str(space);
                out.push(char);
                out.push_str(space);
            }
            _ => {
                within = char == '"';
                out.push(char);
            }
        }
    }
    out
}
