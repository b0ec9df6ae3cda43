//! Gaussian averages of sigma and sigma' over the preactivation, tabulated in (b, y, s).
//!
//! Before step two the preactivation of a sample is u = z + t h with t = eta_1 b / sqrt N. Six
//! averages over (z, xi) are needed. They are smooth in b, the label y and s = <beta_1, x>, so they
//! are computed on a small tensor grid and interpolated.
//!
//! Equations: docs/theory.md, (4.4) to (4.10).

mod independent;
mod reused;
mod table;

pub(crate) use independent::GaussianAverages;
use independent::independent_tables;
use ndarray::Array2;
use rayon::prelude::*;
use reused::ReusedAverages;
pub(crate) use table::{Accumulator, Averages};

use super::labels::Labels;
use super::second_layer::SecondLayerQuadrature;
use super::setup::Setup;
use crate::quadrature::{Interpolation, chebyshev_points};
use crate::theory::error::{PredictionError, finite};

/// The averages for all coarse nodes of b, and how to interpolate in them.
pub(crate) struct AverageTables {
    label: Interpolation,
    label_scale: f64,
    pub s: Interpolation,
    /// One table (y grid x s grid) per coarse node of b.
    pub tables: Vec<Array2<Averages>>,
}

impl AverageTables {
    /// Fills the tables for the samples of the second batch that the first step has seen
    /// (`reused`), or has not.
    pub fn new(
        setup: &Setup,
        law: &SecondLayerQuadrature,
        reused: bool,
    ) -> Result<Self, PredictionError> {
        let Setup { activation, labels, step, nodes, .. } = setup;
        let largest_s = setup.largest_s();
        // Rarely visited tails of an unbounded b need no resolution.
        let reach = step.unit * law.coarse.iter().fold(0f64, |a, b| a.max(b.abs())).min(4.5);
        // With kinks the averages are smoothed by xi alone, on a shorter scale.
        let factor = nodes.table_factor * if activation.kinks.is_empty() { 1.0 } else { 1.5 };
        let size = |base: f64, slope: f64| ((base + slope).min(110.0) * factor).ceil() as usize;
        let s_count = size(14.0, 2.5 * reach * step.c_1.abs() * largest_s);
        let s = Interpolation::new(chebyshev_points(s_count, -largest_s, largest_s));
        let label_scale = labels.second_moment.sqrt();
        let t: Vec<f64> = law.coarse.iter().map(|&b| step.unit * b).collect();
        let (label, tables) = if reused {
            let points = label_points(labels, label_scale, |range| size(8.0, 3.0 * range));
            let label = Interpolation::new(points);
            let y: Vec<f64> = label.nodes().iter().map(|x| label_scale * x.sinh()).collect();
            let sizes = |range: f64| size(16.0, 3.0 * reach * range);
            let averages = ReusedAverages::new(activation, *step, nodes, s.nodes(), sizes);
            (label, t.par_iter().map(|&t| averages.table(t, &y)).collect())
        } else {
            let tables = independent_tables(activation, *step, nodes, &t, s.nodes());
            (Interpolation::new(vec![0.0]), tables)
        };
        for at in tables.iter().flatten() {
            finite("an average of the activation after step one", &at.to_array())?;
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

    /// Sum over b of `weights` times a function of the averages: a table over (y, s).
    pub fn sum(
        &self,
        weights: impl Iterator<Item = f64>,
        f: impl Fn(&Averages) -> f64,
    ) -> Array2<f64> {
        let mut total = Array2::zeros(self.grid());
        for (table, weight) in self.tables.iter().zip(weights) {
            total.zip_mut_with(table, |to, at| *to += weight * f(at));
        }
        total
    }

    /// S_0, ..., S_{R-1} (5.2) and the output F (4.10), each as a table over (y, s).
    pub fn fields(&self, law: &SecondLayerQuadrature) -> Vec<Array2<f64>> {
        let rows = law.right_weights.rows().into_iter();
        let mut fields: Vec<_> =
            rows.map(|row| self.sum(row.iter().copied(), |at| at.dsigma)).collect();
        fields.push(self.sum(law.output_weights.iter().copied(), |at| at.sigma));
        fields
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
