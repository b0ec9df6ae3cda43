//! Averages over the local Gaussians of a neuron, for one sample and one type b.
//!
//! Equations: docs/theory.md, (14.5) to (14.7); derivatives by Stein's lemma, (14.15) and (14.16),
//! where the activation has kinks.

use super::neuron::{Local, LocalNodes, LocalSums, dot};
use super::paths::{curvature, derivatives};
use crate::theory::dynamics::activation_constants::ActivationConstants;

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
