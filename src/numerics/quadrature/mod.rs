//! Integration: rules for Gaussian, uniform and piecewise smooth integrands, and Gaussian
//! expectations to a stated accuracy.
//!
//! [`gaussian_expectation`] says what its accuracy holds for, and gives an error where it cannot be
//! reached; the rules are fixed sums, whose error depends on the function.
//!
//! | integrand | use |
//! |---|---|
//! | piecewise smooth against N(0, 1), accuracy given, kinks declared or not | [`gaussian_expectation`] |
//! | polynomial against N(0, 1) | [`gauss_hermite`] |
//! | smooth on a bounded interval | [`gauss_legendre`] |
//! | smooth against N(0, 1), poles at a finite distance (tanh, softplus) | [`gaussian_trapezoid`] |

mod adaptive;
mod gaussian;
mod hermite;
mod interpolation;
mod legendre;
mod panel;
mod scan;

pub(crate) use adaptive::integrate;
pub use adaptive::{QuadratureError, gaussian_expectation, gaussian_expectations};
pub use gaussian::gaussian_trapezoid;
pub(crate) use gaussian::{
    SplitGaussian, half_density, normal_density, normal_distribution, normal_quantile,
};
pub use hermite::{MAX_HERMITE_NODES, gauss_hermite};
pub(crate) use interpolation::{Interpolation, chebyshev_points};
pub use legendre::gauss_legendre;

/// A quadrature rule: `sum_i weights[i] f(nodes[i])`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Nodes, in increasing order.
    pub nodes: Vec<f64>,
    /// Weights, one per node, all non-negative.
    pub weights: Vec<f64>,
}

impl Rule {
    /// The weighted sum of `f` over the nodes.
    pub fn integrate(&self, mut f: impl FnMut(f64) -> f64) -> f64 {
        self.iter().map(|(x, w)| w * f(x)).sum()
    }

    /// Pairs (node, weight) in increasing order of the node.
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.nodes.iter().copied().zip(self.weights.iter().copied())
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True when the rule has no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

#[cfg(test)]
mod tests;
