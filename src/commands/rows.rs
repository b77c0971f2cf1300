//! The rows that `accesses` prints in every format.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::aws::timestamp::Timestamp;
use crate::cli::By;
use crate::logs::access::Again;
use crate::snapshot::AccessRecord;

/// Named cells, in the order in which they are printed.
pub(super) struct Row {
    pub cells: Vec<(&'static str, Value)>,
    pub count: u64,
}

impl Row {
    /// The cells of a whole access, `example` in two.
    const NAMES: [&'static str; 14] = [
        "principal",
        "principal_type",
        "account",
        "bucket",
        "location",
        "event_name",
        "access",
        "region",
        "error_code",
        "count",
        "first_seen",
        "last_seen",
        "example_event_id",
        "example_object",
    ];

    /// The names and texts of the cells but for some; empty where it is not told.
    pub(super) fn without(&self, left_out: &[&str]) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let shown = self.cells.iter().filter(|(name, _)| !left_out.contains(name));
        shown.map(|(name, value)| (*name, text(value)))
    }

    /// Every cell as text, one level deep.
    pub(super) fn flat(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.cells.iter().flat_map(|(_, value)| match value {
            Value::Object(inner) => inner.values().map(text).collect(),
            value => vec![text(value)],
        })
    }
}

/// What can be counted.
pub(super) trait Counted {
    fn count(&self) -> u64;
}

impl Counted for Row {
    fn count(&self) -> u64 {
        self.count
    }
}

impl Counted for AccessRecord {
    fn count(&self) -> u64 {
        self.count
    }
}

impl From<AccessRecord> for Row {
    fn from(access: AccessRecord) -> Row {
        let count = access.count;
        let cells = vec![
            ("principal", access.principal.into()),
            ("principal_type", access.principal_type.into()),
            ("account", access.account.into()),
            ("bucket", access.bucket.into()),
            ("location", access.location.into()),
            ("event_name", access.event_name.into()),
            ("access", access.access.into()),
            ("region", access.region.into()),
            ("error_code", access.error_code.into()),
            ("count", count.into()),
            ("first_seen", access.first_seen.to_string().into()),
            ("last_seen", access.last_seen.to_string().into()),
            ("example", json!(access.example)),
        ];
        Row { cells, count }
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.cells.iter().map(|(name, value)| (name, value)))
    }
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

/// Accesses counted by one thing only.
pub(super) fn rolled_up(accesses: impl Iterator<Item = (AccessRecord, Again)>, by: By) -> Vec<Row> {
    let mut sums: BTreeMap<Vec<Option<String>>, (u64, Timestamp, Timestamp)> = BTreeMap::new();
    for (access, again) in accesses {
        let (key, again) = match by {
            By::Principal => {
                (vec![Some(access.principal), Some(access.principal_type), access.account], again.principal)
            }
            By::Bucket => (vec![Some(access.bucket), Some(access.region)], again.bucket),
            By::Event => (vec![Some(access.event_name), Some(access.access)], again.event),
        };
        let sum = sums.entry(key).or_insert((0, access.first_seen, access.last_seen));
        *sum = (sum.0 + access.count - again, sum.1.min(access.first_seen), sum.2.max(access.last_seen));
    }
    let names = keys(by);
    let row = |(key, (count, first, last)): (Vec<Option<String>>, _)| {
        let mut cells: Vec<(&'static str, Value)> =
            names.iter().zip(key).map(|(name, value)| (*name, json!(value))).collect();
        cells.extend([("count", json!(count)), ("first_seen", json!(first)), ("last_seen", json!(last))]);
        Row { cells, count }
    };
    sums.into_iter().map(row).collect()
}

/// What is counted by.
fn keys(by: By) -> &'static [&'static str] {
    match by {
        By::Principal => &["principal", "principal_type", "account"],
        By::Bucket => &["bucket", "region"],
        By::Event => &["event_name", "access"],
    }
}

/// The names of all columns, whether there are rows or not.
pub(super) fn columns(by: Option<By>) -> Vec<&'static str> {
    match by {
        None => Row::NAMES.to_vec(),
        Some(by) => [keys(by), &["count", "first_seen", "last_seen"]].concat(),
    }
}
