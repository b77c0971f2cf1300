//! A day of statements with their files and records, and what happens to each verdict when one of them is changed.

use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};
use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::facts::judgement::StatementRecord::{self, Contradicted, Lost, Recorded, Unknown};
use trailcheck::logs::chain::Expected;
use trailcheck::logs::event::Period;
use trailcheck::logs::reader::{Object, Question, Reader, Source};
use trailcheck::snapshot::{Snapshot, Statement};

use crate::program::Workplace;
use crate::redshift::{CONFIG, DayOfStatements, minutes, role, script, timed};

const STATEMENTS: usize = 12;

/// Statements by turns, of one to five files, eight minutes apart.
fn day() -> DayOfStatements {
    let mut day = DayOfStatements::default();
    for number in 0..STATEMENTS {
        let begin = 60 + 8 * number as i64;
        let files: Vec<String> = (0..1 + number % 5).map(|file| format!("run={number}/{file:04}_part_00")).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        day.ran(number.is_multiple_of(2), number as i64, begin, &format!("run={number}/"), &files);
    }
    day
}

/// What a scan of the day sees.
fn honest() -> &'static Snapshot {
    static HONEST: OnceLock<Snapshot> = OnceLock::new();
    HONEST.get_or_init(|| {
        let day = day();
        let (workplace, _) = Workplace::playing(script(day.world(&["out", "in"])), CONFIG);
        let ran = workplace.run(&["collect", "-o", "snapshot.json"]);
        assert_eq!(ran.exit, 0, "{ran:?}");
        Snapshot::load(&workplace.path("snapshot.json")).unwrap()
    })
}

/// One log file.
struct One(Mutex<Option<Vec<u8>>>);

impl Source for One {
    fn next(&self, buffer: &mut Vec<u8>) -> Option<Object> {
        *buffer = self.0.lock().unwrap().take()?;
        Some(Object { name: "log.json".to_owned(), failure: None, is_named_as_log: true })
    }
}

/// A day on which something is otherwise.
struct Day {
    snapshot: Snapshot,
    records: Vec<Value>,
    /// The statement that it happens to.
    number: usize,
}

impl Day {
    fn new(number: usize) -> Day {
        Day { snapshot: honest().clone(), records: day().records, number }
    }

    fn statement(&mut self) -> &mut Statement {
        let id = self.number.to_string();
        self.snapshot.statements.iter_mut().find(|statement| statement.query_id == id).unwrap()
    }

    fn is_copy(&self) -> bool {
        self.number.is_multiple_of(2)
    }

    /// The record of its first file.
    fn record(&mut self) -> &mut Value {
        let place = self.place();
        &mut self.records[place]
    }

    fn place(&self) -> usize {
        let key = format!("run={}/0000_part_00", self.number);
        self.records.iter().position(|record| record["requestParameters"]["key"] == *key).unwrap()
    }

    fn lose(&mut self) {
        let place = self.place();
        self.records.remove(place);
    }

    /// The same event under another id.
    fn again(&mut self) -> Value {
        let mut again = self.record().clone();
        again["eventID"] = json!("again");
        again
    }

    /// A statement that runs at the same time and uses the first file too.
    fn twin(&mut self) {
        let mut twin = self.statement().clone();
        twin.query_id = "twin".to_owned();
        twin.files.as_mut().unwrap().truncate(1);
        twin.file_count = Some(1);
        self.snapshot.statements.push(twin);
    }

    /// What is said of the statement, and of its twin; of all others it must be what it was.
    fn verdicts(&self) -> Vec<StatementRecord> {
        let mut snapshot = self.snapshot.clone();
        let mut reader = Reader::new(Question {
            watched: vec![],
            buckets: vec![],
            addresses: vec![],
            period: Period::default(),
            expected: Expected::new(),
            sessions: true,
            statements: Some(&self.snapshot.statements),
            threads: 2,
        });
        let text = json!({"Records": self.records}).to_string();
        reader.read(&One(Mutex::new(Some(text.into_bytes()))));
        let read = reader.finish();
        assert_eq!((read.malformed, read.skipped.len()), (0, 0));
        snapshot.records.as_mut().unwrap().statements = read.statements;
        let config = Config::parse("trailcheck.toml".as_ref(), CONFIG).unwrap();
        let facts = facts::derive(&snapshot, &config);
        let (own, others): (Vec<_>, Vec<_>) = facts.statements.iter().partition(|fact| {
            fact.subject.id.ends_with(&format!("/{}", self.number)) || fact.subject.id.ends_with("/twin")
        });
        for other in others {
            assert_eq!(other.record.status, Recorded, "{}", other.record.message);
        }
        own.into_iter().map(|fact| fact.record.status).collect()
    }
}

type Change = fn(&mut Day);

fn shift(day: &mut Day, after: i64) {
    // Every statement runs for two minutes, and is recorded in its middle.
    let at = minutes(61 + 8 * day.number as i64 + after);
    *day.record() = timed(day.record(), at);
}

const CHANGES: [(&str, Change, &[StatementRecord]); 25] = [
    ("nothing", |_| {}, &[Recorded]),
    ("a record is lost", Day::lose, &[Contradicted]),
    (
        "all of them are",
        |day| {
            let prefix = format!("run={}/", day.number);
            day.records.retain(|record| !record["requestParameters"]["key"].as_str().unwrap().starts_with(&prefix));
        },
        &[Contradicted],
    ),
    (
        "another role",
        |day| {
            let text = day.record()["userIdentity"].to_string().replace("loader", "other");
            day.record()["userIdentity"] = serde_json::from_str(&text).unwrap();
        },
        &[Contradicted],
    ),
    (
        "a role of that name elsewhere",
        |day| {
            let text = day.record()["userIdentity"].to_string().replace("123456789012", "210987654321");
            day.record()["userIdentity"] = serde_json::from_str(&text).unwrap();
        },
        &[Contradicted],
    ),
    ("a path before the role's name", |day| day.statement().role = Some(role("team/loader")), &[Recorded]),
    ("clocks that differ", |day| shift(day, 5), &[Recorded]),
    ("clocks that differ the other way", |day| shift(day, -5), &[Recorded]),
    ("long after", |day| shift(day, 8), &[Contradicted]),
    ("long before", |day| shift(day, -8), &[Contradicted]),
    ("denied", |day| day.record()["errorCode"] = json!("AccessDenied"), &[Contradicted]),
    (
        "tried again",
        |day| {
            let again = day.again();
            day.record()["errorCode"] = json!("SlowDown");
            day.records.push(again);
        },
        &[Recorded],
    ),
    (
        "done twice",
        |day| {
            let again = day.again();
            day.records.push(again);
        },
        &[Recorded],
    ),
    (
        "in parts",
        |day| {
            let (whole, part) =
                if day.is_copy() { ("GetObject", "GetObject") } else { ("CompleteMultipartUpload", "UploadPart") };
            day.record()["eventName"] = json!(whole);
            let mut again = day.again();
            again["eventName"] = json!(part);
            day.records.push(again);
        },
        &[Recorded],
    ),
    (
        "in parts that nobody put together",
        |day| {
            let part = if day.is_copy() { "HeadObject" } else { "UploadPart" };
            day.record()["eventName"] = json!(part);
        },
        &[Contradicted],
    ),
    (
        "read and not written, or written and not read",
        |day| {
            let other = if day.is_copy() { "PutObject" } else { "GetObject" };
            day.record()["eventName"] = json!(other);
        },
        &[Contradicted],
    ),
    (
        "another key",
        |day| {
            let text = day.record().to_string().replace("0000_part_00", "0000_part_001");
            *day.record() = serde_json::from_str(&text).unwrap();
        },
        &[Contradicted],
    ),
    (
        "two statements at once",
        |day| {
            let again = day.again();
            day.records.push(again);
            day.twin();
        },
        &[Recorded, Recorded],
    ),
    ("two statements, and one of them lost it", Day::twin, &[Recorded, Contradicted]),
    (
        "two statements, and one record delivered twice",
        |day| {
            let again = day.record().clone();
            day.records.push(again);
            day.twin();
        },
        &[Recorded, Contradicted],
    ),
    (
        "nobody says when it ended",
        |day| {
            day.statement().ended_at = None;
            day.lose();
        },
        &[Unknown],
    ),
    (
        "nobody says under which role",
        |day| {
            day.statement().role = None;
            day.lose();
        },
        &[Unknown],
    ),
    ("a file that is not named", |day| *day.statement().file_count.as_mut().unwrap() += 1, &[Unknown]),
    ("a name that is cut", |day| day.statement().unreadable_files = 1, &[Unknown]),
    (
        "selectors that let it go",
        |day| {
            let trail = &mut day.snapshot.accounts[0].trails[0];
            trail.event_selectors = Some(vec![]);
            day.lose();
        },
        &[Lost],
    ),
];

#[test]
fn every_change_has_its_verdict() {
    for number in 0..STATEMENTS {
        for (what, change, expected) in CHANGES {
            let mut day = Day::new(number);
            change(&mut day);
            assert_eq!(day.verdicts(), expected, "statement {number}: {what}");
        }
    }
}

/// What was not read may hold the record.
#[test]
fn where_not_all_was_read_nothing_is_missing() {
    let mut day = Day::new(3);
    day.lose();
    let records = day.snapshot.records.as_mut().unwrap();
    records.read[0].complete = false;
    records.read[0].incomplete_because = Some("one of its log objects was not read".to_owned());
    assert_eq!(day.verdicts(), [Unknown]);
    let mut day = Day::new(3);
    day.lose();
    day.snapshot.records.as_mut().unwrap().malformed = 1;
    assert_eq!(day.verdicts(), [Unknown]);
}
