//! The findings, by subject: what does not hold open, with its proof; what holds as rows.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::super::words::{Prepared, Told};
use super::{heading, shown};
use crate::counted::counted;
use crate::finding::baseline::Standing;
use crate::finding::{Finding, Outcome};

/// So many findings are laid out at a time: a browser leaves out what is not in view.
const CHUNK: usize = 100;

pub(super) fn section(prepared: &Prepared) -> Markup {
    let (holding, open): (Vec<&Told>, Vec<&Told>) =
        prepared.findings.iter().partition(|told| told.finding.outcome.holds());
    html! {
        section {
            (heading("findings"))
            fieldset.filter hidden {
                legend { "Show findings" }
                label { "with " input type="search" name="text" autocomplete="off"; }
                @for outcome in ["fail", "error", "unknown", "waived"] {
                    label { input type="checkbox" name=(outcome) checked; " " (outcome) }
                }
                output aria-live="polite" {}
            }
            @if open.is_empty() { p { "Nothing failed and nothing is unknown." } }
            @for chunk in open.chunks(CHUNK) {
                div.chunk { @for told in chunk { (open_finding(told)) } }
            }
            h3 { "What holds, and what is not applicable" }
            @if holding.is_empty() { p { "Nothing." } }
            @for (policy, findings) in by_policy(&holding) {
                details {
                    summary { code { (shown(policy)) } " " (shown(&findings[0].finding.title)) ": " (findings.len()) }
                    @for chunk in findings.chunks(CHUNK) {
                        ul.chunk { @for told in chunk { (holding_finding(told)) } }
                    }
                }
            }
        }
    }
}

fn by_policy<'t, 'a>(findings: &[&'t Told<'a>]) -> BTreeMap<&'a str, Vec<&'t Told<'a>>> {
    let mut groups: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
    for told in findings {
        groups.entry(&told.finding.policy).or_default().push(told);
    }
    groups
}

fn holding_finding(told: &Told) -> Markup {
    let finding = told.finding;
    html! {
        li {
            @if finding.outcome == Outcome::Pass { b.pass { "pass" } " " code { (shown(&finding.subject)) } " " }
            (shown(&finding.message))
        }
    }
}

fn open_finding(told: &Told) -> Markup {
    let finding = told.finding;
    let outcome = finding.outcome.as_str();
    let severity = match finding.outcome {
        Outcome::Fail | Outcome::Waived => format!(", {}", finding.severity.as_str()),
        _ => String::new(),
    };
    let known = if finding.standing == Some(Standing::Known) { ", known from the baseline" } else { "" };
    html! {
        article class=(format!("finding {outcome}")) id=(format!("f-{}", shown(&finding.fingerprint))) data-outcome=(outcome) {
            h3 {
                b class=(outcome) { (outcome) (severity) (known) } " "
                code { (shown(&finding.subject)) }
            }
            p { (shown(&finding.message)) }
            @if let Some(waiver) = &told.waiver { p { (shown(waiver)) } }
            @if let Some(fix) = &told.fix { p { b { "Fix: " } (shown(fix)) } }
            @else if finding.outcome == Outcome::Fail && !finding.remediation.is_empty() {
                p { b { "How to fix: " } (shown(&finding.remediation)) }
            }
            (proof(&finding.evidence))
            p.where {
                code { (shown(&finding.policy)) } ": " (shown(&finding.title))
                "; account " (shown(&finding.resource.account))
                @if let Some(region) = &finding.resource.region { ", " (shown(region)) }
                @if let Some(place) = &told.declared_at { ", declared at " code { (shown(place)) } }
                @for control in controls(finding) { ", " (shown(&control)) }
            }
        }
    }
}

/// `cis-aws-7.0 4.8`
fn controls(finding: &Finding) -> impl Iterator<Item = String> {
    finding.controls.iter().map(|(framework, ids)| format!("{framework} {}", ids.join(" ")))
}

/// The event that would be lost and what keeps it out of each recorder; the accesses that were seen, with event and log object.
fn proof(evidence: &Value) -> Markup {
    let text = |value: &Value, name: &str| shown(value.get(name).and_then(Value::as_str).unwrap_or_default());
    let list = |name: &str| evidence.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let who = |witness: &Value| match witness.get("user_identity_arn").and_then(Value::as_str) {
        Some(arn) => shown(arn),
        None => "a principal without an ARN".to_owned(),
    };
    html! {
        @if let Some(witness) = evidence.get("witness").filter(|witness| witness.is_object()) {
            p.proof {
                b { "Would be lost, for example: " }
                code { (text(witness, "event_name")) } " on " code { (text(witness, "resource_arn")) }
                " by " code { (who(witness)) } " in " (text(witness, "region"))
            }
        }
        @if !list("missed_by").is_empty() {
            ul.proof {
                @for missed in list("missed_by") {
                    li { code { (text(missed, "recorder")) } " misses it: " (text(missed, "because")) }
                }
            }
        }
        @for (name, words) in SEEN {
            @if !list(name).is_empty() {
                p { (words) }
                ul.proof { @for access in list(name) { (access_line(access)) } }
            }
        }
    }
}

/// Lists of accesses in the evidence, and what they show.
const SEEN: [(&str, &str); 4] = [
    ("unapproved", "Accesses that nobody approved:"),
    ("seen", "Accesses that were seen:"),
    ("unclear", "Accesses of which it is not clear who made them:"),
    ("denied", "Requests that were denied:"),
];

fn access_line(access: &Value) -> Markup {
    let text = |value: &Value, name: &str| shown(value.get(name).and_then(Value::as_str).unwrap_or_default());
    let count = access.get("count").and_then(Value::as_u64).unwrap_or(0);
    let example = access.get("example").cloned().unwrap_or_default();
    html! {
        li {
            code { (text(access, "principal")) } " " (text(access, "event_name")) ", " (counted(count, "time")) " from "
            (text(access, "first_seen")) " to " (text(access, "last_seen"))
            "; event " code { (text(&example, "event_id")) } " in " code { (text(&example, "object")) }
        }
    }
}
