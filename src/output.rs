//! The one door for what the program says: standard output, standard error, and the text that goes there.
//!
//! `harmless` makes text safe for each kind of reader. Nothing else prints; a test holds the source against it.

pub mod harmless;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Text for people, with colours where standard output is a terminal. Each line is made harmless.
pub fn print_text(text: &str) -> io::Result<()> {
    let mut stdout = BufWriter::with_capacity(1 << 16, anstream::stdout().lock());
    for line in text.lines() {
        writeln!(stdout, "{}", harmless::line(line))?;
    }
    stdout.flush()
}

/// The columns of the terminal that standard output is; `None`: it is none, and lines are left as they are.
pub fn width() -> Option<usize> {
    let is_terminal = io::stdout().is_terminal();
    terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| usize::from(width.0).max(NARROWEST))
}

/// Whether standard error is a terminal, which progress can be drawn on.
pub fn can_draw() -> bool {
    io::stderr().is_terminal()
}

/// Narrower than this, wrapping helps nobody.
const NARROWEST: usize = 40;

/// The same as a file holds it: without colours.
pub fn plain_text(text: &str) -> String {
    let lines = text.lines().map(harmless::line);
    lines.map(|line| anstream::adapter::strip_str(&line).to_string() + "\n").collect()
}

/// A document, byte for byte: what made it has made it harmless.
pub fn print(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// The same, piece by piece, none of which is kept.
pub fn print_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut stdout = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    write(&mut stdout)?;
    stdout.flush()
}

static QUIET: AtomicBool = AtomicBool::new(false);

/// From here on, `remark` says nothing.
pub fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// What people may like to know on standard error, and nobody needs.
pub fn remark(message: impl Display) {
    if !is_quiet() {
        tell(message);
    }
}

/// Tells people on standard error, line by line. Where nobody can hear it, nothing is lost: the exit code says it too.
pub fn tell(message: impl Display) {
    let mut stderr = io::stderr().lock();
    for line in message.to_string().lines() {
        // Without colours, so an escape sequence is somebody else's.
        let _ = writeln!(stderr, "{}", harmless::line(&harmless::text(line)));
    }
}
