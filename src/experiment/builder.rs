//! The builder, and all checking.

use std::sync::{Arc, OnceLock};

use thiserror::Error;

use super::data_source::{self, Source};
use super::{Experiment, LeadingOrder, Precision, estimated_bytes};
use crate::activation::{Activation, Centred};
use crate::data::{Dataset, InputLaw, Target};
use crate::error::{InvalidSetting, debug_is_display, listed, nonzero};
use crate::guard::guarded;
use crate::memory;
use crate::network::{Initialisation, Scaling, SecondLayerLaw};
use crate::quadrature::gaussian_expectation;
use crate::spectral::{MAX_POWER, OutlierRule, SpectrumMethod};
use crate::theory::prediction::{BulkModel, Options, PredictionError};
use crate::training::{BatchPolicy, StepSize};

/// Everything that is wrong with the settings of an experiment.
#[derive(Clone, Error, PartialEq)]
#[error("{}", listed(.problems))]
pub struct BuildError {
    /// Every problem found, in the order of the settings; never empty.
    pub problems: Vec<InvalidSetting>,
}

debug_is_display!(BuildError);

/// Settings of an experiment; see [`Experiment::builder`].
///
/// Required: [`width`](Self::width), [`dimension`](Self::dimension), [`samples`](Self::samples),
/// [`activation`](Self::activation), [`target`](Self::target) and [`steps`](Self::steps); with
/// [`data`](Self::data) neither dimension nor target.
///
/// ```
/// use linear_width::{Experiment, InvalidSetting};
///
/// let error = Experiment::builder().width(0).dimension(5).build().unwrap_err();
/// assert!(error.problems.contains(&InvalidSetting::ZeroSize { name: "width" }));
/// assert!(error.problems.contains(&InvalidSetting::Missing { name: "samples" }));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ExperimentBuilder {
    width: Option<usize>,
    dimension: Option<usize>,
    samples: Option<usize>,
    activation: Option<Arc<dyn Activation>>,
    uncentred: bool,
    target: Option<Target>,
    input_law: Option<InputLaw>,
    data: Option<Dataset>,
    initialisation: Initialisation,
    second_layer: SecondLayerLaw,
    scaling: Scaling,
    steps: Vec<StepSize>,
    /// The panic of the schedule that was to give them.
    bad_steps: Option<InvalidSetting>,
    batches: BatchPolicy,
    precision: Precision,
    seed: u64,
    triplets: Option<usize>,
    second_layer_powers: Option<usize>,
    no_prediction: bool,
    prediction: Option<Options>,
    outlier_rule: Option<OutlierRule>,
    spectrum_method: SpectrumMethod,
    keep_weights: bool,
    memory_limit: Option<usize>,
}

impl ExperimentBuilder {
    /// Number N of hidden neurons. Required.
    pub fn width(mut self, width: usize) -> Self {
        self.width = Some(width);
        self
    }

    /// Input dimension d. Required.
    pub fn dimension(mut self, dimension: usize) -> Self {
        self.dimension = Some(dimension);
        self
    }

    /// Samples n of one batch. Required.
    pub fn samples(mut self, samples: usize) -> Self {
        self.samples = Some(samples);
        self
    }

    /// The activation. Required.
    pub fn activation(mut self, activation: impl Activation + 'static) -> Self {
        self.activation = Some(activation.shared());
        self
    }

    /// Whether E sigma(z) is subtracted from the activation. Default: yes, as the theory assumes.
    pub fn centred(mut self, centred: bool) -> Self {
        self.uncentred = !centred;
        self
    }

    /// Link, directions and noise of the labels. Required.
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Law of the input entries. Default: Gaussian.
    pub fn input_law(mut self, law: InputLaw) -> Self {
        self.input_law = Some(law);
        self
    }

    /// Inputs and labels from outside, in place of [`dimension`](Self::dimension),
    /// [`target`](Self::target) and [`input_law`](Self::input_law). There is then no teacher, no
    /// prediction and no leading-order theory, and the report says so.
    ///
    /// The first step sees the first n samples; with independent batches each later step sees the
    /// next n, with partly reused ones the kept part of the first n followed by as many new ones as
    /// are missing. n is [`samples`](Self::samples); where all steps see the same samples (one
    /// step, or a reused batch) the default is all there are.
    ///
    /// ```
    /// use linear_width::activation::Tanh;
    /// use linear_width::data::Dataset;
    /// use linear_width::Experiment;
    /// use ndarray::{Array1, Array2};
    ///
    /// let x = Array2::from_shape_fn((40, 3), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    /// let y = Array1::from_shape_fn(40, |i| x[[i, 0]] * x[[i, 1]]);
    /// let data = Dataset::new(x, y)?.standardised()?;
    /// let report = Experiment::builder()
    ///     .width(6).activation(Tanh::default()).steps([2.0, 2.0])
    ///     .data(data).samples(20)
    ///     .build()?.run()?;
    /// assert!(report.no_prediction.as_ref().unwrap().contains("given data"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn data(mut self, data: Dataset) -> Self {
        self.data = Some(data);
        self
    }

    /// Law of the rows of W_0. Default: uniform on the unit sphere.
    pub fn initialisation(mut self, law: Initialisation) -> Self {
        self.initialisation = law;
        self
    }

    /// Law of b = sqrt(N) a. Default: Gaussian.
    pub fn second_layer(mut self, law: SecondLayerLaw) -> Self {
        self.second_layer = law;
        self
    }

    /// Scaling of the output. Default: mean-field.
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// One step size per gradient step: [`StepSize`]s, or plain numbers. Required.
    pub fn steps(mut self, steps: impl IntoIterator<Item = impl Into<StepSize>>) -> Self {
        let steps = guarded(
            || "the schedule of steps".into(),
            || steps.into_iter().map(Into::into).collect(),
        );
        match steps {
            Ok(steps) => (self.steps, self.bad_steps) = (steps, None),
            Err(problem) => (self.steps, self.bad_steps) = (Vec::new(), Some(problem)),
        }
        self
    }

    /// Fresh batches, one batch reused, or a fraction of it reused. Default: independent.
    pub fn batches(mut self, policy: BatchPolicy) -> Self {
        self.batches = policy;
        self
    }

    /// The number type of the run. Default: `f64`.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// The seed of everything random. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many leading singular triplets the report describes. Default: 6, or min(N, d).
    pub fn triplets(mut self, count: usize) -> Self {
        self.triplets = Some(count);
        self
    }

    /// Overlaps of left singular vectors are reported with a, a^{o2}, ... up to this entrywise
    /// power, at most 100. Default: 3.
    pub fn second_layer_powers(mut self, max_power: usize) -> Self {
        self.second_layer_powers = Some(max_power);
        self
    }

    /// Whether the report carries the theory's prediction beside the measurement, when there is
    /// one. Default: yes.
    pub fn with_prediction(mut self, predicted: bool) -> Self {
        self.no_prediction = !predicted;
        self
    }

    /// How the prediction is evaluated. Default: [`Options::default`], noise with the structure of
    /// the data; for several teacher directions isotropic noise, as the other takes seconds there.
    pub fn prediction_options(mut self, options: Options) -> Self {
        self.prediction = Some(options);
        self
    }

    /// The rule that counts outliers. Default: the largest gap among the first 8 singular values
    /// (fewer when min(N, d) is below 25).
    pub fn outlier_rule(mut self, rule: OutlierRule) -> Self {
        self.outlier_rule = Some(rule);
        self
    }

    /// How all singular values are computed. Default: [`SpectrumMethod::Automatic`].
    pub fn spectrum_method(mut self, method: SpectrumMethod) -> Self {
        self.spectrum_method = method;
        self
    }

    /// Keeps W_0, W_1, ... in the report. Default: no.
    pub fn keep_weights(mut self, keep: bool) -> Self {
        self.keep_weights = keep;
        self
    }

    /// Refuses to build when [`Experiment::estimated_bytes`], which counts given data too, is above
    /// this. Default: no limit; whether the machine gives the memory is asked when the run starts,
    /// so that a network too large for any machine can still be predicted.
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// [`BuildError`] with every problem found, each saying what was given and what is allowed.
    pub fn build(self) -> Result<Experiment, BuildError> {
        let mut problems = Vec::new();
        let mut size = |name, value: Option<usize>| match value {
            Some(value) => {
                problems.extend(nonzero(name, value).err());
                value
            }
            None => {
                problems.push(InvalidSetting::Missing { name });
                0
            }
        };
        let width = size("width", self.width);
        let data = self.data.as_ref();
        let all = data.filter(|_| data_source::same_samples(self.batches, self.steps.len()));
        let dimension = size("dimension", self.dimension.or(data.map(Dataset::dimension)));
        let samples = size("samples", self.samples.or(all.map(Dataset::samples)));
        let sizes_known = width > 0 && dimension > 0;

        let activation = self.activation.as_ref().and_then(|activation| {
            prepared(activation, !self.uncentred).map_err(|p| problems.push(p)).ok()
        });
        if self.activation.is_none() {
            problems.push(InvalidSetting::Missing { name: "activation" });
        }
        match (&self.target, data) {
            (None, None) => problems.push(InvalidSetting::Missing { name: "target" }),
            (Some(target), None) if dimension > 0 => problems.extend(target.problems(dimension)),
            (Some(_), Some(_)) => {
                problems.push(InvalidSetting::NotWithGivenData { name: "a target" });
            }
            _ => {}
        }
        if let Some(data) = data {
            if self.input_law.is_some() {
                problems.push(InvalidSetting::NotWithGivenData { name: "a law of the inputs" });
            }
            let (steps, policy) = (self.steps.len(), self.batches);
            let expected = (dimension, samples, steps);
            problems.extend(data_source::data_problems(data, expected, policy, self.precision));
        }
        if width > 0 {
            problems.extend(self.second_layer.problem(width));
        }
        if self.steps.is_empty() {
            problems.push(self.bad_steps.unwrap_or(InvalidSetting::NoSteps));
        }
        problems.extend(self.steps.iter().enumerate().filter_map(|(t, s)| s.check(t + 1).err()));
        problems.extend(self.batches.check().err());

        let available = width.min(dimension);
        let triplets = self.triplets.unwrap_or(available.min(6));
        if sizes_known && (triplets == 0 || triplets > available) {
            problems.push(InvalidSetting::TripletCount { asked: triplets, available });
        }
        let several = self.target.as_ref().is_some_and(|target| target.direction_count() > 1);
        let prediction = self.prediction.unwrap_or(Options {
            bulk_model: if several { BulkModel::Isotropic } else { BulkModel::Structured },
            ..Options::default()
        });
        if let Err(PredictionError::Invalid(problem)) = prediction.check() {
            problems.push(problem);
        }
        let second_layer_powers = self.second_layer_powers.unwrap_or(3);
        if second_layer_powers > MAX_POWER {
            let (name, value) = ("second_layer_powers", second_layer_powers as f64);
            problems.push(InvalidSetting::OutOfRange { name, value, allowed: "at most 100" });
        }
        let outlier_rule = self.outlier_rule.unwrap_or(OutlierRule::default_for(available));
        let mut needed = 0;
        if sizes_known {
            problems.extend(outlier_rule.check_for(available).err());
            let kept = self.keep_weights.then_some(self.steps.len() + 1);
            needed = estimated_bytes(width, dimension, self.precision, kept);
        }

        let source = match (self.data, self.target) {
            (Some(data), _) => Some(Source::Dataset(data)),
            (None, target) => target.map(|target| Source::Generated {
                target,
                input_law: self.input_law.unwrap_or_default(),
                first: OnceLock::new(),
            }),
        };
        if sizes_known {
            let held = source.as_ref().map_or(0, |source| source.bytes(dimension));
            problems.extend(memory::within(self.memory_limit, needed.saturating_add(held)).err());
        }
        let (Some(activation), Some(source), true) = (activation, source, problems.is_empty())
        else {
            return Err(BuildError { problems });
        };
        let leading_order = guarded(
            || "a function of the experiment".into(),
            || {
                LeadingOrder::new(
                    &activation,
                    source.target(),
                    &self.steps,
                    &self.second_layer,
                    self.scaling,
                    (width, dimension, samples),
                )
            },
        )
        .and_then(|result| result)
        .map_err(|problem| BuildError { problems: vec![problem] })?;
        Ok(Experiment {
            width,
            dimension,
            samples,
            activation,
            source,
            initialisation: self.initialisation,
            second_layer: self.second_layer,
            scaling: self.scaling,
            steps: self.steps,
            batches: self.batches,
            precision: self.precision,
            seed: self.seed,
            triplets,
            second_layer_powers,
            outlier_rule,
            prediction: (!self.no_prediction).then_some(prediction),
            spectrum_method: self.spectrum_method,
            keep_weights: self.keep_weights,
            leading_order,
        })
    }
}

/// The activation, centred if asked; value and derivative must be finite wherever a Gaussian goes.
fn prepared(
    activation: &Arc<dyn Activation>,
    centred: bool,
) -> Result<Arc<dyn Activation>, InvalidSetting> {
    guarded(|| format!("the activation {}", activation.name()), || integrated(activation, centred))?
}

fn integrated(
    activation: &Arc<dyn Activation>,
    centred: bool,
) -> Result<Arc<dyn Activation>, InvalidSetting> {
    let problem = |source| InvalidSetting::Function { name: activation.name(), source };
    let kinks = activation.kinks();
    let result = if centred {
        Centred::new(activation.clone()).map_err(problem)?.shared()
    } else {
        gaussian_expectation(|z| activation.value(z), &kinks, 1e-10).map_err(problem)?;
        activation.clone()
    };
    gaussian_expectation(|z| activation.derivative(z), &kinks, 1e-10).map_err(problem)?;
    Ok(result)
}
