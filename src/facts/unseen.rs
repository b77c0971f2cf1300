//! What a failed call may have hidden from the lists of the input. For a policy that reads such a list each is a subject,
//! and unknown.

use std::collections::BTreeMap;

use serde_json::json;

use super::View;
use super::input::UnseenFact;
use super::subject::{Subject, SubjectKind};
use crate::aws::location::Location;
use crate::reason::{self, NotSeen, OfRecords, Reason};
use crate::snapshot::{FactKind, Failure, LearnSource};

/// The lists that are made of log records. Lists of what is declared miss nothing.
const OF_RECORDS: [&str; 3] = ["seen_unloads", "redshift_roles", "sessions"];

/// Those that what Redshift says is in, where it is asked.
const OF_REDSHIFT: [&str; 4] = ["unloads", "copies", "learned", "statements"];

/// A cluster that was not seen was not asked.
const HIDE_STATEMENTS: [FactKind; 5] =
    [FactKind::Statements, FactKind::Regions, FactKind::Clusters, FactKind::Namespaces, FactKind::Workgroups];

/// By account and region, why something that may be there was not seen.
type Places = BTreeMap<(String, String), Vec<Reason>>;

impl View<'_> {
    pub(super) fn unseen(&self) -> BTreeMap<String, Vec<UnseenFact>> {
        let (of_records, of_redshift) = (self.unseen_records(), self.unseen_statements());
        let records = OF_RECORDS.into_iter().map(|list| (list, of_records.clone()));
        let redshift = OF_REDSHIFT.into_iter().map(|list| (list, of_redshift.clone()));
        let own = [
            ("accounts", self.accounts_not_entered()),
            // A call that failed may have hidden a trail, and so may an account that could not be entered.
            ("trails", self.failed(&[FactKind::Trails, FactKind::Regions])),
            ("clusters", self.clusters_not_asked()),
            ("unload_writes", self.unseen_writes(&of_records, &of_redshift)),
        ];
        let facts = |places: Places| {
            places.into_iter().map(|((account, region), reasons)| unseen(&account, &region, reasons)).collect()
        };
        records.chain(redshift).chain(own).map(|(list, places)| (list.to_owned(), facts(places))).collect()
    }

    /// Where Redshift was to be asked what it uses, and was not, or did not say all of it.
    fn unseen_statements(&self) -> Places {
        let asked = &self.config.learn;
        if asked.is_empty() {
            return Places::new();
        }
        let mut places = self.failed(&HIDE_STATEMENTS);
        for account in &self.world.snapshot.accounts {
            let of_account = asked.iter().filter(|source| **source != LearnSource::Records);
            for source in of_account.filter(|source| !account.learned_from.contains(source)) {
                let reason = NotSeen::NotLearned { account: account.id().to_owned(), source: *source };
                places.entry((account.id().to_owned(), String::new())).or_default().push(reason.into());
            }
        }
        match asked.contains(&LearnSource::Records) {
            true => merged(places, self.unseen_records()),
            false => places,
        }
    }

    /// What of an account that was entered is not known, is said of the account itself.
    fn accounts_not_entered(&self) -> Places {
        let not_entered = self.world.snapshot.not_entered.iter();
        let place = |failure: &Failure| ((failure.account.clone(), String::new()), vec![Reason::failed(failure)]);
        not_entered.map(place).collect()
    }

    /// Where Redshift is asked what it ran: records that were not read, and statements that were not told.
    fn unseen_writes(&self, of_records: &Places, of_redshift: &Places) -> Places {
        match self.config.learn.contains(&LearnSource::SystemTables) {
            true => merged(of_redshift.clone(), of_records.clone()),
            false => Places::new(),
        }
    }

    /// Where clusters are asked for their audit logs, and one may be that was not seen.
    fn clusters_not_asked(&self) -> Places {
        match self.config.learn.contains(&LearnSource::AuditLogs) {
            true => self.failed(&[FactKind::Clusters, FactKind::Namespaces, FactKind::Regions]),
            false => Places::new(),
        }
    }

    /// The calls that left one of these kinds incomplete.
    fn failed(&self, kinds: &[FactKind]) -> Places {
        let hides = |failure: &&Failure| failure.makes_unknown.iter().any(|kind| kinds.contains(kind));
        let mut places = Places::new();
        let snapshot = self.world.snapshot;
        for failure in snapshot.accounts.iter().flat_map(|account| &account.failures).filter(hides) {
            let place = (failure.account.clone(), failure.region.clone());
            places.entry(place).or_default().push(Reason::failed(failure));
        }
        merged(places, self.accounts_not_entered())
    }

    /// Where something of a watched location was not read that may show a session.
    fn unseen_records(&self) -> Places {
        let Some(records) = self.records else {
            // They were to be read.
            let accounts = self.world.snapshot.accounts.iter().filter(|_| self.config.reads_records());
            let place = |id: &str| ((id.to_owned(), String::new()), vec![OfRecords::NoRecords.into()]);
            return accounts.map(|account| place(account.id())).collect();
        };
        // A text that is no location was refused by the loader of the snapshot.
        let locations = records.locations.iter().filter_map(|text| Location::parse(text).ok());
        let of_location = |location: Location| {
            let subject = self.location_subject(&location, None);
            ((subject.account, subject.region.unwrap_or_default()), self.unread_at(&location))
        };
        let unread = locations.map(of_location).filter(|(_, reasons)| !reasons.is_empty());
        unread.fold(Places::new(), |places, of_location| merged(places, [of_location]))
    }
}

/// Each place once, with each of its reasons once.
fn merged(mut places: Places, others: impl IntoIterator<Item = ((String, String), Vec<Reason>)>) -> Places {
    for (place, reasons) in others {
        let known = places.entry(place).or_default();
        for reason in reasons {
            if !known.contains(&reason) {
                known.push(reason);
            }
        }
    }
    places
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
