//! Any number of steps on a batch that is reused, in whole or in part: dynamical mean-field theory with
//! two responses (docs/theory.md, section 14).
//!
//! `nodes` are those of the samples and of the local Gaussians; `sample` takes one sample through a
//! step and differentiates along its history, with the averages over one neuron from `local`, and
//! their derivatives from `paths` or `stein`; `group`
//! sums over samples; `axes` are the directions that the right vectors take, `rows` the noise rows and
//! `response` the way in which a kick comes back. `structure` writes the noise rows as sums over samples.

mod axes;
mod group;
mod local;
mod neuron;
mod nodes;
mod paths;
mod response;
mod rows;
mod sample;
mod stein;
mod structure;
#[cfg(test)]
mod tests;

use ndarray::{Array2, ArrayView1, Axis, concatenate};
use rayon::prelude::*;

use super::nodes::Nodes;
use super::second_layer::SecondLayerQuadrature;
use super::setup::Setup;
use super::start::start;
use crate::numerics::graded::RowQr;
use crate::theory::error::{PredictionError, finite};
use crate::theory::problem::Problem;
use crate::theory::state::State;
use axes::{Axes, NEW_DIRECTIONS};
use group::{GroupSums, NeuronSums};
use neuron::{Local, LocalNodes, LocalSums};
use nodes::Counts;
use response::Response;
use rows::{Rows, inverse};
use sample::{History, Sample, Stage};
use structure::{Ends, Passed};
pub(crate) use structure::{NoiseStructure, SampleNoise};

/// Samples whose rows one task factorises; fixed, so that the result does not depend on the number of
/// threads.
const QR_CHUNK: usize = 256;
/// Right vectors that the dynamics of the noise alone carries; the noise hardly depends on more.
const FEW_RIGHT_VECTORS: usize = 6;
/// Its nodes in units of those of the states: the edge needs fewer.
const FEW_NODES: f64 = 0.5;

/// The structures of the noise that are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoiseRequest {
    /// The most terms of the part that is linear in the first row.
    pub terms: usize,
    /// The first step after which they are wanted.
    pub first: usize,
}

/// W_0, ..., W_T for any number of steps and any batch policy, with at most `right_vectors` right
/// vectors; and the noise rows after the steps that `noise` names as sums over samples.
pub(crate) fn states(
    problem: &Problem,
    nodes: Nodes,
    right_vectors: usize,
    noise: Option<NoiseRequest>,
) -> Result<(Vec<State>, Vec<NoiseStructure>), PredictionError> {
    let setup = Setup::new(problem, nodes)?;
    let factor = nodes.table_factor;
    let counts = Counts::new(factor, !setup.activation.kinks.is_empty());
    states_with(&setup, nodes, right_vectors, noise, counts)
}

/// The same with given numbers of nodes.
fn states_with(
    setup: &Setup,
    nodes: Nodes,
    right_vectors: usize,
    noise: Option<NoiseRequest>,
    counts: Counts,
) -> Result<(Vec<State>, Vec<NoiseStructure>), PredictionError> {
    let problem = setup.problem;
    let coarse = ((14.0 * nodes.table_factor).ceil() as usize).max(right_vectors + 6);
    let law = SecondLayerQuadrature::new(
        &problem.second_layer,
        problem.width,
        coarse,
        nodes.types.max(2 * right_vectors),
        right_vectors,
    )?;
    let (mut states, mut structures) = (vec![start(problem, &law)], Vec::new());
    let mut dynamics = Dynamics::new(setup, &law, counts);
    for (t, &eta) in problem.step_sizes.iter().enumerate() {
        let sums = dynamics.sums(t);
        if noise.is_some() && !dynamics.new.is_empty() {
            dynamics.passed.push(Passed::new(&dynamics.new, &dynamics.rows));
        }
        dynamics.take(eta, &sums);
        states.push(dynamics.state()?);
        if let Some(NoiseRequest { terms, .. }) = noise.filter(|noise| t + 1 >= noise.first) {
            let Dynamics { rows, share, kept, new, passed, .. } = &dynamics;
            let phi = setup.step.phi;
            let ends = Ends { law: &law, phi, rows, share: *share, kept, new, passed };
            structures.push(ends.structure(terms)?);
        }
    }
    Ok((states, structures))
}

/// The noise rows alone, with fewer right vectors and nodes: independent batches have their states from
/// elsewhere. `nodes.types` are the types of those states.
pub(crate) fn noise_structures(
    problem: &Problem,
    nodes: Nodes,
    noise: NoiseRequest,
) -> Result<Vec<NoiseStructure>, PredictionError> {
    let setup = Setup::new(problem, nodes)?;
    let kinked = !setup.activation.kinks.is_empty();
    let counts = Counts::new(FEW_NODES * nodes.table_factor, kinked);
    Ok(states_with(&setup, nodes, FEW_RIGHT_VECTORS, Some(noise), counts)?.1)
}

/// The process between two steps.
struct Dynamics<'a> {
    setup: &'a Setup<'a>,
    law: &'a SecondLayerQuadrature,
    /// q_k(b) b / sqrt N: coarse x R.
    left: Array2<f64>,
    local_nodes: Vec<LocalNodes>,
    /// Share of the batch that every step sees.
    share: f64,
    /// Samples that every step sees; none if there are none.
    kept: Vec<Sample>,
    /// Samples that the coming step alone sees, with what earlier steps did alone.
    new: Vec<Sample>,
    axes: Axes,
    /// Coordinates of the right vectors along the teacher: R x p.
    along: Array2<f64>,
    /// Xi^(t,s).
    network: Response,
    /// What single steps did to samples that no other step sees.
    passed: Vec<Passed>,
    /// Noise rows at the coarse nodes of b.
    rows: Vec<Rows>,
    /// Their coordinates along the teacher.
    rows_along: Vec<Rows>,
}

impl<'a> Dynamics<'a> {
    fn new(setup: &'a Setup<'a>, law: &'a SecondLayerQuadrature, counts: Counts) -> Self {
        let problem = setup.problem;
        let (steps, p) = (problem.steps(), setup.labels.directions);
        let across = 1 + NEW_DIRECTIONS * steps.saturating_sub(2);
        // one step needs no samples: its averages are known
        let counts = (steps > 1).then_some(counts);
        let samples = counts.map(|counts| nodes::samples(counts, &problem.target, across));
        let samples = samples.unwrap_or_default();
        let share = problem.reused_share();
        let of = |share: f64| if share > 0.0 { samples.clone() } else { Vec::new() };
        let (types, r) = (law.coarse.len(), law.polynomial_count());
        Self {
            setup,
            law,
            left: law.coarse_left() / (problem.width as f64).sqrt(),
            local_nodes: counts
                .map(|at| nodes::local_nodes(at, steps, &setup.activation))
                .unwrap_or_default(),
            share,
            kept: of(share),
            new: of(1.0 - share),
            axes: Axes::default(),
            along: Array2::zeros((r, p)),
            network: Response::new(r),
            passed: Vec::new(),
            rows: vec![Rows::new(1); types],
            rows_along: vec![Rows::new(p); types],
        }
    }

    /// The averages of step `t`.
    fn sums(&mut self, t: usize) -> GroupSums {
        if t == 0 {
            return self.first_step();
        }
        self.look_ahead();
        self.next_step()
    }

    /// The averages of the first step, where the preactivation is a standard normal variable and the
    /// residual is the label: exact (14.3).
    fn first_step(&mut self) -> GroupSums {
        let Setup { labels, activation, .. } = self.setup;
        let (types, r) = self.left.dim();
        let first = self.law.scale * activation.c_1;
        let mut sums = GroupSums::new(labels.directions, r, 1, types, 1);
        sums.along.row_mut(0).iter_mut().zip(&labels.linear).for_each(|(x, c)| *x = first * c);
        let weighted = labels.weighted.iter().zip(&labels.weighted_square);
        let moments = std::iter::once((&labels.mean, &labels.second_moment)).chain(weighted);
        for (neurons, (mean, square)) in sums.neurons.iter_mut().zip(moments) {
            neurons.gamma.fill(activation.curvature * mean);
            neurons.covariance.fill(activation.derivative_variance * square);
        }
        let local = LocalSums {
            slope: activation.c_1,
            covariances: vec![activation.derivative_variance],
            slope_by_mean: vec![activation.curvature],
            ..LocalSums::default()
        };
        for sample in self.kept.iter_mut().chain(&mut self.new) {
            let mut pi = vec![0.0; r];
            pi[0] = first * sample.y;
            sample.pi.push(pi);
            let history = &mut sample.history;
            history.residual.push(sample.y);
            history.mean.push(vec![0.0; types]);
            history.sums.push(vec![local.clone(); types]);
        }
        sums
    }

    /// The averages of a later step, over both groups of samples (14.21).
    fn next_step(&mut self) -> GroupSums {
        let (types, r) = self.left.dim();
        let t = self.network.at.len() - 1;
        let phi = self.setup.step.phi;
        let network = &self.network.at[t];
        let mut total = GroupSums::new(self.along.ncols(), r, t + 1, types, t + 1);
        let stage = |local: Vec<Local>, network: Vec<Vec<Array2<f64>>>| Stage {
            activation: &self.setup.activation,
            law: self.law,
            phi,
            left: &self.left,
            local,
            network,
        };
        if !self.kept.is_empty() {
            let local = self.rows.iter().map(|rows| remembered(rows, phi)).collect();
            let stage = stage(local, self.network.at.clone());
            let nodes = &self.local_nodes;
            let sums = group::advance(&mut self.kept, &stage, nodes, &self.along, network, 1);
            total.add(self.share, &sums, [1, 0]);
        }
        if !self.new.is_empty() {
            self.new.iter_mut().for_each(|sample| sample.history = History::default());
            let stage = stage(self.rows.iter().map(unseen).collect(), vec![Vec::new()]);
            let nodes = &self.local_nodes;
            let sums = group::advance(&mut self.new, &stage, nodes, &self.along, network, 0);
            total.add(1.0 - self.share, &sums, [t, t]);
        }
        total
    }

    /// Moves the right vectors and the noise rows by a step of size `eta`.
    fn take(&mut self, eta: f64, sums: &GroupSums) {
        let (phi, p) = (self.setup.step.phi, self.along.ncols());
        self.along.scaled_add(eta, &sums.along);
        self.network.take(eta, &sums.network);
        let root = (self.setup.problem.width as f64).sqrt();
        for (c, b) in self.law.coarse.iter().enumerate() {
            let unit = eta * b / root;
            for (rows, size, neurons) in [
                (&mut self.rows[c], 1, &sums.neurons[..1]),
                (&mut self.rows_along[c], p, &sums.neurons[1..]),
            ] {
                let steps = sums.network.len();
                let matrix = |of: &dyn Fn(&NeuronSums) -> f64| {
                    Array2::from_shape_fn((size, size), |(i, j)| of(&neurons[i * size + j]))
                };
                let gamma: Vec<_> = (0..steps).map(|s| matrix(&|at| at.gamma[[s, c]])).collect();
                let covariance =
                    (0..steps).map(|s| matrix(&|at| phi * at.covariance[[s, c]])).collect();
                rows.take(unit, &gamma, covariance);
            }
        }
    }

    /// The state after the last step.
    fn state(&self) -> Result<State, PredictionError> {
        let across = self.across();
        let right = concatenate![Axis(1), self.along, across];
        finite("a right vector", &right)?;
        let variances: Vec<f64> = self.rows.iter().map(|rows| rows.variance()[[0, 0]]).collect();
        let noise = self.law.at_fine(&variances).to_vec();
        finite("the row variance of the bulk", &noise)?;
        let p = self.along.ncols();
        let along: Vec<_> = self.rows_along.iter().map(Rows::variance).collect();
        let mut matrices = vec![Array2::zeros((p, p)); noise.len()];
        for at in (0..p).flat_map(|i| (0..p).map(move |j| [i, j])) {
            let values: Vec<f64> = along.iter().map(|matrix| matrix[at]).collect();
            let fine = self.law.at_fine(&values);
            matrices.iter_mut().zip(fine).for_each(|(matrix, value)| matrix[at] = value);
        }
        finite("the row variance along the teacher", matrices.iter().flatten())?;
        let start = start(self.setup.problem, self.law);
        Ok(State { right, noise, noise_along_targets: Some(matrices), ..start })
    }

    /// Coordinates of the right vectors orthogonal to the teacher: R x R, without squaring (14.19).
    fn across(&self) -> Array2<f64> {
        let t = self.network.at.len() - 1;
        let r = self.left.ncols();
        let network = &self.network.at[t];
        if t == 1 {
            let mut across = Array2::zeros((r, r));
            let first = self.law.scale * self.setup.activation.c_1 * self.setup.spread();
            across[[0, 0]] = network[0][[0, 0]] * first;
            return across;
        }
        let phi = self.setup.step.phi;
        let part = |(samples, share, together): (&[Sample], f64, bool)| {
            let mut qr = RowQr::new(r);
            for sample in samples {
                let mut row = vec![0.0; r];
                for (response, pi) in network.iter().zip(&sample.pi) {
                    for (x, line) in row.iter_mut().zip(response.rows()) {
                        *x += line.iter().zip(pi).map(|(a, pi)| a * pi).sum::<f64>();
                    }
                    if !together {
                        push(&mut qr, &mut row, phi * share * sample.weight);
                        row.fill(0.0);
                    }
                }
                if together {
                    push(&mut qr, &mut row, phi * share * sample.weight);
                }
            }
            qr
        };
        let kept = self.kept.chunks(QR_CHUNK).map(|samples| (samples, self.share, true));
        let new = self.new.chunks(QR_CHUNK).map(|samples| (samples, 1.0 - self.share, false));
        let chunks: Vec<_> = kept.chain(new).collect();
        let parts: Vec<RowQr> = chunks.into_par_iter().map(part).collect();
        let mut qr = RowQr::new(r);
        parts.iter().for_each(|part| qr.merge(part));
        qr.factor.reversed_axes()
    }

    /// Adds the kick of the last step to what samples will see (14.4).
    fn look_ahead(&mut self) {
        let phi = self.setup.step.phi;
        let coordinates = self.axes.add_kick(phi, (&self.kept, self.share), &self.new);
        let kick = |sample: &Sample| -> Vec<f64> {
            let along =
                |row: ArrayView1<f64>| row.iter().zip(&sample.across).map(|(v, g)| v * g).sum();
            coordinates.rows().into_iter().map(along).collect()
        };
        self.new.par_iter_mut().for_each(|sample| sample.fields.push(kick(sample)));
        self.kept.par_iter_mut().for_each(|sample| {
            let mut field = kick(sample);
            let own = sample.pi.last().into_iter().flatten();
            field.iter_mut().zip(own).for_each(|(field, pi)| *field += phi * pi);
            sample.fields.push(field);
        });
    }
}

/// Appends `row` times the root of `weight`.
fn push(qr: &mut RowQr, row: &mut [f64], weight: f64) {
    let root = weight.sqrt();
    row.iter_mut().for_each(|x| *x *= root);
    qr.push(row);
}

/// The local Gaussians of a sample that every step has seen.
fn remembered(rows: &Rows, phi: f64) -> Local {
    let factor = rows.factor();
    let trace = |xi: &Vec<Array2<f64>>| xi.iter().map(|xi| phi * xi[[0, 0]]).collect();
    let trace = rows.response.at.iter().map(trace).collect();
    Local { inverse: inverse(&factor), factor, trace }
}

/// The local Gaussian of a sample that no step has seen.
fn unseen(rows: &Rows) -> Local {
    let factor = vec![vec![rows.variance()[[0, 0]].max(0.0).sqrt()]];
    Local { inverse: inverse(&factor), factor, trace: vec![Vec::new()] }
}
