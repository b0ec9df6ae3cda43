//! The terms of W_2 at leading order, and which of them vanish (docs/theory.md, (2.6) to (2.11)).

use super::OutlierCount;
use super::outlier_count::ROUNDING;
use crate::error::InvalidSetting;

/// Most terms that are listed: alpha_1 close to 1/2 makes any number of them.
const MAX_TERMS: usize = 1000;

/// The expansion W_2 = W_0 + sum_k a^{o(k+1)} v_k^T + o(1), k = 0, ..., l, in mean-field scaling;
/// a^{ok} is the entrywise power (docs/theory.md, (2.6)).
///
/// Term 0 is the direction of the first step, the others are new in the second.
///
/// ```
/// use linear_width::theory::SpikeExpansion;
///
/// let spikes = SpikeExpansion::new(0.4, 0.45)?;
/// assert_eq!((spikes.count().new_directions, spikes.count().total), (4, 5));
/// // ReLU: c_3 = 0 removes k = 2, c_5 = 0 removes k = 4
/// let relu = spikes.clone().with_hermite_coefficients(&[0.4, 0.5, 0.2, 0.0, -0.02, 0.0], 1e-9)?;
/// assert_eq!(relu.count().corrected, 3);
/// assert_eq!(relu.special_cases(), ["k = 2 vanishes: c_3 = 0", "k = 4 vanishes: c_5 = 0"]);
/// // Rademacher b: entrywise powers of a span two dimensions
/// assert_eq!(spikes.with_distinct_second_layer_values(2).count().corrected, 2);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpikeExpansion {
    new_directions: usize,
    exponents: Vec<f64>,
    vanishing: Vec<usize>,
    distinct_values: Option<usize>,
}

impl SpikeExpansion {
    /// The terms k = 0, ..., l for these exponents of the two step sizes.
    ///
    /// # Errors
    /// [`InvalidSetting::StepSize`] unless both exponents lie in [0, 1/2).
    pub fn new(alpha_1: f64, alpha_2: f64) -> Result<Self, InvalidSetting> {
        let new_directions = OutlierCount::new(alpha_1, alpha_2)?.new_directions;
        let later = (1..=new_directions).map(|k| alpha_2 - k as f64 * (0.5 - alpha_1));
        let rounded = |x: f64| if x.abs() <= ROUNDING { 0.0 } else { x };
        let exponents = std::iter::once(alpha_1.max(alpha_2)).chain(later).map(rounded);
        let exponents = exponents.take(MAX_TERMS).collect();
        Ok(Self { new_directions, exponents, vanishing: Vec::new(), distinct_values: None })
    }

    /// Marks the terms that vanish at this order for an activation with Hermite coefficients c_0,
    /// c_1, ...: term k when |c_{k+1}| <= `tolerance`, and all of them when |c_1| <= `tolerance`
    /// (v_k carries c_{k+1} c_1^k).
    ///
    /// # Errors
    /// [`InvalidSetting::Shape`] when fewer than l + 2 coefficients are given (1001 for larger l).
    pub fn with_hermite_coefficients(
        mut self,
        coefficients: &[f64],
        tolerance: f64,
    ) -> Result<Self, InvalidSetting> {
        let terms = self.exponents.len();
        if coefficients.len() < terms + 1 {
            return Err(InvalidSetting::Shape {
                name: "the list of Hermite coefficients",
                found: coefficients.len().to_string(),
                expected: format!("at least {}", terms + 1),
            });
        }
        let zero = |k: usize| coefficients[k].abs() <= tolerance;
        self.vanishing = (0..terms).filter(|k| zero(1) || zero(k + 1)).collect();
        Ok(self)
    }

    /// Takes into account that b takes only `count` distinct nonzero values: then the vectors a^{ok}
    /// span at most `count` dimensions.
    pub fn with_distinct_second_layer_values(mut self, count: usize) -> Self {
        self.distinct_values = Some(count);
        self
    }

    /// The exponents of N in the sizes of the terms k = 0, ..., l (of very many, the first 1000):
    /// s_0 = max(alpha_1, alpha_2) and s_k = alpha_2 - k (1/2 - alpha_1) (2.9).
    ///
    /// A term of exponent 0 stays O(1) and makes an outlier only past a threshold.
    pub fn exponents(&self) -> &[f64] {
        &self.exponents
    }

    /// The k of the terms that vanish at this order, increasing.
    pub fn vanishing(&self) -> &[usize] {
        &self.vanishing
    }

    /// The number of outliers, without and with the special cases: all terms that do not vanish, but
    /// no more than the distinct nonzero values of b.
    pub fn count(&self) -> OutlierCount {
        let total = self.new_directions + 1;
        let left = total - self.vanishing.len();
        let corrected = self.distinct_values.map_or(left, |values| left.min(values));
        OutlierCount { new_directions: self.new_directions, total, corrected }
    }

    /// Why fewer outliers are expected than the formula counts, one reason an entry; empty when none
    /// of the special cases applies.
    pub fn special_cases(&self) -> Vec<String> {
        const NAMED: usize = 3;
        let vanishing = &self.vanishing;
        let named = |k: &usize| format!("k = {k} vanishes: c_{} = 0", k + 1);
        let mut cases: Vec<String> = vanishing.iter().take(NAMED).map(named).collect();
        if vanishing.first() == Some(&0) {
            // v_k carries c_1^k
            cases = vec!["all vanish: c_1 = 0".to_owned()];
        } else if vanishing.len() > NAMED {
            cases.push(format!("so do {} more", vanishing.len() - NAMED));
        }
        let left = self.new_directions + 1 - vanishing.len();
        if let Some(values) = self.distinct_values.filter(|values| *values < left) {
            let limit = "values other than 0, so that no more are independent";
            cases.push(format!("b takes {values} {limit}"));
        }
        cases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_fall_by_the_same_step_and_end_at_zero() {
        let spikes = SpikeExpansion::new(0.4, 0.3).unwrap();
        let exponents = spikes.exponents();
        assert_eq!(exponents[0], 0.4);
        assert!((exponents[1] - 0.2).abs() < 1e-12 && (exponents[2] - 0.1).abs() < 1e-12);
        assert_eq!(exponents[3], 0.0);
        assert_eq!(exponents.len(), 4);
        let count = OutlierCount { new_directions: 3, total: 4, corrected: 4 };
        assert_eq!(spikes.count(), count);
    }

    #[test]
    fn very_many_directions_are_counted_and_not_listed() {
        let spikes = SpikeExpansion::new(0.499_999_999_999_999_94, 0.49).unwrap();
        assert!(spikes.count().new_directions > 1_000_000_000_000);
        assert_eq!(spikes.exponents().len(), MAX_TERMS);
        let expected = spikes.count().total;
        assert_eq!(spikes.count().corrected, expected);
        assert_eq!(spikes.with_distinct_second_layer_values(2).count().corrected, 2);
    }

    #[test]
    fn the_examples_of_the_theory_document() {
        for (a1, a2, total) in [(0.25, 0.3, 2), (0.3, 0.45, 3), (0.4, 0.25, 3), (0.4, 0.45, 5)] {
            let spikes = SpikeExpansion::new(a1, a2).unwrap();
            assert_eq!(spikes.count().total, total);
        }
    }

    #[test]
    fn a_vanishing_first_coefficient_removes_everything() {
        let spikes = SpikeExpansion::new(0.4, 0.45).unwrap();
        let even = spikes.clone().with_hermite_coefficients(&[0.0, 0.0, 1.0, 0.0, 1.0, 0.0], 0.0);
        let even = even.unwrap();
        assert_eq!(even.count().corrected, 0);
        assert_eq!(even.special_cases(), ["all vanish: c_1 = 0"]);
        let odd = spikes.clone().with_hermite_coefficients(&[0.0, 1.0, 0.0, -0.1, 0.0, 0.01], 1e-9);
        let odd = odd.unwrap();
        assert_eq!(odd.count().corrected, 3);
        let reasons = ["k = 1 vanishes: c_2 = 0", "k = 3 vanishes: c_4 = 0"];
        assert_eq!(odd.special_cases(), reasons);
        let two = odd.with_distinct_second_layer_values(2).special_cases();
        assert!(two.len() == 3 && two[2].contains("2 values"), "{two:?}");
        assert!(spikes.with_hermite_coefficients(&[0.0, 1.0], 0.0).is_err());
    }
}
