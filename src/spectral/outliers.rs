//! What counts as an outlier.

use super::largest_gap;
use super::white_noise::{self, Found};
use crate::error::{InvalidSetting, finite, in_range, nonnegative, nonzero};
use crate::rmt::{EdgeLaw, MarchenkoPastur};

const ABOVE_0: &str = "a finite number above 0";

/// The rule that separates outliers from the bulk. Its name and threshold go into the report.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum OutlierRule {
    /// Singular values above `edge * (1 + margin)`.
    AboveEdge {
        /// The right edge of the bulk, as a singular value.
        edge: f64,
        /// Relative margin above it.
        margin: f64,
    },
    /// Singular values above `(1 + sqrt(N/d)) (1 + margin)`, the edge of W_0. Large steps move the
    /// edge of W_1 and W_2, so this rule can count bulk values there.
    MarchenkoPastur {
        /// Relative margin above the edge.
        margin: f64,
    },
    /// The last gap s_k - s_{k+1}, k <= `max_outliers`, that is larger than `factor` times the mean
    /// gap of the 2 `max_outliers` singular values that follow rank `max_outliers`. Needs no law of
    /// the bulk.
    ///
    /// A gap must also be larger than the rounding error of the singular values: 4 sqrt(N + d)
    /// epsilon s_1, and (N + d) 2.2e-16 s_1^2 / s_k where they may come from W^T W, but no more than
    /// 1e-9 s_1 ([`SpectrumMethod`](super::SpectrumMethod)). When no value has more digits than an
    /// `f32`, the epsilon is that of `f32`, and 1e-6 stands for 1e-9.
    ///
    /// Values below 4 sqrt(N + d) epsilon s_1 are zeros and not in the bulk. A matrix of rank r,
    /// r <= `max_outliers`, has r outliers and no bulk; a rank above `max_outliers`, but not above
    /// twice that, is an error: the bulk would have fewer than `max_outliers` spacings. Where values
    /// of the bulk repeat, the mean is that of the next 2 `max_outliers` steps between different
    /// values; if there are fewer, a gap must be more than twice the largest.
    LargestGap {
        /// The largest number of outliers looked for.
        max_outliers: usize,
        /// How many mean bulk gaps make a gap.
        factor: f64,
    },
    /// Singular values that white noise exceeds with a probability below `level`, one after the other:
    /// s_{k+1} is compared with the largest value of noise of size (N - k) x (d - k), as long as
    /// there are outliers (docs/theory.md, section 18.2).
    ///
    /// The null is independent entries of mean 0 and one variance, without heavy tails. Scale and second moment of the noise are fitted to the values themselves, so the unit is free;
    /// values that stand out clearly are set apart first, so many strong outliers do not spoil the
    /// fit. In pure noise the rate of false alarms is `level` (0.04 to 0.06 at level 0.05 from
    /// 40 x 30 on, lower for fewer values; 0.075 to 0.086 for Laplace entries). p-values below 1e-3
    /// are an order of magnitude.
    ///
    /// Rows or columns of different variances are no white noise: the edge of such a bulk is further
    /// out and the rule counts bulk values. So it is with W_1 and W_2 after large steps, where
    /// [`apply_at`](Self::apply_at) tests at the edge that theory predicts.
    ///
    /// Values below rounding error ([`LargestGap`](Self::LargestGap)) are zeros and not in the bulk.
    /// Where half of the values are zeros there is no noise, and all others are outliers, of p-value 0.
    /// With fewer than five values left there is no bulk to fit, and none of them is an outlier.
    TracyWidom {
        /// The rate of false alarms in pure noise, above 0 and below 1.
        level: f64,
    },
}

/// The outliers found by a rule.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outliers {
    /// How many of the largest singular values are outliers.
    pub count: usize,
    /// The rule that was used.
    pub rule: OutlierRule,
    /// Singular values above this are outliers. For the gap rule: the middle of the gap, or the
    /// largest singular value when there is no outlier.
    pub threshold: f64,
    /// The p-values of the Tracy-Widom rule: those of the outliers and that of the first value
    /// that is none, in the order of the singular values. Empty for the other rules.
    pub p_values: Vec<f64>,
}

impl OutlierRule {
    /// The rule used when none is chosen, for a matrix with any number of singular values: the
    /// Tracy-Widom test at level 0.05. Below five values it finds no outlier
    /// ([`TracyWidom`](Self::TracyWidom)).
    pub fn default_for(_available: usize) -> Self {
        Self::TracyWidom { level: 0.05 }
    }

    /// The rule's name: `"above edge"`, `"Marchenko-Pastur edge"`, `"largest gap"` or
    /// `"Tracy-Widom"`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AboveEdge { .. } => "above edge",
            Self::MarchenkoPastur { .. } => "Marchenko-Pastur edge",
            Self::LargestGap { .. } => "largest gap",
            Self::TracyWidom { .. } => "Tracy-Widom",
        }
    }

    /// Checks the rule's parameters.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] or [`InvalidSetting::ZeroSize`].
    pub fn check(&self) -> Result<(), InvalidSetting> {
        match *self {
            Self::AboveEdge { edge, margin } => {
                in_range("outlier_rule.above_edge.edge", edge, edge > 0.0, ABOVE_0)?;
                nonnegative("outlier_rule.above_edge.margin", margin)
            }
            Self::MarchenkoPastur { margin } => {
                nonnegative("outlier_rule.marchenko_pastur.margin", margin)
            }
            Self::LargestGap { max_outliers, factor } => {
                nonzero("outlier_rule.largest_gap.max_outliers", max_outliers)?;
                in_range("outlier_rule.largest_gap.factor", factor, factor > 0.0, ABOVE_0)
            }
            Self::TracyWidom { level } => {
                let inside = 0.0 < level && level < 1.0;
                let allowed = "a number above 0 and below 1";
                in_range("outlier_rule.tracy_widom.level", level, inside, allowed)
            }
        }
    }

    /// Checks the rule's parameters, and that `available` = min(N, d) singular values are enough
    /// for it.
    ///
    /// # Errors
    /// As [`check`](Self::check), and also when the gap rule has fewer than 3 `max_outliers` + 1
    /// singular values to look at.
    pub fn check_for(&self, available: usize) -> Result<(), InvalidSetting> {
        self.check()?;
        let Self::LargestGap { max_outliers, .. } = *self else { return Ok(()) };
        in_range(
            "outlier_rule.largest_gap.max_outliers",
            max_outliers as f64,
            available > max_outliers.saturating_mul(3),
            "less than a third of the number of singular values",
        )
    }

    /// Applies the rule to all singular values (decreasing) of an N x d matrix.
    ///
    /// # Errors
    /// As [`check_for`](Self::check_for); [`InvalidSetting::NonFinite`] or
    /// [`InvalidSetting::OutOfRange`] when a singular value is not finite, negative or larger than
    /// the one before it; [`InvalidSetting::ZeroSize`] when the Marchenko-Pastur rule is given a
    /// size 0; [`InvalidSetting::Shape`] when the gap rule finds too few values beside zeros, or the
    /// Tracy-Widom rule is not given all min(N, d) values.
    ///
    /// ```
    /// use linear_width::spectral::OutlierRule;
    ///
    /// let bulk = (0..100).map(|i| 2.0 - 0.01 * f64::from(i));
    /// let s: Vec<f64> = [9.0, 3.0].into_iter().chain(bulk).collect();
    /// assert_eq!(OutlierRule::default_for(102).apply(&s, 200, 102)?.count, 2);
    /// let given = OutlierRule::AboveEdge { edge: 2.0, margin: 0.6 };
    /// assert_eq!(given.apply(&s, 200, 102)?.count, 1);
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn apply(
        &self,
        singular_values: &[f64],
        width: usize,
        dimension: usize,
    ) -> Result<Outliers, InvalidSetting> {
        self.check_for(singular_values.len())?;
        check_decreasing(singular_values)?;
        let s = singular_values;
        let threshold = match *self {
            Self::TracyWidom { level } => {
                return Ok(self.tested(white_noise::outliers(s, width, dimension, level)?));
            }
            Self::AboveEdge { edge, margin } => edge * (1.0 + margin),
            Self::MarchenkoPastur { margin } => {
                let law = MarchenkoPastur::for_shape(width, dimension)?;
                law.singular_value_edges().1 * (1.0 + margin)
            }
            Self::LargestGap { max_outliers, factor } => {
                let size = width as f64 + dimension as f64;
                match largest_gap::outliers(s, size, max_outliers, factor)? {
                    0 => s[0],
                    k => 0.5 * s[k - 1] + 0.5 * s[k],
                }
            }
        };
        // no singular value is above the largest number, and the report stays finite
        let threshold = threshold.min(f64::MAX);
        let count = s.iter().take_while(|s| **s > threshold).count();
        Ok(Outliers { count, rule: *self, threshold, p_values: Vec::new() })
    }

    /// Applies the rule where the law of the largest value of the bulk is known: the
    /// Tracy-Widom rule tests at `law` and fits nothing, the other rules do not use it.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn apply_at(
        &self,
        singular_values: &[f64],
        width: usize,
        dimension: usize,
        law: &EdgeLaw,
    ) -> Result<Outliers, InvalidSetting> {
        let Self::TracyWidom { level } = *self else {
            return self.apply(singular_values, width, dimension);
        };
        self.check_for(singular_values.len())?;
        check_decreasing(singular_values)?;
        self.sequential(singular_values, level, |_| Ok(*law))
    }

    /// Tests s_1, s_2, ... in turn at `law(k)`, the law of the largest value of the bulk beside k
    /// outliers, until one is not above it at `level`.
    pub(crate) fn sequential(
        &self,
        s: &[f64],
        level: f64,
        law: impl Fn(usize) -> Result<EdgeLaw, InvalidSetting>,
    ) -> Result<Outliers, InvalidSetting> {
        Ok(self.tested(white_noise::sequential(s, level, |k| law(k).map(Some))?))
    }

    fn tested(&self, found: Found) -> Outliers {
        let Found { count, threshold, p_values } = found;
        Outliers { count, rule: *self, threshold: threshold.min(f64::MAX), p_values }
    }
}

fn check_decreasing(singular_values: &[f64]) -> Result<(), InvalidSetting> {
    finite("the list of singular values", singular_values)?;
    let check = |s: f64, holds, allowed| in_range("a singular value", s, holds, allowed);
    for s in singular_values {
        check(*s, *s >= 0.0, "0 or more")?;
    }
    for pair in singular_values.windows(2) {
        let sorted = pair[1] <= pair[0];
        check(pair[1], sorted, "at most the one before it: sort them, largest first")?;
    }
    Ok(())
}
