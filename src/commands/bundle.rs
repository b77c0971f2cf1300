//! `check --evidence` and `--evidence-in`: everything that the answers rest on, kept, and performed again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use serde_json::{Value, json};

use super::CommandError;
use crate::bundle::{self, Files, MANIFEST, Predicate, Statement, descriptor, name_within};
use crate::cli::{Check, Cli, Command};
use crate::collect;
use crate::config::Config;
use crate::finding::Outcome;
use crate::logs::quote;
use crate::policy::{self, Bundle, PolicyFile};
use crate::report::{self, Earlier, Format, InputKind, Look, Report};
use crate::snapshot::Snapshot;

const CONFIG: &str = "trailcheck.toml";
const SNAPSHOT: &str = "snapshot.json";
const REPORT: &str = "report.json";
const PAGE: &str = "report.html";
const BASELINE: &str = "baseline.json";
const RECORDS: &str = "records.json";

/// The largest log file that is read again.
const MAX_LOG: u64 = 512 << 20;

const README: &str = "\
This folder holds what a check by trailcheck rests on, and its answers.

manifest.json   SHA-256 of every other file, as an in-toto statement of the predicate test-result
report.json     the answers; report.html tells them to people
snapshot.json   what AWS said, and what the log records showed
trailcheck.toml what was asked
policies/       what decided; 0/ are those of trailcheck itself
records.json    the log records that findings name, as they stand in the log objects; or why they could not be read again
baseline.json   the report that this one was held against, where there was one

Perform it again:    trailcheck check --evidence-in THIS-FOLDER
Sign it:             ssh-keygen -Y sign -f KEY -n trailcheck manifest.json
Verify a signature:  ssh-keygen -Y verify -f ALLOWED-SIGNERS -I WHO -n trailcheck -s manifest.json.sig < manifest.json
";

/// What goes into the bundle.
pub(super) struct Kept<'a> {
    pub report: &'a Report,
    pub snapshot: &'a Snapshot,
    pub config: &'a Config,
    pub bundles: &'a [Bundle],
    pub baseline: Option<&'a Earlier>,
    /// Log files on disk were read, so that objects are paths.
    pub has_local_logs: bool,
    /// The account was asked, so that its log objects can be.
    pub is_live: bool,
}

pub(super) fn write(path: &Path, kept: &Kept) -> Result<(), CommandError> {
    Ok(bundle::write(path, &gathered(kept, records(kept)))?)
}

/// Everything that is in the bundle, sealed.
fn gathered(kept: &Kept, records: Option<Vec<u8>>) -> Files {
    let mut files = Files::new();
    let mut configuration = vec![];
    let mut keep = |files: &mut Files, name: String, bytes: Vec<u8>, annotations: &[(&str, String)]| {
        configuration.push(descriptor(&name, &bytes, annotations));
        files.insert(name, bytes);
    };
    let given = |kind: &str, path: String| [("kind", kind.to_owned()), ("path", path)];
    let config = kept.config;
    let bytes = config.text.clone().into_bytes();
    keep(&mut files, CONFIG.to_owned(), bytes, &given("config", config.path.display().to_string()));
    let snapshot = kept.report.run.inputs.iter().find(|input| input.kind == InputKind::Snapshot);
    let path_given = snapshot.and_then(|input| input.path.clone()).unwrap_or_default();
    keep(&mut files, SNAPSHOT.to_owned(), kept.snapshot.to_json(), &given("snapshot", path_given));
    for (number, bundle) in kept.bundles.iter().enumerate() {
        for file in &bundle.files {
            let name = name_within(&format!("policies/{number}"), &file.name);
            let [kind, path] = given("policy", file.name.clone());
            keep(&mut files, name, file.text.clone().into_bytes(), &[kind, path, ("bundle", number.to_string())]);
        }
    }
    if let Some(baseline) = kept.baseline {
        keep(&mut files, BASELINE.to_owned(), baseline.bytes.clone(), &given("baseline", baseline.path.clone()));
    }
    if let Some(records) = records {
        files.insert(RECORDS.to_owned(), records);
    }
    let look = Look::default();
    files.insert(REPORT.to_owned(), report::render(Format::Json, kept.report, look));
    files.insert(PAGE.to_owned(), report::render(Format::Html, kept.report, look));
    files.insert("README.txt".to_owned(), README.as_bytes().to_vec());
    bundle::seal(&mut files, predicate(kept.report, configuration));
    files
}

fn predicate(report: &Report, configuration: Vec<bundle::Descriptor>) -> Predicate {
    let tests = |outcomes: &[Outcome]| -> Vec<String> {
        let those = report.findings.iter().filter(|finding| outcomes.contains(&finding.outcome));
        those.map(|finding| format!("{} {} in {}", finding.policy, finding.subject, finding.resource.account)).collect()
    };
    let summary = &report.summary;
    let result = match (summary.fail + summary.error, summary.unknown) {
        (0, 0) => "PASSED",
        (0, _) => "WARNED",
        _ => "FAILED",
    };
    Predicate {
        result: result.to_owned(),
        configuration,
        passed_tests: tests(&[Outcome::Pass]),
        warned_tests: tests(&[Outcome::Unknown, Outcome::Waived]),
        failed_tests: tests(&[Outcome::Fail, Outcome::Error]),
    }
}

/// The log records that findings name, as they stand; `None`: they name none.
fn records(kept: &Kept) -> Option<Vec<u8>> {
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    kept.report.findings.iter().for_each(|finding| examples(&finding.evidence, &mut wanted));
    if wanted.is_empty() {
        return None;
    }
    let names: Vec<String> = wanted.keys().cloned().collect();
    let why = |why: &str| names.iter().map(|name| (name.clone(), Err(why.to_owned()))).collect();
    let read = |name: &String| crate::bounded_file::read(Path::new(name), MAX_LOG).map_err(|error| error.to_string());
    let objects: collect::Fetched = if kept.has_local_logs {
        names.iter().map(|name| (name.clone(), read(name))).collect()
    } else if kept.is_live {
        collect::fetch(kept.config, kept.snapshot, &names).unwrap_or_else(|error| why(&error.to_string()))
    } else {
        why("the snapshot was read, not the log objects")
    };
    let mut quoted: Vec<Value> = vec![];
    for (object, bytes) in objects {
        let found = bytes.and_then(|bytes| quote::records(&bytes));
        for id in &wanted[&object] {
            let mut line = json!({"object": object, "event_id": id});
            match &found {
                Err(why) => line["not_read"] = json!(why),
                Ok(records) => match records.get(id) {
                    // As text, so that not a letter of it changes.
                    Some(record) => line["record"] = json!(record.get()),
                    None => line["not_read"] = json!("the object no longer holds it"),
                },
            }
            quoted.push(line);
        }
    }
    Some(crate::output::harmless::json(&json!({"records": quoted})))
}

/// Every `{event_id, object}` in the evidence.
fn examples(evidence: &Value, wanted: &mut BTreeMap<String, BTreeSet<String>>) {
    match evidence {
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            if let Some((object, id)) = text("object").zip(text("event_id")) {
                wanted.entry(object.to_owned()).or_default().insert(id.to_owned());
            }
            members.values().for_each(|member| examples(member, wanted));
        }
        Value::Array(items) => items.iter().for_each(|item| examples(item, wanted)),
        _ => {}
    }
}

/// What a bundle holds, ready to be judged again.
pub(super) struct Again {
    pub args: Check,
    pub command: Vec<String>,
    pub config: Config,
    pub snapshot: Snapshot,
    pub snapshot_path: Option<PathBuf>,
    pub bundles: Vec<Bundle>,
    pub baseline: Option<Earlier>,
    /// Everything as it was written.
    files: Files,
    path: PathBuf,
}

pub(super) fn open(path: &Path) -> Result<Again, CommandError> {
    let (files, statement) = bundle::open(path)?;
    let take = |name: &str| files.get(name).ok_or_else(|| altered(path, format!("{name} is missing")));
    let report = take(REPORT)?;
    let written = Report::parse(&path.join(REPORT), report)?;
    let command = written.run.command.clone();
    let parsed = Cli::try_parse_from(&command).map_err(|error| altered(path, format!("its command line: {error}")))?;
    let Command::Check(args) = parsed.command else {
        return Err(altered(path, "its command is not `check`".to_owned()));
    };
    let given = |kind: &str| {
        let of_kind = |descriptor: &&bundle::Descriptor| descriptor.annotations.get("kind").is_some_and(|k| k == kind);
        statement.predicate.configuration.iter().find(of_kind).and_then(|of| of.annotations.get("path")).cloned()
    };
    let config = text(path, CONFIG, take(CONFIG)?)?;
    let config = Config::parse(Path::new(&given("config").unwrap_or_default()), &config)?;
    let snapshot = Snapshot::parse(&path.join(SNAPSHOT), take(SNAPSHOT)?.clone())?;
    let baseline = match given("baseline") {
        None => None,
        Some(given) => Some(Earlier::parse(Path::new(&given), take(BASELINE)?.clone())?),
    };
    let bundles = policies(path, &statement, &files, args.policies.policy_time)?;
    let snapshot_path = given("snapshot").filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = path.to_owned();
    Ok(Again { args, command, config, snapshot, snapshot_path, bundles, baseline, files, path })
}

/// Those of the program itself must be the same; the user's are loaded from the bundle.
fn policies(path: &Path, statement: &Statement, files: &Files, time: Duration) -> Result<Vec<Bundle>, CommandError> {
    let mut kept: BTreeMap<usize, Vec<PolicyFile>> = BTreeMap::new();
    for descriptor in &statement.predicate.configuration {
        let annotation = |name: &str| descriptor.annotations.get(name).map(String::as_str).unwrap_or_default();
        if annotation("kind") != "policy" {
            continue;
        }
        let bytes = files.get(&descriptor.name);
        let bytes = bytes.ok_or_else(|| altered(path, format!("{} is missing", descriptor.name)))?;
        let file = PolicyFile { name: annotation("path").to_owned(), text: text(path, &descriptor.name, bytes)? };
        let number = annotation("bundle").parse();
        let number =
            number.map_err(|_| altered(path, format!("{MANIFEST} does not say whose policy {} is", file.name)))?;
        kept.entry(number).or_default().push(file);
    }
    let shipped = kept.remove(&0).unwrap_or_default();
    if shipped != policy::shipped()?.files {
        return Err(altered(
            path,
            format!(
                "{MANIFEST} names shipped policies that are not this program's: another version of trailcheck wrote it, or it was changed"
            ),
        ));
    }
    Ok(policy::with_policy_files(kept.into_values(), time)?)
}

impl Again {
    /// That everything comes out as it was written, but for the log records, which are not read again.
    pub(super) fn compare(&self, kept: &Kept) -> Result<(), CommandError> {
        let again = gathered(kept, self.files.get(RECORDS).cloned());
        // The report first: what else differs may follow from it.
        let names = [REPORT, PAGE].into_iter().chain(again.keys().chain(self.files.keys()).map(String::as_str));
        for name in names {
            let (again, written) = (again.get(name), self.files.get(name));
            if again == written {
                continue;
            }
            let (Some(again), Some(written)) = (again, written) else {
                return Err(altered(&self.path, format!("{name} does not belong to the check that is kept here")));
            };
            let at = again.iter().zip(written).position(|(a, b)| a != b).unwrap_or(again.len().min(written.len()));
            let line = written[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            return Err(altered(&self.path, format!("{name} comes out differently from byte {at} (line {line}) on")));
        }
        Ok(())
    }
}

fn text(path: &Path, name: &str, bytes: &[u8]) -> Result<String, CommandError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| altered(path, format!("{name} is not UTF-8")))
}

fn altered(path: &Path, wrong: String) -> CommandError {
    bundle::BundleError::Altered { path: path.to_owned(), wrong: vec![wrong] }.into()
}
