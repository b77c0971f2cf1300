//! The tests of a folder of policies, in a process of its own as the policies are.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::bundle::{PolicyError, engine_of};
use super::files::files_of;
use super::graph;
use super::tree::{Module, Tree};
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
    let refused = |message: String| PolicyError::Load { file: folder.display().to_string(), message };
    worker::survive_loading(&files, time_limit).map_err(refused)?;
    let tree = engine_of(&files)?.get_ast_as_json().map_err(|error| refused(error.to_string()))?;
    let tree: Value = serde_json::from_str(&tree).map_err(|error| refused(error.to_string()))?;
    let of_module = |module: &Module| (format!("data.{}", module.package.join(".")), graph::tests(module));
    let asked: Vec<(String, Vec<String>)> =
        Tree::of(&tree).modules.iter().map(of_module).filter(|(_, tests)| !tests.is_empty()).collect();
    let values = worker::run_tests(&files, &asked, time_limit).map_err(refused)?;
    let names = asked.iter().flat_map(|(package, rules)| rules.iter().map(move |rule| format!("{package}.{rule}")));
    Ok(names.zip(values).map(|(name, failure)| TestResult { name, failure }).collect())
}
