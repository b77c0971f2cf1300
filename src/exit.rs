//! The exit codes, named. The same for every report format; a stable contract (see README).

use std::collections::HashSet;
use std::process::ExitCode;

use crate::finding::baseline::Standing;
use crate::finding::{Finding, Outcome};
use crate::report::Report;
use crate::severity::{Severity, UnknownIs};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing failed and everything could be told.
    Ok = 0,
    /// Something failed, at or above `--fail-on`.
    Failed = 1,
    /// Usage, config, credentials, or a policy or input that could not be loaded.
    Usage = 2,
    /// Nothing failed, something is unknown.
    Unknown = 3,
    /// A policy broke, or a report could not be written.
    Internal = 4,
    /// A signal (SIGINT, SIGTERM) ended the scan: there is no verdict. As a shell tells of SIGINT.
    Stopped = 130,
}

impl Exit {
    /// The verdict of a run. Precedence: failed, broken, unknown. What the baseline has already does not count.
    pub fn of(report: &Report, fail_on: Severity) -> Exit {
        let counts = |finding: &&Finding| finding.standing != Some(Standing::Known);
        let any = |is: &dyn Fn(&Finding) -> bool| report.findings.iter().filter(counts).any(is);
        let tolerant = report.rules.iter().filter(|rule| rule.unknown == UnknownIs::Warn);
        let tolerant: HashSet<&str> = tolerant.map(|rule| rule.id.as_str()).collect();
        // Below `--fail-on`, what of a failure could not be told may be above.
        let is_unknown = |finding: &Finding| {
            finding.outcome == Outcome::Unknown || (finding.outcome == Outcome::Fail && finding.incomplete)
        };
        if any(&|finding| finding.outcome == Outcome::Fail && finding.severity >= fail_on) {
            Exit::Failed
        } else if any(&|finding| finding.outcome == Outcome::Error) {
            Exit::Internal
        } else if any(&|finding| is_unknown(finding) && !tolerant.contains(&*finding.policy)) {
            Exit::Unknown
        } else {
            Exit::Ok
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
