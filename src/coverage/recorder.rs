//! What may record an event: a trail or an event data store, and whether it is in effect for a region and an account.

use std::rc::Rc;

use time::Duration;

use super::event::Event;
use super::selector::Selector;
use crate::aws::arn::{Arn, RoleArn};
use crate::aws::timestamp::Timestamp;
use crate::reason::{OfRecorder, Reason};
use crate::snapshot::{
    AdvancedEventSelector, Channel, EventDataStore, EventSelector, RecorderKind, Trail, TrailStatus,
};

/// CloudTrail retries a delivery that fails for 30 days and then gives the files up (User Guide, "Getting and viewing
/// your CloudTrail log files").
const DELIVERY_RETRIES: Duration = Duration::days(30);

/// Where and when the question is put.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub partition: &'a str,
    /// The bucket's region: where its data events are delivered.
    pub region: &'a str,
    /// The account whose events are asked for.
    pub account: &'a str,
    /// When the snapshot was taken: "now" for every age.
    pub at: Timestamp,
}

/// Whether a recorder is in effect in a scene.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    InEffect,
    /// It records nothing there, whatever its selectors say.
    None(Reason),
    /// Could not be told.
    Unknown(Reason),
}

impl Effect {
    fn none(reason: OfRecorder) -> Effect {
        Effect::None(reason.into())
    }

    fn unknown(reason: OfRecorder) -> Effect {
        Effect::Unknown(reason.into())
    }
}

/// A recorder in a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorder {
    /// `None`: of those that could not be seen, it may be any.
    pub kind: Option<RecorderKind>,
    pub arn: String,
    pub name: String,
    pub effect: Effect,
    /// The bucket in which what CloudTrail itself writes is not recorded (`Trail.RecursiveLogging`).
    pub own_deliveries_hidden_in: Option<String>,
    /// Of which accounts' own records it takes in; the owner of a bucket has records of others' requests too.
    pub accounts: Vec<String>,
    pub selectors: ReadSelectors,
}

/// Selectors, shared by all scenes of one recorder. `Err`: they could not be read, and why.
pub type ReadSelectors = Result<Rc<[Selector]>, Reason>;

/// A recorder's answer for one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `None`: could not be told.
    pub records: Option<bool>,
    /// What decided: the selector that matches, or the clause, state or region that keeps the event out.
    pub clause: String,
}

impl Recorder {
    pub fn of_trail(trail: &Trail, scene: Scene) -> Recorder {
        Recorder::of_read_trail(trail, read_selectors(trail), scene)
    }

    /// The same where its selectors were read before.
    pub fn of_read_trail(trail: &Trail, selectors: ReadSelectors, scene: Scene) -> Recorder {
        Recorder {
            kind: Some(RecorderKind::Trail),
            arn: trail.trail_arn.clone(),
            name: trail.name.clone(),
            effect: trail_effect(trail, scene),
            own_deliveries_hidden_in: trail.s3_bucket_name.clone().filter(|_| trail.recursive_logging == Some(false)),
            accounts: vec![scene.account.to_owned()],
            selectors,
        }
    }

    pub fn of_event_data_store(store: &EventDataStore, scene: Scene) -> Recorder {
        Recorder {
            kind: Some(RecorderKind::EventDataStore),
            arn: store.event_data_store_arn.clone(),
            name: store.name.clone().unwrap_or_else(|| store.event_data_store_arn.clone()),
            effect: store_effect(store, scene),
            own_deliveries_hidden_in: None,
            accounts: vec![scene.account.to_owned()],
            selectors: match &store.advanced_event_selectors {
                Some(selectors) => Ok(advanced(selectors).into()),
                None => Err(OfRecorder::SelectorsUnread { kind: RecorderKind::EventDataStore, because: None }.into()),
            },
        }
    }

    pub fn of_channel(channel: &Channel, scene: Scene) -> Recorder {
        Recorder {
            kind: Some(RecorderKind::Channel),
            arn: channel.channel_arn.clone(),
            name: channel.name.clone().unwrap_or_else(|| channel.channel_arn.clone()),
            effect: channel_effect(channel, scene),
            own_deliveries_hidden_in: None,
            accounts: vec![scene.account.to_owned()],
            selectors: match &channel.advanced_event_selectors {
                Some(selectors) => Ok(advanced(selectors).into()),
                // A partner's has none.
                None if is_partners(channel) => Ok(Rc::default()),
                None => Err(OfRecorder::SelectorsUnread { kind: RecorderKind::Channel, because: None }.into()),
            },
        }
    }

    /// A recorder that may exist but could not be seen: it may record anything.
    pub fn unseen(kind: Option<RecorderKind>, name: String, reason: Reason) -> Recorder {
        let effect = Effect::Unknown(reason.clone());
        Recorder {
            kind,
            arn: String::new(),
            name,
            effect,
            own_deliveries_hidden_in: None,
            accounts: vec![],
            selectors: Err(reason),
        }
    }

    /// What stands for those of other accounts, of no organization, where they are too many to name.
    pub fn of_others(kind: RecorderKind, count: usize) -> Recorder {
        Recorder {
            kind: Some(kind),
            arn: String::new(),
            name: match kind {
                RecorderKind::Trail => format!("{count} trails of other accounts"),
                RecorderKind::EventDataStore => format!("{count} event data stores of other accounts"),
                RecorderKind::Channel => format!("{count} channels of other accounts"),
            },
            effect: Effect::none(OfRecorder::RecordersOfOtherAccounts),
            own_deliveries_hidden_in: None,
            accounts: vec![],
            selectors: Ok(Rc::default()),
        }
    }

    /// The selectors that could be read.
    pub fn read(&self) -> &[Selector] {
        self.selectors.as_deref().unwrap_or_default()
    }

    /// Whether its records of the role's requests may lack the role's ARN: the copy that a bucket's owner gets of another
    /// account's request has an account and a principal id, and an ARN in some cases only (CloudTrail User Guide,
    /// "CloudTrail userIdentity element": `arn` is optional).
    pub fn hides_caller(&self, role: Option<&RoleArn>) -> bool {
        role.is_some_and(|role| !self.accounts.contains(&role.account))
    }

    /// The reason, as one of this recorder.
    pub fn said(&self, because: Reason) -> Reason {
        OfRecorder::Recorder { recorder: self.name.clone(), because: Box::new(because) }.into()
    }

    /// Whether this recorder records the event, and what decides.
    pub fn decide(&self, event: &Event) -> Decision {
        if let Effect::None(reason) = &self.effect {
            return Decision { records: Some(false), clause: reason.to_string() };
        }
        let selectors = match &self.selectors {
            Ok(selectors) => selectors,
            Err(reason) => return Decision { records: None, clause: reason.to_string() },
        };
        let mut doubt = None;
        for selector in selectors.iter() {
            match (selector.matches(event), &self.effect) {
                (Some(true), Effect::Unknown(reason)) => doubt = Some(reason.to_string()),
                (Some(true), _) => return Decision { records: Some(true), clause: selector.label.clone() },
                (None, _) => {
                    let reason = selector.doubt.as_deref().unwrap_or("not understood");
                    doubt.get_or_insert_with(|| format!("{}: {reason}", selector.label));
                }
                (Some(false), _) => {}
            }
        }
        if let Some(clause) = doubt {
            return Decision { records: None, clause };
        }
        let clauses: Vec<String> = selectors
            .iter()
            .filter_map(|selector| Some(format!("{}: {}", selector.label, selector.excluded_by(event)?)))
            .collect();
        let clause = if clauses.is_empty() { "it has no selectors".to_owned() } else { clauses.join("; ") };
        Decision { records: Some(false), clause }
    }
}

pub fn read_selectors(trail: &Trail) -> ReadSelectors {
    Ok(trail_selectors(trail)?.into())
}

/// The trail's selectors; `Err`: they could not be read, or cannot be what AWS has, and why.
pub fn trail_selectors(trail: &Trail) -> Result<Vec<Selector>, OfRecorder> {
    let partition = trail.partition();
    match (&trail.event_selectors, &trail.advanced_event_selectors) {
        (None, None) => Err(OfRecorder::SelectorsUnread { kind: RecorderKind::Trail, because: None }),
        (Some(basic), Some(advanced)) if !basic.is_empty() && !advanced.is_empty() => {
            Err(OfRecorder::SelectorsOfBothKinds)
        }
        (_, Some(selectors)) if !selectors.is_empty() => Ok(advanced(selectors)),
        (Some(selectors), other) if !selectors.is_empty() || other.is_some() => Ok(basic(selectors, partition)),
        // One list that is empty says nothing of the other.
        _ => Err(OfRecorder::SelectorsInPart),
    }
}

fn basic(selectors: &[EventSelector], partition: &str) -> Vec<Selector> {
    selectors.iter().enumerate().map(|(at, selector)| Selector::from_basic(at + 1, selector, partition)).collect()
}

fn advanced(selectors: &[AdvancedEventSelector]) -> Vec<Selector> {
    selectors.iter().enumerate().map(|(at, selector)| Selector::from_advanced(at + 1, selector)).collect()
}

/// Whose events a recorder takes, and of which regions. Sources: CloudTrail User Guide, "Understanding multi-Region
/// trails", "Creating a trail for an organization", "Organization event data stores".
struct Reach<'a> {
    kind: RecorderKind,
    partition: &'a str,
    account: &'a str,
    home_region: &'a str,
    /// `None`: not told.
    is_organizations: Option<bool>,
    is_multi_region: Option<bool>,
}

impl Reach<'_> {
    /// In effect: the scene lies within it.
    fn over(&self, scene: Scene) -> Effect {
        let kind = self.kind;
        // Whose it is is not known.
        if self.account.is_empty() {
            return Effect::unknown(OfRecorder::MalformedArn);
        }
        if self.partition != scene.partition {
            return Effect::none(OfRecorder::RecorderOfOtherPartition { kind, partition: self.partition.to_owned() });
        }
        if self.account != scene.account {
            match self.is_organizations {
                Some(true) => {}
                Some(false) => {
                    let account = self.account.to_owned();
                    return Effect::none(OfRecorder::RecorderOfOtherAccount { kind, account });
                }
                None => return Effect::unknown(OfRecorder::OrganizationUnknown { kind }),
            }
        }
        match self.is_multi_region {
            _ if self.home_region == scene.region => Effect::InEffect,
            Some(true) => Effect::InEffect,
            Some(false) => Effect::none(OfRecorder::RecorderOfOtherRegion {
                kind,
                home_region: self.home_region.to_owned(),
                bucket_region: scene.region.to_owned(),
            }),
            None => Effect::unknown(OfRecorder::MultiRegionUnknown { kind }),
        }
    }
}

/// Whether the trail delivers the scene's events. Source: API Reference, `GetTrailStatus` (one region an answer).
fn trail_effect(trail: &Trail, scene: Scene) -> Effect {
    let reach = Reach {
        kind: RecorderKind::Trail,
        partition: trail.partition(),
        account: trail.account(),
        home_region: &trail.home_region,
        is_organizations: trail.is_organization_trail,
        is_multi_region: trail.is_multi_region_trail,
    };
    let status = trail.status.get(scene.region).map(|status| status_effect(status, scene.at));
    match (reach.over(scene), status) {
        // One that is stopped there records nothing, multi-region or not.
        (Effect::Unknown(Reason::OfRecorder(OfRecorder::MultiRegionUnknown { .. })), Some(none @ Effect::None(_))) => {
            none
        }
        (Effect::InEffect, Some(status)) => status,
        (Effect::InEffect, None) => {
            Effect::unknown(OfRecorder::StatusUnknown { region: scene.region.to_owned(), because: None })
        }
        (out_of_reach, _) => out_of_reach,
    }
}

/// Whether a trail with this status records and delivers at `at`.
fn status_effect(status: &TrailStatus, at: Timestamp) -> Effect {
    match status.is_logging {
        Some(true) => {}
        Some(false) => return Effect::none(OfRecorder::Stopped { since: status.stop_logging_time }),
        None => return Effect::unknown(OfRecorder::LoggingUnknown),
    }
    let Some(error) = status.latest_delivery_error.clone().filter(|error| !error.is_empty()) else {
        return Effect::InEffect;
    };
    match status.latest_delivery_time.max(status.start_logging_time) {
        Some(since) if at.0 - since.0 > DELIVERY_RETRIES => {
            Effect::none(OfRecorder::DeliveriesGivenUp { error, since })
        }
        Some(_) => Effect::InEffect,
        None => Effect::unknown(OfRecorder::DeliveryTimeUnknown { error }),
    }
}

/// Source: API Reference, `EventDataStore.Status`: only `ENABLED` takes events in.
fn store_effect(store: &EventDataStore, scene: Scene) -> Effect {
    let Some(arn) = Arn::parse(&store.event_data_store_arn) else {
        return Effect::unknown(OfRecorder::MalformedArn);
    };
    if let Some(status) = store.status.as_ref().filter(|status| *status != "ENABLED") {
        return Effect::none(OfRecorder::StoreNotEnabled { status: status.clone() });
    }
    let reach = Reach {
        kind: RecorderKind::EventDataStore,
        partition: arn.partition,
        account: arn.account,
        home_region: arn.region,
        is_organizations: store.organization_enabled,
        is_multi_region: store.multi_region_enabled,
    };
    match (reach.over(scene), &store.status) {
        (Effect::InEffect, None) => Effect::unknown(OfRecorder::StoreStatusUnknown),
        (effect, _) => effect,
    }
}

/// Whether it brings in events of others than AWS.
fn is_partners(channel: &Channel) -> bool {
    channel.source.as_ref().is_some_and(|source| source != "CloudTrail")
}

/// Source: API Reference, `GetChannel`: `CloudTrail` is the source of a service-linked channel; others are partners'.
fn channel_effect(channel: &Channel, scene: Scene) -> Effect {
    let Some(arn) = Arn::parse(&channel.channel_arn) else {
        return Effect::unknown(OfRecorder::MalformedArn);
    };
    match &channel.source {
        Some(source) if is_partners(channel) => {
            return Effect::none(OfRecorder::ChannelOfOtherSource { source: source.clone() });
        }
        Some(_) => {}
        None => return Effect::unknown(OfRecorder::ChannelSourceUnknown),
    }
    let reach = Reach {
        kind: RecorderKind::Channel,
        partition: arn.partition,
        account: arn.account,
        home_region: arn.region,
        is_organizations: Some(false),
        is_multi_region: channel.apply_to_all_regions,
    };
    let error = channel.latest_ingestion_error_code.as_ref().filter(|error| !error.is_empty());
    match (reach.over(scene), error) {
        (Effect::InEffect, Some(error)) => Effect::unknown(OfRecorder::IngestionFailed { error: error.clone() }),
        (effect, _) => effect,
    }
}
