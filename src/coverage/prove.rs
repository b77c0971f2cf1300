//! The verdict: is every event of a requirement recorded, and if not, which one is lost and why.

use super::event::{Event, Requirement};
use super::recorder::{Decision, Effect, Recorder};
use super::residue::{Residue, WORK_BUDGET, residue, touches};
use super::selector::Selector;

/// Three-valued: a recorder that could not be read can only add coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every event is recorded, by these.
    Recorded(Vec<Part>),
    /// This event is recorded by nothing.
    Gap(Box<Gap>),
    /// Could not be told, and why.
    Unknown(Vec<String>),
}

/// A selector that records some of the requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub recorder: String,
    pub selector: String,
    /// It records all of it by itself.
    pub alone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub witness: Event,
    /// For each recorder, what keeps the witness out.
    pub missed_by: Vec<(String, Decision)>,
}

/// Decides whether the recorders together record every event of the requirement.
pub fn prove(requirement: &Requirement, recorders: &[Recorder]) -> Verdict {
    let certain = certain_selectors(recorders);
    let selectors: Vec<&Selector> = certain.iter().map(|(_, selector)| *selector).collect();
    let too_complex =
        || Verdict::Unknown(vec![format!("the selectors are past the work budget of {WORK_BUDGET} steps")]);
    match residue(requirement, &selectors) {
        Residue::Empty => return Verdict::Recorded(parts(requirement, &certain)),
        Residue::TooComplex => return too_complex(),
        Residue::Left(_) => {}
    }
    let doubts = doubts(requirement, recorders);
    let anything = doubts.iter().any(|doubt| doubt.selector.is_none());
    let most: Vec<&Selector> = selectors.into_iter().chain(doubts.iter().filter_map(|doubt| doubt.selector)).collect();
    let unknown = || Verdict::Unknown(doubts.iter().map(|doubt| doubt.reason.clone()).collect());
    if anything {
        return unknown();
    }
    match residue(requirement, &most) {
        Residue::Empty => unknown(),
        Residue::TooComplex => too_complex(),
        Residue::Left(witness) => {
            let missed_by =
                recorders.iter().map(|recorder| (recorder.name.clone(), recorder.decide(&witness))).collect();
            Verdict::Gap(Box::new(Gap { witness: *witness, missed_by }))
        }
    }
}

/// The selectors that are known to record: understood, of a recorder in effect.
fn certain_selectors(recorders: &[Recorder]) -> Vec<(&Recorder, &Selector)> {
    recorders
        .iter()
        .filter(|recorder| recorder.effect == Effect::InEffect)
        .flat_map(|recorder| recorder.selectors.iter().flatten().map(move |selector| (recorder, selector)))
        .filter(|(_, selector)| selector.doubt.is_none())
        .collect()
}

/// Something that may record more than is known.
struct Doubt<'a> {
    reason: String,
    /// The most that it can record; `None`: anything.
    selector: Option<&'a Selector>,
}

fn doubts<'a>(requirement: &Requirement, recorders: &'a [Recorder]) -> Vec<Doubt<'a>> {
    let mut doubts = Vec::new();
    for recorder in recorders {
        let effect_doubt = match &recorder.effect {
            Effect::None(_) => continue,
            Effect::Unknown(reason) => Some(reason),
            Effect::InEffect => None,
        };
        match &recorder.selectors {
            Err(reason) => doubts.push(Doubt { reason: format!("{}: {reason}", recorder.name), selector: None }),
            Ok(selectors) => {
                for selector in selectors.iter().filter(|selector| touches(requirement, selector)) {
                    if let Some(reason) = effect_doubt.or(selector.doubt.as_ref()) {
                        let reason = format!("{}: {}: {reason}", recorder.name, selector.label);
                        doubts.push(Doubt { reason, selector: Some(selector) });
                    }
                }
            }
        }
    }
    doubts
}

/// Which selectors record it, the ones that do so alone first.
fn parts(requirement: &Requirement, certain: &[(&Recorder, &Selector)]) -> Vec<Part> {
    let mut parts: Vec<Part> = certain
        .iter()
        .filter(|(_, selector)| touches(requirement, selector))
        .map(|(recorder, selector)| Part {
            recorder: recorder.name.clone(),
            selector: selector.label.clone(),
            alone: residue(requirement, &[selector]) == Residue::Empty,
        })
        .collect();
    parts.sort_by_key(|part| !part.alone);
    parts
}
