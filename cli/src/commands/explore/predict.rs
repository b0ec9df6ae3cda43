//! The prediction of a setting, as the page draws it.
//!
//! While something is dragged a draft is wanted: the spectrum of the stage that is looked at, with fewer
//! quadrature nodes and points, and test errors after few steps. At rest follows the whole.

mod answer;

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use linear_width::Experiment;
use linear_width::experiment::NoPredictionError;
use linear_width::theory::features::FeaturePrediction;
use linear_width::theory::prediction::{BulkModel, Options};
use serde::Deserialize;
use serde_json::Value;

pub use answer::Answer;

use super::latest::{Latest, Ticket};
use super::settings::{self, Problem};
use answer::{Detail, Readout, Stage};

/// What the page asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    setting: Value,
    detail: Detail,
    /// The stage that is looked at.
    step: usize,
    ticket: Option<Ticket>,
}

/// Predictions for all pages. Whole ones are computed one after the other, so that drafts find a
/// free thread.
#[derive(Default)]
pub struct Predictions {
    latest: Latest,
    whole: Mutex<()>,
}

impl Predictions {
    /// Answers a question; `None` when the page has asked another one since.
    pub fn answer(&self, question: &Question) -> Result<Option<Answer>, Vec<Problem>> {
        if let Some(ticket) = question.ticket {
            self.latest.asked(ticket);
        }
        let config = settings::read(&question.setting)?;
        let experiment = settings::experiment(&config)?;
        let steps = experiment.settings().steps.len();
        if question.step > steps {
            let sentence = format!("W_{} was asked for; there are {steps} steps", question.step);
            return Err(vec![Problem::new("steps", sentence)]);
        }
        Ok(match question.detail {
            Detail::Draft => Some(draft(&experiment, question.step)),
            Detail::Whole => {
                let _turn = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
                let superseded = || question.ticket.is_some_and(|t| self.latest.is_superseded(t));
                whole_unless(&experiment, &superseded)
            }
        })
    }
}

/// Every stage as `linear-width predict` computes it.
pub fn whole(experiment: &Experiment) -> Option<Answer> {
    whole_unless(experiment, &|| false)
}

/// `None` as soon as it is seen to be `superseded`.
fn whole_unless(experiment: &Experiment, superseded: &dyn Fn() -> bool) -> Option<Answer> {
    let start = Instant::now();
    let options = experiment.settings().prediction_options.unwrap_or_default();
    let points = if options.bulk_model == BulkModel::Structured { 120 } else { 240 };
    let mut stages = Stage::all(experiment, points);
    if superseded() {
        return None;
    }
    match experiment.predictions(&options) {
        Ok(found) => {
            for (stage, found) in stages.iter_mut().skip(1).zip(found) {
                if superseded() {
                    return None;
                }
                stage.take(found.map_err(NoPredictionError::from), points);
            }
        }
        Err(why) => stages.iter_mut().skip(1).for_each(|s| s.problem = Some(why.to_string())),
    }
    if superseded() {
        return None;
    }
    let errors = test_errors(experiment, &options);
    Some(Answer::new(experiment, Detail::Whole, stages, errors, start))
}

/// Most steps after which a draft has test errors; more take too long.
const FEW_STEPS: usize = 2;

/// The stage after `step` steps, in a hurry.
fn draft(experiment: &Experiment, step: usize) -> Answer {
    let start = Instant::now();
    let settings = experiment.settings();
    let whole = settings.prediction_options.unwrap_or_default();
    let few = settings.steps.len() <= FEW_STEPS;
    let points = if whole.bulk_model == BulkModel::Structured { 40 } else { 80 };
    let hurried = |nodes: f64| Options {
        compare_nodes: false,
        node_factor: whole.node_factor.min(nodes),
        ..whole
    };
    let spectrum = || {
        let mut stages = Stage::all(experiment, points);
        if step > 0 {
            stages[step]
                .take(experiment.predict(step, &hurried(if few { 0.5 } else { 0.3 })), points);
        }
        stages
    };
    let errors = || if few { test_errors(experiment, &hurried(0.7)) } else { Ok(Vec::new()) };
    let (stages, errors) = rayon::join(spectrum, errors);
    Answer::new(experiment, Detail::Draft, stages, errors, start)
}

/// The test errors at every stage, for every number of samples and lambda; empty when none is asked
/// for.
fn test_errors(
    experiment: &Experiment,
    options: &Options,
) -> Result<Vec<Vec<Readout>>, NoPredictionError> {
    let settings = experiment.settings();
    let (samples, lambdas) = (&settings.readout_samples, &settings.readout_lambdas);
    if samples.is_empty() {
        return Ok(Vec::new());
    }
    let problem = experiment.prediction_setting()?;
    let mut found = Vec::new();
    for state in problem.states(options)? {
        let features =
            FeaturePrediction::new(&state, &problem.activation, &problem.target, options)?;
        let errors = features.ridge_curve(samples, lambdas)?;
        let readouts = errors.indexed_iter().map(|((m, l), errors)| Readout {
            samples: samples[m],
            lambda: lambdas[l],
            errors: *errors,
        });
        found.push(readouts.collect());
    }
    Ok(found)
}
