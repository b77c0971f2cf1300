//! What a file is that was taken for another: swapped files are a typical slip, and the message should say so.

use std::path::Path;

/// What a file looks like, and where it belongs. Empty: nothing of ours.
pub(crate) fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(100_000)]).into_owned();
    let text = start.trim_start_matches('\u{feff}').trim_start();
    let is_json = text.starts_with(['{', '[']) && !text.starts_with("[[") && !is_table(text);
    Some(if is_json && text.contains("\"trailcheck/snapshot/") {
        "a snapshot: did you mean --snapshot?"
    } else if is_json && text.contains("\"trailcheck/report/") {
        "a report: `trailcheck report` tells it, --baseline holds another one against it"
    } else if is_json && (text.contains("\"eventVersion\"") || text.contains("\"Records\"")) {
        "CloudTrail's log records: did you mean --logs?"
    } else if !is_json && text.lines().any(|line| is_table(line.trim())) {
        "a config: did you mean --config?"
    } else if text.lines().any(|line| line.starts_with("package ")) {
        "a policy: did you mean --policies with its folder?"
    } else {
        return None;
    })
}

/// The head of one of the config's tables.
fn is_table(line: &str) -> bool {
    let name = line.trim_start_matches('[').split([']', '.']).next().unwrap_or_default().trim();
    line.starts_with('[') && ["scan", "redshift", "access", "records", "policies", "waiver"].contains(&name)
}

/// `; it looks like …`, of a file on disk that was taken for another kind (`a snapshot`); empty where it looks like nothing, or like
/// what it was taken for.
pub(crate) fn hint(path: &Path, taken_for: &str) -> String {
    let bytes = crate::bounded_file::read(path, 64 << 20).unwrap_or_default();
    let other = looks_like(&bytes).filter(|what| !what.starts_with(taken_for));
    other.map_or(String::new(), |what| format!("; it looks like {what}"))
}

/// What to do with a file of another format: another version of the kind that is expected, or another kind.
pub(crate) fn other_format(found: &str, own: &str, next: &str, path: &Path) -> String {
    let of_another_kind =
        Some(hint(path, "nothing of ours")).filter(|hint| !found.starts_with(own) && !hint.is_empty());
    of_another_kind.unwrap_or_else(|| format!("; {next}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_files_are_told_apart() {
        for (text, what) in [
            ("# c\n[scan]\nregions = []\n", "a config"),
            ("[[redshift.unload]]\nlocation = \"s3://b/\"\n", "a config"),
            ("{\"schema\": \"trailcheck/snapshot/v2\"}", "a snapshot"),
            ("{\"schema\": \"trailcheck/report/v2\"}", "a report"),
            ("{\"Records\": []}", "CloudTrail's log records"),
            ("# METADATA\npackage a.b\n", "a policy"),
        ] {
            assert!(looks_like(text.as_bytes()).is_some_and(|told| told.starts_with(what)), "{text}");
        }
        assert_eq!(looks_like(b"{\"a\": 1}"), None);
        assert_eq!(looks_like(b""), None);
    }
}
