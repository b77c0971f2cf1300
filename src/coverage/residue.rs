//! What of a requirement a list of selectors leaves over.
//!
//! A requirement is cut into pieces that are products of independent fields. In a piece each field's strings fall into
//! classes (see `classes`), each with the set of selectors that accept it; an event escapes every selector exactly if
//! there is a choice of one class a field whose sets have no selector in common. That is decided here, exactly, up to a
//! stated work budget.

use std::collections::HashSet;

use super::bits::Bits;
use super::classes::{Class, Classes, Domain};
use super::condition::Condition;
use super::event::{AWS_API_CALL, DOCUMENTED, EVENT_SOURCE, Event, Requirement};
use super::selector::{Field, Selector};

/// How many sets of selectors the search may look at in one piece. Real trails need dozens.
pub const WORK_BUDGET: usize = 200_000;

/// An answer about a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Residue {
    /// Every event is matched.
    Empty,
    /// This event of the requirement is matched by none of the selectors.
    Left(Box<Event>),
    /// The work budget ran out.
    TooComplex,
}

/// Decides whether the selectors together match every event of the requirement.
pub fn residue(requirement: &Requirement, selectors: &[&Selector]) -> Residue {
    let mut too_complex = false;
    for piece in Piece::of(requirement) {
        match piece.residue(requirement, selectors) {
            Residue::Empty => {}
            Residue::TooComplex => too_complex = true,
            left => return left,
        }
    }
    if too_complex { Residue::TooComplex } else { Residue::Empty }
}

/// Whether the selector matches any event of the requirement.
pub fn touches(requirement: &Requirement, selector: &Selector) -> bool {
    Piece::of(requirement).iter().any(|piece| {
        let fields = piece.fields(&[selector]);
        piece.alive(selector) && fields.iter().all(|field| field.classes.iter().any(|c| !c.accepted_by.is_empty()))
    })
}

/// A product of independent fields: part of a requirement.
struct Piece {
    /// `None`: the names that are not documented, all of them.
    names: Option<Vec<&'static str>>,
    read_only: bool,
    name: Domain,
    resource_arn: Domain,
    user_identity_arn: Domain,
    event_type: Domain,
    /// For anyone the console flag is free; a role that Redshift assumes never has it.
    console: bool,
}

/// The fields whose values vary inside a piece, in the order in which they are searched.
const VARYING: [Field; 4] = [Field::EventName, Field::ResourceArn, Field::UserIdentityArn, Field::EventType];

impl Piece {
    /// The pieces of a requirement: writes first, for their loss weighs most; invented names last.
    fn of(requirement: &Requirement) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (listing, read_only) in [(false, false), (false, true), (true, true)] {
            if !requirement.access.includes(read_only) {
                continue;
            }
            let names: Vec<&'static str> = DOCUMENTED
                .iter()
                .filter(|event| event.listing == listing && event.read_only == Some(read_only))
                .map(|event| event.name)
                .collect();
            pieces.extend(Piece::with_console(requirement, Some(names), listing, read_only));
        }
        for read_only in [true, false] {
            if requirement.access.includes(read_only) {
                let either = DOCUMENTED.iter().filter(|event| event.read_only.is_none()).map(|event| event.name);
                pieces.extend(Piece::with_console(requirement, Some(either.collect()), false, read_only));
            }
        }
        for read_only in [false, true] {
            if requirement.access.includes(read_only) {
                pieces.extend(Piece::with_console(requirement, None, false, read_only));
            }
        }
        pieces
    }

    /// The console flag is absent or `true`: one piece each.
    fn with_console(
        requirement: &Requirement,
        names: Option<Vec<&'static str>>,
        listing: bool,
        read_only: bool,
    ) -> Vec<Piece> {
        let consoles: &[bool] = if requirement.role.is_some() { &[false] } else { &[false, true] };
        let domain = |prefix: String, beyond_prefix: bool, examples| Domain {
            prefix,
            beyond_prefix,
            except: HashSet::new(),
            absent: false,
            examples,
        };
        let mut name = domain(String::new(), true, &["FutureOperation"]);
        name.except = DOCUMENTED.iter().map(|event| event.name.to_owned()).collect();
        let whole_bucket = requirement.location.prefix.is_empty();
        let keys: &[&str] = match (listing, read_only) {
            (true, _) => &[],
            (false, true) => &["data.csv", "0000_part_00"],
            (false, false) => &["0000_part_00", "data.csv"],
        };
        let resource_arn =
            domain(requirement.location.arn_prefix(&requirement.partition), whole_bucket && !listing, keys);
        let (user_identity_arn, event_type) = match &requirement.role {
            Some(role) => (
                domain(role.session_prefix(), true, &["RedshiftIamRoleSession", "session"]),
                domain(AWS_API_CALL.to_owned(), false, &[]),
            ),
            None => {
                let mut anyone = domain(
                    String::new(),
                    true,
                    &[
                        "arn:aws:sts::123456789012:assumed-role/any-role/any-session",
                        "arn:aws:iam::123456789012:user/any",
                    ],
                );
                anyone.absent = true;
                (anyone, domain(String::new(), true, &[AWS_API_CALL, "AwsServiceEvent"]))
            }
        };
        consoles
            .iter()
            .map(|console| Piece {
                names: names.clone(),
                read_only,
                name: name.clone(),
                resource_arn: resource_arn.clone(),
                user_identity_arn: user_identity_arn.clone(),
                event_type: event_type.clone(),
                console: *console,
            })
            .collect()
    }

    /// Whether the selector accepts the fields that are fixed in this piece.
    fn alive(&self, selector: &Selector) -> bool {
        let fixed = [
            (Field::ReadOnly, Some(if self.read_only { "true" } else { "false" })),
            (Field::EventSource, Some(EVENT_SOURCE)),
            (Field::ConsoleSession, self.console.then_some("true")),
        ];
        selector.never.is_none()
            && fixed.iter().all(|(field, value)| selector.condition(*field).is_none_or(|c| c.holds(*value)))
    }

    fn fields<'a>(&'a self, selectors: &[&'a Selector]) -> Vec<FieldClasses<'a>> {
        VARYING.iter().map(|field| self.field(*field, selectors)).collect()
    }

    fn field<'a>(&'a self, field: Field, selectors: &[&'a Selector]) -> FieldClasses<'a> {
        let conditions: Vec<Option<&Condition>> = selectors.iter().map(|selector| selector.condition(field)).collect();
        let domain = match (field, &self.names) {
            (Field::EventName, Some(names)) => return FieldClasses::of_names(names, &conditions),
            (Field::EventName, None) => &self.name,
            (Field::ResourceArn, _) => &self.resource_arn,
            (Field::UserIdentityArn, _) => &self.user_identity_arn,
            // A role's requests have one event type: the domain's prefix and nothing else.
            (_, _) if !self.event_type.beyond_prefix => return FieldClasses::of_names(&[AWS_API_CALL], &conditions),
            (_, _) => &self.event_type,
        };
        let classes = Classes::of(domain, &conditions);
        FieldClasses { classes: classes.classes.clone(), source: Source::Strings(classes) }
    }

    fn residue(&self, requirement: &Requirement, selectors: &[&Selector]) -> Residue {
        let alive: Vec<&Selector> = selectors.iter().copied().filter(|selector| self.alive(selector)).collect();
        if alive.iter().any(|selector| VARYING.iter().all(|field| selector.condition(*field).is_none())) {
            return Residue::Empty;
        }
        let fields = self.fields(&alive);
        let mut search = Search { fields: &fields, seen: vec![HashSet::new(); fields.len()], budget: WORK_BUDGET };
        let everyone = Bits::of(alive.len(), |_| true);
        match search.run(0, &everyone) {
            Found::Choice(mut choice) => {
                choice.reverse();
                make_readable(&fields, &mut choice, &everyone);
                Residue::Left(Box::new(self.event(requirement, &fields, &choice)))
            }
            Found::Nothing => Residue::Empty,
            Found::TooComplex => Residue::TooComplex,
        }
    }

    fn event(&self, requirement: &Requirement, fields: &[FieldClasses], choice: &[usize]) -> Event {
        let value = |at: usize| fields[at].example(choice[at]);
        Event {
            event_name: value(0).unwrap_or_default(),
            read_only: self.read_only,
            resource_arn: value(1).unwrap_or_default(),
            user_identity_arn: value(2),
            region: requirement.region.clone(),
            event_source: EVENT_SOURCE.to_owned(),
            event_type: value(3).unwrap_or_default(),
            session_credential_from_console: self.console,
            hypothetical: self.names.is_none(),
        }
    }
}

/// The classes of one field, and where their examples come from.
struct FieldClasses<'a> {
    classes: Vec<Class>,
    source: Source<'a>,
}

enum Source<'a> {
    /// A finite list of names, one class each; the class's rank is its place.
    Names(Vec<&'static str>),
    Strings(Classes<'a>),
}

impl<'a> FieldClasses<'a> {
    fn of_names(names: &[&'static str], conditions: &[Option<&Condition>]) -> FieldClasses<'a> {
        let accepted = |name: &str| Bits::of(conditions.len(), |n| conditions[n].is_none_or(|c| c.holds(Some(name))));
        let mut seen = HashSet::new();
        let classes = names
            .iter()
            .enumerate()
            .map(|(place, name)| Class::of_name(place, accepted(name)))
            .filter(|class| seen.insert(class.accepted_by.clone()))
            .collect();
        FieldClasses { classes, source: Source::Names(names.to_vec()) }
    }

    fn example(&self, class: usize) -> Option<String> {
        let class = &self.classes[class];
        match &self.source {
            Source::Names(names) => Some(names[class.rank].to_owned()),
            Source::Strings(classes) => classes.example(class),
        }
    }
}

enum Found {
    /// The chosen class of each field, last field first.
    Choice(Vec<usize>),
    Nothing,
    TooComplex,
}

struct Search<'a, 'b> {
    fields: &'a [FieldClasses<'b>],
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
        for class in 0..self.fields[at].classes.len() {
            if self.budget == 0 {
                return Found::TooComplex;
            }
            self.budget -= 1;
            let still = left.and(&self.fields[at].classes[class].accepted_by);
            match self.run(at + 1, &still) {
                Found::Choice(mut choice) => {
                    choice.push(class);
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

/// Puts into each field the most readable class with which the event is still matched by nothing.
fn make_readable(fields: &[FieldClasses], choice: &mut [usize], everyone: &Bits) {
    for at in 0..fields.len() {
        let others = (0..fields.len())
            .filter(|other| *other != at)
            .fold(everyone.clone(), |left, other| left.and(&fields[other].classes[choice[other]].accepted_by));
        let best = (0..fields[at].classes.len())
            .filter(|class| others.and(&fields[at].classes[*class].accepted_by).is_empty())
            .min_by_key(|class| fields[at].classes[*class].rank);
        if let Some(best) = best {
            choice[at] = best;
        }
    }
}
