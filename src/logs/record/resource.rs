//! What events are about.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::aws::s3_events::Access;

/// An object, or a bucket, that an event reads or writes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource<'a> {
    Object {
        bucket: Cow<'a, str>,
        key: Cow<'a, str>,
    },
    /// A listing, with the prefix that was asked for.
    Listing {
        bucket: Cow<'a, str>,
        prefix: Cow<'a, str>,
    },
    /// The bucket as such.
    Bucket {
        bucket: Cow<'a, str>,
    },
}

/// A resource, and what the event does there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reached<'a> {
    pub resource: Resource<'a>,
    /// `None`: the record does not say.
    pub does: Option<Access>,
}

/// Almost always one.
pub type Few<T> = SmallVec<[T; 1]>;

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
            Resource::Bucket { .. } => "",
        }
    }

    pub fn bucket(&self) -> &str {
        match self {
            Resource::Object { bucket, .. } | Resource::Listing { bucket, .. } | Resource::Bucket { bucket } => bucket,
        }
    }
}
