//! The organization that the caller's account is in, and which of its accounts are scanned.
//!
//! `ListAccounts` answers the management account, and members that administer some service for it. An account that is not active
//! is no empty one: its trails may go on, and deliver to buckets of others (CloudTrail User Guide, "AWS account closure and
//! trails").

use aws_sdk_organizations::types::Account;

use super::CollectError;
use super::accounts::not_entered;
use super::call_error::CallError;
use super::client::Aws;
use super::pages::all_pages;
use super::whole::Whole;
use crate::aws::arn::Arn;
use crate::config::{ScanAccount, ScanOrganization};
use crate::snapshot::{Caller, Failure, Member, Organization};

/// Whose delegated administrators may read an organization's trails.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// The accounts that are to be scanned, those of which it is known beforehand that they cannot be entered, and all of them.
pub(super) struct Members {
    pub accounts: Vec<ScanAccount>,
    pub not_entered: Vec<Failure>,
    pub organization: Organization,
}

pub(super) async fn members(aws: &Aws, caller: &Caller, asked: &ScanOrganization) -> Result<Members, CollectError> {
    let failed = |call: &'static str| {
        move |CallError { code, message }: CallError| CollectError::Organization { call, code, message }
    };
    let (id, management_account) = describe(aws).await.map_err(failed("DescribeOrganization"))?;
    let listed = list(aws).await.map_err(failed("ListAccounts"))?;
    let partition = Arn::parse(&caller.arn).map_or("aws", |arn| arn.partition);
    let mut members = Members {
        accounts: vec![],
        not_entered: vec![],
        organization: Organization {
            id,
            management_account,
            delegated_administrators: delegated_administrators(aws).await.ok(),
            accounts: None,
        },
    };
    let mut all = vec![];
    for account in &listed {
        let Some(id) = account.id().map(str::to_owned) else {
            let error = CallError::unreadable("an account came without its id");
            return Err(failed("ListAccounts")(error));
        };
        let state = state(account);
        let not_scanned_because = left_out(account, asked).or_else(|| {
            let why = unusable(state.as_deref())?;
            members.not_entered.push(not_entered(
                aws,
                &id,
                None,
                CallError { code: state.clone()?, message: why.to_owned() },
            ));
            Some(why.to_owned())
        });
        if not_scanned_because.is_none() {
            let role = format!("arn:{partition}:iam::{id}:role/{}", asked.role);
            let is_own = id == caller.account;
            members.accounts.push(ScanAccount {
                id: id.clone(),
                role: (!is_own).then_some(role),
                external_id: asked.external_id.clone().filter(|_| !is_own),
            });
        }
        all.push(Member { id, name: account.name().map(str::to_owned), state, not_scanned_because });
    }
    members.organization.accounts = Some(all);
    Ok(members)
}

/// Its id and its management account.
async fn describe(aws: &Aws) -> Result<(String, Option<String>), CallError> {
    let call = aws.organizations().describe_organization().customize().interceptor(Whole::Json(&["Organization"]));
    let answer = call.send().await.map_err(|error| CallError::of(&error))?;
    let organization = answer.organization();
    let id = organization.and_then(|organization| organization.id());
    let id = id.ok_or_else(|| CallError::unreadable("the organization came without its id"))?;
    Ok((id.to_owned(), organization.and_then(|organization| organization.master_account_id()).map(str::to_owned)))
}

async fn list(aws: &Aws) -> Result<Vec<Account>, CallError> {
    let call = aws.organizations().list_accounts();
    let ask = async |token| {
        call.clone().set_next_token(token).customize().interceptor(Whole::Json(&["Accounts"])).send().await
    };
    let pages = all_pages(ask, |page| page.next_token()).await?;
    Ok(pages.into_iter().flat_map(|page| page.accounts.unwrap_or_default()).collect())
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
fn left_out(account: &Account, asked: &ScanOrganization) -> Option<String> {
    if asked.exclude.iter().any(|excluded| Some(excluded.as_str()) == account.id()) {
        return Some("scan.organization.exclude names it".to_owned());
    }
    let is_below = |unit: &String| account.paths().iter().any(|path| path.split('/').any(|part| part == unit));
    let is_elsewhere = !account.paths().is_empty() && !asked.include_ou.iter().any(is_below);
    (!asked.include_ou.is_empty() && is_elsewhere)
        .then(|| "it is in no unit of scan.organization.include_ou".to_owned())
}

/// Why an account of this state is not entered; `None`: it may be tried.
fn unusable(state: Option<&str>) -> Option<&'static str> {
    match state? {
        "SUSPENDED" => Some("it is suspended: it cannot be entered, and its trails may go on"),
        "PENDING_CLOSURE" => Some("it is being closed: it cannot be entered, and its trails may go on"),
        "CLOSED" => Some("it is closed: it cannot be entered, and its trails may go on"),
        "PENDING_ACTIVATION" => Some("it is not active yet: it cannot be entered"),
        _ => None,
    }
}
