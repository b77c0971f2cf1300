//! Buckets, event names, regions and error codes by number.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use foldhash::quality::RandomState;

/// How many names are recognised without a search.
const RECENT: usize = 256;

/// Names by number, and those of late by a glance at them.
#[derive(Debug)]
pub(super) struct Names {
    state: RandomState,
    numbers: HashMap<Box<str>, Name, FixedState>,
    names: Vec<Box<str>>,
    recent: [(Glance, Name); RECENT],
}

/// A name's number, and a hash of the name itself.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    pub number: u32,
    pub hash: u64,
}

impl Names {
    /// `state`: what hashes are made by, the same in every thread.
    pub(super) fn new(state: RandomState) -> Names {
        let nothing = (Glance::default(), Name { number: u32::MAX, hash: 0 });
        Names { state, numbers: HashMap::default(), names: vec![], recent: [nothing; RECENT] }
    }

    /// The name's number; a new one if it was not met before.
    #[inline]
    pub(super) fn number(&mut self, name: &str) -> Name {
        let glance = Glance::at(name);
        let slot = glance.slot();
        let (seen, known) = self.recent[slot];
        let is_same = || self.names.get(known.number as usize).is_some_and(|known| &**known == name);
        if seen == glance && (glance.is_all() || is_same()) {
            return known;
        }
        let found = self.search(name);
        self.recent[slot] = (glance, found);
        found
    }

    /// All names, by number.
    pub(super) fn all(&self) -> &[Box<str>] {
        &self.names
    }

    fn search(&mut self, name: &str) -> Name {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let new = Name { number: self.names.len() as u32, hash: self.state.hash_one(name) };
        self.names.push(name.into());
        self.numbers.insert(name.into(), new);
        new
    }
}

/// The first bytes of a name, the last, and its length: all that there is to a short one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Glance {
    first: u64,
    last: u64,
    length: usize,
}

impl Glance {
    #[inline(always)]
    fn at(name: &str) -> Glance {
        let name = name.as_bytes();
        let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Glance { first: word(name.first_chunk()), last: word(name.last_chunk()), length: name.len() }
    }

    /// Whether nothing of the name is left out.
    #[inline(always)]
    fn is_all(self) -> bool {
        (8..=16).contains(&self.length)
    }

    #[inline(always)]
    fn slot(self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(24) ^ self.length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize % RECENT
    }
}
