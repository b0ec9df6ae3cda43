//! Running an experiment.

use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::{Array1, Array2};
use thiserror::Error;

use super::clock::Clock;
use super::{
    DatasetSettings, Experiment, NoPredictionError, Observer, Precision, PredictedSpectrum,
    Progress, Report, Settings, Stage, Triplet,
};
use crate::Scalar;
use crate::activation::Activation;
use crate::data::{Dataset, Target};
use crate::error::{InvalidSetting, debug_is_display};
use crate::linalg::backend_name;
use crate::network::Network;
use crate::spectral::{SpectralError, leading_triplets, overlap};
use crate::training::{Change, TrainingError};

/// A run that did not come to its end.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// A weight became infinite or NaN.
    #[error(
        "step {step} diverged: the first layer has a non-finite weight; \
         use smaller steps or an activation whose derivative grows more slowly"
    )]
    Diverged {
        /// The step, from 1.
        step: usize,
    },
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

debug_is_display!(RunError);

impl RunError {
    /// The error of gradient step `step`, from 1.
    pub(super) fn of_step(step: usize, error: TrainingError) -> Self {
        match error {
            TrainingError::Diverged => Self::Diverged { step },
            TrainingError::Invalid(problem) => Self::Invalid(problem),
        }
    }
}

impl Experiment {
    /// Runs to the end. The same experiment gives the same numbers every time, whatever the number
    /// of threads; threads are those of the current `rayon` pool.
    ///
    /// Many runs at once: a sweep (feature `config`), or threads of your own. In a parallel iterator
    /// over runs, a thread of the pool that waits within one run may begin another on the same
    /// stack, and overflow it after some hundred runs.
    ///
    /// # Errors
    /// [`RunError`] when a step diverges, a decomposition fails, or the memory for
    /// [`estimated_bytes`](Self::estimated_bytes) cannot be had any more.
    pub fn run(&self) -> Result<Report, RunError> {
        self.run_observed(&mut |_: &Progress| ControlFlow::Continue(()))
    }

    /// Runs, telling `observer` of every tile and twice in every spectrum; the observer may stop the
    /// run, which then returns at once. A tile takes 4 N d 1536 operations and a decomposition cannot
    /// be interrupted: a wish to stop is heard when the one that is being computed, or at most the
    /// one after it, is done. The predictions at the end are not interrupted.
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
        self.run_on(self.start::<T>()?, observer, |_| Ok(()))
    }

    /// The state before the first step.
    pub(super) fn start<T: Scalar>(&self) -> Result<State<T>, RunError> {
        self.check_memory()?;
        let network = self.initial_network()?;
        Ok(State { network, step: 0, change: None, gradient_seconds: 0.0, stages: Vec::new() })
    }

    /// Measures and steps in turn from `state` to the end; `keep` is shown the first state and the
    /// one after each gradient step.
    pub(super) fn run_on<T: Scalar, E: From<RunError>>(
        &self,
        mut state: State<T>,
        observer: &mut dyn Observer,
        mut keep: impl FnMut(&State<T>) -> Result<(), E>,
    ) -> Result<Report, E> {
        let teacher = self.teacher().map(|teacher| teacher.to_owned());
        let teacher = teacher.unwrap_or_else(|| Array2::zeros((0, self.dimension)));
        let mut clock = Clock::new(self, observer);
        keep(&state)?;
        while state.step < self.steps.len() {
            state = state.measured(self, &teacher, &mut clock)?.stepped(self, &mut clock)?;
            keep(&state)?;
        }
        let State { network, stages, .. } = state.measured(self, &teacher, &mut clock)?;
        Ok(self.report(stages, teacher, network.second_layer().mapv(|a| a.as_f64())))
    }

    fn report(&self, mut stages: Vec<Stage>, teacher: Array2<f64>, a: Array1<f64>) -> Report {
        let no_prediction = self.add_predictions(&mut stages).err().map(|why| why.to_string());
        let notes = self.notes(&stages);
        Report {
            settings: self.settings(),
            leading_order: self.leading_order.clone(),
            second_layer: a,
            teacher,
            stages,
            no_prediction,
            notes,
        }
    }

    /// Puts the prediction beside every stage that has one; says why when there is none.
    fn add_predictions(&self, stages: &mut [Stage]) -> Result<(), NoPredictionError> {
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
        state: &State<T>,
        teacher: &Array2<f64>,
        clock: &mut Clock<'_>,
    ) -> Result<Stage, RunError> {
        let start = Instant::now();
        let State { network, step, change, gradient_seconds, .. } = state;
        let step = *step;
        let failed = |source| RunError::Spectrum { step, source };
        let weights = network.first_layer();
        let values = self.spectrum_method.singular_values(weights.view());
        let values = values.map_err(failed)?.mapv(|s| s.as_f64());
        clock.spectrum(step, 0.5)?;
        let top = leading_triplets(weights.view(), self.triplets).map_err(failed)?;

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
                    left_overlaps: top.left_overlaps_with_powers(k, a, self.second_layer_powers)?,
                })
            })
            .collect::<Result<Vec<_>, InvalidSetting>>()?;
        let outliers = self.outlier_rule.apply(&values.to_vec(), self.width, self.dimension)?;
        clock.spectrum(step, 1.0)?;
        Ok(Stage {
            step,
            eta: step.checked_sub(1).map(|t| self.steps[t].eta(self.width)),
            change: *change,
            singular_values: values,
            outliers,
            triplets,
            prediction: None,
            weights: self.keep_weights.then(|| weights.mapv(|w| w.as_f64())),
            gradient_seconds: *gradient_seconds,
            spectrum_seconds: start.elapsed().as_secs_f64(),
        })
    }

    pub(super) fn settings(&self) -> Settings {
        let (target, data) = (self.target(), self.dataset());
        let name = target.map(Target::name).or(data.map(Dataset::name));
        Settings {
            width: self.width,
            dimension: self.dimension,
            samples: self.samples,
            activation: self.activation.name(),
            link: name.unwrap_or_default().to_owned(),
            projections: self.teacher().map_or(0, |teacher| teacher.nrows()),
            noise: target.map_or(0.0, Target::noise_std),
            input_law: self.input_law().cloned(),
            dataset: data.map(DatasetSettings::from),
            initialisation: self.initialisation,
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

/// A run between two steps.
pub(super) struct State<T> {
    /// Its first layer is W_`step`, of which no spectrum has been taken.
    pub network: Network<T>,
    /// How many steps have been taken.
    pub step: usize,
    /// How far the last of them moved the weights.
    pub change: Option<Change>,
    /// Seconds the last of them took.
    pub gradient_seconds: f64,
    /// W_0, ..., W_{step - 1} as measured.
    pub stages: Vec<Stage>,
}

impl<T: Scalar> State<T> {
    /// With the spectrum of the weights among the stages.
    fn measured(
        mut self,
        experiment: &Experiment,
        teacher: &Array2<f64>,
        clock: &mut Clock<'_>,
    ) -> Result<Self, RunError> {
        self.stages.push(experiment.stage(&self, teacher, clock)?);
        Ok(self)
    }

    /// One gradient step on.
    fn stepped(self, experiment: &Experiment, clock: &mut Clock<'_>) -> Result<Self, RunError> {
        let start = Instant::now();
        let Self { mut network, step: taken, stages, .. } = self;
        let (step, eta) = (taken + 1, experiment.steps[taken].eta(experiment.width));
        let batch = experiment.batch(step)?;
        let change = network
            .observed_gradient_step(&batch, eta, &mut |tile| clock.tile(step, tile))
            .map_err(|error| RunError::of_step(step, error))?;
        if change.is_none() {
            return Err(RunError::Cancelled { step });
        }
        let gradient_seconds = start.elapsed().as_secs_f64();
        Ok(Self { network, step, change, gradient_seconds, stages })
    }
}
