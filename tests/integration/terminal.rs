//! The text report: what a reader meets first, and that it stays short where much is alike.

use std::path::Path;

use serde_json::{Value, json};
use trailcheck::finding::fingerprint;
use trailcheck::report::{Format, Look, Report, Summary, render};

use crate::program::{Workplace, fixture};

/// The canonical report with other findings and sessions.
fn report(findings: &[Value], sessions: &[Value]) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/canonical.json");
    let mut report: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    report["findings"] = findings.into();
    report["run"]["sessions"] = sessions.into();
    report["run"]["statements"] = json!([]);
    let mut report: Report = serde_json::from_value(report).unwrap();
    report.summary = Summary::of(&report.findings);
    report
}

/// A finding of the canonical report with this outcome, for another subject.
fn like(outcome: &str, subject: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/canonical.json");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let found = report["findings"].as_array().unwrap().iter().find(|finding| finding["outcome"] == outcome);
    let mut finding = found.unwrap().clone();
    finding["subject"] = subject.into();
    finding["fingerprint"] = fingerprint("111111111111", finding["policy"].as_str().unwrap(), subject).into();
    finding
}

fn text(report: &Report, look: Look) -> String {
    String::from_utf8(render(Format::Text, report, look)).unwrap()
}

#[test]
fn a_call_that_is_denied_in_many_regions_is_told_once() {
    let regions = ["eu-west-1", "eu-west-2", "us-east-1", "us-west-2"];
    let unknown = regions.map(|region| {
        let mut finding = like("unknown", &format!("222222222222/{region}"));
        let text = finding.to_string().replace("eu-west-1", region);
        finding = serde_json::from_str(&text).unwrap();
        finding
    });
    let told = text(&report(&unknown, &[]), Look::default());
    assert!(told.contains("4 answers because"), "{told}");
    assert!(
        told.contains("cloudtrail:DescribeTrails in eu-west-1 eu-west-2 us-east-1 us-west-2: AccessDenied"),
        "{told}"
    );
    assert_eq!(told.matches("grant cloudtrail:DescribeTrails").count(), 1, "{told}");
    // One by one where that is asked for.
    let told = text(&report(&unknown, &[]), Look { verbose: true, width: None });
    assert_eq!(told.matches("grant cloudtrail:DescribeTrails").count(), 4, "{told}");
}

#[test]
fn what_holds_is_counted() {
    let passes: Vec<Value> = (0..120).map(|n| like("pass", &format!("s3://b/{n}/"))).collect();
    let told = text(&report(&passes, &[]), Look::default());
    assert!(told.lines().count() < 10 && told.contains("120 pass: -v shows them"), "{told}");
    let told = text(&report(&passes, &[]), Look { verbose: true, width: None });
    assert!(told.contains("s3://b/119/") && !told.contains("-v"), "{told}");
}

#[test]
fn statements_are_summed_up_by_place_and_role() {
    let copy = |hour: u32| {
        json!({
            "kind": "COPY", "principal": "arn:aws:iam::111111111111:role/R", "session_names": ["RedshiftIamRoleSession"], "location": "s3://b/",
            "bucket": "b", "region": "eu-west-1", "start": format!("2026-11-22T{hour:02}:00:00Z"),
            "end": format!("2026-11-22T{hour:02}:01:00Z"), "objects": 2, "parts": 0, "bytes": 10,
            "unfinished_uploads": 0, "aborted_uploads": 0, "complete": true,
        })
    };
    let copies: Vec<Value> = (0..3000).map(|n| copy(n % 24)).collect();
    let told = text(&report(&[], &copies), Look::default());
    let summed = "3000 times, 2026-11-22T00:00:00Z to 2026-11-22T23:01:00Z, 6000 objects, 30000 bytes";
    assert!(told.contains(summed), "{told}");
    assert_eq!(told.matches("COPY   from").count(), 1, "{told}");
    let told = text(&report(&[], &copies), Look { verbose: true, width: None });
    assert_eq!(told.matches("COPY   from").count(), 3000);
}

/// Whoever reads a location reads it like a COPY: whose session it was is told.
#[test]
fn what_redshift_did_not_do_is_no_copy() {
    let session = |kind: &str, names: Value| {
        json!({
            "kind": kind, "principal": "arn:aws:iam::111111111111:role/web", "session_names": names, "location": "s3://b/",
            "bucket": "b", "region": "eu-west-1", "start": "2026-11-22T05:00:00Z", "end": "2026-11-22T05:01:00Z", "objects": 2,
            "parts": 0, "bytes": 10, "unfinished_uploads": 0, "aborted_uploads": 0, "complete": true,
        })
    };
    let told = text(&report(&[], &[session("COPY", json!(["i-0317f6c6b66ae9c40"]))]), Look::default());
    assert!(told.contains("reads  from s3://b/") && told.contains(", as i-0317f6c6b66ae9c40"), "{told}");
    let told = text(&report(&[], &[session("UNLOAD", json!(["a", "b\u{1b}[2J", "c", "d"]))]), Look::default());
    assert!(told.contains("writes to s3://b/") && told.contains(", as a, b") && told.contains("c, …"), "{told}");
    assert!(!told.contains("\u{1b}[2J"), "{told}");
}

#[test]
fn lines_are_wrapped_to_the_terminal_and_to_nothing_else() {
    let failed = like("fail", "s3://b/");
    let look = Look { verbose: false, width: Some(60) };
    let told = text(&report(std::slice::from_ref(&failed), &[]), look);
    let message = failed["message"].as_str().unwrap();
    let (wrapped, whole) = (told.lines().filter(|line| line.starts_with("     ")), told.clone());
    // A word that is longer than the line stays whole.
    assert!(
        wrapped.clone().count() > 3 && wrapped.clone().all(|line| line.len() <= 60 || !line.trim().contains(' ')),
        "{whole}"
    );
    // In a pipe each message is a line.
    let workplace = Workplace::offline();
    let (config, snapshot) = (fixture("blind_spot/trailcheck.toml"), fixture("blind_spot/snapshot.json"));
    let ran = workplace.run(&["check", "--config", &config, "--snapshot", &snapshot]);
    assert!(ran.stdout.lines().any(|line| line.len() > 200), "{}", ran.stdout);
    assert!(text(&report(std::slice::from_ref(&failed), &[]), Look::default()).contains(message));
}
