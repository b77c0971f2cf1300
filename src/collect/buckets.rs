//! Where buckets are, and whose.
//!
//! One paginated `ListBuckets` names every bucket of the account with its region; `HeadBucket` is asked only for a bucket that
//! the listing did not place and that is declared, or that a trail's selector names: whether that can match depends on it. Its
//! region header comes even with an error (API Reference, `HeadBucket`). That there is no such bucket is an answer, no failure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::operation::list_buckets::ListBucketsOutput;

use super::ask_each;
use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::pages::each_page;
use super::whole::Whole;
use crate::snapshot::{Bucket, FactKind};

/// The page size without which AWS leaves `BucketRegion` out.
const PAGE: i32 = 10_000;

/// The buckets that are known, by name.
pub(super) struct Buckets {
    aws: Aws,
    account: String,
    found: BTreeMap<String, Bucket>,
    /// The account's own were all listed.
    listed: bool,
    asked: BTreeSet<String>,
}

/// What other accounts of the scan told of buckets, by name.
pub(super) type Known = BTreeMap<String, Bucket>;

impl Buckets {
    /// The account's own.
    pub(super) async fn list(aws: &Aws, account: &str, failures: &mut Failures) -> Buckets {
        let mut found = BTreeMap::new();
        let listed = list(aws, account, &mut found, failures).await;
        Buckets { aws: aws.clone(), account: account.to_owned(), found, listed, asked: BTreeSet::new() }
    }

    /// Asks for those of the names that are not placed and that no other account knows, each once.
    pub(super) async fn place(
        &mut self,
        names: impl IntoIterator<Item = &str>,
        known: &Known,
        failures: &mut Failures,
    ) {
        // That it is none of its own an account knows by its list, or by another's.
        let is_listed = self.listed;
        let settles = |bucket: &&Bucket| {
            (bucket.region.is_some() || bucket.is_missing) && (is_listed || bucket.account.is_some())
        };
        let mut unplaced = BTreeSet::new();
        for name in names {
            match (self.found.get_mut(name), known.get(name).filter(settles)) {
                (Some(own), _) if own.region.is_some() => {}
                (Some(own), Some(told)) => own.region.clone_from(&told.region),
                // Another account's, which has it in its list.
                (None, Some(_)) => {}
                (_, None) => drop(unplaced.insert(name.to_owned())),
            }
        }
        unplaced.retain(|name| self.asked.insert(name.clone()));
        for (name, head) in ask_each(unplaced, async |name| head(&self.aws, &self.account, name).await).await {
            let owned = self.found.contains_key(&name) || (!self.listed && head.owned);
            if let Some(error) = head.error.filter(|_| head.region.is_none() || (!self.listed && !owned)) {
                failures.add("s3:HeadBucket", self.aws.home_region(), Some(&name), error, &[FactKind::Buckets]);
            }
            let account = owned.then(|| self.account.clone());
            self.found.insert(name.clone(), Bucket { name, region: head.region, account, is_missing: head.is_missing });
        }
    }

    /// Where the bucket is, as far as this account or another knows.
    pub(super) fn region<'a>(&'a self, name: &str, known: &'a Known) -> Option<&'a String> {
        let region = |buckets: &'a BTreeMap<String, Bucket>| buckets.get(name)?.region.as_ref();
        region(&self.found).or_else(|| region(known))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Bucket> {
        self.found.values()
    }

    pub(super) fn into_list(self) -> Vec<Bucket> {
        self.found.into_values().collect()
    }
}

/// The region of a bucket of whichever account; `None`: not even that was told.
pub(super) async fn region_of_any(aws: &Aws, bucket: &str) -> Option<String> {
    head_in(aws, aws.home_region(), None, bucket).await.region
}

/// Lists the account's own buckets; `false`: not all were seen.
async fn list(aws: &Aws, account: &str, buckets: &mut BTreeMap<String, Bucket>, failures: &mut Failures) -> bool {
    let call = aws.s3(aws.home_region()).list_buckets().max_buckets(PAGE);
    let whole = Whole::Xml { root: "ListAllMyBucketsResult", element: "Buckets" };
    let ask = async |token| call.clone().set_continuation_token(token).customize().interceptor(whole).send().await;
    let take = |page: ListBucketsOutput| {
        for bucket in page.buckets() {
            let Some(name) = bucket.name() else { return Err(CallError::unreadable("a bucket came without its name")) };
            let region = bucket.bucket_region().map(|region| canonical(region).to_owned());
            let account = Some(account.to_owned());
            buckets.insert(name.to_owned(), Bucket { name: name.to_owned(), region, account, is_missing: false });
        }
        Ok(())
    };
    let listed = each_page(ask, |page| page.continuation_token(), take).await;
    if let Err(failure) = listed {
        failures.add("s3:ListBuckets", aws.home_region(), None, failure, &[FactKind::Buckets]);
        return false;
    }
    true
}

/// The names of regions from before they had names (`GetBucketLocation`, `LocationConstraint`).
fn canonical(region: &str) -> &str {
    match region {
        "" | "US" => "us-east-1",
        "EU" => "eu-west-1",
        other => other,
    }
}

#[derive(Default)]
struct Head {
    region: Option<String>,
    /// The bucket is the account's own.
    owned: bool,
    /// There is no bucket of this name.
    is_missing: bool,
    /// It was not asked for where it is.
    is_elsewhere: bool,
    error: Option<CallError>,
}

/// Asks where a bucket is, and again there if it is elsewhere: only its own region says whose it is.
async fn head(aws: &Aws, account: &str, bucket: &str) -> Head {
    let first = head_in(aws, aws.home_region(), Some(account), bucket).await;
    match first.region.clone() {
        Some(region) if !first.owned && region != aws.home_region() => {
            let second = head_in(aws, &region, Some(account), bucket).await;
            if second.is_elsewhere {
                let why = format!("it is said to be in {region}, and elsewhere when it is asked for there");
                return Head { error: Some(CallError::unreadable(why)), ..Head::default() };
            }
            Head { region: second.region.or(Some(region)), ..second }
        }
        _ => first,
    }
}

/// `account`: the owner that is expected.
async fn head_in(aws: &Aws, region: &str, account: Option<&str>, bucket: &str) -> Head {
    let answer =
        aws.s3(region).head_bucket().bucket(bucket).set_expected_bucket_owner(account.map(str::to_owned)).send().await;
    match answer {
        Ok(answer) => match answer.bucket_region() {
            Some(region) => Head { region: Some(canonical(region).to_owned()), owned: true, ..Head::default() },
            None => {
                let error = CallError::unreadable("the answer lacks the bucket's region, which S3 always sends");
                Head { error: Some(error), ..Head::default() }
            }
        },
        Err(error) => {
            let response = error.raw_response();
            let header = response.and_then(|response| response.headers().get("x-amz-bucket-region"));
            let region = header.map(|region| canonical(region).to_owned());
            let is_elsewhere = response.is_some_and(|response| (300..400).contains(&response.status().as_u16()));
            let is_missing = response.is_some_and(|response| response.status().as_u16() == 404);
            let error = (!is_missing).then(|| CallError::of(&error));
            Head { region, owned: false, is_missing, is_elsewhere, error }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    /// Pitfall C12.
    #[test]
    fn c12_old_names_of_regions_are_the_regions() {
        assert_eq!(canonical("EU"), "eu-west-1");
        assert_eq!(canonical(""), "us-east-1");
        assert_eq!(canonical("ap-northeast-1"), "ap-northeast-1");
    }
}
