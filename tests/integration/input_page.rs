//! docs/input.md, the page of what policies read: every field of the schema of the input, with an example.

use std::path::Path;

use serde_json::Value;

use crate::program::{Workplace, fixture};

const HEAD: &str = "\
# The input of policies

What a policy reads as `input`. `trailcheck facts` prints that of your account, `trailcheck schema input` has all of this as a JSON
Schema, and a reference to a field that is not here is refused when a policy is loaded. Examples are those of `fixtures/article`, or
made up where it has none.

Every answer to a question is a **judgement**: an object with a `status` (below, by its question), a `message`, `reasons`, each with
a `code`, and `evidence`. Every question can have the status `unknown`.

";

/// The lists in the order of the types, and objects that they hold.
const PARTS: [(&str, &str); 5] = [
    ("Scan", "`input.scan`"),
    ("UnseenFact", "Each item of a list in `input.unseen`"),
    ("Subject", "`subject` of each item"),
    ("Session", "Each item of `input.sessions`"),
    ("FailureFact", "Each item of `input.failures`"),
];

/// What a field of this name holds, for example.
const KNOWN: [(&str, &str); 12] = [
    ("account", "123456789012"),
    ("bucket", "lake"),
    ("cluster", "warehouse"),
    ("declared", "s3://lake/out/"),
    ("location", "s3://lake/out/"),
    ("message", "cloudtrail:DescribeTrails was denied"),
    ("of", "s3://lake/*"),
    ("owner", "data"),
    ("policy", "coverage/copy_recorded"),
    ("region", "eu-west-1"),
    ("role", "arn:aws:iam::123456789012:role/loader"),
    ("user", "etl"),
];

struct Page {
    schema: Value,
    /// The input of the fixture.
    facts: Value,
}

impl Page {
    fn of() -> Page {
        let workplace = Workplace::offline();
        let read = |arguments: &[&str]| serde_json::from_str(&workplace.run(arguments).stdout).unwrap();
        let (config, snapshot, logs) =
            (fixture("article/trailcheck.toml"), fixture("article/snapshot.json"), fixture("article/logs"));
        let facts = ["facts", "--config", &config, "--snapshot", &snapshot, "--logs", &logs];
        Page { schema: read(&["schema", "input"]), facts: read(&facts) }
    }

    fn text(&self) -> String {
        let mut page = HEAD.to_owned();
        page.push_str(&self.table("`input`", &self.schema, Some(&self.facts)));
        let lists = self.schema["properties"].as_object().unwrap();
        let facts = lists.iter().filter_map(|(list, schema)| Some((list, name_of(&schema["items"])?)));
        for (list, name) in facts.filter(|(_, name)| !PARTS.iter().any(|(part, _)| part == name)) {
            let example = self.facts[list].as_array().and_then(|items| items.first());
            page.push_str(&self.table(&format!("Each item of `input.{list}`"), self.definition(name), example));
        }
        for (name, title) in PARTS {
            let example = match name {
                "Scan" => Some(&self.facts["scan"]),
                "Subject" => self.facts["trails"][0].get("subject"),
                "Session" => self.facts["sessions"].get(0),
                _ => None,
            };
            page.push_str(&self.table(title, self.definition(name), example));
        }
        format!("{}\n", page.trim_end())
    }

    fn definition(&self, name: &str) -> &Value {
        &self.schema["$defs"][name]
    }

    fn table(&self, title: &str, object: &Value, example: Option<&Value>) -> String {
        let mut table = format!("## {title}\n\n");
        if let Some(about) = object["description"].as_str().filter(|_| title != "`input`") {
            table.push_str(&format!("{}\n\n", about.replace('\n', " ")));
        }
        table.push_str("| field | what it is | example |\n|---|---|---|\n");
        for (field, schema) in object["properties"].as_object().unwrap() {
            let resolved = self.resolved(schema);
            let is_judgement = !resolved["properties"]["status"].is_null();
            let of_type = resolved["description"].as_str().filter(|_| !is_judgement);
            let about = [schema["description"].as_str().or(of_type).map(str::to_owned), self.words(schema)];
            let about: Vec<String> = about.into_iter().flatten().map(|text| text.replace('\n', " ")).collect();
            let drawn = example.map(|example| &example[field]).filter(|value| !value.is_null());
            let example = drawn.map_or_else(|| self.made_up(field, schema), shown);
            table.push_str(&format!("| `{field}` | {} | `{example}` |\n", about.join(" ").replace('|', "\\|")));
        }
        table + "\n"
    }

    /// The schema behind references and "or null".
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        if let Some(name) = name_of(schema) {
            return self.resolved(self.definition(name));
        }
        let of_either = schema["anyOf"].as_array().and_then(|of| of.iter().find(|one| one["type"] != "null"));
        of_either.filter(|one| name_of(one).is_some()).map_or(schema, |one| self.resolved(one))
    }

    /// The values that there are, and the question where it is a judgement.
    fn words(&self, schema: &Value) -> Option<String> {
        let resolved = self.resolved(schema);
        let status = &resolved["properties"]["status"];
        if !status.is_null() {
            let question = self.resolved(status)["description"].as_str()?;
            return Some(format!("{question} `status`: {}.", self.values(self.resolved(status)).join(", ")));
        }
        let values = self.values(resolved);
        (!values.is_empty()).then(|| format!("One of {}.", values.join(", ")))
    }

    fn values(&self, schema: &Value) -> Vec<String> {
        let plain = schema["enum"].as_array().into_iter().flatten();
        let told = schema["oneOf"].as_array().into_iter().flatten();
        let one = |one: &Value| match (&one["const"], one["description"].as_str()) {
            (Value::String(value), Some(about)) => {
                vec![format!("`{value}` ({})", about.trim_end_matches('.').replace('\n', " "))]
            }
            (Value::String(value), None) => vec![format!("`{value}`")],
            _ => self.values(one),
        };
        plain.filter_map(Value::as_str).map(|value| format!("`{value}`")).chain(told.flat_map(one)).collect()
    }

    fn made_up(&self, field: &str, schema: &Value) -> String {
        let resolved = self.resolved(schema);
        let first = resolved["enum"].get(0).or_else(|| {
            let of = resolved["oneOf"].get(0)?;
            of["enum"].get(0).or_else(|| of.get("const"))
        });
        if let Some(value) = first {
            return value.to_string();
        }
        let kind = match &resolved["type"] {
            Value::Array(kinds) => kinds[0].as_str(),
            kind => kind.as_str(),
        };
        match (kind, resolved["format"].as_str()) {
            (_, Some("date-time")) => "\"2026-11-22T12:00:00Z\"".to_owned(),
            (Some("integer"), _) => "3".to_owned(),
            (Some("boolean"), _) => "true".to_owned(),
            (Some("array"), _) => "[…]".to_owned(),
            (Some("string"), _) => {
                // The description shows its form.
                let about = schema["description"].as_str().unwrap_or_default();
                let form = about.split('`').nth(1).filter(|form| *form != "null");
                let known = KNOWN.iter().find(|(name, _)| *name == field).map(|(_, example)| *example);
                format!("\"{}\"", known.or(form).unwrap_or("…"))
            }
            _ if !resolved["properties"]["status"].is_null() => {
                format!("{{\"status\": {}, …}}", self.made_up("status", &resolved["properties"]["status"]))
            }
            _ => "{…}".to_owned(),
        }
    }
}

/// `#/$defs/Name`
fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// A value on one line: of an object and of a list only that it is one, of a judgement its status.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(members) => match members.get("status") {
            Some(status) => format!("{{\"status\": {status}, …}}"),
            None => "{…}".to_owned(),
        },
        Value::Array(items) if items.iter().any(|item| !item.is_string()) => "[{…}]".to_owned(),
        other => other.to_string().replace('|', "\\|"),
    }
}

#[test]
fn the_page_of_the_input_has_every_field() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/input.md");
    let text = Page::of().text();
    if std::env::var_os("TRAILCHECK_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/input.md is not what the types say; TRAILCHECK_DOCS=write cargo test input_page writes it"
    );
}
