//! All chains together: which log files are what CloudTrail delivered.
//!
//! A digest says of the files that it lists that they are unchanged. It says nothing of a file that no digest lists, so
//! such a file makes the result unknown; and nothing of an event that was never recorded.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::chain::{
    Asked, Chain, ChainKind, ChainName, DigestName, Item, ItemKind, LATE, LogName, Places, Verdict, is_digest, is_log,
};
use crate::aws::timestamp::Timestamp;
use crate::snapshot::{IntegrityCounts, IntegrityOutcome as Outcome};

/// The document's format.
pub const SCHEMA: &str = "trailcheck/verify/v1";

/// What a valid result shows, and what it does not.
pub const PROVES: &str = "Valid digests show that the log files they list are there as CloudTrail delivered them. They do \
                          not show that every event was recorded.";

/// Log objects this new need not be in a digest yet.
const NEW: time::Duration = time::Duration::HOUR;
/// How far S3's clock may be ahead of ours.
const SKEW: time::Duration = time::Duration::minutes(5);

/// What lies at a place, told apart by key.
#[derive(Debug, Default)]
pub struct Listing {
    pub digests: Vec<(String, DigestName)>,
    pub logs: Vec<ListedLog>,
    /// What could not be listed or told.
    pub faults: Vec<Item>,
}

#[derive(Debug)]
pub struct ListedLog {
    pub name: String,
    parsed: Option<LogName>,
    /// When S3 got it; a copy does not tell.
    modified: Option<Timestamp>,
}

impl Listing {
    /// Adds an object. `name`: `s3://bucket/key` or a path.
    pub fn add(&mut self, name: String, modified: Option<Timestamp>) {
        match DigestName::parse(&name) {
            Some(digest) => self.digests.push((name, digest)),
            None if is_digest(&name) => self.fault(name, "it is among digests and not named like one".to_owned()),
            None if is_log(&name) => {
                let parsed = LogName::parse(&name);
                self.logs.push(ListedLog { name, parsed, modified });
            }
            None => {}
        }
    }

    pub fn fault(&mut self, name: String, why: String) {
        self.faults.push(Item { verdict: Verdict::Unknown(why), kind: ItemKind::Listing, name });
    }

    /// The digests to read for the asked time, by chain: those in it, the one before it that they link to, and those after
    /// it. In a copy that is all of them, because each vouches for the one before; in S3 those of the next hours, which
    /// list files that were delivered late.
    pub fn digests_for(&self, asked: Asked) -> BTreeMap<ChainName, Vec<(&str, Timestamp)>> {
        let mut chains: BTreeMap<ChainName, Vec<(&str, Timestamp)>> = BTreeMap::new();
        for (name, digest) in &self.digests {
            chains.entry(digest.chain.clone()).or_default().push((name, digest.end));
        }
        for digests in chains.values_mut() {
            let before = |end: Timestamp| asked.from.is_some_and(|from| end <= from);
            let last_before = digests.iter().map(|(_, end)| *end).filter(|end| before(*end)).max();
            let after = |end: Timestamp| asked.now.is_some() && asked.to.is_some_and(|to| end.0 > to.0 + LATE);
            digests.retain(|(_, end)| (!before(*end) || Some(*end) == last_before) && !after(*end));
        }
        chains
    }
}

/// The result.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Integrity {
    pub schema: &'static str,
    /// What was verified.
    pub source: String,
    /// From when on digests were asked for.
    pub from: Option<Timestamp>,
    /// Until when digests were asked for.
    pub to: Option<Timestamp>,
    /// The worst of all.
    pub outcome: Outcome,
    /// What a valid result shows.
    pub proves: &'static str,
    /// Of all chains.
    pub counts: Counts,
    /// One for each trail, account and region.
    pub chains: Vec<ChainSummary>,
    /// Digests, log files and gaps; what is wrong comes first.
    pub items: Vec<Item>,
    /// Log objects that are too new to be in a digest.
    pub pending: Vec<String>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// Of digests.
    pub digests: IntegrityCounts,
    /// Of log files.
    pub logs: IntegrityCounts,
    /// Log objects that no valid digest lists; they are among the unknown ones.
    pub unlisted: u64,
    /// Log objects that are too new to be in a digest.
    pub pending: u64,
    /// Times that no digest covers.
    pub gaps: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainSummary {
    #[serde(flatten)]
    pub name: ChainName,
    /// What the valid digests cover; gaps between them are items.
    pub from: Option<Timestamp>,
    /// Until when the valid digests cover.
    pub to: Option<Timestamp>,
    /// How its digests were judged.
    pub digests: IntegrityCounts,
    /// How the log files that they list were judged.
    pub logs: IntegrityCounts,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

impl IntegrityCounts {
    fn count<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> IntegrityCounts {
        let mut counts = IntegrityCounts::default();
        for verdict in verdicts {
            match verdict {
                Verdict::Valid => counts.valid += 1,
                Verdict::Invalid(_) => counts.invalid += 1,
                Verdict::Unknown(_) => counts.unknown += 1,
            }
        }
        counts
    }

    fn of(items: &[Item], kind: ItemKind) -> IntegrityCounts {
        IntegrityCounts::count(items.iter().filter(|item| item.kind == kind).map(|item| &item.verdict))
    }
}

/// What was looked at.
pub struct Looked<'a> {
    pub source: String,
    pub asked: Asked,
    pub listing: Listing,
    pub chains: BTreeMap<ChainName, Chain>,
    /// The verdict on each expected log object, by `bucket/key`.
    pub logs: BTreeMap<String, Verdict>,
    pub places: &'a Places,
}

/// Sums up.
pub fn sum_up(looked: Looked<'_>) -> Integrity {
    let name_of = |object: &str| {
        let (bucket, key) = object.split_once('/').unwrap_or((object, ""));
        looked.places.name_of(bucket, key)
    };
    let (unlisted, pending) = looked.unlisted(name_of);
    let mut items: Vec<Item> = looked.chains.values().flat_map(|chain| chain.items.clone()).collect();
    items.extend(looked.logs.iter().map(|(object, verdict)| Item {
        verdict: verdict.clone(),
        kind: ItemKind::Log,
        name: name_of(object),
    }));
    let mut counts = Counts { unlisted: unlisted.len() as u64, pending: pending.len() as u64, ..Counts::default() };
    items.extend(unlisted);
    items.extend(looked.incomplete());
    items.extend(looked.listing.faults.iter().cloned());
    items.sort();
    items.dedup();
    counts.digests = IntegrityCounts::of(&items, ItemKind::Digest);
    counts.logs = IntegrityCounts::of(&items, ItemKind::Log);
    counts.gaps = IntegrityCounts::of(&items, ItemKind::Gap).unknown;
    Integrity {
        schema: SCHEMA,
        outcome: outcome(&items),
        proves: PROVES,
        counts,
        chains: looked.chains.iter().map(|(name, chain)| summary(name, chain, &looked.logs)).collect(),
        items,
        pending,
        notes: looked.notes(),
        source: looked.source,
        from: looked.asked.from,
        to: looked.asked.to,
    }
}

/// Without one valid digest nothing is shown.
fn outcome(items: &[Item]) -> Outcome {
    let any = |is: fn(&Verdict) -> bool| items.iter().any(|item| is(&item.verdict));
    if any(|verdict| matches!(verdict, Verdict::Invalid(_))) {
        Outcome::Invalid
    } else if any(|verdict| matches!(verdict, Verdict::Unknown(_)))
        || IntegrityCounts::of(items, ItemKind::Digest).valid == 0
    {
        Outcome::Unknown
    } else {
        Outcome::Valid
    }
}

fn summary(name: &ChainName, chain: &Chain, logs: &BTreeMap<String, Verdict>) -> ChainSummary {
    ChainSummary {
        name: name.clone(),
        from: chain.covers.map(|(from, _)| from),
        to: chain.covers.map(|(_, to)| to),
        digests: IntegrityCounts::of(&chain.items, ItemKind::Digest),
        logs: IntegrityCounts::count(chain.expected.keys().filter_map(|object| logs.get(object))),
        notes: chain.notes.clone(),
    }
}

impl Looked<'_> {
    /// Log objects that are there and that no valid digest lists, and those that none can list yet.
    fn unlisted(&self, name_of: impl Fn(&str) -> String) -> (Vec<Item>, Vec<String>) {
        let listed: BTreeSet<String> = self.chains.values().flat_map(|c| &c.listed).map(|o| name_of(o)).collect();
        let claimed: BTreeMap<String, &String> =
            self.chains.values().flat_map(|c| &c.claimed).map(|(object, digest)| (name_of(object), digest)).collect();
        let (mut unlisted, mut pending) = (Vec::new(), Vec::new());
        for log in &self.listing.logs {
            let beyond = log.parsed.as_ref().is_some_and(|log| {
                self.asked.from.is_some_and(|from| log.delivered < from)
                    || self.asked.to.is_some_and(|to| log.delivered >= to)
            });
            if beyond || listed.contains(&log.name) {
                continue;
            }
            let why = match claimed.get(&log.name) {
                Some(digest) => format!("only {digest} lists it, which is not shown to be valid"),
                None if self.is_pending(log) => {
                    pending.push(log.name.clone());
                    continue;
                }
                None => "no digest lists it".to_owned(),
            };
            unlisted.push(Item { verdict: Verdict::Unknown(why), kind: ItemKind::Log, name: log.name.clone() });
        }
        pending.sort();
        (unlisted, pending)
    }

    /// Whether a log object may be in a digest that is not there yet: it came after the newest one that is, or just now.
    fn is_pending(&self, log: &ListedLog) -> bool {
        let Some(delivered) = log.modified.or(log.parsed.as_ref().map(|log| log.delivered)) else { return false };
        let is_new = |now: Timestamp| delivered.0 > now.0 - NEW && delivered.0 <= now.0 + SKEW;
        if self.asked.now.is_some_and(is_new) {
            return true;
        }
        let Some(log) = &log.parsed else { return false };
        let newest = self.chains.iter().filter_map(|(name, chain)| {
            let of_log = (&name.account, &name.region) == (&log.account, &log.region);
            chain.newest.filter(|_| of_log && name.kind == ChainKind::Standard)
        });
        // Any trail of the account may have delivered it. One that stopped long ago has not.
        let Some(latest) = newest.clone().max() else { return false };
        let first = newest.filter(|newest| newest.0 + LATE >= latest.0).min();
        first.is_some_and(|first| delivered > first) && delivered.0 <= latest.0 + LATE
    }

    /// What would have to be there, whatever there is.
    fn incomplete(&self) -> Vec<Item> {
        let gap = |why: &str, kind, name| Item { verdict: Verdict::Unknown(why.to_owned()), kind, name };
        if self.chains.is_empty() {
            return vec![gap("no digest was found here", ItemKind::Listing, self.source.clone())];
        }
        let is_alone = |name: &&ChainName| {
            let standard = ChainName { kind: ChainKind::Standard, ..(*name).clone() };
            name.kind == ChainKind::Backfill && !self.chains.contains_key(&standard)
        };
        let alone = self.chains.keys().filter(is_alone);
        alone.map(|name| gap("there are backfill digests and no others", ItemKind::Gap, name.to_string())).collect()
    }

    fn notes(&self) -> Vec<String> {
        let expects = self.chains.values().any(|chain| !chain.expected.is_empty());
        let unseen = expects && self.listing.logs.is_empty();
        let note = "no log objects were listed here: those that no digest lists were not looked for";
        if unseen { vec![note.to_owned()] } else { vec![] }
    }
}
