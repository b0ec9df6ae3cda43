//! Watching a run, and stopping it.

use std::ops::ControlFlow;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A gradient step.
    Gradient,
    /// The spectrum of the weights.
    Spectrum,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What it has just been doing.
    pub phase: Phase,
    /// The step, from 1 (0: the spectrum of W_0).
    pub step: usize,
    /// The number of steps.
    pub steps: usize,
    /// Tiles of the batch that are done in this step.
    pub tile: usize,
    /// Tiles of the batch.
    pub tiles: usize,
    /// Estimated fraction of the whole run that is done, from 0 to 1, never falling.
    pub fraction: f64,
}

/// Is told of every tile and every spectrum, and may stop the run by returning
/// [`ControlFlow::Break`]. Closures `FnMut(&Progress) -> ControlFlow<()>` are observers.
///
/// ```
/// use std::ops::ControlFlow;
/// use linear_width::experiment::{Observer, Progress};
///
/// struct StopAfter(usize);
/// impl Observer for StopAfter {
///     fn observe(&mut self, progress: &Progress) -> ControlFlow<()> {
///         if progress.step > self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
///     }
/// }
/// # let _ = StopAfter(1);
/// ```
pub trait Observer {
    /// Called from the thread that runs the experiment.
    fn observe(&mut self, progress: &Progress) -> ControlFlow<()>;
}

impl<F: FnMut(&Progress) -> ControlFlow<()>> Observer for F {
    fn observe(&mut self, progress: &Progress) -> ControlFlow<()> {
        self(progress)
    }
}
