//! Are cluster, bucket and trail where they must be? The article's triad: a trail sees only its own region's buckets, and
//! COPY or UNLOAD to a bucket of another region than the cluster needs REGION.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use serde_json::json;

use super::View;
use super::judgement::{Judgement, Placement};
use crate::aws::arn::RoleArn;
use crate::config::RedshiftLocation;
use crate::coverage::prove::RecorderSet;
use crate::coverage::recorder::{Effect, Recorder};
use crate::coverage::selector::Field;
use crate::nearest::nearest;
use crate::reason::{OfLocation, OfRecorder, Reason};
use crate::snapshot::{Cluster, FactKind, Failure};
use crate::world::World;

/// How many names a list in the evidence has.
const SHOWN: usize = 5;

impl View<'_> {
    /// The worst that holds is the status; the reasons say all.
    pub(super) fn placement(&self, entry: &RedshiftLocation) -> Judgement<Placement> {
        let bucket = &entry.location.bucket;
        let region = match self.world.bucket_region(bucket) {
            Ok(region) => region,
            Err(reason) => return Judgement::unknown(vec![reason]),
        };
        let mut unknowns = Vec::new();
        let mut problems: Vec<(Placement, Reason)> = Vec::new();
        let place = match self.world.recorders_at(bucket, region, entry.role.as_ref()) {
            Ok(set) => Some(self.recorders_in(&set, entry, region)),
            Err(reason) => {
                unknowns.push(reason);
                None
            }
        };
        match place.as_ref().map(|place| &place.absence) {
            None | Some(Absence::There) => {}
            Some(Absence::No(reason)) => problems.push((Placement::NoTrail, reason.clone())),
            Some(Absence::Unknown(reason)) => unknowns.push(reason.clone()),
        }
        let (candidates, is_known) = self.clusters.of_entry(entry);
        match self.cluster_beside(entry, &candidates, is_known, region) {
            Absence::There => {}
            Absence::No(reason) => problems.push((Placement::OtherRegion, reason)),
            Absence::Unknown(reason) => unknowns.push(reason),
        }
        let dead = place.as_ref().and_then(|place| place.dead.get(bucket)).map_or(&[][..], Vec::as_slice);
        problems.extend(dead.iter().map(|reason| (Placement::DeadSelector, reason.clone())));
        unknowns.extend(place.iter().flat_map(|place| &place.may_be_dead).cloned());
        // Where it is not known whether any trail is in effect, that is told already.
        let beside = place.iter().filter(|place| !matches!(place.absence, Absence::Unknown(_)));
        let of_bucket = beside.clone().filter_map(|place| place.doubtful.get(bucket)).flatten();
        unknowns.extend(beside.flat_map(|place| &place.may_be_dead_beside).chain(of_bucket).cloned());
        let evidence = json!({
            "bucket_region": region,
            "cluster_regions": candidates.regions,
            "trails_in_effect": place.as_ref().map_or(&[][..], |place| &place.in_effect),
            "dead_selectors": dead.iter().map(Reason::to_string).collect::<Vec<_>>(),
        });
        let mut evidence = evidence;
        // What is not known may be worse than what fails.
        evidence["not_known"] = json!(!unknowns.is_empty());
        let status = match problems.first() {
            Some((status, _)) => *status,
            None if !unknowns.is_empty() => Placement::Unknown,
            None => {
                let reason = OfLocation::Aligned { region: region.to_owned() };
                return Judgement::new(Placement::Aligned, vec![reason.into()], evidence);
            }
        };
        let reasons = problems.into_iter().map(|(_, reason)| reason).chain(unknowns).collect();
        Judgement::new(status, reasons, evidence)
    }

    /// What all locations of one region and its accounts share.
    fn recorders_in(&self, set: &Rc<RecorderSet>, entry: &RedshiftLocation, region: &str) -> Rc<RecordersInRegion> {
        let known = self.placed.borrow().get(&Rc::as_ptr(set)).cloned();
        known.unwrap_or_else(|| {
            let accounts = self.world.recording_accounts(&entry.location.bucket, entry.role.as_ref());
            let found = RecordersInRegion::of(set, self.world.partition(), region);
            let hidden = accounts.iter().flatten().flat_map(|account| self.world.failures(account, FactKind::Trails));
            let (here, elsewhere): (Vec<&Failure>, Vec<&Failure>) =
                hidden.partition(|failure| failure.region == region);
            let told = |failures: Vec<&Failure>| failures.into_iter().map(Reason::failed).collect::<Vec<_>>();
            let found = Rc::new(RecordersInRegion {
                may_be_dead: [found.may_be_dead, told(elsewhere)].concat(),
                may_be_dead_beside: [found.may_be_dead_beside, told(here)].concat(),
                ..found
            });
            self.placed.borrow_mut().insert(Rc::as_ptr(set), Rc::clone(&found));
            found
        })
    }

    /// Whether every cluster that is known to use the location is in the bucket's region; where none is known to, whether
    /// one is that may, or there is none to compare with.
    fn cluster_beside(
        &self,
        entry: &RedshiftLocation,
        candidates: &Candidates,
        is_known: bool,
        region: &str,
    ) -> Absence {
        let is_elsewhere = candidates.regions.iter().any(|other| other != region);
        let is_here = candidates.regions.contains(region);
        if is_here && !is_known {
            return Absence::There;
        }
        if !(is_known && is_elsewhere)
            && let Some(failure) = self.unseen_clusters(entry)
        {
            return Absence::Unknown(OfLocation::ClustersNotSeen { because: Box::new(failure) }.into());
        }
        if is_here && !is_elsewhere {
            return Absence::There;
        }
        match (&candidates.names[..], &entry.cluster) {
            ([], Some(name)) => {
                let nearest = self.clusters.nearest_name(name);
                Absence::Unknown(OfLocation::ClusterNotFound { cluster: name.clone(), nearest }.into())
            }
            ([], None) => Absence::There,
            (names, _) => {
                let reason = OfLocation::ClusterInOtherRegion {
                    bucket_region: region.to_owned(),
                    clusters: names.to_vec(),
                    cluster_regions: candidates.regions.iter().cloned().collect(),
                    statement: entry.kind,
                };
                Absence::No(reason.into())
            }
        }
    }

    /// The failed call that may have hidden a cluster: of the role's account, or of any where no role says which.
    fn unseen_clusters(&self, entry: &RedshiftLocation) -> Option<Reason> {
        let account = entry.carried_role().and_then(|role| self.world.account(&role.account));
        // A name may be a workgroup's too.
        let of_names = entry.cluster.is_some().then_some(FactKind::Workgroups);
        let kinds = [FactKind::Clusters, FactKind::Namespaces].into_iter().chain(of_names);
        let mut failures = kinds.flat_map(|kind| match account {
            Some(account) => self.world.failures(account.id(), kind).collect::<Vec<_>>(),
            None => self.world.failures_anywhere(kind).collect(),
        });
        failures.next().map(Reason::failed)
    }
}

/// Whether something is there.
enum Absence {
    There,
    No(Reason),
    Unknown(Reason),
}

/// Clusters that may use a location.
#[derive(Default, Clone)]
pub(super) struct Candidates {
    regions: BTreeSet<String>,
    /// The first of them.
    pub names: Vec<String>,
}

impl Candidates {
    fn of<'a>(clusters: impl IntoIterator<Item = &'a Cluster>) -> Candidates {
        let mut candidates = Candidates::default();
        for cluster in clusters {
            candidates.regions.insert(cluster.region.clone());
            if candidates.names.len() < SHOWN {
                candidates.names.push(cluster.cluster_identifier.clone());
            }
        }
        candidates
    }
}

/// Clusters by what a location names of them. A role is associated with clusters of its own account only, so where the account
/// of a location's role was scanned, the clusters are that account's.
pub(super) struct ClusterIndex {
    accounts: HashSet<String>,
    /// By account and name; without the account, those of all.
    by_name: HashMap<(Option<String>, String), Rc<Candidates>>,
    /// By the account and name of an associated role.
    by_role: HashMap<(String, String), Rc<Candidates>>,
    /// Account and name of each role, and the name of a cluster of its account that has it.
    carried: HashSet<(String, String, String)>,
    /// Roles that are on their way out of every cluster that has them.
    leaving: HashSet<(String, String)>,
    /// By account; without it, those of all.
    all: HashMap<Option<String>, Rc<Candidates>>,
}

impl ClusterIndex {
    pub(super) fn of(world: &World) -> ClusterIndex {
        let mut by_name: HashMap<(Option<String>, String), Vec<&Cluster>> = HashMap::new();
        let mut by_role: HashMap<(String, String), Vec<&Cluster>> = HashMap::new();
        let mut all: HashMap<Option<String>, Vec<&Cluster>> = HashMap::new();
        let (mut leaving, mut staying, mut carried) = (HashSet::new(), HashSet::new(), HashSet::new());
        for cluster in world.clusters() {
            for account in [Some(cluster.account.clone()), None] {
                for name in cluster.names() {
                    by_name.entry((account.clone(), name.clone())).or_default().push(cluster);
                }
                all.entry(account).or_default().push(cluster);
            }
            for role in &cluster.iam_roles {
                let Some(parsed) = RoleArn::parse(&role.iam_role_arn) else { continue };
                let is_leaving = role.apply_status.as_deref() == Some("removing");
                let to = if is_leaving { &mut leaving } else { &mut staying };
                to.insert((parsed.account, parsed.name));
            }
            let default = cluster.default_iam_role_arn.as_deref();
            let roles = cluster.iam_roles.iter().map(|role| role.iam_role_arn.as_str()).chain(default);
            let roles: BTreeSet<_> = roles.filter_map(RoleArn::parse).map(|role| (role.account, role.name)).collect();
            for (account, name) in roles {
                let names = cluster.names().map(|of| (account.clone(), name.clone(), of.clone()));
                carried.extend(names);
                by_role.entry((account, name)).or_default().push(cluster);
            }
        }
        let accounts = world.snapshot.accounts.iter().map(|account| account.id().to_owned()).collect();
        leaving.retain(|role| !staying.contains(role));
        let (by_name, by_role, all) = (by_key(by_name), by_key(by_role), by_key(all));
        ClusterIndex { accounts, by_name, by_role, carried, leaving, all }
    }

    /// The cluster that is named; else those that the role is associated with, which are known to use the location; else all
    /// that may.
    fn of_entry(&self, entry: &RedshiftLocation) -> (Rc<Candidates>, bool) {
        let account = entry.carried_role().map(|role| role.account.clone());
        let account = account.filter(|account| self.accounts.contains(account));
        if let Some(name) = &entry.cluster {
            return (self.by_name.get(&(account, name.clone())).cloned().unwrap_or_default(), true);
        }
        match entry.carried_role().and_then(|role| self.with_role(role)) {
            Some(associated) => (associated, true),
            None => (self.all.get(&account).cloned().unwrap_or_default(), false),
        }
    }

    /// Whether the role is being taken from every cluster that has it (Redshift API Reference, `ClusterIamRole.ApplyStatus`).
    pub(super) fn is_leaving(&self, role: &RoleArn) -> bool {
        self.leaving.contains(&(role.account.clone(), role.name.clone()))
    }

    /// Whether the role's account has a cluster of this name.
    pub(super) fn knows(&self, cluster: &str, role: &RoleArn) -> bool {
        self.by_name.contains_key(&(Some(role.account.clone()), cluster.to_owned()))
    }

    /// Whether the role's account has clusters of this name, and none of them has the role.
    pub(super) fn lacks(&self, cluster: &str, role: &RoleArn) -> bool {
        self.knows(cluster, role)
            && !self.carried.contains(&(role.account.clone(), role.name.clone(), cluster.to_owned()))
    }

    /// The associated role of the same account whose name is most like this one's.
    pub(super) fn nearest(&self, role: &RoleArn) -> Option<String> {
        let names = self.by_role.keys().filter(|(account, _)| *account == role.account).map(|(_, name)| &**name);
        nearest(&role.name, names).map(str::to_owned)
    }

    /// The cluster or namespace whose name is most like this one.
    fn nearest_name(&self, name: &str) -> Option<String> {
        nearest(name, self.by_name.keys().map(|(_, name)| &**name)).map(str::to_owned)
    }

    /// Those that the role is associated with.
    pub(super) fn with_role(&self, role: &RoleArn) -> Option<Rc<Candidates>> {
        self.by_role.get(&(role.account.clone(), role.name.clone())).cloned()
    }
}

fn by_key<K: Eq + std::hash::Hash>(clusters: HashMap<K, Vec<&Cluster>>) -> HashMap<K, Rc<Candidates>> {
    clusters.into_iter().map(|(key, clusters)| (key, Rc::new(Candidates::of(clusters)))).collect()
}

/// The recorders of one region and its accounts, as placement asks for them.
pub(super) struct RecordersInRegion {
    /// The first of those that are in effect.
    in_effect: Vec<String>,
    absence: Absence,
    /// By bucket, the selectors that name it in a recorder that sees nothing of its region.
    dead: HashMap<String, Vec<Reason>>,
    /// The same of recorders of which it is not known whether they see something there.
    doubtful: HashMap<String, Vec<Reason>>,
    /// Why there may be more of them.
    may_be_dead: Vec<Reason>,
    /// The same, where beside them something is in effect: what may see nothing there, and names nobody knows which buckets.
    may_be_dead_beside: Vec<Reason>,
}

impl RecordersInRegion {
    fn of(set: &RecorderSet, partition: &str, region: &str) -> RecordersInRegion {
        let in_effect = set.recorders.iter().filter(|recorder| recorder.effect == Effect::InEffect);
        RecordersInRegion {
            in_effect: in_effect.take(SHOWN).map(|recorder| recorder.name.clone()).collect(),
            absence: trail_in_effect(&set.recorders, region),
            dead: by_bucket(sees_nothing(&set.recorders), partition, dead_there),
            doubtful: by_bucket(may_see_nothing(&set.recorders), partition, |recorder, _, _, why| recorder.said(why)),
            may_be_dead: sees_nothing(&set.recorders).filter_map(unread).collect(),
            may_be_dead_beside: may_see_nothing(&set.recorders).filter_map(unread).collect(),
        }
    }
}

fn trail_in_effect(recorders: &[Recorder], region: &str) -> Absence {
    if recorders.iter().any(|recorder| recorder.effect == Effect::InEffect) {
        return Absence::There;
    }
    let region = region.to_owned();
    let unknown = recorders.iter().find_map(|recorder| match &recorder.effect {
        Effect::Unknown(reason) => Some(recorder.said(reason.clone())),
        _ => None,
    });
    if let Some(reason) = unknown {
        return Absence::Unknown(OfLocation::EffectUnknown { region, because: Box::new(reason) }.into());
    }
    let because = recorders.iter().filter_map(|recorder| match &recorder.effect {
        Effect::None(reason) => Some(recorder.said(reason.clone())),
        _ => None,
    });
    Absence::No(OfLocation::NoTrailInEffect { region, because: because.collect() }.into())
}

/// Recorders that see nothing of the region, and why. One of another account records its own calls there.
fn sees_nothing(recorders: &[Recorder]) -> impl Iterator<Item = (&Recorder, &Reason)> {
    recorders.iter().filter_map(|recorder| match &recorder.effect {
        Effect::None(Reason::OfRecorder(
            OfRecorder::RecorderOfOtherAccount { .. } | OfRecorder::RecordersOfOtherAccounts,
        )) => None,
        Effect::None(reason) => Some((recorder, reason)),
        _ => None,
    })
}

/// Recorders that were seen, and of which it is not known whether they see anything of the region, and why.
fn may_see_nothing(recorders: &[Recorder]) -> impl Iterator<Item = (&Recorder, &Reason)> {
    recorders.iter().filter(|recorder| !recorder.arn.is_empty()).filter_map(|recorder| match &recorder.effect {
        Effect::Unknown(reason) => Some((recorder, reason)),
        _ => None,
    })
}

fn unread((recorder, _): (&Recorder, &Reason)) -> Option<Reason> {
    recorder.selectors.as_ref().err().map(|reason| recorder.said(reason.clone()))
}

/// By bucket, the selectors of these recorders that name it, each told with why its recorder is among them.
fn by_bucket<'r>(
    recorders: impl Iterator<Item = (&'r Recorder, &'r Reason)>,
    partition: &str,
    tell: impl Fn(&Recorder, &str, &str, Reason) -> Reason,
) -> HashMap<String, Vec<Reason>> {
    let arn_start = format!("arn:{partition}:s3:::");
    let mut by_bucket: HashMap<String, Vec<Reason>> = HashMap::new();
    for (recorder, reason) in recorders {
        for selector in recorder.read() {
            let tests = selector.condition(Field::ResourceArn).into_iter().flat_map(|condition| &condition.select);
            let named = tests.filter_map(|test| Some(test.text().strip_prefix(&arn_start)?.split_once('/')?.0));
            for bucket in named.collect::<BTreeSet<_>>() {
                let told = tell(recorder, &selector.label, bucket, reason.clone());
                by_bucket.entry(bucket.to_owned()).or_default().push(told);
            }
        }
    }
    by_bucket
}

/// A selector that names a bucket in a trail that sees nothing of its region: no event ever comes.
fn dead_there(recorder: &Recorder, selector: &str, bucket: &str, because: Reason) -> Reason {
    let reason = OfLocation::DeadThere {
        recorder: recorder.name.clone(),
        selector: selector.to_owned(),
        bucket: bucket.to_owned(),
        because: Box::new(because),
    };
    reason.into()
}
