//! The `input` document that policies read.
//!
//! Every field is always there, so that a policy never takes an absent one for a "no"; what could not be told has the
//! status `unknown` and says why.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::judgement::*;
use super::subject::Subject;
use crate::aws::location::LocationKind;
use crate::aws::s3_events::Access;
use crate::aws::timestamp::Timestamp;
use crate::parallel;
use crate::reason::Reason;
use crate::snapshot::{FactKind, Session};

/// The format of the `input` document.
pub const SCHEMA: &str = "trailcheck/input/v2";

/// The `input` document: lists of what is judged. Each item has a `subject`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Facts {
    /// The format of this document and its version.
    pub schema: String,
    /// What was looked at.
    pub scan: Scan,
    /// One for each UNLOAD location, declared or learned.
    pub unloads: Vec<LocationFact>,
    /// One for each COPY location, declared or learned.
    pub copies: Vec<LocationFact>,
    /// One for each `[[access]]` table.
    pub access_rules: Vec<AccessFact>,
    /// Every declared location, where log records are asked for.
    pub declared: Vec<DeclaredFact>,
    /// One for each declared UNLOAD location.
    pub known_unloads: Vec<KnownUnloadFact>,
    /// Every location that Redshift told of.
    pub learned: Vec<LearnedFact>,
    /// COPYs and UNLOADs that Redshift says it ran.
    pub statements: Vec<StatementFact>,
    /// What roles of clusters wrote to UNLOAD locations, by location.
    pub unload_writes: Vec<WriteFact>,
    /// Redshift clusters, and namespaces of Redshift Serverless.
    pub clusters: Vec<ClusterFact>,
    /// Where UNLOADs were seen.
    pub seen_unloads: Vec<UnloadFact>,
    /// Roles of sessions that are named as Redshift's.
    pub redshift_roles: Vec<RoleFact>,
    /// Roles that locations declare, of accounts that were scanned.
    pub declared_roles: Vec<RoleFact>,
    /// Accounts that were scanned.
    pub accounts: Vec<AccountFact>,
    /// Every bucket that the config names.
    pub buckets: Vec<BucketFact>,
    /// One for each `[[waiver]]` table.
    pub waivers: Vec<WaiverFact>,
    /// One for each trail that was seen.
    pub trails: Vec<TrailFact>,
    /// COPYs and UNLOADs that the log records show.
    pub sessions: Vec<Session>,
    /// By the name of a list above, what a failed call may have hidden from it. For a policy that reads the list, each is a
    /// subject that is unknown.
    pub unseen: BTreeMap<String, Vec<UnseenFact>>,
    /// Calls that did not answer.
    pub failures: Vec<FailureFact>,
}

impl Facts {
    /// The document, member by member; long lists are written by several threads.
    pub fn members(&self) -> Vec<(&'static str, Member)> {
        let Facts { schema, scan, unloads, copies, access_rules, declared, seen_unloads, redshift_roles, .. } = self;
        let declared_roles = &self.declared_roles;
        let Facts {
            known_unloads,
            learned,
            statements,
            unload_writes,
            clusters,
            accounts,
            buckets,
            waivers,
            trails,
            sessions,
            unseen,
            failures,
            ..
        } = self;
        vec![
            ("schema", Member::One(json(schema))),
            ("scan", Member::One(json(scan))),
            ("unloads", Member::list(unloads)),
            ("copies", Member::list(copies)),
            ("access_rules", Member::list(access_rules)),
            ("declared", Member::list(declared)),
            ("known_unloads", Member::list(known_unloads)),
            ("learned", Member::list(learned)),
            ("statements", Member::list(statements)),
            ("unload_writes", Member::list(unload_writes)),
            ("clusters", Member::list(clusters)),
            ("seen_unloads", Member::list(seen_unloads)),
            ("redshift_roles", Member::list(redshift_roles)),
            ("declared_roles", Member::list(declared_roles)),
            ("accounts", Member::list(accounts)),
            ("buckets", Member::list(buckets)),
            ("waivers", Member::list(waivers)),
            ("trails", Member::list(trails)),
            ("sessions", Member::list(sessions)),
            ("unseen", Member::One(json(unseen))),
            ("failures", Member::list(failures)),
        ]
    }
}

/// A member of the document as JSON.
#[derive(Debug, PartialEq)]
pub enum Member {
    One(String),
    /// A list, as shorter lists that follow each other.
    List(Vec<String>),
}

/// So many items are worth a thread.
const MANY: usize = 200;

impl Member {
    fn list<T: Serialize + Sync>(items: &[T]) -> Member {
        Member::List(parallel::each(&items.chunks(MANY).collect::<Vec<_>>(), || (), |(), items| json(items)))
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("facts have string keys and finite numbers")
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Scan {
    /// What a policy judges that names no subject: the scanning account.
    pub subject: Subject,
    /// The ids of the accounts that were scanned.
    pub accounts: Vec<String>,
    /// `aws`, `aws-cn` or `aws-us-gov`
    pub partition: String,
    /// Those that were asked.
    pub regions: Vec<String>,
    /// When the last call was made.
    pub collected_at: Timestamp,
    /// The clock of the machine that scanned differed from AWS's by more than five minutes.
    pub clock_is_doubtful: bool,
    /// A signal ended the scan before its end: nothing passes.
    pub was_stopped: bool,
}

/// A location that COPY or UNLOAD uses.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LocationFact {
    pub subject: Subject,
    /// `s3://bucket/prefix`
    pub location: String,
    /// The location's bucket.
    pub bucket: String,
    /// `null`: not known.
    pub bucket_region: Option<String>,
    /// `null`: anyone.
    pub role: Option<String>,
    /// The cluster or namespace that uses it, where that is declared.
    pub cluster: Option<String>,
    pub access: Access,
    pub coverage: Judgement<Coverage>,
    pub placement: Judgement<Placement>,
    pub duplicates: Judgement<Duplicates>,
}

/// A declared UNLOAD location, and the times at which an UNLOAD is known to have run there.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct KnownUnloadFact {
    pub subject: Subject,
    /// `s3://bucket/prefix`
    pub location: String,
    /// Whether the records show these UNLOADs.
    pub confirmation: Judgement<Confirmation>,
}

/// Who touched a declared location.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeclaredFact {
    pub subject: Subject,
    /// `s3://bucket/prefix`
    pub location: String,
    /// The location's bucket.
    pub bucket: String,
    /// IAM users and root.
    pub long_lived_keys: Judgement<Touch>,
    /// Principals of other accounts that no `[[access]]` table approves.
    pub foreign_accounts: Judgement<Touch>,
}

/// A location that Redshift told of.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LearnedFact {
    pub subject: Subject,
    /// `s3://bucket/prefix`
    pub location: String,
    /// What uses it.
    pub statement: LocationKind,
    /// The role that acted there; `null`: not known.
    pub role: Option<String>,
    /// The cluster or namespace that uses it; `null`: not known.
    pub cluster: Option<String>,
    pub declaration: Judgement<Declaration>,
}

/// A COPY or UNLOAD that Redshift says it ran.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StatementFact {
    pub subject: Subject,
    pub kind: LocationKind,
    /// `s3://bucket/prefix`
    pub location: String,
    /// The declared location that it is in; `null`: none.
    pub declared: Option<String>,
    /// The role that acted; `null`: not known, or none.
    pub role: Option<String>,
    /// The cluster or namespace that ran it.
    pub cluster: String,
    /// The database user that ran it; `null`: not told.
    pub user: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `null`: not told.
    pub ended_at: Option<Timestamp>,
    /// How many files it wrote or read; `null`: not told.
    pub file_count: Option<u64>,
    pub record: Judgement<StatementRecord>,
    pub acting_role: Judgement<StatementRole>,
}

/// What roles of clusters wrote to a location that UNLOAD writes to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WriteFact {
    pub subject: Subject,
    /// `s3://bucket/prefix`
    pub location: String,
    pub explanation: Judgement<Explanation>,
}

/// A Redshift cluster, or a namespace of Redshift Serverless.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ClusterFact {
    pub subject: Subject,
    /// Its identifier, or the namespace's name.
    pub cluster: String,
    pub audit_logging: Judgement<AuditLog>,
}

/// A place that UNLOADs were seen at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UnloadFact {
    pub subject: Subject,
    /// The declared location, or the bucket.
    pub location: String,
    pub completion: Judgement<Completion>,
}

/// A role of sessions that are named as Redshift's, or of a declared location.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RoleFact {
    pub subject: Subject,
    /// The role's ARN.
    pub role: String,
    pub association: Judgement<Association>,
}

/// A rule on who may touch a location.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccessFact {
    pub subject: Subject,
    /// `s3://bucket/prefix`
    pub location: String,
    /// The location's bucket.
    pub bucket: String,
    pub actions: Access,
    /// Whether every access by anyone is recorded.
    pub coverage: Judgement<Coverage>,
    pub approval: Judgement<Approval>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TrailFact {
    pub subject: Subject,
    /// Its ARN.
    pub trail_arn: String,
    /// Its name.
    pub name: String,
    /// Where it was made.
    pub home_region: String,
    /// Whether it records in all regions; `null`: not told.
    pub is_multi_region_trail: Option<bool>,
    /// Whether it records in all accounts of the organization; `null`: not told.
    pub is_organization_trail: Option<bool>,
    pub logging: Judgement<Logging>,
    pub selectors: Judgement<Selectors>,
    /// What it takes of management events.
    pub management_events: Judgement<ManagementEvents>,
    /// What its log files are encrypted with.
    pub encryption: Judgement<Encryption>,
    /// Whether it writes digests of its log files.
    pub log_file_validation: Judgement<LogFileValidation>,
    /// Whether its log files are those that were delivered.
    pub validation: Judgement<Validation>,
}

/// An account that was scanned.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccountFact {
    pub subject: Subject,
    /// Its id.
    pub account: String,
    /// Whether a trail records every management event in every region.
    pub management_coverage: Judgement<ManagementCoverage>,
}

/// A bucket that the config names.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BucketFact {
    pub subject: Subject,
    /// Its name.
    pub bucket: String,
    pub existence: Judgement<Existence>,
}

/// What is accepted, by whom and until when.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WaiverFact {
    pub subject: Subject,
    /// The policy whose findings it is on.
    pub policy: String,
    /// Of these findings; `*` stands for any run of characters.
    pub of: String,
    /// Who accepts them.
    pub owner: String,
    pub term: Judgement<Term>,
}

/// An account and region in which something may be that was not seen.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UnseenFact {
    pub subject: Subject,
    /// What may be there, and why it was not seen.
    pub message: String,
    /// Why, each with a `code`.
    pub reasons: Vec<Reason>,
    /// The calls that did not answer.
    pub evidence: Value,
}

/// A call that did not answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FailureFact {
    /// The account that was asked.
    pub account: String,
    /// Where it was asked.
    pub region: String,
    /// The kinds of fact that are incomplete because of it.
    pub makes_unknown: Vec<FactKind>,
    /// The call, and what AWS said.
    pub message: String,
}
