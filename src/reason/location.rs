//! What is said of a location: recorded or not, and how trail, bucket and cluster lie.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::aws::location::LocationKind;
use crate::aws::s3_events::Access;

/// How many selectors a message names; the evidence has all.
const SHOWN: usize = 4;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfLocation {
    /// Every access that was asked for is recorded. `by`: recorders with their selectors.
    Recorded { access: Access, by: Vec<String> },
    /// This event is recorded by nothing.
    NotRecorded { event: Box<LostEvent>, missed_by: Vec<MissedBy> },
    /// The location is a manifest, and nobody read which objects it names.
    Manifest { location: String },
    /// Only the beginning of what is used is known.
    UsedWithin { location: String, statement: LocationKind },
    /// A table of the config has it.
    Declared { statement: LocationKind, line: usize, role_is_assumed: bool },
    /// No table of the config has what Redshift uses.
    NotDeclared { statement: LocationKind, cluster: Option<String>, places: u64 },
    /// Of places that were put together, how many are so; the first of them.
    OfPlaces { places: u64, all: u64, first: String },
    /// Whether the location is a manifest is not known.
    PerhapsManifest { location: String },
    /// More than one recorder records the same events.
    RecordedTwice { event_name: String, recorders: Vec<String> },
    /// No event is recorded more than once.
    RecordedOnce,
    /// Bucket, trail and cluster are in one region.
    Aligned { region: String },
    /// No trail records in the region.
    NoTrailInEffect { region: String, because: Vec<Reason> },
    /// Whether a trail records in the region is not known.
    EffectUnknown { region: String, because: Box<Reason> },
    /// COPY or UNLOAD needs the option REGION.
    ClusterInOtherRegion {
        bucket_region: String,
        clusters: Vec<String>,
        cluster_regions: Vec<String>,
        statement: LocationKind,
    },
    /// The clusters of a region were not seen.
    ClustersNotSeen { because: Box<Reason> },
    /// `nearest`: the cluster or namespace whose name is most like it.
    ClusterNotFound { cluster: String, nearest: Option<String> },
    /// A selector names the bucket, and its recorder sees nothing there.
    DeadThere { recorder: String, selector: String, bucket: String, because: Box<Reason> },
}

/// An event that nothing records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LostEvent {
    /// As CloudTrail would record it: `GetObject`.
    pub event_name: String,
    /// `null`: `s3.amazonaws.com`, as of everything that a principal asks for.
    #[serde(default)]
    pub event_source: Option<String>,
    /// No documented event has this name yet.
    pub hypothetical: bool,
    /// `s3://bucket/key`
    pub object: String,
    /// `null`: a principal without an ARN.
    pub user_identity_arn: Option<String>,
}

/// What keeps an event out of one recorder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissedBy {
    /// The recorder's name.
    pub recorder: String,
    /// Why it does not record the event.
    pub because: String,
}

impl fmt::Display for OfLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfLocation::Recorded { access, by } => recorded(*access, by, f),
            OfLocation::Manifest { location } => write!(
                f,
                "{location} is recorded, and is a manifest: COPY reads the objects that it names, wherever they are; declare their \
                 locations"
            ),
            OfLocation::UsedWithin { location, statement } => {
                write!(f, "a {} uses a part of {location}, and which is not known", statement.sql())
            }
            OfLocation::Declared { statement, line, role_is_assumed } => {
                write!(f, "line {line} of the config declares it for {}", statement.sql())?;
                let note = "; under which role it was used is not told, and taken to be the declared one";
                if *role_is_assumed { f.write_str(note) } else { Ok(()) }
            }
            OfLocation::NotDeclared { statement, cluster, places } => {
                match cluster {
                    Some(cluster) => write!(f, "{} of cluster {cluster} uses ", statement.sql())?,
                    None => write!(f, "{} uses ", statement.sql())?,
                }
                match places {
                    0 | 1 => f.write_str("it")?,
                    places => write!(f, "{places} places that begin so")?,
                }
                write!(f, ", and no [[redshift.{}]] table declares ", statement.table())?;
                f.write_str(if *places > 1 { "them" } else { "it" })
            }
            OfLocation::OfPlaces { places, all, first } => {
                write!(f, "of {all} places that begin so {places} are like {first}")
            }
            OfLocation::PerhapsManifest { location } => write!(
                f,
                "whether {location} is a manifest is not known, as the SQL text could not be read; if it is one, COPY reads the objects that \
                 it names"
            ),
            OfLocation::NotRecorded { event, missed_by } => not_recorded(event, missed_by, f),
            OfLocation::RecordedTwice { event_name, recorders } => {
                write!(f, "{} both record {event_name} there, and both are paid for", recorders.join(" and "))
            }
            OfLocation::RecordedOnce => f.write_str("no event there is recorded twice"),
            OfLocation::Aligned { region } => {
                write!(f, "the bucket, a trail in effect and every cluster that is known to use it meet in {region}")
            }
            OfLocation::NoTrailInEffect { region, because } => {
                write!(f, "no trail is in effect in {region}, the bucket's region")?;
                if because.is_empty() { Ok(()) } else { write!(f, " ({})", super::message(because)) }
            }
            OfLocation::EffectUnknown { region, because } => {
                write!(f, "whether a trail is in effect in {region} is not known: {because}")
            }
            OfLocation::ClusterInOtherRegion { bucket_region, clusters, cluster_regions, statement } => write!(
                f,
                "the bucket is in {bucket_region}, the cluster in another region ({} in {}): {} needs REGION '{bucket_region}'",
                clusters.join(", "),
                cluster_regions.join(", "),
                statement.sql()
            ),
            OfLocation::ClustersNotSeen { because } => write!(f, "not all clusters were seen: {because}"),
            OfLocation::ClusterNotFound { cluster, nearest } => {
                write!(
                    f,
                    "no cluster, namespace or workgroup `{cluster}` was found in the scanned regions: its region is not known"
                )?;
                nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; did you mean `{nearest}`?"))
            }
            OfLocation::DeadThere { recorder, selector, bucket, because } => {
                write!(f, "{recorder}, {selector}, names {bucket} and is dead there: {because}")
            }
        }
    }
}

fn recorded(access: Access, by: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let what = match access {
        Access::Read => "every read is",
        Access::Write => "every write is",
        Access::All => "every read and write is",
    };
    write!(f, "{what} recorded by {}", by.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(" and "))?;
    match by.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// Which event is lost, and what comes nearest to recording it.
fn not_recorded(event: &LostEvent, missed_by: &[MissedBy], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let hypothetical = if event.hypothetical { " (a name that no documented event has yet)" } else { "" };
    let who = event.user_identity_arn.as_deref().unwrap_or("a principal without an ARN");
    let of = event.event_source.as_ref().map_or(String::new(), |source| format!(" of {source}"));
    write!(f, "not recorded, for example {}{of}{hypothetical} on {} by {who}: ", event.event_name, event.object)?;
    if missed_by.is_empty() {
        return f.write_str("there is no trail");
    }
    let clauses: Vec<String> =
        missed_by.iter().map(|missed| format!("{}: {}", missed.recorder, missed.because)).collect();
    f.write_str(&clauses.join("; "))
}
