//! Did only approved principals touch a location? By the records, and by what is known of their completeness.

use serde_json::{Value, json};

use super::recording::unknown;
use super::{AccessFact, Judgement, View};
use crate::arn::RoleArn;
use crate::config::AccessRule;
use crate::coverage::recorder::Effect;
use crate::logs::principal::role_of_session;
use crate::snapshot::{AccessRecord, Records};

/// Error codes of requests that were turned away: shown, but no touch.
const DENIED: [&str; 3] = ["AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"];

/// How many accesses a finding lists; the count of all is beside them.
const SHOWN: usize = 20;

impl View<'_> {
    pub fn access_fact(&self, rule: &AccessRule) -> AccessFact {
        let coverage = self.coverage(&rule.location, rule.actions, None);
        AccessFact {
            location: rule.location.to_string(),
            bucket: rule.location.bucket.clone(),
            actions: rule.actions,
            line: rule.line,
            approval: self.approval(rule, &coverage),
            coverage,
        }
    }

    /// `violated` by one unapproved access, whatever else is known; `approved` only where everything is recorded and all
    /// of it was read; else `unknown`, saying what is missing.
    fn approval(&self, rule: &AccessRule, coverage: &Judgement) -> Judgement {
        let Some(records) = &self.snapshot.records else {
            return unknown(&[
                "no log records were read: give --logs PATH, or a [records] table when collecting".to_owned()
            ]);
        };
        if !records.locations.contains(&rule.location.to_string()) {
            let reason =
                "the log records were read before this location was declared: collect anew, or give --logs PATH";
            return unknown(&[reason.to_owned()]);
        }
        let judged = self.judge(rule, records);
        if !judged.unapproved.is_empty() {
            let principals = names(&judged.unapproved);
            return Judgement {
                status: "violated",
                message: format!("touched by {}, which {} does not approve", principals.join(", "), rule.location),
                evidence: judged.evidence("unapproved", &judged.unapproved, records),
            };
        }
        let mut missing = self.missing_evidence(rule, records, coverage);
        if !judged.unresolved.is_empty() {
            let principals = names(&judged.unresolved).join(", ");
            missing.push(format!("which of an approved account's principals {principals} is, the records do not say"));
        }
        if missing.is_empty() {
            let window = records.window.map_or(String::new(), |w| format!(" from {} to {}", w.start, w.end));
            return Judgement {
                status: "approved",
                message: format!(
                    "every access{window} was by an approved principal; selectors are assumed unchanged since"
                ),
                evidence: judged.evidence("approved", &judged.approved, records),
            };
        }
        let shown = seen(&judged.approved);
        let mut evidence = judged.evidence("approved", &judged.approved, records);
        evidence["unknown_because"] = json!(missing);
        Judgement { status: "unknown", message: format!("{shown}, but {}", missing.join("; ")), evidence }
    }

    fn judge<'r>(&self, rule: &AccessRule, records: &'r Records) -> Judged<'r> {
        let location = rule.location.to_string();
        let scanner = role_of_session(&self.snapshot.caller.arn)
            .map_or_else(|| self.snapshot.caller.arn.clone(), |(role, _)| role);
        let mut judged = Judged::default();
        for access in records.accesses.iter().filter(|access| access.location.as_ref() == Some(&location)) {
            let judged_action = match access.access.as_str() {
                "read" => rule.actions.includes(true),
                "write" => rule.actions.includes(false),
                _ => true,
            };
            if !judged_action {
                continue;
            }
            let denied = access.error_code.as_deref().is_some_and(|code| DENIED.contains(&code));
            let list = if denied {
                &mut judged.denied
            } else if is_same_principal(&access.principal, &scanner) {
                &mut judged.scanner
            } else {
                match rule.approves(access) {
                    Some(true) => &mut judged.approved,
                    Some(false) => &mut judged.unapproved,
                    None => &mut judged.unresolved,
                }
            };
            list.push(access);
        }
        judged
    }

    /// What keeps "nothing else touched it" from being shown.
    fn missing_evidence(&self, rule: &AccessRule, records: &Records, coverage: &Judgement) -> Vec<String> {
        let mut missing = Vec::new();
        if coverage.status != "recorded" {
            missing.push(format!("not every access is known to be recorded: {}", coverage.message));
        }
        let Some(window) = records.window else {
            missing.push("the records were read without a time window: set records.window".to_owned());
            return missing.into_iter().chain(not_read(records)).collect();
        };
        if window.end <= window.start {
            missing.push("the window is not longer than the hour that late deliveries may take".to_owned());
        }
        if let Ok(region) = self.bucket_region(&rule.location.bucket) {
            let set = self.recorders_at(&rule.location.bucket, &region, None).ok();
            for recorder in set.iter().flat_map(|set| &set.recorders) {
                if recorder.effect != Effect::InEffect {
                    continue;
                }
                let reading = records.read.iter().find(|reading| {
                    reading.source == recorder.arn && reading.region.as_deref() == Some(region.as_str())
                });
                if !reading.is_some_and(|reading| reading.complete) {
                    let why = reading.and_then(|reading| reading.incomplete_because.clone());
                    let why = why.unwrap_or_else(|| "its log bucket was not listed".to_owned());
                    missing.push(format!("the records of {} in {region} are not complete: {why}", recorder.name));
                }
                let trail = self.snapshot.trails.iter().find(|trail| trail.trail_arn == recorder.arn);
                let since = trail.and_then(|trail| trail.status.get(&region)?.start_logging_time);
                if since.is_none_or(|since| since > window.start) {
                    let since = since.map_or("a time that is not known".to_owned(), |since| since.to_string());
                    missing.push(format!(
                        "{} has logged since {since}, the window began at {}",
                        recorder.name, window.start
                    ));
                }
            }
        }
        missing.extend(not_read(records));
        missing
    }
}

/// What was listed, or read in part, and may hold an access.
fn not_read(records: &Records) -> Vec<String> {
    let mut missing = Vec::new();
    if records.window.is_none() {
        missing.extend(records.read.iter().filter_map(|reading| {
            let why = reading.incomplete_because.as_ref().filter(|_| !reading.complete)?;
            Some(format!("{}: {why}", reading.source))
        }));
    }
    let skipped = records.skipped.iter().filter(|skipped| skipped.matters).count();
    if skipped > 0 {
        missing.push(format!("{skipped} log objects could not be read"));
    }
    if records.malformed > 0 {
        missing.push(format!("{} records could not be understood", records.malformed));
    }
    missing
}

#[derive(Default)]
struct Judged<'r> {
    approved: Vec<&'r AccessRecord>,
    unapproved: Vec<&'r AccessRecord>,
    /// Of an account that an approved role is in, by a copy of the record that does not name the role.
    unresolved: Vec<&'r AccessRecord>,
    denied: Vec<&'r AccessRecord>,
    /// The scanner's own: listed, not judged.
    scanner: Vec<&'r AccessRecord>,
}

impl Judged<'_> {
    fn evidence(&self, name: &str, accesses: &[&AccessRecord], records: &Records) -> Value {
        let list =
            |accesses: &[&AccessRecord]| -> Vec<Value> { accesses.iter().take(SHOWN).map(|a| json!(a)).collect() };
        json!({
            name: list(accesses),
            format!("{name}_groups"): accesses.len(),
            "denied": list(&self.denied),
            "scanner": list(&self.scanner),
            "window": records.window,
            "read": records.read,
        })
    }
}

impl AccessRule {
    /// Whether the principal is approved; `None` where the record does not say enough.
    fn approves(&self, access: &AccessRecord) -> Option<bool> {
        let name = &access.principal;
        match access.principal_type.as_str() {
            "role" => {
                let role = RoleArn::parse(name);
                Some(role.is_some_and(|role| self.roles.iter().any(|approved| covers(approved, &role))))
            }
            "user" | "root" => Some(self.users.contains(name)),
            "service" => Some(self.services.contains(name)),
            "account" => {
                let account = access.account.as_ref();
                let possible = self.roles.iter().any(|role| Some(&role.account) == account)
                    || self
                        .users
                        .iter()
                        .any(|user| crate::arn::Arn::parse(user).map(|arn| arn.account) == account.map(String::as_str));
                if possible { None } else { Some(false) }
            }
            _ => Some(false),
        }
    }
}

/// By account and name, path ignored; `*` in the approved name is any run of characters.
fn covers(approved: &RoleArn, role: &RoleArn) -> bool {
    approved.account == role.account && glob(&approved.name, &role.name)
}

fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    if !rest.contains('*') {
        return text.ends_with(rest);
    }
    text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| glob(rest, &text[at..]))
}

fn is_same_principal(a: &str, b: &str) -> bool {
    match (RoleArn::parse(a), RoleArn::parse(b)) {
        (Some(a), Some(b)) => a.same_role(&b),
        _ => a == b,
    }
}

/// What the records do show: how many accesses, over what time.
fn seen(approved: &[&AccessRecord]) -> String {
    let count: u64 = approved.iter().map(|access| access.count).sum();
    let first = approved.iter().map(|access| access.first_seen).min();
    let last = approved.iter().map(|access| access.last_seen).max();
    match first.zip(last) {
        Some((first, last)) => format!("all {count} accesses that were seen, from {first} to {last}, are approved"),
        None => "no access was seen".to_owned(),
    }
}

fn names(accesses: &[&AccessRecord]) -> Vec<String> {
    let mut names: Vec<String> = accesses.iter().map(|access| access.principal.clone()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (pattern, text, expected) in [
            ("app-*", "app-1", true),
            ("app-*", "app-", true),
            ("*", "x", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("app", "app2", false),
            ("*-prod", "x-prod2", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    /// Pitfalls D8 and D10.
    #[test]
    fn d8_a_role_is_itself_with_and_without_its_path() {
        let approved = RoleArn::parse("arn:aws:iam::111111111111:role/service-role/X").unwrap();
        let acting = RoleArn::parse("arn:aws:iam::111111111111:role/X").unwrap();
        assert!(covers(&approved, &acting));
        let elsewhere = RoleArn::parse("arn:aws:iam::222222222222:role/X").unwrap();
        assert!(!covers(&approved, &elsewhere));
    }
}
