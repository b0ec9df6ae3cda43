//! What theory says about an experiment, stage by stage; nothing is simulated.
//!
//! ```
//! use linear_width_runs::config::ExperimentConfig;
//! use linear_width_runs::predicted::PredictedReport;
//!
//! let text = r#"
//! width = 2000
//! dimension = 1000
//! samples = 3000
//! activation = { tanh = { scale = 2.0, shift = 0.5 } }
//! steps = [{ constant = 2.0, alpha = 0.3 }]
//! target = { link = { hermite = [0.0, 1.0] } }
//! "#;
//! let report = PredictedReport::new(&ExperimentConfig::from_toml(text)?.build()?)?;
//! let spectrum = report.stages[1].spectrum.as_ref().ok_or("no prediction")?;
//! assert!(spectrum.outliers[0].singular_value > spectrum.edge);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod display;

use linear_width::experiment::{
    NoPredictionError, PredictedFeatures, PredictedSpectrum, Settings, Stage,
};
use linear_width::rmt::MarchenkoPastur;
use linear_width::theory::LeadingOrder;
use linear_width::theory::features::{FeaturePrediction, RidgeErrors};
use linear_width::theory::prediction::{Options, Prediction};
use linear_width::{Experiment, Report};
use serde::Serialize;

/// Points of a density.
const POINTS: u32 = 240;

/// The predictions for W_0, W_1, ..., W_T. Prints as a table.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PredictedReport {
    /// The settings of the experiment.
    pub settings: Settings,
    /// What leading-order theory expects.
    pub leading_order: LeadingOrder,
    /// W_0, W_1, ..., W_T.
    pub stages: Vec<PredictedStage>,
    /// Why a stage after W_0 has no predicted spectrum, when one has none.
    pub no_prediction: Option<String>,
    /// Why the readouts or the spectrum of the features have no prediction, when they have none.
    pub no_feature_prediction: Option<String>,
}

/// The predictions for the weights after some number of steps. Prints as its part of the table.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PredictedStage {
    /// How many steps have been taken: 0 for W_0.
    pub step: usize,
    /// eta of the step that led here; `None` for W_0.
    pub eta: Option<f64>,
    /// Bulk and outliers; `None` for W_0, and where there is no prediction.
    pub spectrum: Option<PredictedSpectrum>,
    /// The density of the bulk; for W_0 the law of Marchenko and Pastur.
    pub density: Option<Density>,
    /// Ridge regression on the features, for all `readout_samples` and, for each, all
    /// `readout_lambdas`; empty where none was asked for or there is no prediction.
    pub readouts: Vec<PredictedReadout>,
    /// The spectrum of the features, where `feature_samples` asks for it.
    pub features: Option<PredictedFeatures>,
}

/// The density of the singular values of the bulk, of mass one over the min(N, d) singular values.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Density {
    /// From the left edge of the bulk to the right, closer together at the edges.
    pub singular_values: Vec<f64>,
    /// The density there.
    pub density: Vec<f64>,
}

/// Predicted errors of ridge regression on the features.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PredictedReadout {
    /// Number m of training samples.
    pub samples: usize,
    /// The ridge parameter.
    pub lambda: f64,
    /// The errors.
    pub errors: RidgeErrors,
}

impl Density {
    /// At points between the edges; `density` gives the values.
    fn new<E>(
        (from, to): (f64, f64),
        density: impl FnOnce(&[f64]) -> Result<Vec<f64>, E>,
    ) -> Result<Self, E> {
        let point = |i: u32| match i {
            0 => from,
            POINTS => to,
            // the density is steep at the edges
            _ => {
                let angle = std::f64::consts::PI * f64::from(i) / f64::from(POINTS);
                0.5 * (from + to) - 0.5 * (to - from) * angle.cos()
            }
        };
        let singular_values: Vec<f64> = (0..=POINTS).map(point).collect();
        let density = density(&singular_values)?;
        Ok(Self { singular_values, density })
    }

    /// The law of W_0.
    fn of_noise(settings: &Settings) -> Option<Self> {
        let law = MarchenkoPastur::for_shape(settings.width, settings.dimension).ok()?;
        let at = |s: &[f64]| Ok(s.iter().map(|s| law.singular_value_density(*s)).collect());
        Self::new::<()>(law.singular_value_edges(), at).ok()
    }

    fn of(prediction: &Prediction) -> Result<Self, NoPredictionError> {
        let edges = (prediction.lower_edge, prediction.edge);
        Ok(Self::new(edges, |s| prediction.density(s).map(|density| density.to_vec()))?)
    }
}

impl PredictedReport {
    /// The predictions for an experiment, with the options that its settings give.
    ///
    /// # Errors
    /// [`NoPredictionError`] when the experiment is outside what the theory covers. Of a single stage
    /// that cannot be predicted [`no_prediction`](Self::no_prediction) says why.
    pub fn new(experiment: &Experiment) -> Result<Self, NoPredictionError> {
        let settings = experiment.settings();
        let options = settings.prediction_options.unwrap_or_default();
        let mut report = Self::empty(experiment);
        let mut whole = Ok(());
        for (stage, prediction) in
            report.stages.iter_mut().skip(1).zip(experiment.predictions(&options)?)
        {
            let added = prediction.map_err(NoPredictionError::from).and_then(|prediction| {
                stage.spectrum = Some(PredictedSpectrum::from(&prediction));
                stage.density = Some(Density::of(&prediction)?);
                Ok(())
            });
            whole = whole.and(added);
        }
        report.no_prediction = whole.err().map(|why| why.to_string());
        let features = report.add_features(experiment, &options);
        report.no_feature_prediction = features.err().map(|why| why.to_string());
        Ok(report)
    }

    /// The predictions that the report of a run carries, with their densities, which it does not
    /// carry and which are computed again.
    ///
    /// # Errors
    /// [`NoPredictionError`] when a density cannot be computed.
    pub fn of_run(experiment: &Experiment, report: &Report) -> Result<Self, NoPredictionError> {
        let mut predicted = Self::empty(experiment);
        predicted.no_prediction.clone_from(&report.no_prediction);
        predicted.no_feature_prediction.clone_from(&report.no_feature_prediction);
        for (predicted, measured) in predicted.stages.iter_mut().zip(&report.stages) {
            predicted.take(measured);
        }
        if predicted.stages.iter().any(|stage| stage.spectrum.is_some()) {
            let options = experiment.settings().prediction_options.unwrap_or_default();
            let options = Options { compare_nodes: false, ..options };
            let again = experiment.predictions(&options)?;
            for (stage, prediction) in predicted.stages.iter_mut().skip(1).zip(again) {
                if stage.spectrum.is_some() {
                    stage.density = Some(Density::of(&prediction?)?);
                }
            }
        }
        Ok(predicted)
    }

    /// The settings, and W_0's law.
    fn empty(experiment: &Experiment) -> Self {
        let settings = experiment.settings().clone();
        let stage = |step: usize| PredictedStage {
            step,
            eta: step.checked_sub(1).map(|t| settings.steps[t].eta(settings.width)),
            spectrum: None,
            density: (step == 0).then(|| Density::of_noise(&settings)).flatten(),
            readouts: Vec::new(),
            features: None,
        };
        Self {
            stages: (0..=settings.steps.len()).map(stage).collect(),
            leading_order: experiment.leading_order().clone(),
            settings,
            no_prediction: None,
            no_feature_prediction: None,
        }
    }

    fn add_features(
        &mut self,
        experiment: &Experiment,
        options: &Options,
    ) -> Result<(), NoPredictionError> {
        let Settings { readout_samples, readout_lambdas, feature_samples, .. } =
            experiment.settings();
        if readout_samples.is_empty() && feature_samples.is_none() {
            return Ok(());
        }
        let problem = experiment.prediction_setting()?;
        for (stage, state) in self.stages.iter_mut().zip(problem.states(options)?) {
            let features =
                FeaturePrediction::new(&state, &problem.activation, &problem.target, options)?;
            if !readout_samples.is_empty() {
                let errors = features.ridge_curve(readout_samples, readout_lambdas)?;
                stage.readouts = errors
                    .indexed_iter()
                    .map(|((m, l), errors)| PredictedReadout {
                        samples: readout_samples[m],
                        lambda: readout_lambdas[l],
                        errors: *errors,
                    })
                    .collect();
            }
            if let Some(samples) = feature_samples {
                stage.features = Some(PredictedFeatures::from(&features.spectrum(*samples)?));
            }
        }
        Ok(())
    }
}

impl PredictedStage {
    /// The spectrum alone, without its density: after `step` steps, the last of them of size `eta`.
    pub fn of_spectrum(step: usize, eta: f64, prediction: &Prediction) -> Self {
        let spectrum = Some(PredictedSpectrum::from(prediction));
        Self { step, eta: Some(eta), spectrum, density: None, readouts: Vec::new(), features: None }
    }

    /// Takes what stands beside the measurement.
    fn take(&mut self, measured: &Stage) {
        self.spectrum.clone_from(&measured.prediction);
        let readouts = measured.readouts.iter().filter_map(|readout| {
            let (samples, lambda) = (readout.samples, readout.lambda);
            Some(PredictedReadout { samples, lambda, errors: readout.predicted? })
        });
        self.readouts = readouts.collect();
        self.features = measured.features.as_ref().and_then(|f| f.predicted.clone());
    }
}
