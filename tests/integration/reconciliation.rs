//! A day of statements with their files and records, and what happens to each verdict when one of them is changed.

use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};
use trailcheck::aws::timestamp::Timestamp;
use trailcheck::config::Config;
use trailcheck::facts;
use trailcheck::facts::judgement::StatementRecord::{self, Contradicted, Lost, Recorded, Unknown};
use trailcheck::logs::chain::Expected;
use trailcheck::logs::event::Period;
use trailcheck::logs::reader::{Object, Question, Reader, Source};
use trailcheck::snapshot::{Snapshot, Statement};

use crate::program::Workplace;
use crate::redshift_day::{CONFIG, DayOfStatements, minutes, role, script, timed};

const STATEMENTS: usize = 12;
/// In minutes; the window begins an hour after the chain at most.
const BEGIN: i64 = 70;

/// Statements by turns, of one to five files, eight minutes apart.
fn day() -> DayOfStatements {
    let mut day = DayOfStatements::default();
    for number in 0..STATEMENTS {
        let begin = BEGIN + 8 * number as i64;
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
    let at = minutes(BEGIN + 1 + 8 * day.number as i64 + after);
    *day.record() = timed(day.record(), at);
}

const CHANGES: [(&str, Change, &[StatementRecord]); 22] = [
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

/// Of statements that used an object at one time nobody can tell whose a record is.
#[test]
fn statements_that_used_an_object_at_one_time_are_not_told_apart() {
    for number in 0..STATEMENTS {
        let twins = |change: Change| {
            let mut day = Day::new(number);
            day.twin();
            change(&mut day);
            day.verdicts()
        };
        let both = |day: &mut Day| {
            let again = day.again();
            day.records.push(again);
        };
        assert_eq!(twins(both), [Unknown, Unknown], "statement {number}");
        assert_eq!(twins(|_| {}), [Unknown, Unknown], "statement {number}");
        // What is not known of one makes nothing of the other known.
        let twin = |day: &mut Day| day.snapshot.statements.last_mut().unwrap().role = None;
        assert_eq!(twins(twin), [Unknown, Unknown], "statement {number}");
        assert_eq!(twins(Day::lose), [Contradicted, Contradicted], "statement {number}");
    }
}

/// Nor can it of a crowd, wherever among them it is.
#[test]
fn a_crowd_hides_who_is_in_it() {
    let mut day = Day::new(2);
    let first = day.statement().clone();
    for number in 0..100 {
        day.snapshot.statements.push(Statement { query_id: format!("{number}/twin"), ..first.clone() });
    }
    assert!(day.verdicts().iter().all(|verdict| *verdict == Unknown));
    day.lose();
    let verdicts = day.verdicts();
    assert!(verdicts.iter().all(|verdict| *verdict == Contradicted), "{verdicts:?}");
}

/// One after the other, each has its own, even where the clocks' difference might bring them together.
#[test]
fn statements_that_follow_each_other_are_told_apart() {
    for lost in [false, true] {
        let mut day = Day::new(3);
        let mut second = day.statement().clone();
        second.query_id = "twin".to_owned();
        let later = |at: Timestamp| Timestamp(at.0 + time::Duration::minutes(6));
        (second.started_at, second.ended_at) = (later(second.started_at), second.ended_at.map(later));
        day.snapshot.statements.push(second);
        let mut again: Vec<Value> = day
            .records
            .iter()
            .filter(|record| record["requestParameters"]["key"].as_str().unwrap().starts_with("run=3/"))
            .cloned()
            .collect();
        for (number, record) in again.iter_mut().enumerate() {
            *record = timed(record, minutes(BEGIN + 1 + 8 * 3 + 6));
            record["eventID"] = json!(format!("second {number}"));
        }
        day.records.extend(again);
        if lost {
            day.lose();
        }
        assert_eq!(day.verdicts(), [if lost { Contradicted } else { Recorded }, Recorded]);
    }
}

/// What anybody may have done shows nothing of a statement.
#[test]
fn a_role_that_is_not_known_is_not_found() {
    let mut day = Day::new(3);
    day.statement().role = None;
    assert_eq!(day.verdicts(), [Unknown]);
    // Nor does a bucket owner's record without the caller's name, which may be the role's.
    let mut day = Day::new(3);
    day.record()["userIdentity"] =
        json!({"type": "AWSAccount", "principalId": "AROAEXAMPLE:s", "accountId": "123456789012"});
    assert_eq!(day.verdicts(), [Unknown]);
    day.record()["userIdentity"]["accountId"] = json!("210987654321");
    assert_eq!(day.verdicts(), [Contradicted]);
    // Without an account it may be anybody's.
    day.record()["userIdentity"] = json!({"type": "AWSAccount", "principalId": "AROAEXAMPLE:s"});
    assert_eq!(day.verdicts(), [Unknown]);
}

/// What Redshift says must hang together.
#[test]
fn half_of_what_is_said_of_a_statement_is_not_enough() {
    let changes: [Change; 8] = [
        |day| day.statement().file_count = None,
        |day| day.statement().manifest = None,
        |day| day.statement().files = None,
        |day| {
            let statement = day.statement();
            (statement.files, statement.file_count, statement.rows) = (Some(vec![]), Some(0), Some(9));
        },
        |day| {
            let before = day.statement().started_at.0 - time::Duration::hours(1);
            day.statement().ended_at = Some(Timestamp(before));
        },
        |day| {
            day.statement().status = "aborted".to_owned();
            day.lose();
        },
        // Something else may have been recorded until then.
        |day| {
            let ended = day.statement().ended_at;
            let trail = &mut day.snapshot.accounts[0].trails[0];
            let status = trail.status.get_mut("eu-west-1").unwrap();
            (status.is_logging, status.stop_logging_time) = (Some(false), ended);
            day.lose();
        },
        |day| {
            day.snapshot.records = None;
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut day = Day::new(3);
        change(&mut day);
        if day.snapshot.records.is_some() {
            assert_eq!(day.verdicts(), [Unknown], "{number}");
        } else {
            let config = Config::parse("trailcheck.toml".as_ref(), CONFIG).unwrap();
            let facts = facts::derive(&day.snapshot, &config);
            assert!(facts.statements.iter().all(|fact| fact.record.status == Unknown));
        }
    }
}
