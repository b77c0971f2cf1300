//! trailcheck.toml: what is declared, with the lines it stands in.
//!
//! `document` is the file as written, `error` how a mistake points into it; here it becomes what the stages use.

mod document;
mod error;
mod locations;
mod mistake;
mod policies;
mod roles;
mod scan;
mod units;
mod waivers;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use time::Duration;

use crate::aws::arn::Arn;
use crate::aws::location::{Location, LocationKind};
use crate::bounded_file;
use crate::snapshot::{LearnSource, RecorderKind};

use document::Document;
pub use error::ConfigError;
use error::Source;
pub use locations::{AccessRule, RedshiftLocation};
use locations::{access_rule, redshift_location};
pub use policies::{Level, PolicySetting};
pub use scan::{ScanAccount, ScanOrganization};
use scan::{account_id, budget, regions, scanned};
pub use units::{DEFAULT_SAMPLE, duration};
use waivers::waiver;
pub use waivers::{Waivable, Waiver};

/// The largest config that is read: one of 500,000 locations.
const MAX_BYTES: u64 = 64 << 20;

/// The name that is looked for where none is given.
pub const DEFAULT_PATH: &str = "trailcheck.toml";

/// The commented file that `init` writes; also the reference of all keys.
pub const TEMPLATE: &str = include_str!("config/template.toml");

/// A configuration without mistakes.
#[derive(Debug, Clone)]
pub struct Config {
    /// As given on the command line; findings point here.
    pub path: PathBuf,
    /// What the file holds.
    pub text: String,
    /// The account that the credentials must be of.
    pub account: Option<String>,
    /// The accounts that are scanned; empty: the one that the credentials are of.
    pub accounts: Vec<ScanAccount>,
    /// The accounts of the caller's organization are scanned.
    pub organization: Option<ScanOrganization>,
    /// `None`: every enabled region.
    pub regions: Option<Vec<String>>,
    /// How long AWS is asked. What is not asked for by then is not known.
    pub budget: std::time::Duration,
    /// Empty: trails.
    pub recorders: Vec<RecorderKind>,
    pub redshift: Vec<RedshiftLocation>,
    /// Where Redshift is asked what it uses.
    pub learn: BTreeSet<LearnSource>,
    pub data_api: DataApi,
    pub access_rules: Vec<AccessRule>,
    /// `None`: no `[records]` table.
    pub records: Option<RecordsConfig>,
    /// `[policies]`, by id.
    pub policies: Vec<PolicySetting>,
    pub waivers: Vec<Waiver>,
}

/// How the Redshift Data API logs in to databases.
#[derive(Debug, Clone, Default)]
pub struct DataApi {
    /// `None`: the one that was made with the cluster.
    pub database: Option<String>,
    /// Of provisioned clusters; `None`: the IAM identity that asks.
    pub db_user: Option<String>,
    /// A secret with user and password; `None`: the IAM identity that asks.
    pub secret_arn: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct RecordsConfig {
    /// `None`: with logs on disk all they hold, live the default of a day.
    pub window: Option<Duration>,
    /// Bytes of log objects at most; `None`: all.
    pub sample: Option<u64>,
}

impl Config {
    /// Reads the file that is named; or `trailcheck.toml`, here or in the nearest folder above; or nothing at all.
    pub fn find(path: Option<&Path>) -> Result<Config, ConfigError> {
        match Config::place(path) {
            Some(path) => Config::load(&path),
            None => Config::parse(Path::new(DEFAULT_PATH), ""),
        }
    }

    /// Which file `find` reads; `None`: there is none.
    pub fn place(path: Option<&Path>) -> Option<PathBuf> {
        path.map(Path::to_owned).or_else(found_above)
    }

    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = bounded_file::read_text(path, MAX_BYTES)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Config::parse(path, &text)
    }

    pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
        let source = Source::new(path, text);
        let document: Document = toml::from_str(text).map_err(|error| source.syntax(error))?;
        let (accounts, organization) = scanned(&source, document.scan.accounts, document.scan.organization)?;
        let mut redshift = Vec::new();
        if document.scan.recorders.as_ref().is_some_and(Vec::is_empty) {
            return Err(
                source.nowhere("scan.recorders is empty: leave it out for trails, or list what counts as recording")
            );
        }
        for (kind, entries) in
            [(LocationKind::Unload, document.redshift.unload), (LocationKind::Copy, document.redshift.copy)]
        {
            for entry in entries {
                redshift.push(redshift_location(&source, kind, entry)?);
            }
        }
        let learn: BTreeSet<LearnSource> = document.redshift.learn.into_iter().collect();
        let data_api = data_api(&source, document.redshift.data_api, &learn)?;
        let access_rules: Vec<AccessRule> =
            document.access.into_iter().map(|rule| access_rule(&source, rule)).collect::<Result<_, _>>()?;
        let mut lines: HashMap<&Location, usize> = HashMap::new();
        for rule in &access_rules {
            if let Some(first) = lines.insert(&rule.location, rule.line) {
                let message = format!(
                    "lines {first} and {}: two [[access]] tables for {}; each would fail the principals of the other: put all into one",
                    rule.line, rule.location
                );
                return Err(source.nowhere(message));
            }
        }
        Ok(Config {
            path: path.to_owned(),
            text: text.to_owned(),
            account: document.scan.account.map(|account| account_id(&source, account)).transpose()?,
            accounts,
            organization,
            regions: regions(&source, document.scan.regions)?,
            budget: budget(&source, document.scan.budget)?,
            recorders: document.scan.recorders.unwrap_or_default(),
            redshift,
            learn,
            data_api,
            access_rules,
            records: document.records.map(|records| records_config(&source, records)).transpose()?,
            policies: policies::read(&source, document.policies)?,
            waivers: document.waiver.into_iter().map(|raw| waiver(&source, raw)).collect::<Result<_, _>>()?,
        })
    }

    /// Whether log records are read live: where a rule or the config asks for them.
    pub fn reads_records(&self) -> bool {
        !self.access_rules.is_empty() || self.records.is_some() || self.learn.contains(&LearnSource::Records)
    }

    /// The JSON Schema of the file, for editors.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Document)
    }

    /// How far back live records are read: what `[records]` says, else a day.
    pub fn window(&self) -> time::Duration {
        self.records.and_then(|records| records.window).unwrap_or(time::Duration::hours(24))
    }

    /// Every bucket that is declared, each once.
    pub fn buckets(&self) -> Vec<String> {
        let redshift = self.redshift.iter().map(|entry| &entry.location);
        let rules = self.access_rules.iter().map(|rule| &rule.location);
        let mut buckets: Vec<String> = redshift.chain(rules).map(|location| location.bucket.clone()).collect();
        buckets.sort();
        buckets.dedup();
        buckets
    }
}

fn data_api(source: &Source, raw: document::DataApi, learn: &BTreeSet<LearnSource>) -> Result<DataApi, ConfigError> {
    if let Some(secret) = &raw.secret_arn {
        let is_secret = |arn: Arn| arn.service == "secretsmanager" && arn.resource.starts_with("secret:");
        if !Arn::parse(secret.get_ref()).is_some_and(is_secret) {
            let message = format!(
                "`{}` is not a secret's ARN; expected arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME",
                secret.get_ref()
            );
            return Err(source.at(secret.span(), message));
        }
        if let Some(user) = &raw.db_user {
            return Err(
                source.at(user.span(), "db_user and secret_arn: give one of the two, the secret names its user")
            );
        }
    }
    let given = [&raw.database, &raw.db_user, &raw.secret_arn].into_iter().flatten().next();
    if let Some(given) = given.filter(|_| !learn.contains(&LearnSource::SystemTables)) {
        let message = "redshift.data_api is for redshift.learn = [\"system_tables\"], which is not asked for";
        return Err(source.at(given.span(), message));
    }
    let text = |raw: Option<toml::Spanned<String>>| raw.map(toml::Spanned::into_inner);
    Ok(DataApi { database: text(raw.database), db_user: text(raw.db_user), secret_arn: text(raw.secret_arn) })
}

fn records_config(source: &Source, raw: document::Records) -> Result<RecordsConfig, ConfigError> {
    const LONGEST_WINDOW: Duration = Duration::days(3653);
    let raw_window = raw.window.as_ref().map(toml::Spanned::span);
    let window = raw.window.map(|text| {
        units::duration(text.get_ref()).ok_or_else(|| {
            source.at(
                text.span(),
                format!("`{}` is not a time span; expected one such as 90m, 24h or 7d", text.get_ref()),
            )
        })
    });
    let window = window.transpose()?;
    if let Some(span) = raw_window.clone().filter(|_| window.is_some_and(|window| window <= Duration::HOUR)) {
        return Err(source.at(span, "a window of an hour or less shows nothing: the newest hour may still be delivered; expected is more, such as 24h"));
    }
    if let Some(span) = raw_window.filter(|_| window.is_some_and(|window| window > LONGEST_WINDOW)) {
        return Err(source.at(span, "a window of more than ten years: every day of it is listed; expected is less"));
    }
    let sample = match raw.sample {
        None => Some(units::DEFAULT_SAMPLE),
        Some(text) if text.get_ref() == "all" => None,
        Some(text) => Some(units::bytes(text.get_ref()).ok_or_else(|| {
            let message = format!("`{}` is not a size; expected one such as 500MiB or 1GiB, or all", text.get_ref());
            source.at(text.span(), message)
        })?),
    };
    Ok(RecordsConfig { window, sample })
}

/// `trailcheck.toml`, `../trailcheck.toml` and so on, whichever is there first, readable or not: to pass one over would be to
/// judge by another.
fn found_above() -> Option<PathBuf> {
    let depth = std::env::current_dir().ok()?.ancestors().count();
    let upwards = std::iter::successors(Some(PathBuf::from(DEFAULT_PATH)), |path| Some(Path::new("..").join(path)));
    let is_there = |path: &PathBuf| {
        path.symlink_metadata().map_or_else(|error| error.kind() != std::io::ErrorKind::NotFound, |_| true)
    };
    upwards.take(depth).find(is_there)
}
