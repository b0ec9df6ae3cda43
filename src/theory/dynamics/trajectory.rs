//! The states W_0, W_1, ..., W_T of a problem, by the way of stepping that its batch policy needs.

use super::nodes::Nodes;
use super::reused_steps::{NoiseRequest, NoiseStructure, noise_structures};
use super::{independent_steps, reused_steps, two_steps};
use crate::theory::error::PredictionError;
use crate::theory::problem::Problem;
use crate::theory::state::State;

/// The first layer before and after every step.
pub(crate) struct Trajectory {
    /// W_0, ..., W_T.
    pub states: Vec<State>,
    /// The noise rows as sums over samples, where they came with the states.
    noise: Vec<NoiseStructure>,
}

impl Trajectory {
    /// The states with at most `right_vectors` right vectors. What `noise` asks for is computed with
    /// them where that costs little.
    ///
    /// Up to two steps are taken with the averages of docs/theory.md, sections 4 and 5, for all policies;
    /// more by the recursion for independent batches (section 13), or by the theory of reused batches
    /// (section 14) if any sample is seen twice.
    pub fn new(
        problem: &Problem,
        nodes: Nodes,
        right_vectors: usize,
        noise: Option<NoiseRequest>,
    ) -> Result<Self, PredictionError> {
        if problem.steps() > 2 && problem.batches.kept_samples(problem.samples) > 0 {
            let (states, noise) = reused_steps::states(problem, nodes, right_vectors, noise)?;
            return Ok(Self { states, noise });
        }
        let states = match problem.steps() {
            ..=2 => two_steps::states(problem, nodes, right_vectors)?,
            _ => independent_steps::states(problem, nodes, right_vectors)?,
        };
        Ok(Self { states, noise: Vec::new() })
    }

    /// The structures of the noise that `noise` asks for, of `problem` and as many `types` as the states
    /// have.
    pub fn noise(
        self,
        problem: &Problem,
        nodes: Nodes,
        noise: NoiseRequest,
    ) -> Result<(Vec<State>, Vec<NoiseStructure>), PredictionError> {
        let structures = match self.noise.is_empty() {
            true => noise_structures(problem, nodes, noise)?,
            false => self.noise,
        };
        Ok((self.states, structures))
    }
}
