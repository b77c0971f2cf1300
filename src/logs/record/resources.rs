//! What a record says of the objects and buckets that it is about.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::super::json::{Compact, Cursor, Fault, Member, Text};
use super::{Touched, text};
use crate::arn::Arn;

/// What `resources` holds.
#[derive(Debug)]
pub struct Resources<'a> {
    given: Member<()>,
    /// It is a list of objects with string members, or absent.
    pub is_sound: bool,
    pub objects: SmallVec<[Resource<'a>; 1]>,
    pub buckets: SmallVec<[Resource<'a>; 1]>,
}

impl Default for Resources<'_> {
    fn default() -> Self {
        Resources { given: Member::Absent, is_sound: true, objects: SmallVec::new(), buckets: SmallVec::new() }
    }
}

impl<'a> Resources<'a> {
    /// The fast way, as for the record itself.
    pub fn guess(&mut self, compact: &mut Compact<'a>) -> Option<()> {
        self.given = Member::Is(());
        if !compact.passes(b"[") {
            return None;
        }
        loop {
            let mut resource = Resource::default();
            resource.guess(compact)?;
            self.push(resource);
            if !compact.passes(b",") {
                return compact.passes(b"]").then_some(());
            }
        }
    }

    #[inline(always)]
    fn push(&mut self, resource: Resource<'a>) {
        match resource.kind.string() {
            Some(kind) if resource.is_sound() => match kind.as_deref() {
                Some("AWS::S3::Object") => self.objects.push(resource),
                Some("AWS::S3::Bucket") => self.buckets.push(resource),
                _ => {}
            },
            _ => self.is_sound = false,
        }
    }

    pub fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.given.put(Member::Is(()));
        self.is_sound &= self.given == Member::Is(());
        match cursor.peek() {
            b'[' => cursor.array(|cursor| {
                self.push(Resource::read(cursor)?);
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
pub struct Resource<'a> {
    kind: Member<Text<'a>>,
    arn: Member<Text<'a>>,
    arn_prefix: Member<Text<'a>>,
}

/// Bucket and key of an object's ARN.
type Path<'a> = (Cow<'a, str>, Cow<'a, str>);

impl<'a> Resource<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Resource<'a>, Fault> {
        let mut resource = Resource::default();
        cursor.members(|cursor, name| match name {
            "type" => cursor.text(&mut resource.kind),
            "ARN" => cursor.text(&mut resource.arn),
            "ARNPrefix" => cursor.text(&mut resource.arn_prefix),
            _ => cursor.skip(),
        })?;
        Ok(resource)
    }

    /// The fast way, as for the record itself.
    #[inline(always)]
    fn guess(&mut self, compact: &mut Compact<'a>) -> Option<()> {
        if compact.passes(br#"{"accountId":""#) {
            compact.pass_string()?;
            compact.passes(br#","type":""#).then_some(())?;
        } else {
            compact.passes(br#"{"type":""#).then_some(())?;
        }
        self.kind = text(compact)?;
        if compact.passes(br#","ARN":""#) {
            self.arn = text(compact)?;
        }
        if compact.passes(br#","ARNPrefix":""#) {
            self.arn_prefix = text(compact)?;
        }
        compact.passes(b"}").then_some(())
    }

    fn is_sound(&self) -> bool {
        self.arn.string().is_some() && self.arn_prefix.string().is_some()
    }

    /// `None`: its ARN is none of an object in a bucket, as an access point's.
    pub fn object(&self) -> Option<Touched<'a>> {
        match object_path(self.arn).filter(|(_, key)| !key.is_empty()) {
            Some((bucket, key)) => Some(Touched::Object { bucket, key }),
            None => {
                let (bucket, prefix) = object_path(self.arn_prefix).or_else(|| object_path(self.arn))?;
                Some(Touched::Listing { bucket, prefix })
            }
        }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> Option<Cow<'a, str>> {
        match self.arn.string()?? {
            Cow::Borrowed(arn) => Some(Arn::parse(arn)?.resource.into()),
            Cow::Owned(arn) => Some(Arn::parse(&arn)?.resource.to_owned().into()),
        }
    }
}

fn object_path<'a>(arn: Member<Text<'a>>) -> Option<Path<'a>> {
    fn split(arn: &str) -> Option<(&str, &str)> {
        if let Some(path) = arn.strip_prefix("arn:aws:s3:::") {
            let slash = memchr::memchr(b'/', path.as_bytes())?;
            return Some((&path[..slash], &path[slash + 1..]));
        }
        let arn = Arn::parse(arn)?;
        let in_bucket = arn.service == "s3" && arn.region.is_empty() && arn.account.is_empty();
        arn.resource.split_once('/').filter(|_| in_bucket)
    }
    match arn.string()?? {
        Cow::Borrowed(arn) => split(arn).map(|(bucket, key)| (bucket.into(), key.into())),
        Cow::Owned(arn) => split(&arn).map(|(bucket, key)| (bucket.to_owned().into(), key.to_owned().into())),
    }
}
