//! The tables that declare locations: `[[redshift.unload]]`, `[[redshift.copy]]` and `[[access]]`.

use super::document::{AccessRule as RawAccess, Redshift as RawRedshift};
use super::error::{ConfigError, Source};
use super::roles::{role_arn, role_chain};
use crate::aws::arn::{Arn, RoleArn};
use crate::aws::location::{Location, LocationKind};
use crate::aws::s3_events::Access;
use crate::aws::timestamp::Timestamp;

/// `[[redshift.unload]]` or `[[redshift.copy]]`.
#[derive(Debug, Clone)]
pub struct RedshiftLocation {
    pub kind: LocationKind,
    pub location: Location,
    /// The role that acts on S3: of a chain, the last. `None`: anyone.
    pub role: Option<RoleArn>,
    /// Of a chain of roles, the first: the one that the cluster has (Redshift Management Guide, "Chaining IAM roles").
    pub chained_from: Option<RoleArn>,
    pub cluster: Option<String>,
    pub access: Access,
    /// When an UNLOAD is known to have begun there.
    pub unloaded_at: Vec<Timestamp>,
    /// Where in the file it is declared, from 1.
    pub line: usize,
}

impl RedshiftLocation {
    /// The role that a cluster must have to use the location.
    pub fn carried_role(&self) -> Option<&RoleArn> {
        self.chained_from.as_ref().or(self.role.as_ref())
    }
}

/// `[[access]]`: only these may touch the location.
#[derive(Debug, Clone)]
pub struct AccessRule {
    pub location: Location,
    /// Role ARNs, whose path and name may hold `*`.
    pub roles: Vec<RoleArn>,
    pub users: Vec<String>,
    pub services: Vec<String>,
    pub actions: Access,
    pub line: usize,
}

pub(super) fn redshift_location(
    source: &Source,
    kind: LocationKind,
    raw: RawRedshift,
) -> Result<RedshiftLocation, ConfigError> {
    let (location, line) = location(source, &raw.location)?;
    let mut chain = raw.role.map(|role| role_chain(source, &role)).transpose()?.unwrap_or_default();
    let role = chain.pop();
    let chained_from = chain.into_iter().next();
    let default = match kind {
        LocationKind::Unload => Access::All,
        LocationKind::Copy => Access::Read,
    };
    let unloaded_at = raw.unloaded_at.iter().map(|at| instant(source, at)).collect::<Result<_, _>>()?;
    if let Some(at) = raw.unloaded_at.first().filter(|_| kind == LocationKind::Copy) {
        return Err(source.at(at.span(), "unloaded_at belongs to [[redshift.unload]]: COPY writes nothing"));
    }
    let access = raw.access.unwrap_or(default);
    Ok(RedshiftLocation { kind, location, role, chained_from, cluster: raw.cluster, access, unloaded_at, line })
}

fn instant(source: &Source, raw: &toml::Spanned<toml::value::Datetime>) -> Result<Timestamp, ConfigError> {
    Timestamp::parse(&raw.get_ref().to_string()).ok_or_else(|| {
        let message = format!("`{}` is no instant; expected one such as 2026-11-22T07:00:00Z", raw.get_ref());
        source.at(raw.span(), message)
    })
}

pub(super) fn access_rule(source: &Source, raw: RawAccess) -> Result<AccessRule, ConfigError> {
    let (location, line) = location(source, &raw.location)?;
    let roles = raw.roles.iter().map(|role| role_arn(source, role.span(), role.get_ref())).collect::<Result<_, _>>()?;
    for user in &raw.users {
        let is_user = |arn: Arn| arn.service == "iam" && (arn.resource.starts_with("user/") || arn.resource == "root");
        if !Arn::parse(user.get_ref()).is_some_and(is_user) || user.get_ref().contains('*') {
            let message = format!("`{}` is not a user's ARN; expected arn:aws:iam::ACCOUNT:user/NAME", user.get_ref());
            return Err(source.at(user.span(), message));
        }
    }
    for service in &raw.services {
        if !service.get_ref().contains(".amazonaws.") && service.get_ref() != "AWS Internal" {
            let message =
                format!("`{}` is not an AWS service; expected one such as logging.s3.amazonaws.com", service.get_ref());
            return Err(source.at(service.span(), message));
        }
    }
    Ok(AccessRule {
        location,
        roles,
        users: raw.users.into_iter().map(toml::Spanned::into_inner).collect(),
        services: raw.services.into_iter().map(toml::Spanned::into_inner).collect(),
        actions: raw.actions.unwrap_or(Access::All),
        line,
    })
}

fn location(source: &Source, raw: &toml::Spanned<String>) -> Result<(Location, usize), ConfigError> {
    let location = Location::parse(raw.get_ref()).map_err(|error| source.at(raw.span(), error.to_string()))?;
    Ok((location, source.line(raw.span().start)))
}
