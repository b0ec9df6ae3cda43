//! The activation as the prediction sees it, and its first Hermite constants.

use super::error::{PredictionError, finite};
use super::setting::NodeFamily;
use crate::activation::Activation;
use crate::quadrature::{Rule, SplitGaussian, gauss_hermite, gaussian_trapezoid};

/// The activation with its kinks sorted, its mean, and the Gaussian constants of docs/theory.md,
/// section 4.
pub(crate) struct Sigma<'a> {
    function: &'a dyn Activation,
    /// Kinks, increasing, distinct, within reach of a Gaussian.
    pub kinks: Vec<f64>,
    /// E sigma(z).
    pub mean: f64,
    /// c_1 = E sigma'(z).
    pub c_1: f64,
    /// E[z sigma'(z)] = E sigma''(z), in the sense of distributions at kinks.
    pub curvature: f64,
    /// Var sigma'(z).
    pub derivative_variance: f64,
}

impl<'a> Sigma<'a> {
    /// Computes the constants with about `nodes` nodes.
    pub fn new(function: &'a dyn Activation, nodes: usize) -> Result<Self, PredictionError> {
        let mut kinks: Vec<f64> = function.kinks().into_iter().filter(|x| x.abs() < 30.0).collect();
        kinks.sort_by(f64::total_cmp);
        kinks.dedup();
        let rule = gaussian_rule(NodeFamily::Trapezoid, nodes, &kinks);
        let mean = rule.integrate(|z| function.value(z));
        let c_1 = rule.integrate(|z| function.derivative(z));
        let curvature = rule.integrate(|z| z * function.derivative(z));
        let derivative_variance = rule.integrate(|z| (function.derivative(z) - c_1).powi(2));
        finite(
            "a Gaussian mean of the activation",
            [&mean, &c_1, &curvature, &derivative_variance],
        )?;
        Ok(Self { function, kinks, mean, c_1, curvature, derivative_variance })
    }

    /// Centred values and derivatives at every point of `points`.
    pub fn evaluate(&self, points: &[f64], values: &mut [f64], derivatives: &mut [f64]) {
        self.function.evaluate_f64(points, values, derivatives);
        values.iter_mut().for_each(|value| *value -= self.mean);
    }

    /// sigma'(x).
    pub fn derivative(&self, x: f64) -> f64 {
        self.function.derivative(x)
    }
}

/// A rule for N(0, 1) with about `nodes` nodes, split at `kinks` if there are any.
pub(crate) fn gaussian_rule(family: NodeFamily, nodes: usize, kinks: &[f64]) -> Rule {
    if !kinks.is_empty() {
        return SplitGaussian::new(nodes).rule(kinks);
    }
    match family {
        NodeFamily::Hermite => gauss_hermite(nodes).unwrap_or_else(|| gaussian_trapezoid(nodes)),
        NodeFamily::Trapezoid => gaussian_trapezoid(nodes),
    }
}
