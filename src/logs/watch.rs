//! The declared locations that accesses are told apart by.

use std::collections::{HashMap, HashSet};

use super::record::Resource;
use crate::aws::location::{Location, LocationKind};

/// A declared location, and whether Redshift reads or writes there (`None`: only its accesses are asked for).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    pub location: Location,
    pub kind: Option<LocationKind>,
}

/// The declared locations, by bucket.
pub struct WatchedPlaces {
    pub locations: Vec<Location>,
    by_bucket: HashMap<String, Vec<u32>>,
    /// Those that COPY or UNLOAD uses.
    redshift: Vec<bool>,
    /// Those that UNLOAD writes to.
    unloads: Vec<bool>,
}

impl WatchedPlaces {
    pub fn of(watched: &[Watched]) -> WatchedPlaces {
        let mut locations: Vec<Location> = watched.iter().map(|watched| watched.location.clone()).collect();
        locations.sort();
        locations.dedup();
        let used = watched.iter().filter(|watched| watched.kind.is_some());
        let used: HashSet<&Location> = used.map(|watched| &watched.location).collect();
        let redshift = locations.iter().map(|location| used.contains(location)).collect();
        let written = watched.iter().filter(|watched| watched.kind == Some(LocationKind::Unload));
        let written: HashSet<&Location> = written.map(|watched| &watched.location).collect();
        let unloads = locations.iter().map(|location| written.contains(location)).collect();
        let mut by_bucket: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, location) in locations.iter().enumerate() {
            by_bucket.entry(location.bucket.clone()).or_default().push(number as u32);
        }
        WatchedPlaces { locations, by_bucket, redshift, unloads }
    }

    /// A listing touches every location that its prefix overlaps; a request to the bucket as such, the whole bucket alone.
    pub fn reached_by<'a>(&'a self, resource: &'a Resource<'a>) -> impl Iterator<Item = u32> + 'a {
        let here = if self.locations.is_empty() { None } else { self.by_bucket.get(resource.bucket()) };
        here.into_iter().flatten().copied().filter(move |number| {
            let location = &self.locations[*number as usize];
            match resource {
                Resource::Object { bucket, key } => location.contains(bucket, key),
                Resource::Listing { bucket, prefix } => location.overlaps_listing(bucket, prefix),
                Resource::Bucket { .. } => location.prefix.is_empty(),
            }
        })
    }

    pub fn is_redshift(&self, number: u32) -> bool {
        self.redshift[number as usize]
    }

    pub fn is_unload(&self, number: u32) -> bool {
        self.unloads[number as usize]
    }
}
