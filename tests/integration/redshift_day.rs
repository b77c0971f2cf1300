//! A cluster that ran statements, and the records of a trail beside it: for the tests of what Redshift says.

use std::sync::Arc;

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use trailcheck::gzip;

use crate::chains;
use crate::program::Workplace;
use crate::scripted::redshift_data::History;
use crate::scripted::world::{Account, Object, Trail, World};
use crate::scripted::{Played, Script};

pub const ACCOUNT: &str = chains::ACCOUNT;

/// Of a config that declares what the day of statements uses.
pub const CONFIG: &str = "[redshift]\nlearn = [\"system_tables\"]\n[records]\nwindow = \"5h\"\nsample = \"all\"\n\
    [[redshift.unload]]\nlocation = \"s3://out/\"\n[[redshift.copy]]\nlocation = \"s3://in/\"\n";
pub const LEARN: &str = "[redshift]\nlearn = [\"system_tables\"]\n[records]\nwindow = \"5h\"\nsample = \"all\"\n";
pub const DECLARED: &str = "[[redshift.unload]]\nlocation = \"s3://out/\"\nrole = \"arn:aws:iam::123456789012:role/loader\"\n\
                        [[redshift.copy]]\nlocation = \"s3://in/\"\n";

pub fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Minutes after the beginning of the trail's chain of digests, which is five hours ago.
pub fn minutes(after: i64) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    let start = now.replace_time(time::Time::from_hms(now.hour(), 0, 0).unwrap()) - Duration::hours(5);
    start + Duration::minutes(after)
}

pub fn sql_time(at: OffsetDateTime) -> Value {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second].000000");
    json!(at.format(format).unwrap())
}

/// A record of the loader at a key.
pub fn record(event_name: &str, bucket: &str, key: &str, at: OffsetDateTime) -> Value {
    let reads = event_name == "GetObject";
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "accountId": ACCOUNT,
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/loader/RedshiftIamRoleSession"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "accountId": ACCOUNT, "arn": role("loader")}},
        },
        "eventTime": chains::rfc3339(at), "eventSource": "s3.amazonaws.com", "eventName": event_name, "awsRegion": "eu-west-1",
        "requestParameters": {"bucketName": bucket, "key": key},
        "additionalEventData": {"bytesTransferredIn": if reads { 0 } else { 100 }, "bytesTransferredOut": if reads { 100 } else { 0 }},
        "eventID": format!("{event_name} {bucket}/{key}"), "readOnly": reads, "eventCategory": "Data", "managementEvent": false,
        "resources": [
            {"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{bucket}/{key}")},
            {"type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{bucket}"), "accountId": ACCOUNT},
        ],
    })
}

/// The row of a completed statement of two files, from two hours and five minutes to two hours and seven after the beginning.
pub fn started(query: i64, place: &str) -> Vec<Value> {
    let (begin, end) = (sql_time(minutes(125)), sql_time(minutes(127)));
    let (user, database, status) = (json!(101), json!("dev"), json!("completed"));
    vec![user, json!(query), database, status, begin, end, json!(place), json!(10), json!(200), json!(2)]
}

/// One UNLOAD of two files and one COPY of two, two hours after the beginning, as the system views and the records have them.
pub fn history() -> History {
    let unload = format!("unload ('select 1') to 's3://out/day=1/' iam_role '{}' manifest", role("loader"));
    let copy = format!("copy t from 's3://in/day=1/' iam_role '{}'", role("loader"));
    let users = vec![
        vec![json!(100), json!("auditor"), json!(false), json!(true)],
        vec![json!(101), json!("etl"), json!(false), json!(false)],
    ];
    let file = |query: i64, name: &str| vec![json!(query), json!(name), json!(100)];
    History {
        target: "warehouse".to_owned(),
        rows: vec![
            ("FROM pg_user", users),
            ("sys_query_history", vec![vec![json!(100)], vec![json!(101)]]),
            ("sys_query_text", vec![vec![json!(1), json!(0), json!(unload)], vec![json!(2), json!(0), json!(copy)]]),
            ("FROM sys_unload_history", vec![started(1, "s3://out/day=1/")]),
            ("FROM sys_load_history", vec![[started(2, "s3://in/day=1/"), vec![json!(0)]].concat()]),
            (
                "FROM sys_unload_detail",
                vec![file(1, "s3://out/day=1/0000_part_00"), file(1, "s3://out/day=1/0001_part_00")],
            ),
            ("FROM sys_load_detail", vec![file(2, "s3://in/day=1/a"), file(2, "day=1/b")]),
        ],
        ..History::default()
    }
}

pub fn records() -> Vec<Value> {
    let at = minutes(126);
    vec![
        record("PutObject", "out", "day=1/0000_part_00", at),
        record("CompleteMultipartUpload", "out", "day=1/0001_part_00", at),
        record("PutObject", "out", "day=1/manifest", at),
        record("GetObject", "in", "day=1/a", at),
        record("GetObject", "in", "day=1/b", at),
    ]
}

/// The same at another time.
pub fn timed(record: &Value, at: OffsetDateTime) -> Value {
    let mut record = record.clone();
    record["eventTime"] = json!(chains::rfc3339(at));
    record
}

/// Statements that ran, with the records of their files.
#[derive(Default)]
pub struct DayOfStatements {
    history: History,
    pub records: Vec<Value>,
}

impl DayOfStatements {
    /// A statement of two minutes, recorded in its middle.
    pub fn ran(&mut self, is_copy: bool, query: i64, begin: i64, prefix: &str, files: &[&str]) {
        let (bucket, event_name) = if is_copy { ("in", "GetObject") } else { ("out", "PutObject") };
        let place = format!("s3://{bucket}/{prefix}");
        let sql = match is_copy {
            true => format!("copy t from '{place}' iam_role '{}'", role("loader")),
            false => format!("unload ('select 1') to '{place}' iam_role '{}'", role("loader")),
        };
        let (from, until, count) = (sql_time(minutes(begin)), sql_time(minutes(begin + 2)), json!(files.len()));
        let mut ran = vec![
            json!(1),
            json!(query),
            json!("dev"),
            json!("completed"),
            from,
            until,
            json!(place),
            json!(1),
            json!(1),
            count,
        ];
        if is_copy {
            // Of no COPY job.
            ran.push(json!(0));
        }
        let (history, detail) = match is_copy {
            true => ("FROM sys_load_history", "FROM sys_load_detail"),
            false => ("FROM sys_unload_history", "FROM sys_unload_detail"),
        };
        // The SELECT of the texts names the others' views too.
        self.add("FROM sys_query_text", vec![json!(query), json!(0), json!(sql)]);
        self.add(history, ran);
        for file in files {
            self.add(detail, vec![json!(query), json!(format!("s3://{bucket}/{file}")), json!(100)]);
            self.records.push(record(event_name, bucket, file, minutes(begin + 1)));
        }
    }

    fn add(&mut self, view: &'static str, row: Vec<Value>) {
        match self.history.rows.iter_mut().find(|(part, _)| *part == view) {
            Some((_, rows)) => rows.push(row),
            None => self.history.rows.push((view, vec![row])),
        }
    }

    pub fn world(&self, recorded: &[&str]) -> World {
        let quiet = History::quiet("warehouse");
        let rows = [quiet.rows, self.history.rows.clone()].concat();
        world(History { target: quiet.target, rows, ..History::default() }, self.records.clone(), recorded)
    }
}

/// A cluster beside a trail that records both buckets, with a chain of digests.
pub fn world(history: History, records: Vec<Value>, recorded: &[&str]) -> World {
    let mut chain = chains::Trail::at(minutes(0));
    for hour in 0..5 {
        let of_hour = if hour == 2 { records.clone() } else { vec![] };
        let log = chain.log(5);
        *chain.bytes(&log) = gzip::compress(json!({"Records": of_hour}).to_string().as_bytes());
        chain.digest(&[&log], |_| {});
    }
    let objects = chain
        .objects
        .into_iter()
        .map(|(name, object)| (name, Object { bytes: object.bytes, metadata: object.metadata }));
    let account = Account::in_regions(&["eu-west-1"])
        .with_bucket("out", "eu-west-1")
        .with_bucket("in", "eu-west-1")
        .with_bucket("logs", "eu-west-1")
        .with_cluster("warehouse", "eu-west-1", &role("loader"))
        .with_trail(Trail::of("my_own_trail", "eu-west-1", "logs", recorded).validated());
    let account = Account { histories: vec![history], ..account };
    World {
        objects: objects.collect(),
        public_keys: Some(chains::public_keys()),
        ..World::of(ACCOUNT).with(ACCOUNT, account)
    }
}

pub fn script(world: World) -> Script {
    Script::of(&Arc::new(world))
}

pub fn check(script: Script, config: &str) -> (Value, Played) {
    let (workplace, played) = Workplace::playing(script, config);
    (workplace.check(&[]).0, played)
}

pub fn statement(query: i64) -> String {
    format!("{ACCOUNT}/eu-west-1/warehouse/{query}")
}

pub const RECORDED: &str = "coverage/statement_recorded";

pub fn with_rows(view: &str, rows: Vec<Vec<Value>>) -> History {
    let mut history = history();
    history.rows.iter_mut().find(|(part, _)| *part == view).unwrap().1 = rows;
    history
}

pub fn with_cell(view: &str, row: usize, column: usize, value: Value) -> History {
    let mut history = history();
    history.rows.iter_mut().find(|(part, _)| *part == view).unwrap().1[row][column] = value;
    history
}
