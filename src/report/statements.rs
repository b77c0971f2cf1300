//! What Redshift ran, for formats that show it: summed up by place and role, or each.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::ToldSession;
use crate::aws::arn::RoleArn;
use crate::aws::location::LocationKind;
use crate::aws::timestamp::Timestamp;
use crate::counted::counted;
use crate::snapshot::{Session, SessionKind};

/// A COPY or UNLOAD that Redshift says it ran, and what the records show of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RanStatement {
    /// The subject of its findings.
    pub id: String,
    pub kind: LocationKind,
    /// `s3://bucket/prefix`
    pub location: String,
    /// The declared location that it is in; `null`: none.
    pub declared: Option<String>,
    /// Where the cluster is.
    pub region: String,
    /// The role that acted; `null`: not known, or none.
    pub role: Option<String>,
    /// The database user; `null`: not told.
    pub user: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `null`: not told.
    pub ended_at: Option<Timestamp>,
    /// Rows that were written or loaded; `null`: not told.
    pub rows: Option<u64>,
    /// Their bytes in S3; `null`: not told.
    pub bytes: Option<u64>,
    /// Files that were written or read; `null`: not told.
    pub files: Option<u64>,
    /// `recorded`, `lost`, `contradicted`, `unknown`, or `not_compared`.
    pub record: String,
}

impl RanStatement {
    fn place(&self) -> &str {
        self.declared.as_deref().unwrap_or(&self.location)
    }
}

/// What sessions and statements have in common: kind, bucket, and the role's account and name.
type Deed = (bool, String, String, String);

/// The sessions of which no statement tells more: of another kind, place or role.
pub(super) fn untold<'s>(sessions: &'s [Session], statements: &[RanStatement]) -> Vec<&'s Session> {
    let deed = |is_copy, bucket: &str, role: &str| {
        RoleArn::parse(role).map(|role| (is_copy, bucket.to_owned(), role.account, role.name))
    };
    let of_statement = |of: &RanStatement| {
        let bucket = of.location.strip_prefix("s3://")?.split('/').next()?;
        deed(of.kind == LocationKind::Copy, bucket, of.role.as_ref()?)
    };
    let told: HashSet<Deed> = statements.iter().filter_map(of_statement).collect();
    let is_told = |of: &&Session| {
        deed(of.kind == SessionKind::Copy, &of.bucket, &of.principal).is_some_and(|deed| told.contains(&deed))
    };
    sessions.iter().filter(|session| !is_told(session)).collect()
}

/// What is said where the role is not known.
const NOBODY_SAYS: &str = "a role that Redshift does not tell";

/// `each`, or summed up.
pub(super) fn told(statements: &[RanStatement], each: bool) -> Vec<ToldSession<'_>> {
    if each {
        return statements.iter().map(|statement| told_together(&[statement])).collect();
    }
    let mut groups: BTreeMap<_, Vec<&RanStatement>> = BTreeMap::new();
    for statement in statements {
        let place = (statement.place(), &statement.region);
        groups.entry((place, statement.kind, &statement.role)).or_default().push(statement);
    }
    groups.into_values().map(|statements| told_together(&statements)).collect()
}

/// Of one place and role; there is one at least.
fn told_together<'a>(statements: &[&'a RanStatement]) -> ToldSession<'a> {
    let sum = |count: fn(&RanStatement) -> Option<u64>| {
        statements.iter().filter_map(|of| count(of)).fold(0, u64::saturating_add)
    };
    let first = statements[0];
    let mut what = format!(
        "{}, {}, {}",
        counted(sum(|of| of.files), "file"),
        counted(sum(|of| of.rows), "row"),
        counted(sum(|of| of.bytes), "byte")
    );
    if let [only] = statements {
        let user = only.user.as_ref().map_or(String::new(), |user| format!(" of {user}"));
        what = format!("query {}{user}: {what}", only.id.rsplit('/').next().unwrap_or_default());
    }
    let records: Vec<String> = match statements {
        [only] => vec![words(&only.record).to_owned()],
        _ => {
            let count = |record: &str| statements.iter().filter(|of| of.record == record).count();
            let each = RECORDS.iter().map(|record| (record, count(record))).filter(|(_, count)| *count > 0);
            each.map(|(record, count)| format!("{count} {}", words(record))).collect()
        }
    };
    what.push_str(&format!("; {}", records.join(", ")));
    let end = |of: &RanStatement| of.ended_at.unwrap_or(of.started_at);
    ToldSession {
        statement: first.kind.sql(),
        preposition: if first.kind == LocationKind::Copy { "from" } else { "to" },
        place: if statements.len() == 1 { first.location.clone() } else { first.place().to_owned() },
        region: &first.region,
        principal: first.role.as_deref().unwrap_or(NOBODY_SAYS),
        times: if statements.len() > 1 { format!("{} times, ", statements.len()) } else { String::new() },
        start: statements.iter().map(|of| of.started_at).fold(first.started_at, Timestamp::min),
        end: statements.iter().map(|of| end(of)).fold(end(first), Timestamp::max),
        what,
    }
}

/// What is said of statements, what holds first.
const RECORDS: [&str; 5] = ["recorded", "contradicted", "lost", "unknown", "not_compared"];

fn words(record: &str) -> &str {
    match record {
        "contradicted" => "without a record that a trail should have",
        "lost" => "without a record, which nothing keeps",
        "not_compared" => "not held against records",
        other => other,
    }
}
