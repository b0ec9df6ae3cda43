//! Averages for fresh samples of the second batch: given s the preactivation is Gaussian, one one-dimensional
//! integral each.
//!
//! Equations: docs/theory.md, (4.4), (6.1).

use super::activation::{Sigma, gaussian_rule};
use super::moments::{Accumulator, FirstStep, LINEAR, Table};
use super::setting::Nodes;
use crate::quadrature::{Rule, SplitGaussian};
use ndarray::Array2;

/// u = z + t (c_1 s + rho_1 z + tau xi) is N(t c_1 s, v^2) given s, v^2 = (1 + t rho_1)^2 + t^2
/// tau^2.
pub(crate) struct Kernel<'a> {
    pub activation: &'a Sigma<'a>,
    pub step: FirstStep,
    pub nodes: &'a Nodes,
}

impl Kernel<'_> {
    /// The averages at every s, for t = eta_1 b / sqrt N; one row, as they do not depend on y.
    pub fn table(&self, t: f64, s: &[f64]) -> Table {
        let FirstStep { c_1, rho_1, tau, .. } = self.step;
        let slope = 1.0 + t * rho_1;
        let deviation = slope.hypot(t * tau);
        let kinks = &self.activation.kinks;
        let plain = gaussian_rule(self.nodes.family, self.nodes.preactivation, &[]);
        let split = SplitGaussian::new(self.nodes.preactivation);
        let mut table: Table = std::array::from_fn(|_| Array2::zeros((1, s.len())));
        let mut accumulator = Accumulator::new(self.activation);
        let mut u = Vec::new();
        for (i, &s) in s.iter().enumerate() {
            let centre = t * c_1 * s;
            let own: Rule;
            let rule = if kinks.is_empty() || deviation == 0.0 {
                &plain
            } else {
                own = split.rule(
                    &kinks.iter().map(|kink| (kink - centre) / deviation).collect::<Vec<_>>(),
                );
                &own
            };
            u.clear();
            u.extend(rule.nodes.iter().map(|g| centre + deviation * g));
            let mut sums = accumulator.sums(rule, &u, &[]);
            // E[z | u] = slope (u - centre) / v^2
            sums[LINEAR] *= if deviation > 0.0 { slope / deviation } else { 0.0 };
            for (table, sum) in table.iter_mut().zip(sums) {
                table[[0, i]] = sum;
            }
        }
        table
    }
}
