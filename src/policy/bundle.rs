//! Loading policies: those in the binary, and the user's own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regorus::Engine;
use regorus::languages::rego::compiler::Compiler;
use serde_json::Value;

use super::brackets;
use super::evaluate::place_and_cause;
use super::files::{self, MAX_FILE, PolicyFile, user_files};
use super::graph;
use super::lists::Lists;
use super::metadata::Metadata;
use super::tree::{Mistake, Tree};
use super::typed;
use super::worker;
use crate::facts::input::Facts;
use crate::severity::{Severity, UnknownIs};

/// Rules that make a file a policy; a file with none of them is a library.
pub(super) const ENTRY_RULES: [&str; 4] = ["subjects", "fail", "deny", "warn"];
/// Rules that the host reads, in the order in which it asks.
pub(super) const RULES: [&str; 6] = ["subjects", "fail", "unknown", "pass", "deny", "warn"];

/// Built-in functions whose answer is not a function of the input.
const IMPURE: [&str; 1] = ["rand.intn"];
/// regorus takes more than twice as long for each further level of brackets; real policies have four or five.
const MAX_BRACKETS: usize = 10;

/// One policy, ready to run.
#[derive(Debug, Clone)]
pub struct Policy {
    /// `coverage/unload_recorded`: the file, the package and the name in every report.
    pub id: String,
    /// `data.trailcheck.coverage.unload_recorded`
    pub package: String,
    pub metadata: Metadata,
    /// Which of `RULES` it defines.
    pub rules: Vec<&'static str>,
    /// The source, for `explain`.
    pub text: String,
    /// The severity of all its failures, where the config says so.
    pub level: Option<Severity>,
    pub unknown_is: UnknownIs,
    lists: Arc<Lists>,
}

impl Policy {
    /// The lists of the input that its answers depend on; `None`: it may read any.
    pub(super) fn lists_read(&self) -> Option<BTreeSet<String>> {
        self.lists.read_by(&self.package)
    }
}

/// Policies that are loaded together: those in the binary, or one folder of the user's.
#[derive(Clone)]
pub struct Bundle {
    pub policies: Vec<Policy>,
    /// Everything that was loaded, libraries too.
    pub files: Vec<PolicyFile>,
    pub(super) engine: Engine,
    /// Of the user's, which run in a process of their own: how long all of them may take. `None`: those in the binary.
    pub(super) time_limit: Option<Duration>,
}

#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("cannot read policies at {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("policy {file}: {message}")]
    Load { file: String, message: String },
    #[error("no policy in {folder}: expected files that define `subjects` and `fail`, or `deny`, or `warn`", folder = .0.display())]
    Nothing(PathBuf),
    #[error("{config}: [policies] switches every policy off: nothing would be judged", config = .0.display())]
    AllOff(PathBuf),
    #[error("the facts cannot be handed to the policies: {0}")]
    Input(String),
    #[error("the query: {0}")]
    Query(String),
    #[error("{place}: there is no policy `{id}`{hint} `trailcheck policies` lists them")]
    NotFound { place: String, id: String, hint: String },
}

/// The policies in the binary.
pub fn shipped() -> Result<Bundle, PolicyError> {
    load(&files::shipped())
}

/// The shipped policies and those of the user's folders. A user's folder is a world of its own: it can neither add to a
/// shipped package nor be called by one.
pub fn with_user_policies(folders: &[PathBuf], time_limit: Duration) -> Result<Vec<Bundle>, PolicyError> {
    let files: Vec<Vec<PolicyFile>> = folders.iter().map(|folder| user_files(folder)).collect::<Result<_, _>>()?;
    if let Some((folder, _)) = folders.iter().zip(&files).find(|(_, files)| files.is_empty()) {
        return Err(PolicyError::Nothing(folder.clone()));
    }
    with_policy_files(files, time_limit)
}

/// The same of files that were read, those of one folder together.
pub fn with_policy_files(
    folders: impl IntoIterator<Item = Vec<PolicyFile>>,
    time_limit: Duration,
) -> Result<Vec<Bundle>, PolicyError> {
    let mut bundles = vec![shipped()?];
    let mut known: BTreeSet<String> = bundles[0].policies.iter().map(|policy| policy.id.clone()).collect();
    for files in folders {
        for file in &files {
            check_user_file(file)?;
        }
        worker::survive_loading(&files, time_limit)
            .map_err(|message| PolicyError::Load { file: names(&files), message })?;
        let bundle = Bundle { time_limit: Some(time_limit), ..checked(&files)? };
        if bundle.policies.is_empty() {
            let folder = files.first().and_then(|file| Path::new(&file.name).parent());
            return Err(PolicyError::Nothing(folder.unwrap_or(Path::new("")).to_owned()));
        }
        if let Some(policy) = bundle.policies.iter().find(|policy| !known.insert(policy.id.clone())) {
            let message =
                "its package is taken: a package is one file, and a shipped one cannot be added to".to_owned();
            return Err(PolicyError::Load { file: policy.id.clone(), message });
        }
        bundles.push(bundle);
    }
    Ok(bundles)
}

/// Loads a user's files, and refuses what would break or pass in silence.
pub(super) fn checked(files: &[PolicyFile]) -> Result<Bundle, PolicyError> {
    let mut bundle = load(files)?;
    // First what never ends: the compiler goes all the way.
    refuse_mistakes(&mut bundle)?;
    refuse_unknown_functions(&mut bundle)?;
    Ok(bundle)
}

/// The one file, or how many there are.
fn names(files: &[PolicyFile]) -> String {
    match files {
        [only] => only.name.clone(),
        files => {
            format!("{} and {} beside it", files.first().map_or("", |file| &file.name), files.len().saturating_sub(1))
        }
    }
}

/// What would hang or kill the engine is refused before it is parsed.
pub(super) fn check_user_file(file: &PolicyFile) -> Result<(), PolicyError> {
    let refuse = |message: String| Err(PolicyError::Load { file: file.name.clone(), message });
    if file.text.len() > MAX_FILE {
        return refuse(format!("is larger than {MAX_FILE} bytes"));
    }
    let deepest = brackets::depth(&file.text);
    if deepest > MAX_BRACKETS {
        return refuse(format!(
            "has brackets nested {deepest} deep, and the limit is {MAX_BRACKETS}; move data into the config"
        ));
    }
    Ok(())
}

/// An engine with these files, whatever is in them.
pub(super) fn engine_of(files: &[PolicyFile]) -> Result<Engine, PolicyError> {
    let mut engine = Engine::new();
    engine.set_gather_prints(true);
    for file in files {
        engine
            .add_policy(file.name.clone(), file.text.clone())
            .map_err(|error| unreadable(&file.name, &error.to_string()))?;
    }
    Ok(engine)
}

/// What the engine's parser says, at the place where it stopped.
fn unreadable(file: &str, error: &str) -> PolicyError {
    let (place, cause) = place_and_cause(error).unwrap_or((file, error));
    PolicyError::Load { file: place.to_owned(), message: cause.to_owned() }
}

/// What to do about an expression that is too big for the compiler, or too deep for the syntax tree's JSON.
const SPLIT: &str = "split chains of more than fifty operators, and move lists into rules of their own";

/// The syntax tree of all files.
pub(super) fn tree_of(engine: &Engine, files: &[PolicyFile]) -> Result<Value, PolicyError> {
    let refused = |message: String| PolicyError::Load { file: names(files), message };
    let json = engine.get_ast_as_json().map_err(|error| refused(error.to_string()))?;
    serde_json::from_str(&json)
        .map_err(|_| refused(format!("an expression is nested too deep to be looked at; {SPLIT}")))
}

/// What the files ask must be there, and what they define must be asked.
fn refuse_mistakes(bundle: &mut Bundle) -> Result<(), PolicyError> {
    let refused = |file: &str, message: String| PolicyError::Load { file: file.to_owned(), message };
    let json = tree_of(&bundle.engine, &bundle.files)?;
    let tree = Tree::of(&json);
    let schema = serde_json::to_value(schemars::schema_for!(Facts)).unwrap_or_default();
    let at = |mistake: Mistake, more: &str| {
        let Mistake { file, line, column, message } = mistake;
        let end = if message.ends_with('?') || more.is_empty() { "" } else { ";" };
        refused(&format!("{file}:{line}:{column}"), format!("{message}{end}{more}"))
    };
    if let Some(mistake) = graph::mistakes(&tree).into_iter().next() {
        return Err(at(mistake, ""));
    }
    if let Some(mistake) = typed::mistakes(&tree, &schema).into_iter().next() {
        return Err(at(mistake, " `trailcheck schema input` has all of it"));
    }
    Ok(())
}

/// Loads files that belong together; each with a rule of `ENTRY_RULES` is a policy.
fn load(files: &[PolicyFile]) -> Result<Bundle, PolicyError> {
    let mut engine = Engine::new();
    engine.set_gather_prints(true);
    let mut packages = Vec::new();
    for file in files {
        let package = engine
            .add_policy(file.name.clone(), file.text.clone())
            .map_err(|error| unreadable(&file.name, &error.to_string()))?;
        if packages.contains(&package) {
            let message = format!("{package} is in another file already: a package is one file");
            return Err(PolicyError::Load { file: file.name.clone(), message });
        }
        packages.push(package);
    }
    let lists = Arc::new(Lists::of(files.iter().cloned().zip(packages.iter().cloned())));
    let mut policies = vec![];
    for (file, package) in files.iter().zip(packages) {
        let refuse = |message: String| PolicyError::Load { file: file.name.clone(), message };
        let declares = |rule: &str| {
            engine.has_declared_rule_rooted_at(&file.name, rule).map_err(|error| refuse(error.to_string()))
        };
        let mut rules = Vec::new();
        for rule in RULES {
            if declares(rule)? {
                rules.push(rule);
            }
        }
        if !rules.iter().any(|rule| ENTRY_RULES.contains(rule)) {
            // A library.
            continue;
        }
        if rules.contains(&"subjects") != rules.contains(&"fail") {
            return Err(refuse("`subjects` and `fail` go together: what is judged, and what of it fails".to_owned()));
        }
        let id = package.trim_start_matches("data.").trim_start_matches("trailcheck.").replace('.', "/");
        let metadata = Metadata::parse(&file.text, &id).map_err(refuse)?;
        let (level, unknown_is) = (None, UnknownIs::default());
        let lists = Arc::clone(&lists);
        policies.push(Policy { id, package, metadata, rules, text: file.text.clone(), level, unknown_is, lists });
    }
    Ok(Bundle { policies, files: files.to_vec(), engine, time_limit: None })
}

/// The interpreter takes a call of an unknown function in a body that is not reached for "does not hold", which in a rule
/// that fails subjects is a pass. The compiler refuses it; it is used for nothing else.
fn refuse_unknown_functions(bundle: &mut Bundle) -> Result<(), PolicyError> {
    // The compiler leaves traces in the engine that it is given.
    let mut engine = bundle.engine.clone();
    for policy in &bundle.policies {
        let refuse = |message: String| PolicyError::Load { file: policy.id.clone(), message };
        for rule in &policy.rules {
            let entry: Arc<str> = format!("{}.{rule}", policy.package).into();
            let compiled = engine.compile_with_entrypoint(&entry).map_err(|error| refuse(error.to_string()))?;
            let program = Compiler::compile_from_policy(&compiled, &[&entry]).map_err(|error| {
                let message = error.to_string();
                let is_too_big = message.starts_with("Register overflow");
                refuse(if is_too_big { format!("an expression is too big: {SPLIT} ({message})") } else { message })
            })?;
            let impure = program.builtin_info_table.iter().find(|builtin| IMPURE.contains(&builtin.name.as_str()));
            if let Some(builtin) = impure {
                return Err(refuse(format!("calls {}, whose answer changes from run to run", builtin.name)));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::files::SHIPPED;

    /// A shipped policy with a typo in a body that no test reaches would pass everything.
    #[test]
    fn shipped_policies_compile_and_carry_a_header() {
        let mut bundle = shipped().unwrap();
        refuse_unknown_functions(&mut bundle).unwrap();
        assert!(bundle.policies.len() >= 5);
        for policy in bundle.policies {
            assert!(!policy.metadata.title.is_empty(), "{}: title", policy.id);
            assert!(!policy.metadata.description.is_empty(), "{}: description", policy.id);
            assert!(!policy.metadata.remediation.is_empty(), "{}: remediation", policy.id);
            assert!(policy.rules.contains(&"pass"), "{}: what it shows", policy.id);
            assert_eq!(policy.package, format!("data.trailcheck.{}", policy.id.replace('/', ".")));
            assert!(
                SHIPPED.get_file(format!("{}.rego", policy.id)).is_some(),
                "{}: file and package differ",
                policy.id
            );
            assert!(SHIPPED.get_file(format!("{}_test.rego", policy.id)).is_some(), "{}: no test", policy.id);
        }
    }
}
