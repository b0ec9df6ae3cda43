//! The LAPACK backend, through `ndarray-linalg`; `ndarray`'s own product goes to BLAS with it.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use ndarray_linalg::{EighInto, JobSvd, Lapack, MatrixLayout, SVDDC, UPLO};

use super::{LinalgError, ThinSvd};
use crate::linalg::Element;

/// What a number must be for this backend. The LAPACK call is a method, and not a supertrait of
/// `ndarray-linalg`'s, whose `Scalar` has methods of the same names as `num_traits::Float`.
pub trait LapackElement: Sized {
    /// Left vectors, singular values, right vectors of the divide-and-conquer SVD.
    fn svd(a: &ArrayView2<'_, Self>, job: JobSvd) -> Result<Factors<Self>, LinalgError>;
    /// Eigenvalues and, if wanted, eigenvectors of a symmetric matrix.
    fn eigen(a: Array2<Self>, vectors: bool) -> Result<(Array1<Self>, Array2<Self>), LinalgError>;
}

/// Vectors are there when they were asked for.
type Factors<T> = (Option<Array2<T>>, Array1<T>, Option<Array2<T>>);

macro_rules! lapack_element {
    ($t:ty) => {
        impl LapackElement for $t {
            fn svd(a: &ArrayView2<'_, Self>, job: JobSvd) -> Result<Factors<Self>, LinalgError> {
                a.svddc(job).map_err(|_| LinalgError::NotConverged {
                    decomposition: "singular value decomposition",
                    rows: a.nrows(),
                    columns: a.ncols(),
                })
            }
            fn eigen(
                a: Array2<Self>,
                vectors: bool,
            ) -> Result<(Array1<Self>, Array2<Self>), LinalgError> {
                let (rows, columns) = a.dim();
                let result = if vectors {
                    a.eigh_into(UPLO::Lower).ok()
                } else {
                    // not `eigvalsh`, which computes the vectors too and throws them away
                    let layout = MatrixLayout::F { col: columns as i32, lda: rows as i32 };
                    let (mut entries, _) = a.into_raw_vec_and_offset();
                    <$t as Lapack>::eigh(false, layout, UPLO::Lower, &mut entries)
                        .ok()
                        .map(|values| (values.into(), Array2::zeros((0, 0))))
                };
                result.ok_or(LinalgError::NotConverged {
                    decomposition: "symmetric eigenvalue decomposition",
                    rows,
                    columns,
                })
            }
        }
    };
}
lapack_element!(f32);
lapack_element!(f64);

pub(super) const NAME: &str = "LAPACK";

pub(super) fn product<T: Element>(
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    beta: T,
    mut c: ArrayViewMut2<'_, T>,
) {
    general_mat_mul(alpha, &a, &b, beta, &mut c);
}

/// The lower triangle of `c <- c + a^T a`, in blocks of columns: two thirds of the work of the whole.
pub(super) fn add_gram<T: Element>(a: &Array2<T>, c: &mut Array2<T>) {
    let size = c.nrows();
    let block = size.div_ceil(GRAM_BLOCKS).max(1);
    for first in (0..size).step_by(block) {
        let columns = Slice::from(first..(first + block).min(size));
        let left = a.slice_axis(Axis(1), Slice::from(first..));
        let mut below = c.slice_axis_mut(Axis(0), Slice::from(first..));
        let target = &mut below.slice_axis_mut(Axis(1), columns);
        general_mat_mul(T::one(), &left.t(), &a.slice_axis(Axis(1), columns), T::one(), target);
    }
}

const GRAM_BLOCKS: usize = 4;

/// Eigenvalues (increasing) and, if wanted, eigenvectors (columns) of a symmetric matrix, of which
/// only the lower triangle is read.
pub(super) fn symmetric_eigen<T: Element>(
    mut a: Array2<T>,
    vectors: bool,
) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    // the lower triangle of a row-major matrix is LAPACK's upper one, and `ndarray-linalg` does not
    // turn its argument round: both are filled
    for row in 0..a.nrows() {
        for column in row + 1..a.ncols() {
            a[[row, column]] = a[[column, row]];
        }
    }
    T::eigen(a, vectors)
}

pub(super) fn singular_values<T: Element>(a: ArrayView2<'_, T>) -> Result<Array1<T>, LinalgError> {
    T::svd(&a, JobSvd::None).map(|(_, s, _)| s)
}

pub(super) fn thin_svd<T: Element>(a: ArrayView2<'_, T>) -> Result<ThinSvd<T>, LinalgError> {
    match T::svd(&a, JobSvd::Some)? {
        (Some(u), s, Some(vt)) => Ok((u, s, vt)),
        _ => Err(LinalgError::NotConverged {
            decomposition: "singular value decomposition with vectors",
            rows: a.nrows(),
            columns: a.ncols(),
        }),
    }
}
