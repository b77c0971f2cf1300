//! What Redshift's system views tell of COPYs and UNLOADs, cluster by cluster.
//!
//! Who lacks the right to see other users' statements sees their own and no error (Redshift Database Developer Guide, "Visibility
//! of data in system tables and views"): so it must be shown that others' are seen.

use std::collections::{HashMap, HashSet};

use super::call_error::CallError;
use super::client::Aws;
use super::data_api::{Database, EXECUTE, Failed, Row};
use super::failures::Failures;
use super::statement_rows::{Files, RanBy, Read, files, format_file, of_text, read, texts};
use super::{ask_each, copy_jobs};
use crate::aws::location::LocationKind;
use crate::aws::timestamp::Timestamp;
use crate::config::{Config, DataApi};
use crate::redshift::queries::{LONGEST_LOADED_FILE, LONGEST_UNLOADED_FILE, MONITOR, Query, STL, SYS, USERS, Views};
use crate::snapshot::{Cluster, ClusterKind, FactKind, LearnedLocation, Origin, Statement};

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
    let (views, unloads) = match database.select(&SYS.unloads, times.since).await {
        Err((_, error)) if error.message.contains("sys_unload_history") && error.message.contains("does not exist") => {
            (STL, told.rows(&database, &STL.unloads, times.since).await)
        }
        Ok(rows) => (SYS, Some(rows)),
        Err(failed) => {
            told.doubts.push(failed);
            (SYS, None)
        }
    };
    match sees_only_its_own(&database, &views, &users, times).await {
        Ok(doubt) => told.doubts.extend(doubt.map(|error| (EXECUTE, error))),
        Err(failed) => told.doubts.push(failed),
    }
    // What fails leaves what others told.
    let unloads = unloads.unwrap_or_default();
    let loads = told.rows(&database, &views.loads, times.since).await.unwrap_or_default();
    let jobs = match &views.jobs {
        Some(jobs) => told.rows(&database, jobs, times.since).await.unwrap_or_default(),
        None => vec![],
    };
    let texts = texts(&told.rows(&database, &views.texts, times.since).await.unwrap_or_default(), views.piece);
    let unloaded = told.rows(&database, &views.unloaded_files, times.files_since).await;
    let loaded = told.rows(&database, &views.loaded_files, times.files_since).await;
    let names: HashMap<i64, &str> = users.iter().filter_map(|user| Some((user.number(0)?, user.text(1)?))).collect();
    let origin = Origin::Api { call: EXECUTE.to_owned(), region: cluster.region.clone(), at: times.now };
    let have_run: HashSet<i64> = loads.iter().filter_map(|load| load.number(10)).collect();
    let (of_jobs, mut unreadable) = copy_jobs::read(&jobs, &have_run, cluster, &origin);
    told.locations = of_jobs;
    let of_kinds = [
        (LocationKind::Unload, unloads, unloaded.map(|rows| files(&rows, LONGEST_UNLOADED_FILE))),
        (LocationKind::Copy, loads, loaded.map(|rows| files(&rows, LONGEST_LOADED_FILE))),
    ];
    for (kind, rows, files) in of_kinds {
        let ran_by = RanBy { kind, cluster, names: &names, origin: &origin, by_text: views == STL };
        unreadable.extend(told.take(&rows, files, &texts, &ran_by, times.files_since));
    }
    if let Some(first) = unreadable.first() {
        let message =
            format!("where {} of its statements read or wrote cannot be told, the first: {first}", unreadable.len());
        told.doubts.push((EXECUTE, CallError::unreadable(message)));
    }
    Ok(told)
}

impl Told {
    /// Takes the statements of one kind, and gives those that cannot be read.
    fn take(
        &mut self,
        rows: &[Row],
        mut files: Option<Files>,
        texts: &HashMap<String, String>,
        ran_by: &RanBy,
        files_since: Timestamp,
    ) -> Vec<String> {
        let mut unreadable = vec![];
        for row in rows {
            let text = of_text(row.number(1).and_then(|query| texts.get(&query.to_string())), ran_by.kind);
            self.locations.extend(format_file(&text, ran_by));
            match read(row, &text, ran_by) {
                Read::Statement(mut statement) => {
                    // What it reads beside its files only the text says.
                    if text.is_err() && ran_by.kind == LocationKind::Copy {
                        unreadable.push(format!("query {}, COPY whose text cannot be read", statement.query_id));
                    }
                    if let Some(files) = files.as_mut().filter(|_| statement.started_at >= files_since) {
                        statement.take_files(files.remove(&*statement.query_id).unwrap_or_default());
                    }
                    self.statements.push(*statement);
                }
                Read::Elsewhere => {}
                Read::Unreadable(what) => unreadable.push(what),
            }
        }
        unreadable
    }

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
async fn sees_only_its_own(
    database: &Database<'_>,
    views: &Views,
    users: &[Row],
    times: Times,
) -> Result<Option<CallError>, Failed> {
    let own = users.iter().find(|user| user.boolean(3) == Some(true));
    if own.is_some_and(|own| own.boolean(2) == Some(true)) {
        return Ok(None);
    }
    let own_id = own.and_then(|own| own.number(0));
    let seen = database.select(&views.seen_users, times.since).await?;
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
