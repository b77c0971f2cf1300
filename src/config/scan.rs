//! `[scan]`: which account, regions and how long.

use std::collections::BTreeSet;

use super::document;
use super::error::{ConfigError, Source};
use super::units;
use crate::aws::arn::{RoleArn, is_account_id};
use crate::aws::regions::REGIONS;
use crate::nearest::nearest;

/// Far beyond what a scan takes.
const DEFAULT_BUDGET: std::time::Duration = std::time::Duration::from_secs(3600);

pub(super) fn account_id(source: &Source, raw: toml::Spanned<String>) -> Result<String, ConfigError> {
    match is_account_id(raw.get_ref()) {
        true => Ok(raw.into_inner()),
        false => {
            let message = format!("`{}` is not an account's id; expected 12 digits in quotes", raw.get_ref());
            Err(source.at(raw.span(), message))
        }
    }
}

/// An account that is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanAccount {
    pub id: String,
    /// The ARN of the role in it that is assumed; `None`: the credentials are of this account.
    pub role: Option<String>,
    pub external_id: Option<String>,
}

/// Which accounts of an organization are scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanOrganization {
    /// The role's name, with its path.
    pub role: String,
    pub external_id: Option<String>,
    /// Empty: all accounts.
    pub include_ou: Vec<String>,
    pub exclude: Vec<String>,
}

/// What AWS would refuse only when the scan has begun is refused here.
pub(super) fn scanned(
    source: &Source,
    raw_accounts: Option<toml::Spanned<Vec<document::ScanAccount>>>,
    raw_organization: Option<toml::Spanned<document::ScanOrganization>>,
) -> Result<(Vec<ScanAccount>, Option<ScanOrganization>), ConfigError> {
    if let (Some(_), Some(organization)) = (&raw_accounts, &raw_organization) {
        let message = "scan.accounts and scan.organization: give one of the two";
        return Err(source.at(organization.span(), message));
    }
    let organization = raw_organization.map(|raw| organization(source, raw.into_inner())).transpose()?;
    Ok((accounts(source, raw_accounts)?, organization))
}

fn organization(source: &Source, raw: document::ScanOrganization) -> Result<ScanOrganization, ConfigError> {
    let role = raw.role.get_ref();
    let is_name = |role: &str| RoleArn::parse(&format!("arn:aws:iam::000000000000:role/{role}")).is_some();
    if role.starts_with("arn:") || role.contains('*') || !is_name(role) {
        let message =
            format!("`{role}` is not a role's name; expected one such as trailcheck-audit, the same in every account");
        return Err(source.at(raw.role.span(), message));
    }
    let external_id = raw.external_id.map(|id| external_id(source, id)).transpose()?;
    for unit in &raw.include_ou {
        let id = unit.get_ref();
        if !(id.starts_with("ou-") || id.starts_with("r-")) {
            let message =
                format!("`{id}` is not the id of an organizational unit; expected ou-… or, for the root, r-…");
            return Err(source.at(unit.span(), message));
        }
    }
    Ok(ScanOrganization {
        role: raw.role.into_inner(),
        external_id,
        include_ou: raw.include_ou.into_iter().map(toml::Spanned::into_inner).collect(),
        exclude: raw.exclude.into_iter().map(|id| account_id(source, id)).collect::<Result<_, _>>()?,
    })
}

/// Security Token Service API Reference, AssumeRole.
fn external_id(source: &Source, id: toml::Spanned<String>) -> Result<String, ConfigError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    if !(2..=1224).contains(&id.get_ref().len()) || !id.get_ref().chars().all(is_allowed) {
        let message = "it is no external id: expected are 2 to 1224 letters, digits and _+=,.@:/-";
        return Err(source.at(id.span(), message));
    }
    Ok(id.into_inner())
}

fn accounts(
    source: &Source,
    accounts: Option<toml::Spanned<Vec<document::ScanAccount>>>,
) -> Result<Vec<ScanAccount>, ConfigError> {
    let Some(accounts) = accounts else { return Ok(vec![]) };
    if accounts.get_ref().is_empty() {
        let message = "scan.accounts is empty: leave it out for the account of the credentials, or name some";
        return Err(source.at(accounts.span(), message));
    }
    let mut ids = BTreeSet::new();
    let (mut read, mut own) = (vec![], None);
    for account in accounts.into_inner() {
        let span = account.id.span();
        let account = scan_account(source, account)?;
        if !ids.insert(account.id.clone()) {
            return Err(source.at(span, format!("account {} is there twice", account.id)));
        }
        if account.role.is_none()
            && let Some(other) = own.replace(account.id.clone())
        {
            let message = format!(
                "accounts {other} and {} have no role, and the credentials are of one account: give the other `role`",
                account.id
            );
            return Err(source.at(span, message));
        }
        read.push(account);
    }
    Ok(read)
}

fn scan_account(source: &Source, raw: document::ScanAccount) -> Result<ScanAccount, ConfigError> {
    let id = account_id(source, raw.id)?;
    if let Some(role) = &raw.role {
        let Some(arn) = RoleArn::parse(role.get_ref()).filter(|arn| !arn.name.contains('*')) else {
            let message = format!("`{}` is not a role's ARN; expected arn:aws:iam::{id}:role/NAME", role.get_ref());
            return Err(source.at(role.span(), message));
        };
        if arn.account != id {
            let message = format!("the role is of account {}, not of {id}", arn.account);
            return Err(source.at(role.span(), message));
        }
    }
    if let Some(external_id) = raw.external_id.as_ref().filter(|_| raw.role.is_none()) {
        return Err(source.at(external_id.span(), "an external id goes with a role: give `role`"));
    }
    let external_id = raw.external_id.map(|id| external_id(source, id)).transpose()?;
    Ok(ScanAccount { id, role: raw.role.map(toml::Spanned::into_inner), external_id })
}

pub(super) fn regions(
    source: &Source,
    regions: Option<Vec<toml::Spanned<String>>>,
) -> Result<Option<Vec<String>>, ConfigError> {
    let Some(regions) = regions else { return Ok(None) };
    if regions.is_empty() {
        return Err(source.nowhere("scan.regions is empty: leave it out for every enabled region, or name some"));
    }
    let mut names = Vec::new();
    for region in regions {
        let shape = region.get_ref().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let ends_in_a_number = region.get_ref().ends_with(|c: char| c.is_ascii_digit());
        let is_three = region.get_ref().split('-').count() >= 3;
        if !shape || !ends_in_a_number || !is_three || region.get_ref().split('-').any(str::is_empty) {
            let hint =
                nearest(region.get_ref(), REGIONS).map_or(".".to_owned(), |near| format!("; did you mean {near}?"));
            let message = format!("`{}` is not a region{hint} Expected is a name such as eu-west-1", region.get_ref());
            return Err(source.at(region.span(), message));
        }
        names.push(region.into_inner());
    }
    Ok(Some(names))
}

pub(super) fn budget(
    source: &Source,
    budget: Option<toml::Spanned<String>>,
) -> Result<std::time::Duration, ConfigError> {
    let Some(text) = budget else { return Ok(DEFAULT_BUDGET) };
    let span = units::duration(text.get_ref()).and_then(|span| std::time::Duration::try_from(span).ok());
    span.ok_or_else(|| {
        let message = format!("`{}` is not a time span; expected one such as 90s, 30m or 2h", text.get_ref());
        source.at(text.span(), message)
    })
}
