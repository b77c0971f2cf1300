//! What a request asks for, by its parameters.

use std::borrow::Cow;

use super::super::json::{Cursor, Fault, Member, Text};
use super::Resource;
use crate::aws::location::is_access_point;

/// Parts of the names of hosts that access points answer at (S3 User Guide, "Referencing access points", "Making requests to a
/// Multi-Region Access Point", "Using Object Lambda access points").
const ACCESS_POINT_HOSTS: [&str; 4] =
    [".s3-accesspoint.", ".s3-accesspoint-fips.", ".s3-global.", ".s3-object-lambda."];

/// The members of `requestParameters` that name what it is about.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub bucket: Member<Text<'a>>,
    host: Member<Text<'a>>,
    pub key: Member<Text<'a>>,
    prefix: Member<Text<'a>>,
    copy_source: Member<Text<'a>>,
}

impl<'a> Request<'a> {
    /// Reads the value that stands at the cursor.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Request<'a>, Fault> {
        let mut request = Request::default();
        cursor.members(|cursor, name| match name {
            "bucketName" => cursor.text(&mut request.bucket),
            "Host" => cursor.text(&mut request.host),
            "key" => cursor.text(&mut request.key),
            "prefix" => cursor.text(&mut request.prefix),
            "x-amz-copy-source" => cursor.text(&mut request.copy_source),
            _ => cursor.skip(),
        })?;
        Ok(request)
    }

    /// `Some(None)`: the request names no bucket; `None`: what it names has no form that we know. `behind`: the one bucket that
    /// the record names elsewhere, which is the one behind an access point. `is_through_access_point`: the record names one.
    pub(super) fn object(
        &self,
        behind: Option<Cow<'a, str>>,
        is_through_access_point: bool,
    ) -> Option<Option<Resource<'a>>> {
        let Some(bucket) = self.bucket.string()? else { return Some(None) };
        let host = self.host.string()?.unwrap_or_default();
        let is_hosts = ACCESS_POINT_HOSTS.iter().any(|part| host.contains(part));
        // An access point's name is like a bucket's.
        let bucket = match is_through_access_point || is_hosts || is_access_point(&bucket) {
            true => behind?,
            false if behind.as_ref().is_some_and(|named| *named != bucket) => return None,
            false => bucket,
        };
        let (key, prefix) = (self.key.string()?.unwrap_or_default(), self.prefix.string()?.unwrap_or_default());
        Some(Some(if key.is_empty() { Resource::Listing { bucket, prefix } } else { Resource::Object { bucket, key } }))
    }

    /// The source of CopyObject or UploadPartCopy: `bucket/key`, percent-encoded. `Some(None)`: it copies nothing; `None`:
    /// what it names has no form that we know, as an access point's ARN.
    pub(super) fn copied_from(&self) -> Option<Option<Resource<'a>>> {
        let Some(source) = self.copy_source.string()? else { return Some(None) };
        let path = source.split("?versionId=").next()?.trim_start_matches('/');
        let decoded = percent_decoded(path);
        let (bucket, key) =
            decoded.split_once('/').filter(|(bucket, key)| !is_access_point(bucket) && !key.is_empty())?;
        Some(Some(Resource::Object { bucket: bucket.to_owned().into(), key: key.to_owned().into() }))
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
