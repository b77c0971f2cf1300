//! The files of policies: those in the binary, and those of a folder.

use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

use super::archive;
use super::bundle::PolicyError;
use crate::bounded_file;

pub(super) static SHIPPED: Dir = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// The largest file that is read, in bytes.
pub(super) const MAX_FILE: usize = 256 << 10;

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// Its path; of a shipped one, below `policies/`.
    pub name: String,
    pub text: String,
}

/// Those in the binary, by name.
pub(super) fn shipped() -> Vec<PolicyFile> {
    let mut files = Vec::new();
    collect_shipped(&SHIPPED, &mut files);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn collect_shipped(dir: &Dir, files: &mut Vec<PolicyFile>) {
    for file in dir.files() {
        let name = file.path().to_string_lossy().into_owned();
        if is_policy_file(&name) {
            let text = file.contents_utf8().expect("the shipped policies are UTF-8, as their tests show").to_owned();
            files.push(PolicyFile { name, text });
        }
    }
    for sub in dir.dirs() {
        collect_shipped(sub, files);
    }
}

fn is_policy_file(name: &str) -> bool {
    name.ends_with(".rego") && !name.ends_with("_test.rego")
}

/// The policies of a folder or an OPA bundle, without their tests.
pub(super) fn user_files(folder: &Path) -> Result<Vec<PolicyFile>, PolicyError> {
    files_of(folder, is_policy_file)
}

/// The .rego files below a folder, or in an OPA bundle, whose names are asked for.
pub(super) fn files_of(folder: &Path, is_asked_for: fn(&str) -> bool) -> Result<Vec<PolicyFile>, PolicyError> {
    let is_policy_file = |name: &str| name.ends_with(".rego") && is_asked_for(name);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PolicyError::Read { path, source }
    };
    if folder.is_file() {
        return archive::files_of(folder, is_policy_file);
    }
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(failed(&folder))? {
            let entry = entry.map_err(failed(&folder))?;
            let path = entry.path();
            let name = path.display().to_string();
            let kind = entry.file_type().map_err(failed(&path))?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() && (is_policy_file(&name) || path.is_dir()) {
                let message = "is a symbolic link; put what it leads to into the folder itself".to_owned();
                return Err(PolicyError::Load { file: name, message });
            } else if !is_policy_file(&name) && is_policy_file(&name.to_lowercase()) {
                let message = "would be left out: the name of a policy ends with .rego".to_owned();
                return Err(PolicyError::Load { file: name, message });
            } else if is_policy_file(&name) && !kind.is_file() {
                return Err(PolicyError::Load { file: name, message: "is no file".to_owned() });
            } else if is_policy_file(&name) {
                let text = bounded_file::read_text(&path, MAX_FILE as u64).map_err(failed(&path))?;
                files.push(PolicyFile { name, text });
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
