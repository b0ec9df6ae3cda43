//! Where the largest gap of a spectrum is, and which gaps are rounding errors.

use crate::error::InvalidSetting;
use crate::numerics::{exponent, times_power};

/// Where a bulk has only a few different values, a gap must be this many times its largest step.
const STEPS: f64 = 2.0;

/// How many of the decreasing values `s`, more than 3 `max` of them, are outliers by
/// [`OutlierRule::LargestGap`](super::OutlierRule::LargestGap). `size` is N + d.
pub(super) fn outliers(
    s: &[f64],
    size: f64,
    max: usize,
    factor: f64,
) -> Result<usize, InvalidSetting> {
    let s = in_unit(s);
    let accuracy = Accuracy::of(&s, size);
    let rank = accuracy.rank(&s);
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
    let among_copies = bound_among_copies(&s[max..rank], 2 * max, factor, &accuracy);
    let is_gap = |k: usize| {
        let gap = s[k - 1] - s[k];
        gap > factor * spacing && gap > among_copies && gap > accuracy.at(s[k])
    };
    Ok((1..=max).rev().find(|k| is_gap(*k)).unwrap_or(0))
}

/// How many of the decreasing values `s` are above rounding error. `size` is N + d.
pub(super) fn rank(s: &[f64], size: f64) -> usize {
    let s = in_unit(s);
    Accuracy::of(&s, size).rank(&s)
}

/// The values in a unit in which no error bound vanishes.
fn in_unit(s: &[f64]) -> Vec<f64> {
    let e = exponent(s[0]);
    s.iter().map(|s| times_power(*s, -e)).collect()
}

/// What a gap must exceed when values of the bulk repeat: `factor` times the mean of its first
/// `count` steps from one value to a different one. A few steps have no mean, and their largest
/// stands for it. 0 when no value repeats.
fn bound_among_copies(bulk: &[f64], count: usize, factor: f64, accuracy: &Accuracy) -> f64 {
    let steps = || bulk.windows(2).map(|pair| (pair[0] - pair[1], pair[1]));
    let is_step = |(step, s): &(f64, f64)| *step > accuracy.at(*s);
    if steps().take(count).all(|step| is_step(&step)) {
        return 0.0;
    }
    let steps: Vec<f64> = steps().filter(is_step).take(count).map(|(step, _)| step).collect();
    if steps.len() == count {
        factor * steps.iter().sum::<f64>() / count as f64
    } else {
        STEPS * steps.into_iter().fold(0.0, f64::max)
    }
}

/// How well the singular values of a matrix are known.
struct Accuracy {
    largest: f64,
    /// The error of a singular value decomposition, and the least that any method leaves.
    direct: f64,
    /// The most that [`SpectrumMethod::Automatic`](super::SpectrumMethod::Automatic) leaves.
    most: f64,
    /// N + d machine epsilons: the error of W^T W relative to its norm.
    square: f64,
}

impl Accuracy {
    /// For `f32` when no number needs more digits than an `f32` has.
    fn of(s: &[f64], size: f64) -> Self {
        let (largest, size) = (s[0], size.max(s.len() as f64));
        let single = s.iter().all(|s| s.to_bits().trailing_zeros() >= 29);
        let (epsilon, most) =
            if single { (f64::from(f32::EPSILON), 1e-6) } else { (f64::EPSILON, 1e-9) };
        let direct = ROOTS * size.sqrt() * epsilon;
        let (most, square) = (direct.max(most), size * f64::EPSILON);
        Self { largest, direct: direct * largest, most: most * largest, square }
    }

    /// How many values are not rounding errors.
    fn rank(&self, s: &[f64]) -> usize {
        s.iter().take_while(|s| **s > self.direct).count()
    }

    /// The error of the value `s`. A root from W^T W is off by `square` s_1^2 / s; one that is
    /// smaller than that does not come from W^T W ([`SpectrumMethod::Gram`](super::SpectrumMethod)
    /// gives 0 for it).
    fn at(&self, s: f64) -> f64 {
        let relative = s / self.largest;
        if relative * relative <= 0.5 * self.square {
            return self.direct;
        }
        (self.square / relative * self.largest).clamp(self.direct, self.most)
    }
}

/// Singular values of low-rank and orthogonal matrices were seen to be off by up to 1.8 roots of
/// N + d machine epsilons; the worst case, N + d of them, does not occur.
const ROOTS: f64 = 4.0;
