//! From a problem to the state of the first layer (docs/theory.md, sections 4 to 6 and 12).

use super::nodes::Nodes;
use super::right_vectors::{NoiseAverages, RightVectors};
use super::row_variance::RowVariance;
use super::sample_groups::{SampleGroup, sample_groups};
use super::second_layer::SecondLayerQuadrature;
use super::setup::Setup;
use super::start::start;
use crate::theory::error::{PredictionError, finite};
use crate::theory::problem::Problem;
use crate::theory::state::State;

/// The state after one or two steps, with the averages it was made from.
pub(crate) struct TwoSteps {
    pub law: SecondLayerQuadrature,
    pub groups: Vec<SampleGroup>,
    /// Averages of the second step over the samples, unweighted.
    pub noise: NoiseAverages,
    pub state: State,
}

impl TwoSteps {
    /// Takes the steps with at most `count` right vectors, and with the variances D_* of the noise
    /// along the teacher directions if `along_targets`.
    pub fn new(setup: &Setup, count: usize, along_targets: bool) -> Result<Self, PredictionError> {
        let nodes = &setup.nodes;
        let law = SecondLayerQuadrature::for_problem(setup.problem, nodes, count)?;
        let groups = sample_groups(setup, &law)?;
        let mut vectors = RightVectors::new(setup, &law, &groups, along_targets);
        finite("the right vectors", &vectors.coordinates)?;
        let variance = RowVariance { setup, law: &law };
        let noise = variance.isotropic(&vectors.noise[0]);
        finite("the row variance of the bulk", &noise)?;
        let state = State {
            width: setup.problem.width,
            dimension: setup.problem.dimension,
            directions: setup.labels.directions,
            b: law.fine.nodes.clone(),
            weights: law.fine.weights.clone(),
            left: law.left(),
            right: vectors.coordinates,
            noise,
            noise_along_targets: along_targets.then(|| variance.along_targets(&vectors.noise[1..])),
            whole_projection: false,
        };
        Ok(Self { law, groups, noise: vectors.noise.swap_remove(0), state })
    }
}

/// W_0, ..., W_T for T = 1 or 2 steps: each stage is the problem with fewer steps.
pub(crate) fn states(
    problem: &Problem,
    nodes: Nodes,
    right_vectors: usize,
) -> Result<Vec<State>, PredictionError> {
    let law = SecondLayerQuadrature::for_problem(problem, &nodes, right_vectors)?;
    let mut states = vec![start(problem, &law)];
    for stage in 1..=problem.steps() {
        let problem =
            Problem { step_sizes: problem.step_sizes[..stage].to_vec(), ..problem.clone() };
        let setup = Setup::new(&problem, nodes)?;
        states.push(TwoSteps::new(&setup, right_vectors, true)?.state);
    }
    Ok(states)
}
