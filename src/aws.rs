//! The vocabulary: AWS's names, places and times, as far as more than one stage speaks of them. Imports no other stage.

pub mod arn;
pub mod location;
pub mod regions;
pub mod s3_events;
pub mod source_address;
pub mod timestamp;
