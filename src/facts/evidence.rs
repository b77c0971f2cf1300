//! What keeps "nothing else happened" from being shown: gaps in coverage, in the reading of log records, in their
//! validation.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::View;
use super::judgement::{Coverage, Judgement};
use crate::aws::arn::RoleArn;
use crate::aws::location::Location;
use crate::aws::s3_events::Access;
use crate::coverage::prove::{Share, Verdict};
use crate::coverage::recorder::{Effect, Recorder};
use crate::logs::layout;
use crate::reason::{NotSeen, OfRecords, Reason};
use crate::snapshot::{FactKind, LogReading, Records, Skipped, Trail, Window};

/// How long after an event its record may be delivered, and some slack.
const LATE_DELIVERY: time::Duration = time::Duration::hours(1);

impl<'a> View<'a> {
    /// The records, where they were told apart by this location; else what there is to say.
    pub(super) fn records_of(&self, location: &Location) -> Result<&'a Records, Reason> {
        match self.records {
            Some(records) if self.watched.contains(&*location.to_string()) => Ok(records),
            Some(_) => Err(OfRecords::DeclaredLater.into()),
            None => Err(OfRecords::NoRecords.into()),
        }
    }

    /// What keeps "nothing else did this there" from being shown: by the role, or `None`: by anyone. `access`: what is asked of.
    pub(super) fn missing_evidence(
        &self,
        location: &Location,
        access: Access,
        role: Option<&RoleArn>,
        coverage: &Judgement<Coverage>,
    ) -> Vec<Reason> {
        let mut missing = Vec::new();
        if coverage.status != Coverage::Recorded {
            missing.push(OfRecords::NotAllRecorded { because: coverage.reasons.clone() }.into());
        }
        let Some(records) = self.records else { return missing };
        missing.extend(self.not_read.iter().cloned());
        let Some(window) = records.window else {
            missing.push(OfRecords::NoWindow.into());
            return missing;
        };
        match self.world.recording_accounts(&location.bucket, role) {
            Ok(accounts) => missing.extend(self.missing_at_ends(window, &accounts)),
            // Whose clock and delivery count there is not known.
            Err(reason) => missing.push(reason),
        }
        missing.extend(self.missing_of(location, access, role, window));
        missing
    }

    /// What keeps it from being shown that an object has no record in these recorders, given by their ARNs, of which one is enough.
    pub(super) fn missing_of_object(
        &self,
        object: &Location,
        access: Access,
        role: &RoleArn,
        recorders: &[&str],
    ) -> Vec<Reason> {
        let mut missing = self.not_read.clone();
        let Some(window) = self.records.and_then(|records| records.window) else {
            missing.push(OfRecords::NoWindow.into());
            return missing;
        };
        match self.world.recording_accounts(&object.bucket, Some(role)) {
            // That it is shorter than was asked for takes nothing away of what is in it.
            Ok(accounts) => missing.extend(
                self.missing_at_ends(window, &accounts)
                    .into_iter()
                    .filter(|reason| !matches!(reason, Reason::OfRecords(OfRecords::WindowShort { .. }))),
            ),
            Err(reason) => missing.push(reason),
        }
        let Ok(region) = self.world.bucket_region(&object.bucket) else { return missing };
        let Ok(set) = self.world.recorders_at(&object.bucket, region, Some(role)) else { return missing };
        let named = set.recorders.iter().filter(|recorder| recorders.contains(&&*recorder.arn));
        let of_each = named.map(|recorder| self.missing_of_recorder(recorder, region, access, window));
        missing.extend(of_each.min_by_key(|of| of.len()).iter().flat_map(|of| of.to_vec()));
        missing
    }

    /// The same of "nobody else touched it": a listing of more than the location shows its keys too.
    pub(super) fn missing_of_touches(
        &self,
        location: &Location,
        access: Access,
        coverage: &Judgement<Coverage>,
    ) -> Vec<Reason> {
        let mut missing = self.missing_evidence(location, access, None, coverage);
        if access.includes(Access::Read) {
            let reason = |because| OfRecords::ListingsNotRecorded { because }.into();
            missing.extend(self.listings_above(location).err().map(reason));
        }
        missing
    }

    /// What was not read of the records of a location, by whomever they are: it may show anything that happened there.
    pub(super) fn unread_at(&self, location: &Location) -> Vec<Reason> {
        let is_of_files = |reason: &Reason| {
            matches!(
                reason,
                Reason::NotSeen(NotSeen::CallFailed { .. })
                    | Reason::OfRecords(
                        OfRecords::NotListed { .. }
                            | OfRecords::NotAllRead { .. }
                            | OfRecords::Unreadable { .. }
                            | OfRecords::Malformed { .. }
                    )
            )
        };
        let coverage = self.coverage(location, Access::All, None);
        let mut unread: Vec<Reason> = self.not_read.iter().filter(|reason| is_of_files(reason)).cloned().collect();
        if coverage.status == Coverage::Unknown {
            unread.push(OfRecords::NotAllRecorded { because: coverage.reasons.clone() }.into());
        }
        let (Some(records), Ok(region)) = (self.records, self.world.bucket_region(&location.bucket)) else {
            return unread;
        };
        let Ok(set) = self.world.recorders_at(&location.bucket, region, None) else { return unread };
        // Where not all is recorded, whatever is recorded counts.
        let in_effect = set.recorders.iter().filter(|recorder| recorder.effect == Effect::InEffect);
        let mut needed = self.needed(location, Access::All, None);
        if needed.is_empty() {
            needed.push(in_effect.map(|recorder| recorder.arn.clone()).collect());
        }
        let window = records.window.unwrap_or(Window { start: self.world.at, end: self.world.at });
        let of = |arns: Vec<String>| -> Vec<Reason> {
            let recorders = set.recorders.iter().filter(|recorder| arns.contains(&recorder.arn));
            let missing = recorders
                .flat_map(|recorder| self.missing_of_recorder(recorder, region, Access::Write, window).to_vec());
            missing.filter(|reason| is_of_files(reason)).collect()
        };
        // Records from a path are of no trail in particular.
        if records.read.iter().any(|reading| reading.region.is_none()) {
            let objects = records.skipped.iter().filter(|skipped| skipped.matters).count() as u64;
            unread.extend((objects > 0).then(|| unreadable(records, objects)));
            if records.read.iter().all(|reading| reading.read_objects == 0) {
                unread.push(OfRecords::NothingRead.into());
            }
            return unread;
        }
        unread.extend(needed.into_iter().map(of).min_by_key(Vec::len).unwrap_or_default());
        unread
    }

    /// Which recorders have to be read: any one of those that record all by themselves; else all that record some.
    fn needed(&self, location: &Location, access: Access, role: Option<&RoleArn>) -> Vec<Vec<String>> {
        let Ok(requirement) = self.requirement(location, access, role) else { return vec![] };
        let Ok(set) = self.world.recorders_at(&location.bucket, &requirement.region, role) else { return vec![] };
        let parts = match set.prove(&requirement) {
            Verdict::Recorded(parts) => parts,
            // Nothing is shown by reading; what is read may still say what is wrong.
            Verdict::Gap(_) | Verdict::Unknown(_) => return vec![],
        };
        let whole: Vec<Vec<String>> =
            parts.iter().filter(|part| part.share == Share::All).map(|part| vec![part.arn.clone()]).collect();
        if !whole.is_empty() {
            return whole;
        }
        let mut all: Vec<String> = parts.into_iter().map(|part| part.arn).collect();
        all.dedup();
        vec![all]
    }

    /// What of the recorders that are needed was not read, or is doubtful. Where one of several is enough, the one of which
    /// least is missing.
    fn missing_of(&self, location: &Location, access: Access, role: Option<&RoleArn>, window: Window) -> Vec<Reason> {
        let Ok(region) = self.world.bucket_region(&location.bucket) else { return vec![] };
        let Ok(set) = self.world.recorders_at(&location.bucket, region, role) else { return vec![] };
        let of = |arns: Vec<String>| -> Vec<Reason> {
            let recorders = set.recorders.iter().filter(|recorder| arns.contains(&recorder.arn));
            recorders.flat_map(|recorder| self.missing_of_recorder(recorder, region, access, window).to_vec()).collect()
        };
        self.needed(location, access, role).into_iter().map(of).min_by_key(Vec::len).unwrap_or_default()
    }

    /// The same for all locations of one region and owner.
    fn missing_of_recorder(&self, recorder: &Recorder, region: &str, access: Access, window: Window) -> Rc<[Reason]> {
        let key = (recorder.arn.clone(), recorder.accounts.clone(), region.to_owned(), access);
        if let Some(known) = self.missing_records.borrow().get(&key) {
            return Rc::clone(known);
        }
        let mut missing = self.not_listed_of(recorder, region);
        missing.extend(self.not_read_of(recorder, region));
        missing.extend(self.skipped_of(recorder));
        missing.extend(self.not_intact(recorder, region));
        missing.extend(self.not_delivered(recorder, region, window));
        missing.extend(self.changed(recorder, window));
        missing.extend(self.changes_not_seen(recorder, window));
        if access.includes(Access::Read) {
            missing.extend(self.copies_not_read(recorder, region, window));
        }
        let missing: Rc<[Reason]> = missing.into();
        self.missing_records.borrow_mut().insert(key, Rc::clone(&missing));
        missing
    }

    /// Failed calls that leave records of the trail incomplete: those of its own log bucket, and those that name none.
    fn not_listed_of(&self, recorder: &Recorder, region: &str) -> Vec<Reason> {
        let bucket = self.world.trail(&recorder.arn).and_then(|trail| trail.s3_bucket_name.clone());
        let accounts = recorder.accounts.iter();
        let failures = accounts.flat_map(|account| self.world.failures(account, FactKind::Records));
        let failures = failures.filter(|failure| failure.region == region);
        let of_it = failures.filter(|failure| failure.resource.is_none() || failure.resource == bucket);
        of_it.map(Reason::failed).collect()
    }

    /// Log objects that may hold an access and could not be read, where they are in the trail's own folders or in none that
    /// is known.
    fn skipped_of(&self, recorder: &Recorder) -> Option<Reason> {
        let records = self.records?;
        let place = |trail: &Trail| -> Option<String> {
            let prefix = trail.s3_key_prefix.as_ref().map_or(String::new(), |prefix| format!("{prefix}/"));
            Some(format!("s3://{}/{prefix}AWSLogs/", trail.s3_bucket_name.as_ref()?))
        };
        let own = self.world.trail(&recorder.arn).and_then(place);
        let places: BTreeSet<String> = self.world.trails().filter_map(place).collect();
        let is_in = |object: &str, place: &str| object.starts_with(place);
        // A bucket of an organization holds the files of all its accounts.
        let is_of_another = |object: &str| {
            layout::account(object).is_some_and(|account| !recorder.accounts.iter().any(|own| own == account))
        };
        let is_own = |object: &str| own.as_ref().is_some_and(|own| is_in(object, own)) && !is_of_another(object);
        let matters = |object: &str| is_own(object) || !places.iter().any(|place| is_in(object, place));
        let objects =
            records.skipped.iter().filter(|skipped| skipped.matters && matters(&skipped.object)).count() as u64;
        (objects > 0).then(|| unreadable(records, objects))
    }

    /// A copy into another region's bucket is recorded there, and reads here: what was delivered there in the window must have been
    /// read, and be intact, as here.
    fn copies_not_read(&self, recorder: &Recorder, region: &str, window: Window) -> Vec<Reason> {
        let Some(trail) = self.world.trail(&recorder.arn) else { return vec![] };
        let (regions, are_all) = self.regions_of_copies(trail, &recorder.accounts);
        let name = || recorder.name.clone();
        let mut missing = Vec::new();
        if !are_all {
            missing.push(OfRecords::OtherRegionsNotLookedAt { recorder: name() }.into());
        }
        let mut unread = Vec::new();
        for other in regions.iter().filter(|other| *other != region) {
            let status = trail.status.get(other);
            if status.and_then(|status| status.latest_delivery_time).is_some_and(|last| last < window.start) {
                continue;
            }
            let readings = self.accesses.readings(recorder, other);
            if readings.is_empty() || !readings.iter().all(|reading| reading.is_complete()) {
                unread.push(other.clone());
                continue;
            }
            missing.extend(self.not_listed_of(recorder, other));
            missing.extend(self.not_intact(recorder, other));
            let error = status.and_then(|status| status.latest_delivery_error.clone());
            if let Some(error) = error.filter(|error| !error.is_empty()) {
                missing.push(OfRecords::DeliveriesFailing { recorder: name(), error }.into());
            }
        }
        if !unread.is_empty() {
            missing.push(OfRecords::CopiesNotRead { recorder: name(), regions: unread }.into());
        }
        missing
    }

    /// The regions that the trail may have delivered in, and whether these are all. Where its folders were not looked at, those that
    /// were scanned; where not all regions were to be, there may be others.
    fn regions_of_copies(&self, trail: &Trail, accounts: &[String]) -> (BTreeSet<String>, bool) {
        let delivered = self.records.and_then(|records| records.delivered_regions.get(&trail.trail_arn));
        let of_accounts = |delivered: &BTreeMap<String, BTreeSet<String>>| {
            accounts.iter().map(|account| delivered.get(account).cloned()).reduce(|all, more| Some(&all? | &more?))
        };
        let delivered = delivered.and_then(of_accounts).flatten();
        match (trail.is_multi_region_trail, delivered) {
            (Some(false), _) => (BTreeSet::from([trail.home_region.clone()]), true),
            (_, Some(delivered)) => (delivered, true),
            (_, None) => {
                let scanned = self.world.regions_of(&trail.trail_arn).cloned();
                (scanned.chain(trail.status.keys().cloned()).collect(), self.config.regions.is_none())
            }
        }
    }

    /// By the clock of the accounts whose trails record there.
    fn missing_at_ends(&self, window: Window, accounts: &[String]) -> Vec<Reason> {
        let mut missing = Vec::new();
        let doubts = accounts.iter().flat_map(|account| self.world.failures(account, FactKind::Clock));
        missing.extend(doubts.map(Reason::failed));
        let clocks = accounts.iter().filter_map(|account| Some(self.world.account(account)?.collected_at));
        let at = clocks.min().unwrap_or(self.world.at);
        if window.end <= window.start || at.0 - window.end.0 < LATE_DELIVERY {
            missing.push(OfRecords::WindowTooLate.into());
        }
        let asked = self.config.window();
        if window.start.0 > at.0 - asked {
            let asked_seconds = asked.whole_seconds();
            missing.push(OfRecords::WindowShort { start: window.start, asked_seconds }.into());
        }
        missing
    }

    fn not_read_of(&self, recorder: &Recorder, region: &str) -> Vec<Reason> {
        let (name, region) = (recorder.name.clone(), region.to_owned());
        let readings = self.accesses.readings(recorder, &region);
        if readings.is_empty() {
            return vec![OfRecords::NotListed { recorder: name, region }.into()];
        }
        let is_shared = self.world.accounts_that_see(&recorder.arn).len() > 1;
        let incomplete = readings.iter().filter(|reading| !reading.is_complete());
        let reason = |reading: &&LogReading| {
            let why = reading.incomplete_because.clone().unwrap_or_else(|| {
                format!("{} of {} log objects were read", reading.read_objects, reading.listed_objects)
            });
            // What a sample can say of what it did not look at.
            let unseen_share = reading.unseen_share.filter(|_| reading.read_objects > 0);
            let account = reading.account.clone().filter(|_| is_shared);
            OfRecords::NotAllRead { recorder: name.clone(), account, region: region.clone(), why, unseen_share }.into()
        };
        incomplete.map(reason).collect()
    }

    /// Where a trail writes digests, they must bear out what was read.
    pub(super) fn not_intact(&self, recorder: &Recorder, region: &str) -> Option<Reason> {
        let name = recorder.name.clone();
        match self.world.trail(&recorder.arn)?.log_file_validation_enabled {
            Some(true) => {}
            Some(false) => return None,
            None => return Some(OfRecords::ValidationUnknown { recorder: name }.into()),
        }
        let region_name = region.to_owned();
        let told = self.accesses.validations_of(recorder, region);
        if told.is_empty() {
            return Some(OfRecords::NotCompared { recorder: name, region: region_name }.into());
        }
        let told = told.into_iter().find(|told| !told.is_valid())?;
        let problem = told.problems.first().cloned();
        Some(OfRecords::NotIntact { recorder: name, region: region_name, problem }.into())
    }

    /// What its status says of the window.
    fn not_delivered(&self, recorder: &Recorder, region: &str, window: Window) -> Vec<Reason> {
        let name = || recorder.name.clone();
        let status = self.world.trail(&recorder.arn).and_then(|trail| trail.status.get(region));
        let Some(status) = status else {
            return vec![OfRecords::DeliveryUnknown { recorder: name() }.into()];
        };
        let mut missing = Vec::new();
        let since = status.start_logging_time;
        if since.is_none_or(|since| since > window.start) {
            missing.push(OfRecords::LoggingSince { recorder: name(), since, window_start: window.start }.into());
        }
        // Without a delivery in its time, a trail has shown nothing of it; empty digests would show that there was nothing.
        let has_digests = !self.accesses.validations_of(recorder, region).is_empty();
        if status.latest_delivery_time.is_none_or(|time| time < window.start) && !has_digests {
            missing.push(OfRecords::NothingDelivered { recorder: name(), last: status.latest_delivery_time }.into());
        }
        if let Some(error) = status.latest_delivery_error.clone().filter(|error| !error.is_empty()) {
            missing.push(OfRecords::DeliveriesFailing { recorder: name(), error }.into());
        }
        let has_delivered = status.latest_delivery_time.is_some_and(|time| time >= window.start);
        let readings = self.accesses.readings(recorder, region);
        let lists_nothing = readings.iter().any(|reading| reading.listed_objects == 0);
        // Where several accounts see it, it may have delivered another's; that there was nothing of this one, digests show.
        let is_shared = self.world.accounts_that_see(&recorder.arn).len() > 1;
        if has_delivered && lists_nothing && !(is_shared && has_digests) {
            missing.push(OfRecords::NoLogObjects { recorder: name() }.into());
        }
        missing
    }
}

/// How many could not be read, with the first of them and why.
fn unreadable(records: &Records, objects: u64) -> Reason {
    let mut unread: Vec<&Skipped> = records.skipped.iter().filter(|skipped| skipped.matters).collect();
    unread.sort_by(|a, b| a.object.cmp(&b.object));
    let first = unread.first().map(|skipped| format!("{} ({})", skipped.object, skipped.reason));
    OfRecords::Unreadable { objects, first }.into()
}

/// What is of no trail in particular and may hold an access.
pub(super) fn not_read(records: &Records) -> Vec<Reason> {
    // What was read from a path.
    let of_path = records.read.iter().filter(|reading| reading.region.is_none());
    let mut missing: Vec<Reason> = of_path
        .filter_map(|reading| {
            let (path, why) = (reading.source.clone(), reading.incomplete_because.clone()?);
            Some(OfRecords::PathOnly { path, why }.into())
        })
        .collect();
    if records.malformed > 0 {
        missing.push(OfRecords::Malformed { records: records.malformed, first: records.unclear.clone() }.into());
    }
    missing
}
