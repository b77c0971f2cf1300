//! JUnit XML: one suite a policy, one test case for each of its subjects, passes included.
//!
//! `unknown` is an `<error>`: consumers show `<skipped>` as success. The crate junit-report writes what it is given, so
//! every string is made XML-safe before; and it has no `<properties>`, which are put in here.

use std::collections::BTreeMap;

use junit_report::{Duration, ReportBuilder, TestCase, TestCaseBuilder, TestSuiteBuilder};

use super::Report;
use super::words::{Prepared, Told, named};
use crate::finding::Outcome;
use crate::finding::baseline::Standing;
use crate::output::harmless;
use crate::severity::Severity;

/// GitLab stops at 30 MB a file and at 250,000 elements and attributes (gitlab-org/gitlab#507482), of which a case has up to
/// eleven; what is not shown is counted.
const CASES: usize = 20_000;
/// The longest text of one case, in characters.
const TEXT: usize = 1_000;

pub(super) fn render(report: &Report) -> Vec<u8> {
    let prepared = Prepared::of(report);
    // The worst come first, so it is passes that are left out first.
    let (shown, left_out) = prepared.findings.split_at(prepared.findings.len().min(CASES));
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for told in shown {
        suites.entry(&told.finding.policy).or_default().push(test_case(told, &named(told.finding, report)));
    }
    if !left_out.is_empty() {
        suites.entry("trailcheck").or_default().push(rest(left_out));
    }
    let properties = properties(&prepared);
    let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?><testsuites>".to_owned();
    for (number, (policy, cases)) in suites.into_iter().enumerate() {
        xml.push_str(&suite(report, number, policy, cases, &properties));
    }
    xml.push_str("</testsuites>\n");
    xml.into_bytes()
}

/// One suite as junit-report writes it, with its number and the properties.
fn suite(report: &Report, number: usize, policy: &str, cases: Vec<TestCase>, properties: &str) -> String {
    let mut suite = TestSuiteBuilder::new(&xml_safe(policy));
    // The snapshot's time, not today's: the same snapshot gives the same bytes.
    suite.set_timestamp(report.run.collected_at.0.into());
    suite.add_testcases(cases);
    let mut builder = ReportBuilder::new();
    builder.add_testsuite(suite.build());
    let mut xml = Vec::new();
    builder.build().write_xml(&mut xml).expect("writing to memory does not fail");
    let xml = String::from_utf8(xml).expect("junit-report writes UTF-8");
    // The first tag of its kind is the suite's own: texts of cases come later.
    let inner = xml.split_once("<testsuite id=\"0\"").and_then(|(_, rest)| rest.rsplit_once("</testsuites>"));
    let (head, rest) = inner.and_then(|(inner, _)| inner.split_once('>')).expect("junit-report writes a suite");
    format!("<testsuite id=\"{number}\"{head}>{properties}{rest}")
}

/// What a reader asks first, for those who open the file a year later.
fn properties(prepared: &Prepared) -> String {
    let run = &prepared.report.run;
    let inputs = run.inputs.iter().filter_map(|input| Some((input.path.as_ref()?, &input.sha256)));
    let hashes = inputs.filter(|(path, _)| **path == run.config).map(|(_, sha256)| ("config-sha256", sha256.clone()));
    let known = [
        ("trailcheck", run.trailcheck.clone()),
        ("accounts", prepared.accounts.clone()),
        ("regions", prepared.regions.clone()),
        ("caller", run.caller.clone()),
        ("collected-at", run.collected_at.to_string()),
        ("config", run.config.clone()),
        ("records", prepared.records.clone().unwrap_or_else(|| "none were read".to_owned())),
        ("summary", prepared.summary.clone()),
    ];
    let property = |(name, value): (&str, String)| {
        let value = xml_safe(&value).replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        format!("<property name=\"{name}\" value=\"{value}\"/>")
    };
    let properties: String = known.into_iter().chain(hashes).map(property).collect();
    format!("<properties>{properties}</properties>")
}

/// What there is no room for: no success, where not all of it is one.
fn rest(left_out: &[Told]) -> TestCase {
    let text = format!("{} more findings are in the JSON report", left_out.len());
    let case = if left_out.iter().all(|told| told.finding.outcome.holds()) {
        TestCaseBuilder::skipped_with_cause("left out", "left_out", &text)
    } else {
        TestCaseBuilder::error("left out", Duration::ZERO, "left_out", &text)
    };
    let mut case = case;
    case.set_classname("trailcheck");
    case.build()
}

fn test_case(told: &Told, subject: &str) -> TestCase {
    let finding = told.finding;
    // A policy and a subject: unique in the whole file, because GitLab counts only the first of a name.
    let name = xml_safe(&format!("{} {subject}", finding.policy));
    let message = shortened(&finding.message);
    let severity = finding.severity.as_str();
    let mut case = match finding.outcome {
        // The baseline has it, so it does not fail the run; nor does it hold.
        Outcome::Fail | Outcome::Unknown if finding.standing == Some(Standing::Known) => {
            TestCaseBuilder::skipped_with_cause(&name, "known", &message)
        }
        Outcome::Pass | Outcome::Waived => TestCaseBuilder::success(&name, Duration::ZERO),
        // A remark fails no build.
        Outcome::Fail if finding.severity == Severity::Info => TestCaseBuilder::success(&name, Duration::ZERO),
        Outcome::Fail => TestCaseBuilder::failure(&name, Duration::ZERO, severity, &message),
        Outcome::Unknown => TestCaseBuilder::error(&name, Duration::ZERO, "unknown", &message),
        Outcome::Error => TestCaseBuilder::error(&name, Duration::ZERO, "error", &message),
        Outcome::NotApplicable => TestCaseBuilder::skipped_with_cause(&name, "not_applicable", &message),
    };
    case.set_classname(&xml_safe(&finding.policy));
    case.set_filepath(&xml_safe(&finding.location.file));
    match finding.outcome {
        Outcome::Fail if finding.severity == Severity::Info => {
            case.set_system_out(&xml_safe(&format!("remark: {}", finding.message)));
        }
        Outcome::Fail if finding.standing != Some(Standing::Known) => {
            let fix = told.fix.as_ref().map(|fix| format!("fix: {fix}\n\n")).unwrap_or_default();
            case.set_trace(&format!("{}{}", xml_safe_lines(&fix), shortened(&finding.remediation)));
        }
        Outcome::Pass => {
            case.set_system_out(&message);
        }
        Outcome::Waived => {
            let waiver = told.waiver.as_deref().unwrap_or_default();
            case.set_system_out(&xml_safe(&format!("{waiver}; {}", finding.message)));
        }
        Outcome::Fail | Outcome::Unknown | Outcome::Error | Outcome::NotApplicable => {}
    }
    case.build()
}

fn xml_safe_lines(text: &str) -> String {
    text.lines().map(|line| xml_safe(line) + "\n").collect()
}

/// XML-safe, and of a length that a file of many has room for.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((at, _)) => format!("{}… (the JSON report has all of it)", xml_safe(&text[..at])),
        None => xml_safe(text),
    }
}

/// XML 1.0 cannot hold most control characters, not even escaped; and `]]>` would end the CDATA that junit-report writes.
fn xml_safe(text: &str) -> String {
    harmless::text(text).replace("]]>", "]] >")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::xml_safe;

    proptest! {
        /// XML 1.0, production 2, `Char`; and nothing ends the CDATA.
        #[test]
        fn any_text_becomes_what_xml_can_hold(text in any::<String>(), at in any::<prop::sample::Index>()) {
            let mut text = text;
            let place = at.index(text.chars().count() + 1);
            let place = text.char_indices().nth(place).map_or(text.len(), |(place, _)| place);
            text.insert_str(place, "]]>\u{0}\u{fffe}");
            let safe = xml_safe(&text);
            prop_assert!(!safe.contains("]]>"));
            let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            prop_assert!(safe.chars().all(is_char), "{safe:?}");
        }
    }
}
