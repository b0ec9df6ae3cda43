//! What a run needs in memory.

use super::checked::Experiment;
use super::settings::{Precision, Settings};
use crate::data::{Dataset, TILE_SAMPLES};
use crate::error::InvalidSetting;
use crate::memory;
use crate::readout::Ridge;

impl Settings {
    /// An upper estimate of the bytes a run holds at once beside its samples, whatever their
    /// number.
    ///
    /// It is the largest of these needs, with numbers of `size` bytes, m = min(N, d) and tiles of
    /// 1536 samples:
    ///
    /// - a gradient step: size (2 N d + (2 N + d) tile): weights, direction, pre-activations and
    ///   their packed copy, inputs;
    /// - a spectrum: size N d + 8 (3 m^2 + 1024 m) through the Gram matrix, or size 6 N d for the
    ///   copies and vectors of a decomposition of the weights themselves.
    ///
    /// Readouts and the spectrum of the features need the network, size N d, and beside it for each
    /// number of samples what [`Ridge::estimated_bytes`](crate::readout::Ridge::estimated_bytes)
    /// says; then, with k readouts, 8 k (N + test samples), and 160 bytes a sample of the spectrum.
    ///
    /// Kept weights add one N x d matrix in `f64` for each stage, kept vectors 8 (N + d) for each
    /// triplet and stage. Saturates.
    pub fn estimated_bytes(&self) -> u128 {
        let (n, d, tile) = (self.width as u128, self.dimension as u128, TILE_SAMPLES as u128);
        let size = match self.precision {
            Precision::F32 => 4,
            Precision::F64 => 8,
        };
        let small = n.min(d);
        let gradient = memory::total(size, &[(2 * n, d), (2 * n, tile), (d, tile)]);
        let gram = memory::total(size, &[(n, d)])
            .saturating_add(memory::total(8, &[(3 * small, small), (1024, small)]));
        let direct = memory::total(size, &[(6 * n, d)]);
        let features = self.feature_bytes().saturating_add(memory::total(size, &[(n, d)]));
        let matrices = if self.keep_weights { n } else { 0 };
        let stages = 8 * (self.steps.len() as u128 + 1);
        let kept = memory::total(stages, &[(matrices, d), (self.vectors as u128, n + d)]);
        gradient.max(gram).max(direct).max(features).saturating_add(kept)
    }

    /// What readouts and the spectrum of the features need beside the network; 0 without.
    fn feature_bytes(&self) -> u128 {
        let Self { width, dimension, .. } = *self;
        let sizes = self.readout_samples.iter().chain(&self.feature_samples);
        let matrices = sizes.map(|samples| Ridge::new().bytes(width, dimension, *samples)).max();
        let readouts = (self.readout_samples.len() * self.readout_lambdas.len()) as u128;
        let columns = width as u128 + self.readout_test_samples as u128;
        let samples = self.feature_samples.unwrap_or(0) as u128;
        let rest = memory::total(8, &[(readouts, columns), (20, samples)]);
        matrices.unwrap_or(0).saturating_add(rest)
    }
}

impl Experiment {
    /// An upper estimate of the bytes a run holds at once, which
    /// [`memory_limit`](super::ExperimentBuilder::memory_limit) is compared with:
    /// [`Settings::estimated_bytes`], and 8 (d + 1) for each sample of a data set, or 32 p d for the
    /// teacher's p directions. The number of generated samples does not matter. A
    /// [`readout`](crate::readout) trained afterwards has
    /// [an estimate of its own](crate::readout::Ridge::estimated_bytes).
    ///
    /// ```
    /// use linear_width::{Experiment, activation::Tanh, data::Dataset};
    /// use ndarray::{Array1, Array2};
    ///
    /// let data = Dataset::new(Array2::<f64>::ones((5000, 3)), Array1::<f64>::ones(5000))?;
    /// let builder = Experiment::builder().width(6).activation(Tanh::default()).steps([2.0]);
    /// let experiment = builder.data(data).build()?;
    /// let alone = experiment.settings().estimated_bytes();
    /// assert_eq!(experiment.estimated_bytes(), alone + 8 * 4 * 5000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn estimated_bytes(&self) -> u128 {
        let samples = self.source.bytes(self.settings.dimension);
        self.settings.estimated_bytes().saturating_add(samples)
    }
}

/// Checks that the allocator can supply the run's working memory; a data set is already in memory.
pub(super) fn check(experiment: &Experiment) -> Result<(), InvalidSetting> {
    let present = experiment.dataset().map_or(0, Dataset::bytes);
    memory::available(experiment.estimated_bytes() - present)
}
