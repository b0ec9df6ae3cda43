//! Numerics that know nothing of networks: real numbers, quadrature, root finding, small and graded
//! matrices.

pub(crate) mod graded;
pub mod quadrature;
mod real;
pub(crate) mod roots;
pub(crate) mod small_matrix;

pub use real::Real;
