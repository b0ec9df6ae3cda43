//! What can be wrong with a configuration, and where.

use std::path::PathBuf;

use linear_width::InvalidSetting;
use thiserror::Error;

use crate::error::{debug_is_display, listed};

/// A configuration that cannot be used.
#[derive(Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in bytes.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// Keys that are unknown, missing, of the wrong type or out of range; never empty.
    #[error("{}", listed(.0))]
    Problems(Vec<ConfigProblem>),
    /// The configuration holds a number that TOML cannot.
    #[error("cannot be written as TOML: {0}")]
    Write(String),
}

debug_is_display!(ConfigError);

impl ConfigError {
    /// The problems with single keys; empty when the file could not be read at all.
    pub fn problems(&self) -> &[ConfigProblem] {
        match self {
            Self::Problems(problems) => problems,
            _ => &[],
        }
    }
}

/// One thing that is wrong with one key.
#[derive(Clone, Error, PartialEq)]
#[error("{}{key}: {reason}", .line.map(|line| format!("line {line}, ")).unwrap_or_default())]
pub struct ConfigProblem {
    /// The key with the tables it lies in, as in `steps.2.alpha`; entries of lists count from 1.
    /// `top level` for a key that is missing there.
    pub key: String,
    /// The line of the key, from 1. `None` for keys that are missing from the top level, and for
    /// configurations that were not read from a text.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: Reason,
}

debug_is_display!(ConfigProblem);

impl ConfigProblem {
    /// A problem of this key, without its line.
    pub(crate) fn at(key: impl Into<String>, reason: impl Into<Reason>) -> Self {
        Self { key: key.into(), line: None, reason: reason.into() }
    }
}

/// A problem that the builder found, at the key it gives.
impl From<InvalidSetting> for ConfigProblem {
    fn from(problem: InvalidSetting) -> Self {
        let key = problem.path().unwrap_or_else(|| "top level".into());
        match problem {
            // the key stands before it already
            InvalidSetting::In { problem, .. } => Self::at(key, *problem),
            problem => Self::at(key, problem),
        }
    }
}

/// What is wrong with a key.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// An unknown key, a missing one, or a value of the wrong type.
    #[error("{0}")]
    Malformed(String),
    /// A value out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
}

debug_is_display!(Reason);
