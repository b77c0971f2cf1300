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

impl View<'_> {
    pub(super) fn unseen(&self) -> BTreeMap<String, Vec<UnseenFact>> {
        let (of_records, of_redshift) = (self.unseen_records(), self.unseen_statements());
        let records = OF_RECORDS.into_iter().map(|list| (list.to_owned(), of_records.clone()));
        let redshift = OF_REDSHIFT.into_iter().map(|list| (list.to_owned(), of_redshift.clone()));
        let own = [
            ("accounts", self.accounts_not_entered()),
            ("trails", self.unseen_trails()),
            ("clusters", self.clusters_not_asked()),
            ("unload_writes", self.unseen_writes(&of_records, &of_redshift)),
        ];
        records.chain(redshift).chain(own.map(|(list, unseen)| (list.to_owned(), unseen))).collect()
    }

    /// One for each account and region in which Redshift was to be asked what it uses, and was not, or did not say all of it.
    fn unseen_statements(&self) -> Vec<UnseenFact> {
        let asked = &self.config.learn;
        if asked.is_empty() {
            return vec![];
        }
        let snapshot = self.world.snapshot;
        let mut places = self.failed(&HIDE_STATEMENTS);
        for account in &snapshot.accounts {
            let of_account = asked.iter().filter(|source| **source != LearnSource::Records);
            for source in of_account.filter(|source| !account.learned_from.contains(source)) {
                let reason = NotSeen::NotLearned { account: account.id().to_owned(), source: *source };
                places.entry((account.id(), "")).or_default().push(reason.into());
            }
        }
        let of_calls = places.into_iter().map(|((account, region), reasons)| unseen(account, region, reasons));
        let of_records = if asked.contains(&LearnSource::Records) { self.unseen_records() } else { vec![] };
        of_calls.chain(of_records).collect()
    }

    /// One for each account and region in which a call failed that may have hidden a trail, and for each account that could not be
    /// entered.
    fn unseen_trails(&self) -> Vec<UnseenFact> {
        let places = self.failed(&[FactKind::Trails, FactKind::Regions]);
        places.into_iter().map(|((account, region), reasons)| unseen(account, region, reasons)).collect()
    }

    /// What of an account that was entered is not known, is said of the account itself.
    fn accounts_not_entered(&self) -> Vec<UnseenFact> {
        let not_entered = self.world.snapshot.not_entered.iter();
        not_entered.map(|failure| unseen(&failure.account, "", vec![Reason::failed(failure)])).collect()
    }

    /// Where Redshift is asked what it ran: records that were not read, and statements that were not told.
    fn unseen_writes(&self, of_records: &[UnseenFact], of_redshift: &[UnseenFact]) -> Vec<UnseenFact> {
        if !self.config.learn.contains(&LearnSource::SystemTables) {
            return vec![];
        }
        let is_new = |fact: &&UnseenFact| !of_redshift.iter().any(|other| other.subject == fact.subject);
        of_redshift.iter().chain(of_records.iter().filter(is_new)).cloned().collect()
    }

    /// Where clusters are asked for their audit logs, one for each account and region in which one may be.
    fn clusters_not_asked(&self) -> Vec<UnseenFact> {
        if !self.config.learn.contains(&LearnSource::AuditLogs) {
            return vec![];
        }
        let places = self.failed(&[FactKind::Clusters, FactKind::Namespaces, FactKind::Regions]);
        places.into_iter().map(|((account, region), reasons)| unseen(account, region, reasons)).collect()
    }

    /// By account and region, the calls that left one of these kinds incomplete.
    fn failed(&self, kinds: &[FactKind]) -> BTreeMap<(&str, &str), Vec<Reason>> {
        let hides = |failure: &&Failure| failure.makes_unknown.iter().any(|kind| kinds.contains(kind));
        let mut places: BTreeMap<(&str, &str), Vec<Reason>> = BTreeMap::new();
        let snapshot = self.world.snapshot;
        for failure in snapshot.accounts.iter().flat_map(|account| &account.failures).filter(hides) {
            places.entry((&failure.account, &failure.region)).or_default().push(Reason::failed(failure));
        }
        for failure in &snapshot.not_entered {
            places.entry((&failure.account, "")).or_default().push(Reason::failed(failure));
        }
        places
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
