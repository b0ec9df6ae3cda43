//! Samples that the same steps see, and their averages in one step.

use ndarray::Array2;
use rayon::prelude::*;

use super::neuron::{LocalNodes, Paths};
use super::sample::{Sample, Stage};

/// Samples that one task works on; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 32;

/// Averages over the samples of a group in step t.
#[derive(Clone, Debug)]
pub(super) struct GroupSums {
    /// E[pi z*]: R x p.
    pub along: Array2<f64>,
    /// For each step s <= t that sees the group: Gamma^(t,s), R x R; none before the second step.
    pub network: Vec<Array2<f64>>,
    /// For the weights 1, z*_1 z*_1, z*_1 z*_2, ...: the averages of single neurons.
    pub neurons: Vec<NeuronSums>,
}

/// Averages at the coarse nodes of b, for each step s <= t that sees the group.
#[derive(Clone, Debug)]
pub(super) struct NeuronSums {
    /// gamma^(t,s): steps x coarse.
    pub gamma: Array2<f64>,
    /// Covariance of u^(t) and u^(s): steps x coarse.
    pub covariance: Array2<f64>,
}

impl GroupSums {
    pub fn new(p: usize, r: usize, steps: usize, types: usize, network: usize) -> Self {
        let table = || Array2::zeros((steps, types));
        let neurons = NeuronSums { gamma: table(), covariance: table() };
        Self {
            along: Array2::zeros((r, p)),
            network: vec![Array2::zeros((r, r)); network],
            neurons: vec![neurons; 1 + p * p],
        }
    }

    /// Adds `share` times other sums, whose first responses of network and neurons are those to the
    /// steps `first`.
    pub fn add(&mut self, share: f64, other: &Self, first: [usize; 2]) {
        self.along.scaled_add(share, &other.along);
        let network = self.network.iter_mut().skip(first[0]);
        network.zip(&other.network).for_each(|(to, from)| to.scaled_add(share, from));
        for (to, from) in self.neurons.iter_mut().zip(&other.neurons) {
            let tables = [(&mut to.gamma, &from.gamma), (&mut to.covariance, &from.covariance)];
            for (to, from) in tables {
                let rows = to.rows_mut().into_iter().skip(first[1]);
                rows.zip(from.rows()).for_each(|(mut to, from)| to.scaled_add(share, &from));
            }
        }
    }

    /// Adds a sample that has just been taken through the step.
    fn add_sample(&mut self, sample: &Sample, pi: &[f64]) {
        let p = self.along.ncols();
        for (mut row, pi) in self.along.rows_mut().into_iter().zip(pi) {
            row.iter_mut().zip(&sample.z).for_each(|(to, z)| *to += sample.weight * pi * z);
        }
        let history = &sample.history;
        let t = history.residual.len() - 1;
        let residual = history.residual[t];
        for (q, neurons) in self.neurons.iter_mut().enumerate() {
            let pair = q.wrapping_sub(1);
            let factor = if q == 0 { 1.0 } else { sample.z[pair / p] * sample.z[pair % p] };
            let weight = sample.weight * factor * residual;
            for (c, at) in history.sums[t].iter().enumerate() {
                for s in 0..=t {
                    neurons.gamma[[s, c]] += weight * at.slope_by_mean[s];
                    neurons.covariance[[s, c]] += weight * history.residual[s] * at.covariances[s];
                }
            }
        }
    }
}

/// Takes every sample through one step. `along` and `network` are the coordinates of the right vectors
/// along the teacher and the responses to earlier kicks; the derivatives are by kappa in the steps from
/// `first` on that see the group.
pub(super) fn advance(
    samples: &mut [Sample],
    stage: &Stage,
    local_nodes: &[LocalNodes],
    along: &Array2<f64>,
    network: &[Array2<f64>],
    first: usize,
) -> GroupSums {
    let (types, r) = stage.left.dim();
    let steps = stage.network.len();
    let empty = || GroupSums::new(along.ncols(), r, steps, types, steps - first);
    let chunk = |samples: &mut [Sample]| {
        let (mut sums, mut paths) = (empty(), Paths::default());
        for sample in samples {
            let kappa = sample.kappa(along, network);
            let nodes = &local_nodes[sample.set % local_nodes.len()];
            let pi = stage.advance(sample, &kappa, nodes, &mut paths);
            sums.add_sample(sample, &pi);
            for (to, tangent) in sums.network.iter_mut().zip(stage.tangents(sample, first)) {
                to.scaled_add(sample.weight, &tangent);
            }
            sample.pi.push(pi);
        }
        sums
    };
    let parts: Vec<GroupSums> = samples.par_chunks_mut(CHUNK).map(chunk).collect();
    let mut total = empty();
    parts.iter().for_each(|part| total.add(1.0, part, [0, 0]));
    total
}
