//! What serde says of a mistake in the config, told in the words of TOML, with what to write instead.
//!
//! The forms of serde's messages are pinned by tests.

use crate::nearest::nearest;

/// Tables of which there may be several, each with double brackets.
const MANY: [&str; 4] = ["redshift.unload", "redshift.copy", "access", "waiver"];

/// `line`: the line of the file that the message is about.
pub(super) fn told(message: &str, line: &str) -> Option<String> {
    let mismatch = message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "));
    let message = message.trim_end();
    if let Some((found, expected)) = mismatch {
        return wrong_type(found, expected.trim_end(), line);
    }
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (unknown, known) = quoted.split_first()?;
    if message.starts_with("unknown field ") {
        return Some(format!("unknown key `{unknown}`{} Known here: {}", meant(unknown, known), known.join(", ")));
    }
    if message.starts_with("unknown variant ") {
        let hint = nearest(unknown, known.iter().copied());
        let hint = hint.map_or(";".to_owned(), |nearest| format!("; did you mean `{nearest}`?"));
        return Some(format!("`{unknown}` is not known here{hint} expected one of {}", known.join(", ")));
    }
    None
}

/// The nearest key, or the table that the name belongs below.
fn meant(unknown: &str, known: &[&str]) -> String {
    if ["unload", "copy"].contains(&unknown) && known.contains(&"redshift") {
        return format!("; did you mean [[redshift.{unknown}]]?");
    }
    nearest(unknown, known.iter().copied()).map_or(".".to_owned(), |nearest| format!("; did you mean `{nearest}`?"))
}

fn wrong_type(found: &str, expected: &str, line: &str) -> Option<String> {
    let table = line.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
    let (key, value) = line.split_once('=').map_or(("", ""), |(key, value)| (key.trim(), value.trim()));
    if line.starts_with('[') && found == "map" && MANY.contains(&table) {
        return Some(format!("write [[{table}]] with double brackets: there is one such table for each"));
    }
    if line.starts_with("[[") {
        return Some(format!("write [{table}] with single brackets: there is only one such table"));
    }
    let kind = expected.strip_prefix("a ").unwrap_or(expected);
    Some(match (found.split(' ').next()?, kind) {
        ("string", "sequence") if key == "unloaded_at" => {
            format!("expected a list of times without quotes: {key} = [2026-11-22T05:00:00Z]")
        }
        (_, "sequence") => format!("expected a list: {key} = [{value}]"),
        ("string", "TOML datetime") if key == "expires" => {
            "write the day without quotes: expires = 2027-01-31".to_owned()
        }
        ("string", "TOML datetime") => "write the time without quotes, as in 2026-11-22T05:00:00Z".to_owned(),
        (_, "TOML datetime") if key == "expires" => "expected a day: expires = 2027-01-31".to_owned(),
        ("sequence", "string") => format!("expected one text in quotes, not a list: {key} = \"…\""),
        (_, "string") if key == "window" || key == "budget" => {
            format!("expected a time span in quotes: {key} = \"24h\"")
        }
        (_, "string") if key == "sample" => "expected a size in quotes: sample = \"500MiB\", or \"all\"".to_owned(),
        (_, "string") if !value.is_empty() => {
            format!("expected a text in quotes: {key} = \"{}\"", value.trim_matches('"'))
        }
        _ => return None,
    })
}
