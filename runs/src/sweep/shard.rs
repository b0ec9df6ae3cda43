//! One of several shares of a sweep.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SweepError;

/// Shard `index` of `count`, `index` from 1: every `count`-th point, so that a job array on a
/// cluster can run one sweep. Written as `index/count`.
///
/// ```
/// use linear_width_runs::sweep::Shard;
///
/// let second: Shard = "2/3".parse()?;
/// assert!(second.holds(1) && second.holds(4) && !second.holds(5));
/// # Ok::<(), linear_width_runs::sweep::SweepError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard(usize, usize);

impl Shard {
    /// The only shard.
    pub const WHOLE: Self = Self(1, 1);

    /// Shard `index` (from 1) of `count`.
    ///
    /// # Errors
    /// [`SweepError::Shard`] unless 1 <= `index` <= `count`.
    pub fn new(index: usize, count: usize) -> Result<Self, SweepError> {
        let exists = (1..=count).contains(&index);
        if exists { Ok(Self(index, count)) } else { Err(SweepError::Shard(index, count)) }
    }

    /// Whether the point of this number (from 0) is in this shard.
    pub fn holds(self, point: usize) -> bool {
        // the header of a file may claim shard 0 of 0
        point.checked_rem(self.1).is_some_and(|rest| rest + 1 == self.0)
    }
}

impl FromStr for Shard {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let number = |part: &str| part.trim().parse().unwrap_or(0);
        let (index, count) = text.split_once('/').unwrap_or((text, ""));
        Self::new(number(index), number(count))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}
