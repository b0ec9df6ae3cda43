//! One sample on its way through the steps.
//!
//! Equations: docs/theory.md, (14.4) to (14.8).

use ndarray::Array2;

use super::neuron::{Local, LocalNodes, LocalSums};
use crate::theory::dynamics::activation_constants::ActivationConstants;
use crate::theory::dynamics::labels::MAX_DIRECTIONS;
use crate::theory::dynamics::second_layer::SecondLayerQuadrature;

/// A node of the law of a sample, with what it has met so far.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub weight: f64,
    /// z*, padded with zeros.
    pub z: [f64; MAX_DIRECTIONS],
    pub y: f64,
    /// Coordinates orthogonal to the teacher.
    pub across: Vec<f64>,
    /// Which set of local nodes it takes.
    pub set: usize,
    /// For each step so far, its inner products with the kicks of the right vectors, the sample's own
    /// trace included where it leaves one: R numbers.
    pub fields: Vec<Vec<f64>>,
    /// pi^(s) of each step so far: R numbers.
    pub pi: Vec<Vec<f64>>,
    /// What the sample remembers of the steps that have seen it.
    pub history: History,
}

impl Sample {
    pub fn new(
        weight: f64,
        z: [f64; MAX_DIRECTIONS],
        y: f64,
        across: Vec<f64>,
        set: usize,
    ) -> Self {
        let history = History::default();
        Self { weight, z, y, across, set, fields: Vec::new(), pi: Vec::new(), history }
    }

    /// kappa^(t), its inner products with the right vectors before this step, from their coordinates
    /// along the teacher and the response `network[s]` to each earlier kick (14.4).
    pub fn kappa(&self, along: &Array2<f64>, network: &[Array2<f64>]) -> Vec<f64> {
        let mut kappa: Vec<f64> = along
            .rows()
            .into_iter()
            .map(|row| row.iter().zip(&self.z).map(|(v, z)| v * z).sum())
            .collect();
        for (response, field) in network.iter().zip(&self.fields) {
            for (kappa, row) in kappa.iter_mut().zip(response.rows()) {
                *kappa += row.iter().zip(field).map(|(x, f)| x * f).sum::<f64>();
            }
        }
        kappa
    }
}

/// The steps that have seen a sample.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// r of each of them.
    pub residual: Vec<f64>,
    /// For each of them and each coarse b: the part of the preactivation that is the same for all
    /// neurons of the type.
    pub mean: Vec<Vec<f64>>,
    /// For each of them and each coarse b: averages over the local Gaussians.
    pub sums: Vec<Vec<LocalSums>>,
}

/// What is the same for all samples of a group in one step.
pub(super) struct Stage<'a> {
    pub activation: &'a ActivationConstants,
    pub law: &'a SecondLayerQuadrature,
    pub phi: f64,
    /// q_k(b) b / sqrt N: coarse x R.
    pub left: &'a Array2<f64>,
    /// For each coarse b.
    pub local: Vec<Local>,
    /// Xi^(t,s) between the steps that see the group.
    pub network: Vec<Vec<Array2<f64>>>,
}

impl Stage<'_> {
    /// Takes the sample, whose inner products with the right vectors are `kappa`, through one more
    /// step, with local nodes `nodes`. Gives pi.
    pub fn advance(&self, sample: &mut Sample, kappa: &[f64], nodes: &LocalNodes) -> Vec<f64> {
        let history = &mut sample.history;
        let t = history.residual.len();
        let (mut means, mut sums) = (Vec::new(), Vec::new());
        let mut output = 0.0;
        for (c, local) in self.local.iter().enumerate() {
            let mut mean: f64 = self.left.row(c).iter().zip(kappa).map(|(q, k)| q * k).sum();
            for (s, trace) in local.trace[t].iter().enumerate() {
                mean -= trace * history.residual[s] * history.sums[s][c].slope;
            }
            let past: Vec<f64> = history.mean.iter().map(|means| means[c]).collect();
            let found = local.sums(nodes, &past, mean, &history.residual, self.activation);
            output += self.law.output_weights[c] * found.value;
            means.push(mean);
            sums.push(found);
        }
        let residual = sample.y - output;
        let pi =
            self.law.right_weights.rows().into_iter().map(|row| {
                residual * row.iter().zip(&sums).map(|(w, at)| w * at.slope).sum::<f64>()
            });
        let pi = pi.collect();
        history.residual.push(residual);
        history.mean.push(means);
        history.sums.push(sums);
        pi
    }

    /// Gamma^(t,s): the derivatives of pi in the last step by kappa in each step from `first` on that
    /// has seen the sample, along its whole history (14.14) to (14.18).
    pub fn tangents(&self, sample: &Sample, first: usize) -> Vec<Array2<f64>> {
        let t = sample.history.residual.len() - 1;
        (first..=t).map(|s| self.tangent(sample, s, t)).collect()
    }

    fn tangent(&self, sample: &Sample, start: usize, t: usize) -> Array2<f64> {
        let history = &sample.history;
        let (types, r) = self.left.dim();
        // for each step from `start` on; columns are the components of kappa that are moved
        let mut d_pi: Vec<Array2<f64>> = Vec::new();
        let mut d_residual: Vec<Vec<f64>> = Vec::new();
        let mut d_mean: Vec<Array2<f64>> = Vec::new();
        let mut d_slope: Vec<Array2<f64>> = Vec::new();
        for step in start..=t {
            let mut d_kappa = if step == start { Array2::eye(r) } else { Array2::zeros((r, r)) };
            for (i, d_pi) in d_pi.iter().enumerate() {
                d_kappa.scaled_add(self.phi, &self.network[step][start + i].dot(d_pi));
            }
            let mut mean = self.left.dot(&d_kappa);
            let mut slope = Array2::zeros((types, r));
            let mut residual = vec![0.0; r];
            for c in 0..types {
                let trace = &self.local[c].trace[step];
                let at = &history.sums[step][c];
                let (mut mean, mut slope) = (mean.row_mut(c), slope.row_mut(c));
                for i in 0..step - start {
                    let s = start + i;
                    let (share, past) = (trace[s], &history.sums[s][c]);
                    for k in 0..r {
                        mean[k] -= share
                            * (d_residual[i][k] * past.slope
                                + history.residual[s] * d_slope[i][[c, k]]);
                    }
                }
                let weight = self.law.output_weights[c];
                let mut add = |by_slope: f64, by_value: f64, k: usize, d: f64| {
                    slope[k] += by_slope * d;
                    residual[k] -= weight * by_value * d;
                };
                for k in 0..r {
                    for i in 0..step - start {
                        let s = start + i;
                        add(at.slope_by_mean[s], at.value_by_mean[s], k, d_mean[i][[c, k]]);
                        add(at.slope_by_residual[s], at.value_by_residual[s], k, d_residual[i][k]);
                    }
                    add(at.slope_by_mean[step], at.slope, k, mean[k]);
                }
            }
            let mut pi = self.law.right_weights.dot(&slope) * history.residual[step];
            for (mut row, weights) in pi.rows_mut().into_iter().zip(self.law.right_weights.rows()) {
                let sums = weights.iter().zip(&history.sums[step]);
                let at: f64 = sums.map(|(w, at)| w * at.slope).sum();
                row.iter_mut().zip(&residual).for_each(|(x, d)| *x += at * d);
            }
            d_pi.push(pi);
            d_residual.push(residual);
            d_mean.push(mean);
            d_slope.push(slope);
        }
        d_pi.pop().unwrap_or_default()
    }
}
