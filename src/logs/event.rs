//! The S3 data events of one log file.

use std::borrow::Cow;

use super::identity::{Identities, PrincipalId};
use super::json::{Cursor, Fault};
use super::marks::Marks;
use super::record::{Kind, Record, Touches};
use crate::snapshot::{Timestamp, Window};

/// No log file that CloudTrail writes comes near: it ends at 50 MB.
const MAX_RECORDS: u64 = 1_000_000;

/// The time that is asked for; what is outside does not count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    pub from: Option<Timestamp>,
    /// The first instant that is outside again.
    pub to: Option<Timestamp>,
}

impl Window {
    /// Events before its start do not count. Later ones do: its end only bounds what may be said of absence.
    pub fn period(&self) -> Period {
        Period { from: Some(self.start), to: None }
    }
}

impl Period {
    fn holds(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }
}

/// What is kept of a record that is an S3 data event.
#[derive(Debug)]
pub struct Event<'a> {
    pub id: Cow<'a, str>,
    pub shared_id: Option<Cow<'a, str>>,
    pub name: Cow<'a, str>,
    pub time: Timestamp,
    pub region: Cow<'a, str>,
    pub error_code: Option<Cow<'a, str>>,
    pub read_only: Option<bool>,
    pub principal: PrincipalId,
    pub touched: Touches<'a>,
    /// The text of `userIdentity`.
    pub identity: Option<&'a str>,
    /// The text of `additionalEventData`.
    pub additional: Option<&'a str>,
}

/// What a log file holds.
#[derive(Debug, Default)]
pub struct Events<'a> {
    pub list: Vec<Event<'a>>,
    /// Records that could not be understood; each may hide an access.
    pub malformed: u64,
}

/// Why a text gives no events.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("not a CloudTrail log file: {0}")]
    Fault(#[from] Fault),
    #[error("not a CloudTrail log file: there is no list of Records")]
    NoRecords,
    #[error("not a CloudTrail log file: Records is given twice")]
    TwoLists,
    #[error("more than {MAX_RECORDS} records, the limit")]
    TooMany,
    /// By its shape it holds no object records.
    #[error("a digest file")]
    Digest,
}

/// Reads a log file: all of it, or none.
pub fn read<'a>(
    text: &'a str,
    marks: &'a Marks,
    identities: &mut Identities,
    period: Period,
) -> Result<Events<'a>, FileError> {
    // Records of S3 have one to two thousand bytes; a guess that saves copying the list as it grows.
    let list = Vec::with_capacity(text.len() / 2048);
    let mut events = Events { list, malformed: 0 };
    let mut lists = 0_u32;
    let mut records = 0_u64;
    let mut is_digest = false;
    let mut cursor = Cursor::new(text, marks);
    cursor.members(|cursor, name| match name {
        "Records" if cursor.peek() == b'[' => {
            lists += 1;
            cursor.array(|cursor| {
                records += 1;
                if records > MAX_RECORDS { cursor.skip() } else { events.add(cursor, identities, period) }
            })
        }
        "digestS3Object" => {
            is_digest = true;
            cursor.skip()
        }
        _ => cursor.skip(),
    })?;
    cursor.end()?;
    match lists {
        0 if is_digest => Err(FileError::Digest),
        0 => Err(FileError::NoRecords),
        1 if records > MAX_RECORDS => Err(FileError::TooMany),
        1 => Ok(events),
        _ => Err(FileError::TwoLists),
    }
}

impl<'a> Events<'a> {
    fn add(&mut self, cursor: &mut Cursor<'a>, identities: &mut Identities, period: Period) -> Result<(), Fault> {
        let mut record = Record::at(cursor);
        record.read(cursor, identities)?;
        match record.kind() {
            Kind::Other => {}
            Kind::Unclear => self.malformed += 1,
            Kind::S3Data => {
                if self.add_event(&record, identities, period, cursor).is_none() {
                    self.malformed += 1;
                }
            }
        }
        Ok(())
    }

    /// `None`: the record does not say what, when, who or where.
    fn add_event(
        &mut self,
        record: &Record<'a>,
        identities: &mut Identities,
        period: Period,
        cursor: &Cursor<'a>,
    ) -> Option<()> {
        let members = &record.members;
        let time = Timestamp::parse(&members.event_time.string()??)?;
        if !period.holds(time) {
            return Some(());
        }
        let identity = members.user_identity.get()?;
        let principal = match identity {
            Some(identity) => identities.resolve(identity, cursor)?,
            None => identities.nobody()?,
        };
        let touched = record.touched()?;
        let (id, name) = (members.event_id.string()??, members.event_name.string()??);
        let (shared_id, error_code) = (members.shared_event_id.string()?, members.error_code.string()?);
        let (region, read_only) = (members.aws_region.string()?.unwrap_or_default(), members.read_only.get()?);
        let additional = members.additional_event_data.get()?;
        self.list.push(Event {
            id,
            shared_id,
            name,
            time,
            region,
            error_code,
            read_only,
            principal,
            touched,
            identity: identity.map(|identity| cursor.text_of(identity.span)),
            additional: additional.map(|place| cursor.text_of(place)),
        });
        Some(())
    }
}
