//! The entries of a matrix, and what can be computed with matrices of them.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, LinalgScalar, ScalarOperand};

use super::error::Fallible;
use super::triplets::SingularTriplets;
use crate::numerics::Real;

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
