//! The experiment: settings, batches, run.

use std::ops::ControlFlow;
use std::path::PathBuf;

use linear_width::data::{Batch, Dataset};
use linear_width::experiment::{NoPredictionError, Progress, RunOptions};
use linear_width::theory::features::FeaturePrediction;
use linear_width::theory::prediction::{self, Options};
use linear_width_runs::config::ExperimentConfig;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::arrays::{owned1, owned2};
use super::callable::Callable;
use super::errors::{Raised, value_error};
use super::objects::{from_python, table, to_python};
use super::prediction::{Features, Prediction, State};
use super::settings::{Extras, build};

/// A checked experiment; the Python class `Experiment` holds it.
#[pyclass(frozen, module = "linear_width._core")]
pub struct Experiment {
    experiment: linear_width::Experiment,
    config: ExperimentConfig,
    /// What cannot be written as TOML.
    unwritten: Option<&'static str>,
    raised: Raised,
}

type Samples<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl Experiment {
    #[new]
    #[pyo3(signature = (values, activation=None, link=None, multi_index=None, data=None))]
    fn new(
        py: Python<'_>,
        values: &Bound<'_, PyAny>,
        activation: Option<Bound<'_, PyAny>>,
        link: Option<Bound<'_, PyAny>>,
        multi_index: Option<Bound<'_, PyAny>>,
        data: Option<(PyReadonlyArray2<'_, f64>, PyReadonlyArray1<'_, f64>)>,
    ) -> PyResult<Self> {
        let raised = Raised::default();
        let callable = |function: Option<Bound<'_, PyAny>>| -> PyResult<_> {
            let callable = function.map(|function| Callable::new(function, &raised)).transpose()?;
            Ok(callable.map(linear_width::activation::Activation::shared))
        };
        let (activation, link) = (callable(activation)?, callable(link)?);
        let target = |function: Bound<'_, PyAny>| -> PyResult<_> {
            let variables = function.getattr("variables")?.extract()?;
            Ok(Callable::new(function, &raised)?.multi_index(variables))
        };
        let multi_index = multi_index.map(target).transpose()?;
        let data = data.map(|(x, y)| Dataset::new(owned2(&x), owned1(&y)));
        let data = data.transpose().map_err(value_error)?;
        let unwritten = [
            (activation.is_some(), "an activation that is a Python function"),
            (link.is_some() || multi_index.is_some(), "a link that is a Python function"),
            (data.is_some(), "given data"),
        ];
        let unwritten = unwritten.into_iter().find(|(given, _)| *given).map(|(_, what)| what);
        let values = table(values)?;
        let extras = Extras { activation, link, multi_index, data };
        let (config, experiment) = raised.compute(py, || build(&values, extras))?;
        Ok(Self { experiment, config, unwritten, raised })
    }

    #[staticmethod]
    fn from_toml(py: Python<'_>, text: &str) -> PyResult<Self> {
        let config = ExperimentConfig::from_toml(text).map_err(value_error)?;
        let raised = Raised::default();
        let experiment = raised.compute(py, || config.build())?;
        Ok(Self { experiment, config, unwritten: None, raised })
    }

    fn to_toml(&self) -> PyResult<String> {
        match self.unwritten {
            Some(what) => Err(value_error(format!("{what} cannot be written as TOML"))),
            None => self.config.to_toml().map_err(value_error),
        }
    }

    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.experiment.settings())
    }

    fn leading_order<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.experiment.leading_order())
    }

    fn estimated_bytes(&self) -> u128 {
        self.experiment.estimated_bytes()
    }

    fn teacher<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray2<f64>>> {
        Some(self.experiment.teacher()?.to_owned().into_pyarray(py))
    }

    /// W_0 and a.
    fn initial_layers<'py>(&self, py: Python<'py>) -> PyResult<Samples<'py>> {
        let network = self.raised.compute(py, || self.experiment.initial_network::<f64>())?;
        let layers = (network.first_layer().to_owned(), network.second_layer().to_owned());
        Ok((layers.0.into_pyarray(py), layers.1.into_pyarray(py)))
    }

    fn batch<'py>(&self, py: Python<'py>, step: usize) -> PyResult<Samples<'py>> {
        let samples = || self.experiment.batch(step)?.to_arrays();
        let (x, y) = self.raised.compute(py, samples)?;
        Ok((x.into_pyarray(py), y.into_pyarray(py)))
    }

    fn test_batch<'py>(
        &self,
        py: Python<'py>,
        index: u32,
        samples: usize,
    ) -> PyResult<Samples<'py>> {
        let batch = || self.experiment.test_batch(index, samples)?.to_arrays();
        let (x, y) = self.raised.compute(py, batch)?;
        Ok((x.into_pyarray(py), y.into_pyarray(py)))
    }

    /// The report as an object, its text, and the weights of its stages, which move into arrays.
    #[pyo3(signature = (observer=None, checkpoint=None))]
    #[allow(clippy::type_complexity)]
    fn run<'py>(
        &self,
        py: Python<'py>,
        observer: Option<Py<PyAny>>,
        checkpoint: Option<PathBuf>,
    ) -> PyResult<(Bound<'py, PyAny>, String, Vec<Option<Bound<'py, PyArray2<f64>>>>)> {
        let seen = |Progress { step, steps, in_spectrum, tile, tiles, fraction }: Progress| {
            let Some(observer) = &observer else { return Ok(()) };
            let parts = (step, steps, in_spectrum, tile, tiles, fraction);
            Python::attach(|py| observer.call1(py, parts)).map(drop)
        };
        let mut report = self.raised.observed(py, seen, |tell| {
            let mut options = RunOptions::new().observe(|progress| match tell(*progress) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            });
            if let Some(path) = checkpoint {
                options = options.checkpoint(path);
            }
            self.experiment.run_with(options)
        })?;
        let text = report.to_string();
        let weights: Vec<_> = report.stages.iter_mut().map(|stage| stage.weights.take()).collect();
        let weights = weights.into_iter().map(|w| Some(w?.into_pyarray(py))).collect();
        let object = to_python(py, &report)?;
        for (stage, of_crate) in object.get_item("stages")?.try_iter()?.zip(&report.stages) {
            let stage = stage?;
            stage.set_item("span_overlap", of_crate.span_overlap())?;
            stage.set_item("pairing", of_crate.pairing())?;
            if let Some(features) = &of_crate.features {
                stage.get_item("features")?.set_item("pairing", features.pairing())?;
            }
        }
        object.set_item("chance_overlaps", report.chance_overlaps())?;
        Ok((object, text, weights))
    }

    /// The prediction after `step` steps, the last one by default, with the options of the settings by
    /// default.
    #[pyo3(signature = (step=None, options=None))]
    fn predict(
        &self,
        py: Python<'_>,
        step: Option<usize>,
        options: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Prediction> {
        let step = step.unwrap_or(self.experiment.settings().steps.len());
        let options = self.options(options)?;
        let prediction = self.raised.compute(py, || self.experiment.predict(step, &options))?;
        Ok(self.made(step, prediction))
    }

    /// The predictions after all steps.
    #[pyo3(signature = (options=None))]
    fn predictions(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Prediction>> {
        let options = self.options(options)?;
        let predictions = self.raised.compute(py, || self.experiment.predictions(&options))?;
        let each = |(step, prediction): (usize, Result<_, _>)| {
            prediction.map(|p| self.made(step, p)).map_err(value_error)
        };
        (1..).zip(predictions).map(each).collect()
    }

    /// The change of the prediction with finer options: relative and in overlaps.
    #[pyo3(signature = (options=None))]
    fn convergence(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<[f64; 2]> {
        let options = self.options(options)?;
        self.raised.compute(py, || {
            let problem = self.experiment.prediction_setting()?;
            Ok::<_, NoPredictionError>(problem.convergence(&options)?)
        })
    }

    /// The states of the first layer after 0, 1, ... steps.
    fn states(&self, py: Python<'_>) -> PyResult<Vec<State>> {
        let options = self.options(None)?;
        let states = self.raised.compute(py, || {
            let setting = self.experiment.prediction_setting()?;
            Ok::<_, NoPredictionError>(setting.states(&options)?)
        })?;
        Ok(states.into_iter().map(State).collect())
    }

    /// The features of the first layer that `state` describes.
    fn features(&self, py: Python<'_>, state: &State) -> PyResult<Features> {
        let options = self.options(None)?;
        let features = self.raised.compute(py, || {
            let setting = self.experiment.prediction_setting()?;
            let (activation, target) = (&setting.activation, &setting.target);
            let features = FeaturePrediction::new(&state.0, activation, target, &options);
            Ok::<_, NoPredictionError>(features?)
        })?;
        Ok(Features::new(features, &self.raised))
    }
}

impl Experiment {
    /// The given options, or those of the settings.
    fn options(&self, given: Option<&Bound<'_, PyAny>>) -> PyResult<Options> {
        let own = || self.experiment.settings().prediction_options.unwrap_or_default();
        given.map_or_else(|| Ok(own()), from_python)
    }

    fn made(&self, step: usize, prediction: prediction::Prediction) -> Prediction {
        let settings = self.experiment.settings();
        // a prediction is that of a step that is taken
        let eta = settings.steps[step - 1].eta(settings.width);
        Prediction::new(step, eta, prediction, &self.raised)
    }
}
