//! Running an experiment.

use std::ops::ControlFlow;
#[cfg(feature = "checkpoint")]
use std::path::PathBuf;
use std::time::Instant;

use ndarray::Array2;

use super::checked::Experiment;
#[cfg(feature = "checkpoint")]
use super::checkpoint::CheckpointFile;
use super::error::RunError;
use super::first_layer::FirstLayer;
use super::measure_features::Subject;
use super::placement::placed;
use super::progress::{Progress, ProgressMeter};
use super::report::{Record, Report, Stage, Triplet, summary};
use super::settings::Precision;
use super::stage_predictions::{self, Predictions};
use super::{bulk_law, feature_predictions, measure_features, memory, notes};
use crate::Scalar;
use crate::activation::Activation;
use crate::data::Target;
use crate::error::InvalidSetting;
use crate::network::Network;
use crate::spectral::overlap;
use crate::training::{Change, TrainingError};

/// Sees the progress of a run, and may stop it.
type Observer<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + 'a;

/// What a run does beside computing; for [`Experiment::run_with`].
#[derive(Default)]
pub struct RunOptions<'a> {
    observer: Option<Box<Observer<'a>>>,
    /// Predictions that several runs share.
    predictions: Option<&'a Predictions>,
    #[cfg(feature = "checkpoint")]
    checkpoint: Option<PathBuf>,
}

impl<'a> RunOptions<'a> {
    /// Nothing beside computing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `observer` after every tile of every step, twice in every spectrum, and before and after
    /// every readout and spectrum of features, on the thread that runs the experiment. When it returns [`ControlFlow::Break`] the run ends with
    /// [`RunError::Cancelled`].
    ///
    /// A tile takes 4 N d 1536 operations. A decomposition cannot be interrupted: after the observer
    /// breaks, at most one more decomposition finishes before the run returns. The predictions at
    /// the end are not interrupted.
    pub fn observe(mut self, observer: impl FnMut(&Progress) -> ControlFlow<()> + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Puts these predictions beside the stages, whether the settings want some or not.
    pub(super) fn beside(mut self, predictions: &'a Predictions) -> Self {
        self.predictions = Some(predictions);
        self
    }

    /// Keeps a checkpoint in the file `path`: written before the first step, so that a full disk or
    /// a missing folder shows itself at once, and after each gradient step. When the file is there
    /// already, the run goes on from it. A run that was interrupted, however often, gives the same
    /// report as without interruption, bit for bit, timings apart.
    ///
    /// Each checkpoint is written to `path` with `.partial` added and then renamed, so that `path`
    /// never holds half a checkpoint. The last one stays; delete it when you have the report. The
    /// file is in the safetensors format: its tensor `first_layer` (N x d, `f64`) has the weights,
    /// and Python reads it with `safetensors.numpy.load_file`. Needs the feature `checkpoint`.
    ///
    /// A file that is not a checkpoint, or is one of another experiment, crate version, backend or
    /// [`instruction_set`](crate::instruction_set), is refused and left as it is
    /// ([`RunError::DamagedCheckpoint`], [`RunError::ForeignCheckpoint`]).
    #[cfg(feature = "checkpoint")]
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some(path.into());
        self
    }
}

impl Experiment {
    /// Runs the experiment, on the threads of the current `rayon` pool. In a parallel iterator over
    /// runs, a thread of the pool that waits within one run may begin another on the same stack, and
    /// overflow it after some hundred runs; give each run a pool of its own.
    ///
    /// # Errors
    /// [`RunError`] when a step diverges, a decomposition fails, or the memory for
    /// [`estimated_bytes`](Self::estimated_bytes) is not there any more.
    pub fn run(&self) -> Result<Report, RunError> {
        self.run_with(RunOptions::new())
    }

    /// Runs the experiment with an observer, a checkpoint, or both.
    ///
    /// # Errors
    /// As [`run`](Self::run); [`RunError::Cancelled`] when the observer breaks; the errors of a
    /// checkpoint's file.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use linear_width::experiment::{Progress, RunError, RunOptions};
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(40).dimension(20).samples(60).target(target);
    /// let experiment = settings.activation(Tanh::default()).steps([2.0, 3.0]).build()?;
    /// let stop = |p: &Progress| match p.step {
    ///     2 => ControlFlow::Break(()),
    ///     _ => ControlFlow::Continue(()),
    /// };
    /// let stopped = experiment.run_with(RunOptions::new().observe(stop));
    /// assert!(matches!(stopped, Err(RunError::Cancelled { step: 2 })));
    /// # #[cfg(feature = "checkpoint")] {
    /// # let file = std::env::temp_dir().join(format!("linear-width-doc-{}", std::process::id()));
    /// // with the feature `checkpoint`: the second start takes the second step alone
    /// let stopped = experiment.run_with(RunOptions::new().observe(stop).checkpoint(&file));
    /// assert!(stopped.is_err());
    /// let report = experiment.run_with(RunOptions::new().checkpoint(&file))?;
    /// assert_eq!(report.stages.len(), 3);
    /// # std::fs::remove_file(&file)?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_with(&self, options: RunOptions<'_>) -> Result<Report, RunError> {
        match self.settings.precision {
            Precision::F32 => run_in::<f32>(self, options),
            Precision::F64 => run_in::<f64>(self, options),
        }
    }

    /// The network after 0, 1, ..., T steps, with the weights of [`run`](Self::run) when `T` is the
    /// experiment's precision; no spectrum is computed. Each step is taken when its network is asked
    /// for. The iterator holds one network and hands out copies; after an error it ends.
    ///
    /// ```
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(40).dimension(20).samples(60).target(target);
    /// let experiment = settings.activation(Tanh::default()).steps([2.0, 3.0]).build()?;
    /// let networks = experiment.networks::<f64>().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(networks.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn networks<T: Scalar>(&self) -> impl Iterator<Item = Result<Network<T>, RunError>> {
        let last = self.settings.steps.len();
        let mut current: Option<Box<dyn FirstLayer<T>>> = None;
        let mut next = 0;
        std::iter::from_fn(move || {
            if next > last {
                return None;
            }
            let layer = match current.take() {
                None => first_layer(self),
                Some(mut layer) => {
                    let progress = &mut |_| ControlFlow::Continue(());
                    take_step(self, &mut *layer, next, progress).map(|_| layer)
                }
            };
            next = if layer.is_ok() { next + 1 } else { last + 1 };
            let network = layer.and_then(|layer| match next <= last {
                true => {
                    let network = layer.network();
                    current = Some(layer);
                    network
                }
                false => layer.into_network(),
            });
            if network.is_err() {
                next = last + 1;
            }
            Some(network)
        })
    }
}

/// Measures and steps in turn.
fn run_in<T: Scalar>(experiment: &Experiment, options: RunOptions<'_>) -> Result<Report, RunError> {
    let mut observer = options.observer.unwrap_or_else(|| Box::new(|_| ControlFlow::Continue(())));
    let mut meter = ProgressMeter::new(experiment, &mut *observer);
    // the check of the memory comes first
    let network = first_network::<T>(experiment)?;
    let mut record = Record::default();
    let teacher = experiment.teacher().map(|teacher| teacher.to_owned());
    let teacher = teacher.unwrap_or_else(|| Array2::zeros((0, experiment.settings.dimension)));
    #[cfg(feature = "checkpoint")]
    let file = options.checkpoint.map(|path| CheckpointFile::new(path, experiment)).transpose()?;
    #[cfg(feature = "checkpoint")]
    let network = match file.as_ref().map(CheckpointFile::read).transpose()?.flatten() {
        Some((saved, weights)) => {
            record = saved;
            network.with_first_layer(weights.mapv(T::of))?
        }
        None => network,
    };
    let mut layer = placed(experiment, network)?;
    loop {
        #[cfg(feature = "checkpoint")]
        if let Some(file) = &file {
            file.write(&mut record, layer.weights()?)?;
        }
        let stage = measure(experiment, &mut *layer, &record, &teacher, &mut meter)?;
        record.stages.push(stage);
        if record.step == experiment.settings.steps.len() {
            let (predictions, stages) = (options.predictions, record.stages);
            return Ok(report(experiment, &*layer, stages, teacher, predictions)?);
        }
        let start = Instant::now();
        let step = record.step + 1;
        let progress = &mut |tile| meter.tile(step, tile);
        record.change = Some(take_step(experiment, &mut *layer, step, progress)?);
        record.step = step;
        record.gradient_seconds = start.elapsed().as_secs_f64();
    }
}

/// The network before the first step, when there is memory for the run.
fn first_network<T: Scalar>(experiment: &Experiment) -> Result<Network<T>, RunError> {
    memory::check(experiment)?;
    Ok(experiment.initial_network()?)
}

/// The same on the device of the settings.
fn first_layer<T: Scalar>(experiment: &Experiment) -> Result<Box<dyn FirstLayer<T>>, RunError> {
    placed(experiment, first_network(experiment)?)
}

/// Gradient step number `step`, from 1.
fn take_step<T: Scalar>(
    experiment: &Experiment,
    layer: &mut dyn FirstLayer<T>,
    step: usize,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Change, RunError> {
    let batch = experiment.batch(step)?;
    let eta = experiment.settings.steps[step - 1].eta(experiment.settings.width);
    let change = layer.step(&batch, eta, progress).map_err(|error| match error {
        TrainingError::Diverged => RunError::Diverged { step },
        TrainingError::Invalid(problem) => RunError::Invalid(problem),
        #[cfg(feature = "cuda")]
        TrainingError::Cuda(error) => RunError::Cuda(error),
    })?;
    change.ok_or(RunError::Cancelled { step })
}

/// Measures the spectrum of the network's first layer.
fn measure<T: Scalar>(
    experiment: &Experiment,
    layer: &mut dyn FirstLayer<T>,
    record: &Record,
    teacher: &Array2<f64>,
    meter: &mut ProgressMeter<'_>,
) -> Result<Stage, RunError> {
    let start = Instant::now();
    let settings = &experiment.settings;
    let step = record.step;
    let failed = |source| RunError::Spectrum { step, source };
    let values = layer.singular_values(settings.spectrum_method);
    let values = values.map_err(failed)?.mapv(|s| s.as_f64());
    meter.spectrum(step, 0.5)?;
    let top = layer.leading_triplets(settings.triplet_count()).map_err(failed)?;

    let directions = teacher.mapv(T::of);
    let triplet = |k: usize| -> Result<Triplet, InvalidSetting> {
        let (left, right) = (top.left_vector(k), top.right_vector(k));
        let overlaps = directions.rows().into_iter().map(|beta| overlap(right, beta));
        let direction_overlaps = overlaps.collect::<Result<Vec<f64>, _>>()?;
        let square = direction_overlaps.iter().map(|o| o * o).sum::<f64>();
        let a = layer.second_layer().view();
        let kept = k < settings.vectors;
        Ok(Triplet {
            singular_value: values[k],
            target_overlap: square.sqrt().min(1.0),
            direction_overlaps,
            left_overlaps: top.left_overlaps_with_powers(k, a, settings.second_layer_powers)?,
            left_vector: kept.then(|| left.mapv(|u| u.as_f64())),
            right_vector: kept.then(|| right.mapv(|v| v.as_f64())),
        })
    };
    let triplets = (0..top.len()).map(triplet).collect::<Result<Vec<_>, _>>()?;
    let (outliers, bulk_law) = bulk_law::without_prediction(settings, step, &values)?;
    meter.spectrum(step, 1.0)?;
    let spectrum_seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let second_layer = layer.second_layer().mapv(|a| a.as_f64());
    let (readouts, features) = if settings.measures_features() {
        let (features, place) = layer.features();
        let subject = Subject { step, features: &*features, place };
        let readouts = measure_features::readouts(experiment, subject, meter)?;
        let spectrum = measure_features::spectrum(experiment, subject, &second_layer, meter)?;
        (readouts, spectrum)
    } else {
        (Vec::new(), None)
    };
    meter.features_done(step)?;
    Ok(Stage {
        step,
        eta: step.checked_sub(1).map(|t| settings.steps[t].eta(settings.width)),
        change: record.change,
        singular_values: values,
        outliers,
        bulk_law,
        triplets,
        prediction: None,
        readouts,
        features,
        weights: settings.keep_weights.then(|| layer.weights()).transpose()?,
        gradient_seconds: record.gradient_seconds,
        spectrum_seconds,
        feature_seconds: start.elapsed().as_secs_f64(),
    })
}

/// Adds the predictions and the notes.
fn report<T: Scalar>(
    experiment: &Experiment,
    layer: &dyn FirstLayer<T>,
    mut stages: Vec<Stage>,
    teacher: Array2<f64>,
    shared: Option<&Predictions>,
) -> Result<Report, InvalidSetting> {
    let no_prediction = stage_predictions::add(experiment, shared, &mut stages)?;
    let no_feature_prediction =
        feature_predictions::add(experiment, &mut stages).err().map(|why| why.to_string());
    let notes = notes::of(experiment, &stages);
    Ok(Report {
        settings: experiment.settings.clone(),
        activation: experiment.activation.name(),
        link: experiment.source.name().to_owned(),
        noise: experiment.target().map_or(0.0, Target::noise_std),
        dataset: experiment.dataset().map(summary),
        backend: layer.backend(),
        leading_order: experiment.leading_order.clone(),
        second_layer: layer.second_layer().mapv(|a| a.as_f64()),
        teacher,
        stages,
        no_prediction,
        no_feature_prediction,
        notes,
    })
}
