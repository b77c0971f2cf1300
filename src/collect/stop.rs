//! SIGINT and SIGTERM: no new calls, and an end within seconds, with what was seen by then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::output;

/// The exit code of a run that is ended at once: `Exit::Stopped`.
const STOPPED: i32 = 130;

/// How long calls that are under way may take to their end.
const LONGEST: Duration = Duration::from_millis(4500);
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Listens until it is dropped.
pub(super) struct Stop {
    was_stopped: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
}

impl Stop {
    /// The first signal ends new calls, the second one the process; so does the first that comes when the calls are over.
    pub(super) fn listen() -> Stop {
        let (was_stopped, is_over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        for signal in [SIGINT, SIGTERM] {
            // Where no handler can be set, the signal ends the process as it does everywhere.
            let _ = flag::register_conditional_shutdown(signal, STOPPED, Arc::clone(&is_over));
            let _ = flag::register_conditional_shutdown(signal, STOPPED, Arc::clone(&was_stopped));
            let _ = flag::register(signal, Arc::clone(&was_stopped));
        }
        let (stopped, over) = (Arc::clone(&was_stopped), Arc::clone(&is_over));
        // Without it, the second signal ends what the first one does not.
        drop(std::thread::Builder::new().spawn(move || end(&stopped, &over)));
        Stop { was_stopped, is_over }
    }

    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.was_stopped)
    }

    pub(super) fn was_stopped(&self) -> bool {
        self.was_stopped.load(Ordering::Relaxed)
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Ends the process where the calls that are under way do not end.
fn end(was_stopped: &AtomicBool, is_over: &AtomicBool) {
    while !was_stopped.load(Ordering::Relaxed) {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        std::thread::sleep(CHECK_INTERVAL);
    }
    let began = Instant::now();
    output::tell("stopping: no further calls are made; a second signal ends it at once");
    while !is_over.load(Ordering::Relaxed) {
        if began.elapsed() > LONGEST {
            output::tell("stopped: calls that were under way did not end; nothing was written");
            std::process::exit(STOPPED);
        }
        std::thread::sleep(CHECK_INTERVAL);
    }
}
