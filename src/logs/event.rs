//! The S3 data events of one log file.

use std::borrow::Cow;

use super::changes::is_change;
use super::identity::{Identities, PrincipalId};
use super::json::{Cursor, Fault};
use super::record::{Few, Kind, Reached, Record};
use super::structural_index::StructuralIndex;
use crate::aws::timestamp::Timestamp;
use crate::snapshot::Window;

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
    /// Where the request came from; `None`: the record does not say it, or not as a text.
    pub source_address: Option<Cow<'a, str>>,
    pub error_code: Option<Cow<'a, str>>,
    pub principal: PrincipalId,
    pub resources: Few<Reached<'a>>,
    /// The text of `userIdentity`.
    pub identity: Option<&'a str>,
    /// The text of `additionalEventData`.
    pub additional: Option<&'a str>,
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
    #[error("S3 event notifications, which say nothing of who acted")]
    Notifications,
    /// By its shape it holds no object records.
    #[error("a digest file")]
    Digest,
}

/// What there is in a log file beside S3 data events.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Beside<'a> {
    /// Records that could not be understood; each may hide an access.
    pub unclear: u64,
    /// The event ids of the first; `None`: it has none.
    pub first: Vec<Option<String>>,
    /// The texts of records of calls that change what is recorded.
    pub changes: Vec<&'a str>,
}

/// How many records that are not understood are named.
pub const NAMED: usize = 10;

impl Beside<'_> {
    fn note_unclear(&mut self, record: &Record) {
        self.unclear += 1;
        if self.first.len() < NAMED {
            self.first.push(record.members.event_id.string().flatten().map(Cow::into_owned));
        }
    }
}

/// Reads a log file and hands over its events as they come: they count only if it can be read to its end.
pub fn read<'a>(
    text: &'a str,
    index: &'a StructuralIndex,
    identities: &mut Identities,
    period: Period,
    mut each: impl FnMut(Event<'a>, &Identities),
) -> Result<Beside<'a>, FileError> {
    let (mut lists, mut records, mut beside) = (0_u32, 0_u64, Beside::default());
    let (mut is_digest, mut notifications) = (false, 0_u64);
    let mut cursor = Cursor::new(text, index);
    cursor.members(|cursor, name| match name {
        "Records" if cursor.peek() == b'[' => {
            lists += 1;
            cursor.array(|cursor| {
                records += 1;
                if records > MAX_RECORDS {
                    return cursor.skip();
                }
                let mut record = Record::at(cursor);
                let before = cursor.rest();
                record.read(cursor, identities)?;
                let is_clear = match record.kind() {
                    Kind::Notification => {
                        notifications += 1;
                        true
                    }
                    Kind::Other => true,
                    Kind::Unclear => false,
                    Kind::CloudTrail => {
                        let may_change = record.members.event_name.string().flatten().is_none_or(|n| is_change(&n));
                        let text = &before[..before.len() - cursor.rest().len()];
                        beside.changes.extend(may_change.then_some(text));
                        true
                    }
                    Kind::S3Data => hand_over(&mut record, identities, period, cursor, &mut each).is_some(),
                };
                if !is_clear {
                    beside.note_unclear(&record);
                }
                Ok(())
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
        1 if notifications > 0 => Err(FileError::Notifications),
        1 => Ok(beside),
        _ => Err(FileError::TwoLists),
    }
}

/// `None`: the record does not say what, when, who or where.
#[inline(always)]
fn hand_over<'a>(
    record: &mut Record<'a>,
    identities: &mut Identities,
    period: Period,
    cursor: &Cursor<'a>,
    each: &mut impl FnMut(Event<'a>, &Identities),
) -> Option<()> {
    let time = Timestamp::parse(&record.members.event_time.string()??)?;
    if !period.holds(time) {
        return Some(());
    }
    let resources = record.reached(time)?;
    let members = &record.members;
    let identity = members.user_identity.get()?;
    let principal = match identity {
        Some(identity) => identities.resolve(identity, cursor)?,
        None => identities.nobody()?,
    };
    let event = Event {
        id: members.event_id.string()??,
        shared_id: members.shared_event_id.string()?,
        name: members.event_name.string()??,
        time,
        region: members.aws_region.string()?.unwrap_or_default(),
        source_address: members.source_ip_address.string().flatten(),
        error_code: members.error_code.string()?,
        principal,
        resources,
        identity: identity.map(|identity| cursor.text_of(identity.span)),
        additional: members.additional_event_data.get()?.map(|place| cursor.text_of(place)),
    };
    each(event, identities);
    Some(())
}
