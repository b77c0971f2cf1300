//! The file as written. Unknown keys are errors; texts that must have a form keep their place in the file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Waivable;
use crate::aws::s3_events::Access;
use crate::snapshot::RecorderKind;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(default)]
    pub scan: Scan,
    #[serde(default)]
    pub redshift: RedshiftTables,
    #[serde(default)]
    pub access: Vec<AccessRule>,
    pub records: Option<Records>,
    #[serde(default)]
    pub policies: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    #[serde(default)]
    pub waiver: Vec<Waiver>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scan {
    pub regions: Option<Vec<Spanned<String>>>,
    pub budget: Option<Spanned<String>>,
    pub recorders: Option<Vec<RecorderKind>>,
    pub accounts: Option<Spanned<toml::Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedshiftTables {
    #[serde(default)]
    pub unload: Vec<Redshift>,
    #[serde(default)]
    pub copy: Vec<Redshift>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redshift {
    pub location: Spanned<String>,
    pub role: Option<Spanned<String>>,
    pub cluster: Option<String>,
    pub access: Option<Access>,
    #[serde(default)]
    pub unloaded_at: Vec<Spanned<toml::value::Datetime>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessRule {
    pub location: Spanned<String>,
    #[serde(default)]
    pub roles: Vec<Spanned<String>>,
    #[serde(default)]
    pub users: Vec<Spanned<String>>,
    #[serde(default)]
    pub services: Vec<Spanned<String>>,
    pub actions: Option<Access>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Records {
    pub window: Option<Spanned<String>>,
    pub sample: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiver {
    pub policy: Spanned<String>,
    pub subject: Spanned<String>,
    pub reason: Spanned<String>,
    pub expires: Spanned<toml::value::Datetime>,
    pub owner: Spanned<String>,
    #[serde(default)]
    pub outcome: Waivable,
}
