//! Loading policies: those in the binary, and the user's own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regorus::Engine;
use regorus::languages::rego::compiler::Compiler;
use serde_json::Value;

use super::code::Code;
use super::files::{self, MAX_FILE, PolicyFile, user_files};
use super::metadata::Metadata;
use super::typed::{self, Mistake};
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
    /// The lists of the input that it may read; `None`: any.
    lists: Option<BTreeSet<String>>,
}

impl Policy {
    /// Whether its answers depend on this list of the input.
    pub fn reads(&self, list: &str) -> bool {
        self.lists.as_ref().is_none_or(|lists| lists.contains(list))
    }

    /// A member that it names and the input does not have: it would be undefined, and look like a pass.
    pub(super) fn misspelt<'p>(&'p self, members: &[String]) -> Option<&'p String> {
        self.lists.iter().flatten().find(|list| !members.contains(list))
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
    refuse_unknown_functions(&mut bundle)?;
    refuse_misspelt(&bundle)?;
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
fn check_user_file(file: &PolicyFile) -> Result<(), PolicyError> {
    let refuse = |message: String| Err(PolicyError::Load { file: file.name.clone(), message });
    if file.text.len() > MAX_FILE {
        return refuse(format!("is larger than {MAX_FILE} bytes"));
    }
    let code = Code::of(&file.text);
    let deepest = code.depth();
    if deepest > MAX_BRACKETS {
        return refuse(format!(
            "has brackets nested {deepest} deep, and the limit is {MAX_BRACKETS}; move data into the config"
        ));
    }
    if code.looks_up_data() {
        return refuse("looks into `data` by brackets; name what is meant, as in data.house.rules.limit".to_owned());
    }
    if let Some(name) = code.recursion() {
        return refuse(format!("`{name}` comes back to itself: it would never end"));
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
            .map_err(|error| PolicyError::Load { file: file.name.clone(), message: error.to_string() })?;
    }
    Ok(engine)
}

/// What to do about an expression that is too big for the compiler, or too deep for the syntax tree's JSON.
const SPLIT: &str = "split chains of more than fifty operators, and move lists into rules of their own";

/// What is asked of the input must be in its schema.
fn refuse_misspelt(bundle: &Bundle) -> Result<(), PolicyError> {
    let refused = |file: &str, message: String| PolicyError::Load { file: file.to_owned(), message };
    let all = names(&bundle.files);
    let tree = bundle.engine.get_ast_as_json().map_err(|error| refused(&all, error.to_string()))?;
    let tree: Value = serde_json::from_str(&tree)
        .map_err(|_| refused(&all, format!("an expression is nested too deep to be looked at: {SPLIT}")))?;
    let schema = serde_json::to_value(schemars::schema_for!(Facts)).unwrap_or_default();
    match typed::mistakes(&tree, &schema).into_iter().next() {
        None => Ok(()),
        Some(Mistake { file, line, column, message }) => Err(refused(
            &format!("{file}:{line}:{column}"),
            format!(
                "{message}{} `trailcheck schema input` has all of it",
                if message.ends_with('?') { "" } else { ";" }
            ),
        )),
    }
}

/// Loads files that belong together; each with a rule of `ENTRY_RULES` is a policy.
fn load(files: &[PolicyFile]) -> Result<Bundle, PolicyError> {
    let mut engine = Engine::new();
    engine.set_gather_prints(true);
    let mut packages = Vec::new();
    for file in files {
        let package = engine
            .add_policy(file.name.clone(), file.text.clone())
            .map_err(|error| PolicyError::Load { file: file.name.clone(), message: error.to_string() })?;
        if packages.contains(&package) {
            let message = format!("{package} is in another file already: a package is one file");
            return Err(PolicyError::Load { file: file.name.clone(), message });
        }
        packages.push(package);
    }
    let codes: Vec<Code> = files.iter().map(|file| Code::of(&file.text)).collect();
    let referred: Vec<BTreeSet<&str>> = codes.iter().map(|code| references(code).collect()).collect();
    // The package that a path lies in, and the rule of it that is named.
    let is_defined = |path: &str| {
        let of = packages.iter().zip(&codes).filter(|(package, _)| is_under(path, package));
        of.max_by_key(|(package, _)| package.len()).is_some_and(|(package, code)| {
            let rule = path[package.len()..].trim_start_matches('.').split('.').next().unwrap_or_default();
            rule.is_empty() || code.defines(rule)
        })
    };
    for (file, paths) in files.iter().zip(&referred) {
        if let Some(path) = paths.iter().find(|path| !is_defined(path)) {
            let message = format!(
                "refers to {path}, which no file beside it defines: it would be undefined, and look like a pass"
            );
            return Err(PolicyError::Load { file: file.name.clone(), message });
        }
    }
    let (mut policies, mut shared) = (vec![], vec![]);
    for (at, (file, package)) in files.iter().zip(packages.clone()).enumerate() {
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
        let is_shared = referred
            .iter()
            .enumerate()
            .any(|(other, paths)| other != at && paths.iter().any(|path| is_under(path, &package)));
        if is_shared {
            shared.push(file);
        }
        if !rules.iter().any(|rule| ENTRY_RULES.contains(rule)) {
            // A library; or a policy whose rule has another name than ours, which would never be asked.
            if !is_shared {
                return Err(refuse(format!("defines none of {}, and no other file uses it", ENTRY_RULES.join(", "))));
            }
            continue;
        }
        let others = codes.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, code)| code);
        if let Some((name, like)) = codes[at].never_asked(others) {
            return Err(refuse(format!("nobody asks its rule `{name}`; did you mean `{like}`?")));
        }
        if rules.contains(&"subjects") != rules.contains(&"fail") {
            return Err(refuse("`subjects` and `fail` go together: what is judged, and what of it fails".to_owned()));
        }
        let id = package.trim_start_matches("data.").trim_start_matches("trailcheck.").replace('.', "/");
        let metadata = Metadata::parse(&file.text, &id).map_err(refuse)?;
        let (level, unknown_is) = (None, UnknownIs::default());
        let lists = lists_read(&file.text);
        policies.push(Policy { id, package, metadata, rules, text: file.text.clone(), level, unknown_is, lists });
    }
    // What a file reads that others refer to, any policy beside it may read through it.
    for file in shared {
        let lists = lists_read(&file.text);
        for policy in &mut policies {
            policy.lists = policy.lists.take().zip(lists.clone()).map(|(own, more)| &own | &more);
        }
    }
    Ok(Bundle { policies, files: files.to_vec(), engine, time_limit: None })
}

/// The lists of the input that a text names; `None`: it takes the input as a whole, or holds a raw string, whose lines
/// cannot be told from code here; so it may read any.
fn lists_read(text: &str) -> Option<BTreeSet<String>> {
    let code = || text.lines().filter(|line| !line.starts_with('#'));
    if code().any(|line| line.contains('`')) {
        return None;
    }
    // A comment behind code is read too: to name a list too many costs an unknown, one too few a pass.
    let words = code().flat_map(words_of);
    let paths = words.filter_map(|word| word.strip_prefix("input").filter(|rest| !rest.starts_with(is_of_name)));
    paths.map(|rest| Some(rest.strip_prefix('.')?.split('.').next()?.to_owned())).collect()
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The names and paths of a line.
fn words_of(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !is_of_name(c) && c != '.')
}

/// The paths below `data` that the code names.
fn references(code: &Code) -> impl Iterator<Item = &str> {
    code.words().filter(|word| word.starts_with("data.")).map(|word| word.trim_end_matches('.'))
}

fn is_under(path: &str, package: &str) -> bool {
    path.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
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

    #[test]
    fn the_lists_that_a_policy_reads_are_known() {
        let read = |text: &str| lists_read(text).map(|lists| lists.into_iter().collect::<Vec<_>>());
        assert_eq!(
            read("# input.copies\nx if some t in input.trails\ny := input.unloads[0].z"),
            Some(vec!["trails".to_owned(), "unloads".to_owned()])
        );
        assert_eq!(read("x if input_of(1)\ny := data.input.trails"), Some(vec![]));
        for all in ["x := input[\"trails\"]", "x := f(input)", "x := input", "x := `\n#` if input.trails"] {
            assert_eq!(read(all), None, "{all}");
        }
    }

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
