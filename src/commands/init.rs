//! `init`: a config to begin with, commented, or filled with what the account shows.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::CommandError;
use crate::atomic_file;
use crate::cli::Init;
use crate::collect;
use crate::config::{Config, DEFAULT_SAMPLE, TEMPLATE};
use crate::counted::counted;
use crate::exit::Exit;
use crate::logs::sample::LogRequest;
use crate::output;
use crate::reason::Reason;
use crate::snapshot::{Session, SessionKind, Skipped, Snapshot};

pub(super) fn run(args: &Init) -> Result<Exit, CommandError> {
    if args.path.is_dir() {
        return Err(CommandError::Usage(format!("{} is a folder; name a file in it", args.path.display())));
    }
    if args.path.exists() && !args.force {
        return Err(CommandError::Usage(format!("{} is there already; --force writes over it", args.path.display())));
    }
    let path = args.path.display();
    if !args.discover {
        atomic_file::write_whole(&args.path, TEMPLATE.as_bytes())?;
        output::remark(format_args!("wrote {path}; put your locations in, then: trailcheck check --config {path}"));
        return Ok(Exit::Ok);
    }
    let config = Config::parse(&args.path, "")?;
    let request = LogRequest { watched: vec![], window: config.window(), sample: Some(DEFAULT_SAMPLE) };
    let snapshot = collect::run(&config, &[], Some(request))?;
    let text = discovered(&snapshot);
    // What is written can be read.
    let locations = Config::parse(&args.path, &text)?.redshift.len();
    atomic_file::write_whole(&args.path, text.as_bytes())?;
    for doubt in doubts(&snapshot) {
        output::tell(format_args!("not seen: {doubt}"));
    }
    let next = match locations {
        0 => format!("wrote {path}; no COPY and no UNLOAD was found, so put your locations in"),
        1 => format!("wrote {path} with 1 location; read it"),
        many => format!("wrote {path} with {many} locations; read it"),
    };
    output::remark(format_args!("{next}, then: trailcheck check --config {path}"));
    Ok(if doubts(&snapshot).is_empty() { Exit::Ok } else { Exit::Unknown })
}

/// Why there may be more than what was found.
fn doubts(snapshot: &Snapshot) -> Vec<String> {
    let mut doubts: Vec<String> = snapshot.failures().map(|failure| Reason::failed(failure).to_string()).collect();
    let Some(records) = &snapshot.records else { return doubts };
    let unread: Vec<&Skipped> = records.skipped.iter().filter(|skipped| skipped.matters).collect();
    if let Some(first) = unread.first() {
        doubts.push(format!(
            "{} could not be read, for example {} ({})",
            counted(unread.len() as u64, "log object"),
            first.object,
            first.reason
        ));
    }
    if records.read.iter().all(|reading| reading.read_objects == 0) {
        doubts.push("no log record was read: of what happened in the last day nothing is shown".to_owned());
    }
    doubts
}

/// A config of what was seen: the account, and every place at which a COPY or an UNLOAD was.
fn discovered(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, snapshot);
    out
}

fn write(out: &mut String, snapshot: &Snapshot) -> std::fmt::Result {
    writeln!(
        out,
        "# What was seen at {}; `trailcheck init` without --discover writes all keys with comments.",
        snapshot.collected_at()
    )?;
    for account in &snapshot.accounts {
        writeln!(out, "\n[scan]\naccount = {}", quoted(account.id()))?;
        for trail in &account.trails {
            writeln!(out, "# trail   {}", quoted(&trail.trail_arn))?;
        }
        for cluster in &account.clusters {
            writeln!(out, "# cluster {} in {}", quoted(&cluster.cluster_identifier), quoted(&cluster.region))?;
            for role in &cluster.iam_roles {
                writeln!(out, "#   role  {}", quoted(&role.iam_role_arn))?;
            }
        }
    }
    for doubt in doubts(snapshot) {
        writeln!(out, "# not seen: {}", quoted(&doubt))?;
    }
    let sessions = snapshot.records.iter().flat_map(|records| &records.sessions);
    let mut places: BTreeMap<(&str, &str, &str), (u64, &Session)> = BTreeMap::new();
    for session in sessions {
        let table = if session.kind == SessionKind::Unload { "unload" } else { "copy" };
        let seen = places.entry((table, &session.bucket, &session.principal)).or_insert((0, session));
        seen.0 = seen.0.saturating_add(session.objects);
    }
    if places.is_empty() {
        return write!(
            out,
            "\n# No COPY and no UNLOAD is in the records that were read. Where you know of one, write, for example:\n#\n# [[redshift.unload]]\n# location = \"s3://my-unload-bucket/\"\n# role     = \"arn:aws:iam::123456789012:role/my-redshift-role\"\n"
        );
    }
    for ((table, bucket, principal), (objects, session)) in places {
        writeln!(out, "\n# Seen from {} on: {objects} objects. Narrow it to the prefix that is used.", session.start)?;
        writeln!(out, "[[redshift.{table}]]\nlocation = {}", quoted(&format!("s3://{bucket}/")))?;
        let is_role = crate::aws::arn::RoleArn::parse(principal).is_some();
        writeln!(out, "{}role     = {}", if is_role { "" } else { "# " }, quoted(principal))?;
    }
    Ok(())
}

/// A TOML string in one line.
fn quoted(text: &str) -> String {
    toml::Value::from(output::harmless::text(text)).to_string()
}
