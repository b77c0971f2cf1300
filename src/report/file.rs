//! Reading a saved JSON report.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Baseline, Report, SCHEMA, Summary};
use crate::bounded_file;
use crate::finding::{Finding, Outcome, baseline, fingerprint};
use crate::hash::sha256;
use crate::looks_like;

/// The largest report that is read: one of a million findings.
const MAX_BYTES: u64 = 1 << 30;

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("cannot read report {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: line {line}: not a report: {message}{hint}; `trailcheck check --report json=FILE` writes one", path = path.display(), hint = looks_like::hint(path, "a report"))]
    Json { path: PathBuf, line: usize, message: String },
    #[error(
        "{path}: its format is `{found}`, and this trailcheck reads `{SCHEMA}`{hint}",
        path = path.display(), hint = looks_like::other_format(found, "trailcheck/report/", "use the version that wrote it, or check again", path)
    )]
    Version { path: PathBuf, found: String },
    #[error("{path}: contradicts itself: {message}; check again", path = path.display())]
    Contradiction { path: PathBuf, message: String },
}

/// A saved report, and which it is.
pub struct Earlier {
    /// As given on the command line.
    pub path: String,
    pub sha256: String,
    pub report: Report,
    /// The file as it is.
    pub bytes: Vec<u8>,
}

impl Earlier {
    pub fn load(path: &Path) -> Result<Earlier, ReportError> {
        let bytes = bounded_file::read(path, MAX_BYTES)
            .map_err(|source| ReportError::Read { path: path.to_owned(), source })?;
        Earlier::parse(path, bytes)
    }

    /// The same of a file's bytes.
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Earlier, ReportError> {
        let report = Report::parse(path, &bytes)?;
        Ok(Earlier { path: path.display().to_string(), sha256: sha256(&bytes), report, bytes })
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
#[serde(expecting = "an object with a schema")]
struct Version {
    schema: String,
}

impl Report {
    /// Reads a whole report; half of one, another format or an unknown field is an error.
    pub fn load(path: &Path) -> Result<Report, ReportError> {
        Ok(Earlier::load(path)?.report)
    }

    /// The same of a file's bytes; `path` is for messages.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Report, ReportError> {
        let json_error = |error: serde_json::Error| ReportError::Json {
            path: path.to_owned(),
            line: error.line(),
            message: error.to_string(),
        };
        let version: Version = serde_json::from_slice(bytes).map_err(json_error)?;
        if version.schema != SCHEMA {
            return Err(ReportError::Version { path: path.to_owned(), found: version.schema });
        }
        let report: Report = serde_json::from_slice(bytes).map_err(json_error)?;
        match report.contradiction() {
            Some(message) => Err(ReportError::Contradiction { path: path.to_owned(), message }),
            None => Ok(report),
        }
    }

    /// Marks what is new since an earlier report, and lists what is settled.
    pub fn hold_against(&mut self, earlier: &Earlier) {
        let Earlier { path, sha256, report, .. } = earlier;
        let settled = baseline::compare(&mut self.findings, &report.findings);
        let (path, sha256) = (path.clone(), sha256.clone());
        self.run.baseline = Some(Baseline { path, sha256, collected_at: report.run.collected_at, settled });
    }

    /// What cannot be so in a report that `check` wrote: told again, it would be believed.
    fn contradiction(&self) -> Option<String> {
        if self.summary != Summary::of(&self.findings) {
            return Some("its summary does not count its findings".to_owned());
        }
        let mut prints = HashSet::new();
        if let Some(twice) = self.findings.iter().find(|finding| !prints.insert(&finding.fingerprint)) {
            return Some(format!("the finding of {} for {} is there twice", twice.policy, twice.subject));
        }
        let rules = self.rule_places();
        self.findings.iter().find_map(|finding| {
            let Finding { policy, subject, resource, .. } = finding;
            let wrong = if !rules.contains_key(policy.as_str()) {
                "its rules do not hold the policy"
            } else if finding.outcome == Outcome::Waived && finding.waiver.is_none() {
                "it is waived without a waiver"
            } else if finding.location.line == 0 {
                "its line is 0, and the first is 1"
            } else if finding.fingerprint != fingerprint(&resource.account, policy, subject) {
                "its fingerprint is another one's"
            } else {
                return None;
            };
            Some(format!("the finding of {policy} for {subject}: {wrong}"))
        })
    }
}
