//! The builder, and all checking.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::checked::{Experiment, Source};
use super::data_source::data_problems;
use super::device::Device;
use super::error::BuildError;
use super::settings::{Precision, Settings, table_of_settings};
use crate::activation::Activation;
use crate::data::{Batch, Dataset, InputLaw, Target};
use crate::error::InvalidSetting;
use crate::guard::guarded;
use crate::memory;
use crate::network::{Initialisation, Scaling, SecondLayerLaw};
use crate::quadrature::gaussian_expectation;
use crate::spectral::{OutlierRule, SpectrumMethod};
use crate::theory::LeadingOrder;
use crate::theory::prediction::Options;
use crate::training::{BatchPolicy, StepSize};

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
/// assert_eq!(error.problems[0].path().as_deref(), Some("width"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ExperimentBuilder {
    settings: Settings,
    /// The names of the settings that were given.
    given: BTreeSet<&'static str>,
    activation: Option<Arc<dyn Activation>>,
    target: Option<Target>,
    data: Option<Dataset>,
    /// The panic of the schedule of step sizes.
    bad_steps: Option<InvalidSetting>,
}

macro_rules! setters {
    ($(
        $(#[doc = $doc:literal])* $(#[serde $serde:tt])?
        $name:ident($argument:ty $(=> $store:ident)?): $type:ty = $default:expr $(, $check:expr)?;
    )*) => {
        impl ExperimentBuilder {
            $(
                $(#[doc = $doc])*
                pub fn $name(mut self, value: $argument) -> Self {
                    store!(self, $name, value $(, $store)?);
                    self.given.insert(stringify!($name));
                    self
                }
            )*
        }
    };
}
macro_rules! store {
    ($builder:ident, $name:ident, $value:ident) => {
        $builder.settings.$name = $value.into()
    };
    ($builder:ident, $name:ident, $value:ident, $store:ident) => {
        $builder.$store($value)
    };
}
table_of_settings!(setters);

impl ExperimentBuilder {
    /// All settings that are values, at once; those given before are replaced.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.given = Settings::NAMES.iter().copied().collect();
        // the default goes with a data set, too
        if settings.input_law == InputLaw::Gaussian {
            self.given.remove("input_law");
        }
        self.settings = settings;
        self.bad_steps = None;
        self
    }

    /// The activation. Required.
    pub fn activation(mut self, activation: impl Activation + 'static) -> Self {
        self.activation = Some(activation.shared());
        self
    }

    /// Link, directions and noise of the labels. Required.
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
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
    /// use linear_width::{Experiment, activation::Tanh, data::Dataset};
    /// use ndarray::{Array1, Array2};
    ///
    /// let x = Array2::from_shape_fn((40, 3), |(i, j)| ((1 + i * (j + 2)) as f64).sin());
    /// let y = Array1::from_shape_fn(40, |i| x[[i, 0]] * x[[i, 1]]);
    /// let data = Dataset::new(x, y)?.standardised()?;
    /// let builder = Experiment::builder().width(6).activation(Tanh::default()).steps([2.0, 2.0]);
    /// let report = builder.data(data).samples(20).build()?.run()?;
    /// assert!(report.no_prediction.as_ref().unwrap().contains("given data"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn data(mut self, data: Dataset) -> Self {
        self.data = Some(data);
        self
    }

    fn store_steps(&mut self, steps: impl IntoIterator<Item = impl Into<StepSize>>) {
        let steps = guarded(
            || "the schedule of steps".into(),
            || steps.into_iter().map(Into::into).collect(),
        );
        match steps {
            Ok(steps) => (self.settings.steps, self.bad_steps) = (steps, None),
            Err(problem) => {
                (self.settings.steps, self.bad_steps) = (Vec::new(), Some(problem.of("steps")));
            }
        }
    }

    /// Checks everything.
    ///
    /// # Errors
    /// [`BuildError`] with every problem found, each saying what was given and what is allowed.
    pub fn build(mut self) -> Result<Experiment, BuildError> {
        self.fill_in_sizes();
        let mut problems = self.problems();
        let activation = self.activation.as_ref().and_then(|activation| {
            let name = || format!("the activation {}", activation.name());
            let prepared = guarded(name, || prepared(activation, self.settings.centred));
            prepared.and_then(|result| result).map_err(|p| problems.push(p.of("activation"))).ok()
        });
        let settings = self.resolved();
        let source = match (self.data, self.target) {
            (Some(data), _) => Some(Source::Dataset(data)),
            (None, target) => target.map(Source::generated),
        };
        if settings.available() > 0 {
            let held = source.as_ref().map_or(0, |source| source.bytes(settings.dimension));
            let needed = settings.estimated_bytes().saturating_add(held);
            problems.extend(memory::within(settings.memory_limit, needed).err());
        }
        let (Some(activation), Some(source), true) = (activation, source, problems.is_empty())
        else {
            return Err(BuildError { problems });
        };
        let leading_order = guarded(
            || "a function of the experiment".into(),
            || {
                LeadingOrder::new(
                    &*activation,
                    source.target(),
                    &settings.steps,
                    &settings.second_layer,
                    settings.scaling,
                    (settings.width, settings.dimension, settings.samples),
                )
            },
        )
        .and_then(|result| result)
        .map_err(|problem| BuildError { problems: vec![problem] })?;
        Ok(Experiment { settings, activation, source, leading_order })
    }

    /// Takes the sizes that were not given from the data set.
    fn fill_in_sizes(&mut self) {
        let Some(data) = &self.data else { return };
        let settings = &mut self.settings;
        if !self.given.contains("dimension") {
            settings.dimension = data.dimension();
        }
        // all of them where all steps see the same ones
        let all = data.samples();
        let same = settings.steps.len() <= 1 || settings.batches.kept_samples(all) == all;
        if !self.given.contains("samples") && same {
            settings.samples = all;
        }
    }

    /// All problems but those of the activation's values and of the memory.
    fn problems(&self) -> Vec<InvalidSetting> {
        let settings = &self.settings;
        let named = |problem| match problem {
            InvalidSetting::ZeroSize { name }
                if Settings::NAMES.contains(&name) && !self.given.contains(name) =>
            {
                InvalidSetting::Missing { name }
            }
            InvalidSetting::NoSteps => self.bad_steps.clone().unwrap_or(problem),
            other => other,
        };
        let mut problems: Vec<_> = settings.problems().into_iter().map(named).collect();
        if self.activation.is_none() {
            problems.push(InvalidSetting::Missing { name: "activation" });
        }
        match (&self.target, &self.data) {
            (None, None) => problems.push(InvalidSetting::Missing { name: "target" }),
            (Some(target), None) if settings.dimension > 0 => {
                let found = target.problems(settings.dimension).into_iter();
                problems.extend(found.map(|problem| problem.of("target.link")));
            }
            (Some(_), Some(_)) => {
                problems.push(InvalidSetting::NotWithGivenData { name: "target" });
            }
            _ => {}
        }
        if let Some(data) = &self.data {
            if self.given.contains("input_law") {
                problems.push(InvalidSetting::NotWithGivenData { name: "input_law" });
            }
            let asked = [
                ("readout_samples", !settings.readout_samples.is_empty()),
                ("feature_samples", settings.feature_samples.is_some()),
            ];
            let asked = asked.into_iter().filter(|(_, asked)| *asked);
            problems.extend(asked.map(|(name, _)| InvalidSetting::NotWithGivenData { name }));
            problems.extend(data_problems(data, settings));
        }
        problems
    }

    /// The settings with their open choices made, apart from the rule that depends on the spectrum.
    fn resolved(&self) -> Settings {
        let settings = &self.settings;
        Settings {
            triplets: Some(settings.triplet_count()),
            prediction_options: Some(settings.prediction_options.unwrap_or_default()),
            ..settings.clone()
        }
    }
}

/// The activation, centred if asked; value and derivative must be finite wherever a Gaussian goes.
fn prepared(
    activation: &Arc<dyn Activation>,
    centred: bool,
) -> Result<Arc<dyn Activation>, InvalidSetting> {
    let problem = |source| InvalidSetting::Function { name: activation.name(), source };
    let kinks = activation.kinks();
    let result = if centred {
        activation.clone().centred().map_err(problem)?
    } else {
        gaussian_expectation(|z| activation.value(z), &kinks, 1e-10).map_err(problem)?;
        activation.clone()
    };
    gaussian_expectation(|z| activation.derivative(z), &kinks, 1e-10).map_err(problem)?;
    Ok(result)
}
