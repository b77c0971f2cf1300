//! What long work is doing: drawn on a terminal; in a pipe, a line every ten seconds, so that a job that waits is not silent.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::counted::counted;
use crate::output;

/// How often a pipe is told.
const EVERY: Duration = Duration::from_secs(10);

pub struct Progress {
    bar: ProgressBar,
    doing: Arc<Mutex<String>>,
    /// Closed where the work ends.
    told: Option<Sender<()>>,
}

impl Progress {
    /// indicatif draws on stderr and hides itself where that is not a terminal.
    pub fn start() -> Progress {
        let bar = if output::is_quiet() { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.enable_steady_tick(Duration::from_millis(100));
        let doing = Arc::new(Mutex::new("working".to_owned()));
        let is_piped = !output::can_draw() && !output::is_quiet();
        let told = is_piped.then(|| tell_regularly(Arc::clone(&doing), bar.clone()));
        Progress { bar, doing, told }
    }

    pub fn stage(&self, doing: &str) {
        self.bar.set_message(doing.to_owned());
        doing.clone_into(&mut self.doing.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// From here on, accounts are counted.
    pub fn count_accounts(&self, accounts: u64) {
        let style = ProgressStyle::with_template("{spinner} {bar:30} {pos} of {len} accounts: {msg}");
        self.bar.set_style(style.expect("the template is a constant, and tests draw it"));
        self.bar.set_length(accounts);
    }

    /// One account of several was looked at; a pipe is told each.
    pub fn account_seen(&self, account: &str, seen: usize, total: usize) {
        self.bar.inc(1);
        if self.told.is_some() {
            output::remark(format_args!("account {account} was looked at, {seen} of {total}"));
        }
    }

    /// Says what is to be read, on standard error wherever that goes; from here on, objects are counted.
    /// `bytes`: 0 where their size is not told.
    pub fn count_objects(&self, objects: u64, bytes: u64) {
        let size = if bytes > 0 { format!(", {} KiB", bytes.div_ceil(1024)) } else { String::new() };
        self.bar.suspend(|| output::remark(format_args!("reading {}{size}", counted(objects, "log object"))));
        let style = ProgressStyle::with_template("{spinner} reading log objects {bar:30} {pos}/{len} {eta}");
        self.bar.set_style(style.expect("the template is a constant, and tests draw it"));
        self.bar.set_length(objects);
        self.bar.set_position(0);
        self.stage("reading log objects");
    }

    pub fn object_read(&self) {
        self.bar.inc(1);
    }
}

/// Until the sender goes out of scope.
fn tell_regularly(doing: Arc<Mutex<String>>, bar: ProgressBar) -> Sender<()> {
    let (told, closed) = mpsc::channel();
    let began = Instant::now();
    // What cannot be told is not told.
    let telling = std::thread::Builder::new().spawn(move || {
        while closed.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            let doing = doing.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let count = bar.length().map_or(String::new(), |length| format!(" {} of {length}", bar.position()));
            output::remark(format_args!("{doing}{count}, for {} seconds so far", began.elapsed().as_secs()));
        }
    });
    drop(telling);
    told
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
