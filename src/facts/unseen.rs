//! What a failed call may have hidden from the lists of the input. For a policy that reads such a list each is a subject,
//! and unknown.

use std::collections::BTreeMap;

use serde_json::json;

use super::View;
use super::input::UnseenFact;
use super::subject::{Subject, SubjectKind};
use crate::reason::{self, Reason};
use crate::snapshot::{FactKind, Failure};

/// The lists that may miss something, and the kinds of fact that they are made of. Lists of what is declared miss nothing.
const LISTS: [(&str, &[FactKind]); 4] = [
    ("trails", &[FactKind::Trails, FactKind::Regions]),
    ("seen_unloads", &[FactKind::Records]),
    ("redshift_roles", &[FactKind::Records]),
    ("sessions", &[FactKind::Records]),
];

impl View<'_> {
    pub(super) fn unseen(&self) -> BTreeMap<String, Vec<UnseenFact>> {
        LISTS.iter().map(|(list, kinds)| ((*list).to_owned(), self.unseen_of(kinds))).collect()
    }

    /// One for each account and region in which such a call failed.
    fn unseen_of(&self, kinds: &[FactKind]) -> Vec<UnseenFact> {
        let hides = |failure: &&Failure| failure.makes_unknown.iter().any(|kind| kinds.contains(kind));
        let mut places: BTreeMap<(&str, &str), Vec<Reason>> = BTreeMap::new();
        for failure in self.world.snapshot.failures().filter(hides) {
            places.entry((&failure.account, &failure.region)).or_default().push(Reason::failed(failure));
        }
        places.into_iter().map(|((account, region), reasons)| unseen(account, region, reasons)).collect()
    }
}

fn unseen(account: &str, region: &str, reasons: Vec<Reason>) -> UnseenFact {
    UnseenFact {
        subject: Subject {
            kind: SubjectKind::Account,
            id: format!("{account}/{region}"),
            account: account.to_owned(),
            region: Some(region.to_owned()),
            declared_at: None,
        },
        message: format!("what may be there was not seen: {}", reason::message(&reasons)),
        reasons,
        evidence: json!({}),
    }
}
