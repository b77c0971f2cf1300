//! The Redshift Data API: what clusters tell of themselves, view by view.

use serde_json::{Value, json};

use super::answers::refused;
use super::http::Answer;
use super::world::Account;

/// What the views of one cluster or workgroup hold.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The cluster's identifier, or the workgroup's name.
    pub target: String,
    /// Rows by what their SELECT has in it; of one that is not here there are none.
    pub rows: Vec<(&'static str, Vec<Vec<Value>>)>,
    /// What a SELECT that has this in it ends with: its status, and an error.
    pub ends: Vec<(&'static str, &'static str, &'static str)>,
    /// So many rows a page; 0: all.
    pub page: usize,
    /// So many times a query is still running when it is asked for.
    pub runs: usize,
}

impl History {
    /// Of a cluster that ran nothing, and is asked by a superuser.
    pub fn quiet(target: &str) -> History {
        let auditor = vec![json!(1), json!("auditor"), json!(true), json!(true)];
        History { target: target.to_owned(), rows: vec![("FROM pg_user", vec![auditor])], ..History::default() }
    }

    fn rows(&self, sql: &str) -> &[Vec<Value>] {
        let of = self.rows.iter().find(|(part, _)| sql.contains(part));
        of.map_or(&[], |(_, rows)| rows)
    }
}

/// The id of a statement is its target and its SQL, so that nothing need be kept.
pub fn answer(account: &Account, operation: &str, body: &Value) -> Answer {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    if operation == "ExecuteStatement" {
        let target = [text("ClusterIdentifier"), text("WorkgroupName")].concat();
        if !account.histories.iter().any(|history| history.target == target) {
            return refused("ValidationException", &format!("Redshift endpoint doesn't exist: {target}"));
        }
        return Answer::json(&json!({"Id": format!("{target}|{}", text("Sql")), "Database": text("Database")}));
    }
    let Some((target, sql)) = text("Id").split_once('|') else {
        return refused("ResourceNotFoundException", "no such id");
    };
    let Some(history) = account.histories.iter().find(|history| history.target == target) else {
        return refused("ResourceNotFoundException", "no such id");
    };
    let end = history.ends.iter().find(|(part, ..)| sql.contains(part));
    match operation {
        "DescribeStatement" => {
            let (status, error) = end.map_or(("FINISHED", ""), |(_, status, error)| (*status, *error));
            Answer::json(
                &json!({"Id": text("Id"), "Status": status, "Error": error, "HasResultSet": status == "FINISHED",
                "Duration": 1000, "RedshiftQueryId": 1}),
            )
        }
        "GetStatementResult" => {
            let rows = history.rows(sql);
            let from: usize = text("NextToken").parse().unwrap_or(0);
            let until = if history.page == 0 { rows.len() } else { rows.len().min(from + history.page) };
            let records: Vec<Vec<Value>> =
                rows[from..until].iter().map(|row| row.iter().map(field).collect()).collect();
            let mut answer = json!({"Records": records, "ColumnMetadata": [], "TotalNumRows": rows.len()});
            if until < rows.len() {
                answer["NextToken"] = json!(until.to_string());
            }
            Answer::json(&answer)
        }
        other => refused("NotScripted", other),
    }
}

fn field(value: &Value) -> Value {
    match value {
        Value::Bool(_) => json!({"booleanValue": value}),
        Value::Number(_) => json!({"longValue": value}),
        Value::String(_) => json!({"stringValue": value}),
        _ => json!({"isNull": true}),
    }
}
