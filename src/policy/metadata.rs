//! The `# METADATA` header of a policy: what reports, `explain` and SARIF rules say about it.
//!
//! OPA's annotations, in YAML. regorus has no `rego.metadata.*`, so the header is read here.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::Severity;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub title: String,
    pub description: String,
    pub severity: Severity,
    pub remediation: String,
    /// By framework, control ids.
    pub controls: BTreeMap<String, Vec<String>>,
    /// The lists of the input that its subjects come from.
    pub about: Vec<About>,
}

/// A list of the input document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    Unloads,
    Copies,
    AccessRules,
    Trails,
    ValidatedTrails,
    Declared,
    SeenUnloads,
    RedshiftRoles,
}

impl About {
    fn words(self) -> &'static str {
        match self {
            About::Unloads => "UNLOAD location",
            About::Copies => "COPY location",
            About::AccessRules => "[[access]] rule",
            About::Trails => "trail",
            About::ValidatedTrails => "trail whose log files were compared with its digests",
            About::Declared => "declared location whose log records are asked for",
            About::SeenUnloads => "UNLOAD in the log records",
            About::RedshiftRoles => "session of Redshift in the log records",
        }
    }
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
    #[serde(default)]
    remediation: String,
    #[serde(default)]
    controls: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    about: Vec<About>,
}

impl Metadata {
    /// Reads the block before `package`. A policy without one gets its id for a title and medium severity.
    pub fn parse(rego: &str, id: &str) -> Result<Metadata, String> {
        let yaml = header_of(rego);
        let header: Header = match yaml.trim() {
            "" => Header { title: None, description: String::new(), custom: Custom::default() },
            yaml => yaml_serde::from_str(yaml).map_err(|error| format!("its METADATA header: {error}"))?,
        };
        Ok(Metadata {
            title: header.title.unwrap_or_else(|| id.to_owned()),
            description: header.description.trim().to_owned(),
            severity: header.custom.severity.unwrap_or(Severity::Medium),
            remediation: header.custom.remediation.trim().to_owned(),
            controls: header.custom.controls,
            about: header.custom.about,
        })
    }

    /// `UNLOAD location or COPY location`
    pub fn about_words(&self) -> String {
        let words: Vec<&str> = self.about.iter().map(|about| about.words()).collect();
        if words.is_empty() { "subject".to_owned() } else { words.join(" or ") }
    }
}

/// The comment lines from `# METADATA` to the first line that is none, without their `#`.
fn header_of(rego: &str) -> String {
    let lines = rego.lines().skip_while(|line| line.trim() != "# METADATA").skip(1);
    let comments = lines.map_while(|line| line.trim_end().strip_prefix('#'));
    comments.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}
