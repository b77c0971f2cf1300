//! Digests and the log files that they list, from the bucket that they are in, with CloudTrail's public keys.

mod keys;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::call_error::CallError;
use super::client::Aws;
use super::limits::{CallLimits, Limits};
use super::{CollectError, IN_FLIGHT, buckets, identify, objects};
use crate::aws::location::Location;
use crate::aws::timestamp::Timestamp;
use crate::logs::chain::{self, Asked, Chain, ChainName, Expected, Found, Places, Signature, Unread, Verdict, Wanted};
use crate::logs::digest::PublicKeys;
use crate::logs::integrity::{self, Integrity, Listing, Looked};
use crate::logs::sample::Listed;
use crate::progress::Progress;

use keys::KeyRing;

/// Verifies what lies below a location. Without keys from files, CloudTrail is asked for them.
pub(crate) fn verify(location: &Location, keys: PublicKeys, asked: Asked) -> Result<Integrity, CollectError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CollectError::Runtime)?;
    runtime.block_on(verify_in(location, keys, asked))
}

async fn verify_in(location: &Location, keys: PublicKeys, asked: Asked) -> Result<Integrity, CollectError> {
    let progress = Progress::start();
    progress.stage("asking who we are");
    let aws = Aws::load(None, Limits::new(None)).await?;
    // Wrong credentials are told at once, not object by object.
    identify(&aws).await?;
    let mut store = Store { aws: &aws, clients: BTreeMap::new() };
    progress.stage("listing digests and log objects");
    let listing = store.list(location).await;
    progress.stage("reading digests");
    let chains = store.chains(&listing, keys, asked).await;
    let logs = store.logs(&chain::expected(chains.values()), &progress).await;
    let source = location.to_string();
    Ok(integrity::sum_up(Looked { source, asked, listing, chains, logs, places: &Places::Bucket }))
}

/// The chains of digests that were listed, with the keys that CloudTrail tells.
pub(super) async fn chains(aws: &Aws, listing: &Listing, asked: Asked) -> BTreeMap<ChainName, Chain> {
    Store { aws, clients: BTreeMap::new() }.chains(listing, PublicKeys::default(), asked).await
}

/// Buckets, each asked in its own region.
struct Store<'a> {
    aws: &'a Aws,
    clients: BTreeMap<String, Client>,
}

/// Of a bucket's region, with the limits of the bodies that come from there.
type Client = (aws_sdk_s3::Client, CallLimits);

impl Store<'_> {
    /// Finds out where a bucket is. A refusal names the region too.
    async fn client(&mut self, bucket: &str) -> Client {
        if let Some(client) = self.clients.get(bucket) {
            return client.clone();
        }
        let region = buckets::region_of_any(self.aws, bucket).await;
        let region = region.as_deref().unwrap_or(self.aws.home_region());
        let client = (self.aws.s3(region), self.aws.bodies(region));
        self.clients.insert(bucket.to_owned(), client.clone());
        client
    }

    /// Everything below the prefix. A listing that breaks off is noted; what it showed is judged.
    async fn list(&mut self, location: &Location) -> Listing {
        let mut listing = Listing::default();
        let (client, _) = self.client(&location.bucket).await;
        let add = |object: Listed| listing.add(object.name(), object.modified);
        if let Err(failure) = objects::list(&client, &location.bucket, &location.prefix, add).await {
            listing.fault(location.to_string(), failure.of_call("s3:ListObjectsV2"));
        }
        listing
    }

    /// Reads and judges every chain of the listing.
    async fn chains(&mut self, listing: &Listing, keys: PublicKeys, asked: Asked) -> BTreeMap<ChainName, Chain> {
        let mut ring = KeyRing::new(self.aws, keys);
        let mut chains = BTreeMap::new();
        for (name, names) in listing.digests_for(asked) {
            let mut found = self.digests(&names).await;
            let chain = self.judge(&name, &mut found, &mut ring, asked).await;
            chains.insert(name, chain);
        }
        chains
    }

    /// Reads digests that were listed, many in flight.
    async fn digests(&mut self, names: &[(&str, Timestamp)]) -> Vec<Found> {
        let objects: Vec<(&str, Timestamp, &str, &str)> = names
            .iter()
            .filter_map(|(name, end)| {
                let (bucket, key) = name.strip_prefix("s3://")?.split_once('/')?;
                Some((*name, *end, bucket, key))
            })
            .collect();
        for (_, _, bucket, _) in &objects {
            self.client(bucket).await;
        }
        let clients = &self.clients;
        let fetches = objects.into_iter().map(|(name, end, bucket, key)| async move {
            let (bytes, signature) = get(&clients[bucket], bucket, key).await;
            let bytes = bytes.map_err(|unread| match unread {
                Unread::Missing => Unread::Failed("it was listed, and then it was gone".to_owned()),
                failed => failed,
            });
            Found::new(name.to_owned(), end, bytes, signature)
        });
        stream::iter(fetches).buffered(IN_FLIGHT).collect().await
    }

    /// Judges a chain; what its links name and the listing did not show is fetched first, and the keys are listed.
    async fn judge(&mut self, name: &ChainName, found: &mut Vec<Found>, ring: &mut KeyRing<'_>, asked: Asked) -> Chain {
        loop {
            ring.cover(name, found).await;
            let chain = chain::judge(name, found, &ring.keys, &Places::Bucket, asked);
            if chain.wanted.is_empty() {
                return chain;
            }
            for wanted in chain.wanted {
                self.follow(wanted, found, asked).await;
            }
        }
    }

    /// Follows links as far as nothing is known and the asked time goes: after a trail's bucket has changed, the older
    /// part of the chain is in the other bucket.
    async fn follow(&mut self, wanted: Wanted, found: &mut Vec<Found>, asked: Asked) {
        let mut known: BTreeSet<String> = found.iter().map(|found| found.name.clone()).collect();
        let mut next = Some(wanted);
        while let Some(wanted) = next.take().filter(|wanted| known.insert(wanted.name.clone())) {
            let client = self.client(&wanted.bucket).await;
            let (bytes, signature) = get(&client, &wanted.bucket, &wanted.key).await;
            let digest = Found::new(wanted.name, wanted.end, bytes, signature);
            let previous = digest.digest().and_then(|digest| Some((digest.previous.as_ref()?, digest.start)));
            next = previous
                .map(|(previous, start)| Wanted::of(previous, &Places::Bucket, start))
                .filter(|wanted| asked.holds(wanted.end));
            found.push(digest);
        }
    }

    /// Fetches and judges log objects, many in flight. One that cannot be read does not stop the others.
    async fn logs(&mut self, expected: &Expected, progress: &Progress) -> BTreeMap<String, Verdict> {
        progress.count_objects(expected.len() as u64, 0);
        let objects: Vec<_> = expected
            .iter()
            .filter_map(|(object, log)| object.split_once('/').map(|(bucket, key)| (object, log, bucket, key)))
            .collect();
        for (_, _, bucket, _) in &objects {
            self.client(bucket).await;
        }
        let clients = &self.clients;
        let fetches = objects.into_iter().map(|(object, log, bucket, key)| async move {
            let (bytes, _) = get(&clients[bucket], bucket, key).await;
            (object.clone(), log.judge(bytes))
        });
        let mut verdicts = BTreeMap::new();
        let mut fetches = stream::iter(fetches).buffer_unordered(IN_FLIGHT);
        while let Some((object, verdict)) = fetches.next().await {
            verdicts.insert(object, verdict);
            progress.object_read();
        }
        verdicts
    }
}

/// An object and, for a digest, the signature in its metadata.
async fn get((client, limits): &Client, bucket: &str, key: &str) -> (Result<Vec<u8>, Unread>, Signature) {
    let answer = match client.get_object().bucket(bucket).key(key).send().await {
        Ok(answer) => answer,
        Err(error) => return (Err(objects::unread(&CallError::of(&error))), Signature::Lost),
    };
    let member = |name: &str| answer.metadata()?.get(name).cloned();
    let signature = Signature::Metadata {
        signature: member("signature"),
        algorithm: member("signature-algorithm"),
        generated: member("backfill-generation-timestamp"),
    };
    (objects::body(answer, limits).await.map_err(|failure| objects::unread(&failure)), signature)
}
