//! For tests: sigma = c_1 He_1 + c He_2, whose averages over (z, xi) are polynomials of y and s.

use super::nodes::Nodes;
use super::sample_groups::{SampleGroup, sample_groups};
use super::second_layer::SecondLayerQuadrature;
use super::setup::{FirstStepConstants, Setup};
use crate::activation::{Activation, HermiteSeries};
use crate::data::Target;
use crate::network::SecondLayerLaw;
use crate::theory::problem::Problem;
use crate::training::BatchPolicy;

pub(crate) const C_1: f64 = 0.8;
pub(crate) const C: f64 = 0.3;

/// Eight labels, which are the nodes of the tables in y, and a second layer of four values.
pub(crate) fn problem() -> Problem {
    let link = |z: &[f64]| z[0].signum() + 0.5 * z[1].signum() + 0.3;
    Problem {
        activation: HermiteSeries::new([0.0, C_1, C]).shared(),
        target: Target::multi_index("signs", 2, link).noise(0.2),
        width: 100,
        dimension: 50,
        samples: 150,
        step_sizes: vec![3.0, 2.0],
        batches: BatchPolicy::PartlyReused { fraction: 0.4 },
        second_layer: SecondLayerLaw::Fixed(
            [-2.0, -1.0, 1.0, 1.5].into_iter().cycle().take(100).collect::<Vec<f64>>().into(),
        ),
    }
}

/// A problem with its quadrature over the second layer.
pub(crate) struct Reduced<'a> {
    pub setup: Setup<'a>,
    pub law: SecondLayerQuadrature,
}

impl<'a> Reduced<'a> {
    pub fn new(problem: &'a Problem, nodes: Nodes) -> Self {
        let setup = Setup::new(problem, nodes).unwrap();
        let law = SecondLayerQuadrature::new(&problem.second_layer, problem.width, 8, 8, 10);
        Self { setup, law: law.unwrap() }
    }

    pub fn groups(&self) -> Vec<SampleGroup> {
        sample_groups(&self.setup, &self.law).unwrap()
    }

    /// Averages at one b for u = a + v z + t tau xi: by (4.4) for independent samples, (4.5)
    /// for reused ones.
    pub fn averages(&self, b: f64, y: f64, s: f64, reused: bool) -> ExactAverages {
        let FirstStepConstants { unit, phi, rho_1, tau, .. } = self.setup.step;
        let t = unit * b;
        let (mut a, mut v) = (t * C_1 * s, 1.0 + t * rho_1);
        if reused {
            // phi y sigma'(z)
            a += t * phi * y * C_1;
            v += t * phi * y * 2.0 * C;
        }
        let spread = v * v + t * t * tau * tau;
        ExactAverages {
            value: C_1 * a + C * (a * a + spread - 1.0),
            slope: C_1 + 2.0 * C * a,
            linear: 2.0 * C * v,
            variance: 4.0 * C * C * spread,
            covariance: if reused { 4.0 * C * C * v } else { 0.0 },
        }
    }

    /// E over the second layer of b^power times f(averages, b).
    pub fn mean(&self, power: i32, f: impl Fn(f64) -> f64) -> f64 {
        self.law.fine.integrate(|b| b.powi(power) * f(b))
    }

    /// r = y - E_b[b <sigma(u)>].
    pub fn residual(&self, y: f64, s: f64, reused: bool) -> f64 {
        y - self.mean(1, |b| self.averages(b, y, s, reused).value)
    }
}

/// <sigma(u)>, <sigma'(u)>, <z sigma'(u)>, Var sigma'(u) and Cov(sigma'(z), sigma'(u)).
pub(crate) struct ExactAverages {
    pub value: f64,
    pub slope: f64,
    pub linear: f64,
    pub variance: f64,
    pub covariance: f64,
}
