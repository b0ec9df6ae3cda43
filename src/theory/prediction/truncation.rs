//! How many spikes a prediction needs, and what it lacks for want of more.
//!
//! The eigenvalues of H at the edge of the bulk (docs/theory.md, (5.21)) are computed with all
//! spikes and without the last quarter of them. A squared singular value far above the edge is
//! proportional to its eigenvalue, and nearer to the edge it reacts less, so half the relative
//! change of an eigenvalue bounds that of the singular value (docs/theory.md, section 6).

use super::bulk::Bulk;
use super::error::PredictionError;
use super::law::Law;
use super::outliers::SpikeProblem;
use super::spikes::Spikes;

/// Spikes that are tried first.
pub(crate) const FIRST: usize = 10;
/// Each next try takes this many times as many.
const GROWTH: f64 = 1.45;

/// The number of spikes to try after `count`, when `most` are allowed.
pub(crate) fn next(count: usize, most: usize) -> Option<usize> {
    (count < most).then(|| ((count as f64 * GROWTH).ceil() as usize).min(most))
}

/// Eigenvalues of H below this make no outlier, nor will one more spike lift them above 1.
const SMALLEST: f64 = 0.9;

/// The largest relative change of the singular value of an outlier, with isotropic noise, when the
/// last quarter of the spikes (at least three) is left out. It is more than what those after the
/// last one would change as long as the changes fall. Zero when the law of b has no more spikes.
pub(crate) fn missing(
    bulk: &Bulk,
    law: &Law,
    spikes: &Spikes,
    complete: bool,
) -> Result<f64, PredictionError> {
    if complete {
        return Ok(0.0);
    }
    let r = law.spikes();
    let fewer = r - (r / 4).max(3).min(r);
    let all = SpikeProblem::new(bulk, law, spikes, None).strengths()?;
    let fewer = match fewer {
        0 => Vec::new(),
        _ => {
            let (law, spikes) = (law.truncated(fewer), spikes.truncated(fewer));
            SpikeProblem::new(bulk, &law, &spikes, None).strengths()?
        }
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
