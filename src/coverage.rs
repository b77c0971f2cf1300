//! Is every event of a requirement recorded? Decided exactly, over all keys, session names and event names.
//!
//! `event` says what may happen, `selector` and `condition` what a selector matches, `recorder` whether its trail is in
//! effect. `narrow` picks what may matter to one requirement, `residue` decides what is left over (`piece` cuts the
//! requirement into products, `classes` divides the strings of a field, `bits` are sets of selectors), `prove` gives
//! the verdict (`alike` knows the questions that were answered before), `fix` what would close a gap, `plan` what would close many. `dead` finds
//! selectors that can never match, `management` what a trail takes of management events.
//! Pure: no AWS SDK, no Rego.

mod alike;
mod bits;
mod classes;
pub mod condition;
pub mod dead;
pub mod event;
pub mod fix;
pub mod management;
mod narrow;
mod piece;
pub mod plan;
pub mod prove;
pub mod recorder;
mod residue;
pub mod selector;
