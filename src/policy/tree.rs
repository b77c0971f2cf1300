//! The engine's syntax tree of the files that are loaded together, as far as they are looked at before they run: packages, imports,
//! rules, and what a path means.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Something that is wrong in a file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mistake {
    pub file: String,
    /// From 1, in characters.
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// All files.
pub(super) struct Tree<'t> {
    pub modules: Vec<Module<'t>>,
}

/// One file.
pub(super) struct Module<'t> {
    pub file: &'t str,
    contents: &'t str,
    /// `acme`, `named`
    pub package: Vec<&'t str>,
    /// By the name that stands for it.
    imports: HashMap<&'t str, Vec<&'t str>>,
    /// The paths of imports as they stand there.
    pub imported: Vec<&'t Value>,
    pub rules: Vec<Rule<'t>>,
}

/// One definition of a rule or function.
pub(super) struct Rule<'t> {
    pub name: &'t str,
    pub form: Form,
    pub node: &'t Value,
    /// Where its name stands.
    pub span: &'t Value,
    /// Names that are declared in it, which hide rules and imports.
    pub locals: HashSet<&'t str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `name contains …`
    Set,
    /// `name[key] := …`
    Table,
    /// `name := …`
    Value,
    /// `name if …`: true or undefined.
    Condition,
    Function,
    /// `default name := …`
    Default,
}

/// A path as it is written.
pub(super) struct Path<'t> {
    root: &'t str,
    /// Where its first name stands.
    pub span: &'t Value,
    steps: Vec<Step<'t>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'t> {
    /// `.name`, or `["name"]`.
    Named(&'t str),
    /// `[…]` with what is known when it runs.
    Open,
}

/// What a path means.
pub(super) enum Meaning<'t> {
    Input(Vec<Step<'t>>),
    Data(Vec<Step<'t>>),
    /// A variable.
    Local,
}

/// What stands at a path below `data`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'t> {
    /// A rule, by its file's number and its name.
    Rule(usize, &'t str),
    /// All packages that begin so.
    Packages(Vec<&'t str>),
    /// What it is shows when it runs.
    Open,
    /// Nothing; the path as far as it is known.
    Nothing(String),
}

impl<'t> Tree<'t> {
    /// `tree`: what the engine says of all files.
    pub(super) fn of(tree: &'t Value) -> Tree<'t> {
        Tree { modules: tree.as_array().into_iter().flatten().map(Module::of).collect() }
    }

    /// The rules of a file by this name.
    pub(super) fn definitions(&self, module: usize, name: &str) -> impl Iterator<Item = &Rule<'t>> {
        self.modules[module].rules.iter().filter(move |rule| rule.name == name)
    }

    /// What a path that begins with `data` leads to.
    pub(super) fn target(&self, steps: &[Step<'t>]) -> Target<'t> {
        let names: Vec<&'t str> = steps.iter().map_while(|step| step.name()).collect();
        let is_open = names.len() < steps.len();
        let holding = self.modules.iter().enumerate().filter(|(_, module)| names.starts_with(&module.package));
        let longest = holding.max_by_key(|(_, module)| module.package.len());
        if let Some((number, module)) = longest
            && let Some(name) = names.get(module.package.len())
            && module.rules.iter().any(|rule| rule.name == *name)
        {
            return Target::Rule(number, name);
        }
        let is_above = self.modules.iter().any(|module| module.package.starts_with(&names));
        match (is_above, is_open) {
            (true, true) => Target::Open,
            (true, false) => Target::Packages(names),
            (false, _) => Target::Nothing(format!("data.{}", names.join("."))),
        }
    }
}

impl<'t> Module<'t> {
    fn of(module: &'t Value) -> Module<'t> {
        let text = |name: &str| module["source"][name].as_str().unwrap_or_default();
        let (file, contents, ast) = (text("file"), text("contents"), &module["ast"]);
        let list = |name: &str| ast[name].as_array().into_iter().flatten();
        let package = path(&ast["package"]["refr"]).map(|path| path.names()).unwrap_or_default();
        let mut imports = HashMap::new();
        for import in list("imports") {
            let Some(names) = path(&import["refr"]).map(|path| path.names()) else { continue };
            let alias = Some(text_at(contents, &import["as"])).filter(|alias| !alias.is_empty());
            let name = alias.or(names.last().copied()).unwrap_or_default();
            // `import rego.v1` brings no name along.
            if matches!(names.first(), Some(&("data" | "input"))) {
                imports.insert(name, names);
            }
        }
        let rules = list("rules").filter_map(|rule| Rule::of(rule, contents)).collect();
        let imported = list("imports").map(|import| &import["refr"]).collect();
        Module { file, contents, package, imports, imported, rules }
    }

    /// What a path means in a rule of this file.
    pub(super) fn meaning(&self, path: &Path<'t>, locals: &HashSet<&str>) -> Meaning<'t> {
        let named =
            |names: &[&'t str]| names.iter().map(|name| Step::Named(name)).chain(path.steps.iter().copied()).collect();
        if locals.contains(path.root) {
            return Meaning::Local;
        }
        match (path.root, self.imports.get(path.root).map(Vec::as_slice)) {
            ("input", _) | (_, Some(["input"])) => Meaning::Input(path.steps.clone()),
            ("data", _) | (_, Some(["data"])) => Meaning::Data(path.steps.clone()),
            (_, Some(["input", names @ ..])) => Meaning::Input(named(names)),
            (_, Some([_, names @ ..])) => Meaning::Data(named(names)),
            (name, _) if self.rules.iter().any(|rule| rule.name == name) => {
                Meaning::Data(named(&[self.package.as_slice(), &[name]].concat()))
            }
            _ => Meaning::Local,
        }
    }

    pub(super) fn text_at(&self, span: &Value) -> &'t str {
        text_at(self.contents, span)
    }

    pub(super) fn mistake(&self, span: &Value, message: String) -> Mistake {
        let start = span["start"].as_u64().unwrap_or(0) as usize;
        let before = self.contents.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Mistake {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
        }
    }
}

impl<'t> Rule<'t> {
    fn of(node: &'t Value, contents: &'t str) -> Option<Rule<'t>> {
        let (refr, form) = match (form_of(node, "Default"), &node["Spec"]["head"]) {
            (Some(default), _) => (&default["refr"], Form::Default),
            (None, head) if form_of(head, "Set").is_some() => (&head["Set"]["refr"], Form::Set),
            (None, head) if form_of(head, "Func").is_some() => (&head["Func"]["refr"], Form::Function),
            (None, head) => {
                let (refr, assign) = (&head["Compr"]["refr"], &head["Compr"]["assign"]);
                let is_plain = form_of(refr, "Var").is_some();
                let form = match (is_plain, assign.is_null()) {
                    (false, _) => Form::Table,
                    (true, true) => Form::Condition,
                    (true, false) => Form::Value,
                };
                (refr, form)
            }
        };
        let path = path(refr)?;
        let mut locals = HashSet::new();
        declared(node, contents, &mut locals);
        Some(Rule { name: path.root, form, node, span: path.span, locals })
    }

    /// Whether it has a value whatever it is asked of: an empty set too.
    pub(super) fn is_always_defined(&self) -> bool {
        let bodies = self.node["Spec"]["bodies"].as_array();
        matches!(self.form, Form::Set | Form::Table | Form::Default)
            || self.form == Form::Value && bodies.is_none_or(Vec::is_empty)
    }

    /// The parts of its head and of its default that are expressions, without its own name.
    pub(super) fn parts(&self) -> Vec<&'t Value> {
        let head = &self.node["Spec"]["head"];
        let mut parts = vec![
            &self.node["Default"]["value"],
            &head["Set"]["key"],
            &head["Compr"]["assign"],
            &head["Func"]["assign"],
        ];
        parts.push(&head["Func"]["args"]);
        let mut refr = ["Set", "Compr", "Func"].iter().map(|form| &head[*form]["refr"]).find(|refr| refr.is_object());
        while let Some(own) = refr {
            parts.push(&own["RefBrack"]["index"]);
            refr = [&own["RefBrack"]["refr"], &own["RefDot"]["refr"]].into_iter().find(|inner| inner.is_object());
        }
        parts.retain(|part| !part.is_null());
        parts
    }
}

impl<'t> Path<'t> {
    /// All of its names, where it has nothing else.
    fn names(&self) -> Vec<&'t str> {
        std::iter::once(self.root).chain(self.steps.iter().filter_map(|step| step.name())).collect()
    }
}

impl<'t> Step<'t> {
    pub(super) fn name(self) -> Option<&'t str> {
        match self {
            Step::Named(name) => Some(name),
            Step::Open => None,
        }
    }
}

/// What a node is where it is of this form.
pub(super) fn form_of<'t>(node: &'t Value, name: &str) -> Option<&'t Value> {
    node.as_object().filter(|members| members.len() == 1)?.get(name)
}

/// The path that a node is.
pub(super) fn path<'t>(node: &'t Value) -> Option<Path<'t>> {
    if let Some(var) = form_of(node, "Var") {
        return Some(Path { root: var["value"].as_str()?, span: &var["span"], steps: vec![] });
    }
    if let Some(dot) = form_of(node, "RefDot") {
        let mut of = path(&dot["refr"])?;
        of.steps.push(Step::Named(dot["field"][1].as_str()?));
        return Some(of);
    }
    let bracket = form_of(node, "RefBrack")?;
    let mut of = path(&bracket["refr"])?;
    of.steps.push(bracket["index"]["String"]["value"].as_str().map_or(Step::Open, Step::Named));
    Some(of)
}

/// The indexes of a path that show when it runs.
pub(super) fn indexes(node: &Value) -> Vec<&Value> {
    let mut found = vec![];
    let mut next = Some(node);
    while let Some(node) = next {
        let bracket = form_of(node, "RefBrack");
        found.extend(bracket.map(|bracket| &bracket["index"]));
        next = bracket.or(form_of(node, "RefDot")).map(|of| &of["refr"]);
    }
    found
}

/// Names that are declared anywhere in a rule: arguments, `some`, `every`, `:=`.
fn declared<'t>(node: &'t Value, contents: &'t str, names: &mut HashSet<&'t str>) {
    if let Value::Array(items) = node {
        items.iter().for_each(|item| declared(item, contents, names));
        return;
    }
    let Some(members) = node.as_object() else { return };
    if let Some(some) = form_of(node, "SomeVars") {
        names.extend(some["vars"].as_array().into_iter().flatten().map(|span| text_at(contents, span)));
    }
    if let Some(some) = form_of(node, "SomeIn") {
        variables(&some["key"], names);
        variables(&some["value"], names);
    }
    if let Some(every) = form_of(node, "Every") {
        names.extend([&every["key"], &every["value"]].map(|span| text_at(contents, span)));
    }
    if let Some(assign) = form_of(node, "AssignExpr").filter(|assign| assign["op"] == "ColEq") {
        variables(&assign["lhs"], names);
    }
    if let Some(function) = form_of(node, "Func") {
        variables(&function["args"], names);
    }
    members.values().for_each(|member| declared(member, contents, names));
}

/// The variables of a pattern.
fn variables<'t>(pattern: &'t Value, names: &mut HashSet<&'t str>) {
    match pattern {
        Value::Array(items) => items.iter().for_each(|item| variables(item, names)),
        Value::Object(members) => match form_of(pattern, "Var").and_then(|var| var["value"].as_str()) {
            Some(name) => drop(names.insert(name)),
            None => members.values().for_each(|member| variables(member, names)),
        },
        _ => {}
    }
}

fn text_at<'t>(contents: &'t str, span: &Value) -> &'t str {
    let at = |name: &str| span[name].as_u64().map_or(0, |at| at as usize);
    contents.get(at("start")..at("end")).unwrap_or_default()
}
