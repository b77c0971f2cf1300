//! What events touch.

use std::borrow::Cow;

use smallvec::SmallVec;

/// What a record says was touched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Touched<'a> {
    Object {
        bucket: Cow<'a, str>,
        key: Cow<'a, str>,
    },
    /// A listing, with the prefix that was asked for; or a request to the bucket as such, with none.
    Listing {
        bucket: Cow<'a, str>,
        prefix: Cow<'a, str>,
    },
}

/// Almost always one.
pub type Touches<'a> = SmallVec<[Touched<'a>; 1]>;

impl Touched<'_> {
    pub fn bucket(&self) -> &str {
        match self {
            Touched::Object { bucket, .. } | Touched::Listing { bucket, .. } => bucket,
        }
    }
}
