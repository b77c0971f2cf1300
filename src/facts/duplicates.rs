//! What is paid for twice, and what was never worth writing: duplicate recording and dead selectors.

use serde_json::json;

use super::View;
use super::judgement::{Duplicates, Judgement, Selectors};
use crate::aws::arn::Arn;
use crate::aws::s3_events::Access;
use crate::config::RedshiftLocation;
use crate::coverage::dead::{BucketPlace, Dead, Reach, dead};
use crate::coverage::prove::Twice;
use crate::coverage::recorder::{Recorder, trail_selectors};
use crate::reason::{OfLocation, OfRecorder, OfTrail, Reason};
use crate::snapshot::{Bucket, FactKind, RecorderKind, Trail};

impl View<'_> {
    /// Whether events of the location are recorded, and paid for, more than once.
    pub(super) fn duplicates(&self, entry: &RedshiftLocation) -> Judgement<Duplicates> {
        let requirement = self.requirement(&entry.location, Access::All, None);
        let set = requirement.and_then(|requirement| {
            let set = self.world.recorders_at(&entry.location.bucket, &requirement.region, None)?;
            Ok((requirement, set))
        });
        let (requirement, set) = match set {
            Ok(found) => found,
            Err(reason) => return Judgement::unknown(vec![reason]),
        };
        match set.recorded_twice(&requirement, |recorder| self.is_ours(recorder)) {
            Twice::Yes(event, recorders) => {
                let evidence = json!({"recorders": recorders, "example": event});
                let reason = OfLocation::RecordedTwice { event_name: event.event_name, recorders: recorders.to_vec() };
                Judgement::new(Duplicates::Twice, vec![reason.into()], evidence)
            }
            Twice::No => Judgement::plain(Duplicates::Once, OfLocation::RecordedOnce),
            Twice::Unknown(doubts) => Judgement::unknown(doubts),
        }
    }

    /// Whether the recorder is paid for by an account that was scanned. One that could not be seen may be.
    fn is_ours(&self, recorder: &Recorder) -> bool {
        match Arn::parse(&recorder.arn) {
            // What a channel takes to a service is not charged as a trail's copy is.
            _ if recorder.kind == Some(RecorderKind::Channel) => false,
            Some(arn) if !arn.account.is_empty() => self.world.account(arn.account).is_some(),
            Some(_) => true,
            None => recorder.selectors != Err(OfRecorder::OrganizationStoreUnseen.into()),
        }
    }

    /// Whether the trail has selectors that can never match an S3 object event.
    pub(super) fn selectors(&self, trail: &Trail) -> Judgement<Selectors> {
        let of_trail = |because: Vec<Reason>| OfTrail::Trail { trail: trail.name.clone(), because }.into();
        let selectors = match trail_selectors(trail) {
            Ok(selectors) => selectors,
            // An organization's trail shows its selectors to the accounts that may change it.
            Err(OfRecorder::SelectorsUnread { .. }) if self.is_another_accounts(trail) => {
                return Judgement::plain(Selectors::NotShown, of_trail(vec![OfTrail::SelectorsNotShown.into()]));
            }
            Err(reason) => return Judgement::unknown(vec![of_trail(vec![self.unread(trail, reason)])]),
        };
        let place_of = |bucket: &str| match self.world.bucket(bucket) {
            Some(Bucket { region: Some(region), .. }) => BucketPlace::In(region.clone()),
            Some(Bucket { is_missing: true, .. }) => BucketPlace::Nowhere,
            _ => BucketPlace::Unknown,
        };
        let reach = Reach {
            partition: trail.partition(),
            home_region: &trail.home_region,
            is_multi_region: trail.is_multi_region_trail,
            place_of: &place_of,
        };
        let mut found = Dead::default();
        for selector in &selectors {
            let dead = dead(selector, &reach);
            found.reasons.extend(dead.reasons);
            found.untold.extend(dead.untold);
        }
        let Dead { reasons: dead, untold } = found;
        if !dead.is_empty() {
            let evidence = json!({"dead": dead, "not_understood": untold});
            let reason = of_trail(vec![OfTrail::DeadSelectors { dead }.into()]);
            return Judgement::new(Selectors::Dead, vec![reason], evidence);
        }
        if untold.is_empty() {
            return Judgement::plain(Selectors::Live, of_trail(vec![OfTrail::EverySelectorCanMatch.into()]));
        }
        let doubts = untold.into_iter().map(|why| OfRecorder::SelectorNotUnderstood { why }.into());
        Judgement::unknown(vec![of_trail(doubts.collect())])
    }

    /// An organization's trail, as a member sees it whose organization was not scanned.
    pub(super) fn is_another_accounts(&self, trail: &Trail) -> bool {
        trail.is_organization_trail == Some(true) && self.world.account(trail.account()).is_none()
    }

    /// The reason with the failed call that is behind it.
    pub(super) fn unread(&self, trail: &Trail, reason: OfRecorder) -> Reason {
        match reason {
            OfRecorder::SelectorsUnread { .. } => {
                let because = self.world.trail_failure(&trail.trail_arn, FactKind::Selectors, None);
                OfRecorder::SelectorsUnread { kind: RecorderKind::Trail, because }.into()
            }
            other => other.into(),
        }
    }
}
