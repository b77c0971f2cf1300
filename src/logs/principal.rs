//! Who acted, by the record.
//!
//! Source: CloudTrail User Guide, "CloudTrail userIdentity element". A chained role shows only the last role. The path of
//! a role's ARN stands in `sessionIssuer.arn` only; an STS ARN has lost it.

use std::borrow::Cow;

use super::json::{Cursor, Fault, Member, Text};
use crate::aws::arn::{Arn, role_of_session};
use crate::snapshot::NOBODY;

/// The `userIdentity` of a record, as far as it tells who acted.
#[derive(Debug, Clone, Default)]
pub struct UserIdentity<'a> {
    kind: Member<Text<'a>>,
    principal_id: Member<Text<'a>>,
    arn: Member<Text<'a>>,
    account_id: Member<Text<'a>>,
    invoked_by: Member<Text<'a>>,
    issuer: SessionIssuer<'a>,
    behalf_user: Member<Text<'a>>,
    behalf_store: Member<Text<'a>>,
    delegate: Member<Text<'a>>,
    /// `sessionContext`, `onBehalfOf` and `invokedByDelegate` themselves.
    nested: [Member<()>; 3],
}

#[derive(Debug, Clone, Default)]
struct SessionIssuer<'a> {
    nested: Member<()>,
    kind: Member<Text<'a>>,
    arn: Member<Text<'a>>,
    account_id: Member<Text<'a>>,
}

/// The acting principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal {
    /// An IAM ARN, a service's name, or what the record gives.
    pub name: String,
    pub kind: PrincipalKind,
    pub account: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalKind {
    Role,
    User,
    Root,
    FederatedUser,
    Service,
    IdentityCenterUser,
    /// Another account; which of its principals is not in this copy of the record.
    Account,
    Anonymous,
    Unknown,
}

impl PrincipalKind {
    pub fn as_str(self) -> &'static str {
        match self {
            PrincipalKind::Role => "role",
            PrincipalKind::User => "user",
            PrincipalKind::Root => "root",
            PrincipalKind::FederatedUser => "federated_user",
            PrincipalKind::Service => "service",
            PrincipalKind::IdentityCenterUser => "identity_center_user",
            PrincipalKind::Account => "account",
            PrincipalKind::Anonymous => "anonymous",
            PrincipalKind::Unknown => "unknown",
        }
    }
}

impl<'a> UserIdentity<'a> {
    /// Reads the value that stands at the cursor. What is no object says nothing.
    pub fn read(cursor: &mut Cursor<'a>) -> Result<UserIdentity<'a>, Fault> {
        let mut identity = UserIdentity::default();
        cursor.members(|cursor, name| match name {
            "type" => cursor.text(&mut identity.kind),
            "principalId" => cursor.text(&mut identity.principal_id),
            "arn" => cursor.text(&mut identity.arn),
            "accountId" => cursor.text(&mut identity.account_id),
            "invokedBy" => cursor.text(&mut identity.invoked_by),
            "sessionContext" => cursor.nested(&mut identity.nested[0], |cursor, name| match name {
                "sessionIssuer" => identity.issuer.read(cursor),
                _ => cursor.skip(),
            }),
            "onBehalfOf" => cursor.nested(&mut identity.nested[1], |cursor, name| match name {
                "userId" => cursor.text(&mut identity.behalf_user),
                "identityStoreArn" => cursor.text(&mut identity.behalf_store),
                _ => cursor.skip(),
            }),
            "invokedByDelegate" => cursor.nested(&mut identity.nested[2], |cursor, name| match name {
                "accountId" => cursor.text(&mut identity.delegate),
                _ => cursor.skip(),
            }),
            _ => cursor.skip(),
        })?;
        Ok(identity)
    }

    /// `None`: a member is not as it should be, or given twice.
    pub fn principal(&self) -> Option<Principal> {
        let [context, behalf, delegated] = self.nested;
        let _given_once: [Option<()>; 3] = [context.get()?, behalf.get()?, self.issuer.nested.get()?];
        let acting = self.named()?;
        if delegated.get()?.is_none() {
            return Some(acting);
        }
        // A product's provider acts by delegated access, in a session of the account that delegates (CloudTrail User Guide,
        // "CloudTrail userIdentity element", `invokedByDelegate`).
        let account = told(self.delegate)??.into_owned();
        Some(Principal {
            name: format!("{} for account {account}", acting.name),
            kind: PrincipalKind::Account,
            account: Some(account),
        })
    }

    /// Who is named, delegated or not.
    fn named(&self) -> Option<Principal> {
        let (kind, arn) = (told(self.kind)?, told(self.arn)?);
        let (account_id, principal_id) = (told(self.account_id)?, told(self.principal_id)?);
        let (kind, arn, principal_id) = (kind.as_deref(), arn.as_deref(), principal_id.as_deref());
        let of = |kind: PrincipalKind, name: Option<&str>, account: Option<&str>| {
            Some(Principal {
                name: name.unwrap_or(NOBODY).to_owned(),
                kind: if name.is_some() { kind } else { PrincipalKind::Unknown },
                account: account.or(account_id.as_deref()).map(str::to_owned),
            })
        };
        if matches!(account_id.as_deref(), Some("ANONYMOUS_PRINCIPAL" | "anonymous")) {
            return Some(Principal { name: "anonymous".to_owned(), kind: PrincipalKind::Anonymous, account: None });
        }
        let (issuer_kind, issuer) = (told(self.issuer.kind)?, told(self.issuer.arn)?);
        if issuer_kind.as_deref() == Some("Role") && issuer.is_some() {
            return of(PrincipalKind::Role, issuer.as_deref(), told(self.issuer.account_id)?.as_deref());
        }
        let invoked_by = told(self.invoked_by)?;
        match kind {
            Some("AssumedRole" | "Role") => match arn.and_then(role_of_session) {
                Some((role, account)) => of(PrincipalKind::Role, Some(&role), Some(&account)),
                None => of(PrincipalKind::Unknown, arn.or(principal_id), None),
            },
            Some("FederatedUser") => match issuer.as_deref() {
                Some(parent) if parent.ends_with(":root") => of(PrincipalKind::Root, Some(parent), None),
                Some(parent) => of(PrincipalKind::User, Some(parent), None),
                None => of(PrincipalKind::FederatedUser, arn, None),
            },
            // Whom a provider outside of AWS knows.
            Some("WebIdentityUser" | "SAMLUser") => of(PrincipalKind::FederatedUser, principal_id, None),
            Some("IAMUser") => of(PrincipalKind::User, arn, None),
            Some("Root") => of(PrincipalKind::Root, arn, None),
            Some("IdentityCenterUser") => {
                of(PrincipalKind::IdentityCenterUser, self.identity_center_user()?.as_deref(), None)
            }
            // Of a role's session, the id is the role's, and behind a colon the session's name.
            Some("AWSAccount") => {
                let id = principal_id.map(|id| id.split(':').next().unwrap_or(id));
                of(PrincipalKind::Account, id.filter(|id| !id.is_empty()).or(account_id.as_deref()), None)
            }
            Some("AWSService") => of(PrincipalKind::Service, invoked_by.as_deref(), None),
            // A service event; with an ARN somebody else acted, through the service.
            None if arn.is_none() && principal_id.is_none() => of(PrincipalKind::Service, invoked_by.as_deref(), None),
            _ => of(PrincipalKind::Unknown, arn.or(principal_id), None),
        }
    }

    /// The role session's name, where the ARN shows one.
    pub fn session_name(&self) -> Option<String> {
        let arn = self.arn.string()??;
        let resource = Arn::parse(&arn)?.resource;
        resource.strip_prefix("assumed-role/")?.split_once('/').map(|(_, session)| session.to_owned())
    }

    fn identity_center_user(&self) -> Option<Option<String>> {
        let store = told(self.behalf_store)?;
        let user = told(self.behalf_user)?;
        Some(user.map(|user| format!("{}/user/{user}", store.as_deref().unwrap_or("identitystore"))))
    }
}

/// What a member says; a blank says nothing. The outer `None`: it is not as it should be.
fn told(member: Member<Text>) -> Option<Option<Cow<str>>> {
    Some(member.string()?.filter(|text| !text.trim().is_empty()))
}

impl<'a> SessionIssuer<'a> {
    fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        cursor.nested(&mut self.nested, |cursor, name| match name {
            "type" => cursor.text(&mut self.kind),
            "arn" => cursor.text(&mut self.arn),
            "accountId" => cursor.text(&mut self.account_id),
            _ => cursor.skip(),
        })
    }
}
