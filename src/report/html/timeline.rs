//! COPYs, UNLOADs and accesses that nobody approved, on one axis of time and in a table.

use maud::{Markup, html};
use serde_json::Value;

use super::super::RecordsRead;
use super::super::words::Prepared;
use super::{heading, shown};
use crate::aws::timestamp::Timestamp;
use crate::counted::counted;

/// So many rows of the drawing; the table has as many again.
const ROWS: usize = 40;
const WIDTH: i64 = 720;
const ROW: usize = 18;

/// Something that lasted.
struct Span {
    kind: &'static str,
    place: String,
    principal: String,
    start: Timestamp,
    end: Timestamp,
    what: String,
}

pub(super) fn section(prepared: &Prepared) -> Markup {
    let spans = spans(prepared);
    html! {
        section {
            (heading("timeline"))
            @if spans.is_empty() { p { (nothing(prepared)) } }
            @else {
                (drawing(&spans[..spans.len().min(ROWS)]))
                section.wide aria-labelledby="timeline" tabindex="0" {
                    table {
                        thead { tr { @for name in ["what", "place", "by", "from", "to", "size"] { th scope="col" { (name) } } } }
                        tbody {
                            @for span in spans.iter().take(2 * ROWS) {
                                tr {
                                    td { (span.kind) }
                                    td { code { (shown(&span.place)) } }
                                    td { code { (shown(&span.principal)) } }
                                    td { (span.start) }
                                    td { (span.end) }
                                    td { (shown(&span.what)) }
                                }
                            }
                        }
                    }
                }
                @if spans.len() > 2 * ROWS { p { (spans.len() - 2 * ROWS) " more are in the JSON report." } }
            }
        }
    }
}

/// That nothing is shown is no answer where nothing was read.
fn nothing(prepared: &Prepared) -> &'static str {
    let records = prepared.report.run.records.as_ref();
    let objects =
        |records: &RecordsRead| records.read.iter().map(|reading| reading.read_objects).fold(0, u64::saturating_add);
    match records.map(objects) {
        None | Some(0) => "No log records were read, so nothing is said of what happened.",
        Some(_) => "The records that were read show no COPY, no UNLOAD, and no access that nobody approved.",
    }
}

/// More statements are drawn by place and role.
const MOST_STATEMENTS: usize = 200;

/// What was not approved first.
fn spans(prepared: &Prepared) -> Vec<Span> {
    let failed = prepared.report.findings.iter().filter(|finding| !finding.outcome.holds());
    let accesses = failed.flat_map(|finding| {
        ["unapproved", "seen"].into_iter().filter_map(|name| finding.evidence.get(name)?.as_array()).flatten()
    });
    let mut unapproved: Vec<Span> = accesses.filter_map(of_access).collect();
    unapproved.sort_by(|a, b| (a.start, &a.principal, &a.place).cmp(&(b.start, &b.principal, &b.place)));
    unapproved.dedup_by(|a, b| {
        (a.start, a.end, &a.principal, &a.place, &a.what) == (b.start, b.end, &b.principal, &b.place, &b.what)
    });
    let sessions = prepared
        .statements(prepared.report.run.statements.len() <= MOST_STATEMENTS)
        .into_iter()
        .chain(prepared.sessions(true))
        .map(|told| Span {
            kind: told.statement,
            place: told.place,
            principal: told.principal.to_owned(),
            start: told.start,
            end: told.end,
            what: told.what,
        });
    unapproved.into_iter().chain(sessions).collect()
}

fn of_access(access: &Value) -> Option<Span> {
    let text = |name: &str| access.get(name)?.as_str();
    let place =
        text("location").map_or_else(|| Some(format!("s3://{}/", text("bucket")?)), |place| Some(place.to_owned()))?;
    Some(Span {
        kind: "not approved",
        place,
        principal: text("principal")?.to_owned(),
        start: Timestamp::parse(text("first_seen")?)?,
        end: Timestamp::parse(text("last_seen")?)?,
        what: format!("{}, {}", text("event_name")?, counted(access.get("count")?.as_u64()?, "event")),
    })
}

/// Presentation attributes only: the page's policy lets nothing else style it.
fn drawing(spans: &[Span]) -> Markup {
    let (first, last) = (spans.iter().map(|span| span.start).min(), spans.iter().map(|span| span.end).max());
    let (Some(first), Some(last)) = (first, last) else { return html! {} };
    let whole = (last.0 - first.0).whole_seconds().max(1);
    let at = |time: Timestamp| (time.0 - first.0).whole_seconds() * WIDTH / whole;
    let height = spans.len() * ROW + 20;
    html! {
        svg role="img" aria-label=(format!("{} from {first} to {last}; the table below has them", counted(spans.len() as u64, "event")))
            viewBox=(format!("0 0 {WIDTH} {height}")) width=(WIDTH) height=(height) {
            @for (row, span) in spans.iter().enumerate() {
                @let fill = match span.kind { "COPY" => "#1f6feb", "UNLOAD" => "#8250df", _ => "#cf222e" };
                @let left = at(span.start);
                rect x=(left.min(WIDTH - 3)) y=(row * ROW + 3) width=((at(span.end) - left).max(3)) height="12" fill=(fill) {
                    title { (span.kind) " " (shown(&span.place)) " by " (shown(&span.principal)) }
                }
            }
            text x="0" y=(height - 4) font-size="11" fill="currentColor" { (first) }
            text x=(WIDTH) y=(height - 4) font-size="11" fill="currentColor" text-anchor="end" { (last) }
        }
        p.legend {
            span.copy { "COPY" } " " span.unload { "UNLOAD" } " " span.unapproved { "not approved" }
        }
    }
}
