//! Where the trails' log objects are, and which there are: listed by delivery day.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use time::Date;

use super::accounts::LogAccess;
use super::call_error::CallError;
use super::log_roots::{self, Roots};
use super::{buckets, objects};
use crate::aws::timestamp::Timestamp;
use crate::logs::chain::LogName;
use crate::logs::layout::{self, Folder, ObjectKind};
use crate::logs::sample::Listed;
use crate::snapshot::{Account, FieldSelector, Trail, Window};

/// One trail's log files of one region.
#[derive(Clone)]
pub(super) struct Source {
    pub trail_arn: String,
    /// Whether CloudTrail writes digests for it.
    pub has_digests: bool,
    /// How long it may deliver nothing; `None`: as long as it likes, for only copies that went there are looked for.
    pub longest_quiet: Option<time::Duration>,
    pub region: String,
    pub bucket: String,
    pub key_prefix: Option<String>,
    /// The organization's folders that the trail delivers to, or did: `o-…`. Its own account's folder is looked at as well,
    /// for it may have been a trail of the account alone.
    pub organizations: Vec<String>,
    pub objects: Vec<Listed>,
    /// The last delivery that was seen before the window.
    pub before: Option<Timestamp>,
    /// Why it was not listed to its end.
    pub error: Option<CallError>,
}

/// Where log files are, and which.
pub(super) struct LogFolders {
    /// What every trail delivered for the regions of the buckets that are asked of (all, where none is named), and for others
    /// to which a copy may have gone.
    pub sources: Vec<Source>,
    /// The regions that the log buckets are in, which have nothing to do with the events'.
    pub bucket_regions: BTreeMap<String, String>,
    /// By multi-region trail: every region that it ever delivered in.
    pub delivered_regions: BTreeMap<String, BTreeSet<String>>,
}

pub(super) async fn list_all(access: &LogAccess<'_>, named: &BTreeSet<String>, window: Window) -> LogFolders {
    let account = access.account();
    let mut regions: BTreeSet<&String> = named.iter().filter_map(|bucket| access.region(bucket)).collect();
    if named.is_empty() {
        regions.extend(&account.scope.regions);
    }
    let (mut bucket_regions, mut delivered_regions) = (BTreeMap::new(), BTreeMap::new());
    let (mut looked, mut listed, mut sources) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for trail in &account.trails {
        let in_effect = |region: &String| trail.is_multi_region_trail != Some(false) || &trail.home_region == region;
        let mut here: Vec<String> = regions.iter().copied().filter(|region| in_effect(region)).cloned().collect();
        let Some(bucket) = trail.s3_bucket_name.as_ref().filter(|_| !here.is_empty()) else { continue };
        let aws = access.aws(bucket);
        if !bucket_regions.contains_key(bucket) {
            // A trail's log bucket need not be declared.
            let region = match access.region(bucket) {
                Some(region) => Some(region.clone()),
                None => buckets::region_of_any(aws, bucket).await,
            };
            bucket_regions.insert(bucket.clone(), region.unwrap_or_else(|| aws.home_region().to_owned()));
        }
        let client = aws.s3(&bucket_regions[bucket]);
        // Trails that deliver to one place share what is found there.
        let place = (bucket, &trail.s3_key_prefix, trail.is_organization_trail, trail.is_multi_region_trail);
        let roots: &Roots = match looked.entry(place) {
            Entry::Occupied(roots) => roots.into_mut(),
            Entry::Vacant(place) => place.insert(log_roots::look(&client, account.id(), trail, bucket).await),
        };
        if trail.is_multi_region_trail != Some(false) && roots.error.is_none() {
            delivered_regions.insert(trail.trail_arn.clone(), roots.regions.clone());
        }
        let may_hold_copies =
            |region: &&String| !regions.contains(*region) && !has_long_been_silent(trail, region, window);
        here.extend(roots.regions.iter().filter(may_hold_copies).cloned());
        for region in here {
            let folder = (bucket, &trail.s3_key_prefix, trail.is_organization_trail, region.clone());
            let source = match listed.get(&folder) {
                Some(source) => Source {
                    trail_arn: trail.trail_arn.clone(),
                    has_digests: trail.log_file_validation_enabled == Some(true),
                    ..Source::clone(source)
                },
                None => list(&client, account, trail, &region, roots, window).await,
            };
            let longest_quiet = regions.contains(&region).then(|| longest_quiet(access, trail));
            let mut source = Source { longest_quiet, ..source };
            source.look_before(&client, account, window).await;
            listed.insert(folder, source.clone());
            sources.push(source);
        }
    }
    LogFolders { sources, bucket_regions, delivered_regions }
}

/// Management events come by the minute, data events of a few buckets may not: a stretch that is longer than this, in which
/// nothing was delivered, is more likely a hole. What the trail records may have been told to another account.
fn longest_quiet(access: &LogAccess<'_>, trail: &Trail) -> time::Duration {
    let told = access.seen.iter().flat_map(|seen| &seen.account.trails);
    let mut sightings = told.filter(|told| told.trail_arn == trail.trail_arn);
    if sightings.any(has_management) { time::Duration::hours(6) } else { time::Duration::hours(24) }
}

fn has_management(trail: &Trail) -> bool {
    let basic = trail.event_selectors.iter().flatten();
    basic.clone().any(|selector| selector.include_management_events != Some(false))
        || trail.advanced_event_selectors.iter().flatten().any(|selector| {
            let is_category = |field: &&FieldSelector| field.field == "eventCategory";
            selector.field_selectors.iter().filter(is_category).any(|field| field.equals == ["Management"])
        })
}

/// Whether the trail is known to have delivered nothing for the region since the window began.
fn has_long_been_silent(trail: &Trail, region: &str, window: Window) -> bool {
    let last = trail.status.get(region).and_then(|status| status.latest_delivery_time);
    last.is_some_and(|last| last < window.start)
}

/// Lists one trail's files of one region, from the window's first day to today: the day is that of delivery.
async fn list(
    client: &aws_sdk_s3::Client,
    account: &Account,
    trail: &Trail,
    region: &str,
    roots: &Roots,
    window: Window,
) -> Source {
    let bucket = trail.s3_bucket_name.as_deref().unwrap_or_default();
    let mut source = Source {
        trail_arn: trail.trail_arn.clone(),
        has_digests: trail.log_file_validation_enabled == Some(true),
        longest_quiet: None,
        region: region.to_owned(),
        bucket: bucket.to_owned(),
        key_prefix: trail.s3_key_prefix.clone(),
        organizations: roots.organizations.clone(),
        objects: vec![],
        before: None,
        error: None,
    };
    for date in days(window, account.collected_at) {
        let folders: Vec<String> = source.folders(account.id()).map(|folder| folder.logs(date)).collect();
        for folder in folders {
            let keep = |object: Listed| {
                if layout::kind(&object.key) == ObjectKind::Log {
                    source.objects.push(object);
                }
            };
            if let Err(error) = objects::list(client, bucket, &folder, keep).await {
                source.error = Some(error);
                return source;
            }
        }
    }
    source.error = roots.error.clone();
    source
}

/// The delivery days of a window: CloudTrail delivers late, so up to the day of the listing.
pub(super) fn days(window: Window, collected_at: Timestamp) -> impl Iterator<Item = Date> {
    let last = collected_at.0.date();
    std::iter::successors(Some(window.start.0.date()), |day| day.next_day()).take_while(move |day| *day <= last)
}

fn delivered(object: &Listed) -> Option<Timestamp> {
    LogName::parse(&object.key).map(|name| name.delivered).or(object.modified)
}

impl Source {
    /// How long it may have been silent, where silence has to be told from another place of delivery. Digests would tell.
    fn longest_silence(&self) -> Option<time::Duration> {
        self.longest_quiet.filter(|_| !self.has_digests)
    }

    /// Looks for the last delivery before the window, no further back than the trail may have been silent: where there is none,
    /// the trail may have delivered to another place until the first one here.
    async fn look_before(&mut self, client: &aws_sdk_s3::Client, account: &Account, window: Window) {
        let Some(longest) = self.longest_silence().filter(|_| self.before.is_none() && self.error.is_none()) else {
            return;
        };
        let last_before =
            |objects: &[Listed]| objects.iter().filter_map(delivered).filter(|at| *at <= window.start).max();
        self.before = last_before(&self.objects);
        let first = window.start.0 - longest;
        let mut day = window.start.0.date();
        while self.before.is_none() && day > first.date() {
            day = day.previous_day().unwrap_or(day);
            let folders: Vec<String> = self.folders(account.id()).map(|folder| folder.logs(day)).collect();
            let mut earlier = vec![];
            for folder in folders {
                if let Err(error) = objects::list(client, &self.bucket, &folder, |object| earlier.push(object)).await {
                    self.error = Some(error);
                    return;
                }
            }
            self.before = last_before(&earlier);
        }
    }

    /// A stretch of the window in which nothing was delivered, where that is too long to be nothing; it may have begun before the
    /// window.
    pub(super) fn hole(&self, window: Window) -> Option<(Timestamp, Timestamp)> {
        let longest = self.longest_silence()?;
        let mut times: Vec<Timestamp> = self.objects.iter().filter_map(delivered).collect();
        times.retain(|time| *time > window.start && *time < window.end);
        // A moment more than may be silent.
        let silent = Timestamp(window.start.0 - longest - time::Duration::SECOND);
        times.extend([self.before.unwrap_or(silent), window.end]);
        times.sort_unstable();
        let stretches = times.windows(2).map(|pair| (pair[0], pair[1]));
        stretches.max_by_key(|(from, to)| to.0 - from.0).filter(|(from, to)| to.0 - from.0 > longest)
    }

    /// The folder that all accounts' folders are in, and the region: the same for trails that share their files.
    pub(super) fn place(&self) -> String {
        let root = layout::root(self.key_prefix.as_deref());
        let organizations: String = self.organizations.iter().map(|id| format!("{id}/")).collect();
        format!("s3://{}/{root}{organizations} ({})", self.bucket, self.region)
    }

    /// Where its files of an account are, or were.
    pub(super) fn folders<'a>(&'a self, account: &'a str) -> impl Iterator<Item = Folder<'a>> {
        let organizations = self.organizations.iter().map(|id| Some(id.as_str()));
        let folder = |organization| Folder {
            key_prefix: self.key_prefix.as_deref(),
            organization,
            account,
            region: &self.region,
        };
        organizations.chain([None]).map(folder)
    }
}
