//! The averages of sigma and sigma' that one neuron contributes for one sample, and their sums.

use crate::quadrature::Rule;
use crate::theory::dynamics::activation_constants::ActivationConstants;

/// Averages over (z, xi) at given b, y and s, where u = z + t h is the preactivation before the
/// second step (docs/theory.md, (4.4) to (4.10)).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Averages {
    /// E sigma(u).
    pub sigma: f64,
    /// S = E sigma'(u).
    pub dsigma: f64,
    /// S_z = E[z sigma'(u)].
    pub z_dsigma: f64,
    /// E[sigma'(u)^2].
    pub dsigma_sq: f64,
    /// E[sigma'(z) sigma'(u)]; 0 unless the first step has seen the sample.
    pub cross: f64,
    /// E[t tau xi sigma'(u)], the echo of the first step's noise in the second step.
    pub echo: f64,
}

impl Averages {
    /// Adds `weight` times `other`.
    pub fn add(&mut self, weight: f64, other: &Self) {
        self.sigma += weight * other.sigma;
        self.dsigma += weight * other.dsigma;
        self.z_dsigma += weight * other.z_dsigma;
        self.dsigma_sq += weight * other.dsigma_sq;
        self.cross += weight * other.cross;
        self.echo += weight * other.echo;
    }

    /// All six, in the order of the fields.
    pub fn to_array(self) -> [f64; 6] {
        [self.sigma, self.dsigma, self.z_dsigma, self.dsigma_sq, self.cross, self.echo]
    }
}

/// Sums over the nodes of a rule for z; keeps its buffers between calls.
pub(crate) struct Accumulator<'a> {
    activation: &'a ActivationConstants,
    values: Vec<f64>,
    derivatives: Vec<f64>,
}

impl<'a> Accumulator<'a> {
    pub fn new(activation: &'a ActivationConstants) -> Self {
        Self { activation, values: Vec::new(), derivatives: Vec::new() }
    }

    /// The averages over `rule` (nodes z) with arguments `u` and `first[i]` = sigma'(z_i) (empty:
    /// no cross term). The echo is left at 0.
    pub fn sums(&mut self, rule: &Rule, u: &[f64], first: &[f64]) -> Averages {
        self.values.resize(u.len(), 0.0);
        self.derivatives.resize(u.len(), 0.0);
        self.activation.evaluate(u, &mut self.values, &mut self.derivatives);
        let mut sums = Averages::default();
        for (i, (z, w)) in rule.iter().enumerate() {
            let d = w * self.derivatives[i];
            sums.sigma += w * self.values[i];
            sums.dsigma += d;
            sums.z_dsigma += d * z;
            sums.dsigma_sq += d * self.derivatives[i];
            sums.cross += first.get(i).map_or(0.0, |first| d * first);
        }
        sums
    }
}
