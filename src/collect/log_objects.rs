//! Log objects from the trails' own buckets: listed by delivery day, drawn where not all are read, and read.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::client::Aws;
use super::failure::Failure;
use super::{Gaps, LogRequest, buckets, objects};
use crate::logs::layout::{self, ObjectKind};
use crate::logs::reader::{self, Question, Reader};
use crate::logs::sample::{self, Listed};
use crate::progress::Progress;
use crate::snapshot::{FactKind, LogReading, Records, Snapshot, Trail, Window};

/// One trail's log files of one region.
#[derive(Clone)]
struct Source {
    trail_arn: String,
    region: String,
    bucket: String,
    objects: Vec<Listed>,
    failure: Option<Failure>,
}

pub async fn collect(
    aws: &Aws,
    snapshot: &Snapshot,
    request: LogRequest,
    gaps: &mut Gaps,
    progress: &Progress,
) -> Records {
    let window = Window::before(snapshot.collected_at, request.window);
    let (sources, bucket_region) = sources(aws, snapshot, &request, window).await;
    let drawn = draw(&sources, request.sample, snapshot);
    progress.count_objects(drawn.len() as u64, drawn.iter().map(|object| object.bytes).sum());
    let mut reader = Reader::new(Question {
        watched: request.watched,
        period: window.period(),
        sessions: true,
        threads: reader::threads(),
    });
    objects::read(aws, &drawn, &bucket_region, &mut reader, progress);
    let unread: HashSet<&str> = reader.unread().collect();
    let read: HashSet<String> = drawn.iter().map(Listed::name).filter(|name| !unread.contains(&**name)).collect();
    for source in &sources {
        if let Some(failure) = &source.failure {
            gaps.add("s3:ListBucket", &source.region, Some(&source.bucket), failure.clone(), &[FactKind::Records]);
        }
        reader.add_reading(source.reading(&read));
    }
    Records { window: Some(window), ..reader.finish() }
}

/// What every trail delivered for the watched buckets' regions, and the regions that the log buckets are in, which have
/// nothing to do with the events'.
async fn sources(
    aws: &Aws,
    snapshot: &Snapshot,
    request: &LogRequest,
    window: Window,
) -> (Vec<Source>, BTreeMap<String, String>) {
    let regions: BTreeSet<&String> = request
        .watched
        .iter()
        .filter_map(|watched| snapshot.bucket(&watched.location.bucket)?.region.as_ref())
        .collect();
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut listed = BTreeMap::new();
    let mut sources = Vec::new();
    for trail in &snapshot.trails {
        let in_effect = |region: &String| trail.is_multi_region_trail != Some(false) || &trail.home_region == region;
        let here: Vec<&String> = regions.iter().copied().filter(|region| in_effect(region)).collect();
        let Some(bucket) = trail.s3_bucket_name.as_ref().filter(|_| !here.is_empty()) else { continue };
        if !places.contains_key(bucket) {
            let region = buckets::region_of(aws, snapshot, bucket).await;
            places.insert(bucket.clone(), region.unwrap_or_else(|| aws.home_region().to_owned()));
        }
        for region in here {
            // Trails that deliver to one folder share its listing.
            let folder = (bucket, &trail.s3_key_prefix, trail.is_organization_trail, region);
            let source = match listed.get(&folder) {
                Some(source) => Source { trail_arn: trail.trail_arn.clone(), ..Source::clone(source) },
                None => list(&aws.s3(&places[bucket]), snapshot, trail, region, bucket, window).await,
            };
            listed.insert(folder, source.clone());
            sources.push(source);
        }
    }
    (sources, places)
}

/// Lists one trail's files of one region, from the window's first day to today: the day is that of delivery.
async fn list(
    client: &aws_sdk_s3::Client,
    snapshot: &Snapshot,
    trail: &Trail,
    region: &str,
    bucket: &str,
    window: Window,
) -> Source {
    let mut source = Source {
        trail_arn: trail.trail_arn.clone(),
        region: region.to_owned(),
        bucket: bucket.to_owned(),
        objects: vec![],
        failure: None,
    };
    let prefix = trail.s3_key_prefix.as_deref();
    let organization = match trail.is_organization_trail {
        Some(false) => None,
        _ => match organization_folder(client, bucket, prefix).await {
            Ok(organization) => Some(organization),
            Err(failure) => {
                source.failure = Some(failure);
                return source;
            }
        },
    };
    let mut day = Some(window.start.0.date());
    while let Some(date) = day.filter(|date| *date <= snapshot.collected_at.0.date()) {
        for account in &snapshot.scope.accounts {
            let folder = layout::day_prefix(prefix, organization.as_deref(), account, region, date);
            let keep = |key: &str, bytes: u64| {
                if layout::kind(key) == ObjectKind::Log {
                    source.objects.push(Listed { bucket: bucket.to_owned(), key: key.to_owned(), bytes });
                }
            };
            if let Err(failure) = objects::list(client, bucket, &folder, keep).await {
                source.failure = Some(failure);
                return source;
            }
        }
        day = date.next_day();
    }
    source
}

/// An organization trail's files are under the organization's id: `AWSLogs/o-…/`. Not to find it is a failure: the folder
/// of the account alone would be empty, and look as if nothing had happened.
async fn organization_folder(
    client: &aws_sdk_s3::Client,
    bucket: &str,
    prefix: Option<&str>,
) -> Result<String, Failure> {
    let root = layout::root(prefix);
    let mut pages = client.list_objects_v2().bucket(bucket).prefix(&root).delimiter("/").into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Failure::of(&error))?;
        let mut folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix()?.strip_prefix(&root));
        if let Some(folder) = folders.find(|folder| folder.starts_with("o-")) {
            return Ok(folder.trim_end_matches('/').to_owned());
        }
    }
    Err(Failure::unreadable(format!("there is no organization's folder below {root}")))
}

/// Which objects are read. Trails that deliver to one folder share its objects: each is read once.
fn draw(sources: &[Source], budget: Option<u64>, snapshot: &Snapshot) -> Vec<Listed> {
    let mut seen = BTreeSet::new();
    let objects = sources.iter().flat_map(|source| &source.objects);
    let all = objects.filter(|object| seen.insert((&object.bucket, &object.key))).cloned().collect();
    let seed = format!("{}/{}", snapshot.caller.account, snapshot.collected_at);
    sample::draw(all, budget, &seed)
}

impl Source {
    /// How much of this trail's files was read.
    fn reading(&self, read: &HashSet<String>) -> LogReading {
        let of_source = self.objects.iter().filter(|object| read.contains(&object.name()));
        let (read_objects, read_bytes) =
            of_source.fold((0, 0), |(count, bytes), object| (count + 1, bytes + object.bytes));
        let listed_objects = self.objects.len() as u64;
        let incomplete_because = match &self.failure {
            Some(failure) => Some(format!("listing {} failed: {}: {}", self.bucket, failure.code, failure.message)),
            None if read_objects < listed_objects => {
                Some(format!("{read_objects} of {listed_objects} log objects were read"))
            }
            None => None,
        };
        LogReading {
            source: self.trail_arn.clone(),
            region: Some(self.region.clone()),
            listed_objects,
            listed_bytes: self.objects.iter().map(|object| object.bytes).sum(),
            read_objects,
            read_bytes,
            complete: incomplete_because.is_none(),
            incomplete_because,
        }
    }
}
