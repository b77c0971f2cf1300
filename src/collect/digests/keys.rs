//! Public keys for chains: ListPublicKeys in the region of each chain's events, for the time in which it was signed.
//!
//! CloudTrail API, "ListPublicKeys": a region knows its own keys only.

use std::collections::BTreeSet;

use aws_sdk_cloudtrail::primitives::DateTime;

use super::super::client::Aws;
use super::super::pages::all_pages;
use super::super::whole::Whole;
use crate::aws::timestamp::Timestamp;
use crate::logs::chain::{ChainKind, ChainName, Content, Found, LATE, Signature};
use crate::logs::digest::PublicKeys;

/// The keys so far, and for which times they were asked for.
pub(super) struct KeyRing<'a> {
    aws: &'a Aws,
    pub keys: PublicKeys,
    asked: BTreeSet<(String, Timestamp, Timestamp)>,
}

impl KeyRing<'_> {
    /// `keys`: from files; then CloudTrail is not asked.
    pub(super) fn new(aws: &Aws, keys: PublicKeys) -> KeyRing<'_> {
        KeyRing { aws, keys, asked: BTreeSet::new() }
    }

    /// Gets the keys for these digests.
    pub(super) async fn cover(&mut self, chain: &ChainName, found: &[Found]) {
        if self.keys.are_filed() {
            return;
        }
        let digests = || found.iter().filter_map(Found::digest);
        let Some((start, end)) = digests().map(|d| d.start).min().zip(digests().map(|d| d.end).max()) else { return };
        let mut times = vec![(start, Timestamp(end.0 + LATE))];
        if chain.kind == ChainKind::Backfill {
            match generated(found) {
                Some(generated) => times.extend(generated),
                // Its key may be one of any time, so that none is ever said to be missing.
                None => self.keys.add_failure(
                    &chain.region,
                    "a backfill digest does not say when it was made (metadata backfill-generation-timestamp)"
                        .to_owned(),
                ),
            }
        }
        for (start, end) in times {
            if self.asked.insert((chain.region.clone(), start, end)) {
                self.list(&chain.region, start, end).await;
            }
        }
    }

    async fn list(&mut self, region: &str, start: Timestamp, end: Timestamp) {
        let instant = |time: Timestamp| DateTime::from_secs(time.0.unix_timestamp());
        let call = self.aws.cloudtrail(region).list_public_keys().start_time(instant(start)).end_time(instant(end));
        let ask = async |token| {
            call.clone().set_next_token(token).customize().interceptor(Whole::Json(&["PublicKeyList"])).send().await
        };
        match all_pages(ask, |page| page.next_token()).await {
            Ok(pages) => {
                let keys = pages.iter().flat_map(|page| page.public_key_list());
                let keys =
                    keys.filter_map(|key| Some((key.fingerprint()?.to_owned(), key.value()?.as_ref().to_owned())));
                self.keys.add_answer(region, keys);
            }
            Err(failure) => self.keys.add_failure(region, failure.of_call("cloudtrail:ListPublicKeys")),
        }
    }
}

/// When backfill digests were made, an hour on either side, and one time for those that overlap. `None`: one does not say.
fn generated(found: &[Found]) -> Option<Vec<(Timestamp, Timestamp)>> {
    let mut moments = Vec::new();
    for found in found {
        let Content::Read(_, signature) = &found.content else { continue };
        let Signature::Metadata { generated, .. } = signature else { return None };
        moments.push(Timestamp::parse(generated.as_deref()?)?);
    }
    moments.sort();
    let mut times: Vec<(Timestamp, Timestamp)> = Vec::new();
    for moment in moments {
        let (start, end) = (Timestamp(moment.0 - time::Duration::HOUR), Timestamp(moment.0 + time::Duration::HOUR));
        match times.last_mut().filter(|last| last.1 >= start) {
            Some(last) => last.1 = end,
            None => times.push((start, end)),
        }
    }
    Some(times)
}
