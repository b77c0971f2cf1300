//! What long work is doing, on a terminal; nothing in a pipe.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

pub struct Progress(ProgressBar);

impl Progress {
    /// indicatif draws on stderr and hides itself where that is not a terminal.
    pub fn start() -> Progress {
        let bar = if output::is_quiet() { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress(bar)
    }

    pub fn stage(&self, doing: &str) {
        self.0.set_message(doing.to_owned());
    }

    /// Says what is to be read, on standard error wherever that goes; from here on, objects are counted.
    /// `bytes`: 0 where their size is not told.
    pub fn count_objects(&self, objects: u64, bytes: u64) {
        let size = if bytes > 0 { format!(", {} KiB", bytes.div_ceil(1024)) } else { String::new() };
        self.0.suspend(|| output::remark(format_args!("reading {objects} log objects{size}")));
        let style = ProgressStyle::with_template("{spinner} reading log objects {bar:30} {pos}/{len} {eta}");
        self.0.set_style(style.expect("the template is a constant, and tests draw it"));
        self.0.set_length(objects);
    }

    pub fn object_read(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
