//! `verify`: are the log files those that CloudTrail delivered?

use std::collections::HashMap;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{CommandError, told};
use crate::aws::location::Location;
use crate::aws::timestamp::Timestamp;
use crate::bounded_file;
use crate::cli::{TableFormat, Verify as Args};
use crate::collect;
use crate::counted::counted;
use crate::exit::Exit;
use crate::logs::chain::{Asked, Item, ItemKind, Verdict};
use crate::logs::copied;
use crate::logs::digest::PublicKeys;
use crate::logs::integrity::{ChainSummary, Integrity};
use crate::output::{self, harmless};
use crate::snapshot::{IntegrityCounts, IntegrityOutcome as Outcome};

/// The largest file of keys that is read.
const MAX_KEYS: u64 = 64 << 20;

/// So many of what is unknown for one cause are named.
const SHOWN: u64 = 10;

const NEEDS_KEYS: &str = "a copied folder needs CloudTrail's public keys: --keys FILE, with what `aws cloudtrail \
                          list-public-keys --start-time FIRST --end-time LAST --region REGION` prints in the region of \
                          the digests";

/// 0 where everything is valid, 1 where something is not, 3 where it cannot be told.
pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    if args.from.zip(args.to).is_some_and(|(from, to)| from >= to) {
        return Err(CommandError::Usage("--from must be before --to".to_owned()));
    }
    let keys = keys(args)?;
    let asked = Asked { from: args.from, to: args.to, now: None };
    let integrity = match args.target.to_str().filter(|target| target.starts_with("s3://")) {
        Some(target) => {
            let location = Location::parse(target).map_err(|error| CommandError::Usage(error.to_string()))?;
            collect::digests::verify(&location, keys, Asked { now: Some(Timestamp::now()), ..asked })?
        }
        None if !keys.are_filed() && !args.target.exists() => {
            let path = args.target.display();
            return Err(CommandError::Usage(format!("there is no {path}: expected s3://bucket/prefix, or a folder")));
        }
        None if !keys.are_filed() => return Err(CommandError::Usage(NEEDS_KEYS.to_owned())),
        None => copied::verify(&args.target, &keys, asked).map_err(|error| CommandError::Usage(error.to_string()))?,
    };
    told(match args.format {
        TableFormat::Table => output::print_text(&table(&integrity)),
        TableFormat::Json => output::print(&harmless::json(&integrity)),
    })?;
    Ok(match integrity.outcome {
        Outcome::Valid => Exit::Ok,
        Outcome::Invalid => Exit::Failed,
        Outcome::Unknown => Exit::Unknown,
    })
}

fn keys(args: &Args) -> Result<PublicKeys, CommandError> {
    let mut keys = PublicKeys::default();
    for path in &args.keys {
        let unusable = |why: String| CommandError::Usage(format!("cannot use --keys {}: {why}", path.display()));
        let text = bounded_file::read(path, MAX_KEYS).map_err(|error| unusable(error.to_string()))?;
        keys.add_file(&text).map_err(|error| unusable(error.to_string()))?;
    }
    Ok(keys)
}

fn table(integrity: &Integrity) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, integrity);
    out
}

fn write(out: &mut String, integrity: &Integrity) -> std::fmt::Result {
    let bold = Style::new().bold();
    writeln!(out, "{bold}trailcheck verify: {}{bold:#}\n", harmless::text(&integrity.source))?;
    for chain in &integrity.chains {
        write_chain(out, chain)?;
    }
    write_items(out, integrity)?;
    let counts = &integrity.counts;
    if counts.pending > 0 {
        let pending = counted(counts.pending, "log object");
        writeln!(out, "\n{pending} delivered since the newest digest: the next one will hold them")?;
    }
    for note in &integrity.notes {
        writeln!(out, "note: {}", harmless::text(note))?;
    }
    writeln!(
        out,
        "\ndigests: {}; log files: {}, {} of them in no valid digest; {} gaps",
        words(counts.digests),
        words(counts.logs),
        counts.unlisted,
        counts.gaps
    )?;
    writeln!(out, "{}", integrity.proves)?;
    let (style, word) = match integrity.outcome {
        Outcome::Valid => (color(AnsiColor::Green), "valid"),
        Outcome::Invalid => (color(AnsiColor::Red), "invalid"),
        Outcome::Unknown => (color(AnsiColor::Yellow), "unknown"),
    };
    writeln!(out, "\n{style}{word}{style:#}")
}

fn write_chain(out: &mut String, chain: &ChainSummary) -> std::fmt::Result {
    let covers = match chain.from.zip(chain.to) {
        Some((from, to)) => format!("{from} to {to}"),
        None => "nothing is covered".to_owned(),
    };
    writeln!(
        out,
        "{}: digests: {}; log files: {}; {covers}",
        harmless::text(&chain.name.to_string()),
        words(chain.digests),
        words(chain.logs)
    )?;
    for note in &chain.notes {
        writeln!(out, "  note: {}", harmless::text(note))?;
    }
    Ok(())
}

/// What is not valid: first what lacks as a whole, which explains the rest. Of what is unknown for one cause, the first are
/// named.
fn write_items(out: &mut String, integrity: &Integrity) -> std::fmt::Result {
    let mut told: Vec<&Item> = integrity.items.iter().filter(|item| item.verdict != Verdict::Valid).collect();
    told.sort_by_key(|item| !matches!(item.kind, ItemKind::Gap | ItemKind::Listing));
    if !told.is_empty() && !integrity.chains.is_empty() {
        out.push('\n');
    }
    let mut of_cause: HashMap<&str, u64> = HashMap::new();
    for item in told {
        if let Verdict::Unknown(why) = &item.verdict {
            let count = of_cause.entry(why).or_default();
            *count += 1;
            if *count > SHOWN {
                continue;
            }
        }
        write_item(out, item)?;
    }
    let mut more: Vec<(&str, u64)> = of_cause.into_iter().filter(|(_, count)| *count > SHOWN).collect();
    more.sort_unstable();
    for (why, count) in more {
        let others = counted(count - SHOWN, "other");
        writeln!(out, "{others}, which --format json names: {}", harmless::text(why))?;
    }
    Ok(())
}

fn write_item(out: &mut String, item: &Item) -> std::fmt::Result {
    let (style, word, why) = match &item.verdict {
        Verdict::Valid => return Ok(()),
        Verdict::Invalid(why) => (color(AnsiColor::Red), "invalid", why),
        Verdict::Unknown(why) => (color(AnsiColor::Yellow), "unknown", why),
    };
    let kind = match item.kind {
        ItemKind::Digest => "digest",
        ItemKind::Gap => "gap",
        ItemKind::Log => "log",
        ItemKind::Listing => "listing",
    };
    writeln!(
        out,
        "{style}{word:<8}{style:#} {kind:<7}  {}\n         {}",
        harmless::text(&item.name),
        harmless::text(why)
    )
}

fn words(counts: IntegrityCounts) -> String {
    let mut words = format!("{} valid", counts.valid);
    for (count, word) in [(counts.invalid, "invalid"), (counts.unknown, "unknown")] {
        if count > 0 {
            words.push_str(&format!(", {count} {word}"));
        }
    }
    words
}

fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(color.into()))
}
