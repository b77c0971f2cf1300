//! What several formats say alike: a report prepared once, as texts that are still to be made safe for a format.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, Run, statements};
use crate::aws::timestamp::Timestamp;
use crate::counted::counted;
use crate::finding::baseline::{Settled, Standing};
use crate::finding::{Finding, Outcome};
use crate::snapshot::{ObjectCount, Session};

/// A report, ready to be told.
pub(super) struct Prepared<'a> {
    pub report: &'a Report,
    /// `account 111111111111`, or how many there are.
    pub accounts: String,
    pub regions: String,
    /// `2 fail, 1 unknown, 5 pass`
    pub summary: String,
    pub findings: Vec<Told<'a>>,
    /// `5 S3 data events from 1 of 1 log object`; `None`: no records were read.
    pub records: Option<String>,
    /// `since 2026-11-21T07:00:00Z: 1 new, 2 known, 1 settled`; `None`: there is no baseline.
    pub baseline: Option<String>,
    /// What did not hold in the baseline, and is no longer so: a line each.
    pub settled: Vec<String>,
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

/// COPYs or UNLOADs of one place, region and role, with their texts.
pub(super) struct ToldSession<'a> {
    pub statement: &'static str,
    /// `from` or `to`
    pub preposition: &'static str,
    /// The location, or the bucket.
    pub place: String,
    pub region: &'a str,
    pub principal: &'a str,
    /// `3 times, `; empty where it is one.
    pub times: String,
    pub start: Timestamp,
    pub end: Timestamp,
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
            records: records(run),
            baseline: baseline(report),
            settled: settled(run),
        }
    }

    /// COPYs and UNLOADs as Redshift ran them: `each`, or summed up by place and role.
    pub(super) fn statements(&self, each: bool) -> Vec<ToldSession<'a>> {
        statements::told(&self.report.run.statements, each)
    }

    /// COPYs and UNLOADs by the records, but for those that Redshift itself told of: `each`, or summed up by place and role.
    pub(super) fn sessions(&self, each: bool) -> Vec<ToldSession<'a>> {
        let sessions = statements::untold(&self.report.run.sessions, &self.report.run.statements);
        if each {
            return sessions.iter().map(|session| told_sessions(&[session])).collect();
        }
        let mut groups: BTreeMap<_, Vec<&Session>> = BTreeMap::new();
        for session in sessions {
            let place = (&session.location, &session.bucket, &session.region);
            groups.entry((place, session.words(), &session.principal)).or_default().push(session);
        }
        groups.into_values().map(|sessions| told_sessions(&sessions)).collect()
    }
}

fn accounts(run: &Run) -> String {
    let is_seen = |account: &String| run.accounts.iter().any(|seen| seen.account == *account);
    let refused: BTreeSet<&str> =
        run.failures.iter().map(|failure| &failure.account).filter(|of| !is_seen(of)).map(String::as_str).collect();
    let seen = match &run.accounts[..] {
        [only] => format!("account {}", only.account),
        accounts => counted(accounts.len() as u64, "account"),
    };
    match refused.first() {
        None => seen,
        Some(only) if refused.len() == 1 => format!("{seen}, and not {only}, which could not be entered"),
        Some(_) => format!("{seen}, and not {} others, which could not be entered", refused.len()),
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
    let ObjectCount { listed, read } = records.objects;
    Some(format!("{} from {read} of {}", counted(records.events, "S3 data event"), counted(listed, "log object")))
}

fn baseline(report: &Report) -> Option<String> {
    let baseline = report.run.baseline.as_ref()?;
    let count = |standing| report.findings.iter().filter(|finding| finding.standing == Some(standing)).count();
    let (new, known) = (count(Standing::New), count(Standing::Known));
    let (settled, gone): (Vec<&Settled>, Vec<&Settled>) = baseline.settled.iter().partition(|of| of.now.is_some());
    let gone = if gone.is_empty() { String::new() } else { format!(", {} no longer judged", gone.len()) };
    Some(format!("since {}: {new} new, {known} known, {} settled{gone}", baseline.collected_at, settled.len()))
}

fn settled(run: &Run) -> Vec<String> {
    let settled = run.baseline.iter().flat_map(|baseline| &baseline.settled);
    let line = |settled: &Settled| match settled.now {
        Some(now) => {
            format!("{} of {}: {}, now {}", settled.policy, settled.subject, settled.was.as_str(), now.as_str())
        }
        None => format!(
            "no longer judged, so not known to be better: {} of {}: {}",
            settled.policy,
            settled.subject,
            settled.was.as_str()
        ),
    };
    settled.map(line).collect()
}

/// The subject of a finding; where the report is of several accounts, with the account, unless its name holds it.
pub(super) fn named(finding: &Finding, report: &Report) -> String {
    let (subject, account) = (&finding.subject, &finding.resource.account);
    match report.run.accounts.len() > 1 && !account.is_empty() && !subject.contains(account) {
        true => format!("{subject} (account {account})"),
        false => subject.clone(),
    }
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
            "in {region}, add to {arn}: {adds} (`trailcheck fix` prints the call, for all gaps of a trail at once)"
        )),
        _ => Some(format!("needs {} (`trailcheck fix` plans it)", text("needs")?)),
    }
}

/// How many names of sessions are told.
const SESSION_NAMES: usize = 3;

/// Alike but for their times and sizes; there is one at least.
fn told_sessions<'a>(sessions: &[&'a Session]) -> ToldSession<'a> {
    let sum = |count: fn(&Session) -> u64| sessions.iter().map(|session| count(session)).fold(0, u64::saturating_add);
    let first = sessions[0];
    let (statement, preposition) = first.words();
    let mut what = counted(sum(|session| session.objects), "object");
    let parts = sum(|session| session.parts);
    if parts > 0 {
        what.push_str(&format!(" in {}", counted(parts, "part")));
    }
    if sessions.iter().any(|session| session.bytes.is_some()) {
        what.push_str(&format!(", {}", counted(sum(|session| session.bytes.unwrap_or(0)), "byte")));
    }
    let (unfinished, aborted) = (sum(|session| session.unfinished_uploads), sum(|session| session.aborted_uploads));
    for (uploads, how) in [(unfinished, "neither completed nor aborted"), (aborted, "aborted")] {
        if uploads > 0 {
            what.push_str(&format!(", {} {how}", counted(uploads, "upload")));
        }
    }
    let names: BTreeSet<&String> = sessions.iter().flat_map(|session| &session.session_names).collect();
    if !first.is_redshifts() && !names.is_empty() {
        let shown: Vec<&str> = names.iter().take(SESSION_NAMES).map(|name| name.as_str()).collect();
        let more = if names.len() > SESSION_NAMES { ", …" } else { "" };
        what.push_str(&format!(", as {}{more}", shown.join(", ")));
    }
    ToldSession {
        statement,
        preposition,
        place: first.location.clone().unwrap_or_else(|| format!("s3://{}/", first.bucket)),
        region: &first.region,
        principal: &first.principal,
        times: if sessions.len() > 1 { format!("{} times, ", sessions.len()) } else { String::new() },
        start: sessions.iter().map(|session| session.start).fold(first.start, Timestamp::min),
        end: sessions.iter().map(|session| session.end).fold(first.end, Timestamp::max),
        what,
    }
}
