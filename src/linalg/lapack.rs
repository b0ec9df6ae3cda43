//! The LAPACK backend, through `ndarray-linalg`; `ndarray`'s own product goes to BLAS with it.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};
use ndarray_linalg::{JobSvd, SVDDC};

use super::{LinalgError, ThinSvd};
use crate::Scalar;

/// What a number must be for this backend. The LAPACK call is a method, and not a supertrait of
/// `ndarray-linalg`'s, whose `Scalar` has methods of the same names as `num_traits::Float`.
pub trait LapackElement: Sized {
    /// Left vectors, singular values, right vectors of the divide-and-conquer SVD.
    fn svd(a: &ArrayView2<'_, Self>, job: JobSvd) -> Result<Factors<Self>, LinalgError>;
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
        }
    };
}
lapack_element!(f32);
lapack_element!(f64);

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

pub(super) fn singular_values<T: Scalar>(a: ArrayView2<'_, T>) -> Result<Array1<T>, LinalgError> {
    T::svd(&a, JobSvd::None).map(|(_, s, _)| s)
}

pub(super) fn thin_svd<T: Scalar>(a: ArrayView2<'_, T>) -> Result<ThinSvd<T>, LinalgError> {
    match T::svd(&a, JobSvd::Some)? {
        (Some(u), s, Some(vt)) => Ok((u, s, vt)),
        _ => Err(LinalgError::NotConverged {
            decomposition: "singular value decomposition with vectors",
            rows: a.nrows(),
            columns: a.ncols(),
        }),
    }
}
