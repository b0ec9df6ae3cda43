//! Any number of steps, each on a batch of its own: one step maps a state to a state.
//!
//! `axes` turns what the neurons have learned to principal axes and says which of them matter;
//! `curves` tabulates what one neuron contributes for one sample; `sums` adds up the samples of a
//! batch; `noise` lets the noise rows grow.
//!
//! Equations: docs/theory.md, section 13.

mod axes;
mod curves;
mod noise;
mod sums;

use ndarray::{Array2, Axis, concatenate};

use self::axes::{Axes, on_principal_axes};
use self::noise::Noise;
use self::sums::{SampleSums, Samples};
use super::nodes::Nodes;
use super::second_layer::SecondLayerQuadrature;
use super::setup::Setup;
use super::start::start;
use crate::theory::error::{PredictionError, finite};
use crate::theory::problem::Problem;
use crate::theory::state::State;

/// W_0, ..., W_T for independent batches, with at most `right_vectors` right vectors.
pub(crate) fn states(
    problem: &Problem,
    nodes: Nodes,
    right_vectors: usize,
) -> Result<Vec<State>, PredictionError> {
    let setup = Setup::new(problem, nodes)?;
    let law = SecondLayerQuadrature::for_problem(problem, &setup.nodes, right_vectors)?;
    let initial = start(problem, &law);
    let directions = setup.labels.directions;
    let mut layer = FirstLayer {
        right: initial.right.clone(),
        noise: Noise::start(&law, directions),
        setup: &setup,
        law: &law,
    };
    let mut states = vec![initial.clone()];
    for &eta in &problem.step_sizes {
        if eta > 0.0 {
            layer.step(eta)?;
        }
        states.push(State {
            right: layer.right.clone(),
            noise: layer.noise.fine.clone(),
            noise_along_targets: Some(layer.noise.along_targets.clone()),
            ..initial.clone()
        });
    }
    Ok(states)
}

/// The first layer between two steps.
struct FirstLayer<'a> {
    setup: &'a Setup<'a>,
    law: &'a SecondLayerQuadrature,
    /// R x coordinates: the teacher's, then principal axes in decreasing order.
    right: Array2<f64>,
    noise: Noise,
}

impl FirstLayer<'_> {
    /// One step (13.5) to (13.10).
    fn step(&mut self, eta: f64) -> Result<(), PredictionError> {
        let Self { setup, law, .. } = *self;
        let p = setup.labels.directions;
        let root = (setup.problem.width as f64).sqrt();
        let omega = law.coarse_left().dot(&self.right) / root;
        let axes = Axes::new(&omega, p, &self.noise.coarse, law, &setup.nodes);
        let sums = Samples::new(setup, law, &omega, &axes)?.sums();

        let resolved = sums.means.ncols();
        let unresolved = unresolved_means(law, &sums, &omega, resolved);
        let means = concatenate![Axis(1), sums.means, unresolved];
        // L with L L^T = phi E[r^2 S_k S_l] (13.6)
        let new = eta * setup.step.phi.sqrt() * &sums.qr.factor.t();
        let right = concatenate![Axis(1), &self.right + &(eta * means), new];
        finite("a right vector", &right)?;
        self.right = on_principal_axes(&right, p);
        self.noise.step(law, eta / root, setup.step.phi, &sums.noise[0], &sums.noise[1..]);
        finite("the row variance of the bulk", &self.noise.fine)
    }
}

/// E[r S_k kappa_l] along the coordinates from number `resolved` on, to first order in omega along
/// them, by Stein's lemma (13.15): R x coordinates.
fn unresolved_means(
    law: &SecondLayerQuadrature,
    sums: &SampleSums,
    omega: &Array2<f64>,
    resolved: usize,
) -> Array2<f64> {
    let omega = omega.slice_axis(Axis(1), (resolved..).into());
    let weighted = |factors: &dyn Fn(usize) -> f64| {
        Array2::from_shape_fn(omega.dim(), |(c, l)| factors(c) * omega[[c, l]])
    };
    let output = weighted(&|c| law.output_weights[c]);
    let drift = weighted(&|c| sums.noise[0].drift[c]);
    law.right_weights.dot(&drift) - sums.products.t().dot(&output)
}

#[cfg(test)]
mod tests;
