//! SARIF 2.1.0, the small part that code scanning uses.
//!
//! Source: OASIS SARIF 2.1.0; GitHub, "SARIF support for code scanning" (a result needs a physical location; rules may
//! have 10 tags; 5,000 results are shown). Passes are left out: GitHub would show each as an alert.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::words::named;
use super::{Report, Rule, repository};
use crate::finding::baseline::Standing;
use crate::finding::{Finding, Outcome};
use crate::output::harmless;
use crate::severity::Severity;

/// GitHub ignores further results silently; one more says how many there are.
const SHOWN: usize = 4_999;

/// Themes by what causes what: a trail that is stopped, then what it no longer records.
const CAUSES_FIRST: [&str; 5] = ["trail/", "placement/", "coverage/", "redshift/", "access/"];

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    Anyone,
    /// GitHub, which opens an alert for a suppressed result too, and keeps runs apart by the category of the upload.
    CodeScanning,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    automation_details: Option<Value>,
    invocations: [Value; 1],
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    kind: &'static str,
    message: Value,
    locations: [Value; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Value>,
    properties: Value,
}

pub(super) fn render(report: &Report, reader: For) -> Vec<u8> {
    let places = report.rule_places();
    let told = |finding: &&Finding| match finding.outcome {
        Outcome::Pass | Outcome::NotApplicable => false,
        Outcome::Waived => reader == For::Anyone,
        Outcome::Fail | Outcome::Error | Outcome::Unknown => true,
    };
    let findings: Vec<&Finding> = report.findings.iter().filter(told).collect();
    let (shown, left_out) = shown(&findings);
    let mut results: Vec<SarifResult> = shown.iter().map(|finding| result(finding, report, &places)).collect();
    if let Some(first) = left_out.first() {
        results.push(overflow(first, report, left_out.len(), &places));
    }
    let id = || json!({"id": format!("trailcheck/{}/", report.run.account)});
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: json!({"driver": {
                "name": "trailcheck",
                "semanticVersion": report.run.trailcheck,
                "rules": report.rules.iter().map(rule).collect::<Vec<_>>(),
            }}),
            automation_details: (reader == For::Anyone).then(id),
            invocations: [invocation(report, &findings)],
            results,
        }],
    };
    harmless::json(&log)
}

/// The findings that there is room for, and the rest. Where there is no room for all, every policy has its share, so that ten
/// thousand consequences do not hide their cause.
fn shown<'f>(findings: &[&'f Finding]) -> (Vec<&'f Finding>, Vec<&'f Finding>) {
    if findings.len() <= SHOWN {
        return (findings.to_vec(), vec![]);
    }
    let mut of_policy: HashMap<&str, usize> = HashMap::new();
    let rank = |finding: &Finding| CAUSES_FIRST.iter().position(|theme| finding.policy.starts_with(theme));
    let mut turns: Vec<(usize, usize, usize)> = findings
        .iter()
        .enumerate()
        .map(|(at, finding)| {
            let turn = of_policy.entry(&finding.policy).or_default();
            *turn += 1;
            (*turn, rank(finding).unwrap_or(CAUSES_FIRST.len()), at)
        })
        .collect();
    turns.sort_unstable();
    let chosen: HashSet<usize> = turns[..SHOWN].iter().map(|(_, _, at)| *at).collect();
    let (shown, rest): (Vec<_>, Vec<_>) = findings.iter().enumerate().partition(|(at, _)| chosen.contains(at));
    let only = |findings: Vec<(usize, &&'f Finding)>| findings.into_iter().map(|(_, finding)| *finding).collect();
    (only(shown), only(rest))
}

fn rule(rule: &Rule) -> Value {
    let controls: Vec<String> = rule
        .controls
        .iter()
        .flat_map(|(framework, ids)| ids.iter().map(move |id| format!("{framework}: {id}")))
        .collect();
    let mut tags = vec!["security".to_owned(), "aws".to_owned(), "cloudtrail".to_owned()];
    tags.extend(controls.iter().take(7).cloned());
    json!({
        "id": rule.id,
        "name": in_one_word(&rule.id),
        "shortDescription": message(&rule.title),
        "fullDescription": message(or_title(&rule.description, &rule.title)),
        "help": {
            "text": literal(or_title(&rule.remediation, &rule.title)),
            "markdown": format!("{}\n\n**How to fix.** {}", literal(&rule.description), literal(&rule.remediation)),
        },
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"tags": tags, "security-severity": security_severity(rule.severity)},
    })
}

fn message(text: &str) -> Value {
    json!({"text": literal(text)})
}

/// A text in which nothing is a link or a placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6).
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for (number, piece) in text.replace("](", "]\\(").split('{').enumerate() {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        match piece[digits..].strip_prefix('}').filter(|_| number > 0 && digits > 0) {
            Some(rest) => literal.extend(["{{", &piece[..digits], "}}", rest]),
            None => literal.extend([if number > 0 { "{" } else { "" }, piece]),
        }
    }
    literal
}

fn or_title<'a>(text: &'a str, title: &'a str) -> &'a str {
    if text.is_empty() { title } else { text }
}

fn result(finding: &Finding, report: &Report, places: &HashMap<&str, usize>) -> SarifResult {
    let waiver = finding.waiver.as_ref().filter(|_| finding.outcome == Outcome::Waived);
    SarifResult {
        rule_id: finding.policy.clone(),
        rule_index: places.get(&*finding.policy).copied().unwrap_or(0),
        level: match finding.outcome {
            Outcome::Fail | Outcome::Waived => level(finding.severity),
            _ => "warning",
        },
        // "open" and "review" are shown by few consumers; a result that they leave out would look like a pass.
        kind: "fail",
        message: message(&format!("{}: {}: {}", named(finding, report), finding.outcome.as_str(), finding.message)),
        locations: [json!({
            "physicalLocation": {
                "artifactLocation": {"uri": uri(Path::new(&finding.location.file))},
                "region": {"startLine": finding.location.line},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.subject, "kind": "resource"}],
        })],
        partial_fingerprints: fingerprints(&finding.fingerprint),
        baseline_state: finding.standing.map(|standing| match standing {
            Standing::New => "new",
            Standing::Known => "unchanged",
        }),
        suppressions: waiver
            .map(|waiver| {
                let text = format!("{} (until {}, {})", waiver.reason, waiver.expires, waiver.owner);
                json!({"kind": "external", "status": "accepted", "justification": literal(&text)})
            })
            .into_iter()
            .collect(),
        properties: json!({
            "outcome": finding.outcome.as_str(),
            "severity": finding.severity.as_str(),
            "subject": finding.subject,
            "account": finding.resource.account,
        }),
    }
}

/// GitHub reads no other fingerprint than the first, and makes it of the line where it is missing: two trails, which no line
/// declares, would be one alert.
fn fingerprints(fingerprint: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("primaryLocationLineHash", format!("{fingerprint}:1")), ("trailcheck/v1", fingerprint.to_owned())])
}

/// Says what is not shown, under the rule of the first result that is not.
fn overflow(first: &Finding, report: &Report, left_out: usize, places: &HashMap<&str, usize>) -> SarifResult {
    let mut result = result(first, report, places);
    result.message =
        json!({"text": format!("{left_out} more results are left out here; the JSON report has them all")});
    result.partial_fingerprints = fingerprints("overflow");
    result
}

/// What could not be told or broke is a notification too, so that a viewer sees the run was not whole.
fn invocation(report: &super::Report, findings: &[&Finding]) -> Value {
    let notifications: Vec<Value> = findings
        .iter()
        .filter(|finding| matches!(finding.outcome, Outcome::Unknown | Outcome::Error))
        .take(SHOWN)
        .map(|finding| {
            json!({
                "descriptor": {"id": finding.policy},
                "level": if finding.outcome == Outcome::Error { "error" } else { "warning" },
                "message": message(&format!("{}: {}", finding.subject, finding.message)),
            })
        })
        .collect();
    json!({
        "commandLine": report.run.command.join(" "),
        "executionSuccessful": notifications.is_empty(),
        "toolExecutionNotifications": notifications,
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// GitHub's bands: over 9.0 critical, over 7.0 high, over 4.0 medium.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

/// The file from the repository's root, with what a URI cannot hold as `%20`.
fn uri(file: &Path) -> String {
    let path = repository::path(file);
    let parts: Vec<String> = path.components().map(|part| encoded(&part.as_os_str().to_string_lossy())).collect();
    parts.join("/")
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// `coverage/copy_recorded` as `CoverageCopyRecorded`: beside a stable id SARIF wants a name that a person reads (SARIF1001).
fn in_one_word(id: &str) -> String {
    let words = id.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    words.map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_link_or_a_placeholder() {
        assert_eq!(literal("a {0} {1}{22} {x} {} {3"), "a {{0}} {{1}}{{22}} {x} {} {3");
        assert_eq!(literal("![x](http://y) [z]"), "![x]\\(http://y) [z]");
    }

    #[test]
    fn what_a_uri_cannot_hold_is_encoded() {
        assert_eq!(encoded("ä b%"), "%C3%A4%20b%25");
    }
}
