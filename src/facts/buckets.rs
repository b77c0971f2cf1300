//! Is there such a bucket?

use std::collections::BTreeMap;

use serde_json::json;

use super::View;
use super::input::BucketFact;
use super::judgement::{Existence, Judgement};
use crate::aws::location::Location;
use crate::reason::OfConfig;
use crate::snapshot::Origin;

impl View<'_> {
    /// Every bucket that the config names, with the first line that does.
    pub(super) fn bucket_facts(&self) -> Vec<BucketFact> {
        let redshift = self.config.redshift.iter().map(|entry| (&entry.location, entry.line));
        let rules = self.config.access_rules.iter().map(|rule| (&rule.location, rule.line));
        let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
        for (location, line) in redshift.chain(rules) {
            let first = lines.entry(&location.bucket).or_insert(line);
            *first = line.min(*first);
        }
        let fact = |(bucket, line): (&str, usize)| BucketFact {
            subject: self.location_subject(
                &Location { bucket: bucket.to_owned(), prefix: String::new() },
                Some(Origin::Config { line }),
            ),
            bucket: bucket.to_owned(),
            existence: self.existence(bucket),
        };
        lines.into_iter().map(fact).collect()
    }

    /// Whoever owns it: a bucket's name is one for all accounts of a partition.
    fn existence(&self, bucket: &str) -> Judgement<Existence> {
        match self.world.bucket_region(bucket) {
            Ok(region) => {
                let evidence = json!({"region": region});
                let reason = OfConfig::BucketExists { bucket: bucket.to_owned(), region: region.to_owned() };
                Judgement::new(Existence::Exists, vec![reason.into()], evidence)
            }
            Err(reason) if self.world.bucket(bucket).is_some_and(|found| found.is_missing) => {
                Judgement::plain(Existence::Missing, reason)
            }
            Err(reason) => Judgement::unknown(vec![reason]),
        }
    }
}
