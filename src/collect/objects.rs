//! Objects of S3 buckets: listed, and read while more of them come.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use futures_util::stream::{self, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::call_error::{CallError, TIMEOUT};
use super::client::Aws;
use super::limits::CallLimits;
use super::pages::each_page;
use super::whole::Whole;
use super::{CollectError, IN_FLIGHT, buckets};
use crate::aws::location::Location;
use crate::aws::timestamp::Timestamp;
use crate::logs::chain::LogName;
use crate::logs::chain::Unread;
use crate::logs::event::Period;
use crate::logs::layout::{self, ObjectKind};
use crate::logs::reader::{Object, Reader, Source};
use crate::logs::sample::Listed;
use crate::progress::Progress;
use crate::snapshot::{LogReading, Skipped};

/// CloudTrail's files are at most 50 MB before compression.
const MAX_OBJECT: u64 = 64 << 20;

/// How long a body may take: the largest object over a slow line.
const LONGEST: Duration = Duration::from_secs(120);

/// An event's clock and the delivering one may differ.
const CLOCK_SLACK: time::Duration = time::Duration::hours(1);

/// Lists every object below a prefix.
pub(super) async fn list(
    client: &aws_sdk_s3::Client,
    bucket: &str,
    prefix: &str,
    mut keep: impl FnMut(Listed),
) -> Result<(), CallError> {
    let call = client.list_objects_v2().bucket(bucket).prefix(prefix);
    listing(call, |page| {
        for object in page.contents() {
            let Some(key) = object.key() else { return Err(CallError::unreadable("an object came without its key")) };
            if key.ends_with('/') {
                continue;
            }
            let bytes = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
            let modified = object.last_modified().and_then(timestamp);
            keep(Listed { bucket: bucket.to_owned(), key: key.to_owned(), bytes, modified });
        }
        Ok(())
    })
    .await
}

/// A listing page by page, each of which shows that it is whole: it has as many keys as it says, and leads on where it says
/// that there is more.
pub(super) async fn listing(
    call: ListObjectsV2FluentBuilder,
    mut take: impl FnMut(ListObjectsV2Output) -> Result<(), CallError>,
) -> Result<(), CallError> {
    let whole = Whole::Xml { root: "ListBucketResult", element: "IsTruncated" };
    let ask = async |token| call.clone().set_continuation_token(token).customize().interceptor(whole).send().await;
    let take = |page: ListObjectsV2Output| {
        let keys = page.contents().len() + page.common_prefixes().len();
        if page.key_count().is_some_and(|count| usize::try_from(count) != Ok(keys)) {
            let why = format!("a page says that it has {} keys, and has {keys}", page.key_count().unwrap_or_default());
            return Err(CallError::unreadable(why));
        }
        if page.is_truncated() == Some(true) && page.next_continuation_token().is_none_or(str::is_empty) {
            return Err(CallError::unreadable("a page says that there is more, and not where"));
        }
        take(page)
    };
    each_page(ask, |page| page.next_continuation_token(), take).await
}

/// Lists and reads the log objects below a place.
pub(super) async fn read_below(
    aws: &Aws,
    place: &Location,
    period: Period,
    reader: &mut Reader<'_>,
    progress: &Progress,
) -> Result<(), CollectError> {
    progress.stage("listing log objects");
    let region = buckets::region_of_any(aws, &place.bucket).await.unwrap_or_else(|| aws.home_region().to_owned());
    let mut objects = Vec::new();
    let keep = |object: Listed| {
        let early =
            |from: Timestamp| LogName::parse(&object.key).is_some_and(|name| name.delivered.0 + CLOCK_SLACK < from.0);
        if layout::kind(&object.key) == ObjectKind::Log && !period.from.is_some_and(early) {
            objects.push(object);
        }
    };
    if let Err(CallError { code, message }) = list(&aws.s3(&region), &place.bucket, &place.prefix, keep).await {
        return Err(CollectError::Listing { place: place.to_string(), code, message });
    }
    let bytes = objects.iter().map(|object| object.bytes).sum();
    progress.count_objects(objects.len() as u64, bytes);
    read(aws, &objects, &BTreeMap::from([(place.bucket.clone(), region)]), reader, progress);
    let unread: HashSet<&str> = reader.unread().collect();
    let was_read = objects.iter().filter(|object| !unread.contains(&*object.name()));
    let (read_objects, read_bytes) = was_read.fold((0, 0), |(count, bytes), object| (count + 1, bytes + object.bytes));
    reader.add_reading(LogReading {
        source: place.to_string(),
        listed_objects: objects.len() as u64,
        listed_bytes: bytes,
        read_objects,
        read_bytes,
        ..LogReading::default()
    });
    Ok(())
}

/// Downloads the objects, `IN_FLIGHT` at a time, while the reader's threads take apart those that have come.
/// `bucket_region`: where a bucket is.
pub(super) fn read(
    aws: &Aws,
    objects: &[Listed],
    bucket_region: &BTreeMap<String, String>,
    reader: &mut Reader<'_>,
    progress: &Progress,
) {
    let buckets: BTreeSet<&String> = objects.iter().map(|object| &object.bucket).collect();
    let client = |bucket| (aws.s3(&bucket_region[bucket]), aws.bodies(&bucket_region[bucket]));
    let clients: BTreeMap<&String, (aws_sdk_s3::Client, CallLimits)> =
        buckets.into_iter().map(|bucket| (bucket, client(bucket))).collect();
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    let download = async move {
        let bodies = objects.iter().map(|object| {
            let (client, limits) = &clients[&object.bucket];
            async move { (object.name(), get(client, limits, object).await) }
        });
        let mut bodies = stream::iter(bodies).buffer_unordered(IN_FLIGHT);
        while let Some(body) = bodies.next().await {
            if sender.send(body).await.is_err() {
                return;
            }
        }
    };
    let arriving = Arriving { bodies: Mutex::new(receiver), progress };
    let runtime = Handle::current();
    let failed = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            // Without a reader the downloads would wait for ever.
            let reading = std::thread::Builder::new().spawn_scoped(scope, || reader.read(&arriving));
            if reading.is_ok() {
                runtime.block_on(download);
            }
            reading.err()
        })
    });
    if let Some(error) = failed {
        let skipped = |object: &Listed| Skipped {
            object: object.name(),
            reason: format!("no thread could be started to read it: {error}"),
            matters: true,
        };
        reader.skip(objects.iter().map(skipped).collect());
    }
}

/// The bytes of single objects, `s3://bucket/key`, each with its name.
pub(super) async fn fetch(aws: &Aws, names: &[String]) -> Vec<(String, Result<Vec<u8>, CallError>)> {
    let places: Vec<Location> = names.iter().filter_map(|name| Location::parse_object(name).ok()).collect();
    let buckets: BTreeSet<&String> = places.iter().map(|place| &place.bucket).collect();
    let mut clients = BTreeMap::new();
    for bucket in buckets {
        let region = buckets::region_of_any(aws, bucket).await.unwrap_or_else(|| aws.home_region().to_owned());
        clients.insert(bucket.clone(), (aws.s3(&region), aws.bodies(&region)));
    }
    let bodies = places.iter().map(|place| {
        let (client, limits) = &clients[&place.bucket];
        let object = Listed { bucket: place.bucket.clone(), key: place.prefix.clone(), bytes: 0, modified: None };
        async move { (object.name(), get(client, limits, &object).await) }
    });
    stream::iter(bodies).buffered(IN_FLIGHT).collect().await
}

/// Objects one after the other, while the next are under way.
pub(super) async fn each_body(
    client: &aws_sdk_s3::Client,
    limits: &CallLimits,
    objects: impl Iterator<Item = Listed>,
    mut take: impl FnMut(String, Result<Vec<u8>, CallError>),
) {
    let bodies = objects.map(async |object| (object.name(), get(client, limits, &object).await));
    let mut bodies = stream::iter(bodies).buffered(IN_FLIGHT);
    while let Some((name, body)) = bodies.next().await {
        take(name, body);
    }
}

type Body = (String, Result<Vec<u8>, CallError>);

/// Objects as they come in, each for the thread that asks first.
struct Arriving<'a> {
    bodies: Mutex<mpsc::Receiver<Body>>,
    progress: &'a Progress,
}

impl Source for Arriving<'_> {
    fn next(&self, buffer: &mut Vec<u8>) -> Option<Object> {
        let (name, body) = self.bodies.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()?;
        self.progress.object_read();
        let failure = match body {
            Ok(body) => {
                *buffer = body;
                None
            }
            Err(failure) => Some(unread(&failure)),
        };
        Some(Object { name, failure, is_named_as_log: true })
    }
}

/// Why an object was not read.
pub(super) fn unread(failure: &CallError) -> Unread {
    match &*failure.code {
        "NoSuchKey" => Unread::Missing,
        _ => Unread::Failed(failure.of_call("s3:GetObject")),
    }
}

async fn get(client: &aws_sdk_s3::Client, limits: &CallLimits, object: &Listed) -> Result<Vec<u8>, CallError> {
    if object.bytes > MAX_OBJECT {
        return Err(CallError::unreadable(format!("larger than {MAX_OBJECT} bytes, the limit")));
    }
    limits.check().map_err(CallError::not_made)?;
    let call = client.get_object().bucket(&object.bucket).key(&object.key);
    let body = body(call.send().await.map_err(|error| CallError::of(&error))?, limits).await;
    limits.note(!matches!(&body, Err(error) if error.code == TIMEOUT));
    body
}

/// The bytes of an answer, whose size may be another than that which was listed.
pub(super) async fn body(answer: GetObjectOutput, limits: &CallLimits) -> Result<Vec<u8>, CallError> {
    // Every object has one (API Reference, `GetObject`); what a proxy answers in S3's place has none.
    if answer.e_tag().is_none() {
        return Err(CallError::unreadable("the answer lacks its ETag, which S3 always sends"));
    }
    if answer.content_length().is_some_and(|length| length > MAX_OBJECT as i64) {
        return Err(CallError::unreadable(format!("larger than {MAX_OBJECT} bytes, the limit")));
    }
    // The SDK's timeouts end with the headers.
    let longest = limits.left().map_or(LONGEST, |left| left.min(LONGEST));
    match tokio::time::timeout(longest, whole_body(answer.body)).await {
        Ok(body) => body,
        Err(_) => {
            limits.check().map_err(CallError::not_made)?;
            Err(CallError { code: TIMEOUT.to_owned(), message: format!("its body took longer than {LONGEST:?}") })
        }
    }
}

async fn whole_body(mut body: ByteStream) -> Result<Vec<u8>, CallError> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        let piece =
            piece.map_err(|error| CallError::unreadable(format!("it could not be read to its end: {error}")))?;
        if bytes.len() + piece.len() > MAX_OBJECT as usize {
            return Err(CallError::unreadable(format!("larger than {MAX_OBJECT} bytes, the limit")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// An instant as the SDK has it.
fn timestamp(instant: &aws_sdk_s3::primitives::DateTime) -> Option<Timestamp> {
    let instant = time::UtcDateTime::from_unix_timestamp(instant.secs()).ok()?;
    Timestamp::parse(&Timestamp(instant).to_string())
}
