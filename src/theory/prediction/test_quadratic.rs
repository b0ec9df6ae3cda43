//! For tests: sigma = c_1 He_1 + c He_2, whose averages over (z, xi) are polynomials of y and s.

use super::activation::Sigma;
use super::groups::{Group, GroupInput};
use super::label::Labels;
use super::law::{GaussianTail, Law};
use super::moments::FirstStep;
use super::setting::{Nodes, Setting};
use super::spikes::SpikeInput;
use crate::activation::{Activation, HermiteSeries};
use crate::data::{MultiIndexLink, Target};
use crate::network::SecondLayerLaw;
use crate::quadrature::{Rule, gaussian_trapezoid};
use crate::training::BatchPolicy;

pub(super) const C_1: f64 = 0.8;
pub(super) const C: f64 = 0.3;

/// Eight labels, which are the nodes of the tables in y, and a second layer of four values.
pub(super) fn setting() -> Setting {
    let link = MultiIndexLink::new("signs", 2, |z| z[0].signum() + 0.5 * z[1].signum() + 0.3);
    Setting {
        activation: HermiteSeries::new([0.0, C_1, C]).shared(),
        target: Target::multi_index(link).noise(0.2),
        width: 100,
        dimension: 50,
        samples: 150,
        step_sizes: [3.0, 2.0],
        batches: BatchPolicy::PartlyReused { fraction: 0.4 },
        second_layer: SecondLayerLaw::Fixed(
            [-2.0, -1.0, 1.0, 1.5].into_iter().cycle().take(100).collect::<Vec<f64>>().into(),
        ),
    }
}

/// What the prediction makes of a setting before it looks at the samples.
pub(super) struct Reduced {
    pub setting: Setting,
    pub nodes: Nodes,
    pub labels: Labels,
    pub law: Law,
    pub step: FirstStep,
    pub orthogonal: Rule,
}

impl Reduced {
    pub fn new(setting: Setting, nodes: Nodes) -> Self {
        let labels = Labels::new(&setting.target, &nodes).unwrap();
        let law =
            Law::new(&setting.second_layer, GaussianTail::Width, setting.width, 8, 8, 10).unwrap();
        let phi = setting.phi();
        let step = FirstStep {
            unit: setting.step_sizes[0] / (setting.width as f64).sqrt(),
            phi,
            c_1: C_1,
            rho_1: 2.0 * C * labels.mean,
            tau: (phi * labels.second_moment).sqrt() * 2.0 * C,
        };
        let orthogonal = gaussian_trapezoid(nodes.orthogonal);
        Self { setting, nodes, labels, law, step, orthogonal }
    }

    pub fn input(&self) -> SpikeInput<'_> {
        SpikeInput {
            labels: &self.labels,
            law: &self.law,
            step: self.step,
            eta: self.setting.step_sizes,
            orthogonal: &self.orthogonal,
            weighted: true,
        }
    }

    pub fn groups(&self) -> Vec<Group> {
        let activation = Sigma::new(&self.setting.activation, 160).unwrap();
        let input = GroupInput {
            setting: &self.setting,
            activation: &activation,
            labels: &self.labels,
            law: &self.law,
            step: self.step,
            largest_s: self.input().largest_s(),
        };
        input.groups(&self.nodes).unwrap()
    }

    /// Averages at one b for u = a + v z + t tau xi: by (4.4) for fresh samples, (4.5) for reused
    /// ones.
    pub fn averages(&self, b: f64, y: f64, s: f64, reused: bool) -> Averages {
        let FirstStep { unit, phi, rho_1, tau, .. } = self.step;
        let t = unit * b;
        let (mut a, mut v) = (t * C_1 * s, 1.0 + t * rho_1);
        if reused {
            // phi y sigma'(z)
            a += t * phi * y * C_1;
            v += t * phi * y * 2.0 * C;
        }
        let spread = v * v + t * t * tau * tau;
        Averages {
            value: C_1 * a + C * (a * a + spread - 1.0),
            mean: C_1 + 2.0 * C * a,
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
pub(super) struct Averages {
    pub value: f64,
    pub mean: f64,
    pub linear: f64,
    pub variance: f64,
    pub covariance: f64,
}
