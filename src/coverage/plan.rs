//! One set of calls that closes many gaps together.
//!
//! Each gap alone has its fix (`fix`), and each fix holds all selectors of its trail as they are today; so of several fixes the
//! last would undo the others. Here each gap is closed on the trails as the gaps before it have left them, and each changed
//! trail gets one call. What is proposed is tried on the engine.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::event::Requirement;
use super::fix::{amended, basic_of, input_of};
use super::prove::{RecorderSet, Verdict};
use super::recorder::{Effect, Recorder, Scene};
use crate::snapshot::{Trail, TrailStatus};

/// CloudTrail User Guide, "Quotas in AWS CloudTrail": trails a region; a multi-region one counts in each.
const MAX_TRAILS: usize = 5;

/// A gap, and the scenes in any of which a trail may record it: one for each account whose trails count.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub requirement: Requirement,
    pub scenes: Vec<Scene<'a>>,
}

/// A gap in one of its scenes.
#[derive(Clone, Copy)]
struct Gap<'g> {
    requirement: &'g Requirement,
    scene: Scene<'g>,
}

/// Calls in the order in which they are made, and what they do not close.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub left: Vec<Left>,
}

/// A call, and the locations that it is for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    pub account: String,
    /// Where the call must be made.
    pub region: String,
    #[serde(flatten)]
    pub change: Change,
    pub locations: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Change {
    StartLogging {
        trail_arn: String,
    },
    /// `UpdateTrail` with IsMultiRegionTrail.
    MakeMultiRegion {
        trail_arn: String,
    },
    /// `CreateTrail`, and `StartLogging`.
    CreateTrail {
        name: String,
        /// The log bucket of a trail that is there; `null`: there is none.
        s3_bucket_name: Option<String>,
    },
    PutEventSelectors {
        trail_arn: String,
        adds: Vec<String>,
        /// The whole input of the call.
        input: Value,
    },
}

/// A gap that none of the calls closes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Left {
    pub location: String,
    pub because: String,
}

/// A trail as the calls leave it.
struct Planned {
    trail: Trail,
    /// `StartLogging`, `UpdateTrail`, `CreateTrail`: what comes before its selectors.
    before: Vec<Step>,
    adds: Vec<String>,
    locations: Vec<String>,
}

impl Plan {
    /// `all`: the trails that there are; those of another account than a scene's cannot be changed. `is_seen_by`: whether a trail,
    /// by its ARN, is in the list of an account.
    pub fn of<'t>(
        wanted: &[Wanted],
        all: impl Iterator<Item = &'t Trail>,
        is_seen_by: impl Fn(&str, &str) -> bool,
    ) -> Plan {
        let planned = |trail: &Trail| Planned { trail: trail.clone(), before: vec![], adds: vec![], locations: vec![] };
        let mut trails = PlannedTrails::default();
        all.map(planned).for_each(|planned| trails.add(planned));
        let mut left = Vec::new();
        for Wanted { requirement, scenes } in wanted {
            let gaps: Vec<Gap> = scenes.iter().map(|scene| Gap { requirement, scene: *scene }).collect();
            // What was done for another one may close it too. A selector more comes before a new trail, whoever's it is.
            let is_closed = gaps.iter().any(|gap| trails.record(*gap, &is_seen_by))
                || gaps.iter().any(|gap| trails.change_first(*gap, |planned| planned.with_selector(*gap)))
                || gaps.iter().any(|gap| prepare(&mut trails, *gap));
            if !is_closed {
                let because =
                    "no trail that counts for it can take one more selector within CloudTrail's limits".to_owned();
                left.push(Left { location: requirement.location.to_string(), because });
            }
        }
        Plan { steps: trails.all.into_iter().flat_map(Planned::steps).collect(), left }
    }

    /// Where trails do not count as recording, no trail closes a gap.
    pub fn without_trails(gaps: &[Requirement]) -> Plan {
        let left = gaps.iter().map(|gap| Left {
            location: gap.location.to_string(),
            because: "scan.recorders does not list trails; an event data store must record it".to_owned(),
        });
        Plan { steps: vec![], left: left.collect() }
    }
}

/// All of them, with the places of those that each account may change, and of those of organizations.
#[derive(Default)]
struct PlannedTrails {
    all: Vec<Planned>,
    own: HashMap<String, Vec<usize>>,
    shared: Vec<usize>,
}

impl PlannedTrails {
    fn add(&mut self, planned: Planned) {
        let place = self.all.len();
        self.own.entry(planned.trail.account().to_owned()).or_default().push(place);
        if planned.trail.is_organization_trail != Some(false) {
            self.shared.push(place);
        }
        self.all.push(planned);
    }

    /// Whether those that may record events of the gap's account record it.
    fn record(&self, gap: Gap, is_seen_by: &dyn Fn(&str, &str) -> bool) -> bool {
        let account = gap.scene.account;
        let others = self
            .shared
            .iter()
            .map(|place| &self.all[*place])
            .filter(|planned| planned.trail.account() != account && is_seen_by(&planned.trail.trail_arn, account));
        let near = self.own(gap.scene).chain(others);
        let recorders = near.map(|planned| Recorder::of_trail(&planned.trail, gap.scene)).collect();
        matches!(RecorderSet::new(recorders).prove(gap.requirement), Verdict::Recorded(_))
    }

    fn own(&self, scene: Scene) -> impl Iterator<Item = &Planned> {
        self.places(scene).map(|place| &self.all[place])
    }

    fn places(&self, scene: Scene) -> impl Iterator<Item = usize> {
        self.own.get(scene.account).into_iter().flatten().copied()
    }

    /// Changes the first of the trails of the gap's account that can be changed so.
    fn change_first(&mut self, gap: Gap, change: impl Fn(&Planned) -> Option<Planned>) -> bool {
        let changed = self.places(gap.scene).find_map(|place| Some((place, change(&self.all[place])?)));
        let Some((place, changed)) = changed else { return false };
        self.all[place] = changed;
        true
    }
}

impl Planned {
    fn records(&self, gap: Gap) -> bool {
        let set = RecorderSet::new(vec![Recorder::of_trail(&self.trail, gap.scene)]);
        matches!(set.prove(gap.requirement), Verdict::Recorded(_))
    }

    /// With one value or selector more, where that records the gap; `None`: it does not, or a limit is in the way.
    fn with_selector(&self, gap: Gap) -> Option<Planned> {
        let recorder = Recorder::of_trail(&self.trail, gap.scene);
        if recorder.effect != Effect::InEffect || recorder.selectors.is_err() {
            return None;
        }
        let (trail, adds) = amended(&self.trail, gap.requirement)?;
        let location = gap.requirement.location.to_string();
        let planned = Planned {
            trail,
            before: self.before.clone(),
            adds: [&self.adds[..], &[adds]].concat(),
            locations: [&self.locations[..], &[location]].concat(),
        };
        planned.records(gap).then_some(planned)
    }

    /// With a call before its selectors, and a selector more where that is needed.
    fn after(&self, gap: Gap, trail: Trail, change: Change) -> Option<Planned> {
        let step = Step {
            account: trail.account().to_owned(),
            region: trail.home_region.clone(),
            change,
            locations: vec![gap.requirement.location.to_string()],
        };
        let before = [&self.before[..], &[step]].concat();
        let planned = Planned { trail, before, adds: self.adds.clone(), locations: self.locations.clone() };
        if planned.records(gap) { Some(planned) } else { planned.with_selector(gap) }
    }

    fn steps(self) -> Vec<Step> {
        let mut steps = self.before;
        if !self.adds.is_empty() {
            steps.push(Step {
                account: self.trail.account().to_owned(),
                region: self.trail.home_region.clone(),
                change: Change::PutEventSelectors {
                    trail_arn: self.trail.trail_arn.clone(),
                    adds: self.adds,
                    input: input_of(&self.trail),
                },
                locations: self.locations,
            });
        }
        steps
    }
}

/// Makes a trail be in effect there: one that is stopped, one of another region that names the bucket, or a new one.
fn prepare(trails: &mut PlannedTrails, gap: Gap) -> bool {
    let start = |planned: &Planned| {
        let trail_arn = planned.trail.trail_arn.clone();
        let is_stopped = is_stopped(&planned.trail, gap.scene);
        let change = Change::StartLogging { trail_arn };
        is_stopped.then(|| planned.after(gap, started(&planned.trail, gap.scene), change)).flatten()
    };
    let widen = |planned: &Planned| {
        let trail_arn = planned.trail.trail_arn.clone();
        let names_it = planned.trail.named_buckets().contains(&*gap.requirement.location.bucket);
        let widened = widened(&planned.trail, gap.scene).filter(|_| names_it)?;
        planned.after(gap, widened, Change::MakeMultiRegion { trail_arn })
    };
    trails.change_first(gap, start) || trails.change_first(gap, widen) || create(trails, gap)
}

fn create(trails: &mut PlannedTrails, gap: Gap) -> bool {
    let of_account = || trails.own(gap.scene).map(|planned| &planned.trail);
    let s3_bucket_name = of_account().filter(|trail| delivers(trail)).find_map(|trail| trail.s3_bucket_name.clone());
    let base = format!("redshift-data-events-{}", gap.scene.region);
    let names = std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}-{number}")));
    let is_new = |name: &String| of_account().all(|trail| trail.name != *name);
    let Some(name) = names.take(MAX_TRAILS + 1).find(is_new) else { return false };
    let created = created(gap, name, s3_bucket_name);
    let there =
        of_account().filter(|trail| trail.home_region == gap.scene.region || trail.is_multi_region_trail == Some(true));
    let records = there.count() < MAX_TRAILS && created.records(gap);
    if records {
        trails.add(created);
    }
    records
}

/// Some region's log files arrive, as far as it is known.
fn delivers(trail: &Trail) -> bool {
    trail.status.values().any(|status| status.is_logging == Some(true) && status.latest_delivery_error.is_none())
}

fn is_stopped(trail: &Trail, scene: Scene) -> bool {
    trail.status.get(scene.region).is_some_and(|status| status.is_logging == Some(false))
}

fn started(trail: &Trail, scene: Scene) -> Trail {
    let mut trail = trail.clone();
    let before = trail.status.get(scene.region).cloned().unwrap_or_default();
    let (is_logging, start_logging_time) = (Some(true), Some(scene.at));
    let status = TrailStatus { is_logging, start_logging_time, stop_logging_time: None, ..before };
    trail.status.insert(scene.region.to_owned(), status);
    trail
}

/// The trail of one region as a multi-region one, which logs as it does at home.
fn widened(trail: &Trail, scene: Scene) -> Option<Trail> {
    let status = trail.status.get(&trail.home_region).filter(|_| trail.is_multi_region_trail == Some(false))?;
    let mut wide = Trail { is_multi_region_trail: Some(true), ..trail.clone() };
    wide.status.insert(scene.region.to_owned(), status.clone());
    Some(wide)
}

/// A trail for the gap alone: management events are others' to record.
fn created(gap: Gap, name: String, s3_bucket_name: Option<String>) -> Planned {
    let Gap { requirement, scene } = gap;
    let trail = Trail {
        trail_arn: format!("arn:{}:cloudtrail:{}:{}:trail/{name}", scene.partition, scene.region, scene.account),
        name: name.clone(),
        home_region: scene.region.to_owned(),
        is_multi_region_trail: Some(false),
        is_organization_trail: Some(false),
        event_selectors: Some(vec![basic_of(requirement)]),
        advanced_event_selectors: Some(vec![]),
        ..Trail::default()
    };
    let location = requirement.location.to_string();
    let step = Step {
        account: scene.account.to_owned(),
        region: scene.region.to_owned(),
        change: Change::CreateTrail { name, s3_bucket_name },
        locations: vec![location.clone()],
    };
    Planned {
        trail: started(&trail, scene),
        before: vec![step],
        adds: vec![format!("a selector for {}", requirement.arn_prefix())],
        locations: vec![location],
    }
}
