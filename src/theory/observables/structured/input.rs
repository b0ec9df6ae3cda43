//! What the model with noise from data needs to know; level 1 computes all of it.

use ndarray::Array2;

/// Constants of the setting. The names are those of docs/theory.md, sections 1 and 4.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    /// N, the number of neurons (enters through b / sqrt N only; may be huge).
    pub width: f64,
    /// N / d.
    pub gamma: f64,
    /// d / n, n the samples of a batch.
    pub phi: f64,
    /// First step size eta_1.
    pub eta_1: f64,
    /// Second step size eta_2; zero for one step.
    pub eta_2: f64,
    /// c_1 = E sigma'(z).
    pub c_1: f64,
    /// E sigma''(z) = E[z sigma'(z)].
    pub curvature: f64,
    /// Var sigma'(z).
    pub derivative_variance: f64,
    /// E y.
    pub label_mean: f64,
    /// E y^2.
    pub label_second_moment: f64,
    /// c*_1 = E[y z*], one entry per direction of the target.
    pub label_linear: Vec<f64>,
}

/// Nodes of the law of a sample, one entry per node, and what the steps make of them, group by
/// group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SampleTable {
    /// Probability of the node.
    pub weight: Vec<f64>,
    /// z* = B* x: nodes x directions.
    pub projections: Array2<f64>,
    /// y.
    pub label: Vec<f64>,
    /// s, the (leave-one-out) projection on beta_1.
    pub s: Vec<f64>,
    /// The groups of samples, each with all nodes.
    pub groups: Vec<GroupTable>,
}

/// Samples that the same steps see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GroupTable {
    /// Their number over n.
    pub share: f64,
    /// Whether the first step sees them.
    pub first: bool,
    /// What the second step sees, if it sees them.
    pub second: Option<SecondStep>,
}

/// Averages of sigma' over the neurons' randomness in step two, at the nodes of a sample.
///
/// `<.>` below is the average over (z, xi) at fixed b. E_b[b^2 .] is the average over the second
/// layer with weight b^2; in `linear_square`, `variance` and `covariance` (not in `spikes` and
/// `linear`) it is divided by E b^2 if that is not 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SecondStep {
    /// r = y - F(y, s), what the second step sees.
    pub residual: Vec<f64>,
    /// S_k = E_b[b^2 q_k(b) <sigma'(z + t h)>]: nodes x R.
    pub spikes: Array2<f64>,
    /// E_b[b^2 q_a(b) S_z] with S_z = <z sigma'(z + t h)>: nodes x R (at least as many columns as
    /// `Options::linear_terms`).
    pub linear: Array2<f64>,
    /// E_b[b^2 S_z^2].
    pub linear_square: Vec<f64>,
    /// E_b[b^2 (<sigma'(z + t h)^2> - S^2)].
    pub variance: Vec<f64>,
    /// E_b[b^2 (<sigma'(z) sigma'(z + t h)> - c_1 S)]; read for reused samples only.
    pub covariance: Vec<f64>,
}

/// Nodes of the second layer used in the bulk and in K.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NeuronTable {
    /// Probability of the node.
    pub weight: Vec<f64>,
    /// b = sqrt(N) a.
    pub b: Vec<f64>,
    /// q_k(b), orthonormal under b^2 dP(b): nodes x R.
    pub polynomials: Array2<f64>,
    /// rho_2(b) = E[r z sigma'(z + t h)].
    pub rho_2: Vec<f64>,
    /// Squared norm of a noise row less that of its part along w; `None`: what the weights of the
    /// samples make of it. Read with more than one term of l(b).
    pub rest: Option<Vec<f64>>,
    /// What step two returns of step one's noise, over its variance; read with more than one term.
    pub echo_share: f64,
    /// sqrt(E b^2) = 1/q_0: 1 for a law of unit variance, close to it for the realised entries of
    /// one network.
    pub scale: f64,
}

/// Choices that are not part of the setting.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choices {
    /// Terms of l(b) = sum_a q_a(b) l_a that are kept: 1 (l averaged over b), 2 or 3.
    pub linear_terms: usize,
    /// The weights l and q of a sample are cut at the quantiles exceeded with this probability: the
    /// edge would otherwise be where the outermost quadrature node puts it. A batch of n samples
    /// does not contain more extreme ones than 1/(2n).
    pub weight_tail: f64,
}

impl Choices {
    /// For batches of n = `samples`.
    pub fn new(samples: f64, linear_terms: usize) -> Self {
        Self { linear_terms, weight_tail: 0.5 / samples }
    }
}

impl Model {
    /// |w|, the norm of the part of beta_1 orthogonal to the target directions.
    pub fn noise_norm(&self) -> f64 {
        (self.phi * self.label_second_moment).sqrt()
    }
}
