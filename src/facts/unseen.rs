//! What a failed call may have hidden from the lists of the input. For a policy that reads such a list each is a subject,
//! and unknown.

use std::collections::BTreeMap;

use serde_json::json;

use super::View;
use super::input::UnseenFact;
use super::subject::{Subject, SubjectKind};
use crate::aws::location::Location;
use crate::reason::{self, OfRecords, Reason};
use crate::snapshot::{FactKind, Failure};

/// The lists that are made of log records. Lists of what is declared miss nothing.
const OF_RECORDS: [&str; 3] = ["seen_unloads", "redshift_roles", "sessions"];

impl View<'_> {
    pub(super) fn unseen(&self) -> BTreeMap<String, Vec<UnseenFact>> {
        let of_records = self.unseen_records();
        let lists = OF_RECORDS.into_iter().map(|list| (list.to_owned(), of_records.clone()));
        lists.chain([("trails".to_owned(), self.unseen_trails())]).collect()
    }

    /// One for each account and region in which a call failed that may have hidden a trail, and for each account that could not be
    /// entered.
    fn unseen_trails(&self) -> Vec<UnseenFact> {
        let kinds = [FactKind::Trails, FactKind::Regions];
        let hides = |failure: &&Failure| failure.makes_unknown.iter().any(|kind| kinds.contains(kind));
        let mut places: BTreeMap<(&str, &str), Vec<Reason>> = BTreeMap::new();
        let snapshot = self.world.snapshot;
        for failure in snapshot.accounts.iter().flat_map(|account| &account.failures).filter(hides) {
            places.entry((&failure.account, &failure.region)).or_default().push(Reason::failed(failure));
        }
        for failure in &snapshot.not_entered {
            places.entry((&failure.account, "")).or_default().push(Reason::failed(failure));
        }
        places.into_iter().map(|((account, region), reasons)| unseen(account, region, reasons)).collect()
    }

    /// One for each account and region of a watched location of which something was not read that may show a session.
    fn unseen_records(&self) -> Vec<UnseenFact> {
        let Some(records) = self.records else {
            // They were to be read.
            let accounts = self.world.snapshot.accounts.iter().filter(|_| self.config.reads_records());
            return accounts.map(|account| unseen(account.id(), "", vec![OfRecords::NoRecords.into()])).collect();
        };
        let mut places: BTreeMap<(String, String), Vec<Reason>> = BTreeMap::new();
        // A text that is no location was refused by the loader of the snapshot.
        for location in records.locations.iter().filter_map(|text| Location::parse(text).ok()) {
            let reasons = self.unread_at(&location);
            let subject = self.location_subject(&location, None);
            let known = places.entry((subject.account, subject.region.unwrap_or_default())).or_default();
            for reason in reasons {
                if !known.contains(&reason) {
                    known.push(reason);
                }
            }
        }
        let unread = places.into_iter().filter(|(_, reasons)| !reasons.is_empty());
        unread.map(|((account, region), reasons)| unseen(&account, &region, reasons)).collect()
    }
}

fn unseen(account: &str, region: &str, reasons: Vec<Reason>) -> UnseenFact {
    UnseenFact {
        subject: Subject {
            kind: SubjectKind::Account,
            id: if region.is_empty() { account.to_owned() } else { format!("{account}/{region}") },
            account: account.to_owned(),
            region: Some(region.to_owned()).filter(|region| !region.is_empty()),
            declared_at: None,
        },
        message: format!("what may be there was not seen: {}", reason::message(&reasons)),
        reasons,
        evidence: json!({}),
    }
}
