//! Who acted, by the record.
//!
//! Source: CloudTrail User Guide, "CloudTrail userIdentity element". A chained role shows only the last role. The path of
//! a role's ARN stands in `sessionIssuer.arn` only; an STS ARN has lost it.

use serde::Deserialize;

use crate::arn::Arn;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserIdentity {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub principal_id: Option<String>,
    pub arn: Option<String>,
    pub account_id: Option<String>,
    pub invoked_by: Option<String>,
    pub session_context: Option<SessionContext>,
    pub on_behalf_of: Option<OnBehalfOf>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionContext {
    pub session_issuer: Option<SessionIssuer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionIssuer {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub arn: Option<String>,
    pub account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnBehalfOf {
    pub user_id: Option<String>,
    pub identity_store_arn: Option<String>,
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

impl UserIdentity {
    pub fn principal(&self) -> Principal {
        let of = |kind: PrincipalKind, name: Option<&str>, account: Option<&str>| Principal {
            name: name.unwrap_or("unknown").to_owned(),
            kind: if name.is_some() { kind } else { PrincipalKind::Unknown },
            account: account.or(self.account_id.as_deref()).map(str::to_owned),
        };
        if matches!(self.account_id.as_deref(), Some("ANONYMOUS_PRINCIPAL" | "anonymous")) {
            return Principal { name: "anonymous".to_owned(), kind: PrincipalKind::Anonymous, account: None };
        }
        let issuer = self.session_context.as_ref().and_then(|context| context.session_issuer.as_ref());
        if let Some(issuer) = issuer.filter(|issuer| issuer.kind.as_deref() == Some("Role") && issuer.arn.is_some()) {
            return of(PrincipalKind::Role, issuer.arn.as_deref(), issuer.account_id.as_deref());
        }
        let arn = self.arn.as_deref();
        match self.kind.as_deref() {
            Some("AssumedRole" | "Role") => match arn.and_then(role_of_session) {
                Some((role, account)) => of(PrincipalKind::Role, Some(&role), Some(&account)),
                None => of(PrincipalKind::Unknown, arn.or(self.principal_id.as_deref()), None),
            },
            Some("FederatedUser") => match issuer.and_then(|issuer| issuer.arn.as_deref()) {
                Some(parent) if parent.ends_with(":root") => of(PrincipalKind::Root, Some(parent), None),
                Some(parent) => of(PrincipalKind::User, Some(parent), None),
                None => of(PrincipalKind::FederatedUser, arn, None),
            },
            Some("IAMUser") => of(PrincipalKind::User, arn, None),
            Some("Root") => of(PrincipalKind::Root, arn, None),
            Some("IdentityCenterUser") => {
                of(PrincipalKind::IdentityCenterUser, self.identity_center_user().as_deref(), None)
            }
            Some("AWSAccount") => {
                of(PrincipalKind::Account, self.principal_id.as_deref().or(self.account_id.as_deref()), None)
            }
            Some("AWSService") => of(PrincipalKind::Service, self.invoked_by.as_deref(), None),
            // A service event; with an ARN somebody else acted, through the service.
            None if arn.is_none() && self.principal_id.is_none() => {
                of(PrincipalKind::Service, self.invoked_by.as_deref(), None)
            }
            _ => of(PrincipalKind::Unknown, arn.or(self.principal_id.as_deref()), None),
        }
    }

    /// The role session's name, where the ARN shows one.
    pub fn session_name(&self) -> Option<&str> {
        let resource = Arn::parse(self.arn.as_deref()?)?.resource;
        resource.strip_prefix("assumed-role/")?.split_once('/').map(|(_, session)| session)
    }

    fn identity_center_user(&self) -> Option<String> {
        let behalf = self.on_behalf_of.as_ref()?;
        let user = behalf.user_id.as_deref()?;
        Some(format!("{}/user/{user}", behalf.identity_store_arn.as_deref().unwrap_or("identitystore")))
    }
}

/// The role behind `arn:P:sts::ACCOUNT:assumed-role/NAME/SESSION`, or a role ARN as it is, with its account.
pub fn role_of_session(arn: &str) -> Option<(String, String)> {
    let parsed = Arn::parse(arn)?;
    let role = match parsed.resource.split_once('/')? {
        ("assumed-role", rest) => {
            let name = rest.split('/').next().filter(|name| !name.is_empty())?;
            format!("arn:{}:iam::{}:role/{name}", parsed.partition, parsed.account)
        }
        ("role", _) => arn.to_owned(),
        _ => return None,
    };
    Some((role, parsed.account.to_owned()))
}
