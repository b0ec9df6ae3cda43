//! The state of the first layer after every step.

use super::convergence;
use super::options::Options;
use crate::theory::dynamics::nodes::Nodes;
use crate::theory::dynamics::reused_steps::NoiseRequest;
use crate::theory::dynamics::trajectory::Trajectory;
use crate::theory::error::PredictionError;
use crate::theory::observables::isotropic::IsotropicSpectrum;
use crate::theory::problem::Problem;
use crate::theory::state::State;

impl Problem {
    /// The state of the first layer before the first and after every step: W_0, W_1, ..., W_T.
    ///
    /// Of `options` the fields `right_vectors`, `tolerance` and `node_factor` are read. One or two
    /// steps are those of docs/theory.md, sections 4, 5 and 12, more steps those of section 13 when
    /// the batches are independent, and those of section 14 when samples are used again.
    ///
    /// ```
    /// use linear_width::activation::{Activation, Tanh};
    /// use linear_width::data::{Link, Target};
    /// use linear_width::network::SecondLayerLaw;
    /// use linear_width::theory::prediction::{Options, Problem};
    /// use linear_width::training::BatchPolicy;
    ///
    /// let problem = Problem {
    ///     activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
    ///     target: Target::single_index(Link::from_activation(Tanh::default())).noise(0.1),
    ///     width: 1000,
    ///     dimension: 500,
    ///     samples: 1500,
    ///     step_sizes: vec![20.0; 3],
    ///     batches: BatchPolicy::Reused,
    ///     second_layer: SecondLayerLaw::Uniform,
    /// };
    /// let options = Options { node_factor: 0.25, ..Options::default() };
    /// let states = problem.states(&options)?;
    /// assert_eq!(states.len(), 4);
    /// let learned = |t: usize| states[t].omega().column(0).mapv(f64::abs).sum();
    /// assert!(learned(0) == 0.0 && learned(1) < learned(2) && learned(2) < learned(3));
    /// # Ok::<(), linear_width::theory::prediction::PredictionError>(())
    /// ```
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn states(&self, options: &Options) -> Result<Vec<State>, PredictionError> {
        self.check()?;
        options.check()?;
        Ok(expanded(self, options, None)?.trajectory.states)
    }
}

/// The states with as many right vectors as they need.
pub(super) struct Expanded {
    pub trajectory: Trajectory,
    /// Number of right vectors asked for, and kept; fewer where the law of b has no more polynomials.
    pub count: usize,
    pub kept: usize,
    /// For each state the largest relative change that the next right vectors can make to a singular
    /// value, with isotropic noise.
    pub missing: Vec<f64>,
}

/// Takes more right vectors until the next ones matter less than the tolerance in every state, or
/// there are no more.
pub(super) fn expanded(
    problem: &Problem,
    options: &Options,
    noise: Option<NoiseRequest>,
) -> Result<Expanded, PredictionError> {
    let mut count = convergence::FIRST.min(options.right_vectors);
    loop {
        let nodes = Nodes::new(options.node_factor);
        let trajectory = Trajectory::new(problem, nodes, count, noise)?;
        let states = &trajectory.states;
        let kept = states[0].right.nrows();
        // complete when the law of b has no more polynomials
        let complete = kept < count;
        let missing = |state: &State| match complete {
            true => Ok(0.0),
            false => convergence::missing(&IsotropicSpectrum::new(state), kept),
        };
        let missing: Vec<f64> = states.iter().map(missing).collect::<Result<_, _>>()?;
        let most = missing.iter().copied().fold(0.0, f64::max);
        match convergence::next(count, options.right_vectors) {
            Some(next) if most > options.tolerance => count = next,
            _ => return Ok(Expanded { trajectory, count, kept, missing }),
        }
    }
}
