//! Dense linear algebra for `f32` and `f64`: the only place that knows a backend.
//!
//! | operation | function |
//! |---|---|
//! | matrix product | [`product`], [`multiply`] |
//! | W^T W in `f64` | [`gram`] |
//! | singular values and vectors | `T::svd`, `T::leading_triplets` |
//! | symmetric matrices | [`symmetric_eigen`], [`symmetric_eigenvalues`] |
//! | powers of two as units | [`exponent`], [`times_power`], [`PowerOfTwo`] |
//! | loops in vector instructions | [`simd`] |
//!
//! `faer` (pure Rust) is the backend unless a LAPACK feature is on. Matrices are `ndarray` arrays in
//! any memory order; row-major is the fastest.
//!
//! The operations are methods of [`Element`], compiled in this crate for both types, so that a program
//! that uses the crate does not compile them again.

mod decompositions;
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

#[cfg(all(feature = "faer", not(feature = "lapack")))]
use self::faer as backend;
#[cfg(feature = "lapack")]
use self::lapack as backend;

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, LinalgScalar, ScalarOperand};

use crate::numerics::Real;

pub use error::SpectralError;
pub(crate) use scale::{PowerOfTwo, exponent, is_double, scaled_back, times_power};
pub use triplets::SingularTriplets;

pub(crate) type Fallible<T> = Result<T, SpectralError>;

/// The entry of a matrix: `f32` or `f64`, with the operations compiled for it.
#[doc(hidden)]
pub trait Element: Real + LinalgScalar + ScalarOperand {
    fn product(
        alpha: Self,
        a: ArrayView2<'_, Self>,
        b: ArrayView2<'_, Self>,
        beta: Self,
        c: ArrayViewMut2<'_, Self>,
    );
    fn gram(w: ArrayView2<'_, Self>, power: i32) -> Array2<f64>;
    fn largest_entry(a: ArrayView2<'_, Self>) -> Fallible<f64>;
    fn svd(a: ArrayView2<'_, Self>, vectors: bool) -> Fallible<SingularTriplets<Self>>;
    fn leading_triplets(
        a: ArrayView2<'_, Self>,
        count: usize,
        tolerance: Option<f64>,
        max_basis: Option<usize>,
    ) -> Fallible<SingularTriplets<Self>>;
    fn symmetric_eigen(a: Array2<Self>, vectors: bool) -> Fallible<(Array1<Self>, Array2<Self>)>;
}

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

/// `c <- alpha a b + beta c`, in parallel, with bits that do not depend on the number of threads
/// of the current pool.
pub(crate) fn product<T: Element>(
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    beta: T,
    c: ArrayViewMut2<'_, T>,
) {
    T::product(alpha, a, b, beta, c);
}

/// `a b` as a new row-major matrix.
pub(crate) fn multiply<T: Element>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Array2<T> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    T::product(T::one(), a, b, T::zero(), c.view_mut());
    c
}

/// V^T V in `f64` (columns x columns) for V = 2^power W. Only the lower triangle is computed; the
/// entries above the diagonal are unspecified.
pub(crate) fn gram<T: Element>(w: ArrayView2<'_, T>, power: i32) -> Array2<f64> {
    T::gram(w, power)
}

/// Eigenvalues (increasing) and eigenvectors (columns) of a symmetric matrix; only the lower
/// triangle is read. The same bits in any unit of the matrix.
pub(crate) fn symmetric_eigen<T: Element>(a: Array2<T>) -> Fallible<(Array1<T>, Array2<T>)> {
    T::symmetric_eigen(a, true)
}

/// Eigenvalues (increasing) of a symmetric matrix; only the lower triangle is read.
pub(crate) fn symmetric_eigenvalues<T: Element>(a: Array2<T>) -> Fallible<Array1<T>> {
    Ok(T::symmetric_eigen(a, false)?.0)
}

#[cfg(test)]
mod tests;
