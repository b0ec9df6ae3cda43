//! What every model of the noise rows answers about the spectrum of W.

use super::edge_shape::EdgeShape;
use super::outlier::Outlier;
use crate::theory::error::PredictionError;

/// A solved spectrum: the right edge of the bulk is known, everything else is computed on demand.
pub(crate) trait Spectrum: Send + Sync {
    /// Right edge of the bulk, as a singular value.
    fn edge(&self) -> f64;

    /// Left edge of the bulk of the min(N, d) singular values; 0 when N = d.
    fn lower_edge(&self) -> Result<f64, PredictionError>;

    /// The bulk near that edge.
    fn edge_shape(&self) -> Result<EdgeShape, PredictionError>;

    /// The outliers, largest first.
    fn outliers(&self) -> Result<Vec<Outlier>, PredictionError>;

    /// Overlap of the left singular vector of `outlier` with the vector of entries f(b_j), normalised.
    fn left_overlap(
        &self,
        outlier: &Outlier,
        f: &dyn Fn(f64) -> f64,
    ) -> Result<f64, PredictionError>;

    /// Density of the bulk at each of `singular_values`, of mass one over the min(N, d) singular values.
    fn density(&self, singular_values: &[f64]) -> Result<Vec<f64>, PredictionError>;
}

impl std::fmt::Debug for dyn Spectrum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spectrum")
    }
}
