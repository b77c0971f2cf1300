//! What a value is, as far as the input's schema tells.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use serde_json::Value;

use crate::nearest::nearest;

/// A place in the schema, told from others by where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<'s>(&'s Value);

impl Form<'_> {
    fn is_null(&self) -> bool {
        self.0["type"] == "null"
    }
}

impl PartialEq for Form<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Form<'_> {}

impl Hash for Form<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self.0).hash(state);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Type<'s> {
    /// It has one of these forms.
    OneOf(Rc<[Form<'s>]>),
    /// A list, set or table of such.
    Each(Rc<Type<'s>>),
    /// What is below `data` at these names.
    Package(Vec<String>),
}

/// Why something has no such member.
pub(super) enum Asked {
    List,
    Scalar,
    /// The member that it may have been.
    Nothing(Option<String>),
}

impl<'s> Type<'s> {
    pub(super) fn each(of: Type<'s>) -> Type<'s> {
        Type::Each(Rc::new(of))
    }
}

/// What all of these are; `None` where one is not known, or they differ.
pub(super) fn agreed(types: Vec<Option<Type<'_>>>) -> Option<Type<'_>> {
    let first = types.first()?.clone()?;
    types.iter().all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// The schema of the input, with its definitions.
#[derive(Clone, Copy)]
pub(super) struct Schema<'s>(pub &'s Value);

impl<'s> Schema<'s> {
    pub(super) fn whole(self) -> Type<'s> {
        self.one_of(vec![self.0])
    }

    /// What the member of this name is; `Ok(None)`: that is left open.
    pub(super) fn member(self, of: &Type<'s>, name: &str) -> Result<Option<Type<'s>>, Asked> {
        let Type::OneOf(forms) = of else { return Ok(None) };
        let (mut found, mut names) = (vec![], BTreeSet::new());
        let (mut lists, mut scalars) = (0, 0);
        let some = forms.iter().filter(|form| !form.is_null()).count();
        for Form(form) in forms.iter().filter(|form| !form.is_null()) {
            if let Some(properties) = form["properties"].as_object() {
                found.extend(properties.get(name));
                names.extend(properties.keys().map(String::as_str));
            } else if form["type"] == "array" {
                lists += 1;
            } else if is_scalar(form) {
                scalars += 1;
            } else {
                return Ok(None);
            }
            // What may have other members too says so.
            if form["additionalProperties"].is_object() || form["additionalProperties"] == true {
                return Ok(None);
            }
        }
        match found.is_empty() {
            false => Ok(Some(self.one_of(found))),
            true if lists > 0 && lists == some => Err(Asked::List),
            true if scalars > 0 && scalars == some => Err(Asked::Scalar),
            true => Err(Asked::Nothing(nearest(name, names).map(str::to_owned))),
        }
    }

    /// What a list, a set or a table holds.
    pub(super) fn items(self, of: &Type<'s>) -> Option<Type<'s>> {
        let forms = match of {
            Type::Each(of) => return Some(Type::clone(of)),
            Type::OneOf(forms) => forms,
            Type::Package(_) => return None,
        };
        let of_form = |Form(form): &Form<'s>| {
            [&form["items"], &form["additionalProperties"]].into_iter().find(|items| items.is_object())
        };
        let some = forms.iter().filter(|form| !form.is_null());
        Some(self.one_of(some.map(of_form).collect::<Option<_>>()?))
    }

    /// The words that a text is one of; none where it is something else, or any.
    pub(super) fn words(self, of: &Type<'s>) -> Vec<&'s str> {
        let Type::OneOf(forms) = of else { return vec![] };
        let of_form = |Form(form): &Form<'s>| match (form["const"].as_str(), form["enum"].as_array()) {
            (Some(word), _) => Some(vec![word]),
            (None, Some(words)) => words.iter().map(Value::as_str).collect(),
            (None, None) => None,
        };
        // One form that is no word leaves it open.
        let words: Option<Vec<Vec<&str>>> = forms.iter().filter(|form| !form.is_null()).map(of_form).collect();
        words.unwrap_or_default().concat()
    }

    fn one_of(self, schemas: Vec<&'s Value>) -> Type<'s> {
        let mut forms = Vec::new();
        schemas.into_iter().for_each(|schema| self.add_forms(schema, 0, &mut forms));
        Type::OneOf(forms.into())
    }

    /// Whether each of its forms has the member, always.
    pub(super) fn always_has(self, of: &Type<'s>, name: &str) -> bool {
        let Type::OneOf(forms) = of else { return false };
        let requires = |Form(form): &Form<'s>| {
            form["required"].as_array().is_some_and(|required| required.iter().any(|member| member == name))
        };
        !forms.is_empty() && forms.iter().all(requires)
    }

    /// Behind references and choices.
    fn add_forms(self, schema: &'s Value, depth: usize, forms: &mut Vec<Form<'s>>) {
        // Definitions that go in circles name no form.
        if depth > 16 {
            return;
        }
        if let Some(target) = schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
            return self.add_forms(self.0.pointer(target).unwrap_or(&Value::Null), depth + 1, forms);
        }
        let choices = [&schema["anyOf"], &schema["oneOf"], &schema["allOf"]].into_iter().find_map(Value::as_array);
        if let Some(choices) = choices {
            choices.iter().for_each(|choice| self.add_forms(choice, depth + 1, forms));
        }
        let form = Form(schema);
        if (choices.is_none() || schema["properties"].is_object()) && !forms.contains(&form) {
            forms.push(form);
        }
    }
}

fn is_scalar(form: &Value) -> bool {
    let is_scalar = |kind: &Value| matches!(kind.as_str(), Some("string" | "integer" | "number" | "boolean" | "null"));
    match &form["type"] {
        Value::Array(kinds) => kinds.iter().all(is_scalar),
        kind => is_scalar(kind) || form["const"].is_string() || form["enum"].is_array(),
    }
}
