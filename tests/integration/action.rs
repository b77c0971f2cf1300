//! The GitHub Action, run by act on this machine, without GitHub and without containers.

use std::path::Path;
use std::process::{Command, Output};

use crate::endpoint::{python, validate_action};
use crate::program::{Workplace, fixture};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");
/// Stands in for GitHub's own upload step, which is the one part that cannot run here.
const UPLOAD: &str = r#"
name: upload
inputs: {sarif_file: {required: true}, category: {required: true}}
runs:
  using: composite
  steps:
    - {shell: bash, run: 'echo "uploaded $FILE as $CATEGORY"', env: {FILE: '${{ inputs.sarif_file }}', CATEGORY: '${{ inputs.category }}'}}
"#;

fn git(folder: &Path) {
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "-m", "test"],
    ] {
        let done = Command::new("git").args(arguments).current_dir(folder).output().expect("these tests need git");
        assert!(done.status.success(), "{done:?}");
    }
}

/// A job that uses the action with these inputs and tells its outputs.
fn run_job(inputs: &str) -> String {
    let workplace = Workplace::offline();
    for file in [
        "action.yml",
        "action.sh",
        "fixtures/article/trailcheck.toml",
        "fixtures/article/snapshot.json",
        "fixtures/article/logs/records.json",
        "fixtures/blind_spot/trailcheck.toml",
        "fixtures/blind_spot/snapshot.json",
    ] {
        let text = std::fs::read_to_string(Path::new(REPOSITORY).join(file)).unwrap();
        workplace.write(&format!("repository/{file}"), &text);
    }
    let job = format!(
        r#"
on: push
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: check
        continue-on-error: true
        uses: ./
        with:
          binary-path: {binary}
{inputs}
      - run: echo "told $RESULT $CODE pass=$PASS fail=$FAIL unknown=$UNKNOWN"
        env:
          RESULT: ${{{{ steps.check.outputs.result }}}}
          CODE: ${{{{ steps.check.outputs.exit-code }}}}
          PASS: ${{{{ steps.check.outputs.pass }}}}
          FAIL: ${{{{ steps.check.outputs.fail }}}}
          UNKNOWN: ${{{{ steps.check.outputs.unknown }}}}
      - run: ls
"#,
        binary = env!("CARGO_BIN_EXE_trailcheck"),
    );
    workplace.write("repository/.github/workflows/check.yml", &job);
    workplace.write("upload/upload-sarif/action.yml", UPLOAD);
    git(&workplace.path("repository"));
    git(&workplace.path("upload"));
    let action = std::fs::read_to_string(Path::new(REPOSITORY).join("action.yml")).unwrap();
    let pin = action.split("github/codeql-action/upload-sarif@").nth(1).unwrap().split_whitespace().next().unwrap();
    let output = Command::new(python().with_file_name("act"))
        .args(["push", "-P", "ubuntu-latest=-self-hosted", "--pull=false", "--local-repository"])
        .arg(format!("github/codeql-action@{pin}={}", workplace.path("upload").display()))
        .current_dir(workplace.path("repository"))
        .output()
        .unwrap();
    text_of(&output)
}

fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What a run without the action counts: as outputs, and in words.
fn counted(scenario: &str, more: &[&str]) -> (String, String) {
    let (config, snapshot) =
        (fixture(&format!("{scenario}/trailcheck.toml")), fixture(&format!("{scenario}/snapshot.json")));
    let (report, _) = Workplace::offline().check(&[&["--config", &config, "--snapshot", &snapshot], more].concat());
    let count = |outcome: &str| report["summary"][outcome].as_u64().unwrap();
    let (pass, fail, unknown) = (count("pass"), count("fail"), count("unknown"));
    let words = format!("{fail} fail, {pass} pass, {} remarks", count("remark"));
    (format!("pass={pass} fail={fail} unknown={unknown}"), words)
}

#[test]
fn the_action_tells_reports_and_fails() {
    let log = run_job(
        "          config: fixtures/blind_spot/trailcheck.toml\n          snapshot: fixtures/blind_spot/snapshot.json\n          upload-sarif: \"true\"",
    );
    let (counts, words) = counted("blind_spot", &[]);
    assert!(log.contains(&format!("told fail 1 {counts}")), "{counts}: {log}");
    assert!(log.contains("uploaded trailcheck-reports/trailcheck.sarif as trailcheck"), "{log}");
    assert!(log.contains(&format!("Summary - ## trailcheck: {words}")), "{words}: {log}");
    assert!(log.contains("Failure - Main ./"), "{log}");
}

#[test]
fn the_actions_upload_can_be_off_and_severities_count() {
    let log = run_job(
        "          config: fixtures/article/trailcheck.toml\n          snapshot: fixtures/article/snapshot.json\n          logs: fixtures/article/logs\n          fail-on: medium\n          summary: \"false\"",
    );
    let (counts, _) = counted("article", &["--logs", &fixture("article/logs")]);
    assert!(log.contains(&format!("told unknown 3 {counts}")), "{counts}: {log}");
    assert!(!log.contains("uploaded") && !log.contains("Summary - "), "{log}");
}

/// Inputs are data: a shell must not see them as text of its own.
#[test]
fn the_actions_inputs_are_not_scripts() {
    let log = run_job("          config: '$(touch pwned); `touch pwned`; \"; touch pwned #'\n          snapshot: x");
    assert!(log.contains("told error 2 pass= fail= unknown="), "{log}");
    assert!(!log.lines().any(|line| line.trim_end().ends_with("| pwned")), "{log}");
}

#[test]
fn the_action_file_is_valid() {
    validate_action(&format!("{REPOSITORY}/action.yml"));
    let action = std::fs::read_to_string(format!("{REPOSITORY}/action.yml")).unwrap();
    for step in action.split("- name:").skip(1) {
        let script = step.split("run:").nth(1).map(|rest| rest.split("env:").next().unwrap());
        assert!(!script.is_some_and(|script| script.contains("${{")), "an input in a script: {step}");
    }
}

/// The action's script for the article's snapshot, its outputs and summary in this workplace.
fn script(workplace: &Workplace) -> Command {
    let mut command = Command::new("bash");
    command
        .arg(format!("{REPOSITORY}/action.sh"))
        .current_dir(REPOSITORY)
        .env("RUNNER_TEMP", workplace.path(""))
        .env("GITHUB_OUTPUT", workplace.path("output"))
        .env("GITHUB_STEP_SUMMARY", workplace.path("summary"))
        .env("TRAILCHECK_CONFIG", "fixtures/article/trailcheck.toml")
        .env("TRAILCHECK_SNAPSHOT", "fixtures/article/snapshot.json")
        .env("TRAILCHECK_LOGS", "")
        .env("TRAILCHECK_POLICIES", "")
        .env("TRAILCHECK_FAIL_ON", "low")
        .env("TRAILCHECK_OUTPUT_DIR", workplace.path("out"))
        .env("TRAILCHECK_SUMMARY", "true")
        .env("TRAILCHECK_BINARY", "");
    command
}

/// The script alone, with this folder for its reports: its exit code and its outputs.
fn run_script(output_dir: &str) -> (Option<i32>, String) {
    let workplace = Workplace::offline();
    let outputs = workplace.write("output", "");
    let output = script(&workplace)
        .current_dir(workplace.path(""))
        .env("TRAILCHECK_BINARY", env!("CARGO_BIN_EXE_trailcheck"))
        .env("TRAILCHECK_CONFIG", fixture("article/trailcheck.toml"))
        .env("TRAILCHECK_SNAPSHOT", fixture("article/snapshot.json"))
        .env("TRAILCHECK_OUTPUT_DIR", output_dir)
        .output()
        .unwrap();
    (output.status.code(), std::fs::read_to_string(outputs).unwrap())
}

/// A folder's name is no second output, no flag; and one that cannot be made is no verdict.
#[test]
fn the_actions_folder_cannot_write_a_verdict() {
    let (exit, outputs) = run_script("out\nresult=pass\nexit-code=0");
    assert_eq!((exit, &*outputs), (Some(2), "result=error\nexit-code=2\n"));
    let (exit, outputs) = run_script("/dev/null/out");
    assert_eq!((exit, &*outputs), (Some(2), "result=error\nexit-code=2\n"));
    let (exit, outputs) = run_script("-p");
    assert_eq!(exit, Some(1));
    assert!(outputs.starts_with("result=fail\nexit-code=1\njunit-file=./-p/trailcheck.xml\n"), "{outputs}");
}

/// Where no binary is given, the action builds one from its own source.
#[test]
fn the_action_builds_itself() {
    let workplace = Workplace::offline();
    let target = Path::new(env!("CARGO_BIN_EXE_trailcheck")).parent().unwrap().parent().unwrap();
    // The build of these tests serves, so that this one finds everything done.
    std::os::unix::fs::symlink(target, workplace.path("trailcheck-target")).unwrap();
    let output = script(&workplace)
        .env("GITHUB_ACTION_PATH", REPOSITORY)
        .env("TRAILCHECK_LOGS", "fixtures/article/logs\n")
        .env("TRAILCHECK_FAIL_ON", "critical")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text_of(&output));
    let told = std::fs::read_to_string(workplace.path("output")).unwrap();
    assert!(told.contains("result=unknown\nexit-code=3\n"), "{told}");
    assert!(std::fs::read_to_string(workplace.path("summary")).unwrap().contains("redshift-trailcheck-role"));
}

/// The action as a job of the tag v9.9.9 runs it, with the releases of a server on this machine.
fn run_release(repository: &Workplace, gh: Option<&str>) -> (Option<i32>, String) {
    let server = Server::of(&repository.path("www"));
    let mut path = std::env::var("PATH").unwrap();
    if let Some(gh) = gh {
        let program = repository.write("bin/gh", gh);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode).unwrap();
        path = format!("{}:{path}", repository.path("bin").display());
    }
    let output = script(repository)
        .env("PATH", path)
        .env("GITHUB_ACTION_PATH", "/nowhere")
        .env("GITHUB_SERVER_URL", format!("http://127.0.0.1:{}", server.port))
        .env("TRAILCHECK_REPOSITORY", "owner/trailcheck")
        .env("TRAILCHECK_REF", "v9.9.9")
        .env("TRAILCHECK_EVIDENCE", "true")
        .output()
        .unwrap();
    (output.status.code(), text_of(&output))
}

/// Files over HTTP, until it goes out of scope.
struct Server {
    process: std::process::Child,
    port: u16,
}

impl Server {
    fn of(folder: &Path) -> Server {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(python())
            .args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()])
            .current_dir(folder)
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let is_up = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !is_up() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Server { process, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The release of the action's own tag, as the release workflow makes it, of the program in this folder.
fn release(program: &Path) -> (Workplace, std::path::PathBuf) {
    let workplace = Workplace::offline();
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let folder = workplace.path("www/owner/trailcheck/releases/download/v9.9.9");
    std::fs::create_dir_all(&folder).unwrap();
    let archive = format!("trailcheck-{target}.tar.gz");
    let run = |program: &str, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).current_dir(&folder).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        ran.stdout
    };
    run("tar", &["-C", &program.display().to_string(), "-I", "gzip -1", "-cf", &archive, "trailcheck"]);
    let sum = run("sha256sum", &[&archive]);
    std::fs::write(folder.join(format!("{archive}.sha256")), sum).unwrap();
    (workplace, folder.join(archive))
}

#[test]
fn the_action_installs_the_release_of_its_own_tag() {
    let (workplace, _) = release(Path::new(env!("CARGO_BIN_EXE_trailcheck")).parent().unwrap());
    let (exit, log) = run_release(&workplace, Some("#!/bin/sh\necho \"asked $*\" >&2\n"));
    assert_eq!(exit, Some(1), "{log}");
    assert!(log.contains("asked attestation verify") && log.contains("--repo owner/trailcheck"), "{log}");
    let outputs = std::fs::read_to_string(workplace.path("output")).unwrap();
    assert!(outputs.contains("result=fail\nexit-code=1\n") && outputs.contains("html-file="), "{outputs}");
    assert!(outputs.contains("evidence-file=") && workplace.path("out/evidence.zip").exists(), "{outputs}");
}

#[test]
fn a_release_that_is_not_what_it_says_is_refused() {
    // It is never run, so anything will do.
    let program = Workplace::offline();
    program.write("trailcheck", "#!/bin/sh\n");
    let release = || release(&program.path(""));
    let refused = |workplace: &Workplace, gh: Option<&str>, expected: &str| {
        let (exit, log) = run_release(workplace, gh);
        assert!(exit == Some(2) && log.contains(expected), "{expected}: {log}");
        assert_eq!(std::fs::read_to_string(workplace.path("output")).unwrap(), "result=error\nexit-code=2\n");
    };
    let (workplace, _) = release();
    refused(&workplace, Some("#!/bin/sh\nexit 1\n"), "has no provenance from owner/trailcheck");
    let (workplace, archive) = release();
    let mut bytes = std::fs::read(&archive).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&archive, bytes).unwrap();
    refused(&workplace, None, "is not what its checksum says");
    let (workplace, archive) = release();
    std::fs::remove_file(format!("{}.sha256", archive.display())).unwrap();
    refused(&workplace, None, "has no checksum");
    // Without a release it is built, here from a place where there is nothing to build.
    let (workplace, archive) = release();
    std::fs::remove_file(&archive).unwrap();
    refused(&workplace, None, "trailcheck cannot be built");
}

/// actionlint reads the workflows as GitHub does, zizmor as somebody who means harm.
#[test]
fn the_workflows_are_sound() {
    let workflows: Vec<_> = std::fs::read_dir(format!("{REPOSITORY}/.github/workflows"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(workflows.len(), 2);
    let read = Command::new(crate::go::tool("actionlint")).args(&workflows).output().unwrap();
    assert!(read.status.success(), "{}", text_of(&read));
    let zizmor = Command::new(python().with_file_name("zizmor"))
        .args(["--offline", "--no-progress", "--quiet"])
        .args([".github/workflows", "action.yml"])
        .current_dir(REPOSITORY)
        .output()
        .unwrap();
    assert!(zizmor.status.success(), "{}", text_of(&zizmor));
}
