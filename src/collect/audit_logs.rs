//! User activity logs of clusters and namespaces, in S3 and in CloudWatch Logs: the places of their COPYs and UNLOADs.
//!
//! A log shows what was submitted, with most roles left out, and only where it was switched on.

use std::collections::{BTreeMap, HashSet};

use time::Duration;

use super::audit_logging::{PARAMETERS, STATUS, logging_of};
use super::call_error::CallError;
use super::client::Aws;
use super::data_api::Failed;
use super::failures::Failures;
use super::pages::all_pages;
use super::statement_rows::acting;
use super::whole::Whole;
use super::{ask_each, buckets, objects};
use crate::aws::location::{Location, LocationKind};
use crate::aws::timestamp::Timestamp;
use crate::gzip;
use crate::logs::sample::Listed;
use crate::redshift::activity_log::{ActivityLog, Entry};
use crate::redshift::statement::{self, Deed, Statement};
use crate::snapshot::{AuditLogging, Cluster, ClusterKind, FactKind, LearnedLocation, Origin, WithoutRole};

const EVENTS: &str = "logs:FilterLogEvents";

/// Redshift's own statements are in the log all the time, and files come up to two hours late. Where nothing is for longer, something may
/// be missing.
const LONGEST_SILENCE: Duration = Duration::hours(6);

/// Redshift's own user, whose statements are nobody's.
const ITS_OWN: &str = "rdsdb";

/// An event of CloudWatch Logs holds no more, in bytes; one that comes near may be cut.
const LONGEST_EVENT: usize = 256 << 10;
const NEAR: usize = 1 << 10;

/// The locations of the window's logs. `clusters` are told whether they write any.
pub(super) async fn collect(
    aws: &Aws,
    window: Duration,
    clusters: &mut [Cluster],
    failures: &mut Failures,
) -> Vec<LearnedLocation> {
    let since = Timestamp(Timestamp::now().0 - window);
    let ask = async |cluster: &&Cluster| {
        let logging = match &cluster.audit_logging {
            Some(logging) => logging.clone(),
            None => logging_of(aws, cluster).await?,
        };
        Ok((read_logs(aws, cluster, &logging, since).await, logging))
    };
    let answers: Vec<Result<(Told, AuditLogging), Failed>> =
        ask_each(clusters.iter(), ask).await.into_iter().map(|(_, answer)| answer).collect();
    let mut locations = vec![];
    for (cluster, answer) in clusters.iter_mut().zip(answers) {
        let mut fail = |call: &str, error| {
            failures.add(call, &cluster.region, Some(&cluster.cluster_identifier), error, &[FactKind::Statements]);
        };
        match answer {
            Ok((told, logging)) => {
                told.doubts.into_iter().for_each(|(call, error)| fail(call, error));
                locations.extend(told.locations);
                cluster.audit_logging = Some(logging);
            }
            Err((call, error)) => fail(call, error),
        }
    }
    locations
}

#[derive(Default)]
struct Told {
    locations: Vec<LearnedLocation>,
    doubts: Vec<Failed>,
}

async fn read_logs(aws: &Aws, cluster: &Cluster, logging: &AuditLogging, since: Timestamp) -> Told {
    let mut reading = Reading {
        cluster,
        since,
        told: Told::default(),
        seen: HashSet::new(),
        last: since,
        silence: (Duration::ZERO, since),
        unreadable: vec![],
    };
    let goes_to = |destination: &str| logging.destinations.contains(destination);
    match (&logging.bucket_name, logging.logging_enabled) {
        (_, false) => reading.doubt(STATUS, "NoAuditLog", "audit logging is off: what it runs is logged nowhere"),
        (Some(bucket), true) if goes_to("s3") => {
            let prefix = logging.s3_key_prefix.as_deref().unwrap_or_default();
            reading.files(aws, bucket, prefix).await;
        }
        (_, true) if goes_to("cloudwatch") && logging.exports_user_activity() => reading.events(aws).await,
        _ => reading.doubt(STATUS, "NoAuditLog", "what users run goes neither to S3 nor to CloudWatch Logs"),
    }
    if let Some(message) = &logging.last_failure_message {
        reading.doubt(STATUS, "NotDelivered", &format!("its last log file was not delivered: {message}"));
    }
    if logging.logging_enabled && logging.user_activity != Some(true) {
        reading.doubt(
            PARAMETERS,
            "NoUserActivityLog",
            "enable_user_activity_logging is not known to be on: statements are not logged",
        );
    }
    reading.end()
}

/// Kind, place, who acted, and whether the place is a manifest.
type Use = (LocationKind, String, (Option<String>, Option<WithoutRole>), bool);

/// The logs of one cluster, in the order of their times.
struct Reading<'c> {
    cluster: &'c Cluster,
    since: Timestamp,
    told: Told,
    seen: HashSet<Use>,
    /// When an entry was last seen, in the order of the logs.
    last: Timestamp,
    /// The longest time without one.
    silence: (Duration, Timestamp),
    /// Where statements are that cannot be read.
    unreadable: Vec<String>,
}

impl Reading<'_> {
    fn doubt(&mut self, call: &'static str, code: &str, message: &str) {
        self.told.doubts.push((call, CallError { code: code.to_owned(), message: message.to_owned() }));
    }

    /// `[prefix/]AWSLogs/ACCOUNT/redshift/REGION/YYYY/MM/DD/ACCOUNT_redshift_REGION_CLUSTER_useractivitylog_TIME.gz`
    async fn files(&mut self, aws: &Aws, bucket: &str, prefix: &str) {
        let Cluster { account, region, cluster_identifier, .. } = self.cluster;
        let slash = if prefix.is_empty() || prefix.ends_with('/') { "" } else { "/" };
        let folder = format!("{prefix}{slash}AWSLogs/{account}/redshift/{region}/");
        let name = format!("{account}_redshift_{region}_{cluster_identifier}_useractivitylog_");
        let of_bucket = buckets::region_of_any(aws, bucket).await.unwrap_or_else(|| aws.home_region().to_owned());
        let client = aws.s3(&of_bucket);
        let mut names = BTreeMap::new();
        // A file of a day may hold the end of the day before.
        let mut day = self.since.0.date();
        while Some(day) <= Timestamp::now().0.date().next_day() {
            let of_day = format!("{folder}{:04}/{:02}/{:02}/", day.year(), u8::from(day.month()), day.day());
            let keep = |object: Listed| {
                if let Some(file) = object.key.rsplit('/').next().filter(|file| file.starts_with(&name)) {
                    names.insert(file.to_owned(), object.clone());
                }
            };
            if let Err(error) = objects::list(&client, bucket, &of_day, keep).await {
                self.told.doubts.push(("s3:ListObjectsV2", error));
                return;
            }
            let Some(next) = day.next_day() else { break };
            day = next;
        }
        let mut before: Option<(String, Entry)> = None;
        let take = |object: String, body: Result<Vec<u8>, CallError>| match body.and_then(|bytes| text(&bytes)) {
            Ok(text) => self.file(&object, &text, &mut before),
            Err(error) => {
                let error = CallError { message: format!("{object}: {}", error.message), ..error };
                self.told.doubts.push(("s3:GetObject", error));
                before = None;
            }
        };
        objects::each_body(&client, &aws.bodies(&of_bucket), names.into_values(), take).await;
        if let Some((object, entry)) = before {
            self.entry(&object, &entry);
        }
    }

    /// The last entry waits for the next file, which may begin with the rest of it.
    fn file(&mut self, object: &str, text: &str, before: &mut Option<(String, Entry)>) {
        let ActivityLog { mut entries, rest_of_another } = ActivityLog::read(text);
        let rest = rest_of_another.trim();
        match before.take() {
            Some((object, entry)) if rest.is_empty() => self.entry(&object, &entry),
            // A statement in two files is read in neither.
            Some((object, entry)) => {
                let joined = statement::read(&format!("{}\n{rest}", entry.text));
                match joined.is_empty() && !names_s3(rest) {
                    true => self.entry(&object, &entry),
                    false => self.cannot_read(&object, entry.line),
                }
            }
            // Its beginning is of a time that was not asked for.
            None if names_s3(rest) => self.cannot_read(object, 1),
            None => {}
        }
        let last = entries.pop();
        for entry in &entries {
            self.entry(object, entry);
        }
        *before = last.map(|entry| (object.to_owned(), entry));
    }

    /// The group of CloudWatch Logs that the guide names; an event is an entry.
    async fn events(&mut self, aws: &Aws) {
        let Cluster { cluster_identifier, region, kind, .. } = self.cluster;
        let group = match kind {
            ClusterKind::Provisioned => format!("/aws/redshift/cluster/{cluster_identifier}/useractivitylog"),
            ClusterKind::Serverless => format!("/aws/redshift/{cluster_identifier}/useractivitylog"),
        };
        let since = self.since.0.unix_timestamp() * 1000;
        let call = aws.cloudwatch_logs(region).filter_log_events().log_group_name(&group).start_time(since);
        let whole = Whole::Json(&["events"]);
        let ask = async |token| call.clone().set_next_token(token).customize().interceptor(whole).send().await;
        match all_pages(ask, |page| page.next_token()).await {
            Ok(pages) => {
                for (number, event) in pages.iter().flat_map(|page| page.events()).enumerate() {
                    let message = event.message().unwrap_or_default();
                    let log = ActivityLog::read(message);
                    if message.len() + NEAR > LONGEST_EVENT || log.entries.is_empty() || !log.rest_of_another.is_empty()
                    {
                        self.cannot_read(&group, number + 1);
                        continue;
                    }
                    for entry in &log.entries {
                        self.entry(&group, &Entry { line: number + 1, ..entry.clone() });
                    }
                }
            }
            Err(error) => self.told.doubts.push((EVENTS, error)),
        }
    }

    fn entry(&mut self, object: &str, entry: &Entry) {
        self.pass_time(entry.at);
        if entry.user == ITS_OWN || entry.at < self.since {
            return;
        }
        for told in statement::read(&entry.text) {
            match told {
                Ok(statement) => self.learn(&statement, object, entry.line),
                Err(_) => self.cannot_read(object, entry.line),
            }
        }
    }

    fn learn(&mut self, statement: &Statement, object: &str, line: usize) {
        let (role, without_role) = acting(&statement.actor, self.cluster);
        let place = statement.place.iter().map(|place| (place, statement.deed, statement.manifest));
        let format_file = statement.format_file.iter().map(|file| (file, Deed::Copy, false));
        for (place, deed, manifest) in place.chain(format_file) {
            if Location::parse_object(place).is_err() {
                self.cannot_read(object, line);
                continue;
            }
            let kind = if deed == Deed::Copy { LocationKind::Copy } else { LocationKind::Unload };
            let is_manifest = manifest && deed == Deed::Copy;
            if !self.seen.insert((kind, place.clone(), (role.clone(), without_role), is_manifest)) {
                continue;
            }
            self.told.locations.push(LearnedLocation {
                kind,
                location: place.clone(),
                role: role.clone(),
                without_role,
                cluster: Some(self.cluster.cluster_identifier.clone()),
                origin: Origin::File { path: object.to_owned(), line },
                is_within: false,
                is_manifest,
            });
        }
    }

    fn pass_time(&mut self, at: Timestamp) {
        if at > self.last {
            self.silence = self.silence.max((at.0 - self.last.0, self.last));
            self.last = at;
        }
    }

    fn cannot_read(&mut self, object: &str, line: usize) {
        self.unreadable.push(format!("{object} line {line}"));
    }

    fn end(mut self) -> Told {
        self.pass_time(Timestamp::now());
        let (silence, since) = self.silence;
        if self.told.doubts.is_empty() && silence > LONGEST_SILENCE {
            let message = format!("its audit log has no entry for {} hours from {since}", silence.whole_hours());
            self.told.doubts.push(("the audit log", CallError { code: "Silence".to_owned(), message }));
        }
        if let Some(first) = self.unreadable.first() {
            let count = self.unreadable.len();
            let message = format!("{count} statements of its audit log cannot be read, the first at {first}");
            self.told.doubts.push(("the audit log", CallError::unreadable(message)));
        }
        self.told
    }
}

fn names_s3(text: &str) -> bool {
    text.to_ascii_lowercase().contains("s3://")
}

fn text(bytes: &[u8]) -> Result<String, CallError> {
    let inflated = gzip::inflate(bytes, gzip::MAX_LOG).map_err(|error| CallError::unreadable(error.to_string()))?;
    String::from_utf8(inflated).map_err(|_| CallError::unreadable("it is no UTF-8 text"))
}
