//! From the settings to a solved spectrum: as many right vectors as it needs, and the model of the bulk.

use super::convergence;
use super::options::{BulkModel, Options};
use super::states::{Expanded, expanded};
use crate::theory::dynamics::reused_steps::NoiseRequest;
use crate::theory::dynamics::{nodes::Nodes, setup::Setup, two_steps::TwoSteps};
use crate::theory::error::PredictionError;
use crate::theory::observables::isotropic::IsotropicSpectrum;
use crate::theory::observables::{spectrum::Spectrum, structured};
use crate::theory::problem::Problem;
use crate::theory::state::State;
use std::sync::Arc;

/// Share of the nodes that is enough to see how many right vectors are needed.
const SCOUTING_NODES: f64 = 0.4;

/// A solved spectrum with what it was computed from.
pub(super) struct Solved {
    pub bulk_model: BulkModel,
    pub state: State,
    pub isotropic: Arc<IsotropicSpectrum>,
    pub spectrum: Arc<dyn Spectrum>,
    /// Number of right vectors kept.
    pub kept: usize,
    /// The largest relative change that the next ones can make to a singular value.
    pub missing: f64,
}

/// The spectrum after one or two steps.
fn two_steps(setup: &Setup, options: &Options) -> Result<Solved, PredictionError> {
    let (steps, isotropic, missing) = expand(setup, options)?;
    let isotropic = Arc::new(isotropic);
    let bulk_model = options.bulk_model;
    let spectrum: Arc<dyn Spectrum> = match bulk_model {
        BulkModel::Isotropic => isotropic.clone(),
        BulkModel::Structured => {
            let inputs = structured::Inputs::new(setup, &steps);
            let tail = 0.5 / setup.problem.samples as f64;
            structured::solve(inputs, tail, options.linear_terms)?
        }
    };
    let kept = steps.law.polynomial_count();
    Ok(Solved { bulk_model, state: steps.state, isotropic, spectrum, kept, missing })
}

/// The spectra after step `first` and every later one from one pass over the steps.
pub(super) fn many_steps(
    problem: &Problem,
    first: usize,
    options: &Options,
) -> Result<Vec<Result<Solved, PredictionError>>, PredictionError> {
    let Options { bulk_model, linear_terms, node_factor, .. } = *options;
    let noise = NoiseRequest { terms: linear_terms, first };
    let structured = bulk_model == BulkModel::Structured;
    let Expanded { trajectory, count, kept, missing } =
        expanded(problem, options, structured.then_some(noise))?;
    let nodes = Nodes::new(node_factor);
    let nodes = Nodes { types: nodes.types.max(2 * count), ..nodes };
    let (states, structures) = match structured {
        true => trajectory.noise(problem, nodes, noise)?,
        false => (trajectory.states, Vec::new()),
    };
    let tail = 0.5 / problem.samples as f64;
    let solved = |(i, (mut state, missing)): (usize, (State, f64))| {
        if bulk_model == BulkModel::Isotropic && !options.target_column {
            state.noise_along_targets = None;
        }
        let isotropic = Arc::new(IsotropicSpectrum::new(&state));
        let spectrum: Arc<dyn Spectrum> = match structures.get(i) {
            None => isotropic.clone(),
            Some(noise) => structured::solve_many(&state, noise, problem.phi(), tail)?,
        };
        Ok(Solved { bulk_model, state, isotropic, spectrum, kept, missing })
    };
    Ok(states.into_iter().zip(missing).skip(first).enumerate().map(solved).collect())
}

/// The spectrum after the last step.
pub(super) fn last_step(setup: &Setup, options: &Options) -> Result<Solved, PredictionError> {
    match setup.problem.steps() {
        ..=2 => two_steps(setup, options),
        steps => many_steps(setup.problem, steps, options)?.swap_remove(0),
    }
}

/// The steps with as many right vectors as they need: how many, is first seen with few nodes.
fn expand(
    setup: &Setup,
    options: &Options,
) -> Result<(TwoSteps, IsotropicSpectrum, f64), PredictionError> {
    let first = convergence::FIRST.min(options.right_vectors);
    let few = Nodes {
        second_layer: setup.nodes.second_layer,
        types: setup.nodes.types,
        ..Nodes::new(SCOUTING_NODES * options.node_factor)
    };
    let scout = Setup::new(setup.problem, few).and_then(|few| expand_from(first, &few, options));
    let (expanded, _) = expand_from(scout.map_or(first, |(_, count)| count), setup, options)?;
    Ok(expanded)
}

/// Takes more right vectors than `count` until the next ones matter less than the tolerance, or there are
/// no more; also returns how many were asked for. The last number of the expansion is the largest relative
/// change that the next ones can make to a singular value.
fn expand_from(
    mut count: usize,
    setup: &Setup,
    options: &Options,
) -> Result<((TwoSteps, IsotropicSpectrum, f64), usize), PredictionError> {
    loop {
        let steps = TwoSteps::new(setup, count, options.separate_columns())?;
        let isotropic = IsotropicSpectrum::new(&steps.state);
        // complete: after one step, or when the law of b has no more polynomials
        let found = steps.law.polynomial_count();
        let complete = found < count || setup.problem.first_two()[1] == 0.0;
        let missing = if complete { 0.0 } else { convergence::missing(&isotropic, found)? };
        match convergence::next(count, options.right_vectors) {
            Some(next) if missing > options.tolerance => count = next,
            _ => return Ok(((steps, isotropic, missing), count)),
        }
    }
}
