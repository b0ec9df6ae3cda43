//! How many right vectors a prediction needs, and how much the next ones could change.
//!
//! The eigenvalues of H at the edge of the bulk (docs/theory.md, (5.23)) are computed with all right
//! vectors and without the last quarter of them. A squared singular value far above the edge is
//! proportional to its eigenvalue, and nearer to the edge it reacts less, so half the relative
//! change of an eigenvalue bounds that of the singular value (docs/theory.md, section 6).

use crate::theory::error::PredictionError;
use crate::theory::observables::isotropic::IsotropicSpectrum;

/// Number of right vectors that is tried first.
pub(super) const FIRST: usize = 10;
/// Each next try takes this many times as many.
const GROWTH: f64 = 1.45;
/// Eigenvalues of H below this make no outlier, nor will one more right vector lift them above 1.
const SMALLEST: f64 = 0.9;

/// The number of right vectors to try after `count`, when `most` are allowed.
pub(super) fn next(count: usize, most: usize) -> Option<usize> {
    (count < most).then(|| ((count as f64 * GROWTH).ceil() as usize).min(most))
}

/// The largest relative change of the singular value of an outlier, with isotropic noise, when the
/// last quarter of the `count` right vectors (at least three) is left out. It bounds the change by
/// those after the last one as long as the changes fall.
pub(super) fn missing(spectrum: &IsotropicSpectrum, count: usize) -> Result<f64, PredictionError> {
    let all = spectrum.strengths_of(count)?;
    let fewer = match count - (count / 4).max(3).min(count) {
        0 => Vec::new(),
        fewer => spectrum.strengths_of(fewer)?,
    };
    let change = |(j, strength): (usize, &f64)| {
        0.5 * (1.0 - fewer.get(j).copied().unwrap_or(0.0) / strength).abs()
    };
    Ok(all.iter().enumerate().filter(|(_, x)| **x > SMALLEST).map(change).fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_end_at_the_most() {
        let list = |most| {
            std::iter::successors(Some(FIRST.min(most)), |r| next(*r, most)).collect::<Vec<_>>()
        };
        assert_eq!(list(48), [10, 15, 22, 32, 47, 48]);
        assert_eq!(list(10), [10]);
        assert_eq!(list(3), [3]);
        assert_eq!(list(64), [10, 15, 22, 32, 47, 64]);
    }
}
