//! One CloudTrail record, as far as S3 data events need it.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents". Fields that AWS calls optional are optional here; an
//! absent `readOnly` is unknown, not false.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::identity::{Identities, Passed};
use super::json::{Cursor, Fault, Member, Name, Span, Text};
use crate::arn::Arn;
use crate::coverage::event::{DOCUMENTED, EVENT_SOURCE};

/// One member of an object whose members usually come in an order. It may be left out, which leaves its comma to the next;
/// after the last one the object ends.
macro_rules! member {
    ($cursor:ident, $name:expr, $read:expr) => {
        if $cursor.name($name) {
            $read?;
            if !$cursor.comma() {
                return Ok($cursor.bracket(b'}'));
            }
        }
    };
}

/// A record. Of nested members the place is kept; they are read when they are asked for.
#[derive(Debug)]
pub struct Record<'a> {
    /// Any place in its text.
    cursor: Cursor<'a>,
    pub members: Members<'a>,
}

/// The members of a record that are looked at.
#[derive(Debug, Default)]
pub struct Members<'a> {
    event_version: Member<Text<'a>>,
    event_source: Member<Text<'a>>,
    pub event_name: Member<Text<'a>>,
    pub event_time: Member<Text<'a>>,
    event_category: Member<Text<'a>>,
    event_type: Member<Text<'a>>,
    management_event: Member<bool>,
    pub aws_region: Member<Text<'a>>,
    pub error_code: Member<Text<'a>>,
    pub event_id: Member<Text<'a>>,
    /// The same in the copies of one action that two accounts' trails deliver.
    pub shared_event_id: Member<Text<'a>>,
    pub read_only: Member<bool>,
    pub user_identity: Member<Passed>,
    resources: Resources<'a>,
    request_parameters: Member<Span>,
    pub additional_event_data: Member<Span>,
}

impl<'a> Members<'a> {
    fn read_in_any_order(&mut self, cursor: &mut Cursor<'a>, identities: &Identities) -> Result<(), Fault> {
        cursor.members(|cursor, name| match name {
            "eventVersion" => cursor.text(&mut self.event_version),
            "userIdentity" => self.read_identity(cursor, identities),
            "eventTime" => cursor.text(&mut self.event_time),
            "eventSource" => cursor.text(&mut self.event_source),
            "eventName" => cursor.text(&mut self.event_name),
            "awsRegion" => cursor.text(&mut self.aws_region),
            "errorCode" => cursor.text(&mut self.error_code),
            "requestParameters" => cursor.place(&mut self.request_parameters),
            "additionalEventData" => cursor.place(&mut self.additional_event_data),
            "eventID" => cursor.text(&mut self.event_id),
            "readOnly" => cursor.flag(&mut self.read_only),
            "resources" => self.resources.read(cursor),
            "eventType" => cursor.text(&mut self.event_type),
            "managementEvent" => cursor.flag(&mut self.management_event),
            "sharedEventID" => cursor.text(&mut self.shared_event_id),
            "eventCategory" => cursor.text(&mut self.event_category),
            _ => cursor.skip(),
        })
    }

    /// The fast way, for the order in which CloudTrail writes and no white space. `false`: there is something else; what
    /// was read so far does not count.
    fn read_in_order(&mut self, cursor: &mut Cursor<'a>, identities: &Identities) -> Result<bool, Fault> {
        const NAMES: [Name; 25] = [
            Name::new("eventVersion"),
            Name::new("userIdentity"),
            Name::new("eventTime"),
            Name::new("eventSource"),
            Name::new("eventName"),
            Name::new("awsRegion"),
            Name::new("sourceIPAddress"),
            Name::new("userAgent"),
            Name::new("errorCode"),
            Name::new("errorMessage"),
            Name::new("requestParameters"),
            Name::new("responseElements"),
            Name::new("additionalEventData"),
            Name::new("requestID"),
            Name::new("eventID"),
            Name::new("readOnly"),
            Name::new("resources"),
            Name::new("eventType"),
            Name::new("managementEvent"),
            Name::new("recipientAccountId"),
            Name::new("sharedEventID"),
            Name::new("vpcEndpointId"),
            Name::new("vpcEndpointAccountId"),
            Name::new("eventCategory"),
            Name::new("tlsDetails"),
        ];
        if !cursor.bracket(b'{') {
            return Ok(false);
        }
        member!(cursor, &NAMES[0], cursor.text(&mut self.event_version));
        member!(cursor, &NAMES[1], self.read_identity(cursor, identities));
        member!(cursor, &NAMES[2], cursor.text(&mut self.event_time));
        member!(cursor, &NAMES[3], cursor.text(&mut self.event_source));
        member!(cursor, &NAMES[4], cursor.text(&mut self.event_name));
        member!(cursor, &NAMES[5], cursor.text(&mut self.aws_region));
        member!(cursor, &NAMES[6], cursor.skip());
        member!(cursor, &NAMES[7], cursor.skip());
        member!(cursor, &NAMES[8], cursor.text(&mut self.error_code));
        member!(cursor, &NAMES[9], cursor.skip());
        member!(cursor, &NAMES[10], cursor.place(&mut self.request_parameters));
        member!(cursor, &NAMES[11], cursor.skip());
        member!(cursor, &NAMES[12], cursor.place(&mut self.additional_event_data));
        member!(cursor, &NAMES[13], cursor.skip());
        member!(cursor, &NAMES[14], cursor.text(&mut self.event_id));
        member!(cursor, &NAMES[15], cursor.flag(&mut self.read_only));
        member!(cursor, &NAMES[16], self.resources.read(cursor));
        member!(cursor, &NAMES[17], cursor.text(&mut self.event_type));
        member!(cursor, &NAMES[18], cursor.flag(&mut self.management_event));
        member!(cursor, &NAMES[19], cursor.skip());
        member!(cursor, &NAMES[20], cursor.text(&mut self.shared_event_id));
        member!(cursor, &NAMES[21], cursor.skip());
        member!(cursor, &NAMES[22], cursor.skip());
        member!(cursor, &NAMES[23], cursor.text(&mut self.event_category));
        member!(cursor, &NAMES[24], cursor.skip());
        Ok(false)
    }

    fn read_identity(&mut self, cursor: &mut Cursor<'a>, identities: &Identities) -> Result<(), Fault> {
        if cursor.peek() != b'{' {
            return cursor.skip();
        }
        self.user_identity.put(Member::Is(identities.pass(cursor)?));
        Ok(())
    }
}

/// What a record says was touched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Touched<'a> {
    Object {
        bucket: Cow<'a, str>,
        key: Cow<'a, str>,
    },
    /// A listing, with the prefix that was asked for; or a request to the bucket as such, with none.
    Listing {
        bucket: Cow<'a, str>,
        prefix: Cow<'a, str>,
    },
}

/// Almost always one.
pub type Touches<'a> = SmallVec<[Touched<'a>; 1]>;

impl Touched<'_> {
    pub fn bucket(&self) -> &str {
        match self {
            Touched::Object { bucket, .. } | Touched::Listing { bucket, .. } => bucket,
        }
    }
}

/// What a record is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A data event of a general purpose bucket.
    S3Data,
    /// Something else for certain.
    Other,
    /// It does not say, and may be an access.
    Unclear,
}

impl<'a> Record<'a> {
    /// A record that stands at the cursor; `read` reads it.
    #[inline(always)]
    pub fn at(cursor: &Cursor<'a>) -> Record<'a> {
        Record { cursor: cursor.clone(), members: Members::default() }
    }

    /// Reads the value that stands at the cursor. What is no object says nothing.
    pub fn read(&mut self, cursor: &mut Cursor<'a>, identities: &Identities) -> Result<(), Fault> {
        let start = cursor.clone();
        if self.members.read_in_order(cursor, identities) == Ok(true) {
            return Ok(());
        }
        *cursor = start;
        self.members = Members::default();
        self.members.read_in_any_order(cursor, identities)
    }

    /// Before eventVersion 1.07 there is no `eventCategory`, and before 1.06 no `managementEvent`: then the resources, the
    /// name, and last a key in the request decide.
    pub fn kind(&self) -> Kind {
        let Members { event_source, event_category, event_type, event_version, management_event, .. } = &self.members;
        let (Some(source), Some(category), Some(event_type), Some(version), Some(management)) = (
            event_source.string(),
            event_category.string(),
            event_type.string(),
            event_version.string(),
            management_event.get(),
        ) else {
            return Kind::Unclear;
        };
        match source.as_deref() {
            Some(EVENT_SOURCE) => {}
            Some(_) => return Kind::Other,
            // Aggregated events and Insights have a source as well; a record without one is none that is documented.
            None => return Kind::Unclear,
        }
        if matches!(event_type.as_deref(), Some("AwsAggregatedEvent" | "AwsCloudTrailInsight" | "AwsVpceEvent")) {
            return Kind::Other;
        }
        // "The major version is incremented if a change is made to the event structure that is not backward-compatible."
        if version.is_some_and(|version| version.split('.').next() != Some("1")) {
            return Kind::Unclear;
        }
        let is_data = match (category.as_deref(), management) {
            (Some("Data"), _) => true,
            (Some("Management" | "Insight" | "NetworkActivity" | "Aggregated"), _) => false,
            (Some(_), _) => return Kind::Unclear,
            (None, Some(management)) => !management,
            (None, None) => match self.looks_like_data() {
                Some(looks) => looks,
                None => return Kind::Unclear,
            },
        };
        if is_data { Kind::S3Data } else { Kind::Other }
    }

    /// `None`: what it says of itself is not as it should be.
    fn looks_like_data(&self) -> Option<bool> {
        let resources = Some(&self.members.resources).filter(|resources| resources.is_sound)?;
        let name = self.members.event_name.string()??;
        let is_known = DOCUMENTED.iter().any(|event| event.name == name);
        Some(!resources.objects.is_empty() || is_known || self.request()?.key.get()?.is_some())
    }

    /// The objects, listings or buckets that the record names: from `resources`, else from `requestParameters`; and the
    /// object that a copy reads. `None`: it does not say what was touched.
    pub fn touched(&self) -> Option<Touches<'a>> {
        let Resources { objects, buckets, .. } =
            Some(&self.members.resources).filter(|resources| resources.is_sound)?;
        let mut touched = Touches::new();
        for object in objects {
            touched.push(object.object()?);
        }
        if objects.is_empty() || self.may_copy() {
            let request = self.request()?;
            if touched.is_empty() {
                touched.extend(request.object()?);
            }
            if touched.is_empty() {
                for bucket in buckets {
                    touched.push(Touched::Listing { bucket: bucket.bucket()?, prefix: "".into() });
                }
            }
            touched.extend(request.copied_from()?.filter(|_| !touched.is_empty()));
        }
        match touched.len() {
            0 => return None,
            1 => {}
            _ => {
                touched.sort();
                touched.dedup();
            }
        }
        Some(touched)
    }

    /// A documented event other than the two copies has no source.
    fn may_copy(&self) -> bool {
        let Some(Some(name)) = self.members.event_name.string() else { return true };
        // The most frequent first: this is asked for every event.
        let is_known = || DOCUMENTED.iter().any(|event| event.name == name);
        !matches!(&*name, "GetObject" | "PutObject" | "UploadPart" | "HeadObject" | "ListObjects")
            && (name.contains("Copy") || !is_known())
    }

    fn request(&self) -> Option<Request<'a>> {
        let place = self.members.request_parameters.get()?;
        place.map_or(Some(Request::default()), |place| Request::read(&mut self.cursor.back_to(place)).ok())
    }
}

/// What `resources` holds.
#[derive(Debug)]
struct Resources<'a> {
    given: Member<()>,
    /// It is a list of objects with string members, or absent.
    is_sound: bool,
    objects: SmallVec<[Resource<'a>; 1]>,
    buckets: SmallVec<[Resource<'a>; 1]>,
}

impl Default for Resources<'_> {
    fn default() -> Self {
        Resources { given: Member::Absent, is_sound: true, objects: SmallVec::new(), buckets: SmallVec::new() }
    }
}

impl<'a> Resources<'a> {
    fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.given.put(Member::Is(()));
        self.is_sound &= self.given == Member::Is(());
        match cursor.peek() {
            b'[' => cursor.array(|cursor| {
                let resource = Resource::read(cursor)?;
                match resource.kind.string() {
                    Some(kind) if resource.is_sound() => match kind.as_deref() {
                        Some("AWS::S3::Object") => self.objects.push(resource),
                        Some("AWS::S3::Bucket") => self.buckets.push(resource),
                        _ => {}
                    },
                    _ => self.is_sound = false,
                }
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
struct Resource<'a> {
    kind: Member<Text<'a>>,
    arn: Member<Text<'a>>,
    arn_prefix: Member<Text<'a>>,
}

/// Bucket and key of an object's ARN.
type Path<'a> = (Cow<'a, str>, Cow<'a, str>);

impl<'a> Resource<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Resource<'a>, Fault> {
        let start = cursor.clone();
        let mut resource = Resource::default();
        if resource.read_in_order(cursor) == Ok(true) {
            return Ok(resource);
        }
        *cursor = start;
        resource = Resource::default();
        cursor.members(|cursor, name| match name {
            "type" => cursor.text(&mut resource.kind),
            "ARN" => cursor.text(&mut resource.arn),
            "ARNPrefix" => cursor.text(&mut resource.arn_prefix),
            _ => cursor.skip(),
        })?;
        Ok(resource)
    }

    /// The fast way, as for the record itself.
    fn read_in_order(&mut self, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
        const NAMES: [Name; 4] = [Name::new("accountId"), Name::new("type"), Name::new("ARN"), Name::new("ARNPrefix")];
        if !cursor.bracket(b'{') {
            return Ok(false);
        }
        member!(cursor, &NAMES[0], cursor.skip());
        member!(cursor, &NAMES[1], cursor.text(&mut self.kind));
        member!(cursor, &NAMES[2], cursor.text(&mut self.arn));
        member!(cursor, &NAMES[3], cursor.text(&mut self.arn_prefix));
        Ok(false)
    }

    fn is_sound(&self) -> bool {
        self.arn.string().is_some() && self.arn_prefix.string().is_some()
    }

    /// `None`: its ARN is none of an object in a bucket, as an access point's.
    fn object(&self) -> Option<Touched<'a>> {
        match object_path(self.arn).filter(|(_, key)| !key.is_empty()) {
            Some((bucket, key)) => Some(Touched::Object { bucket, key }),
            None => {
                let (bucket, prefix) = object_path(self.arn_prefix).or_else(|| object_path(self.arn))?;
                Some(Touched::Listing { bucket, prefix })
            }
        }
    }

    fn bucket(&self) -> Option<Cow<'a, str>> {
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

/// The members of `requestParameters` that name what was touched.
#[derive(Debug, Default)]
struct Request<'a> {
    bucket: Member<Text<'a>>,
    key: Member<Text<'a>>,
    prefix: Member<Text<'a>>,
    copy_source: Member<Text<'a>>,
}

impl<'a> Request<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Request<'a>, Fault> {
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

    /// `Some(None)`: the request names no bucket; `None`: what it names has no form that we know.
    fn object(&self) -> Option<Option<Touched<'a>>> {
        let Some(bucket) = self.bucket.string()? else { return Some(None) };
        if bucket.ends_with("-s3alias") {
            return None;
        }
        let (key, prefix) = (self.key.string()?.unwrap_or_default(), self.prefix.string()?.unwrap_or_default());
        Some(Some(if key.is_empty() { Touched::Listing { bucket, prefix } } else { Touched::Object { bucket, key } }))
    }

    /// The source of CopyObject or UploadPartCopy: `bucket/key`, percent-encoded. `Some(None)`: it copies nothing; `None`:
    /// what it names has no form that we know, as an access point's ARN.
    fn copied_from(&self) -> Option<Option<Touched<'a>>> {
        let Some(source) = self.copy_source.string()? else { return Some(None) };
        let path = source.split("?versionId=").next()?.trim_start_matches('/');
        let decoded = percent_decoded(path);
        let (bucket, key) = decoded.split_once('/').filter(|(bucket, _)| !bucket.contains(':'))?;
        Some(Some(Touched::Object { bucket: bucket.to_owned().into(), key: key.to_owned().into() }))
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
