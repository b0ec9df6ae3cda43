//! Gaussian averages of sigma and sigma' over the preactivation, tabulated in (b, y, s).
//!
//! Per sample the preactivation before step two is u = z + t h with t = eta_1 b / sqrt N
//! (docs/theory.md, section 4). Everything the prediction needs, at level 1 and at level 2, is a
//! function of y and s = <beta_1, x> through six averages over (z, xi). They are smooth in all
//! three variables, so they are computed on a small tensor grid and interpolated.
//!
//! Equations: docs/theory.md, (4.4) to (4.10).

use super::activation::Sigma;
use super::error::{PredictionError, finite};
use super::groups::GroupInput;
use super::label::Labels;
use super::setting::Nodes;
use crate::quadrature::{Interpolation, Rule, chebyshev_points};
use ndarray::Array2;
use rayon::prelude::*;

/// E sigma(u).
pub(crate) const VALUE: usize = 0;
/// S = E sigma'(u).
pub(crate) const MEAN: usize = 1;
/// E[z sigma'(u)].
pub(crate) const LINEAR: usize = 2;
/// E[sigma'(u)^2].
pub(crate) const SQUARE: usize = 3;
/// E[sigma'(z) sigma'(u)]; filled for reused samples only.
pub(crate) const CROSS: usize = 4;
/// E[t tau xi sigma'(u)].
pub(crate) const ECHO: usize = 5;

/// The six averages on the (y, s) grid, for one b.
pub(crate) type Table = [Array2<f64>; 6];

/// Constants of h after step one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstStep {
    /// eta_1 / sqrt N.
    pub unit: f64,
    pub phi: f64,
    pub c_1: f64,
    pub rho_1: f64,
    pub tau: f64,
}

/// The tables for all coarse nodes of b, and how to interpolate in them.
pub(crate) struct Moments {
    label: Interpolation,
    label_scale: f64,
    pub s: Interpolation,
    /// One table (y grid x s grid) per coarse node of b.
    pub tables: Vec<Table>,
}

impl Moments {
    /// Fills the tables for the samples of the second batch that the first step has seen
    /// (`reused`), or has not.
    pub fn new(input: &GroupInput, reused: bool, nodes: &Nodes) -> Result<Self, PredictionError> {
        let &GroupInput { activation, labels, law, step, largest_s, .. } = input;
        // Rarely visited tails of an unbounded b need no resolution.
        let reach = step.unit * law.coarse.iter().fold(0f64, |a, b| a.max(b.abs())).min(4.5);
        // With kinks the averages are smoothed by xi alone, on a shorter scale.
        let factor = nodes.table_factor * if activation.kinks.is_empty() { 1.0 } else { 1.5 };
        let size = |base: f64, slope: f64| ((base + slope).min(110.0) * factor).ceil() as usize;
        let s_count = size(14.0, 2.5 * reach * step.c_1.abs() * largest_s);
        let s = Interpolation::new(chebyshev_points(s_count, -largest_s, largest_s));
        let label_scale = labels.second_moment.sqrt();
        let label_points = if reused {
            label_points(labels, label_scale, |range| size(8.0, 3.0 * range))
        } else {
            vec![0.0]
        };
        let label = Interpolation::new(label_points);
        let tables: Vec<Table> = if reused {
            let y: Vec<f64> = label.nodes().iter().map(|x| label_scale * x.sinh()).collect();
            let sizes = |range: f64| size(16.0, 3.0 * reach * range);
            let kernel = super::reused::Kernel::new(activation, step, nodes, s.nodes(), sizes);
            law.coarse.par_iter().map(|&b| kernel.table(step.unit * b, &y)).collect()
        } else {
            let kernel = super::independent::Kernel { activation, step, nodes };
            law.coarse.par_iter().map(|&b| kernel.table(step.unit * b, s.nodes())).collect()
        };
        for table in &tables {
            finite("an average of the activation after step one", table.iter().flatten())?;
        }
        Ok(Self { label, label_scale, s, tables })
    }

    /// Number of nodes in (y, s).
    pub fn grid(&self) -> (usize, usize) {
        (self.label.nodes().len(), self.s.nodes().len())
    }

    /// Lagrange basis at the label `y`.
    pub fn label_basis(&self, y: f64, basis: &mut [f64]) {
        self.label.basis((y / self.label_scale).asinh(), basis);
    }

    /// Sum over b of `weights` times one average: a table over (y, s).
    pub fn average(&self, moment: usize, weights: impl Iterator<Item = f64>) -> Array2<f64> {
        let mut total = Array2::zeros(self.grid());
        for (table, weight) in self.tables.iter().zip(weights) {
            total.scaled_add(weight, &table[moment]);
        }
        total
    }
}

/// Grid of asinh(y / scale): the labels themselves when few, Chebyshev points over their range
/// otherwise.
fn label_points(labels: &Labels, scale: f64, count: impl Fn(f64) -> usize) -> Vec<f64> {
    let mut values: Vec<f64> = labels
        .nodes
        .iter()
        .flat_map(|node| labels.noise.nodes.iter().map(move |e| ((node.link + e) / scale).asinh()))
        .collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| (*a - *b).abs() < 1e-12);
    let (low, high) = (values[0], values[values.len() - 1]);
    let count = count(high - low);
    if values.len() <= count.min(12) { values } else { chebyshev_points(count, low, high) }
}

/// Weighted sums of sigma and sigma' over points already shifted: adds `[value, mean, linear,
/// square, cross]` of one point set.
pub(crate) struct Accumulator<'a> {
    activation: &'a Sigma<'a>,
    values: Vec<f64>,
    derivatives: Vec<f64>,
}

impl<'a> Accumulator<'a> {
    pub fn new(activation: &'a Sigma<'a>) -> Self {
        Self { activation, values: Vec::new(), derivatives: Vec::new() }
    }

    /// The sums over `rule` (nodes z, weights w) with arguments `u` and `first[i]` =
    /// sigma'(z_i) (empty: no cross term).
    pub fn sums(&mut self, rule: &Rule, u: &[f64], first: &[f64]) -> [f64; 6] {
        self.values.resize(u.len(), 0.0);
        self.derivatives.resize(u.len(), 0.0);
        self.activation.evaluate(u, &mut self.values, &mut self.derivatives);
        let mut sums = [0.0; 6];
        for (i, (z, w)) in rule.iter().enumerate() {
            let d = w * self.derivatives[i];
            sums[VALUE] += w * self.values[i];
            sums[MEAN] += d;
            sums[LINEAR] += d * z;
            sums[SQUARE] += d * self.derivatives[i];
            if let Some(first) = first.get(i) {
                sums[CROSS] += d * first;
            }
        }
        sums
    }
}
