//! Trails, event data stores or channels by the account whose events they may take in, so that a question about one account asks no
//! others: an organization has a thousand.

use std::collections::HashMap;

/// Places in the list of all.
#[derive(Default)]
pub(super) struct ByAccount {
    own: HashMap<String, Vec<usize>>,
    /// Those of an organization, and those of which that is not known.
    shared: Vec<usize>,
    count: usize,
}

/// The places of those that may take in the events of some accounts, and of the others, each in the order of the list.
pub(super) struct Split {
    pub near: Vec<usize>,
    pub far: Far,
}

/// Those that are of other accounts, and of no organization.
pub(super) enum Far {
    Few(Vec<usize>),
    /// Too many to name.
    Many(usize),
}

/// So many of other accounts are named one by one.
const NAMED: usize = 3;

impl ByAccount {
    /// `each`: the account that owns it, and whether it is an organization's.
    pub(super) fn of(each: impl Iterator<Item = (String, Option<bool>)>) -> ByAccount {
        let mut by_account = ByAccount::default();
        for (place, (owner, is_organizations)) in each.enumerate() {
            by_account.count += 1;
            match is_organizations {
                Some(false) => by_account.own.entry(owner).or_default().push(place),
                _ => by_account.shared.push(place),
            }
        }
        by_account
    }

    pub(super) fn shared(&self) -> &[usize] {
        &self.shared
    }

    pub(super) fn split(&self, accounts: &[&str]) -> Split {
        let own = accounts.iter().filter_map(|account| self.own.get(*account)).flatten();
        let mut near: Vec<usize> = self.shared.iter().chain(own).copied().collect();
        near.sort_unstable();
        near.dedup();
        let far = match self.count - near.len() {
            few if few <= NAMED => {
                Far::Few((0..self.count).filter(|place| near.binary_search(place).is_err()).collect())
            }
            many => Far::Many(many),
        };
        Split { near, far }
    }
}
