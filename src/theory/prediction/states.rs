//! The state of the first layer after every step.

use super::convergence;
use super::options::Options;
use crate::theory::dynamics::{nodes::Nodes, trajectory};
use crate::theory::error::PredictionError;
use crate::theory::observables::isotropic::IsotropicSpectrum;
use crate::theory::problem::Problem;
use crate::theory::state::State;

impl Problem {
    /// The state of the first layer before the first and after every step: W_0, W_1, ..., W_T.
    ///
    /// Of `options` the fields `right_vectors`, `tolerance` and `node_factor` are read. One or two
    /// steps are those of docs/theory.md, sections 4, 5 and 12, more steps those of section 13.
    /// [`State`] has an example.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn states(&self, options: &Options) -> Result<Vec<State>, PredictionError> {
        self.check()?;
        options.check()?;
        Ok(expanded(self, options)?.states)
    }
}

/// The states with as many right vectors as they need.
pub(super) struct Expanded {
    pub states: Vec<State>,
    /// Number of right vectors kept.
    pub kept: usize,
    /// The largest relative change that the next ones can make to a singular value of the last
    /// state, with isotropic noise.
    pub missing: f64,
}

/// Takes more right vectors until the next ones matter less than the tolerance, or there are no more.
pub(super) fn expanded(problem: &Problem, options: &Options) -> Result<Expanded, PredictionError> {
    let mut count = convergence::FIRST.min(options.right_vectors);
    loop {
        let states = trajectory::states(problem, Nodes::new(options.node_factor), count)?;
        let last = &states[states.len() - 1];
        let kept = last.right.nrows();
        // complete when the law of b has no more polynomials
        let complete = kept < count;
        let missing = match complete {
            true => 0.0,
            false => convergence::missing(&IsotropicSpectrum::new(last), kept)?,
        };
        match convergence::next(count, options.right_vectors) {
            Some(next) if missing > options.tolerance => count = next,
            _ => return Ok(Expanded { states, kept, missing }),
        }
    }
}
