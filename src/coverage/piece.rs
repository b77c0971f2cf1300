//! A requirement, cut into products of independent fields.
//!
//! Several fields depend on the event's name: `readOnly`, the source, the types, and whether the ARN may be the bare `bucket/`.
//! So there is a piece for each group of names that agree in all of them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use super::classes::{Domain, Strings};
use super::event::{Place, Requirement};
use super::narrow::Narrowed;
use super::selector::Field;
use crate::aws::s3_events::*;

/// Event names that agree in all but their spelling.
#[derive(Clone)]
struct NameGroup {
    names: Domain,
    read_only: bool,
    does: Access,
    about: About,
    source: &'static str,
    /// There are records of it of type `AwsServiceEvent` too, whoever asked for it.
    fans_out: bool,
    /// Names that no documented event has.
    hypothetical: bool,
}

/// All names: writes first, for their loss weighs most; invented ones last.
static GROUPS: LazyLock<Vec<NameGroup>> = LazyLock::new(|| {
    let usual = NameGroup {
        names: Domain::Names(vec![]),
        read_only: false,
        does: Access::Write,
        about: About::Object,
        source: EVENT_SOURCE,
        fans_out: false,
        hypothetical: false,
    };
    // One a key is left of a DeleteObjects.
    let fans_out = |event: &EventName| event.name == "DeleteObject";
    let named = |read_only: bool, is: &dyn Fn(&EventName) -> bool| {
        let may_be = |event: &&EventName| event.read_only.is_none_or(|flag| flag == read_only);
        let events: Vec<&EventName> = DOCUMENTED.iter().filter(may_be).filter(|event| is(event)).collect();
        NameGroup {
            names: Domain::Names(events.iter().map(|event| event.name.into()).collect()),
            read_only,
            does: events[0].does,
            about: events[0].about,
            fans_out: fans_out(events[0]),
            ..usual.clone()
        }
    };
    let other = |read_only: bool, example: &'static [&'static str], except: HashSet<&'static str>| NameGroup {
        names: Domain::Strings(Strings { beyond_prefix: true, except, examples: example, ..Strings::default() }),
        read_only,
        does: Access::by_flag(read_only),
        ..usual.clone()
    };
    let names = |is: &dyn Fn(&EventName) -> bool| -> HashSet<&'static str> {
        DOCUMENTED.iter().filter(|event| is(event)).map(|event| event.name).collect()
    };
    // S3 writes objects by a lifecycle rule, and does nothing else that has a name.
    let no_writes = names(&|event| event.does != Access::Write || event.about != About::Object);
    let all = names(&|_| true);
    let does = |event: &EventName, does: Access, about: About| event.does == does && event.about == about;
    let known = |event: &EventName| event.read_only.is_some();
    vec![
        named(false, &|event| does(event, Access::Write, About::Object) && !fans_out(event)),
        named(false, &fans_out),
        named(false, &|event| does(event, Access::Write, About::Bucket)),
        NameGroup { source: LIFECYCLE_SOURCE, ..other(false, &["DeleteObject"], no_writes) },
        named(true, &|event| does(event, Access::Read, About::Object) && known(event)),
        named(true, &|event| does(event, Access::Read, About::Listing)),
        named(true, &|event| does(event, Access::Read, About::Bucket)),
        named(false, &|event| event.does == Access::All),
        named(true, &|event| !known(event)),
        named(false, &|event| !known(event)),
        NameGroup { source: AUTHN_ERRORS_SOURCE, ..other(false, REFUSED, all.clone()) },
        NameGroup { source: AUTHN_ERRORS_SOURCE, ..other(true, REFUSED, all.clone()) },
        NameGroup { hypothetical: true, ..other(false, &["PutFutureOperation"], all.clone()) },
        NameGroup { hypothetical: true, ..other(true, &["GetFutureOperation"], all) },
    ]
});

/// A request whose signature was refused.
const REFUSED: &[&str] = &["AuthenticateSignatureDoesNotMatch"];

/// The values of each field of a requirement, apart from the name.
pub(super) struct Space<'r> {
    requirement: &'r Requirement,
    /// Of objects; of listings and requests to the bucket.
    object_arn: Domain,
    bucket_arn: Domain,
    user_identity_arn: Domain,
    event_type: Domain,
    /// Of what fans out.
    both_types: Domain,
}

/// A product of independent fields.
pub(super) struct Piece<'s> {
    pub read_only: bool,
    pub console: bool,
    pub source: &'static str,
    pub hypothetical: bool,
    /// The fields whose values vary.
    pub varying: [(Field, &'s Domain); 4],
}

impl<'r> Space<'r> {
    pub(super) fn of(requirement: &'r Requirement) -> Space<'r> {
        let arn = |beyond_prefix: bool, examples: &'static [&'static str]| {
            Domain::Strings(Strings { prefix: requirement.arn_prefix(), beyond_prefix, examples, ..Strings::default() })
        };
        let keys: &[&str] = match requirement.access {
            Access::Read => &["data.csv", "0000_part_00"],
            Access::Write | Access::All => &["0000_part_00", "data.csv"],
        };
        let names = |names: &[&'static str]| Domain::Names(names.iter().map(|name| (*name).into()).collect());
        let (user_identity_arn, event_type) = match &requirement.role {
            Some(role) => (
                Strings {
                    prefix: role.session_prefix(),
                    beyond_prefix: true,
                    examples: &["RedshiftIamRoleSession", "session"],
                    ..Strings::default()
                },
                names(&[AWS_API_CALL]),
            ),
            None => {
                let examples = &[AWS_API_CALL, AWS_SERVICE_EVENT];
                (
                    Strings { beyond_prefix: true, absent: true, examples: &ANYONE, ..Strings::default() },
                    Domain::Strings(Strings { beyond_prefix: true, examples, ..Strings::default() }),
                )
            }
        };
        let both_types =
            if requirement.role.is_some() { names(&[AWS_API_CALL, AWS_SERVICE_EVENT]) } else { event_type.clone() };
        Space {
            requirement,
            // An object's key is never empty.
            object_arn: arn(requirement.location.prefix.is_empty(), keys),
            bucket_arn: match requirement.place {
                Place::Within => arn(false, &[]),
                Place::Above => shorter(requirement),
            },
            user_identity_arn: Domain::Strings(user_identity_arn),
            event_type,
            both_types,
        }
    }

    /// The pieces that these selectors can tell apart.
    pub(super) fn pieces(&self, selectors: &[&Narrowed]) -> Vec<Piece<'_>> {
        let is_tested = |field: Field| selectors.iter().any(|selector| selector.condition(field).is_some());
        let console_matters = self.requirement.role.is_none() && is_tested(Field::ConsoleSession);
        let consoles: &[bool] = if console_matters { &[false, true] } else { &[false] };
        // Where nothing looks at the source, an event of another one is matched as the same of this one.
        let sources_matter = is_tested(Field::EventSource);
        let groups = GROUPS.iter().filter(|group| sources_matter || group.source == EVENT_SOURCE);
        let groups = groups.filter(|group| self.asks_for(group));
        groups.flat_map(|group| consoles.iter().map(|console| self.piece(group, *console))).collect()
    }

    fn asks_for(&self, group: &NameGroup) -> bool {
        let Requirement { place, location, access, role, .. } = self.requirement;
        // S3 acts by its lifecycle rules for no role; and whose signature was refused is nobody that is known.
        (role.is_none() || group.source == EVENT_SOURCE)
            && access.includes(group.does)
            && match (place, group.about) {
                (Place::Within, About::Object | About::Listing) => true,
                // Of a request to the bucket, the prefix is in no record; of DeleteObjects each key has one of its own.
                (Place::Within, About::Bucket) => location.prefix.is_empty(),
                (Place::Above, about) => about == About::Listing,
            }
    }

    fn piece(&self, group: &'static NameGroup, console: bool) -> Piece<'_> {
        Piece {
            read_only: group.read_only,
            console,
            source: group.source,
            hypothetical: group.hypothetical,
            varying: [
                (Field::EventName, &group.names),
                (Field::ResourceArn, if group.about == About::Object { &self.object_arn } else { &self.bucket_arn }),
                (Field::UserIdentityArn, &self.user_identity_arn),
                (Field::EventType, if group.fans_out { &self.both_types } else { &self.event_type }),
            ],
        }
    }
}

/// The ARNs of listings of each prefix that is shorter than the location's.
fn shorter(requirement: &Requirement) -> Domain {
    let (bucket, prefix) = (requirement.arn_prefix(), &requirement.location.prefix);
    Domain::Names(prefix.char_indices().map(|(end, _)| Cow::from(format!("{bucket}{}", &prefix[..end]))).collect())
}

/// Principals of no particular account.
static ANYONE: [&str; 2] =
    ["arn:aws:sts::123456789012:assumed-role/any-role/any-session", "arn:aws:iam::123456789012:user/any"];

impl Piece<'_> {
    /// Whether the selector accepts the fields that are fixed in this piece.
    pub(super) fn admits(&self, selector: &Narrowed) -> bool {
        let fixed = [
            (Field::ReadOnly, Some(if self.read_only { "true" } else { "false" })),
            (Field::ConsoleSession, self.console.then_some("true")),
            (Field::EventSource, Some(self.source)),
        ];
        fixed.iter().all(|(field, value)| selector.condition(*field).is_none_or(|condition| condition.holds(*value)))
    }
}
