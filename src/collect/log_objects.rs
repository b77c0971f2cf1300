//! Log objects from the trails' own buckets: drawn where not all are read, and read.

use std::collections::{BTreeSet, HashSet};

use super::client::Aws;
use super::failures::Failures;
use super::log_folders::{self, LogFolders, Source};
use super::{buckets, log_validation, objects};
use crate::logs::reader::{self, Question, Reader};
use crate::logs::sample::{self, Listed, LogRequest};
use crate::progress::Progress;
use crate::snapshot::{Account, Change, FactKind, LogReading, Records, Sample, Window};

pub(super) async fn collect(
    aws: &Aws,
    account: &Account,
    request: LogRequest,
    failures: &mut Failures,
    progress: &Progress,
) -> (Records, Vec<Change>) {
    let window = Window::before(account.collected_at, request.window);
    let LogFolders { mut sources, bucket_regions: mut bucket_region, delivered_regions } =
        log_folders::list_all(aws, account, &request.watched, window).await;
    let validation = log_validation::collect(aws, account, &sources, &bucket_region, window, progress).await;
    let (mut drawn, sample) = draw(&sources, request.sample, account);
    // What digests list and today's folders do not hold was delivered elsewhere, or is gone: asked for, it is told which.
    for (place, object) in validation.elsewhere(&sources) {
        if !bucket_region.contains_key(&object.bucket) {
            let region = buckets::region_of_any(aws, &object.bucket).await;
            bucket_region.insert(object.bucket.clone(), region.unwrap_or_else(|| aws.home_region().to_owned()));
        }
        for source in sources.iter_mut().filter(|source| source.has_digests && source.place() == place) {
            source.objects.push(object.clone());
        }
        drawn.push(object);
    }
    progress.count_objects(drawn.len() as u64, drawn.iter().map(|object| object.bytes).sum());
    let mut reader = Reader::new(Question {
        watched: request.watched,
        buckets: vec![],
        addresses: vec![],
        period: window.period(),
        expected: validation.expected(),
        sessions: true,
        threads: reader::threads(),
    });
    objects::read(aws, &drawn, &bucket_region, &mut reader, progress);
    let unread: HashSet<&str> = reader.unread().collect();
    let read: HashSet<String> = drawn.iter().map(Listed::name).filter(|name| !unread.contains(&**name)).collect();
    for source in &sources {
        if let Some(error) = &source.error {
            failures.add("s3:ListObjectsV2", &source.region, Some(&source.bucket), error.clone(), &[FactKind::Records]);
        }
        reader.add_reading(reading(source, &read, window));
    }
    let window = validation.vouched(window);
    let integrity = validation.integrity(&sources, &reader.verdicts(), window);
    let changes = reader.changes();
    (Records { window: Some(window), sample, integrity, delivered_regions, ..reader.finish() }, changes)
}

/// Which objects are read. Trails that deliver to one folder share its objects: each is read once.
fn draw(sources: &[Source], budget: Option<u64>, account: &Account) -> (Vec<Listed>, Option<Sample>) {
    let mut seen = BTreeSet::new();
    let objects = sources.iter().flat_map(|source| &source.objects);
    let all: Vec<Listed> = objects.filter(|object| seen.insert((&object.bucket, &object.key))).cloned().collect();
    let seed = format!("{}/{}", account.id(), account.collected_at);
    let count = all.len();
    let drawn = sample::draw(all, budget, &seed);
    let sample = budget.filter(|_| drawn.len() < count).map(|bytes| Sample { bytes, seed });
    (drawn, sample)
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
        listed_objects,
        listed_bytes: source.objects.iter().map(|object| object.bytes).sum(),
        read_objects,
        read_bytes,
        complete: incomplete_because.is_none(),
        incomplete_because,
        unseen_share: source.error.is_none().then(unseen),
    }
}
