//! Where CloudTrail puts its files.
//!
//! Source: CloudTrail User Guide, "Finding your CloudTrail log files":
//! `[prefix/]AWSLogs/[o-ORGID/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQ.json.gz`,
//! with parallel folders for digests, Insights, network activity and aggregated events. The day is that of delivery,
//! not of the event.

use time::Date;

use crate::aws::arn::is_account_id;

/// What kind of file a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A log file: management and data events.
    Log,
    /// Not object records, and why.
    Other(&'static str),
}

/// Tells by the key, or the local path, what an object holds. A name that says nothing is taken for a log: its shape
/// decides when it is read.
pub fn kind(key: &str) -> ObjectKind {
    // A bucket, a prefix or a local folder may be called anything: only what follows AWSLogs/ is CloudTrail's to name.
    let key = key.rsplit_once("AWSLogs/").map_or_else(|| key.rsplit('/').next().unwrap_or(key), |(_, key)| key);
    let has = |name: &str| {
        key.split('/').any(|part| part == name)
            || key.rsplit('/').next().is_some_and(|n| n.contains(&format!("_{name}_")))
    };
    if has("CloudTrail-Digest") {
        ObjectKind::Other("a digest file")
    } else if has("CloudTrail-Insight") {
        ObjectKind::Other("Insights events")
    } else if has("CloudTrail-NetworkActivity") {
        ObjectKind::Other("network activity events")
    } else if has("CloudTrail-Aggregated") {
        ObjectKind::Other("aggregated events, which name no object")
    } else {
        ObjectKind::Log
    }
}

/// Where one trail's files of one account and region are.
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    pub key_prefix: Option<&'a str>,
    /// `o-…`, for an organization's trail.
    pub organization: Option<&'a str>,
    pub account: &'a str,
    pub region: &'a str,
}

impl Folder<'_> {
    /// The key prefix of the log files of one delivery day.
    pub fn logs(&self, day: Date) -> String {
        self.of_day("CloudTrail", day)
    }

    /// The key prefix of the digests that ended on a day.
    pub fn digests(&self, day: Date) -> String {
        self.of_day("CloudTrail-Digest", day)
    }

    fn of_day(&self, kind: &str, day: Date) -> String {
        let organization = self.organization.map_or(String::new(), |id| format!("{id}/"));
        let (root, account, region) = (root(self.key_prefix), self.account, self.region);
        let (year, month, day) = (day.year(), u8::from(day.month()), day.day());
        format!("{root}{organization}{account}/{kind}/{region}/{year:04}/{month:02}/{day:02}/")
    }
}

/// The account whose file of CloudTrail a key names, behind `s3://BUCKET/` or not:
/// `[prefix/]AWSLogs/[o-ORGID/]ACCOUNT/CloudTrail[-Digest]/…`.
pub fn account(key: &str) -> Option<&str> {
    let mut parts = below_root(key)?.split('/').peekable();
    let _ = parts.next_if(|part| part.starts_with("o-"));
    let account = parts.next().filter(|part| is_account_id(part))?;
    (matches!(parts.next(), Some("CloudTrail" | "CloudTrail-Digest")) && parts.next().is_some()).then_some(account)
}

/// Whether a key is one of CloudTrail's files.
pub fn is_file(key: &str) -> bool {
    account(key).is_some()
}

/// Whether a prefix is the folder of all of CloudTrail's files, or one within it.
pub fn is_folder(prefix: &str) -> bool {
    below_root(prefix) == Some("") || is_file(prefix)
}

/// What follows the folder's name, where it is the name of a folder and not the end of one.
fn below_root(key: &str) -> Option<&str> {
    key.strip_prefix("AWSLogs/").or_else(|| key.split_once("/AWSLogs/").map(|(_, below)| below))
}

/// `[prefix/]AWSLogs/`
pub fn root(key_prefix: Option<&str>) -> String {
    match key_prefix.map(|prefix| prefix.trim_end_matches('/')) {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}/AWSLogs/"),
        _ => "AWSLogs/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pitfalls E8 and C34: files of parallel folders are never object records.
    #[test]
    fn e8_other_kinds_are_told_by_folder_and_by_name() {
        let key = |folder: &str| {
            format!("AWSLogs/1/{folder}/eu-west-1/2026/11/22/1_{folder}_eu-west-1_20261122T0000Z_x.json.gz")
        };
        assert_eq!(kind(&key("CloudTrail")), ObjectKind::Log);
        for folder in ["CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"]
        {
            assert!(matches!(kind(&key(folder)), ObjectKind::Other(_)), "{folder}");
            assert!(matches!(kind(&format!("1_{folder}_eu-west-1_x.json.gz")), ObjectKind::Other(_)), "{folder}");
        }
        assert_eq!(kind("some/records.json"), ObjectKind::Log);
        assert_eq!(kind("CloudTrail-Digest/records.json"), ObjectKind::Log);
        assert_eq!(kind(&format!("CloudTrail-Insight/{}", key("CloudTrail"))), ObjectKind::Log);
    }

    #[test]
    fn a_day_has_a_prefix() {
        let day = time::macros::date!(2026 - 11 - 02);
        let folder = Folder {
            key_prefix: Some("audit/"),
            organization: Some("o-abc"),
            account: "111111111111",
            region: "eu-west-1",
        };
        assert_eq!(folder.logs(day), "audit/AWSLogs/o-abc/111111111111/CloudTrail/eu-west-1/2026/11/02/");
        let folder = Folder { key_prefix: None, organization: None, ..folder };
        assert_eq!(folder.digests(day), "AWSLogs/111111111111/CloudTrail-Digest/eu-west-1/2026/11/02/");
    }
}
