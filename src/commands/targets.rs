//! Where reports go: files, and standard output.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{CommandError, told};
use crate::atomic_file;
use crate::cli::ReportTarget;
use crate::output;
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

/// Files first, each whole or not at all; then standard output. Text where nothing is asked for. One that cannot be written
/// does not keep the others from it.
pub(super) fn write(report: &Report, targets: &[ReportTarget]) -> Result<(), CommandError> {
    let mut failed: Vec<CommandError> = vec![];
    for target in targets {
        let Some(path) = &target.path else { continue };
        let bytes = report::render(target.format, report);
        let bytes = match target.format {
            Format::Text => output::plain_text(&String::from_utf8_lossy(&bytes)).into_bytes(),
            _ => bytes,
        };
        failed.extend(atomic_file::write_whole(path, &bytes).err().map(CommandError::from));
    }
    let to_stdout = targets.iter().find(|target| target.path.is_none()).map(|target| target.format);
    match to_stdout.or(targets.is_empty().then_some(Format::Text)) {
        Some(format) => {
            let bytes = report::render(format, report);
            let printed = told(match format {
                Format::Text => output::print_text(&String::from_utf8_lossy(&bytes)),
                _ => output::print(&bytes),
            });
            failed.extend(printed.err());
        }
        None => output::tell(report.summary.words()),
    }
    // The caller tells the last.
    let last = failed.pop();
    failed.iter().for_each(|error| output::tell(format_args!("error: {error}")));
    last.map_or(Ok(()), Err)
}
