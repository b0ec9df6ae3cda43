//! Bulk and outliers when the noise rows are isotropic: covariance D(b) I / d (docs/theory.md, sections
//! 5.3 to 5.5 and 7.2).

mod bulk;
mod outliers;

pub(crate) use bulk::Bulk;

use self::outliers::OutlierEquation;
use super::outlier::Outlier;
use crate::theory::error::PredictionError;
use crate::theory::state::State;

/// The spectrum of W with isotropic noise rows.
#[derive(Clone, Debug)]
pub(crate) struct IsotropicSpectrum {
    pub bulk: Bulk,
    state: State,
}

impl IsotropicSpectrum {
    /// The spectrum that belongs to `state`.
    pub fn new(state: &State) -> Self {
        let bulk = Bulk::new(state.gamma, state.weights.clone(), state.noise.clone());
        Self { bulk, state: state.clone() }
    }

    /// All outliers, largest first. Along the teacher directions the noise has the variances D_* if
    /// the state has them.
    pub fn outliers(&self) -> Result<Vec<Outlier>, PredictionError> {
        let special = self.state.noise_along_targets.as_deref();
        OutlierEquation::new(&self.state, &self.bulk, special).outliers()
    }

    /// Eigenvalues of H at the edge (5.23), decreasing, with the first `count` right vectors and with
    /// D(b) along the teacher directions too; each one above 1 makes an outlier.
    pub fn strengths(&self, count: usize) -> Result<Vec<f64>, PredictionError> {
        OutlierEquation::new(&self.state.truncated(count), &self.bulk, None).strengths()
    }

    /// Overlap of the left singular vector of `outlier` with the vector of entries f(b_j),
    /// normalised.
    pub fn left_overlap(&self, outlier: &Outlier, f: impl Fn(f64) -> f64) -> f64 {
        outliers::left_overlap(&self.state, &self.bulk, outlier, f)
    }
}
