//! The LAPACK backend, through `ndarray-linalg`; `ndarray`'s own product goes to BLAS with it.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};
use ndarray_linalg::{Eigh, JobSvd, Lapack, SVDDC, UPLO};

use super::{LinalgError, ThinSvd};
use crate::Scalar;

/// What a number must be for this backend.
pub trait LapackElement: Lapack + ndarray_linalg::Scalar<Real = Self> {}
impl LapackElement for f32 {}
impl LapackElement for f64 {}

pub(super) const NAME: &str = "LAPACK";

pub(super) fn product<T: Scalar>(
    alpha: T,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    beta: T,
    mut c: ArrayViewMut2<'_, T>,
) {
    general_mat_mul(alpha, &a, &b, beta, &mut c);
}

fn svd_failed<T>(a: &ArrayView2<'_, T>) -> LinalgError {
    LinalgError::NotConverged {
        decomposition: "singular value decomposition",
        rows: a.nrows(),
        columns: a.ncols(),
    }
}

pub(super) fn singular_values<T: Scalar>(a: ArrayView2<'_, T>) -> Result<Array1<T>, LinalgError> {
    let (_, s, _) = a.svddc(JobSvd::None).map_err(|_| svd_failed(&a))?;
    Ok(s)
}

pub(super) fn thin_svd<T: Scalar>(a: ArrayView2<'_, T>) -> Result<ThinSvd<T>, LinalgError> {
    match a.svddc(JobSvd::Some).map_err(|_| svd_failed(&a))? {
        (Some(u), s, Some(vt)) => Ok((u, s, vt)),
        _ => Err(svd_failed(&a)),
    }
}

pub(super) fn symmetric_eigen<T: Scalar>(
    a: ArrayView2<'_, T>,
) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    a.eigh(UPLO::Lower).map_err(|_| LinalgError::NotConverged {
        decomposition: "symmetric eigenvalue decomposition",
        rows: a.nrows(),
        columns: a.ncols(),
    })
}
