//! Heads of rules whose bodies run through lists. Where what such a head adds is undefined for one of the items, regorus 0.14 loses what
//! it has added for all of them, which OPA does not: failures would vanish. So it must be certain that the head is defined, or the
//! body says so: `x := …`.

use serde_json::Value;

use super::{Check, Known};
use crate::policy::graph::called;
use crate::policy::tree::{Form, Meaning, Rule, Target, form_of, indexes, path};

/// Always defined, whatever is in them.
const CERTAIN: [&str; 9] =
    ["String", "RawString", "Number", "Bool", "Null", "ArrayCompr", "SetCompr", "ObjectCompr", "TemplateString"];

impl<'s, 't> Check<'s, 't> {
    /// Notes what of a head may be undefined.
    pub(super) fn certain_head(&mut self, rule: &Rule<'t>, known: &mut Known<'s>) {
        let adds = matches!(rule.form, Form::Set | Form::Table | Form::Value);
        let parts = rule.parts();
        let is_one_of_many =
            runs_through_lists(&rule.node["Spec"]["bodies"]) || parts.iter().any(|part| runs_through_lists(part));
        if !adds || !is_one_of_many {
            return;
        }
        for part in parts {
            if let Some(span) = self.uncertain(part, known) {
                let text = self.tree.modules[self.module].text_at(span);
                let message = format!(
                    "`{text}` may be undefined for one of several, and then the engine loses the answers for all: say `x := {text}` in \
                     the body, and x here"
                );
                self.mistake(span, message);
            }
        }
    }

    /// The first part that may be undefined.
    fn uncertain(&mut self, node: &'t Value, known: &mut Known<'s>) -> Option<&'t Value> {
        if let Value::Array(items) = node {
            return items.iter().find_map(|item| self.uncertain(item, known));
        }
        let members = node.as_object()?;
        if path(node).is_some() {
            let form = members.keys().next()?;
            return Some(&node[form]["span"]).filter(|_| !self.is_certain(node, known));
        }
        if let Some((function, handed)) = called(node) {
            let own = path(function).is_some_and(|path| {
                !matches!(self.tree.modules[self.module].meaning(&path, &self.locals), Meaning::Local)
            });
            return if own { Some(&node["Call"]["span"]) } else { self.uncertain(handed, known) };
        }
        let form = members.keys().next().map(String::as_str).unwrap_or_default();
        if members.len() == 1 && CERTAIN.contains(&form) {
            return None;
        }
        members.values().find_map(|member| self.uncertain(member, known))
    }

    /// Whether a path is defined wherever what it begins with is.
    fn is_certain(&mut self, node: &'t Value, known: &mut Known<'s>) -> bool {
        if form_of(node, "Var").is_some() {
            let Some(path) = path(node) else { return false };
            return match self.tree.modules[self.module].meaning(&path, &self.locals) {
                Meaning::Local => true,
                Meaning::Input(steps) => steps.is_empty(),
                Meaning::Data(steps) => match self.tree.target(&steps) {
                    Target::Rule(module, name) => {
                        self.tree.definitions(module, name).any(|rule| rule.is_always_defined())
                    }
                    _ => false,
                },
            };
        }
        // `[_]` goes through what is there.
        if let Some(bracket) = form_of(node, "RefBrack").filter(|bracket| bracket["index"]["Var"]["value"] == "_") {
            return self.is_certain(&bracket["refr"], known);
        }
        let (of, name) = match (form_of(node, "RefDot"), form_of(node, "RefBrack")) {
            (Some(dot), _) => (&dot["refr"], dot["field"][1].as_str()),
            (None, Some(bracket)) => (&bracket["refr"], bracket["index"]["String"]["value"].as_str()),
            (None, None) => return false,
        };
        let was_final = std::mem::replace(&mut self.is_final, false);
        let of_type = self.walk(of, known);
        self.is_final = was_final;
        // What is misspelt is told as that.
        let always = of_type.zip(name).is_some_and(|(of_type, name)| {
            self.schema.always_has(&of_type, name) || self.schema.member(&of_type, name).is_err()
        });
        always && self.is_certain(of, known)
    }
}

/// Whether the body has more than one answer.
pub(super) fn runs_through_lists(node: &Value) -> bool {
    let is_loop = form_of(node, "SomeIn").is_some()
        || path(node).is_some()
            && indexes(node).iter().any(|index| index["String"].is_null() && index["Number"].is_null())
        || called(node).and_then(|(function, _)| function["Var"]["value"].as_str()) == Some("walk");
    match node {
        _ if is_loop => true,
        // What these run through is over when they end.
        Value::Object(members)
            if ["ArrayCompr", "SetCompr", "ObjectCompr", "Every"].iter().any(|form| members.contains_key(*form)) =>
        {
            false
        }
        Value::Object(members) => members.values().any(runs_through_lists),
        Value::Array(items) => items.iter().any(runs_through_lists),
        _ => false,
    }
}
