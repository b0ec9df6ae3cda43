//! What a run needs in memory.

use super::{Experiment, Precision};
use crate::data::Dataset;
use crate::error::InvalidSetting;
use crate::memory;
use crate::training::TILE_SAMPLES;

/// An upper estimate of the bytes a run holds at once, whatever the number of samples.
///
/// It is the larger of two needs, with numbers of `size` bytes, m = min(N, d) and tiles of
/// [`TILE_SAMPLES`]:
///
/// - a gradient step: size (2 N d + (2 N + d) tile): weights, direction, pre-activations and their
///   packed copy, inputs;
/// - a spectrum: size N d + 8 (3 m^2 + 1024 m) through the Gram matrix, or size 6 N d for the
///   copies and vectors of a decomposition of the weights themselves.
///
/// With weights kept, one N x d matrix in `f64` per stage comes on top; given data are not counted
/// ([`Experiment::estimated_bytes`] does).
///
/// ```
/// use linear_width::experiment::{Precision, estimated_bytes};
///
/// let bytes = estimated_bytes(4000, 2000, Precision::F64, None);
/// assert_eq!(bytes, 8 * 6 * 4000 * 2000); // a decomposition needs the most
/// ```
pub fn estimated_bytes(
    width: usize,
    dimension: usize,
    precision: Precision,
    stages_kept: Option<usize>,
) -> u128 {
    let (n, d, tile) = (width as u128, dimension as u128, TILE_SAMPLES as u128);
    let size = match precision {
        Precision::F32 => 4,
        Precision::F64 => 8,
    };
    // both factors are below 2^64, so the product of two fits; the rest saturates
    let (square, small) = (n * d, n.min(d));
    let sum = |terms: &[u128]| terms.iter().fold(0_u128, |a, b| a.saturating_add(*b));
    let times = u128::saturating_mul;
    let gradient = times(size, sum(&[times(square, 2), times(2 * n, tile), times(d, tile)]));
    let gram = sum(&[times(size, square), times(24, small * small), times(8 * 1024, small)]);
    let direct = times(6 * size, square);
    let working = gradient.max(gram).max(direct);
    working.saturating_add(square.saturating_mul(8 * stages_kept.unwrap_or(0) as u128))
}

impl Experiment {
    /// An upper estimate of the bytes a run holds at once, given data included: the number that
    /// [`memory_limit`](super::ExperimentBuilder::memory_limit) is compared with. Generated batches
    /// cost the same for any number of samples. To [`estimated_bytes`] it adds
    ///
    /// - the given data, 8 (d + 1) for each of all their samples, of which a run makes no copy;
    /// - the teacher's p directions, 32 p d.
    ///
    /// A [`readout`](crate::readout) trained afterwards has
    /// [an estimate of its own](crate::readout::Ridge::estimated_bytes).
    ///
    /// ```
    /// use linear_width::experiment::{Precision, estimated_bytes};
    /// use linear_width::{Experiment, activation::Tanh, data::Dataset};
    /// use ndarray::{Array1, Array2};
    ///
    /// let x = Array2::from_shape_fn((5000, 3), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    /// let data = Dataset::new(x, Array1::ones(5000))?;
    /// let experiment = Experiment::builder()
    ///     .width(6).activation(Tanh::default()).steps([2.0]).data(data)
    ///     .build()?;
    /// let alone = estimated_bytes(6, 3, Precision::F64, None);
    /// assert_eq!(experiment.estimated_bytes(), alone + 8 * 4 * 5000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn estimated_bytes(&self) -> u128 {
        let kept = self.keep_weights.then_some(self.steps.len() + 1);
        let run = estimated_bytes(self.width, self.dimension, self.precision, kept);
        run.saturating_add(self.source.bytes(self.dimension))
    }

    /// Whether the machine gives what the run needs beyond the samples, which are there.
    pub(super) fn check_memory(&self) -> Result<(), InvalidSetting> {
        let present = self.dataset().map_or(0, Dataset::bytes);
        memory::available(self.estimated_bytes() - present)
    }
}
