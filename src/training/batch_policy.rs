//! Which samples each step sees.

use crate::error::{InvalidSetting, in_range};

/// Which samples each step sees. Every step sees n of them; those of the first step are the first
/// batch. Example: [`training`](crate::training).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum BatchPolicy {
    /// Every step draws a batch of its own.
    #[default]
    Independent,
    /// Every step uses the batch of the first.
    Reused,
    /// Every step after the first sees m = round(fraction n) samples of the first batch again, the
    /// same m in every step; the other n - m samples are new in every step. With fraction 0 this
    /// is `Independent`, with fraction 1 `Reused`, to the last bit.
    PartlyReused {
        /// The share of the batch that is kept, between 0 and 1.
        fraction: f64,
    },
}

impl BatchPolicy {
    /// Checks the fraction.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] when it is not between 0 and 1.
    pub fn check(self) -> Result<(), InvalidSetting> {
        let Self::PartlyReused { fraction } = self else { return Ok(()) };
        let holds = (0.0..=1.0).contains(&fraction);
        in_range("batches.partly_reused.fraction", fraction, holds, "between 0 and 1")
    }

    /// How many of the `samples` samples of the first batch every later step sees again: they are
    /// the first ones of both batches.
    pub fn kept_samples(self, samples: usize) -> usize {
        match self {
            Self::Independent => 0,
            Self::Reused => samples,
            // `f64` rounds numbers of samples above 2^53
            Self::PartlyReused { fraction } if fraction >= 1.0 => samples,
            Self::PartlyReused { fraction } => {
                ((fraction * samples as f64).round() as usize).min(samples)
            }
        }
    }
}

impl std::fmt::Display for BatchPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Independent => f.write_str("independent"),
            Self::Reused => f.write_str("reused"),
            Self::PartlyReused { fraction } => write!(f, "partly reused (fraction {fraction})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BatchPolicy::{Independent, PartlyReused, Reused};

    #[test]
    fn fractions_are_checked_and_named() {
        for fraction in [0.0, 0.5, 1.0] {
            assert!(PartlyReused { fraction }.check().is_ok());
        }
        for fraction in [-1e-9, 1.0 + 1e-9, f64::NAN, f64::INFINITY] {
            let problem = PartlyReused { fraction }.check().unwrap_err().to_string();
            assert!(problem.contains("between 0 and 1"), "{problem}");
        }
        assert!(Independent.check().is_ok() && Reused.check().is_ok());
        let policies = [Independent, Reused, PartlyReused { fraction: 0.25 }];
        let names = policies.map(|policy| policy.to_string());
        assert_eq!(names, ["independent", "reused", "partly reused (fraction 0.25)"]);
    }

    #[test]
    fn kept_samples_are_rounded_to_the_nearest() {
        assert_eq!((Independent.kept_samples(40), Reused.kept_samples(40)), (0, 40));
        for (fraction, samples, kept) in
            [(0.0, 40, 0), (0.25, 40, 10), (0.26, 10, 3), (0.24, 10, 2), (1.0, 7, 7)]
        {
            assert_eq!(PartlyReused { fraction }.kept_samples(samples), kept, "{fraction}");
        }
    }
}
