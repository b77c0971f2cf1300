//! For spreadsheets: a row a finding, passes included.

use super::Report;
use super::words::Prepared;
use crate::finding::baseline::Standing;
use crate::output::harmless::cell;

const COLUMNS: [&str; 14] = [
    "outcome",
    "severity",
    "policy",
    "title",
    "subject",
    "account",
    "region",
    "message",
    "fix",
    "waiver",
    "standing",
    "file",
    "line",
    "fingerprint",
];

pub(super) fn render(report: &Report) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let prepared = Prepared::of(report);
    let mut write = |row: [&str; COLUMNS.len()]| {
        writer.write_record(row.map(cell)).expect("writing to memory does not fail");
    };
    write(COLUMNS);
    for told in &prepared.findings {
        let finding = told.finding;
        // What no line declares has none.
        let (file, line) = match told.declared_at {
            Some(_) => (finding.location.file.as_str(), finding.location.line.to_string()),
            None => ("", String::new()),
        };
        write([
            finding.outcome.as_str(),
            finding.severity.as_str(),
            &finding.policy,
            &finding.title,
            &finding.subject,
            &finding.resource.account,
            finding.resource.region.as_deref().unwrap_or_default(),
            &finding.message,
            told.fix.as_deref().unwrap_or_default(),
            told.waiver.as_deref().unwrap_or_default(),
            finding.standing.map_or("", Standing::as_str),
            file,
            &line,
            &finding.fingerprint,
        ]);
    }
    writer.into_inner().expect("writing to memory does not fail")
}
