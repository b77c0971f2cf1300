//! What the machine itself does not give: memory, and room in a file.

use std::process::Output;

use crate::program::{Workplace, fixture};

/// The program within a limit of the shell's `ulimit`.
fn limited(workplace: &Workplace, limit: &str, arguments: &str) -> Output {
    let command = format!("ulimit {limit}; exec {} {arguments}", env!("CARGO_BIN_EXE_trailcheck"));
    std::process::Command::new("sh").args(["-c", &command]).current_dir(workplace.path("")).output().unwrap()
}

fn check() -> String {
    format!("check --config {} --snapshot {}", fixture("article/trailcheck.toml"), fixture("article/snapshot.json"))
}

/// Whatever it was about to say, it ends as a failure of the program itself.
#[test]
fn without_memory_there_is_no_verdict() {
    let workplace = Workplace::offline();
    let exit = |kib: u32, arguments: &str| limited(&workplace, &format!("-v {kib}"), arguments).status.code();
    let starts = (20_000..).step_by(2_000).find(|kib| exit(*kib, "--version") == Some(0)).unwrap();
    let exits: Vec<_> = (starts..starts + 16_000).step_by(1_000).map(|kib| exit(kib, &check())).collect();
    assert!(exits.contains(&Some(4)), "no limit was low enough: {exits:?}");
    // 1 is what the whole account is; 2 says what could not be read.
    assert!(exits.iter().all(|exit| matches!(exit, Some(1 | 2 | 4))), "{exits:?}");
}

/// A limit on the size of files is as a full disk: said of the file that is meant, and nothing half stays behind.
#[test]
fn a_report_that_has_no_room_is_said_and_keeps_no_other_back() {
    let workplace = Workplace::offline();
    // 8 blocks of 512 bytes.
    let arguments = format!("{} --fail-on critical --report json=large.json --report text=small.txt", check());
    let output = limited(&workplace, "-f 8", &arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("cannot write large.json: File too large") && !stderr.contains("partial"), "{stderr}");
    assert_eq!(workplace.files(), ["small.txt"]);
}
