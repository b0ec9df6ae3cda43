//! The states W_0, W_1, ..., W_T of a problem, by the way of stepping that its batch policy needs.

use super::nodes::Nodes;
use super::{independent_steps, reused_steps, two_steps};
use crate::theory::error::PredictionError;
use crate::theory::problem::Problem;
use crate::theory::state::State;

/// W_0, ..., W_T with at most `right_vectors` right vectors.
///
/// Up to two steps are taken with the averages of docs/theory.md, sections 4 and 5, for all policies;
/// more by the recursion for independent batches (section 13), or by the theory of reused batches
/// (section 14) if any sample is seen twice.
pub(crate) fn states(
    problem: &Problem,
    nodes: Nodes,
    right_vectors: usize,
) -> Result<Vec<State>, PredictionError> {
    if problem.steps() <= 2 {
        return two_steps::states(problem, nodes, right_vectors);
    }
    if problem.batches.kept_samples(problem.samples) > 0 {
        return reused_steps::states(problem, nodes, right_vectors);
    }
    independent_steps::states(problem, nodes, right_vectors)
}
