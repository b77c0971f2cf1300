//! Records as they stand in a log object, for those who want to see them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::container::{self, Unknown};
use super::unpack::{BOM, is_zstd, unpacked};
use crate::gzip;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "eventID")]
    event_id: Option<String>,
}

/// The records of the object, by event id, letter by letter.
pub fn records(bytes: &[u8]) -> Result<BTreeMap<String, Box<RawValue>>, String> {
    let inflated = if gzip::is_gzip(bytes) {
        gzip::inflate(bytes, gzip::MAX_LOG).map_err(|error| error.to_string())?
    } else if is_zstd(bytes) {
        unpacked(bytes)?
    } else {
        bytes.to_vec()
    };
    let text = inflated.strip_prefix(BOM).unwrap_or(&inflated);
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let of_file = serde_json::from_str::<File>(text).ok().map(|_| text.to_owned());
    let text = of_file.map_or_else(|| container::unwrapped(text), Ok).map_err(|Unknown(why)| why)?;
    let file: File = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let named = file.records.into_iter().filter_map(|record| {
        let id = serde_json::from_str::<Named>(record.get()).ok()?.event_id?;
        Some((id, record.to_owned()))
    });
    Ok(named.collect())
}
