//! Where reports go: files, and standard output.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{CommandError, told};
use crate::atomic_file;
use crate::cli::{OutputArgs, ReportTarget};
use crate::output;
use crate::report::{self, Format, Look, Report};

/// At most one report to standard output, and none over another or over what is read: files and folders, by what they are
/// and not by how they are spelt.
pub(super) fn refuse_clashes<'a>(
    targets: &[ReportTarget],
    inputs: impl Iterator<Item = &'a PathBuf>,
) -> Result<(), CommandError> {
    let inputs: Vec<&PathBuf> = inputs.collect();
    let mut seen = BTreeSet::new();
    for target in targets {
        if let Some(path) = &target.path {
            refuse_inputs(path, inputs.iter().copied(), "a report")?;
        }
        if !seen.insert(target.path.as_deref().map(identity)) {
            let place = target.path.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
            return Err(CommandError::Usage(format!(
                "two reports to {place}: give one of them a file, as in --report sarif=FILE"
            )));
        }
    }
    Ok(())
}

/// No report goes where evidence will be.
pub(super) fn refuse_within(targets: &[ReportTarget], evidence: &Path) -> Result<(), CommandError> {
    let evidence = identity(evidence);
    let is_within = |path: &&PathBuf| identity(path).starts_with(&evidence) || path.starts_with(&evidence);
    match targets.iter().filter_map(|target| target.path.as_ref()).find(is_within) {
        None => Ok(()),
        Some(path) => {
            Err(CommandError::Usage(format!("a report to {} would be written into the evidence", path.display())))
        }
    }
}

/// Nothing is written over an input, nor into a folder of inputs over one of its files.
pub(super) fn refuse_inputs<'a>(
    output: &Path,
    mut inputs: impl Iterator<Item = &'a PathBuf>,
    what: &str,
) -> Result<(), CommandError> {
    let written = identity(output);
    let is_read = |input: &PathBuf| {
        let input = identity(input);
        input == written || (input.is_dir() && written.starts_with(&input) && written.exists())
    };
    match inputs.find(|input| is_read(input)) {
        None => Ok(()),
        Some(_) => Err(CommandError::Usage(format!("{what} to {} would write over what is read", output.display()))),
    }
}

/// The file behind a path: links and `..` followed as far as there is something.
fn identity(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (absolute.parent().map(Path::canonicalize), absolute.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => absolute,
    }
}

/// Files first, each whole or not at all; then standard output. Text where nothing is asked for. One that cannot be written
/// does not keep the others from it.
pub(super) fn write(report: &Report, output: &OutputArgs) -> Result<(), CommandError> {
    let targets = &output.report;
    let in_file = Look { verbose: output.verbose, width: None };
    let mut failed: Vec<CommandError> = vec![];
    for target in targets {
        let Some(path) = &target.path else { continue };
        let bytes = report::render(target.format, report, in_file);
        let bytes = match target.format {
            Format::Text => output::plain_text(&String::from_utf8_lossy(&bytes)).into_bytes(),
            _ => bytes,
        };
        failed.extend(atomic_file::write_whole(path, &bytes).err().map(CommandError::from));
    }
    let to_stdout = targets.iter().find(|target| target.path.is_none()).map(|target| target.format);
    match to_stdout.or(targets.is_empty().then_some(Format::Text)) {
        Some(format) => {
            let bytes = report::render(format, report, Look { width: output::width(), ..in_file });
            let printed = told(match format {
                Format::Text => output::print_text(&String::from_utf8_lossy(&bytes)),
                _ => output::print(&bytes),
            });
            failed.extend(printed.err());
        }
        None => output::remark(report.summary.words()),
    }
    // The caller tells the last.
    let last = failed.pop();
    failed.iter().for_each(|error| output::tell(format_args!("error: {error}")));
    last.map_or(Ok(()), Err)
}
