//! S3's objects: listed page by page as a client asks, and read.

use std::collections::BTreeSet;

use super::http::{Answer, Request};
use super::world::World;

/// So many keys a page, that there is more than one.
const PAGE: usize = 50;

pub fn list(world: &World, request: &Request) -> Answer {
    let asked = |name: &str| request.query.get(name).map_or("", String::as_str);
    let (bucket, prefix, delimiter) = (request.path.trim_matches('/'), asked("prefix"), asked("delimiter"));
    let after = asked("continuation-token").strip_prefix("after:").unwrap_or_default();
    let of_bucket =
        world.objects.iter().filter_map(|(name, object)| Some((name.strip_prefix(bucket)?.strip_prefix('/')?, object)));
    let mut below = of_bucket.filter(|(key, _)| key.starts_with(prefix) && *key > after).peekable();
    let (mut contents, mut folders, mut last) = (String::new(), BTreeSet::new(), "");
    for (count, (key, object)) in below.by_ref().enumerate() {
        last = key;
        let rest = &key[prefix.len()..];
        match rest.find(delimiter).filter(|_| !delimiter.is_empty()) {
            Some(end) => drop(folders.insert(&key[..prefix.len() + end + delimiter.len()])),
            None => contents.push_str(&format!(
                "<Contents><Key>{key}</Key><Size>{}</Size><LastModified>2026-11-01T00:00:00.000Z</LastModified></Contents>",
                object.bytes.len()
            )),
        }
        if count + 1 == PAGE {
            break;
        }
    }
    let folders: String =
        folders.iter().map(|folder| format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>")).collect();
    let next = match below.peek() {
        Some(_) => {
            format!("<IsTruncated>true</IsTruncated><NextContinuationToken>after:{last}</NextContinuationToken>")
        }
        None => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    Answer::xml(&format!("<ListBucketResult><Name>{bucket}</Name>{next}{contents}{folders}</ListBucketResult>"))
}

pub fn get(world: &World, request: &Request) -> Answer {
    let Some(object) = world.objects.get(request.path.trim_start_matches('/')) else {
        let body = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
        return Answer { status: 404, ..Answer::xml(body) };
    };
    let answer = Answer::new(200, "application/octet-stream", object.bytes.clone()).with("ETag", "\"etag\"");
    object.metadata.iter().fold(answer, |answer, (name, value)| answer.with(&format!("x-amz-meta-{name}"), value))
}
