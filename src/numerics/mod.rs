//! Numerics that know nothing of networks: quadrature, root finding, small and graded matrices.

pub(crate) mod graded;
pub mod quadrature;
pub(crate) mod roots;
pub(crate) mod small_matrix;
