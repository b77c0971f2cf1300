//! What a fact, and so a finding, is about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::snapshot::Origin;

/// Something that is judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What kind of thing it is.
    pub kind: SubjectKind,
    /// A location, an ARN, an account's id, the path of a cluster or statement, or what a waiver is on; how reports name it.
    pub id: String,
    /// The account that it belongs to. Of a location, its bucket's owner, or the scanning account where no scanned account
    /// owns it.
    pub account: String,
    /// `null`: of no region, or not known.
    pub region: Option<String>,
    /// Where it is declared, or was learned; `null`: AWS told of it.
    pub declared_at: Option<Origin>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    Location,
    Trail,
    Role,
    /// An account, or one region of it.
    Account,
    Statement,
    /// `POLICY on SUBJECT`
    Waiver,
    /// `ACCOUNT/REGION/NAME`, of a namespace `ACCOUNT/REGION/namespace/NAME`
    Cluster,
}
