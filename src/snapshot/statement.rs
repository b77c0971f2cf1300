//! What Redshift says of the COPYs and UNLOADs that it ran.

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::path;
use super::{ClusterKind, Example, Origin};
use crate::aws::location::LocationKind;
use crate::aws::timestamp::Timestamp;

/// Who tells what Redshift uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LearnSource {
    /// Its system views, by SQL through the Redshift Data API.
    SystemTables,
    /// User activity logs, in S3 or in CloudWatch Logs.
    AuditLogs,
    /// Integrations that load new files of a bucket by themselves.
    Integrations,
    /// Sessions of Redshift's name in the log records.
    Records,
}

impl LearnSource {
    /// As the config names it.
    pub fn as_str(self) -> &'static str {
        match self {
            LearnSource::SystemTables => "system_tables",
            LearnSource::AuditLogs => "audit_logs",
            LearnSource::Integrations => "integrations",
            LearnSource::Records => "records",
        }
    }
}

/// A COPY or UNLOAD that Redshift says it ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Its `query_id`, which is the cluster's or namespace's own.
    pub query_id: String,
    pub kind: LocationKind,
    /// The cluster's account.
    pub account: String,
    /// Where the cluster is.
    pub region: String,
    /// The cluster's identifier, or the namespace's name.
    pub cluster: String,
    /// Whether that is a cluster or a namespace.
    #[serde(default)]
    pub cluster_kind: ClusterKind,
    /// The database that it ran in; `null`: not told.
    #[serde(default)]
    pub database: Option<String>,
    /// The database user that ran it; `null`: not told.
    #[serde(default)]
    pub user: Option<String>,
    /// `s3://bucket/prefix`: where UNLOAD writes, what COPY reads, or the manifest that names it.
    pub location: String,
    /// The role that acted in S3, of a chain the last; `null`: not known, or none.
    #[serde(default)]
    pub role: Option<String>,
    /// It acted without a role of the cluster; `null`: with one, or that is not known.
    #[serde(default)]
    pub without_role: Option<WithoutRole>,
    /// COPY: the location is a manifest. UNLOAD: it wrote one, `<prefix>manifest`, beside its files. `null`: not known.
    #[serde(default)]
    pub manifest: Option<bool>,
    /// As Redshift says: `completed`, `aborted`, `running`.
    pub status: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `null`: not told, or it goes on.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Rows that were written or loaded; `null`: not told.
    #[serde(default)]
    pub rows: Option<u64>,
    /// Their bytes in S3; `null`: not told.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// How many files it wrote or read; `null`: not told.
    #[serde(default)]
    pub file_count: Option<u64>,
    /// The files that it wrote or read, each once; `null`: not asked for.
    #[serde(default)]
    pub files: Option<Vec<StatementFile>>,
    /// Names of files that cannot be read: cut, masked, or without a bucket.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable_files: u64,
    pub origin: Origin,
}

/// Who acts in S3 where no role of the cluster does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithoutRole {
    /// Whoever has the access keys of the statement.
    Keys,
    /// The federated identity of the database session.
    Session,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An object that a statement wrote or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementFile {
    /// `s3://bucket/key`
    pub object: String,
    /// What Redshift counted; `null`: not told.
    #[serde(default)]
    pub bytes: Option<u64>,
}

impl Statement {
    /// It names its statement among all clusters'.
    pub fn id(&self) -> String {
        format!("{}/{}", path(&self.account, &self.region, self.cluster_kind, &self.cluster), self.query_id)
    }

    /// Every object that it is known to have written or read: its files, and its manifest, which an UNLOAD writes as
    /// `<prefix>manifest` (Redshift Developer Guide, "UNLOAD", MANIFEST) and a COPY reads.
    pub fn objects(&self) -> impl Iterator<Item = Cow<'_, str>> {
        // Without a key there is no slash in it.
        let slash = if self.location.matches('/').count() < 3 { "/" } else { "" };
        let manifest = (self.manifest == Some(true)).then(|| match self.kind {
            LocationKind::Unload => Cow::Owned(format!("{}{slash}manifest", self.location)),
            LocationKind::Copy => Cow::Borrowed(&*self.location),
        });
        let files = self.files.iter().flatten().map(|file| Cow::Borrowed(&*file.object));
        files.chain(manifest)
    }

    /// The buckets of its location and of its objects.
    pub fn buckets(&self) -> BTreeSet<String> {
        let objects = self.objects();
        let names = objects.chain([Cow::Borrowed(&*self.location)]);
        names.filter_map(|object| Some(object.strip_prefix("s3://")?.split('/').next()?.to_owned())).collect()
    }
}

/// What the records show of a statement's objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementRecords {
    /// `ACCOUNT/REGION/CLUSTER/QUERY`, of a namespace `ACCOUNT/REGION/namespace/NAME/QUERY`
    pub statement: String,
    /// Objects with a record of the role, of the kind, at the time.
    pub found: u64,
    /// Objects with a record that may be of another statement, or of somebody else.
    pub unclear: u64,
    /// The first of the others.
    pub missing: Vec<String>,
    /// As far as the records carry it; `null`: none does.
    pub bytes: Option<u64>,
}

impl StatementRecords {
    /// Of which nothing was found yet.
    pub fn of(statement: &Statement) -> StatementRecords {
        StatementRecords { statement: statement.id(), found: 0, unclear: 0, missing: vec![], bytes: None }
    }
}

/// What a role wrote to a location that UNLOAD writes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleWrites {
    /// The role's ARN.
    pub principal: String,
    /// The declared location.
    pub location: String,
    /// Objects that a statement of the role says that it wrote, at that time.
    pub explained: u64,
    /// Those that one may have written: its role is not known, or it was not quite its time.
    pub unclear: u64,
    /// Those that none does.
    pub unexplained: u64,
    /// When the first was written.
    pub first_seen: Timestamp,
    /// When the last was.
    pub last_seen: Timestamp,
    /// One that no statement explains.
    #[serde(default)]
    pub example: Option<Example>,
}
