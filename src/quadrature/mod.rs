//! Integration against the standard Gaussian, to a stated accuracy, for smooth and kinked
//! integrands.

mod adaptive;
mod gauss_legendre;

pub use adaptive::{QuadratureError, gaussian_expectation, gaussian_expectations};
pub use gauss_legendre::gauss_legendre;
