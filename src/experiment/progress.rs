//! How far a run is, and stopping it.

use std::ops::ControlFlow;

use super::checked::Experiment;
use super::error::RunError;
use crate::data::TILE_SAMPLES;

/// Where a run is, as its observer sees it
/// ([`RunOptions::observe`](super::RunOptions::observe)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The step, from 1 (0: the spectrum of W_0).
    pub step: usize,
    /// The number of steps.
    pub steps: usize,
    /// Whether the run is computing the spectrum after this step; otherwise it is taking the step.
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
        let whole = steps * self.gradient + (steps + 1.0) * self.spectrum;
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
        let before = step as f64 * self.spectrum + (step - 1) as f64 * self.gradient;
        let work = before + self.gradient * tile as f64 / self.tiles as f64;
        self.report(step, tile, false, work)
    }

    /// The share `part` of the spectrum is done. Called between its two decompositions too, so that
    /// at most one is started after the observer breaks.
    pub fn spectrum(&mut self, step: usize, part: f64) -> Result<(), RunError> {
        let work = step as f64 * self.gradient + (step as f64 + part) * self.spectrum;
        match self.report(step, self.tiles, true, work) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(RunError::Cancelled { step }),
        }
    }
}
