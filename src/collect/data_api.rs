//! SELECTs through the Redshift Data API: handed in, asked for until they end, and their results fetched page by page.

use std::time::Duration;

use aws_sdk_redshiftdata::Client;
use aws_sdk_redshiftdata::types::{Field, SqlParameter, StatusString};

use super::call_error::{CallError, TIMEOUT};
use super::pages::all_pages;
use super::whole::Whole;
use crate::aws::timestamp::Timestamp;
use crate::config::DataApi;
use crate::redshift::queries::Query;
use crate::snapshot::{Cluster, ClusterKind};

/// How long a SELECT may run.
const LONGEST: Duration = Duration::from_secs(300);
/// How often it is asked for: soon at first.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Where SELECTs are sent.
pub(super) struct Database<'a> {
    pub client: Client,
    pub cluster: &'a Cluster,
    pub login: &'a DataApi,
}

/// A call that failed, with its name.
pub(super) type Failed = (&'static str, CallError);

pub(super) const EXECUTE: &str = "redshift-data:ExecuteStatement";
const DESCRIBE: &str = "redshift-data:DescribeStatement";
const RESULT: &str = "redshift-data:GetStatementResult";

impl Database<'_> {
    /// All rows. `since`: the query's parameter, for one that has it.
    pub(super) async fn select(&self, query: &Query, since: Timestamp) -> Result<Vec<Row>, Failed> {
        let id = self.execute(query, since).await?;
        let has_rows = self.wait(&id).await?;
        if !has_rows {
            return Err((DESCRIBE, CallError::unreadable("a SELECT ended without a result")));
        }
        let call = self.client.get_statement_result().id(&id);
        let whole = Whole::Json(&["Records", "TotalNumRows"]);
        let ask = async |token| call.clone().set_next_token(token).customize().interceptor(whole).send().await;
        let pages = all_pages(ask, |page| page.next_token()).await.map_err(|error| (RESULT, error))?;
        let total = pages.first().map_or(0, |page| page.total_num_rows());
        let rows: Vec<Row> = pages.into_iter().flat_map(|page| page.records).map(Row).collect();
        if usize::try_from(total) != Ok(rows.len()) {
            let why = format!("a result says that it has {total} rows, and has {}", rows.len());
            return Err((RESULT, CallError::unreadable(why)));
        }
        match rows.iter().find(|row| row.0.len() != query.columns) {
            Some(row) => {
                let why = format!("a row has {} columns in place of {}", row.0.len(), query.columns);
                Err((RESULT, CallError::unreadable(why)))
            }
            None => Ok(rows),
        }
    }

    async fn execute(&self, query: &Query, since: Timestamp) -> Result<String, Failed> {
        let database = self.login.database.clone().or_else(|| self.cluster.database.clone());
        let Some(database) = database else {
            let message = "which database to ask is not known: name one in redshift.data_api.database".to_owned();
            return Err((EXECUTE, CallError { code: "NoDatabase".to_owned(), message }));
        };
        let mut call = self.client.execute_statement().sql(query.sql).database(database).statement_name("trailcheck");
        call = match self.cluster.kind {
            // A database user goes with provisioned clusters only.
            ClusterKind::Provisioned => {
                call.cluster_identifier(&self.cluster.cluster_identifier).set_db_user(self.login.db_user.clone())
            }
            ClusterKind::Serverless => call.set_workgroup_name(self.cluster.workgroups.first().cloned()),
        };
        call = call.set_secret_arn(self.login.secret_arn.clone());
        if query.sql.contains(":since") {
            let value = since.to_string().replace('T', " ").replace('Z', "");
            let parameter = SqlParameter::builder().name("since").value(value).build();
            call = call.parameters(parameter.map_err(|error| (EXECUTE, CallError::unreadable(error.to_string())))?);
        }
        let answer = call.send().await.map_err(|error| (EXECUTE, CallError::of(&error)))?;
        let id = answer.id().filter(|id| !id.is_empty());
        id.map(str::to_owned).ok_or_else(|| (EXECUTE, CallError::unreadable("a statement came without its id")))
    }

    /// Whether it has rows.
    async fn wait(&self, id: &str) -> Result<bool, Failed> {
        let began = tokio::time::Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let call = self.client.describe_statement().id(id);
            let answer = call.send().await.map_err(|error| (DESCRIBE, CallError::of(&error)))?;
            let failed = |code: &str, message: String| Err((DESCRIBE, CallError { code: code.to_owned(), message }));
            match answer.status() {
                Some(StatusString::Finished) => return Ok(answer.has_result_set() == Some(true)),
                Some(StatusString::Failed) => {
                    let error = answer.error().unwrap_or("Redshift does not say why");
                    let hint = match error.contains("permission denied") {
                        true => "; let the database user see the system views: GRANT ROLE sys:monitor TO it",
                        false => "",
                    };
                    return failed("QueryFailed", format!("{error}{hint}"));
                }
                Some(StatusString::Aborted) => return failed("QueryAborted", "the query was aborted".to_owned()),
                Some(StatusString::Submitted | StatusString::Picked | StatusString::Started) => {}
                other => {
                    let status = other.map_or("none", StatusString::as_str);
                    return Err((DESCRIBE, CallError::unreadable(format!("its status is {status}"))));
                }
            }
            if began.elapsed() > LONGEST {
                return failed(TIMEOUT, format!("the query was still running after {} s", LONGEST.as_secs()));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// A row of a result, column by column from 0.
pub(super) struct Row(Vec<Field>);

impl Row {
    /// `None`: null, or no text.
    pub(super) fn text(&self, column: usize) -> Option<&str> {
        self.0.get(column)?.as_string_value().ok().map(String::as_str)
    }

    /// Decimals come as texts.
    pub(super) fn number(&self, column: usize) -> Option<i64> {
        match self.0.get(column)? {
            Field::LongValue(number) => Some(*number),
            Field::StringValue(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A count: what is not known may come as -1.
    pub(super) fn count(&self, column: usize) -> Option<u64> {
        self.number(column).and_then(|number| u64::try_from(number).ok())
    }

    pub(super) fn boolean(&self, column: usize) -> Option<bool> {
        self.0.get(column)?.as_boolean_value().ok().copied()
    }

    /// `2026-11-20 05:18:41.776930`, in UTC.
    pub(super) fn time(&self, column: usize) -> Option<Timestamp> {
        let text = self.text(column)?.trim();
        Timestamp::parse(&format!("{}Z", text.replacen(' ', "T", 1)))
    }
}
