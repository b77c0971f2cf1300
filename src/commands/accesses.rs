//! `accesses`: who touched what, straight from log files.

use std::fmt::Write;
use std::path::Path;

use anstyle::Style;
use serde::Serialize;

use super::rows::{Row, columns, rolled_up};
use super::{CommandError, check, print, print_colours, print_each};
use crate::cli::{AccessFormat, Accesses as Args};
use crate::collect;
use crate::config::Config;
use crate::exit::Exit;
use crate::glob::glob;
use crate::location::Location;
use crate::logs::chain::Expected;
use crate::logs::event::Period;
use crate::logs::paths;
use crate::logs::reader::{self, Question, Reader};
use crate::progress::Progress;
use crate::report::{printable, printable_line};
use crate::snapshot::{AccessRecord, Records};

/// How many objects that were not read are named; the count of all is beside them.
const SHOWN: usize = 10;

/// 0 where all was read, 3 where something may have been missed.
pub fn run(args: &Args) -> Result<Exit, CommandError> {
    let period = Period { from: args.from, to: args.to };
    if let Some((from, to)) = args.from.zip(args.to).filter(|(from, to)| from >= to) {
        return Err(CommandError::Usage(format!("--from {from} is not before --to {to}")));
    }
    let watched = match &args.config {
        Some(path) => check::watched(&Config::find(Some(path))?),
        None => vec![],
    };
    let threads = args.threads.unwrap_or_else(reader::threads);
    let mut reader = Reader::new(Question { watched, period, expected: Expected::new(), sessions: false, threads });
    let progress = Progress::start();
    if args.path.starts_with("s3://") {
        let place = Location::parse_object(&args.path).map_err(|error| CommandError::Usage(error.to_string()))?;
        collect::read_logs(&place, period, &mut reader, &progress)?;
    } else {
        paths::read(Path::new(&args.path), &mut reader, &progress)?;
    }
    let mut records = reader.finish();
    drop(progress);
    records.accesses.retain(|access| is_asked_for(args, access));
    write(args, &records)?;
    tell(&records);
    let missed = records.malformed > 0 || records.skipped.iter().any(|skipped| skipped.matters);
    Ok(if missed { Exit::Unknown } else { Exit::Ok })
}

fn is_asked_for(args: &Args, access: &AccessRecord) -> bool {
    let any = |patterns: &[String], text: &str| patterns.is_empty() || patterns.iter().any(|p| glob(p, text));
    any(&args.bucket, &access.bucket) && any(&args.principal, &access.principal)
}

fn write(args: &Args, records: &Records) -> Result<Exit, CommandError> {
    let accesses = &records.accesses;
    let rows = || match args.by {
        None => accesses.iter().map(Row::of).collect(),
        Some(by) => rolled_up(accesses, by),
    };
    let documents = || -> Box<dyn Iterator<Item = String>> {
        match args.by {
            None => Box::new(accesses.iter().map(json)),
            Some(_) => Box::new(rows().into_iter().map(|row| json(&row))),
        }
    };
    match args.format {
        AccessFormat::Table => print_colours(table(rows()).as_bytes()),
        AccessFormat::Json if accesses.is_empty() => print(b"[]\n"),
        AccessFormat::Json => {
            let separated = documents().enumerate().map(|(at, document)| match at {
                0 => format!("[\n  {document}"),
                _ => format!(",\n  {document}"),
            });
            print_each(separated.chain(["\n]\n".to_owned()]))
        }
        AccessFormat::Ndjson => print_each(documents().map(|document| document + "\n")),
        AccessFormat::Csv => print(&csv(&columns(args.by), &rows())),
    }
}

fn json(row: &impl Serialize) -> String {
    serde_json::to_string(row).expect("a row has string keys and finite numbers")
}

/// The most frequent first; columns that are empty throughout are left out, and so is the example, which needs a line of
/// its own.
fn table(mut rows: Vec<Row>) -> String {
    const LEFT_OUT: [&str; 3] = ["example", "account", "principal_type"];
    const NUMBERS: &str = "count";
    let Some(first) = rows.first() else { return "no S3 data event\n".to_owned() };
    let names: Vec<&'static str> = first.cells.iter().map(|(name, _)| *name).collect();
    let used = |name: &&&str| !LEFT_OUT.contains(name) && rows.iter().any(|row| !row.cell(name).is_empty());
    let columns: Vec<&str> = names.iter().filter(used).copied().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    let shown = |row: &Row| -> Vec<String> { columns.iter().map(|name| printable(&row.cell(name))).collect() };
    let lines: Vec<Vec<String>> = rows.iter().map(shown).collect();
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.chain([columns[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &[String], style: Style| {
        let padded = cells.iter().enumerate().map(|(column, cell)| match (columns[column], widths[column]) {
            (NUMBERS, width) => format!("{cell:>width$}"),
            (_, width) => format!("{cell:<width$}"),
        });
        let whole = padded.collect::<Vec<_>>().join("  ");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{style}{}{style:#}", printable_line(whole.trim_end()));
    };
    let head: Vec<String> = columns.iter().map(|name| name.replace('_', " ")).collect();
    line(&head, Style::new().bold());
    lines.iter().for_each(|cells| line(cells, Style::new()));
    text
}

/// A spreadsheet takes a cell that begins with one of these for a formula: OWASP, "CSV Injection".
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn csv(names: &[&str], rows: &[Row]) -> Vec<u8> {
    let harmless = |cell: String| if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell };
    let mut writer = csv::Writer::from_writer(vec![]);
    // Writing to memory cannot fail, and all rows have the same cells.
    let _ = writer.write_record(names);
    for row in rows {
        let _ = writer.write_record(row.flat().map(|(_, cell)| harmless(cell)));
    }
    writer.into_inner().unwrap_or_default()
}

/// What the answer rests on, and what it may lack.
fn tell(records: &Records) {
    let read: u64 = records.read.iter().map(|reading| reading.read_objects).sum();
    let listed: u64 = records.read.iter().map(|reading| reading.listed_objects).sum();
    let duplicates = match records.duplicates {
        0 => String::new(),
        count => format!(", {count} duplicates dropped"),
    };
    anstream::eprintln!("{} S3 data events from {read} of {listed} log objects{duplicates}", records.events);
    if records.malformed > 0 {
        anstream::eprintln!("{} records could not be understood; each may hide an access", records.malformed);
    }
    let unread: Vec<_> = records.skipped.iter().filter(|skipped| skipped.matters).collect();
    for skipped in unread.iter().take(SHOWN) {
        anstream::eprintln!("not read: {}: {}", printable(&skipped.object), printable(&skipped.reason));
    }
    if unread.len() > SHOWN {
        anstream::eprintln!("not read: {} more objects", unread.len() - SHOWN);
    }
    let others = records.skipped.len() - unread.len();
    if others > 0 {
        anstream::eprintln!(
            "{others} objects hold no object records (digests, Insights, network activity, aggregates)"
        );
    }
}
