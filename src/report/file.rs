//! Reading a saved JSON report.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Report, SCHEMA};

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("cannot read report {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: line {line}: not a report: {message}; `trailcheck check --report json=FILE` writes one", path = path.display())]
    Json { path: PathBuf, line: usize, message: String },
    #[error(
        "{path}: its format is `{found}`, and this trailcheck reads `{SCHEMA}`; use the version that wrote it, or check again",
        path = path.display()
    )]
    Version { path: PathBuf, found: String },
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
        let bytes = std::fs::read(path).map_err(|source| ReportError::Read { path: path.to_owned(), source })?;
        let json_error = |error: serde_json::Error| ReportError::Json {
            path: path.to_owned(),
            line: error.line(),
            message: error.to_string(),
        };
        let version: Version = serde_json::from_slice(&bytes).map_err(json_error)?;
        if version.schema != SCHEMA {
            return Err(ReportError::Version { path: path.to_owned(), found: version.schema });
        }
        serde_json::from_slice(&bytes).map_err(json_error)
    }
}
