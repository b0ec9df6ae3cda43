//! Averages for samples that the first step has not seen: given s the preactivation is Gaussian, so each
//! average is one one-dimensional integral.
//!
//! Equations: docs/theory.md, (4.4), (6.1).

use super::table::{Accumulator, Averages};
use crate::quadrature::{Rule, SplitGaussian};
use crate::theory::dynamics::activation_constants::ActivationConstants;
use crate::theory::dynamics::nodes::{Nodes, gaussian_rule};
use crate::theory::dynamics::setup::FirstStepConstants;
use ndarray::Array2;
use rayon::prelude::*;

/// The averages at every s, for each of `t` = eta_1 b / sqrt N: tables of one row, as they do not
/// depend on y.
///
/// u = z + t (c_1 s + rho_1 z + tau xi) is N(t c_1 s, v^2) given s, v^2 = (1 + t rho_1)^2 + t^2
/// tau^2.
pub(super) fn independent_tables(
    activation: &ActivationConstants,
    step: FirstStepConstants,
    nodes: &Nodes,
    t: &[f64],
    s: &[f64],
) -> Vec<Array2<Averages>> {
    let FirstStepConstants { c_1, rho_1, tau, .. } = step;
    let gaussian = GaussianAverages::new(activation, nodes.preactivation);
    let table = |&t: &f64| {
        let slope = 1.0 + t * rho_1;
        let deviation = slope.hypot(t * tau);
        let mut accumulator = Accumulator::new(activation);
        let mut at_s = |s: f64| {
            let sums = gaussian.at(t * c_1 * s, deviation, &mut accumulator);
            // E[z | u] = slope (u - centre) / v^2, E[t tau xi | u] = t^2 tau^2 (u - centre) / v^2
            let along = if deviation > 0.0 { sums.z_dsigma / deviation } else { 0.0 };
            Averages { z_dsigma: slope * along, echo: (t * tau).powi(2) * along, ..sums }
        };
        Array2::from_shape_fn((1, s.len()), |(_, i)| at_s(s[i]))
    };
    t.par_iter().map(table).collect()
}

/// The rules for averages over a Gaussian preactivation of any mean and deviation.
pub(crate) struct GaussianAverages<'a> {
    kinks: &'a [f64],
    plain: Rule,
    split: SplitGaussian,
}

impl<'a> GaussianAverages<'a> {
    /// Rules of about `nodes` nodes, to be split at the kinks of the activation.
    pub fn new(activation: &'a ActivationConstants, nodes: usize) -> Self {
        let split = SplitGaussian::new(nodes);
        Self { kinks: &activation.kinks, plain: gaussian_rule(nodes, &[]), split }
    }

    /// The averages over u = centre + deviation z, z of law N(0, 1); `cross` and `echo` are 0.
    pub fn at(&self, centre: f64, deviation: f64, accumulator: &mut Accumulator) -> Averages {
        let rule = if self.kinks.is_empty() || deviation == 0.0 {
            &self.plain
        } else {
            let breaks: Vec<f64> =
                self.kinks.iter().map(|kink| (kink - centre) / deviation).collect();
            &self.split.rule(&breaks)
        };
        let u: Vec<f64> = rule.nodes.iter().map(|z| centre + deviation * z).collect();
        accumulator.sums(rule, &u, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::activation::{Activation, Relu, Sine};
    use crate::quadrature::{normal_density, normal_distribution};

    const S: [f64; 3] = [-1.3, 0.2, 2.1];

    /// The table of `function` at `S`, less `exact(activation, slope, centre, deviation)`.
    fn check(
        function: Arc<dyn Activation>,
        step: FirstStepConstants,
        t: f64,
        exact: impl Fn(&ActivationConstants, f64, f64, f64) -> [f64; 6],
    ) {
        let activation = ActivationConstants::new(&function, 200).unwrap();
        let table = &independent_tables(&activation, step, &Nodes::new(1.0), &[t], &S)[0];
        for (i, s) in S.iter().enumerate() {
            let slope = 1.0 + t * step.rho_1;
            let deviation = (slope * slope + t * t * step.tau * step.tau).sqrt();
            let exact = exact(&activation, slope, t * step.c_1 * s, deviation);
            for (k, (found, exact)) in table[[0, i]].to_array().into_iter().zip(exact).enumerate() {
                assert!((found - exact).abs() < 1e-9, "t {t} s {s} moment {k}: {found} {exact}");
            }
        }
    }

    /// E exp(i u) = exp(i m - v^2 / 2) for u of law N(m, v^2); E[z sigma'(u)] = slope E sigma''(u).
    #[test]
    fn sine_in_closed_form() {
        let (amplitude, phase) = (1.3f64, 0.7);
        let step = FirstStepConstants { unit: 0.0, phi: 0.4, c_1: 0.8, rho_1: 0.3, tau: 0.6 };
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
        let step = FirstStepConstants { unit: 0.0, phi: 0.4, c_1: 0.5, rho_1: 0.3, tau: 0.6 };
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
        let step = FirstStepConstants { unit: 0.0, phi: 0.4, c_1: 0.5, rho_1: 0.5, tau: 0.0 };
        check(Relu.shared(), step, -2.0, |sigma, _, m, _| {
            let above = if m > 0.0 { 1.0 } else { 0.0 };
            [m.max(0.0) - sigma.mean, above, 0.0, above, 0.0, 0.0]
        });
    }
}
