//! `accesses`: who touched what, straight from log files.

use std::cell::Cell;
use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;
use serde::Serialize;

use super::rows::{Counted, Row, columns, rolled_up};
use super::{CommandError, evidence, told};
use crate::aws::arn::is_account_id;
use crate::aws::location::Location;
use crate::aws::timestamp::Timestamp;
use crate::cli::{AccessFormat, Accesses as Args};
use crate::collect;
use crate::config::Config;
use crate::counted::counted;
use crate::exit::Exit;
use crate::glob::glob;
use crate::logs::chain::Expected;
use crate::logs::event::Period;
use crate::logs::paths;
use crate::logs::reader::{self, NO_LOG, Question, Reader};
use crate::logs::watch::Watched;
use crate::output::{self, harmless};
use crate::progress::Progress;
use crate::snapshot::{AccessRecord, ObjectCount, Records};

/// How many objects that were not read are named; the count of all is beside them.
const SHOWN: usize = 10;

/// 0 where all was read, 3 where something may have been missed.
pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let since = args.since.map(|span| Timestamp(Timestamp::now().0 - span));
    let period = Period { from: args.from.or(since), to: args.to };
    if let Some((from, to)) = period.from.zip(period.to).filter(|(from, to)| from >= to) {
        return Err(CommandError::Usage(format!(
            "the time begins at {from} (--from or --since), which is not before --to {to}"
        )));
    }
    let watched = match &args.config {
        Some(path) => evidence::watched(&Config::find(Some(path))?),
        None => args.location.iter().map(|location| Watched { location: location.clone(), kind: None }).collect(),
    };
    let threads = args.threads.unwrap_or_else(reader::threads);
    let mut reader = Reader::new(Question {
        watched,
        buckets: args.bucket.clone(),
        addresses: args.source_ip.clone(),
        period,
        expected: Expected::new(),
        sessions: false,
        statements: None,
        threads,
    });
    let progress = Progress::start();
    if args.path.starts_with("s3://") {
        let place = Location::parse_object(&args.path).map_err(|error| CommandError::Usage(error.to_string()))?;
        collect::read_logs(&place, period, &mut reader, &progress)?;
    } else {
        paths::read(Path::new(&args.path), &mut reader, &progress)?;
    }
    let (records, groups) = reader.finish_grouped();
    drop(progress);
    let matched = Cell::new(0u64);
    let is_asked_for = |access: &AccessRecord| {
        let is_asked_for = is_asked_for(args, access);
        let count = if is_asked_for { access.count } else { 0 };
        matched.set(matched.get().saturating_add(count));
        is_asked_for
    };
    let read: u64 = records.read.iter().map(|reading| reading.read_objects).sum();
    let nothing = match (read, records.events) {
        (0, _) => "nothing was read",
        (_, 0) => "no S3 data event",
        _ => "no S3 data event that the filters ask for",
    };
    match args.by {
        None => write_top(args, groups.records().filter(|access| is_asked_for(access)), nothing)?,
        Some(by) => {
            let accesses = groups.records_to_sum().filter(|(access, _)| is_asked_for(access));
            write_top(args, rolled_up(accesses, by).into_iter(), nothing)?
        }
    };
    tell(&records, args.verbose);
    let is_unfiltered = args.bucket.is_empty() && args.location.is_empty() && args.source_ip.is_empty();
    let is_filtered = !(is_unfiltered && args.role.is_empty() && args.principal.is_empty());
    if is_filtered && matched.get() > 0 {
        output::tell(format_args!("{} accesses are what the filters ask for", matched.get()));
    } else if records.events > 0 && matched.get() == 0 {
        output::tell(
            "none of them is what the filters ask for: --bucket, --location, --role, --principal and --source-ip",
        );
    }
    if read == 0 {
        output::tell("no log file was read: of what happened nothing is shown");
    } else if records.events == 0 {
        output::tell(
            "whether the trail records no data events or nobody came, the files do not say: `trailcheck check` does",
        );
    }
    let missed = read == 0 || records.malformed > 0 || records.skipped.iter().any(|skipped| skipped.matters);
    Ok(if missed { Exit::Unknown } else { Exit::Ok })
}

fn is_asked_for(args: &Args, access: &AccessRecord) -> bool {
    let everyone = args.principal.is_empty() && args.role.is_empty();
    let is_role = |pattern: &String| {
        let name = access.principal.split_once(":role/").map(|(_, path)| path.rsplit('/').next().unwrap_or(path));
        name.is_some_and(|name| glob(pattern, name))
    };
    let is_meant = everyone
        || args.principal.iter().any(|pattern| {
            glob(pattern, &access.principal) || is_account_id(pattern) && access.account.as_ref() == Some(pattern)
        })
        || args.role.iter().any(is_role);
    is_meant && (args.location.is_empty() || access.location.is_some())
}

/// The first of `--top`, or all.
fn write_top<T: Serialize + Into<Row> + Counted>(
    args: &Args,
    rows: impl Iterator<Item = T>,
    nothing: &str,
) -> Result<Exit, CommandError> {
    let Some(top) = args.top else { return write(args, rows, nothing) };
    let mut rows: Vec<T> = rows.collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count()));
    if let Some(left) = rows.len().checked_sub(top).filter(|left| *left > 0) {
        output::tell(format_args!("{left} rows with lower counts are left out (--top)"));
        rows.truncate(top);
    }
    write(args, rows.into_iter(), nothing)
}

/// `nothing`: what a table without a row says.
fn write<T: Serialize + Into<Row>>(
    args: &Args,
    mut rows: impl Iterator<Item = T>,
    nothing: &str,
) -> Result<Exit, CommandError> {
    let json = |row: &T| harmless::escaped(serde_json::to_vec(row).expect("rows have string keys and finite numbers"));
    told(match args.format {
        AccessFormat::Table => output::print_text(&table(rows.map(T::into), nothing)),
        AccessFormat::Json => output::print_with(|out| {
            let mut before = "[\n  ";
            for row in rows {
                out.write_all(before.as_bytes())?;
                out.write_all(&json(&row))?;
                before = ",\n  ";
            }
            out.write_all(if before.starts_with('[') { b"[]\n" } else { b"\n]\n" })
        }),
        AccessFormat::Ndjson => output::print_with(|out| {
            rows.try_for_each(|row| {
                out.write_all(&json(&row))?;
                out.write_all(b"\n")
            })
        }),
        AccessFormat::Csv => output::print_with(|out| csv(&columns(args.by), rows.map(T::into), out)),
    })
}

/// The most frequent first; columns that are empty throughout are left out, and so is the example, which needs a line of
/// its own.
fn table(rows: impl Iterator<Item = Row>, nothing: &str) -> String {
    const LEFT_OUT: [&str; 2] = ["example", "principal_type"];
    let (mut names, mut lines): (Vec<&str>, Vec<(u64, Vec<String>)>) = (vec![], vec![]);
    for row in rows {
        let cells;
        // An ARN has its account in it.
        let is_told = row.without(&[]).next().is_some_and(|(_, principal)| principal.starts_with("arn:"));
        let cell =
            |name: &str, text: &str| if name == "account" && is_told { String::new() } else { harmless::text(text) };
        (names, cells) = row.without(&LEFT_OUT).map(|(name, text)| (name, cell(name, &text))).unzip();
        lines.push((row.count, cells));
    }
    if lines.is_empty() {
        return format!("{nothing}\n");
    }
    lines.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let width = |column: usize| lines.iter().map(|(_, cells)| cells[column].chars().count()).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..names.len()).map(width).collect();
    for (width, name) in widths.iter_mut().zip(&names).filter(|(width, _)| **width > 0) {
        *width = name.len().max(*width);
    }
    let mut whole = String::new();
    let mut write = |cells: &[String], style: Style| {
        let mut line = String::new();
        for ((cell, width), name) in cells.iter().zip(&widths).zip(&names).filter(|((_, width), _)| **width > 0) {
            let padding = " ".repeat(width - cell.chars().count());
            let parts = if *name == "count" { [&*padding, cell] } else { [cell, &*padding] };
            parts.into_iter().for_each(|part| line.push_str(part));
            line.push_str("  ");
        }
        whole.push_str(&format!("{style}{}{style:#}\n", line.trim_end()));
    };
    let head: Vec<String> = names.iter().map(|name| name.replace('_', " ")).collect();
    write(&head, Style::new().bold());
    lines.iter().for_each(|(_, cells)| write(cells, Style::new()));
    whole
}

fn csv(names: &[&str], rows: impl Iterator<Item = Row>, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(names)?;
    for row in rows {
        writer.write_record(row.flat().map(|cell| harmless::cell(&cell)))?;
    }
    writer.flush()
}

/// What the answer rests on, and what it may lack.
fn tell(records: &Records, is_verbose: bool) {
    let ObjectCount { listed, read } = records.objects;
    let duplicates = match records.duplicates {
        0 => String::new(),
        count => format!(", {} dropped", counted(count, "duplicate")),
    };
    let (events, listed) = (counted(records.events, "S3 data event"), counted(listed, "log object"));
    output::tell(format_args!("{events} from {read} of {listed}{duplicates}"));
    if records.malformed > 0 {
        output::tell(format_args!(
            "{} could not be understood; each may hide an access",
            counted(records.malformed, "record")
        ));
        for unclear in &records.unclear {
            output::tell(format_args!("not understood: {unclear}"));
        }
    }
    let unread: Vec<_> = records.skipped.iter().filter(|skipped| skipped.matters).collect();
    let shown = if is_verbose { unread.len() } else { SHOWN.min(unread.len()) };
    for skipped in &unread[..shown] {
        output::tell(format_args!("not read: {}: {}", skipped.object, skipped.reason));
    }
    if unread.len() > shown {
        let more = counted((unread.len() - shown) as u64, "more object");
        output::tell(format_args!("not read: {more}, which -v names"));
    }
    let no_logs = records.skipped.iter().filter(|skipped| skipped.reason == NO_LOG).count();
    if no_logs > 0 {
        let files = counted(no_logs as u64, "file");
        output::tell(format_args!("{files} passed over: neither JSON nor gzip"));
    }
    let others = records.skipped.len() - unread.len() - no_logs;
    if others > 0 {
        let others = counted(others as u64, "object");
        output::tell(format_args!("{others} without object records (digests, Insights, network activity, aggregates)"));
    }
}
