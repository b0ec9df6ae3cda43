//! What can stop a sweep.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::error::{debug_is_display, in_words};

/// Why a sweep did not run to its end, or its results could not be used. What goes wrong in a
/// single point is not here: it is recorded in that point's line.
#[derive(Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The file could not be opened, read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process is writing this file.
    #[error("{}: another process is writing this file", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a results file of this format version, and is left as it is.
    #[error("{}: not a results file of a sweep, format version {version}", .path.display())]
    NotResults {
        /// The file.
        path: PathBuf,
        /// The version that is understood.
        version: u32,
    },
    /// The file holds the results of another sweep or shard, and is left as it is.
    #[error("{}: belongs to another sweep or shard: its {what} is {found}, not {expected}", .path.display())]
    OtherSweep {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What the file says.
        found: String,
        /// What it should say.
        expected: String,
    },
    /// A complete line of the file makes no sense.
    #[error("{}, line {line}: {why}", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// A point needs more memory than the budget.
    #[error("point {key} needs about {} ({needed} bytes); the memory budget is {} ({budget} bytes)", in_words(*.needed), in_words(*.budget))]
    Memory {
        /// The key of the point.
        key: String,
        /// Its need.
        needed: u128,
        /// The budget.
        budget: u128,
    },
    /// The key of a point cannot be written as JSON.
    #[error("the key of point {index} cannot be written as JSON: {why}")]
    Key {
        /// The point, from 0.
        index: usize,
        /// Why.
        why: String,
    },
    /// Two points have the same key, or keys that mean the same, so that one computation would be
    /// done twice.
    #[error("points {first} and {second} are the same: {key}")]
    SameKey {
        /// One point, from 0.
        first: usize,
        /// The other.
        second: usize,
        /// The key of the second.
        key: String,
    },
    /// A shard that does not exist.
    #[error("shard {index} of {count}: the first number must lie between 1 and the second")]
    Shard {
        /// Which shard.
        index: usize,
        /// Of how many.
        count: usize,
    },
    /// Points are missing from the files that were to be merged.
    #[error("{missing} of {points} points have no result; the first is number {first} (from 0)")]
    Incomplete {
        /// How many are missing.
        missing: usize,
        /// How many there should be.
        points: usize,
        /// The first that is missing.
        first: usize,
    },
    /// No file was given to be merged.
    #[error("there are no files to merge")]
    NothingToMerge,
    /// The observer stopped the sweep. What was done is in the file.
    #[error("cancelled with {done} of {total} points done")]
    Cancelled {
        /// Points done.
        done: usize,
        /// Points of this shard.
        total: usize,
    },
}

debug_is_display!(SweepError);

impl SweepError {
    pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path: path.clone(), source }
    }
}
