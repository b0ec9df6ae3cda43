//! The state before the first step.

use super::second_layer::SecondLayerQuadrature;
use crate::theory::problem::Problem;
use crate::theory::state::State;
use ndarray::Array2;

/// W_0: no direction is known, and every row has norm one.
pub(crate) fn start(problem: &Problem, law: &SecondLayerQuadrature) -> State {
    let (types, p) = (law.fine.len(), problem.target.direction_count());
    State {
        width: problem.width,
        dimension: problem.dimension,
        directions: p,
        b: law.fine.nodes.clone(),
        weights: law.fine.weights.clone(),
        left: law.left(),
        right: Array2::zeros((law.polynomial_count(), p)),
        noise: vec![1.0; types],
        noise_along_targets: Some(vec![Array2::eye(p); types]),
        whole_projection: false,
    }
}
