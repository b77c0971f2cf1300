//! Errors that point into the config file.

use std::ops::Range;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read config {path}: {source}; `trailcheck init` writes one", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {message}", path = path.display())]
    Whole { path: PathBuf, message: String },
    #[error("{path}: line {line}: {message}\n  | {excerpt}", path = path.display())]
    At { path: PathBuf, line: usize, message: String, excerpt: String },
}

/// The file's text, for turning byte offsets into lines.
pub(super) struct Source<'a> {
    path: &'a Path,
    text: &'a str,
    /// The offsets of line breaks.
    breaks: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Source<'a> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Source { path, text, breaks }
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.breaks.partition_point(|at| *at < offset) + 1
    }

    pub(super) fn at(&self, span: Range<usize>, message: impl Into<String>) -> ConfigError {
        let line = self.line(span.start);
        let excerpt = self.text.lines().nth(line - 1).unwrap_or_default().trim().to_owned();
        ConfigError::At { path: self.path.to_owned(), line, message: message.into(), excerpt }
    }

    pub(super) fn nowhere(&self, message: impl Into<String>) -> ConfigError {
        ConfigError::Whole { path: self.path.to_owned(), message: message.into() }
    }

    /// What the TOML reader found wrong; an unknown key comes with the nearest valid one.
    pub(super) fn syntax(&self, error: toml::de::Error) -> ConfigError {
        let message = unknown_key(error.message()).unwrap_or_else(|| error.message().to_owned());
        match error.span() {
            Some(span) => self.at(span, message),
            None => self.nowhere(message),
        }
    }
}

/// Serde says "unknown field `x`, expected one of `a`, `b`" (a test pins the form); we add which of them is meant.
fn unknown_key(message: &str) -> Option<String> {
    let quoted: Vec<&str> = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2).collect();
    let (unknown, known) = quoted.split_first()?;
    let nearest = known.iter().max_by(|a, b| {
        let distance = |name: &str| strsim::jaro_winkler(unknown, name);
        distance(a).total_cmp(&distance(b))
    });
    let hint = nearest.map_or(String::new(), |nearest| format!("; did you mean `{nearest}`?"));
    Some(format!("unknown key `{unknown}`{hint} Known here: {}", known.join(", ")))
}
