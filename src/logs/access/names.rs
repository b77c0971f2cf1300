//! Buckets, event names, regions and error codes by number.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// How many names are recognised without a search.
const RECENT: usize = 256;

/// Names by number, and those of late by a glance at them.
#[derive(Debug)]
pub struct Names {
    numbers: HashMap<Box<str>, u32, FixedState>,
    names: Vec<Box<str>>,
    recent: [u32; RECENT],
}

impl Default for Names {
    fn default() -> Self {
        Names { numbers: HashMap::default(), names: vec![], recent: [u32::MAX; RECENT] }
    }
}

impl Names {
    /// The name's number; a new one if it was not met before.
    #[inline]
    pub fn number(&mut self, name: &str) -> u32 {
        let slot = glance(name);
        let recent = self.recent[slot];
        if self.names.get(recent as usize).is_some_and(|known| &**known == name) {
            return recent;
        }
        let number = self.search(name);
        self.recent[slot] = number;
        number
    }

    /// All names, by number.
    pub fn all(&self) -> &[Box<str>] {
        &self.names
    }

    fn search(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }
}

/// By its first bytes and its length.
#[inline]
fn glance(name: &str) -> usize {
    let name = name.as_bytes();
    let first = name.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    let mixed = (first ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % RECENT
}
