//! An OPA bundle: the files of a folder in one `.tar.gz` (OPA, "Bundles", "Bundle File Format"). It is read and never unpacked to
//! disk; its signatures are not looked at.

use std::io::Read;
use std::path::Path;

use super::bundle::PolicyError;
use super::files::{MAX_FILE, PolicyFile};
use crate::bounded_file;
use crate::gzip;

/// The largest bundle that is read, packed or not.
const MAX_BYTES: usize = 64 << 20;

/// The files whose names are asked for.
pub(super) fn files_of(path: &Path, is_asked_for: impl Fn(&str) -> bool) -> Result<Vec<PolicyFile>, PolicyError> {
    let refused = |file: &str, message: String| PolicyError::Load { file: file.to_owned(), message };
    let of_bundle = |error: &dyn std::fmt::Display| {
        refused(&path.display().to_string(), format!("is neither a folder nor an OPA bundle (.tar.gz): {error}"))
    };
    let packed = bounded_file::read(path, MAX_BYTES as u64)
        .map_err(|source| PolicyError::Read { path: path.to_owned(), source })?;
    let unpacked = gzip::inflate(&packed, MAX_BYTES).map_err(|error| of_bundle(&error))?;
    let mut archive = tar::Archive::new(unpacked.as_slice());
    let mut files: Vec<PolicyFile> = Vec::new();
    for entry in archive.entries().map_err(|error| of_bundle(&error))? {
        let mut entry = entry.map_err(|error| of_bundle(&error))?;
        let within = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches(['.', '/']).to_owned();
        let name = format!("{}/{within}", path.display());
        let last = within.rsplit('/').next().unwrap_or_default();
        let holds_data = ["data.json", "data.yaml", "data.yml"].contains(&last);
        if !(is_asked_for(&name) || holds_data || last.ends_with(".wasm")) || entry.header().entry_type().is_dir() {
            continue;
        }
        if !entry.header().entry_type().is_file() {
            return Err(refused(&name, "is a link; put the file itself into the bundle".to_owned()));
        }
        if last.ends_with(".wasm") {
            return Err(refused(&name, "is compiled; build the bundle without a target, of .rego files".to_owned()));
        }
        let mut text = String::new();
        entry
            .by_ref()
            .take(MAX_FILE as u64 + 1)
            .read_to_string(&mut text)
            .map_err(|error| refused(&name, error.to_string()))?;
        match holds_data {
            true if ["", "{}"].contains(&text.trim()) => {}
            true => {
                let message =
                    "holds data, which policies are not handed here: write it as rules of a package".to_owned();
                return Err(refused(&name, message));
            }
            false if files.iter().any(|file| file.name == name) => {
                return Err(refused(&name, "is in the bundle twice".to_owned()));
            }
            false => files.push(PolicyFile { name, text }),
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
