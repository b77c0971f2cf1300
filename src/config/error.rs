//! Errors that point into the config file.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::mistake;
use crate::looks_like;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read config {path}: {source}; `trailcheck init` writes one", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {message}", path = path.display())]
    Whole { path: PathBuf, message: String },
    #[error("{path} is no config{hint}", path = path.display(), hint = looks_like::hint(path, "a config"))]
    AnotherFile { path: PathBuf },
    #[error("{path}: line {line}: {message}\n  | {excerpt}", path = path.display())]
    At { path: PathBuf, line: usize, message: String, excerpt: String },
}

impl ConfigError {
    /// The file and the line from 1 that it points to.
    pub fn place(&self) -> Option<(&Path, usize)> {
        match self {
            ConfigError::At { path, line, .. } => Some((path, *line)),
            ConfigError::Read { .. } | ConfigError::Whole { .. } | ConfigError::AnotherFile { .. } => None,
        }
    }
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

    /// What the TOML reader found wrong, in the words of TOML.
    pub(super) fn syntax(&self, error: toml::de::Error) -> ConfigError {
        let not_ours = looks_like::looks_like(self.text.as_bytes()).is_some_and(|what| !what.starts_with("a config"));
        if not_ours {
            return ConfigError::AnotherFile { path: self.path.to_owned() };
        }
        let Some(span) = error.span() else { return self.nowhere(error.message()) };
        let line = self.text.lines().nth(self.line(span.start) - 1).unwrap_or_default().trim();
        let message = mistake::told(error.message(), line).unwrap_or_else(|| error.message().to_owned());
        self.at(span, message)
    }
}
