//! The verdict: is every event of a requirement recorded, and if not, which one is lost and why.

use super::alike::{Answered, Question};
use super::event::{Event, Requirement};
use super::narrow::{Index, Narrowed, Values};
use super::recorder::{Effect, Recorder};
use super::residue::{Residue, WORK_BUDGET, common, covers, residue, touches};
use super::selector::{Field, Selector};
use crate::aws::s3_events::Access;
use crate::reason::{OfRecorder, Reason};

/// Three-valued: a recorder that could not be read can only add coverage.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Every event is recorded, by these.
    Recorded(Vec<Part>),
    /// This event is recorded by nothing.
    Gap(Box<Gap>),
    /// Could not be told, and why.
    Unknown(Vec<Reason>),
}

/// Whether events are recorded more than once.
#[derive(Debug, Clone, PartialEq)]
pub enum Twice {
    /// This one is, by these two recorders.
    Yes(Box<Event>, [String; 2]),
    No,
    Unknown(Vec<Reason>),
}

/// A selector that records some of the requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub recorder: String,
    pub arn: String,
    pub selector: String,
    pub share: Share,
}

/// What one selector records of a requirement by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    All,
    /// Every read of a requirement that asks for more.
    Reads,
    Writes,
    Some,
}

impl Share {
    pub fn as_str(self) -> &'static str {
        match self {
            Share::All => "all",
            Share::Reads => "every read",
            Share::Writes => "every write",
            Share::Some => "some events",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub witness: Event,
    /// For each recorder, by its name, what keeps the witness out.
    pub missed_by: Vec<(String, String)>,
}

/// How many selectors of a recorder a gap explains one by one.
const EXPLAINED: usize = 3;

/// The recorders of one region and account, made ready for many requirements.
#[derive(Debug)]
pub struct RecorderSet {
    pub recorders: Vec<Recorder>,
    /// Every selector of a recorder that may be in effect.
    selectors: Vec<Placed>,
    index: Index,
    proved: Answered<Verdict>,
    twice: Answered<Twice>,
}

/// A selector by its place.
#[derive(Debug)]
struct Placed {
    recorder: usize,
    selector: usize,
    arns: Values,
}

/// A selector that may matter to a requirement.
struct Candidate<'a> {
    /// The selector's place among those of the set.
    place: usize,
    recorder: &'a Recorder,
    selector: &'a Selector,
    narrowed: Narrowed<'a>,
    /// Why it is not known to record what it matches.
    doubt: Option<Reason>,
}

impl RecorderSet {
    pub fn new(recorders: Vec<Recorder>) -> RecorderSet {
        let mut selectors = Vec::new();
        for (at, recorder) in recorders.iter().enumerate() {
            if !matches!(recorder.effect, Effect::None(_)) {
                let read = recorder.read().iter().enumerate();
                selectors.extend(read.map(|(place, selector)| Placed {
                    recorder: at,
                    selector: place,
                    arns: Values::of_arns(selector),
                }));
            }
        }
        let selector = |placed: &Placed| recorders[placed.recorder].read().get(placed.selector);
        let index = Index::of(selectors.iter().filter_map(selector));
        RecorderSet { recorders, selectors, index, proved: Answered::default(), twice: Answered::default() }
    }

    /// Decides whether the recorders together record every event of the requirement.
    pub fn prove(&self, requirement: &Requirement) -> Verdict {
        let candidates = self.candidates(requirement);
        let find = || self.decide(requirement, &candidates);
        self.proved.or_find(question(requirement, &candidates), find, |verdict| matches!(verdict, Verdict::Gap(_)))
    }

    fn decide(&self, requirement: &Requirement, candidates: &[Candidate]) -> Verdict {
        let certain: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.doubt.is_none()).collect();
        let too_complex = || Verdict::Unknown(vec![OfRecorder::WorkBudget { comparisons: WORK_BUDGET }.into()]);
        match residue(requirement, &certain.iter().map(|candidate| &candidate.narrowed).collect::<Vec<_>>()) {
            Residue::Empty => return Verdict::Recorded(parts(requirement, &certain)),
            Residue::TooComplex => return too_complex(),
            Residue::Left(witness) if certain.len() == candidates.len() && self.unread().next().is_none() => {
                return self.gap(*witness, candidates);
            }
            Residue::Left(_) => {}
        }
        if self.unread().next().is_some() {
            return Verdict::Unknown(self.doubts(requirement, candidates, &|_| true));
        }
        // What is not certain can only add: at the most, everything that its conditions do not exclude.
        match residue(requirement, &candidates.iter().map(|candidate| &candidate.narrowed).collect::<Vec<_>>()) {
            Residue::Empty => Verdict::Unknown(self.doubts(requirement, candidates, &|_| true)),
            Residue::TooComplex => too_complex(),
            Residue::Left(witness) => self.gap(*witness, candidates),
        }
    }

    fn gap(&self, witness: Event, candidates: &[Candidate]) -> Verdict {
        let missed_by = self.recorders.iter().map(|recorder| {
            let count = recorder.read().len();
            if count <= EXPLAINED || matches!(recorder.effect, Effect::None(_)) {
                return (recorder.name.clone(), recorder.decide(&witness).clause);
            }
            // Of many selectors those are told that are about the place at all.
            let near = candidates.iter().filter(|candidate| candidate.recorder.arn == recorder.arn);
            let mut clauses: Vec<String> = near
                .filter_map(|candidate| {
                    Some(format!("{}: {}", candidate.selector.label, candidate.selector.excluded_by(&witness)?))
                })
                .take(EXPLAINED)
                .collect();
            clauses.push(match clauses.len() {
                0 => format!("none of its {count} selectors is about this place"),
                told => format!("{} other selectors do not match it either", count - told),
            });
            (recorder.name.clone(), clauses.join("; "))
        });
        Verdict::Gap(Box::new(Gap { missed_by: missed_by.collect(), witness }))
    }

    /// Whether an event of the requirement is recorded by two recorders, each for its own price; `is_ours`: whether one is
    /// paid for here. What is not certain to record is no second one, and no proof that there is none.
    pub fn recorded_twice(&self, requirement: &Requirement, is_ours: impl Fn(&Recorder) -> bool) -> Twice {
        let mut candidates = self.candidates(requirement);
        candidates.retain(|candidate| is_ours(candidate.recorder));
        let find = || self.decide_twice(requirement, &candidates, &is_ours);
        self.twice.or_find(question(requirement, &candidates), find, |twice| matches!(twice, Twice::Yes(..)))
    }

    fn decide_twice(
        &self,
        requirement: &Requirement,
        candidates: &[Candidate],
        is_ours: &dyn Fn(&Recorder) -> bool,
    ) -> Twice {
        let certain: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.doubt.is_none()).collect();
        let twice = certain.iter().enumerate().find_map(|(at, one)| {
            let others = certain[at + 1..].iter().filter(|other| other.recorder.arn != one.recorder.arn);
            others.into_iter().find_map(|other| {
                let event = common(requirement, &[&one.narrowed, &other.narrowed])?;
                Some(Twice::Yes(Box::new(event), [one, other].map(|candidate| candidate.recorder.name.clone())))
            })
        });
        twice.unwrap_or_else(|| match self.doubts(requirement, candidates, is_ours) {
            doubts if doubts.is_empty() => Twice::No,
            doubts => Twice::Unknown(doubts),
        })
    }

    /// What keeps it from being told which events are recorded: recorders that could not be read, doubtful selectors.
    fn doubts(
        &self,
        requirement: &Requirement,
        candidates: &[Candidate],
        counts: &dyn Fn(&Recorder) -> bool,
    ) -> Vec<Reason> {
        let mut doubts: Vec<Reason> = self.unread().filter(|recorder| counts(recorder)).filter_map(unread).collect();
        for candidate in candidates {
            let doubt = candidate.doubt.as_ref().map(|doubt| candidate.recorder.said(doubt.clone()));
            doubts.extend(doubt.filter(|doubt| !doubts.contains(doubt) && touches(requirement, &candidate.narrowed)));
        }
        doubts
    }

    fn candidates<'a>(&'a self, requirement: &Requirement) -> Vec<Candidate<'a>> {
        let arn_prefix = requirement.arn_prefix();
        let candidate = |place: usize| {
            let placed = &self.selectors[place];
            let recorder = &self.recorders[placed.recorder];
            let selector = recorder.read().get(placed.selector)?;
            let is_caller_hidden = recorder.hides_caller(requirement.role.as_ref());
            let narrowed = Narrowed::of(selector, &placed.arns, requirement, &arn_prefix, is_caller_hidden)?;
            let tests_caller = selector.condition(Field::UserIdentityArn).is_some();
            let doubt = match (&recorder.effect, &selector.doubt) {
                (Effect::Unknown(reason), _) => Some(reason.clone()),
                (_, Some(why)) => Some(OfRecorder::SelectorNotUnderstood { why: why.clone() }.into()),
                _ if hides_deliveries(recorder, requirement) => Some(OfRecorder::OwnDeliveriesHidden.into()),
                _ if is_caller_hidden && tests_caller => Some(OfRecorder::CallerHidden.into()),
                _ => None,
            };
            Some(Candidate { place, recorder, selector, narrowed, doubt })
        };
        self.index.candidates(&arn_prefix).into_iter().filter_map(candidate).collect()
    }

    /// Recorders that may be in effect and whose selectors are not known: they may record anything.
    fn unread(&self) -> impl Iterator<Item = &Recorder> {
        let may_matter = self.recorders.iter().filter(|recorder| !matches!(recorder.effect, Effect::None(_)));
        may_matter.filter(|recorder| recorder.selectors.is_err())
    }
}

fn unread(recorder: &Recorder) -> Option<Reason> {
    Some(recorder.said(recorder.selectors.as_ref().err()?.clone()))
}

/// Whether CloudTrail's own writes are among what is asked for, and left out.
fn hides_deliveries(recorder: &Recorder, requirement: &Requirement) -> bool {
    let is_there = recorder.own_deliveries_hidden_in.as_ref() == Some(&requirement.location.bucket);
    is_there && requirement.role.is_none() && requirement.access.includes(Access::Write)
}

fn question(requirement: &Requirement, candidates: &[Candidate]) -> Option<Question> {
    if candidates.iter().any(|candidate| hides_deliveries(candidate.recorder, requirement)) {
        return None;
    }
    Question::of(requirement, candidates.iter().map(|candidate| (candidate.place, &candidate.narrowed)))
}

/// Which selectors record it, the ones that record most first.
fn parts(requirement: &Requirement, certain: &[&Candidate]) -> Vec<Part> {
    let touching = certain.iter().filter(|candidate| touches(requirement, &candidate.narrowed));
    let mut parts: Vec<Part> = touching
        .map(|candidate| Part {
            recorder: candidate.recorder.name.clone(),
            arn: candidate.recorder.arn.clone(),
            selector: candidate.selector.label.clone(),
            share: share(requirement, &candidate.narrowed),
        })
        .collect();
    parts.sort_by_key(|part| part.share);
    parts
}

fn share(requirement: &Requirement, selector: &Narrowed) -> Share {
    // Without a condition on any of these, what keeps it from all of them keeps it from reads and writes alike.
    let tells_apart = [Field::ReadOnly, Field::EventName, Field::EventSource]
        .iter()
        .any(|field| selector.condition(*field).is_some());
    let only = |access: Access| {
        requirement.access == Access::All
            && tells_apart
            && covers(&Requirement { access, ..requirement.clone() }, selector)
    };
    if covers(requirement, selector) {
        Share::All
    } else if only(Access::Read) {
        Share::Reads
    } else if only(Access::Write) {
        Share::Writes
    } else {
        Share::Some
    }
}
