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

    /// The shard of a task of a Slurm job array: of `--array=1-4`, `0-3` or `0-6:2` the first task is
    /// 1/4. `variable` gives the value of an environment variable, as
    /// `|name| std::env::var(name).ok()`.
    ///
    /// # Errors
    /// [`SweepError::SlurmArray`] when `SLURM_ARRAY_TASK_ID`, `_MIN`, `_MAX`, `_COUNT` or `_STEP`
    /// is missing or no number, and when the array has gaps, as `--array=1,3,7`: a task does not know
    /// how many there are before it.
    ///
    /// ```
    /// use linear_width_runs::sweep::Shard;
    ///
    /// // the second task of --array=0-6:2
    /// let variable = |name: &str| {
    ///     let (_, value) = [("ID", "2"), ("MIN", "0"), ("MAX", "6"), ("COUNT", "4"), ("STEP", "2")]
    ///         .into_iter()
    ///         .find(|(end, _)| name == format!("SLURM_ARRAY_TASK_{end}"))?;
    ///     Some(value.to_owned())
    /// };
    /// assert_eq!(Shard::of_slurm_task(variable)?, Shard::new(2, 4)?);
    /// assert!(Shard::of_slurm_task(|_| None).is_err());
    /// # Ok::<(), linear_width_runs::sweep::SweepError>(())
    /// ```
    pub fn of_slurm_task(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SweepError> {
        let number = |end: &str| {
            let name = format!("SLURM_ARRAY_TASK_{end}");
            match variable(&name) {
                None => Err(SweepError::SlurmArray(format!(
                    "{name} is not set; it is in the tasks of an array"
                ))),
                Some(value) => value.parse::<usize>().map_err(|_| {
                    SweepError::SlurmArray(format!("{name} is {value:?}, not a number"))
                }),
            }
        };
        let (id, first, last) = (number("ID")?, number("MIN")?, number("MAX")?);
        let (count, step) = (number("COUNT")?, number("STEP")?);
        let before = id.checked_sub(first).and_then(|before| before.checked_div(step));
        let regular = |before: usize| {
            let span = count.checked_sub(1)?.checked_mul(step)?;
            (first.checked_add(span)? == last && first + before * step == id).then_some(before + 1)
        };
        match before.and_then(regular) {
            Some(index) => Self::new(index, count),
            None => Err(SweepError::SlurmArray(format!(
                "task {id} is one of {count} from {first} to {last}, which are not in steps of {step}; \
                 give the shard as i/m"
            ))),
        }
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
