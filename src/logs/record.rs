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
pub use resource::{Resource, Resources};
use resource_list::{ResourceList, bucket_name};

use super::identity::{Identities, Passed};
use super::json::{Compact, Cursor, Fault, Member, Span, Text};
use crate::aws::s3_events::DOCUMENTED;

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
            compact.pass_string()?;
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
        self.members.traits.kind(|| self.looks_like_data())
    }

    /// `None`: what it says of itself is not as it should be.
    fn looks_like_data(&self) -> Option<bool> {
        let resources = Some(&self.members.resources).filter(|resources| resources.is_sound)?;
        let name = self.members.event_name.string()??;
        let is_known = || DOCUMENTED.iter().any(|event| event.name == name);
        Some(resources.has_objects() || is_known() || self.request()?.key.get()?.is_some())
    }

    /// The objects, listings or buckets that the record names: from `resources`, else from `requestParameters`; and the
    /// object that a copy reads. `None`: it does not say which.
    pub fn resources(&mut self) -> Option<Resources<'a>> {
        let resources = &mut self.members.resources;
        if !resources.is_sound || !resources.is_known {
            return None;
        }
        let mut named = std::mem::take(&mut resources.objects);
        if named.is_empty() || self.may_copy() {
            let request = self.request()?;
            if named.is_empty() {
                named.extend(request.object()?);
            }
            if named.is_empty() {
                for arn in &self.members.resources.buckets {
                    named.push(Resource::Listing { bucket: bucket_name(*arn)?, prefix: "".into() });
                }
            }
            named.extend(request.copied_from()?.filter(|_| !named.is_empty()));
        }
        match named.len() {
            0 => return None,
            1 => {}
            _ => {
                named.sort();
                named.dedup();
            }
        }
        Some(named)
    }

    /// A documented event other than the two copies has no source.
    fn may_copy(&self) -> bool {
        let Some(Some(name)) = self.members.event_name.string() else { return true };
        let is_known = DOCUMENTED.iter().any(|event| event.name == name);
        !is_known || matches!(&*name, "CopyObject" | "UploadPartCopy")
    }

    fn request(&self) -> Option<Request<'a>> {
        let place = self.members.request_parameters.get()?;
        place.map_or(Some(Request::default()), |place| Request::read(&mut self.cursor.back_to(place)).ok())
    }
}

#[cfg(test)]
mod tests;
