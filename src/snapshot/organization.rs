//! The organization that the accounts are in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `DescribeOrganization`, `ListAccounts` and `ListDelegatedAdministrators` for CloudTrail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// `o-…`
    pub id: String,
    /// `null`: could not be told.
    pub management_account: Option<String>,
    /// The accounts that administer CloudTrail for the organization; `null`: not read.
    #[serde(default)]
    pub delegated_administrators: Option<Vec<String>>,
    /// All member accounts; `null`: not read.
    #[serde(default)]
    pub accounts: Option<Vec<Member>>,
}

impl Organization {
    /// Whether the account is one of its members; `None`: not known.
    pub fn has(&self, account: &str) -> Option<bool> {
        if self.management_account.as_deref() == Some(account) {
            return Some(true);
        }
        Some(self.accounts.as_ref()?.iter().any(|member| member.id == account))
    }
}

/// An account of an organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The account's id.
    pub id: String,
    /// The account's name.
    #[serde(default)]
    pub name: Option<String>,
    /// `ACTIVE`, `SUSPENDED`, …
    #[serde(default)]
    pub state: Option<String>,
    /// Why it is not among the snapshot's accounts; `null` where it is.
    #[serde(default)]
    pub not_scanned_because: Option<String>,
}
