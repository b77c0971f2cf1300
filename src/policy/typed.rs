//! Every `input.…` that a policy names, held against the schema of the input: a misspelt member is undefined, and would look like a
//! pass.
//!
//! By the engine's own syntax tree. Followed are members, brackets, `some … in`, `every` and assignments to variables; what a function
//! is handed is not, and neither is what the schema leaves open, such as evidence.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::nearest::nearest;

/// Something that the input does not have.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mistake {
    pub file: String,
    /// From 1, in characters.
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// `tree`: what the engine says of all files; `schema`: of the input, with its definitions.
pub(super) fn mistakes(tree: &Value, schema: &Value) -> BTreeSet<Mistake> {
    let mut found = BTreeSet::new();
    for module in tree.as_array().into_iter().flatten() {
        let text = |name: &str| module["source"][name].as_str().unwrap_or_default();
        let mut module_check =
            Check { schema, file: text("file"), contents: text("contents"), is_final: false, found: &mut found };
        for rule in module["ast"]["rules"].as_array().into_iter().flatten() {
            module_check.rule(rule);
        }
    }
    found
}

/// Variables with the schemas of what they are.
type Known<'s> = HashMap<String, &'s Value>;

struct Check<'s, 'f> {
    schema: &'s Value,
    file: &'s str,
    contents: &'s str,
    is_final: bool,
    found: &'f mut BTreeSet<Mistake>,
}

/// Forms with a query of their own, whose variables nobody else sees.
const COMPREHENSIONS: [&str; 3] = ["ArrayCompr", "SetCompr", "ObjectCompr"];

impl<'s> Check<'s, '_> {
    /// The head with what each body binds.
    fn rule(&mut self, rule: &Value) {
        let bodies = rule["Spec"]["bodies"].as_array().map(Vec::as_slice).unwrap_or_default();
        if bodies.is_empty() {
            self.is_final = true;
            self.walk(rule, &mut HashMap::new());
        }
        for body in bodies {
            let mut known = HashMap::new();
            self.query(&body["query"], &mut known);
            self.is_final = true;
            self.walk(&body["assign"], &mut known);
            self.walk(&rule["Spec"]["head"], &mut known);
        }
    }

    /// Order has no meaning in a query: what a variable is may be said later. So the first time through only binds.
    fn query(&mut self, query: &Value, known: &mut Known<'s>) {
        for is_final in [false, true] {
            self.is_final = is_final;
            self.walk(&query["stmts"], known);
        }
    }

    /// Looks at everything below a node; what is an expression of a known form says what it is.
    fn walk(&mut self, node: &Value, known: &mut Known<'s>) -> Option<&'s Value> {
        if let Value::Array(items) = node {
            for item in items {
                self.walk(item, known);
            }
            return None;
        }
        let members = node.as_object()?;
        let form = |name: &str| members.get(name).filter(|_| members.len() == 1);
        if let Some(var) = form("Var") {
            let name = var["value"].as_str()?;
            return if name == "input" { Some(self.schema) } else { known.get(name).copied() };
        }
        if let Some(dot) = form("RefDot") {
            let of = self.walk(&dot["refr"], known)?;
            return self.member(of, dot["field"][1].as_str()?, &dot["field"][0]);
        }
        if let Some(bracket) = form("RefBrack") {
            let of = self.walk(&bracket["refr"], known);
            self.walk(&bracket["index"], known);
            let literal = &bracket["index"]["String"];
            return match literal["value"].as_str() {
                Some(name) => self.member(of?, name, &literal["span"]),
                None => self.items(of?),
            };
        }
        if let Some(some) = form("SomeIn") {
            let of = self.walk(&some["collection"], known).and_then(|of| self.items(of));
            bind(&some["value"], of, known);
            return None;
        }
        if let Some(every) = form("Every") {
            let of = self.walk(&every["domain"], known).and_then(|of| self.items(of));
            let name = self.text_at(&every["value"]).to_owned();
            if self.is_final {
                let mut within = known.clone();
                within.extend(of.map(|of| (name, of)));
                self.query(&every["query"], &mut within);
            }
            return None;
        }
        if let Some(assign) = form("AssignExpr") {
            let (left, right) = (self.walk(&assign["lhs"], known), self.walk(&assign["rhs"], known));
            bind(&assign["lhs"], right, known);
            bind(&assign["rhs"], left, known);
            return None;
        }
        if let Some(compare) = form("BoolExpr") {
            let (left, right) = (self.walk(&compare["lhs"], known), self.walk(&compare["rhs"], known));
            self.compared(left, &compare["rhs"]);
            self.compared(right, &compare["lhs"]);
            return None;
        }
        if let Some(comprehension) = COMPREHENSIONS.iter().find_map(|name| form(name)) {
            if self.is_final {
                let mut within = known.clone();
                self.query(&comprehension["query"], &mut within);
                for part in ["term", "key", "value"] {
                    self.walk(&comprehension[part], &mut within);
                }
            }
            return None;
        }
        for member in members.values() {
            self.walk(member, known);
        }
        None
    }

    /// The member of an object.
    fn member(&mut self, of: &'s Value, name: &str, span: &Value) -> Option<&'s Value> {
        let of = self.resolved(of);
        if of["type"] == "array" {
            self.mistake(span, format!("`{name}` is asked of a list: go through it with `some … in`"));
            return None;
        }
        let properties = of["properties"].as_object()?;
        if let Some(found) = properties.get(name) {
            return Some(found);
        }
        // What may have other members too says so.
        if of["additionalProperties"].is_object() || of["additionalProperties"] == true {
            return None;
        }
        let near = nearest(name, properties.keys().map(String::as_str));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        self.mistake(span, format!("the input has no `{name}` here{hint}"));
        None
    }

    /// What a list or a table of names holds.
    fn items(&self, of: &'s Value) -> Option<&'s Value> {
        let of = self.resolved(of);
        [&of["items"], &of["additionalProperties"]].into_iter().find(|items| items.is_object())
    }

    /// A text that is compared with one of a few words.
    fn compared(&mut self, with: Option<&'s Value>, literal: &Value) {
        let Some(words) = with.map(|with| words(self.resolved(with))).filter(|words| !words.is_empty()) else { return };
        let literal = &literal["String"];
        let Some(text) = literal["value"].as_str().filter(|text| !words.contains(text)) else { return };
        let near = nearest(text, words.iter().copied());
        let hint = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        self.mistake(&literal["span"], format!("it is never \"{text}\"{hint} It is one of {}", words.join(", ")));
    }

    /// Behind references; of a value that may be null, the value.
    fn resolved(&self, mut schema: &'s Value) -> &'s Value {
        for _ in 0..8 {
            if let Some(target) = schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
                schema = self.schema.pointer(target).unwrap_or(&Value::Null);
            } else if let Some(forms) = schema["anyOf"].as_array() {
                let mut others = forms.iter().filter(|form| form["type"] != "null");
                match (others.next(), others.next()) {
                    (Some(only), None) => schema = only,
                    _ => return &Value::Null,
                }
            } else {
                break;
            }
        }
        schema
    }

    fn mistake(&mut self, span: &Value, message: String) {
        if !self.is_final {
            return;
        }
        let start = span["start"].as_u64().unwrap_or(0) as usize;
        let before = self.contents.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        self.found.insert(Mistake {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
        });
    }

    fn text_at(&self, span: &Value) -> &'s str {
        let at = |name: &str| span[name].as_u64().unwrap_or(0) as usize;
        self.contents.get(at("start")..at("end")).unwrap_or_default()
    }
}

fn bind<'s>(variable: &Value, of: Option<&'s Value>, known: &mut Known<'s>) {
    if let (Some(name), Some(of)) = (variable["Var"]["value"].as_str(), of) {
        known.insert(name.to_owned(), of);
    }
}

/// The words of an enumeration; none where it is something else.
fn words(schema: &Value) -> Vec<&str> {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).collect();
    }
    let forms = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    // One form that is no word leaves it open.
    let all: Option<Vec<Vec<&str>>> = forms
        .iter()
        .map(|form| match (form["const"].as_str(), form["enum"].as_array()) {
            (Some(word), _) => Some(vec![word]),
            (None, Some(words)) => words.iter().map(Value::as_str).collect(),
            _ => None,
        })
        .collect();
    all.unwrap_or_default().concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::input::Facts;
    use crate::policy::bundle::{engine_of, shipped};
    use crate::policy::files::PolicyFile;

    fn tree(files: &[PolicyFile]) -> Value {
        serde_json::from_str(&engine_of(files).unwrap().get_ast_as_json().unwrap()).unwrap()
    }

    fn schema() -> Value {
        serde_json::to_value(schemars::schema_for!(Facts)).unwrap()
    }

    fn of(rules: &str) -> Vec<(usize, usize, String)> {
        let text = format!("package acme.x\n\n{rules}\n");
        let found = mistakes(&tree(&[PolicyFile { name: "x.rego".to_owned(), text }]), &schema());
        found.into_iter().map(|mistake| (mistake.line, mistake.column, mistake.message)).collect()
    }

    #[test]
    fn what_the_input_does_not_have_is_pointed_at() {
        for (rules, line, column, message) in [
            ("deny contains \"x\" if input.trials", 3, 28, "no `trials` here; did you mean `trails`?"),
            ("deny contains \"x\" if input[\"trials\"]", 3, 29, "did you mean `trails`?"),
            (
                "deny contains \"x\" if {\n\tsome t in input.trails\n\tt.is_multi_region_trial == false\n}",
                5,
                4,
                "did you mean `is_multi_region_trail`?",
            ),
            ("deny contains \"x\" if {\n\tt.trail_anr\n\tsome t in input.trails\n}", 4, 4, "did you mean `trail_arn`?"),
            ("deny contains t.nmae if some t in input.trails", 3, 17, "did you mean `name`?"),
            ("deny contains \"x\" if input.unloads[_].covrage.status == \"gap\"", 3, 39, "did you mean `coverage`?"),
            (
                "deny contains \"x\" if {\n\tu := input.unloads[0]\n\tu.coverage.statsu\n}",
                5,
                13,
                "did you mean `status`?",
            ),
            (
                "deny contains \"x\" if input.unloads[_].coverage.status == \"gapp\"",
                3,
                59,
                "never \"gapp\"; did you mean \"gap\"?",
            ),
            ("deny contains \"x\" if input.trails.name", 3, 35, "asked of a list"),
            ("bad := {t.nam | some t in input.trails}\ndeny contains \"x\" if bad", 3, 11, "did you mean `name`?"),
            ("deny contains \"x\" if every t in input.trails { t.nam == \"x\" }", 3, 50, "did you mean `name`?"),
            ("deny contains \"x\" if { not input.scan.regiosn }", 3, 39, "did you mean `regions`?"),
        ] {
            let found = of(rules);
            assert_eq!(found.len(), 1, "{rules}: {found:?}");
            assert!(found[0].2.contains(message), "{rules}: {found:?}");
            assert_eq!((found[0].0, found[0].1), (line, column), "{rules}: {found:?}");
        }
    }

    #[test]
    fn what_is_there_or_open_is_left_alone() {
        for rules in [
            "deny contains t.name if some t in input.trails",
            "deny contains \"x\" if { some u in input.unloads; u.coverage.evidence.anything.at[0].all }",
            "deny contains \"x\" if { some list, unseen in input.unseen; unseen[_].message == list }",
            "f(t) := t.anything\ndeny contains f(t) if some t in input.trails",
            "a := {t.name | some t in input.trails}\nb := {t.location | some t in input.unloads}\ndeny contains \"x\" if a == b",
            "a := {t.name: u | some t in input.trails; u := {t.bucket | some t in input.unloads}}\ndeny contains \"x\" if a",
            "deny contains \"x\" if { some s in input.sessions; s.kind == \"COPY\" }",
            "deny contains \"x\" if { some t in input.trails; t.logging.status in {\"stopped\", \"later\"} }",
            "deny contains \"x\" if { t := data.acme.other; t.whatever }",
        ] {
            let rules = rules.replace("data.acme.other", "{\"whatever\": 1}");
            assert_eq!(of(&rules), [], "{rules}");
        }
        assert_eq!(mistakes(&tree(&shipped().unwrap().files), &schema()), BTreeSet::new());
    }
}
