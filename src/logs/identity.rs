//! Principals by number. The same `userIdentity` stands in many records: its text is parsed once and then recognised.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::json::{Cursor, Fault, Span};
use super::principal::{Principal, UserIdentity};

/// How many identities are recognised at a time, some hundred bytes each; then they are learned anew.
const MOST: usize = 2048;

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
    hash: u64,
    /// Who it is, where that was told before.
    known: Option<Option<PrincipalId>>,
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
            let hash = hash_of(rest);
            match self.places.find(hash, |place| is_at(*place)) {
                Some(place) => self.last = *place,
                None => return Ok(Passed { span: cursor.value()?, hash, known: None }),
            }
        }
        let Known { hash, text, principal } = &self.known[self.last as usize];
        Ok(Passed { span: cursor.advance(text.len()), hash: *hash, known: Some(*principal) })
    }

    /// Who acts; `None`: the identity is not as it should be. `cursor`: any place in its text.
    pub fn resolve(&mut self, passed: Passed, cursor: &Cursor) -> Option<PrincipalId> {
        if let Some(known) = passed.known {
            return known;
        }
        let principal = UserIdentity::read(&mut cursor.back_to(passed.span)).ok().and_then(|who| who.principal());
        let principal = principal.map(|principal| self.number(principal));
        let known = Known { hash: passed.hash, text: cursor.text_of(passed.span).into(), principal };
        // One for each hash, so that nobody can make a heap of them.
        match self.places.find(passed.hash, |place| self.known[*place as usize].hash == passed.hash) {
            Some(place) => self.known[*place as usize] = known,
            None => self.learn(known),
        }
        principal
    }

    fn learn(&mut self, known: Known) {
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
