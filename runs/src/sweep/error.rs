//! Why a sweep stops.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Progress;
use crate::config::ConfigError;
use crate::error::{debug_is_display, in_words};

/// Why a sweep did not run to its end, or its results could not be used. An error of a single point
/// is not here: it is recorded in the line of that point.
#[derive(Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The TOML file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The results file could not be opened, locked, read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else than results of this sweep and shard, and is left as it is.
    #[error("{}: {why}", .path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A point needs more memory than the budget: its key, its need and the budget in bytes.
    #[error("point {0} needs about {need} ({1} bytes); the memory budget is {all} ({2} bytes)", need = in_words(*.1), all = in_words((*.2).into()))]
    Memory(String, u128, u64),
    /// A key or the settings cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Two points (numbers from 0) are the same; then the key of the second.
    #[error("points {0} and {1} are the same: {2}")]
    SameKey(usize, usize, String),
    /// A shard that does not exist: its number, and the number of shards.
    #[error("shard {0} of {1}: the first number must lie between 1 and the second")]
    Shard(usize, usize),
    /// A Slurm job array that this process is no task of, or whose tasks cannot be counted: why.
    #[error("the Slurm job array gives no shard: {0}")]
    SlurmArray(String),
    /// Points are missing from the files to be merged: how many, of how many, the first (from 0).
    #[error("{0} of {1} points have no result; the first is number {2} (from 0)")]
    Incomplete(usize, usize, usize),
    /// The observer stopped the sweep. The points that were done are in the file.
    #[error("cancelled with {} of {} points done", .0.done(), .0.total)]
    Cancelled(Progress),
}

debug_is_display!(SweepError);

impl SweepError {
    pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn refused(path: &Path, why: impl Into<String>) -> Self {
        Self::Refused { path: path.to_owned(), why: why.into() }
    }
}
