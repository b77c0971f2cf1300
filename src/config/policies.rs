//! `[policies]`: which policies run, how bad their failures are, and what their unknowns do.

use std::collections::BTreeMap;

use serde::de::IntoDeserializer;
use serde::{Deserialize, de};
use toml::{Spanned, Value};

use super::error::{ConfigError, Source};
use crate::severity::{Severity, UnknownIs};

/// What the config says of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySetting {
    pub id: String,
    /// `None`: the policy's own.
    pub level: Option<Level>,
    /// `None`: as the run says.
    pub unknown: Option<UnknownIs>,
    pub line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It does not run.
    Off,
    /// All its failures have this severity.
    At(Severity),
}

/// `"off"`, a severity, or a table of both settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    level: Option<String>,
    unknown: Option<UnknownIs>,
}

pub(super) fn read(
    source: &Source,
    raw: BTreeMap<Spanned<String>, Spanned<Value>>,
) -> Result<Vec<PolicySetting>, ConfigError> {
    raw.into_iter()
        .map(|(id, value)| {
            let line = source.line(id.span().start);
            let span = value.span();
            let read = setting(id.into_inner(), line, value.into_inner());
            read.map_err(|message| source.at(span, message))
        })
        .collect()
}

fn setting(id: String, line: usize, value: Value) -> Result<PolicySetting, String> {
    let raw = match value {
        Value::String(level) => Raw { level: Some(level), unknown: None },
        Value::Table(table) => Raw::deserialize(table).map_err(|error| error.to_string().trim_end().to_owned())?,
        other => {
            let kind = other.type_str();
            return Err(format!(
                "expected a level in quotes, such as \"off\" or \"high\", or {{ level, unknown }}, and not a {kind}"
            ));
        }
    };
    Ok(PolicySetting { id, level: raw.level.as_deref().map(level).transpose()?, unknown: raw.unknown, line })
}

fn level(text: &str) -> Result<Level, String> {
    if text == "off" {
        return Ok(Level::Off);
    }
    let severity: Result<Severity, de::value::Error> = Severity::deserialize(text.into_deserializer());
    severity
        .map(Level::At)
        .map_err(|_| format!("`{text}` is not a level; expected off, info, low, medium, high or critical"))
}
