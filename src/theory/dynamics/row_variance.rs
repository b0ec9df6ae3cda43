//! Variances of the noise rows as functions of b (docs/theory.md, sections 5 and 7).
//!
//! Equations: docs/theory.md, (5.13) to (5.15) and (7.2) to (7.4), several directions (8.6); with all
//! that step two does to the noise of step one, (14.22) and (14.26).

use ndarray::Array2;

use super::right_vectors::NoiseAverages;
use super::second_layer::SecondLayerQuadrature;
use super::setup::Setup;

/// Variances of the noise rows at the fine nodes of b.
pub(crate) struct RowVariance<'a> {
    pub setup: &'a Setup<'a>,
    pub law: &'a SecondLayerQuadrature,
}

impl RowVariance<'_> {
    /// D(b), the squared norm of a noise row (5.15).
    pub fn isotropic(&self, noise: &NoiseAverages) -> Vec<f64> {
        let step = &self.setup.step;
        let parts = self.parts(noise, step.rho_1, step.tau.powi(2)).into_iter();
        parts.map(|(linear, rest)| (1.0 + linear).powi(2) + rest.max(0.0)).collect()
    }

    /// D(b) with all that step two does to the noise of step one (14.22): its echo, which (5.15) leaves
    /// out, the square of it and its product with the noise of step two.
    #[cfg(test)]
    pub fn complete(&self, noise: &NoiseAverages) -> Vec<f64> {
        let step = &self.setup.step;
        let parts = self.parts(noise, step.rho_1, step.tau.powi(2)).into_iter();
        let (ratio, unit) = self.ratio();
        let returned = self.returned(noise).into_iter().map(|share| ratio * share);
        let later = returned.zip(&self.law.fine.nodes).zip(self.law.at_fine(&noise.kappa));
        let more = self.echo(noise).into_iter().zip(later).map(|(echo, ((share, b), kappa))| {
            echo + (share * step.tau).powi(2) + 2.0 * unit * b * kappa * share
        });
        let whole = parts.zip(more);
        whole
            .map(|((linear, rest), more)| (1.0 + linear).powi(2) + (rest + more).max(0.0))
            .collect()
    }

    /// D(b) less the square of the stretching factor, with the echo of step one's noise (10.48).
    pub fn rest_with_echo(&self, noise: &NoiseAverages) -> Vec<f64> {
        let step = &self.setup.step;
        let parts = self.parts(noise, step.rho_1, step.tau.powi(2)).into_iter();
        parts.zip(self.echo(noise)).map(|((_, rest), echo)| rest + echo).collect()
    }

    /// The echo over the variance of step one's noise, averaged with weight b^2 (10.49).
    pub fn echo_share(&self, noise: &NoiseAverages) -> f64 {
        let first = (self.setup.step.unit * self.setup.step.tau).powi(2);
        let weights = &self.law.fine.weights;
        let echo: f64 = self.echo(noise).iter().zip(weights).map(|(echo, w)| echo * w).sum();
        if first > 0.0 { echo / first } else { 0.0 }
    }

    /// Twice the inner product of step one's noise with its echo in step two.
    fn echo(&self, noise: &NoiseAverages) -> Vec<f64> {
        let problem = self.setup.problem;
        let unit = 2.0 * problem.first_two()[1] / (problem.width as f64).sqrt();
        let nodes = self.law.fine.nodes.iter();
        nodes.zip(self.law.at_fine(&noise.echo)).map(|(b, echo)| unit * b * echo).collect()
    }

    /// D_*(b), a p x p matrix for each b: d times the covariance of a noise row along the teacher
    /// directions (7.4), (8.6), from the averages weighted by z*_i z*_j.
    pub fn along_targets(&self, noise: &[NoiseAverages]) -> Vec<Array2<f64>> {
        let parts = self.parts_along_targets(noise).into_iter();
        parts.map(|(linear, rest)| linear.t().dot(&linear) + rest).collect()
    }

    /// D_*(b) with all that step two does to the rows of step one (14.26), from the same averages.
    #[cfg(test)]
    pub fn complete_along_targets(&self, noise: &[NoiseAverages]) -> Vec<Array2<f64>> {
        let Setup { labels, activation, step, .. } = self.setup;
        let p = labels.directions;
        let matrix =
            |f: &dyn Fn(usize) -> f64| Array2::from_shape_fn((p, p), |(i, j)| f(i * p + j));
        let curvature = activation.curvature;
        let stretch = matrix(&|pair| curvature * labels.weighted[[pair / p, pair % p]])
            - Array2::<f64>::eye(p) * step.rho_1;
        let variance = step.phi * activation.derivative_variance;
        let first = &labels.weighted_square * variance;
        let returned: Vec<_> = noise.iter().map(|noise| self.returned(noise)).collect();
        let kappa: Vec<_> = noise.iter().map(|noise| self.law.at_fine(&noise.kappa)).collect();
        let (ratio, unit) = self.ratio();
        let parts = self.parts_along_targets(noise).into_iter().zip(&self.law.fine.nodes);
        let whole = parts.enumerate().map(|(i, ((linear, rest), b))| {
            let share = matrix(&|pair| returned[pair][i]);
            let kappa = matrix(&|pair| kappa[pair][i]);
            let linear = linear + share.dot(&stretch) * ratio;
            let both = share.dot(&first) * (unit * b) + share.dot(&kappa) * (ratio * unit * b);
            let square = share.dot(&first).dot(&share.t()) * (ratio * ratio);
            linear.dot(&linear.t()) + rest + &both + both.t() + square
        });
        whole.collect()
    }

    /// I plus the linear part, and the rest of (7.4).
    fn parts_along_targets(&self, noise: &[NoiseAverages]) -> Vec<(Array2<f64>, Array2<f64>)> {
        let Setup { labels, activation, step, .. } = self.setup;
        let p = labels.directions;
        let variance = step.phi * activation.derivative_variance;
        let types = self.law.fine.len();
        let mut matrices = vec![(Array2::<f64>::eye(p), Array2::<f64>::zeros((p, p))); types];
        for (pair, noise) in noise.iter().enumerate() {
            let at = [pair / p, pair % p];
            let rho = activation.curvature * labels.weighted[at];
            let parts = self.parts(noise, rho, variance * labels.weighted_square[at]);
            for ((linear, rest), parts) in matrices.iter_mut().zip(parts) {
                linear[at] += parts.0;
                rest[at] += parts.1;
            }
        }
        matrices
    }

    /// (eta_1 b / sqrt N)^2 E[r sigma''(u)] at the fine nodes, with the weight of `noise`.
    #[cfg(test)]
    fn returned(&self, noise: &NoiseAverages) -> Vec<f64> {
        let first = self.setup.step.tau.powi(2);
        let share = |echo: f64| if first > 0.0 { echo / first } else { 0.0 };
        self.law.at_fine(&noise.echo).into_iter().map(share).collect()
    }

    /// eta_2 / eta_1 and eta_2 / sqrt N.
    #[cfg(test)]
    fn ratio(&self) -> (f64, f64) {
        let [eta_1, eta_2] = self.setup.problem.first_two();
        (eta_2 / eta_1, eta_2 / (self.setup.problem.width as f64).sqrt())
    }

    /// (b / sqrt N)(eta_1 rho_1 + eta_2 rho_2) and (b^2 / N)(eta_1^2 tau^2 + eta_2^2 tau_2^2 + 2
    /// eta_1 eta_2 kappa).
    fn parts(&self, noise: &NoiseAverages, rho_1: f64, tau_squared: f64) -> Vec<(f64, f64)> {
        let [eta_1, eta_2] = self.setup.problem.first_two();
        let root = (self.setup.problem.width as f64).sqrt();
        let [rho_2, tau_2, kappa] =
            [&noise.rho_2, &noise.tau_2_squared, &noise.kappa].map(|f| self.law.at_fine(f));
        let part = |(i, b): (usize, &f64)| {
            let unit = b / root;
            let second = eta_2 * eta_2 * tau_2[i];
            let rest = eta_1 * eta_1 * tau_squared + second + 2.0 * eta_1 * eta_2 * kappa[i];
            (unit * (eta_1 * rho_1 + eta_2 * rho_2[i]), unit * unit * rest)
        };
        self.law.fine.nodes.iter().enumerate().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, HermiteSeries};
    use crate::data::Target;
    use crate::network::SecondLayerLaw;
    use crate::theory::dynamics::nodes::Nodes;
    use crate::theory::dynamics::setup::FirstStepConstants;
    use crate::theory::problem::Problem;
    use crate::training::BatchPolicy;

    /// sigma = He_1 + 0.25 He_2, y = z_0 z_1 + 0.5: everything by hand at b = 1 and b = -1.
    #[test]
    fn variances_by_hand() {
        let target = Target::multi_index("two", 2, |z| z[0] * z[1] + 0.5);
        let problem = Problem {
            activation: HermiteSeries::new([0.0, 1.0, 0.25]).shared(),
            target,
            width: 100,
            dimension: 50,
            samples: 100,
            step_sizes: vec![2.0, 3.0],
            batches: BatchPolicy::Reused,
            second_layer: SecondLayerLaw::Rademacher,
        };
        let step = FirstStepConstants { unit: 0.2, phi: 0.5, c_1: 1.0, rho_1: 0.25, tau: 0.4 };
        let setup = Setup { step, ..Setup::new(&problem, Nodes::new(1.0)).unwrap() };
        let law = SecondLayerQuadrature::new(&problem.second_layer, 100, 2, 2, 2).unwrap();
        let variance = RowVariance { setup: &setup, law: &law };
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
        let noise = |rho: f64, tau: f64, kappa: f64| NoiseAverages {
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
