//! OCSF 1.6.0, class Compliance Finding (2003), with the profiles cloud and datetime: one event a line, as data lakes take them.
//!
//! 1.6 is what AWS Security Hub reads; the same document is valid as 1.5 to 1.8. What is not known is compliance status 2,
//! "Warning": no result because information is missing. What is not applicable is no event.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::words::{Prepared, Told};
use super::{Control, Report};
use crate::finding::baseline::Standing;
use crate::finding::{Finding, Outcome, SubjectKind};
use crate::output::harmless;
use crate::severity::Severity;

const CLASS: u64 = 2003;

/// Titles of controls, by framework and id.
type Titles<'a> = HashMap<(&'a str, &'a str), &'a Control>;

pub(super) fn render(report: &Report) -> Vec<u8> {
    let titles: Titles = report.controls.iter().map(|control| ((&*control.framework, &*control.id), control)).collect();
    let prepared = Prepared::of(report);
    let is_told = |told: &&Told| told.finding.outcome != Outcome::NotApplicable;
    let mut lines = vec![];
    for told in prepared.findings.iter().filter(is_told) {
        let json =
            serde_json::to_vec(&event(told, report, &titles)).expect("an event has string keys and finite numbers");
        lines.extend(harmless::escaped(json));
        lines.push(b'\n');
    }
    lines
}

fn event(told: &Told, report: &Report, titles: &Titles) -> Value {
    let (finding, run) = (told.finding, &report.run);
    let time = (run.collected_at.0.unix_timestamp_nanos() / 1_000_000) as i64;
    let (activity, activity_name) = match finding.standing {
        Some(Standing::Known) => (2, "Update"),
        _ => (1, "Create"),
    };
    let (severity, severity_name) = severity(finding);
    let (status, status_name) = if finding.outcome == Outcome::Waived { (3, "Suppressed") } else { (1, "New") };
    let mut event = json!({
        "activity_id": activity, "activity_name": activity_name,
        "category_uid": 2, "category_name": "Findings",
        "class_uid": CLASS, "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + activity, "type_name": format!("Compliance Finding: {activity_name}"),
        "time": time, "time_dt": run.collected_at,
        "severity_id": severity, "severity": severity_name,
        "status_id": status, "status": status_name,
        "message": finding.message,
        "metadata": {
            "version": "1.6.0", "profiles": ["cloud", "datetime"],
            "product": {"name": "trailcheck", "vendor_name": "trailcheck", "version": run.trailcheck},
            "event_code": finding.policy,
        },
        "finding_info": {
            "uid": finding.fingerprint, "title": finding.title, "desc": finding.message, "created_time": time,
            "analytic": {"type_id": 1, "type": "Rule", "uid": finding.policy, "name": finding.title},
        },
        "compliance": compliance(finding, titles),
        "resources": [resource(finding, run)],
        "cloud": {"provider": "AWS", "account": {"uid": finding.resource.account, "type_id": 10, "type": "AWS Account"}},
        "unmapped": {"trailcheck": finding},
    });
    if let Some(region) = &finding.resource.region {
        event["cloud"]["region"] = json!(region);
    }
    if !finding.remediation.is_empty() {
        event["remediation"] = json!({"desc": told.fix.as_deref().unwrap_or(&finding.remediation)});
    }
    if let Some(waiver) = &told.waiver {
        event["comment"] = json!(waiver);
    }
    event
}

/// A finding that holds is for information.
fn severity(finding: &Finding) -> (u64, &'static str) {
    match (finding.outcome, finding.severity) {
        (Outcome::Pass, _) | (_, Severity::Info) => (1, "Informational"),
        (_, Severity::Low) => (2, "Low"),
        (_, Severity::Medium) => (3, "Medium"),
        (_, Severity::High) => (4, "High"),
        (_, Severity::Critical) => (5, "Critical"),
    }
}

fn compliance(finding: &Finding, titles: &Titles) -> Value {
    let accepted = finding.waiver.as_ref().map(|waiver| waiver.accepts);
    let (status, name) = match (finding.outcome, accepted) {
        (Outcome::Pass, _) => (1, "Pass"),
        (Outcome::Unknown, _) | (Outcome::Waived, Some(Outcome::Unknown)) => (2, "Warning"),
        (Outcome::Fail | Outcome::Waived, _) => (3, "Fail"),
        (Outcome::Error | Outcome::NotApplicable, _) => (99, "Error"),
    };
    let check = |uid: &str, title: &str, standard: &str| json!({"uid": uid, "name": title, "status_id": status, "status": name, "standards": [standard]});
    let mut checks = vec![check(&finding.policy, &finding.title, "trailcheck")];
    let (mut standards, mut requirements) = (vec![], vec![]);
    for (framework, ids) in finding.controls.iter() {
        let title = ids.first().and_then(|id| titles.get(&(&**framework, &**id)));
        let title = title.map_or("", |control| &*control.framework_title);
        let standard = if title.is_empty() { framework } else { title };
        standards.push(standard);
        for id in ids {
            let title = titles.get(&(&**framework, &**id)).map_or("", |control| &*control.title);
            checks.push(check(id, if title.is_empty() { id } else { title }, standard));
            requirements.push(id);
        }
    }
    let mut compliance = json!({"status_id": status, "status": name, "checks": checks});
    if let Some(first) = requirements.first() {
        compliance["control"] = json!(first);
        compliance["standards"] = json!(standards);
        compliance["requirements"] = json!(requirements);
    }
    if finding.outcome != Outcome::Pass && !finding.message.is_empty() {
        compliance["status_details"] = json!([finding.message]);
    }
    compliance
}

fn resource(finding: &Finding, run: &super::Run) -> Value {
    let partition = run.caller.split(':').nth(1).filter(|partition| partition.starts_with("aws")).unwrap_or("aws");
    let subject = &finding.subject;
    let (kind, uid) = match finding.resource.kind {
        SubjectKind::Location => {
            let bucket = subject.trim_start_matches("s3://").split('/').next().unwrap_or_default();
            ("AWS::S3::Bucket", format!("arn:{partition}:s3:::{bucket}"))
        }
        SubjectKind::Trail => ("AWS::CloudTrail::Trail", subject.clone()),
        SubjectKind::Role => ("AWS::IAM::Role", subject.clone()),
        SubjectKind::Cluster | SubjectKind::Statement if subject.contains("/namespace/") => {
            ("AWS::RedshiftServerless::Namespace", subject.clone())
        }
        SubjectKind::Cluster | SubjectKind::Statement => ("AWS::Redshift::Cluster", subject.clone()),
        SubjectKind::Account => ("AWS::::Account", subject.clone()),
        SubjectKind::Waiver => ("trailcheck::Waiver", subject.clone()),
    };
    let mut resource = json!({"uid": uid, "name": subject, "type": kind, "cloud_partition": partition});
    if let Some(region) = &finding.resource.region {
        resource["region"] = json!(region);
    }
    resource
}
