//! The prediction of a setting, as the page draws it.
//!
//! While something is dragged a draft is wanted: the spectrum of the stage that is looked at, with fewer
//! quadrature nodes and points; and test errors, where the states they start from are at hand.

use std::time::Instant;

use linear_width::Experiment;
use linear_width::experiment::{NoPredictionError, PredictedSpectrum};
use linear_width::rmt::MarchenkoPastur;
use linear_width::theory::LeadingOrder;
use linear_width::theory::features::{FeaturePrediction, RidgeErrors};
use linear_width::theory::prediction::{Options, Prediction, PredictionError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::{self, Problem};

/// What the page asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    setting: Value,
    detail: Detail,
    /// The stage that is looked at.
    step: usize,
}

/// How much is computed.
#[derive(Clone, Copy, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Detail {
    /// One stage, in a hurry.
    Draft,
    /// Every stage as `linear-width predict` computes it.
    Whole,
}

impl Detail {
    /// Points of a density.
    fn points(self) -> u32 {
        match self {
            Self::Draft => 60,
            Self::Whole => 240,
        }
    }
}

/// What is drawn.
#[derive(Serialize)]
pub struct Answer {
    detail: Detail,
    leading_order: LeadingOrder,
    /// floor(alpha_2 / (1/2 - alpha_1)) and what follows from it, for two steps and more.
    count: Option<Count>,
    stages: Vec<Stage>,
    /// Why the test errors have no prediction, when they are asked for and have none.
    no_feature_prediction: Option<String>,
    milliseconds: f64,
}

#[derive(Serialize)]
struct Count {
    new_directions: usize,
    total: usize,
    corrected: usize,
    special_cases: Vec<String>,
}

/// W_t; in a draft all but one are empty.
#[derive(Serialize)]
struct Stage {
    step: usize,
    eta: Option<f64>,
    spectrum: Option<PredictedSpectrum>,
    density: Option<Density>,
    readouts: Vec<Readout>,
    /// Why there is no prediction, when there is none.
    problem: Option<String>,
}

/// Of mass one over the min(N, d) singular values.
#[derive(Serialize)]
pub struct Density {
    singular_values: Vec<f64>,
    density: Vec<f64>,
}

#[derive(Serialize)]
struct Readout {
    samples: usize,
    lambda: f64,
    errors: RidgeErrors,
}

/// Answers a question.
pub fn answer(question: &Question) -> Result<Answer, Vec<Problem>> {
    let config = settings::read(&question.setting)?;
    let experiment = settings::experiment(&config)?;
    let steps = experiment.settings().steps.len();
    if question.step > steps {
        let sentence = format!("W_{} was asked for; there are {steps} steps", question.step);
        return Err(vec![Problem::new("steps", sentence)]);
    }
    Ok(match question.detail {
        Detail::Draft => draft(&experiment, question.step),
        Detail::Whole => whole(&experiment),
    })
}

/// Every stage.
pub fn whole(experiment: &Experiment) -> Answer {
    let spectra = |options: &Options, stages: &mut [Stage]| match experiment.predictions(options) {
        Ok(found) => {
            for (stage, found) in stages.iter_mut().skip(1).zip(found) {
                stage.take(found.map_err(NoPredictionError::from), Detail::Whole);
            }
        }
        Err(why) => stages.iter_mut().skip(1).for_each(|s| s.problem = Some(why.to_string())),
    };
    answered(experiment, Detail::Whole, spectra)
}

/// The stage after `step` steps.
fn draft(experiment: &Experiment, step: usize) -> Answer {
    answered(experiment, Detail::Draft, |options, stages| {
        if step > 0 {
            stages[step].take(experiment.predict(step, options), Detail::Draft);
        }
    })
}

/// The answer; `spectra` fills in those of the stages.
fn answered(
    experiment: &Experiment,
    detail: Detail,
    spectra: impl FnOnce(&Options, &mut [Stage]),
) -> Answer {
    let start = Instant::now();
    let options = options(experiment, detail);
    let steps = experiment.settings().steps.len();
    let mut stages: Vec<Stage> = (0..=steps).map(|step| Stage::empty(experiment, step)).collect();
    stages[0].density = of_noise(experiment, detail);
    spectra(&options, &mut stages);
    let no_feature_prediction = add_test_errors(experiment, &options, detail, &mut stages).err();
    let leading_order = experiment.leading_order().clone();
    Answer {
        detail,
        count: leading_order.spikes.as_ref().map(|spikes| Count {
            new_directions: spikes.count().new_directions,
            total: spikes.count().total,
            corrected: spikes.count().corrected,
            special_cases: spikes.special_cases(),
        }),
        leading_order,
        stages,
        no_feature_prediction: no_feature_prediction.map(|why| why.to_string()),
        milliseconds: 1e3 * start.elapsed().as_secs_f64(),
    }
}

fn options(experiment: &Experiment, detail: Detail) -> Options {
    let options = experiment.settings().prediction_options.unwrap_or_default();
    match detail {
        Detail::Whole => options,
        Detail::Draft => Options {
            compare_nodes: false,
            node_factor: options.node_factor.min(0.5),
            ..options
        },
    }
}

impl Stage {
    fn empty(experiment: &Experiment, step: usize) -> Self {
        let settings = experiment.settings();
        Self {
            step,
            eta: step.checked_sub(1).map(|t| settings.steps[t].eta(settings.width)),
            spectrum: None,
            density: None,
            readouts: Vec::new(),
            problem: None,
        }
    }

    fn take(&mut self, found: Result<Prediction, NoPredictionError>, detail: Detail) {
        let added = found.and_then(|prediction| {
            self.spectrum = Some(PredictedSpectrum::from(&prediction));
            let edges = (prediction.lower_edge, prediction.edge);
            let density = Density::new(edges, detail, |s| Ok(prediction.density(s)?.to_vec()));
            self.density = Some(density.map_err(|why: PredictionError| why)?);
            Ok(())
        });
        self.problem = added.err().map(|why| why.to_string());
    }
}

impl Density {
    /// Between the edges, where the density is steep, closer together.
    fn new<E>(
        (from, to): (f64, f64),
        detail: Detail,
        density: impl FnOnce(&[f64]) -> Result<Vec<f64>, E>,
    ) -> Result<Self, E> {
        let count = detail.points();
        let at = |i: u32| {
            let angle = std::f64::consts::PI * f64::from(i) / f64::from(count);
            0.5 * (from + to) - 0.5 * (to - from) * angle.cos()
        };
        let singular_values: Vec<f64> = (0..=count).map(|i| at(i).clamp(from, to)).collect();
        Ok(Self { density: density(&singular_values)?, singular_values })
    }
}

/// The law of W_0.
fn of_noise(experiment: &Experiment, detail: Detail) -> Option<Density> {
    let settings = experiment.settings();
    let law = MarchenkoPastur::for_shape(settings.width, settings.dimension).ok()?;
    let at = |s: &[f64]| Ok(s.iter().map(|s| law.singular_value_density(*s)).collect());
    Density::new::<()>(law.singular_value_edges(), detail, at).ok()
}

/// Most steps and pairs (m, lambda) of the test errors of a draft.
const DRAFT_STEPS: usize = 2;

/// Adds the test errors at every stage, for every number of samples and lambda.
fn add_test_errors(
    experiment: &Experiment,
    options: &Options,
    detail: Detail,
    stages: &mut [Stage],
) -> Result<(), NoPredictionError> {
    let settings = experiment.settings();
    let (samples, lambdas) = (&settings.readout_samples, &settings.readout_lambdas);
    let late = detail == Detail::Draft && settings.steps.len() > DRAFT_STEPS;
    if samples.is_empty() || late {
        return Ok(());
    }
    let problem = experiment.prediction_setting()?;
    for (stage, state) in stages.iter_mut().zip(problem.states(options)?) {
        let features =
            FeaturePrediction::new(&state, &problem.activation, &problem.target, options)?;
        let errors = features.ridge_curve(samples, lambdas)?;
        let readout = |((m, l), errors): ((usize, usize), &RidgeErrors)| Readout {
            samples: samples[m],
            lambda: lambdas[l],
            errors: *errors,
        };
        stage.readouts = errors.indexed_iter().map(readout).collect();
    }
    Ok(())
}
