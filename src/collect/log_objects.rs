//! Log objects from the trails' own buckets: listed by delivery day, drawn where not all are read, and read.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use time::Date;

use super::client::Aws;
use super::failure::Failure;
use super::{Gaps, LogRequest, buckets, objects, vouched};
use crate::logs::layout::{self, Folder, ObjectKind};
use crate::logs::reader::{self, Question, Reader};
use crate::logs::sample::{self, Listed};
use crate::progress::Progress;
use crate::snapshot::{FactKind, LogReading, Records, Sample, Snapshot, Trail, Window};

/// One trail's log files of one region.
#[derive(Clone)]
pub struct Source {
    pub trail_arn: String,
    /// Whether CloudTrail writes digests for it.
    pub has_digests: bool,
    pub region: String,
    pub bucket: String,
    pub key_prefix: Option<String>,
    /// The folder of an organization's trail.
    pub organization: Option<String>,
    pub objects: Vec<Listed>,
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
    let (drawn, sample) = draw(&sources, request.sample, snapshot);
    let vouched = vouched::collect(aws, snapshot, &sources, &bucket_region, window, progress).await;
    progress.count_objects(drawn.len() as u64, drawn.iter().map(|object| object.bytes).sum());
    let mut reader = Reader::new(Question {
        watched: request.watched,
        period: window.period(),
        expected: vouched.expected(),
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
    let integrity = vouched.integrity(&sources, &reader.verdicts());
    Records { window: Some(window), sample, integrity, ..reader.finish() }
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
                Some(source) => Source {
                    trail_arn: trail.trail_arn.clone(),
                    has_digests: trail.log_file_validation_enabled == Some(true),
                    ..Source::clone(source)
                },
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
        has_digests: trail.log_file_validation_enabled == Some(true),
        region: region.to_owned(),
        bucket: bucket.to_owned(),
        key_prefix: trail.s3_key_prefix.clone(),
        organization: None,
        objects: vec![],
        failure: None,
    };
    let prefix = trail.s3_key_prefix.as_deref();
    if trail.is_organization_trail != Some(false) {
        match organization_folder(client, bucket, prefix).await {
            Ok(organization) => source.organization = Some(organization),
            Err(failure) => {
                source.failure = Some(failure);
                return source;
            }
        }
    }
    for account in &snapshot.scope.accounts {
        for date in days(window, snapshot) {
            let folder = source.folder(account).logs(date);
            let mut objects = Vec::new();
            let keep = |object: Listed| {
                if layout::kind(&object.key) == ObjectKind::Log {
                    objects.push(object);
                }
            };
            let listed = objects::list(client, bucket, &folder, keep).await;
            source.objects.extend(objects);
            if let Err(failure) = listed {
                source.failure = Some(failure);
                return source;
            }
        }
    }
    source
}

/// The delivery days of a window: CloudTrail delivers late, so up to the day of the listing.
pub fn days(window: Window, snapshot: &Snapshot) -> impl Iterator<Item = Date> {
    let last = snapshot.collected_at.0.date();
    std::iter::successors(Some(window.start.0.date()), |day| day.next_day()).take_while(move |day| *day <= last)
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
fn draw(sources: &[Source], budget: Option<u64>, snapshot: &Snapshot) -> (Vec<Listed>, Option<Sample>) {
    let mut seen = BTreeSet::new();
    let objects = sources.iter().flat_map(|source| &source.objects);
    let all: Vec<Listed> = objects.filter(|object| seen.insert((&object.bucket, &object.key))).cloned().collect();
    let seed = format!("{}/{}", snapshot.caller.account, snapshot.collected_at);
    let count = all.len();
    let drawn = sample::draw(all, budget, &seed);
    let sample = budget.filter(|_| drawn.len() < count).map(|bytes| Sample { bytes, seed });
    (drawn, sample)
}

impl Source {
    /// The folder that all accounts' folders are in, and the region: the same for trails that share their files.
    pub fn place(&self) -> String {
        let organization = self.organization.as_ref().map_or(String::new(), |id| format!("{id}/"));
        let root = layout::root(self.key_prefix.as_deref());
        format!("s3://{}/{root}{organization} ({})", self.bucket, self.region)
    }

    /// Where its files of an account are.
    pub fn folder<'a>(&'a self, account: &'a str) -> Folder<'a> {
        let (key_prefix, organization) = (self.key_prefix.as_deref(), self.organization.as_deref());
        Folder { key_prefix, organization, account, region: &self.region }
    }

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
        let unseen = || sample::unseen_share(&self.objects, |object| read.contains(&object.name()));
        LogReading {
            source: self.trail_arn.clone(),
            region: Some(self.region.clone()),
            listed_objects,
            listed_bytes: self.objects.iter().map(|object| object.bytes).sum(),
            read_objects,
            read_bytes,
            complete: incomplete_because.is_none(),
            incomplete_because,
            unseen_share: self.failure.is_none().then(unseen),
        }
    }
}
