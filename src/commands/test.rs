//! `test`: the tests of a folder of policies.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{CommandError, told};
use crate::cli::Test as Args;
use crate::exit::Exit;
use crate::output::{self, harmless};
use crate::policy::{self, TestResult};

/// 0 where every test holds, 1 where one does not.
pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let results = policy::test(&args.folder, args.policy_time)?;
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
    let failed = results.iter().filter(|result| result.failure.is_some()).count();
    let _ = writeln!(out, "\n{} of {} tests hold", results.len() - failed, results.len());
    told(output::print_text(&out))?;
    Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
}
