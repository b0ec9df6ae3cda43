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
/// let points: Vec<usize> = (0..8).filter(|point| second.holds(*point)).collect();
/// assert_eq!(points, [1, 4, 7]);
/// assert!("4/3".parse::<Shard>().is_err());
/// # Ok::<(), linear_width_runs::sweep::SweepError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "[usize; 2]", try_from = "[usize; 2]")]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// The only shard.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Shard `index` (from 1) of `count`.
    ///
    /// # Errors
    /// [`SweepError::Shard`] unless 1 <= `index` <= `count`.
    pub fn new(index: usize, count: usize) -> Result<Self, SweepError> {
        if index == 0 || index > count {
            return Err(SweepError::Shard { index, count });
        }
        Ok(Self { index, count })
    }

    /// Whether the point of this number (from 0) is in this shard.
    pub fn holds(self, point: usize) -> bool {
        point % self.count == self.index - 1
    }

    /// How many shards there are.
    pub fn count(self) -> usize {
        self.count
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
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl From<Shard> for [usize; 2] {
    fn from(shard: Shard) -> Self {
        [shard.index, shard.count]
    }
}

impl TryFrom<[usize; 2]> for Shard {
    type Error = SweepError;

    fn try_from([index, count]: [usize; 2]) -> Result<Self, SweepError> {
        Self::new(index, count)
    }
}
