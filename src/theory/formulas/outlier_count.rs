//! How many outliers the second step makes (docs/theory.md, (2.10), (2.11)).

use crate::error::InvalidSetting;
use crate::training::StepSize;

/// Ratios and exponents this close to an integer count as equal to it: 0.3 / (0.5 - 0.4) is
/// 2.9999999999999996 in floating point and counts 3.
pub(super) const ROUNDING: f64 = 1e-9;

/// Number of outliers of W_2 at leading order (Moniri & Hassani, arXiv:2605.17767, abstract), in
/// mean-field scaling.
///
/// It is a limit for large N with alphas in (0, 1/2): at N of a few thousand often only the first two
/// or three are out.
///
/// ```
/// use linear_width::theory::OutlierCount;
///
/// let count = OutlierCount::new(0.4, 0.3)?;
/// assert_eq!((count.new_directions, count.total), (3, 4)); // an exact multiple, despite rounding
/// assert!(OutlierCount::new(0.5, 0.2).is_err());
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutlierCount {
    /// l = floor(alpha_2 / (1/2 - alpha_1)): directions that only the second step can create
    /// (2.10).
    pub new_directions: usize,
    /// l + 1: all outliers of W_2, the one that the first step has made included (2.11).
    pub total: usize,
    /// `total` less the outliers that vanish in the special cases of a
    /// [`SpikeExpansion`](super::SpikeExpansion); equal to it without one.
    pub corrected: usize,
}

impl OutlierCount {
    /// The count for step sizes eta_t = C_t N^alpha_t, without special cases.
    ///
    /// # Errors
    /// [`InvalidSetting::StepSize`] unless both exponents lie in [0, 1/2).
    pub fn new(alpha_1: f64, alpha_2: f64) -> Result<Self, InvalidSetting> {
        StepSize::scaled(1.0, alpha_1).check(1)?;
        StepSize::scaled(1.0, alpha_2).check(2)?;
        let ratio = alpha_2 / (0.5 - alpha_1);
        let nearest = ratio.round();
        let exact = (ratio - nearest).abs() <= ROUNDING * nearest.max(1.0);
        let new_directions = if exact { nearest } else { ratio.floor() } as usize;
        Ok(Self { new_directions, total: new_directions + 1, corrected: new_directions + 1 })
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
                    OutlierCount::new(alpha_1, alpha_2).unwrap().new_directions,
                    (k / step) as usize,
                    "{alpha_1}, {alpha_2}"
                );
            }
        }
        // just below a multiple is below it
        assert_eq!(OutlierCount::new(0.4, 0.3 - 1e-7).unwrap().new_directions, 2);
    }

    /// Here the quotient in floating point lies below the whole number by up to 1e-4.
    #[test]
    fn the_count_is_exact_at_large_multiples() {
        for (alpha_2, count) in [(0.3, 3_000_000), (0.123_456_7, 1_234_567)] {
            assert_eq!(OutlierCount::new(0.499_999_9, alpha_2).unwrap().new_directions, count);
        }
    }

    #[test]
    fn out_of_range_is_refused() {
        for alpha in [0.5, -0.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                OutlierCount::new(alpha, 0.1),
                Err(InvalidSetting::StepSize { step: 1, parameter: "alpha", .. })
            ));
            assert!(matches!(
                OutlierCount::new(0.1, alpha),
                Err(InvalidSetting::StepSize { step: 2, parameter: "alpha", .. })
            ));
        }
    }
}
