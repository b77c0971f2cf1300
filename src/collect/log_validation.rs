//! What digests say of the log objects that are to be read, for trails that write digests.

use std::collections::{BTreeMap, HashSet};

use super::accounts::LogAccess;
use super::call_error::CallError;
use super::log_folders::{Source, days};
use super::{digests, objects};
use crate::aws::timestamp::Timestamp;
use crate::logs::chain::{
    self, Asked, Chain, ChainKind, ChainName, Expected, ExpectedLog, Item, LATE, LogName, Places, Unread, Verdict,
};
use crate::logs::integrity::{self, Integrity, Listing, Looked};
use crate::logs::sample::Listed;
use crate::progress::Progress;
use crate::snapshot::{TrailIntegrity, Window};

/// How many problems are kept; the counts of all are beside them.
const SHOWN: usize = 20;

/// The digests of every log folder that has some.
#[derive(Default)]
pub(super) struct LogValidation {
    folders: Vec<ValidatedFolder>,
}

struct ValidatedFolder {
    /// `Source::place`
    place: String,
    asked: Asked,
    listing: Listing,
    chains: BTreeMap<ChainName, Chain>,
}

/// Reads and judges the digests of the window. Trails that share a folder share its digests.
pub(super) async fn collect(
    access: &LogAccess<'_>,
    sources: &[Source],
    bucket_region: &BTreeMap<String, String>,
    window: Window,
    progress: &Progress,
) -> LogValidation {
    let account = access.account();
    let mut validation = LogValidation::default();
    for source in sources.iter().filter(|source| source.has_digests) {
        if validation.folders.iter().any(|folder| folder.place == source.place()) {
            continue;
        }
        progress.stage("reading digests");
        let mut listing = Listing::default();
        let aws = access.aws(&source.bucket);
        let client = aws.s3(&bucket_region[&source.bucket]);
        for date in days(window, account.collected_at) {
            for folder in source.folders(account.id()).map(|folder| folder.digests(date)) {
                let add = |object: Listed| listing.add(object.name(), object.modified);
                if let Err(CallError { code, message }) = objects::list(&client, &source.bucket, &folder, add).await {
                    listing.fault(format!("s3://{}/{folder}", source.bucket), format!("{code}: {message}"));
                }
            }
        }
        let asked = Asked { from: Some(window.start), to: None, now: Some(account.collected_at) };
        let chains = digests::chains(aws, &listing, asked).await;
        let first_day = days(window, account.collected_at).next();
        let begins = first_day.map(|day| Timestamp(day.midnight().as_utc()));
        let mut folder = ValidatedFolder { place: source.place(), asked, listing, chains };
        folder.forget_before(begins);
        validation.folders.push(folder);
    }
    validation
}

impl LogValidation {
    /// What all digests say together.
    pub(super) fn expected(&self) -> Expected {
        chain::expected(self.folders.iter().flat_map(|folder| folder.chains.values()))
    }

    /// The log objects that digests list and that no folder holds today, each with the place of the digests' folder.
    pub(super) fn elsewhere(&self, sources: &[Source]) -> Vec<(String, Listed)> {
        let mut found = Vec::new();
        for folder in &self.folders {
            let here =
                sources.iter().filter(|source| source.place() == folder.place).flat_map(|source| &source.objects);
            let names: HashSet<String> = here.map(Listed::name).collect();
            let expected = chain::expected(folder.chains.values());
            for object in expected.keys().filter(|object| !names.contains(&format!("s3://{object}"))) {
                let Some((bucket, key)) = object.split_once('/') else { continue };
                let listed = Listed { bucket: bucket.to_owned(), key: key.to_owned(), bytes: 0, modified: None };
                found.push((folder.place.clone(), listed));
            }
        }
        found
    }

    /// The window, ended where the newest digests end: what came after them is vouched for by none. Where they are older than
    /// late digests are, something is wrong, and is said to be.
    pub(super) fn vouched(&self, window: Window) -> Window {
        let newest = |folder: &ValidatedFolder| {
            let standard = folder.chains.iter().filter(|(name, _)| name.kind == ChainKind::Standard);
            standard.filter_map(|(_, chain)| chain.newest).max()
        };
        let ends = self.folders.iter().filter_map(newest).filter(|newest| newest.0 + LATE >= window.end.0);
        Window { end: ends.min().map_or(window.end, |newest| newest.min(window.end)), ..window }
    }

    /// Sums up for each trail and region. `read`: the verdicts on the objects that were read.
    pub(super) fn integrity(
        self,
        account: &str,
        sources: &[Source],
        read: &BTreeMap<String, Verdict>,
        window: Window,
    ) -> Vec<TrailIntegrity> {
        let mut all = Vec::new();
        for folder in self.folders {
            let of_folder: Vec<&Source> =
                sources.iter().filter(|source| source.has_digests && source.place() == folder.place).collect();
            let Some(first) = of_folder.first() else { continue };
            let integrity = folder.sum_up(&first.objects, read);
            all.extend(of_folder.into_iter().map(|source| TrailIntegrity {
                account: Some(account.to_owned()),
                ..of_trail(source, &integrity, window)
            }));
        }
        all.sort_by(|a, b| (&a.source, &a.region).cmp(&(&b.source, &b.region)));
        all
    }
}

impl ValidatedFolder {
    /// Digests speak of the hours before the first day too; those files were not listed, so nothing is missing there.
    fn forget_before(&mut self, begins: Option<Timestamp>) {
        let is_old = |object: &String| LogName::parse(object).zip(begins).is_some_and(|(log, day)| log.delivered < day);
        for chain in self.chains.values_mut() {
            chain.expected.retain(|object, _| !is_old(object));
        }
    }

    fn sum_up(mut self, listed: &[Listed], read: &BTreeMap<String, Verdict>) -> Integrity {
        for object in listed {
            self.listing.add(object.name(), object.modified);
        }
        let names: HashSet<String> = listed.iter().map(Listed::name).collect();
        let is_there = |object: &str| names.contains(&format!("s3://{object}"));
        let verdict = |object: &String, log: &ExpectedLog| match read.get(object) {
            Some(verdict) => Some(verdict.clone()),
            None if is_there(object) => None,
            None => Some(log.judge(Err(Unread::Missing))),
        };
        let expected = chain::expected(self.chains.values());
        let logs = expected.iter().filter_map(|(object, log)| Some((object.clone(), verdict(object, log)?))).collect();
        let ValidatedFolder { place: source, asked, listing, chains } = self;
        integrity::sum_up(Looked { source, asked, listing, chains, logs, places: &Places::Bucket })
    }
}

fn of_trail(source: &Source, integrity: &Integrity, window: Window) -> TrailIntegrity {
    // A digest before the files that it makes unknown.
    let mut items: Vec<&Item> = integrity.items.iter().collect();
    items.sort_by_key(|item| (matches!(item.verdict, Verdict::Unknown(_)), item.kind));
    let wrong = items.into_iter().filter_map(|item| match &item.verdict {
        Verdict::Valid => None,
        Verdict::Invalid(why) => Some(format!("invalid: {}: {why}", item.name)),
        Verdict::Unknown(why) => Some(format!("unknown: {}: {why}", item.name)),
    });
    // The hours after the newest digest are vouched for by none.
    let newest = integrity
        .chains
        .iter()
        .filter(|chain| chain.name.kind == ChainKind::Standard)
        .filter_map(|chain| chain.to)
        .max();
    let late = newest
        .filter(|newest| *newest < window.end)
        .map(|newest| format!("unknown: no digest vouches for the time from {newest} to {}", window.end));
    TrailIntegrity {
        source: source.trail_arn.clone(),
        region: source.region.clone(),
        account: None,
        outcome: integrity.outcome,
        digests: integrity.counts.digests,
        logs: integrity.counts.logs,
        unlisted: integrity.counts.unlisted,
        pending: integrity.counts.pending,
        problems: wrong.chain(late).take(SHOWN).collect(),
    }
}
