//! The batches of an experiment, made from its source of samples.

use ndarray::{ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis};

use super::checked::{Experiment, Source};
use super::settings::{Precision, Settings};
use crate::Scalar;
use crate::data::{Batch, Dataset, GeneratedBatch, Target, check_read, read_by};
use crate::error::{InvalidSetting, has_columns};

/// The number of the first test batch; the batches of the steps have smaller numbers.
const FIRST_TEST_BATCH: u64 = 1 << 32;

impl Experiment {
    /// The target; `None` for a data set.
    pub fn target(&self) -> Option<&Target> {
        self.source.target()
    }

    /// The data set; `None` when the samples are generated.
    pub fn dataset(&self) -> Option<&Dataset> {
        match &self.source {
            Source::Generated { .. } => None,
            Source::Dataset(data) => Some(data),
        }
    }

    /// B* (p x d), the directions of the target as the seed realises them, or the
    /// [known directions](Dataset::with_directions) of a data set. `None` for a data set without
    /// known directions, and for dimensions too large for this machine's memory.
    pub fn teacher(&self) -> Option<ArrayView2<'_, f64>> {
        match self.dataset() {
            Some(data) => data.directions(),
            None => Some(self.first_batch().ok()?.directions()),
        }
    }

    /// The batch that step `step` uses, from 1 to the number of steps: a share of the first batch,
    /// which the policy sets, and the rest of its own.
    ///
    /// # Errors
    /// [`InvalidSetting::NoSuchStep`] for a step that is not taken, [`InvalidSetting::Memory`] for
    /// directions too large for this machine's memory.
    pub fn batch(&self, step: usize) -> Result<impl Batch + Clone + 'static, InvalidSetting> {
        let settings = &self.settings;
        let steps = settings.steps.len();
        if !(1..=steps).contains(&step) {
            return Err(InvalidSetting::NoSuchStep { step, steps });
        }
        let samples = settings.samples;
        let kept = settings.batches.kept_samples(samples);
        match self.dataset() {
            None => {
                let batch = self.first_batch()?.clone().with_index(step as u64 - 1);
                Ok(StepBatch::Generated(batch.reusing(kept)?))
            }
            Some(data) => {
                let skipped = (step - 1).saturating_mul(samples - kept);
                Ok(StepBatch::Rows { data: data.clone(), samples, kept, skipped })
            }
        }
    }

    /// Batch number `index` of `samples` samples that no step sees, for example to train or test a
    /// [`readout`](crate::readout). Different indices are independent.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when `samples` is 0; [`InvalidSetting::NotWithGivenData`] for
    /// a data set, of which [`Dataset::rows`] takes a part; [`InvalidSetting::Memory`] for
    /// directions too large for this machine's memory.
    pub fn test_batch(&self, index: u32, samples: usize) -> Result<GeneratedBatch, InvalidSetting> {
        let batch = self.first_batch()?.clone().with_samples(samples)?;
        Ok(batch.with_index(FIRST_TEST_BATCH + u64::from(index)))
    }

    /// The batch of the first step, made once.
    fn first_batch(&self) -> Result<&GeneratedBatch, InvalidSetting> {
        let Source::Generated { target, first } = &self.source else {
            return Err(InvalidSetting::NotWithGivenData { name: "a generated batch" });
        };
        if let Some(batch) = first.get() {
            return Ok(batch);
        }
        let Settings { dimension, samples, seed, .. } = self.settings;
        let batch = GeneratedBatch::new(target, dimension, samples, seed)?;
        Ok(first.get_or_init(|| batch.with_input_law(self.settings.input_law.clone())))
    }
}

/// The samples of one step.
#[derive(Clone, Debug)]
enum StepBatch {
    Generated(GeneratedBatch),
    /// The first `kept` rows of a data set, and then the rows after the `skipped` ones that other
    /// steps use.
    Rows {
        data: Dataset,
        samples: usize,
        kept: usize,
        skipped: usize,
    },
}

impl StepBatch {
    fn read_in<T: Scalar>(
        &self,
        first: usize,
        x: ArrayViewMut2<'_, T>,
        y: ArrayViewMut1<'_, T>,
    ) -> Result<(), InvalidSetting> {
        match self {
            Self::Generated(batch) => batch.read_in(first, x, y),
            Self::Rows { data, kept, skipped, .. } => {
                check_read((self.samples(), self.dimension()), first, x.dim(), y.len())?;
                let count = kept.saturating_sub(first).min(y.len());
                let (kept_x, own_x) = x.split_at(Axis(0), count);
                let (kept_y, own_y) = y.split_at(Axis(0), count);
                data.read_in(first, kept_x, kept_y)?;
                data.read_in(skipped + first + count, own_x, own_y)
            }
        }
    }
}

impl Batch for StepBatch {
    fn samples(&self) -> usize {
        match self {
            Self::Generated(batch) => batch.samples(),
            Self::Rows { samples, .. } => *samples,
        }
    }

    fn dimension(&self) -> usize {
        match self {
            Self::Generated(batch) => batch.dimension(),
            Self::Rows { data, .. } => data.dimension(),
        }
    }

    read_by!(read_in: read f64, read_f32 f32);
}

/// What does not fit between a data set and the settings.
pub(super) fn data_problems(data: &Dataset, settings: &Settings) -> Vec<InvalidSetting> {
    let Settings { dimension, samples, .. } = *settings;
    let mut problems = Vec::new();
    if dimension > 0 {
        let shape = data.inputs().dim();
        problems.extend(has_columns("the matrix of given inputs", shape, dimension).err());
    }
    let own = samples - settings.batches.kept_samples(samples);
    let later_steps = settings.steps.len().saturating_sub(1);
    let needed = own.saturating_mul(later_steps).saturating_add(samples);
    if needed > data.samples() {
        problems.push(InvalidSetting::TooFewSamples { available: data.samples(), needed });
    }
    let in_range = |v: &f64| (*v as f32).is_finite();
    let fits = data.inputs().iter().all(in_range) && data.labels().iter().all(in_range);
    if settings.precision == Precision::F32 && !fits {
        problems.push(InvalidSetting::NonFinite { name: "the given data in 32 bits" });
    }
    problems
}
