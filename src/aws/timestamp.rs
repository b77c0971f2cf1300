//! Instants as RFC 3339 text in UTC.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, Time, UtcDateTime};

/// An instant. Serialised as RFC 3339, in UTC: `2026-11-22T07:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub UtcDateTime);

impl Timestamp {
    pub const EPOCH: Timestamp = Timestamp(UtcDateTime::UNIX_EPOCH);

    pub fn now() -> Self {
        let now = UtcDateTime::now();
        Timestamp(now.replace_nanosecond(0).unwrap_or(now))
    }

    /// `None` where the text is not RFC 3339, or of a time in which there was no AWS: near the ends of the calendar
    /// arithmetic breaks.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(timestamp) = to_the_second(text) {
            return Some(timestamp);
        }
        let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_utc()?;
        (1970..=2999).contains(&instant.year()).then_some(Timestamp(instant))
    }
}

const FORM: [u8; 20] = *b"0000-00-00T00:00:00Z";

/// `2026-11-22T07:00:00Z`, as CloudTrail writes it, ten times faster than the general form.
fn to_the_second(text: &str) -> Option<Timestamp> {
    const LARGEST: [u8; 20] = *b"\x09\x09\x09\x09\0\x09\x09\0\x09\x09\0\x09\x09\0\x09\x09\0\x09\x09\0";
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    // What stands in the place of a zero is a digit's value, and what stands in the place of a separator none.
    let values: [u8; 20] = std::array::from_fn(|at| bytes[at] ^ FORM[at]);
    if (0..20).fold(false, |odd, at| odd | (values[at] > LARGEST[at])) {
        return None;
    }
    let two = |at: usize| values[at] * 10 + values[at + 1];
    let year = u16::from(two(0)) * 100 + u16::from(two(2));
    if !(1970..=2999).contains(&year) {
        return None;
    }
    let date = Date::from_calendar_date(year.into(), two(5).try_into().ok()?, two(8)).ok()?;
    let time = Time::from_hms(two(11), two(14), two(17)).ok()?;
    Some(Timestamp(UtcDateTime::new(date, time)))
}

/// The same the other way: reports hold two for every access.
fn of_the_second(instant: UtcDateTime) -> [u8; 20] {
    let mut text = FORM;
    let mut put = |at: usize, two: u8| {
        text[at] += two / 10;
        text[at + 1] += two % 10;
    };
    // A timestamp's year has four digits.
    let year = instant.year().unsigned_abs() % 10_000;
    put(0, (year / 100) as u8);
    put(2, (year % 100) as u8);
    put(5, instant.month().into());
    put(8, instant.day());
    put(11, instant.hour());
    put(14, instant.minute());
    put(17, instant.second());
    text
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.nanosecond() == 0 {
            return f.write_str(std::str::from_utf8(&of_the_second(self.0)).map_err(|_| fmt::Error)?);
        }
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not an RFC 3339 instant of 1970 to 2999, such as 2026-11-22T07:00:00Z"
            ))
        })
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}
