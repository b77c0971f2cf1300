//! One self-contained page for people who were not there: the verdict and its scope first, then where what is recorded, when
//! what happened, the findings with their proofs, what was not seen, and how to perform it again.
//!
//! Nothing is loaded: style and script stand in the page, allowed by their hashes and nothing else (CSP Level 3, "Hash
//! source"), so that text from AWS can neither style nor run anything. Without the script everything is there; it only filters.

mod appendix;
mod finding;
mod map;
mod timeline;

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::Report;
use super::words::Prepared;
use crate::counted::counted;
use crate::output::harmless;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/filter.js");

pub(super) fn render(report: &Report) -> Vec<u8> {
    page(&Prepared::of(report)).into_string().into_bytes()
}

fn page(prepared: &Prepared) -> Markup {
    let run = &prepared.report.run;
    let title = format!("{}, {}, {}", prepared.summary, prepared.accounts, run.collected_at);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="referrer" content="no-referrer";
                title { "trailcheck: " (shown(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#findings" { "To the findings" }
                header { (verdict(prepared)) }
                nav aria-label="Sections" {
                    ul { @for (id, heading) in SECTIONS { li { a href=(format!("#{id}")) { (heading) } } } }
                }
                main {
                    (map::section(prepared))
                    (timeline::section(prepared))
                    (finding::section(prepared))
                    (appendix::sections(prepared))
                }
                footer { p { "trailcheck " (shown(&run.trailcheck)) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// What stands on the page, in its order.
const SECTIONS: [(&str, &str); 9] = [
    ("map", "Where what is recorded"),
    ("timeline", "What happened when"),
    ("findings", "Findings"),
    ("records", "Log records"),
    ("unseen", "What was not seen"),
    ("accepted", "What is accepted"),
    ("controls", "Controls"),
    ("inventory", "What was looked at"),
    ("again", "To perform it again"),
];

fn heading(id: &str) -> Markup {
    let heading = SECTIONS.iter().find(|(known, _)| *known == id).map_or("", |(_, heading)| heading);
    html! { h2 id=(id) { (heading) } }
}

fn verdict(prepared: &Prepared) -> Markup {
    let (report, run) = (prepared.report, &prepared.report.run);
    let summary = &report.summary;
    html! {
        p.name { "trailcheck" }
        h1 {
            @if summary.fail > 0 { (counted(summary.fail as u64, "failure")) }
            @else if summary.error > 0 { "A policy broke, so that not everything was judged" }
            @else if summary.unknown > 0 { "Nothing failed, and " (counted(summary.unknown as u64, "answer")) " could not be told" }
            @else if summary.waived > 0 { "Nothing fails but what is accepted: " (summary.waived) " waived" }
            @else if summary.remark > 0 { "Nothing failed, with " (counted(summary.remark as u64, "remark")) }
            @else if summary.pass == 0 { "Nothing was judged: there is nothing that the policies apply to" }
            @else { "Everything that was asked holds" }
        }
        ul.counts {
            @for (count, word) in summary.counts() {
                @if count > 0 { li class=(word.replace(' ', "-")) { b { (count) } " " (word) } }
            }
        }
        p { (shown(&prepared.accounts)) ", " (shown(&prepared.regions)) ", as of " (run.collected_at) "." }
        p {
            "Asked by " code { (shown(&run.caller)) } ". "
            @match &prepared.records {
                Some(records) => { (shown(records)) "." },
                None => "No log records were read: of who touched what, nothing is said.",
            }
        }
        @if let Some(baseline) = &prepared.baseline { p { "Baseline, " (shown(baseline)) "." } }
    }
}

/// What the page may load and run: itself.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Text within the page: what is hidden in it is shown, and the macro that writes it escapes it.
fn shown(text: &str) -> String {
    harmless::text(text)
}
