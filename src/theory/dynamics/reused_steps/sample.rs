//! One sample on its way through the steps.
//!
//! Equations: docs/theory.md, (14.4) to (14.8).

use ndarray::{Array1, Array2};

use super::neuron::{Local, LocalNodes, LocalSums, Paths};
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
    /// step, with local nodes `nodes` and room for `paths`. Gives pi.
    pub fn advance(
        &self,
        sample: &mut Sample,
        kappa: &[f64],
        nodes: &LocalNodes,
        paths: &mut Paths,
    ) -> Vec<f64> {
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
            let found = local.sums(nodes, &past, mean, &history.residual, self.activation, paths);
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
    /// has seen the sample, along its whole history (14.14) to (14.18), backwards in time.
    pub fn tangents(&self, sample: &Sample, first: usize) -> Vec<Array2<f64>> {
        let history = &sample.history;
        let t = history.residual.len() - 1;
        let (types, r) = self.left.dim();
        let count = t + 1 - first;
        // derivatives of the last pi, the columns, by what each step from `first` on has
        let mut by_pi = vec![Array2::<f64>::zeros((r, r)); count];
        let mut by_slope = vec![Array2::<f64>::zeros((types, r)); count];
        let mut by_mean = by_slope.clone();
        let mut by_residual = vec![Array1::<f64>::zeros(r); count];
        let mut by_kappa = by_pi.clone();
        by_pi[count - 1] = Array2::eye(r);
        let weights = &self.law.right_weights;
        for now in (0..count).rev() {
            let step = first + now;
            let sums = &history.sums[step];
            // pi is r times a mean of S
            let slopes: Array1<f64> = sums.iter().map(|at| at.slope).collect();
            by_slope[now].scaled_add(history.residual[step], &weights.t().dot(&by_pi[now]));
            by_residual[now] += &weights.dot(&slopes).dot(&by_pi[now]);
            let (past_slopes, slopes) = by_slope.split_at_mut(now);
            let (past_means, means) = by_mean.split_at_mut(now);
            let (past_residuals, residuals) = by_residual.split_at_mut(now);
            for (c, at) in sums.iter().enumerate() {
                // S and r are functions of means and residuals
                let weight = self.law.output_weights[c];
                let slope = slopes[0].row(c);
                let output = residuals[0].mapv(|d| -weight * d);
                let mut mean = means[0].row_mut(c);
                mean.scaled_add(at.slope, &output);
                mean.scaled_add(at.slope_by_mean[step], &slope);
                for i in 0..now {
                    let s = first + i;
                    let (trace, past) = (self.local[c].trace[step][s], &history.sums[s][c]);
                    let mut past_mean = past_means[i].row_mut(c);
                    past_mean.scaled_add(at.value_by_mean[s], &output);
                    past_mean.scaled_add(at.slope_by_mean[s], &slope);
                    let past_residual = &mut past_residuals[i];
                    past_residual.scaled_add(at.value_by_residual[s], &output);
                    past_residual.scaled_add(at.slope_by_residual[s], &slope);
                    // the mean has the sample's own traces
                    past_residual.scaled_add(-trace * past.slope, &mean);
                    let mut past_slope = past_slopes[i].row_mut(c);
                    past_slope.scaled_add(-trace * history.residual[s], &mean);
                }
            }
            // derivatives of all components in one matrix, by components of kappa in rows
            let kappa = self.left.t().dot(&by_mean[now]);
            for (by_pi, network) in by_pi[..now].iter_mut().zip(&self.network[step][first..]) {
                by_pi.scaled_add(self.phi, &network.t().dot(&kappa));
            }
            by_kappa[now] = kappa.reversed_axes();
        }
        by_kappa
    }
}
