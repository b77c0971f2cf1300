//! What Redshift's system views tell of COPYs and UNLOADs, cluster by cluster.
//!
//! Who lacks the right to see other users' statements sees their own and no error (Redshift Database Developer Guide, "Visibility
//! of data in system tables and views"): so it must be shown that others' are seen.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::call_error::CallError;
use super::client::Aws;
use super::data_api::{Database, EXECUTE, Failed, Row};
use super::failures::Failures;
use super::{ask_each, copy_jobs};
use crate::aws::location::{Location, LocationKind};
use crate::aws::timestamp::Timestamp;
use crate::config::{Config, DataApi};
use crate::redshift::queries::{
    COPY_JOBS, LOADED_FILES, LOADS, LONGEST_LOADED_FILE, LONGEST_PLACE, LONGEST_UNLOADED_FILE, MONITOR, Query,
    SEEN_USERS, TEXTS, UNLOADED_FILES, UNLOADS, USERS, joined,
};
use crate::redshift::statement::{self, Actor, Deed};
use crate::snapshot::{Cluster, ClusterKind, FactKind, LearnedLocation, Origin, Statement, StatementFile, WithoutRole};

/// The views tell of a week (Redshift Database Developer Guide, "STL views for logging").
const KEPT: time::Duration = time::Duration::days(7);

/// Asks every cluster of an account.
pub(super) async fn collect(aws: &Aws, config: &Config, clusters: &[Cluster], failures: &mut Failures) -> Told {
    let now = Timestamp::now();
    let (since, files_since) = (now.0 - KEPT.max(config.window()), now.0 - config.window());
    let times = Times { now, since: Timestamp(since), files_since: Timestamp(files_since) };
    let ask = async |cluster: &&Cluster| match not_asked(cluster) {
        Some(error) => Err((EXECUTE, error)),
        None => ask(aws, &config.data_api, cluster, times).await,
    };
    let mut all = Told::default();
    // Nothing ever ran in one that is still being made.
    let made = clusters.iter().filter(|cluster| cluster.status.as_deref() != Some("creating"));
    for (cluster, answer) in ask_each(made, ask).await {
        let mut fail = |call: &str, error| {
            failures.add(call, &cluster.region, Some(&cluster.cluster_identifier), error, &[FactKind::Statements]);
        };
        match answer {
            Ok(told) => {
                told.doubts.into_iter().for_each(|(call, error)| fail(call, error));
                all.statements.extend(told.statements);
                all.locations.extend(told.locations);
            }
            Err((call, error)) => fail(call, error),
        }
    }
    all
}

#[derive(Clone, Copy)]
struct Times {
    now: Timestamp,
    since: Timestamp,
    /// Files are held against the records of the window.
    files_since: Timestamp,
}

/// What one cluster told, and what keeps that from being all.
#[derive(Default)]
pub(super) struct Told {
    pub statements: Vec<Statement>,
    /// Of COPY jobs, and the files that tell COPYs how to read others.
    pub locations: Vec<LearnedLocation>,
    doubts: Vec<Failed>,
}

/// Nobody wakes a cluster, or asks where nothing can run.
fn not_asked(cluster: &Cluster) -> Option<CallError> {
    let failed = |code: &str, message: String| Some(CallError { code: code.to_owned(), message });
    if cluster.kind == ClusterKind::Serverless {
        return match cluster.workgroups.is_empty() {
            true => failed("NoWorkgroup", "the namespace has no workgroup that could be asked".to_owned()),
            false => None,
        };
    }
    const CANNOT_ANSWER: [&str; 6] =
        ["paus", "deleting", "final-snapshot", "hardware-failure", "incompatible-", "rebooting"];
    let status = cluster.status.as_deref().unwrap_or_default();
    match CANNOT_ANSWER.iter().any(|state| status.starts_with(state)) {
        true => failed("NotAvailable", format!("the cluster is {status}, and was not asked")),
        false => None,
    }
}

async fn ask(aws: &Aws, login: &DataApi, cluster: &Cluster, times: Times) -> Result<Told, Failed> {
    let database = Database { client: aws.redshift_data(&cluster.region), cluster, login };
    let users = database.select(&USERS, times.since).await?;
    let mut told = Told::default();
    match sees_only_its_own(&database, &users, times).await {
        Ok(doubt) => told.doubts.extend(doubt.map(|error| (EXECUTE, error))),
        Err(failed) => told.doubts.push(failed),
    }
    // What fails leaves what others told.
    let unloads = told.rows(&database, &UNLOADS, times.since).await.unwrap_or_default();
    let loads = told.rows(&database, &LOADS, times.since).await.unwrap_or_default();
    let jobs = told.rows(&database, &COPY_JOBS, times.since).await.unwrap_or_default();
    let texts = texts(&told.rows(&database, &TEXTS, times.since).await.unwrap_or_default());
    let unloaded = told.rows(&database, &UNLOADED_FILES, times.files_since).await;
    let loaded = told.rows(&database, &LOADED_FILES, times.files_since).await;
    let names: HashMap<i64, &str> = users.iter().filter_map(|user| Some((user.number(0)?, user.text(1)?))).collect();
    let origin = Origin::Api { call: EXECUTE.to_owned(), region: cluster.region.clone(), at: times.now };
    let have_run: HashSet<i64> = loads.iter().filter_map(|load| load.number(10)).collect();
    let (of_jobs, mut unreadable) = copy_jobs::read(&jobs, &have_run, cluster, &origin);
    told.locations = of_jobs;
    let of_kinds = [
        (LocationKind::Unload, unloads, unloaded.map(|rows| files(&rows, LONGEST_UNLOADED_FILE))),
        (LocationKind::Copy, loads, loaded.map(|rows| files(&rows, LONGEST_LOADED_FILE))),
    ];
    for (kind, rows, mut files) in of_kinds {
        for row in rows {
            match read(&row, kind, cluster, &names, origin.clone()) {
                Read::Statement(mut statement) => {
                    let text = texts.get(&*statement.query_id);
                    statement.learn_from(text, cluster);
                    told.locations.extend(statement.format_file(text));
                    if let Some(files) = files.as_mut().filter(|_| statement.started_at >= times.files_since) {
                        statement.take_files(files.remove(&*statement.query_id).unwrap_or_default());
                    }
                    told.statements.push(*statement);
                }
                Read::Elsewhere => {}
                Read::Unreadable(what) => unreadable.push(what),
            }
        }
    }
    if let Some(first) = unreadable.first() {
        let message =
            format!("where {} of its statements read or wrote cannot be told, the first: {first}", unreadable.len());
        told.doubts.push((EXECUTE, CallError::unreadable(message)));
    }
    Ok(told)
}

impl Told {
    /// `None`: they are not told, which is a doubt.
    async fn rows(&mut self, database: &Database<'_>, query: &Query, since: Timestamp) -> Option<Vec<Row>> {
        match database.select(query, since).await {
            Ok(rows) => Some(rows),
            Err(failed) => {
                self.doubts.push(failed);
                None
            }
        }
    }
}

/// Why other users' statements may be hidden.
async fn sees_only_its_own(database: &Database<'_>, users: &[Row], times: Times) -> Result<Option<CallError>, Failed> {
    let own = users.iter().find(|user| user.boolean(3) == Some(true));
    if own.is_some_and(|own| own.boolean(2) == Some(true)) {
        return Ok(None);
    }
    let own_id = own.and_then(|own| own.number(0));
    let seen = database.select(&SEEN_USERS, times.since).await?;
    if own_id.is_some() && seen.iter().filter_map(|row| row.number(0)).any(|id| Some(id) != own_id) {
        return Ok(None);
    }
    // It is an error where the user may not know of the role.
    if let Ok(rows) = database.select(&MONITOR, times.since).await
        && rows.iter().any(|row| row.boolean(0) == Some(true))
    {
        return Ok(None);
    }
    let name = own.and_then(|own| own.text(1)).unwrap_or("that asks");
    let message = format!(
        "whether the database user {name} sees other users' statements is not known: none is seen; GRANT ROLE sys:monitor TO \"{name}\""
    );
    Ok(Some(CallError { code: "OwnRowsOnly".to_owned(), message }))
}

/// The statements' texts, by query.
fn texts(rows: &[Row]) -> HashMap<String, String> {
    let mut pieces: BTreeMap<i64, BTreeMap<i64, &str>> = BTreeMap::new();
    for row in rows {
        if let (Some(query), Some(sequence), Some(text)) = (row.number(0), row.number(1), row.text(2)) {
            pieces.entry(query).or_default().insert(sequence, text);
        }
    }
    // Of one whose pieces are not all there nothing is read.
    let are_all = |of: &BTreeMap<i64, &str>| of.keys().copied().eq(0..of.len() as i64);
    let whole = pieces.into_iter().filter(|(_, of)| are_all(of));
    whole.filter_map(|(query, of)| Some((query.to_string(), joined(of.into_values())?))).collect()
}

/// Files by query; `None`: a name that cannot be read.
type Files = HashMap<String, Vec<Option<(String, Option<u64>)>>>;

fn files(rows: &[Row], longest: usize) -> Files {
    let mut files = Files::new();
    for row in rows {
        let Some(query) = row.number(0) else { continue };
        let whole = row.text(1).filter(|name| !name.is_empty() && name.len() < longest && !name.starts_with('*'));
        let file = whole.map(|name| (name.to_owned(), row.count(2)));
        files.entry(query.to_string()).or_default().push(file);
    }
    files
}

enum Read {
    Statement(Box<Statement>),
    /// COPY from another service.
    Elsewhere,
    /// What there is of it.
    Unreadable(String),
}

fn read(row: &Row, kind: LocationKind, cluster: &Cluster, names: &HashMap<i64, &str>, origin: Origin) -> Read {
    let query = row.number(1).map_or("without an id".to_owned(), |query| query.to_string());
    let told = |what: &str| Read::Unreadable(format!("query {query}, {} {what}", kind.sql()));
    let Some(place) = row.text(6).filter(|place| !place.is_empty()) else { return told("without a place") };
    if kind == LocationKind::Copy && ["dynamodb://", "emr://"].iter().any(|service| place.starts_with(service)) {
        return Read::Elsewhere;
    }
    if place.len() >= LONGEST_PLACE {
        return told("at a place that may be cut");
    }
    if let Err(error) = Location::parse_object(place) {
        return told(&format!("at {error}"));
    }
    let (Some(_), Some(started_at)) = (row.number(1), row.time(4)) else { return told("without an id or a beginning") };
    Read::Statement(Box::new(Statement {
        query_id: query,
        kind,
        account: cluster.account.clone(),
        region: cluster.region.clone(),
        cluster: cluster.cluster_identifier.clone(),
        cluster_kind: cluster.kind,
        database: row.text(2).map(str::to_owned),
        user: row.number(0).map(|id| names.get(&id).map_or_else(|| id.to_string(), |name| (*name).to_owned())),
        location: place.to_owned(),
        role: None,
        without_role: None,
        manifest: None,
        status: row.text(3).unwrap_or("unknown").to_owned(),
        started_at,
        ended_at: row.time(5),
        rows: row.count(7),
        bytes: row.count(8),
        file_count: row.count(9),
        files: None,
        unreadable_files: 0,
        origin,
    }))
}

/// The role that acts; or, where none of the cluster's does, who.
pub(super) fn acting(actor: &Actor, cluster: &Cluster) -> (Option<String>, Option<WithoutRole>) {
    match actor {
        Actor::Roles(_) => (actor.role().map(|role| role.text.clone()), None),
        Actor::Default => (cluster.default_iam_role_arn.clone(), None),
        Actor::Keys => (None, Some(WithoutRole::Keys)),
        Actor::Session => (None, Some(WithoutRole::Session)),
        Actor::Unknown => (None, None),
    }
}

impl Statement {
    /// The role and the manifest, of the one statement of the text that is at this place.
    fn learn_from(&mut self, text: Option<&String>, cluster: &Cluster) {
        let deed = if self.kind == LocationKind::Copy { Deed::Copy } else { Deed::Unload };
        let told = text.map_or(vec![], |text| statement::read(text));
        let mut here =
            told.into_iter().flatten().filter(|of| of.deed == deed && of.place.as_ref() == Some(&self.location));
        let (Some(only), None) = (here.next(), here.next()) else { return };
        self.manifest = Some(only.manifest);
        (self.role, self.without_role) = acting(&only.actor, cluster);
    }

    /// The JSONPaths file or the Avro schema that its text names.
    fn format_file(&self, text: Option<&String>) -> Option<LearnedLocation> {
        let told = text.map_or(vec![], |text| statement::read(text));
        let mut here = told.into_iter().flatten().filter(|of| of.place.as_ref() == Some(&self.location));
        let file = here.next()?.format_file.filter(|file| Location::parse_object(file).is_ok())?;
        Some(LearnedLocation {
            kind: LocationKind::Copy,
            location: file,
            role: self.role.clone(),
            cluster: Some(self.cluster.clone()),
            origin: self.origin.clone(),
            without_role: self.without_role,
            is_within: false,
            is_manifest: false,
        })
    }

    /// A name without a bucket is of the statement's own, unless a manifest may name others.
    fn take_files(&mut self, names: Vec<Option<(String, Option<u64>)>>) {
        let bucket = self.location.strip_prefix("s3://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let mut files: BTreeMap<String, Option<u64>> = BTreeMap::new();
        let mut unreadable = 0;
        for name in names {
            match name {
                Some((name, bytes)) if name.starts_with("s3://") => _ = files.insert(name, bytes),
                Some((name, bytes)) if self.manifest == Some(false) && !name.contains("://") => {
                    files.insert(format!("s3://{bucket}/{}", name.trim_start_matches('/')), bytes);
                }
                _ => unreadable += 1,
            }
        }
        self.unreadable_files = unreadable;
        self.files = Some(files.into_iter().map(|(object, bytes)| StatementFile { object, bytes }).collect());
    }
}
