//! User activity logs: what was submitted, statement by statement (Redshift Management Guide, "Database audit logging").
//!
//! An entry is `'2026-11-20T22:00:03Z UTC [ db=dev user=etl pid=685 userid=101 xid=245578 ]' LOG: SQL`, and every line that does not begin
//! like one goes on with the entry before.

use crate::aws::timestamp::Timestamp;

/// What was submitted at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub database: String,
    pub user: String,
    /// The SQL.
    pub text: String,
    /// Where it begins, from 1.
    pub line: usize,
}

/// A log file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityLog {
    pub entries: Vec<Entry>,
    /// What stands before the first entry: the end of one whose beginning lies in the file before.
    pub rest_of_another: String,
}

impl ActivityLog {
    pub fn read(text: &str) -> ActivityLog {
        let mut log = ActivityLog::default();
        for (number, line) in text.lines().enumerate() {
            match (header(line), log.entries.last_mut()) {
                (Some(entry), _) => log.entries.push(Entry { line: number + 1, ..entry }),
                (None, Some(entry)) => append(&mut entry.text, line),
                (None, None) => append(&mut log.rest_of_another, line),
            }
        }
        log
    }
}

fn append(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// The first line of an entry. A user's name may have blanks, so its members are looked for from both ends.
fn header(line: &str) -> Option<Entry> {
    let (at, rest) = line.strip_prefix('\'')?.split_once(" UTC [ db=")?;
    let (members, text) = rest.split_once(" ]' LOG: ").or_else(|| Some((rest.strip_suffix(" ]' LOG:")?, "")))?;
    let (database, rest) = members.split_once(" user=")?;
    let (rest, _xid) = rest.rsplit_once(" xid=")?;
    let (rest, _userid) = rest.rsplit_once(" userid=")?;
    let (user, _pid) = rest.rsplit_once(" pid=")?;
    Some(Entry {
        at: Timestamp::parse(at)?,
        database: database.to_owned(),
        user: user.to_owned(),
        text: text.to_owned(),
        line: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "'2026-11-20T22:00:03Z UTC [ db=dev user=etl pid=685 userid=101 xid=245578 ]' LOG: ";

    #[test]
    fn an_entry_goes_on_until_the_next_begins() {
        let text =
            format!("rest'\n{HEAD}/* job */\nUNLOAD ('select a\n\nfrom t') TO 's3://b/'\n{HEAD}select ' LOG: x'\n");
        let log = ActivityLog::read(&text);
        assert_eq!(log.rest_of_another, "rest'");
        let told: Vec<(usize, &str)> = log.entries.iter().map(|entry| (entry.line, &*entry.text)).collect();
        assert_eq!(told, [(2, "/* job */\nUNLOAD ('select a\n\nfrom t') TO 's3://b/'"), (6, "select ' LOG: x'")]);
        assert_eq!((&*log.entries[0].database, &*log.entries[0].user), ("dev", "etl"));
    }

    #[test]
    fn names_may_have_blanks() {
        let line = "'2026-11-20T22:00:03Z UTC [ db=a b user=IAMR:etl role pid=685 userid=101 xid=1 ]' LOG: x";
        let log = ActivityLog::read(line);
        assert_eq!((&*log.entries[0].database, &*log.entries[0].user), ("a b", "IAMR:etl role"));
    }

    #[test]
    fn what_only_looks_like_an_entry_is_none() {
        for line in [
            "'2026-11-20T22:00:03Z UTC [ db=dev ]' LOG: x",
            "'yesterday UTC [ db=d user=u pid=1 userid=1 xid=1 ]' LOG: x",
            "",
        ] {
            assert!(ActivityLog::read(line).entries.is_empty(), "{line}");
        }
    }
}
