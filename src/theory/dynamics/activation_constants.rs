//! The centred activation with its Gaussian constants (docs/theory.md, (1.7), (4.2), (4.3)).

use super::nodes::gaussian_rule;
use std::sync::Arc;

use crate::activation::Activation;
use crate::theory::error::{PredictionError, finite};

/// Distance of the two derivatives whose difference gives sigma''.
const DISTANCE: f64 = 1e-6;

/// The activation with its mean subtracted, and the constants of docs/theory.md, section 4.
pub(crate) struct ActivationConstants {
    function: Arc<dyn Activation>,
    /// Kinks, increasing, distinct, within reach of a Gaussian.
    pub kinks: Vec<f64>,
    /// E sigma(z).
    pub mean: f64,
    /// c_1 = E sigma'(z).
    pub c_1: f64,
    /// E sigma''(z) := E[z sigma'(z)], which has a meaning at kinks too.
    pub curvature: f64,
    /// Var sigma'(z).
    pub derivative_variance: f64,
}

impl ActivationConstants {
    /// Computes the constants with about `nodes` nodes.
    pub fn new(function: &Arc<dyn Activation>, nodes: usize) -> Result<Self, PredictionError> {
        let mut kinks: Vec<f64> = function.kinks().into_iter().filter(|x| x.abs() < 30.0).collect();
        kinks.sort_by(f64::total_cmp);
        kinks.dedup();
        let rule = gaussian_rule(nodes, &kinks);
        let mean = rule.integrate(|z| function.value(z));
        let c_1 = rule.integrate(|z| function.derivative(z));
        let curvature = rule.integrate(|z| z * function.derivative(z));
        let derivative_variance = rule.integrate(|z| (function.derivative(z) - c_1).powi(2));
        let constants = [mean, c_1, curvature, derivative_variance];
        finite("a Gaussian mean of the activation", &constants)?;
        Ok(Self { function: function.clone(), kinks, mean, c_1, curvature, derivative_variance })
    }

    /// Centred values and derivatives at every point of `points`.
    pub fn evaluate(&self, points: &[f64], values: &mut [f64], derivatives: &mut [f64]) {
        self.function.evaluate_f64(points, values, derivatives);
        values.iter_mut().for_each(|value| *value -= self.mean);
    }

    /// sigma'' at every point, where sigma' is `derivatives`: a quotient of differences, for activations
    /// without kinks. Moves the points; `values` is overwritten.
    pub fn curvature(
        &self,
        points: &mut [f64],
        derivatives: &[f64],
        values: &mut [f64],
        to: &mut [f64],
    ) {
        points.iter_mut().for_each(|x| *x += DISTANCE);
        self.function.evaluate_f64(points, values, to);
        let pairs = to.iter_mut().zip(derivatives);
        pairs.for_each(|(to, before)| *to = (*to - before) / DISTANCE);
    }

    /// sigma'(x).
    pub fn derivative(&self, x: f64) -> f64 {
        self.function.derivative(x)
    }
}
