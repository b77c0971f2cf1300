//! Principals by number. The same `userIdentity` stands in many records: its text is parsed once and then recognised.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::json::{Cursor, Fault, Span};
use super::principal::{Principal, UserIdentity};

/// How many identities are recognised at a time, some hundred bytes each; then they are learned anew.
const MOST: usize = 2048;
/// No identity that CloudTrail writes comes near, in bytes; a longer one is read each time, not remembered.
const LONGEST: usize = 4096;

/// A principal's number in one `Identities`.
pub type PrincipalId = u32;

#[derive(Debug)]
struct Known {
    hash: u64,
    /// A whole JSON value: where it stands again, the value ends where it ends.
    text: Box<str>,
    /// `None`: it is not as it should be.
    principal: Option<PrincipalId>,
}

/// A `userIdentity` that was gone past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    pub span: Span,
    /// Into `known`, where it was met before.
    place: Option<u32>,
}

/// The principals that were met, and the texts of late that name them.
#[derive(Debug, Default)]
pub struct Identities {
    known: Vec<Known>,
    /// Into `known`, by a hash of a stretch of the text.
    places: HashTable<u32>,
    /// The identity of the record before: calls come in bursts.
    last: u32,
    numbers: HashMap<Principal, PrincipalId, FixedState>,
    principals: Vec<Principal>,
    /// A hash of each, the same in every thread.
    hashes: Vec<u64>,
}

impl Identities {
    /// Goes past the identity at the cursor.
    pub fn pass(&mut self, cursor: &mut Cursor) -> Result<Passed, Fault> {
        cursor.peek();
        let rest = cursor.rest();
        let is_at = |place: u32| self.known.get(place as usize).is_some_and(|known| rest.starts_with(&*known.text));
        if !is_at(self.last) {
            match self.places.find(hash_of(rest), |place| is_at(*place)) {
                Some(place) => self.last = *place,
                None => return Ok(Passed { span: cursor.value()?, place: None }),
            }
        }
        let known = &self.known[self.last as usize];
        Ok(Passed { span: cursor.advance(known.text.len()), place: Some(self.last) })
    }

    /// Who acts; `None`: the identity is not as it should be. It is the one that was gone past last. `cursor`: any place in
    /// its text.
    pub fn resolve(&mut self, passed: Passed, cursor: &Cursor) -> Option<PrincipalId> {
        if let Some(place) = passed.place {
            return self.known[place as usize].principal;
        }
        let mut cursor = cursor.back_to(passed.span);
        let (hash, text) = (hash_of(cursor.rest()), cursor.text_of(passed.span));
        let principal = UserIdentity::read(&mut cursor).ok().and_then(|who| who.principal());
        let principal = principal.map(|principal| self.number(principal));
        if text.len() <= LONGEST {
            self.learn(Known { hash, text: text.into(), principal });
        }
        principal
    }

    /// Keeps one for each hash, so that nobody can make a heap of them.
    fn learn(&mut self, known: Known) {
        if let Some(place) = self.places.find(known.hash, |place| self.known[*place as usize].hash == known.hash) {
            self.known[*place as usize] = known;
            return;
        }
        if self.known.len() == MOST {
            self.known.clear();
            self.places.clear();
        }
        self.places.insert_unique(known.hash, self.known.len() as u32, |place| self.known[*place as usize].hash);
        self.known.push(known);
    }

    /// A record without an identity.
    pub fn nobody(&mut self) -> Option<PrincipalId> {
        let principal = UserIdentity::default().principal()?;
        Some(self.number(principal))
    }

    pub fn principal(&self, id: PrincipalId) -> &Principal {
        &self.principals[id as usize]
    }

    /// All principals, by number.
    pub fn principals(&self) -> &[Principal] {
        &self.principals
    }

    /// A hash of the principal itself, not of its number.
    pub fn hash(&self, id: PrincipalId) -> u64 {
        self.hashes[id as usize]
    }

    fn number(&mut self, principal: Principal) -> PrincipalId {
        if let Some(id) = self.numbers.get(&principal) {
            return *id;
        }
        let id = self.principals.len() as PrincipalId;
        self.hashes.push(FixedState::default().hash_one(&principal));
        self.principals.push(principal.clone());
        self.numbers.insert(principal, id);
        id
    }
}

/// By a stretch of the text that tells sessions apart: a role's access key stands about two hundred bytes in.
fn hash_of(rest: &str) -> u64 {
    let rest = rest.as_bytes();
    let stretch = if rest.starts_with(b"{\"type\":\"AssumedRole\"") { 150..278 } else { 10..106 };
    let stretch = rest.get(stretch).unwrap_or(rest.get(..32).unwrap_or_default());
    FixedState::default().hash_one(stretch)
}
