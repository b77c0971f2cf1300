//! What the key of a digest or a log file tells.
//!
//! Source: CloudTrail User Guide, "CloudTrail digest file structure":
//! `[prefix/]AWSLogs/[o-ORGID/]ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/` and
//! `ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHmmssZ[_backfill].json.gz`. The time is the digest's end.

use std::fmt;

use serde::Serialize;

use crate::aws::timestamp::Timestamp;
use crate::logs::layout::{self, ObjectKind};

/// Which chain a digest is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct ChainName {
    /// The account that the log files are of.
    pub account: String,
    /// The region of the events.
    pub region: String,
    /// The trail's name.
    pub trail: String,
    /// The home region of the trail.
    pub home_region: String,
    /// Standard digests, or those that CloudTrail made later.
    pub kind: ChainKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChainKind {
    /// A digest an hour, whether there were files or not.
    Standard,
    /// Digests of files that the standard ones missed, made later.
    Backfill,
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backfill = if self.kind == ChainKind::Backfill { ", backfill" } else { "" };
        write!(f, "{} {} trail {} of {}{backfill}", self.account, self.region, self.trail, self.home_region)
    }
}

/// A digest's key, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestName {
    pub chain: ChainName,
    pub end: Timestamp,
}

impl DigestName {
    pub fn parse(key: &str) -> Option<DigestName> {
        let name = key.rsplit('/').next()?.strip_suffix(".json.gz")?;
        let (name, kind) = match name.strip_suffix("_backfill") {
            Some(name) => (name, ChainKind::Backfill),
            None => (name, ChainKind::Standard),
        };
        // A trail's name may hold `_`: it is what is left between the others.
        let (account, rest) = name.split_once("_CloudTrail-Digest_")?;
        let (region, rest) = rest.split_once('_')?;
        let (rest, end) = rest.rsplit_once('_')?;
        let (trail, home_region) = rest.rsplit_once('_')?;
        let chain = ChainName {
            account: account.to_owned(),
            region: region.to_owned(),
            trail: trail.to_owned(),
            home_region: home_region.to_owned(),
            kind,
        };
        let whole = [account, region, trail, home_region].iter().all(|part| !part.is_empty());
        whole.then_some(DigestName { chain, end: instant(end)? })
    }
}

/// Whether a key stands where only digests stand, or is named like one.
pub fn is_digest(key: &str) -> bool {
    let within = key.rsplit_once("AWSLogs/").map_or(key, |(_, within)| within);
    let in_folder = within.split('/').any(|part| part == "CloudTrail-Digest");
    let by_name = key.rsplit('/').next().is_some_and(|name| name.contains("_CloudTrail-Digest_"));
    (in_folder || by_name) && key.ends_with(".json.gz")
}

/// Whether a reader of the trail's folders would take the key for a log file of the trail: any name there counts.
pub fn is_log(key: &str) -> bool {
    let within = key.rsplit_once("AWSLogs/").map_or(key, |(_, within)| within);
    let in_folder = within.split('/').any(|part| part == "CloudTrail");
    let by_name = key.rsplit('/').next().is_some_and(|name| name.contains("_CloudTrail_"));
    (in_folder || by_name) && !key.ends_with('/') && layout::kind(key) == ObjectKind::Log
}

/// Whose a log file is and when it was delivered, by its name:
/// `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQ.json.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogName {
    pub account: String,
    pub region: String,
    pub delivered: Timestamp,
}

impl LogName {
    pub fn parse(key: &str) -> Option<LogName> {
        let (account, rest) = key.rsplit('/').next()?.split_once("_CloudTrail_")?;
        let (region, rest) = rest.split_once('_')?;
        let (delivered, _) = rest.split_once('_')?;
        Some(LogName { account: account.to_owned(), region: region.to_owned(), delivered: instant(delivered)? })
    }
}

/// `YYYYMMDDTHHmmssZ`, the seconds left out or not.
fn instant(text: &str) -> Option<Timestamp> {
    let (day, clock) = text.strip_suffix('Z')?.split_once('T')?;
    if day.len() != 8 || !day.bytes().chain(clock.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = match clock.len() {
        4 => "00",
        6 => &clock[4..],
        _ => return None,
    };
    let (year, month, day, hour, minute) = (&day[..4], &day[4..6], &day[6..], &clock[..2], &clock[2..4]);
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{seconds}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digests_key_tells_its_chain() {
        let folder = "audit/AWSLogs/o-1/111111111111/CloudTrail-Digest/eu-west-1/2026/11/22/";
        let name = |rest: &str| DigestName::parse(&format!("{folder}111111111111_CloudTrail-Digest_eu-west-1_{rest}"));
        let digest = name("my_own_trail_us-east-1_20261122T070000Z_backfill.json.gz").unwrap();
        assert_eq!(digest.chain.to_string(), "111111111111 eu-west-1 trail my_own_trail of us-east-1, backfill");
        assert_eq!(digest.end.to_string(), "2026-11-22T07:00:00Z");
        let digest = name("_backfill_us-east-1_20261122T070000Z.json.gz").unwrap();
        assert_eq!((digest.chain.trail.as_str(), digest.chain.kind), ("_backfill", ChainKind::Standard));
        for wrong in [
            "trail_us-east-1_20261122T070000Z.json",
            "trail_us-east-1_20261322T070000Z.json.gz",
            "trail_us-east-1_+0261122T070000Z.json.gz",
            "trail_us-east-1_99991231T235959Z.json.gz",
            "us-east-1_20261122T070000Z.json.gz",
            "_us-east-1_20261122T070000Z.json.gz",
            "trail_us-east-1_2026112éT070000Z.json.gz",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_logs_key_tells_whose_it_is() {
        let key = "AWSLogs/1/CloudTrail/eu-west-1/2026/11/22/1_CloudTrail_eu-west-1_20261122T0705Z_x.json.gz";
        let log = LogName::parse(key).unwrap();
        assert_eq!((log.account.as_str(), log.region.as_str()), ("1", "eu-west-1"));
        assert_eq!(log.delivered.to_string(), "2026-11-22T07:05:00Z");
        assert!(is_log(key) && is_log("AWSLogs/1/CloudTrail/eu-west-1/2026/11/22/any.json"));
        assert!(!is_log("AWSLogs/1/CloudTrail/eu-west-1/") && !is_log("CloudTrail/AWSLogs/1/Config/x.json.gz"));
        assert!(!is_log(&key.replace("CloudTrail", "CloudTrail-Insight")));
    }
}
