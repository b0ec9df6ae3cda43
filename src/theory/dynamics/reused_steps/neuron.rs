//! What is known of one neuron of a type: its Gaussians, the nodes that average over them, and the averages.

use ndarray::Array2;

use crate::theory::dynamics::activation_constants::ActivationConstants;

/// Numbers that are worked on together; the number of nodes is a multiple of it.
pub(super) const LANES: usize = 8;

/// Nodes for the Gaussians of one neuron.
#[derive(Clone, Debug)]
pub(super) struct LocalNodes {
    pub weights: Vec<f64>,
    /// Dimensions x nodes.
    pub epsilon: Array2<f64>,
    /// sigma' and, without kinks, sigma'' before the first step, where the preactivation is the first
    /// Gaussian.
    pub slope: Vec<f64>,
    pub curvature: Vec<f64>,
}

impl LocalNodes {
    /// The nodes with the activation before the first step.
    pub fn new(weights: Vec<f64>, epsilon: Array2<f64>, activation: &ActivationConstants) -> Self {
        let mut first = epsilon.row(0).to_vec();
        let count = first.len();
        let [mut values, mut slope, mut curvature] = [(); 3].map(|()| vec![0.0; count]);
        activation.evaluate(&first, &mut values, &mut slope);
        if activation.kinks.is_empty() {
            activation.curvature(&mut first, &slope, &mut values, &mut curvature);
        }
        Self { weights, epsilon, slope, curvature }
    }

    /// The Gaussian number `j` at all nodes.
    pub fn epsilon(&self, j: usize) -> &[f64] {
        self.epsilon.row(j).to_slice().unwrap_or_default()
    }
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

/// Room for the paths of the neurons of one type: values at all nodes.
#[derive(Default)]
pub(super) struct Paths {
    pub z: Vec<f64>,
    pub values: Vec<f64>,
    pub spare: Vec<f64>,
    /// sigma' and sigma'' of each step.
    pub slopes: Vec<Vec<f64>>,
    pub curvatures: Vec<Vec<f64>>,
    /// How the last preactivation answers a shift of that of each step.
    pub answers: Vec<Vec<f64>>,
}

impl Paths {
    /// Makes room for `count` nodes and `steps` steps.
    pub fn resize(&mut self, steps: usize, count: usize) {
        for of_steps in [&mut self.slopes, &mut self.curvatures, &mut self.answers] {
            of_steps.resize(steps.max(of_steps.len()), Vec::new());
            of_steps.iter_mut().for_each(|values| values.resize(count, 0.0));
        }
        for values in [&mut self.z, &mut self.values, &mut self.spare] {
            values.resize(count, 0.0);
        }
    }
}

/// The numbers of group `i`.
#[inline(always)]
pub(super) fn lanes(x: &[f64], i: usize) -> [f64; LANES] {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&x[LANES * i..LANES * (i + 1)]);
    lanes
}

/// Sum of products.
#[inline(always)]
pub(super) fn dot<const FMA: bool>(x: &[f64], y: &[f64]) -> f64 {
    let mut total = [0.0; LANES];
    for i in 0..x.len() / LANES {
        add_product::<FMA>(&mut total, lanes(x, i), lanes(y, i));
    }
    total.iter().sum()
}

/// Sum.
#[inline(always)]
pub(super) fn sum(x: &[f64]) -> f64 {
    let mut total = [0.0; LANES];
    for i in 0..x.len() / LANES {
        total.iter_mut().zip(lanes(x, i)).for_each(|(total, x)| *total += x);
    }
    total.iter().sum()
}

/// Adds x y, number by number.
#[inline(always)]
pub(super) fn add_product<const FMA: bool>(
    total: &mut [f64; LANES],
    x: [f64; LANES],
    y: [f64; LANES],
) {
    for i in 0..LANES {
        total[i] = crate::linalg::simd::fma::<f64, FMA>(x[i], y[i], total[i]);
    }
}

/// x y, number by number.
#[inline(always)]
pub(super) fn product(x: [f64; LANES], y: [f64; LANES]) -> [f64; LANES] {
    std::array::from_fn(|i| x[i] * y[i])
}
