//! JUnit XML: one suite a policy, one test case for each of its subjects, passes included.
//!
//! `unknown` is an `<error>`: consumers show `<skipped>` as success. The crate junit-report writes what it is given, so
//! every string is made XML-safe before.

use std::collections::BTreeMap;

use junit_report::{Duration, ReportBuilder, TestCase, TestCaseBuilder, TestSuiteBuilder};

use super::Report;
use super::words::{Prepared, Told};
use crate::finding::Outcome;
use crate::finding::baseline::Standing;
use crate::output::harmless;

pub(super) fn render(report: &Report) -> Vec<u8> {
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    let prepared = Prepared::of(report);
    for told in &prepared.findings {
        suites.entry(&told.finding.policy).or_default().push(test_case(told));
    }
    let mut builder = ReportBuilder::new();
    for (policy, cases) in suites {
        let mut suite = TestSuiteBuilder::new(&xml_safe(policy));
        // The snapshot's time, not today's: the same snapshot gives the same bytes.
        suite.set_timestamp(report.run.collected_at.0.into());
        suite.add_testcases(cases);
        builder.add_testsuite(suite.build());
    }
    let mut xml = Vec::new();
    builder.build().write_xml(&mut xml).expect("writing to memory does not fail");
    xml.push(b'\n');
    xml
}

fn test_case(told: &Told) -> TestCase {
    let finding = told.finding;
    // A policy and a subject: unique in the whole file, because GitLab counts only the first of a name.
    let name = xml_safe(&format!("{} {}", finding.policy, finding.subject));
    let message = xml_safe(&finding.message);
    let severity = finding.severity.as_str();
    let mut case = match finding.outcome {
        // The baseline has it, so it does not fail the run; nor does it hold.
        Outcome::Fail | Outcome::Unknown if finding.standing == Some(Standing::Known) => {
            TestCaseBuilder::skipped_with_cause(&name, "known", &message)
        }
        Outcome::Pass | Outcome::Waived => TestCaseBuilder::success(&name, Duration::ZERO),
        Outcome::Fail => TestCaseBuilder::failure(&name, Duration::ZERO, severity, &message),
        Outcome::Unknown => TestCaseBuilder::error(&name, Duration::ZERO, "unknown", &message),
        Outcome::Error => TestCaseBuilder::error(&name, Duration::ZERO, "error", &message),
        Outcome::NotApplicable => TestCaseBuilder::skipped_with_cause(&name, "not_applicable", &message),
    };
    case.set_classname(&xml_safe(&finding.policy));
    case.set_filepath(&xml_safe(&finding.location.file));
    match finding.outcome {
        Outcome::Fail if finding.standing != Some(Standing::Known) => {
            case.set_trace(&xml_safe(&finding.remediation));
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
