//! What the page gets.

use std::time::Instant;

use linear_width::Experiment;
use linear_width::experiment::{NoPredictionError, PredictedSpectrum};
use linear_width::rmt::MarchenkoPastur;
use linear_width::theory::LeadingOrder;
use linear_width::theory::features::RidgeErrors;
use linear_width::theory::prediction::Prediction;
use serde::{Deserialize, Serialize};

/// How much is computed.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// One stage, in a hurry.
    Draft,
    /// Every stage.
    Whole,
}

/// A prediction.
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

/// W_t; in a draft all but one have no spectrum.
#[derive(Serialize)]
pub struct Stage {
    step: usize,
    eta: Option<f64>,
    spectrum: Option<PredictedSpectrum>,
    density: Option<Density>,
    readouts: Vec<Readout>,
    /// Why there is no prediction, when there is none.
    pub problem: Option<String>,
}

/// Of mass one over the min(N, d) singular values.
#[derive(Serialize)]
struct Density {
    singular_values: Vec<f64>,
    density: Vec<f64>,
}

/// Errors of ridge regression on the features.
#[derive(Serialize)]
pub struct Readout {
    pub samples: usize,
    pub lambda: f64,
    pub errors: RidgeErrors,
}

impl Answer {
    /// Of these stages, and the readouts of each.
    pub fn new(
        experiment: &Experiment,
        detail: Detail,
        mut stages: Vec<Stage>,
        errors: Result<Vec<Vec<Readout>>, NoPredictionError>,
        start: Instant,
    ) -> Self {
        let mut no_feature_prediction = None;
        match errors {
            Ok(errors) => stages.iter_mut().zip(errors).for_each(|(s, errors)| s.readouts = errors),
            Err(why) => no_feature_prediction = Some(why.to_string()),
        }
        let leading_order = experiment.leading_order().clone();
        Self {
            detail,
            count: leading_order.spikes.as_ref().map(|spikes| Count {
                new_directions: spikes.count().new_directions,
                total: spikes.count().total,
                corrected: spikes.count().corrected,
                special_cases: spikes.special_cases(),
            }),
            leading_order,
            stages,
            no_feature_prediction,
            milliseconds: 1e3 * start.elapsed().as_secs_f64(),
        }
    }
}

impl Stage {
    /// W_0, ..., W_T, of which W_0 has its density already, at so many points.
    pub fn all(experiment: &Experiment, points: u32) -> Vec<Self> {
        let settings = experiment.settings();
        let stage = |step: usize| Self {
            step,
            eta: step.checked_sub(1).map(|t| settings.steps[t].eta(settings.width)),
            spectrum: None,
            density: if step == 0 { Density::of_noise(experiment, points) } else { None },
            readouts: Vec::new(),
            problem: None,
        };
        (0..=settings.steps.len()).map(stage).collect()
    }

    /// Takes a prediction, with its density at so many points, or why there is none.
    pub fn take(&mut self, found: Result<Prediction, NoPredictionError>, points: u32) {
        let added = found.and_then(|prediction| {
            self.spectrum = Some(PredictedSpectrum::from(&prediction));
            let edges = (prediction.lower_edge, prediction.edge);
            let density = |s: &[f64]| prediction.density(s).map(|density| density.to_vec());
            self.density = Some(Density::new(edges, points, density)?);
            Ok(())
        });
        self.problem = added.err().map(|why| why.to_string());
    }
}

impl Density {
    /// Between the edges, where the density is steep, closer together.
    fn new<E>(
        (from, to): (f64, f64),
        points: u32,
        density: impl FnOnce(&[f64]) -> Result<Vec<f64>, E>,
    ) -> Result<Self, E> {
        let at = |i: u32| {
            let angle = std::f64::consts::PI * f64::from(i) / f64::from(points);
            let s = 0.5 * (from + to) - 0.5 * (to - from) * angle.cos();
            if i == points { to } else { s.max(from) }
        };
        let singular_values: Vec<f64> = (0..=points).map(at).collect();
        Ok(Self { density: density(&singular_values)?, singular_values })
    }

    /// The law of W_0.
    fn of_noise(experiment: &Experiment, points: u32) -> Option<Self> {
        let settings = experiment.settings();
        let law = MarchenkoPastur::for_shape(settings.width, settings.dimension).ok()?;
        let at = |s: &[f64]| Ok(s.iter().map(|s| law.singular_value_density(*s)).collect());
        Self::new::<()>(law.singular_value_edges(), points, at).ok()
    }
}
