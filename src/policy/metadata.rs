//! The `# METADATA` header of a policy: what reports, `explain` and SARIF rules say about it.
//!
//! OPA's annotations, in YAML. regorus has no `rego.metadata.*`, so the header is read here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::controls;
use crate::severity::{Severity, UnknownIs};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub title: Arc<str>,
    pub description: String,
    pub severity: Severity,
    /// What its unknowns do to the exit code; `None`: what those of the others do.
    pub unknown: Option<UnknownIs>,
    pub remediation: Arc<str>,
    /// By framework, control ids.
    pub controls: Arc<BTreeMap<String, Vec<String>>>,
    /// What is said where it has no subject: `no trail`.
    pub not_applicable: String,
}

#[derive(Debug, Deserialize)]
struct Header {
    title: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    custom: Custom,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    severity: Option<Severity>,
    unknown: Option<UnknownIs>,
    #[serde(default)]
    remediation: String,
    #[serde(default)]
    controls: BTreeMap<String, Vec<String>>,
    not_applicable: Option<String>,
}

impl Metadata {
    /// Reads the block before `package`. A policy without one gets its id for a title and medium severity.
    pub fn parse(rego: &str, id: &str) -> Result<Metadata, String> {
        let yaml = header_of(rego);
        let header: Header = match yaml.trim() {
            "" => Header { title: None, description: String::new(), custom: Custom::default() },
            _ => yaml_serde::from_str(&yaml).map_err(|error| format!("its METADATA header: {error}"))?,
        };
        controls::check(&header.custom.controls)?;
        Ok(Metadata {
            title: header.title.map_or_else(|| id.into(), Arc::from),
            description: header.description.trim().to_owned(),
            severity: header.custom.severity.unwrap_or(Severity::Medium),
            unknown: header.custom.unknown,
            remediation: header.custom.remediation.trim().into(),
            controls: Arc::new(header.custom.controls),
            not_applicable: header.custom.not_applicable.unwrap_or_else(|| "the policy has no subject here".to_owned()),
        })
    }
}

/// The comment lines from `# METADATA` to the first line that is none, without their `#`. Every line before them is an empty
/// one, so that YAML's line numbers are the file's.
fn header_of(rego: &str) -> String {
    let before = rego.lines().take_while(|line| line.trim() != "# METADATA").count() + 1;
    let comments = rego.lines().skip(before).map_while(|line| line.trim_end().strip_prefix('#'));
    let comments = comments.map(|line| line.strip_prefix(' ').unwrap_or(line));
    std::iter::repeat_n("", before).chain(comments).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_with_the_files_own_line() {
        let rego = "package-comment\n\n# METADATA\n# title: x\n# custom:\n#   severity: lowish\npackage a\n";
        let rego = rego.replace("package-comment", "# A comment of the author's.");
        let error = Metadata::parse(&rego, "a").unwrap_err();
        assert!(error.contains("line 6"), "{error}");
    }
}
