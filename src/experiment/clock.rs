//! How far a run is.

use std::ops::ControlFlow;

use super::{Experiment, Observer, Phase, Progress, RunError};
use crate::data::TILE_SAMPLES;

/// Turns steps and tiles into progress, weighing gradient and spectrum by their operations.
pub(super) struct Clock<'a> {
    observer: &'a mut dyn Observer,
    steps: usize,
    tiles: usize,
    gradient: f64,
    spectrum: f64,
}

impl<'a> Clock<'a> {
    pub fn new(experiment: &Experiment, observer: &'a mut dyn Observer) -> Self {
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

    pub fn tile(&mut self, step: usize, tile: usize) -> ControlFlow<()> {
        let before = step as f64 * self.spectrum + (step - 1) as f64 * self.gradient;
        let work = before + self.gradient * tile as f64 / self.tiles as f64;
        self.tell(Phase::Gradient, step, tile, work)
    }

    /// `part` of the spectrum is done. Asked between its two decompositions too, so that at most
    /// one is started after the observer wants to stop.
    pub fn spectrum(&mut self, step: usize, part: f64) -> Result<(), RunError> {
        let work = step as f64 * self.gradient + (step as f64 + part) * self.spectrum;
        match self.tell(Phase::Spectrum, step, self.tiles, work) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(RunError::Cancelled { step }),
        }
    }
}
