//! Constants of the first step and nodes of a sample, for any number of right vectors.

use super::activation_constants::ActivationConstants;
use super::labels::{LabelNode, Labels};
use super::nodes::{Nodes, gaussian_rule};
use super::sample_law::{LabelGroup, SampleNode, SampleSource, sample_law};
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
    /// The law of a sample in (y, s).
    pub samples: Vec<LabelGroup>,
}

impl<'a> Setup<'a> {
    /// Reduces `problem`, with `nodes` raised as its step sizes need.
    pub fn new(problem: &'a Problem, nodes: Nodes) -> Result<Self, PredictionError> {
        let [eta_1, _] = problem.first_two();
        let nodes = nodes.for_step(problem.step_sizes.iter().copied().fold(0.0, f64::max));
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
        let source = SampleSource {
            labels: &labels,
            orthogonal: &orthogonal,
            spread: spread(phi, &labels),
            label_width: nodes.label_width,
        };
        let samples = sample_law(&source);
        Ok(Self { problem, nodes, activation, labels, step, orthogonal, samples })
    }

    /// sqrt(phi E y^2), the norm of the part of beta_1 outside the span of the teacher (4.6).
    pub fn spread(&self) -> f64 {
        spread(self.step.phi, &self.labels)
    }

    /// s = <c*_1, z*> + sqrt(phi E y^2) zeta (4.6), (8.1).
    pub fn s(&self, node: &LabelNode, zeta: f64) -> f64 {
        self.labels.s(&node.z, self.spread(), zeta)
    }

    /// E zeta at a node, zeta being the part of s across the teacher in units of its deviation.
    pub fn zeta(&self, node: &SampleNode) -> f64 {
        (node.s - self.labels.s(&node.z, 0.0, 0.0)) / self.spread()
    }

    /// Largest |s| over the nodes of a sample that matter.
    pub fn largest_s(&self) -> f64 {
        let at_node = |node: &LabelNode| {
            let matter = self.orthogonal.iter().filter(|(_, w)| node.weight * w > 1e-13);
            matter.map(|(zeta, _)| self.s(node, zeta).abs()).fold(0.0, f64::max)
        };
        self.labels.nodes.iter().map(at_node).fold(1e-3, f64::max)
    }
}

fn spread(phi: f64, labels: &Labels) -> f64 {
    (phi * labels.second_moment).sqrt()
}
