//! The experiment: settings checked once, a run, a report.
//!
//! ```
//! use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
//! use linear_width::training::{BatchPolicy, StepSize};
//!
//! let report = Experiment::builder()
//!     .width(120).dimension(60).samples(180).seed(1)
//!     .activation(Tanh { scale: 2.0, shift: 0.5 })
//!     .target(Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1))
//!     .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)])
//!     .batches(BatchPolicy::Reused)
//!     .build()?.run()?;
//! println!("{report}");
//! assert_eq!(report.stages.len(), 3); // W_0, W_1, W_2
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod checked;
#[cfg(feature = "checkpoint")]
mod checkpoint;
mod data_source;
mod display;
mod error;
mod memory;
mod notes;
mod pairing;
mod progress;
mod report;
mod run;
mod seeds;
mod settings;

pub use builder::ExperimentBuilder;
pub use checked::Experiment;
pub use error::{BuildError, NoPredictionError, RunError};
pub use progress::Progress;
pub use report::{PredictedSpectrum, Report, Stage, Triplet};
pub use run::RunOptions;
pub use seeds::SeedRuns;
pub use settings::{Precision, Settings};

use ndarray::ArrayView2;

use crate::Scalar;
use crate::data::{Batch, Dataset, GeneratedBatch, InputLaw, Target};
use crate::error::InvalidSetting;
use crate::network::{Network, Scaling};
use crate::theory::prediction::{Options, Prediction, Problem, predict};

impl Experiment {
    /// A builder with every default in place.
    pub fn builder() -> ExperimentBuilder {
        ExperimentBuilder::default()
    }

    /// The settings, with the choices filled in that were left to the program.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// An upper estimate of the bytes a run holds at once, which
    /// [`memory_limit`](ExperimentBuilder::memory_limit) is compared with:
    /// [`Settings::estimated_bytes`], and 8 (d + 1) for each sample of a data set, or 32 p d for the
    /// teacher's p directions. The number of generated samples does not matter. A
    /// [`readout`](crate::readout) trained afterwards has
    /// [an estimate of its own](crate::readout::Ridge::estimated_bytes).
    ///
    /// ```
    /// use linear_width::{Experiment, activation::Tanh, data::Dataset};
    /// use ndarray::{Array1, Array2};
    ///
    /// let data = Dataset::new(Array2::ones((5000, 3)), Array1::ones(5000))?;
    /// let builder = Experiment::builder().width(6).activation(Tanh::default()).steps([2.0]);
    /// let experiment = builder.data(data).build()?;
    /// let alone = experiment.settings().estimated_bytes();
    /// assert_eq!(experiment.estimated_bytes(), alone + 8 * 4 * 5000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn estimated_bytes(&self) -> u128 {
        memory::estimated_bytes(self)
    }

    /// The target; `None` for a data set.
    pub fn target(&self) -> Option<&Target> {
        self.source.target()
    }

    /// The data set; `None` when the samples are generated.
    pub fn dataset(&self) -> Option<&Dataset> {
        self.source.dataset()
    }

    /// The law of the input entries; `None` for a data set.
    pub fn input_law(&self) -> Option<&InputLaw> {
        self.source.target().map(|_| &self.settings.input_law)
    }

    /// B* (p x d), the directions of the target as the seed realises them, or the
    /// [known directions](Dataset::with_directions) of a data set. `None` for a data set without
    /// known directions, and for dimensions too large for this machine's memory.
    pub fn teacher(&self) -> Option<ArrayView2<'_, f64>> {
        self.source.directions(&self.settings)
    }

    /// The batch that step `step` uses, from 1 to the number of steps: a share of the first batch,
    /// which the policy sets, and the rest of its own.
    ///
    /// # Errors
    /// [`InvalidSetting::NoSuchStep`] for a step that is not taken, [`InvalidSetting::Memory`] for
    /// directions too large for this machine's memory.
    pub fn batch(&self, step: usize) -> Result<impl Batch + Clone + 'static, InvalidSetting> {
        self.source.batch(&self.settings, step)
    }

    /// Batch number `index` of `samples` samples that no step sees, for example to train or test a
    /// [`readout`](crate::readout). Different indices are independent.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when `samples` is 0; [`InvalidSetting::NotWithGivenData`] for
    /// a data set, of which [`Dataset::rows`] takes a part; [`InvalidSetting::Memory`] for
    /// directions too large for this machine's memory.
    pub fn test_batch(&self, index: u32, samples: usize) -> Result<GeneratedBatch, InvalidSetting> {
        self.source.test_batch(&self.settings, index, samples)
    }

    /// The network before the first step.
    ///
    /// # Errors
    /// [`InvalidSetting::Memory`] when there is no memory for it.
    pub fn initial_network<T: Scalar>(&self) -> Result<Network<T>, InvalidSetting> {
        let settings = &self.settings;
        let Settings { width, dimension, seed, .. } = *settings;
        let first_layer = settings.initialisation.draw(width, dimension, seed)?;
        let second_layer = settings.second_layer.draw(width, seed)?;
        let network = Network::new(first_layer, second_layer, self.activation.clone())?;
        Ok(network.with_scaling(settings.scaling))
    }

    /// Runs the experiment, on the threads of the current `rayon` pool. In a parallel iterator over
    /// runs, a thread of the pool that waits within one run may begin another on the same stack, and
    /// overflow it after some hundred runs; give each run a pool of its own.
    ///
    /// # Errors
    /// [`RunError`] when a step diverges, a decomposition fails, or the memory for
    /// [`estimated_bytes`](Self::estimated_bytes) is not there any more.
    pub fn run(&self) -> Result<Report, RunError> {
        self.run_with(RunOptions::new())
    }

    /// Runs the experiment with an observer, a checkpoint, or both.
    ///
    /// # Errors
    /// As [`run`](Self::run); [`RunError::Cancelled`] when the observer breaks; the errors of a
    /// checkpoint's file.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use linear_width::experiment::{Progress, RunError, RunOptions};
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(40).dimension(20).samples(60).target(target);
    /// let experiment = settings.activation(Tanh::default()).steps([2.0, 3.0]).build()?;
    /// let stop = |p: &Progress| match p.step {
    ///     2 => ControlFlow::Break(()),
    ///     _ => ControlFlow::Continue(()),
    /// };
    /// let stopped = experiment.run_with(RunOptions::new().observe(stop));
    /// assert!(matches!(stopped, Err(RunError::Cancelled { step: 2 })));
    /// # #[cfg(feature = "checkpoint")] {
    /// # let file = std::env::temp_dir().join(format!("linear-width-doc-{}", std::process::id()));
    /// // with the feature `checkpoint`: the second start takes the second step alone
    /// let stopped = experiment.run_with(RunOptions::new().observe(stop).checkpoint(&file));
    /// assert!(stopped.is_err());
    /// let report = experiment.run_with(RunOptions::new().checkpoint(&file))?;
    /// assert_eq!(report.stages.len(), 3);
    /// # std::fs::remove_file(&file)?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_with(&self, options: RunOptions<'_>) -> Result<Report, RunError> {
        run::run(self, options)
    }

    /// The network after 0, 1, ..., T steps, with the weights of [`run`](Self::run) when `T` is the
    /// experiment's precision; no spectrum is computed. Each step is taken when its network is asked
    /// for. The iterator holds one network and hands out copies; after an error it ends.
    ///
    /// ```
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(40).dimension(20).samples(60).target(target);
    /// let experiment = settings.activation(Tanh::default()).steps([2.0, 3.0]).build()?;
    /// let networks = experiment.networks::<f64>().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(networks.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn networks<T: Scalar>(&self) -> impl Iterator<Item = Result<Network<T>, RunError>> {
        run::networks(self)
    }

    /// Runs the experiment once for each seed, one run after the other; the seed of the settings is
    /// not used. The prediction, which no seed enters, is made once.
    ///
    /// # Errors
    /// The [`RunError`] of the first run that fails.
    ///
    /// ```
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(80).dimension(40).samples(120).target(target);
    /// let runs = settings.activation(Tanh::default()).steps([4.0, 6.0]).build()?.seeds(0..5)?;
    /// println!("{runs}");
    /// let (mean, error) = runs.mean(|report| report.stages[2].triplets[0].singular_value);
    /// assert!(error < 0.1 * mean);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seeds(&self, seeds: impl IntoIterator<Item = u64>) -> Result<SeedRuns, RunError> {
        seeds::run(self, seeds)
    }

    /// The setting of this experiment for [`theory::prediction`](crate::theory::prediction), for
    /// W_1 or W_2.
    ///
    /// # Errors
    /// [`NoPredictionError`] when the experiment is on given data, has more than two steps, standard
    /// scaling or an activation that is not centred.
    pub fn prediction_setting(&self) -> Result<Problem, NoPredictionError> {
        let Some(target) = self.target() else { return Err(NoPredictionError::Dataset) };
        let settings = &self.settings;
        let steps = &settings.steps;
        let eta = |step: usize| steps.get(step).map_or(0.0, |size| size.eta(settings.width));
        if steps.len() > 2 {
            return Err(NoPredictionError::TooManySteps { steps: steps.len() });
        }
        if settings.scaling != Scaling::MeanField {
            return Err(NoPredictionError::StandardScaling);
        }
        // E sigma(z) is c_0; the prediction would silently subtract it
        let mean = self.leading_order.activation_coefficients[0];
        if mean.abs() > 1e-9 {
            return Err(NoPredictionError::NotCentred { mean });
        }
        Ok(Problem {
            activation: self.activation.clone(),
            target: target.clone(),
            width: settings.width,
            dimension: settings.dimension,
            samples: settings.samples,
            step_sizes: [eta(0), eta(1)],
            batches: settings.batches,
            second_layer: settings.second_layer.clone(),
        })
    }

    /// The predicted spectrum of W_1 or W_2: what the report puts beside the measurement, and its
    /// density.
    ///
    /// # Errors
    /// [`NoPredictionError`] as for [`prediction_setting`](Self::prediction_setting), for a step that is
    /// not taken, and when the prediction itself fails.
    ///
    /// ```
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(2000).dimension(1000).samples(3000).target(target);
    /// use linear_width::theory::prediction::Options;
    ///
    /// let experiment = settings.activation(Tanh::default()).steps([20.0, 30.0]).build()?;
    /// let prediction = experiment.predict(2, &Options::default())?;
    /// assert!(prediction.outliers[0].target_overlap > 0.9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn predict(&self, step: usize, options: &Options) -> Result<Prediction, NoPredictionError> {
        let mut setting = self.prediction_setting()?;
        let steps = self.settings.steps.len();
        if step == 0 || step > steps {
            return Err(NoPredictionError::NoSuchStep { step, steps });
        }
        if step == 1 {
            setting.step_sizes[1] = 0.0;
        }
        Ok(predict(&setting, options)?)
    }
}
