//! The frameworks and controls that policies speak to: a closed list, so that each has one spelling.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::selection::hint;

/// A framework, and what its controls ask.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    pub title: String,
    /// By id.
    pub controls: BTreeMap<String, String>,
}

/// Frameworks of one's own begin with this, and may have any controls.
const OWN: &str = "x-";

/// `policies/controls.toml`, by the framework's name.
pub static FRAMEWORKS: LazyLock<BTreeMap<String, Framework>> = LazyLock::new(|| {
    let table = include_str!("../../policies/controls.toml");
    toml::from_str(table).expect("the table is part of the program, and a test reads it")
});

/// What is wrong with the controls of a header.
pub(super) fn check(controls: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
    for (name, ids) in controls.iter().filter(|(name, _)| !name.starts_with(OWN)) {
        let Some(framework) = FRAMEWORKS.get(name) else {
            let known: Vec<String> = FRAMEWORKS.keys().cloned().collect();
            let hint = hint(name, &known);
            return Err(format!(
                "controls: `{name}` is no framework that is known here{hint} One of your own begins with `{OWN}`"
            ));
        };
        if let Some(id) = ids.iter().find(|id| !framework.controls.contains_key(*id)) {
            let known: Vec<String> = framework.controls.keys().cloned().collect();
            let hint = hint(id, &known);
            return Err(format!("controls: {name} has no `{id}` that is known here{hint}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_is_of_the_list_or_of_ones_own() {
        let check = |name: &str, id: &str| super::check(&BTreeMap::from([(name.to_owned(), vec![id.to_owned()])]));
        assert_eq!(check("cis-aws-7.0", "4.8"), Ok(()));
        assert_eq!(check("x-house", "any"), Ok(()));
        assert!(check("cis-aws-7.0.0", "4.8").unwrap_err().contains("did you mean `cis-aws-7.0`?"));
        assert!(check("pci-dss-4.0.1", "10.2").unwrap_err().contains("has no `10.2`"));
        assert!(FRAMEWORKS.values().all(|framework| !framework.title.is_empty() && !framework.controls.is_empty()));
    }
}
