//! What a problem says before the number of right vectors is chosen: constants of the first step and
//! the nodes of a sample.

use super::activation_constants::ActivationConstants;
use super::labels::{LabelNode, Labels};
use super::nodes::{Nodes, gaussian_rule};
use crate::quadrature::Rule;
use crate::theory::error::PredictionError;
use crate::theory::problem::Problem;

/// Constants of h after step one (docs/theory.md, (4.2) to (4.6)).
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstStepConstants {
    /// eta_1 / sqrt N, so that t = unit b.
    pub unit: f64,
    /// phi = d / n.
    pub phi: f64,
    /// c_1 = E sigma'(z).
    pub c_1: f64,
    /// rho_1 = E sigma''(z) E y.
    pub rho_1: f64,
    /// tau, where tau^2 = phi E[y^2] Var sigma'(z).
    pub tau: f64,
}

/// A problem reduced to constants and nodes.
pub(crate) struct Setup<'a> {
    pub problem: &'a Problem,
    pub nodes: Nodes,
    pub activation: ActivationConstants,
    pub labels: Labels,
    pub step: FirstStepConstants,
    /// Nodes of the component of x along beta_1 outside the span of the teacher.
    pub orthogonal: Rule,
}

impl<'a> Setup<'a> {
    /// Reduces `problem`, with `nodes` raised as its step sizes need.
    pub fn new(problem: &'a Problem, nodes: Nodes) -> Result<Self, PredictionError> {
        let [eta_1, eta_2] = problem.step_sizes;
        let nodes = nodes.for_step(eta_1.max(eta_2));
        let activation = ActivationConstants::new(&problem.activation, 4 * nodes.preactivation)?;
        let labels = Labels::new(&problem.target, &nodes)?;
        let phi = problem.phi();
        let step = FirstStepConstants {
            unit: eta_1 / (problem.width as f64).sqrt(),
            phi,
            c_1: activation.c_1,
            rho_1: activation.curvature * labels.mean,
            tau: (phi * labels.second_moment * activation.derivative_variance).sqrt(),
        };
        let orthogonal = gaussian_rule(nodes.orthogonal, &[]);
        Ok(Self { problem, nodes, activation, labels, step, orthogonal })
    }

    /// sqrt(phi E y^2), the norm of the part of beta_1 outside the span of the teacher (4.6).
    pub fn spread(&self) -> f64 {
        (self.step.phi * self.labels.second_moment).sqrt()
    }

    /// s = <c*_1, z*> + sqrt(phi E y^2) zeta (4.6), (8.1).
    pub fn s(&self, node: &LabelNode, zeta: f64) -> f64 {
        self.labels.linear.iter().zip(&node.z).map(|(c, z)| c * z).sum::<f64>()
            + self.spread() * zeta
    }

    /// Largest |s| over the nodes of a sample that matter.
    pub fn largest_s(&self) -> f64 {
        let mut largest = 0f64;
        for node in &self.labels.nodes {
            for (zeta, w) in self.orthogonal.iter() {
                if node.weight * w > 1e-13 {
                    largest = largest.max(self.s(node, zeta).abs());
                }
            }
        }
        largest.max(1e-3)
    }
}
