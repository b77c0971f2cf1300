//! What a record says, read from a tree of values, without haste.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::super::event::Event;
use super::super::super::identity::Identities;
use super::super::super::json::Cursor;
use super::super::super::principal::{Principal, UserIdentity};
use super::super::super::structural_index::StructuralIndex;
use super::super::{Reached, Resource};
use crate::aws::arn::Arn;
use crate::aws::s3_events::{Access, DOCUMENTED};
use crate::aws::timestamp::Timestamp;

/// A value that keeps members given twice, and what is written of `userIdentity`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Flag(bool),
    Number,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
                Ok(Json::Flag(flag))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
                Ok(Json::Number)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
                Ok(Json::Number)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
                Ok(Json::Number)
            }
            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut list = vec![];
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Json::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
                let mut members = vec![];
                while let Some(entry) = entries.next_entry()? {
                    members.push(entry);
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// Why a record is not understood.
pub(super) struct Unclear;

pub(super) type Reading<T> = Result<T, Unclear>;

impl Json {
    /// A member; `null` is as good as none. Given twice it is not believed.
    fn member(&self, name: &str) -> Reading<Option<&Json>> {
        let Json::Object(members) = self else { return Ok(None) };
        let mut given = members.iter().filter(|(other, _)| other == name).map(|(_, value)| value);
        match (given.next(), given.next()) {
            (Some(_), Some(_)) => Err(Unclear),
            (value, _) => Ok(value.filter(|value| **value != Json::Null)),
        }
    }

    fn text(&self, name: &str) -> Reading<Option<String>> {
        match self.member(name)? {
            Some(Json::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Unclear),
            None => Ok(None),
        }
    }

    fn flag(&self, name: &str) -> Reading<Option<bool>> {
        match self.member(name)? {
            Some(Json::Flag(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Unclear),
            None => Ok(None),
        }
    }

    pub(super) fn written(&self) -> String {
        match self {
            Json::Null => "null".to_owned(),
            Json::Flag(flag) => flag.to_string(),
            Json::Number => "12.5".to_owned(),
            Json::Text(text) => serde_json::to_string(text).unwrap(),
            Json::List(items) => format!("[{}]", items.iter().map(Json::written).collect::<Vec<_>>().join(",")),
            Json::Object(members) => {
                let member = |(name, value): &(String, Json)| {
                    format!("{}:{}", Json::Text(name.clone()).written(), value.written())
                };
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// What is compared of an event.
#[derive(Debug, PartialEq)]
pub(super) struct Plain {
    texts: [Option<String>; 5],
    time: Timestamp,
    principal: Principal,
    resources: Vec<Reached<'static>>,
    additional: Option<Json>,
}

fn owned(resource: &Resource) -> Resource<'static> {
    match resource {
        Resource::Object { bucket, key } => object(bucket, key),
        Resource::Listing { bucket, prefix } => listing(bucket, prefix),
        Resource::Bucket { bucket } => Resource::Bucket { bucket: bucket.to_string().into() },
    }
}

fn object(bucket: &str, key: &str) -> Resource<'static> {
    Resource::Object { bucket: bucket.to_owned().into(), key: key.to_owned().into() }
}

fn listing(bucket: &str, prefix: &str) -> Resource<'static> {
    Resource::Listing { bucket: bucket.to_owned().into(), prefix: prefix.to_owned().into() }
}

pub(super) fn plain(event: &Event, identities: &Identities) -> Plain {
    let text = |text: &str| Some(text.to_owned());
    Plain {
        texts: [
            text(&event.id),
            text(&event.name),
            text(&event.region),
            event.shared_id.as_deref().and_then(text),
            event.error_code.as_deref().and_then(text),
        ],
        time: event.time,
        principal: identities.principal(event.principal).clone(),
        resources: event.resources.iter().map(|at| Reached { resource: owned(&at.resource), does: at.does }).collect(),
        additional: event.additional.map(|text| serde_json::from_str(text).unwrap()),
    }
}

/// `Ok(None)`: no S3 data event.
pub(super) fn event_of(record: &Json) -> Reading<Option<Plain>> {
    if !is_data(record)? {
        return Ok(None);
    }
    let time = record.text("eventTime")?.and_then(|time| Timestamp::parse(&time)).ok_or(Unclear)?;
    Ok(Some(Plain {
        texts: [
            Some(record.text("eventID")?.ok_or(Unclear)?),
            Some(record.text("eventName")?.ok_or(Unclear)?),
            Some(record.text("awsRegion")?.unwrap_or_default()),
            record.text("sharedEventID")?,
            record.text("errorCode")?,
        ],
        time,
        principal: principal_of(record)?,
        resources: reached_by(record, time)?,
        additional: record.member("additionalEventData")?.cloned(),
    }))
}

fn is_data(record: &Json) -> Reading<bool> {
    let (source, category, version) =
        (record.text("eventSource"), record.text("eventCategory"), record.text("eventVersion"));
    let (source, category, kind, version) = (source?, category?, record.text("eventType")?, version?);
    let management = record.flag("managementEvent")?;
    let s3 = ["s3.amazonaws.com", "s3lifecycle.amazonaws.com", "s3-authn-errors.amazonaws.com"];
    if !s3.contains(&&*source.ok_or(Unclear)?) {
        // Somebody else's data event about an object: an access that is not understood.
        let is_of_object =
            category.as_deref() == Some("Data") && resources_of(record).is_ok_and(|(objects, _)| !objects.is_empty());
        return if is_of_object { Err(Unclear) } else { Ok(false) };
    }
    if kind.is_some_and(|kind| kind == "AwsVpceEvent") {
        return Ok(false);
    }
    if version.is_some_and(|version| version.split('.').next() != Some("1")) {
        return Err(Unclear);
    }
    match (category.as_deref(), management) {
        (Some("Data"), _) => Ok(true),
        (Some("Management"), _) => Ok(false),
        (Some(_), _) => Err(Unclear),
        (None, Some(management)) => Ok(!management),
        (None, None) => {
            let (objects, _) = resources_of(record)?;
            let name = record.text("eventName")?.ok_or(Unclear)?;
            if !objects.is_empty() || DOCUMENTED.iter().any(|event| event.name == name) {
                return Ok(true);
            }
            match record.member("requestParameters")? {
                Some(request) => Ok(request.text("key")?.is_some()),
                None => Ok(false),
            }
        }
    }
}

/// By the reader of identities itself, of the text alone: what is compared here is how records find it.
fn principal_of(record: &Json) -> Reading<Principal> {
    let Json::Object(members) = record else { return Err(Unclear) };
    let is_identity = |(name, value): &&(String, Json)| name == "userIdentity" && matches!(value, Json::Object(_));
    let given: Vec<&(String, Json)> = members.iter().filter(is_identity).collect();
    let text = match given[..] {
        [] => "null".to_owned(),
        [(_, identity)] => identity.written(),
        _ => return Err(Unclear),
    };
    let index = StructuralIndex::of(&text);
    UserIdentity::read(&mut Cursor::new(&text, &index)).unwrap().principal().ok_or(Unclear)
}

/// The ARNs of objects, with what stands in for them, and of buckets.
type Arns = (Vec<[Option<String>; 2]>, Vec<Option<String>>);

fn resources_of(record: &Json) -> Reading<Arns> {
    let (mut objects, mut buckets) = (vec![], vec![]);
    match record.member("resources")? {
        None => {}
        Some(Json::List(items)) => {
            for item in items {
                let arns = [item.text("ARN")?, item.text("ARNPrefix")?];
                match item.text("type")?.as_deref() {
                    Some("AWS::S3::Object") => objects.push(arns),
                    Some("AWS::S3::Bucket") => buckets.push(arns[0].clone()),
                    _ => {}
                }
            }
        }
        Some(_) => return Err(Unclear),
    }
    Ok((objects, buckets))
}

/// What the record is about, by AWS's pages: a copy reads its source and writes its target, whatever its flag says.
fn reached_by(record: &Json, time: Timestamp) -> Reading<Vec<Reached<'static>>> {
    let (objects, buckets) = resources_of(record)?;
    let is_access_point = |bucket: &str| {
        bucket.starts_with("arn:") || ["-s3alias", "--ol-s3", ".mrap"].iter().any(|end| bucket.ends_with(end))
    };
    let path = |arn: &Option<String>| {
        let arn = Arn::parse(arn.as_deref()?)?;
        let (bucket, key) = arn.resource.split_once('/')?;
        (arn.service == "s3" && arn.region.is_empty() && arn.account.is_empty() && !is_access_point(bucket))
            .then(|| (bucket.to_owned(), key.to_owned()))
    };
    let mut resources = vec![];
    for [arn, prefix] in &objects {
        resources.push(match path(arn).filter(|(_, key)| !key.is_empty()) {
            Some((bucket, key)) => object(&bucket, &key),
            None => {
                let (bucket, prefix) = path(prefix).or_else(|| path(arn)).ok_or(Unclear)?;
                listing(&bucket, &prefix)
            }
        });
    }
    let name = record.text("eventName")?.ok_or(Unclear)?;
    let flag = record.flag("readOnly")?;
    let event = DOCUMENTED.iter().find(|event| event.name == name);
    let is_copy = ["CopyObject", "UploadPartCopy"].contains(&&*name);
    let (mut source, mut target) = (None, None);
    if resources.is_empty() || event.is_none() || is_copy {
        let request = record.member("requestParameters")?.unwrap_or(&Json::Null);
        if let Some(text) = request.text("x-amz-copy-source")? {
            let (bucket, key) = text.split_once('/').ok_or(Unclear)?;
            if is_access_point(bucket) || key.is_empty() {
                return Err(Unclear);
            }
            source = Some(object(bucket, key));
        }
        let behind = match &buckets[..] {
            [Some(arn)] => Arn::parse(arn).map(|arn| arn.resource.to_owned()),
            _ => None,
        };
        let asked = || -> Reading<Option<Resource<'static>>> {
            let Some(bucket) = request.text("bucketName")? else { return Ok(None) };
            // No odd text here is an access point's host.
            request.text("Host")?;
            let bucket = match behind {
                behind if is_access_point(&bucket) => behind.ok_or(Unclear)?,
                Some(named) if named != bucket => return Err(Unclear),
                _ => bucket,
            };
            let (key, prefix) = (request.text("key")?.unwrap_or_default(), request.text("prefix")?.unwrap_or_default());
            Ok(Some(if key.is_empty() { listing(&bucket, &prefix) } else { object(&bucket, &key) }))
        };
        // Where resources name it, what the request says of it need not be understood.
        target = if resources.is_empty() { asked()? } else { asked().ok().flatten() };
        if resources.is_empty() {
            resources.extend(target.clone());
        }
        if resources.is_empty() {
            for bucket in &buckets {
                let arn = bucket.as_deref().and_then(Arn::parse).ok_or(Unclear)?;
                resources.push(listing(arn.resource, ""));
            }
        }
        if !resources.is_empty() {
            resources.extend(source.clone());
        }
    }
    let is_of_bucket =
        name == "HeadBucket" || (name == "DeleteObjects" && time >= Timestamp::parse("2025-06-10T00:00:00Z").unwrap());
    if is_of_bucket {
        for resource in &mut resources {
            if let Resource::Listing { bucket, prefix } = resource.clone()
                && prefix.is_empty()
            {
                *resource = Resource::Bucket { bucket };
            }
        }
    }
    resources.sort();
    resources.dedup();
    if resources.is_empty() || (is_copy && source.is_none() && resources.len() == 1) {
        return Err(Unclear);
    }
    let does = |resource: &Resource| {
        if is_copy || source.is_some() {
            let (is_source, is_target) = (source.as_ref() == Some(resource), target.as_ref() == Some(resource));
            return match () {
                () if is_source && is_target => Some(Access::All),
                () if is_source => Some(Access::Read),
                () if is_target => Some(Access::Write),
                // One of the two is known, and it is the other.
                () if source.is_some() && target.is_none() => Some(Access::Write),
                () if source.is_none() && target.is_some() => Some(Access::Read),
                () => None,
            };
        }
        let by_flag = flag.map(|flag| if flag { Access::Read } else { Access::Write });
        match event {
            Some(event) if event.read_only.is_some() && flag.is_some() && event.read_only != flag => Some(Access::All),
            Some(event) => Some(event.does),
            None => by_flag,
        }
    };
    Ok(resources.iter().map(|resource| Reached { resource: resource.clone(), does: does(resource) }).collect())
}
