//! The tests of a folder of policies, in a process of its own as the policies are.

use std::path::Path;
use std::time::Duration;

use super::bundle::PolicyError;
use super::code::Code;
use super::files::{PolicyFile, files_of};
use super::worker;

/// A rule named `test_…`.
pub struct TestResult {
    /// `data.acme.named_test.test_it_holds`
    pub name: String,
    /// `None`: it is true. A test that does not hold is undefined, so each is asked for by its name.
    pub failure: Option<String>,
}

/// Runs every test of the folder, with everything in it loaded.
pub fn test(folder: &Path, time_limit: Duration) -> Result<Vec<TestResult>, PolicyError> {
    let files = files_of(folder, |_| true)?;
    let asked: Vec<(String, Vec<String>)> = files
        .iter()
        .filter_map(|file| Some((package_of(file)?, tests_of(file))))
        .filter(|(_, tests)| !tests.is_empty())
        .collect();
    let refused = |message: String| PolicyError::Load { file: folder.display().to_string(), message };
    let values = worker::run_tests(&files, &asked, time_limit).map_err(refused)?;
    let names = asked.iter().flat_map(|(package, rules)| rules.iter().map(move |rule| format!("{package}.{rule}")));
    Ok(names.zip(values).map(|(name, failure)| TestResult { name, failure }).collect())
}

fn package_of(file: &PolicyFile) -> Option<String> {
    let line = file.text.lines().find_map(|line| line.strip_prefix("package "))?;
    Some(format!("data.{}", line.split('#').next()?.trim()))
}

/// By the beginnings of lines, outside of comments and strings; one that has several bodies is one test.
fn tests_of(file: &PolicyFile) -> Vec<String> {
    let code = Code::of(&file.text);
    let heads = code.lines().filter(|line| line.starts_with("test_"));
    let mut names: Vec<String> =
        heads.map(|line| line.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()).collect();
    names.dedup();
    names
}
