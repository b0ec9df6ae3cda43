//! What a run needs in memory.

use super::{Experiment, Precision};
use crate::data::{Dataset, TILE_SAMPLES};
use crate::error::InvalidSetting;
use crate::memory;

/// An upper estimate of the bytes a run holds at once, whatever the number of samples.
///
/// It is the larger of two needs, with numbers of `size` bytes, m = min(N, d) and tiles of
/// 1536 samples:
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
    let small = n.min(d);
    let gradient = memory::total(size, &[(2 * n, d), (2 * n, tile), (d, tile)]);
    let gram = memory::total(size, &[(n, d)])
        .saturating_add(memory::total(8, &[(3 * small, small), (1024, small)]));
    let direct = memory::total(size, &[(6 * n, d)]);
    let kept = memory::total(8, &[(stages_kept.unwrap_or(0) as u128 * n, d)]);
    gradient.max(gram).max(direct).saturating_add(kept)
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
    /// let data = Dataset::new(x, Array1::<f64>::ones(5000))?;
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

    /// Checks that the allocator can supply the run's working memory; the data set is already in
    /// memory.
    pub(super) fn check_memory(&self) -> Result<(), InvalidSetting> {
        let present = self.dataset().map_or(0, Dataset::bytes);
        memory::available(self.estimated_bytes() - present)
    }
}
