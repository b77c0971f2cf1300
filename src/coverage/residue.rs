//! What of a requirement a list of selectors leaves over.
//!
//! In a piece of the requirement (see `piece`) each field's values fall into classes (see `classes`), each with the set of
//! selectors that accept it. An event escapes every selector exactly if there is a choice of one class a field whose sets
//! have no selector in common. That is decided here, exactly, up to a stated work budget.

use std::collections::HashSet;
use std::rc::Rc;

use super::bits::Bits;
use super::classes::{Classes, Domain};
use super::condition::Condition;
use super::event::{Event, Requirement};
use super::narrow::Narrowed;
use super::piece::{Piece, Space};
use super::selector::Field;

/// How many sets of selectors may be compared in one piece: some tens of milliseconds. Real trails need dozens.
pub(super) const WORK_BUDGET: usize = 5_000_000;

/// An answer about a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Residue {
    /// Every event is matched.
    Empty,
    /// This event of the requirement is matched by none of the selectors.
    Left(Box<Event>),
    /// The work budget ran out.
    TooComplex,
}

/// Decides whether the selectors together match every event of the requirement.
pub(super) fn residue(requirement: &Requirement, selectors: &[&Narrowed]) -> Residue {
    if selectors.iter().any(|selector| selector.is_everything()) {
        return Residue::Empty;
    }
    let mut too_complex = false;
    let space = Space::of(requirement);
    let mut known = KnownClasses::default();
    for piece in space.pieces(selectors) {
        match residue_in(&piece, requirement, selectors, &mut known) {
            Residue::Empty => {}
            Residue::TooComplex => too_complex = true,
            left => return left,
        }
    }
    if too_complex { Residue::TooComplex } else { Residue::Empty }
}

/// Whether the selector matches any event of the requirement.
pub(super) fn touches(requirement: &Requirement, selector: &Narrowed) -> bool {
    let accepts_some = |piece: &Piece| {
        piece.varying.iter().all(|(field, domain)| match selector.condition(*field) {
            None => true,
            condition => Classes::of(domain, &[condition]).all.iter().any(|class| !class.accepted_by.is_empty()),
        })
    };
    let space = Space::of(requirement);
    selector.is_everything()
        || space.pieces(&[selector]).iter().any(|piece| piece.admits(selector) && accepts_some(piece))
}

/// Whether the selector matches every event of the requirement by itself: what `residue` says of it alone, for less.
pub(super) fn covers(requirement: &Requirement, selector: &Narrowed) -> bool {
    let space = Space::of(requirement);
    let mut known = KnownClasses::default();
    let mut pieces = space.pieces(&[selector]);
    // Those that it does not even admit settle most selectors, at no cost.
    pieces.sort_by_key(|piece| piece.admits(selector));
    pieces.iter().all(|piece| {
        let mut accepts_all = |(field, domain)| match selector.condition(field) {
            None => true,
            condition => known.of(domain, vec![condition]).all.iter().all(|class| !class.accepted_by.is_empty()),
        };
        piece.admits(selector) && piece.varying.into_iter().all(&mut accepts_all)
    })
}

/// An event of the requirement that all of the selectors match.
pub(super) fn common(requirement: &Requirement, selectors: &[&Narrowed]) -> Option<Event> {
    let space = Space::of(requirement);
    let mut known = KnownClasses::default();
    let pieces = space.pieces(selectors);
    pieces.iter().filter(|piece| selectors.iter().all(|selector| piece.admits(selector))).find_map(|piece| {
        // Selectors are products of fields, so what they share is the product of what they share in each. Most share nothing
        // in a field that they test, so those come first.
        let is_free = |field: &Field| selectors.iter().all(|selector| selector.condition(*field).is_none());
        let (free, tested): (Vec<_>, Vec<_>) = piece.varying.iter().partition(|(field, _)| is_free(field));
        let mut values = Vec::new();
        for (field, domain) in tested.into_iter().chain(free) {
            let mut conditions: Vec<Option<&Condition>> =
                selectors.iter().map(|selector| selector.condition(field)).collect();
            conditions.retain(Option::is_some);
            let everyone = Bits::of(conditions.len(), |_| true);
            let classes = known.of(domain, conditions);
            let shared = classes.all.iter().enumerate().filter(|(_, class)| class.accepted_by == everyone);
            let (at, _) = shared.min_by_key(|(_, class)| class.rank)?;
            values.push((field, classes.example(at)));
        }
        let value = |field: Field| values.iter().find(|(of, _)| *of == field).and_then(|(_, value)| value.clone());
        Some(event(piece, requirement, value))
    })
}

/// Classes that were worked out before: most pieces differ in one field and share the others.
#[derive(Default)]
struct KnownClasses<'a>(Vec<Known<'a>>);

struct Known<'a> {
    domain: &'a Domain,
    conditions: Vec<Option<&'a Condition>>,
    classes: Rc<Classes<'a>>,
}

impl<'a> KnownClasses<'a> {
    fn of(&mut self, domain: &'a Domain, conditions: Vec<Option<&'a Condition>>) -> Rc<Classes<'a>> {
        let is_same = |a: &Option<&Condition>, b: &Option<&Condition>| match (a, b) {
            (Some(a), Some(b)) => std::ptr::eq(*a, *b),
            (None, None) => true,
            _ => false,
        };
        let known = self.0.iter().find(|known| {
            let mut pairs = known.conditions.iter().zip(&conditions);
            let as_many = known.conditions.len() == conditions.len();
            std::ptr::eq(known.domain, domain) && as_many && pairs.all(|(a, b)| is_same(a, b))
        });
        if let Some(known) = known {
            return Rc::clone(&known.classes);
        }
        let classes = Rc::new(Classes::of(domain, &conditions));
        self.0.push(Known { domain, conditions, classes: Rc::clone(&classes) });
        classes
    }
}

fn residue_in<'a>(
    piece: &Piece<'a>,
    requirement: &Requirement,
    selectors: &[&'a Narrowed],
    known: &mut KnownClasses<'a>,
) -> Residue {
    let admitted: Vec<&'a Narrowed> = selectors.iter().copied().filter(|selector| piece.admits(selector)).collect();
    let tests = |field: Field| admitted.iter().any(|selector| selector.condition(field).is_some());
    let is_free = |selector: &&Narrowed| piece.varying.iter().all(|(field, _)| selector.condition(*field).is_none());
    if admitted.iter().any(is_free) {
        return Residue::Empty;
    }
    let mut classes =
        |field: Field, domain| known.of(domain, admitted.iter().map(|selector| selector.condition(field)).collect());
    // A field that no selector looks at has one class, which all accept: it decides nothing.
    let tested: Vec<(Field, Rc<Classes>)> = piece
        .varying
        .iter()
        .filter(|(field, _)| tests(*field))
        .map(|(field, of)| (*field, classes(*field, of)))
        .collect();
    let everyone = Bits::of(admitted.len(), |_| true);
    let mut budget = WORK_BUDGET;
    let fields: Vec<Vec<usize>> = tested.iter().map(|(_, classes)| least_accepted(classes, &mut budget)).collect();
    let mut search = Search { tested: &tested, fields: &fields, seen: vec![HashSet::new(); tested.len()], budget };
    match search.run(0, &everyone) {
        Found::Nothing => Residue::Empty,
        Found::TooComplex => Residue::TooComplex,
        Found::Choice(mut choice) => {
            choice.reverse();
            make_readable(&tested, &mut choice, &everyone);
            let value = |field: Field| match tested.iter().position(|(of, _)| *of == field) {
                Some(at) => tested[at].1.example(choice[at]),
                None => {
                    let domain = piece.varying.iter().find(|(of, _)| *of == field).map(|(_, domain)| *domain);
                    domain.and_then(|domain| Classes::of(domain, &[]).example(0))
                }
            };
            Residue::Left(Box::new(event(piece, requirement, value)))
        }
    }
}

fn event(piece: &Piece, requirement: &Requirement, value: impl Fn(Field) -> Option<String>) -> Event {
    Event {
        event_name: value(Field::EventName).unwrap_or_default(),
        read_only: piece.read_only,
        resource_arn: value(Field::ResourceArn).unwrap_or_default(),
        user_identity_arn: value(Field::UserIdentityArn),
        region: requirement.region.clone(),
        event_source: piece.source.to_owned(),
        event_type: value(Field::EventType).unwrap_or_default(),
        session_credential_from_console: piece.console,
        hypothetical: piece.hypothetical,
    }
}

enum Found {
    /// The chosen class of each field, last field first.
    Choice(Vec<usize>),
    Nothing,
    TooComplex,
}

struct Search<'a, 'b> {
    tested: &'a [(Field, Rc<Classes<'b>>)],
    /// By field: the classes that are worth a try.
    fields: &'a [Vec<usize>],
    /// By field: the sets of selectors from which nothing was found.
    seen: Vec<HashSet<Bits>>,
    budget: usize,
}

impl Search<'_, '_> {
    /// Looks for one class in each field from `at` on, such that no selector of `left` accepts them all.
    fn run(&mut self, at: usize, left: &Bits) -> Found {
        if left.is_empty() {
            return Found::Choice(vec![0; self.fields.len() - at]);
        }
        if at == self.fields.len() || self.seen[at].contains(left) {
            return Found::Nothing;
        }
        let classes = &self.tested[at].1.all;
        let still = self.fields[at].iter().map(|place| (*place, left.and(&classes[*place].accepted_by))).collect();
        for (place, still) in least(still, &mut self.budget) {
            if self.budget == 0 {
                return Found::TooComplex;
            }
            match self.run(at + 1, &still) {
                Found::Choice(mut choice) => {
                    choice.push(place);
                    return Found::Choice(choice);
                }
                Found::TooComplex => return Found::TooComplex,
                Found::Nothing => {}
            }
        }
        self.seen[at].insert(left.clone());
        Found::Nothing
    }
}

/// The classes that no other class undercuts: what all of a class's selectors let through, fewer selectors do too.
fn least_accepted(classes: &Classes, budget: &mut usize) -> Vec<usize> {
    let sets = classes.all.iter().enumerate().map(|(place, class)| (place, class.accepted_by.clone())).collect();
    least(sets, budget).into_iter().map(|(place, _)| place).collect()
}

/// The sets that contain no other one, each once, small ones first; with some others where the budget ends before.
fn least(mut sets: Vec<(usize, Bits)>, budget: &mut usize) -> Vec<(usize, Bits)> {
    *budget = budget.saturating_sub(sets.len());
    sets.sort_by(|a, b| (a.1.count(), &a.1, a.0).cmp(&(b.1.count(), &b.1, b.0)));
    sets.dedup_by(|a, b| a.1 == b.1);
    let mut least: Vec<(usize, Bits)> = Vec::new();
    for (place, set) in sets {
        // One by one the small sets are compared with; half the budget stays for the search itself.
        let affordable = least.len() < *budget / 2;
        if affordable {
            *budget -= least.len();
        }
        if !affordable || !least.iter().any(|(_, smaller)| smaller.is_subset(&set)) {
            least.push((place, set));
        }
    }
    least
}

/// Puts into each field the most readable class with which the event is still matched by nothing.
fn make_readable(fields: &[(Field, Rc<Classes>)], choice: &mut [usize], everyone: &Bits) {
    for at in 0..fields.len() {
        let others = (0..fields.len())
            .filter(|other| *other != at)
            .fold(everyone.clone(), |left, other| left.and(&fields[other].1.all[choice[other]].accepted_by));
        let classes = fields[at].1.all.iter().enumerate();
        let left_over = classes.filter(|(_, class)| others.and(&class.accepted_by).is_empty());
        if let Some((best, _)) = left_over.min_by_key(|(_, class)| class.rank) {
            choice[at] = best;
        }
    }
}
