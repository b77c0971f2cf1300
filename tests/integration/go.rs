//! Programs written in Go that the tests use: those of `tests/go/go.mod`, in its versions, built once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The program of this name.
pub fn tool(name: &str) -> PathBuf {
    folder().join(name)
}

fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/go");
        let target = Path::new(env!("CARGO_BIN_EXE_trailcheck")).parent().unwrap().parent().unwrap();
        let folder = target.join("test-go");
        let wanted = std::fs::read_to_string(format!("{module}/go.mod")).unwrap();
        // Written last: a build that was cut short is made anew.
        let built = folder.join("built.mod");
        if std::fs::read_to_string(&built).is_ok_and(|text| text == wanted) {
            return folder;
        }
        std::fs::create_dir_all(&folder).unwrap();
        let need = "the tests need Go 1.26 or newer (https://go.dev/dl, or Debian: apt-get install golang) and its module proxy, once";
        let output = Command::new("go")
            .args(["build", "-o"])
            .arg(format!("{}/", folder.display()))
            .arg("tool")
            .current_dir(module)
            .output()
            .unwrap_or_else(|error| panic!("{need}: {error}"));
        assert!(output.status.success(), "{need}: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(&built, wanted).unwrap();
        folder
    })
}
