//! Leading order: the outlier of the first step, and how many directions the second one adds.
//!
//! Equations: docs/theory.md, (2.2), (2.3), (2.6) to (2.11).

use crate::theory::TheoryError;
use crate::error::InvalidSetting;
use crate::network::Scaling;
use crate::rmt::{SpikeOutlier, SpikedMatrix};
use crate::training::StepSize;

/// Ratios and exponents this close to an integer or to zero are taken to be equal to it:
/// 0.3 / (0.5 - 0.4) is 2.9999999999999996 in floating point and counts 3.
const ROUNDING: f64 = 1e-9;

/// Most terms that are listed one by one: alpha_1 close to 1/2 makes any number of them.
const MAX_TERMS: usize = 1000;

/// l = floor(alpha_2 / (1/2 - alpha_1)): the number of directions that only the second step can
/// create (Moniri & Hassani, arXiv:2605.17767, abstract).
///
/// W_2 shows one outlier more in total, the one left by the first step: see [`SpikeExpansion`].
///
/// # Errors
/// [`InvalidSetting::Exponent`] unless both exponents lie in [0, 1/2).
///
/// ```
/// use linear_width::theory::outlier_count;
///
/// assert_eq!(outlier_count(0.4, 0.3)?, 3); // an exact multiple, despite rounding
/// assert_eq!(outlier_count(0.25, 0.2)?, 0);
/// assert!(outlier_count(0.5, 0.2).is_err());
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
pub fn outlier_count(alpha_1: f64, alpha_2: f64) -> Result<usize, InvalidSetting> {
    StepSize::scaled(1.0, alpha_1).check(1)?;
    StepSize::scaled(1.0, alpha_2).check(2)?;
    let ratio = alpha_2 / (0.5 - alpha_1);
    let nearest = ratio.round();
    let exact = (ratio - nearest).abs() <= ROUNDING * nearest.max(1.0);
    Ok(if exact { nearest } else { ratio.floor() } as usize)
}

/// What becomes of one term of the expansion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum SpikeTermStatus {
    /// Grows with N: its exponent is positive.
    Grows,
    /// Stays O(1): its exponent is 0, and it leaves the bulk only past a threshold.
    Marginal,
    /// Removed at this order by a vanishing Hermite coefficient.
    Vanishes,
}

/// Term k of W_2 = W_0 + sum_k a^{o(k+1)} v_k^T + o(1); a^{ok} is the entrywise power.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpikeTerm {
    /// k = 0 is the direction of the first step; k = 1, 2, ... are new.
    pub k: usize,
    /// Its size is N^exponent: s_0 = max(alpha_1, alpha_2), s_k = alpha_2 - k (1/2 - alpha_1).
    pub exponent: f64,
    /// What becomes of it.
    pub status: SpikeTermStatus,
}

/// The spikes of W_2 at leading order: terms k = 0, ..., l.
///
/// Two counts, not to be confused:
/// [`new_directions`](Self::new_directions) is the paper's l;
/// [`total_outliers`](Self::total_outliers) is l + 1, since the
/// direction k = 0 is there already after one step. Both are limits for large N with alphas in (0,
/// 1/2): at N of a few thousand often only the first two or three are out.
///
/// ```
/// use linear_width::network::Scaling;
/// use linear_width::theory::SpikeExpansion;
///
/// let spikes = SpikeExpansion::new(0.4, 0.45, Scaling::MeanField)?;
/// assert_eq!(spikes.new_directions(), 4);
/// assert_eq!(spikes.total_outliers(), 5);
/// // ReLU: c_3 = 0 removes k = 2, c_5 = 0 removes k = 4
/// let relu = spikes.clone().with_hermite_coefficients(&[0.4, 0.5, 0.2, 0.0, -0.02, 0.0], 1e-9)?;
/// assert_eq!(relu.expected_outliers(), 3);
/// // Rademacher b: entrywise powers of a span two dimensions
/// assert_eq!(spikes.with_distinct_second_layer_values(2).expected_outliers(), 2);
/// # Ok::<(), linear_width::theory::TheoryError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpikeExpansion {
    terms: Vec<SpikeTerm>,
    new_directions: usize,
    distinct_values: Option<usize>,
}

impl SpikeExpansion {
    /// The terms k = 0, ..., l for these exponents; of very many, the first 1000.
    ///
    /// # Errors
    /// [`TheoryError::Invalid`] unless both exponents lie in [0, 1/2);
    /// [`TheoryError::StandardScaling`] for a network in standard scaling.
    pub fn new(alpha_1: f64, alpha_2: f64, scaling: Scaling) -> Result<Self, TheoryError> {
        let new_directions = outlier_count(alpha_1, alpha_2)?;
        if scaling != Scaling::MeanField {
            return Err(TheoryError::StandardScaling);
        }
        let terms = (0..=new_directions)
            .take(MAX_TERMS)
            .map(|k| {
                let exponent = match k {
                    0 => alpha_1.max(alpha_2),
                    _ => alpha_2 - k as f64 * (0.5 - alpha_1),
                };
                let marginal = exponent.abs() <= ROUNDING;
                SpikeTerm {
                    k,
                    exponent: if marginal { 0.0 } else { exponent },
                    status: if marginal {
                        SpikeTermStatus::Marginal
                    } else {
                        SpikeTermStatus::Grows
                    },
                }
            })
            .collect();
        Ok(Self { terms, new_directions, distinct_values: None })
    }

    /// Marks the terms that vanish at this order for an activation with Hermite coefficients c_0,
    /// c_1, ...: term k when |c_{k+1}| <= `tolerance`, and all of them when |c_1| <= `tolerance`
    /// (v_k carries c_{k+1} c_1^k).
    ///
    /// # Errors
    /// [`InvalidSetting::Shape`] when fewer than l + 2 coefficients are given (1001 when l is
    /// larger than that: terms that are not listed are not looked at).
    pub fn with_hermite_coefficients(
        mut self,
        coefficients: &[f64],
        tolerance: f64,
    ) -> Result<Self, InvalidSetting> {
        let needed = self.terms.len() + 1;
        if coefficients.len() < needed {
            return Err(InvalidSetting::Shape {
                name: "the list of Hermite coefficients",
                found: coefficients.len().to_string(),
                expected: format!("at least {needed}"),
            });
        }
        let vanishes = |k: usize| coefficients[k].abs() <= tolerance;
        for term in &mut self.terms {
            if vanishes(1) || vanishes(term.k + 1) {
                term.status = SpikeTermStatus::Vanishes;
            }
        }
        Ok(self)
    }

    /// Takes into account that b takes only `count` distinct nonzero values: the vectors a^{ok}
    /// then span at most `count` dimensions, so there are at most that many distinct left
    /// directions.
    pub fn with_distinct_second_layer_values(mut self, count: usize) -> Self {
        self.distinct_values = Some(count);
        self
    }

    /// The terms, k = 0, ..., l; of very many, the first 1000.
    pub fn terms(&self) -> &[SpikeTerm] {
        &self.terms
    }

    /// l: directions that only the second step can create, by the formula alone.
    pub fn new_directions(&self) -> usize {
        self.new_directions
    }

    /// l + 1: outliers of W_2 in total, the first step's included, by the formula alone.
    pub fn total_outliers(&self) -> usize {
        self.new_directions + 1
    }

    /// Outliers of W_2 in total that are left after the special cases: terms that do not vanish,
    /// marginal ones included, at most the number of distinct nonzero values of b.
    pub fn expected_outliers(&self) -> usize {
        let vanish = self.terms.iter().filter(|t| t.status == SpikeTermStatus::Vanishes).count();
        let terms = self.total_outliers() - vanish;
        self.distinct_values.map_or(terms, |m| terms.min(m))
    }

    /// Why fewer outliers are expected than the formula counts, one reason an entry; empty when none
    /// of the special cases applies.
    ///
    /// ```
    /// use linear_width::{network::Scaling, theory::SpikeExpansion};
    ///
    /// let spikes = SpikeExpansion::new(0.25, 0.3, Scaling::MeanField)?;
    /// let odd = spikes.with_hermite_coefficients(&[0.0, 0.7, 0.0], 1e-9)?;
    /// assert_eq!(odd.special_cases(), ["k = 1 vanishes: c_2 = 0"]);
    /// # Ok::<(), linear_width::theory::TheoryError>(())
    /// ```
    pub fn special_cases(&self) -> Vec<String> {
        let gone = |t: &&SpikeTerm| t.status == SpikeTermStatus::Vanishes;
        let vanishing: Vec<usize> = self.terms.iter().filter(gone).map(|t| t.k).collect();
        let mut cases = Vec::new();
        if vanishing.first() == Some(&0) {
            // v_k carries c_1^k
            cases.push("all vanish: c_1 = 0".to_owned());
        } else {
            const NAMED: usize = 3;
            let named = vanishing.iter().take(NAMED);
            cases.extend(named.map(|k| format!("k = {k} vanishes: c_{} = 0", k + 1)));
            if vanishing.len() > NAMED {
                cases.push(format!("so do {} more", vanishing.len() - NAMED));
            }
        }
        let left = self.total_outliers() - vanishing.len();
        if let Some(count) = self.distinct_values.filter(|count| *count < left) {
            cases.push(format!(
                "b takes {count} values other than 0, so that no more are independent"
            ));
        }
        cases
    }

    /// The terms whose exponent is 0: each is out only past a threshold.
    pub fn marginal_terms(&self) -> impl Iterator<Item = &SpikeTerm> {
        self.terms.iter().filter(|t| t.status == SpikeTermStatus::Marginal)
    }
}

/// The spike of the first step at leading order: W_1 = W_0 + eta_1 c_1 a beta_1^T + o(1) with
/// beta_1 = X_1^T y_1 / n (Ba et al., arXiv:2205.01445).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FirstStep {
    /// |beta_1|^2 = |c*_1|^2 + (d/n) E y^2.
    pub beta_norm_squared: f64,
    /// |<beta_1/|beta_1|, beta*>| = |c*_1| / |beta_1|.
    pub target_overlap: f64,
    /// Strength eta_1 |c_1| |beta_1| of the spike.
    pub strength: f64,
}

impl FirstStep {
    /// From the step size `eta`, the coefficients c_1 of the activation and c*_1 of the link, E y^2
    /// (noise included) and phi = d/n.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] when an argument or the strength is not finite, or `eta`,
    /// E y^2 or phi negative.
    ///
    /// ```
    /// use linear_width::theory::FirstStep;
    ///
    /// let step = FirstStep::new(20.0, 0.6, 0.5, 0.25, 1.0)?;
    /// assert_eq!(step.beta_norm_squared, 0.5);
    /// let outlier = step.outlier(2.0)?.unwrap();
    /// assert!(outlier.singular_value > step.strength);
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn new(
        eta: f64,
        c_1: f64,
        c_1_target: f64,
        second_moment: f64,
        phi: f64,
    ) -> Result<Self, InvalidSetting> {
        let check = |name, value: f64, signed: bool| {
            if value.is_finite() && (signed || value >= 0.0) {
                return Ok(());
            }
            let allowed = if signed { "a finite number" } else { "a finite number, 0 or more" };
            Err(InvalidSetting::OutOfRange { name, value, allowed })
        };
        check("the step size eta", eta, false)?;
        check("the Hermite coefficient c_1", c_1, true)?;
        check("the Hermite coefficient c*_1", c_1_target, true)?;
        check("the second moment of the labels", second_moment, false)?;
        check("the ratio d/n", phi, false)?;
        let beta_norm_squared = c_1_target * c_1_target + phi * second_moment;
        let norm = beta_norm_squared.sqrt();
        let strength = eta * c_1.abs() * norm;
        // huge arguments, or the product of a huge and a vanishing one
        check("|beta_1|^2", beta_norm_squared, false)?;
        check("the strength of the first spike", strength, false)?;
        Ok(Self {
            beta_norm_squared,
            target_overlap: if norm > 0.0 { (c_1_target.abs() / norm).min(1.0) } else { 0.0 },
            strength,
        })
    }

    /// The outlier this spike makes on the Marchenko-Pastur bulk of W_0 at gamma = N/d, or `None`
    /// below the threshold. Multiply `right_overlap` by `target_overlap` for the overlap with
    /// beta*.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless `gamma` is finite and positive.
    pub fn outlier(&self, gamma: f64) -> Result<Option<SpikeOutlier>, InvalidSetting> {
        SpikedMatrix::new(gamma)?.spike(self.strength)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_exact_at_every_multiple() {
        for hundredths in 1..50_u32 {
            let alpha_1 = f64::from(hundredths) / 100.0;
            let step = 50 - hundredths; // hundredths of 1/2 - alpha_1
            for k in 0..50 {
                let alpha_2 = f64::from(k) / 100.0;
                assert_eq!(
                    outlier_count(alpha_1, alpha_2).unwrap(),
                    (k / step) as usize,
                    "{alpha_1}, {alpha_2}"
                );
            }
        }
        // just below a multiple is below it
        assert_eq!(outlier_count(0.4, 0.3 - 1e-7).unwrap(), 2);
    }

    /// Here the quotient in floating point lies below the whole number by up to 1e-4.
    #[test]
    fn the_count_is_exact_at_large_multiples() {
        for (alpha_2, count) in [(0.3, 3_000_000), (0.123_456_7, 1_234_567)] {
            assert_eq!(outlier_count(0.499_999_9, alpha_2).unwrap(), count);
        }
    }

    #[test]
    fn exponents_fall_by_the_same_step_and_end_at_zero() {
        let spikes = SpikeExpansion::new(0.4, 0.3, Scaling::MeanField).unwrap();
        let exponents: Vec<f64> = spikes.terms().iter().map(|t| t.exponent).collect();
        assert_eq!(exponents[0], 0.4);
        assert!((exponents[1] - 0.2).abs() < 1e-12 && (exponents[2] - 0.1).abs() < 1e-12);
        assert_eq!(exponents[3], 0.0);
        assert_eq!(spikes.marginal_terms().map(|t| t.k).collect::<Vec<_>>(), [3]);
        assert_eq!(spikes.new_directions(), 3);
        assert_eq!(spikes.total_outliers(), 4);
    }

    #[test]
    fn very_many_directions_are_counted_and_not_listed() {
        let spikes =
            SpikeExpansion::new(0.499_999_999_999_999_94, 0.49, Scaling::MeanField).unwrap();
        assert!(spikes.new_directions() > 1_000_000_000_000);
        assert_eq!(spikes.terms().len(), MAX_TERMS);
        let expected = spikes.total_outliers();
        assert_eq!(spikes.expected_outliers(), expected);
        assert_eq!(spikes.with_distinct_second_layer_values(2).expected_outliers(), 2);
    }

    #[test]
    fn the_examples_of_the_theory_document() {
        for (a1, a2, total) in [(0.25, 0.3, 2), (0.3, 0.45, 3), (0.4, 0.25, 3), (0.4, 0.45, 5)] {
            let spikes = SpikeExpansion::new(a1, a2, Scaling::MeanField).unwrap();
            assert_eq!(spikes.total_outliers(), total);
        }
    }

    #[test]
    fn a_vanishing_first_coefficient_removes_everything() {
        let spikes = SpikeExpansion::new(0.4, 0.45, Scaling::MeanField).unwrap();
        let even = spikes.clone().with_hermite_coefficients(&[0.0, 0.0, 1.0, 0.0, 1.0, 0.0], 0.0);
        let even = even.unwrap();
        assert_eq!(even.expected_outliers(), 0);
        assert_eq!(even.special_cases(), ["all vanish: c_1 = 0"]);
        let odd = spikes.clone().with_hermite_coefficients(&[0.0, 1.0, 0.0, -0.1, 0.0, 0.01], 1e-9);
        let odd = odd.unwrap();
        assert_eq!(odd.expected_outliers(), 3);
        let reasons = ["k = 1 vanishes: c_2 = 0", "k = 3 vanishes: c_4 = 0"];
        assert_eq!(odd.special_cases(), reasons);
        let two = odd.with_distinct_second_layer_values(2).special_cases();
        assert!(two.len() == 3 && two[2].contains("2 values"), "{two:?}");
        assert!(spikes.with_hermite_coefficients(&[0.0, 1.0], 0.0).is_err());
    }

    #[test]
    fn out_of_range_and_standard_scaling_are_refused() {
        for alpha in [0.5, -0.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                outlier_count(alpha, 0.1),
                Err(InvalidSetting::Exponent { step: 1, .. })
            ));
            assert!(matches!(
                outlier_count(0.1, alpha),
                Err(InvalidSetting::Exponent { step: 2, .. })
            ));
        }
        assert_eq!(
            SpikeExpansion::new(0.1, 0.1, Scaling::Standard),
            Err(TheoryError::StandardScaling)
        );
    }
}
