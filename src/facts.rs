//! What follows exactly from a world, its records and a config. Pure, no I/O.
//!
//! `input` is the document that policies read, `judgement` the form of its answers. Each of the other files answers one
//! question, for all that `derive` lists.

mod accesses;
mod accounts;
mod approval;
mod buckets;
mod changes;
mod clusters;
mod coverage;
mod denied;
mod duplicates;
mod evidence;
pub mod input;
pub mod judgement;
mod logging;
mod missing;
mod placement;
pub mod plan;
mod principals;
mod reconciliation;
mod statements;
pub mod subject;
pub mod trace;
mod unseen;
mod uses;
mod validation;
mod waivers;
mod writes;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::aws::arn::{Arn, RoleArn};
use crate::aws::location::{Location, LocationKind};
use crate::aws::s3_events::Access;
use crate::config::{Config, RedshiftLocation};
use crate::coverage::prove::RecorderSet;
use crate::parallel;
use crate::reason::Reason;
use crate::snapshot::{FactKind, Origin, Records, Snapshot, StatementRecords};
use crate::world::World;

use accesses::{AccessIndex, OwnCalls};
use input::{Facts, FailureFact, LocationFact, SCHEMA, Scan};
use judgement::{Coverage, Judgement};
use placement::{ClusterIndex, RecordersInRegion};
use subject::{Subject, SubjectKind};
use uses::{DeclaredPlaces, Used, uses};

/// Derives the facts. The same snapshot and config give the same facts, byte for byte.
pub fn derive(snapshot: &Snapshot, config: &Config) -> Facts {
    let view = View::new(snapshot, config);
    let (unloads, copies): (Vec<Used>, Vec<Used>) =
        uses(snapshot, config).into_iter().partition(|used| used.location.kind == LocationKind::Unload);
    let declared_unloads: Vec<&RedshiftLocation> =
        config.redshift.iter().filter(|entry| entry.kind == LocationKind::Unload).collect();
    Facts {
        schema: SCHEMA.to_owned(),
        scan: view.scan(),
        unloads: view.each(&unloads, View::location_fact),
        copies: view.each(&copies, View::location_fact),
        access_rules: view.each(&config.access_rules, View::access_fact),
        declared: view.declared_facts(),
        known_unloads: view.each(&declared_unloads, View::known_unload_fact),
        learned: view.learned_facts(),
        statements: view.statement_facts(),
        unload_writes: view.write_facts(),
        clusters: view.cluster_facts(),
        seen_unloads: view.unload_facts(),
        redshift_roles: view.role_facts(),
        declared_roles: view.declared_role_facts(),
        accounts: view.account_facts(),
        buckets: view.bucket_facts(),
        waivers: view.waiver_facts(),
        trails: view.world.trails().map(|trail| view.trail_fact(trail)).collect(),
        sessions: view.records.map_or(vec![], |records| records.sessions.clone()),
        unseen: view.unseen(),
        failures: snapshot
            .failures()
            .map(|failure| FailureFact {
                account: failure.account.clone(),
                region: failure.region.clone(),
                makes_unknown: failure.makes_unknown.iter().copied().collect(),
                message: Reason::failed(failure).to_string(),
            })
            .collect(),
    }
}

/// How many trails are in effect, by account and region, and of how many that is not known.
pub fn trails_there(snapshot: &Snapshot) -> BTreeMap<&str, BTreeMap<&str, (usize, usize)>> {
    let world = World::at(snapshot, snapshot.collected_at());
    let of_accounts = snapshot.accounts.iter().map(|account| {
        let regions = account.scope.regions.iter();
        (account.id(), regions.map(|region| (region.as_str(), world.trails_there(account, region))).collect())
    });
    of_accounts.collect()
}

/// Answers that were found before.
type Memo<K, V> = RefCell<HashMap<K, Rc<V>>>;

/// So many facts are worth a thread.
const MANY: usize = 200;

/// The world, the records and the config, with what is looked up often.
struct View<'a> {
    world: World<'a>,
    records: Option<&'a Records>,
    config: &'a Config,
    accesses: AccessIndex<'a>,
    /// What the config declares of Redshift's locations.
    declared: DeclaredPlaces<'a>,
    /// What the records show of a statement, by its id.
    found: HashMap<&'a str, &'a StatementRecords>,
    own_calls: OwnCalls<'a>,
    clusters: ClusterIndex,
    /// The locations that the records were told apart by.
    watched: HashSet<&'a str>,
    /// Coverage is asked for one location by several questions.
    proved: Memo<(Location, Access, Option<RoleArn>), Judgement<Coverage>>,
    /// What placement asks of the recorders of one place.
    placed: Memo<*const RecorderSet, RecordersInRegion>,
    /// What the records lack of a recorder, by its ARN, for a region and what is asked of.
    missing_records: Memo<(String, Vec<String>, String, Access), [Reason]>,
    /// The regions of the buckets that records were told apart by; `Err`: why they are not all known.
    watched_regions: OnceCell<Result<BTreeSet<String>, Reason>>,
    /// What of the records was not read, for every location.
    not_read: Vec<Reason>,
}

impl<'a> View<'a> {
    fn new(snapshot: &'a Snapshot, config: &'a Config) -> View<'a> {
        let records = snapshot.records.as_ref();
        let found = records.iter().flat_map(|records| &records.statements);
        let world = World::at(snapshot, snapshot.collected_at()).counting(&config.recorders, config.regions.is_some());
        View {
            clusters: ClusterIndex::of(&world),
            own_calls: OwnCalls::of(snapshot),
            not_read: records.map_or(vec![], evidence::not_read),
            world,
            records,
            config,
            declared: DeclaredPlaces::of(config),
            found: found.map(|found| (&*found.statement, found)).collect(),
            accesses: AccessIndex::of(records, snapshot.accounts.len() == 1),
            watched: records.iter().flat_map(|records| &records.locations).map(String::as_str).collect(),
            proved: RefCell::default(),
            placed: RefCell::default(),
            missing_records: RefCell::default(),
            watched_regions: OnceCell::new(),
        }
    }

    /// A fact for each item. Many are derived by several threads, each in a view of its own.
    fn each<T: Sync, F: Send>(&self, items: &[T], fact: impl Fn(&View<'a>, &T) -> F + Sync) -> Vec<F> {
        if items.len() <= MANY {
            return items.iter().map(|item| fact(self, item)).collect();
        }
        let (snapshot, config) = (self.world.snapshot, self.config);
        let parts: Vec<&[T]> = items.chunks(MANY).collect();
        let derive = |view: &mut View<'a>, part: &&[T]| part.iter().map(|item| fact(view, item)).collect::<Vec<_>>();
        parallel::each(&parts, || View::new(snapshot, config), derive).into_iter().flatten().collect()
    }

    fn scan(&self) -> Scan {
        let accounts: Vec<String> =
            self.world.snapshot.accounts.iter().map(|account| account.id().to_owned()).collect();
        let regions: BTreeSet<&String> = self.world.scanned_regions().collect();
        Scan {
            subject: account_subject(self.scanning_account()),
            accounts,
            partition: self.world.partition().to_owned(),
            regions: regions.into_iter().cloned().collect(),
            collected_at: self.world.at,
            clock_is_doubtful: self.world.failures_anywhere(FactKind::Clock).next().is_some(),
            was_stopped: self.world.snapshot.was_stopped,
        }
    }

    /// The account that the scan was started in.
    fn scanning_account(&self) -> &str {
        let snapshot = self.world.snapshot;
        match &snapshot.scanner {
            Some(scanner) => &scanner.caller.account,
            // The first by id, so that the order of the accounts does not matter.
            None => snapshot.accounts.iter().map(|account| account.id()).min().unwrap_or_default(),
        }
    }

    fn location_subject(&self, location: &Location, declared_at: Option<Origin>) -> Subject {
        let bucket = self.world.bucket(&location.bucket);
        let owner = bucket.and_then(|bucket| bucket.account.as_deref());
        Subject {
            kind: SubjectKind::Location,
            id: location.to_string(),
            account: owner.unwrap_or(self.scanning_account()).to_owned(),
            region: bucket.and_then(|bucket| bucket.region.clone()),
            declared_at,
        }
    }

    fn arn_subject(&self, kind: SubjectKind, arn: &str, region: Option<&str>) -> Subject {
        let account = Arn::parse(arn).map(|arn| arn.account).filter(|account| !account.is_empty());
        Subject {
            kind,
            id: arn.to_owned(),
            account: account.unwrap_or(self.scanning_account()).to_owned(),
            region: region.map(str::to_owned),
            declared_at: None,
        }
    }

    fn location_fact(&self, used: &Used) -> LocationFact {
        let entry = &used.location;
        LocationFact {
            subject: self.location_subject(&entry.location, Some(used.origin.clone())),
            location: entry.location.to_string(),
            bucket: entry.location.bucket.clone(),
            bucket_region: self.world.bucket_region(&entry.location.bucket).ok().map(str::to_owned),
            role: entry.role.as_ref().map(|role| role.text.clone()),
            cluster: used.cluster.clone(),
            access: entry.access,
            coverage: self.coverage_of_use(used),
            placement: self.placement(entry),
            duplicates: self.duplicates(entry),
        }
    }
}

fn account_subject(id: &str) -> Subject {
    Subject { kind: SubjectKind::Account, id: id.to_owned(), account: id.to_owned(), region: None, declared_at: None }
}

/// Three-valued "or": one yes is enough; without it, one that could not be told leaves all untold.
fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(false);
    for answer in answers {
        match answer {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all = None,
        }
    }
    all
}
