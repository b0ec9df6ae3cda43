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
use ndarray::Array2;

/// The state after one or two steps, with the averages it was made from.
pub(crate) struct TwoSteps {
    pub law: SecondLayerQuadrature,
    pub groups: Vec<SampleGroup>,
    /// Averages of the second step over the samples, unweighted.
    pub noise: NoiseAverages,
    pub state: State,
}

impl TwoSteps {
    /// Takes the steps with at most `count` right vectors, with the variances (5.15) and, if
    /// `along_targets`, those of the noise along the teacher directions (7.4).
    pub fn new(setup: &Setup, count: usize, along_targets: bool) -> Result<Self, PredictionError> {
        let (mut steps, noise) = Self::with_averages(setup, count, along_targets)?;
        let variance = RowVariance { setup, law: &steps.law };
        let along = along_targets.then(|| variance.along_targets(&noise));
        let isotropic = variance.isotropic(&steps.noise);
        steps.set_variances(isotropic, along)?;
        Ok(steps)
    }

    /// The same with all that the second step does to the noise of the first: the variances (14.22) and
    /// (14.26), to which the recursions for more steps are compared.
    #[cfg(test)]
    pub fn complete(
        setup: &Setup,
        count: usize,
        along_targets: bool,
    ) -> Result<Self, PredictionError> {
        let (mut steps, noise) = Self::with_averages(setup, count, along_targets)?;
        let variance = RowVariance { setup, law: &steps.law };
        let along = along_targets.then(|| variance.complete_along_targets(&noise));
        let isotropic = variance.complete(&steps.noise);
        steps.set_variances(isotropic, along)?;
        Ok(steps)
    }

    fn set_variances(
        &mut self,
        noise: Vec<f64>,
        along_targets: Option<Vec<Array2<f64>>>,
    ) -> Result<(), PredictionError> {
        finite("the row variance of the bulk", &noise)?;
        self.state.noise = noise;
        self.state.noise_along_targets = along_targets;
        Ok(())
    }

    /// The steps without the variances of the noise, and the averages weighted by pairs of teacher
    /// directions.
    fn with_averages(
        setup: &Setup,
        count: usize,
        along_targets: bool,
    ) -> Result<(Self, Vec<NoiseAverages>), PredictionError> {
        let nodes = &setup.nodes;
        let law = SecondLayerQuadrature::for_problem(setup.problem, nodes, count)?;
        let groups = sample_groups(setup, &law)?;
        let mut vectors = RightVectors::new(setup, &law, &groups, along_targets);
        finite("a right vector", &vectors.coordinates)?;
        let state = State {
            width: setup.problem.width,
            dimension: setup.problem.dimension,
            directions: setup.labels.directions,
            b: law.fine.nodes.clone(),
            weights: law.fine.weights.clone(),
            left: law.left(),
            right: vectors.coordinates,
            noise: Vec::new(),
            noise_along_targets: None,
            whole_projection: false,
        };
        let noise = vectors.noise.remove(0);
        Ok((Self { law, groups, noise, state }, vectors.noise))
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
