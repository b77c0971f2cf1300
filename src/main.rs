use std::process::ExitCode;

use clap::Parser;
use trailcheck::cli::Cli;
use trailcheck::commands;
use trailcheck::output;
use trailcheck::policy::worker;

/// Memory holds credentials, and log records: a crash must not write it to disk.
#[cfg(unix)]
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Where it may not be set, the machine has a limit already.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

#[cfg(not(unix))]
fn leave_no_core() {}

/// No memory and no stack left abort the process: that is exit code 4, as every failure of the program itself. A limit on the
/// size of files is an error of the write, after which nothing half stays behind, as with a full disk.
#[cfg(unix)]
fn answer_signals() {
    use signal_hook::consts::{SIGABRT, SIGXFSZ};
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    // Where neither can be set, the signals kill, and no exit code says `pass`.
    let _ = signal_hook::flag::register_conditional_shutdown(
        SIGABRT,
        commands::INTERNAL as i32,
        Arc::new(AtomicBool::new(true)),
    );
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

#[cfg(not(unix))]
fn answer_signals() {}

fn main() -> ExitCode {
    // A surprise is told, and is no verdict.
    std::panic::set_hook(Box::new(|panic| output::tell(format_args!("internal error: {panic}; please report it"))));
    leave_no_core();
    // A child of this program, which runs the user's policies.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == worker::COMMAND) {
        return if worker::serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    answer_signals();
    match std::panic::catch_unwind(|| commands::run(Cli::parse())) {
        Err(_) => commands::INTERNAL.into(),
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => {
            output::tell(format_args!("error: {}", error.to_string().replace('\n', "\n  ")));
            error.exit().into()
        }
    }
}
