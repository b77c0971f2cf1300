//! SARIF 2.1.0, the small part that code scanning uses.
//!
//! Source: OASIS SARIF 2.1.0; GitHub, "SARIF support for code scanning" (a result needs a physical location; rules may
//! have 10 tags; 5,000 results are shown). Passes are left out: GitHub would show each as an alert.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Report, Rule};
use crate::finding::{Finding, Outcome};
use crate::output::harmless;
use crate::severity::Severity;

/// GitHub ignores further results silently; they come worst first, and one more says how many there are.
const SHOWN: usize = 4_999;

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
    automation_details: Value,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Value>,
    properties: Value,
}

pub(super) fn render(report: &Report) -> Vec<u8> {
    let places = report.rule_places();
    let told = |finding: &&Finding| !matches!(finding.outcome, Outcome::Pass | Outcome::NotApplicable);
    let findings: Vec<&Finding> = report.findings.iter().filter(told).collect();
    let mut results: Vec<SarifResult> = findings.iter().take(SHOWN).map(|finding| result(finding, &places)).collect();
    if findings.len() > SHOWN {
        results.push(overflow(findings[SHOWN], findings.len() - SHOWN, &places));
    }
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: json!({"driver": {
                "name": "trailcheck",
                "semanticVersion": report.run.trailcheck,
                "rules": report.rules.iter().map(rule).collect::<Vec<_>>(),
            }}),
            automation_details: json!({"id": format!("trailcheck/{}/", report.run.account)}),
            invocations: [invocation(&findings)],
            results,
        }],
    };
    harmless::json(&log)
}

fn rule(rule: &Rule) -> Value {
    let controls: Vec<String> = rule
        .controls
        .iter()
        .flat_map(|(framework, ids)| ids.iter().map(move |id| format!("{framework}: {id}")))
        .collect();
    let mut tags = vec!["aws".to_owned(), "cloudtrail".to_owned()];
    tags.extend(controls.iter().take(8).cloned());
    json!({
        "id": rule.id,
        "name": rule.id,
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

fn result(finding: &Finding, places: &HashMap<&str, usize>) -> SarifResult {
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
        message: message(&format!("{}: {}: {}", finding.subject, finding.outcome.as_str(), finding.message)),
        locations: [json!({
            "physicalLocation": {
                "artifactLocation": {"uri": uri(Path::new(&finding.location.file))},
                "region": {"startLine": finding.location.line},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.subject, "kind": "resource"}],
        })],
        partial_fingerprints: BTreeMap::from([("trailcheck/v1", finding.fingerprint.clone())]),
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
        }),
    }
}

/// Says what is not shown, under the rule of the first result that is not.
fn overflow(first: &Finding, left_out: usize, places: &HashMap<&str, usize>) -> SarifResult {
    let mut result = result(first, places);
    result.message =
        json!({"text": format!("{left_out} more results are left out here; the JSON report has them all")});
    result.partial_fingerprints = BTreeMap::from([("trailcheck/v1", "overflow".to_owned())]);
    result
}

/// What could not be told or broke is a notification too, so that a viewer sees the run was not whole.
fn invocation(findings: &[&Finding]) -> Value {
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
    json!({"executionSuccessful": notifications.is_empty(), "toolExecutionNotifications": notifications})
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// GitHub's bands: over 9.0 critical, over 7.0 high, over 4.0 medium.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    }
}

/// The file relative to the working directory, with what a URI cannot hold as `%20`.
fn uri(path: &Path) -> String {
    let absolute = std::path::absolute(path).ok();
    let here = std::env::current_dir().ok();
    let relative = absolute.zip(here).map(|(path, here)| relative_to(&here, &path));
    let path = relative.as_deref().unwrap_or(path);
    let parts: Vec<String> = path.components().map(|part| encoded(&part.as_os_str().to_string_lossy())).collect();
    parts.join("/")
}

/// `path` as seen from the folder `here`, both absolute: `../x` where it is not below.
fn relative_to(here: &Path, path: &Path) -> PathBuf {
    let common = here.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_link_or_a_placeholder() {
        assert_eq!(literal("a {0} {1}{22} {x} {} {3"), "a {{0}} {{1}}{{22}} {x} {} {3");
        assert_eq!(literal("![x](http://y) [z]"), "![x]\\(http://y) [z]");
    }

    #[test]
    fn files_are_named_from_the_working_directory() {
        let from = |here: &str, path: &str| relative_to(Path::new(here), Path::new(path)).display().to_string();
        assert_eq!(from("/repo", "/repo/config/trailcheck.toml"), "config/trailcheck.toml");
        assert_eq!(from("/repo/sub", "/repo/trailcheck.toml"), "../trailcheck.toml");
        assert_eq!(from("/a/b", "/c/d"), "../../c/d");
        assert_eq!(encoded("ä b%"), "%C3%A4%20b%25");
    }
}
