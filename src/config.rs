//! trailcheck.toml: what is declared, with the lines it stands in.
//!
//! `document` is the file as written, `error` how a mistake points into it; here it becomes what the stages use.

mod document;
mod error;
mod mistake;
mod policies;
mod units;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use time::{Date, Duration};

use crate::aws::arn::{Arn, RoleArn, is_account_id};
use crate::aws::location::Location;
use crate::aws::location::LocationKind;
use crate::aws::regions::REGIONS;
use crate::aws::s3_events::Access;
use crate::aws::timestamp::Timestamp;
use crate::bounded_file;
use crate::nearest::nearest;
use crate::snapshot::RecorderKind;

use document::{AccessRule as RawAccess, Document, Redshift as RawRedshift, Waiver as RawWaiver};
pub use error::ConfigError;
use error::Source;

/// The largest config that is read: one of 500,000 locations.
const MAX_BYTES: u64 = 64 << 20;
pub use policies::{Level, PolicySetting};
pub use units::{DEFAULT_SAMPLE, duration};

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
    /// The account that must be scanned.
    pub account: Option<String>,
    /// `None`: every enabled region.
    pub regions: Option<Vec<String>>,
    /// How long AWS is asked. What is not asked for by then is not known.
    pub budget: std::time::Duration,
    /// Empty: trails.
    pub recorders: Vec<RecorderKind>,
    pub redshift: Vec<RedshiftLocation>,
    pub access_rules: Vec<AccessRule>,
    /// `None`: no `[records]` table.
    pub records: Option<RecordsConfig>,
    /// `[policies]`, by id.
    pub policies: Vec<PolicySetting>,
    pub waivers: Vec<Waiver>,
}

/// `[[redshift.unload]]` or `[[redshift.copy]]`.
#[derive(Debug, Clone)]
pub struct RedshiftLocation {
    pub kind: LocationKind,
    pub location: Location,
    /// The role that acts on S3: of a chain, the last. `None`: anyone.
    pub role: Option<RoleArn>,
    /// Of a chain of roles, the first: the one that the cluster has (Redshift Management Guide, "Chaining IAM roles").
    pub chained_from: Option<RoleArn>,
    pub cluster: Option<String>,
    pub access: Access,
    /// When an UNLOAD is known to have begun there.
    pub unloaded_at: Vec<Timestamp>,
    /// Where in the file it is declared, from 1.
    pub line: usize,
}

/// Far beyond what a scan takes.
const DEFAULT_BUDGET: std::time::Duration = std::time::Duration::from_secs(3600);

impl RedshiftLocation {
    /// The role that a cluster must have to use the location.
    pub fn carried_role(&self) -> Option<&RoleArn> {
        self.chained_from.as_ref().or(self.role.as_ref())
    }
}

/// `[[access]]`: only these may touch the location.
#[derive(Debug, Clone)]
pub struct AccessRule {
    pub location: Location,
    /// Role ARNs, whose path and name may hold `*`.
    pub roles: Vec<RoleArn>,
    pub users: Vec<String>,
    pub services: Vec<String>,
    pub actions: Access,
    pub line: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct RecordsConfig {
    /// `None`: with logs on disk all they hold, live the default of a day.
    pub window: Option<Duration>,
    /// Bytes of log objects at most; `None`: all.
    pub sample: Option<u64>,
}

/// What a waiver accepts: who accepts that something is not known has not accepted that it fails.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Deserialize, schemars::JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Waivable {
    /// That it fails.
    #[default]
    Fail,
    /// That it cannot be told.
    Unknown,
}

#[derive(Debug, Clone)]
pub struct Waiver {
    pub policy: String,
    /// Of a finding; `*` stands for any run of characters.
    pub subject: String,
    pub outcome: Waivable,
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    pub owner: String,
    pub line: usize,
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
        if let Some(accounts) = &document.scan.accounts {
            return Err(source.at(
                accounts.span(),
                "scanning several accounts in one run is not built yet; run trailcheck once with the credentials of each",
            ));
        }
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
            regions: regions(&source, document.scan.regions)?,
            budget: budget(&source, document.scan.budget)?,
            recorders: document.scan.recorders.unwrap_or_default(),
            redshift,
            access_rules,
            records: document.records.map(|records| records_config(&source, records)).transpose()?,
            policies: policies::read(&source, document.policies)?,
            waivers: document
                .waiver
                .into_iter()
                .map(|waiver| read_waiver(&source, waiver))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether log records are read live: where a rule or the config asks for them.
    pub fn reads_records(&self) -> bool {
        !self.access_rules.is_empty() || self.records.is_some()
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

fn account_id(source: &Source, raw: toml::Spanned<String>) -> Result<String, ConfigError> {
    match is_account_id(raw.get_ref()) {
        true => Ok(raw.into_inner()),
        false => {
            let message = format!("`{}` is not an account's id; expected 12 digits in quotes", raw.get_ref());
            Err(source.at(raw.span(), message))
        }
    }
}

fn regions(source: &Source, regions: Option<Vec<toml::Spanned<String>>>) -> Result<Option<Vec<String>>, ConfigError> {
    let Some(regions) = regions else { return Ok(None) };
    if regions.is_empty() {
        return Err(source.nowhere("scan.regions is empty: leave it out for every enabled region, or name some"));
    }
    let mut names = Vec::new();
    for region in regions {
        let shape = region.get_ref().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let ends_in_a_number = region.get_ref().ends_with(|c: char| c.is_ascii_digit());
        let is_three = region.get_ref().split('-').count() >= 3;
        if !shape || !ends_in_a_number || !is_three || region.get_ref().split('-').any(str::is_empty) {
            let hint =
                nearest(region.get_ref(), REGIONS).map_or(".".to_owned(), |near| format!("; did you mean {near}?"));
            let message = format!("`{}` is not a region{hint} Expected is a name such as eu-west-1", region.get_ref());
            return Err(source.at(region.span(), message));
        }
        names.push(region.into_inner());
    }
    Ok(Some(names))
}

fn budget(source: &Source, budget: Option<toml::Spanned<String>>) -> Result<std::time::Duration, ConfigError> {
    let Some(text) = budget else { return Ok(DEFAULT_BUDGET) };
    let span = units::duration(text.get_ref()).and_then(|span| std::time::Duration::try_from(span).ok());
    span.ok_or_else(|| {
        let message = format!("`{}` is not a time span; expected one such as 90s, 30m or 2h", text.get_ref());
        source.at(text.span(), message)
    })
}

fn redshift_location(source: &Source, kind: LocationKind, raw: RawRedshift) -> Result<RedshiftLocation, ConfigError> {
    let (location, line) = location(source, &raw.location)?;
    let mut chain = raw.role.map(|role| role_chain(source, &role)).transpose()?.unwrap_or_default();
    let role = chain.pop();
    let chained_from = chain.into_iter().next();
    let default = match kind {
        LocationKind::Unload => Access::All,
        LocationKind::Copy => Access::Read,
    };
    let unloaded_at = raw.unloaded_at.iter().map(|at| instant(source, at)).collect::<Result<_, _>>()?;
    if let Some(at) = raw.unloaded_at.first().filter(|_| kind == LocationKind::Copy) {
        return Err(source.at(at.span(), "unloaded_at belongs to [[redshift.unload]]: COPY writes nothing"));
    }
    let access = raw.access.unwrap_or(default);
    Ok(RedshiftLocation { kind, location, role, chained_from, cluster: raw.cluster, access, unloaded_at, line })
}

fn instant(source: &Source, raw: &toml::Spanned<toml::value::Datetime>) -> Result<Timestamp, ConfigError> {
    Timestamp::parse(&raw.get_ref().to_string()).ok_or_else(|| {
        let message = format!("`{}` is no instant; expected one such as 2026-11-22T07:00:00Z", raw.get_ref());
        source.at(raw.span(), message)
    })
}

fn access_rule(source: &Source, raw: RawAccess) -> Result<AccessRule, ConfigError> {
    let (location, line) = location(source, &raw.location)?;
    let roles = raw.roles.iter().map(|role| role_arn(source, role.span(), role.get_ref())).collect::<Result<_, _>>()?;
    for user in &raw.users {
        let is_user = |arn: Arn| arn.service == "iam" && (arn.resource.starts_with("user/") || arn.resource == "root");
        if !Arn::parse(user.get_ref()).is_some_and(is_user) || user.get_ref().contains('*') {
            let message = format!("`{}` is not a user's ARN; expected arn:aws:iam::ACCOUNT:user/NAME", user.get_ref());
            return Err(source.at(user.span(), message));
        }
    }
    for service in &raw.services {
        if !service.get_ref().contains(".amazonaws.") && service.get_ref() != "AWS Internal" {
            let message =
                format!("`{}` is not an AWS service; expected one such as logging.s3.amazonaws.com", service.get_ref());
            return Err(source.at(service.span(), message));
        }
    }
    Ok(AccessRule {
        location,
        roles,
        users: raw.users.into_iter().map(toml::Spanned::into_inner).collect(),
        services: raw.services.into_iter().map(toml::Spanned::into_inner).collect(),
        actions: raw.actions.unwrap_or(Access::All),
        line,
    })
}

fn location(source: &Source, raw: &toml::Spanned<String>) -> Result<(Location, usize), ConfigError> {
    let location = Location::parse(raw.get_ref()).map_err(|error| source.at(raw.span(), error.to_string()))?;
    Ok((location, source.line(raw.span().start)))
}

/// The roles as IAM_ROLE has them: one, or a chain with commas and no blanks. Coverage is proved for the sessions of the last, so
/// each name is meant as it stands.
fn role_chain(source: &Source, raw: &toml::Spanned<String>) -> Result<Vec<RoleArn>, ConfigError> {
    let text = raw.get_ref();
    if text.contains('*') {
        let message = "a role here is one role, without `*`; leave it out for anyone, or write a table for each role";
        return Err(source.at(raw.span(), message));
    }
    if matches!(&*text.to_ascii_lowercase(), "default" | "session") {
        let message = format!(
            "`{text}` names a role that is known only where the statement runs; write its ARN, which `aws redshift describe-clusters` shows"
        );
        return Err(source.at(raw.span(), message));
    }
    text.split(",arn:")
        .enumerate()
        .map(|(at, role)| {
            let role = if at == 0 { role.to_owned() } else { format!("arn:{role}") };
            role_arn(source, raw.span(), &role)
        })
        .collect()
}

fn role_arn(source: &Source, at: Range<usize>, text: &str) -> Result<RoleArn, ConfigError> {
    if text.contains(",arn:") {
        return Err(source.at(at, "a chain of roles: write the last one, which is the one that acts on S3"));
    }
    if text.contains("//") || text.contains(|c: char| c.is_whitespace() || c == ';') {
        let message = format!("`{text}` is not a role's ARN: there is a blank, a `;` or a `//` in it");
        return Err(source.at(at, message));
    }
    RoleArn::parse(text).ok_or_else(|| {
        let message =
            format!("`{text}` is not a role's ARN; expected arn:aws:iam::ACCOUNT:role/NAME with a 12-digit account");
        source.at(at, message)
    })
}

fn records_config(source: &Source, raw: document::Records) -> Result<RecordsConfig, ConfigError> {
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
    if let Some(span) = raw_window.filter(|_| window.is_some_and(|window| window <= Duration::HOUR)) {
        return Err(source.at(span, "a window of an hour or less shows nothing: the newest hour may still be delivered; expected is more, such as 24h"));
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

fn read_waiver(source: &Source, raw: RawWaiver) -> Result<Waiver, ConfigError> {
    let line = source.line(raw.policy.span().start);
    let day = raw.expires.get_ref().date.filter(|_| raw.expires.get_ref().time.is_none());
    let expires = day.and_then(|date| {
        let month = time::Month::try_from(date.month).ok()?;
        Date::from_calendar_date(i32::from(date.year), month, date.day).ok()
    });
    let expires = expires.ok_or_else(|| {
        source.at(
            raw.expires.span(),
            format!("`{}` is not a date; expected one such as 2027-01-31", raw.expires.get_ref()),
        )
    })?;
    for (key, value) in [("reason", &raw.reason), ("owner", &raw.owner), ("subject", &raw.subject)] {
        if value.get_ref().trim().is_empty() {
            return Err(source.at(value.span(), format!("a waiver needs a {key}")));
        }
    }
    let subject = raw.subject.into_inner();
    Ok(Waiver {
        policy: raw.policy.into_inner(),
        // `s3://b` and `s3://b/` are one subject.
        subject: Location::parse(&subject).map_or(subject, |location| location.to_string()),
        outcome: raw.outcome,
        reason: raw.reason.into_inner(),
        expires,
        owner: raw.owner.into_inner(),
        line,
    })
}
