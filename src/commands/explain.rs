//! `explain`: a policy's own text, what outcomes and exit codes mean, and the SQL that Redshift is sent.

use std::fmt::Write;

use super::{CommandError, told};
use crate::cli::Explain;
use crate::exit::Exit;
use crate::finding::Outcome;
use crate::output::{self, harmless};
use crate::policy::{self, Policy};
use crate::redshift::queries;
use crate::snapshot::LearnSource;

pub(super) fn run(args: &Explain) -> Result<Exit, CommandError> {
    let bundles = policy::with_user_policies(&args.policies.policies, policy::TIME_LIMIT)?;
    let policies: Vec<&Policy> = bundles.iter().flat_map(|bundle| &bundle.policies).collect();
    let name = &*args.name;
    let of_policy = || policies.iter().find(|policy| policy.id == name).map(|policy| explain(policy));
    let of_source = || (name == LearnSource::SystemTables.as_str()).then(system_tables);
    let meaning = of_policy()
        .or_else(of_source)
        .or_else(|| outcome(name).map(str::to_owned))
        .or_else(|| code(name).map(str::to_owned));
    match meaning {
        Some(text) => told(output::print_text(&text)),
        None => Err(CommandError::Usage(unknown(name, &policies))),
    }
}

/// The SQL that Redshift is sent.
pub(super) fn system_tables() -> String {
    let mut text = wrap(
        "system_tables: with redshift.learn = [\"system_tables\"] these SELECTs, and no other SQL, are sent to every cluster and \
         namespace through the Redshift Data API. `:since` is a week ago, of files the beginning of records.window. docs/redshift.md says \
         which database user may send them.",
    );
    text.push('\n');
    for query in queries::all() {
        let sql = query.sql.replace(" FROM ", "\nFROM ").replace(" WHERE ", "\nWHERE ").replace(" UNION ", "\nUNION ");
        // Writing to a String cannot fail.
        let _ = write!(text, "\n-- {}\n{sql};\n", query.purpose);
    }
    text
}

fn explain(policy: &Policy) -> String {
    let metadata = &policy.metadata;
    let mut text =
        format!("{}: {}\nseverity: {}\n", policy.id, harmless::text(&metadata.title), metadata.severity.as_str());
    for (framework, controls) in metadata.controls.iter() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}: {}", harmless::text(framework), harmless::text(&controls.join(", ")));
    }
    let (why, fix) = (wrap(&metadata.description), wrap(&metadata.remediation));
    for (heading, body) in [("Why", &*why), ("How to fix", &fix), ("The policy", code_of(policy))] {
        if !body.is_empty() {
            let body = body.replace('\t', "    ");
            let _ = writeln!(text, "\n{heading}\n\n{}", harmless::lines(body.trim_end()).trim_end());
        }
    }
    text
}

/// The source behind its header, which is told already.
fn code_of(policy: &Policy) -> &str {
    let at = policy.text.find("\npackage ").map_or(0, |at| at + 1);
    &policy.text[at..]
}

fn outcome(name: &str) -> Option<&'static str> {
    let name = if name == "n/a" { "not_applicable" } else { name };
    let outcome = Outcome::ALL.into_iter().find(|outcome| name.eq_ignore_ascii_case(outcome.as_str()))?;
    Some(match outcome {
        Outcome::Fail => {
            "\
fail: what the policy asks is shown not to hold.

The message says why, `evidence` in the JSON report has the proof: for coverage, one event that would be lost and what keeps it
out of each trail. `trailcheck fix` prints the calls that close all gaps. Exit code 1, from --fail-on on.
"
        }
        Outcome::Error => {
            "\
error: the policy itself broke, so that it judged nothing.

The message has its file, line and what went wrong. The other policies ran. Exit code 4.
"
        }
        Outcome::Unknown => {
            "\
unknown: it could not be told whether the policy holds.

Something was not seen: a call was denied, a region was not scanned, log records were not all read. The message names what is
missing; `trailcheck doctor` shows which permissions answer, `trailcheck permissions` prints those that are needed. An unknown
is never a pass: it exits with 3, unless `[policies]`, --unknown warn or a waiver with outcome = \"unknown\" accepts it.
"
        }
        Outcome::Waived => {
            "\
waived: it fails or is unknown, and a [[waiver]] in the config accepts that until its last day.

`trailcheck waive POLICY SUBJECT --until DAY --owner NAME --reason TEXT` writes one. Exit code 0.
"
        }
        Outcome::Pass => {
            "\
pass: what the policy asks is shown to hold.

`evidence` in the JSON report says by what: for coverage, the trail and the selector. Exit code 0.
"
        }
        Outcome::NotApplicable => {
            "\
not_applicable: there is nothing that the policy could judge, and nothing was left unseen that might be.

The message says what there is none of. Exit code 0.
"
        }
    })
}

fn code(name: &str) -> Option<&'static str> {
    Some(match name {
        "0" => "exit code 0: nothing failed, and everything could be told.\n",
        "1" => "exit code 1: something failed, at or above --fail-on, that no waiver and no baseline covers.\n",
        "2" => {
            "exit code 2: nothing was judged: usage, config, credentials, or a policy or file that could not be loaded.\n\
             The message says what, where, and what to do next.\n"
        }
        "3" => {
            "exit code 3: nothing failed, and something could not be told. Each unknown names what is missing;\n\
             `trailcheck explain unknown` says what to do.\n"
        }
        "4" => "exit code 4: a policy broke, or a report could not be written. What else was found is reported.\n",
        "130" => {
            "exit code 130: a signal (SIGINT, SIGTERM) ended the scan, and nothing was judged. `trailcheck collect` writes what was\n\
             seen by then; nothing passes on it.\n"
        }
        _ => return None,
    })
}

/// Lines of at most 100 characters, broken between words.
fn wrap(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= 100 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn unknown(name: &str, policies: &[&Policy]) -> String {
    let mut ids: Vec<String> = policies.iter().map(|policy| policy.id.clone()).collect();
    ids.extend(Outcome::ALL.map(|outcome| outcome.as_str().to_owned()));
    ids.push(LearnSource::SystemTables.as_str().to_owned());
    let of_theme: Vec<&str> = ids.iter().filter(|id| id.split('/').next() == Some(name)).map(String::as_str).collect();
    let hint = match of_theme.is_empty() {
        true => policy::hint(name, &ids),
        false => format!("; those of {name} are {}.", of_theme.join(", ")),
    };
    format!("there is no policy, outcome or exit code `{name}`{hint} `trailcheck policies` lists them")
}
