//! Choosing log objects where not all of them are read: whole objects, by a seeded draw, spread over accounts, regions and
//! hours; and what a draw can show.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::chain::LogName;
use super::watch::Watched;
use crate::aws::timestamp::Timestamp;

/// Which log records to read.
pub(crate) struct LogRequest {
    pub(crate) watched: Vec<Watched>,
    /// Up to the time of collection.
    pub(crate) window: time::Duration,
    /// Bytes of log objects at most; `None`: all.
    pub(crate) sample: Option<u64>,
}

/// A log object that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub bucket: String,
    pub key: String,
    pub bytes: u64,
    /// When S3 got it.
    pub modified: Option<Timestamp>,
}

impl Listed {
    /// `s3://bucket/key`
    pub fn name(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }

    /// Account, region and hour of delivery, by the name; keys without them form one stratum.
    fn stratum(&self) -> Stratum {
        let name = LogName::parse(&self.key)?;
        let hour = name.delivered.0.unix_timestamp().div_euclid(3600);
        Some((name.account, name.region, hour))
    }
}

type Stratum = Option<(String, String, i64)>;

/// The objects of a stratum, each with its lot.
type Lots = Vec<([u8; 32], Listed)>;

/// Draws objects up to `budget` bytes (`None`: all). The same seed and listing give the same sample. The draw goes round
/// the strata, so that none is left out while another is read twice; it ends at the first object that does not fit, so
/// that large ones are not passed over. One object is taken whatever its size.
pub fn draw(objects: Vec<Listed>, budget: Option<u64>, seed: &str) -> Vec<Listed> {
    let total: u64 = objects.iter().map(|object| object.bytes).sum();
    let Some(budget) = budget.filter(|budget| *budget < total) else {
        return objects;
    };
    let mut strata: BTreeMap<Stratum, Lots> = BTreeMap::new();
    for object in objects {
        let lot: [u8; 32] = Sha256::digest(format!("{seed}\n{}/{}", object.bucket, object.key)).into();
        strata.entry(object.stratum()).or_default().push((lot, object));
    }
    for lots in strata.values_mut() {
        lots.sort_by_key(|(lot, _)| std::cmp::Reverse(*lot));
    }
    // The order of the strata is a draw as well: a small budget should not always end at the same hour.
    let mut rounds: Vec<Lots> = strata.into_values().collect();
    rounds.sort_by(|a, b| a.last().map(|(lot, _)| lot).cmp(&b.last().map(|(lot, _)| lot)));
    let mut drawn: Vec<Listed> = Vec::new();
    let mut used = 0;
    while rounds.iter().any(|lots| !lots.is_empty()) {
        for lots in &mut rounds {
            let Some((_, object)) = lots.pop() else { continue };
            if !drawn.is_empty() && used + object.bytes > budget {
                return drawn;
            }
            used += object.bytes;
            drawn.push(object);
        }
    }
    drawn
}

/// The largest share of the listed objects that may hold what none of those read shows, at 95 %: with more of them, a draw
/// of this size would have met one in 19 of 20 cases, wherever they are. 1 where nothing was read.
///
/// The chance that `n` of `N` objects of a stratum, drawn at random, miss `k` is the product of `(N-n-i) / (N-i)` for `i`
/// below `k`; strata are drawn apart, so their chances multiply. The worst case hides each further object where that costs
/// least chance.
pub fn unseen_share(listed: &[Listed], was_read: impl Fn(&Listed) -> bool) -> f64 {
    let mut strata: BTreeMap<Stratum, (f64, f64)> = BTreeMap::new();
    for object in listed {
        let (all, read) = strata.entry(object.stratum()).or_default();
        *all += 1.0;
        *read += f64::from(u8::from(was_read(object)));
    }
    let mut hidden = 0.0;
    let mut chance = 1.0;
    // In each stratum: how many are left to hide in, and how many were not read of those.
    let mut open: Vec<(f64, f64)> = strata.into_values().map(|(all, read)| (all, all - read)).collect();
    loop {
        let cheapest = open.iter_mut().filter(|(_, unread)| *unread > 0.0);
        let Some((all, unread)) = cheapest.max_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0))) else { break };
        chance *= *unread / *all;
        if chance <= 0.05 {
            break;
        }
        (*all, *unread) = (*all - 1.0, *unread - 1.0);
        hidden += 1.0;
    }
    if listed.is_empty() { 0.0 } else { hidden / listed.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects() -> Vec<Listed> {
        (0..240)
            .map(|n| Listed {
                bucket: "logs".to_owned(),
                key: format!("AWSLogs/1/CloudTrail/eu-west-1/2026/11/22/1_CloudTrail_eu-west-1_20261122T{:02}{:02}Z_x{n}.json.gz", n % 24, n / 24),
                bytes: 10,
                modified: None,
            })
            .collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_objects_from_every_hour() {
        let first = draw(objects(), Some(480), "seed");
        assert_eq!(first, draw(objects(), Some(480), "seed"));
        assert_ne!(first, draw(objects(), Some(480), "another"));
        assert_eq!(first.len(), 48);
        let hours: std::collections::BTreeSet<Stratum> = first.iter().map(Listed::stratum).collect();
        assert_eq!(hours.len(), 24);
    }

    #[test]
    fn a_budget_for_everything_draws_everything() {
        assert_eq!(draw(objects(), None, "seed").len(), 240);
        assert_eq!(draw(objects(), Some(2400), "seed").len(), 240);
    }

    /// A small object does not take the place of a large one that was drawn before it.
    #[test]
    fn size_does_not_choose() {
        let mut objects = objects();
        objects.iter_mut().for_each(|object| object.bytes = 1);
        let first = draw(objects.clone(), Some(100), "seed");
        let large = first[50].key.clone();
        objects.iter_mut().filter(|object| object.key == large).for_each(|object| object.bytes = 200);
        assert_eq!(draw(objects, Some(100), "seed").len(), 50);
    }

    /// The bound against the draw itself: objects hidden in one hour are met as often as it says.
    #[test]
    fn what_is_said_of_the_unseen_holds() {
        let all: Vec<Listed> = objects().into_iter().filter(|object| object.key.contains("T00")).collect();
        assert_eq!(all.len(), 10);
        let read = |count: usize| {
            let names: Vec<String> = all[..count].iter().map(Listed::name).collect();
            unseen_share(&all, |object| names.contains(&object.name()))
        };
        assert_eq!(read(10), 0.0);
        // 5 of 10: three hide with a chance of (5*4*3)/(10*9*8) = 0.083, four with 0.024.
        assert_eq!(read(5), 0.3);
        assert_eq!(read(0), 1.0);
        // An hour that was not looked at may hold anything.
        let of_other_hours = |object: &Listed| !object.key.contains("T07");
        assert_eq!(unseen_share(&objects(), of_other_hours), 10.0 / 240.0);
        assert_eq!(unseen_share(&[], |_| true), 0.0);
    }
}
