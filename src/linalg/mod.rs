//! The only place that knows a backend: matrix product, singular values, thin SVD and symmetric
//! eigenvalues, for `f32` and `f64`.
//!
//! `faer` serves unless a LAPACK feature is on; LAPACK then takes over everything here. Matrices
//! come and go as `ndarray` arrays in any memory order, row-major being the fast one.

// When both are compiled in, LAPACK serves and faer stays for the test that compares them.
mod buffer;
#[cfg(all(feature = "faer", any(test, not(feature = "lapack"))))]
mod faer;
mod gram;
#[cfg(feature = "lapack")]
mod lapack;
mod normal_product_kernel;
mod scale;
pub(crate) mod simd;

#[cfg(all(feature = "faer", not(feature = "lapack")))]
use self::faer as backend;
#[cfg(feature = "lapack")]
use self::lapack as backend;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use thiserror::Error;

use crate::error::debug_is_display;
use crate::linalg::simd::{Loop, vectorised};
use crate::numerics::Real;

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

pub(crate) use buffer::Buffer;
pub(crate) use gram::{gram, image_and_normal_product, normal_product, vectors_at_once};
pub(crate) use scale::{PowerOfTwo, exponent, rescaled, scaled_back, times_power};

/// The entry of a matrix: a real number for every backend that is compiled in.
pub trait Element:
    Real + FaerElement + LapackElement + ndarray::LinalgScalar + ndarray::ScalarOperand + bytemuck::Pod
{
}
impl Element for f32 {}
impl Element for f64 {}

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

debug_is_display!(LinalgError);

/// Left vectors (columns), singular values in decreasing order, right vectors (rows).
pub(crate) type ThinSvd<T> = (Array2<T>, Array1<T>, Array2<T>);

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
    debug_assert_eq!((a.nrows(), b.ncols()), c.dim());
    debug_assert_eq!(a.ncols(), b.nrows());
    backend::product(alpha, a, b, beta, c);
}

/// `a b` as a new row-major matrix.
pub(crate) fn multiply<T: Element>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Array2<T> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    product(T::one(), a, b, T::zero(), c.view_mut());
    c
}

/// All min(rows, columns) singular values, largest first.
pub(crate) fn singular_values<T: Element>(a: ArrayView2<'_, T>) -> Result<Array1<T>, LinalgError> {
    let values = match rescaled(a)? {
        None => backend::singular_values(a)?,
        Some((tame, e)) => scaled_back(backend::singular_values(tame.view())?, e)?,
    };
    let order = decreasing(&values);
    Ok(values.select(Axis(0), &order))
}

/// The thin singular value decomposition.
pub(crate) fn thin_svd<T: Element>(a: ArrayView2<'_, T>) -> Result<ThinSvd<T>, LinalgError> {
    let (left, values, right) = match rescaled(a)? {
        None => backend::thin_svd(a)?,
        Some((tame, e)) => {
            let (left, values, right) = backend::thin_svd(tame.view())?;
            (left, scaled_back(values, e)?, right)
        }
    };
    if values.windows(2).into_iter().all(|pair| pair[0] >= pair[1]) {
        return Ok((left, values, right));
    }
    let order = decreasing(&values);
    let (left, right) = (left.select(Axis(1), &order), right.select(Axis(0), &order));
    Ok((left, values.select(Axis(0), &order), right))
}

/// The order in which the values decrease: `faer` leaves those near rounding error unsorted.
fn decreasing<T: Element>(values: &Array1<T>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*j].as_f64().total_cmp(&values[*i].as_f64()));
    order
}

/// Eigenvalues (increasing) and eigenvectors (columns) of a symmetric matrix; only the lower
/// triangle is read. The same bits in any unit of the matrix.
pub(crate) fn symmetric_eigen<T: Element>(
    a: Array2<T>,
) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    symmetric(a, true)
}

/// Eigenvalues (increasing) of a symmetric matrix; only the lower triangle is read.
pub(crate) fn symmetric_eigenvalues<T: Element>(a: Array2<T>) -> Result<Array1<T>, LinalgError> {
    Ok(symmetric(a, false)?.0)
}

/// Brings the largest entry between 1 and 2 first: `faer` is accurate only near there
/// (docs/faer-report.md).
fn symmetric<T: Element>(
    mut a: Array2<T>,
    vectors: bool,
) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    let (rows, columns) = a.dim();
    if rows == 0 {
        return Err(LinalgError::Empty { rows, columns });
    }
    let lower = a.rows().into_iter().enumerate();
    let lower = lower.flat_map(|(i, row)| row.into_iter().take(i + 1));
    let [largest, sum] = lower.fold([T::zero(); 2], |so_far, x| larger(so_far, *x));
    if !sum.is_finite() {
        return Err(LinalgError::NonFinite);
    }
    let e = if largest == T::zero() { 0 } else { exponent(largest.as_f64()) };
    let factor = PowerOfTwo::new(-e);
    a.mapv_inplace(|x| T::of(factor.times(x.as_f64())));
    let (values, vectors) = backend::symmetric_eigen(a, vectors)?;
    Ok((scaled_back(values, e)?, vectors))
}

/// The largest absolute value of an entry.
pub(crate) fn largest_entry<T: Element>(a: ArrayView2<'_, T>) -> Result<f64, LinalgError> {
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
fn larger<T: Element>(so_far: [T; 2], x: T) -> [T; 2] {
    both(so_far, [x.abs(), T::zero() * x])
}

/// [`larger`] for two sets of numbers.
#[inline(always)]
fn both<T: Element>([a, s]: [T; 2], [b, t]: [T; 2]) -> [T; 2] {
    [if b > a { b } else { a }, s + t]
}

/// [`larger`] over a slice, some numbers at once.
struct Largest<'a, T>(&'a [T]);

impl<T: Element> Loop for Largest<'_, T> {
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

#[cfg(test)]
mod tests;
