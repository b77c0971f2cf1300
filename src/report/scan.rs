//! What the scan itself found and did, for formats that show it: trails by account and region, and calls by operation.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccountSeen, Recording, Run};
use crate::counted::counted;

/// One line: where how many trails of the account are in effect.
pub(super) fn recording_of(account: &AccountSeen) -> String {
    let mut regions: BTreeMap<Recording, Vec<&str>> = BTreeMap::new();
    for (region, recording) in &account.recording {
        regions.entry(*recording).or_default().push(region);
    }
    let told =
        |(recording, regions): (&Recording, &Vec<&str>)| format!("{} in {}", words(recording), regions.join(", "));
    regions.iter().rev().map(told).collect::<Vec<_>>().join("; ")
}

fn words(Recording { in_effect, unknown }: &Recording) -> String {
    match (in_effect, unknown) {
        (0, 0) => "none".to_owned(),
        (in_effect, 0) => in_effect.to_string(),
        (0, unknown) => format!("perhaps {unknown}"),
        (in_effect, unknown) => format!("{in_effect}, perhaps {unknown} more"),
    }
}

/// A cell of the matrix of accounts and regions; `None`: the account was not asked there.
pub(super) fn cell(recording: Option<&Recording>) -> String {
    match recording {
        None => "–".to_owned(),
        Some(Recording { in_effect, unknown: 0 }) => in_effect.to_string(),
        Some(Recording { in_effect, unknown }) => format!("{in_effect} to {}", in_effect + unknown),
    }
}

/// The regions of all accounts.
pub(super) fn regions(run: &Run) -> BTreeSet<&str> {
    run.accounts.iter().flat_map(|account| account.recording.keys()).map(String::as_str).collect()
}

/// All calls in one line; `None`: the snapshot does not tell.
pub(super) fn calls(run: &Run) -> Option<String> {
    let (mut made, mut retries, mut throttles) = (0, 0, 0);
    for calls in run.calls.values() {
        made += calls.made;
        retries += calls.retries;
        throttles += calls.throttles;
    }
    let calls = counted(made, "call");
    (!run.calls.is_empty()).then(|| format!("{calls} of AWS: {retries} tried again, {throttles} answers throttled"))
}
