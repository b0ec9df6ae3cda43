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

    /// D(b) less the square of the stretching factor, with the echo of step one's noise (10.48).
    pub fn rest_with_echo(&self, noise: &NoiseFunctions) -> Vec<f64> {
        let parts = self.parts(noise, self.step.rho_1, self.step.tau.powi(2));
        parts.into_iter().zip(self.echo(noise)).map(|((_, rest), echo)| rest + echo).collect()
    }

    /// The echo over the variance of step one's noise, averaged with weight b^2 (10.49).
    pub fn echo_share(&self, noise: &NoiseFunctions) -> f64 {
        let first = (self.step.unit * self.step.tau).powi(2);
        let weights = &self.law.fine.weights;
        let echo: f64 = self.echo(noise).iter().zip(weights).map(|(echo, w)| echo * w).sum();
        if first > 0.0 { echo / first } else { 0.0 }
    }

    /// Twice the inner product of step one's noise with what step two returns of it.
    fn echo(&self, noise: &NoiseFunctions) -> Vec<f64> {
        let unit = 2.0 * self.setting.step_sizes[1] / (self.setting.width as f64).sqrt();
        let nodes = self.law.fine.nodes.iter();
        nodes.zip(self.fine(&noise.echo)).map(|(b, echo)| unit * b * echo).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, HermiteSeries};
    use crate::data::{MultiIndexLink, Target};
    use crate::network::SecondLayerLaw;
    use crate::theory::prediction::{GaussianTail, Nodes};
    use crate::training::BatchPolicy;

    /// sigma = He_1 + 0.25 He_2, y = z_0 z_1 + 0.5: everything by hand at b = 1 and b = -1.
    #[test]
    fn variances_by_hand() {
        let link = MultiIndexLink::new("two", 2, |z| z[0] * z[1] + 0.5);
        let setting = Setting {
            activation: HermiteSeries::new([0.0, 1.0, 0.25]).shared(),
            target: Target::multi_index(link),
            width: 100,
            dimension: 50,
            samples: 100,
            step_sizes: [2.0, 3.0],
            batches: BatchPolicy::Reused,
            second_layer: SecondLayerLaw::Rademacher,
        };
        let activation = Sigma::new(&setting.activation, 160).unwrap();
        let labels = Labels::new(&setting.target, &Nodes::default()).unwrap();
        let law = Law::new(&setting.second_layer, GaussianTail::Width, 100, 2, 2, 2).unwrap();
        let step = FirstStep { unit: 0.2, phi: 0.5, c_1: 1.0, rho_1: 0.25, tau: 0.4 };
        let variance = RowVariance {
            setting: &setting,
            activation: &activation,
            labels: &labels,
            law: &law,
            step,
        };
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
        let noise = |rho: f64, tau: f64, kappa: f64| NoiseFunctions {
            rho_2: vec![rho, 2.0 * rho],
            tau_2_squared: vec![tau, 2.0 * tau],
            kappa: vec![kappa, 2.0 * kappa],
            echo: vec![0.1, 0.2],
        };
        // b = +-1 over sqrt N = +-0.1
        let d = variance.isotropic(&noise(0.3, 0.6, 0.1));
        let rest = |twice: f64| 0.01 * (4.0 * 0.16 + twice * (9.0 * 0.6 + 2.0 * 6.0 * 0.1));
        close(d[0], (1.0f64 - 0.1 * (2.0 * 0.25 + 3.0 * 0.3)).powi(2) + rest(1.0));
        close(d[1], (1.0f64 + 0.1 * (2.0 * 0.25 + 3.0 * 0.6)).powi(2) + rest(2.0));
        // a negative rest counts as none
        let d = variance.isotropic(&noise(0.3, -0.6, -0.1));
        close(d[1], (1.0f64 + 0.1 * (2.0 * 0.25 + 3.0 * 0.6)).powi(2));

        // E sigma'' = 0.5, Var sigma' = 0.25; E y z_i z_j = 0.5 [i = j] + [i != j]; E y^2 z_i z_j =
        // (3 + 0.25) [i = j] + [i != j]
        let kinds = [(0.3, 0.6, 0.1), (0.2, 0.5, 0.05), (0.1, 0.4, 0.02), (0.4, 0.3, 0.01)];
        let noise = kinds.map(|(rho, tau, kappa)| noise(rho, tau, kappa));
        let d = variance.along_targets(&noise);
        for (node, b, twice) in [(0, -1.0, 1.0), (1, 1.0, 2.0)] {
            let at = |i: usize, j: usize| {
                let (rho, tau, kappa) = kinds[2 * i + j];
                let (label, square) = if i == j { (0.5, 3.25) } else { (1.0, 1.0) };
                let linear = 0.1 * b * (2.0 * 0.5 * label + twice * 3.0 * rho);
                let first = 4.0 * 0.5 * 0.25 * square;
                (linear, 0.01 * (first + twice * (9.0 * tau + 12.0 * kappa)))
            };
            for i in 0..2 {
                for j in 0..2 {
                    let linear = |k: usize, i: usize| f64::from(k == i) + at(k, i).0;
                    let exact = linear(0, i) * linear(0, j) + linear(1, i) * linear(1, j);
                    close(d[node][[i, j]], exact + at(i, j).1);
                }
            }
        }
    }
}
