//! Flags of the commands that read log records, or ask about one event.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ConfigArgs, TableFormat};
use crate::aws::location::Location;
use crate::aws::source_address::SourceAddress;
use crate::aws::timestamp::Timestamp;

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 something records the event, 1 nothing does, 2 usage, 3 it could not be told")]
pub struct Trace {
    /// The object, `s3://bucket/key`; for a listing the bucket and the prefix that is listed.
    pub object: String,
    /// The event's name, as CloudTrail records it: `UploadPart`.
    #[arg(long, value_name = "NAME")]
    pub event: String,
    /// The role that acts; left out: a principal without an ARN.
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// The name of the role's session.
    #[arg(long, value_name = "NAME", default_value = "RedshiftIamRoleSession", requires = "role")]
    pub session: String,
    /// The bucket's region, where the snapshot does not have it.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Ask this snapshot and make no AWS call.
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
    #[command(flatten)]
    pub config: ConfigArgs,
}

const VERIFY_PROVES: &str = "\
What is shown: that the log files which valid digests list are there as CloudTrail delivered them, that the digests are \
signed by CloudTrail, and that none is missing between them. What is not: that every event was recorded, or anything of a \
log file that no digest lists; such files are named, and the result is unknown.

A copy (`aws s3 sync s3://bucket/ PATH`) does not have the digests' signatures, which are metadata of the objects. Each \
digest states that of the one before it. For the newest, write what `aws s3api head-object --bucket B --key K --query \
Metadata.signature --output text` prints to the file NAME.json.gz.signature beside it; without it, that digest is unknown.

Exit codes: 0 everything is valid, 1 something is not, 2 usage or credentials, 3 nothing is invalid, but something is \
unknown or nothing was found, 4 the result could not be written";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_PROVES)]
pub struct Verify {
    /// `s3://bucket/prefix`: everything below it that digests or log files are. Or a folder that was copied from there.
    #[arg(value_name = "PATH|s3://…")]
    pub target: PathBuf,
    /// Public keys, as `aws cloudtrail list-public-keys` prints them. May be repeated; needed for a folder. Without it
    /// CloudTrail is asked, in each digest's own region.
    #[arg(long, value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Only digests of the time after this: 2026-11-22T07:00:00Z [default: the oldest digest].
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// Only digests of the time before this [default: now; for a folder, its newest digest].
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub to: Option<Timestamp>,
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// A day stands for its beginning.
fn instant(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Timestamp::parse(&whole)
        .ok_or_else(|| "expected an RFC 3339 instant, such as 2026-11-22T07:00:00Z, or a day".to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = "\
Duplicate deliveries are dropped. Digests, Insights, network activity and aggregated files are passed over. What an
access is by is the acting role, user, service or account; a request that was denied has its error code.

Exit codes: 0 all was read, 2 usage or credentials, 3 something was not read or not understood: the answer may lack it,
4 the answer could not be written")]
pub struct Accesses {
    /// A log file, a folder of them (gzip, zstd or plain), or s3://bucket/prefix.
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub path: String,
    /// Only this bucket; `*` is any run of characters. May be repeated.
    #[arg(long, value_name = "NAME", value_parser = bucket, help_heading = "What is counted")]
    pub bucket: Vec<String>,
    /// Only this place, `s3://bucket/prefix`: everything that begins with it. May be repeated.
    #[arg(long, value_name = "S3-URI", value_parser = place, conflicts_with = "config", help_heading = "What is counted")]
    pub location: Vec<Location>,
    /// Only roles of this name, whatever their account and path; `*` is any run of characters. May be repeated.
    #[arg(long, value_name = "NAME", value_parser = role_name, help_heading = "What is counted")]
    pub role: Vec<String>,
    /// Only this principal, or with twelve digits those of this account; `*` is any run of characters. May be repeated.
    #[arg(long, value_name = "ARN", value_parser = principal, help_heading = "What is counted")]
    pub principal: Vec<String>,
    /// Only requests from this address (`198.51.100.7`), network (`198.51.100.0/24`) or, with `*` for any run of characters, name
    /// of a service (`redshift.amazonaws.com`). May be repeated.
    #[arg(long, value_name = "ADDRESS", value_parser = SourceAddress::parse, help_heading = "What is counted")]
    pub source_ip: Vec<SourceAddress>,
    /// Only events of this time and later: `2026-11-22T07:00:00Z`, or `2026-11-22`.
    #[arg(long, value_name = "TIME", value_parser = instant, help_heading = "What is counted")]
    pub from: Option<Timestamp>,
    /// Only events of so long ago until now: `90m`, `24h`, `7d`.
    #[arg(long, value_name = "SPAN", value_parser = super::span, conflicts_with = "from", help_heading = "What is counted")]
    pub since: Option<time::Duration>,
    /// Only events before this time.
    #[arg(long, value_name = "TIME", value_parser = instant, help_heading = "What is counted")]
    pub to: Option<Timestamp>,
    /// Tell the locations of this config apart.
    #[arg(long, value_name = "FILE", help_heading = "What is counted")]
    pub config: Option<PathBuf>,
    /// Count by one thing only.
    #[arg(long, value_enum, help_heading = "What is written")]
    pub by: Option<By>,
    /// Only the rows with the highest counts, so many of them, highest first.
    #[arg(long, value_name = "N", help_heading = "What is written")]
    pub top: Option<usize>,
    #[arg(long, value_enum, default_value_t = AccessFormat::Table, help_heading = "What is written")]
    pub format: AccessFormat,
    /// Name every log object that could not be read, not the first ten.
    #[arg(short, long, help_heading = "What is written")]
    pub verbose: bool,
    /// How many threads read [default: one for each core].
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
}

fn place(text: &str) -> Result<Location, String> {
    Location::parse(text).map_err(|error| error.to_string())
}

/// A bucket's name; as a URI too, which is what people have at hand.
fn bucket(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("s3://").or(text.strip_prefix("arn:aws:s3:::")).unwrap_or(text);
    let name = name.strip_suffix('/').unwrap_or(name);
    match name.is_empty() || name.contains(['/', ':']) {
        true => Err(format!("`{text}` is not a bucket's name; --location takes a place within one")),
        false => Ok(name.to_owned()),
    }
}

fn role_name(text: &str) -> Result<String, String> {
    match text.is_empty() || text.contains(['/', ':']) {
        true => Err(format!("`{text}` is not a role's name; --principal takes an ARN")),
        false => Ok(text.to_owned()),
    }
}

/// What a principal is told as: an ARN of IAM, a service, an account's id, or what has a `*`.
fn principal(text: &str) -> Result<String, String> {
    if let Some((account, session)) = text.strip_prefix("arn:").and_then(|rest| rest.split_once(":assumed-role/")) {
        let account = account.rsplit(':').next().unwrap_or_default();
        let role = session.split('/').next().unwrap_or_default();
        return Err(format!(
            "`{text}` is a session, and sessions are counted by their role: use --principal arn:aws:iam::{account}:role/{role}, or --role {role}"
        ));
    }
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.starts_with("arn:") || text.contains(['*', '.', ' ']) || is_account {
        true => Ok(text.to_owned()),
        false => {
            Err(format!("`{text}` is no principal: expected an ARN, a service or an account's id; --role takes a name"))
        }
    }
}

fn threads(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| (1..=256).contains(count)).ok_or_else(|| format!("`{text}` is not 1 to 256"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    Principal,
    Bucket,
    Event,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AccessFormat {
    Table,
    Json,
    /// One JSON document a line.
    Ndjson,
    Csv,
}
