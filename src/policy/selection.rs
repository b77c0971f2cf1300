//! Which policies run, and how they count: `[policies]` of the config and `--policy`.

use super::bundle::{Bundle, Policy, PolicyError};
use crate::config::{Config, Level, PolicySetting};
use crate::nearest::nearest;
use crate::severity::UnknownIs;

/// Leaves out what is switched off, and sets levels. `only`: ids of `--policy`; empty: all. A policy that is named there
/// runs even where the config switches it off. `unknown`: what unknowns do where the config does not say.
pub fn select(
    mut bundles: Vec<Bundle>,
    config: &Config,
    only: &[String],
    unknown: UnknownIs,
) -> Result<Vec<Bundle>, PolicyError> {
    let known: Vec<String> = bundles.iter().flat_map(|bundle| &bundle.policies).map(|p| p.id.clone()).collect();
    for id in only {
        if !known.contains(id) {
            return Err(PolicyError::NotFound { place: "--policy".to_owned(), id: id.clone(), hint: hint(id, &known) });
        }
    }
    for setting in &config.policies {
        if !known.contains(&setting.id) {
            let place = format!("{}: line {}", config.path.display(), setting.line);
            return Err(PolicyError::NotFound { place, id: setting.id.clone(), hint: hint(&setting.id, &known) });
        }
    }
    for bundle in &mut bundles {
        bundle.policies.retain_mut(|policy| {
            let setting = config.policies.iter().find(|setting| setting.id == policy.id);
            apply(policy, setting, unknown);
            let is_off = setting.is_some_and(|setting| setting.level == Some(Level::Off));
            if only.is_empty() { !is_off } else { only.contains(&policy.id) }
        });
    }
    if bundles.iter().all(|bundle| bundle.policies.is_empty()) {
        return Err(PolicyError::AllOff(config.path.clone()));
    }
    Ok(bundles)
}

/// Who grades a policy has judged what its failures mean, so its own word on its unknowns counts no more.
fn apply(policy: &mut Policy, setting: Option<&PolicySetting>, unknown: UnknownIs) {
    let own = policy.metadata.unknown.filter(|_| setting.is_none_or(|setting| setting.level.is_none()));
    policy.unknown_is = setting.and_then(|setting| setting.unknown).or(own).unwrap_or(unknown);
    policy.level = match setting.and_then(|setting| setting.level) {
        Some(Level::At(severity)) => Some(severity),
        _ => None,
    };
}

/// The nearest id, as a question; where none is near, the end of a sentence.
pub fn hint(id: &str, known: &[String]) -> String {
    let nearest = nearest(id, known.iter().map(String::as_str));
    nearest.map_or(";".to_owned(), |nearest| format!("; did you mean `{nearest}`?"))
}
