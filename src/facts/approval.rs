//! Did only approved principals touch a location? By the records, and by what is known of their completeness.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::{Value, json};

use super::denied::is_denied;
use super::input::AccessFact;
use super::judgement::{Approval, Coverage, Judgement};
use super::{View, any};
use crate::aws::arn::{Arn, RoleArn};
use crate::aws::s3_events::Access;
use crate::config::AccessRule;
use crate::glob::glob;
use crate::reason::{OfAccess, PrincipalQuestion, Reason};
use crate::snapshot::{AccessRecord, NOBODY, Origin};

/// How many accesses a finding lists; the count of all is beside them.
pub(super) const SHOWN: usize = 10;

impl View<'_> {
    pub(super) fn access_fact(&self, rule: &AccessRule) -> AccessFact {
        let coverage = self.coverage(&rule.location, rule.actions, None);
        AccessFact {
            subject: self.location_subject(&rule.location, Some(Origin::Config { line: rule.line })),
            location: rule.location.to_string(),
            bucket: rule.location.bucket.clone(),
            actions: rule.actions,
            approval: self.approval(rule, &coverage),
            coverage: Rc::unwrap_or_clone(coverage),
        }
    }

    /// `violated` by one unapproved access, whatever else is known; `approved` only where everything is recorded and all
    /// of it was read; else `unknown`, saying what is missing.
    fn approval(&self, rule: &AccessRule, coverage: &Judgement<Coverage>) -> Judgement<Approval> {
        if let Err(reason) = self.records_of(&rule.location) {
            return Judgement::unknown(vec![reason]);
        }
        let judged = self.judge(rule);
        if !judged.unapproved.is_empty() {
            let principals = names(&judged.unapproved);
            let reason = OfAccess::NotApproved { location: rule.location.to_string(), principals };
            let evidence = self.approval_evidence("unapproved", &judged.unapproved, &judged);
            return Judgement::new(Approval::Violated, vec![reason.into()], evidence);
        }
        let mut missing = self.missing_of_touches(&rule.location, rule.actions, coverage);
        if !judged.unresolved.is_empty() {
            let principals = names(&judged.unresolved);
            missing.push(OfAccess::PrincipalUnclear { principals, question: PrincipalQuestion::IsApproved }.into());
        }
        let evidence = self.approval_evidence("approved", &judged.approved, &judged);
        if missing.is_empty() {
            let window = self.records.and_then(|records| records.window);
            let (accesses, own_calls) = (count(&judged.approved), count(&judged.own_calls));
            let denied = count(&judged.denied);
            let reason = OfAccess::AllApproved { window, accesses, own_calls, denied };
            return Judgement::new(Approval::Approved, vec![reason.into()], evidence);
        }
        // Where all principals are unclear, "no access was seen" would be untrue.
        let is_told = !judged.approved.is_empty() || judged.unresolved.is_empty();
        let seen = is_told.then(|| seen(&judged.approved));
        let reasons = seen.into_iter().chain(missing).collect();
        Judgement::new(Approval::Unknown, reasons, evidence)
    }

    fn judge(&self, rule: &AccessRule) -> Judged<'_> {
        let approved = Approved::by(rule);
        let mut judged = Judged::default();
        for access in self.accesses.at(&rule.location) {
            let is_asked_for = match access.access.as_str() {
                "read" => rule.actions.includes(Access::Read),
                "write" => rule.actions.includes(Access::Write),
                // Both, or not told.
                _ => true,
            };
            if !is_asked_for {
                continue;
            }
            let list = if is_denied(access) {
                &mut judged.denied
            } else {
                match approved.approves(access) {
                    Some(true) => &mut judged.approved,
                    _ if self.own_calls.contains(access) => &mut judged.own_calls,
                    Some(false) => &mut judged.unapproved,
                    None => &mut judged.unresolved,
                }
            };
            list.push(access);
        }
        judged
    }

    fn approval_evidence(&self, name: &str, accesses: &[&AccessRecord], judged: &Judged) -> Value {
        let first = |accesses: &[&AccessRecord]| json!(accesses[..accesses.len().min(SHOWN)]);
        json!({
            name: first(accesses),
            format!("{name}_groups"): accesses.len(),
            "unclear": first(&judged.unresolved),
            "denied": first(&judged.denied),
            "own_calls": first(&judged.own_calls),
            "window": self.records.and_then(|records| records.window),
        })
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
    own_calls: Vec<&'r AccessRecord>,
}

fn count(accesses: &[&AccessRecord]) -> u64 {
    accesses.iter().map(|access| access.count).fold(0, u64::saturating_add)
}

/// The principals of one rule, each looked up and not searched for.
pub(super) struct Approved<'a> {
    /// By account and name: a name is unique in its account, whatever path it was written with.
    roles: HashSet<(&'a str, &'a str)>,
    /// With `*` in the name.
    patterns: Vec<&'a RoleArn>,
    users: HashSet<&'a str>,
    services: HashSet<&'a str>,
    /// The accounts of roles and users.
    accounts: HashSet<&'a str>,
}

impl<'a> Approved<'a> {
    pub(super) fn by(rule: &'a AccessRule) -> Approved<'a> {
        let (patterns, exact): (Vec<&RoleArn>, Vec<&RoleArn>) =
            rule.roles.iter().partition(|role| role.name.contains('*'));
        let user_accounts = rule.users.iter().filter_map(|user| Some(Arn::parse(user)?.account));
        Approved {
            roles: exact.iter().map(|role| (&*role.account, &*role.name)).collect(),
            patterns,
            users: rule.users.iter().map(String::as_str).collect(),
            services: rule.services.iter().map(String::as_str).collect(),
            accounts: rule.roles.iter().map(|role| &*role.account).chain(user_accounts).collect(),
        }
    }

    /// Whether the principal is approved; `None` where the record does not say enough.
    pub(super) fn approves(&self, access: &AccessRecord) -> Option<bool> {
        let name = access.principal.as_str();
        match access.principal_type.as_str() {
            "role" => {
                let Some(role) = RoleArn::parse(name) else { return Some(false) };
                if self.roles.contains(&(&*role.account, &*role.name)) {
                    return Some(true);
                }
                any(self.patterns.iter().map(|pattern| covers(pattern, &role)))
            }
            "user" | "root" => Some(self.users.contains(name)),
            "service" => Some(self.services.contains(name)),
            // An origin access identity is CloudFront itself, in an account of that name.
            "account" if access.account.as_deref() == Some("cloudfront") => {
                Some(self.services.contains("cloudfront.amazonaws.com"))
            }
            "account" if access.account.as_deref().is_none_or(|account| self.accounts.contains(account)) => None,
            "account" | "federated_user" | "identity_center_user" | "anonymous" => Some(false),
            // The record names nobody, or in a form that is not known.
            _ => None,
        }
    }
}

/// Whether a role is among those that a name with `*` stands for. Without a path it means the names of all paths. In a path `*`
/// is any run of characters, slashes too; in a name it stays in the name, but that one which begins with it may have more of
/// the path before it. `None`: the acting role's path is not in the record.
fn covers(pattern: &RoleArn, role: &RoleArn) -> Option<bool> {
    if pattern.account != role.account || !glob(&pattern.name, &role.name) {
        return Some(false);
    }
    match (pattern.path(), role.path()) {
        ("", _) => Some(true),
        (_, "") => None,
        (of_path, path) if pattern.name.starts_with('*') => Some(glob(&format!("{of_path}/*"), &format!("{path}/"))),
        (of_path, path) => Some(glob(of_path, path)),
    }
}

/// What the records do show: how many accesses, over what time.
fn seen(approved: &[&AccessRecord]) -> Reason {
    let first = approved.iter().map(|access| access.first_seen).min();
    let last = approved.iter().map(|access| access.last_seen).max();
    match first.zip(last) {
        Some((first, last)) => OfAccess::ApprovedSeen { count: count(approved), first, last }.into(),
        None => OfAccess::NoAccessSeen.into(),
    }
}

/// Who acted; of somebody whom the record does not name, by which event.
pub(super) fn names(accesses: &[&AccessRecord]) -> Vec<String> {
    let name = |access: &&AccessRecord| match access.principal.as_str() {
        NOBODY => format!("somebody that event {} does not name", access.example.event_id),
        name => name.to_owned(),
    };
    let mut names: Vec<String> = accesses.iter().map(name).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::location::Location;

    /// A rule that approves one role.
    fn rule(approved: &str) -> AccessRule {
        AccessRule {
            location: Location::parse("s3://b/").unwrap(),
            roles: vec![RoleArn::parse(approved).unwrap()],
            users: vec![],
            services: vec![],
            actions: Access::All,
            line: 1,
        }
    }

    /// What a rule that approves one role says of another.
    fn approves(approved: &str, acting: &str) -> Option<bool> {
        let rule = rule(approved);
        let access = serde_json::from_value(json!({
            "principal": acting, "principal_type": "role", "account": null, "bucket": "b", "location": null,
            "event_name": "GetObject", "access": "read", "region": "", "error_code": null, "count": 1,
            "first_seen": "2026-11-22T00:00:00Z", "last_seen": "2026-11-22T00:00:00Z",
            "example": {"event_id": "", "object": ""},
        }));
        Approved::by(&rule).approves(&access.unwrap())
    }

    /// Pitfalls D8 and D10.
    #[test]
    fn d8_a_role_is_itself_with_and_without_its_path() {
        let approved = "arn:aws:iam::111111111111:role/service-role/X";
        assert_eq!(approves(approved, "arn:aws:iam::111111111111:role/X"), Some(true));
        assert_eq!(approves(approved, "arn:aws:iam::222222222222:role/X"), Some(false));
    }

    #[test]
    fn a_star_behind_a_path_means_that_paths_roles() {
        let approved = "arn:aws:iam::111111111111:role/service-role/*";
        assert_eq!(approves(approved, "arn:aws:iam::111111111111:role/service-role/x"), Some(true));
        assert_eq!(approves(approved, "arn:aws:iam::111111111111:role/team/x"), Some(false));
        // Parsed from a session's ARN, which has lost the path; or a role that has none.
        assert_eq!(approves(approved, "arn:aws:iam::111111111111:role/x"), None);
    }

    /// CloudFront reads as `CloudFront Origin Access Identity ID`, of the account `cloudfront`.
    #[test]
    fn an_origin_access_identity_is_cloudfront() {
        let access: AccessRecord = serde_json::from_value(json!({
            "principal": "E1EXAMPLE", "principal_type": "account", "account": "cloudfront", "bucket": "b",
            "location": null, "event_name": "GetObject", "access": "read", "region": "", "error_code": null, "count": 1,
            "first_seen": "2026-11-22T00:00:00Z", "last_seen": "2026-11-22T00:00:00Z",
            "example": {"event_id": "", "object": ""},
        }))
        .unwrap();
        let mut rule = rule("arn:aws:iam::111111111111:role/X");
        assert_eq!(Approved::by(&rule).approves(&access), Some(false));
        rule.services = vec!["cloudfront.amazonaws.com".to_owned()];
        assert_eq!(Approved::by(&rule).approves(&access), Some(true));
    }

    /// IAM Identity Center's roles have their region in the path, but for us-east-1.
    #[test]
    fn a_star_stands_for_parts_of_a_path() {
        let path = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com";
        for approved in ["*/AWSReservedSSO_Analyst_*", "*AWSReservedSSO_Analyst_*"] {
            let approved = format!("{path}/{approved}");
            let acts = |role: &str| approves(&approved, &format!("{path}/{role}"));
            assert_eq!(acts("eu-west-1/AWSReservedSSO_Analyst_1"), Some(true), "{approved}");
            assert_eq!(acts("eu-west-1/AWSReservedSSO_Admin_1"), Some(false), "{approved}");
            let session = |name: &str| approves(&approved, &format!("arn:aws:iam::111111111111:role/{name}"));
            assert_eq!(session("AWSReservedSSO_Analyst_1"), None, "{approved}");
            assert_eq!(session("AWSReservedSSO_Admin_1"), Some(false), "{approved}");
        }
    }
}
