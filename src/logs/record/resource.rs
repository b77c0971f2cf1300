//! What events are about.

use std::borrow::Cow;

use smallvec::SmallVec;

/// An object, or a bucket as such, that an event reads or writes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource<'a> {
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
pub type Resources<'a> = SmallVec<[Resource<'a>; 1]>;

impl<'a> Resource<'a> {
    /// What an object's ARN names: without a key it is a listing.
    #[inline(always)]
    pub fn of(bucket: Cow<'a, str>, key: Cow<'a, str>) -> Resource<'a> {
        if key.is_empty() { Resource::Listing { bucket, prefix: key } } else { Resource::Object { bucket, key } }
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Resource::Object { .. })
    }

    /// The key, or the prefix of a listing.
    pub fn key(&self) -> &str {
        match self {
            Resource::Object { key, .. } | Resource::Listing { prefix: key, .. } => key,
        }
    }

    pub fn bucket(&self) -> &str {
        match self {
            Resource::Object { bucket, .. } | Resource::Listing { bucket, .. } => bucket,
        }
    }
}
