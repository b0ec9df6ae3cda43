//! Where the samples of an experiment come from.

use ndarray::{Array2, ArrayViewMut1, ArrayViewMut2};

use super::checked::Experiment;
use super::settings::Precision;
use crate::Scalar;
use crate::data::{Batch, Dataset, GeneratedBatch, InputLaw, MixedBatch, Target, Teacher};
use crate::error::InvalidSetting;
use crate::training::BatchPolicy;

/// Batches of this index and above are fresh: no step uses them.
const FRESH: u64 = 1 << 32;

/// Generated from a seed, or given.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Generated { target: Target, input_law: InputLaw },
    Dataset(Dataset),
}

impl Source {
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Generated { target, .. } => Some(target),
            Self::Dataset(_) => None,
        }
    }

    /// Name of the link, or of the data set.
    pub fn name(&self) -> &str {
        match self {
            Self::Generated { target, .. } => target.name(),
            Self::Dataset(data) => data.name(),
        }
    }

    /// The bytes of the samples that are held, or of what generates them: the directions, as the
    /// report has them, as both batches of a step do, and in the precision of the run.
    pub fn bytes(&self, dimension: usize) -> u128 {
        match self {
            Self::Generated { target, .. } => {
                let directions = (target.projections() as u128).saturating_mul(dimension as u128);
                directions.saturating_mul(4 * 8)
            }
            Self::Dataset(data) => data.bytes(),
        }
    }
}

/// The samples of one step.
#[derive(Clone, Debug)]
pub enum StepBatch {
    /// Generated when they are read.
    Generated(MixedBatch),
    /// A part of the given data.
    Dataset(MixedBatch<Dataset>),
}

impl<T: Scalar> Batch<T> for StepBatch {
    fn samples(&self) -> usize {
        match self {
            Self::Generated(batch) => Batch::<T>::samples(batch),
            Self::Dataset(batch) => Batch::<T>::samples(batch),
        }
    }

    fn dimension(&self) -> usize {
        match self {
            Self::Generated(batch) => Batch::<T>::dimension(batch),
            Self::Dataset(batch) => Batch::<T>::dimension(batch),
        }
    }

    fn read(
        &self,
        first: usize,
        x: ArrayViewMut2<'_, T>,
        y: ArrayViewMut1<'_, T>,
    ) -> Result<(), InvalidSetting> {
        match self {
            Self::Generated(batch) => batch.read(first, x, y),
            Self::Dataset(batch) => batch.read(first, x, y),
        }
    }
}

/// Whether all steps see the same samples.
pub(super) fn same_samples(policy: BatchPolicy, steps: usize) -> bool {
    steps <= 1
        || match policy {
            BatchPolicy::Independent => false,
            BatchPolicy::Reused => true,
            BatchPolicy::PartlyReused { fraction } => fraction == 1.0,
        }
}

/// What does not fit between given data and the settings (dimension, samples of a step, steps).
pub(super) fn data_problems(
    data: &Dataset,
    (dimension, samples, steps): (usize, usize, usize),
    policy: BatchPolicy,
    precision: Precision,
) -> Vec<InvalidSetting> {
    let mut problems = Vec::new();
    if dimension > 0 && dimension != data.dimension() {
        problems.push(InvalidSetting::Shape {
            name: "the matrix of given inputs",
            found: format!("{} x {}", data.samples(), data.dimension()),
            expected: format!("any x {dimension}"),
        });
    }
    let fresh = samples - policy.kept_samples(samples);
    let needed = fresh.saturating_mul(steps.saturating_sub(1)).saturating_add(samples);
    if needed > data.samples() {
        problems.push(InvalidSetting::TooFewSamples { available: data.samples(), needed });
    }
    let in_range = |v: &f64| (*v as f32).is_finite();
    let fits = data.inputs().iter().all(in_range) && data.labels().iter().all(in_range);
    if precision == Precision::F32 && !fits {
        problems.push(InvalidSetting::NonFinite { name: "the given data in 32 bits" });
    }
    problems
}

impl Experiment {
    /// The target; `None` for given data.
    pub fn target(&self) -> Option<&Target> {
        self.source.target()
    }

    /// The given data; `None` when they are generated.
    pub fn dataset(&self) -> Option<&Dataset> {
        match &self.source {
            Source::Generated { .. } => None,
            Source::Dataset(data) => Some(data),
        }
    }

    /// The law of the input entries; `None` for given data.
    pub fn input_law(&self) -> Option<&InputLaw> {
        match &self.source {
            Source::Generated { input_law, .. } => Some(input_law),
            Source::Dataset(_) => None,
        }
    }

    /// The target with its directions realised from the seed.
    ///
    /// # Errors
    /// [`InvalidSetting::NotWithGivenData`] for given data; otherwise none for a built experiment,
    /// whose target has been checked.
    pub fn teacher(&self) -> Result<Teacher, InvalidSetting> {
        let target = self.target().ok_or(InvalidSetting::NotWithGivenData { name: "a teacher" })?;
        target.teacher(self.settings.dimension, self.settings.seed)
    }

    /// B*, p x d; 0 x d for given data.
    pub(super) fn teacher_directions(&self) -> Result<Array2<f64>, InvalidSetting> {
        match self.source {
            Source::Generated { .. } => Ok(self.teacher()?.directions().clone()),
            Source::Dataset(_) => Ok(Array2::zeros((0, self.settings.dimension))),
        }
    }

    /// The batch that step `step` (from 0) uses: a share of the first batch, which the policy sets,
    /// and the rest of its own.
    ///
    /// # Errors
    /// [`InvalidSetting::NoSuchStep`] for a step that is not taken.
    pub fn batch(&self, step: usize) -> Result<StepBatch, InvalidSetting> {
        let steps = self.settings.steps.len();
        if step >= steps {
            return Err(InvalidSetting::NoSuchStep { step, steps });
        }
        let kept = self.settings.batches.kept_samples(self.settings.samples);
        match &self.source {
            Source::Generated { .. } => {
                let own = self.generated(step as u64, self.settings.samples)?;
                let first = self.generated(0, self.settings.samples)?;
                Ok(StepBatch::Generated(MixedBatch::new(first, own, kept)?))
            }
            Source::Dataset(data) => {
                // its first `kept` rows are not read: the step's own samples follow those of the
                // steps before
                let first = step.saturating_mul(self.settings.samples - kept);
                let own = data.rows(first..first.saturating_add(self.settings.samples))?;
                let first = data.rows(0..self.settings.samples)?;
                Ok(StepBatch::Dataset(MixedBatch::new(first, own, kept)?))
            }
        }
    }

    /// Batch number `index` of `samples` samples that no step sees, for example to train or test a
    /// [`readout`](crate::readout). Different indices are independent.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when `samples` is 0; [`InvalidSetting::NotWithGivenData`] for
    /// given data, of which [`Dataset::rows`] takes a part.
    pub fn test_batch(&self, index: u32, samples: usize) -> Result<GeneratedBatch, InvalidSetting> {
        self.generated(FRESH + u64::from(index), samples)
    }

    fn generated(&self, index: u64, samples: usize) -> Result<GeneratedBatch, InvalidSetting> {
        let Some(input_law) = self.input_law() else {
            return Err(InvalidSetting::NotWithGivenData { name: "a generated batch" });
        };
        GeneratedBatch::new(
            input_law.to_owned(),
            self.teacher()?,
            samples,
            self.settings.seed,
            index,
        )
    }
}
