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
mod bulk_law;
mod checked;
#[cfg(feature = "checkpoint")]
mod checkpoint;
mod data_source;
mod device;
mod display;
mod error;
mod feature_display;
mod feature_predictions;
mod feature_report;
mod first_layer;
mod measure_features;
mod memory;
mod notes;
#[cfg(feature = "cuda")]
mod on_card;
mod pairing;
mod placement;
mod progress;
mod report;
mod run;
mod seeds;
mod settings;
mod stage_predictions;

pub use builder::ExperimentBuilder;
pub use checked::Experiment;
pub use device::Device;
pub use error::{BuildError, NoPredictionError, RunError};
pub use feature_report::{
    FeatureVectors, MeasuredFeatures, MeasuredReadout, PredictedFeatures, StageFeatures,
    StageReadout,
};
pub use progress::Progress;
pub use report::{BulkLaw, PredictedSpectrum, Report, Stage, Triplet};
pub use run::RunOptions;
pub use seeds::SeedRuns;
pub use settings::{Precision, Settings};

use crate::Scalar;
use crate::data::InputLaw;
use crate::error::InvalidSetting;
use crate::network::{Network, Scaling};
use crate::number::Short;
use crate::theory::LeadingOrder;
use crate::theory::prediction::{Options, Prediction, PredictionError, Problem};

impl Experiment {
    /// A builder with every default in place.
    pub fn builder() -> ExperimentBuilder {
        ExperimentBuilder::default()
    }

    /// The settings, with the choices filled in that were left to the program.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What leading-order theory expects, as the report has it.
    pub fn leading_order(&self) -> &LeadingOrder {
        &self.leading_order
    }

    /// The law of the input entries; `None` for a data set.
    pub fn input_law(&self) -> Option<&InputLaw> {
        self.source.target().map(|_| &self.settings.input_law)
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

    /// The setting of this experiment for [`theory::prediction`](crate::theory::prediction).
    ///
    /// # Errors
    /// [`NoPredictionError`] when the experiment is on given data, has standard scaling or an
    /// activation that is not centred.
    pub fn prediction_setting(&self) -> Result<Problem, NoPredictionError> {
        let Some(target) = self.target() else { return Err(NoPredictionError::Dataset) };
        let settings = &self.settings;
        let steps = &settings.steps;
        let not_covered = |covered| Err(NoPredictionError::NotCovered { covered });
        if settings.scaling != Scaling::MeanField {
            let residual = "where the residual is the label to leading order";
            return not_covered(format!("is for mean-field scaling, {residual}"));
        }
        // E sigma(z) is c_0; the prediction would silently subtract it
        let mean = self.leading_order.activation_coefficients[0];
        if mean.abs() > 1e-9 {
            let mean = Short(mean);
            return not_covered(format!("is for centred activations; this one has mean {mean}"));
        }
        Ok(Problem {
            activation: self.activation.clone(),
            target: target.clone(),
            width: settings.width,
            dimension: settings.dimension,
            samples: settings.samples,
            step_sizes: steps.iter().map(|size| size.eta(settings.width)).collect(),
            batches: settings.batches,
            second_layer: settings.second_layer.clone(),
        })
    }

    /// The predicted spectrum after `step` steps: what the report puts beside the measurement, and its
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
    /// let activation = Tanh { scale: 2.0, shift: 0.5 };
    /// let experiment = settings.activation(activation).steps([20.0, 30.0]).build()?;
    /// let prediction = experiment.predict(2, &Options::default())?;
    /// assert!(prediction.outliers[0].target_overlap > 0.9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn predict(&self, step: usize, options: &Options) -> Result<Prediction, NoPredictionError> {
        let mut setting = self.prediction_setting()?;
        let steps = self.settings.steps.len();
        if step == 0 || step > steps {
            let covered = format!("covers steps 1 to {steps}: there is no prediction for W_{step}");
            return Err(NoPredictionError::NotCovered { covered });
        }
        setting.step_sizes.truncate(step);
        Ok(setting.predict(options)?)
    }
    /// The predicted spectra of W_1, ..., W_T, as [`predict`](Self::predict) gives them one by one, from
    /// one pass over the steps. Of a stage that cannot be predicted the error is in its place.
    ///
    /// # Errors
    /// [`NoPredictionError`] as for [`prediction_setting`](Self::prediction_setting), and for options out
    /// of range.
    pub fn predictions(
        &self,
        options: &Options,
    ) -> Result<Vec<Result<Prediction, PredictionError>>, NoPredictionError> {
        Ok(self.prediction_setting()?.predictions(options)?)
    }
}
