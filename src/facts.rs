//! Stage 3: what follows exactly from a snapshot and a config. Pure, no I/O.
//!
//! `Facts` is the `input` document that policies read. Every field is always there, so that a policy never takes an
//! absent one for a "no"; what could not be told has the status `unknown` and says why.

mod approval;
mod evidence;
mod integrity;
mod logging;
mod placement;
mod recording;
mod touch;
pub mod trace;
mod unload;
mod waste;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::arn::RoleArn;
use crate::config::{Config, RecorderKind, RedshiftLocation};
use crate::coverage::event::Access;
use crate::coverage::prove::RecorderSet;
use crate::location::Location;
use crate::snapshot::{FactKind, LocationKind, Session, Snapshot, Timestamp};

/// The `input` document's format.
pub const SCHEMA: &str = "trailcheck/input/v1";

/// The `input` document.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Facts {
    pub schema: String,
    pub scan: Scan,
    pub unloads: Vec<LocationFact>,
    pub copies: Vec<LocationFact>,
    pub access_rules: Vec<AccessFact>,
    /// Every declared location, where log records are asked for.
    pub declared: Vec<DeclaredFact>,
    /// Where UNLOADs were seen.
    pub seen_unloads: Vec<UnloadFact>,
    /// Roles of sessions that are named as Redshift's.
    pub redshift_roles: Vec<RoleFact>,
    pub trails: Vec<TrailFact>,
    /// COPYs and UNLOADs that the log records show.
    pub sessions: Vec<Session>,
    pub gaps: Vec<GapFact>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Scan {
    pub account: String,
    pub partition: String,
    pub regions: Vec<String>,
    pub collected_at: Timestamp,
}

/// An answer with its reason and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Judgement {
    /// See the field that holds it; `unknown` is always among the values.
    pub status: &'static str,
    pub message: String,
    pub evidence: Value,
}

/// A location that COPY or UNLOAD uses.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LocationFact {
    pub location: String,
    pub bucket: String,
    /// `null`: not known.
    pub bucket_region: Option<String>,
    /// `null`: anyone.
    pub role: Option<String>,
    pub cluster: Option<String>,
    pub access: Access,
    /// The line of the config that declares it; 1 where it was learned elsewhere.
    pub line: usize,
    /// `recorded`, `gap` or `unknown`.
    pub coverage: Judgement,
    /// `aligned`, `no_trail`, `other_region`, `dead_selector` or `unknown`.
    pub placement: Judgement,
    /// `once`, `twice` or `unknown`.
    pub duplicates: Judgement,
    /// Whether the records show the UNLOADs that are known to have run: `confirmed`, `contradicted`, `not_known` (there is
    /// nothing to compare) or `unknown`.
    pub confirmation: Judgement,
}

/// Who touched a declared location.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeclaredFact {
    pub location: String,
    pub bucket: String,
    pub line: usize,
    /// IAM users and root: `none`, `seen` or `unknown`.
    pub long_lived_keys: Judgement,
    /// Principals of other accounts that no `[[access]]` table approves: `none`, `seen` or `unknown`.
    pub foreign_accounts: Judgement,
}

/// A place that UNLOADs were seen at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UnloadFact {
    /// The declared location, or the bucket.
    pub location: String,
    pub line: usize,
    /// `complete`, `unfinished` or `unknown`.
    pub completion: Judgement,
}

/// A role of sessions that are named as Redshift's.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RoleFact {
    pub role: String,
    /// By a cluster or workgroup: `carried`, `not_carried` or `unknown`.
    pub carried: Judgement,
}

/// A rule on who may touch a location.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccessFact {
    pub location: String,
    pub bucket: String,
    pub actions: Access,
    pub line: usize,
    /// Whether every access by anyone is recorded: `recorded`, `gap` or `unknown`.
    pub coverage: Judgement,
    /// `approved`, `violated` or `unknown`.
    pub approval: Judgement,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TrailFact {
    pub trail_arn: String,
    pub name: String,
    pub home_region: String,
    pub is_multi_region_trail: Option<bool>,
    pub is_organization_trail: Option<bool>,
    /// `logging`, `stopped`, `delivery_failing` or `unknown`.
    pub logging: Judgement,
    /// `live`, `dead` or `unknown`.
    pub selectors: Judgement,
    /// Whether its log files are those that were delivered: `intact`, `violated`, `not_validated` or `unknown`.
    pub integrity: Judgement,
}

/// What could not be seen.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GapFact {
    pub account: String,
    pub region: String,
    pub makes_unknown: Vec<FactKind>,
    pub reason: String,
}

/// Derives the facts. The same snapshot and config give the same facts, byte for byte.
pub fn derive(snapshot: &Snapshot, config: &Config) -> Facts {
    let view = View::new(snapshot, config);
    let uses = redshift_uses(snapshot, config);
    let of_kind = |kind: LocationKind| -> Vec<LocationFact> {
        uses.iter().filter(|entry| entry.kind == kind).map(|entry| view.location_fact(entry)).collect()
    };
    Facts {
        schema: SCHEMA.to_owned(),
        scan: Scan {
            account: snapshot.caller.account.clone(),
            partition: snapshot.scope.partition.clone(),
            regions: snapshot.scope.regions.iter().cloned().collect(),
            collected_at: snapshot.collected_at,
        },
        unloads: of_kind(LocationKind::Unload),
        copies: of_kind(LocationKind::Copy),
        access_rules: config.access_rules.iter().map(|rule| view.access_fact(rule)).collect(),
        declared: view.declared_facts(config),
        seen_unloads: view.unload_facts(config),
        redshift_roles: view.role_facts(),
        trails: snapshot.trails.iter().map(|trail| view.trail_fact(trail, config)).collect(),
        sessions: snapshot.records.as_ref().map_or(vec![], |records| records.sessions.clone()),
        gaps: snapshot
            .gaps
            .iter()
            .map(|gap| GapFact {
                account: gap.account.clone(),
                region: gap.region.clone(),
                makes_unknown: gap.makes_unknown.iter().copied().collect(),
                reason: gap.reason(),
            })
            .collect(),
    }
}

type RegionAndAccounts = (String, Vec<String>);

/// The snapshot, and what counts as recording.
struct View<'a> {
    snapshot: &'a Snapshot,
    recorders: Vec<RecorderKind>,
    /// How far back the config asks for records.
    window: Option<time::Duration>,
    /// Made once for each region and the accounts whose trails count there.
    sets: RefCell<BTreeMap<RegionAndAccounts, Rc<RecorderSet>>>,
}

impl<'a> View<'a> {
    fn new(snapshot: &'a Snapshot, config: &Config) -> View<'a> {
        let recorders = if config.recorders.is_empty() { vec![RecorderKind::Trail] } else { config.recorders.clone() };
        let window = config.records.and_then(|records| records.window);
        View { snapshot, recorders, window, sets: RefCell::default() }
    }

    fn location_fact(&self, entry: &RedshiftLocation) -> LocationFact {
        let region = self.bucket_region(&entry.location.bucket).ok();
        let coverage = self.coverage(&entry.location, entry.access, entry.role.as_ref());
        LocationFact {
            confirmation: self.confirmation(entry, &coverage),
            location: entry.location.to_string(),
            bucket: entry.location.bucket.clone(),
            bucket_region: region,
            role: entry.role.as_ref().map(|role| role.text.clone()),
            cluster: entry.cluster.clone(),
            access: entry.access,
            line: entry.line,
            coverage,
            placement: self.placement(entry),
            duplicates: self.duplicates(entry),
        }
    }
}

/// What the config declares, then what was learned and is not declared already.
fn redshift_uses(snapshot: &Snapshot, config: &Config) -> Vec<RedshiftLocation> {
    let mut uses = config.redshift.clone();
    for learned in &snapshot.locations {
        // A text that is not a location cannot be judged; the loader of the snapshot has refused it.
        let Ok(location) = Location::parse(&learned.location) else { continue };
        let role = learned.role.as_deref().and_then(RoleArn::parse);
        let same = |known: &RedshiftLocation| {
            known.kind == learned.kind && known.location == location && (known.role.is_none() || known.role == role)
        };
        if uses.iter().any(same) {
            continue;
        }
        uses.push(RedshiftLocation {
            kind: learned.kind,
            location,
            role,
            cluster: learned.cluster.clone(),
            access: match learned.kind {
                LocationKind::Unload => Access::All,
                LocationKind::Copy => Access::Read,
            },
            unloaded_at: vec![],
            line: 1,
        });
    }
    uses
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
