//! Log objects from the trails' own buckets: drawn where not all are read, and read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures_util::stream::{self, StreamExt};

use super::accounts::{BucketPlaces, LogAccess, Seen};
use super::learn::Learned;
use super::log_folders::{self, LogFolders, Source};
use super::log_validation::LogValidation;
use super::{ACCOUNTS_IN_FLIGHT, buckets, log_validation, objects};
use crate::aws::timestamp::Timestamp;
use crate::logs::reader::{self, Question, Reader};
use crate::logs::sample::{self, Listed, LogRequest};
use crate::progress::Progress;
use crate::snapshot::{Change, FactKind, LogReading, ObjectCount, Records, Sample, Window};

/// Where the log files of one account are.
struct Logs {
    folders: LogFolders,
    validation: LogValidation,
    /// What digests list and today's folders do not hold.
    elsewhere: Vec<Listed>,
}

/// The log objects of the accounts, read as one.
pub(super) async fn collect(
    seen: &mut [Seen],
    request: LogRequest,
    learned: &Learned,
    progress: &Progress,
) -> (Records, Vec<Change>) {
    let at = seen.iter().map(|seen| seen.account.collected_at).min();
    let window = Window::before(at.unwrap_or(Timestamp::EPOCH), request.window);
    let (accounts, buckets) = (seen.len(), BucketPlaces::of(seen));
    let all = &*seen;
    let places = request.watched.iter().map(|watched| &watched.location);
    let mut named: BTreeSet<String> = places.map(|location| location.bucket.clone()).collect();
    named.extend(learned.buckets());
    let look =
        async |own: usize| find(&LogAccess { seen: all, buckets: &buckets, own }, &named, window, progress).await;
    let logs: Vec<Logs> = stream::iter(0..accounts).map(look).buffered(ACCOUNTS_IN_FLIGHT).collect().await;
    let (drawn, sample) = draw(&logs, request.sample, seen, &buckets);
    let total = drawn.iter().flatten().count() as u64;
    progress.count_objects(total, drawn.iter().flatten().map(|object| object.bytes).sum());
    let mut reader = Reader::new(Question {
        watched: request.watched,
        buckets: vec![],
        addresses: vec![],
        period: window.period(),
        expected: logs.iter().flat_map(|logs| logs.validation.expected()).collect(),
        sessions: true,
        statements: learned.were_asked.then_some(&learned.statements),
        threads: reader::threads(),
    });
    let regions: BTreeMap<String, String> = logs.iter().flat_map(|logs| logs.folders.bucket_regions.clone()).collect();
    for (place, objects) in drawn.iter().enumerate().filter(|(_, objects)| !objects.is_empty()) {
        objects::read(&seen[place].aws, objects, &regions, &mut reader, progress);
    }
    let unread: HashSet<&str> = reader.unread().collect();
    let read: HashSet<String> =
        drawn.iter().flatten().map(Listed::name).filter(|name| !unread.contains(&**name)).collect();
    for (logs, seen) in logs.iter().zip(seen.iter_mut()) {
        for source in &logs.folders.sources {
            if let Some(error) = &source.error {
                let (region, bucket) = (&source.region, Some(&*source.bucket));
                seen.failures.add("s3:ListObjectsV2", region, bucket, error.clone(), &[FactKind::Records]);
            }
            let account = Some(seen.account.id().to_owned());
            reader.add_reading(LogReading { account, ..reading(source, &read, window) });
        }
    }
    let listed: HashSet<String> = logs
        .iter()
        .flat_map(|logs| &logs.folders.sources)
        .flat_map(|source| &source.objects)
        .map(Listed::name)
        .collect();
    let objects = ObjectCount { listed: listed.len() as u64, read: read.len() as u64 };
    let end = logs.iter().map(|logs| logs.validation.vouched(window).end).min();
    let window = Window { end: end.unwrap_or(window.end), ..window };
    let verdicts = reader.verdicts();
    let mut integrity = vec![];
    let mut delivered_regions: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (Logs { folders, validation, .. }, seen) in logs.into_iter().zip(seen.iter()) {
        let id = seen.account.id();
        integrity.extend(validation.integrity(id, &folders.sources, &verdicts, window));
        for (trail, regions) in folders.delivered_regions {
            delivered_regions.entry(trail).or_default().insert(id.to_owned(), regions);
        }
    }
    let changes = reader.changes();
    (Records { objects, window: Some(window), sample, integrity, delivered_regions, ..reader.finish() }, changes)
}

/// What one account's trails delivered; `named`: the buckets that are asked of.
async fn find(access: &LogAccess<'_>, named: &BTreeSet<String>, window: Window, progress: &Progress) -> Logs {
    let mut folders = log_folders::list_all(access, named, window).await;
    let validation = log_validation::collect(access, &folders.sources, &folders.bucket_regions, window, progress).await;
    let mut elsewhere = vec![];
    // It was delivered elsewhere, or is gone: asked for, it is told which.
    for (place, object) in validation.elsewhere(&folders.sources) {
        if !folders.bucket_regions.contains_key(&object.bucket) {
            let aws = access.aws(&object.bucket);
            let region = buckets::region_of_any(aws, &object.bucket).await;
            folders
                .bucket_regions
                .insert(object.bucket.clone(), region.unwrap_or_else(|| aws.home_region().to_owned()));
        }
        for source in folders.sources.iter_mut().filter(|source| source.has_digests && source.place() == place) {
            source.objects.push(object.clone());
        }
        elsewhere.push(object);
    }
    Logs { folders, validation, elsewhere }
}

/// Which objects are read, by the place of the account with whose credentials. Trails that deliver to one folder share its objects:
/// each is read once.
fn draw(
    logs: &[Logs],
    budget: Option<u64>,
    seen: &[Seen],
    buckets: &BucketPlaces,
) -> (Vec<Vec<Listed>>, Option<Sample>) {
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut all: Vec<Listed> = vec![];
    let is_elsewhere: HashSet<(&str, &str)> =
        logs.iter().flat_map(|logs| &logs.elsewhere).map(|object| (&*object.bucket, &*object.key)).collect();
    for (own, of_account) in logs.iter().enumerate() {
        let access = LogAccess { seen, buckets, own };
        for source in &of_account.folders.sources {
            for object in &source.objects {
                let name = (&*object.bucket, &*object.key);
                if places.insert(name, access.place(&object.bucket)).is_none() && !is_elsewhere.contains(&name) {
                    all.push(object.clone());
                }
            }
        }
    }
    let first = seen.first().map(|seen| format!("{}/{}", seen.account.id(), seen.account.collected_at));
    let seed = first.unwrap_or_default();
    let count = all.len();
    let mut drawn = sample::draw(all, budget, &seed);
    let sample = budget.filter(|_| drawn.len() < count).map(|bytes| Sample { bytes, seed });
    // What digests list is asked for, however large the sample is.
    drawn.extend(logs.iter().flat_map(|logs| logs.elsewhere.iter().cloned()));
    let mut by_place = vec![vec![]; seen.len()];
    for object in drawn {
        let place = places.get(&(&*object.bucket, &*object.key)).copied().unwrap_or_default();
        by_place[place].push(object);
    }
    (by_place, sample)
}

/// How much of one trail's files was read.
fn reading(source: &Source, read: &HashSet<String>, window: Window) -> LogReading {
    let of_source = source.objects.iter().filter(|object| read.contains(&object.name()));
    let (read_objects, read_bytes) = of_source.fold((0, 0), |(count, bytes), object| (count + 1, bytes + object.bytes));
    let listed_objects = source.objects.len() as u64;
    let incomplete_because = match &source.error {
        Some(error) => Some(format!("listing {} failed: {}: {}", source.bucket, error.code, error.message)),
        None if read_objects < listed_objects => {
            Some(format!("{read_objects} of {listed_objects} log objects were read"))
        }
        None => source.hole(window).map(|(from, to)| {
            format!("nothing was delivered from {from} to {to}, and without digests that may be a hole")
        }),
    };
    let unseen = || sample::unseen_share(&source.objects, |object| read.contains(&object.name()));
    LogReading {
        source: source.trail_arn.clone(),
        region: Some(source.region.clone()),
        account: None,
        listed_objects,
        listed_bytes: source.objects.iter().map(|object| object.bytes).sum(),
        read_objects,
        read_bytes,
        complete: incomplete_because.is_none(),
        incomplete_because,
        unseen_share: source.error.is_none().then(unseen),
    }
}
