//! Gaussian expectations to a stated accuracy.
//!
//! [`gaussian_expectation`] says for which functions its accuracy holds, and returns an error where
//! it cannot be reached. Inside the crate there are also fixed rules: Gauss-Hermite for polynomials
//! against N(0, 1), the trapezoidal rule for functions like tanh against N(0, 1), and Gauss-Legendre
//! on a bounded interval.

mod adaptive;
mod discrete_gauss;
mod error;
mod gaussian;
mod hermite;
mod interpolation;
mod legendre;
mod panel;
mod rule;
mod scan;

pub use adaptive::gaussian_expectation;
pub(crate) use adaptive::{gaussian_expectations, integrate};
pub(crate) use discrete_gauss::DiscreteGauss;
pub use error::QuadratureError;
pub(crate) use gaussian::{
    SplitGaussian, gaussian_trapezoid, half_density, normal_density, normal_distribution,
    normal_quantile,
};
pub(crate) use hermite::gauss_hermite;
pub(crate) use interpolation::{Interpolation, chebyshev_points};
pub(crate) use legendre::gauss_legendre;
pub(crate) use rule::Rule;

#[cfg(test)]
mod tests;
