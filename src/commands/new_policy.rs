//! `policies new`: a policy to begin with, and its test.

use std::path::Path;

use super::CommandError;
use crate::atomic_file;
use crate::cli::NewPolicy as Args;
use crate::exit::Exit;
use crate::output;

const POLICY: &str = include_str!("new_policy/policy.rego");
const TEST: &str = include_str!("new_policy/policy_test.rego");
/// The package that the two files name.
const PACKAGE: &str = "acme.own_buckets";

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let package = args.name.replace('/', ".");
    let last = args.name.rsplit('/').next().unwrap_or_default();
    let of = |text: &str| text.replace(PACKAGE, &package).replace("own_buckets", last);
    let files = [
        (args.dir.join(format!("{}.rego", args.name)), of(POLICY)),
        (args.dir.join(format!("{}_test.rego", args.name)), of(TEST)),
    ];
    if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(CommandError::Usage(format!("{} is there already", path.display())));
    }
    for (path, text) in &files {
        let folder = path.parent().unwrap_or(Path::new("."));
        let failed = |source| atomic_file::WriteError { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        atomic_file::write_whole(path, text.as_bytes())?;
        output::remark(format_args!("wrote {}", path.display()));
    }
    let dir = args.dir.display();
    output::remark(format_args!(
        "`trailcheck test {dir}` runs the test, `trailcheck check --policies {dir}` the policy"
    ));
    Ok(Exit::Ok)
}
