//! Row variances of the bulk with isotropic noise (docs/theory.md, sections 5 and 7).
//!
//! Equations: docs/theory.md, (5.13) to (5.15) and (7.2) to (7.4), several directions (8.6).

use ndarray::{Array1, Array2};

use super::activation::Sigma;
use super::label::Labels;
use super::law::Law;
use super::moments::FirstStep;
use super::setting::Setting;
use super::spikes::NoiseFunctions;

/// Row variances of the bulk as functions of b.
pub(crate) struct RowVariance<'a> {
    pub setting: &'a Setting,
    pub activation: &'a Sigma<'a>,
    pub labels: &'a Labels,
    pub law: &'a Law,
    pub step: FirstStep,
}

impl RowVariance<'_> {
    /// Values at the fine nodes of b of a function known at the coarse ones.
    fn fine(&self, values: &[f64]) -> Array1<f64> {
        self.law.to_fine.dot(&Array1::from_iter(values.iter().copied()))
    }

    /// D(b) at the fine nodes.
    pub fn isotropic(&self, noise: &NoiseFunctions) -> Vec<f64> {
        let parts = self.parts(noise, self.step.rho_1, self.step.tau.powi(2));
        parts.into_iter().map(|(linear, rest)| (1.0 + linear).powi(2) + rest.max(0.0)).collect()
    }

    /// D_*(b) at the fine nodes, a p x p matrix each: the expectations weighted by z*_i z*_j.
    pub fn along_targets(&self, noise: &[NoiseFunctions]) -> Vec<Array2<f64>> {
        let p = self.labels.directions;
        let variance = self.step.phi * self.activation.derivative_variance;
        let mut linear = vec![Array2::<f64>::eye(p); self.law.fine.len()];
        let mut rest = vec![Array2::<f64>::zeros((p, p)); self.law.fine.len()];
        for (kind, noise) in noise.iter().enumerate() {
            let at = [kind / p, kind % p];
            let rho = self.activation.curvature * self.labels.weighted[at];
            for (f, (l, r)) in self
                .parts(noise, rho, variance * self.labels.weighted_square[at])
                .into_iter()
                .enumerate()
            {
                linear[f][at] += l;
                rest[f][at] += r;
            }
        }
        linear.into_iter().zip(rest).map(|(linear, rest)| linear.t().dot(&linear) + rest).collect()
    }

    /// (b / sqrt N)(eta_1 rho_1 + eta_2 rho_2) and (b^2 / N)(eta_1^2 tau^2 + eta_2^2 tau_2^2 + 2
    /// eta_1 eta_2 kappa).
    fn parts(&self, noise: &NoiseFunctions, rho_1: f64, tau_squared: f64) -> Vec<(f64, f64)> {
        let [eta_1, eta_2] = self.setting.step_sizes;
        let root = (self.setting.width as f64).sqrt();
        let (rho_2, tau_2, kappa) =
            (self.fine(&noise.rho_2), self.fine(&noise.tau_2_squared), self.fine(&noise.kappa));
        let parts = self.law.fine.nodes.iter().enumerate().map(|(i, b)| {
            let unit = b / root;
            let rest = eta_1 * eta_1 * tau_squared
                + eta_2 * eta_2 * tau_2[i]
                + 2.0 * eta_1 * eta_2 * kappa[i];
            (unit * (eta_1 * rho_1 + eta_2 * rho_2[i]), unit * unit * rest)
        });
        parts.collect()
    }
}
