//! The only place that knows a backend: matrix product, singular values, thin SVD and symmetric
//! eigenvalues, for `f32` and `f64`.
//!
//! `faer` serves unless a LAPACK feature is on; LAPACK then takes over everything here. Matrices
//! come and go as `ndarray` arrays in any memory order, row-major being the fast one.

// When both are compiled in, LAPACK serves and faer stays for the test that compares them.
#[cfg(all(feature = "faer", any(test, not(feature = "lapack"))))]
mod faer;
mod gram;
#[cfg(feature = "lapack")]
mod lapack;
mod visit;

#[cfg(all(feature = "faer", not(feature = "lapack")))]
use self::faer as backend;
#[cfg(feature = "lapack")]
use self::lapack as backend;

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use thiserror::Error;

use crate::Scalar;

#[cfg(all(feature = "faer", any(test, not(feature = "lapack"))))]
pub use self::faer::FaerElement;
#[cfg(feature = "lapack")]
pub use self::lapack::LapackElement;

#[cfg(not(all(feature = "faer", any(test, not(feature = "lapack")))))]
pub use self::anything::Anything as FaerElement;
#[cfg(not(feature = "lapack"))]
pub use self::anything::Anything as LapackElement;

/// The demand of a backend that is not compiled in: none.
#[cfg(not(all(feature = "faer", feature = "lapack", test)))]
mod anything {
    pub trait Anything {}
    impl<T> Anything for T {}
}

pub(crate) use gram::{gram, normal_product};

/// What a number must be for every backend that is compiled in.
pub trait Element: FaerElement + LapackElement {}
impl<T: FaerElement + LapackElement> Element for T {}

/// A decomposition that could not be computed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum LinalgError {
    /// The matrix holds an infinity or a NaN.
    #[error("the matrix has a non-finite entry; every entry must be a finite number")]
    NonFinite,
    /// The matrix has no rows or no columns.
    #[error("the matrix is {rows} x {columns}; both numbers must be at least 1")]
    Empty {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// The backend's iteration failed.
    #[error("the {decomposition} of a {rows} x {columns} matrix did not converge")]
    NotConverged {
        /// Which decomposition.
        decomposition: &'static str,
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
}

/// Left vectors (columns), singular values in decreasing order, right vectors (rows).
pub(crate) type ThinSvd<T> = (Array2<T>, Array1<T>, Array2<T>);

/// The name of the backend that is in use, for reports and benchmarks: `"faer"` or `"LAPACK"`.
pub fn backend_name() -> &'static str {
    backend::NAME
}

/// `c <- alpha a b + beta c`, in parallel, with bits that do not depend on the number of threads
/// of the current pool.
pub(crate) fn product<T: Scalar>(
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    beta: T,
    c: ArrayViewMut2<'_, T>,
) {
    debug_assert_eq!((a.nrows(), b.ncols()), c.dim());
    debug_assert_eq!(a.ncols(), b.nrows());
    backend::product(alpha, a, b, beta, c);
}

/// `a b` as a new row-major matrix.
pub(crate) fn multiply<T: Scalar>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Array2<T> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    product(T::one(), a, b, T::zero(), c.view_mut());
    c
}

/// All min(rows, columns) singular values, largest first.
pub(crate) fn singular_values<T: Scalar>(a: ArrayView2<'_, T>) -> Result<Array1<T>, LinalgError> {
    let Some(scale) = extreme_scale(a)? else { return backend::singular_values(a) };
    let values = backend::singular_values(a.mapv(|x| x / scale).view())?;
    Ok(values.mapv(|s| s * scale))
}

/// The thin singular value decomposition.
pub(crate) fn thin_svd<T: Scalar>(a: ArrayView2<'_, T>) -> Result<ThinSvd<T>, LinalgError> {
    let Some(scale) = extreme_scale(a)? else { return backend::thin_svd(a) };
    let (left, values, right) = backend::thin_svd(a.mapv(|x| x / scale).view())?;
    Ok((left, values.mapv(|s| s * scale), right))
}

/// Eigenvalues (increasing) and eigenvectors (columns) of a symmetric matrix; only the lower
/// triangle is read.
pub(crate) fn symmetric_eigen<T: Scalar>(
    a: ArrayView2<'_, T>,
) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    backend::symmetric_eigen(a, true)
}

/// Eigenvalues (increasing) of a symmetric matrix; only the lower triangle is read.
pub(crate) fn symmetric_eigenvalues<T: Scalar>(
    a: ArrayView2<'_, T>,
) -> Result<Array1<T>, LinalgError> {
    Ok(backend::symmetric_eigen(a, false)?.0)
}

/// The largest absolute value of an entry.
pub(crate) fn largest_entry<T: Scalar>(a: ArrayView2<'_, T>) -> Result<f64, LinalgError> {
    let (rows, columns) = a.dim();
    if rows == 0 || columns == 0 {
        return Err(LinalgError::Empty { rows, columns });
    }
    // a NaN is not finite, and neither is the sum it enters
    let (largest, sum) = a
        .axis_iter(Axis(0))
        .into_par_iter()
        .map(|row| {
            row.iter()
                .fold((T::zero(), T::zero()), |(m, s), x| (m.max(x.abs()), s + T::zero() * *x))
        })
        .reduce(|| (T::zero(), T::zero()), |(m, s), (n, t)| (m.max(n), s + t));
    if sum.is_finite() { Ok(largest.as_f64()) } else { Err(LinalgError::NonFinite) }
}

/// What a matrix is to be divided by so that the backend's squares neither overflow nor vanish: a power
/// of two near its largest entry; `None` for every matrix of ordinary size, which is left as it is.
pub(crate) fn extreme_scale<T: Scalar>(a: ArrayView2<'_, T>) -> Result<Option<T>, LinalgError> {
    let largest = largest_entry(a)?;
    let small = T::min_positive_value().as_f64().sqrt().sqrt();
    let ordinary = largest == 0.0 || (small..=1.0 / small).contains(&largest);
    Ok((!ordinary).then(|| T::of(largest.log2().floor().exp2())))
}

#[cfg(test)]
mod tests;
