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

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use thiserror::Error;

use crate::Scalar;
use crate::simd::{Loop, vectorised};

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

pub(crate) use gram::{gram, image_and_normal_product, normal_product, vectors_at_once};

/// What a number must be for every backend that is compiled in.
pub trait Element: FaerElement + LapackElement {}
impl<T: FaerElement + LapackElement> Element for T {}

/// A decomposition that could not be computed.
#[derive(Clone, Error, PartialEq)]
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
    /// The largest singular value is beyond the range of the number type.
    #[error("the largest singular value overflows; scale the matrix down")]
    Overflow,
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
    match tamed(a)? {
        None => backend::singular_values(a),
        Some((tame, factor)) => untamed(backend::singular_values(tame.view())?, factor),
    }
}

/// The thin singular value decomposition.
pub(crate) fn thin_svd<T: Scalar>(a: ArrayView2<'_, T>) -> Result<ThinSvd<T>, LinalgError> {
    let Some((tame, factor)) = tamed(a)? else { return backend::thin_svd(a) };
    let (left, values, right) = backend::thin_svd(tame.view())?;
    Ok((left, untamed(values, factor)?, right))
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
    let per_row = |row: ArrayView1<'_, T>| match row.as_slice() {
        Some(row) => vectorised(Largest(row)),
        None => row.iter().fold([T::zero(); 2], |so_far, x| larger(so_far, *x)),
    };
    let rows = a.axis_iter(Axis(0)).into_par_iter();
    let [largest, sum] = rows.map(per_row).reduce(|| [T::zero(); 2], both);
    if sum.is_finite() { Ok(largest.as_f64()) } else { Err(LinalgError::NonFinite) }
}

/// The largest absolute value so far, and a sum of zeros that is finite as long as all numbers are.
#[inline(always)]
fn larger<T: Scalar>(so_far: [T; 2], x: T) -> [T; 2] {
    both(so_far, [x.abs(), T::zero() * x])
}

/// [`larger`] for two sets of numbers.
#[inline(always)]
fn both<T: Scalar>([a, s]: [T; 2], [b, t]: [T; 2]) -> [T; 2] {
    [if b > a { b } else { a }, s + t]
}

/// [`larger`] over a slice, some numbers at once.
struct Largest<'a, T>(&'a [T]);

impl<T: Scalar> Loop for Largest<'_, T> {
    type Output = [T; 2];

    #[inline(always)]
    fn run<const FMA: bool>(self) -> [T; 2] {
        const LANES: usize = 32;
        let mut so_far = [[T::zero(); 2]; LANES];
        let whole = self.0.chunks_exact(LANES);
        let rest = whole.remainder();
        for numbers in whole {
            for lane in 0..LANES {
                so_far[lane] = larger(so_far[lane], numbers[lane]);
            }
        }
        let mut all = [T::zero(); 2];
        for lane in so_far {
            all = both(all, lane);
        }
        for x in rest {
            all = larger(all, *x);
        }
        all
    }
}

/// The matrix times a power of two, and that power, when its entries are so large or so small that
/// their squares overflow or vanish; `None` when they are not. The same for any order of entries.
pub(crate) fn tamed<T: Scalar>(
    a: ArrayView2<'_, T>,
) -> Result<Option<(Array2<T>, f64)>, LinalgError> {
    let largest = largest_entry(a)?;
    // only the epsilon of `f64` is below 1e-10
    let limit = if T::epsilon().as_f64() < 1e-10 { 1e100 } else { 1e10 };
    if largest == 0.0 || (1.0 / limit..=limit).contains(&largest) {
        return Ok(None);
    }
    let factor = (-largest.log2().round()).min(1000.0).exp2();
    Ok(Some((a.mapv(|x| T::of(x.as_f64() * factor)), factor)))
}

/// Values of the matrix from those of the tame one.
pub(crate) fn untamed<T: Scalar>(values: Array1<T>, factor: f64) -> Result<Array1<T>, LinalgError> {
    let values = values.mapv(|x| T::of(x.as_f64() / factor));
    if values.iter().all(|x| x.is_finite()) { Ok(values) } else { Err(LinalgError::Overflow) }
}

#[cfg(test)]
mod tests;
