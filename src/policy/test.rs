//! The tests of a folder of policies, in a process of its own as the policies are.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::bundle::{PolicyError, check_user_file, engine_of};
use super::files::files_of;
use super::graph;
use super::tree::{Module, Tree};
use super::worker::{self, Covered, TestsRan};

/// A rule named `test_…`.
pub struct TestResult {
    /// `data.acme.named_test.test_it_holds`
    pub name: String,
    /// `None`: it is true. A test that does not hold is undefined, so each is asked for by its name.
    pub failure: Option<String>,
}

/// What the tests of a folder show.
pub struct Tested {
    pub results: Vec<TestResult>,
    /// Files with rules that are no tests, by name; `None`: a test did not come to an end, so it is not known.
    pub coverage: Option<Vec<Coverage>>,
}

/// How much of a file the tests evaluate.
pub struct Coverage {
    pub file: String,
    pub evaluated: usize,
    /// Lines that no test evaluates, from 1; `None`: none evaluates any.
    pub left_out: Option<Vec<u32>>,
}

/// Runs every test of the folder, with everything in it loaded.
pub fn test(folder: &Path, time_limit: Duration) -> Result<Tested, PolicyError> {
    let files = files_of(folder, |_| true)?;
    let refused = |message: String| PolicyError::Load { file: folder.display().to_string(), message };
    // A folder's tests may nest deeper than a policy does, as long as they load.
    let likely_cause = || files.iter().find_map(|file| check_user_file(file).err());
    worker::survive_loading(&files, time_limit).map_err(|why| likely_cause().unwrap_or_else(|| refused(why)))?;
    let tree = engine_of(&files)?.get_ast_as_json().map_err(|error| refused(error.to_string()))?;
    let tree: Value = serde_json::from_str(&tree).map_err(|error| refused(error.to_string()))?;
    let tree = Tree::of(&tree);
    let of_module = |module: &Module| {
        let package = format!("data.{}", module.package.join("."));
        graph::tests(module).into_iter().map(move |rule| (package.clone(), rule)).collect::<Vec<_>>()
    };
    let tests: Vec<(String, String)> = tree.modules.iter().flat_map(of_module).collect();
    let TestsRan { results, covered } = worker::run_tests(&files, &tests, time_limit);
    let names = tests.iter().map(|(package, rule)| format!("{package}.{rule}"));
    let results = names.zip(results).map(|(name, failure)| TestResult { name, failure }).collect();
    let is_of_tests = |module: &Module| module.file.ends_with("_test.rego") || !graph::tests(module).is_empty();
    let tested = tree.modules.iter().filter(|module| !is_of_tests(module) && !module.rules.is_empty());
    let coverage = covered.map(|covered| tested.map(|module| coverage_of(module.file, &covered)).collect());
    Ok(Tested { results, coverage })
}

/// The engine tells nothing of a file that it never came to.
fn coverage_of(file: &str, covered: &[Covered]) -> Coverage {
    let found = covered.iter().find(|covered| covered.file == file);
    let left_out = found.map(|found| found.left_out.difference(&found.lines).copied().collect());
    Coverage { file: file.to_owned(), evaluated: found.map_or(0, |found| found.lines.len()), left_out }
}
