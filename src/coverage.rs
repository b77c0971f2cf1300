//! Is every event of a requirement recorded? Decided exactly, over all keys, session names and event names.
//!
//! `event` says what may happen, `selector` and `condition` what a selector matches, `recorder` whether its trail is in
//! effect, `residue` (on `classes` and `bits`) what the selectors together leave over, and `prove` the verdict.
//! Pure: no AWS SDK, no Rego.

mod bits;
mod classes;
pub mod condition;
pub mod event;
pub mod prove;
pub mod recorder;
pub mod residue;
pub mod selector;
