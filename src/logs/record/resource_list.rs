//! What a record says of the objects and buckets that it is about.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::super::json::{Compact, Cursor, Fault, Member, Text};
use super::{Few, Resource, text};
use crate::aws::arn::Arn;
use crate::aws::location::is_access_point;

/// What `resources` holds.
#[derive(Debug)]
pub(super) struct ResourceList<'a> {
    given: Member<()>,
    /// It is a list of objects with string members, or absent.
    pub is_sound: bool,
    /// Each object's ARN is one of an object in a bucket, none of an access point's.
    pub is_known: bool,
    pub objects: Few<Resource<'a>>,
    /// An access point is named, so the request's `bucketName` may be its name.
    pub has_access_point: bool,
    /// The ARN of each bucket.
    pub buckets: SmallVec<[Member<Text<'a>>; 1]>,
}

impl Default for ResourceList<'_> {
    fn default() -> Self {
        let (objects, buckets) = (Few::new(), SmallVec::new());
        ResourceList {
            given: Member::Absent,
            is_sound: true,
            is_known: true,
            objects,
            has_access_point: false,
            buckets,
        }
    }
}

impl<'a> ResourceList<'a> {
    /// The fast way, as for the record itself.
    #[inline(always)]
    pub(super) fn guess(&mut self, compact: &mut Compact<'a>) -> Option<()> {
        self.given = Member::Is(());
        if !compact.passes(b"[") {
            return None;
        }
        loop {
            if !self.guess_object(compact)? && !self.guess_bucket(compact)? {
                let resource = compact.strictly(Entry::read)?;
                self.push(resource);
            }
            if !compact.passes(b",") {
                return compact.passes(b"]").then_some(());
            }
        }
    }

    /// Whether an object is the next.
    #[inline(always)]
    fn guess_object(&mut self, compact: &mut Compact<'a>) -> Option<bool> {
        let is_next = compact.passes(br#"{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::"#);
        if is_next {
            let (bucket, key) = split_path(compact.string()?).filter(|(bucket, _)| !is_access_point(bucket))?;
            self.objects.push(Resource::of(bucket.into(), key.into()));
            compact.passes(b"}").then_some(())?;
        }
        Some(is_next)
    }

    /// Whether a bucket is the next.
    #[inline(always)]
    fn guess_bucket(&mut self, compact: &mut Compact<'a>) -> Option<bool> {
        let mut ahead = *compact;
        if !ahead.passes(br#"{"accountId":""#) {
            return Some(false);
        }
        ahead.pass_string()?;
        let is_next = ahead.passes(br#","type":"AWS::S3::Bucket","ARN":""#);
        if is_next {
            self.buckets.push(text(&mut ahead)?);
            ahead.passes(b"}").then_some(())?;
            *compact = ahead;
        }
        Some(is_next)
    }

    #[inline(always)]
    fn push(&mut self, (kind, resource): (Member<Text<'a>>, Entry<'a>)) {
        match kind.string() {
            Some(kind) if resource.is_sound() => match kind.as_deref() {
                Some("AWS::S3::Object") => match resource.object() {
                    Some(object) => self.objects.push(object),
                    None => self.is_known = false,
                },
                Some("AWS::S3::Bucket") => self.buckets.push(resource.arn),
                Some(other) if other.ends_with("AccessPoint") => self.has_access_point = true,
                _ => {}
            },
            _ => self.is_sound = false,
        }
    }

    pub(super) fn has_objects(&self) -> bool {
        !self.objects.is_empty() || !self.is_known
    }

    pub(super) fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.given.put(Member::Is(()));
        self.is_sound &= self.given == Member::Is(());
        match cursor.peek() {
            b'[' => cursor.array(|cursor| {
                self.push(Entry::read(cursor)?);
                Ok(())
            }),
            other => {
                self.is_sound &= other == b'n';
                cursor.skip()
            }
        }
    }
}

#[derive(Debug, Default)]
struct Entry<'a> {
    arn: Member<Text<'a>>,
    arn_prefix: Member<Text<'a>>,
}

/// Bucket and key of an object's ARN.
type Path<'a> = (Cow<'a, str>, Cow<'a, str>);

impl<'a> Entry<'a> {
    /// Its type, and itself.
    fn read(cursor: &mut Cursor<'a>) -> Result<(Member<Text<'a>>, Entry<'a>), Fault> {
        let (mut kind, mut resource) = (Member::Absent, Entry::default());
        cursor.members(|cursor, name| match name {
            "type" => cursor.text(&mut kind),
            "ARN" => cursor.text(&mut resource.arn),
            "ARNPrefix" => cursor.text(&mut resource.arn_prefix),
            _ => cursor.skip(),
        })?;
        Ok((kind, resource))
    }

    fn is_sound(&self) -> bool {
        self.arn.string().is_some() && self.arn_prefix.string().is_some()
    }

    fn object(&self) -> Option<Resource<'a>> {
        // Which bucket is behind an access point the record does not say here.
        let of_bucket = |path: &Path| !is_access_point(&path.0);
        match object_path(self.arn).filter(of_bucket) {
            Some((bucket, key)) if !key.is_empty() => Some(Resource::Object { bucket, key }),
            path => {
                let (bucket, prefix) = object_path(self.arn_prefix).filter(of_bucket).or(path)?;
                Some(Resource::Listing { bucket, prefix })
            }
        }
    }
}

/// The name in a bucket's ARN.
pub(super) fn bucket_name(arn: Member<Text>) -> Option<Cow<str>> {
    match arn.string()?? {
        Cow::Borrowed(arn) => Some(Arn::parse(arn)?.resource.into()),
        Cow::Owned(arn) => Some(Arn::parse(&arn)?.resource.to_owned().into()),
    }
}

fn object_path<'a>(arn: Member<Text<'a>>) -> Option<Path<'a>> {
    fn split(arn: &str) -> Option<(&str, &str)> {
        let arn = Arn::parse(arn)?;
        let in_bucket = arn.service == "s3" && arn.region.is_empty() && arn.account.is_empty();
        split_path(arn.resource).filter(|_| in_bucket)
    }
    match arn.string()?? {
        Cow::Borrowed(arn) => split(arn).map(|(bucket, key)| (bucket.into(), key.into())),
        Cow::Owned(arn) => split(&arn).map(|(bucket, key)| (bucket.to_owned().into(), key.to_owned().into())),
    }
}

fn split_path(path: &str) -> Option<(&str, &str)> {
    let slash = memchr::memchr(b'/', path.as_bytes())?;
    Some((&path[..slash], &path[slash + 1..]))
}
