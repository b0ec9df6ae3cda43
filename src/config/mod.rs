//! Experiments written as TOML (feature `config`).
//!
//! The keys are the names of the builder's methods. Unknown keys, values of the wrong type and
//! values out of range are errors that name key and line.
//!
//! ```
//! use linear_width::config::ExperimentConfig;
//!
//! let text = r#"
//! width = 120
//! dimension = 60
//! samples = 180
//! seed = 1
//! batches = "reused"                 # or "independent", { partly_reused = { fraction = 0.5 } }
//! activation = { name = "tanh", scale = 2.0, shift = 0.5 }
//! steps = [{ constant = 2.0, alpha = 0.3 }, { constant = 2.0, alpha = 0.4 }]
//!
//! [target]
//! link = { name = "hermite", coefficients = [0.0, 0.0, 0.5, 0.5] }
//! noise = 0.1
//! "#;
//! let config = ExperimentConfig::from_toml(text)?;
//! let report = config.build()?.run()?;
//! assert_eq!(report.stages.len(), 3);
//! assert_eq!(ExperimentConfig::from_toml(&config.to_toml()?)?, config);
//!
//! let error = ExperimentConfig::from_toml(&text.replace("0.4", "0.7")).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "line 8, steps.2.alpha: alpha of step 2 is 0.7; it must lie in [0, 0.5)"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod function;
mod keys;
pub(crate) mod locate;
mod seed;
mod target;

pub use error::{ConfigError, ConfigProblem, Reason};
pub use function::FunctionConfig;
pub use target::TargetConfig;

use serde::{Deserialize, Serialize};

use crate::Experiment;
use crate::data::InputLaw;
use crate::error::InvalidSetting;
use crate::experiment::{ExperimentBuilder, Precision, estimated_bytes};
use crate::network::{Initialisation, Scaling, SecondLayerLaw};
use crate::spectral::OutlierRule;
use crate::theory::prediction::Options;
use crate::training::{BatchPolicy, StepSize};
use locate::{Source, path, problem, typed};

/// The law of b = sqrt(N) a, as in [`SecondLayerLaw`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecondLayerConfig {
    /// N(0, 1).
    #[default]
    Gaussian,
    /// Uniform on [-sqrt 3, sqrt 3].
    Uniform,
    /// +1 or -1.
    Rademacher,
    /// These b_j, one per neuron.
    Fixed(Vec<f64>),
}

impl From<&SecondLayerConfig> for SecondLayerLaw {
    fn from(config: &SecondLayerConfig) -> Self {
        match config {
            SecondLayerConfig::Gaussian => Self::Gaussian,
            SecondLayerConfig::Uniform => Self::Uniform,
            SecondLayerConfig::Rademacher => Self::Rademacher,
            SecondLayerConfig::Fixed(b) => Self::Fixed(b.clone().into()),
        }
    }
}

/// The settings of an experiment as they are written in a file; see
/// [`ExperimentBuilder`] for what each one means.
///
/// Functions are given by name; closures cannot be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentConfig {
    /// N.
    pub width: usize,
    /// d.
    pub dimension: usize,
    /// n, of one batch.
    pub samples: usize,
    /// Seed of everything random. Default: 0. Above 2^63 - 1 it is written in quotes.
    #[serde(default, with = "seed")]
    pub seed: u64,
    /// `"f32"` or `"f64"`. Default: `"f64"`.
    #[serde(default)]
    pub precision: Precision,
    /// The activation.
    pub activation: FunctionConfig,
    /// Whether the activation's mean is subtracted. Default: yes.
    #[serde(default = "yes")]
    pub centred: bool,
    /// Link, directions, noise.
    pub target: TargetConfig,
    /// `"gaussian"`, `"rademacher"` or `"uniform"`. Default: `"gaussian"`.
    #[serde(default)]
    pub input_law: InputLaw,
    /// `"sphere"` or `"gaussian"`. Default: `"sphere"`.
    #[serde(default)]
    pub initialisation: Initialisation,
    /// `"gaussian"`, `"uniform"`, `"rademacher"` or `{ fixed = [...] }`. Default: `"gaussian"`.
    #[serde(default)]
    pub second_layer: SecondLayerConfig,
    /// `"mean_field"` or `"standard"`. Default: `"mean_field"`.
    #[serde(default)]
    pub scaling: Scaling,
    /// One step size `{ constant, alpha }` per step.
    pub steps: Vec<StepSize>,
    /// `"independent"`, `"reused"` or `{ partly_reused = { fraction } }`. Default: `"independent"`.
    #[serde(default)]
    pub batches: BatchPolicy,
    /// How many leading triplets the report describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triplets: Option<usize>,
    /// Largest entrywise power of a that left vectors are compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_layer_powers: Option<usize>,
    /// `{ largest_gap = { max_outliers, factor } }`, `{ above_edge = { edge, margin } }` or
    /// `{ marchenko_pastur = { margin } }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlier_rule: Option<OutlierRule>,
    /// Whether the prediction is made. Default: yes.
    #[serde(default = "yes")]
    pub with_prediction: bool,
    /// How it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction_options: Option<Options>,
    /// Whether the report keeps the weights. Default: no.
    #[serde(default)]
    pub keep_weights: bool,
    /// Bytes the run may need by the estimate of [`estimated_bytes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<usize>,
}

fn yes() -> bool {
    true
}

impl ExperimentConfig {
    /// Reads a configuration and checks it as [`build`](Self::build) does.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`], or [`ConfigError::Problems`] with keys and lines.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let source = Source::parse(text)?;
        let config: Self = typed(&source.table).map_err(|(path, message)| {
            let mut problem = problem(&path, Reason::Malformed(message));
            problem.line = source.line(&path);
            ConfigError::Problems(vec![problem])
        })?;
        config.build().map_err(|error| source.placed(error))?;
        Ok(config)
    }

    /// Reads the file at `path` as [`from_toml`](Self::from_toml) does.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml), and [`ConfigError::Io`].
    pub fn read(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        Self::from_toml(&read_text(path.as_ref())?)
    }

    /// The configuration as TOML; reading it gives the same configuration.
    ///
    /// # Errors
    /// [`ConfigError::Write`] for a size above 2^63 - 1, which TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        // through a table, whose integers are those of TOML
        toml::Table::try_from(self)
            .and_then(|table| toml::to_string(&table))
            .map_err(|error| ConfigError::Write(error.to_string()))
    }

    /// The builder with these settings.
    ///
    /// # Errors
    /// [`ConfigError::Problems`] for parameters that the builder does not know, those of the
    /// functions by name above all.
    pub fn builder(&self) -> Result<ExperimentBuilder, ConfigError> {
        let invalid = |key: &str, reason: InvalidSetting| problem(&path(key), reason);
        let activation = self.activation.problems().into_iter();
        let mut problems: Vec<ConfigProblem> =
            activation.map(|(key, reason)| invalid(&format!("activation.{key}"), reason)).collect();
        for (key, reason) in self.target.problems() {
            problems.push(invalid(&format!("target.{key}"), reason));
        }
        if !problems.is_empty() {
            return Err(ConfigError::Problems(problems));
        }
        let target = self.target.target();
        let target = target.map_err(|e| ConfigError::Problems(vec![invalid("target.link", e)]))?;
        let mut builder = Experiment::builder()
            .width(self.width)
            .dimension(self.dimension)
            .samples(self.samples)
            .seed(self.seed)
            .precision(self.precision)
            .activation(self.activation.activation())
            .centred(self.centred)
            .target(target)
            .input_law(self.input_law.clone())
            .initialisation(self.initialisation)
            .second_layer((&self.second_layer).into())
            .scaling(self.scaling)
            .steps(self.steps.iter().copied())
            .batches(self.batches)
            .with_prediction(self.with_prediction)
            .keep_weights(self.keep_weights);
        if let Some(triplets) = self.triplets {
            builder = builder.triplets(triplets);
        }
        if let Some(second_layer_powers) = self.second_layer_powers {
            builder = builder.second_layer_powers(second_layer_powers);
        }
        if let Some(rule) = self.outlier_rule {
            builder = builder.outlier_rule(rule);
        }
        if let Some(options) = self.prediction_options {
            builder = builder.prediction_options(options);
        }
        if let Some(bytes) = self.memory_limit {
            builder = builder.memory_limit(bytes);
        }
        Ok(builder)
    }

    /// The experiment with these settings.
    ///
    /// # Errors
    /// [`ConfigError::Problems`], each with its key.
    pub fn build(&self) -> Result<Experiment, ConfigError> {
        self.builder()?.build().map_err(|error| {
            let problems = error
                .problems
                .into_iter()
                .map(|reason| problem(&path(&keys::key_of(self, &reason)), reason));
            ConfigError::Problems(problems.collect())
        })
    }

    /// What the run needs in memory, by [`estimated_bytes`].
    pub fn estimated_bytes(&self) -> u128 {
        let kept = self.keep_weights.then_some(self.steps.len() + 1);
        estimated_bytes(self.width, self.dimension, self.precision, kept)
    }
}

pub(crate) fn read_text(path: &std::path::Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Io { path: path.to_owned(), source })
}
