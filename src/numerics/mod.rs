//! Numerics that know nothing of networks: real numbers, quadrature, root finding, small and graded
//! matrices.

pub(crate) mod graded;
mod powers_of_two;
pub mod quadrature;
mod real;
pub(crate) mod roots;
pub(crate) mod small_matrix;
pub(crate) mod tridiagonal;

pub(crate) use powers_of_two::{PowerOfTwo, exponent, largest_exponent, times_power};
pub use real::Real;
