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

impl<'a> Touched<'a> {
    /// What an object's ARN names: without a key it is a listing.
    #[inline(always)]
    pub fn of(bucket: Cow<'a, str>, key: Cow<'a, str>) -> Touched<'a> {
        if key.is_empty() { Touched::Listing { bucket, prefix: key } } else { Touched::Object { bucket, key } }
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Touched::Object { .. })
    }

    /// The key, or the prefix of a listing.
    pub fn key(&self) -> &str {
        match self {
            Touched::Object { key, .. } | Touched::Listing { prefix: key, .. } => key,
        }
    }

    pub fn bucket(&self) -> &str {
        match self {
            Touched::Object { bucket, .. } | Touched::Listing { bucket, .. } => bucket,
        }
    }
}
