//! The file as written. Unknown keys are errors; texts that must have a form keep their place in the file.
//!
//! The comments are the descriptions of `trailcheck schema config`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Waivable;
use crate::aws::s3_events::Access;
use crate::severity::{Severity, UnknownIs};
use crate::snapshot::{LearnSource, RecorderKind};

/// What must be recorded, and who may touch it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(title = "trailcheck.toml")]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// Where and for how long AWS is asked.
    #[serde(default)]
    pub scan: Scan,
    /// What Redshift loads from and unloads to.
    #[serde(default)]
    pub redshift: RedshiftTables,
    /// Who may touch a location; one table for each.
    #[serde(default)]
    pub access: Vec<AccessRule>,
    /// Which log records are read.
    pub records: Option<Records>,
    /// By policy, how bad its failures are and what its unknowns do.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Setting>")]
    pub policies: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    /// Failures and unknowns that are accepted until a day.
    #[serde(default)]
    pub waiver: Vec<Waiver>,
}

/// The level alone, or a table.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the form of a setting, for the schema: it is read by hand, to point at mistakes")]
enum Setting {
    Level(SettingLevel),
    Table {
        /// How bad its failures are.
        level: Option<SettingLevel>,
        /// What its unknowns do to the exit code.
        unknown: Option<UnknownIs>,
    },
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the form of a level, for the schema")]
enum SettingLevel {
    Off(Off),
    At(Severity),
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "the form of a level, for the schema")]
enum Off {
    /// The policy does not run.
    Off,
}

/// Where and for how long AWS is asked.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Scan {
    /// The account that the credentials must be of; those of another are refused.
    #[schemars(with = "Option<String>")]
    pub account: Option<Spanned<String>>,
    /// Where buckets, clusters and trails are looked for; left out: every region that the account has enabled.
    #[schemars(with = "Option<Vec<String>>")]
    pub regions: Option<Vec<Spanned<String>>>,
    /// How long AWS is asked: `90s`, `30m`, `1h`. What was not asked for by then is unknown.
    #[schemars(with = "Option<String>")]
    pub budget: Option<Spanned<String>>,
    /// What counts as recording; left out: trails.
    pub recorders: Option<Vec<RecorderKind>>,
    /// The accounts that are scanned; left out: the one that the credentials are of.
    #[schemars(with = "Option<Vec<ScanAccount>>")]
    pub accounts: Option<Spanned<Vec<ScanAccount>>>,
    /// Scan the accounts of the organization that the credentials' account is in.
    #[schemars(with = "Option<ScanOrganization>")]
    pub organization: Option<Spanned<ScanOrganization>>,
}

/// Which accounts of an organization are scanned, and how they are entered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScanOrganization {
    /// The name of the role that is assumed in each account but the credentials' own, with its path if it has one.
    #[schemars(with = "String")]
    pub role: Spanned<String>,
    /// The external id that the roles' trust policies ask for.
    #[schemars(with = "Option<String>")]
    pub external_id: Option<Spanned<String>>,
    /// The ids of organizational units or the root (`ou-…`, `r-…`): only accounts below them; left out: all accounts.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub include_ou: Vec<Spanned<String>>,
    /// The ids of accounts that are left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Spanned<String>>,
}

/// An account that is scanned.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScanAccount {
    /// Its twelve digits.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// The ARN of the role in it that is assumed; left out: the credentials are of this account.
    #[schemars(with = "Option<String>")]
    pub role: Option<Spanned<String>>,
    /// The external id that the role's trust policy asks for.
    #[schemars(with = "Option<String>")]
    pub external_id: Option<Spanned<String>>,
}

/// What Redshift loads from and unloads to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedshiftTables {
    /// Where Redshift itself is asked which locations it uses; left out: nowhere.
    #[serde(default)]
    pub learn: Vec<LearnSource>,
    /// How `system_tables` logs in to databases.
    #[serde(default)]
    pub data_api: DataApi,
    /// Locations that UNLOAD writes to; one table for each.
    #[serde(default)]
    pub unload: Vec<Redshift>,
    /// Locations that COPY reads from; one table for each.
    #[serde(default)]
    pub copy: Vec<Redshift>,
}

/// How the Redshift Data API logs in to databases.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DataApi {
    /// Left out: the one that was made with the cluster or namespace.
    #[schemars(with = "Option<String>")]
    pub database: Option<Spanned<String>>,
    /// A database user of provisioned clusters; left out: the IAM identity that asks.
    #[schemars(with = "Option<String>")]
    pub db_user: Option<Spanned<String>>,
    /// The ARN of a secret with the user and password of all databases; left out: the IAM identity that asks.
    #[schemars(with = "Option<String>")]
    pub secret_arn: Option<Spanned<String>>,
}

/// A location that Redshift uses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Redshift {
    /// `s3://bucket/prefix`: everything that begins with it.
    #[schemars(with = "String")]
    pub location: Spanned<String>,
    /// The ARN of the role that acts on S3, or a chain of roles, `arn1,arn2`; left out: everyone's access must be recorded.
    #[schemars(with = "Option<String>")]
    pub role: Option<Spanned<String>>,
    /// The cluster, namespace or workgroup, to compare its region with the bucket's.
    pub cluster: Option<String>,
    /// What must be recorded; left out: all of an UNLOAD location, reads of a COPY location.
    pub access: Option<Access>,
    /// When an UNLOAD is known to have begun here: the log records must show it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub unloaded_at: Vec<Spanned<toml::value::Datetime>>,
}

/// Who may touch a location.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessRule {
    /// `s3://bucket/prefix`: everything that begins with it.
    #[schemars(with = "String")]
    pub location: Spanned<String>,
    /// ARNs of roles; `*` in the path or the name is any run of characters.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub roles: Vec<Spanned<String>>,
    /// ARNs of IAM users, or of the root user.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub users: Vec<Spanned<String>>,
    /// AWS services, as CloudTrail names them: `logging.s3.amazonaws.com`. `cloudfront.amazonaws.com` means CloudFront's
    /// origin access identities too.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub services: Vec<Spanned<String>>,
    /// Which accesses are judged; left out: all.
    pub actions: Option<Access>,
}

/// Which log records are read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Records {
    /// How far back from the collection: `90m`, `24h`, `7d`.
    #[schemars(with = "Option<String>")]
    pub window: Option<Spanned<String>>,
    /// Bytes of log objects at most, `500MiB`, or `all`; left out: 1 GiB.
    #[schemars(with = "Option<String>")]
    pub sample: Option<Spanned<String>>,
}

/// A failure or an unknown that is accepted until a day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiver {
    /// The policy's id.
    #[schemars(with = "String")]
    pub policy: Spanned<String>,
    /// The finding's subject; `*` is any run of characters.
    #[schemars(with = "String")]
    pub subject: Spanned<String>,
    /// Why it is accepted.
    #[schemars(with = "String")]
    pub reason: Spanned<String>,
    /// The last day on which it holds.
    #[schemars(with = "String")]
    pub expires: Spanned<toml::value::Datetime>,
    /// Who answers for it.
    #[schemars(with = "String")]
    pub owner: Spanned<String>,
    /// What is accepted; left out: that it fails.
    #[serde(default)]
    pub outcome: Waivable,
}
