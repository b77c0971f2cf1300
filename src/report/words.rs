//! What several formats say alike: a report prepared once, as texts that are still to be made safe for a format.

use super::{Report, Run};
use crate::finding::{Finding, Outcome};
use crate::snapshot::Session;

/// A report, ready to be told.
pub(super) struct Prepared<'a> {
    pub report: &'a Report,
    /// `account 111111111111`, or how many there are.
    pub accounts: String,
    pub regions: String,
    /// `2 fail, 1 unknown, 5 pass`
    pub summary: String,
    pub findings: Vec<Told<'a>>,
    pub sessions: Vec<ToldSession<'a>>,
    /// `5 S3 data events from 1 of 1 log objects`; `None`: no records were read.
    pub records: Option<String>,
}

/// A finding with its texts.
pub(super) struct Told<'a> {
    pub finding: &'a Finding,
    /// `file:line`, where the subject is declared.
    pub declared_at: Option<String>,
    /// `waiver until 2027-01-31 by data: ticket 4711`
    pub waiver: Option<String>,
    /// What would make it pass, where the evidence has it; else where to read of it.
    pub fix: Option<String>,
}

/// A COPY or UNLOAD with its texts.
pub(super) struct ToldSession<'a> {
    pub session: &'a Session,
    pub statement: &'static str,
    /// `from` or `to`
    pub preposition: &'static str,
    /// The location, or the bucket.
    pub place: String,
    /// `4 objects in 2 parts, 1024 bytes`
    pub what: String,
}

impl<'a> Prepared<'a> {
    pub(super) fn of(report: &'a Report) -> Prepared<'a> {
        let run = &report.run;
        Prepared {
            report,
            accounts: accounts(run),
            regions: regions(run),
            summary: report.summary.words(),
            findings: report.findings.iter().map(told).collect(),
            sessions: run.sessions.iter().map(told_session).collect(),
            records: records(run),
        }
    }
}

fn accounts(run: &Run) -> String {
    match &run.accounts[..] {
        [only] => format!("account {}", only.account),
        accounts => counted(accounts.len() as u64, "account"),
    }
}

fn regions(run: &Run) -> String {
    let mut regions: Vec<&str> = run.accounts.iter().flat_map(|account| &account.regions).map(String::as_str).collect();
    regions.sort_unstable();
    regions.dedup();
    regions.join(" ")
}

fn records(run: &Run) -> Option<String> {
    let records = run.records.as_ref()?;
    let read: u64 = records.read.iter().map(|reading| reading.read_objects).sum();
    let listed: u64 = records.read.iter().map(|reading| reading.listed_objects).sum();
    Some(format!("{} from {read} of {listed} log objects", counted(records.events, "S3 data event")))
}

fn told(finding: &Finding) -> Told<'_> {
    // What AWS told of is declared nowhere; its line is the config's first, for code scanning.
    let is_declared = finding.location.line > 1;
    Told {
        finding,
        declared_at: is_declared.then(|| format!("{}:{}", finding.location.file, finding.location.line)),
        waiver: finding
            .waiver
            .as_ref()
            .map(|waiver| format!("waiver until {} by {}: {}", waiver.expires, waiver.owner, waiver.reason)),
        fix: (finding.outcome == Outcome::Fail).then(|| fix(finding)).flatten(),
    }
}

/// A fix that the evidence holds, in one line; the whole call is in the JSON report.
fn fix(finding: &Finding) -> Option<String> {
    let fix = finding.evidence.get("fix")?;
    let text = |name: &str| fix.get(name)?.as_str();
    match (text("adds"), text("trail_arn"), text("home_region")) {
        (Some(adds), Some(arn), Some(region)) => Some(format!(
            "in {region}, add to {arn}: {adds} (evidence.fix.input of --report json is the whole put-event-selectors call)"
        )),
        _ => Some(format!("needs {}", text("needs")?)),
    }
}

fn told_session(session: &Session) -> ToldSession<'_> {
    let (statement, preposition) = session.kind.words();
    let mut what = counted(session.objects, "object");
    if session.parts > 0 {
        what.push_str(&format!(" in {}", counted(session.parts, "part")));
    }
    if let Some(bytes) = session.bytes {
        what.push_str(&format!(", {}", counted(bytes, "byte")));
    }
    for (uploads, how) in
        [(session.unfinished_uploads, "neither completed nor aborted"), (session.aborted_uploads, "aborted")]
    {
        if uploads > 0 {
            what.push_str(&format!(", {} {how}", counted(uploads, "upload")));
        }
    }
    let place = session.location.clone().unwrap_or_else(|| format!("s3://{}/", session.bucket));
    ToldSession { session, statement, preposition, place, what }
}

/// `1 part`, `2 parts`
pub(super) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
