//! An answer with its reasons and what it rests on, and the statuses that there are.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::reason::{self, Reason};

/// An answer to one question. Which one, the field that holds it says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Judgement<S> {
    pub status: S,
    /// The reasons in one sentence.
    pub message: String,
    /// Why, each with a `code`.
    pub reasons: Vec<Reason>,
    /// What the answer rests on; its form is the question's.
    pub evidence: Value,
}

/// Every kind of status can be `unknown`, which is its default.
impl<S: Default> Judgement<S> {
    pub fn new(status: S, reasons: Vec<Reason>, evidence: Value) -> Judgement<S> {
        Judgement { status, message: reason::message(&reasons), reasons, evidence }
    }

    /// An answer that needs no evidence beyond its reason.
    pub fn plain(status: S, reason: impl Into<Reason>) -> Judgement<S> {
        Judgement::new(status, vec![reason.into()], json!({}))
    }

    pub fn unknown(reasons: Vec<Reason>) -> Judgement<S> {
        Judgement::new(S::default(), reasons, json!({}))
    }
}

macro_rules! statuses {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident),* })*) => {
        $(
            $(#[$about])*
            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
            #[serde(rename_all = "snake_case")]
            pub enum $name {
                $($(#[$doc])* $variant,)*
                /// Could not be told.
                #[default]
                Unknown,
            }
        )*
    };
}

statuses! {
    /// Is every access that is asked for recorded?
    Coverage { Recorded, /** Some event is recorded by nothing. */ Gap }

    /// Do bucket, trail and cluster lie where they must?
    Placement {
        Aligned,
        /** No trail is in effect in the bucket's region. */ NoTrail,
        /** The cluster is in another region than the bucket. */ OtherRegion,
        /** A selector names the bucket in a trail that sees nothing of it. */ DeadSelector
    }

    /// How often are events recorded?
    Duplicates { Once, Twice }

    /// Do the records show what is known to have happened?
    Confirmation { Confirmed, Contradicted, /** There is nothing to compare. */ NotKnown }

    /// Is what Redshift uses declared?
    Declaration { Declared, Undeclared }

    /// Did a statement run under the role that its location declares?
    StatementRole { AsDeclared, Other, /** Its location declares none. */ NotDeclared }

    /// Do the records show every object that a statement wrote or read?
    StatementRecord {
        Recorded,
        /** An object has no record, and nothing records such an event. */ Lost,
        /** An object has no record, though a recorder is to record it and all records were read. */ Contradicted,
        /** There is nothing to compare. */ NotCompared
    }

    /// Does a statement explain what a cluster's role wrote?
    Explanation { Explained, Unexplained, /** Redshift was not asked what it ran. */ NotAsked }

    /// Does a cluster log what its users run?
    AuditLog { On, Off, DeliveryFailing, /** The config does not learn from audit logs. */ NotAsked }

    /// Did such a principal touch the location?
    Touch { None, Seen }

    /// Were only approved principals there?
    Approval { Approved, Violated }

    /// Did the UNLOADs that were seen end?
    Completion { Complete, Unfinished }

    /// Is the role associated with a cluster or namespace?
    Association { Associated, NotAssociated }

    /// Does the trail log and deliver?
    Logging { Logging, Stopped, DeliveryFailing }

    /// Can its selectors match?
    Selectors {
        Live,
        /** Some of them can never match. */
        Dead,
        /** They are those of an organization's trail, which a member account may not see. */
        NotShown
    }

    /// Does a trail record every management event of an account, in every region?
    ManagementCoverage { Recorded, /** No trail alone does. */ Gap }

    /// Which management events does a trail take?
    ManagementEvents { All, Part, None }

    /// What are a trail's log files encrypted with?
    Encryption { /** A key of KMS. */ KmsKey, /** S3's own key. */ S3Key }

    /// Is there such a bucket?
    Existence { Exists, Missing }

    /// Does a waiver still hold?
    Term { Current, Expired, /** A later table with the same policy, subject and outcome does. */ Renewed }

    /// Does it write digests of its log files?
    LogFileValidation { On, Off }

    /// Are its log files those that were delivered?
    Validation { Intact, Violated, /** There are no digests, or no records that were read. */ NotValidated }
}
