//! What a request asks for, by its parameters.

use std::borrow::Cow;

use super::super::json::{Cursor, Fault, Member, Text};
use super::Resource;
use crate::aws::location::is_access_point;

/// The members of `requestParameters` that name what it is about.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub bucket: Member<Text<'a>>,
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
            "key" => cursor.text(&mut request.key),
            "prefix" => cursor.text(&mut request.prefix),
            "x-amz-copy-source" => cursor.text(&mut request.copy_source),
            _ => cursor.skip(),
        })?;
        Ok(request)
    }

    /// `Some(None)`: the request names no bucket; `None`: what it names has no form that we know. `behind`: the one bucket that
    /// the record names elsewhere, which is the one behind an access point.
    pub(super) fn object(&self, behind: Option<Cow<'a, str>>) -> Option<Option<Resource<'a>>> {
        let Some(bucket) = self.bucket.string()? else { return Some(None) };
        let bucket = if is_access_point(&bucket) { behind? } else { bucket };
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
