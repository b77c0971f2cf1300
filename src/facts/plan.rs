//! What closes all gaps of the declared and learned locations together.

use super::{View, redshift_uses};
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
    for used in redshift_uses(snapshot, config) {
        let entry = &used.location;
        let requirement = view.requirement(&entry.location, entry.access, entry.role.as_ref());
        let proved = requirement.and_then(|requirement| {
            let recorders =
                view.world.recorders_at(&entry.location.bucket, &requirement.region, entry.role.as_ref())?;
            Ok((recorders.prove(&requirement), requirement))
        });
        match proved {
            Ok((Verdict::Recorded(_), _)) => {}
            Ok((Verdict::Gap(_), requirement)) => gaps.push(requirement),
            Ok((Verdict::Unknown(_), _)) | Err(_) => unknown += 1,
        }
    }
    Fixes { plan: view.world.plan(&gaps), unknown }
}
