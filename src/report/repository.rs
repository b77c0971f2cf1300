//! Files as GitHub knows them: from the root of the repository, wherever in it the program ran.

use std::path::{Component, Path, PathBuf};

/// The file as seen from the root of the repository around the working directory; from the working directory where there is
/// no repository.
pub(super) fn path(file: &Path) -> PathBuf {
    let Ok(here) = std::env::current_dir().and_then(|here| here.canonicalize()) else { return file.to_owned() };
    let root = here.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&here);
    relative_to(root, &without_detours(&here.join(file)))
}

/// Without `..` and links on the way, but the file itself under its own name.
fn without_detours(file: &Path) -> PathBuf {
    match (file.parent().map(Path::canonicalize), file.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    }
}

/// `path` as seen from the folder `here`, both absolute: `../x` where it is not below.
fn relative_to(here: &Path, path: &Path) -> PathBuf {
    let common = here.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_a_folder() {
        let from = |here: &str, path: &str| relative_to(Path::new(here), Path::new(path)).display().to_string();
        assert_eq!(from("/repo", "/repo/config/trailcheck.toml"), "config/trailcheck.toml");
        assert_eq!(from("/repo/sub", "/repo/trailcheck.toml"), "../trailcheck.toml");
        assert_eq!(from("/a/b", "/c/d"), "../../c/d");
    }
}
