//! The LAPACK backend, through `ndarray-linalg`; `ndarray`'s own product goes to BLAS with it.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use ndarray_linalg::{EighInto, JobSvd, Lapack, MatrixLayout, SVDDC, Scalar, UPLO};

use super::element::Element;
use super::error::{Fallible, failed};
use super::triplets::SingularTriplets;

/// A matrix entry that this backend can compute with.
pub(super) trait Entry: Element + Lapack + Scalar<Real = Self> {}
impl Entry for f32 {}
impl Entry for f64 {}

/// Blocks of columns in [`add_gram`].
const GRAM_BLOCKS: usize = 4;

pub(super) const NAME: &str = "LAPACK";

pub(super) fn product<T: Entry>(
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    beta: T,
    mut c: ArrayViewMut2<'_, T>,
) {
    general_mat_mul(alpha, &a, &b, beta, &mut c);
}

/// The lower triangle of `c <- c + a^T a`, in blocks of columns: two thirds of the work of the whole.
pub(super) fn add_gram(a: ArrayView2<'_, f64>, c: &mut Array2<f64>) {
    let size = c.nrows();
    let block = size.div_ceil(GRAM_BLOCKS).max(1);
    for first in (0..size).step_by(block) {
        let columns = Slice::from(first..(first + block).min(size));
        let left = a.slice_axis(Axis(1), Slice::from(first..));
        let mut below = c.slice_axis_mut(Axis(0), Slice::from(first..));
        let target = &mut below.slice_axis_mut(Axis(1), columns);
        general_mat_mul(1.0, &left.t(), &a.slice_axis(Axis(1), columns), 1.0, target);
    }
}

/// Eigenvalues (increasing) and, if wanted, eigenvectors (columns) of a symmetric matrix, of which
/// only the lower triangle is read.
pub(super) fn symmetric_eigen<T: Entry>(
    mut a: Array2<T>,
    vectors: bool,
) -> Fallible<(Array1<T>, Array2<T>)> {
    // the lower triangle of a row-major matrix is LAPACK's upper one, and `ndarray-linalg` does not
    // exchange them: fill both
    for row in 0..a.nrows() {
        for column in row + 1..a.ncols() {
            a[[row, column]] = a[[column, row]];
        }
    }
    let (rows, columns) = a.dim();
    let result = if vectors {
        a.eigh_into(UPLO::Lower).ok()
    } else {
        // not `eigvalsh`, which computes the vectors too and throws them away
        let layout = MatrixLayout::F { col: columns as i32, lda: rows as i32 };
        let (mut entries, _) = a.into_raw_vec_and_offset();
        let values = T::eigh(false, layout, UPLO::Lower, &mut entries).ok();
        values.map(|values| (values.into(), Array2::default((0, 0))))
    };
    result.ok_or(failed("symmetric eigenvalue decomposition", (rows, columns)))
}

/// The thin singular value decomposition; without `vectors`, the singular values only.
pub(super) fn svd<T: Entry>(a: ArrayView2<'_, T>, vectors: bool) -> Fallible<SingularTriplets<T>> {
    let job = if vectors { JobSvd::Some } else { JobSvd::None };
    let result = a.svddc(job).map_err(|_| failed("singular value decomposition", a.dim()));
    let (left, singular_values, right) = result?;
    let (left, right) = (left.unwrap_or_default(), right.unwrap_or_default());
    Ok(SingularTriplets { left, singular_values, right })
}
