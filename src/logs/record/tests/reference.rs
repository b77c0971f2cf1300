//! What a record says, read from a tree of values, without haste.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::super::event::Event;
use super::super::super::identity::Identities;
use super::super::super::json::Cursor;
use super::super::super::principal::{Principal, UserIdentity};
use super::super::super::structural_index::StructuralIndex;
use super::super::Resource;
use crate::aws::arn::Arn;
use crate::aws::s3_events::DOCUMENTED;
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
    read_only: Option<bool>,
    principal: Principal,
    resources: Vec<Resource<'static>>,
    additional: Option<Json>,
}

fn owned(resource: &Resource) -> Resource<'static> {
    match resource {
        Resource::Object { bucket, key } => object(bucket, key),
        Resource::Listing { bucket, prefix } => listing(bucket, prefix),
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
        read_only: event.read_only,
        principal: identities.principal(event.principal).clone(),
        resources: event.resources.iter().map(owned).collect(),
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
        read_only: record.flag("readOnly")?,
        principal: principal_of(record)?,
        resources: named_by(record)?,
        additional: record.member("additionalEventData")?.cloned(),
    }))
}

fn is_data(record: &Json) -> Reading<bool> {
    let (source, category, version) =
        (record.text("eventSource"), record.text("eventCategory"), record.text("eventVersion"));
    let (source, category, kind, version) = (source?, category?, record.text("eventType")?, version?);
    let management = record.flag("managementEvent")?;
    if source.ok_or(Unclear)? != "s3.amazonaws.com" || kind.is_some_and(|kind| kind == "AwsVpceEvent") {
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

fn named_by(record: &Json) -> Reading<Vec<Resource<'static>>> {
    let (objects, buckets) = resources_of(record)?;
    let path = |arn: &Option<String>| {
        let arn = Arn::parse(arn.as_deref()?)?;
        let (bucket, key) = arn.resource.split_once('/')?;
        (arn.service == "s3" && arn.region.is_empty() && arn.account.is_empty())
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
    let name = record.text("eventName").ok().flatten();
    let is_known = name.as_ref().is_some_and(|name| DOCUMENTED.iter().any(|event| event.name == name));
    if objects.is_empty() || !is_known || name.is_some_and(|name| name.contains("Copy")) {
        let request = record.member("requestParameters")?.unwrap_or(&Json::Null);
        let texts = ["bucketName", "key", "prefix"].map(|name| request.text(name));
        if let (true, [bucket, key, prefix]) = (resources.is_empty(), texts)
            && let Some(bucket) = bucket?
        {
            let (key, prefix) = (key?.unwrap_or_default(), prefix?.unwrap_or_default());
            resources.push(if key.is_empty() { listing(&bucket, &prefix) } else { object(&bucket, &key) });
        }
        if resources.is_empty() {
            for bucket in &buckets {
                let arn = bucket.as_deref().and_then(Arn::parse).ok_or(Unclear)?;
                resources.push(listing(arn.resource, ""));
            }
        }
        if let Some(source) = request.text("x-amz-copy-source")? {
            let (bucket, key) = source.split_once('/').filter(|(bucket, _)| !bucket.contains(':')).ok_or(Unclear)?;
            if !resources.is_empty() {
                resources.push(object(bucket, key));
            }
        }
    }
    resources.sort();
    resources.dedup();
    if resources.is_empty() { Err(Unclear) } else { Ok(resources) }
}
