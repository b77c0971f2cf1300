//! The records' accesses and sessions, found by location.

use std::collections::{HashMap, HashSet};

use crate::aws::arn::{RoleArn, role_of_session};
use crate::aws::location::Location;
use crate::coverage::recorder::Recorder;
use crate::snapshot::{AccessRecord, LogReading, Records, Session, Snapshot, TrailIntegrity};

/// What the records hold, by what it is asked for with.
#[derive(Default)]
pub(super) struct AccessIndex<'a> {
    by_location: HashMap<&'a str, Vec<&'a AccessRecord>>,
    /// Accesses that no declared location was told for, by bucket.
    elsewhere: HashMap<&'a str, Vec<&'a AccessRecord>>,
    sessions: HashMap<&'a str, Vec<&'a Session>>,
    /// By trail and region.
    is_alone: bool,
    readings: HashMap<&'a str, HashMap<&'a str, Vec<&'a LogReading>>>,
    validations: HashMap<&'a str, Vec<&'a TrailIntegrity>>,
}

impl<'a> AccessIndex<'a> {
    /// `is_alone`: one account was scanned; then what names none is of it.
    pub(super) fn of(records: Option<&'a Records>, is_alone: bool) -> AccessIndex<'a> {
        let mut index = AccessIndex { is_alone, ..AccessIndex::default() };
        let Some(records) = records else { return index };
        for access in &records.accesses {
            match &access.location {
                Some(location) => index.by_location.entry(location).or_default().push(access),
                None => index.elsewhere.entry(&access.bucket).or_default().push(access),
            }
        }
        for session in &records.sessions {
            let Some(location) = &session.location else { continue };
            index.sessions.entry(location).or_default().push(session);
        }
        for reading in &records.read {
            let Some(region) = &reading.region else { continue };
            index.readings.entry(&reading.source).or_default().entry(region).or_default().push(reading);
        }
        for told in &records.integrity {
            index.validations.entry(&told.source).or_default().push(told);
        }
        index
    }

    /// Accesses of the location. One that no location was told for is still one of its bucket.
    pub(super) fn at(&self, location: &Location) -> impl Iterator<Item = &'a AccessRecord> {
        let bucket = Some(location.bucket.as_str()).filter(|_| location.prefix.is_empty());
        let of_bucket = bucket.and_then(|bucket| self.elsewhere.get(bucket));
        self.by_location.get(&*location.to_string()).into_iter().chain(of_bucket).flatten().copied()
    }

    pub(super) fn sessions_at(&self, location: &str) -> impl Iterator<Item = &'a Session> {
        self.sessions.get(location).into_iter().flatten().copied()
    }

    /// How much of a trail's log files of one region was read, of the accounts whose events it records there; none where those of
    /// one of them were not listed.
    pub(super) fn readings(&self, recorder: &Recorder, region: &str) -> Vec<&'a LogReading> {
        let all = self.readings.get(&*recorder.arn).and_then(|of_trail| of_trail.get(region));
        self.of_all_accounts(all.into_iter().flatten().copied(), |reading| &reading.account, recorder)
    }

    /// What the digests of a trail say, region by region and account by account.
    pub(super) fn validations(&self, trail_arn: &str) -> &[&'a TrailIntegrity] {
        self.validations.get(trail_arn).map_or(&[], Vec::as_slice)
    }

    /// The same of one region, for the accounts whose events the trail records there; none where one of them has none.
    pub(super) fn validations_of(&self, recorder: &Recorder, region: &str) -> Vec<&'a TrailIntegrity> {
        let of_region = self.validations(&recorder.arn).iter().filter(|told| told.region == region);
        self.of_all_accounts(of_region.copied(), |told| &told.account, recorder)
    }

    /// What was told of the accounts whose events the recorder takes in; nothing where one of them is missing.
    fn of_all_accounts<T>(
        &self,
        told: impl Iterator<Item = &'a T>,
        account: fn(&T) -> &Option<String>,
        recorder: &Recorder,
    ) -> Vec<&'a T> {
        let is_of = |told: &T, id: &String| account(told).as_ref().map_or(self.is_alone, |account| account == id);
        let told: Vec<&T> = told.filter(|told| recorder.accounts.iter().any(|id| is_of(told, id))).collect();
        let is_told = |id: &String| told.iter().any(|told| is_of(told, id));
        if recorder.accounts.iter().all(is_told) { told } else { vec![] }
    }
}

/// The calls that trailcheck itself makes: it asks where a bucket is, and reads log buckets. What else the scanning
/// principals do is judged like anyone's.
#[derive(Default)]
pub(super) struct OwnCalls<'a> {
    /// Roles by account and name, others by their ARN.
    roles: HashSet<(String, String)>,
    others: HashSet<&'a str>,
    log_buckets: HashSet<&'a str>,
}

impl<'a> OwnCalls<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> OwnCalls<'a> {
        let log_buckets = snapshot.trails().filter_map(|trail| trail.s3_bucket_name.as_deref()).collect();
        let mut own = OwnCalls { log_buckets, ..OwnCalls::default() };
        let scanner = snapshot.scanner.iter().map(|scanner| &scanner.caller);
        for caller in snapshot.accounts.iter().map(|account| &account.caller).chain(scanner) {
            let role = role_of_session(&caller.arn).map_or_else(|| caller.arn.clone(), |(role, _)| role);
            match RoleArn::parse(&role) {
                Some(role) => drop(own.roles.insert((role.account, role.name))),
                None => drop(own.others.insert(&caller.arn)),
            }
        }
        own
    }

    pub(super) fn contains(&self, access: &AccessRecord) -> bool {
        let is_kind = match access.event_name.as_str() {
            "HeadBucket" => true,
            "ListObjects" | "GetObject" => access.of_logs && self.log_buckets.contains(&*access.bucket),
            _ => false,
        };
        is_kind
            && match RoleArn::parse(&access.principal) {
                Some(role) => self.roles.contains(&(role.account, role.name)),
                None => self.others.contains(&*access.principal),
            }
    }
}
