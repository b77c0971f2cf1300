//! What policies ask of the input, held against its schema: a misspelt member, or a word that a status never is, would be undefined
//! or never true, and look like a pass.
//!
//! Followed are members, brackets, `some … in`, `every`, comprehensions, variables, imports, rules and their values, and what functions
//! of the files are handed; what a built-in function is handed is not, and neither is what the schema leaves open, such as evidence.

mod heads;
mod types;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::graph::called;
use super::tree::{Form, Meaning, Mistake, Rule, Step, Target, Tree, form_of, path};
use crate::nearest::nearest;
use types::{Asked, Schema, Type};

/// Functions that call functions are followed so deep.
const DEEPEST: usize = 16;

/// `schema`: of the input, with its definitions.
pub(super) fn mistakes(tree: &Tree, schema: &Value) -> BTreeSet<Mistake> {
    let mut check = Check {
        tree,
        schema: Schema(schema),
        module: 0,
        locals: HashSet::new(),
        is_final: false,
        depth: 0,
        rules: HashMap::new(),
        calls: HashMap::new(),
        found: BTreeSet::new(),
    };
    for (number, module) in tree.modules.iter().enumerate() {
        check.module = number;
        check.is_final = true;
        for import in &module.imported {
            check.walk(import, &mut HashMap::new());
        }
        for rule in &module.rules {
            check.rule(number, rule, HashMap::new());
        }
    }
    check.found
}

/// Variables with what they are known to be.
type Known<'s> = HashMap<String, Type<'s>>;

/// A function with what it is handed.
type Call<'s> = (usize, String, Vec<Option<Type<'s>>>);

struct Check<'s, 't> {
    tree: &'t Tree<'t>,
    schema: Schema<'s>,
    /// The file that is looked at.
    module: usize,
    /// What is declared in the rule that is looked at.
    locals: HashSet<&'t str>,
    is_final: bool,
    depth: usize,
    /// What rules are, by file and name; `None` while it is found out, too.
    rules: HashMap<(usize, String), Option<Type<'s>>>,
    calls: HashMap<Call<'s>, Option<Type<'s>>>,
    found: BTreeSet<Mistake>,
}

/// Forms with a query of their own, whose variables nobody else sees.
const COMPREHENSIONS: [&str; 3] = ["ArrayCompr", "SetCompr", "ObjectCompr"];

impl<'s, 't> Check<'s, 't> {
    /// One definition, with what is known of its variables: what it is.
    fn rule(&mut self, module: usize, rule: &Rule<'t>, known: Known<'s>) -> Option<Type<'s>> {
        let before = (self.module, std::mem::take(&mut self.locals), self.is_final);
        (self.module, self.locals) = (module, rule.locals.clone());
        let bodies = rule.node["Spec"]["bodies"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut types = Vec::new();
        if bodies.is_empty() {
            self.is_final = true;
            self.certain_head(rule, &mut known.clone());
            types.push(self.head(rule, &mut known.clone()));
        }
        for body in bodies {
            let mut known = known.clone();
            self.query(&body["query"], &mut known);
            self.is_final = true;
            let own = self.walk(&body["assign"]["value"], &mut known);
            self.certain_head(rule, &mut known);
            let head = self.head(rule, &mut known);
            types.push(if body["is_else"] == true { own } else { head });
        }
        (self.module, self.locals, self.is_final) = before;
        types::agreed(types)
    }

    /// What the head makes of what its body binds.
    fn head(&mut self, rule: &Rule<'t>, known: &mut Known<'s>) -> Option<Type<'s>> {
        let head = &rule.node["Spec"]["head"];
        for part in rule.parts() {
            self.walk(part, known);
        }
        match rule.form {
            Form::Set => self.walk(&head["Set"]["key"], known).map(Type::each),
            Form::Table => {
                let is_one_deep = form_of(&head["Compr"]["refr"]["RefBrack"]["refr"], "Var").is_some();
                self.walk(&head["Compr"]["assign"]["value"], known).filter(|_| is_one_deep).map(Type::each)
            }
            Form::Value => self.walk(&head["Compr"]["assign"]["value"], known),
            Form::Function => self.walk(&head["Func"]["assign"]["value"], known),
            Form::Condition | Form::Default => None,
        }
    }

    /// What all definitions of a rule agree that it is.
    fn type_of_rule(&mut self, module: usize, name: &str) -> Option<Type<'s>> {
        let key = (module, name.to_owned());
        if let Some(known) = self.rules.get(&key) {
            return known.clone();
        }
        self.rules.insert(key.clone(), None);
        let tree = self.tree;
        let definitions = tree.definitions(module, name).filter(|rule| rule.form != Form::Default);
        let types = definitions.map(|rule| self.rule(module, rule, HashMap::new())).collect();
        let agreed = types::agreed(types);
        self.rules.insert(key, agreed.clone());
        agreed
    }

    /// What a function of the files makes of these; it is looked at with them.
    fn call(&mut self, module: usize, name: &str, handed: Vec<Option<Type<'s>>>) -> Option<Type<'s>> {
        let key = (module, name.to_owned(), handed);
        if let Some(known) = self.calls.get(&key) {
            return known.clone();
        }
        if self.depth == DEEPEST {
            return None;
        }
        self.calls.insert(key.clone(), None);
        self.depth += 1;
        let tree = self.tree;
        let definitions = tree.definitions(module, name).filter(|rule| rule.form == Form::Function);
        let types = definitions.map(|rule| {
            let mut known = HashMap::new();
            let arguments = rule.node["Spec"]["head"]["Func"]["args"].as_array().into_iter().flatten();
            for (argument, handed) in arguments.zip(&key.2) {
                bind(argument, handed.clone(), &mut known);
            }
            self.rule(module, rule, known)
        });
        let agreed = types::agreed(types.collect());
        self.depth -= 1;
        self.calls.insert(key, agreed.clone());
        agreed
    }

    /// Order has no meaning in a query: what a variable is may be said later. So the first time through only binds.
    fn query(&mut self, query: &'t Value, known: &mut Known<'s>) {
        for is_final in [false, true] {
            self.is_final = is_final;
            self.walk(&query["stmts"], known);
        }
    }

    /// Looks at everything below a node; what is an expression of a known form says what it is.
    fn walk(&mut self, node: &'t Value, known: &mut Known<'s>) -> Option<Type<'s>> {
        if let Value::Array(items) = node {
            for item in items {
                self.walk(item, known);
            }
            return None;
        }
        if let Some(var) = form_of(node, "Var") {
            return self.variable(node, var["value"].as_str()?, known);
        }
        if let Some(dot) = form_of(node, "RefDot") {
            let of = self.walk(&dot["refr"], known)?;
            return self.member(of, dot["field"][1].as_str()?, &dot["field"][0]);
        }
        if let Some(bracket) = form_of(node, "RefBrack") {
            let of = self.walk(&bracket["refr"], known);
            self.walk(&bracket["index"], known);
            let literal = &bracket["index"]["String"];
            return match literal["value"].as_str() {
                Some(name) => self.member(of?, name, &literal["span"]),
                None => self.schema.items(&of?),
            };
        }
        if let Some((function, handed)) = called(node) {
            return self.called(function, handed, known);
        }
        if let Some(some) = form_of(node, "SomeIn") {
            let of = self.walk(&some["collection"], known).and_then(|of| self.schema.items(&of));
            bind(&some["value"], of, known);
            return None;
        }
        if let Some(every) = form_of(node, "Every") {
            let of = self.walk(&every["domain"], known).and_then(|of| self.schema.items(&of));
            let name = self.tree.modules[self.module].text_at(&every["value"]).to_owned();
            if self.is_final {
                let mut within = known.clone();
                within.extend(of.map(|of| (name, of)));
                self.query(&every["query"], &mut within);
            }
            return None;
        }
        if let Some(assign) = form_of(node, "AssignExpr") {
            let (left, right) = (self.walk(&assign["lhs"], known), self.walk(&assign["rhs"], known));
            bind(&assign["lhs"], right, known);
            bind(&assign["rhs"], left, known);
            return None;
        }
        if let Some(compare) = form_of(node, "BoolExpr") {
            let (left, right) = (self.walk(&compare["lhs"], known), self.walk(&compare["rhs"], known));
            self.compared(left, &compare["rhs"]);
            self.compared(right, &compare["lhs"]);
            return None;
        }
        if let Some(member) = form_of(node, "Membership") {
            self.membership(member, known);
            return None;
        }
        if let Some(comprehension) = COMPREHENSIONS.iter().find_map(|name| form_of(node, name)) {
            return self.comprehension(comprehension, known);
        }
        for member in node.as_object()?.values() {
            self.walk(member, known);
        }
        None
    }

    fn variable(&mut self, node: &'t Value, name: &str, known: &Known<'s>) -> Option<Type<'s>> {
        if let Some(of) = known.get(name) {
            return Some(of.clone());
        }
        let module = &self.tree.modules[self.module];
        match module.meaning(&path(node)?, &self.locals) {
            Meaning::Local => None,
            Meaning::Input(steps) => steps
                .iter()
                .filter_map(|step| step.name())
                .try_fold(self.schema.whole(), |of, name| self.schema.member(&of, name).ok()?),
            Meaning::Data(steps) => self.data(&steps),
        }
    }

    /// What is at a path below `data`.
    fn data(&mut self, steps: &[Step<'t>]) -> Option<Type<'s>> {
        match self.tree.target(steps) {
            Target::Rule(module, name) => {
                let of = self.type_of_rule(module, name)?;
                let rest = steps.iter().skip(self.tree.modules[module].package.len() + 1);
                rest.filter_map(|step| step.name()).try_fold(of, |of, name| self.schema.member(&of, name).ok()?)
            }
            Target::Packages(names) => Some(Type::Package(names.into_iter().map(str::to_owned).collect())),
            Target::Open | Target::Nothing(_) => None,
        }
    }

    fn called(&mut self, function: &'t Value, handed: &'t Value, known: &mut Known<'s>) -> Option<Type<'s>> {
        let handed: Vec<Option<Type>> = handed.as_array()?.iter().map(|value| self.walk(value, known)).collect();
        // What both lists hold.
        if self.tree.modules[self.module].text_at(&function["RefDot"]["span"]) == "array.concat" {
            let items = handed.iter().map(|list| self.schema.items(list.as_ref()?)).collect();
            return types::agreed(items).map(Type::each);
        }
        let path = path(function)?;
        let Meaning::Data(steps) = self.tree.modules[self.module].meaning(&path, &self.locals) else { return None };
        match self.tree.target(&steps) {
            Target::Rule(module, name) => self.call(module, name, handed),
            _ => None,
        }
    }

    fn membership(&mut self, member: &'t Value, known: &mut Known<'s>) {
        let value = self.walk(&member["value"], known);
        self.walk(&member["key"], known);
        let collection = self.walk(&member["collection"], known);
        for form in ["Set", "Array"] {
            for item in member["collection"][form]["items"].as_array().into_iter().flatten() {
                self.compared(value.clone(), item);
            }
        }
        let of = collection.and_then(|of| self.schema.items(&of));
        self.compared(of, &member["value"]);
    }

    fn comprehension(&mut self, comprehension: &'t Value, known: &Known<'s>) -> Option<Type<'s>> {
        let was_final = self.is_final;
        let mut within = known.clone();
        if was_final {
            self.query(&comprehension["query"], &mut within);
        } else {
            self.walk(&comprehension["query"]["stmts"], &mut within);
        }
        self.is_final = was_final;
        self.walk(&comprehension["key"], &mut within);
        let term = self.walk(&comprehension["term"], &mut within);
        let value = self.walk(&comprehension["value"], &mut within);
        term.or(value).map(Type::each)
    }

    /// The member of an object, or of a package.
    fn member(&mut self, of: Type<'s>, name: &'t str, span: &Value) -> Option<Type<'s>> {
        if let Type::Package(mut names) = of {
            names.push(name.to_owned());
            // The tree's own words, which the steps of a path are made of.
            let steps: Vec<Step> = names.iter().filter_map(|name| self.word(name)).map(Step::Named).collect();
            let is_there = steps.len() == names.len() && !matches!(self.tree.target(&steps), Target::Nothing(_));
            if !is_there {
                self.mistake(span, super::graph::undefined(self.tree, &format!("data.{}", names.join("."))));
                return None;
            }
            return self.data(&steps);
        }
        match self.schema.member(&of, name) {
            Ok(found) => found,
            Err(asked) => {
                let message = match asked {
                    Asked::List => format!("`{name}` is asked of a list: go through it with `some … in`"),
                    Asked::Scalar => format!("`{name}` is asked of a text or number, which has no members"),
                    Asked::Nothing(near) => {
                        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                        format!("the input has no `{name}` here{hint}")
                    }
                };
                self.mistake(span, message);
                None
            }
        }
    }

    /// A name of a package or a rule, as the tree has it.
    fn word(&self, name: &str) -> Option<&'t str> {
        let modules = &self.tree.modules;
        let of_packages = modules.iter().flat_map(|module| module.package.iter().copied());
        of_packages
            .chain(modules.iter().flat_map(|module| module.rules.iter().map(|rule| rule.name)))
            .find(|own| *own == name)
    }

    /// A text that is compared with one of a few words.
    fn compared(&mut self, with: Option<Type<'s>>, literal: &Value) {
        let Some(words) = with.map(|with| self.schema.words(&with)).filter(|words| !words.is_empty()) else { return };
        let literal = &literal["String"];
        let Some(text) = literal["value"].as_str().filter(|text| !words.contains(text)) else { return };
        let near = nearest(text, words.iter().copied());
        let hint = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        self.mistake(&literal["span"], format!("it is never \"{text}\"{hint} It is one of {}", words.join(", ")));
    }

    fn mistake(&mut self, span: &Value, message: String) {
        if self.is_final {
            self.found.insert(self.tree.modules[self.module].mistake(span, message));
        }
    }
}

fn bind<'s>(variable: &Value, of: Option<Type<'s>>, known: &mut Known<'s>) {
    if let (Some(name), Some(of)) = (variable["Var"]["value"].as_str(), of) {
        known.insert(name.to_owned(), of);
    }
}

#[cfg(test)]
mod tests;
