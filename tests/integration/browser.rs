//! The HTML report in a real browser.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::endpoint::validate;
use crate::program::{Workplace, fixture};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser");
const CANONICAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports/canonical.json");

/// Chromium, which a machine of Debian gets by itself where it may.
fn chromium() -> &'static Path {
    static CHROMIUM: OnceLock<PathBuf> = OnceLock::new();
    let find = || {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        let paths = std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name)));
        paths.into_iter().find(|path| path.is_file())
    };
    CHROMIUM.get_or_init(|| {
        if let Some(path) = find() {
            return path;
        }
        let install = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium";
        let installed = Command::new("sh").args(["-c", install]).output();
        find().unwrap_or_else(|| {
            panic!("the tests of the HTML report need Chromium (Debian: apt-get install chromium); tried: {installed:?}")
        })
    })
}

/// A folder with what `package.json` names, installed into `target/` once.
fn modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let target = Path::new(env!("CARGO_BIN_EXE_trailcheck")).parent().unwrap().parent().unwrap();
        let folder = target.join("test-node");
        let wanted = std::fs::read_to_string(format!("{SCRIPTS}/package.json")).unwrap();
        // Written last: a folder that was cut short is made anew.
        let installed = folder.join("installed-package.json");
        if std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
            return folder;
        }
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("package.json"), &wanted).unwrap();
        let npm = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
        let need =
            "the tests of the HTML report need Node.js 20 or newer with npm (Debian: apt-get install nodejs npm)";
        let ran = Command::new("npm")
            .args(npm)
            .current_dir(&folder)
            .output()
            .unwrap_or_else(|error| panic!("{need}: {error}"));
        assert!(ran.status.success(), "{need}: {}", String::from_utf8_lossy(&ran.stderr));
        std::fs::write(installed, wanted).unwrap();
        folder
    })
}

/// Microsoft's own reader of SARIF has nothing to say, but that a tool without a page of its own names none (SARIF2005).
#[test]
fn sarif_is_as_its_makers_want_it() {
    let workplace = Workplace::offline();
    // Its package's own script would do so, and no package's script is run here.
    let program = modules().join(format!(
        "node_modules/@microsoft/sarif-multitool-{}/Sarif.Multitool",
        if cfg!(target_os = "macos") { "darwin" } else { "linux" }
    ));
    let mut permissions = std::fs::metadata(&program).unwrap().permissions();
    permissions.set_mode(0o755);
    std::fs::set_permissions(&program, permissions).unwrap();
    for format in ["sarif", "sarif-upload"] {
        workplace.run(&["report", CANONICAL, "--report", &format!("{format}=out.sarif")]);
        let ran = Command::new(&program)
            .args(["validate", "out.sarif"])
            .current_dir(workplace.path(""))
            // It needs no library for languages.
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&ran.stdout);
        assert!(told.contains("Analysis completed successfully"), "{told}{}", String::from_utf8_lossy(&ran.stderr));
        let remarks = told.lines().filter(|line| line.contains(" SARIF") && !line.contains("SARIF2005"));
        assert_eq!(remarks.collect::<Vec<_>>(), [""; 0], "{format}");
    }
}

/// Runs `page.mjs`; its output, or a panic with what it found wrong.
fn open(page: &Path, pdf: &Path, what: &str) -> String {
    let script = modules().join("page.mjs");
    // Beside its modules, where it finds them.
    std::fs::copy(format!("{SCRIPTS}/page.mjs"), &script).unwrap();
    let ran = Command::new("node").arg(script).arg(chromium()).arg(page).arg(pdf).arg(what).output().unwrap();
    assert!(ran.status.success(), "{}: {}", page.display(), String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// Two widths, no request, no message on the console, no violation that axe knows, and a PDF that holds every proof.
#[test]
fn the_page_is_whole_in_a_browser_and_on_paper() {
    let workplace = Workplace::offline();
    let canonical = workplace.run(&["report", CANONICAL, "--report", "html=canonical.html"]);
    assert_eq!(canonical.exit, 0, "{canonical:?}");
    let (config, snapshot) = (fixture("blind_spot/trailcheck.toml"), fixture("blind_spot/snapshot.json"));
    let blind = ["check", "-q", "--config", &config, "--snapshot", &snapshot, "--report", "html=blind.html"];
    workplace.run(&blind);
    for (name, holds) in [
        ("canonical", &["waiver until 2027-01-31 by data-platform: moved by ticket 4711"][..]),
        (
            "blind",
            &[
                "GetObject",
                "arn:aws:s3:::cm-kajiwara-redshift-load/data.csv",
                "assumed-role/redshift-trailcheck-role/RedshiftIamRoleSession",
                "it is a single-region trail of us-east-1; the bucket is in ap-northeast-1",
                // What is folded on the screen.
                "every read and write is recorded by redshift-both, event selector 1",
            ],
        ),
    ] {
        let pdf = workplace.path(&format!("{name}.pdf"));
        open(&workplace.path(&format!("{name}.html")), &pdf, "axe");
        validate(&[&["pdf", &pdf.display().to_string()], holds].concat());
    }
}

/// No text of AWS's is markup.
#[test]
fn hostile_texts_are_shown_and_nothing_else() {
    let workplace = Workplace::offline();
    let page = workplace.run(&["report", CANONICAL, "--report", "html"]).stdout;
    assert!(!page.contains("<script>`@team`") && page.contains("&lt;script&gt;`@team`"), "{page}");
    assert_eq!(page.matches("<script>").count(), 1, "our own");
    assert!(!page.contains(" style="), "the policy would block it");
    let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!page.contains(hidden));
}

/// Everything of the JSON report's findings is on the page.
#[test]
fn no_finding_is_left_out_of_the_page() {
    let workplace = Workplace::offline();
    let page = workplace.run(&["report", CANONICAL, "--report", "html"]).stdout;
    let report: Value = serde_json::from_str(&std::fs::read_to_string(CANONICAL).unwrap()).unwrap();
    for finding in report["findings"].as_array().unwrap() {
        let outcome = finding["outcome"].as_str().unwrap();
        if !["pass", "not_applicable"].contains(&outcome) {
            assert!(page.contains(&format!("id=\"f-{}\"", finding["fingerprint"].as_str().unwrap())), "{finding}");
        }
    }
    for section in ["map", "timeline", "findings", "records", "unseen", "accepted", "controls", "inventory", "again"] {
        assert!(page.contains(&format!("<h2 id=\"{section}\">")), "{section}");
    }
}

/// What the page says of a whole where little is known of it.
#[test]
fn the_page_promises_nothing_that_was_not_looked_at() {
    let page = |arguments: &[&str]| {
        let (config, snapshot) = (fixture("blind_spot/trailcheck.toml"), fixture("blind_spot/snapshot.json"));
        let check = ["check", "--config", &config, "--snapshot", &snapshot, "--report", "html"];
        Workplace::offline().run(&[&check[..], arguments].concat()).stdout
    };
    let blind = page(&[]);
    assert!(blind.contains("No log records were read, so nothing is said of what happened."));
    assert!(blind.contains("<td class=\"not-asked\">not asked</td>"), "of a COPY the writes");
    let nothing = page(&["--policy", "access/approved_roles"]);
    assert!(nothing.contains("Nothing was judged") && !nothing.contains("Everything that was asked holds"));
    let workplace = Workplace::offline();
    std::fs::create_dir(workplace.path("empty")).unwrap();
    let (config, snapshot) = (fixture("article/trailcheck.toml"), fixture("article/snapshot.json"));
    let empty = [
        "check",
        "--config",
        &config,
        "--snapshot",
        &snapshot,
        "--logs",
        "empty",
        "--policy",
        "redshift/unload_complete",
    ];
    let (report, ran) = workplace.check(&empty[1..]);
    assert_eq!(ran.exit, 3, "where nothing was read, nothing is not applicable: {report:#}");
}
