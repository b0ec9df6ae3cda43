//! Dense linear algebra for `f32` and `f64`: the only place that knows a backend.
//!
//! | operation | function |
//! |---|---|
//! | matrix product | [`product`], [`multiply`] |
//! | W^T W in `f64` | [`gram`] |
//! | singular values and vectors | `T::svd`, `T::leading_triplets` |
//! | symmetric matrices | [`symmetric_eigen`], [`symmetric_eigenvalues`] |
//! | loops in vector instructions | [`simd`] |
//!
//! `faer` (pure Rust) is the backend unless a LAPACK feature is on. Matrices are `ndarray` arrays in
//! any memory order; row-major is the fastest.
//!
//! The operations are methods of [`Element`], compiled in this crate for both types, so that a program
//! that uses the crate does not compile them again.

mod backend;
mod decompositions;
mod element;
mod error;
// LAPACK serves when both backends are compiled in; a test then compares faer with it
#[cfg(all(feature = "faer", any(test, not(feature = "lapack"))))]
mod faer;
mod gram;
#[cfg(feature = "lapack")]
mod lapack;
mod leading_triplets;
mod normal_product;
mod normal_product_kernel;
mod scale;
pub(crate) mod simd;
mod triplets;

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};

pub use element::Element;
pub(crate) use element::{gram, multiply, product, symmetric_eigen, symmetric_eigenvalues};
use error::Fallible;
pub use error::SpectralError;
pub(crate) use scale::{is_double, scaled_back};
pub use triplets::SingularTriplets;

macro_rules! element {
    ($t:ty) => {
        impl Element for $t {
            fn product(
                alpha: Self,
                a: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
                beta: Self,
                c: ArrayViewMut2<'_, Self>,
            ) {
                debug_assert_eq!((a.nrows(), b.ncols()), c.dim());
                debug_assert_eq!(a.ncols(), b.nrows());
                backend::product(alpha, a, b, beta, c);
            }
            fn gram(w: ArrayView2<'_, Self>, power: i32) -> Array2<f64> {
                gram::gram(w, power)
            }
            fn largest_entry(a: ArrayView2<'_, Self>) -> Fallible<f64> {
                scale::largest_entry(a)
            }
            fn svd(a: ArrayView2<'_, Self>, vectors: bool) -> Fallible<SingularTriplets<Self>> {
                decompositions::svd(a, vectors)
            }
            fn leading_triplets(
                a: ArrayView2<'_, Self>,
                count: usize,
                tolerance: Option<f64>,
                max_basis: Option<usize>,
            ) -> Fallible<SingularTriplets<Self>> {
                leading_triplets::leading_triplets(a, count, tolerance, max_basis)
            }
            fn symmetric_eigen(
                a: Array2<Self>,
                vectors: bool,
            ) -> Fallible<(Array1<Self>, Array2<Self>)> {
                decompositions::symmetric_eigen(a, vectors)
            }
        }
    };
}
element!(f32);
element!(f64);

/// The name of the backend that is in use, for reports and benchmarks: `"faer"` or `"LAPACK"`.
pub fn backend_name() -> &'static str {
    backend::NAME
}

#[cfg(test)]
mod tests;
