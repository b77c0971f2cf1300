//! One CloudTrail record, as far as S3 data events need it.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents". Fields that AWS calls optional are optional here; an
//! absent `readOnly` is unknown, not false.

mod kind;
mod request;
mod resource;
mod resource_list;

pub use kind::Kind;
use kind::{Category, EventType, Source, Structure, Traits};
use request::Request;
pub use resource::{Few, Reached, Resource};
use resource_list::{ResourceList, bucket_name};

use std::borrow::Cow;

use super::identity::{Identities, Passed};
use super::json::{Compact, Cursor, Fault, Member, Span, Text};
use crate::aws::s3_events::{About, Access, EventName, documented};
use crate::aws::timestamp::Timestamp;

/// Since then, a DeleteObjects leaves a record for each key, and is itself about the bucket alone (CloudTrail User Guide,
/// document history, 9 June 2025).
const FANS_OUT: Timestamp = Timestamp(time::macros::utc_datetime!(2025-06-10 00:00));

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
    traits: Traits,
    pub event_name: Member<Text<'a>>,
    pub event_time: Member<Text<'a>>,
    pub aws_region: Member<Text<'a>>,
    pub source_ip_address: Member<Text<'a>>,
    pub error_code: Member<Text<'a>>,
    pub event_id: Member<Text<'a>>,
    /// The same in the copies of one action that two accounts' trails deliver.
    pub shared_event_id: Member<Text<'a>>,
    pub read_only: Member<bool>,
    pub user_identity: Member<Passed>,
    resources: ResourceList<'a>,
    request_parameters: Member<Span>,
    pub additional_event_data: Member<Span>,
}

impl<'a> Members<'a> {
    fn read_in_any_order(&mut self, cursor: &mut Cursor<'a>, identities: &mut Identities) -> Result<(), Fault> {
        cursor.members(|cursor, name| match name {
            "eventVersion" => cursor.word(&mut self.traits.version, Structure::of),
            "userIdentity" => self.read_identity(cursor, identities),
            "eventTime" => cursor.text(&mut self.event_time),
            "eventSource" => cursor.word(&mut self.traits.source, Source::of),
            "eventName" => cursor.text(&mut self.event_name),
            "awsRegion" => cursor.text(&mut self.aws_region),
            "sourceIPAddress" => cursor.text(&mut self.source_ip_address),
            "errorCode" => cursor.text(&mut self.error_code),
            "requestParameters" => cursor.place(&mut self.request_parameters),
            "additionalEventData" => cursor.place(&mut self.additional_event_data),
            "eventID" => cursor.text(&mut self.event_id),
            "readOnly" => cursor.flag(&mut self.read_only),
            "resources" => self.resources.read(cursor),
            "eventType" => cursor.word(&mut self.traits.event_type, EventType::of),
            "managementEvent" => cursor.flag(&mut self.traits.management),
            "sharedEventID" => cursor.text(&mut self.shared_event_id),
            "eventCategory" => cursor.word(&mut self.traits.category, Category::of),
            _ => cursor.skip(),
        })
    }

    /// The fast way, for the order in which CloudTrail writes and no white space. `None`: there is something else; what
    /// was read so far does not count.
    #[inline(always)]
    fn guess(&mut self, compact: &mut Compact<'a>, identities: &mut Identities) -> Option<()> {
        if !compact.passes(br#"{"eventVersion":""#) {
            return None;
        }
        self.traits.version = word(compact, Structure::of)?;
        if compact.passes(br#","userIdentity":"#) {
            self.user_identity = identity(compact, identities)?;
        }
        if compact.passes(br#","eventTime":""#) {
            self.event_time = text(compact)?;
        }
        if compact.passes(br#","eventSource":"s3.amazonaws.com""#) {
            self.traits.source = Member::Is(Source::S3);
        } else if compact.passes(br#","eventSource":""#) {
            self.traits.source = word(compact, Source::of)?;
        }
        if compact.passes(br#","eventName":""#) {
            self.event_name = text(compact)?;
        }
        if compact.passes(br#","awsRegion":""#) {
            self.aws_region = text(compact)?;
        }
        if compact.passes(br#","sourceIPAddress":""#) {
            self.source_ip_address = text(compact)?;
        }
        if compact.passes(br#","userAgent":""#) {
            compact.pass_string()?;
        }
        if compact.passes(br#","errorCode":""#) {
            self.error_code = text(compact)?;
        }
        if compact.passes(br#","errorMessage":""#) {
            compact.pass_string()?;
        }
        if compact.passes(br#","requestParameters":"#) {
            self.request_parameters = place(compact)?;
        }
        if !compact.passes(br#","responseElements":null"#) && compact.passes(br#","responseElements":"#) {
            compact.value()?;
        }
        if compact.passes(br#","additionalEventData":"#) {
            self.additional_event_data = place(compact)?;
        }
        if compact.passes(br#","requestID":""#) {
            compact.pass_string()?;
        }
        if compact.passes(br#","eventID":""#) {
            self.event_id = text(compact)?;
        }
        if compact.passes(br#","readOnly":"#) {
            self.read_only = flag(compact)?;
        }
        if compact.passes(br#","resources":"#) {
            self.resources.guess(compact)?;
        }
        if compact.passes(br#","eventType":"AwsApiCall""#) {
            self.traits.event_type = Member::Is(EventType::Other);
        } else if compact.passes(br#","eventType":""#) {
            self.traits.event_type = word(compact, EventType::of)?;
        }
        if compact.passes(br#","managementEvent":"#) {
            self.traits.management = flag(compact)?;
        }
        if compact.passes(br#","recipientAccountId":""#) {
            compact.pass_string()?;
        }
        if compact.passes(br#","sharedEventID":""#) {
            self.shared_event_id = text(compact)?;
        }
        if compact.passes(br#","vpcEndpointId":""#) {
            compact.pass_string()?;
        }
        if compact.passes(br#","vpcEndpointAccountId":""#) {
            compact.pass_string()?;
        }
        if compact.passes(br#","eventCategory":"Data""#) {
            self.traits.category = Member::Is(Category::Data);
        } else if compact.passes(br#","eventCategory":""#) {
            self.traits.category = word(compact, Category::of)?;
        }
        if compact.passes(br#","tlsDetails":"#) {
            compact.value()?;
        }
        compact.passes(b"}").then_some(())
    }

    fn read_identity(&mut self, cursor: &mut Cursor<'a>, identities: &mut Identities) -> Result<(), Fault> {
        if cursor.peek() != b'{' {
            return cursor.skip();
        }
        self.user_identity.put(Member::Is(identities.pass(cursor)?));
        Ok(())
    }
}

/// The guesses at one member's value.
#[inline(always)]
fn text<'a>(compact: &mut Compact<'a>) -> Option<Member<Text<'a>>> {
    compact.string().map(|raw| Member::Is(Text::plain(raw)))
}

#[inline(always)]
fn word<T>(compact: &mut Compact, meaning: fn(&str) -> T) -> Option<Member<T>> {
    compact.string().map(|raw| Member::Is(meaning(raw)))
}

#[inline(always)]
fn flag(compact: &mut Compact) -> Option<Member<bool>> {
    compact.flag().map(Member::Is)
}

#[inline(always)]
fn place(compact: &mut Compact) -> Option<Member<Span>> {
    Some(if compact.passes(b"null") { Member::Null } else { Member::Is(compact.value()?) })
}

#[inline(always)]
fn identity(compact: &mut Compact, identities: &mut Identities) -> Option<Member<Passed>> {
    // What is no object says nothing; that is the strict reader's to say.
    compact.stands_at(b'{').then_some(())?;
    compact.strictly(|cursor| identities.pass(cursor)).map(Member::Is)
}

impl<'a> Record<'a> {
    /// A record that stands at the cursor; `read` reads it.
    #[inline(always)]
    pub fn at(cursor: &Cursor<'a>) -> Record<'a> {
        Record { cursor: cursor.clone(), members: Members::default() }
    }

    /// Reads the value that stands at the cursor. What is no object says nothing.
    pub fn read(&mut self, cursor: &mut Cursor<'a>, identities: &mut Identities) -> Result<(), Fault> {
        let mut compact = cursor.compact();
        if self.members.guess(&mut compact, identities).is_some() {
            cursor.pass(compact);
            return Ok(());
        }
        self.members = Members::default();
        self.members.read_in_any_order(cursor, identities)
    }

    pub fn kind(&self) -> Kind {
        self.members.traits.kind(|| self.looks_like_data(), &self.members.resources)
    }

    /// `None`: what it says of itself is not as it should be.
    fn looks_like_data(&self) -> Option<bool> {
        let resources = Some(&self.members.resources).filter(|resources| resources.is_sound)?;
        let name = self.members.event_name.string()??;
        Some(resources.has_objects() || documented(&name).is_some() || self.request()?.key.get()?.is_some())
    }

    /// What the record names: the objects, listings or buckets of `resources`, else of `requestParameters`; and the object that a
    /// copy reads. `None`: it does not say which, or not all of it.
    pub fn reached(&mut self, time: Timestamp) -> Option<Few<Reached<'a>>> {
        let resources = &mut self.members.resources;
        if !resources.is_sound || !resources.is_known {
            return None;
        }
        let mut named = std::mem::take(&mut resources.objects);
        let name = self.members.event_name.string()??;
        let event = documented(&name);
        let read_only = self.members.read_only.get()?;
        // A documented event other than the two copies has no source.
        let may_copy = event.is_none_or(|event| event.does == Access::All);
        let (mut source, mut target) = (None, None);
        if named.is_empty() || may_copy {
            let request = self.request()?;
            source = request.copied_from()?;
            let asked = request.object(self.one_bucket(), self.members.resources.has_access_point);
            target = if named.is_empty() { asked? } else { asked.flatten() };
            if named.is_empty() {
                named.extend(target.clone());
            }
            if named.is_empty() {
                for arn in &self.members.resources.buckets {
                    named.push(Resource::Listing { bucket: bucket_name(*arn)?, prefix: "".into() });
                }
            }
            if !named.is_empty() {
                named.extend(source.clone());
            }
        }
        if event.is_some_and(|event| event.about == About::Bucket && (event.does == Access::Read || time >= FANS_OUT)) {
            named.iter_mut().for_each(of_bucket_alone);
        }
        if named.len() > 1 {
            named.sort();
            named.dedup();
        }
        let is_copy = event.is_some_and(|event| event.does == Access::All);
        // Of a copy that hides its source, nobody knows what it reads.
        if named.is_empty() || is_copy && source.is_none() && named.len() < 2 {
            return None;
        }
        let does = |resource: &Resource| {
            if !is_copy && source.is_none() {
                return done_by(event, read_only);
            }
            match (source.as_ref().map(|source| source == resource), target.as_ref().map(|target| target == resource)) {
                (Some(true), Some(true)) => Some(Access::All),
                (Some(true), _) | (None, Some(false)) => Some(Access::Read),
                (_, Some(true)) | (Some(false), None) => Some(Access::Write),
                (Some(false), Some(false)) | (None, None) => None,
            }
        };
        Some(named.into_iter().map(|resource| Reached { does: does(&resource), resource }).collect())
    }

    /// The bucket of `resources`, where there is one.
    fn one_bucket(&self) -> Option<Cow<'a, str>> {
        match self.members.resources.buckets[..] {
            [arn] => bucket_name(arn),
            _ => None,
        }
    }

    fn request(&self) -> Option<Request<'a>> {
        let place = self.members.request_parameters.get()?;
        place.map_or(Some(Request::default()), |place| Request::read(&mut self.cursor.back_to(place)).ok())
    }
}

/// What an event does that is no copy: by its name, and by its flag where it has no name that we know, or says otherwise.
fn done_by(event: Option<&EventName>, read_only: Option<bool>) -> Option<Access> {
    match (event, read_only) {
        (Some(event), Some(flag)) if event.read_only == Some(!flag) => Some(Access::All),
        (Some(event), _) => Some(event.does),
        (None, flag) => flag.map(Access::by_flag),
    }
}

fn of_bucket_alone(resource: &mut Resource) {
    if let Resource::Listing { bucket, prefix } = resource
        && prefix.is_empty()
    {
        *resource = Resource::Bucket { bucket: std::mem::take(bucket) };
    }
}

#[cfg(test)]
mod tests;
