//! One account: its buckets, and then its trails, stores, clusters and namespaces.

use futures_util::future::join3;

use super::accounts::{Entered, Seen};
use super::buckets::{Buckets, Known};
use super::client::Aws;
use super::failures::Failures;
use super::learn::{self, Learned};
use super::{channels, clusters, namespaces, regions, stores, trails};
use crate::aws::arn::Arn;
use crate::aws::timestamp::Timestamp;
use crate::config::Config;
use crate::progress::Progress;
use crate::snapshot::{Account, Caller, RecorderKind, Scope, Trail};

/// An account whose buckets were listed: the others need not ask for them.
pub(super) struct Opened {
    pub entered: Entered,
    pub buckets: Buckets,
    pub failures: Failures,
}

pub(super) async fn open(entered: Entered) -> Opened {
    let mut failures = Failures::of(&entered.caller.account);
    let buckets = Buckets::list(&entered.aws, &entered.caller.account, &mut failures).await;
    Opened { entered, buckets, failures }
}

/// What is the same for every account of a scan.
pub(super) struct Scan<'a> {
    pub config: &'a Config,
    /// Buckets that the config names.
    pub declared: &'a [String],
    /// Where buckets are, as far as other accounts told.
    pub known: &'a Known,
    pub progress: &'a Progress,
}

/// The rest of the account, but for its log objects.
pub(super) async fn look(opened: Opened, scan: &Scan<'_>) -> Seen {
    let Opened { entered: Entered { aws, caller }, mut buckets, mut failures } = opened;
    buckets.place(scan.declared.iter().map(String::as_str), scan.known, &mut failures).await;
    let (account, learned) = collect(&aws, scan, caller, buckets, &mut failures).await;
    Seen { aws, account, learned, failures }
}

async fn collect(
    aws: &Aws,
    scan: &Scan<'_>,
    caller: Caller,
    mut buckets: Buckets,
    failures: &mut Failures,
) -> (Account, Learned) {
    let Scan { config, declared, known, progress } = scan;
    let partition = Arn::parse(&caller.arn).map_or("aws", |arn| arn.partition).to_owned();
    let of_declared =
        |buckets: &Buckets| declared.iter().filter_map(|name| buckets.region(name, known).cloned()).collect();
    let regions = match &config.regions {
        Some(regions) => regions.iter().cloned().collect(),
        None => regions::collect(aws, || of_declared(&buckets), failures).await,
    };
    progress.stage(&format!("reading trails and clusters of {}", caller.account));
    let (mut of_clusters, mut of_namespaces) = (failures.beside(), failures.beside());
    let (trails, mut clusters, namespaces) = join3(
        trails::collect(aws, &caller.account, &regions, failures),
        clusters::collect(aws, &caller.account, &regions, &mut of_clusters),
        namespaces::collect(aws, &caller.account, &regions, &mut of_namespaces),
    )
    .await;
    failures.list.extend(of_clusters.list.into_iter().chain(of_namespaces.list));
    clusters.extend(namespaces);
    let learned = learn::collect(aws, config, &regions, &mut clusters, progress, failures).await;
    let of_learned = learned.buckets();
    let named = trails.iter().flat_map(Trail::named_buckets).chain(of_learned.iter().map(String::as_str));
    buckets.place(named, known, failures).await;
    let counts = |kind| config.recorders.contains(&kind);
    let (counts_stores, counts_channels) = (counts(RecorderKind::EventDataStore), counts(RecorderKind::Channel));
    let mut store_regions = None;
    if counts_stores || counts_channels {
        progress.stage(&format!("reading event data stores and channels of {}", caller.account));
        // One of any region may take in the events of all, so scan.regions does not bound them.
        if config.regions.is_some() {
            store_regions = Some(regions::collect(aws, || of_declared(&buckets), failures).await);
        }
    }
    let of_stores = store_regions.as_ref().unwrap_or(&regions);
    let event_data_stores = match counts_stores {
        true => Some(stores::collect(aws, of_stores, failures).await),
        false => None,
    };
    let channels = match counts_channels {
        true => Some(channels::collect(aws, of_stores, failures).await),
        false => None,
    };
    let account = Account {
        caller,
        collected_at: Timestamp::now(),
        scope: Scope { regions, store_regions, partition },
        trails,
        event_data_stores,
        channels,
        buckets: buckets.into_list(),
        clusters,
        learned_from: config.learn.clone(),
        failures: vec![],
    };
    (account, learned)
}
