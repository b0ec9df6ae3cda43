//! Running an experiment.

use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::Array2;
use thiserror::Error;

use super::{
    Experiment, GivenDataSettings, NoPrediction, Observer, Phase, Precision, PredictedSpectrum,
    Progress, Report, Settings, Stage, Triplet,
};
use crate::Scalar;
use crate::activation::Activation;
use crate::data::{GivenData, Target};
use crate::error::InvalidSetting;
use crate::linalg::backend_name;
use crate::network::Network;
use crate::spectral::{
    SpectralError, TopTripletsOptions, overlap, overlaps_with_powers, singular_values_by,
    top_triplets,
};
use crate::training::{TILE_SAMPLES, TrainingError, ascend};

/// A run that did not come to its end.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// A gradient step failed: it diverged, naming the step.
    #[error(transparent)]
    Training(TrainingError),
    /// A spectrum could not be computed.
    #[error("the spectrum of W_{step}: {source}")]
    Spectrum {
        /// After how many steps.
        step: usize,
        /// Why.
        source: SpectralError,
    },
    /// The observer stopped the run.
    #[error("cancelled at step {step}")]
    Cancelled {
        /// The step, from 1 (0: the spectrum of W_0).
        step: usize,
    },
    /// A setting that only shows itself in the run.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
}

impl From<TrainingError> for RunError {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Cancelled { step } => Self::Cancelled { step },
            TrainingError::Invalid(problem) => Self::Invalid(problem),
            other => Self::Training(other),
        }
    }
}

impl Experiment {
    /// Runs to the end. The same experiment gives the same numbers every time, whatever the number
    /// of threads; threads are those of the current `rayon` pool.
    ///
    /// # Errors
    /// [`RunError`] when a step diverges or a decomposition fails.
    pub fn run(&self) -> Result<Report, RunError> {
        self.run_observed(&mut |_: &Progress| ControlFlow::Continue(()))
    }

    /// Runs, telling `observer` of every tile and every spectrum; the observer may stop the run.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`RunError::Cancelled`] when the observer breaks.
    pub fn run_observed(&self, observer: &mut dyn Observer) -> Result<Report, RunError> {
        match self.precision {
            Precision::F32 => self.run_in::<f32>(observer),
            Precision::F64 => self.run_in::<f64>(observer),
        }
    }

    fn run_in<T: Scalar>(&self, observer: &mut dyn Observer) -> Result<Report, RunError> {
        let teacher = self.teacher_directions()?;
        let mut network = self.initial_network::<T>()?;
        let mut clock = Clock::new(self, observer);
        let mut stages = vec![self.stage(0, None, 0.0, &network, &teacher, &mut clock)?];
        for (t, size) in self.steps.iter().enumerate() {
            let (step, eta) = (t + 1, size.eta(self.width));
            let start = Instant::now();
            let batch = self.batch(t)?;
            ascend(&mut network, &batch, eta, step, &mut |tile, _| clock.tile(step, tile))?;
            let seconds = start.elapsed().as_secs_f64();
            stages.push(self.stage(step, Some(eta), seconds, &network, &teacher, &mut clock)?);
        }
        let no_prediction = self.add_predictions(&mut stages).err().map(|why| why.to_string());
        Ok(Report {
            settings: self.settings(),
            leading_order: self.leading_order.clone(),
            second_layer: network.second_layer().mapv(|a| a.as_f64()),
            teacher,
            stages,
            no_prediction,
        })
    }

    /// Puts the prediction beside every stage that has one; says why when there is none.
    fn add_predictions(&self, stages: &mut [Stage]) -> Result<(), NoPrediction> {
        let Some(options) = &self.prediction else { return Ok(()) };
        for stage in stages.iter_mut().skip(1) {
            let prediction = self.predict(stage.step, options)?;
            stage.prediction = Some(PredictedSpectrum::from(&prediction));
        }
        Ok(())
    }

    /// Measures the spectrum of the network's first layer.
    fn stage<T: Scalar>(
        &self,
        step: usize,
        eta: Option<f64>,
        gradient_seconds: f64,
        network: &Network<T>,
        teacher: &Array2<f64>,
        clock: &mut Clock<'_>,
    ) -> Result<Stage, RunError> {
        let start = Instant::now();
        let failed = |source| RunError::Spectrum { step, source };
        let weights = network.first_layer();
        let values = singular_values_by(weights.view(), self.spectrum_method)
            .map_err(failed)?
            .mapv(|s| s.as_f64());
        let options = TopTripletsOptions::default();
        let top = top_triplets(weights.view(), self.triplets, &options).map_err(failed)?;

        let directions = teacher.mapv(T::of);
        let triplets = (0..top.len())
            .map(|k| {
                let right = top.right_vector(k);
                let overlaps: Result<Vec<f64>, _> =
                    directions.rows().into_iter().map(|beta| overlap(right, beta)).collect();
                let direction_overlaps = overlaps?;
                let a = network.second_layer().view();
                Ok(Triplet {
                    singular_value: values[k],
                    target_overlap: direction_overlaps
                        .iter()
                        .map(|o| o * o)
                        .sum::<f64>()
                        .sqrt()
                        .min(1.0),
                    direction_overlaps,
                    left_overlaps: overlaps_with_powers(top.left_vector(k), a, self.left_powers)?,
                })
            })
            .collect::<Result<Vec<_>, InvalidSetting>>()?;
        let outliers = self.outlier_rule.apply(&values.to_vec(), self.width, self.dimension)?;
        if clock.spectrum(step).is_break() {
            return Err(RunError::Cancelled { step });
        }
        Ok(Stage {
            step,
            eta,
            singular_values: values,
            outliers,
            triplets,
            prediction: None,
            weights: self.keep_weights.then(|| weights.mapv(|w| w.as_f64())),
            gradient_seconds,
            spectrum_seconds: start.elapsed().as_secs_f64(),
        })
    }

    fn settings(&self) -> Settings {
        let (target, data) = (self.target(), self.given_data());
        let name = target.map(Target::name).or(data.map(GivenData::name));
        Settings {
            width: self.width,
            dimension: self.dimension,
            samples: self.samples,
            activation: self.activation.name(),
            link: name.unwrap_or_default().to_owned(),
            projections: target.map_or(0, Target::projections),
            noise: target.map_or(0.0, Target::noise_std),
            input_law: self.input_law().cloned(),
            given_data: data.map(GivenDataSettings::from),
            first_layer: self.first_layer,
            second_layer: self.second_layer.clone(),
            scaling: self.scaling,
            steps: self.steps.clone(),
            batches: self.batches,
            precision: self.precision,
            seed: self.seed,
            backend: backend_name().to_owned(),
        }
    }
}

/// Turns steps and tiles into progress, weighing gradient and spectrum by their operations.
struct Clock<'a> {
    observer: &'a mut dyn Observer,
    steps: usize,
    tiles: usize,
    gradient: f64,
    spectrum: f64,
}

impl<'a> Clock<'a> {
    fn new(experiment: &Experiment, observer: &'a mut dyn Observer) -> Self {
        let small = experiment.width.min(experiment.dimension) as f64;
        Self {
            observer,
            steps: experiment.steps.len(),
            tiles: experiment.samples.div_ceil(TILE_SAMPLES),
            // operations per N d: two products over n samples; a bidiagonalisation run at about a
            // third of the speed of a product
            gradient: 4.0 * experiment.samples as f64,
            spectrum: 12.0 * small,
        }
    }

    fn tell(&mut self, phase: Phase, step: usize, tile: usize, work: f64) -> ControlFlow<()> {
        let steps = self.steps as f64;
        let whole = steps * self.gradient + (steps + 1.0) * self.spectrum;
        self.observer.observe(&Progress {
            phase,
            step,
            steps: self.steps,
            tile,
            tiles: self.tiles,
            fraction: (work / whole).min(1.0),
        })
    }

    fn tile(&mut self, step: usize, tile: usize) -> ControlFlow<()> {
        let before = step as f64 * self.spectrum + (step - 1) as f64 * self.gradient;
        let work = before + self.gradient * tile as f64 / self.tiles as f64;
        self.tell(Phase::Gradient, step, tile, work)
    }

    fn spectrum(&mut self, step: usize) -> ControlFlow<()> {
        let work = step as f64 * self.gradient + (step + 1) as f64 * self.spectrum;
        self.tell(Phase::Spectrum, step, self.tiles, work)
    }
}
