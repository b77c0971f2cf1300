//! `[[waiver]]`: what is accepted, by whom and until when.

use time::Date;

use super::document::Waiver as RawWaiver;
use super::error::{ConfigError, Source};
use crate::aws::location::Location;

/// What a waiver accepts: who accepts that something is not known has not accepted that it fails.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Deserialize, schemars::JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Waivable {
    /// That it fails.
    #[default]
    Fail,
    /// That it cannot be told.
    Unknown,
}

#[derive(Debug, Clone)]
pub struct Waiver {
    pub policy: String,
    /// Of a finding; `*` stands for any run of characters.
    pub subject: String,
    pub outcome: Waivable,
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    pub owner: String,
    pub line: usize,
}

pub(super) fn waiver(source: &Source, raw: RawWaiver) -> Result<Waiver, ConfigError> {
    let line = source.line(raw.policy.span().start);
    let day = raw.expires.get_ref().date.filter(|_| raw.expires.get_ref().time.is_none());
    let expires = day.and_then(|date| {
        let month = time::Month::try_from(date.month).ok()?;
        Date::from_calendar_date(i32::from(date.year), month, date.day).ok()
    });
    let expires = expires.ok_or_else(|| {
        source.at(
            raw.expires.span(),
            format!("`{}` is not a date; expected one such as 2027-01-31", raw.expires.get_ref()),
        )
    })?;
    for (key, value) in [("reason", &raw.reason), ("owner", &raw.owner), ("subject", &raw.subject)] {
        if value.get_ref().trim().is_empty() {
            return Err(source.at(value.span(), format!("a waiver needs a {key}")));
        }
    }
    let subject = raw.subject.into_inner();
    Ok(Waiver {
        policy: raw.policy.into_inner(),
        // `s3://b` and `s3://b/` are one subject.
        subject: Location::parse(&subject).map_or(subject, |location| location.to_string()),
        outcome: raw.outcome,
        reason: raw.reason.into_inner(),
        expires,
        owner: raw.owner.into_inner(),
        line,
    })
}
