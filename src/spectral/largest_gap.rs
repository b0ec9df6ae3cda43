//! Where the largest gap of a spectrum is, and which gaps are rounding errors.

use std::ops::Range;

use crate::error::InvalidSetting;
use crate::numerics::{exponent, times_power};

/// Singular values of low-rank and orthogonal matrices were seen to be off by up to 1.8 roots of
/// N + d machine epsilons; the worst case, N + d of them, does not occur.
const ROOTS: f64 = 4.0;

/// How many of the decreasing values `s`, more than 3 `max` of them, are outliers by
/// [`OutlierRule::LargestGap`](super::OutlierRule::LargestGap). `size` is N + d.
pub(super) fn outliers(
    s: &[f64],
    size: f64,
    max: usize,
    factor: f64,
) -> Result<usize, InvalidSetting> {
    let spectrum = Spectrum::new(s, size);
    let (s, rank) = (&spectrum.values, spectrum.rank());
    if rank <= max {
        return Ok(rank);
    }
    if rank <= 2 * max {
        return Err(InvalidSetting::Shape {
            name: "the list of singular values",
            found: format!("{rank} above rounding error"),
            expected: format!(
                "at most {max} of them (no bulk) or more than 2 x {max} (a bulk) for the gap rule; \
                 change max_outliers, or take another rule"
            ),
        });
    }
    let last = (3 * max).min(rank - 1);
    let spacing = (s[max] - s[last]) / (last - max) as f64;
    let among_copies = spectrum.bound_among_copies(max..rank, 2 * max, factor);
    let is_gap = |k: usize| {
        let gap = s[k - 1] - s[k];
        gap > factor * spacing && gap > among_copies && gap > spectrum.error(s[k])
    };
    Ok((1..=max).rev().find(|k| is_gap(*k)).unwrap_or(0))
}

/// Decreasing singular values, and how well they are known.
pub(super) struct Spectrum {
    /// The values divided by 2^`unit`, so that no error bound vanishes.
    values: Vec<f64>,
    unit: i32,
    /// The error of a singular value decomposition, and the least that any method leaves.
    direct: f64,
    /// The most that [`SpectrumMethod::Automatic`](super::SpectrumMethod::Automatic) leaves.
    most: f64,
    /// N + d machine epsilons: the error of W^T W relative to its norm.
    square: f64,
}

impl Spectrum {
    /// For one value or more of a matrix with `size` = N + d. The errors are those of `f32` when no
    /// number needs more digits than an `f32` has.
    pub fn new(s: &[f64], size: f64) -> Self {
        let unit = exponent(s[0]);
        let values: Vec<f64> = s.iter().map(|s| times_power(*s, -unit)).collect();
        let (largest, size) = (values[0], size.max(s.len() as f64));
        let single = values.iter().all(|s| s.to_bits().trailing_zeros() >= 29);
        let (epsilon, most) =
            if single { (f64::from(f32::EPSILON), 1e-6) } else { (f64::EPSILON, 1e-9) };
        let direct = ROOTS * size.sqrt() * epsilon;
        let most = direct.max(most) * largest;
        Self { values, unit, direct: direct * largest, most, square: size * f64::EPSILON }
    }

    /// How many values are above rounding error.
    pub fn rank(&self) -> usize {
        self.values.iter().take_while(|s| **s > self.direct).count()
    }

    /// The edge between values and rounding errors, positive.
    pub fn rounding_error(&self) -> f64 {
        times_power(self.direct, self.unit).max(f64::MIN_POSITIVE)
    }

    /// The error of the value `s`. A root from W^T W is off by `square` s_1^2 / s; one that is
    /// smaller than that does not come from W^T W ([`SpectrumMethod::Gram`](super::SpectrumMethod)
    /// gives 0 for it).
    fn error(&self, s: f64) -> f64 {
        let largest = self.values[0];
        let relative = s / largest;
        if relative * relative <= 0.5 * self.square {
            return self.direct;
        }
        (self.square / relative * largest).clamp(self.direct, self.most)
    }

    /// What a gap must exceed when values of the bulk repeat: `factor` times the mean of its first
    /// `count` steps from one value to a different one, or twice the largest step when there are
    /// fewer. 0 when no value repeats.
    fn bound_among_copies(&self, bulk: Range<usize>, count: usize, factor: f64) -> f64 {
        let steps = || self.values[bulk.clone()].windows(2).map(|s| (s[0] - s[1], s[1]));
        let is_step = |(step, s): &(f64, f64)| *step > self.error(*s);
        if steps().take(count).all(|step| is_step(&step)) {
            return 0.0;
        }
        let steps: Vec<f64> = steps().filter(is_step).take(count).map(|(step, _)| step).collect();
        if steps.len() == count {
            factor * steps.iter().sum::<f64>() / count as f64
        } else {
            2.0 * steps.into_iter().fold(0.0, f64::max)
        }
    }
}
