//! Everything, as one JSON document; its schema is `trailcheck schema report`.

use super::Report;

pub fn render(report: &Report) -> Vec<u8> {
    let mut json = serde_json::to_vec_pretty(report).expect("a report has string keys and finite numbers");
    json.push(b'\n');
    json
}
