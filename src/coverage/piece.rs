//! A requirement, cut into products of independent fields.
//!
//! Two fields depend on the event's name: `readOnly`, and whether the ARN may be the bare `bucket/`. So there is a piece for
//! each group of names that agree in both.

use crate::aws::s3_events::{AWS_API_CALL, Access, DOCUMENTED};
use std::collections::HashSet;
use std::sync::LazyLock;

use super::classes::{Domain, Strings};
use super::event::Requirement;
use super::narrow::Narrowed;
use super::selector::Field;

/// Event names that agree in `readOnly` and in what they ask.
struct NameGroup {
    names: Domain,
    read_only: bool,
    of_bucket: bool,
    /// Names that no documented event has.
    hypothetical: bool,
}

/// All names: writes first, for their loss weighs most; invented ones last.
static GROUPS: LazyLock<Vec<NameGroup>> = LazyLock::new(|| {
    let documented = |of_bucket: bool, kind: Option<bool>, read_only: bool| {
        let names = DOCUMENTED.iter().filter(|event| event.of_bucket == of_bucket && event.read_only == kind);
        let names = Domain::Names(names.map(|event| event.name).collect());
        NameGroup { names, read_only, of_bucket, hypothetical: false }
    };
    let invented = |read_only: bool| {
        let except: HashSet<&str> = DOCUMENTED.iter().map(|event| event.name).collect();
        let examples: &[&str] = if read_only { &["GetFutureOperation"] } else { &["PutFutureOperation"] };
        let names = Domain::Strings(Strings { beyond_prefix: true, except, examples, ..Strings::default() });
        NameGroup { names, read_only, of_bucket: false, hypothetical: true }
    };
    vec![
        documented(false, Some(false), false),
        documented(true, Some(false), false),
        documented(false, Some(true), true),
        documented(true, Some(true), true),
        documented(false, None, true),
        documented(false, None, false),
        invented(false),
        invented(true),
    ]
});

/// The values of each field of a requirement, apart from the name.
pub(super) struct Space {
    access: Access,
    object_arn: Domain,
    bucket_arn: Domain,
    user_identity_arn: Domain,
    event_type: Domain,
    /// The console flag may be set.
    console: bool,
}

/// A product of independent fields.
pub(super) struct Piece<'s> {
    pub read_only: bool,
    pub console: bool,
    pub hypothetical: bool,
    /// The fields whose values vary.
    pub varying: [(Field, &'s Domain); 4],
}

impl Space {
    pub(super) fn of(requirement: &Requirement) -> Space {
        let arn = |beyond_prefix: bool, examples: &'static [&'static str]| {
            let prefix = requirement.location.arn_prefix(&requirement.partition);
            Domain::Strings(Strings { prefix, beyond_prefix, examples, ..Strings::default() })
        };
        let keys: &[&str] = match requirement.access {
            Access::Read => &["data.csv", "0000_part_00"],
            Access::Write | Access::All => &["0000_part_00", "data.csv"],
        };
        let (user_identity_arn, event_type) = match &requirement.role {
            Some(role) => (
                Strings {
                    prefix: role.session_prefix(),
                    beyond_prefix: true,
                    examples: &["RedshiftIamRoleSession", "session"],
                    ..Strings::default()
                },
                Domain::Names(vec![AWS_API_CALL]),
            ),
            None => {
                let event_types = &[AWS_API_CALL, "AwsServiceEvent"];
                (
                    Strings { beyond_prefix: true, absent: true, examples: &ANYONE, ..Strings::default() },
                    Domain::Strings(Strings { beyond_prefix: true, examples: event_types, ..Strings::default() }),
                )
            }
        };
        Space {
            access: requirement.access,
            // An object's key is never empty.
            object_arn: arn(requirement.location.prefix.is_empty(), keys),
            bucket_arn: arn(false, &[]),
            user_identity_arn: Domain::Strings(user_identity_arn),
            event_type,
            console: requirement.role.is_none(),
        }
    }

    /// The pieces that these selectors can tell apart.
    pub(super) fn pieces(&self, selectors: &[&Narrowed]) -> Vec<Piece<'_>> {
        let console_matters =
            self.console && selectors.iter().any(|selector| selector.condition(Field::ConsoleSession).is_some());
        let consoles: &[bool] = if console_matters { &[false, true] } else { &[false] };
        let groups = GROUPS.iter().filter(|group| self.access.includes(group.read_only));
        groups.flat_map(|group| consoles.iter().map(|console| self.piece(group, *console))).collect()
    }

    fn piece(&self, group: &'static NameGroup, console: bool) -> Piece<'_> {
        let arn = if group.of_bucket { &self.bucket_arn } else { &self.object_arn };
        Piece {
            read_only: group.read_only,
            console,
            hypothetical: group.hypothetical,
            varying: [
                (Field::EventName, &group.names),
                (Field::ResourceArn, arn),
                (Field::UserIdentityArn, &self.user_identity_arn),
                (Field::EventType, &self.event_type),
            ],
        }
    }
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
        ];
        fixed.iter().all(|(field, value)| selector.condition(*field).is_none_or(|condition| condition.holds(*value)))
    }
}
