//! Choosing log objects where not all of them are read: whole objects, by a seeded draw, spread over regions and hours.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// A log object that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub bucket: String,
    pub key: String,
    pub bytes: u64,
}

impl Listed {
    /// `s3://bucket/key`
    pub fn name(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// The objects of one region and hour, each with its lot.
type Stratum = Vec<([u8; 32], Listed)>;

/// Draws objects up to `budget` bytes (`None`: all). The same seed and listing give the same sample. The draw goes round
/// the region-hours, so that none is left out while another is read twice; a first object is taken even if it is larger
/// than the budget.
pub fn draw(objects: Vec<Listed>, budget: Option<u64>, seed: &str) -> Vec<Listed> {
    let total: u64 = objects.iter().map(|object| object.bytes).sum();
    let Some(budget) = budget.filter(|budget| *budget < total) else {
        return objects;
    };
    let mut strata: BTreeMap<(String, String), Stratum> = BTreeMap::new();
    for object in objects {
        let lot: [u8; 32] = Sha256::digest(format!("{seed}\n{}", object.key)).into();
        strata.entry(("".to_owned(), hour_of(&object.key))).or_default().push((lot, object));
    }
    for stratum in strata.values_mut() {
        stratum.sort_by_key(|(lot, _)| std::cmp::Reverse(*lot));
    }
    // The order of the strata is a draw as well: a small budget should not always end at the same hour.
    let mut rounds: Vec<Stratum> = strata.into_values().collect();
    rounds.sort_by(|a, b| a.last().map(|(lot, _)| lot).cmp(&b.last().map(|(lot, _)| lot)));
    let mut drawn = Vec::new();
    let mut used = 0;
    while rounds.iter().any(|stratum| !stratum.is_empty()) {
        for stratum in &mut rounds {
            let Some((_, object)) = stratum.pop() else { continue };
            if drawn.is_empty() || used + object.bytes <= budget {
                used += object.bytes;
                drawn.push(object);
            }
        }
    }
    drawn
}

/// `20261122T07` of `…_20261122T0705Z_UNIQ.json.gz`; keys without a time form one stratum.
fn hour_of(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or(key);
    let hour = name.split('_').find(|part| {
        part.len() >= 12 && part.as_bytes()[8] == b'T' && part.bytes().take(8).all(|byte| byte.is_ascii_digit())
    });
    hour.and_then(|time| time.get(..11)).unwrap_or_default().to_owned()
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
            })
            .collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_objects_from_every_hour() {
        let first = draw(objects(), Some(480), "seed");
        assert_eq!(first, draw(objects(), Some(480), "seed"));
        assert_ne!(first, draw(objects(), Some(480), "another"));
        assert_eq!(first.len(), 48);
        let hours: std::collections::BTreeSet<String> = first.iter().map(|object| hour_of(&object.key)).collect();
        assert_eq!(hours.len(), 24);
    }

    #[test]
    fn a_budget_for_everything_draws_everything() {
        assert_eq!(draw(objects(), None, "seed").len(), 240);
        assert_eq!(draw(objects(), Some(2400), "seed").len(), 240);
    }
}
