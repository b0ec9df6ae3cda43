//! Averages for fresh samples of the second batch: given s the preactivation is Gaussian, one one-dimensional
//! integral each.
//!
//! Equations: docs/theory.md, (4.4), (6.1).

use super::activation::{Sigma, gaussian_rule};
use super::moments::{Accumulator, ECHO, FirstStep, LINEAR, Table};
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
            // and E[t tau xi | u] = t^2 tau^2 (u - centre) / v^2
            let along = if deviation > 0.0 { sums[LINEAR] / deviation } else { 0.0 };
            sums[LINEAR] = slope * along;
            sums[ECHO] = (t * tau).powi(2) * along;
            for (table, sum) in table.iter_mut().zip(sums) {
                table[[0, i]] = sum;
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::activation::{Activation, Relu, Sine};
    use crate::quadrature::{normal_density, normal_distribution};
    use crate::theory::prediction::moments::{CROSS, MEAN, SQUARE, VALUE};

    const S: [f64; 3] = [-1.3, 0.2, 2.1];

    /// The table of `function` at `S`, less `exact(activation, slope, centre, deviation)`.
    fn check(
        function: Arc<dyn Activation>,
        step: FirstStep,
        t: f64,
        exact: impl Fn(&Sigma, f64, f64, f64) -> [f64; 6],
    ) {
        let activation = Sigma::new(&function, 200).unwrap();
        let nodes = Nodes::default();
        let table = Kernel { activation: &activation, step, nodes: &nodes }.table(t, &S);
        for (i, s) in S.iter().enumerate() {
            let slope = 1.0 + t * step.rho_1;
            let deviation = (slope * slope + t * t * step.tau * step.tau).sqrt();
            let exact = exact(&activation, slope, t * step.c_1 * s, deviation);
            for k in [VALUE, MEAN, LINEAR, SQUARE, CROSS, ECHO] {
                let (found, exact) = (table[k][[0, i]], exact[k]);
                assert!((found - exact).abs() < 1e-9, "t {t} s {s} moment {k}: {found} {exact}");
            }
        }
    }

    /// E exp(i u) = exp(i m - v^2 / 2) for u of law N(m, v^2); E[z sigma'(u)] = slope E sigma''(u).
    #[test]
    fn sine_in_closed_form() {
        let (amplitude, phase) = (1.3f64, 0.7);
        let step = FirstStep { unit: 0.0, phi: 0.4, c_1: 0.8, rho_1: 0.3, tau: 0.6 };
        for t in [-0.9, 0.0, 0.8] {
            check(Sine { amplitude, phase }.shared(), step, t, |sigma, slope, m, v| {
                let shrunk = amplitude * (-0.5 * v * v).exp();
                [
                    shrunk * (m + phase).sin() - sigma.mean,
                    shrunk * (m + phase).cos(),
                    -slope * shrunk * (m + phase).sin(),
                    0.5 * amplitude.powi(2)
                        * (1.0 + (-2.0 * v * v).exp() * (2.0 * (m + phase)).cos()),
                    0.0,
                    -(t * step.tau).powi(2) * shrunk * (m + phase).sin(),
                ]
            });
        }
    }

    #[test]
    fn relu_in_closed_form() {
        let step = FirstStep { unit: 0.0, phi: 0.4, c_1: 0.5, rho_1: 0.3, tau: 0.6 };
        for t in [-0.9, 0.0, 0.8] {
            check(Relu.shared(), step, t, |sigma, slope, m, v| {
                let (above, density) = (normal_distribution(m / v), normal_density(m / v));
                let value = m * above + v * density - sigma.mean;
                [
                    value,
                    above,
                    slope / v * density,
                    above,
                    0.0,
                    (t * step.tau).powi(2) / v * density,
                ]
            });
        }
    }

    /// 1 + t rho_1 = 0 and tau = 0: the preactivation no longer depends on z.
    #[test]
    fn no_deviation() {
        let step = FirstStep { unit: 0.0, phi: 0.4, c_1: 0.5, rho_1: 0.5, tau: 0.0 };
        check(Relu.shared(), step, -2.0, |sigma, _, m, _| {
            let above = if m > 0.0 { 1.0 } else { 0.0 };
            [m.max(0.0) - sigma.mean, above, 0.0, above, 0.0, 0.0]
        });
    }
}
