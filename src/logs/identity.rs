//! Principals by number. The same `userIdentity` stands in many records: its text is parsed once and then recognised.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::json::{Cursor, Fault, Span};
use super::principal::{Principal, UserIdentity};

/// How many identities are recognised at a time, some hundred bytes each.
const SLOTS: usize = 4096;

/// A principal's number in one `Identities`.
pub type PrincipalId = u32;

#[derive(Debug)]
struct Known {
    /// A whole JSON value: where it stands again, the value ends where it ends.
    text: Box<str>,
    /// `None`: it is not as it should be.
    principal: Option<PrincipalId>,
}

/// A `userIdentity` that was gone past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    pub span: Span,
    slot: usize,
    /// Who it is, where that was told before.
    known: Option<Option<PrincipalId>>,
}

/// The principals that were met, and the texts of late that name them.
#[derive(Debug)]
pub struct Identities {
    slots: Vec<Option<Known>>,
    numbers: HashMap<Principal, PrincipalId, FixedState>,
    principals: Vec<Principal>,
    /// A hash of each, the same in every thread.
    hashes: Vec<u64>,
}

impl Default for Identities {
    fn default() -> Self {
        let slots = std::iter::repeat_with(|| None).take(SLOTS).collect();
        Identities { slots, numbers: HashMap::default(), principals: vec![], hashes: vec![] }
    }
}

impl Identities {
    /// Goes past the identity at the cursor.
    pub fn pass(&self, cursor: &mut Cursor) -> Result<Passed, Fault> {
        cursor.peek();
        let rest = cursor.rest();
        let slot = slot_of(rest);
        match &self.slots[slot] {
            Some(known) if rest.starts_with(&*known.text) => {
                Ok(Passed { span: cursor.advance(known.text.len()), slot, known: Some(known.principal) })
            }
            _ => Ok(Passed { span: cursor.value()?, slot, known: None }),
        }
    }

    /// Who acts; `None`: the identity is not as it should be. `cursor`: any place in its text.
    pub fn resolve(&mut self, passed: Passed, cursor: &Cursor) -> Option<PrincipalId> {
        if let Some(known) = passed.known {
            return known;
        }
        let principal = UserIdentity::read(&mut cursor.back_to(passed.span)).ok().and_then(|who| who.principal());
        let principal = principal.map(|principal| self.number(principal));
        self.slots[passed.slot] = Some(Known { text: cursor.text_of(passed.span).into(), principal });
        principal
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
fn slot_of(rest: &str) -> usize {
    let rest = rest.as_bytes();
    let stretch = if rest.starts_with(b"{\"type\":\"AssumedRole\"") { 150..278 } else { 10..106 };
    let stretch = rest.get(stretch).unwrap_or(rest.get(..32).unwrap_or_default());
    FixedState::default().hash_one(stretch) as usize % SLOTS
}
