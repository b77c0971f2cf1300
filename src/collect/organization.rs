//! The organization that the caller's account is in, and which of its accounts are scanned.
//!
//! `ListAccounts` answers the management account, and members that administer some service for it. An account that is not active
//! is no empty one: its trails may go on, and deliver to buckets of others (CloudTrail User Guide, "AWS account closure and
//! trails").

use std::collections::BTreeSet;

use aws_sdk_organizations::types::Account;

use super::CollectError;
use super::accounts;
use super::call_error::CallError;
use super::client::Aws;
use super::pages::all_pages;
use super::whole::Whole;
use crate::aws::arn::Arn;
use crate::config::{ScanAccount, ScanOrganization};
use crate::nearest::nearest;
use crate::snapshot::{Caller, Failure, Member, Organization};

/// Whose delegated administrators may read an organization's trails.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// The accounts that are to be scanned, those of which it is known beforehand that they cannot be entered, and all of them.
pub(super) struct Members {
    pub accounts: Vec<ScanAccount>,
    pub not_entered: Vec<Failure>,
    pub organization: Organization,
    /// Why the delegated administrators are not known.
    pub administrators_error: Option<CallError>,
}

pub(super) async fn members(aws: &Aws, caller: &Caller, asked: &ScanOrganization) -> Result<Members, CollectError> {
    let failed = |call: &'static str| {
        move |CallError { code, message }: CallError| CollectError::Organization { call, code, message }
    };
    let (id, management_account) = describe(aws).await.map_err(failed("DescribeOrganization"))?;
    let listed = list(aws).await.map_err(failed("ListAccounts"))?;
    refuse_slips(&listed, asked)?;
    let (delegated_administrators, administrators_error) = match delegated_administrators(aws).await {
        Ok(administrators) => (Some(administrators), None),
        Err(error) => (None, Some(error)),
    };
    let (mut scanned, mut not_entered, mut all) = (vec![], vec![], vec![]);
    for account in &listed {
        // Each has one: `list` sees to it.
        let id = account.id().unwrap_or_default().to_owned();
        let state = state(account);
        let mut not_scanned_because = left_out(account, asked).map(str::to_owned);
        if not_scanned_because.is_none() {
            match state.as_deref().and_then(|state| Some((state, unusable(state)?))) {
                Some((state, why)) => {
                    let error = CallError { code: state.to_owned(), message: why.to_owned() };
                    not_entered.push(accounts::not_entered(aws, &id, None, error));
                    not_scanned_because = Some(why.to_owned());
                }
                None => scanned.push(entered_by(asked, caller, &id)),
            }
        }
        all.push(Member { id, name: account.name().map(str::to_owned), state, not_scanned_because });
    }
    if scanned.is_empty() && not_entered.is_empty() {
        return Err(CollectError::NoMember { listed: listed.len() });
    }
    let organization = Organization {
        id,
        management_account: Some(management_account),
        delegated_administrators,
        accounts: Some(all),
    };
    Ok(Members { accounts: scanned, not_entered, organization, administrators_error })
}

/// How an account is entered: the caller's own is already.
pub(super) fn entered_by(asked: &ScanOrganization, caller: &Caller, id: &str) -> ScanAccount {
    let partition = Arn::parse(&caller.arn).map_or("aws", |arn| arn.partition);
    let role = (id != caller.account).then(|| format!("arn:{partition}:iam::{id}:role/{}", asked.role));
    ScanAccount { id: id.to_owned(), external_id: asked.external_id.clone().filter(|_| role.is_some()), role }
}

/// A slip in an id would leave accounts out without a word, or not leave them out.
fn refuse_slips(listed: &[Account], asked: &ScanOrganization) -> Result<(), CollectError> {
    let refused = |key, id: &String, all: &BTreeSet<&str>| {
        let hint = nearest(id, all.iter().copied()).map_or(String::new(), |near| format!("; did you mean {near}?"));
        Err(CollectError::NotInOrganization { key, id: id.clone(), hint })
    };
    let ids: BTreeSet<&str> = listed.iter().filter_map(Account::id).collect();
    if let Some(stranger) = asked.exclude.iter().find(|id| !ids.contains(id.as_str())) {
        return refused("exclude", stranger, &ids);
    }
    // Without paths nothing is left out for them.
    if listed.iter().any(|account| account.paths().is_empty()) {
        return Ok(());
    }
    let is_unit = |part: &&str| part.starts_with("ou-") || part.starts_with("r-");
    let paths = listed.iter().flat_map(|account| account.paths());
    let units: BTreeSet<&str> = paths.flat_map(|path| path.split('/').filter(is_unit)).collect();
    match asked.include_ou.iter().find(|unit| !units.contains(unit.as_str())) {
        Some(stranger) => refused("include_ou", stranger, &units),
        None => Ok(()),
    }
}

/// Its id and its management account, which owns its trails and stores.
async fn describe(aws: &Aws) -> Result<(String, String), CallError> {
    let call = aws.organizations().describe_organization().customize().interceptor(Whole::Json(&["Organization"]));
    let answer = call.send().await.map_err(|error| CallError::of(&error))?;
    let told = answer.organization.and_then(|organization| organization.id.zip(organization.master_account_id));
    told.ok_or_else(|| CallError::unreadable("the organization came without its id or its management account"))
}

async fn list(aws: &Aws) -> Result<Vec<Account>, CallError> {
    let call = aws.organizations().list_accounts();
    let ask = async |token| {
        call.clone().set_next_token(token).customize().interceptor(Whole::Json(&["Accounts"])).send().await
    };
    let pages = all_pages(ask, |page| page.next_token()).await?;
    let accounts: Vec<Account> = pages.into_iter().flat_map(|page| page.accounts.unwrap_or_default()).collect();
    match accounts.iter().all(|account| account.id().is_some()) {
        true => Ok(accounts),
        false => Err(CallError::unreadable("an account came without its id")),
    }
}

async fn delegated_administrators(aws: &Aws) -> Result<Vec<String>, CallError> {
    let call = aws.organizations().list_delegated_administrators().service_principal(CLOUDTRAIL);
    let whole = Whole::Json(&["DelegatedAdministrators"]);
    let ask = async |token| call.clone().set_next_token(token).customize().interceptor(whole).send().await;
    let pages = all_pages(ask, |page| page.next_token()).await?;
    let listed = pages.into_iter().flat_map(|page| page.delegated_administrators.unwrap_or_default());
    let ids: Option<Vec<String>> = listed.map(|administrator| administrator.id).collect();
    ids.ok_or_else(|| CallError::unreadable("a delegated administrator came without its id"))
}

/// `State`, which has taken the place of `Status`.
fn state(account: &Account) -> Option<String> {
    let state = account.state().map(|state| state.as_str().to_owned());
    state.or_else(|| account.status().map(|status| status.as_str().to_owned()))
}

/// What the config leaves out. Where an account's place is not told, it is not left out for it.
fn left_out(account: &Account, asked: &ScanOrganization) -> Option<&'static str> {
    if asked.exclude.iter().any(|excluded| Some(excluded.as_str()) == account.id()) {
        return Some("scan.organization.exclude names it");
    }
    let is_below = |unit: &String| account.paths().iter().any(|path| path.split('/').any(|part| part == unit));
    let is_elsewhere = !account.paths().is_empty() && !asked.include_ou.iter().any(is_below);
    (!asked.include_ou.is_empty() && is_elsewhere).then_some("it is in no unit of scan.organization.include_ou")
}

/// Why an account of this state is not entered; `None`: it may be tried.
fn unusable(state: &str) -> Option<&'static str> {
    match state {
        "SUSPENDED" => Some("it is suspended: it cannot be entered, and its trails may go on"),
        "PENDING_CLOSURE" => Some("it is being closed: it cannot be entered, and its trails may go on"),
        "CLOSED" => Some("it is closed: it cannot be entered, and its trails may go on"),
        "PENDING_ACTIVATION" => Some("it is not active yet: it cannot be entered"),
        _ => None,
    }
}
