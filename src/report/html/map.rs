//! Locations, regions and recorders: which of them records the reads and the writes of which location.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use serde_json::Value;

use super::super::words::Prepared;
use super::{heading, shown};
use crate::finding::{Finding, Outcome};

/// So many recorders have a column; more than that no page is wide enough for.
const COLUMNS: usize = 12;
/// So many locations have a row; what does not hold comes first.
const ROWS: usize = 200;

/// What is known of a location.
struct Row<'a> {
    finding: &'a Finding,
    reads: Mark,
    writes: Mark,
    /// By recorder, how much of it, or why nothing.
    recorders: BTreeMap<&'a str, (Mark, &'a str)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Yes,
    Partly,
    No,
    Unknown,
    NotAsked,
}

impl Mark {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Mark::Yes => ("yes", "recorded"),
            Mark::Partly => ("partly", "in part"),
            Mark::No => ("no", "not recorded"),
            Mark::Unknown => ("unknown", "unknown"),
            Mark::NotAsked => ("not-asked", "not asked"),
        }
    }
}

pub(super) fn section(prepared: &Prepared) -> Markup {
    let is_coverage = |finding: &&Finding| {
        ["coverage/unload_recorded", "coverage/copy_recorded"].contains(&&*finding.policy)
            && finding.outcome != Outcome::NotApplicable
    };
    let rows: Vec<Row> = prepared.report.findings.iter().filter(is_coverage).map(row).collect();
    let names: BTreeSet<&str> = rows.iter().flat_map(|row| row.recorders.keys().copied()).collect();
    let columns: Vec<&str> = names.iter().copied().take(COLUMNS).collect();
    html! {
        section {
            (heading("map"))
            @if rows.is_empty() { p { "No location of COPY or UNLOAD was judged." } }
            @else {
                section.wide aria-labelledby="map" tabindex="0" {
                    table {
                        thead { tr {
                            th scope="col" { "location" }
                            th scope="col" { "region" }
                            th scope="col" { "reads" }
                            th scope="col" { "writes" }
                            @for name in &columns { th scope="col" { (shown(name)) } }
                        } }
                        tbody { @for row in rows.iter().take(ROWS) { (table_row(row, &columns)) } }
                    }
                }
                @if names.len() > columns.len() { p { (names.len() - columns.len()) " more recorders are in the JSON report." } }
                @if rows.len() > ROWS { p { (rows.len() - ROWS) " more locations are among the findings." } }
            }
        }
    }
}

fn table_row(row: &Row, columns: &[&str]) -> Markup {
    let cell = |mark: Mark| {
        let (class, words) = mark.words();
        html! { td class=(class) { (words) } }
    };
    html! {
        tr {
            th scope="row" { code { (shown(&row.finding.subject)) } }
            td { (row.finding.resource.region.as_deref().map_or("unknown".to_owned(), shown)) }
            (cell(row.reads))
            (cell(row.writes))
            @for name in columns {
                @match row.recorders.get(name) {
                    Some((mark, why)) => { td class=(mark.words().0) { (mark.words().1) @if !why.is_empty() { ": " (shown(why)) } } },
                    None => td {},
                }
            }
        }
    }
}

fn row(finding: &Finding) -> Row<'_> {
    let evidence = &finding.evidence;
    let text = |value: &'_ Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let part = |name: &str| match (text(evidence, name).as_deref(), finding.outcome) {
        (Some("recorded"), _) => Some(Mark::Yes),
        (Some("gap"), _) => Some(Mark::No),
        (Some(_), _) => Some(Mark::Unknown),
        (None, _) => None,
    };
    let whole = match finding.outcome {
        Outcome::Pass => Mark::Yes,
        Outcome::Fail => Mark::No,
        // What is waived failed, or could not be told.
        Outcome::Waived if evidence.get("witness").is_some() => Mark::No,
        _ => Mark::Unknown,
    };
    let asked = text(evidence, "access");
    let of = |name: &str, access: &str| match asked.as_deref() {
        Some("all") => part(name).unwrap_or(whole),
        Some(asked) if asked == access => whole,
        Some(_) => Mark::NotAsked,
        // What was asked an unknown does not say.
        None => Mark::Unknown,
    };
    let (reads, writes) = (of("reads", "read"), of("writes", "write"));
    Row { finding, reads, writes, recorders: recorders(evidence) }
}

fn recorders(evidence: &Value) -> BTreeMap<&str, (Mark, &str)> {
    fn list<'e>(evidence: &'e Value, name: &str) -> &'e [Value] {
        evidence.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
    fn text<'e>(value: &'e Value, name: &str) -> &'e str {
        value.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    let by = list(evidence, "recorded_by").iter().map(|part| {
        let mark = if text(part, "records") == "all" { Mark::Yes } else { Mark::Partly };
        (text(part, "recorder"), (mark, text(part, "selector")))
    });
    let missed = list(evidence, "missed_by").iter();
    by.chain(missed.map(|missed| (text(missed, "recorder"), (Mark::No, text(missed, "because"))))).collect()
}
