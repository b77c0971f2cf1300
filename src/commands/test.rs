//! `test`: the tests of a folder of policies.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{CommandError, told};
use crate::cli::Test as Args;
use crate::counted::counted;
use crate::exit::Exit;
use crate::output::{self, harmless};
use crate::policy::{self, Coverage, TestResult, Tested};

/// 0 where every test holds, 1 where one does not.
pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let Tested { results, coverage } = policy::test(&args.folder, args.policy_time)?;
    if results.is_empty() {
        let folder = args.folder.display();
        return Err(CommandError::Usage(format!(
            "no test in {folder}: expected rules named `test_…` in its .rego files"
        )));
    }
    let mut out = String::new();
    for TestResult { name, failure } in &results {
        let (color, word) = if failure.is_none() { (AnsiColor::Green, "pass") } else { (AnsiColor::Red, "fail") };
        let style = Style::new().fg_color(Some(color.into())).bold();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{style}{word}{style:#}  {}", harmless::text(name));
        if let Some(failure) = failure {
            let _ = writeln!(out, "      {}", harmless::text(failure));
        }
    }
    let _ = writeln!(out);
    for line in coverage.iter().flat_map(|files| told_coverage(files)) {
        let _ = writeln!(out, "{line}");
    }
    let failed = results.iter().filter(|result| result.failure.is_some()).count();
    let _ = writeln!(out, "{} of {} tests hold", results.len() - failed, results.len());
    told(output::print_text(&out))?;
    Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
}

/// `lines  12 of 15 evaluated by tests, in 2 files`, and behind it `acme/named.rego: not 7-9` for each file with lines that none evaluates.
fn told_coverage(files: &[Coverage]) -> Vec<String> {
    let left_out = |file: &Coverage| match file.left_out.as_deref() {
        None => Some(format!("       {}: none", harmless::text(&file.file))),
        Some([]) => None,
        Some(lines) => Some(format!("       {}: not {}", harmless::text(&file.file), ranges(lines))),
    };
    let evaluated: usize = files.iter().map(|file| file.evaluated).sum();
    let others: usize = files.iter().filter_map(|file| file.left_out.as_ref()).map(Vec::len).sum();
    if files.is_empty() {
        return vec![];
    }
    let total = format!(
        "lines  {evaluated} of {} evaluated by tests, in {}",
        evaluated + others,
        counted(files.len() as u64, "file")
    );
    [total].into_iter().chain(files.iter().filter_map(left_out)).collect()
}

/// `3, 7-9`
fn ranges(lines: &[u32]) -> String {
    let runs = lines.chunk_by(|one, next| one + 1 == *next);
    let told = runs.filter_map(|run| match (run.first()?, run.last()?) {
        (first, last) if first == last => Some(first.to_string()),
        (first, last) => Some(format!("{first}-{last}")),
    });
    told.collect::<Vec<_>>().join(", ")
}
