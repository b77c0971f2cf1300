//! The accounts of a scan, each with its own clients: those of `scan.accounts` by their roles, or the caller's own.

use std::collections::{BTreeMap, HashMap};

use super::assumed_role::{assume, session_name};
use super::call_error::CallError;
use super::client::Aws;
use super::failures::{Failures, failure};
use super::learn::Learned;
use super::organization;
use super::{CollectError, ask_each};
use crate::aws::location::Location;
use crate::config::{Config, ScanAccount};
use crate::logs::layout;
use crate::snapshot::{Account, Bucket, Caller, FactKind, Failure, Organization, Snapshot};

/// An account that was entered.
pub(super) struct Entered {
    pub aws: Aws,
    pub caller: Caller,
}

/// An account that was looked at, with what it takes to look further.
pub(super) struct Seen {
    pub aws: Aws,
    /// But for its failures.
    pub account: Account,
    /// What its clusters use, as they tell.
    pub learned: Learned,
    pub failures: Failures,
}

/// What all accounts together know of buckets, by name.
#[derive(Default)]
pub(super) struct BucketPlaces {
    /// The places of the accounts that they belong to.
    owners: HashMap<String, usize>,
    regions: HashMap<String, String>,
}

impl BucketPlaces {
    pub(super) fn of(seen: &[Seen]) -> BucketPlaces {
        let mut places = BucketPlaces::default();
        for (place, Seen { account, .. }) in seen.iter().enumerate() {
            places.owners.extend(account.own_buckets().map(|bucket| (bucket.name.clone(), place)));
            let region = |bucket: &Bucket| Some((bucket.name.clone(), bucket.region.clone()?));
            places.regions.extend(account.buckets.iter().filter_map(region));
        }
        places
    }
}

/// With whose credentials log objects are read: the bucket's owner may always read it, and nobody else need be allowed to.
pub(super) struct LogAccess<'a> {
    pub seen: &'a [Seen],
    pub buckets: &'a BucketPlaces,
    /// The place of the account whose logs they are.
    pub own: usize,
}

impl<'a> LogAccess<'a> {
    pub(super) fn account(&self) -> &'a Account {
        &self.seen[self.own].account
    }

    /// The place of the account with whose credentials.
    pub(super) fn place(&self, bucket: &str) -> usize {
        self.buckets.owners.get(bucket).copied().unwrap_or(self.own)
    }

    pub(super) fn region(&self, bucket: &str) -> Option<&'a String> {
        self.buckets.regions.get(bucket)
    }

    pub(super) fn aws(&self, bucket: &str) -> &'a Aws {
        &self.seen[self.place(bucket)].aws
    }
}

/// The objects by the account with whose credentials they are read; `None`: the caller's.
pub(super) fn by_reader(snapshot: &Snapshot, names: &[String]) -> BTreeMap<Option<String>, Vec<String>> {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for account in &snapshot.accounts {
        owners.extend(account.own_buckets().map(|bucket| (&*bucket.name, account.id())));
    }
    let mut by_reader: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for name in names {
        let bucket = Location::parse_object(name).ok().map(|place| place.bucket);
        let owner = bucket.and_then(|bucket| owners.get(&*bucket).copied());
        let account = owner.or_else(|| layout::account(name)).filter(|account| snapshot.has(account));
        by_reader.entry(account.map(str::to_owned)).or_default().push(name.clone());
    }
    by_reader
}

/// Clients of one account of the scan, as `enter` makes them.
pub(super) async fn reader(aws: &Aws, caller: &Caller, config: &Config, account: &str) -> Result<Aws, CallError> {
    let asked = match &config.organization {
        Some(asked) => Some(organization::entered_by(asked, caller, account)),
        None => config.accounts.iter().find(|asked| asked.id == account).cloned(),
    };
    match asked.as_ref().and_then(|asked| Some((asked, asked.role.as_deref()?))) {
        Some((asked, role)) => Ok(assume(aws, asked, role, &session_name()).await?.aws),
        None => Ok(aws.clone()),
    }
}

/// The accounts of a scan.
pub(super) struct Accounts {
    pub entered: Vec<Entered>,
    pub not_entered: Vec<Failure>,
    /// `None`: not asked for.
    pub organization: Option<Organization>,
    /// Why it is not known who administers CloudTrail for it.
    pub administrators_error: Option<CallError>,
}

/// Enters the accounts that the config asks for. One that cannot be entered is a failure, and stops no other.
pub(super) async fn enter(aws: &Aws, caller: &Caller, config: &Config) -> Result<Accounts, CollectError> {
    let own = || Entered { aws: aws.clone(), caller: caller.clone() };
    let mut accounts =
        Accounts { entered: vec![], not_entered: vec![], organization: None, administrators_error: None };
    let asked = match &config.organization {
        Some(asked) => {
            let members = organization::members(aws, caller, asked).await?;
            accounts.not_entered = members.not_entered;
            accounts.organization = Some(members.organization);
            accounts.administrators_error = members.administrators_error;
            members.accounts
        }
        None if config.accounts.is_empty() => {
            accounts.entered.push(own());
            return Ok(accounts);
        }
        None => config.accounts.clone(),
    };
    let without_role = asked.iter().find(|account| account.role.is_none() && account.id != caller.account);
    if let Some(other) = without_role {
        return Err(CollectError::NoRole { account: other.id.clone(), caller: caller.arn.clone() });
    }
    let session = session_name();
    let ask = async |account: &&ScanAccount| match &account.role {
        None => Ok(own()),
        Some(role) => assume(aws, account, role, &session).await,
    };
    for (account, answer) in ask_each(&asked, ask).await {
        match answer {
            Ok(account) => accounts.entered.push(account),
            Err(error) => accounts.not_entered.push(not_entered(aws, &account.id, account.role.as_deref(), error)),
        }
    }
    match accounts.entered.is_empty() {
        true => Err(CollectError::NoAccount { not_entered: accounts.not_entered }),
        false => Ok(accounts),
    }
}

/// An account of which nothing is known.
pub(super) fn not_entered(aws: &Aws, account: &str, role: Option<&str>, error: CallError) -> Failure {
    failure(account, "sts:AssumeRole", aws.home_region(), role, error, &FactKind::OF_ACCOUNT)
}
