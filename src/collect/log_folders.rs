//! Where the trails' log objects are, and which there are: listed by delivery day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::Date;

use super::call_error::CallError;
use super::client::Aws;
use super::{buckets, objects};
use crate::aws::timestamp::Timestamp;
use crate::logs::layout::{self, Folder, ObjectKind};
use crate::logs::sample::Listed;
use crate::logs::watch::Watched;
use crate::snapshot::{Account, Bucket, Trail, Window};

/// One trail's log files of one region.
#[derive(Clone)]
pub(super) struct Source {
    pub trail_arn: String,
    /// Whether CloudTrail writes digests for it.
    pub has_digests: bool,
    pub region: String,
    pub bucket: String,
    pub key_prefix: Option<String>,
    /// The folder of an organization's trail.
    pub organization: Option<String>,
    pub objects: Vec<Listed>,
    /// Why it was not listed to its end.
    pub error: Option<CallError>,
}

/// What every trail delivered for the watched buckets' regions, and the regions that the log buckets are in, which have
/// nothing to do with the events'.
pub(super) async fn sources(
    aws: &Aws,
    account: &Account,
    watched: &[Watched],
    window: Window,
) -> (Vec<Source>, BTreeMap<String, String>) {
    let known: HashMap<&str, &Bucket> = account.buckets.iter().map(|bucket| (&*bucket.name, bucket)).collect();
    let region_of = |bucket: &str| known.get(bucket)?.region.as_ref();
    let regions: BTreeSet<&String> = watched.iter().filter_map(|watched| region_of(&watched.location.bucket)).collect();
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut listed = BTreeMap::new();
    let mut sources = Vec::new();
    for trail in &account.trails {
        let in_effect = |region: &String| trail.is_multi_region_trail != Some(false) || &trail.home_region == region;
        let here: Vec<&String> = regions.iter().copied().filter(|region| in_effect(region)).collect();
        let Some(bucket) = trail.s3_bucket_name.as_ref().filter(|_| !here.is_empty()) else { continue };
        if !places.contains_key(bucket) {
            // A trail's log bucket need not be declared.
            let region = match region_of(bucket) {
                Some(region) => Some(region.clone()),
                None => buckets::region_of_any(aws, bucket).await,
            };
            places.insert(bucket.clone(), region.unwrap_or_else(|| aws.home_region().to_owned()));
        }
        for region in here {
            // Trails that deliver to one folder share its listing.
            let folder = (bucket, &trail.s3_key_prefix, trail.is_organization_trail, region);
            let source = match listed.get(&folder) {
                Some(source) => Source {
                    trail_arn: trail.trail_arn.clone(),
                    has_digests: trail.log_file_validation_enabled == Some(true),
                    ..Source::clone(source)
                },
                None => list(&aws.s3(&places[bucket]), account, trail, region, bucket, window).await,
            };
            listed.insert(folder, source.clone());
            sources.push(source);
        }
    }
    (sources, places)
}

/// Lists one trail's files of one region, from the window's first day to today: the day is that of delivery.
async fn list(
    client: &aws_sdk_s3::Client,
    account: &Account,
    trail: &Trail,
    region: &str,
    bucket: &str,
    window: Window,
) -> Source {
    let mut source = Source {
        trail_arn: trail.trail_arn.clone(),
        has_digests: trail.log_file_validation_enabled == Some(true),
        region: region.to_owned(),
        bucket: bucket.to_owned(),
        key_prefix: trail.s3_key_prefix.clone(),
        organization: None,
        objects: vec![],
        error: None,
    };
    let prefix = trail.s3_key_prefix.as_deref();
    if trail.is_organization_trail != Some(false) {
        match organization_folder(client, bucket, prefix).await {
            Ok(organization) => source.organization = Some(organization),
            Err(error) => {
                source.error = Some(error);
                return source;
            }
        }
    }
    for date in days(window, account.collected_at) {
        let folder = source.folder(account.id()).logs(date);
        let mut objects = Vec::new();
        let keep = |object: Listed| {
            if layout::kind(&object.key) == ObjectKind::Log {
                objects.push(object);
            }
        };
        let listed = objects::list(client, bucket, &folder, keep).await;
        source.objects.extend(objects);
        if let Err(error) = listed {
            source.error = Some(error);
            break;
        }
    }
    source
}

/// The delivery days of a window: CloudTrail delivers late, so up to the day of the listing.
pub(super) fn days(window: Window, collected_at: Timestamp) -> impl Iterator<Item = Date> {
    let last = collected_at.0.date();
    std::iter::successors(Some(window.start.0.date()), |day| day.next_day()).take_while(move |day| *day <= last)
}

/// An organization trail's files are under the organization's id: `AWSLogs/o-…/`. Not to find it is a failure: the folder
/// of the account alone would be empty, and look as if nothing had happened.
async fn organization_folder(
    client: &aws_sdk_s3::Client,
    bucket: &str,
    prefix: Option<&str>,
) -> Result<String, CallError> {
    let root = layout::root(prefix);
    let mut pages = client.list_objects_v2().bucket(bucket).prefix(&root).delimiter("/").into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallError::of(&error))?;
        let mut folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix()?.strip_prefix(&root));
        if let Some(folder) = folders.find(|folder| folder.starts_with("o-")) {
            return Ok(folder.trim_end_matches('/').to_owned());
        }
    }
    Err(CallError::unreadable(format!("there is no organization's folder below {root}")))
}

impl Source {
    /// The folder that all accounts' folders are in, and the region: the same for trails that share their files.
    pub(super) fn place(&self) -> String {
        let organization = self.organization.as_ref().map_or(String::new(), |id| format!("{id}/"));
        let root = layout::root(self.key_prefix.as_deref());
        format!("s3://{}/{root}{organization} ({})", self.bucket, self.region)
    }

    /// Where its files of an account are.
    pub(super) fn folder<'a>(&'a self, account: &'a str) -> Folder<'a> {
        let (key_prefix, organization) = (self.key_prefix.as_deref(), self.organization.as_deref());
        Folder { key_prefix, organization, account, region: &self.region }
    }
}
