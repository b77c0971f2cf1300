//! Log objects from the trails' own buckets: listed by delivery day, drawn where not all are read, and read.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::client::Aws;
use super::failure::Failure;
use super::{Gaps, IN_FLIGHT, LogRequest, buckets};
use crate::logs::layout::{self, ObjectKind};
use crate::logs::reader::Reader;
use crate::logs::sample::{self, Listed};
use crate::progress::Progress;
use crate::snapshot::{FactKind, LogReading, Records, Snapshot, Trail, Window};

/// CloudTrail's files are at most 50 MB before compression.
const MAX_OBJECT: u64 = 64 << 20;

/// One trail's log files of one region, and where they are.
#[derive(Clone)]
struct Source {
    trail_arn: String,
    region: String,
    bucket: String,
    /// The region that the log bucket is in, which has nothing to do with the events'.
    bucket_region: String,
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
    let regions: BTreeSet<&String> = request
        .watched
        .iter()
        .filter_map(|watched| snapshot.bucket(&watched.location.bucket)?.region.as_ref())
        .collect();
    let mut reader = Reader::new(request.watched.clone(), Some(window));
    let mut places: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut listed = BTreeMap::new();
    let mut sources = Vec::new();
    for trail in &snapshot.trails {
        let in_effect = |region: &String| trail.is_multi_region_trail != Some(false) || &trail.home_region == region;
        let here: Vec<&String> = regions.iter().copied().filter(|region| in_effect(region)).collect();
        let Some(bucket) = trail.s3_bucket_name.as_ref().filter(|_| !here.is_empty()) else { continue };
        if !places.contains_key(bucket) {
            places.insert(bucket.clone(), buckets::region_of(aws, snapshot, bucket).await);
        }
        let bucket_region = places[bucket].clone().unwrap_or_else(|| aws.home_region().to_owned());
        for region in here {
            // Trails that deliver to one folder share its listing.
            let folder = (bucket, &trail.s3_key_prefix, trail.is_organization_trail, region);
            let source = match listed.get(&folder) {
                Some(source) => Source { trail_arn: trail.trail_arn.clone(), ..Source::clone(source) },
                None => list(aws, snapshot, trail, region, bucket, &bucket_region, window).await,
            };
            listed.insert(folder, source.clone());
            sources.push(source);
        }
    }
    let drawn = draw(&sources, request.sample, snapshot);
    progress.count_objects(drawn.len() as u64, drawn.iter().map(|object| object.listed.bytes).sum());
    let read = read(aws, &drawn, &mut reader, progress).await;
    for source in &sources {
        if let Some(failure) = &source.failure {
            gaps.add("s3:ListBucket", &source.region, Some(&source.bucket), failure.clone(), &[FactKind::Records]);
        }
        reader.add_reading(source.reading(&read));
    }
    reader.finish()
}

/// Lists one trail's files of one region, from the window's first day to today: the day is that of delivery.
async fn list(
    aws: &Aws,
    snapshot: &Snapshot,
    trail: &Trail,
    region: &str,
    bucket: &str,
    bucket_region: &str,
    window: Window,
) -> Source {
    let mut source = Source {
        trail_arn: trail.trail_arn.clone(),
        region: region.to_owned(),
        bucket: bucket.to_owned(),
        bucket_region: bucket_region.to_owned(),
        objects: vec![],
        failure: None,
    };
    let client = aws.s3(bucket_region);
    let prefix = trail.s3_key_prefix.as_deref();
    let organization = match trail.is_organization_trail {
        Some(false) => None,
        _ => match organization_folder(&client, bucket, prefix).await {
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
            let mut pages = client.list_objects_v2().bucket(bucket).prefix(folder).into_paginator().send();
            while let Some(page) = pages.next().await {
                match page {
                    Ok(page) => source.objects.extend(page.contents().iter().filter_map(|object| {
                        let key = object.key()?.to_owned();
                        let bytes = u64::try_from(object.size().unwrap_or(0)).unwrap_or(0);
                        let is_log = layout::kind(&key) == ObjectKind::Log && !key.ends_with('/');
                        is_log.then(|| Listed { key, bytes, region: region.to_owned() })
                    })),
                    Err(error) => {
                        source.failure = Some(Failure::of(&error));
                        return source;
                    }
                }
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

/// An object to be read, and where it is.
struct Drawn<'a> {
    bucket: &'a str,
    bucket_region: &'a str,
    listed: Listed,
}

/// Which objects are read. Trails that deliver to one folder share its objects: each is read once.
fn draw<'a>(sources: &'a [Source], budget: Option<u64>, snapshot: &Snapshot) -> Vec<Drawn<'a>> {
    let mut owners: BTreeMap<String, &Source> = BTreeMap::new();
    let mut all = Vec::new();
    for source in sources {
        for object in &source.objects {
            let name = source.name_of(object);
            if owners.insert(name.clone(), source).is_none() {
                all.push(Listed { key: name, ..object.clone() });
            }
        }
    }
    let seed = format!("{}/{}", snapshot.caller.account, snapshot.collected_at);
    let drawn = sample::draw(all, budget, &seed).into_iter().map(|listed| {
        let source = owners[&listed.key];
        Drawn { bucket: &source.bucket, bucket_region: &source.bucket_region, listed }
    });
    drawn.collect()
}

/// Reads the objects, many in flight; the names of those that were read.
async fn read(aws: &Aws, drawn: &[Drawn<'_>], reader: &mut Reader, progress: &Progress) -> BTreeSet<String> {
    let clients: BTreeMap<&str, aws_sdk_s3::Client> =
        drawn.iter().map(|object| (object.bucket_region, aws.s3(object.bucket_region))).collect();
    let bodies = drawn.iter().map(|object| {
        let client = &clients[object.bucket_region];
        async move { (object, get(client, object).await) }
    });
    let mut bodies = stream::iter(bodies).buffered(IN_FLIGHT);
    let mut read = BTreeSet::new();
    while let Some((object, body)) = bodies.next().await {
        let name = format!("s3://{}", object.listed.key);
        match body {
            Ok(body) => {
                if reader.read(&name, &body) {
                    read.insert(object.listed.key.clone());
                }
            }
            Err(failure) => reader.skip(&name, format!("{}: {}", failure.code, failure.message), true),
        }
        progress.object_read();
    }
    read
}

impl Source {
    /// `bucket/key`
    fn name_of(&self, object: &Listed) -> String {
        format!("{}/{}", self.bucket, object.key)
    }

    /// How much of this trail's files was read.
    fn reading(&self, read: &BTreeSet<String>) -> LogReading {
        let of_source = self.objects.iter().filter(|object| read.contains(&self.name_of(object)));
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

async fn get(client: &aws_sdk_s3::Client, object: &Drawn<'_>) -> Result<Vec<u8>, Failure> {
    if object.listed.bytes > MAX_OBJECT {
        return Err(Failure::unreadable(format!("larger than {MAX_OBJECT} bytes")));
    }
    let key = object.listed.key.strip_prefix(object.bucket).and_then(|rest| rest.strip_prefix('/'));
    let call = client.get_object().bucket(object.bucket).key(key.unwrap_or_default());
    let answer = call.send().await.map_err(|error| Failure::of(&error))?;
    // The SDK's timeouts end with the headers; a body that stalls is its stalled-stream protection's to end.
    let body = answer.body.collect().await.map_err(|error| Failure::unreadable(error.to_string()))?;
    Ok(body.into_bytes().to_vec())
}
