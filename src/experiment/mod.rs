//! The experiment: settings checked once, a run, a report.
//!
//! ```
//! use linear_width::activation::Tanh;
//! use linear_width::data::{Link, Target};
//! use linear_width::training::{BatchPolicy, StepSize};
//! use linear_width::Experiment;
//!
//! let report = Experiment::builder()
//!     .width(120)
//!     .dimension(60)
//!     .samples(180)
//!     .activation(Tanh { scale: 2.0, shift: 0.5 })
//!     .target(Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1))
//!     .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)])
//!     .batches(BatchPolicy::Reused)
//!     .seed(1)
//!     .build()?
//!     .run()?;
//! println!("{report}");
//! assert_eq!(report.stages.len(), 3); // W_0, W_1, W_2
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
#[cfg(feature = "checkpoint")]
mod checkpoint;
mod clock;
mod data_source;
mod display;
mod memory;
mod networks;
mod notes;
mod pairing;
mod progress;
mod report;
mod run;

pub use builder::{BuildError, ExperimentBuilder};
#[cfg(feature = "checkpoint")]
pub use checkpoint::{Checkpoint, CheckpointError};
pub(crate) use data_source::Source;
pub use memory::estimated_bytes;
pub use networks::Networks;
pub use progress::{Observer, Phase, Progress};
pub use report::{
    DatasetSettings, LeadingOrder, PredictedSpectrum, Report, Settings, Stage, Triplet,
};
pub use run::RunError;

use std::sync::Arc;
use thiserror::Error;

use crate::Scalar;
use crate::activation::Activation;
use crate::error::{InvalidSetting, debug_is_display};
use crate::network::{Initialisation, Network, Scaling, SecondLayerLaw};
use crate::number::short;
use crate::spectral::{OutlierRule, SpectrumMethod};
use crate::theory::prediction::{Options, Prediction, PredictionError, Problem, predict};
use crate::training::{BatchPolicy, StepSize};

/// The number type a run computes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Precision {
    /// 32 bits: half the memory, about twice the speed.
    F32,
    /// 64 bits.
    #[default]
    F64,
}

/// A checked experiment: made by [`Experiment::builder`], run as often as wanted, always with the
/// same numbers.
#[derive(Clone, Debug)]
pub struct Experiment {
    pub(crate) width: usize,
    pub(crate) dimension: usize,
    pub(crate) samples: usize,
    pub(crate) activation: Arc<dyn Activation>,
    pub(crate) source: Source,
    pub(crate) initialisation: Initialisation,
    pub(crate) second_layer: SecondLayerLaw,
    pub(crate) scaling: Scaling,
    pub(crate) steps: Vec<StepSize>,
    pub(crate) batches: BatchPolicy,
    pub(crate) precision: Precision,
    pub(crate) seed: u64,
    pub(crate) triplets: usize,
    pub(crate) second_layer_powers: usize,
    pub(crate) outlier_rule: OutlierRule,
    pub(crate) prediction: Option<Options>,
    pub(crate) spectrum_method: SpectrumMethod,
    pub(crate) keep_weights: bool,
    pub(crate) leading_order: LeadingOrder,
}

/// Why an experiment has no prediction.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum NoPredictionError {
    /// The theory covers one and two steps.
    #[error("the prediction covers one or two steps, not {steps}")]
    TooManySteps {
        /// The number of steps.
        steps: usize,
    },
    /// The theory is for Gaussian inputs labelled by a link.
    #[error("the prediction is for Gaussian inputs labelled by a link; this run is on given data")]
    Dataset,
    /// The theory is for mean-field scaling.
    #[error(
        "the prediction is for mean-field scaling, where the residual is the label to leading order"
    )]
    StandardScaling,
    /// The theory is for centred activations.
    #[error("the prediction is for centred activations; this one has mean {}", short(.mean))]
    NotCentred {
        /// E sigma(z).
        mean: f64,
    },
    /// There is a prediction for W_1 and W_2 of the steps that are taken.
    #[error("there is no prediction for W_{step}: the experiment takes {steps} steps")]
    NoSuchStep {
        /// The step asked for.
        step: usize,
        /// The number of steps.
        steps: usize,
    },
    /// The prediction itself failed.
    #[error(transparent)]
    Failed(#[from] PredictionError),
}

debug_is_display!(NoPredictionError);

impl Experiment {
    /// A builder with every default in place.
    pub fn builder() -> ExperimentBuilder {
        ExperimentBuilder::default()
    }

    /// The network before the first step.
    ///
    /// # Errors
    /// [`InvalidSetting::Memory`] when there is not enough memory for its weights.
    pub fn initial_network<T: Scalar>(&self) -> Result<Network<T>, InvalidSetting> {
        let first_layer = self.initialisation.draw(self.width, self.dimension, self.seed)?;
        let second_layer = self.second_layer.draw(self.width, self.seed)?;
        let network = Network::new(first_layer, second_layer, self.activation.clone())?;
        Ok(network.with_scaling(self.scaling))
    }

    /// The problem of this experiment for [`theory::prediction`](crate::theory::prediction), for
    /// W_1 or W_2.
    ///
    /// # Errors
    /// [`NoPredictionError`] when the experiment is on given data, has more than two steps, standard
    /// scaling or an activation that is not centred.
    pub fn prediction_setting(&self) -> Result<Problem, NoPredictionError> {
        let Source::Generated { target, .. } = &self.source else {
            return Err(NoPredictionError::Dataset);
        };
        let eta = |step: usize| self.steps.get(step).map_or(0.0, |size| size.eta(self.width));
        if self.steps.len() > 2 {
            return Err(NoPredictionError::TooManySteps { steps: self.steps.len() });
        }
        if self.scaling != Scaling::MeanField {
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
            width: self.width,
            dimension: self.dimension,
            samples: self.samples,
            step_sizes: [eta(0), eta(1)],
            batches: self.batches,
            second_layer: self.second_layer.clone(),
        })
    }

    /// The predicted spectrum of W_`step`, `step` being 1 or 2: what the report puts beside the
    /// measurement, and its density.
    ///
    /// # Errors
    /// [`NoPredictionError`] as for [`prediction_setting`](Self::prediction_setting), for a step that is
    /// not taken, and when the prediction itself fails.
    ///
    /// ```
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// use linear_width::theory::prediction::Options;
    ///
    /// let experiment = Experiment::builder()
    ///     .width(2000).dimension(1000).samples(3000)
    ///     .activation(Tanh { scale: 2.0, shift: 0.5 })
    ///     .target(Target::single_index(Link::hermite([0.0, 1.0])))
    ///     .steps([20.0, 30.0])
    ///     .build()?;
    /// let prediction = experiment.predict(2, &Options::default())?;
    /// assert!(prediction.outliers[0].target_overlap > 0.9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn predict(&self, step: usize, options: &Options) -> Result<Prediction, NoPredictionError> {
        let mut setting = self.prediction_setting()?;
        let steps = self.steps.len();
        if step == 0 || step > steps {
            return Err(NoPredictionError::NoSuchStep { step, steps });
        }
        if step == 1 {
            setting.step_sizes[1] = 0.0;
        }
        Ok(predict(&setting, options)?)
    }
}
