//! How far a run is, and stopping it.

use std::ops::ControlFlow;

use super::checked::Experiment;
use super::error::RunError;
use super::settings::Settings;
use crate::data::TILE_SAMPLES;

/// Where a run is, as its observer sees it
/// ([`RunOptions::observe`](super::RunOptions::observe)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The step, from 1 (0: the spectrum of W_0).
    pub step: usize,
    /// The number of steps.
    pub steps: usize,
    /// Whether the run is measuring the weights after this step: their spectrum, and readouts and
    /// spectrum of the features; otherwise it is taking the step.
    pub in_spectrum: bool,
    /// How many tiles of the batch this step has processed.
    pub tile: usize,
    /// The number of tiles of the batch.
    pub tiles: usize,
    /// Estimated fraction of the whole run that is done, from 0 to 1, never falling.
    pub fraction: f64,
}

/// Reports steps and tiles as progress, weighing gradient and spectrum by their operations.
pub(super) struct ProgressMeter<'a> {
    observer: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
    steps: usize,
    tiles: usize,
    /// Operations per N d of a gradient step: two products over n samples.
    gradient: f64,
    /// Operations per N d of a spectrum: a bidiagonalisation runs at about a third of the speed of
    /// a product.
    spectrum: f64,
    /// Operations per N d of all readouts and of the spectrum of the features.
    features: f64,
    /// In how many parts they are done.
    parts: usize,
}

impl<'a> ProgressMeter<'a> {
    pub fn new(
        experiment: &Experiment,
        observer: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Self {
        let settings = &experiment.settings;
        Self {
            observer,
            steps: settings.steps.len(),
            tiles: settings.samples.div_ceil(TILE_SAMPLES),
            gradient: 4.0 * settings.samples as f64,
            spectrum: 12.0 * settings.available() as f64,
            features: feature_work(settings),
            parts: settings.feature_parts(),
        }
    }

    fn report(
        &mut self,
        step: usize,
        tile: usize,
        in_spectrum: bool,
        work: f64,
    ) -> ControlFlow<()> {
        let steps = self.steps as f64;
        let whole = steps * self.gradient + (steps + 1.0) * (self.spectrum + self.features);
        (self.observer)(&Progress {
            step,
            steps: self.steps,
            in_spectrum,
            tile,
            tiles: self.tiles,
            fraction: (work / whole).min(1.0),
        })
    }

    pub fn tile(&mut self, step: usize, tile: usize) -> ControlFlow<()> {
        let measured = step as f64 * (self.spectrum + self.features);
        let before = measured + (step - 1) as f64 * self.gradient;
        let work = before + self.gradient * tile as f64 / self.tiles as f64;
        self.report(step, tile, false, work)
    }

    /// The share `part` of the spectrum is done. Called between its two decompositions too, so that
    /// at most one is started after the observer breaks.
    pub fn spectrum(&mut self, step: usize, part: f64) -> Result<(), RunError> {
        self.measuring(step, part * self.spectrum)
    }

    /// `done` parts of the readouts and the spectrum of the features are done. Called before each.
    pub fn features(&mut self, step: usize, done: usize) -> Result<(), RunError> {
        self.measuring(step, self.spectrum + self.features * done as f64 / self.parts as f64)
    }

    /// Readouts and the spectrum of the features are done, where there are any.
    pub fn features_done(&mut self, step: usize) -> Result<(), RunError> {
        if self.parts == 0 { Ok(()) } else { self.features(step, self.parts) }
    }

    fn measuring(&mut self, step: usize, work: f64) -> Result<(), RunError> {
        let before = step as f64 * (self.gradient + self.spectrum + self.features);
        match self.report(step, self.tiles, true, before + work) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(RunError::Cancelled { step }),
        }
    }
}

impl Settings {
    /// Whether a run has readouts or a spectrum of the features.
    pub(super) fn measures_features(&self) -> bool {
        self.feature_parts() > 0
    }

    /// One part for each number of training samples, one for the test, one for the spectrum of the
    /// features.
    fn feature_parts(&self) -> usize {
        let readouts = self.readout_samples.len();
        readouts + usize::from(readouts > 0) + usize::from(self.feature_samples.is_some())
    }
}

/// Operations per N d of all parts: features, the smaller of F^T F and F F^T, its decomposition.
fn feature_work(settings: &Settings) -> f64 {
    let (n, d) = (settings.width as f64, settings.dimension as f64);
    let matrices = settings.readout_samples.iter().chain(&settings.feature_samples);
    let matrices = matrices.map(|samples| {
        let m = *samples as f64;
        let small = m.min(n);
        2.0 * m + (m.max(n) * small * small + 12.0 * small.powi(3)) / (n * d)
    });
    let readouts = !settings.readout_samples.is_empty();
    let test = if readouts { 2.0 * settings.readout_test_samples as f64 } else { 0.0 };
    matrices.sum::<f64>() + test
}
