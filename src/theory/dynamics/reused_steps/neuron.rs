//! What is known of one neuron of a type: its Gaussians, the nodes that average over them, and the averages.

use ndarray::Array2;

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

/// Sum of products in eight lanes, which the compiler turns into vector code.
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
