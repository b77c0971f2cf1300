//! What closes all gaps of the declared and learned locations together.

use super::View;
use super::judgement::Coverage;
use super::uses::uses;
use crate::config::Config;
use crate::coverage::prove::Verdict;
use crate::snapshot::Snapshot;

pub use crate::coverage::plan::{Change, Plan, Step};

/// The calls, and what they leave open.
pub struct Fixes {
    pub plan: Plan,
    /// Of how many locations it is not known whether they are recorded.
    pub unknown: usize,
}

/// Plans the calls that close every gap.
pub fn fixes(snapshot: &Snapshot, config: &Config) -> Fixes {
    let view = View::new(snapshot, config);
    let (mut gaps, mut unknown) = (vec![], 0);
    for used in uses(snapshot, config) {
        let entry = &used.location;
        let requirement = view.requirement(&entry.location, entry.access, entry.role.as_ref());
        let proved = requirement.and_then(|requirement| {
            let recorders =
                view.world.recorders_at(&entry.location.bucket, &requirement.region, entry.role.as_ref())?;
            Ok((recorders.prove(&requirement), requirement))
        });
        match proved {
            Ok((Verdict::Recorded(_), _)) => {}
            // Which part of the location is used is not known: nor is whether that is a gap.
            Ok((Verdict::Gap(_), _))
                if !used.members.is_empty() && view.coverage_of_use(&used).status == Coverage::Recorded => {}
            Ok((Verdict::Gap(_), requirement)) if !used.is_within => gaps.push(requirement),
            Ok((Verdict::Gap(_), _)) => unknown += 1,
            Ok((Verdict::Unknown(_), _)) | Err(_) => unknown += 1,
        }
    }
    Fixes { plan: view.world.plan(&gaps), unknown }
}
