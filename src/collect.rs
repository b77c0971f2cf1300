//! Stage 1: AWS -> Snapshot. The only folder that knows the AWS SDK; one file for each thing that is asked for.
//!
//! A call that fails never stops the others: it becomes a failure, which says what is unknown because of it. Only where not
//! even the caller can be told is there no snapshot.

mod account;
mod accounts;
mod assumed_role;
mod audit_logging;
mod audit_logs;
mod buckets;
mod call_counts;
mod call_error;
mod channels;
mod client;
mod clusters;
mod copy_jobs;
mod credentials;
mod data_api;
pub(crate) mod digests;
mod failures;
mod integrations;
mod learn;
mod limits;
mod log_folders;
mod log_objects;
mod log_roots;
mod log_validation;
mod namespaces;
mod objects;
mod organization;
mod pages;
mod regions;
mod selectors;
mod shared_trails;
mod statement_rows;
mod stop;
mod stores;
mod system_tables;
mod trails;
mod whole;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{DisplayErrorContext, SdkError};
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use futures_util::stream::{self, StreamExt};

use crate::aws::location::Location;
use crate::config::Config;
use crate::logs::event::Period;
use crate::logs::reader::Reader;
use crate::logs::sample::LogRequest;
use crate::progress::Progress;
use crate::snapshot::{Account, Caller, FactKind, Failure, SCHEMA, Scanner, Snapshot};

use account::{Opened, Scan, look, open};
use accounts::{Accounts, Seen};
use buckets::Known;
use call_error::CallError;
use client::Aws;
use failures::Failures;
use learn::Learned;
use limits::Limits;
use stop::Stop;

/// By how much this machine's clock may differ from AWS's. Requests that are fifteen minutes off are refused by AWS itself.
const MAX_SKEW: time::Duration = time::Duration::minutes(5);

/// How many calls of one kind are in flight at a time. CloudTrail answers ten a second in each region.
const IN_FLIGHT: usize = 16;

/// How many accounts are looked at at a time: each has limits of its own.
const ACCOUNTS_IN_FLIGHT: usize = 16;

/// Asks for each item, `IN_FLIGHT` at a time, and gives the items with their answers in the order of the items.
async fn ask_each<I, A>(items: impl IntoIterator<Item = I>, ask: impl AsyncFn(&I) -> A) -> Vec<(I, A)> {
    let ask = &ask;
    let asked = stream::iter(items).map(|item| async move {
        let answer = ask(&item).await;
        (item, answer)
    });
    asked.buffered(IN_FLIGHT).collect().await
}

/// Asks every region, and gives those that answered. One that did not is a failure of `call` that leaves `fact` incomplete.
async fn ask_regions<'r, T>(
    regions: &'r BTreeSet<String>,
    (call, fact): (&str, FactKind),
    failures: &mut Failures,
    ask: impl AsyncFn(&&'r String) -> Result<T, CallError>,
) -> Vec<(&'r String, T)> {
    let mut answered = Vec::new();
    for (region, answer) in ask_each(regions, ask).await {
        match answer {
            Ok(answer) => answered.push((region, answer)),
            Err(failure) => failures.add(call, region, None, failure, &[fact]),
        }
    }
    answered
}

#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// With what was seen by then.
    #[error("stopped: nothing was judged, and nothing written")]
    Stopped(Option<Box<Snapshot>>),
    #[error("cannot start the collector: {0}")]
    Runtime(std::io::Error),
    #[error(
        "no AWS region is set: name one in scan.regions, or set AWS_REGION, or `region` in the profile that AWS_PROFILE names"
    )]
    NoRegion,
    #[error("the environment variable {name} cannot be used: {why}; correct it, or unset it")]
    Environment { name: String, why: String },
    #[error(
        "{0}\nnext: check the credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID, an OIDC role); `aws sts get-caller-identity` must work with the same environment"
    )]
    Credentials(String),
    #[error(
        "the credentials are of account {account} ({caller}), and scan.account asks for {expected}: set AWS_PROFILE, or correct scan.account"
    )]
    OtherAccount { expected: String, account: String, caller: String },
    #[error(
        "scan.accounts names {account} without a role, and the credentials are of another account ({caller}): give it `role`, or set AWS_PROFILE"
    )]
    NoRole { account: String, caller: String },
    #[error(
        "the credentials were of account {before} when the scan began, and of {now} at its end: nothing was judged; set AWS_PROFILE to one that keeps its account"
    )]
    CallerChanged { before: String, now: String },
    #[error(
        "no account could be entered:{}\nnext: `trailcheck permissions --format cloudformation` prints the role that each needs",
        each_refusal(not_entered)
    )]
    NoAccount { not_entered: Vec<Failure> },
    #[error(
        "cannot tell which accounts the organization has (organizations:{call}): {code}: {message}\nnext: start the scan in the management account, or in one that administers a service for the organization, and allow organizations:DescribeOrganization and organizations:ListAccounts; or list the accounts in scan.accounts"
    )]
    Organization { call: &'static str, code: String, message: String },
    #[error("scan.organization.{key} names {id}, which is not in the organization{hint}")]
    NotInOrganization { key: &'static str, id: String, hint: String },
    #[error("scan.organization leaves no account: its include_ou and exclude leave out all {listed}")]
    NoMember { listed: usize },
    #[error(
        "cannot tell who is asking (sts:GetCallerIdentity in {region}): {message}\nnext: check the credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID, an OIDC role) and the endpoint (AWS_ENDPOINT_URL); `aws sts get-caller-identity` must work with the same environment"
    )]
    Identity { region: String, message: String },
    #[error(
        "cannot list {place}: {code}: {message}\nnext: check the bucket's name and the credentials; `aws s3 ls {place}` must work with the same environment"
    )]
    Listing { place: String, code: String, message: String },
}

fn each_refusal(refused: &[Failure]) -> String {
    let told =
        |Failure { account, call, code, message, .. }: &Failure| format!("\n{account}: {call}: {code}: {message}");
    refused.iter().map(told).collect()
}

/// Collects the accounts of the config. `buckets` are placed even if they are not among its own; `logs`: read these records too.
pub(crate) fn run(config: &Config, buckets: &[String], logs: Option<LogRequest>) -> Result<Snapshot, CollectError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CollectError::Runtime)?;
    let stop = Stop::listen();
    let limits = Limits::until(config.budget, stop.flag());
    let collected = runtime.block_on(collect(config, buckets, logs, limits));
    if stop.was_stopped() {
        let snapshot = collected.ok().map(|snapshot| Box::new(Snapshot { was_stopped: true, ..snapshot }));
        return Err(CollectError::Stopped(snapshot));
    }
    collected
}

/// Reads the log objects below `s3://bucket/prefix`, wherever the bucket is. Those that were delivered before the period
/// began hold nothing of it and are left out.
pub(crate) fn read_logs(
    place: &Location,
    period: Period,
    reader: &mut Reader<'_>,
    progress: &Progress,
) -> Result<(), CollectError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CollectError::Runtime)?;
    runtime.block_on(async {
        let aws = Aws::load(None, Limits::new(None)).await?;
        objects::read_below(&aws, place, period, reader, progress).await
    })
}

/// Objects by name, each with its bytes, or why there are none.
pub(crate) type Fetched = Vec<(String, Result<Vec<u8>, String>)>;

/// The bytes of single log objects, `s3://bucket/key`, of the accounts of a snapshot that was just collected.
pub(crate) fn fetch(config: &Config, snapshot: &Snapshot, names: &[String]) -> Result<Fetched, CollectError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CollectError::Runtime)?;
    runtime.block_on(async {
        let first_region = config.regions.as_deref().and_then(|regions| regions.first()).cloned();
        let aws = Aws::load(first_region, Limits::new(Some(config.budget))).await?;
        let caller = identify(&aws).await?;
        let told = |error: CallError| error.of_call("s3:GetObject");
        let mut fetched = Fetched::new();
        for (account, names) in accounts::by_reader(snapshot, names) {
            let reader = match account {
                Some(account) => accounts::reader(&aws, &caller, config, &account).await,
                None => Ok(aws.clone()),
            };
            match reader {
                Ok(reader) => {
                    let bodies = objects::fetch(&reader, &names).await;
                    fetched.extend(bodies.into_iter().map(|(name, body)| (name, body.map_err(told))));
                }
                Err(error) => fetched.extend(names.into_iter().map(|name| (name, Err(told(error.clone()))))),
            }
        }
        Ok(fetched)
    })
}

async fn collect(
    config: &Config,
    declared: &[String],
    logs: Option<LogRequest>,
    limits: Limits,
) -> Result<Snapshot, CollectError> {
    let progress = Progress::start();
    progress.stage("asking who we are");
    let first_region = config.regions.as_deref().and_then(|regions| regions.first()).cloned();
    let aws = Aws::load(first_region, limits).await?;
    let caller = identify(&aws).await?;
    if let Some(expected) = config.account.as_ref().filter(|expected| **expected != caller.account) {
        return Err(CollectError::OtherAccount {
            expected: expected.clone(),
            caller: caller.arn,
            account: caller.account,
        });
    }
    let Accounts { entered, not_entered, organization, administrators_error } =
        accounts::enter(&aws, &caller, config).await?;
    progress.stage("placing buckets");
    let mut opened: Vec<Opened> = stream::iter(entered).map(open).buffered(ACCOUNTS_IN_FLIGHT).collect().await;
    let known = place_declared(&mut opened, declared).await;
    let scan = Scan { config, declared, known: &known, progress: &progress };
    let (total, done) = (opened.len(), AtomicUsize::new(0));
    let look = async |opened: Opened| {
        let seen = look(opened, &scan).await;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if total > 1 {
            progress.account_seen(seen.account.id(), done, total);
        }
        seen
    };
    if total > 1 {
        progress.count_accounts(total as u64);
    }
    let mut seen: Vec<Seen> = stream::iter(opened).map(look).buffered(ACCOUNTS_IN_FLIGHT).collect().await;
    shared_trails::complete(&mut seen, organization.as_ref()).await;
    if let (Some(error), Some(first)) = (administrators_error, seen.first_mut()) {
        let call = "organizations:ListDelegatedAdministrators";
        // Whatever needs them sees that they are not there.
        first.failures.add(call, aws.home_region(), None, error, &[]);
    }
    let mut learned = Learned::default();
    for seen in &mut seen {
        let Learned { locations, statements, were_asked } = std::mem::take(&mut seen.learned);
        learned.were_asked |= were_asked;
        learned.locations.extend(locations);
        learned.statements.extend(statements);
    }
    let (records, changes) = match logs {
        Some(request) => {
            progress.stage("listing log objects");
            let (records, changes) = log_objects::collect(&mut seen, request, &learned, &progress).await;
            (Some(records), changes)
        }
        None => (None, vec![]),
    };
    // A profile or a process that gives out credentials may have turned to another account meanwhile.
    if let Ok(Some(now)) = ask_identity(&aws).await
        && now.account != caller.account
    {
        return Err(CollectError::CallerChanged { before: caller.account, now: now.account });
    }
    let skew = aws.clock_skew();
    if skew.abs() > MAX_SKEW {
        let message =
            format!("it differs from AWS's by {} minutes: ages and waivers cannot be told", skew.whole_minutes().abs());
        let failure = CallError { code: "ClockSkew".to_owned(), message };
        for seen in &mut seen {
            seen.failures.add("this machine's clock", aws.home_region(), None, failure.clone(), &[FactKind::Clock]);
        }
    }
    Ok(Snapshot {
        schema: SCHEMA.to_owned(),
        accounts: seen.into_iter().map(|seen| Account { failures: seen.failures.list, ..seen.account }).collect(),
        not_entered,
        was_stopped: false,
        organization,
        locations: learned.locations,
        statements: learned.statements,
        records,
        changes,
        scanner: Some(Scanner {
            trailcheck: env!("CARGO_PKG_VERSION").to_owned(),
            caller,
            other_hosts: aws.other_hosts(),
            calls: aws.calls(),
        }),
    })
}

/// Where the buckets of all accounts are, and the declared ones of others, which one account asks for.
async fn place_declared(opened: &mut [Opened], declared: &[String]) -> Known {
    let own = |opened: &Opened| opened.buckets.all().cloned().collect::<Vec<_>>();
    let mut known: Known = opened.iter().flat_map(own).map(|bucket| (bucket.name.clone(), bucket)).collect();
    if let Some(Opened { buckets, failures, .. }) = opened.first_mut() {
        buckets.place(declared.iter().map(String::as_str), &known, failures).await;
        for bucket in buckets.all() {
            let place = known.entry(bucket.name.clone()).or_insert_with(|| bucket.clone());
            place.region = place.region.take().or_else(|| bucket.region.clone());
        }
    }
    known
}

async fn identify(aws: &Aws) -> Result<Caller, CollectError> {
    let unidentified = |message: String| CollectError::Identity { region: aws.home_region().to_owned(), message };
    let identity = ask_identity(aws).await.map_err(|error| {
        let chain = DisplayErrorContext(&error).to_string();
        let profile = std::env::var("AWS_PROFILE").ok();
        let error = CallError::of(&error);
        // What AWS itself answered says more than its cause.
        let is_answer = !["NoConnection", "Failed"].contains(&&*error.code);
        match credentials::explained(&chain, profile.as_deref()).filter(|_| !is_answer) {
            Some(explained) => CollectError::Credentials(explained),
            None => unidentified(format!("{}: {}", error.code, error.message)),
        }
    })?;
    identity.ok_or_else(|| unidentified("the answer names no account".to_owned()))
}

/// `None`: the answer names nobody.
async fn ask_identity(aws: &Aws) -> Result<Option<Caller>, SdkError<GetCallerIdentityError, HttpResponse>> {
    let identity = aws.sts().get_caller_identity().send().await?;
    let named = identity.account().zip(identity.arn());
    Ok(named.map(|(account, arn)| Caller { account: account.to_owned(), arn: arn.to_owned() }))
}
