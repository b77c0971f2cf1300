//! Did only approved principals touch a location? By the records, and by what is known of their completeness.

use serde_json::{Value, json};

use super::evidence::{is_at, is_denied};
use super::{AccessFact, Judgement, View, any};
use crate::arn::RoleArn;
use crate::config::AccessRule;
use crate::glob::glob;
use crate::logs::principal::role_of_session;
use crate::snapshot::{AccessRecord, Records};

/// How many accesses a finding lists; the count of all is beside them.
pub const SHOWN: usize = 20;

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
        let records = match self.records_of(&rule.location) {
            Ok(records) => records,
            Err(unknown) => return unknown,
        };
        let judged = self.judge(rule, records);
        if !judged.unapproved.is_empty() {
            let principals = names(&judged.unapproved);
            return Judgement {
                status: "violated",
                message: format!("touched by {}, which {} does not approve", principals.join(", "), rule.location),
                evidence: judged.evidence("unapproved", &judged.unapproved, records),
            };
        }
        let mut missing = self.missing_evidence(&rule.location, records, coverage);
        if !judged.unresolved.is_empty() {
            let principals = names(&judged.unresolved).join(", ");
            missing.push(format!("whether {principals} is an approved principal, the records do not say"));
        }
        if missing.is_empty() {
            let window = records.window.map_or(String::new(), |w| format!(" from {} to {}", w.start, w.end));
            return Judgement {
                status: "approved",
                message: format!(
                    "every access{window} was by an approved principal{}; selectors are assumed unchanged since",
                    judged.aside()
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
        let mut judged = Judged::default();
        for access in records.accesses.iter().filter(|access| is_at(&rule.location, access)) {
            let judged_action = match access.access.as_str() {
                "read" => rule.actions.includes(true),
                "write" => rule.actions.includes(false),
                _ => true,
            };
            if !judged_action {
                continue;
            }
            let list = if is_denied(access) {
                &mut judged.denied
            } else {
                match rule.approves(access) {
                    Some(true) => &mut judged.approved,
                    _ if self.is_own_call(access) => &mut judged.scanner,
                    Some(false) => &mut judged.unapproved,
                    None => &mut judged.unresolved,
                }
            };
            list.push(access);
        }
        judged
    }

    /// Whether this is a call that trailcheck makes: it asks where a bucket is, and reads log buckets. What else the
    /// scanning role does is judged like anyone's.
    pub fn is_own_call(&self, access: &AccessRecord) -> bool {
        let scanner = role_of_session(&self.snapshot.caller.arn)
            .map_or_else(|| self.snapshot.caller.arn.clone(), |(role, _)| role);
        let mut trails = self.snapshot.trails.iter();
        let reads_logs = matches!(access.event_name.as_str(), "ListObjects" | "GetObject")
            && trails.any(|trail| trail.s3_bucket_name.as_ref() == Some(&access.bucket));
        is_same_principal(&access.principal, &scanner) && (access.event_name == "HeadBucket" || reads_logs)
    }
}

#[derive(Default)]
struct Judged<'r> {
    approved: Vec<&'r AccessRecord>,
    unapproved: Vec<&'r AccessRecord>,
    /// Of an account that an approved role is in, by a copy of the record that does not name the role.
    unresolved: Vec<&'r AccessRecord>,
    denied: Vec<&'r AccessRecord>,
    /// The scan's own calls: listed, not judged.
    scanner: Vec<&'r AccessRecord>,
}

impl Judged<'_> {
    /// What was seen and is neither approved nor not.
    fn aside(&self) -> String {
        let count = |accesses: &[&AccessRecord]| accesses.iter().map(|access| access.count).sum::<u64>();
        let mut aside = String::new();
        for (count, what) in
            [(count(&self.scanner), "of the scan's own calls"), (count(&self.denied), "denied attempts")]
        {
            if count > 0 {
                aside.push_str(&format!(", {count} {what} apart"));
            }
        }
        aside
    }

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
    pub fn approves(&self, access: &AccessRecord) -> Option<bool> {
        let name = &access.principal;
        match access.principal_type.as_str() {
            "role" => {
                let Some(role) = RoleArn::parse(name) else { return Some(false) };
                any(self.roles.iter().map(|approved| covers(approved, &role)))
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

/// By account and name; `*` in the approved name is any run of characters. The path does not matter to a name, which is
/// unique in its account; with `*` it does, for there it says which names are meant. `None`: the acting role's path is not
/// in the record.
fn covers(approved: &RoleArn, role: &RoleArn) -> Option<bool> {
    if approved.account != role.account || !glob(&approved.name, &role.name) {
        return Some(false);
    }
    match (approved.path(), role.path()) {
        ("", _) => Some(true),
        _ if !approved.name.contains('*') => Some(true),
        (_, "") => None,
        (approved, role) => Some(approved == role),
    }
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

pub fn names(accesses: &[&AccessRecord]) -> Vec<String> {
    let mut names: Vec<String> = accesses.iter().map(|access| access.principal.clone()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pitfalls D8 and D10.
    #[test]
    fn d8_a_role_is_itself_with_and_without_its_path() {
        let approved = RoleArn::parse("arn:aws:iam::111111111111:role/service-role/X").unwrap();
        let acting = RoleArn::parse("arn:aws:iam::111111111111:role/X").unwrap();
        assert_eq!(covers(&approved, &acting), Some(true));
        let elsewhere = RoleArn::parse("arn:aws:iam::222222222222:role/X").unwrap();
        assert_eq!(covers(&approved, &elsewhere), Some(false));
    }

    #[test]
    fn a_star_behind_a_path_means_that_paths_roles() {
        let approved = RoleArn::parse("arn:aws:iam::111111111111:role/service-role/*").unwrap();
        let covers = |acting: &str| covers(&approved, &RoleArn::parse(acting).unwrap());
        assert_eq!(covers("arn:aws:iam::111111111111:role/service-role/x"), Some(true));
        assert_eq!(covers("arn:aws:iam::111111111111:role/team/x"), Some(false));
        // Parsed from a session's ARN, which has lost the path; or a role that has none.
        assert_eq!(covers("arn:aws:iam::111111111111:role/x"), None);
    }
}
