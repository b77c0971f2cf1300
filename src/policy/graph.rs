//! Which rules ask which: what is asked and not there, what is there and never asked, what comes back to itself. Each would hang, or
//! look like a pass.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::bundle::{ENTRY_RULES, RULES};
use super::lists::Asks;
use super::tree::{Form, Meaning, Mistake, Module, Path, Rule, Step, Target, Tree, form_of, indexes, path};
use crate::nearest::nearest;

/// Names of built-in functions, and first names of those with two (OPA, "Policy Reference"): a rule of such a name would answer in
/// their place.
const BUILT_IN: [&str; 91] = [
    "abs",
    "all",
    "and",
    "any",
    "array",
    "assign",
    "base64",
    "base64url",
    "bits",
    "cast_array",
    "ceil",
    "concat",
    "contains",
    "count",
    "crypto",
    "data",
    "div",
    "endswith",
    "eq",
    "equal",
    "floor",
    "format_int",
    "glob",
    "graph",
    "graphql",
    "gt",
    "gte",
    "hex",
    "http",
    "indexof",
    "indexof_n",
    "input",
    "intersection",
    "io",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "json",
    "lower",
    "lt",
    "lte",
    "max",
    "min",
    "minus",
    "mul",
    "neq",
    "net",
    "numbers",
    "object",
    "opa",
    "or",
    "plus",
    "print",
    "product",
    "rand",
    "re_match",
    "regex",
    "rego",
    "rem",
    "replace",
    "round",
    "semver",
    "set_diff",
    "sort",
    "split",
    "sprintf",
    "startswith",
    "strings",
    "substring",
    "sum",
    "time",
    "to_number",
    "trace",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "trim_suffix",
    "type_name",
    "union",
    "units",
    "upper",
    "urlquery",
    "uuid",
    "walk",
    "yaml",
];

/// A rule, by its file's number and its name.
type Node<'t> = (usize, &'t str);

/// What is wrong with how the rules of these files ask each other.
pub(super) fn mistakes(tree: &Tree) -> BTreeSet<Mistake> {
    let mut found = BTreeSet::new();
    let mut asks: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
    for (number, module) in tree.modules.iter().enumerate() {
        for rule in &module.rules {
            if BUILT_IN.contains(&rule.name) {
                let message =
                    format!("`{}` is the name of a built-in function: what asks for that would get this", rule.name);
                found.insert(module.mistake(rule.span, message));
            }
            let asked = asks.entry((number, rule.name)).or_default();
            for (steps, span) in data_paths(module, rule) {
                match tree.target(&steps) {
                    Target::Rule(of, name) => drop(asked.insert((of, name))),
                    Target::Packages(names) => asked.extend(rules_below(tree, &names)),
                    Target::Open => {
                        let message = "looks into `data` by brackets; name what is meant, as in data.house.rules.limit";
                        found.insert(module.mistake(span, message.to_owned()));
                    }
                    Target::Nothing(path) => drop(found.insert(module.mistake(span, undefined(tree, &path)))),
                }
            }
        }
    }
    found.extend(recursions(tree, &asks));
    found.extend(never_asked(tree, &asks));
    if found.is_empty() {
        found.extend(idle_files(tree, &asks));
    }
    found
}

pub(super) fn undefined(tree: &Tree, path: &str) -> String {
    let of = |module: &Module| -> Vec<String> {
        module.rules.iter().map(|rule| format!("data.{}.{}", module.package.join("."), rule.name)).collect()
    };
    let all: Vec<String> = tree.modules.iter().flat_map(of).collect();
    let near = nearest(path, all.iter().map(String::as_str));
    let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    format!("refers to {path}, which no file beside it defines: it would be undefined, and look like a pass{hint}")
}

fn rules_below<'t>(tree: &Tree<'t>, names: &[&str]) -> Vec<Node<'t>> {
    let below = tree.modules.iter().enumerate().filter(|(_, module)| module.package.starts_with(names));
    below.flat_map(|(number, module)| module.rules.iter().map(move |rule| (number, rule.name))).collect()
}

/// A file that is no policy and that no other asks: its rules may have other names than those that are asked.
fn idle_files(tree: &Tree, asks: &BTreeMap<Node, BTreeSet<Node>>) -> Vec<Mistake> {
    let is_policy = |module: &Module| module.rules.iter().any(|rule| ENTRY_RULES.contains(&rule.name));
    let is_asked = |number: usize| {
        asks.iter().any(|((asking, _), asked)| *asking != number && asked.iter().any(|(of, _)| *of == number))
    };
    let idle = tree.modules.iter().enumerate().filter(|(number, module)| !is_policy(module) && !is_asked(*number));
    let message = format!("defines none of {}, and no other file uses it", ENTRY_RULES.join(", "));
    idle.filter_map(|(_, module)| Some(module.mistake(module.rules.first()?.span, message.clone()))).collect()
}

/// What the rules of a file ask.
pub(super) fn asks(module: &Module) -> Asks {
    let mut found = Asks::default();
    for rule in &module.rules {
        each_path(module, rule, &mut |meaning, _| match meaning {
            Meaning::Input(steps) => match steps.first().and_then(|step| step.name()) {
                Some(name) => drop(found.lists.insert(name.to_owned())),
                None => found.whole_input = true,
            },
            Meaning::Data(steps) => {
                let names = steps.iter().map_while(|step| step.name()).map(str::to_owned);
                found.data.insert(names.collect());
            }
            Meaning::Local => {}
        });
    }
    found
}

/// The paths below `data` in a rule, each with its place.
fn data_paths<'t>(module: &Module<'t>, rule: &Rule<'t>) -> Vec<(Vec<Step<'t>>, &'t Value)> {
    let mut found = vec![];
    each_path(module, rule, &mut |meaning, span| {
        if let Meaning::Data(steps) = meaning {
            found.push((steps, span));
        }
    });
    found
}

fn each_path<'t>(module: &Module<'t>, rule: &Rule<'t>, each: &mut dyn FnMut(Meaning<'t>, &'t Value)) {
    for part in rule.parts() {
        paths_in(module, rule, part, each);
    }
    paths_in(module, rule, &rule.node["Spec"]["bodies"], each);
}

fn paths_in<'t>(module: &Module<'t>, rule: &Rule<'t>, node: &'t Value, each: &mut dyn FnMut(Meaning<'t>, &'t Value)) {
    if let Value::Array(items) = node {
        return items.iter().for_each(|item| paths_in(module, rule, item, each));
    }
    if let Some(path) = path(node) {
        each(module.meaning(&path, &rule.locals), path.span);
        return indexes(node).into_iter().for_each(|index| paths_in(module, rule, index, each));
    }
    // `with input as …`: what is replaced is not asked.
    let replaced = |name: &str| name == "refr" && node.get("as").is_some();
    for (name, member) in node.as_object().into_iter().flatten() {
        // The function of a call: a built-in one is nobody's path.
        if name == "fcn" && path(member).is_some_and(|path| !is_ours(module, &path, rule)) {
            continue;
        }
        if !replaced(name) {
            paths_in(module, rule, member, each);
        }
    }
}

fn is_ours(module: &Module, path: &Path, rule: &Rule) -> bool {
    !matches!(module.meaning(path, &rule.locals), Meaning::Local)
}

/// A rule or function that comes back to itself would never end.
fn recursions(tree: &Tree, asks: &BTreeMap<Node, BTreeSet<Node>>) -> Option<Mistake> {
    let returns = |node: &Node| {
        let (mut seen, mut next) = (HashSet::new(), vec![*node]);
        while let Some(asking) = next.pop() {
            for asked in asks.get(&asking).into_iter().flatten() {
                if asked == node {
                    return true;
                }
                if seen.insert(*asked) {
                    next.push(*asked);
                }
            }
        }
        false
    };
    let (module, name) = asks.keys().find(|node| returns(node))?;
    let rule = tree.definitions(*module, name).next()?;
    Some(tree.modules[*module].mistake(rule.span, format!("`{name}` comes back to itself: it would never end")))
}

/// Of a policy, what fails or passes subjects and is asked by no rule that is. Constants, functions and libraries may lie idle.
fn never_asked(tree: &Tree, asks: &BTreeMap<Node, BTreeSet<Node>>) -> Vec<Mistake> {
    let is_entry = |name: &str| RULES.contains(&name);
    let mut seen: HashSet<Node> =
        asks.keys().copied().filter(|(_, name)| is_entry(name) || name.starts_with("test_")).collect();
    let mut next: Vec<Node> = seen.iter().copied().collect();
    while let Some(node) = next.pop() {
        next.extend(asks.get(&node).into_iter().flatten().copied().filter(|asked| seen.insert(*asked)));
    }
    let mut found = vec![];
    for (number, module) in tree.modules.iter().enumerate() {
        let is_policy = module.rules.iter().any(|rule| ENTRY_RULES.contains(&rule.name));
        let judges = |rule: &&Rule| matches!(rule.form, Form::Set | Form::Table | Form::Condition);
        for rule in module.rules.iter().filter(|_| is_policy).filter(judges) {
            if !seen.contains(&(number, rule.name)) {
                let like = looks_like(rule.name).map_or(String::new(), |like| format!("; did you mean `{like}`?"));
                let message = format!("nobody asks its rule `{}`{like}", rule.name);
                found.push(module.mistake(rule.span, message));
            }
        }
    }
    found
}

/// The rule of ours that a name was meant to be: conftest's forms with a suffix, and slips of the pen.
fn looks_like(name: &str) -> Option<&'static str> {
    let conftest = [("deny", "deny"), ("warn", "warn"), ("violation", "deny"), ("fail", "fail")];
    let by_start = conftest.iter().find(|(start, _)| name.to_lowercase().starts_with(start)).map(|(_, rule)| *rule);
    by_start.or_else(|| RULES.into_iter().find(|rule| strsim::damerau_levenshtein(name, rule) <= 2 && name.len() > 2))
}

/// The tests of a file: rules named `test_…`, each once.
pub(super) fn tests(module: &Module) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for rule in module.rules.iter().filter(|rule| rule.name.starts_with("test_")) {
        if !names.iter().any(|name| name == rule.name) {
            names.push(rule.name.to_owned());
        }
    }
    names
}

/// Whether a node is a call, and of what.
pub(super) fn called(node: &Value) -> Option<(&Value, &Value)> {
    form_of(node, "Call").map(|call| (&call["fcn"], &call["params"]))
}

#[cfg(test)]
mod tests;
