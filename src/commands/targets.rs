//! Where reports go: files, and standard output.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anstream::adapter::strip_bytes;

use super::{CommandError, print, print_colours};
use crate::atomic_file;
use crate::cli::ReportTarget;
use crate::report::{self, Format, Report};

/// At most one report to standard output, and none over another or over what is read.
pub(super) fn refuse_clashes<'a>(
    targets: &[ReportTarget],
    inputs: impl Iterator<Item = &'a PathBuf>,
) -> Result<(), CommandError> {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let inputs: BTreeSet<PathBuf> = inputs.map(absolute).collect();
    let mut seen = BTreeSet::new();
    for target in targets {
        let path = target.path.as_ref().map(absolute);
        if let Some(path) = path.as_ref().filter(|path| inputs.contains(*path)) {
            return Err(CommandError::Usage(format!(
                "a report to {} would write over what is checked",
                path.display()
            )));
        }
        if !seen.insert(path) {
            let place = target.path.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
            return Err(CommandError::Usage(format!(
                "two reports to {place}: give one of them a file, as in --report sarif=FILE"
            )));
        }
    }
    Ok(())
}

/// Files first, whole or not at all; then standard output. Text where nothing is asked for.
pub(super) fn write(report: &Report, targets: &[ReportTarget]) -> Result<(), CommandError> {
    for target in targets {
        let Some(path) = &target.path else { continue };
        let bytes = report::render(target.format, report);
        // Only text has colours; in the others a byte that looks like one is data.
        let bytes = if target.format == Format::Text { strip_bytes(&bytes).into_vec() } else { bytes };
        atomic_file::write_whole(path, &bytes)?;
    }
    let to_stdout = targets.iter().find(|target| target.path.is_none()).map(|target| target.format);
    match to_stdout.or(targets.is_empty().then_some(Format::Text)) {
        Some(format) => {
            let bytes = report::render(format, report);
            if format == Format::Text {
                print_colours(&bytes)?
            } else {
                print(&bytes)?
            };
        }
        None => anstream::eprintln!("{}", report.summary.words()),
    }
    Ok(())
}
