//! Averages over the local Gaussians of a neuron, for one sample and one type b.
//!
//! Equations: docs/theory.md, (14.5) to (14.7); derivatives by Stein's lemma, (14.15) and (14.16),
//! where the activation has kinks.

use ndarray::Array2;

use super::paths::{curvature, derivatives};
use crate::theory::dynamics::activation_constants::ActivationConstants;

/// Nodes for the Gaussians of one neuron.
#[derive(Clone, Debug)]
pub(super) struct LocalNodes {
    pub weights: Vec<f64>,
    /// Dimensions x nodes.
    pub epsilon: Array2<f64>,
}

/// The Gaussians lambda^(0), ..., lambda^(t) of one type, and the way back of its own traces.
pub(super) struct Local {
    /// Lower triangular: lambda from independent normal variables.
    pub factor: Vec<Vec<f64>>,
    /// Its inverse.
    pub inverse: Vec<Vec<f64>>,
    /// phi xi^(t,s), s < t.
    pub trace: Vec<Vec<f64>>,
}

/// Averages over the local Gaussians at the last step t, for fixed sample and type.
#[derive(Clone, Debug, Default)]
pub(super) struct LocalSums {
    /// E sigma(z).
    pub value: f64,
    /// S = E sigma'(z).
    pub slope: f64,
    /// Covariances of sigma'(z^(t)) and sigma'(z^(s)), s <= t.
    pub covariances: Vec<f64>,
    /// Derivatives of S by the means of the steps s <= t, and of E sigma(z), s < t.
    pub slope_by_mean: Vec<f64>,
    pub value_by_mean: Vec<f64>,
    /// Derivatives of S and of E sigma(z) by the residuals of the steps s < t, with fixed means.
    pub slope_by_residual: Vec<f64>,
    pub value_by_residual: Vec<f64>,
}

impl Local {
    /// The averages at the step after those with means `past` and residuals `residual`, at mean
    /// `mean`. `nodes` are those of the independent normal variables.
    pub fn sums(
        &self,
        nodes: &LocalNodes,
        past: &[f64],
        mean: f64,
        residual: &[f64],
        activation: &ActivationConstants,
    ) -> LocalSums {
        let (t, count) = (past.len(), nodes.weights.len());
        let epsilon = |j: usize| nodes.epsilon.row(j).to_slice().unwrap_or_default();
        let mut values = vec![0.0; count];
        let mut slopes: Vec<Vec<f64>> = Vec::with_capacity(t + 1);
        let mut curvatures: Vec<Vec<f64>> = Vec::new();
        let smooth = activation.kinks.is_empty();
        for (step, mean) in past.iter().chain([&mean]).enumerate() {
            let mut z = vec![*mean; count];
            for (j, factor) in self.factor[step].iter().enumerate() {
                z.iter_mut().zip(epsilon(j)).for_each(|(z, e)| *z += factor * e);
            }
            for (s, slopes) in slopes.iter().enumerate() {
                let trace = self.trace[step][s] * residual[s];
                z.iter_mut().zip(slopes).for_each(|(z, slope)| *z += trace * slope);
            }
            let mut slope = vec![0.0; count];
            activation.evaluate(&z, &mut values, &mut slope);
            if smooth {
                curvatures.push(curvature(&z, &slope, activation));
            }
            slopes.push(slope);
        }
        let weighted = |f: &[f64]| -> Vec<f64> {
            f.iter().zip(&nodes.weights).map(|(f, weight)| f * weight).collect()
        };
        let (last, values) = (weighted(&slopes[t]), weighted(&values));
        let (value, slope) = (sum(&values), sum(&last));
        let covariance = |other: &Vec<f64>| dot(&last, other) - slope * dot(&nodes.weights, other);
        let covariances = slopes.iter().map(covariance).collect();
        let mut sums = LocalSums { value, slope, covariances, ..LocalSums::default() };
        if smooth {
            let of_steps = (&slopes[..], &curvatures[..]);
            derivatives(self, &nodes.weights, residual, of_steps, &mut sums);
            return sums;
        }
        // Stein: the weight of a shift of lambda^(s) is a combination of the normal variables
        let by_mean = |f: &[f64]| -> Vec<f64> {
            let with: Vec<f64> = (0..=t).map(|j| dot(f, epsilon(j))).collect();
            (0..=t).map(|s| (s..=t).map(|j| self.inverse[j][s] * with[j]).sum()).collect()
        };
        let mut product = vec![0.0; count];
        let mut by_residual = |f: &[f64], s: usize| -> f64 {
            product.iter_mut().zip(f).zip(&slopes[s]).for_each(|((p, f), slope)| *p = f * slope);
            let mut total = 0.0;
            for j in s + 1..=t {
                let shift: f64 =
                    (s + 1..=j).map(|later| self.trace[later][s] * self.inverse[j][later]).sum();
                total += shift * dot(&product, epsilon(j));
            }
            total
        };
        sums.slope_by_residual = (0..t).map(|s| by_residual(&last, s)).collect();
        sums.value_by_residual = (0..t).map(|s| by_residual(&values, s)).collect();
        sums.slope_by_mean = by_mean(&last);
        sums.value_by_mean = by_mean(&values);
        sums.value_by_mean.pop();
        sums
    }
}

/// Sum in eight lanes, which the compiler turns into vector code.
fn sum(x: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let chunks = x.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += x);
    }
    lanes.iter().sum::<f64>() + rest
}

/// Sum of products, likewise.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (xs, ys) = (x.chunks_exact(8), y.chunks_exact(8));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in xs.zip(ys) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    lanes.iter().sum::<f64>() + rest
}
