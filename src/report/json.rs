//! Everything, as one JSON document; its schema is `trailcheck schema report`.

use serde::Serialize;

use super::Report;
use crate::finding::Finding;
use crate::output::harmless;
use crate::parallel;

/// So many findings are worth a thread.
const MANY: usize = 500;

/// Part of a report: written alone, its findings stand as they do in the whole.
#[derive(Serialize)]
struct Part<'a> {
    findings: &'a [Finding],
}

pub(super) fn render(report: &Report) -> Vec<u8> {
    // A report's findings come last: `"findings": []` and the closing brace.
    let mut json = pretty(&report.without_findings());
    let end = json.split_off(json.len() - "]\n}".len());
    let parts: Vec<&[Finding]> = report.findings.chunks(MANY).collect();
    let parts = parallel::each(&parts, || (), |(), findings| pretty(&Part { findings }));
    for (number, part) in parts.iter().enumerate() {
        json.extend_from_slice(if number == 0 { b"\n" } else { b",\n" });
        json.extend_from_slice(&part["{\n  \"findings\": [\n".len()..part.len() - "\n  ]\n}".len()]);
    }
    if !parts.is_empty() {
        json.extend_from_slice(b"\n  ");
    }
    json.extend_from_slice(&end);
    json.push(b'\n');
    json
}

fn pretty(document: &impl Serialize) -> Vec<u8> {
    harmless::escaped(serde_json::to_vec_pretty(document).expect("a report has string keys and finite numbers"))
}
